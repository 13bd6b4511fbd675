from odoo import api, fields, models
from odoo.exceptions import UserError


class CustomFieldSection(models.Model):
    """A tab of a form, with the fields that the company added to it."""

    _name = "crm.suite.field.section"
    _description = "Section of Custom Fields"
    _order = "model, sequence, id"

    name = fields.Char(required=True, translate=True)
    model = fields.Selection(
        selection="_selection_model",
        string="Form",
        required=True,
        default=lambda self: self._default_model(),
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    visible_when = fields.Char(
        string="Shown When",
        help="When the form shows the tab, e.g. is_company; always if this is empty. "
        "So each type of customer or lead has a form of its own.",
    )
    field_ids = fields.One2many("crm.suite.field", "section_id", string="Fields")

    @api.model
    def _selection_model(self):
        return self.env["crm.suite.field"]._selection_model()

    @api.model
    def _default_model(self):
        return self.env["crm.suite.field"]._selection_model()[0][0]

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        sections = super().create(vals_list)
        sections._check_form()
        sections._check_visible_when()
        return sections

    def write(self, vals):
        if "model" in vals and any(section.field_ids for section in self):
            raise UserError(
                self.env._("A section with fields stays on its form; make a new one.")
            )
        result = super().write(vals)
        if "visible_when" in vals:
            self._check_visible_when()
        if {"active", "visible_when"} & set(vals):
            # What is hidden need not be filled in.
            self.env.registry.clear_cache()
        if {"name", "sequence", "active", "visible_when"} & set(vals):
            self.env["crm.suite.field"]._renew_views(set(self.mapped("model")))
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        used = self.with_context(active_test=False).filtered("field_ids")
        if used:
            raise UserError(
                self.env._(
                    "“%(section)s” still has fields, maybe removed ones: move them to another section first.",
                    section=used[0].name,
                )
            )

    def _check_visible_when(self):
        for section in self:
            self.env["crm.suite.field"]._compile_of(section, "visible_when")

    def _check_form(self):
        known = dict(self._selection_model())
        if any(section.model not in known for section in self):
            raise UserError(self.env._("There is no such form."))
