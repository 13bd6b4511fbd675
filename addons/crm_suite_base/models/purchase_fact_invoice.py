from odoo import models
from odoo.tools import SQL

SOLD = [
    ("move_type", "in", ("out_invoice", "out_refund", "out_receipt")),
    ("state", "=", "posted"),
]
MOVES_OF_PEOPLE = "SELECT id FROM account_move WHERE partner_id = ANY(%s)"


class PurchaseFact(models.Model):
    """Posted invoices that belong to no order, less their credit notes."""

    _inherit = "crm.suite.purchase.fact"

    def _purchase_sources(self):
        sources = super()._purchase_sources()
        query = self._purchase_query("account.move", SOLD)
        return sources if query is None else [*sources, self._purchase_invoice(query)]

    def _purchase_invoice(self, query):
        """Lines that invoice no order line.

        Such a line on the invoice of an order (freight that was added there) belongs
        to the purchase of the order; a credit note to what it credits.
        """
        move = query.table
        company = self._purchase_join_company(query)
        person = self._purchase_join_partner(query)
        line = query.join(move, "id", "account_move_line", "move_id", "line")
        product = self._purchase_join_product(query, line)
        origin = query.left_join(
            move, "reversed_entry_id", "account_move", "id", "origin"
        )
        orders = self._purchase_join_orders(query, move, origin)
        self._purchase_leave_orders_out(query, line)
        self._purchase_leave_pos_out(query, move)
        return self._purchase_select(
            2,
            query,
            {
                **person,
                **product,
                "id": SQL.identifier(line, "id"),
                "company_id": SQL.identifier(move, "company_id"),
                "currency_id": SQL.identifier(company, "currency_id"),
                **self._purchase_invoice_day(move, origin, company),
                **self._purchase_invoice_document(move, origin, orders),
                "source": SQL("'invoice'"),
                "quantity": SQL(
                    "CASE %s WHEN 'out_refund' THEN -%s ELSE %s END",
                    SQL.identifier(move, "move_type"),
                    SQL.identifier(line, "quantity"),
                    SQL.identifier(line, "quantity"),
                ),
                # Booked in the company's currency at the rate of the invoice.
                "amount": SQL("-%s", SQL.identifier(line, "balance")),
                "team_id": SQL.identifier(move, "team_id"),
                "user_id": SQL.identifier(move, "invoice_user_id"),
            },
        )

    def _purchase_invoice_day(self, move, origin, company):
        """The day of the invoice; of a credit note that of what it credits."""
        day = SQL(
            "COALESCE(%s, %s, %s)",
            SQL.identifier(origin, "invoice_date"),
            SQL.identifier(move, "invoice_date"),
            SQL.identifier(move, "date"),
        )
        return {"date": self._purchase_noon(day, company), "day": day}

    def _purchase_invoice_document(self, move, origin, orders):
        """To which purchase the lines belong."""
        order = SQL.identifier(orders, "order_id")
        return {
            "channel": SQL(
                "CASE WHEN %s IS NULL THEN 'invoice' ELSE 'order' END", order
            ),
            "document_model": SQL(
                "CASE WHEN %s IS NULL THEN 'account.move' ELSE 'sale.order' END", order
            ),
            "document_id": SQL(
                "COALESCE(%s, %s, %s)",
                order,
                SQL.identifier(origin, "id"),
                SQL.identifier(move, "id"),
            ),
        }

    def _purchase_join_orders(self, query, move, origin):
        """The order that an invoice (or what it credits) invoices, if there is one."""
        orders = query.make_alias(move, "orders")
        query.add_join(
            "LEFT JOIN",
            orders,
            SQL("(%s)", self._purchase_invoiced_orders()),
            SQL(
                "%s = COALESCE(%s, %s)",
                SQL.identifier(orders, "move_id"),
                SQL.identifier(origin, "id"),
                SQL.identifier(move, "id"),
            ),
        )
        return orders

    def _purchase_invoiced_orders(self):
        """The first order of each invoice, where both are of the same customer."""
        return SQL(
            """
            SELECT a.move_id, min(o.id) AS order_id
              FROM sale_order_line_invoice_rel r
              JOIN account_move_line a ON a.id = r.invoice_line_id
              JOIN account_move m ON m.id = a.move_id
              JOIN res_partner mp ON mp.id = m.partner_id
              JOIN sale_order_line l ON l.id = r.order_line_id
              JOIN sale_order o ON o.id = l.order_id AND o.state = 'sale'
              JOIN res_partner op ON op.id = o.partner_id
             WHERE op.commercial_partner_id = mp.commercial_partner_id
               AND %s
          GROUP BY a.move_id
            """,
            self._purchase_of_people(SQL("m.id"), MOVES_OF_PEOPLE),
        )

    def _purchase_leave_orders_out(self, query, line):
        query.add_where(
            SQL(
                "%s = 'product' AND NOT EXISTS (SELECT 1"
                " FROM sale_order_line_invoice_rel r WHERE r.invoice_line_id = %s)",
                SQL.identifier(line, "display_type"),
                SQL.identifier(line, "id"),
            )
        )

    def _purchase_leave_pos_out(self, query, move):
        """The invoice of a sale at the counter is the same sale."""
        if "pos.order" in self.env:
            query.add_where(
                SQL(
                    "NOT EXISTS (SELECT 1 FROM pos_order p WHERE p.account_move = %s)",
                    SQL.identifier(move, "id"),
                )
            )
