from typing import NamedTuple

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import ormcache

# Who may run assignments and sees what they did for whom.
LEADS = (
    "crm_suite_base.group_crm_suite_sales_lead",
    "crm_suite_base.group_crm_suite_marketing_manager",
    "crm_suite_base.group_crm_suite_service_manager",
    "crm_suite_base.group_crm_suite_data_steward",
)


class Watch(NamedTuple):
    """What the policies of a model want to know of its records."""

    active: bool  # policies give records away, or have done so
    on_create: tuple  # ids of policies
    on_change: tuple
    fields: frozenset  # whose change concerns them


NOTHING = Watch(False, (), (), frozenset())


class AssignmentPolicy(models.Model):
    """How records of a model find their owner.

    A policy has *members* with what they can carry, and ordered *rules*: the first rule
    whose condition fits a record decides among whom and how. Rules are drafts until
    :meth:`action_apply`; :meth:`simulate` tells what they would do. Nothing happens by
    itself before the policy is switched on.

    *When.* For new records and changed ones as soon as the scheduled action gets to it
    (it is woken at once), whenever room becomes free, and by a regular sweep over all
    that have no owner. Only records without an owner are assigned, except those that a
    policy gave away and whose new owner did not accept in time.

    *Never twice.* Deciding needs a lock on the policy and on the records; records that
    somebody else holds are left for the next run. A second run that waited for the
    policy starts over with what the first one did, so no capacity is exceeded.
    """

    _name = "crm.suite.assignment.policy"
    _description = "Assignment Policy"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    state = fields.Selection(
        [("off", "Switched off"), ("on", "Switched on")],
        required=True,
        readonly=True,
        default="off",
        copy=False,
        help="Switched off, a policy acts only when somebody runs it by hand.",
    )
    res_model = fields.Selection(
        "_selection_res_model",
        string="Assigns",
        required=True,
        default=lambda self: self._default_res_model(),
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        help="Empty: for the records of all companies.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Responsible",
        index="btree_not_null",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        help="Is told when nobody could be found.",
    )
    on_create = fields.Boolean(string="New Records", default=True)
    on_change = fields.Boolean(
        string="Changed Records",
        default=True,
        help="Records without an owner are looked at again when something changes that "
        "the rules look at.",
    )
    on_sweep = fields.Boolean(
        string="Sweep",
        default=True,
        help="All records without an owner are looked at regularly, also old ones.",
    )
    host_mode = fields.Selection(
        [
            ("beside", "Beside Odoo's lead assignment"),
            ("instead", "Instead of Odoo's lead assignment"),
        ],
        string="Odoo's Own Assignment",
        default="beside",
        required=True,
        help="Beside: Odoo leaves the leads that a rule fits alone. Instead: Odoo "
        "assigns no leads while this policy is switched on.",
    )
    presence = fields.Selection(
        [
            ("leave", "Not on leave"),
            ("hours", "In their working hours only"),
        ],
        string="Who Is There",
        required=True,
        default="leave",
    )
    sticky = fields.Boolean(
        string="Back to the Previous Owner",
        default=True,
        help="Who dealt with the customer before gets the record, out of turn, if he "
        "is a member and has room. While he is away, it goes to who covers for him.",
    )
    accept_minutes = fields.Integer(
        string="Time to Accept",
        help="Working minutes in which the new owner has to accept; then the record "
        "goes to the next. 0: nothing has to be accepted.",
    )
    accept_tries = fields.Integer(
        string="Tries",
        default=3,
        help="After so many people who did not accept, the record waits for a decision "
        "in the overdue list.",
    )
    member_ids = fields.One2many(
        "crm.suite.assignment.member", "policy_id", string="Members", copy=True
    )
    rule_ids = fields.One2many(
        "crm.suite.assignment.rule", "policy_id", string="Rules", copy=True
    )
    member_count = fields.Integer(compute="_compute_counts")
    waiting_count = fields.Integer(string="Waiting", compute="_compute_counts")
    assigned_count = fields.Integer(
        string="Assigned in 30 Days", compute="_compute_counts"
    )
    changed_count = fields.Integer(
        string="Drafts",
        compute="_compute_counts",
        help="Rules not in force as they stand.",
    )

    _accept_not_negative = models.Constraint(
        "CHECK(accept_minutes >= 0 AND accept_tries > 0)",
        "The time to accept cannot be negative, and there must be one try at least.",
    )

    # === FIELDS === #

    @api.model
    def _selection_res_model(self):
        """All models that joined by ``crm.suite.assignable.mixin``."""
        names = sorted(
            name
            for name, model in self.env.registry.items()
            if hasattr(model, "_assignable_owner") and not model._abstract
        )
        models_ = self.env["ir.model"].sudo()  # for the names alone
        return [(name, models_._get(name).name) for name in names]

    @api.model
    def _default_res_model(self):
        return "crm.lead"

    def _compute_counts(self):
        members = dict(
            self.env["crm.suite.assignment.member"]._read_group(
                [("policy_id", "in", self.ids)], ["policy_id"], ["__count"]
            )
        )
        logs = self.env["crm.suite.assignment.log"]
        waiting = dict(
            logs._read_group(
                [("policy_id", "in", self.ids), ("state", "in", ("nobody", "overdue"))],
                ["policy_id"],
                ["__count"],
            )
        )
        since = fields.Datetime.subtract(fields.Datetime.now(), days=30)
        done = dict(
            logs._read_group(
                [
                    ("policy_id", "in", self.ids),
                    ("date", ">=", since),
                    ("state", "in", ("done", "pending", "accepted")),
                ],
                ["policy_id"],
                ["__count"],
            )
        )
        for policy in self:
            policy.member_count = members.get(policy, 0)
            policy.waiting_count = waiting.get(policy, 0)
            policy.assigned_count = done.get(policy, 0)
            policy.changed_count = len(policy._get_changed_rules())

    @api.constrains("res_model", "member_ids")
    def _check_members(self):
        for policy in self:
            users = policy.member_ids.mapped("user_id")
            if len(users) != len(policy.member_ids):
                raise ValidationError(
                    self.env._(
                        "Each person is a member of “%(policy)s” once only. Give one "
                        "member more weight instead.",
                        policy=policy.name,
                    )
                )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        self.env.registry.clear_cache()
        return policies

    def write(self, vals):
        if "state" in vals and not self.env.su:
            raise AccessError(
                self.env._("A policy is switched on and off by its buttons.")
            )
        if "res_model" in vals and any(
            policy.rule_ids and policy.res_model != vals["res_model"] for policy in self
        ):
            raise UserError(
                self.env._(
                    "The rules of this policy are about other records. Make a new "
                    "policy for these."
                )
            )
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        logs = self.env["crm.suite.assignment.log"].sudo()
        used = logs.search([("policy_id", "in", self.ids)], limit=1)
        if used:
            raise UserError(
                self.env._(
                    "“%(policy)s” has assigned records, and its log says why. Archive "
                    "it instead.",
                    policy=used.policy_id.name,
                )
            )

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # === WATCHING === #

    @api.model
    @ormcache("model_name")
    def _get_watch(self, model_name):
        """What the policies of a model want to know of its records.

        :rtype: Watch
        """
        of_model = [("res_model", "=", model_name)]
        running = self.sudo().search([*of_model, ("state", "=", "on")])
        logs = self.env["crm.suite.assignment.log"].sudo()
        if not running and not logs.search(of_model, limit=1):
            return NOTHING
        names = set()
        for policy in running.filtered("on_change"):
            names |= policy.rule_ids._get_field_names()
        return Watch(
            True,
            tuple(running.filtered("on_create").ids),
            tuple(running.filtered("on_change").ids),
            frozenset(names),
        )

    @api.model
    @ormcache()
    def _get_of_host_mode(self):
        """The policies for leads that are switched on, by how they go with the host's
        own assignment (``beside``, ``instead``).

        Whether the host may assign a lead does not depend on who asks.

        :return: ids by mode
        :rtype: dict[str, list[int]]
        """
        running = [("state", "=", "on"), ("res_model", "=", "crm.lead")]
        policies = self.sudo().search_fetch(running, ["host_mode"])
        return {mode: part.ids for mode, part in policies.grouped("host_mode").items()}

    # === STEPS === #

    # Who makes policies is checked first.
    def action_switch_on(self):  # nosemgrep: odoo-public-method-sudo
        """Put the drafts of the rules into force and let the policy act by itself.

        :return: True
        """
        self._check_maker()
        for policy in self:
            if not policy.member_ids:
                raise UserError(
                    self.env._(
                        "“%(policy)s” has no members to whom anything could be "
                        "assigned. Add some first.",
                        policy=policy.name,
                    )
                )
            if not policy.rule_ids:
                raise UserError(
                    self.env._(
                        "“%(policy)s” has no rules. Add one; without a condition it "
                        "fits every record.",
                        policy=policy.name,
                    )
                )
        self._publish_rules()
        # By this method alone, which asks for the right and publishes the rules.
        self.sudo().write({"state": "on"})
        self._wake()
        return True

    # Who makes policies is checked first.
    def action_switch_off(self):  # nosemgrep: odoo-public-method-sudo
        """Let the policy act only when somebody runs it.

        :return: True
        """
        self._check_maker()
        self.sudo().write({"state": "off"})
        return True

    def action_apply(self):
        """Put the drafts of the rules into force, for what is assigned from now on.

        :return: True
        """
        self._check_maker()
        self._publish_rules()
        if "on" in self.mapped("state"):
            self._wake()
        return True

    def action_discard(self):
        """Return the rules to what is in force; those never applied stay as drafts.

        :return: True
        """
        self._check_maker()
        self._get_changed_rules().filtered("version")._restore_published()
        self.env.registry.clear_cache()
        return True

    def _publish_rules(self):
        for rule in self._get_changed_rules():
            rule._publish(rule._get_draft())
        self.env.registry.clear_cache()

    def _get_changed_rules(self):
        rules = self.with_context(active_test=False).rule_ids
        changed = rules.filtered(lambda rule: rule.state in ("draft", "changed"))
        return changed.filtered(lambda rule: rule.version or rule.active)

    def _check_maker(self):
        self.check_access("write")

    @api.model
    def _check_lead(self):
        """Only those who answer for the work of others hand it out."""
        if not (self.env.su or any(self.env.user.has_group(group) for group in LEADS)):
            raise AccessError(
                self.env._("Only a lead can assign records by a policy. Ask yours.")
            )

    @api.model
    def _wake(self, at=None):
        """Let the scheduled action run as soon as this transaction is over, or later."""
        self.env["ir.cron"]._crm_suite_wake("crm_suite_base.ir_cron_assign", at=at)

    # === SCREENS === #

    def action_show_log(self):
        """List what this policy decided.

        :rtype: dict
        """
        return self._get_log_action({"search_default_recent": 1})

    def action_show_waiting(self):
        """List the records for which nobody was found.

        :rtype: dict
        """
        return self._get_log_action({"search_default_overdue": 1})

    def _get_log_action(self, context):
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.assignment_log_action"
        )
        domain = [("policy_id", "in", self.ids)]
        return {**action, "domain": domain, "context": context}
