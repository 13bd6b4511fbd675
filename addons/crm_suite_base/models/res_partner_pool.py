from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .duplicate_entry import DuplicateRefused
from .duplicate_search import Hit
from .pool_mask import SHOWING, check_given, is_cached

CONTACT = frozenset(
    {
        "email",
        "email_formatted",
        "email_normalized",
        "phone",
        "phone_sanitized",
        "phone_formatted",
        "street",
        "street2",
        "zip",
        "website",
        "vat",
        "company_registry",
        "comment",
        "contact_address",
        "contact_address_complete",
        "contact_address_inline",
        "partner_latitude",
        "partner_longitude",
        "crm_suite_phone_extension",
        "crm_suite_keys",
        "crm_suite_blocks",
        "phone_mobile_search",
        # The host reads it past the rights to the activity.
        "activity_summary",
    }
)
# What makes a contact of a customer.
JOINING = frozenset({"is_company", "parent_id"})
# By what a customer is held back.
DECIDING = ("crm_suite_pool_id", "user_id", "commercial_partner_id")
# Says of records that they were found by a key which the user may not see. An object and
# not a word: no caller can put it into a context.
HIDDEN = object()
BY_HIDDEN_KEY = "crm_suite_pool_by_hidden_key"
# What a vCard is made of, by its names of it.
CARD = {"adr": "street", "email": "email", "tel": "phone", "url": "website"}
# Stages of those who bought at least once.
WON = ("first", "repeat", "loyal", "at_risk", "dormant", "won_back")


