from odoo import api, fields, models


class AssignmentSimulation(models.TransientModel):
    """What a run of a policy would do: the result of a simulation on the screen.

    The run itself was taken back; these rows are what was written down of it.
    """

    _name = "crm.suite.assignment.simulation"
    _description = "Simulation of an Assignment"
    _rec_name = "policy_id"

    policy_id = fields.Many2one(
        "crm.suite.assignment.policy", required=True, readonly=True, ondelete="cascade"
    )
    state = fields.Selection(related="policy_id.state")
    changed_count = fields.Integer(related="policy_id.changed_count")
    summary = fields.Char(readonly=True)
    person_ids = fields.One2many(
        "crm.suite.assignment.simulation.person",
        "simulation_id",
        string="People",
        readonly=True,
    )
    line_ids = fields.One2many(
        "crm.suite.assignment.simulation.line",
        "simulation_id",
        string="Records",
        readonly=True,
    )

    @api.depends("policy_id")
    def _compute_display_name(self):
        for simulation in self:
            simulation.display_name = self.env._("Simulation")

    @api.model
    def _open(self, policy, result):
        """Write down what a simulation found and show it.

        :param dict result: as ``simulate`` of the policy returns it
        :return: action
        :rtype: dict
        """
        simulation = self.sudo().create(
            {
                "policy_id": policy.id,
                "summary": self._summarise(result),
                "person_ids": [
                    fields.Command.create(
                        {
                            "user_id": person["id"],
                            "count": person["count"],
                            "load": person["load"],
                        }
                    )
                    for person in result["people"]
                ],
                "line_ids": [
                    fields.Command.create(
                        {
                            "name": line["name"],
                            "user_id": line["user_id"],
                            "reason": line["reason"],
                        }
                    )
                    for line in result["lines"]
                ],
            }
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Simulation"),
            "res_model": self._name,
            "res_id": simulation.id,
            "views": [(False, "form")],
            "target": "current",
        }

    @api.model
    def _summarise(self, result):
        if not result["looked_at"]:
            return self.env._("There are no records without an owner to try it with.")
        return self.env._(
            "Of %(all)s records without an owner %(assigned)s would go to %(people)s "
            "people; for %(waiting)s nobody is free, and no rule fits %(unmatched)s.",
            all=result["looked_at"],
            assigned=result["assigned"],
            people=len(result["people"]),
            waiting=result["waiting"],
            unmatched=result["unmatched"],
        )

    def action_switch_on(self):
        """Switch the policy on with the rules as they stand now.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        self.policy_id.sudo(False).action_switch_on()
        return self.action_back()

    def action_apply(self):
        """Put the rules into force as they stand now.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        self.policy_id.sudo(False).action_apply()
        return self.action_back()

    def action_back(self):
        """Return to the policy.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.suite.assignment.policy",
            "res_id": self.policy_id.id,
            "views": [(False, "form")],
        }


class AssignmentSimulationPerson(models.TransientModel):
    """How many records somebody would get."""

    _name = "crm.suite.assignment.simulation.person"
    _description = "Person in a Simulated Assignment"
    _order = "count desc, id"

    simulation_id = fields.Many2one(
        "crm.suite.assignment.simulation", required=True, index=True, ondelete="cascade"
    )
    user_id = fields.Many2one("res.users", string="Colleague", readonly=True)
    count = fields.Integer(string="Would Get", readonly=True)
    load = fields.Integer(string="Open Afterwards", readonly=True)


class AssignmentSimulationLine(models.TransientModel):
    """One record of a simulation."""

    _name = "crm.suite.assignment.simulation.line"
    _description = "Record in a Simulated Assignment"
    _order = "id"

    simulation_id = fields.Many2one(
        "crm.suite.assignment.simulation", required=True, index=True, ondelete="cascade"
    )
    name = fields.Char(string="Record", readonly=True)
    user_id = fields.Many2one("res.users", string="Would Go To", readonly=True)
    reason = fields.Char(string="Because", readonly=True)


class AssignmentPolicy(models.Model):
    _inherit = "crm.suite.assignment.policy"

    def action_simulate(self):
        """Try the policy out, drafts included, and open the result.

        :rtype: dict
        """
        self.ensure_one()
        return self.env["crm.suite.assignment.simulation"]._open(self, self.simulate())
