from collections import defaultdict

from odoo import api, models
from odoo.tools import SQL

# So far back a note is compared with those that its author wrote before.
COPY_DAYS = 180


class PoolMixin(models.AbstractModel):
    """Proven follow-up, and what keeps a record with its owner whatever the clock says."""

    _inherit = "crm.suite.pool.mixin"

    @api.model
    def _pool_documents_sql(self, ids):
        """The threads that belong to the records. Hook.

        :return: table with ``record_id``, ``model``, ``res_id``
        :rtype: SQL
        """
        raise NotImplementedError

    @api.model
    def _pool_people_sql(self, ids):
        """The customers and people of the records. Hook.

        :return: table with ``record_id``, ``partner_id``
        :rtype: SQL
        """
        raise NotImplementedError

    @api.model
    def _pool_proofs(self, pool):
        """What counts as follow-up of the records of a pool. Hook.

        :return: statements with ``record_id``, ``at``, ``weight``, ``kind``, made from
            the tables ``people`` and ``documents``
        :rtype: list[SQL]
        """
        return [
            self._pool_proof_mail(pool),
            self._pool_proof_note(pool),
            self._pool_proof_call(pool),
            self._pool_proof_meeting(pool),
            self._pool_proof_quote(pool),
            self._pool_proof_order(pool),
        ]

    def _pool_proof_mail(self, pool):
        """Replies: mails on the threads that no colleague wrote."""
        return SQL(
            """
            SELECT d.record_id, m.date, %s::float, 'reply'
              FROM documents d
              JOIN mail_message m ON m.model = d.model AND m.res_id = d.res_id
             WHERE m.message_type = 'email'
               AND NOT EXISTS (SELECT 1 FROM res_users u
                                WHERE u.partner_id = m.author_id
                                  AND u.share IS NOT TRUE)
            """,
            pool.weight_reply,
        )

    def _pool_proof_note(self, pool):
        """Notes that are no copy of what their author, or somebody on the same thread,
        wrote before."""
        return SQL(
            """
            SELECT d.record_id, m.date, %(weight)s::float, 'note'
              FROM documents d
              JOIN mail_message m ON m.model = d.model AND m.res_id = d.res_id
             WHERE m.message_type = 'comment'
               AND length(regexp_replace(m.body, '<[^>]*>|\\s|&nbsp;', '', 'g')) > 3
               AND EXISTS (SELECT 1 FROM res_users u
                            WHERE u.partner_id = m.author_id AND u.share IS NOT TRUE)
               AND NOT EXISTS (
                   SELECT 1 FROM mail_message o
                    WHERE o.author_id = m.author_id AND o.message_type = 'comment'
                      AND o.id < m.id AND o.date > m.date - %(days)s * interval '1 day'
                      AND %(old)s = %(new)s)
               AND NOT EXISTS (
                   SELECT 1 FROM mail_message o
                    WHERE o.model = m.model AND o.res_id = m.res_id AND o.id < m.id
                      AND o.message_type = 'comment' AND %(old)s = %(new)s)
            """,
            weight=pool.weight_note,
            days=COPY_DAYS,
            old=self._pool_plain("o"),
            new=self._pool_plain("m"),
        )

    def _pool_plain(self, alias):
        """The text of a note without markup, blanks and capitals."""
        return SQL(
            "lower(regexp_replace(%s, '<[^>]*>|\\s|&nbsp;', '', 'g'))",
            SQL.identifier(alias, "body"),
        )

    def _pool_proof_call(self, pool):
        return self._pool_proof_calls(
            pool,
            SQL("people p JOIN crm_suite_call c ON c.partner_id = p.partner_id"),
        )

    def _pool_proof_calls(self, pool, calls):
        """:param SQL calls: tables ``p`` with ``record_id`` and ``c``, the calls"""
        return SQL(
            """
            SELECT p.record_id, c.date,
                   (CASE c.kind WHEN 'call' THEN %s ELSE %s END)::float,
                   CASE c.kind WHEN 'call' THEN 'call' ELSE 'visit' END
              FROM %s
             WHERE COALESCE(c.outcome, '') NOT IN ('no_answer', 'wrong_number')
               AND (c.kind != 'call' OR c.duration * 60 >= %s)
            """,
            pool.weight_call,
            pool.weight_visit,
            calls,
            pool.call_seconds,
        )

    def _pool_proof_meeting(self, pool):
        return SQL(
            """
            SELECT p.record_id, e.start, %s::float, 'meeting'
              FROM people p
              JOIN calendar_attendee a ON a.partner_id = p.partner_id
              JOIN calendar_event e ON e.id = a.event_id
             WHERE e.active AND COALESCE(a.state, '') != 'declined'
               AND e.stop <= clock_timestamp() AT TIME ZONE 'UTC'
            """,
            pool.weight_meeting,
        )

    def _pool_proof_order(self, pool):
        """Orders, here and elsewhere."""
        return SQL(
            """
            SELECT p.record_id, o.date_order, %(weight)s::float, 'order'
              FROM people p JOIN sale_order o ON o.partner_id = p.partner_id
             WHERE o.state = 'sale'
         UNION ALL
            SELECT p.record_id, b.date::timestamp, %(weight)s::float, 'order'
              FROM people p JOIN crm_suite_purchase b ON b.partner_id = p.partner_id
            """,
            weight=pool.weight_order,
        )

    def _pool_proof_quote(self, pool):
        """Quotes, when they were sent, and whenever the customer opened one."""
        return SQL(
            """
            %(sent)s
         UNION ALL
            SELECT d.record_id, m.date, %(weight)s::float, 'opened'
              FROM documents d
              JOIN mail_message m ON m.model = d.model AND m.res_id = d.res_id
             WHERE d.model = 'sale.order' AND m.subtype_id = %(opened)s
            """,
            sent=self._pool_proof_sent(
                pool, SQL("people p JOIN sale_order o ON o.partner_id = p.partner_id")
            ),
            weight=pool.weight_quote,
            opened=self.env.ref("sale.mt_order_viewed").id,
        )

    def _pool_proof_sent(self, pool, orders):
        """:param SQL orders: tables ``p`` with ``record_id`` and ``o``, the orders"""
        return SQL(
            """
            SELECT p.record_id, COALESCE(sent.at, o.date_order), %s::float, 'quote'
              FROM %s
              LEFT JOIN LATERAL (
                   SELECT max(m.date) AS at FROM mail_message m
                     JOIN mail_tracking_value t ON t.mail_message_id = m.id
                     JOIN ir_model_fields f ON f.id = t.field_id
                    WHERE m.model = 'sale.order' AND m.res_id = o.id
                      AND f.name = 'state'
              ) sent ON TRUE
             WHERE o.state = 'sent'
            """,
            pool.weight_quote,
            orders,
        )

    def _pool_find_proofs(self, pool):
        """Proven follow-up of the records since somebody owns them, up to now.

        :return: ``(moment, weight, kind)`` by id of the record, the oldest first
        :rtype: dict[int, list[tuple]]
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH documents AS (%(documents)s), people AS (%(people)s)
                SELECT f.record_id, f.at, max(f.weight), max(f.kind)
                  FROM (%(proofs)s) f(record_id, at, weight, kind)
                  JOIN %(table)s r ON r.id = f.record_id
                 WHERE f.weight > 0 AND f.at <= clock_timestamp() AT TIME ZONE 'UTC'
                   AND f.at > COALESCE(r.crm_suite_owned_since, r.create_date)
              GROUP BY f.record_id, f.at
              ORDER BY f.record_id, f.at
                """,
                documents=self._pool_documents_sql(self.ids),
                people=self._pool_people_sql(self.ids),
                proofs=SQL(" UNION ALL ").join(self._pool_proofs(pool)),
                table=SQL.identifier(self._table),
            )
        )
        found = defaultdict(list)
        for id_, at, weight, kind in rows:
            found[id_].append((at, weight, kind))
        return found

    # === VETOES === #

    @api.model
    def _pool_vetoes(self):
        """What keeps a record from being taken back. Hook.

        :return: label, and a statement with the ``record_id`` s, made from the tables
            ``people`` and ``documents``
        :rtype: list[tuple[str, SQL]]
        """
        return [
            (
                self.env._("an open quote"),
                self._pool_open_quotes(
                    SQL("people p JOIN sale_order o ON o.partner_id = p.partner_id")
                ),
            ),
            (
                self.env._("a meeting ahead"),
                SQL(
                    """
                    SELECT p.record_id FROM people p
                      JOIN calendar_attendee a ON a.partner_id = p.partner_id
                      JOIN calendar_event e ON e.id = a.event_id
                     WHERE e.active AND e.stop > clock_timestamp() AT TIME ZONE 'UTC'
                       AND COALESCE(a.state, '') != 'declined'
                    """
                ),
            ),
            (self.env._("a visit or meeting planned"), self._pool_planned_visits()),
            (
                self.env._("a request to decide"),
                SQL(
                    """
                    SELECT q.res_id FROM crm_suite_pool_request q
                     WHERE q.state = 'open' AND q.res_model = %s
                       AND q.kind = 'extend'
                    """,
                    self._name,
                ),
            ),
        ]

    @api.model
    def _pool_planned_visits(self):
        """Activities of a kind that is a meeting, on the threads, not overdue."""
        return SQL(
            """
            SELECT d.record_id FROM documents d
              JOIN mail_activity a ON a.res_model = d.model AND a.res_id = d.res_id
              JOIN mail_activity_type t ON t.id = a.activity_type_id
             WHERE a.active AND t.category = 'meeting'
               AND a.date_deadline >= CURRENT_DATE
            """
        )

    @api.model
    def _pool_open_quotes(self, orders):
        """:param SQL orders: tables ``p`` with ``record_id`` and ``o``, the orders"""
        return SQL(
            """
            SELECT p.record_id FROM %s
             WHERE o.state IN ('draft', 'sent')
               AND (o.validity_date IS NULL OR o.validity_date >= CURRENT_DATE)
            """,
            orders,
        )

    def _pool_find_vetoes(self):
        """:rtype: dict[int, list[str]]"""
        self.env.flush_all()
        vetoes = self._pool_vetoes()
        rows = self.env.execute_query(
            SQL(
                """
                WITH documents AS (%s), people AS (%s)
                SELECT DISTINCT v.number, v.record_id FROM (%s) v(number, record_id)
                 WHERE v.record_id = ANY(%s) ORDER BY 1
                """,
                self._pool_documents_sql(self.ids),
                self._pool_people_sql(self.ids),
                SQL(" UNION ALL ").join(
                    SQL("SELECT %s, q.* FROM (%s) q", number, query)
                    for number, (_label, query) in enumerate(vetoes)
                ),
                self.ids,
            )
        )
        found = defaultdict(list)
        for number, id_ in rows:
            # A lead may be met by way of its people and by itself: said once.
            if vetoes[number][0] not in found[id_]:
                found[id_].append(vetoes[number][0])
        return found


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _pool_people_sql(self, ids):
        return SQL(
            """
            SELECT commercial_partner_id AS record_id, id AS partner_id
              FROM res_partner WHERE commercial_partner_id = ANY(%(ids)s)
         UNION ALL
            SELECT id, id
              FROM res_partner
             WHERE id = ANY(%(ids)s) AND commercial_partner_id != id
            """,
            ids=list(ids),
        )

    @api.model
    def _pool_documents_sql(self, ids):
        people = self._pool_people_sql(ids)
        return SQL(
            """
            SELECT p.record_id, 'res.partner' AS model, p.partner_id AS res_id
              FROM (%(people)s) p
         UNION ALL
            SELECT p.record_id, 'crm.lead', l.id
              FROM (%(people)s) p JOIN crm_lead l ON l.partner_id = p.partner_id
         UNION ALL
            SELECT p.record_id, 'sale.order', o.id
              FROM (%(people)s) p JOIN sale_order o ON o.partner_id = p.partner_id
            """,
            people=people,
        )


