from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .arguments import check_one
from .segment_event import KEPT_DAYS

MEMBER = "crm.suite.segment.member"


class Operation(models.Model):
    _inherit = "crm.suite.operation"

    kind = fields.Selection(
        selection_add=[("segment", "Segment list"), ("undo",)],
        ondelete={"segment": "set default"},
    )

    def _finish_undo(self, plan):
        """Memberships that an undo brought back or closed are events as well."""
        result = super()._finish_undo(plan)
        # Also of those that came back with their customer.
        ids = [*plan.inserts.get(MEMBER, ()), *plan.updates.get(MEMBER, ())]
        members = self.env[MEMBER].sudo().browse(ids).exists()
        members._announce()
        return result


class SegmentMember(models.Model):
    _inherit = "crm.suite.segment.member"

    def unlink(self):
        """Undo takes additions back by deleting them: that is leaving, too."""
        pairs = self.sudo()._get_pairs()
        result = super().unlink()
        self._announce_pairs(pairs)
        return result

    def _get_pairs(self):
        pairs = {}
        for member in self:
            pairs.setdefault(member.segment_id.id, set()).add(member.partner_id.id)
        return pairs

    def _announce(self):
        self._announce_pairs(self._get_pairs())

    @api.model
    def _announce_pairs(self, pairs):
        """Write the events that are missing after rows were changed by hand.

        :param dict pairs: ``{segment id: customer ids}``
        """
        segments = self.env["crm.suite.segment"].sudo().browse(pairs).exists()
        for segment in segments:
            segment._announce_changes(list(pairs[segment.id]))