class ResPartner(models.Model):
    """Customers in pools. Contacts follow the customer to whom they belong."""

    _name = "res.partner"
    _inherit = ["res.partner", "crm.suite.pool.mixin", "crm.suite.pool.mask"]

    _crm_suite_in_pool_idx = models.Index(
        "(crm_suite_pool_id) WHERE crm_suite_pool_id IS NOT NULL AND user_id IS NULL"
    )
    _crm_suite_return_idx = models.Index(
        "(crm_suite_return_on) WHERE crm_suite_return_on IS NOT NULL"
    )

    @api.model
    def _pool_domain(self):
        # Contacts go with their company.
        alone = Domain("parent_id", "=", False) | Domain("is_company", "=", True)
        return self._crm_suite_managed_domain() & alone

    @api.model
    def _pool_won_domain(self):
        return Domain("crm_suite_lifecycle_id.code", "in", WON)

    def _pool_owner_values(self, user):
        return {"crm_suite_team_id": user.sale_team_id.id}

    def _pool_followers(self):
        """The contacts that have nobody, or whom the customer has. A company below it
        is a customer of its own, with its own owner and its own clock.
        """
        contacts = (
            self.sudo()
            .with_context(active_test=False)
            .search([("id", "child_of", self.ids), ("id", "not in", self.ids)])
        )
        return contacts.filtered(
            lambda contact: (
                contact.commercial_partner_id in self
                and contact.user_id <= contact.commercial_partner_id.user_id
            )
        )

    @api.model
    def _assignable_domain(self):
        # What is in a pool is given out by its rules.
        return super()._assignable_domain() & ~self._pool_inside_domain()

    def _assignable_take(self):
        self._pool_leave_unaccepted()
        return super()._assignable_take()

    @api.model
    def _crm_suite_customer_clauses(self, operation="read"):
        """Members see what they may claim, admins all that the pool gave out."""
        clauses = super()._crm_suite_customer_clauses(operation)
        member, admin = self.env["crm.suite.pool"]._get_mine()
        if member and operation == "read":
            clauses.append(
                Domain("crm_suite_pool_id", "in", member)
                & Domain("user_id", "=", False)
            )
        if admin:
            clauses.append(Domain("crm_suite_pool_id", "in", admin))
        return clauses

    # === WHAT IS HIDDEN === #

    @api.model
    def _pool_masked_fields(self):
        return CONTACT & self._fields.keys()

    # === KEYS OF PROGRAMS === #

    @api.model
    def _crm_suite_upsert_find(self, row_keys, keys):
        """With the customers whose key is hidden from the user: nobody makes those a
        second time. Nothing is done with them, see :meth:`_pool_refuse_key`.
        """
        found = super()._crm_suite_upsert_find(row_keys, keys)
        missing = set(row_keys) - set(found)
        if not missing or not (pool_ids := self._pool_hiding_key(keys)):
            return found
        # sudo: the keys are hidden; only those of the user's companies are looked at.
        there = self.sudo()._crm_suite_search_keys(missing, keys)
        masked = self.union(*there.values())._pool_get_masked(pool_ids)
        companies = {False, *self.env.companies.ids}
        for row_key, partners in there.items():
            hidden = partners.filtered(
                lambda p: p.active and p.id in masked and p.company_id.id in companies
            )
            if hidden:
                context = {BY_HIDDEN_KEY: HIDDEN}
                found[row_key] = self.browse(hidden.ids).with_context(**context)
        return found

    @api.model
    def _pool_hiding_key(self, keys):
        """The pools that hide one of the fields that identify a customer.

        :rtype: list[int]
        """
        masked = self._pool_masked_fields()
        hiding = [self._pool_hiding(name) for name in keys if name in masked]
        return sorted({pool_id for pool_ids in hiding for pool_id in pool_ids})

    def _pool_refuse_key(self, keys):
        """Refuse what names customers by a key that is hidden from the user: as a rule
        about duplicates does, and no more is told.

        :raise DuplicateRefused: they were found by such a key
        """
        if self.env.context.get(BY_HIDDEN_KEY) is not HIDDEN:
            return
        reasons = dict.fromkeys(keys, 1.0)
        hits = [Hit(self._name, id_, 1.0, reasons, 0, 0, "block") for id_ in self.ids]
        queries = self.env["crm.suite.duplicate.query"]
        told = [(hit.model, hit.id) for hit in hits]
        if queries._get_unreadable(told):
            queries._note_told(", ".join(keys), told, "refusal")
        raise DuplicateRefused(self._duplicate_refusal(hits), {})

    def _crm_suite_upsert_placed(self, vals, keys):
        """Of whom the user may not know, no country is told by what it makes of a
        number."""
        self._pool_refuse_key(keys)
        return super()._crm_suite_upsert_placed(vals, keys)

    def _crm_suite_upsert_changes(self, vals, keys):
        self._pool_refuse_key(keys)
        return super()._crm_suite_upsert_changes(vals, keys)

    @api.model
    def _pool_masked_sql(self, alias, pool_ids):
        return SQL(
            "%s IN (SELECT id FROM res_partner WHERE crm_suite_pool_id = ANY(%s)"
            " AND user_id IS NULL)",
            SQL.identifier(alias, "commercial_partner_id"),
            pool_ids,
            to_flush=[self._fields[name] for name in DECIDING],
        )

    @api.model
    def _pool_masked_partner_sql(self, person, pool_ids):
        """The same for a column of another table that names a partner."""
        return SQL(
            "%s IN (SELECT p.id FROM res_partner c"
            " JOIN res_partner p ON p.commercial_partner_id = c.id"
            " WHERE c.crm_suite_pool_id = ANY(%s) AND c.user_id IS NULL)",
            person,
            pool_ids,
            to_flush=[self._fields[name] for name in DECIDING],
        )

    def _pool_known_open(self, pool_ids):
        if not is_cached(self, "commercial_partner_id"):
            return False
        customer = self.commercial_partner_id
        if not is_cached(customer, "crm_suite_pool_id", "user_id"):
            return False
        return customer.crm_suite_pool_id.id not in pool_ids or bool(customer.user_id)

    def _compute_display_name(self):
        """Names with address, e-mail or phone number leave them out.

        By who the user is and not by his rights of the moment: names of links are made
        as superuser, for the eyes of the user.
        """
        super()._compute_display_name()
        context = self.env.context
        if not any(context.get(key) for key in SHOWING):
            return
        mine = self.with_user(self.env.user)
        hidden = self.browse(mine._pool_get_masked(mine._pool_hiding()))
        for partner, known in zip(hidden, hidden.sudo(), strict=True):
            partner.display_name = known.complete_name

    def _build_vcard(self):
        """A card of a customer in the pool, without its contact data."""
        card = super()._build_vcard()
        for part, name in CARD.items() if card else ():
            if part in card.contents and self._pool_get_masked(self._pool_hiding(name)):
                del card.contents[part]
        return card

    # A contact takes the address of its company along.
    @api.model_create_multi
    def create(self, vals_list):
        check_given(self, "parent_id", vals_list)
        return super().create(vals_list)

    def write(self, vals):
        check_given(self, "parent_id", [vals])
        result = super().write(vals)
        if not JOINING.isdisjoint(vals):
            self._pool_leave_contacts()
        return result

    def _pool_leave_contacts(self):
        """Who became a contact of a company is no customer of a pool any more."""
        if self._name not in self.env["crm.suite.pool"]._get_pooled():
            return
        contacts = self.sudo().filtered(
            lambda p: p.parent_id and not p.is_company and p.crm_suite_pool_id
        )
        contacts._pool_leave(
            self.env._("It became a contact of a company and goes with it.")
        )

    def _get_address_values(self):
        if self._origin._pool_get_masked(self._pool_hiding("street")):
            return {}
        return super()._get_address_values()

    @api.model
    @api.readonly
    def crm_suite_360(self, partner_id, subsidiaries=False):
        """The page of a customer in the pool, without its contact data."""
        page = super().crm_suite_360(partner_id, subsidiaries)
        partner = self.browse(page["id"])
        pool_ids = partner._pool_hiding()
        if not partner._pool_get_masked(pool_ids):
            return page
        identity = page["blocks"].get("identity", {})
        hidden = {name for name in CONTACT if partner._pool_hiding(name)}
        for name in ("phone", "email", "website", "vat"):
            if name in hidden and identity.get(name):
                identity[name] = False
        if "phone" in hidden:
            identity["phone_display"] = identity["phone_extension"] = ""
        for row in self._pool_rows(page["blocks"].get("contacts")):
            for name in ("phone", "phone_display", "phone_extension", "email"):
                if row.get(name):
                    row[name] = ""
        page["blocks"].pop("consents", None)
        identity["pool"] = partner.sudo().commercial_partner_id.crm_suite_pool_id.name
        return page

    def _pool_rows(self, block):
        if isinstance(block, dict):
            return [row for rows in block.values() for row in self._pool_rows(rows)]
        if isinstance(block, list):
            return [row for row in block if isinstance(row, dict)]
        return []


class ResUsers(models.Model):
    _inherit = "res.users"

    def _crm_suite_pool_write_domain(self, model):
        """What the user may change as far as pools are concerned: what is in a pool
        is claimed first.

        :param str model: ``res.partner`` or ``crm.lead``
        :rtype: list
        """
        guarded = self.env["crm.suite.pool"].with_user(self)._get_guarded()
        ids = [pool_id for pool_id, (held, _p) in guarded.items() if held == model]
        if not ids:
            return [(1, "=", 1)]
        inside = Domain("crm_suite_pool_id", "in", ids) & Domain("user_id", "=", False)
        if model == "res.partner":
            inside = Domain("commercial_partner_id", "any", inside)
        return list(~inside)
