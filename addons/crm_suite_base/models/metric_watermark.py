from datetime import datetime, timedelta

from odoo import api, fields, models
from odoo.tools import SQL

# For the moment between the start of a transaction and its report to the statistics.
MARGIN = timedelta(seconds=5)


class MetricWatermark(models.Model):
    """Up to when changes were looked for.

    The ORM dates a change by the start of its transaction. A transaction that commits
    late would fall behind a watermark of "now"; so the watermark stays behind the
    start of the oldest transaction that was open when the look began.
    """

    _name = "crm.suite.metric.watermark"
    _description = "Watermark of the Figures"
    _log_access = False

    name = fields.Char(required=True)
    moment = fields.Datetime()
    # [[moment, last id of mail.message then], …], oldest first
    messages = fields.Json()

    _name_unique = models.UniqueIndex("(name)")

    @api.model
    def _horizon(self):
        """The moment before which nothing can be committed any more.

        To be asked in a transaction of its own before that of the look: whatever is
        invisible to the latter was open now or starts later.

        :return: the moment in UTC; ``None`` while a prepared transaction waits, whose
            start nobody knows
        :rtype: datetime | None
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT least(
                           clock_timestamp(),
                           (SELECT min(xact_start) FROM pg_stat_activity
                             WHERE datname = current_database()
                               AND backend_type = 'client backend'
                               AND pid <> pg_backend_pid())
                       ) AT TIME ZONE 'UTC',
                       EXISTS (SELECT 1 FROM pg_prepared_xacts
                                WHERE database = current_database())
                """
            )
        )
        moment, waiting = rows[0]
        return None if waiting else moment - MARGIN

    @api.model
    def _get(self, name):
        """Read a watermark.

        :return: moment (``None`` at first) and positions in the messages
        :rtype: tuple[datetime | None, list]
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT moment, messages FROM crm_suite_metric_watermark WHERE name = %s",
                name,
            )
        )
        return (rows[0][0], rows[0][1] or []) if rows else (None, [])

    @api.model
    def _set(self, name, moment, messages=None):
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_metric_watermark (name, moment, messages)
                     VALUES (%s, %s, %s::jsonb)
                ON CONFLICT (name) DO UPDATE
                        SET moment = excluded.moment, messages = excluded.messages
                """,
                name,
                moment,
                fields.Json().convert_to_column(messages or [], self),
            )
        )
        self.invalidate_model(flush=False)

    # ------------------------------------------------------------------
    # Messages: by their ids, for the host has no index on their dates
    # ------------------------------------------------------------------

    @api.model
    def _message_position(self):
        """The last id that a message got, and a moment when that was so already.

        :rtype: list
        """
        last, moment = self.env.execute_query(
            SQL(
                "SELECT last_value, clock_timestamp() AT TIME ZONE 'UTC'"
                " FROM mail_message_id_seq"
            )
        )[0]
        return [moment.isoformat(), last]

    @api.model
    def _messages_since(self, moment, positions):
        """The id after which the messages of transactions begun since ``moment`` are.

        :return: id, and the positions that are still of use
        :rtype: tuple[int, list]
        """
        first = 0
        for index, (known, _last) in enumerate(positions):
            if datetime.fromisoformat(known) <= moment:
                first = index
        kept = positions[first:]
        if kept and datetime.fromisoformat(kept[0][0]) <= moment:
            return kept[0][1], kept
        return 0, kept
