from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class AssignmentAct(models.TransientModel):
    """Hands the records that were chosen in a list to a policy."""

    _name = "crm.suite.assignment.act"
    _description = "Assignment of Chosen Records"

    res_model = fields.Char(required=True, readonly=True)
    res_ids = fields.Json(readonly=True)
    record_count = fields.Integer(string="Records", readonly=True)
    free_count = fields.Integer(
        string="Without an Owner",
        readonly=True,
        help="Only these are assigned. To change an owner, reassign the record.",
    )
    policy_id = fields.Many2one(
        "crm.suite.assignment.policy",
        domain="[('res_model', '=', res_model)]",
        ondelete="cascade",
    )

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        context = self.env.context
        model, ids = context.get("active_model"), context.get("active_ids") or []
        policies = self.env["crm.suite.assignment.policy"]
        if model in dict(policies._selection_res_model()):
            records = self.env[model]
            free = records._assignable_domain() & Domain(
                [("id", "in", ids), (records._assignable_owner, "=", False)]
            )
            values.update(
                res_model=model,
                res_ids=ids,
                record_count=len(ids),
                free_count=records.search_count(free),
                # One that works by itself before one that is switched off.
                policy_id=policies.search(
                    [("res_model", "=", model)], order="state desc, sequence", limit=1
                ).id,
            )
        return values

    def action_assign(self):
        """Assign the records, and offer to undo it.

        :rtype: dict
        """
        policy = self._get_policy()
        result = policy.assign(self.res_ids or [])
        if not result["operation_id"]:
            raise UserError(
                self.env._(
                    "Nothing was assigned: for %(waiting)s records nobody is free, and "
                    "%(unmatched)s others have an owner, are closed or fit no rule.",
                    waiting=result["waiting"],
                    unmatched=result["unmatched"],
                )
            )
        return policy._get_assigned_action(result)

    def action_simulate(self):
        """Show who would get what.

        :rtype: dict
        """
        policy = self._get_policy()
        result = policy.simulate(self.res_ids or [])
        return self.env["crm.suite.assignment.simulation"]._open(policy, result)

    def _get_policy(self):
        self.ensure_one()
        self.check_access("read")
        if not self.res_model or not self.policy_id:
            raise UserError(
                self.env._(
                    "Choose a policy. Where there is none, a sales manager makes one in "
                    "the menu of assignments."
                )
            )
        if self.policy_id.res_model != self.res_model:
            raise UserError(
                self.env._(
                    "“%(policy)s” assigns other records. Choose another policy.",
                    policy=self.policy_id.name,
                )
            )
        return self.policy_id
