from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.about_mixin import open_form
from ..models.operation_kept import make_line_values

SHOWN = 80


class OperationUndoWizard(models.TransientModel):
    """Says what an undo will do before it does it, and lets choose records."""

    _name = "crm.suite.operation.undo"
    _description = "Undo of a Bulk Operation"

    operation_id = fields.Many2one(
        "crm.suite.operation", required=True, readonly=True, ondelete="cascade"
    )
    kind = fields.Selection(related="operation_id.kind")
    user_id = fields.Many2one(related="operation_id.user_id")
    date_start = fields.Datetime(related="operation_id.date_start")
    restore_count = fields.Integer(readonly=True)
    keep_count = fields.Integer(readonly=True)
    line_ids = fields.One2many(
        "crm.suite.operation.undo.line", "wizard_id", string="Kept", readonly=True
    )
    scope = fields.Selection(
        [("all", "Everything that can be undone"), ("chosen", "Only chosen records")],
        required=True,
        default="all",
    )
    unit_ids = fields.Many2many(
        "crm.suite.operation", compute="_compute_unit_ids", string="Parts"
    )
    change_ids = fields.Many2many("crm.suite.operation.change", string="Records")

    @api.depends("operation_id")
    def _compute_unit_ids(self):
        for wizard in self:
            wizard.unit_ids = wizard.operation_id._get_unit().ids

    @api.model_create_multi
    def create(self, vals_list):
        """A program that names the operation gets what the dialog would show."""
        wizards = self.browse()
        for vals in vals_list:
            operation_id = vals.get("operation_id")
            wizard = self.with_context(active_id=operation_id) if operation_id else self
            wizards += super(OperationUndoWizard, wizard).create([vals])
        return wizards.with_env(self.env)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        operation_id = values.get("operation_id") or self.env.context.get("active_id")
        if not isinstance(operation_id, int):
            raise UserError(self.env._("Choose the operation that is to be undone."))
        operation = self.env["crm.suite.operation"].browse(operation_id)
        preview = operation.undo_preview()
        values.update(
            operation_id=operation.id,
            restore_count=preview["restore"],
            keep_count=preview["keep_count"],
            line_ids=[
                Command.create(make_line_values(self.env, entry))
                for entry in preview["keep"][:SHOWN]
            ],
        )
        return values

    def action_undo(self):
        """Undo in the chosen scope and say what came of it.

        :return: client action with the notification
        :rtype: dict
        """
        self.ensure_one()
        result = self.operation_id.action_undo(self._get_selection())
        undo = self.env["crm.suite.operation"].browse(result["operation_id"])
        return {
            "type": "ir.actions.client",
            "tag": "crm_suite_operation_done",
            "params": {
                "id": False if result["background"] else undo.id,
                "name": undo.name,
                "message": self._get_message(result),
                "is_undo": True,
                "next": {
                    "type": "ir.actions.client",
                    "tag": "soft_reload",
                },
            },
        }

    def _get_selection(self):
        if self.scope == "all":
            return None
        if not self.change_ids:
            raise UserError(self.env._("Choose at least one record to undo."))
        selection = {}
        for change in self.change_ids:
            selection.setdefault(change.model, []).append(change.res_id)
        return selection

    def _get_message(self, result):
        if result["background"]:
            return self.env._(
                "The undo goes on in the background. Its progress is in the list of "
                "bulk operations."
            )
        if result["kept_count"]:
            return self.env._(
                "%(restored)s records are as they were before. %(kept)s were kept "
                "because they changed since.",
                restored=result["restored"],
                kept=result["kept_count"],
            )
        return self.env._(
            "%(restored)s records are as they were before.",
            restored=result["restored"],
        )


class OperationUndoLine(models.TransientModel):
    """A record that the undo will keep."""

    _name = "crm.suite.operation.undo.line"
    _description = "Record Kept by an Undo"

    wizard_id = fields.Many2one(
        "crm.suite.operation.undo", index=True, ondelete="cascade"
    )
    name = fields.Char(string="Record", readonly=True)
    model = fields.Char(readonly=True)
    res_id = fields.Integer(readonly=True)
    reason = fields.Char(readonly=True)
    changes = fields.Char(string="Changed Since", readonly=True)

    def action_open_record(self):
        """Open the record."""
        self.ensure_one()
        return open_form(self.env, self.model, self.res_id)
