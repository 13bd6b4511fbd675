from odoo import api, fields, models


class AutomationSimulation(models.TransientModel):
    """What a rule would have done: the result of a trial on the screen.

    The trial itself was taken back; these rows are what was written down of it.
    """

    _name = "crm.suite.automation.simulation"
    _description = "Trial of an Automation Rule"

    automation_id = fields.Many2one(
        "crm.suite.automation", required=True, readonly=True, ondelete="cascade"
    )
    state = fields.Selection(related="automation_id.state")
    total = fields.Integer(string="Records", readonly=True)
    tried = fields.Integer(readonly=True)
    failed = fields.Integer(string="Would Fail", readonly=True)
    sample = fields.Boolean(readonly=True)
    summary = fields.Char(readonly=True)
    owners = fields.Char(string="For Whom", readonly=True)
    line_ids = fields.One2many(
        "crm.suite.automation.simulation.line", "simulation_id", readonly=True
    )

    @api.depends("automation_id")
    def _compute_display_name(self):
        for simulation in self:
            simulation.display_name = self.env._(
                "Trial of %(rule)s", rule=simulation.automation_id.name
            )

    # Who may write the rule is asked for by the trial; these rows are nobody else's.
    @api.model
    def _open(self, rule):
        """Try a rule and show the result.

        :rtype: dict
        """
        result = rule.simulate()
        simulation = self.sudo().create(
            {
                "automation_id": rule.id,
                "total": result["total"],
                "tried": result["tried"],
                "failed": result["failed"],
                "sample": result["sample"],
                "summary": rule._describe_touched(result),
                "owners": ", ".join(
                    f"{owner['name']} {owner['count']}"
                    for owner in result["owners"][:8]
                ),
            }
        )
        self.env["crm.suite.automation.simulation.line"].sudo().create(
            [
                {
                    "simulation_id": simulation.id,
                    "res_model": rule.model,
                    "res_id": line["id"],
                    "name": line["name"],
                    "owner": line["owner"],
                    "effect": line["effect"],
                    "error": line["error"],
                }
                for line in result["lines"]
            ]
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Trial"),
            "res_model": self._name,
            "res_id": simulation.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def action_switch_on(self):
        """Let the rule work from now on.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return self.automation_id.action_switch_on()

    def action_back(self):
        """Go on editing.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.suite.automation",
            "res_id": self.automation_id.id,
            "views": [(False, "form")],
        }


class AutomationSimulationLine(models.TransientModel):
    """What the rule would do for one record."""

    _name = "crm.suite.automation.simulation.line"
    _description = "Record in a Trial of a Rule"
    _inherit = ["crm.suite.about.mixin"]
    _order = "id"

    simulation_id = fields.Many2one(
        "crm.suite.automation.simulation", required=True, index=True, ondelete="cascade"
    )
    res_model = fields.Char(readonly=True)
    res_id = fields.Integer(readonly=True)
    name = fields.Char(string="Record", readonly=True)
    owner = fields.Char(string="Looked After By", readonly=True)
    effect = fields.Char(string="Would Do", readonly=True)
    error = fields.Char(string="Would Fail Because", readonly=True)

    def action_open(self):
        """Open the record.

        :rtype: dict
        """
        return self._open_record()


class Automation(models.Model):
    _inherit = "crm.suite.automation"

    def action_simulate(self):
        """Try the rule on what is there and show what it would do.

        :rtype: dict
        """
        self.ensure_one()
        return self.env["crm.suite.automation.simulation"]._open(self)
