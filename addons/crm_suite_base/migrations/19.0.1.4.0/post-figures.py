from odoo import SUPERUSER_ID, api
from odoo.tools import SQL


def migrate(cr, version):
    """Discounts that were credited with their order lowered the revenue: who had one is
    calculated anew with the next run.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    env["crm.suite.metric.dirty"]._note(
        SQL(
            """
            SELECT o.partner_id
              FROM account_move m
              JOIN account_move_line a ON a.move_id = m.id
              JOIN sale_order_line_invoice_rel r ON r.invoice_line_id = a.id
              JOIN sale_order_line l ON l.id = r.order_line_id
              JOIN sale_order o ON o.id = l.order_id
             WHERE m.move_type = 'out_refund' AND m.state = 'posted'
               AND l.price_subtotal < 0
            """
        )
    )
