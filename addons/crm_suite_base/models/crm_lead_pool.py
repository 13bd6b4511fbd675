from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .pool_mask import check_given, is_cached

CONTACT = frozenset(
    {
        "email_from",
        "email_normalized",
        "email_domain_criterion",
        "email_cc",
        "phone",
        "phone_sanitized",
        "phone_mobile_search",
        "street",
        "street2",
        "zip",
        "website",
        "contact_name",
        "description",
        "crm_suite_keys",
        "crm_suite_blocks",
        # The host reads it past the rights to the activity.
        "activity_summary",
    }
)
# By what a lead is held back, beside its customer.
DECIDING = ("crm_suite_pool_id", "user_id", "partner_id")


class CrmLead(models.Model):
    """Leads in pools, and leads about customers who are in one."""

    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.suite.pool.mixin", "crm.suite.pool.mask"]

    _crm_suite_in_pool_idx = models.Index(
        "(crm_suite_pool_id) WHERE crm_suite_pool_id IS NOT NULL AND user_id IS NULL"
    )

    @api.model
    def _pool_domain(self):
        return Domain("active", "=", True) & Domain("stage_id.is_won", "=", False)

    @api.model
    def _pool_won_domain(self):
        return Domain("stage_id.is_won", "=", True)

    def _pool_owner_values(self, user):
        return {"team_id": user.sale_team_id.id} if user.sale_team_id else {}

    @api.model
    def _assignable_domain(self):
        # What is in a pool is given out by its rules.
        return super()._assignable_domain() & ~self._pool_inside_domain()

    def _assignable_take(self):
        self._pool_leave_unaccepted()
        return super()._assignable_take()

    @api.model
    def _pool_masked_fields(self):
        return CONTACT & self._fields.keys()

    @api.model
    def _pool_masked_sql(self, alias, pool_ids):
        return SQL(
            "(%(pool)s = ANY(%(ids)s) AND %(owner)s IS NULL"
            " OR %(owner)s IS DISTINCT FROM %(uid)s AND %(customer)s)",
            pool=SQL.identifier(alias, "crm_suite_pool_id"),
            ids=pool_ids,
            owner=SQL.identifier(alias, "user_id"),
            uid=self.env.uid,
            customer=self.env["res.partner"]._pool_masked_partner_sql(
                SQL.identifier(alias, "partner_id"), pool_ids
            ),
            to_flush=[self._fields[name] for name in DECIDING],
        )

    def _pool_known_open(self, pool_ids):
        if not is_cached(self, *DECIDING):
            return False
        if not self.user_id and self.crm_suite_pool_id.id in pool_ids:
            return False
        customer = self.partner_id
        mine = self.user_id == self.env.user
        return mine or not customer or customer._pool_known_open(pool_ids)

    # A deal takes the contact data of its customer along: it begins with the claim.
    @api.model_create_multi
    def create(self, vals_list):
        check_given(self, "partner_id", vals_list)
        return super().create(vals_list)

    def write(self, vals):
        check_given(self, "partner_id", [vals])
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        check_given(self, "partner_id", [values])
        return super().onchange(values, field_names, fields_spec)

    def _get_customer_information(self):
        """What the host makes a contact of."""
        hidden = self.browse(self._pool_get_masked(self._pool_hiding()))
        return super(CrmLead, self - hidden)._get_customer_information()
