from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..models.about_mixin import open_form


class PoolPreview(models.TransientModel):
    """What a pool would take back: the result of a simulation on the screen.

    The run itself was taken back; these rows are what was written down of it.
    """

    _name = "crm.suite.pool.preview"
    _description = "Simulation of a Pool"

    pool_id = fields.Many2one(
        "crm.suite.pool", required=True, readonly=True, ondelete="cascade"
    )
    looked_count = fields.Integer(string="Looked At", readonly=True)
    taken_count = fields.Integer(string="Would Be Taken Back", readonly=True)
    kept_count = fields.Integer(string="Due, but Kept", readonly=True)
    hidden_count = fields.Integer(
        readonly=True, help="Due ones that you may not see, counted above."
    )
    summary = fields.Char(readonly=True)
    owner_ids = fields.One2many(
        "crm.suite.pool.preview.total",
        "preview_id",
        string="Who Would Lose",
        domain=[("kind", "=", "owner")],
        readonly=True,
    )
    reason_ids = fields.One2many(
        "crm.suite.pool.preview.total",
        "preview_id",
        string="Kept Because Of",
        domain=[("kind", "=", "kept")],
        readonly=True,
    )
    line_ids = fields.One2many(
        "crm.suite.pool.preview.line", "preview_id", string="Who", readonly=True
    )

    @api.depends("pool_id")
    def _compute_display_name(self):
        for preview in self:
            preview.display_name = self.env._(
                "Simulation: %(pool)s", pool=preview.pool_id.name
            )

    @api.model
    def _open(self, pool, result):
        """Write down what a simulation found and show it.

        :param dict result: as of ``crm.suite.pool.simulate_return()``
        :return: action
        :rtype: dict
        """
        totals = [("owner", row["name"], row["count"]) for row in result["owners"]] + [
            ("kept", row["reason"], row["count"]) for row in result["reasons"]
        ]
        # Nobody writes these rows but the simulation; its owner reads them.
        preview = (
            self.sudo()
            .create(
                {
                    "pool_id": pool.id,
                    "looked_count": result["looked"],
                    "taken_count": result["taken"],
                    "kept_count": result["kept"],
                    "hidden_count": result["taken"]
                    + result["kept"]
                    - len(result["lines"]),
                    "summary": pool._say_simulation(result),
                    "line_ids": [
                        Command.create(
                            {
                                "res_model": pool.res_model,
                                "res_id": line["id"],
                                "name": line["name"],
                                "user_id": line["owner_id"],
                                "reason": line["reason"],
                                "taken": line["taken"],
                            }
                        )
                        for line in result["lines"]
                    ],
                    "owner_ids": [
                        Command.create({"kind": kind, "name": name, "count": count})
                        for kind, name, count in totals
                    ],
                }
            )
            .with_env(self.env)
        )
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Simulation"),
            "res_model": preview._name,
            "res_id": preview.id,
            "views": [(False, "form")],
            "target": "current",
        }

    def action_return_now(self):
        """Take back what is due.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.pool_id.action_return_now()
        action["params"]["next"] = self._get_pool_action()
        return action

    def action_again(self):
        """Simulate once more, with the rules as they are now.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return self.pool_id.action_simulate_return()

    def action_back(self):
        """Go on editing the rules of the pool.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return self._get_pool_action()

    def _get_pool_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.suite.pool",
            "res_id": self.pool_id.id,
            "views": [(False, "form")],
        }

    def action_show_lines(self):
        """Open the list of what is due, to search and to group.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.pool_preview_line_action"
        )
        return {**action, "domain": [("preview_id", "=", self.id)]}

    def action_export(self):
        """Download the list as a workbook.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        if not self.line_ids:
            raise UserError(self.env._("Nothing is due: there is no list."))
        export = self.env["crm.suite.export"]._prepare_export(
            "crm.suite.pool.preview.line",
            [("preview_id", "=", self.id)],
            ["name", "user_id", "reason", "taken"],
            "xlsx",
        )
        return export._get_file_action()


class PoolPreviewTotal(models.TransientModel):
    """How many one person would lose, or one reason keeps."""

    _name = "crm.suite.pool.preview.total"
    _description = "Total of a Pool Simulation"
    _order = "count desc, id"

    preview_id = fields.Many2one(
        "crm.suite.pool.preview", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [("owner", "Owner"), ("kept", "Kept")], required=True, readonly=True
    )
    name = fields.Char(readonly=True)
    count = fields.Integer(string="How Many", readonly=True)


class PoolPreviewLine(models.TransientModel):
    """One customer or lead that is due."""

    _name = "crm.suite.pool.preview.line"
    _description = "Line of a Pool Simulation"
    _order = "taken desc, id"

    preview_id = fields.Many2one(
        "crm.suite.pool.preview", required=True, index=True, ondelete="cascade"
    )
    res_model = fields.Char(string="Model", readonly=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", readonly=True
    )
    name = fields.Char(string="Customer or Lead", readonly=True)
    user_id = fields.Many2one("res.users", string="Owner", readonly=True)
    reason = fields.Char(string="Because", readonly=True)
    taken = fields.Boolean(string="Would Be Taken", readonly=True)

    def action_open(self):
        """Open the customer or lead.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return open_form(self.env, self.res_model, self.res_id)
