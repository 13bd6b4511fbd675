from odoo import models
from odoo.tools import SQL

# Ids of order lines of people, for the look-ups of what was taken back.
LINES_OF_PEOPLE = """
    SELECT l.id
      FROM sale_order_line l
      JOIN sale_order o ON o.id = l.order_id
     WHERE o.partner_id = ANY(%s)
"""
# Of all order lines, those of which anything came back or was credited at all.
LINES_BACK = """
    SELECT sale_line_id
      FROM stock_move
     WHERE to_refund AND state = 'done' AND sale_line_id IS NOT NULL
"""
LINES_CREDITED = """
    SELECT r.order_line_id
      FROM account_move m
      JOIN account_move_line a ON a.move_id = m.id
      JOIN sale_order_line_invoice_rel r ON r.invoice_line_id = a.id
     WHERE m.move_type = 'out_refund' AND m.state = 'posted'
"""


class PurchaseFact(models.Model):
    """Confirmed orders, less what came back."""

    _inherit = "crm.suite.purchase.fact"

    def _purchase_sources(self):
        sources = super()._purchase_sources()
        query = self._purchase_query("sale.order", [("state", "=", "sale")])
        return sources if query is None else [*sources, self._purchase_order(query)]

    def _purchase_order(self, query):
        order = query.table
        company = self._purchase_join_company(query)
        person = self._purchase_join_partner(query)
        line = query.join(order, "id", "sale_order_line", "order_id", "line")
        product = self._purchase_join_product(query, line)
        back = self._purchase_join_lookup(query, line, "back", self._purchase_returns())
        credit = self._purchase_join_lookup(
            query, line, "credit", self._purchase_credits()
        )
        taken, quantity = self._purchase_taken_back(line, back, credit)
        amount = SQL.identifier(line, "price_subtotal")
        self._purchase_only_what_is_left(query, line, taken, quantity)
        rate = SQL("COALESCE(NULLIF(%s, 0), 1)", SQL.identifier(order, "currency_rate"))
        date = SQL.identifier(order, "date_order")
        return self._purchase_select(
            1,
            query,
            {
                **person,
                **product,
                "id": SQL.identifier(line, "id"),
                "company_id": SQL.identifier(order, "company_id"),
                "currency_id": SQL.identifier(company, "currency_id"),
                "date": date,
                "day": self._purchase_day(date, company),
                "source": SQL("'order'"),
                "channel": self._purchase_order_channel(order),
                "document_model": SQL("'sale.order'"),
                "document_id": SQL.identifier(order, "id"),
                "quantity": quantity,
                "amount": self._purchase_round(
                    SQL("(%s - %s) / %s", amount, taken, rate), company
                ),
                "team_id": SQL.identifier(order, "team_id"),
                "user_id": SQL.identifier(order, "user_id"),
            },
        )

    def _purchase_only_what_is_left(self, query, line, taken, quantity):
        """Leave out notes, down payments, and lines of which nothing is left."""
        amount = SQL.identifier(line, "price_subtotal")
        query.add_where(
            SQL(
                "%s IS NULL AND %s IS NOT TRUE",
                SQL.identifier(line, "display_type"),
                SQL.identifier(line, "is_downpayment"),
            )
        )
        query.add_where(
            SQL(
                "NOT (%s <> 0 AND %s = %s OR %s > 0 AND %s <= 0)",
                taken,
                taken,
                amount,
                SQL.identifier(line, "product_uom_qty"),
                quantity,
            )
        )

    def _purchase_order_channel(self, order):
        if "website_id" not in self.env["sale.order"]._fields:
            return SQL("'order'")
        return SQL(
            "CASE WHEN %s IS NULL THEN 'order' ELSE 'web' END",
            SQL.identifier(order, "website_id"),
        )

    def _purchase_join_lookup(self, query, line, link, rows):
        alias = query.make_alias(line, link)
        query.add_join(
            "LEFT JOIN",
            alias,
            SQL("(%s)", rows),
            SQL(
                "%s = %s", SQL.identifier(alias, "line_id"), SQL.identifier(line, "id")
            ),
        )
        return alias

    def _purchase_taken_back(self, line, back, credit):
        """What a line lost, and the quantity that is left.

        Goods that came back and the credit note for them are the same loss: the
        greater of the two counts, never both. A deduction, a discount for example, is
        taken back like anything else, and that raises the purchase again.

        Goods that came back without a credit note leave the deductions of their order
        as they are: what part of them it concerns is a sum over the order, which would
        read all lines a second time, and whoever makes the credit note says it.

        :return: amount in the currency of the order, quantity
        :rtype: tuple[SQL, SQL]
        """
        amount = SQL.identifier(line, "price_subtotal")
        ordered = SQL.identifier(line, "product_uom_qty")
        returned = SQL("COALESCE(%s, 0)", SQL.identifier(back, "quantity"))
        credited = SQL("COALESCE(%s, 0)", SQL.identifier(credit, "amount"))
        taken = SQL(
            "CASE WHEN %(returned)s > 0 OR %(credited)s > 0"
            " THEN sign(%(amount)s) * least(abs(%(amount)s), greatest("
            "CASE WHEN %(ordered)s > 0"
            " THEN abs(%(amount)s) * %(returned)s / %(ordered)s ELSE 0 END,"
            " %(credited)s)) ELSE 0 END",
            amount=amount,
            ordered=ordered,
            returned=returned,
            credited=credited,
        )
        return taken, SQL("%s - %s", ordered, returned)

    def _purchase_returns(self):
        """Quantity of each order line that came back and was not sent again.

        Only returns that lower the order, as the host counts them; goods that are
        exchanged go out again under the same line.
        """
        return SQL(
            """
            SELECT line_id, returned - greatest(sent - ordered, 0) AS quantity
              FROM (
                SELECT l.id AS line_id,
                       min(l.product_uom_qty) AS ordered,
                       sum(m.quantity * mu.factor / lu.factor) FILTER (
                           WHERE f.usage = 'customer' AND m.to_refund
                       ) AS returned,
                       COALESCE(sum(m.quantity * mu.factor / lu.factor) FILTER (
                           WHERE t.usage = 'customer'
                             AND (m.origin_returned_move_id IS NULL OR m.to_refund)
                       ), 0) AS sent
                  FROM sale_order_line l
                  JOIN stock_move m
                    ON m.sale_line_id = l.id AND m.product_id = l.product_id
                  JOIN stock_location f ON f.id = m.location_id
                  JOIN stock_location t ON t.id = m.location_dest_id
                  JOIN uom_uom mu ON mu.id = m.product_uom
                  JOIN uom_uom lu ON lu.id = l.product_uom_id
                 WHERE m.state = 'done'
                   AND %s
              GROUP BY l.id
              ) moved
             WHERE returned > greatest(sent - ordered, 0)
            """,
            self._purchase_of_people(SQL("l.id"), LINES_OF_PEOPLE, LINES_BACK),
        )

    def _purchase_credits(self):
        """Amount of each order line that was credited and not invoiced again, in the
        currency of the order; of a deduction how much less is deducted.
        """
        return SQL(
            """
            SELECT line_id, credited - greatest(invoiced - ordered, 0) AS amount
              FROM (
                SELECT l.id AS line_id,
                       abs(l.price_subtotal) AS ordered,
                       sign(l.price_subtotal) * sum(a.amount) FILTER (
                           WHERE m.move_type = 'out_refund'
                       ) AS credited,
                       sign(l.price_subtotal) * COALESCE(sum(a.amount) FILTER (
                           WHERE m.move_type <> 'out_refund'
                       ), 0) AS invoiced
                  FROM sale_order_line l
                  JOIN sale_order o ON o.id = l.order_id
                  JOIN sale_order_line_invoice_rel r ON r.order_line_id = l.id
                  JOIN LATERAL (
                    SELECT move_id,
                           CASE WHEN currency_id = o.currency_id THEN price_subtotal
                                ELSE sign(price_subtotal) * abs(balance)
                                     * COALESCE(NULLIF(o.currency_rate, 0), 1)
                            END AS amount
                      FROM account_move_line
                     WHERE id = r.invoice_line_id
                  ) a ON TRUE
                  JOIN account_move m ON m.id = a.move_id
                 WHERE m.state = 'posted'
                   AND %s
              GROUP BY l.id
              ) billed
             WHERE credited > greatest(invoiced - ordered, 0)
            """,
            self._purchase_of_people(SQL("l.id"), LINES_OF_PEOPLE, LINES_CREDITED),
        )
