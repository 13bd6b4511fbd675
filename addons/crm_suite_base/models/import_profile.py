from odoo import fields, models

from ..tools.import_headers import normalize_header


class ImportProfile(models.Model):
    """What was decided about a kind of file, remembered for the next one."""

    _name = "crm.suite.import.profile"
    _inherit = ["crm.suite.import.settings"]
    _description = "Import Profile"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    user_id = fields.Many2one(
        "res.users",
        string="Only For",
        index="btree_not_null",
        default=lambda self: self.env.user,
        help="Empty: everybody who may import can use the profile.",
    )
    company_id = fields.Many2one("res.company", index="btree_not_null")
    mapping = fields.Json(
        default=dict,
        help="Header of the file, without case and blanks, to name of the column; "
        "an empty name: not imported.",
    )
    note = fields.Text(string="Hint", help="Where such files come from.")
    batch_count = fields.Integer(compute="_compute_batch_count")

    def _compute_batch_count(self):
        counts = dict(
            self.env["crm.suite.import.batch"]._read_group(
                [("profile_id", "in", self.ids)], ["profile_id"], ["__count"]
            )
        )
        for profile in self:
            profile.batch_count = counts.get(profile, 0)

    def _remember(self, columns):
        """Keep the meaning that a user gave to the headers of a file.

        :param list[dict] columns: ``header`` and ``field`` of every column
        """
        self.ensure_one()
        mapping = dict(self.mapping or {})
        mapping.update(
            (normalize_header(column["header"]), column.get("field") or "")
            for column in columns
        )
        if mapping != self.mapping:
            self.mapping = mapping

    def action_import(self):
        """Start an import with this profile."""
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.suite.import.batch",
            "views": [(False, "form")],
            "context": {"default_profile_id": self.id},
        }

    def action_open_batches(self):
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.import_batch_action"
        )
        action["domain"] = [("profile_id", "=", self.id)]
        return action
