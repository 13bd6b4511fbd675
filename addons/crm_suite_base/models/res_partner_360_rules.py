from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crm_suite_360_identity(self, scope):
        """Who it is includes what the rules say of it."""
        customer = scope["commercial"]
        types = dict(self._fields["crm_suite_type"]._description_selection(self.env))
        grade = customer.crm_suite_grade_id
        return {
            **super()._crm_suite_360_identity(scope),
            "customer_id": customer.id,
            "customer_type": types.get(customer.crm_suite_type, ""),
            "grade": {"id": grade.id, "name": grade.name, "code": grade.code}
            if grade
            else False,
            "grade_by_hand": bool(customer.crm_suite_grade_override_id),
            "lifecycle_since": fields.Datetime.to_string(
                customer.crm_suite_lifecycle_date
            )
            or False,
            "quality": customer.crm_suite_quality
            if customer.crm_suite_lifecycle_id
            else False,
        }
