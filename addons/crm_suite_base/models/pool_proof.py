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
        """Replies that no colleague wrote: mails on the threads, and what customers
        write in the portal."""
        return SQL(
            """
            SELECT d.record_id, m.date, %s::float, 'reply'
              FROM documents d
              JOIN mail_message m ON m.model = d.model AND m.res_id = d.res_id
             WHERE (m.message_type = 'email'
                    OR m.message_type = 'comment' AND m.author_id IS NOT NULL)
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
        return SQL(
            """
            SELECT d.record_id, d.at, %s::float, 'order' FROM (%s) d(record_id, at)
            """,
            pool.weight_order,
            self._pool_orders(pool),
        )

    @api.model
    def _pool_orders(self, pool):
        """Orders, here and elsewhere. Those from elsewhere have a day only: made at
        its end, or now where it is not over, they are never before a claim of that day.

        :return: table with ``record_id``, ``at``
        :rtype: SQL
        """
        return SQL(
            """
            SELECT p.record_id, o.date_order
              FROM people p JOIN sale_order o ON o.partner_id = p.partner_id
             WHERE o.state = 'sale'
         UNION ALL
            SELECT p.record_id,
                   least((b.date + 1)::timestamp AT TIME ZONE %s AT TIME ZONE 'UTC',
                         statement_timestamp() AT TIME ZONE 'UTC')
              FROM people p JOIN crm_suite_purchase b ON b.partner_id = p.partner_id
             WHERE b.date <= %s
            """,
            pool._get_zone().zone,
            pool._get_today(),
        )

    @api.model
    def _pool_deals(self, pool):
        """What is a deal, whatever counts as follow-up: orders and won deals. Hook.

        :return: table with ``record_id``, ``at``, made from the tables ``people`` and
            ``documents``
        :rtype: SQL
        """
        return SQL(
            """
            %s
         UNION ALL
            SELECT p.record_id, l.date_closed
              FROM people p JOIN crm_lead l ON l.partner_id = p.partner_id
             WHERE l.won_status = 'won'
            """,
            self._pool_orders(pool),
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
        """Whenever it was marked as sent, or mailed with a document to somebody who is
        no colleague (the host marks it then without a trace), whatever became of it.

        :param SQL orders: tables ``p`` with ``record_id`` and ``o``, the orders
        """
        return SQL(
            """
            SELECT p.record_id, COALESCE(m.date, o.date_order), %(weight)s::float,
                   'quote'
              FROM %(orders)s
              LEFT JOIN mail_message m
                ON m.model = 'sale.order' AND m.res_id = o.id
               AND (m.subtype_id = %(sent)s
                    OR m.message_type IN ('comment', 'email_outgoing')
                       AND EXISTS (SELECT 1 FROM message_attachment_rel
                                    WHERE message_id = m.id)
                       AND EXISTS (SELECT 1 FROM res_users u
                                    WHERE u.partner_id = m.author_id
                                      AND u.share IS NOT TRUE)
                       AND EXISTS (
                           SELECT 1 FROM mail_message_res_partner_rel r
                            WHERE r.mail_message_id = m.id
                              AND NOT EXISTS (SELECT 1 FROM res_users u
                                               WHERE u.partner_id = r.res_partner_id
                                                 AND u.share IS NOT TRUE)))
             WHERE m.id IS NOT NULL OR o.state = 'sent'
            """,
            weight=pool.weight_quote,
            orders=orders,
            sent=self.env.ref("sale.mt_order_sent").id,
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

    def _pool_find_deals(self, pool):
        """The records with a deal since somebody owns them, where the pool asks for it.

        :rtype: set[int]
        """
        if not (pool.deal_days or pool.return_after_protection):
            return set()
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH documents AS (%(documents)s), people AS (%(people)s)
                SELECT DISTINCT d.record_id
                  FROM (%(deals)s) d(record_id, at)
                  JOIN %(table)s r ON r.id = d.record_id
                 WHERE d.at > COALESCE(r.crm_suite_owned_since, r.create_date)
                   AND d.at <= clock_timestamp() AT TIME ZONE 'UTC'
                """,
                documents=self._pool_documents_sql(self.ids),
                people=self._pool_people_sql(self.ids),
                deals=self._pool_deals(pool),
                table=SQL.identifier(self._table),
            )
        )
        return {id_ for (id_,) in rows}

    # === VETOES === #

    @api.model
    def _pool_vetoes(self, pool):
        """What keeps a record of a pool from being taken back. Hook.

        :return: label, and a statement with the ``record_id`` s, made from the tables
            ``people`` and ``documents``
        :rtype: list[tuple[str, SQL]]
        """
        return [
            (
                self.env._("an open quote"),
                self._pool_open_quotes(
                    pool,
                    SQL("people p JOIN sale_order o ON o.partner_id = p.partner_id"),
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
            (self.env._("a visit or meeting planned"), self._pool_planned_visits(pool)),
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
    def _pool_planned_visits(self, pool):
        """Activities of a kind that is a meeting, on the threads, not overdue."""
        return SQL(
            """
            SELECT d.record_id FROM documents d
              JOIN mail_activity a ON a.res_model = d.model AND a.res_id = d.res_id
              JOIN mail_activity_type t ON t.id = a.activity_type_id
             WHERE a.active AND t.category = 'meeting'
               AND a.date_deadline >= %s
            """,
            pool._get_today(),
        )

    @api.model
    def _pool_open_quotes(self, pool, orders):
        """:param SQL orders: tables ``p`` with ``record_id`` and ``o``, the orders"""
        return SQL(
            """
            SELECT p.record_id FROM %s
             WHERE o.state IN ('draft', 'sent')
               AND (o.validity_date IS NULL OR o.validity_date >= %s)
            """,
            orders,
            pool._get_today(),
        )

    def _pool_find_vetoes(self, pool):
        """:rtype: dict[int, list[str]]"""
        self.env.flush_all()
        vetoes = self._pool_vetoes(pool)
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
        """The customer and its contacts; a contact that is held itself by itself."""
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

    @api.model
    def _pool_orders(self, pool):
        """Also those that were made from the lead, for whomever."""
        return SQL(
            """
            %s
         UNION ALL
            SELECT p.record_id, o.date_order FROM %s WHERE o.state = 'sale'
            """,
            super()._pool_orders(pool),
            self._pool_own_orders(),
        )

    @api.model
    def _pool_own_orders(self):
        return SQL(
            "documents p JOIN sale_order o"
            " ON p.model = 'sale.order' AND o.id = p.res_id"
        )

    @api.model
    def _pool_vetoes(self, pool):
        planned = SQL(
            """
            SELECT d.record_id
              FROM documents d JOIN calendar_event e ON e.opportunity_id = d.record_id
             WHERE e.active AND e.stop > clock_timestamp() AT TIME ZONE 'UTC'
            """
        )
        return [
            *super()._pool_vetoes(pool),
            (self.env._("a meeting ahead"), planned),
            (
                self.env._("an open quote"),
                self._pool_open_quotes(pool, self._pool_own_orders()),
            ),
        ]
