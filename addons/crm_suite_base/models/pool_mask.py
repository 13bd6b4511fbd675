from collections import defaultdict

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.field_value import get_given

MASK = "•••"
# The host fetches into a cache that superuser code shares, so what it fetches is never
# masked. An object and not a word: no caller can put it into a context.
CLEAR = object()
FETCHING = "crm_suite_pool_fetching"
# What searches in contact data by a method of its own, and what was said or noted about a
# customer: the host lets domains look into it without asking who may read it.
SEARCHES = frozenset(
    {
        "activity_ids",
        "activity_summary",
        "message_ids",
        "phone_mobile_search",
        "rating_ids",
        "website_message_ids",
    }
)
SHOWING = ("show_address", "show_address_only", "show_email", "show_phone", "show_vat")


def is_cached(record, *names):
    """Tell whether fields of a record can be read without asking the database."""
    caches = (record._fields[name]._get_cache(record.env) for name in names)
    return all(record.id in cache for cache in caches)


def check_given(model, name, vals_list):
    """Refuse customers in the pool in a field of what is made of them, also where they
    come as its default.

    :param str name: a many2one to customers
    """
    default = None if model else model.env.context.get(f"default_{name}")
    customers = [get_given(model, name, vals) for vals in vals_list if vals.get(name)]
    if default and not all(name in vals for vals in vals_list):
        customers.append(get_given(model, name, {name: default}))
    if customers:
        model.env["res.partner"].union(*customers)._pool_check_claimed()


class PoolMask(models.AbstractModel):
    """Contact data that nobody sees before he claims the customer or lead.

    Held back on the way out of the server: what is read, listed, grouped, sorted,
    searched and exported goes through the two methods of the ORM overridden here.
    Superuser code sees everything, as it must to send mails and to find duplicates.
    """

    _name = "crm.suite.pool.mask"
    _description = "Masked Contact Data"

    @api.model
    def _pool_masked_fields(self):
        """Names of the fields that are held back. Hook.

        :rtype: frozenset[str]
        """
        return frozenset()

    @api.model
    def _pool_masked_searches(self):
        """Fields through which a domain could ask for contact data or for what was
        said. Hook.

        :rtype: frozenset[str]
        """
        return SEARCHES

    @api.model
    def _pool_masked_sql(self, alias, pool_ids):
        """Which rows are held back, as a condition. Hook.

        :param list[int] pool_ids: the pools that hide the field
        :rtype: SQL
        """
        return SQL("FALSE")

    @api.model
    def _pool_hiding(self, name=None):
        """The pools that hide a field of this model from the user; or any field.

        :rtype: tuple[int]
        """
        if self.env.su:
            return ()
        return tuple(
            pool_id
            for pool_id, (_m, public) in self.env["crm.suite.pool"]
            ._get_guarded()
            .items()
            if public is not None and name not in public
        )

    def _pool_get_masked(self, pool_ids):
        """Those of the records whose contact data the user does not see.

        :rtype: set[int]
        """
        if not pool_ids:
            return set()
        # One by one, as in an import or a loop of the host, each is known already.
        unknown = (r for r in self.sudo() if r.id and not r._pool_known_open(pool_ids))
        if not (ids := [record.id for record in unknown]):
            return set()
        rows = self.env.execute_query(
            SQL(
                "SELECT r.id FROM %s r WHERE r.id = ANY(%s) AND (%s)",
                SQL.identifier(self._table),
                ids,
                self._pool_masked_sql("r", list(pool_ids)),
            )
        )
        return {row[0] for row in rows}

    def _pool_hides(self, name):
        """Tell whether the user does not see a field of the record.

        :rtype: bool
        """
        return name in self._pool_masked_fields() and bool(
            self._pool_get_masked(self._pool_hiding(name))
        )

    def _pool_known_open(self, pool_ids):
        """Tell whether the record is not held back, as far as that is known without
        asking the database. Hook.

        :rtype: bool
        """
        return False

    def _read_format(self, fnames, load="_classic_read"):
        rows = super()._read_format(fnames, load)
        if self.env.su:
            return rows
        hidden = self._pool_masked_fields().intersection(fnames)
        by_pools = defaultdict(list)
        for name in hidden:
            by_pools[self._pool_hiding(name)].append(name)
        for pool_ids, names in by_pools.items():
            masked = self._pool_get_masked(pool_ids)
            for row in rows:
                if row["id"] in masked:
                    for name in names:
                        row[name] = self._pool_mask_value(name, row[name])
        return rows

    def _pool_mask_value(self, name, value):
        return MASK if value and self._fields[name].type in ("char", "text") else False

    def _field_to_sql(self, alias, field_expr, query=None):
        sql = super()._field_to_sql(alias, field_expr, query)
        name = field_expr.partition(".")[0]
        if (
            self.env.su
            or name not in self._pool_masked_fields()
            or self.env.context.get(FETCHING) is CLEAR
        ):
            return sql
        pool_ids = self._pool_hiding(name)
        field = self._fields[name]
        # A related field reads the column of the other model as superuser.
        if not pool_ids or not (field.store or field.related):
            return sql
        return SQL(
            "(CASE WHEN %s THEN NULL ELSE %s END)",
            self._pool_masked_sql(alias, list(pool_ids)),
            sql,
        )

    def _fetch_query(self, query, fields):
        if self.env.su or self.env.context.get(FETCHING) is CLEAR:
            return super()._fetch_query(query, fields)
        clear = self.with_context(**{FETCHING: CLEAR})
        found = super(PoolMask, clear)._fetch_query(query, fields)
        return found.with_env(self.env)

    @api.model
    def _search(self, domain, *args, **kwargs):
        searches = self._pool_masked_searches()
        if self.env.su or not searches or not (pool_ids := self._pool_hiding()):
            return super()._search(domain, *args, **kwargs)

        def narrow(condition):
            if condition.field_expr.partition(".")[0] not in searches:
                return condition
            return condition & self._pool_open_domain(pool_ids)

        return super()._search(Domain(domain).map_conditions(narrow), *args, **kwargs)

    def _pool_open_domain(self, pool_ids):
        return Domain.custom(
            to_sql=lambda model, alias, _query: SQL(
                "(%s) IS NOT TRUE", model._pool_masked_sql(alias, list(pool_ids))
            )
        )

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """What was written about them is read by those who may write them.

        The host asks as superuser; it is about the user.
        """
        operations = super()._mail_get_operation_for_mail_message_operation(
            message_operation
        )
        mine = self.with_user(self.env.user)
        for id_ in mine._pool_get_masked(mine._pool_hiding()):
            operations[self.browse(id_)] = "write"
        return operations

    def copy_data(self, default=None):
        self._pool_check_claimed()
        return super().copy_data(default)

    def _export_rows(self, fields, *, _is_toplevel_call=True):
        """The host's export reads values past what masks them, also those of a customer
        by way of his lead: it is refused.
        """
        hidden = self._pool_masked_fields()
        if any(path and path[0] in hidden for path in fields):
            self._pool_check_claimed()
        return super()._export_rows(fields, _is_toplevel_call=_is_toplevel_call)

    def _pool_check_claimed(self, name=None):
        """Refuse what would carry contact data of unclaimed customers elsewhere.

        :param str name: the field it is about; any by default
        """
        if masked := self._pool_get_masked(self._pool_hiding(name)):
            self.browse(sorted(masked))._pool_refuse()

    def _pool_refuse(self):
        raise UserError(
            self.env._(
                "%(names)s: in the pool, and contact data are hidden until somebody "
                "claims them. Claim first.",
                names=", ".join(self[:3].sudo().mapped("display_name")),
            )
        )