class Segment(models.Model):
    """Lists by hand: adding and removing are operations, so they can be undone."""

    _inherit = "crm.suite.segment"

    def action_add(self, partner_ids, cause=None):
        """Put customers into a list. Contacts stand for their companies.

        :param list partner_ids: customers or contacts that the user may see
        :param dict cause: where they come from: ``{"cause": "selection"}`` (default),
            ``{"cause": "import"|"segment", "name": …}``
        :return: ``{"added": n, "operation_id": id or False}``; who was in already
            is not counted
        :rtype: dict
        """
        self._check_static()
        ids = self._get_visible_customers(partner_ids)
        cause = self._clean_cause(cause)
        self._lock()
        new = SQL(
            """
            INSERT INTO crm_suite_segment_member
                        (segment_id, partner_id, entered_at, reason)
            SELECT %s, p.id, %s, %s
              FROM res_partner p
             WHERE p.id = ANY(%s)
               AND NOT EXISTS (SELECT 1 FROM crm_suite_segment_member m
                                WHERE m.segment_id = %s AND m.partner_id = p.id
                                  AND m.left_at IS NULL)
            """,
            self.id,
            self.env.cr.now(),
            Json(cause),
            ids,
            self.id,
        )
        title = self.env._("Added to the segment %(name)s", name=self.name)
        operation, rows = self._record_change(title, new)
        return {"added": len(rows), "operation_id": operation}

    def action_remove(self, partner_ids):
        """Take customers out of a list; that they were in it stays known.

        :param list partner_ids: customers
        :return: ``{"removed": n, "operation_id": id or False}``
        :rtype: dict
        """
        self._check_static()
        ids = self._get_visible_customers(partner_ids, universe=False)
        self._lock()
        change = SQL(
            """
            UPDATE crm_suite_segment_member
               SET left_at = %s, left_reason = %s
             WHERE segment_id = %s AND left_at IS NULL AND partner_id = ANY(%s)
            """,
            self.env.cr.now(),
            Json({"cause": "selection"}),
            self.id,
            ids,
        )
        title = self.env._("Removed from the segment %(name)s", name=self.name)
        operation, rows = self._record_change(title, change)
        return {"removed": len(rows), "operation_id": operation}

    def _check_static(self):
        check_one(self)
        self.check_access("write")
        if self.kind != "static":
            raise UserError(
                self.env._(
                    "Conditions decide who is in “%(name)s”. Change them, or make a list by hand of it.",
                    name=self.name,
                )
            )

    def _clean_cause(self, cause):
        cause = cause or {}
        if cause.get("cause") not in ("import", "segment"):
            return {"cause": "selection"}
        return {"cause": cause["cause"], "name": str(cause.get("name") or "")}

    def _get_visible_customers(self, partner_ids, universe=True):
        """The customers behind ids from a client: of those the user may see."""
        if not isinstance(partner_ids, list | tuple) or not all(
            type(id_) is int for id_ in partner_ids
        ):
            raise UserError(self.env._("Name the customers by a list of ids."))
        partners = self.env["res.partner"].with_context(active_test=False)
        query = partners._search([("id", "in", partner_ids)])
        rows = self.env.execute_query(
            query.select(
                SQL("DISTINCT %s", SQL.identifier(query.table, "commercial_partner_id"))
            )
        )
        ids = [id_ for (id_,) in rows if id_]
        if universe:
            domain = self._get_universe() & fields.Domain("id", "in", ids)
            return list(partners._search(domain).get_result_ids())
        return ids

    def _record_change(self, title, statement):
        """Run a statement on members as an operation, with its events.

        :return: id of the operation (False if nothing changed) and the changed rows
        """
        with self.env["crm.suite.operation"].record(
            "segment", title, res_model=MEMBER, company_id=self.company_id.id
        ) as operation:
            rows = operation.log_sql(MEMBER, statement)
        if not rows:
            operation.sudo().unlink()
            return False, rows
        self.env[MEMBER].sudo().browse(rows)._announce()
        return operation.id, rows

    def _announce_changes(self, partner_ids):
        """Write the events by which these customers' membership changed unannounced.

        Compares who is in with what the last event of each says, so it can be called
        after any change of rows, and twice.
        """
        self.ensure_one()
        self._lock()
        rows = self.env.execute_query(
            SQL(
                """
                INSERT INTO crm_suite_segment_event (segment_id, partner_id, kind, at)
                SELECT %(segment)s, p.id, now.kind, %(now)s
                  FROM unnest(%(ids)s) p(id)
                  JOIN res_partner partner ON partner.id = p.id
                  CROSS JOIN LATERAL (
                    SELECT CASE WHEN EXISTS (
                        SELECT 1 FROM crm_suite_segment_member m
                         WHERE m.segment_id = %(segment)s AND m.partner_id = p.id
                           AND m.left_at IS NULL
                    ) THEN 'enter' ELSE 'leave' END AS kind) now
                  LEFT JOIN LATERAL (
                    SELECT e.kind FROM crm_suite_segment_event e
                     WHERE e.segment_id = %(segment)s AND e.partner_id = p.id
                     ORDER BY e.id DESC LIMIT 1) last ON TRUE
                  CROSS JOIN LATERAL (
                    -- Of who entered before the oldest event that is kept, none tells.
                    SELECT CASE WHEN EXISTS (
                        SELECT 1 FROM crm_suite_segment_member m
                         WHERE m.segment_id = %(segment)s AND m.partner_id = p.id
                           AND m.entered_at < %(oldest)s
                           AND (m.left_at IS NULL OR m.left_at >= %(oldest)s)
                    ) THEN 'enter' ELSE 'leave' END AS kind) untold
                 WHERE COALESCE(last.kind, untold.kind) <> now.kind
             RETURNING kind
                """,
                segment=self.id,
                ids=list(partner_ids),
                now=self.env.cr.now(),
                oldest=fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_DAYS),
            )
        )
        entered = sum(kind == "enter" for (kind,) in rows)
        self._forget_members()
        if rows:
            self._note_changes(entered, len(rows) - entered)
            self._refresh_tree(list(partner_ids))

    def _note_changes(self, entered, left):
        """Count the members anew after somebody came or went."""
        size = self._count_members()
        self.sudo().write({"member_count": size, "refreshed_at": self.env.cr.now()})
        self.env["crm.suite.segment.size"]._note(self.id, size, entered, left)
        self._forget_members()
