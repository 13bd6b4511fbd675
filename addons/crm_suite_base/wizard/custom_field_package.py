import base64
import json

from odoo import api, fields, models
from odoo.exceptions import UserError

MAX_SIZE = 2_000_000


class CustomFieldPackage(models.TransientModel):
    """Takes custom fields out of a database, or into it, as a file."""

    _name = "crm.suite.field.package"
    _description = "File of Custom Fields"

    mode = fields.Selection(
        [("export", "Out of this database"), ("import", "Into this database")],
        required=True,
        default="export",
    )
    content = fields.Binary(string="File", attachment=False)
    filename = fields.Char(default="custom_fields.json")
    summary = fields.Text(compute="_compute_summary")

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if values.get("mode", "export") == "export":
            package = self.env["crm.suite.field"].export_package()
            text = json.dumps(package, ensure_ascii=False, indent=2)
            values["content"] = base64.b64encode(text.encode())
        return values

    @api.onchange("mode")
    def _onchange_mode(self):
        if self.mode == "import":
            self.content = False
        else:
            self.content = self.default_get(["mode", "content"])["content"]

    @api.depends("content", "mode")
    def _compute_summary(self):
        actions = {
            "create": self.env._("new"),
            "update": self.env._("brought in line"),
            "conflict": self.env._("cannot be taken: another kind of that name"),
        }
        for wizard in self:
            if wizard.mode == "export" or not wizard.content:
                wizard.summary = False
                continue
            rows = self.env["crm.suite.field"].preview_package(wizard._read())
            wizard.summary = "\n".join(
                f"{row['name']} ({row['technical_name']}): {actions[row['action']]}"
                for row in rows
            ) or self.env._("The file holds no fields.")

    def _read(self):
        # A client that saves the window reads the sizes of files only.
        whole = self.with_context(bin_size=False, bin_size_content=False)
        content = base64.b64decode(whole.content or b"")
        if len(content) > MAX_SIZE:
            raise UserError(self.env._("The file is too large for custom fields."))
        try:
            return json.loads(content)
        except ValueError as error:
            raise UserError(
                self.env._(
                    "This is no file of custom fields that was taken out of a database."
                )
            ) from error

    def action_export(self):
        """Download the fields of this database as a file.

        A form offers no file of a record that is not saved.

        :rtype: dict
        """
        self.env["crm.suite.field"]._check_administrator()
        self.ensure_one()
        self.check_access("write")
        self.content = self.default_get(["mode", "content"])["content"]
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/content"
            "?download=true&filename_field=filename",
            "target": "download",
        }

    def action_import(self):
        """Take the fields of the file in."""
        self.env["crm.suite.field"]._check_administrator()
        self.ensure_one()
        if not self.content:
            raise UserError(self.env._("Choose a file first."))
        done = self.env["crm.suite.field"].import_package(self._read())
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._(
                    "%(created)s fields were added, %(updated)s brought in line.",
                    **done,
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
