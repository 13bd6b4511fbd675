from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from .assignment_policy import LEADS
from .res_partner import ROLE
from .rule_match import get_today

# Set while the engine itself writes owners: what it does is no change to react to.
ASSIGNING = "crm_suite_assigning"
# What the end of the transaction is to look at.
FREED = "crm_suite_freed"


class AssignableMixin(models.AbstractModel):
    """Records to which policies can give an owner.

    A model joins by inheriting this and answering the ``_assignable_…`` hooks; then a
    ``crm.suite.assignment.policy`` can be made for it. Creating and changing records
    costs a look-up in a cache where no policy watches the model.
    """

    _name = "crm.suite.assignable.mixin"
    _inherit = ["crm.suite.explain.mixin"]
    _description = "Can Be Assigned"

    # The field that holds the owner.
    _assignable_owner = "user_id"
    # Fields that, when written, may make room for another record.
    _assignable_closing = frozenset({"active", "user_id"})

    crm_suite_accept_until = fields.Datetime(
        string="Accept Until",
        compute="_compute_crm_suite_accept_until",
        search="_search_crm_suite_accept_until",
        groups=ROLE,
        help="Until then the new owner accepts or declines; then it goes to the next.",
    )
    crm_suite_may_answer = fields.Boolean(
        string="May Answer", compute="_compute_crm_suite_accept_until", groups=ROLE
    )

    # === HOST === #

    def _check_company(self, fnames=None):
        """What is the same for thousands of records is checked once.

        Records of one company with the same owner, say, are all right or all wrong.
        """
        records = self
        if len(self) > 1 and "company_id" in self._fields:
            # As the host: another company makes every reference questionable.
            every = fnames is None or {"company_id", "company_ids"} & set(fnames)
            fields = [
                self._fields[name] for name in (self._fields if every else fnames)
            ]
            names = [f.name for f in fields if f.relational and f.check_company]
            if not names:
                return None
            different = {
                tuple(record[name]._ids for name in ("company_id", *names)): record.id
                for record in self.sudo()
            }
            records = self.browse(different.values())
        return super(AssignableMixin, records)._check_company(fnames)

    # === HOOKS === #

    @api.model
    def _assignable_domain(self):
        """Which records may be given an owner at all.

        :rtype: Domain
        """
        return Domain.TRUE

    @api.model
    def _assignable_open_domain(self):
        """Which records count as the open work of their owner.

        :rtype: Domain
        """
        return self._assignable_domain()

    def _assignable_give(self, user):
        """Make a person the owner of these records. Hook.

        :param user: ``res.users`` record
        """
        self.write({self._assignable_owner: user.id})

    def _assignable_take(self):
        """Take these records from owners who did not accept them. Hook."""
        self.write({self._assignable_owner: False})

    def _assignable_previous_owners(self):
        """Who had dealt with these records before, for policies that go back to him.

        :return: id of the user by id of the record, as far as known
        :rtype: dict[int, int]
        """
        return {}

    def _assignable_worth(self, company):
        """What the records are worth, for the fair-share board.

        :param company: in whose currency; amounts of others are converted by
            :meth:`_assignable_rates`
        :return: amount by id
        :rtype: dict[int, float]
        """
        return {}

    @api.model
    def _assignable_rates(self, currencies, company):
        """What one unit of each currency is worth today in that of a company.

        :rtype: dict[int, float]
        """
        today = get_today(company)
        return {
            currency.id: currency._get_conversion_rate(
                currency, company.currency_id, company, today
            )
            for currency in currencies
        }

    @api.model
    def _assignable_places(self):
        """By which fields a territory finds its records.

        :return: path of the field by ``country``, ``state``, ``zip``, ``industry``
        :rtype: dict[str, str]
        """
        return {}

    # === ACCEPTING === #

    @api.depends_context("uid")
    def _compute_crm_suite_accept_until(self):
        # The rights on the record were checked; its log says no more than the record.
        logs = (
            self.env["crm.suite.assignment.log"]
            .sudo()
            .search_fetch(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "in", self._ids),
                    ("state", "=", "pending"),
                ],
                ["res_id", "to_user_id", "accept_until"],
            )
        )
        until = {(log.res_id, log.to_user_id.id): log.accept_until for log in logs}
        lead = any(self.env.user.has_group(group) for group in LEADS)
        for record in self:
            # Whoever is not the owner any more has nothing to accept.
            owner = record[self._assignable_owner]
            record.crm_suite_accept_until = until.get(
                (record._origin.id, owner.id), False
            )
            record.crm_suite_may_answer = record.crm_suite_accept_until and (
                lead or owner == self.env.user
            )

    def _search_crm_suite_accept_until(self, operator, value):
        self.env["res.partner"]._crm_suite_check_role()
        if operator not in ("in", "not in", "<", "<=", ">", ">="):
            return NotImplemented
        pending = [("res_model", "=", self._name), ("state", "=", "pending")]
        if operator in ("in", "not in"):
            # Searched as “is set” or “is not set”; nobody looks for a second.
            if set(value) != {False}:
                return NotImplemented
            inside = operator == "not in"
        else:
            pending.append(("accept_until", operator, value))
            inside = True
        query = self.env["crm.suite.assignment.log"].sudo()._search(pending)
        return [("id", "in" if inside else "not in", query.subselect("res_id"))]

    def action_crm_suite_accept(self):
        """Accept what was assigned to oneself.

        :return: True
        """
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        self._get_pending_logs().action_accept()
        return True

    def action_crm_suite_decline(self, reason=""):
        """Decline what was assigned to oneself: it goes to the next.

        :param str reason: kept in the log
        :return: True
        """
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        self._get_pending_logs().action_decline(reason)
        return True

    def _get_pending_logs(self):
        logs = self.env["crm.suite.assignment.log"].search(
            [
                ("res_model", "=", self._name),
                ("res_id", "in", self.ids),
                ("state", "=", "pending"),
            ]
        )
        if not logs:
            raise UserError(
                self.env._("Nothing waits for an answer here: it is settled already.")
            )
        return logs

    # === WATCHING === #

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        watch = self.env["crm.suite.assignment.policy"]._get_watch(self._name)
        if watch.on_create:
            unowned = records.filtered(lambda r: not r[self._assignable_owner])
            self.env["crm.suite.assignment.request"]._note(
                unowned, watch.on_create, "create"
            )
        return records

    def write(self, vals):
        result = super().write(vals)
        watch = self.env["crm.suite.assignment.policy"]._get_watch(self._name)
        if watch.active and not self.env.context.get(ASSIGNING):
            if not watch.fields.isdisjoint(vals):
                self.env["crm.suite.assignment.request"]._note(
                    self, watch.on_change, "change"
                )
            if not self._assignable_closing.isdisjoint(vals):
                self._note_freed(vals)
        return result

    def unlink(self):
        watch = self.env["crm.suite.assignment.policy"]._get_watch(self._name)
        if watch.active:
            self._settle_logs()
        return super().unlink()

    def _note_freed(self, vals):
        """Settle what a person decided, and look for who waits for the room.

        Once, at the end of the transaction: a host that writes leads one by one does
        not ask the log for each of them.
        """
        hooks = self.env.cr.precommit
        key = (FREED, self._name)
        if key not in hooks.data:
            hooks.data[key] = set()
            hooks.add(self.browse()._end_freed)
        if self._assignable_owner in vals:
            hooks.data[key].update(self.ids)

    def _end_freed(self):
        ids = self.env.cr.precommit.data.pop((FREED, self._name))
        self.browse(sorted(ids))._settle_logs()
        self.env["crm.suite.assignment.request"]._note_room(self._name)
        self.env.flush_all()

    def _settle_logs(self):
        """End the waiting for records that people took care of themselves."""
        if not self:
            return
        # As superuser: whoever may change the owner may do this; the log stays closed.
        self.env["crm.suite.assignment.log"].sudo()._settle(self._name, self.ids)

    # === WHY === #

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"owner"}

    def _explain_owner(self):
        """The decision that gave the record its owner."""
        logs = (
            self.env["crm.suite.assignment.log"]
            .sudo()
            .search(
                [("res_model", "=", self._name), ("res_id", "=", self.id)],
                order="id desc",
                limit=8,
            )
        )
        owner = self.sudo()[self._assignable_owner]
        answer = {
            "title": self.env._("Owner"),
            "result": {
                "name": self._assignable_owner,
                "label": self.env._("Owner"),
                # The name of a colleague is no secret to who sees the record.
                "value": owner.name or self.env._("Nobody"),
            },
        }
        log = logs[:1]
        if log and log.to_user_id == owner:
            told = log.with_env(self.env).sudo()._tell()
            # One decision is told already; several are a story.
            steps = logs.with_env(self.env).sudo()._tell_steps(logs)
            return {**answer, **told, "steps": steps if len(steps) > 1 else []}
        if log:
            sentence = self.env._(
                "A person changed the owner after the last assignment."
            )
        else:
            sentence = self.env._(
                "No policy decided: the owner was entered by a person or came with the "
                "record."
            )
        return {
            **answer,
            "sentence": sentence,
            "steps": logs.with_env(self.env).sudo()._tell_steps(logs),
        }

    # === SQL === #

    @api.model
    def _assignable_load(self, user_ids):
        """How many open records people have.

        :rtype: dict[int, int]
        """
        # Everybody's records count, whoever asks.
        model = self.sudo().with_context(active_test=False)
        domain = self._assignable_open_domain() & Domain(
            self._assignable_owner, "in", list(user_ids)
        )
        groups = model._read_group(domain, [self._assignable_owner], ["__count"])
        return {user.id: count for user, count in groups}
