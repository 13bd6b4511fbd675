from odoo import api, models
from odoo.tools import SQL
from odoo.tools.sql import create_index

from .interaction_mail import MESSAGE_TYPES
from .interaction_sources import ACTIVITY_DOCUMENTS

COUNTER_INDEX = "crm_suite_pos_order_write_date_index"
# Tables with a row per document of a customer, and their column with the partner.
DATED = {
    "account_move": "partner_id",
    "crm_lead": "partner_id",
    "crm_suite_call": "partner_id",
    "crm_suite_purchase": "partner_id",
    "pos_order": "partner_id",
    "res_partner": "id",
    "sale_order": "partner_id",
}


class CustomerMetric(models.Model):
    """Whom a change concerns."""

    _inherit = "crm.suite.customer.metric"

    def _register_hook(self):
        """Changed sales at the counter are found by an index, wherever that addon is
        installed, before us or after.
        """
        super()._register_hook()
        if "pos.order" in self.env:
            create_index(self.env.cr, COUNTER_INDEX, "pos_order", ["write_date"])

    @api.model
    def _change_sources(self, since, message_id):
        """The people of whom something changed.

        Hook: extend to add ``SELECT`` statements that give ids of partners.

        :param datetime since: rows written by transactions that began then or later
        :param int message_id: messages with greater ids
        :rtype: list[SQL]
        """
        return [
            *self._change_dated(since),
            self._change_order_lines(since),
            *self._change_activities(since),
            self._change_meetings(since),
            self._change_rates(since),
            *self._change_messages(since, message_id),
        ]

    def _change_dated(self, since):
        tables = {model._table for model in self.env.values()}
        return [
            SQL(
                "SELECT %s FROM %s WHERE write_date >= %s",
                SQL.identifier(column),
                SQL.identifier(table),
                since,
            )
            for table, column in DATED.items()
            if table in tables
        ]

    def _change_order_lines(self, since):
        """Lines change without their order when goods come back or are credited."""
        return SQL(
            """
            SELECT o.partner_id
              FROM sale_order_line l
              JOIN sale_order o ON o.id = l.order_id
             WHERE l.write_date >= %s
            """,
            since,
        )

    def _change_activities(self, since):
        return [
            SQL(
                """
                SELECT d.%s
                  FROM mail_activity a
                  JOIN %s d ON d.id = a.res_id
                 WHERE a.write_date >= %s AND a.res_model = %s
                """,
                SQL.identifier(column),
                SQL.identifier(self.env[model]._table),
                since,
                model,
            )
            for _slot, model, column in ACTIVITY_DOCUMENTS
        ]

    def _change_meetings(self, since):
        return SQL(
            """
            SELECT r.res_partner_id
              FROM calendar_event e
              JOIN calendar_event_res_partner_rel r ON r.calendar_event_id = e.id
             WHERE e.write_date >= %s
            """,
            since,
        )

    def _change_rates(self, since):
        """Who bought elsewhere in a currency, or from a company with one, of which a
        rate was entered or corrected: from its day on. The first rate of a currency in
        a company counts for the time before it, too.
        """
        return SQL(
            """
            SELECT x.partner_id
              FROM (
                SELECT currency_id, min(CASE WHEN EXISTS (
                           SELECT 1 FROM res_currency_rate b
                            WHERE b.currency_id = r.currency_id AND b.name < r.name
                              AND b.company_id IS NOT DISTINCT FROM r.company_id
                       ) THEN name ELSE '-infinity' END) AS day
                  FROM res_currency_rate r
                 WHERE r.write_date >= %s
              GROUP BY currency_id
              ) rate
              JOIN crm_suite_purchase x ON x.date >= rate.day
              JOIN res_company c ON c.id = x.company_id
             WHERE x.currency_id <> c.currency_id
               AND rate.currency_id IN (x.currency_id, c.currency_id)
            """,
            since,
        )

    def _change_messages(self, since, message_id):
        """Customers who were written to or wrote, by the document of the message.

        The ids bound the search, for the host has no index on the dates of messages.
        """
        return [
            SQL(
                """
                SELECT d.%s
                  FROM mail_message m
                  JOIN %s d ON d.id = m.res_id
                 WHERE m.id > %s AND m.create_date >= %s
                   AND m.model = %s AND m.message_type IN %s
                """,
                SQL.identifier(column),
                SQL.identifier(self.env[model]._table),
                message_id,
                since,
                model,
                MESSAGE_TYPES,
            )
            for model, column, _domain in self.env[
                "crm.suite.interaction"
            ]._interaction_threads()
        ]
