from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .pool_mask import is_cached
from .res_partner_pool import CONTACT

# By what accounts name their partners without looking into them.
BY_ID = frozenset({"=", "!=", "in", "not in"})


def looks_into_partner(condition):
    """Whether a condition on accounts looks into their partners."""
    name, _, rest = condition.field_expr.partition(".")
    return name == "partner_id" and bool(rest or condition.operator not in BY_ID)


class ResUsers(models.Model):
    """Portal accounts show e-mail and phone of the partner, read as superuser, to
    everybody of the company. The accounts of colleagues are no matter of pools.
    """

    _name = "res.users"
    _inherit = ["res.users", "crm.suite.pool.mask"]

    @api.model
    def _pool_masked_fields(self):
        """The login is mostly the e-mail, and a signature tells numbers."""
        return (CONTACT & self._fields.keys()) | {"login", "signature"}

    @api.model
    def _pool_masked_sql(self, alias, pool_ids):
        partner_id, share = (
            SQL.identifier(alias, name, to_flush=self._fields[name])
            for name in ("partner_id", "share")
        )
        partners = self.env["res.partner"]
        return SQL(
            "(%s AND %s)",
            share,
            partners._pool_masked_partner_sql(partner_id, pool_ids),
        )

    def _pool_known_open(self, pool_ids):
        return is_cached(self, "share") and not self.share

    @api.model
    def _search(self, domain, *args, **kwargs):
        """The host looks into the partner of an account by a join, so what masks the
        searches of partners is not asked.
        """
        if self.env.su or not (pool_ids := self._pool_hiding()):
            return super()._search(domain, *args, **kwargs)

        def narrow(condition):
            if not looks_into_partner(condition):
                return condition
            return condition & self._pool_open_domain(pool_ids)

        return super()._search(Domain(domain).map_conditions(narrow), *args, **kwargs)
