import logging

from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools.segment_definition import sort_by_use, walk, walk_sure
from .arguments import check_records

_logger = logging.getLogger(__name__)


class Recalculation(models.AbstractModel):
    _inherit = "crm.suite.recalculation"

    @api.model
    def _steps(self):
        return [*super()._steps(), (50, "crm.suite.segment", "_recalculate")]


class Segment(models.Model):
    """Keeping members in step with the conditions.

    One statement per segment evaluates the conditions once, lets in who is new, lets
    out who does not fit any more and writes the events. A run for changed customers
    looks at these alone, so it costs what changed and not what is there.
    """

    _inherit = "crm.suite.segment"

    # === PUBLIC === #

    def action_refresh(self):
        """Bring the members up to date, those of segments that name these ones too.

        :return: True
        """
        check_records(self).check_access("write")
        self._refresh_tree()
        return True

    @api.model
    def _recalculate(self, partner_ids=None):
        """Step of the recalculation: all segments, for changed customers or for all.

        :param partner_ids: ids of commercial partners; ``None``: all customers
        """
        if partner_ids is not None and not partner_ids:
            return
        segments = self.sudo().search([("kind", "=", "dynamic")])
        segments._refresh_in_order(partner_ids)
        if partner_ids is None:
            self.sudo().search([("kind", "=", "static")])._note_sizes()

    # === ORDER === #

    def _refresh_tree(self, partner_ids=None):
        """Refresh these segments, then those whose conditions name them."""
        uses = self._get_uses()
        used_by = {}
        for user, used in uses.items():
            for segment_id in used:
                used_by.setdefault(segment_id, []).append(user)
        found, todo = set(), list(self.ids)
        while todo:
            segment_id = todo.pop()
            if segment_id not in found:
                found.add(segment_id)
                todo += used_by.get(segment_id, ())
        self.sudo().browse(found)._refresh_in_order(partner_ids)

    def _refresh_in_order(self, partner_ids=None):
        """Refresh each after those that its conditions name.

        Everybody locks in this order, so two runs wait for each other and never form
        a deadlock.
        """
        segments = self.browse(sort_by_use(self.ids, self._get_uses()))
        for segment in segments:
            if segment.active and segment.kind == "dynamic":
                segment._refresh_guarded(partner_ids)

    def _refresh_guarded(self, partner_ids):
        """Refresh one segment; what is wrong with its conditions is kept with it.

        A segment whose author has left must not stop the others.
        """
        try:
            with self.env.cr.savepoint():
                self._refresh(partner_ids)
        except (AccessError, UserError) as error:
            _logger.warning("Segment %s was not refreshed: %s", self.id, error)
            self._lock()
            if self.problem != error.args[0]:
                self.problem = error.args[0]

    # === ONE SEGMENT === #

    def _lock(self):
        """Make changes of the segment one after the other.

        Who waited here for somebody that changed it fails to serialise: his request
        or job runs again and sees what the other one did.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "SELECT id FROM crm_suite_segment WHERE id = ANY(%s)"
                " ORDER BY id FOR NO KEY UPDATE",
                self.ids,
            )
        )

    def _refresh(self, partner_ids=None):
        """Let in and out whom the conditions say, of all or of some customers.

        :return: ids of those who entered and of those who left
        :rtype: tuple[list[int], list[int]]
        """
        self.ensure_one()
        self._lock()
        if self.refreshed_version != self.version:
            partner_ids = None  # other conditions: everybody may be concerned
        author = self._get_evaluation()
        query = author._search_customers(
            self.definition or {"op": "all", "items": []}, partner_ids
        )
        cause = self._get_cause()
        rows = self.env.execute_query(
            self._get_refresh_sql(self._get_customer_rows(query), partner_ids, cause)
        )
        entered = [id_ for kind, id_ in rows if kind == "enter"]
        left = [id_ for kind, id_ in rows if kind == "leave"]
        self._forget_members()
        if cause["cause"] == "data":
            self._note_reasons(author, entered, left)
        else:
            self._note_choices(author, entered, cause)
        self._note_result(partner_ids, entered, left)
        return entered, left

    def _get_cause(self):
        if not self.refreshed_version:
            cause = "first"
        elif self.refreshed_version != self.version:
            cause = "conditions"
        else:
            cause = "data"
        return {"cause": cause, "version": self.version}

    def _get_refresh_sql(self, customers, partner_ids, cause):
        """The statement that changes members and writes events.

        All its parts see the rows as they were before it; who enters and who leaves
        are never the same, so they do not get into each other's way.

        :param SQL customers: subselect of those who meet the conditions
        """
        return SQL(
            """
            WITH fitting AS MATERIALIZED %(customers)s,
            gone AS (
                UPDATE crm_suite_segment_member m
                   SET left_at = %(now)s, left_reason = %(reason)s
                 WHERE m.segment_id = %(segment)s AND m.left_at IS NULL AND %(scope)s
                   AND NOT EXISTS (SELECT 1 FROM fitting f WHERE f.id = m.partner_id)
             RETURNING m.partner_id
            ), come AS (
                INSERT INTO crm_suite_segment_member
                            (segment_id, partner_id, entered_at, reason)
                SELECT %(segment)s, n.id, %(now)s, %(reason)s
                  FROM (SELECT id FROM fitting
                        EXCEPT
                        SELECT m.partner_id FROM crm_suite_segment_member m
                         WHERE m.segment_id = %(segment)s AND m.left_at IS NULL
                           AND %(scope)s
                        ORDER BY id) n
             RETURNING partner_id
            ), event AS (
                INSERT INTO crm_suite_segment_event (segment_id, partner_id, kind, at)
                SELECT %(segment)s, partner_id, 'leave', %(now)s FROM gone
             UNION ALL
                SELECT %(segment)s, partner_id, 'enter', %(now)s FROM come
             RETURNING kind, partner_id
            )
            SELECT kind, partner_id FROM event
            """,
            customers=customers,
            now=self.env.cr.now(),
            reason=Json(cause),
            segment=self.id,
            scope=SQL("TRUE")
            if partner_ids is None
            else SQL("m.partner_id = ANY(%s)", list(partner_ids)),
        )

    def _forget_members(self):
        self.env["crm.suite.segment.member"].invalidate_model(flush=False)
        self.env["crm.suite.segment.event"].invalidate_model(flush=False)
        self.env["res.partner"].invalidate_model(["crm_suite_segment_ids"], flush=False)
        self.invalidate_recordset(["member_ids"], flush=False)

    def _note_result(self, partner_ids, entered, left):
        values = {}
        if partner_ids is None:
            size = self._count_members()
        else:
            size = self.member_count + len(entered) - len(left)
        if self.refreshed_version != self.version:
            values["refreshed_version"] = self.version
        if self.problem:
            values["problem"] = False
        if size != self.member_count:
            values["member_count"] = size
        if entered or left or values:
            values["refreshed_at"] = self.env.cr.now()
            self.sudo().write(values)
        if entered or left or partner_ids is None:
            self.env["crm.suite.segment.size"]._note(
                self.id, size, len(entered), len(left)
            )

    def _count_members(self):
        self.ensure_one()
        self.env.cr.execute(
            SQL(
                "SELECT count(*) FROM crm_suite_segment_member"
                " WHERE segment_id = %s AND left_at IS NULL",
                self.id,
            )
        )
        return self.env.cr.fetchone()[0]

    def _note_sizes(self):
        """Write down the size of the day also where nothing changed."""
        for segment in self:
            self.env["crm.suite.segment.size"]._note(
                segment.id, segment._count_members(), 0, 0
            )

    # === REASONS === #

    def _note_reasons(self, author, entered, left):
        """Write down which conditions brought customers in or out.

        The same few patterns of conditions explain all of them: one statement each.
        """
        if not (entered or left):
            return
        changed = [*entered, *left]
        catalogue = author._get_catalogue()
        found = []
        for condition, negated in walk(self.definition or {"op": "all", "items": []}):
            domain = author._compile_condition(catalogue, condition, changed)
            query = (
                author.env["res.partner"]
                .with_context(active_test=False)
                ._search(domain & fields.Domain("id", "in", changed))
            )
            fits = set(query.get_result_ids())
            if negated:
                fits = set(changed) - fits
            found.append(({"not": negated, **condition}, fits))
        self._write_reasons("reason", entered, found)
        self._write_reasons(
            "left_reason", left, [(part, set(left) - fits) for part, fits in found]
        )

    def _note_choices(self, author, entered, cause):
        """Write down which of the conditions of which one is enough brought each in.

        Many come in at once when a segment is filled: the conditions that all of them
        meet are read from the version (:meth:`_get_met_parts`), not written to each.
        """
        parts = list(walk_sure(self.definition or self._no_conditions()))
        if not entered or all(sure for _condition, _negated, sure in parts):
            return
        catalogue = author._get_catalogue()
        everybody = set(entered)
        found = []
        for number, (condition, negated, sure) in enumerate(parts):
            if sure:
                found.append((number, everybody))
                continue
            domain = author._compile_condition(catalogue, condition, entered)
            query = author.env["res.partner"]._search(
                domain & fields.Domain("id", "in", entered)
            )
            fits = set(query.get_result_ids())
            found.append((number, everybody - fits if negated else fits))
        self._write_reasons("reason", entered, found, cause, "met")

    def _write_reasons(self, column, ids, parts, cause=None, key="conditions"):
        """Write a reason for each pattern of parts.

        :param list parts: pairs of what is written of a condition, and who meets it
        """
        cause = cause or {"cause": "data", "version": self.version}
        patterns = {}
        for id_ in ids:
            pattern = tuple(i for i, (_part, fits) in enumerate(parts) if id_ in fits)
            patterns.setdefault(pattern, []).append(id_)
        moment = "entered_at" if column == "reason" else "left_at"
        for pattern, partner_ids in patterns.items():
            reason = {**cause, key: [parts[i][0] for i in pattern]}
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE crm_suite_segment_member SET %s = %s
                     WHERE segment_id = %s AND %s = %s AND partner_id = ANY(%s)
                    """,
                    SQL.identifier(column),
                    Json(reason),
                    self.id,
                    SQL.identifier(moment),
                    self.env.cr.now(),
                    partner_ids,
                )
            )

    def _describe_reason(self, reason, entered=True):
        """Why a customer came (or went), in words."""
        if not reason:
            return False
        texts = {
            "first": self.env._("The segment was filled for the first time."),
            "conditions": self.env._(
                "The conditions were changed (version %(version)s).",
                version=reason.get("version"),
            ),
            "selection": self.env._("Chosen by hand."),
            "import": self.env._("Imported: %(name)s.", name=reason.get("name")),
            "segment": self.env._(
                "Taken over from the segment %(name)s.", name=reason.get("name")
            ),
            "undo": self.env._("A change was undone."),
            "merge": self.env._("Merged into a customer who is in it, too."),
        }
        if reason["cause"] == "data":
            words = self._describe_parts(reason.get("conditions") or ())
            return words or self.env._(
                "Is no customer any more, or hidden from the author."
            )
        text = texts.get(reason["cause"], reason["cause"])
        words = self._describe_parts(self._get_met_parts(reason)) if entered else ""
        if not words:
            return text
        return self.env._("%(cause)s Met: %(conditions)s", cause=text, conditions=words)

    def _describe_parts(self, parts):
        catalogue = self._get_catalogue()
        words = []
        for part in parts:
            text = self._describe_condition(catalogue, part)
            words.append(
                self.env._("not: %(what)s", what=text) if part.get("not") else text
            )
        return self.env._("; ").join(words)

    def _get_met_parts(self, reason):
        """The conditions that somebody met who came in with many others.

        Those of the version by which he came: of the ones of which one is enough, the
        numbers of those that he met are with him.
        """
        if reason["cause"] not in ("first", "conditions"):
            return []
        parts = list(walk_sure(self._get_definition(reason.get("version"))))
        met = reason.get("met")
        return [
            {"not": negated, **condition}
            for number, (condition, negated, sure) in enumerate(parts)
            if (sure if met is None else number in met)
        ]
