from odoo import api, fields, models

# So many of the newest records are looked at while somebody waits.
SAMPLE = 300
SHOWN = 3
# Records for each commit of a trial in the background.
TRIED = 50_000
# A rule that finds more is too loose, and counting on would tell nothing.
MOST_MATCHES = 100_000


class DuplicateTrial(models.Model):
    """A search with one rule alone, which notes no pairs: how many would it find?

    Beside many records it is long work: a scheduled action takes slice by slice, commits
    each and tells who asked. Two records can share blocks of several slices, so what was
    found is kept until the end.
    """

    _inherit = "crm.suite.duplicate.run"

    rule_id = fields.Many2one(
        "crm.suite.duplicate.rule",
        string="Rule Tried",
        readonly=True,
        index="btree_not_null",
        ondelete="cascade",
        help="A trial of this rule alone, which notes no pairs. Empty: a search with all rules.",
    )
    rule_version = fields.Integer(readonly=True, aggregator=None)
    matches = fields.Integer(
        readonly=True,
        aggregator=None,
        help="So many pairs the rule calls the same, as far as it has searched.",
    )
    seen = fields.Json(readonly=True, groups="base.group_system")
    progress = fields.Integer(compute="_compute_progress", aggregator=None)

    @api.depends("slices", "slice_done", "state")
    def _compute_progress(self):
        for run in self:
            part = run.slice_done / run.slices if run.slices else 0
            run.progress = 100 if run.state == "done" else int(100 * part)

    # === STARTING === #

    @api.model
    def _start_trial(self, rule):
        """Let the scheduled action try a rule; an open trial of it is given up.

        :param crm.suite.duplicate.rule rule:
        :rtype: crm.suite.duplicate.run
        """
        # People may not write searches; whoever may change the rule may try it.
        runs = self.sudo()
        runs.search([("rule_id", "=", rule.id), ("state", "=", "open")]).unlink()
        run = runs.create(
            {
                "model_name": rule.model_name,
                "rule_id": rule.id,
                "rule_version": rule.version,
                "user_id": self.env.uid,
                "slices": self._count_records(rule.model_name) // TRIED + 1,
            }
        )
        # Waking is all that happens; people have no right to scheduled actions.
        self.env["ir.cron"]._crm_suite_wake("crm_suite_base.ir_cron_duplicate_trials")
        return run

    @api.model
    def _sample_trial(self, rule):
        """Ask the rule about the newest records at once.

        :return: how many were asked about, how many of them have a duplicate, and names
            of some of these as far as the user may read them
        :rtype: tuple[int, int, list[str]]
        """
        # Everybody's records count; names are told of those that the user may read.
        model = self.env[rule.model_name].sudo()
        records = model.search(
            [("crm_suite_blocks", "!=", False)], order="id desc", limit=SAMPLE
        )._duplicate_checked()
        hits = model._duplicate_hits(
            records._duplicate_probes(), [rule.sudo()._make_spec()]
        )
        found = records.browse(id_ for id_ in records.ids if hits.get(id_))
        shown = found.sudo(False)._filtered_access("read")[:SHOWN]
        return len(records), len(found), shown.mapped("display_name")

    # === RUNNING === #

    @api.model
    def _cron_try(self):
        """Try rules slice by slice."""
        progress = self.env["ir.cron"]._commit_progress
        trials = self.sudo().search(
            [("rule_id", "!=", False), ("state", "=", "open")], order="id"
        )
        left = sum(trial.slices - trial.slice_done for trial in trials)
        progress(remaining=left)
        for trial in trials:
            while trial.exists() and trial.state == "open":
                if not trial.try_lock_for_update(allow_referencing=True):
                    break  # another worker is at it
                trial._do_slice()
                left = max(left - 1, 0)
                if not progress(1, remaining=left):
                    return

    def _do_slice(self):
        if not self.rule_id:
            return super()._do_slice()
        self.ensure_one()
        if self.rule_version != self.rule_id.version:
            self._begin_again()
        seen, compared = self._try_slice()
        done = self.slice_done + 1
        is_over = done >= self.slices or len(seen) > MOST_MATCHES
        self.write(
            {
                "slice_done": done,
                "compared": self.compared + compared,
                "matches": len(seen),
                "seen": False if is_over else sorted(seen),
                "state": "done" if is_over else "open",
                "date_end": fields.Datetime.now() if is_over else False,
            }
        )
        if is_over:
            self._tell_trial()
        return None

    def _begin_again(self):
        """Somebody changed the rule meanwhile: what was found is of the old one."""
        self.write(
            {
                "rule_version": self.rule_id.version,
                "slice_done": 0,
                "compared": 0,
                "matches": 0,
                "seen": False,
            }
        )

    def _try_slice(self):
        """What the rule finds in the next slice.

        :return: what was found so far, a text for each pair; how many were compared now
        :rtype: tuple[set[str], int]
        """
        spec = self.rule_id._make_spec()
        seen, compared = set(self.seen or ()), 0
        for target in self._get_targets([spec]):
            self._collect_candidates(target, [spec])
            for count, found in self._compare(target, [spec]):
                compared += count
                seen.update(
                    f"{target},{left},{right}" for left, right, _spec, _match in found
                )
                if len(seen) > MOST_MATCHES:
                    return seen, compared
        return seen, compared

    def _tell_trial(self):
        """Tell who asked, wherever he is by now."""
        user = self.user_id
        env = self.with_context(lang=user.lang).env
        user._bus_send(
            "simple_notification",
            {
                "type": "info",
                "sticky": True,
                "title": self.rule_id.with_context(lang=user.lang).name,
                "message": self.with_env(env)._describe_matches(),
            },
        )

    def _describe_matches(self):
        """The outcome as a sentence."""
        if self.matches > MOST_MATCHES:
            return self.env._(
                "Alone, this rule calls more than %(count)s pairs of records the same: it is too loose.",
                count=MOST_MATCHES,
            )
        return self.env._(
            "Alone, this rule calls %(count)s pairs of records the same.",
            count=self.matches,
        )

    @api.model
    def _count_matches(self, rule):
        """How many pairs one rule alone calls the same, at once; nothing is stored.

        :param crm.suite.duplicate.rule rule:
        :rtype: int
        """
        run = self.sudo().new({"model_name": rule.model_name, "slices": 1})
        run.rule_id = rule.sudo()
        return len(run._try_slice()[0])
