from odoo import fields, models


class Operation(models.Model):
    _inherit = "crm.suite.operation"

    kind = fields.Selection(
        selection_add=[("assign", "Assignment"), ("undo",)],
        ondelete={"assign": "set default"},
    )
