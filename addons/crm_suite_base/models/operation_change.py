from odoo import api, fields, models

from ..tools.loose_many2one import LooseMany2one
from .about_mixin import open_form
from .operation_kept import RecordNames, describe_value

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

    # Found by the index below, which begins with it.
    operation_id = LooseMany2one(
        "crm.suite.operation", required=True, ondelete="cascade"
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

    record_name = fields.Char(string="Record", compute="_compute_description")
    model_label = fields.Char(string="Kind of Record", compute="_compute_description")
    summary = fields.Char(string="What Changed", compute="_compute_description")

    _operation_idx = models.Index("(operation_id, model, res_id)")

    @api.depends_context("uid", "lang", "allowed_company_ids")
    @api.depends("model", "res_id", "before", "after")
    def _compute_description(self):
        """Describe changes, of each only what the user may see in the record."""
        names = RecordNames(self.env)
        for change in self:
            names.want(change.model, change.res_id)
        names.read()
        for change in self:
            change.model_label = names.get_model(change.model)
            change.record_name = self._get_record_name(names, change)
            change.summary = self._get_summary(names, change)

    def _get_record_name(self, names, change):
        before = change.sudo().before or {}
        if change.kind == "delete" and isinstance(before.get("name"), str):
            model = self.env.get(change.model)
            if model is not None and model.has_access("read"):
                return before["name"]
        return names.get(change.model, change.res_id)

    def _get_summary(self, names, change):
        if change.kind != "update" or not names.is_readable(
            change.model, change.res_id
        ):
            return ""
        model = self.env[change.model]
        shown = self.env["crm.suite.operation"]._journal_shape(change.model).compared
        image = change.sudo()
        before, after = image.before or {}, image.after or {}
        parts = []
        for name, value in after.items():
            field = model._fields.get(name)
            if name not in shown or not model._has_field_access(field, "read"):
                continue
            names.want_values(field, before.get(name), value)
            parts.append(
                self.env._(
                    "%(field)s: %(before)s → %(after)s",
                    field=field._description_string(self.env),
                    before=describe_value(self.env, names, field, before.get(name))
                    or "–",
                    after=describe_value(self.env, names, field, value) or "–",
                )
            )
        return "; ".join(parts)

    def action_open_record(self):
        """Open the record in the form of its model."""
        self.ensure_one()
        return open_form(self.env, self.model, self.res_id)
