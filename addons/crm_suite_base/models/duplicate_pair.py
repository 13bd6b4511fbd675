from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, split_every

from .arguments import check_ids, check_one
from .duplicate_rule import CHANNELS

SIDES = ("left", "right")
# Of records entered together with a name that hundreds share (the shops of a chain), the
# worklist gets this many pairs each; the others are found through these.
MOST_NOTED = 20
# Pairs written by one statement: what PostgreSQL takes as one value is limited.
STORED = 5_000
DECIDERS = ",".join(
    f"crm_suite_base.group_crm_suite_{role}"
    for role in ("sales_lead", "data_steward", "marketing_manager", "service_manager")
)
CHANNEL_LABELS = [
    ("form", "Form"),
    ("quick", "Quick creation"),
    ("api", "Program (API)"),
    ("import", "Import"),
    ("mail", "Incoming mail"),
    ("merge", "Merge"),
    ("unarchive", "Taken out of the archive"),
    ("search", "Search"),
]


class DuplicatePair(models.Model):
    """Two records that a rule calls the same, and what people said about it.

    A pair is there once, whichever rule found it and however often; the one with the
    smaller model name and id is on the left. *Not a duplicate* is remembered: no rule
    brings the pair back. Who may not read both records does not see the pair.

    Pairs that hang together form a group: the pair with the smallest id of them stands
    for all.
    """

    _name = "crm.suite.duplicate.pair"
    _description = "Possible Duplicate"
    _inherit = ["crm.suite.explain.mixin"]
    _order = "score desc, id"

    left_model = fields.Char(required=True, readonly=True)
    left_id = fields.Many2oneReference(
        string="Record", model_field="left_model", required=True, readonly=True
    )
    right_model = fields.Char(required=True, readonly=True)
    right_id = fields.Many2oneReference(
        string="Other Record", model_field="right_model", required=True, readonly=True
    )
    left_name = fields.Char(string="Name", compute="_compute_names")
    right_name = fields.Char(string="Other Name", compute="_compute_names")
    score = fields.Float(
        string="Alike (%)", digits=(5, 1), readonly=True, aggregator="max"
    )
    reasons = fields.Json(readonly=True)
    reasons_text = fields.Char(string="What Is Alike", compute="_compute_reasons_text")
    rule_id = fields.Many2one(
        "crm.suite.duplicate.rule",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    rule_version = fields.Integer(readonly=True, aggregator=None)
    channel = fields.Selection(CHANNEL_LABELS, string="Found By", readonly=True)
    state = fields.Selection(
        [
            ("new", "Undecided"),
            ("not_duplicate", "Not a duplicate"),
            ("merged", "Merged"),
        ],
        required=True,
        readonly=True,
        default="new",
    )
    group_id = fields.Many2one(
        "crm.suite.duplicate.pair",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    found_at = fields.Datetime(string="Found On", readonly=True)
    run_id = fields.Many2one(
        "crm.suite.duplicate.run",
        string="Search",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    decided_by_id = fields.Many2one("res.users", readonly=True, index="btree_not_null")
    decided_at = fields.Datetime(string="Decided On", readonly=True)

    _once = models.Constraint(
        "UNIQUE (left_model, left_id, right_model, right_id)",
        "These two records are a pair already.",
    )
    _right_idx = models.Index("(right_model, right_id)")
    _state_idx = models.Index("(state, score)")

    # === COMPUTES === #

    @api.depends("left_id", "right_id")
    @api.depends_context("uid")
    def _compute_names(self):
        names = self._get_names()
        for pair in self:
            pair.left_name = names.get((pair.left_model, pair.left_id), "")
            pair.right_name = names.get((pair.right_model, pair.right_id), "")

    @api.depends("left_name", "right_name")
    def _compute_display_name(self):
        for pair in self:
            pair.display_name = f"{pair.left_name or '–'} ↔ {pair.right_name or '–'}"

    @api.depends("reasons")
    @api.depends_context("lang")
    def _compute_reasons_text(self):
        for pair in self:
            pair.reasons_text = self._get_reasons_text(pair.reasons or {})

    def _get_records(self):
        """Both sides of all pairs.

        :return: by model name, the ids
        :rtype: dict[str, set[int]]
        """
        found = {}
        for pair in self.sudo():
            for side in SIDES:
                found.setdefault(pair[f"{side}_model"], set()).add(pair[f"{side}_id"])
        return {name: ids for name, ids in found.items() if name in self.env}

    def _get_names(self):
        names = {}
        for model_name, ids in self._get_records().items():
            records = self.env[model_name].browse(sorted(ids)).exists()
            for record in records._filtered_access("read"):
                names[model_name, record.id] = record.display_name
        return names

    @api.model
    def _get_reasons_text(self, reasons):
        """What is the same or alike, in words: "Phone, Name 92 %"."""
        labels = dict(
            self.env["crm.suite.duplicate.rule.term"]
            ._fields["key"]
            ._description_selection(self.env)
        )
        parts = []
        for key, value in sorted(reasons.items(), key=lambda item: -item[1]):
            label = labels.get(key, key)
            parts.append(label if value >= 0.995 else f"{label} {value:.0%}")
        return ", ".join(parts)

    # === RIGHTS === #

    @api.model
    def _search(
        self, domain, offset=0, limit=None, order=None, *, bypass_access=False, **kwargs
    ):
        """Only pairs of which the user may read both records."""
        if not (self.env.su or bypass_access):
            domain = Domain(domain) & self._get_readable_domain()
        return super()._search(
            domain, offset, limit, order, bypass_access=bypass_access, **kwargs
        )

    @api.model
    def _get_readable_domain(self):
        result = Domain.TRUE
        for model_name in ("crm.lead", "res.partner"):
            model = self.env[model_name].with_context(active_test=False)
            query = model._search([]) if model.has_access("read") else None
            for side in SIDES:
                result &= Domain.custom(
                    to_sql=_compose_readable(side, model_name, query)
                )
        return result

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if self.env.su or not any(self._ids):
            return result
        refused = result[0] if result else self.browse()
        hidden = (self - refused)._get_hidden()
        if not hidden:
            return result
        return refused | hidden, lambda: AccessError(
            self.env._(
                "You may not read both records of this pair. Ask a data steward to decide about it."
            )
        )

    def _get_hidden(self):
        readable = {
            (model_name, record.id)
            for model_name, ids in self._get_records().items()
            for record in self.env[model_name]
            .browse(sorted(ids))
            ._filtered_access("read")
        }
        return self.filtered(
            lambda pair: any(
                (pair.sudo()[f"{side}_model"], pair.sudo()[f"{side}_id"])
                not in readable
                for side in SIDES
            )
        )

    @api.model
    def _check_decider(self):
        """Refuse who may not decide about duplicates."""
        if not (self.env.su or self.env.user.has_groups(DECIDERS)):
            raise AccessError(
                self.env._(
                    "Duplicates are decided by sales leads, marketing and service managers and data stewards. Ask one of them."
                )
            )

    # === DECIDING === #

    def action_not_duplicate(self):
        """Remember that the two records of each pair are different."""
        self._decide("not_duplicate")
        return True

    def action_reopen(self):
        """Take back a decision."""
        self._decide("new")
        return True

    def _decide(self, state):
        self._check_decider()
        self.check_access("read")
        if any(pair.state == "merged" for pair in self):
            raise UserError(
                self.env._(
                    "These records are merged. Undo the merge to part them again."
                )
            )
        # The decision is made by this method only; the rights were checked above.
        self.sudo().write(
            {
                "state": state,
                "decided_by_id": self.env.uid if state != "new" else False,
                "decided_at": fields.Datetime.now() if state != "new" else False,
            }
        )
        self._regroup()

    def action_merge(self, record_ids=None):
        """Open the merge of the records of these pairs.

        :param list record_ids: only these of them
        """
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        record_ids = check_ids(self.env, record_ids or [])
        records = self._get_records()
        if len(records) != 1:
            raise UserError(
                self.env._(
                    "A lead is not merged with a customer: open the lead and turn it into a deal of that customer."
                )
            )
        [(model_name, ids)] = records.items()
        if record_ids:
            ids = ids.intersection(record_ids)
        return self.env[model_name]._duplicate_merge_action(sorted(ids))

    def action_compare(self):
        """Open the side-by-side view of the group of this pair."""
        check_one(self)
        self.check_access("read")
        return {
            "type": "ir.actions.client",
            "tag": "crm_suite_duplicate_compare",
            "name": self.env._("Compare"),
            "params": {"pair_id": self.id},
        }

    # === STORING === #

    @api.model
    def _drop_known(self, model_name, hits):
        """Leave out hits that are a pair already, whatever was said about it.

        :param dict hits: by id of the record that was entered
        :rtype: dict[int, list[Hit]]
        """
        ids = [no for no, found in hits.items() if found]
        if not ids:
            return hits
        rows = self.env.execute_query(
            SQL(
                """
                SELECT left_id AS me, right_model AS model, right_id AS other
                  FROM crm_suite_duplicate_pair
                 WHERE left_model = %(model)s AND left_id = ANY(%(ids)s)
             UNION ALL
                SELECT right_id, left_model, left_id
                  FROM crm_suite_duplicate_pair
                 WHERE right_model = %(model)s AND right_id = ANY(%(ids)s)
                """,
                model=model_name,
                ids=ids,
            )
        )
        known = set(rows)
        return {
            no: [hit for hit in found if (no, hit.model, hit.id) not in known]
            for no, found in hits.items()
        }

    @api.model
    def _store_hits(self, model_name, hits, channel):
        """Note what was found on entry for the worklist.

        :param dict hits: by id of the record that was entered, of ``model_name``; of
            each the best first
        """
        rows = [
            self._make_row(model_name, id_, hit, channel)
            for id_, found in hits.items()
            for hit in [hit for hit in found if hit.reaction != "off"][:MOST_NOTED]
        ]
        for some in split_every(STORED, rows, list):
            self._store(some)
        if rows:
            self._join_groups(rows)

    @api.model
    def _make_row(self, model_name, id_, hit, channel, run_id=None):
        left, right = sorted(((model_name, id_), (hit.model, hit.id)))
        return {
            "left_model": left[0],
            "left_id": left[1],
            "right_model": right[0],
            "right_id": right[1],
            "score": round(hit.score * 100, 1),
            "reasons": {key: round(value, 3) for key, value in hit.reasons.items()},
            "rule_id": hit.rule_id,
            "rule_version": hit.version,
            "channel": channel if channel in CHANNELS else "search",
            "run_id": run_id,
        }

    @api.model
    def _store(self, rows):
        """Write pairs down; what people decided about one stays.

        :param list[dict] rows: see :meth:`_make_row`
        """
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_duplicate_pair AS d
                       (left_model, left_id, right_model, right_id, score, reasons,
                        rule_id, rule_version, channel, run_id, state, found_at,
                        create_uid, create_date, write_uid, write_date)
                SELECT DISTINCT ON (left_model, left_id, right_model, right_id)
                       left_model, left_id, right_model, right_id, score, reasons,
                       rule_id, rule_version, channel, run_id, 'new', %(now)s,
                       %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM jsonb_to_recordset(%(rows)s)
                    AS r(left_model varchar, left_id int, right_model varchar,
                         right_id int, score float, reasons jsonb, rule_id int,
                         rule_version int, channel varchar, run_id int)
              ORDER BY left_model, left_id, right_model, right_id, score DESC
           ON CONFLICT (left_model, left_id, right_model, right_id) DO UPDATE
                   SET score = excluded.score, reasons = excluded.reasons,
                       rule_id = excluded.rule_id,
                       rule_version = excluded.rule_version,
                       run_id = excluded.run_id
                 WHERE d.state = 'new'
                """,
                rows=Json(rows),
                now=fields.Datetime.now(),
                uid=self.env.uid,
            )
        )
        self.invalidate_model(flush=False)

    @api.model
    def _forget(self, model_name, ids):
        """Remove open pairs of records that are gone."""
        if not ids:
            return
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_suite_duplicate_pair
                 WHERE state = 'new'
                   AND ((left_model = %(model)s AND left_id = ANY(%(ids)s))
                     OR (right_model = %(model)s AND right_id = ANY(%(ids)s)))
                """,
                model=model_name,
                ids=list(ids),
            )
        )
        self.invalidate_model(flush=False)

    @api.model
    def _note_merged(self, model_name, survivor_id, loser_ids):
        """Say that records were merged: for the merge, inside its operation.

        Pairs among the merged records are settled; open ones of a loser with somebody
        else go, as the survivor is compared anew by the next search.
        """
        merged = {survivor_id, *loser_ids}
        pairs = self.sudo().search(
            [
                ("state", "=", "new"),
                ("left_model", "=", model_name),
                ("right_model", "=", model_name),
                ("left_id", "in", sorted(merged)),
                ("right_id", "in", sorted(merged)),
            ]
        )
        pairs.write(
            {
                "state": "merged",
                "decided_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
            }
        )
        pairs._regroup()
        self._drop_open(model_name, loser_ids)

    @api.model
    def _drop_open(self, model_name, ids):
        """Remove the open pairs of records, journalled where an operation runs."""
        pairs = self._search_about(model_name, ids)
        pairs = pairs.filtered(lambda pair: pair.state == "new")
        rows = pairs.read(
            [f"{side}_{name}" for side in SIDES for name in ("model", "id")]
        )
        pairs.unlink()
        self._regroup_around(rows)

    @api.model
    def _search_about(self, model_name, ids):
        """The pairs of these records with anybody, whoever may read them."""
        about = Domain.OR(
            Domain(f"{side}_model", "=", model_name) & Domain(f"{side}_id", "in", ids)
            for side in SIDES
        )
        return self.sudo().search(about)

    @api.model
    def _keep_decisions(self, model_name, survivor_id, loser_ids):
        """Who is no duplicate of a merged record is none of the survivor: for the merge,
        inside its operation and before the survivor gets the values of the others.
        """
        merged = {(model_name, id_) for id_ in (survivor_id, *loser_ids)}
        survivor = (model_name, survivor_id)
        known = {
            other
            for pair in self._search_about(model_name, [survivor_id])
            for other in pair._get_both()
        }
        decided = self._search_about(model_name, loser_ids).filtered(
            lambda pair: pair.state == "not_duplicate"
        )
        kept = []
        for pair in decided:
            for other in pair._get_both() - merged - known:
                known.add(other)
                left, right = sorted((survivor, other))
                [values] = pair.copy_data(
                    {
                        "left_model": left[0],
                        "left_id": left[1],
                        "right_model": right[0],
                        "right_id": right[1],
                        "state": pair.state,
                        "group_id": False,
                        "run_id": False,
                    }
                )
                kept.append(values)
        self.sudo().create(kept)

    def _get_both(self):
        """Both records of this pair.

        :rtype: set[tuple[str, int]]
        """
        return {(self[f"{side}_model"], self[f"{side}_id"]) for side in SIDES}

    # === WHY === #

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"duplicate"}

    def _explain_duplicate(self):
        labels = dict(
            self.env["crm.suite.duplicate.rule.term"]
            ._fields["key"]
            ._description_selection(self.env)
        )
        reasons = sorted((self.reasons or {}).items(), key=lambda item: -item[1])
        return {
            "title": self.env._("Possible duplicate"),
            "sentence": self.env._(
                "%(left)s and %(right)s are %(score)s %% alike by this rule.",
                left=self.left_name,
                right=self.right_name,
                score=f"{self.score:.0f}",
            ),
            "result": {"name": "state", "value": self.state},
            "rule": self.rule_id,
            "version": self.rule_version,
            "inputs": [
                {"name": key, "label": labels.get(key, key), "value": f"{value:.0%}"}
                for key, value in reasons
            ],
            "at": self.decided_at or self.found_at,
            "note": self._get_advice(),
        }

    def _get_advice(self):
        if self.state == "not_duplicate":
            return self.env._("Somebody said that they differ; no rule asks again.")
        if self.state == "merged":
            return self.env._("They were merged; the merge can be undone.")
        return self.env._("Merge them, or say that they are different.")


def _compose_readable(side, model_name, query):
    """The condition that one side, if it is of this model, may be read."""

    def to_sql(_model, alias, _query):
        if query is None:
            allowed = SQL("FALSE")
        else:
            allowed = SQL(
                "%s IN %s", SQL.identifier(alias, f"{side}_id"), query.subselect()
            )
        return SQL(
            "(%s != %s OR %s)",
            SQL.identifier(alias, f"{side}_model"),
            model_name,
            allowed,
        )

    return to_sql
