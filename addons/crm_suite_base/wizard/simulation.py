from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..models.about_mixin import open_form

MODELS = [
    ("crm.suite.grade.rule", "Grade rules"),
    ("crm.suite.lifecycle.rule", "Lifecycle rules"),
    ("crm.suite.quality.criterion", "Data quality criteria"),
]


class Simulation(models.TransientModel):
    """What a run of the rules would do: the result of a simulation on the screen.

    The run itself was taken back; these rows are what was written down of it.
    """

    _name = "crm.suite.simulation"
    _description = "Simulation"

    rule_model = fields.Selection(MODELS, string="Rules", required=True, readonly=True)
    customer_count = fields.Integer(string="Customers", readonly=True)
    moved_count = fields.Integer(string="Would Change", readonly=True)
    hidden_count = fields.Integer(
        readonly=True, help="Customers that you may not see would change too."
    )
    changed_count = fields.Integer(
        readonly=True, help="Rules that are not in force as they stand."
    )
    summary = fields.Char(readonly=True)
    move_ids = fields.One2many(
        "crm.suite.simulation.total",
        "simulation_id",
        string="Before → After",
        domain=[("kind", "=", "move")],
        readonly=True,
    )
    owner_ids = fields.One2many(
        "crm.suite.simulation.total",
        "simulation_id",
        string="Owners",
        domain=[("kind", "=", "owner")],
        readonly=True,
    )
    line_ids = fields.One2many(
        "crm.suite.simulation.line", "simulation_id", string="Who", readonly=True
    )

    @api.depends("rule_model")
    def _compute_display_name(self):
        for simulation in self:
            simulation.display_name = self.env._("Simulation")

    # === MAKING IT === #

    @api.model
    def _open(self, rules, moves, customers):
        """Write down what a simulation found and show it.

        :param rules: empty recordset of the rule set
        :param list[Move] moves:
        :param int customers: how many were looked at
        :return: action
        :rtype: dict
        """
        simulation = self.sudo().create(
            {
                "rule_model": rules._name,
                "customer_count": customers,
                "moved_count": len(moves),
                "changed_count": len(rules._get_changed()),
                "summary": self._summarise(rules, moves, customers),
            }
        )
        simulation._add_totals(rules, moves)
        simulation.with_env(self.env)._add_lines(rules, moves)
        simulation.hidden_count = len(moves) - len(simulation.line_ids)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Simulation"),
            "res_model": self._name,
            "res_id": simulation.id,
            "views": [(False, "form")],
            "target": "current",
        }

    @api.model
    def _summarise(self, rules, moves, customers):
        """The result in one sentence."""
        if not moves:
            return self.env._(
                "Nothing would change for any of %(customers)s customers.",
                customers=customers,
            )
        names = rules._get_result_names()
        owners = rules._get_owner_names(moves)
        parts = [
            f"{names[before]} → {names[after]} {count}"
            for (before, after), count in rules._count_moves(moves)[:4]
        ]
        owner, count = rules._count_owners(moves)[0]
        return self.env._(
            "Would change %(moved)s of %(customers)s customers: %(parts)s. Most "
            "affected owner: %(owner)s (%(count)s).",
            moved=len(moves),
            customers=customers,
            parts=", ".join(parts),
            owner=owners[owner],
            count=count,
        )

    def _add_totals(self, rules, moves):
        names = rules._get_result_names()
        owners = rules._get_owner_names(moves)
        self.env["crm.suite.simulation.total"].create(
            [
                {
                    "simulation_id": self.id,
                    "kind": "move",
                    "name": f"{names[before]} → {names[after]}",
                    "count": count,
                }
                for (before, after), count in rules._count_moves(moves)
            ]
            + [
                {
                    "simulation_id": self.id,
                    "kind": "owner",
                    "name": owners[owner],
                    "count": count,
                }
                for owner, count in rules._count_owners(moves)
            ]
        )

    def _add_lines(self, rules, moves):
        """List the customers that the user may read, by one statement."""
        reasons = rules._get_reasons(moves)
        names = rules._get_result_names()
        self.env.flush_all()
        readable = self.env["res.partner"].with_context(active_test=False)._search([])
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_simulation_line
                       (simulation_id, partner_id, user_id, before, after, move, reason,
                        create_uid, write_uid, create_date, write_date)
                SELECT %(simulation)s, m.partner_id, m.owner_id, b.name, a.name,
                       b.name || ' → ' || a.name, r.reason,
                       %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM unnest(%(partners)s::int[], %(owners)s::int[], %(before)s::int[],
                              %(after)s::int[], %(rules)s::int[])
                    AS m(partner_id, owner_id, before, after, rule_id)
                  JOIN (%(names)s) b ON b.id = COALESCE(m.before, 0)
                  JOIN (%(names)s) a ON a.id = COALESCE(m.after, 0)
                  JOIN (%(reasons)s) r ON r.id = COALESCE(m.rule_id, 0)
                 WHERE m.partner_id IN %(readable)s
              ORDER BY m.partner_id
                """,
                simulation=self.id,
                uid=self.env.uid,
                now=fields.Datetime.now(),
                partners=[move.partner_id for move in moves],
                owners=[move.owner_id for move in moves],
                before=[move.before for move in moves],
                after=[move.after for move in moves],
                rules=[move.rule_id for move in moves],
                names=self._compose_texts(names, "name"),
                reasons=self._compose_texts(reasons, "reason"),
                readable=readable.subselect(),
            )
        )
        self.env["crm.suite.simulation.line"].invalidate_model(flush=False)
        self.invalidate_recordset(["line_ids"], flush=False)

    def _compose_texts(self, texts, column):
        """A dictionary as rows; nothing has the id 0."""
        return SQL(
            "SELECT * FROM unnest(%s::int[], %s::text[]) AS t(id, %s)",
            [id_ or 0 for id_ in texts],
            list(texts.values()),
            SQL.identifier(column),
        )

    # === ACTING ON IT === #

    def action_apply(self):
        """Put the rules into force as they stand now.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env[self.rule_model].action_apply()
        action["params"]["next"] = self._get_rules_action()
        return action

    def action_discard(self):
        """Return the rules to what is in force.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        self.env[self.rule_model].action_discard()
        return self._get_rules_action()

    def action_back(self):
        """Go on editing.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return self._get_rules_action()

    def _get_rules_action(self):
        name = self.rule_model.removeprefix("crm.suite.").replace(".", "_")
        return self.env["ir.actions.act_window"]._for_xml_id(
            f"crm_suite_base.{name}_action"
        )

    def action_show_lines(self):
        """Open the list of who would change, to search, group and export.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.simulation_line_action"
        )
        return {**action, "domain": [("simulation_id", "=", self.id)]}

    def action_export(self):
        """Download the list as a workbook.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        if not self.line_ids:
            raise UserError(self.env._("Nothing would change: there is no list."))
        export = self.env["crm.suite.export"]._prepare_export(
            "crm.suite.simulation.line",
            [("simulation_id", "=", self.id)],
            ["partner_id", "user_id", "before", "after", "reason"],
            "xlsx",
        )
        return export._get_file_action()


class SimulationTotal(models.TransientModel):
    """How many of the same kind would change."""

    _name = "crm.suite.simulation.total"
    _description = "Total of a Simulation"
    _order = "count desc, id"

    simulation_id = fields.Many2one(
        "crm.suite.simulation", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [("move", "Change"), ("owner", "Owner")], required=True, readonly=True
    )
    name = fields.Char(readonly=True)
    count = fields.Integer(string="Customers", readonly=True)


class SimulationLine(models.TransientModel):
    """One customer that would change."""

    _name = "crm.suite.simulation.line"
    _description = "Customer in a Simulation"
    _order = "id"
    _rec_name = "partner_id"

    simulation_id = fields.Many2one(
        "crm.suite.simulation", required=True, index=True, ondelete="cascade"
    )
    partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True, ondelete="cascade"
    )
    user_id = fields.Many2one("res.users", string="Owner", readonly=True)
    before = fields.Char(readonly=True)
    after = fields.Char(readonly=True)
    move = fields.Char(string="Change", readonly=True)
    reason = fields.Char(string="Because", readonly=True)

    def action_open_customer(self):
        """Open the page of the customer.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return open_form(self.env, "res.partner", self.partner_id.id)
