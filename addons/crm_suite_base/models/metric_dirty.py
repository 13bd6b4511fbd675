from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.field_value import get_given

# Whose figures a row of a model belongs to: statement for the ids ``%s``.
OWNERS = {
    "account.move": "SELECT partner_id FROM account_move WHERE id = ANY(%s)",
    "calendar.event": (
        "SELECT res_partner_id FROM calendar_event_res_partner_rel"
        " WHERE calendar_event_id = ANY(%s)"
    ),
    "crm.lead": "SELECT partner_id FROM crm_lead WHERE id = ANY(%s)",
    "crm.suite.call": "SELECT partner_id FROM crm_suite_call WHERE id = ANY(%s)",
    "crm.suite.purchase": (
        "SELECT partner_id FROM crm_suite_purchase WHERE id = ANY(%s)"
    ),
    "mail.activity": (
        "SELECT CASE a.res_model WHEN 'res.partner' THEN a.res_id"
        " WHEN 'crm.lead' THEN l.partner_id ELSE o.partner_id END"
        " FROM mail_activity a"
        " LEFT JOIN crm_lead l ON a.res_model = 'crm.lead' AND l.id = a.res_id"
        " LEFT JOIN sale_order o ON a.res_model = 'sale.order' AND o.id = a.res_id"
        " WHERE a.id = ANY(%s)"
    ),
    "pos.order": "SELECT partner_id FROM pos_order WHERE id = ANY(%s)",
    # A product that changes its category: who bought it.
    "product.template": """
          WITH item AS (
            SELECT id FROM product_product WHERE product_tmpl_id = ANY(%s)
          )
        SELECT o.partner_id
          FROM item
          JOIN sale_order_line l ON l.product_id = item.id
          JOIN sale_order o ON o.id = l.order_id
         UNION ALL
        SELECT x.partner_id
          FROM item
          JOIN crm_suite_purchase x ON x.product_id = item.id
         UNION ALL
        SELECT m.partner_id
          FROM item
          JOIN account_move_line l ON l.product_id = item.id
          JOIN account_move m ON m.id = l.move_id
         WHERE m.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
    """,
    "res.partner": "SELECT unnest(%s)",
    "sale.order": "SELECT partner_id FROM sale_order WHERE id = ANY(%s)",
    "sale.order.line": (
        "SELECT o.partner_id FROM sale_order_line l"
        " JOIN sale_order o ON o.id = l.order_id WHERE l.id = ANY(%s)"
    ),
}
# The same, where sales at the counter are installed.
SOLD_AT_COUNTER = """
         UNION ALL
        SELECT o.partner_id
          FROM item
          JOIN pos_order_line l ON l.product_id = item.id
          JOIN pos_order o ON o.id = l.order_id
"""


class MetricDirty(models.Model):
    """Customers to calculate anew: what is found by the watermark, and what no
    watermark can show because the row is gone or belongs to somebody else now.

    A row is deleted in the transaction that calculates the customer, so a crash
    leaves it for the next run.
    """

    _name = "crm.suite.metric.dirty"
    _description = "Customer to Calculate"
    _log_access = False

    # No foreign key: it would lock the partner, and a partner that is gone is no harm.
    partner_id = fields.Integer(required=True, index=True)

    @api.model
    def _note(self, query):
        """Note the customers of the people that a statement gives.

        :param SQL query: ids of partners; the customers are those of now
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_metric_dirty (partner_id)
                SELECT DISTINCT p.commercial_partner_id
                  FROM (%s) changed (partner_id)
                  JOIN res_partner p ON p.id = changed.partner_id
                 WHERE p.commercial_partner_id IS NOT NULL
                """,
                query,
            )
        )
        return self.env.cr.rowcount

    @api.model
    def _note_ids(self, partner_ids):
        """Note these partners as they are, whether they still are customers or not."""
        self.env.cr.execute(
            SQL(
                "INSERT INTO crm_suite_metric_dirty (partner_id)"
                " SELECT DISTINCT id FROM unnest(%s::int[]) id WHERE id IS NOT NULL",
                list(partner_ids),
            )
        )

    @api.model
    def _note_rows(self, model_name, ids):
        """Note whose rows are deleted, inserted or rewritten behind the ORM's back.

        Call it before rows go and after rows came; of models that no figure reads
        nothing is noted.

        :param str model_name: their model
        :param ids: their ids
        """
        statement = OWNERS.get(model_name)
        if not statement or not ids:
            return
        if model_name == "product.template" and "pos.order" in self.env:
            statement += SOLD_AT_COUNTER
        # The statements are the constants above.
        # pylint: disable-next=sql-injection
        self._note(SQL(statement, list(ids)))

    @api.model
    def _note_records(self, records):
        """Note the customers of records that go, or that change hands."""
        if records:
            records.flush_recordset()
            self._note_rows(records._name, records.ids)

    @api.model
    def _note_losers(self, records, vals):
        """Note the customers who lose records to somebody else.

        A record that gets its first customer takes nothing from anybody: the usual
        case.

        :param dict vals: what is about to be written
        """
        new = get_given(records, "partner_id", vals)
        self._note_records(
            records.filtered(lambda r: r.partner_id and r.partner_id != new)
        )

    @api.model
    def _take(self, limit):
        """Take customers off the list, to calculate them in this transaction.

        :return: ids: the customers noted, and whose contacts they are now
        :rtype: list[int]
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH next AS (
                    SELECT DISTINCT partner_id FROM crm_suite_metric_dirty
                  ORDER BY partner_id LIMIT %s
                ), gone AS (
                    DELETE FROM crm_suite_metric_dirty d USING next n
                     WHERE d.partner_id = n.partner_id
                )
                SELECT partner_id FROM next
                 UNION
                SELECT p.commercial_partner_id
                  FROM next n
                  JOIN res_partner p ON p.id = n.partner_id
                 WHERE p.commercial_partner_id IS NOT NULL
                """,
                limit,
            )
        )
        return [id_ for (id_,) in rows]

    @api.model
    def _count(self):
        return self.env.execute_query(
            SQL("SELECT count(DISTINCT partner_id) FROM crm_suite_metric_dirty")
        )[0][0]
