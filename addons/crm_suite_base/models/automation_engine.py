import logging
from time import monotonic

from odoo import fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..tools.expression_records import RecordReader
from ..tools.retry import is_try_again
from .arguments import read_domain
from .automation_chain import (
    count_run,
    dump_chain,
    find_loops,
    get_chain,
    in_chain,
    restored_chain,
)

_logger = logging.getLogger(__name__)

# More records than that are done after saving, so that saving stays quick.
AT_ONCE = 20
# What these do is in no journal that could be taken back.
UNJOURNALLED = {"notify", "mail", "webhook", "sms", "refuse", "note"}


class Automation(models.Model):
    """Letting rules work.

    *A rule that fails holds nobody up*: it works in a savepoint, and what went wrong is
    kept on its run and tried again. Only a rule that must succeed refuses. Two
    transactions that met are no failure: the server runs the whole request again.

    *No circles*: a rule is not let loose again on a record on which it is at work
    already, however many rules, and transactions, lie between (``automation_chain``).
    """

    _inherit = "crm.suite.automation"

    # === BEING SET OFF === #

    def _receive(self, records, changes=None):
        """Something happened to records that this rule is about.

        :param records: in the environment of who did it
        :param dict changes: ``{id: {field: {"label", "old", "new"}}}``
        """
        self.ensure_one()
        if self.blocking:
            self._take(records, changes or {})
            return
        # Outside: what the person himself wrote fails for him, not for the rule.
        self.env.flush_all()
        try:
            with self.env.cr.savepoint():
                self._take(records, changes or {})
        except Exception as error:
            if is_try_again(error):
                raise
            _logger.warning("Rule %s could not begin", self.id, exc_info=error)
            self._tell_dead(self._note(records, {}, "dead", error=error)[:1])

    def _take(self, records, changes):
        fitting = self._filter_fitting(records)
        loops = find_loops(self.env.cr, self.id, self.model, fitting.ids)
        looped = fitting.filtered(lambda record: record.id in loops)
        if looped:
            self._note(looped, {}, "skipped", effect=[self._describe_loop()])
        free = self._take_once(fitting - looped)
        if not free:
            return
        count_run(self.env.cr, self.id, free.ids)
        inputs = {
            id_: {"changes": changes[id_]} if changes.get(id_) else {}
            for id_ in free.ids
        }
        if self._is_for_later(free):
            self._note(free, inputs, "queued")
        else:
            self._execute(free, inputs)

    def _is_for_later(self, records):
        if self.blocking or self.timing == "now":
            return False
        return (
            self.timing == "later" or self.trigger == "date" or len(records) > AT_ONCE
        )

    def _filter_fitting(self, records):
        """Of some records, those for which the rule works.

        The author's rights bound it, whoever set it off; the host, which looked at the
        condition before, did so as superuser.
        """
        if self.company_id and "company_id" in records._fields:
            own = (False, self.company_id.id)
            records = records.filtered(lambda r: r.sudo().company_id.id in own)
        if not records:
            return records
        if not self._is_usable():
            self._tell_broken(
                self.env._(
                    "%(person)s, who manages it, works here no more, or no more for its "
                    "company. Take it over, or archive it.",
                    person=self.user_id.name,
                )
            )
            return records.browse()
        author = self._as_author(records)
        records = author._filtered_access("read").with_env(records.env)
        return self._filter_condition(records)

    def _is_usable(self):
        """Whether there is still somebody with whose rights it works."""
        company = self.company_id
        return self.user_id.active and (
            not company or company.active and company in self.user_id.company_ids
        )

    def _filter_meeting(self, records):
        """Of some records, those that meet the condition of the rule now; where the host
        has not looked, or long ago."""
        if not self._is_usable():
            return records.browse()
        author = self._as_author(records).with_context(active_test=False)
        found = author.search(Domain("id", "in", records.ids) & self._get_domain())
        return records.browse(found.ids)

    def _get_domain(self):
        """The condition of the rule, within its company.

        :rtype: Domain
        """
        domain = read_domain(self.env, self.domain)
        if self.company_id and "company_id" in self.env[self.model]._fields:
            domain &= Domain("company_id", "in", [False, self.company_id.id])
        return domain

    def _filter_condition(self, records):
        if not (self.condition or "").strip() or not records:
            return records
        author = self._as_author(records)
        reader = RecordReader(
            author, fields.Date.context_today(author), self.user_id.tz or "UTC"
        )
        met = self._compile(self.condition, "boolean").evaluate(reader)
        pairs = zip(records.ids, met, strict=True)
        return records.browse([id_ for id_, holds in pairs if holds])

    def _take_once(self, records):
        if not self.once or not records:
            return records
        taken = self.env["crm.suite.automation.mark"]._add(self, "once", records.ids)
        return records.browse(taken)

    def _describe_loop(self):
        names = self.browse([step[0] for step in get_chain(self.env.cr)] + self.ids)
        return self.env._(
            "Not again: rules set each other off in a circle (%(rules)s).",
            rules=" → ".join(rule.name for rule in names),
        )

    # === ACTING === #

    def _get_actor(self, user):
        """With whose rights it acts.

        :param user: who set it off
        """
        role = "crm_suite_base.group_crm_suite_user"
        if self.run_as == "trigger" and user.active and user.has_group(role):
            return user
        if not self.user_id.active:
            raise UserError(
                self.env._(
                    "%(person)s, who manages “%(rule)s”, works here no more. Save the rule "
                    "once as somebody else.",
                    person=self.user_id.name,
                    rule=self.name,
                )
            )
        return self.user_id

    def _get_context(self, user=None):
        """The context of what a rule does. Nothing of the caller's: defaults and flags of
        a screen are not meant for the records of a rule."""
        user = user or self.user_id
        companies = self.company_id or (user.company_id | user.company_ids)
        kept = self.env.context.get("__action_done")
        return {
            "allowed_company_ids": companies.ids,
            "lang": user.lang,
            "tz": user.tz,
            # What the rules of the host have done already, for their own guard.
            **({"__action_done": kept} if kept else {}),
        }

    def _as_author(self, records):
        """Records as who manages the rule sees them."""
        # pylint: disable-next=context-overridden
        return records.with_user(self.user_id).with_context(self._get_context())

    def _execute(self, records, inputs, run=None, user=None):
        """Work for some records, in a savepoint; note how it ended.

        :param run: the row that waited, else rows are made
        """
        user = user or records.env.user
        started = monotonic()
        self.env.flush_all()
        try:
            with self.env.cr.savepoint():
                effects, operation = self._act(records, inputs, user)
        except Exception as error:
            if is_try_again(error):
                raise
            if self.blocking:
                raise self._refuse(error) from error
            if len(records) > 1:
                # One of them is bad: one by one, so that the others have theirs.
                for record in records:
                    self._execute(record, inputs, user=user)
                return
            if not isinstance(error, UserError):
                _logger.warning("Rule %s failed", self.id, exc_info=error)
            spent = monotonic() - started
            row = run or self._note(records, inputs, "failed", user=user)
            row._fail(error, spent)
            return
        spent = (monotonic() - started) / (len(records) or 1)
        rows = run or self._note(records, inputs, "done", user=user)
        for row in rows:
            row._end(
                "done",
                effects.get(row.res_id, []),
                seconds=spent,
                error=False,
                attempts=row.attempts + 1,
                operation_id=operation.id,
            )

    def _refuse(self, error):
        if isinstance(error, ValidationError | UserError):
            text = str(error)
        else:
            _logger.warning("Rule %s refuses", self.id, exc_info=error)
            text = self.env._("It could not do its work; ask who manages it.")
        return UserError(
            self.env._("The rule “%(rule)s”: %(text)s", rule=self.name, text=text)
        )

    def _act(self, records, inputs, user):
        """Do what the rule does, with the rights of who acts.

        :return: what was done for each record, and the journal of it
        :rtype: tuple[dict[int, list[str]], crm.suite.operation]
        """
        actor = self._get_actor(user)
        # pylint: disable-next=context-overridden
        own = records.with_user(actor).with_context(self._get_context(actor))
        only_tells = set(self.action_ids.mapped("kind")) <= UNJOURNALLED
        if actor != self.user_id:
            # Never more than who wrote the rule could reach.
            author = self._as_author(own)
            author.check_access("read")
            if not only_tells:
                author.check_access("write")
        own.check_access("read")
        effects = {id_: [] for id_ in own.ids}
        operations = own.env["crm.suite.operation"]
        with in_chain(self.env.cr, self.id, self.model, own.ids):
            if only_tells:
                self._act_all(own, inputs, effects)
                return effects, operations
            operation = operations.begin("rule", name=self.name, res_model=self.model)
            with operation.journal():
                self._act_all(own, inputs, effects)
            operation.close()
        if not operation.sudo().record_count:
            operation.sudo().unlink()
            return effects, operations
        return effects, operation.sudo()

    def _act_all(self, records, inputs, effects):
        for action in self.action_ids:
            for id_, text in action._perform(records, inputs).items():
                effects[id_].append(action._note_effect(text))
        # What a technical administrator added to the rule of the host.
        added = self.host_rule_id.action_server_ids.filtered(
            lambda action: not action.crm_suite_action_id
        )
        for action in added:
            for record in records:
                action.with_env(record.env).with_context(
                    active_model=record._name,
                    active_id=record.id,
                    active_ids=record.ids,
                ).run()
                effects[record.id].append(action.name)
        records.env.flush_all()

    # === THE LOG === #

    def _note(self, records, inputs, state, about_none=False, **more):
        """Write rows of the log, and wake who works off what waits.

        :param bool about_none: one row, about no record
        :param more: ``user``, ``effect``, ``error``
        :rtype: crm.suite.automation.run
        """
        runs = self.env["crm.suite.automation.run"].sudo()
        user = more.get("user") or records.env.user
        error = more.get("error")
        chain = dump_chain(self.env.cr)
        now = fields.Datetime.now()
        common = {
            "automation_id": self.id,
            "version": self.version,
            "res_model": self.model,
            "cause": self.trigger,
            "user_id": user.id,
            "state": state,
            "chain": chain or False,
            "effect": list(more.get("effect", ())),
            "error": error and str(error)[:2000],
            "next_try": state == "queued" and now,
        }
        rows = runs.create(
            [
                {
                    **common,
                    "res_id": record.id,
                    "company_id": self._get_company(record).id,
                    "input": inputs.get(record.id) or False,
                }
                for record in ([records] if about_none else records)
            ]
        )
        if state == "queued":
            runs._wake()
        return rows

    def _get_company(self, record):
        source = record.sudo()
        if source and "company_id" in source._fields and source.company_id:
            return source.company_id
        return self.company_id

    def _work_run(self, run):
        """What waited in the queue, in a transaction of its own."""
        payload = (run.input or {}).get("payload")
        if payload is not None and not run.res_id:
            self._work_payload(run)
            return
        record = self.env[self.model].browse(run.res_id).exists()
        # pylint: disable-next=context-overridden
        record = record.with_user(run.user_id or self.user_id).with_context(
            self._get_context()
        )
        if not record:
            run._leave_out(self.env._("The record does not exist any more."))
            return
        # The rule, or the record, may have been changed while this waited.
        if not self._filter_fitting(self._filter_meeting(record)):
            run._leave_out(self.env._("The condition is not met any more."))
            return
        run.version = self.version
        with restored_chain(self.env.cr, run.chain):
            self._execute(record, {record.id: run.input or {}}, run, run.user_id)

    def _tell_dead(self, run):
        """An activity for who manages the rule; one is enough until it is done."""
        summary = self.env._("This rule gave up on some records")
        open_ones = self.activity_ids.filtered(lambda a: a.summary == summary)
        if not open_ones:
            self.activity_schedule(
                "mail.mail_activity_data_warning",
                summary=summary,
                note=run.error,
                user_id=self.user_id.id,
            )
