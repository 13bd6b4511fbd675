from odoo import api, fields, models


class ImportSettings(models.AbstractModel):
    """How a file is read and what becomes of its rows.

    Shared by the profile, which remembers the choices, and by the batch, which
    carries them out.
    """

    _name = "crm.suite.import.settings"
    _description = "Import Settings"

    target = fields.Selection(
        selection="_selection_target",
        string="Import",
        required=True,
        default="customer",
        help="What a row of the file stands for.",
    )
    mode = fields.Selection(
        [
            ("both", "Create and update"),
            ("create", "Create only"),
            ("update", "Update only"),
        ],
        string="Rows May",
        required=True,
        default="both",
    )
    key = fields.Char(
        string="Recognised By",
        help="The fields, separated by commas, by which a row finds the record that is "
        "already there, for example ref, email or name,phone. Left empty, they are "
        "chosen from the columns of the file.",
    )
    duplicate_policy = fields.Selection(
        [
            ("update", "Update it"),
            ("skip", "Leave it as it is"),
            ("create", "Create another one"),
            ("reject", "Reject the row"),
        ],
        string="If It Exists",
        required=True,
        default="update",
        help="What happens to a row whose record is already there; a single row may "
        "say otherwise.",
    )
    clear_empty = fields.Boolean(
        string="Empty Cells Erase",
        help="Update: an empty cell empties the field. Otherwise it changes nothing.",
    )
    create_missing = fields.Boolean(
        string="Create What Is Missing",
        default=True,
        help="Companies, customers and tags that rows name but nobody has yet are "
        "created. Otherwise such rows are rejected.",
    )
    default_type = fields.Selection(
        [("company", "Companies"), ("person", "Persons")],
        string="Rows Are",
        compute="_compute_default_type",
        store=True,
        readonly=False,
        help="Where no column says whether a row is a company or a person.",
    )
    default_country_id = fields.Many2one(
        "res.country",
        string="Country",
        help="Where the file names none; telephone numbers are read by it.",
    )
    default_user_id = fields.Many2one(
        "res.users",
        string="Owner",
        domain=[("share", "=", False)],
        help="Owner of new customers for which the file names none.",
    )
    default_team_id = fields.Many2one("crm.team", string="Team")
    default_lifecycle_id = fields.Many2one(
        "crm.suite.lifecycle.stage",
        string="Lifecycle",
        help="Stage of new customers for which the file names none.",
    )
    default_source_id = fields.Many2one("utm.source", string="Source")
    encoding = fields.Char(help="Empty: found out from the content.")
    delimiter = fields.Selection(
        [
            ("comma", "Comma ,"),
            ("semicolon", "Semicolon ;"),
            ("tab", "Tab"),
            ("pipe", "Bar |"),
            ("space", "Blanks"),
        ],
        string="Separator",
        help="Empty: found out from the content.",
    )
    sheet = fields.Char(help="Name of the sheet; empty: the first with cells.")
    header_row = fields.Integer(
        default=-1,
        help="Row of the column names as numbered in the file; 0: there is none; "
        "-1: found out from the content.",
    )
    date_order = fields.Selection(
        [
            ("ymd", "Year, month, day"),
            ("dmy", "Day, month, year"),
            ("mdy", "Month, day, year"),
        ],
        help="Empty: found out from the values.",
    )
    decimal_separator = fields.Selection(
        [("point", "Point 1,234.50"), ("comma", "Comma 1.234,50")],
        help="Empty: found out from the values.",
    )

    template_file = fields.Binary(compute="_compute_template_file", exportable=False)
    template_name = fields.Char(compute="_compute_template_file", exportable=False)

    @api.model
    def _selection_target(self):
        targets = self.env["crm.suite.import.target"]._import_targets()
        return [
            (name, self.env[model]._import_title()) for name, model in targets.items()
        ]

    @api.depends("target")
    def _compute_default_type(self):
        for settings in self:
            is_contact = settings.target == "contact"
            settings.default_type = "person" if is_contact else "company"

    @api.depends("target")
    @api.depends_context("lang")
    def _compute_template_file(self):
        for settings in self:
            target = self.env["crm.suite.import.target"]._import_target(settings.target)
            settings.template_name, settings.template_file = target._import_template()

    def action_template(self):
        """Download an empty file with the headers, examples and drop-downs."""
        return self._download("template_file", "template_name")

    def _download(self, field, name_field):
        self.ensure_one()
        self.check_access("read")
        return {
            "type": "ir.actions.act_url",
            "url": f"/web/content/{self._name}/{self.id}/{field}"
            f"?download=true&filename_field={name_field}",
            "target": "download",
        }

    @api.model
    def _settings_fields(self):
        """Names of the choices that a profile hands to its batches."""
        return [
            name
            for name, field in self.env["crm.suite.import.settings"]._fields.items()
            if field.store and name != "id"
        ]

    def _get_settings(self):
        """The choices of a profile or batch, as values for another one."""
        self.ensure_one()
        return {
            name: self._fields[name].convert_to_write(self[name], self)
            for name in self._settings_fields()
        }
