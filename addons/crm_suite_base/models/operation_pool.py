from odoo import fields, models


class Operation(models.Model):
    _inherit = "crm.suite.operation"

    kind = fields.Selection(
        selection_add=[("pool", "Pool"), ("undo",)],
        ondelete={"pool": "set default"},
    )
