from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..tools.assignment import LEAST_LOADED, ROUND_ROBIN, WEIGHTED
from .rule_words import get_field_names

ORDERS = [
    (ROUND_ROBIN, "In turn"),
    (LEAST_LOADED, "The one with the least open work"),
    (WEIGHTED, "In turn, by weight"),
]


class AssignmentRule(models.Model):
    """Among whom the records that it fits are shared, and how.

    Ordered, the first rule that fits decides. What people edit is a draft until it is
    applied, see ``crm.suite.rule.mixin``; the turns of its members are kept on.
    """

    _name = "crm.suite.assignment.rule"
    _description = "Assignment Rule"
    _inherit = ["crm.suite.rule.mixin"]

    policy_id = fields.Many2one(
        "crm.suite.assignment.policy", required=True, index=True, ondelete="cascade"
    )
    res_model = fields.Selection(related="policy_id.res_model")
    domain = fields.Char(string="Records", help="Which records the rule fits.")
    method = fields.Selection(
        [
            (ROUND_ROBIN, "In turn"),
            (LEAST_LOADED, "The one with the least open work"),
            (WEIGHTED, "In turn, by weight"),
            ("skill", "Those with the right skills"),
            ("territory", "Those of the territory"),
        ],
        required=True,
        default=ROUND_ROBIN,
    )
    order_by = fields.Selection(
        ORDERS,
        string="Among Those",
        required=True,
        default=ROUND_ROBIN,
        help="Who of several with the right skills or of the territory.",
    )
    member_ids = fields.Many2many(
        "crm.suite.assignment.member",
        relation="crm_suite_assignment_rule_member",
        column1="rule_id",
        column2="member_id",
        string="Only",
        domain="[('policy_id', '=', policy_id)]",
        help="Empty: all members of the policy.",
    )
    # Written past the journal: undoing a run takes back the owners, not the turns.
    queue = fields.Json(readonly=True, copy=False, help="Whose turn it is.")

    @api.model
    def _rule_fields(self):
        return [*super()._rule_fields(), "method", "order_by", "member_ids"]

    @api.model
    def _get_plural(self):
        return self.env._("assignment rules")

    @api.constrains("member_ids", "policy_id")
    def _check_members(self):
        for rule in self:
            if rule.member_ids.policy_id - rule.policy_id:
                raise ValidationError(
                    self.env._(
                        "“%(rule)s” names members of another policy. Choose among the "
                        "members of “%(policy)s”.",
                        rule=rule.name,
                        policy=rule.policy_id.name,
                    )
                )

    def _get_subject(self):
        return self.env[self.policy_id.res_model or "crm.lead"]

    def _get_field_names(self):
        """The fields at which the rules in force look.

        :rtype: set[str]
        """
        names = set()
        for rule in self.filtered(lambda rule: rule.version):
            domain = self._parse_domain(rule.published["domain"])
            names |= {name.split(".")[0] for name in get_field_names(domain)}
        return names

    def _get_order(self, values):
        """By which turns a published rule chooses.

        :param dict values: see ``_rule_fields``
        :rtype: str
        """
        method = values["method"]
        return values["order_by"] if method in ("skill", "territory") else method

    # === THE WHOLE RULE SET IS A POLICY === #

    def apply(self, records=None):
        """Put the drafts of the policies of these rules into force.

        Records that have an owner keep him; to assign those that have none at once,
        call ``assign`` of the policy.

        :return: ``{"rules": how many drafts there were}``
        :rtype: dict
        """
        policies = self._get_policies()
        count = len(policies._get_changed_rules())
        policies.action_apply()
        return {"rules": count}

    def simulate(self, records=None):
        """Tell what the policy of these rules would do; see ``simulate`` there.

        :param records: ids of records; by default all without an owner
        :rtype: dict
        """
        return self._get_policies().simulate(records)

    def action_simulate(self):
        """Try the policy of these rules out and open the result.

        :rtype: dict
        """
        return self._get_policies().action_simulate()

    def action_apply(self):
        """Put the drafts of the policies of these rules into force.

        :rtype: dict
        """
        self._get_policies().action_apply()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def action_discard(self):
        """Return the rules to what is in force.

        :rtype: dict
        """
        self._get_policies().action_discard()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _get_policies(self):
        self.check_access("read")
        return self.policy_id
