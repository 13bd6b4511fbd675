from psycopg2 import errors

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.duplicate_keys import COMPANY, PERSON
from ..tools.duplicate_score import first_match, rules_by_kind
from .duplicate_rule import MODELS

# A text that more records share says nothing about two of them.
LARGEST_BLOCK = 60
# Records per slice of a nightly search: what is lost and done again after a crash. Each
# slice reads the blocks of all records, so there should not be many.
SLICE = 250_000
# With more records a search takes longer than somebody waits before the screen.
LARGE = 25_000
# Candidates that are read and compared at once.
COMPARED = 20_000
STORED = 1_000
WORK_MEMORY = "128MB"
# So often a page of keys is tried while people save its records.
TRIES = 5


class DuplicateRun(models.Model):
    """One search of all records of a model for duplicates.

    *Candidates* are records that share a block, found by one self-join over the blocks;
    a block that many share is left out, so the number of candidates grows with the
    number of records and not with its square. They are compared in plain Python and
    stored as pairs.

    *A nightly search* goes slice by slice (the blocks are dealt out by a hash), commits
    each and goes on where it was, also in another worker. Open pairs that the finished
    search did not find again are removed.
    """

    _name = "crm.suite.duplicate.run"
    _description = "Search for Duplicates"
    _order = "id desc"
    _rec_name = "date_start"

    model_name = fields.Selection(
        MODELS, string="Searched", required=True, readonly=True
    )
    state = fields.Selection(
        [("open", "Running"), ("done", "Done")],
        required=True,
        readonly=True,
        default="open",
        index=True,
    )
    user_id = fields.Many2one(
        "res.users", string="Started By", readonly=True, index="btree_not_null"
    )
    date_start = fields.Datetime(
        string="Started", readonly=True, default=fields.Datetime.now
    )
    date_end = fields.Datetime(string="Ended", readonly=True)
    slices = fields.Integer(readonly=True, default=1, aggregator=None)
    slice_done = fields.Integer(string="Slices Done", readonly=True, aggregator=None)
    compared = fields.Integer(string="Pairs Compared", readonly=True)
    found = fields.Integer(string="Open Pairs", readonly=True)

    # === RUNNING === #

    @api.model
    def _find_now(self, model_name):
        """Search everything in the present transaction.

        :param str model_name: a model with duplicate rules
        :rtype: crm.suite.duplicate.run
        """
        run = self.sudo().create({"model_name": model_name, "user_id": self.env.uid})
        run._do_slice()
        return run

    @api.model
    def _is_large(self, model_name):
        return self._count_records(model_name) > LARGE

    @api.model
    def _count_records(self, model_name):
        self.env.cr.execute(
            SQL("SELECT count(*) FROM %s", SQL.identifier(self.env[model_name]._table))
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _count_slices(self, model_name):
        return self._count_records(model_name) // SLICE + 1

    @api.model
    def _start_soon(self, model_name):
        """Let the scheduled action search, as soon as this transaction is over."""
        runs = self.sudo()
        if not runs.search_count(
            [
                ("model_name", "=", model_name),
                ("state", "=", "open"),
                ("rule_id", "=", False),
            ],
            limit=1,
        ):
            runs.create(
                {
                    "model_name": model_name,
                    "user_id": self.env.uid,
                    "slices": self._count_slices(model_name),
                }
            )
        # Waking is all that happens; people have no right to scheduled actions.
        self.env["ir.cron"]._crm_suite_wake("crm_suite_base.ir_cron_duplicates")

    @api.model
    def _cron_find(self):
        """Search at night where something has changed, slice by slice."""
        if not self._cron_keys():
            return  # old and new keys do not find each other
        progress = self.env["ir.cron"]._commit_progress
        for model_name, _label in MODELS:
            run = self._get_due(model_name)
            if not run:
                continue
            left = progress(remaining=run.slices - run.slice_done)
            while run.state == "open":
                if not run.try_lock_for_update(allow_referencing=True):
                    break  # another worker is at it
                run._do_slice()
                left = progress(1, remaining=run.slices - run.slice_done)
                if not left:
                    return

    @api.model
    def _cron_keys(self):
        """Make keys anew after an upgrade, page by page.

        :return: whether all are made
        :rtype: bool
        """
        progress, failed = self.env["ir.cron"]._commit_progress, 0
        for model_name, _label in MODELS:
            while True:
                try:
                    if not self.env[model_name]._duplicate_renew_page():
                        break
                except errors.SerializationFailure:
                    # Somebody saved one of these records: look at them again.
                    self.env.cr.rollback()
                    failed += 1
                    if failed == TRIES:
                        raise
                    continue
                failed = 0
                if not progress(1, remaining=1):
                    return False
        progress(remaining=0)
        return True

    @api.model
    def _get_due(self, model_name):
        """The search to go on with, or a new one if anything changed since the last."""
        runs = self.sudo()
        run = runs.search(
            [("model_name", "=", model_name), ("rule_id", "=", False)], limit=1
        )
        if run.state == "open":
            return run
        if run and not self._has_changed(model_name, run):
            return runs
        slices = self._count_slices(model_name)
        return runs.create({"model_name": model_name, "slices": slices})

    @api.model
    def _has_changed(self, model_name, run):
        rules = (
            self.env["crm.suite.duplicate.rule"].sudo().with_context(active_test=False)
        )
        if rules.search_count([("write_date", ">=", run.date_start)], limit=1):
            return True
        models_ = {model_name, "res.partner"}
        return any(
            self.env[name]
            .sudo()
            .with_context(active_test=False)
            .search_count([("write_date", ">=", run.date_start)], limit=1)
            for name in models_
        )

    def _do_slice(self):
        """Search the next slice and, after the last one, tidy up."""
        self.ensure_one()
        specs = self._get_specs()
        pairs = self.env["crm.suite.duplicate.pair"]
        compared, rows = 0, []
        for target in self._get_targets(specs):
            asked = [s for s in specs if target == self.model_name or s.with_customers]
            self._collect_candidates(target, asked)
            for count, found in self._compare(target, asked):
                compared += count
                rows += [
                    self._make_row(left, target, right, spec, match)
                    for left, right, spec, match in found
                ]
                if len(rows) >= STORED:
                    pairs._store(rows)
                    rows = []
        if rows:
            pairs._store(rows)
        self.write(
            {"slice_done": self.slice_done + 1, "compared": self.compared + compared}
        )
        if self.slice_done >= self.slices:
            self._finish()

    def _get_specs(self):
        return [
            spec
            for spec in self.env["crm.suite.duplicate.rule"]._get_specs(self.model_name)
            if spec.in_search
        ]

    def _get_targets(self, specs):
        if not specs:
            return []
        return self.env[self.model_name]._duplicate_targets(specs)

    def _make_row(self, left, target, right, spec, match):
        ends = sorted(((self.model_name, left), (target, right)))
        return {
            "left_model": ends[0][0],
            "left_id": ends[0][1],
            "right_model": ends[1][0],
            "right_id": ends[1][1],
            "score": round(match.score * 100, 1),
            "reasons": {key: round(value, 3) for key, value in match.reasons.items()},
            "rule_id": spec.id,
            "rule_version": spec.version,
            "channel": "search",
            "run_id": self.id,
        }

    def _finish(self):
        """Forget open pairs that are none any more, and group the others."""
        pairs = self.env["crm.suite.duplicate.pair"]
        pairs.flush_model()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_suite_duplicate_pair
                 WHERE state = 'new' AND run_id IS DISTINCT FROM %s
                   AND left_model = %s AND found_at <= %s
                """,
                self.id,
                self.model_name,
                self.date_start,
            )
        )
        pairs.invalidate_model(flush=False)
        pairs._regroup_all()
        self.write(
            {
                "state": "done",
                "date_end": fields.Datetime.now(),
                "found": pairs.sudo().search_count(
                    [("state", "=", "new"), ("left_model", "=", self.model_name)]
                ),
            }
        )

    # === CANDIDATES === #

    def _collect_candidates(self, target, specs):
        """Fill the temporary table of pairs of records that share a block.

        :param list[RuleSpec] specs: the rules that will be asked about them
        """
        left, right = self.env[self.model_name], self.env[target]
        left.flush_model()
        right.flush_model()
        cr = self.env.cr
        cr.execute(
            SQL(
                "DROP TABLE IF EXISTS crm_suite_duplicate_left;"
                "DROP TABLE IF EXISTS crm_suite_duplicate_right;"
                "DROP TABLE IF EXISTS crm_suite_duplicate_candidate"
            )
        )
        # Millions of short rows: by default they would be sorted on the disk.
        cr.execute(SQL("SELECT set_config('work_mem', %s, TRUE)", WORK_MEMORY))
        cr.execute(self._compose_blocks("crm_suite_duplicate_left", left, specs))
        cr.execute(SQL("ANALYZE crm_suite_duplicate_left"))
        if target != self.model_name:
            cr.execute(self._compose_blocks("crm_suite_duplicate_right", right, specs))
            cr.execute(SQL("ANALYZE crm_suite_duplicate_right"))
        cr.execute(self._compose_candidates(target))
        cr.execute(SQL("ANALYZE crm_suite_duplicate_candidate"))

    def _compose_blocks(self, name, model, specs):
        """The blocks of this slice by which a rule could find something, a row each."""
        return SQL(
            """
            CREATE TEMPORARY TABLE %(name)s ON COMMIT DROP AS
            SELECT hashtextextended(b.block, 0) AS block, t.id, t.company
              FROM (SELECT t.id, coalesce(t.company_id, 0) AS company,
                           t.crm_suite_blocks AS blocks, %(letters)s AS letters
                      FROM %(table)s t
                     WHERE t.crm_suite_blocks IS NOT NULL AND %(scope)s
                    OFFSET 0  -- the letters once for each record and not for each block
                   ) t,
           LATERAL jsonb_array_elements_text(t.blocks) AS b(block)
             WHERE strpos(t.letters, left(b.block, 1)) > 0
               AND (%(slices)s = 1
                    OR abs(hashtext(b.block)::bigint) %% %(slices)s = %(slice)s)
            """,
            name=SQL.identifier(name),
            table=SQL.identifier(model._table),
            scope=model._duplicate_scope("t"),
            letters=self._compose_letters(SQL.identifier("t", "crm_suite_keys"), specs),
            slices=self.slices,
            slice=self.slice_done,
        )

    def _compose_letters(self, keys, specs):
        """First letters of the blocks that are of use for a record.

        Of who is known by name and town only a rule that asks for three values says
        nothing: all who have the same name would be compared in vain.
        """
        by_condition = {}
        for spec in specs:
            rule = spec.rule
            weights = ()
            if rule.mode == "score" and rule.known:
                weights = (
                    rule.known,
                    *((term.key, term.weight) for term in rule.terms),
                )
            by_condition.setdefault((rule.kind, weights), set()).update(spec.letters)
        parts = [
            SQL(
                "CASE WHEN %s AND %s THEN %s ELSE '' END",
                _compose_kind(keys, kind),
                _compose_known(keys, weights),
                "".join(sorted(letters)),
            )
            for (kind, weights), letters in by_condition.items()
        ]
        return SQL(" || ").join(parts)

    def _compose_candidates(self, target):
        """Pairs of ids that share a block which not too many share."""
        if target != self.model_name:
            return self._compose_candidates_of()
        # Nine of ten blocks belong to one record: what is joined with itself is only
        # the rest, which fits into memory when all blocks do not.
        return SQL(
            """
            CREATE TEMPORARY TABLE crm_suite_duplicate_candidate ON COMMIT DROP AS
              WITH shared AS MATERIALIZED (
                    SELECT l.block, l.id, l.company
                      FROM crm_suite_duplicate_left l
                      JOIN (SELECT block FROM crm_suite_duplicate_left
                          GROUP BY block HAVING count(*) BETWEEN 2 AND %(most)s
                           ) sized USING (block)
              )
            SELECT DISTINCT a.id AS left_id, b.id AS right_id
              FROM shared a
              JOIN shared b USING (block)
             WHERE a.id < b.id
               AND (a.company = 0 OR b.company = 0 OR a.company = b.company)
            """,
            most=LARGEST_BLOCK,
        )

    def _compose_candidates_of(self):
        """Pairs of a record of this model and one of another."""
        return SQL(
            """
            CREATE TEMPORARY TABLE crm_suite_duplicate_candidate ON COMMIT DROP AS
              WITH mine AS (
                    SELECT block FROM crm_suite_duplicate_left
                  GROUP BY block HAVING count(*) <= %(most)s
              ), theirs AS (
                    SELECT block FROM crm_suite_duplicate_right
                  GROUP BY block HAVING count(*) <= %(most)s
              )
            SELECT DISTINCT a.id AS left_id, b.id AS right_id
              FROM mine
              JOIN crm_suite_duplicate_left a USING (block)
              JOIN theirs USING (block)
              JOIN crm_suite_duplicate_right b USING (block)
             WHERE a.company = 0 OR b.company = 0 OR a.company = b.company
            """,
            most=LARGEST_BLOCK,
        )

    # === COMPARING === #

    def _compare(self, target, specs):
        """Ask the rules about each pair of candidates.

        :return: generator of how many pairs were compared and what was found among
            them: both ids, the rule and its match
        :rtype: Iterator[tuple[int, list[tuple]]]
        """
        rules = rules_by_kind((spec, spec.rule) for spec in specs)
        last = (0, 0)
        while page := self._read_candidates(last):
            last = page[-1]
            left_keys = self._read_keys(
                self.model_name, {left for left, _right in page}
            )
            right_keys = self._read_keys(target, {right for _left, right in page})
            found = [
                (left, right, *hit)
                for left, right in page
                if (hit := first_match(rules, left_keys[left], right_keys[right]))
            ]
            yield len(page), self._drop_relatives(target, found)

    def _read_candidates(self, last):
        return self.env.execute_query(
            SQL(
                """
                SELECT left_id, right_id FROM crm_suite_duplicate_candidate
                 WHERE (left_id, right_id) > (%s, %s)
              ORDER BY left_id, right_id LIMIT %s
                """,
                *last,
                COMPARED,
            )
        )

    def _read_keys(self, model_name, ids):
        rows = self.env.execute_query(
            SQL(
                "SELECT id, crm_suite_keys FROM %s WHERE id = ANY(%s)",
                SQL.identifier(self.env[model_name]._table),
                list(ids),
            )
        )
        return dict(rows)

    def _drop_relatives(self, target, found):
        """Leave out those that are alike with good reason.

        Asked about what was found only: few of the candidates.
        """
        if not found:
            return found
        pairs = [(left, right) for left, right, _spec, _match in found]
        relatives = self.env[self.model_name]._duplicate_relative_pairs(target, pairs)
        return [hit for hit in found if hit[:2] not in relatives]


def _compose_kind(keys, kind):
    """The condition that a rule speaks of a record; unknown kinds fit any."""
    if kind == "any":
        return SQL("TRUE")
    other = PERSON if kind == COMPANY else COMPANY
    return SQL("%s->>'kind' IS DISTINCT FROM %s", keys, other)


def _compose_known(keys, weights):
    """The condition that enough is known of a record for a rule that weighs."""
    if not weights:
        return SQL("TRUE")
    known, *terms = weights
    return SQL(
        "%s >= %s",
        SQL(" + ").join(
            SQL("CASE WHEN %s ? %s THEN %s ELSE 0 END", keys, key, weight)
            for key, weight in terms
        ),
        known,
    )
