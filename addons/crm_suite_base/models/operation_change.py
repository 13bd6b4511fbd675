from odoo import fields, models

KINDS = [("create", "Created"), ("update", "Changed"), ("delete", "Deleted")]


class OperationChange(models.Model):
    """One row of the journal: what an operation did to one record.

    The images hold raw column values (see ``tools/undo.py``): of an update only what
    differs, of a creation the row when the operation ended, of a deletion the whole
    row with its relations. They may hold what the reader of the journal may not see
    in the record, so they are closed to everybody; :attr:`summary` shows the part
    that is allowed.
    """

    _name = "crm.suite.operation.change"
    _description = "Change of a Bulk Operation"
    _order = "id"
    _log_access = False
    _rec_name = "model"

    operation_id = fields.Many2one(
        "crm.suite.operation", required=True, index=True, ondelete="cascade"
    )
    model = fields.Char(required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="model", required=True, readonly=True
    )
    kind = fields.Selection(KINDS, required=True, readonly=True)
    cascade = fields.Boolean(
        readonly=True,
        help="Not done by the user but a consequence in the database, such as the "
        "lines that go with their document.",
    )
    undone = fields.Boolean(readonly=True)
    before = fields.Json(groups=fields.NO_ACCESS, readonly=True)
    after = fields.Json(groups=fields.NO_ACCESS, readonly=True)

    _record_idx = models.Index("(model, res_id)")
