import logging
from collections import Counter, defaultdict
from datetime import datetime, time, timedelta
from typing import NamedTuple

import pytz
from markupsafe import escape

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import split_every

from ..tools.business_time import NeverOpenError
from ..tools.labelled import labelled
from ..tools.pool_clock import restart
from ..tools.retry import each_that_can
from .arguments import check_one
from .automation_run import describe_error
from .pool_mixin import ACTING, ACTS
from .rule_dry_run import dry_run
from .rule_match import get_zone

_logger = logging.getLogger(__name__)
BATCH = 500
LISTED = 1000
# Leave and holidays are read so far ahead.
HORIZON = timedelta(days=400)
HOUR = 3600
SECOND = timedelta(seconds=1)


class Verdict(NamedTuple):
    """What the rules say of one owned record."""

    record_id: int
    user_id: int
    start: datetime  # since when the clock runs
    last: datetime | None  # last proven follow-up
    due: datetime | None  # when it goes back
    rule: str  # idle, deal, protection, followup or empty
    kept: list  # why it is kept though it is due, as sentences
    hours: float = 0  # of followup: within which it had to be


class Pool(models.Model):
    """Taking back what was neglected: computing when, warning before, doing it."""

    _inherit = "crm.suite.pool"

    # === PUBLIC === #

    def simulate_return(self):
        """Tell what the rules would take back now, by doing it and undoing it.

        :return: ``{"looked", "taken", "kept", "owners": [{"id", "name", "count"}],
            "reasons": [{"reason", "count"}], "lines": [{"id", "name", "owner",
            "owner_id", "reason", "taken"}]}``; the lines are those that the user may read
        :rtype: dict
        """
        check_one(self)
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        self._check_admin()
        verdicts, texts = self._simulate_return()
        records = self.env[self.res_model].browse(texts)
        readable = records._filtered_access("read")
        owners = self.env["res.users"].sudo()
        taken = [v for v in verdicts if not v.kept]
        counted = Counter(v.user_id for v in taken).most_common()
        by_id = {v.record_id: v for v in verdicts}
        return {
            "looked": self.owned_count,
            "taken": len(taken),
            "kept": len(verdicts) - len(taken),
            "owners": [
                {"id": id_, "name": owners.browse(id_).name, "count": count}
                for id_, count in counted
            ],
            "reasons": [
                {"reason": text, "count": count}
                for text, count in Counter(
                    text for v in verdicts for text in v.kept
                ).most_common()
            ],
            "lines": [
                {
                    "id": record.id,
                    "name": record.display_name,
                    "owner": owners.browse(by_id[record.id].user_id).name,
                    "owner_id": by_id[record.id].user_id,
                    "reason": texts[record.id],
                    "taken": not by_id[record.id].kept,
                }
                for record in readable[:LISTED]
            ],
        }

    def _simulate_return(self):
        """:return: verdicts of what is due, and the reason of each by id"""
        pool = self.sudo()
        with dry_run(self.env):
            if pool.take_in:
                pool._take_in()
            verdicts = []
            for records in pool._get_owned():
                verdicts += pool._take_back(records)
            texts = {v.record_id: pool._say_verdict(v) for v in verdicts}
        self.env.invalidate_all(flush=False)
        return verdicts, texts

    def action_simulate_return(self):
        """Open the result of a simulation.

        :rtype: dict
        """
        return self.env["crm.suite.pool.preview"]._open(self, self.simulate_return())

    def _say_simulation(self, result):
        if not result["taken"] and not result["kept"]:
            return self.env._("Nothing is due: nobody would lose anything today.")
        return self.env._(
            "Would take %(taken)s from %(people)s people; %(kept)s more are due and "
            "kept. %(reasons)s",
            taken=result["taken"],
            people=len(result["owners"]),
            kept=result["kept"],
            reasons="; ".join(
                labelled(self.env, row["reason"], row["count"])
                for row in result["reasons"]
            ),
        )

    def action_return_now(self):
        """Take back what is due now, as one operation.

        :rtype: dict
        """
        check_one(self)
        self.check_access("read")
        self._check_admin()
        pool = self.sudo()
        with self.env["crm.suite.operation"].record(
            "pool",
            name=self.env._("%(pool)s: taken back", pool=self.name),
            res_model=self.res_model,
        ) as operation:
            for records in pool._get_owned():
                pool._take_back(records)
        action = operation._get_notification_action()
        action["params"]["next"] = {"type": "ir.actions.client", "tag": "soft_reload"}
        return action

    # === SCHEDULED === #

    @api.model
    def _cron_return(self):
        """Night by night: take in, note when each goes back, warn, take back."""
        progress = self.env["ir.cron"]._commit_progress
        # A handful, by design.  pylint: disable-next=no-search-all
        pools = self.search([])
        progress(remaining=len(pools))
        for pool in pools:
            if not pool.try_lock_for_update(allow_referencing=True):
                progress(1)  # another worker is at it
                continue
            try:
                pool._run_return(progress)
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Pool %s could not take back what is due", pool.id)
            if not progress(1):
                break

    def _run_return(self, progress=None):
        """One pool, batch by batch; each batch is committed with its operation.

        A record that refuses to be written holds up no other; the admins are told.
        """
        if self.take_in:
            self._tell_refused(self._take_in())
        for records in self._get_owned():
            if self.auto_return:
                with self.env["crm.suite.operation"].record(
                    "pool",
                    name=self.env._("%(pool)s: taken back", pool=self.name),
                    res_model=self.res_model,
                ) as operation:
                    refused = each_that_can(
                        self.env.cr,
                        records,
                        lambda part: self._take_back(part, notice=True),
                    )
                if not operation.record_count:
                    operation.sudo().unlink()
            else:
                refused = each_that_can(
                    self.env.cr, records, lambda part: self._judge(part, note=True)
                )
            self._tell_refused(refused)
            if progress:
                progress(0)
        self._warn_unassigned()

    def _tell_refused(self, refused):
        """Log what the rules could not be applied to, and tell the admins once: an
        activity on the record, which is gone when it is taken back after all.

        :param refused: as of :func:`each_that_can`
        """
        kind = "crm_suite_base.mail_activity_type_pool"
        for record, error in refused:
            _logger.error(
                "%s could not apply its rules to %s: %s",
                self,
                record,
                error,
                exc_info=error,
            )
            known = record.activity_search([kind]).user_id
            for admin in self.admin_ids - known:
                record.activity_schedule(
                    kind,
                    summary=self.with_context(lang=admin.lang).env._(
                        "“%(pool)s” cannot apply its rules to it", pool=self.name
                    ),
                    note=escape(describe_error(error)),
                    user_id=admin.id,
                )

    def _get_owned(self):
        """The owned records of the pool, batch by batch."""
        model = self.env[self.res_model].sudo().with_context(**{ACTS: ACTING})
        domain = Domain("crm_suite_pool_id", "=", self.id) & Domain(
            "user_id", "!=", False
        )
        ids = model.search(domain & ~model._pool_won_kept_domain(), order="id").ids
        for part in split_every(BATCH, ids):
            yield model.browse(part).exists()

    def _take_in(self):
        """Put under the rules what members own outside of any pool.

        :return: what refused, see :func:`each_that_can`
        """
        model = self.env[self.res_model].sudo().with_context(**{ACTS: ACTING})
        domain = (
            model._pool_domain()
            & self._get_domain()
            & Domain("crm_suite_pool_id", "=", False)
            & Domain("user_id", "in", self._get_members().ids)
            # Who declines it passes it on, and not into a pool.
            & Domain("crm_suite_accept_until", "=", False)
        )
        if self.company_id:
            domain &= Domain("company_id", "in", [False, self.company_id.id])
        refused = []
        for part in split_every(BATCH, model.search(domain, order="id").ids):
            refused += each_that_can(self.env.cr, model.browse(part), self._add)
        return refused

    # === DECIDING === #

    def _take_back(self, records, notice=False):
        """Return what is due and not kept, warn of what will be.

        :param bool notice: nothing is taken of which its owner was not warned
        :return: the verdicts on what is due
        :rtype: list[Verdict]
        """
        verdicts = self._judge(records, note=True, notice=notice)
        now = fields.Datetime.now()
        due = [v for v in verdicts if v.due and v.due <= now]
        by_rule = defaultdict(list)
        for verdict in self._pick_due(due):
            by_rule[self._say_verdict_rule(verdict)].append(verdict)
        for rule, taken in by_rule.items():
            self._return(
                records.browse(v.record_id for v in taken),
                "auto_return",
                rule,
                {v.record_id: self._store_verdict(v) for v in taken},
            )
        return due

    @api.model
    def _pick_due(self, verdicts):
        """What is taken now: due, and kept by nothing."""
        now = fields.Datetime.now()
        return [v for v in verdicts if v.due and v.due <= now and not v.kept]

    def _judge(self, records, note=False, notice=False):
        """Say of each owned record when it goes back and what keeps it.

        :param bool note: write the days down on the records, and warn
        :param bool notice: what is due without a warning goes back some days after one
        :rtype: list[Verdict]
        """
        if not records:
            return []
        proofs = records._pool_find_proofs(self)
        vetoes = records._pool_find_vetoes(self)
        deals = records._pool_find_deals(self)
        earliest = min(r.crm_suite_owned_since or r.create_date for r in records)
        times = self.env["crm.suite.working.time"]
        clocks = times._of_users(
            records.user_id, earliest, fields.Datetime.now() + HORIZON
        )
        hours = times._hours_per_day(records.user_id)
        verdicts = [
            self._judge_one(
                r,
                proofs[r.id],
                vetoes[r.id],
                r.id in deals,
                clocks[r.user_id.id],
                hours[r.user_id.id] * HOUR,
            )
            for r in records
        ]
        if notice:
            verdicts = [
                self._give_notice(record, verdict)
                for record, verdict in zip(records, verdicts, strict=True)
            ]
        if note:
            self._note_verdicts(records, verdicts)
        return verdicts

    def _judge_one(self, record, proofs, vetoes, bought, clock, day):
        """:param day: seconds of a working day by that clock"""
        owned = record.crm_suite_owned_since or record.create_date
        start = restart(owned, [(at, weight) for at, weight, _kind in proofs])
        full = [at for at, weight, _kind in proofs if weight >= 1]
        dues = []
        if self.idle_days:
            dues.append((self._add_time(clock, start, self.idle_days * day), "idle"))
        hours = self._get_followup_hours(record)
        if hours and not full:
            dues.append((self._add_time(clock, owned, hours * HOUR), "followup"))
        if self.deal_days and not bought:
            dues.append((self._add_time(clock, owned, self.deal_days * day), "deal"))
        protected = record.crm_suite_protected_until
        if protected and self.return_after_protection and not bought:
            dues.append((self._end_of(protected), "protection"))
        due, rule = min((d for d in dues if d[0]), default=(None, ""))
        # Until then nothing is taken, whatever the other clocks say.
        for until in (protected, record.crm_suite_extended_until):
            if due and until:
                due = max(due, self._end_of(until))
        # Of that day the owner was told, whatever fell away since.
        told = record.crm_suite_pool_warned_on
        if due and told and rule != "followup" and self._day_of(due) < told:
            due = self._last_moment_of(told)
        return Verdict(
            record.id,
            record.user_id.id,
            start,
            max(full, default=None),
            due,
            rule if due else "",
            self._get_keepers(record, vetoes),
            hours,
        )

    def _give_notice(self, record, verdict):
        """What became due without a warning, as what kept it is over, goes back so many
        days after one. Hours to the first follow-up are too short for that.
        """
        now = fields.Datetime.now()
        if (
            not self.warn_days
            or verdict.kept
            or not verdict.due
            or verdict.due > now
            or verdict.rule == "followup"
            or record.crm_suite_pool_warned_on
        ):
            return verdict
        day = self._get_today() + timedelta(days=self.warn_days)
        return verdict._replace(due=self._last_moment_of(day))

    def _get_followup_hours(self, record):
        """Working hours to the first follow-up: those of the pool, or fewer where the
        grade of the customer promises an answer sooner; 0: no rule."""
        customer = record if record._name == "res.partner" else record.partner_id
        grade = customer.sudo().commercial_partner_id.crm_suite_grade_id
        if not self.followup_hours or not grade.sla_hours:
            return self.followup_hours
        return min(self.followup_hours, grade.sla_hours)

    def _add_time(self, clock, start, seconds):
        """The end of a term in working time; none where nobody ever works again."""
        try:
            return clock.add(start, seconds)
        except NeverOpenError:
            return None

    def _get_keepers(self, record, vetoes):
        kept = list(vetoes)
        if record.crm_suite_pool_locked:
            kept.append(self.env._("locked to its owner"))
        grade = "crm_suite_grade_id" in record._fields and record.crm_suite_grade_id
        # While somebody edits the pool, the grades are copies of the real ones.
        if grade and (grade.pool_immune or grade in self.immune_grade_ids._origin):
            kept.append(self.env._("grade %(grade)s is never taken", grade=grade.name))
        return kept

    def _note_verdicts(self, records, verdicts):
        """Write down when each goes back, and warn its owner in time.

        A warning ends with its reason: after a follow-up, and with what is kept.
        """
        warn = self._get_today() + timedelta(days=self.warn_days)
        now = fields.Datetime.now()
        warned, calmed = {}, []
        for verdict in verdicts:
            record = records.browse(verdict.record_id)
            day = self._day_of(verdict.due) if verdict.due else False
            values = {}
            if record.crm_suite_return_on != day:
                values["crm_suite_return_on"] = day
            if record.crm_suite_last_proven != (verdict.last or False):
                values["crm_suite_last_proven"] = verdict.last or False
            soon = (
                self.warn_days
                and self.auto_return
                and day
                and day <= warn
                and not verdict.kept
            )
            if not soon and record.crm_suite_pool_warned_on:
                values["crm_suite_pool_warned_on"] = False
                calmed.append(record.id)
            elif soon and now < verdict.due and record.crm_suite_pool_warned_on != day:
                values["crm_suite_pool_warned_on"] = day
                warned[record] = verdict
            if values:
                record.write(values)
        self._unwarn(records.browse(calmed))
        self._warn(warned)

    @api.model
    def _unwarn(self, records):
        """Remove what was told of the way back, or of nobody taking them."""
        records.activity_unlink(["crm_suite_base.mail_activity_type_pool"])

    def _warn(self, verdicts):
        """An activity for the owner, due before the day; an old one gives way.

        :param dict verdicts: by record
        """
        kind = self.env.ref("crm_suite_base.mail_activity_type_pool", False)
        if not verdicts or not kind:
            return
        self._unwarn(self.env[self.res_model].union(*verdicts))
        for record, verdict in verdicts.items():
            lang = record.user_id.lang
            record.with_context(lang=lang).activity_schedule(
                "crm_suite_base.mail_activity_type_pool",
                date_deadline=record.crm_suite_return_on,
                summary=self.with_context(lang=lang).env._(
                    "Goes back to “%(pool)s” on %(day)s unless you follow up",
                    pool=self.name,
                    day=record.crm_suite_return_on,
                ),
                note=self.with_context(lang=lang)._say_verdict_rule(verdict),
                user_id=record.user_id.id,
            )

    def _warn_unassigned(self):
        """Tell the admins of what nobody took for too long."""
        calendar = (self.company_id or self.env.company).resource_calendar_id
        if not self.unassigned_hours or not calendar:
            return
        kind = "crm_suite_base.mail_activity_type_pool"
        model = self.env[self.res_model].sudo().with_context(**{ACTS: ACTING})
        waiting = model.search(
            [
                ("crm_suite_pool_id", "=", self.id),
                ("user_id", "=", False),
                ("crm_suite_pool_warned_on", "=", False),
            ],
            order="crm_suite_pool_since, id",
            limit=BATCH,
        )
        if not waiting:
            return
        now = fields.Datetime.now()
        first = min(r.crm_suite_pool_since or r.create_date for r in waiting)
        clock = self.env["crm.suite.working.time"]._of_calendars(
            calendar, first, now + HORIZON
        )[calendar.id]
        for record in waiting:
            since = record.crm_suite_pool_since or record.create_date
            due = self._add_time(clock, since, self.unassigned_hours * HOUR)
            if not due or due > now:
                continue
            record.write({"crm_suite_pool_warned_on": fields.Date.today()})
            for admin in self.admin_ids:
                record.activity_schedule(
                    kind,
                    summary=self.with_context(lang=admin.lang).env._(
                        "Nobody has taken it from “%(pool)s” yet", pool=self.name
                    ),
                    user_id=admin.id,
                )

    # === IN WORDS === #

    def _say_verdict_rule(self, verdict):
        return self._say_rule(verdict.rule, verdict.hours)

    def _say_rule(self, rule, hours=None):
        """:param hours: to the first follow-up, where they are not those of the pool"""
        hours = self.followup_hours if hours is None else hours
        return {
            "idle": self.env._(
                "No proven follow-up for %(days)s working days", days=self.idle_days
            ),
            "deal": self.env._(
                "No deal for %(days)s working days", days=self.deal_days
            ),
            "followup": self.env._(
                "No first follow-up within %(hours)s working hours",
                hours=f"{hours:g}",
            ),
            "protection": self.env._("The protection expired without a deal"),
        }.get(rule, "")

    def _say_verdict(self, verdict):
        text = self._say_verdict_rule(verdict)
        if verdict.kept:
            return self.env._(
                "%(rule)s; kept: %(why)s", rule=text, why=", ".join(verdict.kept)
            )
        return text

    def _store_verdict(self, verdict):
        return {
            "rule": verdict.rule,
            "start": fields.Datetime.to_string(verdict.start),
            "due": fields.Datetime.to_string(verdict.due),
        }

    # Days are those of the company, moments are in UTC.

    def _get_zone(self):
        return pytz.timezone(get_zone(self.company_id or self.env.company))

    def _get_today(self):
        return self._day_of(fields.Datetime.now())

    def _day_of(self, moment):
        return pytz.utc.localize(moment).astimezone(self._get_zone()).date()

    def _end_of(self, day):
        """The end of a day that is still kept."""
        end = datetime.combine(day + timedelta(days=1), time.min)
        end = self._get_zone().localize(end).astimezone(pytz.utc)
        return end.replace(tzinfo=None)

    def _last_moment_of(self, day):
        """As late as it goes back on that day."""
        return self._end_of(day) - SECOND
