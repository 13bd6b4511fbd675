from odoo import models

from .custom_field import PREFIX

GROUP = "crm_suite_base.group_crm_suite_user"


class IrModelFields(models.Model):
    _inherit = "ir.model.fields"

    def _instanciate_attrs(self, field_data):
        """Custom fields of the suite are for those who use the suite."""
        attrs = super()._instanciate_attrs(field_data)
        if attrs and field_data["name"].startswith(PREFIX):
            attrs["groups"] = GROUP
        return attrs
