from odoo import fields, models
from odoo.tools import date_utils

MONTHS = 12
TOP_CATEGORIES = 3


class ResPartner(models.Model):
    """The calculated figures on the customer's page."""

    _inherit = "res.partner"

    def _crm_suite_360_value(self, scope):
        """What the customer bought, as in lists and reports: earlier purchases and
        invoices without order included, returns subtracted.

        Who may read the figures of the customer sees the same here as there, whichever
        of the orders behind them he may open. Until a customer is calculated for the
        first time, the orders that the viewer may read are added up.
        """
        block = super()._crm_suite_360_value(scope)
        if not self.env["crm.suite.customer.metric"].has_access("read"):
            return block
        rows = self._crm_suite_360_metrics(scope["family"])
        counted = [rows[id_] for id_ in scope["counted"].ids if id_ in rows]
        mine = self.env["crm.suite.customer.metric"].concat(*counted)
        if not mine:
            return block
        block = block or {"currency": scope["currency"].name}
        # Companies that buy at their own pace have no rhythm together.
        if len(scope["counted"]) == 1:
            block |= self._crm_suite_360_rhythm(mine)
        block |= self._crm_suite_360_sums(mine, scope)
        block["categories"] = self._crm_suite_360_categories(mine, scope)
        block["figure_ids"] = mine.ids
        self._crm_suite_360_family_sums(rows, scope)
        return block

    def _crm_suite_360_metrics(self, partners):
        """Rows of figures by partner, that of the viewer's company first."""
        metrics = self.env["crm.suite.customer.metric"]
        rows = metrics.search([("partner_id", "in", partners.ids)], order="company_id")
        rows = rows.sorted(lambda row: row.company_id != self.env.company)
        return {
            partner.id: rows.filtered(lambda row, p=partner: row.partner_id == p)
            for partner in rows.partner_id
        }

    def _crm_suite_360_rhythm(self, rows):
        """How often the customer buys, by the company in which he does."""
        row = rows.filtered("expected_next_purchase")[:1] or rows[:1]
        expected = row.expected_next_purchase
        late = (fields.Date.context_today(self) - expected).days if expected else 0
        return {
            "usual_interval_days": row.interval_mean,
            "expected_next": fields.Date.to_string(expected) or False,
            "late_days": max(late, 0),
        }

    def _crm_suite_360_categories(self, rows, scope):
        """What the customer mainly buys: the shares of all companies together, each
        by what it earned.

        :rtype: list[dict]
        """
        shares, names = {}, rows._get_category_names()
        for row in rows:
            earned = self._crm_suite_360_amount(row, row.revenue, scope)
            for id_, share in row._get_shares().items():
                shares[id_] = shares.get(id_, 0.0) + share * max(earned, 0.0)
        total = sum(shares.values())
        return [
            {"id": id_, "name": names[id_], "share": round(amount / total, 4)}
            for id_, amount in rows._sort_shares(shares)[:TOP_CATEGORIES]
            if total and id_ in names
        ]

    def _crm_suite_360_sums(self, rows, scope):
        bought = rows.filtered("last_purchase")
        last = max(bought.mapped("last_purchase"), default=None)
        first = min(bought.mapped("first_purchase"), default=None)
        today = fields.Date.context_today(self)
        trend = self._crm_suite_360_trend(rows, scope, today)
        return {
            "order_count": sum(rows.mapped("purchase_count")),
            "revenue": self._crm_suite_360_sum(rows, "revenue", scope),
            "revenue_12m": self._crm_suite_360_sum(rows, "revenue_12m", scope),
            "first_order": fields.Date.to_string(first) or False,
            "last_order": fields.Date.to_string(last) or False,
            "days_since": (today - last).days if last else False,
            "average_interval_days": len(rows.partner_id) == 1
            and (rows[:1].interval_mean or False),
            "trend": list(trend.values()),
            "trend_months": list(trend),
            "counts_all": True,
        }

    def _crm_suite_360_trend(self, rows, scope, today):
        """Revenue of the last months, those without a purchase as nothing."""
        start = date_utils.start_of(today, "month")
        months = dict.fromkeys(
            (
                f"{date_utils.subtract(start, months=back):%Y-%m}"
                for back in range(MONTHS - 1, -1, -1)
            ),
            0.0,
        )
        for row in rows:
            for month, amount in (row.trend or {}).items():
                if month in months:
                    months[month] += self._crm_suite_360_amount(row, amount, scope)
        return months

    def _crm_suite_360_family_sums(self, rows, scope):
        everything = self.env["crm.suite.customer.metric"].concat(*rows.values())
        scope["figures"]["order_count"] = sum(everything.mapped("purchase_count"))
        scope["figures"]["revenue"] = self._crm_suite_360_sum(
            everything, "revenue", scope
        )

    def _crm_suite_360_sum(self, rows, name, scope):
        return sum(self._crm_suite_360_amount(row, row[name], scope) for row in rows)

    def _crm_suite_360_amount(self, row, amount, scope):
        company = {"company_id": row.company_id.id, "amount": amount}
        return self._crm_suite_in_currency(company, scope)
