from odoo import Command, api, fields, models
from odoo.exceptions import UserError

TOPICS = [("grade", "Grade"), ("lifecycle", "Lifecycle stage")]


class Override(models.TransientModel):
    """Give a customer a grade or a stage by hand, with a reason and for a time."""

    _name = "crm.suite.override"
    _description = "Decide by Hand"

    partner_ids = fields.Many2many("res.partner", string="Customers", required=True)
    topic = fields.Selection(TOPICS, required=True, default="grade")
    grade_id = fields.Many2one("crm.suite.grade")
    stage_id = fields.Many2one("crm.suite.lifecycle.stage")
    reason = fields.Char(help="Shown to everybody who asks why.")
    until = fields.Date(
        help="The last day on which it holds; empty: until somebody changes it."
    )
    is_set = fields.Boolean(compute="_compute_is_set")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if not values.get("partner_ids") and self.env.context.get("active_ids"):
            partners = self.env["res.partner"].browse(self.env.context["active_ids"])
            ids = partners.commercial_partner_id.ids
            values["partner_ids"] = [Command.set(ids)]
        return values

    @api.depends("partner_ids", "topic")
    def _compute_is_set(self):
        for wizard in self:
            name = f"crm_suite_{wizard.topic}_override_id"
            wizard.is_set = any(partner[name] for partner in wizard.partner_ids)

    def action_decide(self):
        """Set it, as an operation where several customers are concerned.

        :rtype: dict
        """
        self.ensure_one()
        chosen = self.grade_id if self.topic == "grade" else self.stage_id
        if not chosen:
            raise UserError(self.env._("Choose what it shall be."))
        if not (self.reason or "").strip():
            raise UserError(
                self.env._("Say why: others will ask, and so will you in a year.")
            )
        self.env["res.partner"]._crm_suite_check_until(self.until)
        prefix = f"crm_suite_{self.topic}_override"
        return self._write(
            {
                f"{prefix}_id": chosen.id,
                f"{prefix}_reason": self.reason.strip(),
                f"{prefix}_until": self.until,
            }
        )

    def action_release(self):
        """Let the rules decide again, at once.

        :rtype: dict
        """
        self.ensure_one()
        return self._write({f"crm_suite_{self.topic}_override_id": False})

    def _write(self, values):
        partners = self.partner_ids.commercial_partner_id
        partners.check_access("write")
        operations = self.env["crm.suite.operation"]
        with operations._record_mass_edit(partners, list(values)):
            partners.write(values)
            self.env[f"crm.suite.{self.topic}.rule"].sudo()._recalculate(partners.ids)
        return {"type": "ir.actions.act_window_close"}
