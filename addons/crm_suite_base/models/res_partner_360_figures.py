from odoo import fields, models
from odoo.tools import SQL, date_utils

from .interaction_sources import INVOICE_TYPES

ITEMS = 5
MONTHS = 12


class ResPartner(models.Model):
    """The figures of the customer's page: bought, owed, offered, under way.

    All are read once for the customer with its subsidiaries; money is added up in
    the currency of the viewer's company.
    """

    _inherit = "res.partner"

    # ------------------------------------------------------------------
    # Bought
    # ------------------------------------------------------------------

    def _crm_suite_360_value(self, scope):
        """What the customer bought, from confirmed orders and imported history."""
        months = self._crm_suite_sales_by_month(scope)
        external = self._crm_suite_external_purchases(scope)
        if months is None and external is None:
            return None
        block = {"currency": scope["currency"].name}
        if months is not None:
            mine = [row for row in months if row["partner_id"] in scope["counted"]._ids]
            block |= self._crm_suite_value_figures(mine)
            scope["figures"]["order_count"] = sum(row["count"] for row in months)
            scope["figures"]["revenue"] = sum(row["amount"] for row in months)
        if external is not None:
            block["external_count"], block["external_amount"] = external
        return block

    def _crm_suite_sales_by_month(self, scope):
        """Confirmed orders of the family, one row per customer, company and month."""
        interactions = self.env["crm.suite.interaction"]
        query = interactions._interaction_query("sale.order", [("state", "=", "sale")])
        if query is None:
            return None if not self.env["sale.order"].has_access("read") else []
        partner = interactions._interaction_person(query)["commercial_partner_id"]
        query.add_where(SQL("%s IN %s", partner, tuple(scope["family"].ids)))
        read = self.env["sale.order"]._field_to_sql
        table = query.table
        date = read(table, "date_order", query)
        company = read(table, "company_id", query)
        # The month of the viewer's calendar, not of the database's clock.
        month = SQL(
            "date_trunc('month', %s AT TIME ZONE 'UTC' AT TIME ZONE %s)",
            date,
            str(self.env.tz),
        )
        query.groupby = SQL("%s, %s, %s", partner, company, month)
        rows = self.env.execute_query_dict(
            query.select(
                SQL("%s AS partner_id", partner),
                SQL("%s AS company_id", company),
                SQL("%s AS month", month),
                SQL("count(*) AS count"),
                SQL(
                    "sum(%s / COALESCE(NULLIF(%s, 0), 1)) AS amount",
                    read(table, "amount_untaxed", query),
                    read(table, "currency_rate", query),
                ),
                SQL("min(%s) AS first", date),
                SQL("max(%s) AS last", date),
            )
        )
        for row in rows:
            row["amount"] = self._crm_suite_in_currency(row, scope)
        return rows

    def _crm_suite_in_currency(self, row, scope):
        """An amount in the currency of its company as one of the viewer's company."""
        company = self.env["res.company"].browse(row["company_id"] or ())
        amount = float(row["amount"] or 0)
        source = company.sudo().currency_id or scope["currency"]
        if source == scope["currency"]:
            return amount
        return source._convert(amount, scope["currency"], self.env.company)

    def _crm_suite_value_figures(self, months):
        count = sum(row["count"] for row in months)
        first = min((row["first"] for row in months), default=None)
        last = max((row["last"] for row in months), default=None)
        first_day, last_day = (
            moment and fields.Datetime.context_timestamp(self, moment).date()
            for moment in (first, last)
        )
        today = fields.Date.context_today(self)
        start = date_utils.start_of(today, "month")
        names = [
            f"{date_utils.subtract(start, months=back):%Y-%m}"
            for back in range(MONTHS - 1, -1, -1)
        ]
        amounts = dict.fromkeys(names, 0.0)
        for row in months:
            name = f"{row['month']:%Y-%m}"
            if name in amounts:
                amounts[name] += row["amount"]
        return {
            "order_count": count,
            "revenue": sum(row["amount"] for row in months),
            "first_order": fields.Date.to_string(first_day) or False,
            "last_order": fields.Date.to_string(last_day) or False,
            "days_since": (today - last_day).days if last_day else False,
            "average_interval_days": (last - first).days / (count - 1)
            if count > 1
            else False,
            "trend": list(amounts.values()),
            "trend_months": names,
        }

    def _crm_suite_external_purchases(self, scope):
        """Number and amount of imported purchases, or ``None`` without the right."""
        if not self.env["crm.suite.interaction"]._interaction_may_read(
            "crm.suite.purchase"
        ):
            return None
        rows = self.env["crm.suite.purchase"]._read_group(
            [("partner_id.commercial_partner_id", "in", scope["counted"].ids)],
            ["currency_id"],
            ["__count", "amount:sum"],
        )
        amount = sum(
            currency._convert(total, scope["currency"], self.env.company)
            if currency
            else total
            for currency, _count, total in rows
        )
        return sum(count for _currency, count, _total in rows), amount

    # ------------------------------------------------------------------
    # Owed
    # ------------------------------------------------------------------

    def _crm_suite_360_receivable(self, scope):
        """What is open on posted invoices, and since when it is late."""
        rows = self._crm_suite_open_items(scope["family"])
        if rows is None:
            return None
        today = fields.Date.context_today(self)
        for row in rows:
            self._crm_suite_value_open_item(row, scope, today)
        scope["figures"]["open"] = sum(row["amount"] for row in rows)
        scope["figures"]["overdue"] = sum(row["late"] for row in rows)
        mine = [row for row in rows if row["partner_id"] in scope["counted"]._ids]
        oldest = min((row["due"] for row in mine if row["late"]), default=False)
        return {
            "open": sum(row["amount"] for row in mine),
            "overdue": sum(row["late"] for row in mine),
            "overdue_days": (today - oldest).days if oldest else 0,
            "currency": scope["currency"].name,
        }

    def _crm_suite_value_open_item(self, row, scope, today):
        """Put the amounts of a row into the currency of the page.

        A credit note past its day lowers what is open, but nobody is late with it.
        """
        row["amount"] = self._crm_suite_in_currency(row, scope)
        past = row["due"] and row["due"] < today
        row["late"] = (
            self._crm_suite_in_currency({**row, "amount": row["claims"]}, scope)
            if past
            else 0.0
        )

    def _crm_suite_open_items(self, partners):
        """Open receivable items of posted invoices by customer, company and due day.

        :return: rows, or ``None`` for a viewer without the right to invoices
        """
        query = self._crm_suite_open_items_query()
        if query is None:
            may_read = self.env["crm.suite.interaction"]._interaction_may_read
            readable = may_read("account.move") and may_read("account.move.line")
            return [] if readable else None
        table = query.table
        query.add_where(
            SQL(
                "%s IN %s",
                SQL.identifier(table, "partner_id"),
                tuple(partners.ids),
            )
        )
        query.groupby = SQL(
            "%s, %s, %s",
            SQL.identifier(table, "partner_id"),
            SQL.identifier(table, "company_id"),
            SQL.identifier(table, "date_maturity"),
        )
        return self.env.execute_query_dict(
            query.select(
                SQL("%s AS partner_id", SQL.identifier(table, "partner_id")),
                SQL("%s AS company_id", SQL.identifier(table, "company_id")),
                SQL("%s AS due", SQL.identifier(table, "date_maturity")),
                SQL("sum(%s) AS amount", SQL.identifier(table, "amount_residual")),
                SQL(
                    "sum(greatest(%s, 0)) AS claims",
                    SQL.identifier(table, "amount_residual"),
                ),
            )
        )

    def _crm_suite_open_items_query(self):
        """Receivable items that are not settled, as the viewer may read them."""
        interactions = self.env["crm.suite.interaction"]
        if not interactions._interaction_may_read("account.move"):
            return None
        return interactions._interaction_query(
            "account.move.line",
            [
                ("account_id.account_type", "=", "asset_receivable"),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("amount_residual", "!=", 0),
                ("move_id.move_type", "in", INVOICE_TYPES),
            ],
        )

    # ------------------------------------------------------------------
    # Offered and under way
    # ------------------------------------------------------------------

    def _crm_suite_360_deals(self, scope):
        fetched = [
            "name",
            "type",
            "stage_id",
            "expected_revenue",
            "probability",
            "date_deadline",
            "user_id",
            "company_id",
        ]
        return self._crm_suite_360_list(
            scope,
            "crm.lead",
            [("active", "=", True), ("won_status", "=", "pending")],
            fetched,
            order="expected_revenue desc, id desc",
            amount="expected_revenue",
        )

    def _crm_suite_360_quotes(self, scope):
        return self._crm_suite_360_list(
            scope,
            "sale.order",
            [("state", "in", ("draft", "sent"))],
            [
                "name",
                "state",
                "date_order",
                "validity_date",
                "amount_total",
                "currency_id",
                "user_id",
            ],
            order="date_order desc, id desc",
            amount="amount_untaxed",
        )

    def _crm_suite_360_orders(self, scope):
        """Confirmed orders on which something is still to be delivered or invoiced."""
        return self._crm_suite_360_list(
            scope,
            "sale.order",
            [
                ("state", "=", "sale"),
                "|",
                ("invoice_status", "=", "to invoice"),
                ("delivery_status", "in", ("pending", "started", "partial")),
            ],
            [
                "name",
                "date_order",
                "amount_total",
                "currency_id",
                "delivery_status",
                "invoice_status",
                "user_id",
            ],
            order="date_order desc, id desc",
            amount="amount_untaxed",
        )

    def _crm_suite_360_deliveries(self, scope):
        """Goods on their way to the customer."""
        return self._crm_suite_360_list(
            scope,
            "stock.picking",
            [
                ("picking_type_code", "=", "outgoing"),
                ("state", "not in", ("draft", "done", "cancel")),
            ],
            ["name", "state", "scheduled_date", "date_deadline", "origin"],
            order="scheduled_date, id",
        )

    def _crm_suite_360_list(self, scope, model, domain, names, order, amount=None):
        """Number, amount and first items of the customer's documents of one kind;
        those of a subsidiary say whose they are.

        :return: ``{"count", "amount", "currency", "items"}`` or ``None`` without the
            right to read the model
        """
        if not self.env["crm.suite.interaction"]._interaction_may_read(model):
            return None
        records = self.env[model]
        names = [name for name in names if name in records._fields]
        domain = [
            ("partner_id.commercial_partner_id", "in", scope["counted"].ids),
            *domain,
        ]
        figures = self._crm_suite_360_total(scope, model, domain, amount)
        items = records.search_fetch(domain, names, order=order, limit=ITEMS)
        rows = [self._crm_suite_360_item(item, names) for item in items]
        if len(scope["counted"]) > 1:
            for item, row in zip(items, rows, strict=True):
                customer = item.partner_id.sudo().commercial_partner_id
                if customer != scope["commercial"]:
                    row["customer"] = self._crm_suite_named(customer)
        return {**figures, "items": rows}

    def _crm_suite_360_total(self, scope, model, domain, amount):
        if not amount:
            return {"count": self.env[model].search_count(domain)}
        groupby = ["company_id"]
        if model == "sale.order":
            groupby.append("currency_id")
        count, total = 0, 0.0
        for company, *currency, number, value in self.env[model]._read_group(
            domain, groupby, ["__count", f"{amount}:sum"]
        ):
            source = currency[0] if currency else company.sudo().currency_id
            count += number
            value = value or 0.0
            total += (
                source._convert(value, scope["currency"], self.env.company)
                if source and source != scope["currency"]
                else value
            )
        return {"count": count, "amount": total, "currency": scope["currency"].name}

    def _crm_suite_360_item(self, item, names):
        """A document as data: names of related records, labels beside codes."""
        row = {"id": item.id, "model": item._name}
        for name in names:
            field, value = item._fields[name], item[name]
            if field.type == "many2one":
                row[name] = self._crm_suite_named(value.sudo())
            elif field.type in ("date", "datetime"):
                row[name] = field.to_string(value) or False
            else:
                row[name] = value
            if field.type == "selection":
                labels = dict(field._description_selection(self.env))
                row[f"{name}_label"] = labels.get(value, "")
        return row

    # ------------------------------------------------------------------
    # The company tree
    # ------------------------------------------------------------------

    def _crm_suite_360_structure(self, scope):
        """Where the company stands, and the sums of it and all below it."""
        commercial, family = scope["commercial"], scope["family"]
        children = self.browse(
            partner.id for partner in family if partner.parent_id == commercial
        )
        parent = commercial.parent_id
        if parent and not parent._crm_suite_filtered_visible():
            parent = self.browse()
        return {
            "parent": self._crm_suite_named(parent),
            "company": self._crm_suite_named(commercial)
            if commercial != self
            else False,
            "subsidiaries": [
                {"id": child.id, "name": child.name or ""} for child in children
            ],
            # Of whom the figures of the page speak: of one, or of all of them.
            "counted": scope["counted"].ids,
            "totals": {
                "companies": len(family),
                **scope["figures"],
                "currency": scope["currency"].name,
            },
        }
