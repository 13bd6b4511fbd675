from collections import Counter

from psycopg2.extras import Json

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.assignment import Queue
from .arguments import check_ids, check_one
from .assignable_mixin import ASSIGNING
from .assignment_desk import Desk, Rule
from .assignment_log import KEPT, WAITING
from .rule_dry_run import dry_run

# So many records are tried out; more tell nothing new and would hold the locks.
TRIED_OUT = 2000
LISTED = 200
UNTRACKED = {"tracking_disable": True}


class AssignmentPolicy(models.Model):
    """Deciding: read once, choose in plain Python, write in batches."""

    _inherit = "crm.suite.assignment.policy"

    last_run = fields.Datetime(readonly=True, copy=False)

    # === PUBLIC === #

    def assign(self, records=None):
        """Give owners to records that have none, by the rules in force.

        One operation that can be undone (``crm.suite.operation.action_undo``).

        :param records: ids of records of the model of this policy; by default all that
            have no owner
        :return: ``{"operation_id": id or False, "assigned", "waiting": for how many
            nobody was free, "unmatched": how many no rule fits or have an owner
            already, "results": [{"id", "user_id", "user", "reason"}]}``, of the first
            two hundred
        :rtype: dict
        """
        check_one(self)
        self._check_lead()
        self.check_access("read")
        ids = self._find_records(records)
        operation = self.env["crm.suite.operation"].begin(
            "assign",
            name=self.env._("Assignment: %(policy)s", policy=self.name),
            res_model=self.res_model,
        )
        with operation.journal():
            logs = self.sudo()._assign(ids, "manual")
        operation.close()
        # Counted where they are: thousands are read for their number otherwise.
        given = logs.search_count([("id", "in", logs.ids), ("state", "in", KEPT)])
        if not given:
            operation.sudo().unlink()
        return {
            "operation_id": operation.id if given else False,
            "assigned": given,
            "waiting": len(logs) - given,
            "unmatched": len(ids) - len(logs),
            "results": self._make_lines(logs[:LISTED]),
        }

    def action_assign(self):
        """Run the policy now and offer to undo it.

        :rtype: dict
        """
        result = self.assign()
        if not result["operation_id"]:
            raise UserError(
                self.env._(
                    "Nothing was assigned: %(waiting)s records wait because nobody is "
                    "free, and no rule fits %(unmatched)s others.",
                    waiting=result["waiting"],
                    unmatched=result["unmatched"],
                )
            )
        return self._get_assigned_action(result)

    def _get_assigned_action(self, result):
        """Tell what was assigned, with Undo.

        :param dict result: as of :meth:`assign`
        :rtype: dict
        """
        operation = self.env["crm.suite.operation"].browse(result["operation_id"])
        action = operation._get_notification_action()
        action["params"]["next"] = {"type": "ir.actions.client", "tag": "soft_reload"}
        return action

    def simulate(self, records=None):
        """Tell whom the rules, drafts included, would give what, and take it back.

        :param records: as of :meth:`assign`; at most two thousand are tried
        :return: ``{"looked_at", "assigned", "waiting", "unmatched", "people": [{"id",
            "name", "count", "load"}], "rules": [{"id", "name", "count"}], "lines":
            [{"id", "name", "user_id", "user", "reason"}]}``
        :rtype: dict
        """
        check_one(self)
        self._check_lead()
        self.check_access("read")
        ids = self._find_records(records)[:TRIED_OUT]
        with dry_run(self.env):
            logs = self._try(ids)
            result = self._summarise_run(logs, ids)
        return result

    def _try(self, ids):
        """Do it with the drafts; the caller takes it back."""
        policy = self.sudo()
        policy._publish_rules()
        return policy._assign(ids, "manual")

    def _summarise_run(self, logs, ids):
        given = logs.filtered(lambda log: log.state in KEPT)
        people = Counter(log.to_user_id for log in given)
        loads = self.env[self.res_model]._assignable_load(given.to_user_id.ids)
        rules = Counter(log.rule_id for log in logs)
        return {
            "looked_at": len(ids),
            "assigned": len(given),
            "waiting": len(logs) - len(given),
            "unmatched": len(ids) - len(logs),
            "people": [
                {
                    "id": user.id,
                    "name": user.sudo().name,
                    "count": count,
                    "load": loads.get(user.id, 0),
                }
                for user, count in people.most_common()
            ],
            "rules": [
                {"id": rule.id, "name": rule.sudo().name, "count": count}
                for rule, count in rules.most_common()
            ],
            "lines": self._make_lines(logs[:LISTED]),
        }

    def _make_lines(self, logs):
        logs = logs.with_env(self.env).sudo()
        names = {log.id: log.sudo(False).res_name for log in logs}
        return [
            {
                "id": log.res_id,
                "name": names[log.id],
                "user_id": log.to_user_id.id or False,
                "user": log.to_user_id.name or "",
                "reason": log.reason,
            }
            for log in logs
        ]

    def _find_records(self, records):
        """Turn what a caller names into ids that he may write, oldest first.

        :rtype: list[int]
        """
        model = self.env[self.res_model]
        if records is None or records is False:
            return model.search(self._get_unowned_domain(), order="id").ids
        found = model.browse(check_ids(self.env, records)).exists()
        found.check_access("write")
        return sorted(found.ids)

    def _get_unowned_domain(self):
        """Which records may be given an owner.

        :rtype: Domain
        """
        model = self.env[self.res_model]
        domain = model._assignable_domain() & Domain(
            model._assignable_owner, "=", False
        )
        if self.company_id and "company_id" in model._fields:
            domain &= Domain("company_id", "in", [self.company_id.id, False])
        return domain

    # === DECIDING === #

    def _assign(self, ids, cause, excluded=None, tries=None):
        """Decide about records without an owner and write what was decided.

        :param list ids: of records; those that others hold or that have an owner by now
            are left alone
        :param str cause: see the log
        :param dict excluded: ids of users who may not get a record, by its id
        :param dict tries: how often a record was assigned before, by its id
        :return: what was decided, in the log
        :rtype: crm.suite.assignment.log
        """
        self.ensure_one()
        self._lock()
        records = self._claim(ids)
        rules = self._get_rules()
        matched = self._match_rules(records, rules)
        records = records.browse(id_ for id_ in records.ids if id_ in matched)
        if not records:
            return self.env["crm.suite.assignment.log"]
        desk = Desk(self, records, excluded)
        previous = records._assignable_previous_owners() if self.sticky else {}
        covers = self.env["crm.suite.absence"]._cover_of(
            self.env["res.users"].browse(set(previous.values())), "leads", desk.now
        )
        decisions = [
            desk.decide(id_, rules[matched[id_]], previous.get(id_), covers)
            for id_ in records.ids
        ]
        self._keep_turns(rules, desk)
        return self._store(desk, decisions, cause, tries or {})

    def _lock(self):
        """Decide alone: no other run of a policy for these records at the same time.

        A run that waited here, or whose snapshot is older than the end of another one,
        fails with a serialization error and is started over by the server, with what
        the other one did before its eyes.
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                SELECT id FROM crm_suite_assignment_policy
                 WHERE res_model = %s ORDER BY id FOR NO KEY UPDATE
                """,
                self.res_model,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_suite_assignment_policy SET last_run = %s
                 WHERE res_model = %s
                """,
                fields.Datetime.now(),
                self.res_model,
            )
        )
        self.invalidate_model(["last_run"], flush=False)

    def _claim(self, ids):
        """Lock the records that are free, and look at them again.

        :return: records without an owner, oldest first, as superuser
        """
        model = self.env[self.res_model].sudo()
        if not ids:
            return model
        free = model.browse(ids).try_lock_for_update(allow_referencing=True)
        domain = self._get_unowned_domain() & Domain("id", "in", free.ids)
        return model.search(domain, order="id")

    def _get_rules(self):
        """The rules in force in their order, ready to choose.

        :rtype: list[Rule]
        """
        rules = self.with_context(active_test=False).rule_ids
        rules = rules.filtered(
            lambda rule: rule.version and rule.published.get("active")
        ).sorted(lambda rule: (rule.published["sequence"], rule.id))
        members = {member.id: member.user_id.id for member in self.member_ids}
        ready = []
        for rule in rules:
            chosen = rule.published["member_ids"] or list(members)
            users = tuple(members[id_] for id_ in chosen if id_ in members)
            values = rule.published
            ready.append(
                Rule(
                    rule,
                    rule.version,
                    values["method"],
                    rule._get_order(values),
                    users,
                    Queue.load(rule.queue),
                )
            )
        return ready

    def _match_rules(self, records, rules):
        """The first rule that fits each record; one query for each rule.

        :return: position of the rule by id of the record
        :rtype: dict[int, int]
        """
        left, matched = set(records.ids), {}
        model = records.browse().with_context(active_test=True)
        for position, rule in enumerate(rules):
            if not left:
                break
            domain = rule.record._parse_domain(rule.record.published["domain"])
            company_id = rule.record.published["company_id"]
            if company_id and "company_id" in model._fields:
                domain &= Domain("company_id", "in", [company_id, False])
            found = model.search(domain & Domain("id", "in", sorted(left)))
            for id_ in found.ids:
                matched[id_] = position
            left.difference_update(found.ids)
        return matched

    def _keep_turns(self, rules, desk):
        """Write whose turn it is, past the journal: undo takes back owners, not turns."""
        for rule in rules:
            if rule.queue.served != (rule.record.queue or {}).get("served", 0):
                self.env.cr.execute(
                    SQL(
                        "UPDATE crm_suite_assignment_rule SET queue = %s WHERE id = %s",
                        Json(rule.queue.dump(desk.chooser.people)),
                        rule.record.id,
                    )
                )
        self.env["crm.suite.assignment.rule"].invalidate_model(["queue"], flush=False)

    # === WRITING === #

    def _store(self, desk, decisions, cause, tries):
        """Write owners and log, by one call for each new owner.

        :rtype: crm.suite.assignment.log
        """
        by_user = {}
        for decision in decisions:
            if decision.user_id:
                by_user.setdefault(decision.user_id, []).append(decision.res_id)
        self._close_waiting([d.res_id for d in decisions if d.user_id])
        for user_id, ids in by_user.items():
            # What they need is read for all, not for each owner.
            records = desk.records.browse(ids).with_prefetch(desk.records.ids)
            self._give(records, self.env["res.users"].browse(user_id))
        # What follows from the owner is no more tracked than he is, see :meth:`_give`.
        self.with_context(**UNTRACKED).env.flush_all()
        waiting = self._get_waiting([d.res_id for d in decisions if not d.user_id])
        worth = desk.records._assignable_worth(desk.company)
        logs = self.env["crm.suite.assignment.log"]._insert(
            [
                self._make_log(desk, decision, cause, tries, worth)
                for decision in decisions
                if decision.res_id not in waiting
            ]
        )
        self._tell_history(desk.records, logs)
        if any(decision.why.get("cover_for") for decision in decisions):
            self.env["crm.suite.absence"]._note_records(logs)
        return logs | self.env["crm.suite.assignment.log"].browse(waiting.values())

    def _make_log(self, desk, decision, cause, tries, worth):
        until = decision.user_id and desk.accept_until(decision.user_id)
        state = "pending" if until else "done"
        return {
            "policy_id": self.id,
            "rule_id": decision.rule.record.id,
            "version": decision.rule.version,
            "res_model": self.res_model,
            "res_id": decision.res_id,
            "from_user_id": (desk.excluded.get(decision.res_id) or [False])[0],
            "to_user_id": decision.user_id,
            "date": desk.now,
            "cause": cause,
            "why": decision.why,
            "value": worth.get(decision.res_id, 0.0),
            "try_number": tries.get(decision.res_id, 0) + 1,
            "accept_until": until,
            "state": state if decision.user_id else "nobody",
        }

    def _give(self, records, user):
        """Make a person the owner, without one mail and one message for each field.

        What the host's tracking would do is done for all at once: one notice tells of
        them, and :meth:`_tell_history` does the rest.
        """
        context = {**UNTRACKED, ASSIGNING: True}
        records.with_context(**context)._assignable_give(user)
        count = len(records)
        user._bus_send(
            "simple_notification",
            {
                "type": "info",
                "title": self.name,
                "message": self.env._("%(count)s new for you", count=count),
            },
        )

    def _close_waiting(self, ids):
        self.env["crm.suite.assignment.log"].search(
            [
                ("policy_id", "=", self.id),
                ("res_id", "in", ids),
                ("state", "in", WAITING),
            ]
        ).write({"state": "settled", "answered_at": fields.Datetime.now()})

    def _get_waiting(self, ids):
        """Records that wait already: they keep their place and their date.

        :return: id of the log by id of the record
        :rtype: dict[int, int]
        """
        logs = self.env["crm.suite.assignment.log"].search(
            [
                ("policy_id", "=", self.id),
                ("res_id", "in", ids),
                ("state", "in", WAITING),
            ]
        )
        return {log.res_id: log.id for log in logs}
