from odoo import api, models

from .custom_field_rule import LATER


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "crm.suite.field.mixin"]

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        partners._crm_suite_check_fields()
        return partners

    def write(self, vals):
        # Taken before: the host takes some of the values out.
        names = set(vals)
        result = super().write(vals)
        self._crm_suite_check_fields(names)
        return result

    def _crm_suite_field_records(self):
        """Customers: neither the people and addresses below them nor colleagues."""
        # sudo: which partners are colleagues is read of users.
        sudo = self.sudo()
        return self.browse(
            sudo.filtered(
                lambda p: p.commercial_partner_id == p and p.partner_share
            ).ids
        )

    @api.model
    def _crm_suite_export_paths(self):
        return super()._crm_suite_export_paths() + [
            name
            for name, _kind in self.env["crm.suite.field"]._used_fields(self._name)
            if name in self._fields
        ]


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.suite.field.mixin"]

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        leads._crm_suite_check_fields()
        return leads

    def write(self, vals):
        # Taken before: the host takes some of the values out.
        names = set(vals)
        result = super().write(vals)
        self._crm_suite_check_fields(names)
        return result

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """A mail is never turned away: what it does not say is filled in later."""
        later = self.with_context(crm_suite_fields_later=LATER)
        lead = super(CrmLead, later).message_new(msg_dict, custom_values)
        return lead.with_env(self.env)


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.model_create_multi
    def create(self, vals_list):
        """The partner of a user is no customer, though it is made before its user."""
        later = self.with_context(crm_suite_fields_later=LATER)
        return super(ResUsers, later).create(vals_list).with_env(self.env)


class ResCompany(models.Model):
    _inherit = "res.company"

    @api.model_create_multi
    def create(self, vals_list):
        """Nor is the partner of a company of one's own."""
        later = self.with_context(crm_suite_fields_later=LATER)
        return super(ResCompany, later).create(vals_list).with_env(self.env)