class CrmLead(models.Model):
    _inherit = "crm.lead"

    @api.model
    def _pool_people_sql(self, ids):
        """The people of a lead: calls and meetings with them are about it."""
        return SQL(
            "SELECT id AS record_id, partner_id FROM crm_lead"
            " WHERE id = ANY(%s) AND partner_id IS NOT NULL",
            list(ids),
        )

    @api.model
    def _pool_documents_sql(self, ids):
        """The lead and its quotes, whoever their customer is."""
        return SQL(
            """
            SELECT id AS record_id, 'crm.lead' AS model, id AS res_id
              FROM crm_lead WHERE id = ANY(%(ids)s)
         UNION ALL
            SELECT opportunity_id, 'sale.order', id
              FROM sale_order WHERE opportunity_id = ANY(%(ids)s)
            """,
            ids=list(ids),
        )

    def _pool_proof_meeting(self, pool):
        """Also those planned from the lead, which may have no customer yet."""
        return SQL(
            """
            %s
         UNION ALL
            SELECT d.record_id, e.start, %s::float, 'meeting'
              FROM documents d JOIN calendar_event e ON e.opportunity_id = d.record_id
             WHERE e.active AND e.stop <= clock_timestamp() AT TIME ZONE 'UTC'
            """,
            super()._pool_proof_meeting(pool),
            pool.weight_meeting,
        )

    def _pool_proof_call(self, pool):
        """Also those that were logged on the lead itself."""
        return SQL(
            "%s UNION ALL %s",
            super()._pool_proof_call(pool),
            self._pool_proof_calls(
                pool,
                SQL(
                    "documents p JOIN crm_suite_call c"
                    " ON p.model = 'crm.lead' AND c.lead_id = p.res_id"
                ),
            ),
        )

    def _pool_proof_quote(self, pool):
        """Also quotes that were made from the lead, for whomever."""
        return SQL(
            "%s UNION ALL %s",
            super()._pool_proof_quote(pool),
            self._pool_proof_sent(pool, self._pool_own_orders()),
        )

    def _pool_proof_order(self, pool):
        return SQL(
            """
            %s
         UNION ALL
            SELECT p.record_id, o.date_order, %s::float, 'order'
              FROM %s
             WHERE o.state = 'sale'
            """,
            super()._pool_proof_order(pool),
            pool.weight_order,
            self._pool_own_orders(),
        )

    @api.model
    def _pool_own_orders(self):
        return SQL(
            "documents p JOIN sale_order o"
            " ON p.model = 'sale.order' AND o.id = p.res_id"
        )

    @api.model
    def _pool_vetoes(self):
        planned = SQL(
            """
            SELECT d.record_id
              FROM documents d JOIN calendar_event e ON e.opportunity_id = d.record_id
             WHERE e.active AND e.stop > clock_timestamp() AT TIME ZONE 'UTC'
            """
        )
        return [
            *super()._pool_vetoes(),
            (self.env._("a meeting ahead"), planned),
            (
                self.env._("an open quote"),
                self._pool_open_quotes(self._pool_own_orders()),
            ),
        ]
