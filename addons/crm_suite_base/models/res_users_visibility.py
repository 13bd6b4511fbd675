import json

from odoo import api, models, tools
from odoo.fields import Domain

PARAMETER = "crm_suite_base.visibility"
EVERYONE, TEAM, OWN = MODES = ("everyone", "team", "own")
PREFIX = "crm_suite_base.group_crm_suite_"
# Whose visibility can be set; administrators of the suite see everything.
ROLES = (
    "sales_rep",
    "sales_lead",
    "sales_manager",
    "marketer",
    "marketing_manager",
    "agent",
    "service_manager",
    "analyst",
    "data_steward",
    "privacy_officer",
)
# Colleagues without a role of the suite: accounting, purchase, warehouse, shops.
OTHERS = "others"
RULES = (
    "crm_suite_base.visibility_rule_partner_read",
    "crm_suite_base.visibility_rule_partner_write",
    "crm_suite_base.visibility_rule_bank",
    "crm_suite_base.visibility_rule_call",
    "crm_suite_base.visibility_rule_customer_member",
    "crm_suite_base.visibility_rule_lifecycle_transition",
    "crm_suite_base.visibility_rule_purchase",
    "crm_suite_base.visibility_rule_purchase_fact",
    "crm_suite_base.visibility_rule_interaction",
    "crm_suite_base.visibility_rule_relation",
)


class ResUsers(models.Model):
    """Which customers a user sees, by the settings for his roles.

    With several roles the widest counts. Nothing here asks the database anew: the
    answers are kept until settings, groups or teams change, and with the default, all
    for everyone, the record rules are not even active.
    """

    _inherit = "res.users"

    @tools.ormcache("self.id")
    def _crm_suite_visibility(self):
        """What the user sees of the customers.

        :return: ``everyone`` (all), ``team`` (those of his teams and below) or
            ``own`` (his own and those shared with him)
        :rtype: str
        """
        modes = self.env["ir.config_parameter"]._crm_suite_visibility_modes()
        # Visitors and portal users have rules of their own.
        if not modes or self.share or self.has_group(f"{PREFIX}admin"):
            return EVERYONE
        roles = [role for role in ROLES if self.has_group(PREFIX + role)]
        mine = {modes.get(role, EVERYONE) for role in roles or [OTHERS]}
        return next(mode for mode in MODES if mode in mine)

    # === DOMAINS OF THE RECORD RULES === #

    def _crm_suite_partner_domain(self, operation="read"):
        """The partners that the user may read or write: for the record rules.

        Partners of colleagues and of one's own companies, and everybody who is
        neither a customer nor a contact of one, stay reachable for all.

        :rtype: Domain
        """
        if self._crm_suite_visibility() == EVERYONE:
            return Domain.TRUE
        uid = self.id

        def to_sql(model, alias, query):
            partners = model.with_user(uid).sudo()
            return partners._crm_suite_visible_sql(alias, operation)

        return Domain.custom(to_sql=to_sql)

    def _crm_suite_rows_domain(self, *names):
        """The rows about customers that the user sees: for the rules of our models.

        :param names: many2one fields to partners; each must be visible or empty
        :rtype: Domain
        """
        visible = self._crm_suite_partner_domain()
        if visible.is_true():
            return visible
        return Domain.AND(
            Domain(name, "=", False) | Domain(name, "any", visible) for name in names
        )


class IrConfigParameter(models.Model):
    _inherit = "ir.config_parameter"

    @api.model
    def _crm_suite_visibility_modes(self):
        """The settings that differ from the default: mode by role.

        :rtype: dict[str, str]
        """
        try:
            modes = json.loads(self.sudo().get_param(PARAMETER) or "{}")
        except ValueError:
            modes = None
        if not isinstance(modes, dict):
            # Not to be read: then nobody sees more than his own.
            return dict.fromkeys((*ROLES, OTHERS), OWN)
        return {
            role: mode if mode in MODES else OWN
            for role, mode in modes.items()
            if mode != EVERYONE
        }

    # Whoever changes the parameter, the rules follow.

    @api.model_create_multi
    def create(self, vals_list):
        parameters = super().create(vals_list)
        if any(vals.get("key") == PARAMETER for vals in vals_list):
            self._crm_suite_switch_visibility()
        return parameters

    def write(self, vals):
        ours = vals.get("key") == PARAMETER or PARAMETER in self.mapped("key")
        result = super().write(vals)
        if ours:
            self._crm_suite_switch_visibility()
        return result

    def unlink(self):
        ours = PARAMETER in self.mapped("key")
        result = super().unlink()
        if ours:
            self._crm_suite_switch_visibility()
        return result

    @api.model
    def _crm_suite_switch_visibility(self):
        """Switch the rules on while anybody is restricted, off otherwise."""
        self.env.flush_all()
        self.env.registry.clear_cache("stable")
        restricted = bool(self._crm_suite_visibility_modes())
        # The rules belong to the setting: who may change it, switches them.
        for xml_id in RULES:
            rule = self.env.ref(xml_id, raise_if_not_found=False)
            if rule and rule.sudo().active != restricted:
                rule.sudo().active = restricted
        self.env.registry.clear_cache()
