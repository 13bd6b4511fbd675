import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..models.export import FORMATS
from ..models.export_reader import TYPES


class ExportWizard(models.TransientModel):
    """Which columns of the listed records, and in which format."""

    _name = "crm.suite.export.wizard"
    _description = "Export Records"

    export_model = fields.Char(required=True, default="res.partner", readonly=True)
    export_domain = fields.Text(required=True, default="[]", readonly=True)
    record_count = fields.Integer(compute="_compute_record_count", string="Records")
    file_format = fields.Selection(
        FORMATS, string="Format", required=True, default="xlsx"
    )
    reimport = fields.Boolean(
        string="For re-import",
        help="Technical headers and database ids instead of names, so that the file "
        "can be changed and imported again.",
    )
    template_id = fields.Many2one(
        "ir.exports",
        domain="[('resource', '=', export_model)]",
        help="The saved column lists of the Export window.",
    )
    line_ids = fields.One2many(
        "crm.suite.export.wizard.line",
        "wizard_id",
        string="Columns",
        compute="_compute_line_ids",
        store=True,
        readonly=False,
    )

    @api.model
    def default_get(self, fields):
        """Chosen records, where some are chosen; what the list shows, otherwise."""
        values = super().default_get(fields)
        active_ids = self.env.context.get("active_ids")
        if active_ids and self.env.context.get("active_model"):
            values["export_model"] = self.env.context["active_model"]
            values["export_domain"] = json.dumps([("id", "in", active_ids)])
        return values

    @api.depends("export_model", "export_domain")
    def _compute_record_count(self):
        exports = self.env["crm.suite.export"]
        for wizard in self:
            exports._check_may_export(wizard.export_model)
            model = self.env[wizard.export_model]
            domain = exports._checked_domain(model, wizard.export_domain)
            wizard.record_count = model.search_count(domain)

    @api.depends("export_model", "template_id")
    def _compute_line_ids(self):
        for wizard in self:
            lines = [fields.Command.clear()]
            lines += map(fields.Command.create, wizard._line_values())
            wizard.line_ids = lines

    def _line_values(self):
        """The chosen columns in their order, then all others by name."""
        exports = self.env["crm.suite.export"]
        exports._check_may_export(self.export_model)
        model = self.env[self.export_model]
        if self.template_id:
            chosen = self.template_id.export_fields.mapped("name")
            chosen = [path for path in chosen if exports._is_exportable(model, path)]
        else:
            chosen = exports._default_paths(model)
        labels = self._labels(model)
        others = sorted(labels.keys() - set(chosen), key=lambda path: labels[path])
        return [
            {
                "sequence": sequence,
                "path": path,
                "name": labels.get(path, path),
                "chosen": sequence < len(chosen),
            }
            for sequence, path in enumerate([*chosen, *others])
        ]

    @api.model
    def _labels(self, model):
        described = model.fields_get(attributes=["string", "type", "exportable"])
        labels = {
            name: field["string"]
            for name, field in described.items()
            if field["type"] in TYPES and field["exportable"] and name != "id"
        }
        return labels | {
            ".id": self.env._("Database ID"),
            "id": self.env._("External ID"),
        }

    def action_export(self):
        """Prepare the export and download it, or queue it when it is big."""
        self.ensure_one()
        paths = self.line_ids.filtered("chosen").sorted("sequence").mapped("path")
        if not paths:
            raise UserError(self.env._("Choose at least one column to export."))
        if self.reimport and ".id" not in paths:
            paths.insert(0, ".id")  # the key by which the import finds the record
        export = self.env["crm.suite.export"]._prepare_export(
            self.export_model,
            self.export_domain,
            paths,
            self.file_format,
            reimport=self.reimport,
        )
        return export._get_file_action()


class ExportWizardLine(models.TransientModel):
    _name = "crm.suite.export.wizard.line"
    _description = "Export Column"
    _order = "sequence, id"

    wizard_id = fields.Many2one(
        "crm.suite.export.wizard", required=True, ondelete="cascade", index=True
    )
    sequence = fields.Integer()
    chosen = fields.Boolean()
    name = fields.Char(string="Column", readonly=True)
    path = fields.Char(string="Technical Name", required=True, readonly=True)
