from odoo import api, models, tools

# How cells of an import become values, and values conditions of a segment.
IMPORTED = ("text", "long_text", "number", "money", "date", "datetime")
IMPORTED += ("boolean", "selection", "relation")


class CustomField(models.Model):
    """Where custom fields are used beside the form."""

    _inherit = "crm.suite.field"

    @tools.ormcache("model_name")
    def _used_fields(self, model_name):
        """Names and kinds of the fields that are on the form, in its order.

        :rtype: tuple[tuple[str, str], ...]
        """
        # sudo: whoever imports or exports has to know that they are there.
        found = self.sudo().search([("model", "=", model_name)])
        found = found.sorted(
            lambda f: (f.section_id.sequence, f.section_id.id, f.sequence, f.id)
        )
        return tuple((field.technical_name, field.kind) for field in found)


class ImportTargetRecord(models.AbstractModel):
    _inherit = "crm.suite.import.target.record"

    @api.model
    def _import_custom_columns(self):
        """Custom fields are columns like others, under their labels."""
        model = self.env[self._import_model]
        return [
            self._import_field_column(name)
            for name, kind in self.env["crm.suite.field"]._used_fields(model._name)
            if kind in IMPORTED and name in model._fields
        ]


class ImportTargetPartner(models.AbstractModel):
    _inherit = "crm.suite.import.target.partner"

    @api.model
    def _import_partner_columns(self):
        return super()._import_partner_columns() + self._import_custom_columns()


class Segment(models.Model):
    _inherit = "crm.suite.segment"

    @api.model
    def _segment_attributes(self):
        names = super()._segment_attributes()
        model = self.env["res.partner"]
        custom = self.env["crm.suite.field"]._used_fields(model._name)
        return [
            *names,
            *(
                name
                for name, _kind in custom
                if name in model._fields and model._fields[name].store
            ),
        ]