class ContactPoint(models.Model):
    _name = "crm.suite.contact.point"
    _inherit = ["crm.suite.contact.point", "crm.suite.pool.mask"]

    @api.model
    def _pool_masked_fields(self):
        return frozenset({"value", "normalized", "note", "display_name"})

    @api.model
    def _pool_masked_sql(self, alias, pool_ids):
        return self.env["res.partner"]._pool_masked_partner_sql(
            SQL.identifier(alias, "partner_id"), pool_ids
        )


class Call(models.Model):
    _name = "crm.suite.call"
    _inherit = ["crm.suite.call", "crm.suite.pool.mask"]

    @api.model
    def _pool_masked_fields(self):
        """What was said at a call names people and numbers."""
        return frozenset({"summary", "next_step"})

    @api.model
    def _pool_masked_sql(self, alias, pool_ids):
        return SQL(
            "(%s OR EXISTS (SELECT 1 FROM crm_lead hidden WHERE hidden.id = %s AND %s))"
            " AND %s != %s",
            self.env["res.partner"]._pool_masked_partner_sql(
                SQL.identifier(alias, "partner_id"), pool_ids
            ),
            SQL.identifier(alias, "lead_id"),
            self.env["crm.lead"]._pool_masked_sql("hidden", pool_ids),
            SQL.identifier(alias, "user_id"),
            self.env.uid,
        )


class SaleOrder(models.Model):
    """A quote carries the address of the customer: it begins with the claim."""

    _inherit = "sale.order"

    @api.model_create_multi
    def create(self, vals_list):
        self._pool_check_given(vals_list)
        return super().create(vals_list)

    def write(self, vals):
        self._pool_check_given([vals])
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        self._pool_check_given([values])
        return super().onchange(values, field_names, fields_spec)

    def _pool_check_given(self, vals_list):
        for name in self._crm_suite_partner_fields:
            check_given(self, name, vals_list)


class Interaction(models.Model):
    """Of a customer in the pool the timeline tells what happened, not what was said."""

    _inherit = "crm.suite.interaction"

    def _interaction_source_mail(self, slot, query, model, column):
        partners = self.env["res.partner"]
        if pool_ids := partners._pool_hiding():
            person = SQL.identifier(query.table, column)
            query.add_where(
                SQL(
                    "(%s) IS NOT TRUE",
                    partners._pool_masked_partner_sql(person, list(pool_ids)),
                )
            )
        if model == "crm.lead" and (pool_ids := self.env[model]._pool_hiding()):
            hidden = self.env[model]._pool_masked_sql(query.table, list(pool_ids))
            query.add_where(SQL("(%s) IS NOT TRUE", hidden))
        return super()._interaction_source_mail(slot, query, model, column)

    def _interaction_source_call(self):
        source = super()._interaction_source_call()
        pool_ids = self.env["res.partner"]._pool_hiding()
        if source is None or not pool_ids:
            return source
        return SQL(
            "SELECT * FROM (%s) call WHERE (%s) IS NOT TRUE",
            source,
            self.env["res.partner"]._pool_masked_partner_sql(
                SQL("call.commercial_partner_id"), list(pool_ids)
            ),
        )

    def _interaction_source_meeting(self, planned=False):
        """Where others met a customer in the pool is his address."""
        source = super()._interaction_source_meeting(planned)
        pool_ids = self.env["res.partner"]._pool_hiding()
        if source is None or not pool_ids:
            return source
        return SQL(
            "SELECT * FROM (%s) meeting WHERE meeting.user_id = %s OR (%s) IS NOT TRUE",
            source,
            self.env.uid,
            self.env["res.partner"]._pool_masked_partner_sql(
                SQL("meeting.commercial_partner_id"), list(pool_ids)
            ),
        )
