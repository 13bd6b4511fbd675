from odoo import models
from odoo.tools import SQL


class PurchaseFact(models.Model):
    """Purchases elsewhere, and at the counter where that is installed."""

    _inherit = "crm.suite.purchase.fact"

    def _purchase_sources(self):
        sources = super()._purchase_sources()
        query = self._purchase_query("crm.suite.purchase", [])
        if query is not None:
            sources.append(self._purchase_external(query))
        query = self._purchase_query(
            "pos.order",
            [("state", "in", ("paid", "done")), ("partner_id", "!=", False)],
        )
        if query is not None:
            sources.append(self._purchase_pos(query))
        return sources

    # ------------------------------------------------------------------
    # Elsewhere
    # ------------------------------------------------------------------

    def _purchase_external(self, query):
        """Lines with the same number in the same system are one purchase."""
        purchase = query.table
        company = self._purchase_join_company(query)
        person = self._purchase_join_partner(query)
        product = self._purchase_join_product(query, purchase)
        day = SQL.identifier(purchase, "date")
        document = SQL(
            "CASE WHEN %(reference)s IS NULL THEN %(id)s ELSE min(%(id)s) OVER"
            " (PARTITION BY %(partner)s, %(company)s, %(source)s, %(reference)s) END",
            id=SQL.identifier(purchase, "id"),
            partner=person["partner_id"],
            company=SQL.identifier(purchase, "company_id"),
            source=SQL.identifier(purchase, "source"),
            reference=SQL.identifier(purchase, "reference"),
        )
        return self._purchase_select(
            3,
            query,
            {
                **person,
                **product,
                "id": SQL.identifier(purchase, "id"),
                "company_id": SQL.identifier(purchase, "company_id"),
                "currency_id": SQL.identifier(company, "currency_id"),
                "date": self._purchase_noon(day, company),
                "day": day,
                "source": SQL("'external'"),
                "channel": SQL("'external'"),
                "document_model": SQL("'crm.suite.purchase'"),
                "document_id": document,
                "quantity": SQL.identifier(purchase, "quantity"),
                "amount": self._purchase_external_amount(purchase, company),
            },
        )

    def _purchase_external_amount(self, purchase, company):
        """The amount in the company's currency at the rate of the day.

        Rates are looked up only for what was paid in another currency.
        """
        amount = SQL("COALESCE(%s, 0)", SQL.identifier(purchase, "amount"))
        own = SQL.identifier(company, "currency_id")
        paid = SQL.identifier(purchase, "currency_id")
        day = SQL.identifier(purchase, "date")
        return SQL(
            "CASE WHEN %(paid)s = %(own)s THEN %(amount)s ELSE %(converted)s END",
            paid=paid,
            own=own,
            amount=amount,
            converted=self._purchase_round(
                SQL(
                    "%s * %s / %s",
                    amount,
                    self._purchase_rate(own, day, company),
                    self._purchase_rate(paid, day, company),
                ),
                company,
            ),
        )

    def _purchase_rate(self, currency, day, company):
        """The rate of a currency on a day, chosen as the host chooses it: the last one
        up to then, before the first one that one, of the company before the common.
        """
        return SQL(
            """COALESCE(
                (SELECT r.rate FROM res_currency_rate r
                  WHERE r.currency_id = %(currency)s AND r.name <= %(day)s
                    AND (r.company_id IS NULL OR r.company_id = %(root)s)
               ORDER BY r.company_id, r.name DESC LIMIT 1),
                (SELECT r.rate FROM res_currency_rate r
                  WHERE r.currency_id = %(currency)s
                    AND (r.company_id IS NULL OR r.company_id = %(root)s)
               ORDER BY r.company_id, r.name LIMIT 1),
                1)""",
            currency=currency,
            day=day,
            root=SQL.identifier(company, "root_id"),
        )

    # ------------------------------------------------------------------
    # At the counter
    # ------------------------------------------------------------------

    def _purchase_pos(self, query):
        """Sales at the counter; what is refunded lowers the sale that it refunds."""
        order = query.table
        company = self._purchase_join_company(query)
        person = self._purchase_join_partner(query)
        line = query.join(order, "id", "pos_order_line", "order_id", "line")
        product = self._purchase_join_product(query, line)
        refunded = query.left_join(
            line, "refunded_orderline_id", "pos_order_line", "id", "refunded"
        )
        origin = query.left_join(refunded, "order_id", "pos_order", "id", "origin")
        if "sale_order_origin_id" in self.env["pos.order.line"]._fields:
            # An order of the sales department that is paid at the counter.
            query.add_where(
                SQL("%s IS NULL", SQL.identifier(line, "sale_order_origin_id"))
            )
        date = SQL(
            "COALESCE(%s, %s)",
            SQL.identifier(origin, "date_order"),
            SQL.identifier(order, "date_order"),
        )
        return self._purchase_select(
            4,
            query,
            {
                **person,
                **product,
                "id": SQL.identifier(line, "id"),
                "company_id": SQL.identifier(order, "company_id"),
                "currency_id": SQL.identifier(company, "currency_id"),
                "date": date,
                "day": self._purchase_day(date, company),
                "source": SQL("'pos'"),
                "channel": SQL("'pos'"),
                "document_model": SQL("'pos.order'"),
                "document_id": SQL(
                    "COALESCE(%s, %s)",
                    SQL.identifier(origin, "id"),
                    SQL.identifier(order, "id"),
                ),
                "quantity": SQL.identifier(line, "qty"),
                "amount": self._purchase_round(
                    SQL(
                        "%s / COALESCE(NULLIF(%s, 0), 1)",
                        SQL.identifier(line, "price_subtotal"),
                        SQL.identifier(order, "currency_rate"),
                    ),
                    company,
                ),
                "user_id": SQL.identifier(order, "user_id"),
            },
        )
