from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.field_value import get_given
from .arguments import check_one
from .res_users_visibility import EVERYONE, TEAM

LIFECYCLE = "crm_suite_lifecycle_id"
# Only stricter than without: it does no harm that a client may set them.
STRICT = "crm_suite_strict"
CUSTOMERS_ONLY = "crm_suite_customers_only"
# Of no effect but on the way to the same result.
BY_TEXT = "crm_suite_by_text"
# Of fewer letters, a page of names that fit is found at once.
LONG_TEXT = 3
# Of no effect unless records are fetched by their ids.
FETCHING = "crm_suite_fetching"
WRITING = "crm_suite_writing"


class _Writing(frozenset):
    """The ids of partners in the midst of being written; a client cannot send one."""


def asks_for_customers(domain):
    """Whether a domain lets through nothing but partners with a lifecycle stage."""
    if getattr(domain, "OPERATOR", None) == "&":
        return any(map(asks_for_customers, domain.children))
    name = getattr(domain, "field_expr", "")
    if name.split(".")[0] != LIFECYCLE:
        return False
    value = domain.value
    if domain.operator in ("in", "="):
        values = value if isinstance(value, list | tuple | set | frozenset) else [value]
        return all(values) and bool(values)
    if domain.operator == "not in":
        return name == LIFECYCLE and not isinstance(value, str) and False in value
    return domain.operator == "!=" and name == LIFECYCLE and not value


def asks_for_text(domain):
    """Whether a domain looks for a text that few names contain."""
    return any(
        condition.operator.endswith("like")
        and isinstance(condition.value, str)
        and len(condition.value.strip("%")) >= LONG_TEXT
        for condition in domain.iter_conditions()
    )


class ResPartner(models.Model):
    """Which partners a user sees where the visibility of customers is restricted.

    A *customer* is a partner with a lifecycle stage; contacts and addresses without one
    follow their company. *Visible* are the customers of :meth:`_crm_suite_customer_clauses`
    and whoever is no customer. The record rules ask the database each time, so access
    ends with what gave it.

    *Reached* is a hidden customer that a document names which the user may read: its
    record can be read by its id, so that the document can be worked with, but it is
    found in no list and no search, and its page, timeline and chatter stay closed.
    """

    _inherit = "res.partner"

    # For the record rules: who is no customer, and our own people, both few beside
    # the customers.
    _crm_suite_unmanaged_idx = models.Index(
        "(commercial_partner_id) WHERE crm_suite_lifecycle_id IS NULL"
    )
    _crm_suite_colleague_idx = models.Index("(id) WHERE partner_share IS FALSE")

    # === VISIBLE CUSTOMERS === #

    @api.model
    def _crm_suite_customer_clauses(self, operation="read"):
        """What makes a customer visible to the user: domains, any of which is enough.

        Hook: add domains on the customer's own columns; they are evaluated as
        superuser and with each query. Indexed columns keep lists fast.

        :param str operation: ``read`` or ``write``
        :rtype: list[Domain]
        """
        user = self.env.user
        team = user._crm_suite_visibility() == TEAM
        people = {user.id, *user._crm_suite_covered_ids("followups")}
        if team:
            people.update(user._crm_suite_colleague_ids())
        clauses = [
            Domain("user_id", "in", sorted(people)),
            self._crm_suite_shared(operation),
        ]
        if team:
            clauses.append(
                Domain("crm_suite_team_id", "in", user._crm_suite_team_ids())
            )
        return clauses

    @api.model
    def _crm_suite_shared(self, operation):
        """The customers on whose team the user is."""
        uid = self.env.uid
        members = self.env["crm.suite.customer.member"]
        flush = members._fields["partner_id"], members._fields["access"]

        def to_sql(model, alias, query):
            # As an array the planner looks them up by the primary key of the partners.
            return SQL(
                "%s = ANY(ARRAY(SELECT partner_id FROM crm_suite_customer_member"
                " WHERE user_id = %s AND (%s OR access = 'write')))",
                SQL.identifier(alias, "id"),
                uid,
                operation == "read",
                to_flush=flush,
            )

        return Domain.custom(to_sql=to_sql)

    @api.model
    def _crm_suite_visible_sql(self, alias, operation):
        """The condition of the record rules; in an environment of superuser with the
        id of the user in question.

        Where only customers are asked for, their own columns say it all and the
        database can use its indexes; otherwise contacts look up their company.

        :rtype: SQL
        """
        stage = self._field_to_sql(alias, LIFECYCLE)
        mine = self._crm_suite_mine_sql(alias, operation)
        if self.env.context.get(CUSTOMERS_ONLY):
            return SQL("(%s IS NOT NULL AND %s)", stage, mine)
        company = f"{alias}__crm_suite_customer"
        # Each line has an index of its own, so that the planner can put them together.
        # The last one asks for a value and not for EXISTS: that one the planner makes
        # for all customers at once, even if it needs it for a page of contacts.
        return SQL(
            """(%(share)s IS FALSE
                OR %(id)s = ANY(ARRAY(SELECT partner_id FROM res_company))
                OR (%(stage)s IS NOT NULL AND %(mine)s)
                OR (%(stage)s IS NULL AND (
                    SELECT %(company_stage)s IS NULL OR %(company_mine)s
                      FROM res_partner %(company)s
                     WHERE %(company)s.id = %(commercial)s)))""",
            share=self._field_to_sql(alias, "partner_share"),
            id=SQL.identifier(alias, "id"),
            stage=stage,
            mine=mine,
            commercial=self._field_to_sql(alias, "commercial_partner_id"),
            company=SQL.identifier(company),
            company_stage=self._field_to_sql(company, LIFECYCLE),
            company_mine=self._crm_suite_mine_sql(company, operation),
        )

    def _crm_suite_mine_sql(self, alias, operation):
        """Whether a customer is one of the user's, by its own columns."""
        domain = Domain.OR(self._crm_suite_customer_clauses(operation))
        partners = self.with_context(active_test=False)
        condition = domain.optimize_full(partners)._to_sql(partners, alias, None)
        return SQL("(%s)", condition)

    @api.model
    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not (self.env.su or bypass_access) and self._crm_suite_is_restricted():
            domain = Domain(domain)
            # pylint: disable-next=context-overridden
            self = self.with_context(
                **{
                    CUSTOMERS_ONLY: asks_for_customers(domain),
                    BY_TEXT: asks_for_text(domain),
                }
            )
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    @api.model
    def _order_field_to_sql(self, alias, field_name, direction, nulls, query):
        if field_name != "complete_name" or not self.env.context.get(BY_TEXT):
            return super()._order_field_to_sql(
                alias, field_name, direction, nulls, query
            )
        # The database takes the comparison of a text for as cheap as that of a number:
        # it would go through all customers by their names until it has found a page of
        # those whose name fits. So it finds what fits first, and sorts that.
        name = self._field_to_sql(alias, field_name, query)
        query._order_groupby.append(name)
        return SQL("(%s || '') %s %s", name, direction, nulls)

    @api.model
    def _crm_suite_is_restricted(self):
        return self.env.user._crm_suite_visibility() != EVERYONE

    # === HIDDEN CUSTOMERS THAT A DOCUMENT NAMES === #

    @api.model
    def _crm_suite_document_fields(self):
        """The documents by which a hidden customer is reached.

        Hook: add a model only if it refuses to name a customer that its author cannot
        see, see ``visibility_documents.py``: otherwise anybody reads any customer by
        a document of his own.

        :return: pairs of model and field
        :rtype: list[tuple[str, str]]
        """
        return [
            ("sale.order", "partner_id"),
            ("sale.order", "partner_shipping_id"),
            ("sale.order", "partner_invoice_id"),
            ("crm.lead", "partner_id"),
            ("account.move", "partner_id"),
            ("account.move", "partner_shipping_id"),
            ("stock.picking", "partner_id"),
            ("account.payment", "partner_id"),
        ]

    def _crm_suite_written(self):
        """Of these partners those that the user is giving away in this very call."""
        writing = self.env.context.get(WRITING)
        if not isinstance(writing, _Writing):
            return self.browse()
        return self.filtered(lambda partner: partner.id in writing)

    def _crm_suite_reached(self, without=None):
        """Of these hidden partners those that documents name which the user may read,
        with their companies.

        :param without: documents that do not count
        :rtype: res.partner
        """
        if not self:
            return self
        # Superuser to find the companies; what leaves are ids of ``self``.
        wanted = self.sudo().exists()
        companies = wanted.commercial_partner_id.ids
        people = wanted.with_context(active_test=False)._search(
            [("commercial_partner_id", "in", companies)]
        )
        reached = set()
        for model, name in self._crm_suite_document_fields():
            if reached.issuperset(wanted.ids):
                break
            named = self._crm_suite_named_by(model, name, people, without)
            for partner in self.sudo().browse(named):
                reached |= {
                    partner.id,
                    partner.parent_id.id,
                    partner.commercial_partner_id.id,
                }
        return self.filtered(lambda partner: partner.id in reached)

    def _crm_suite_named_by(self, model, name, people, without):
        """Ids of the ``people`` that documents of a model name which the user may read."""
        if model not in self.env or not self.env[model].has_access("read"):
            return []
        documents = self.env[model].with_context(active_test=False)
        domain = Domain(name, "in", people)
        if without is not None and without._name == model:
            domain &= Domain("id", "not in", without.ids)
        query = documents._search(domain)
        if query.is_empty():
            return []
        column = documents._field_to_sql(query.table, name, query)
        query.groupby = column
        return [id_ for (id_,) in self.env.execute_query(query.select(column))]

    def _check_access(self, operation):
        result = super()._check_access(operation)
        if (
            not result
            or operation != "read"
            or not any(self._ids)
            or self.env.context.get(STRICT)
            or not self._crm_suite_is_restricted()
        ):
            return result
        hidden, make_error = result
        if not self.env["ir.model.access"].check(self._name, "read", False):
            return result
        still = hidden - hidden._crm_suite_written()
        still -= still._crm_suite_reached()
        return (still, make_error) if still else None

    def fetch(self, field_names=None):
        if not self.env.su and self and self._crm_suite_is_restricted():
            # For the query below: records by their ids, and not a search.
            # pylint: disable-next=context-overridden
            self = self.with_context(**{FETCHING: True})
        return super().fetch(field_names)

    def _fetch_query(self, query, fields):
        """Fetch those, too, that are reached by documents: they are missing in the
        answer to ``fetch()``.
        """
        fetched = super()._fetch_query(query, fields)
        context = self.env.context
        if self.env.su or not context.get(FETCHING) or context.get(STRICT):
            return fetched
        missing = self - fetched
        reached = missing._crm_suite_written()
        reached |= (missing - reached)._crm_suite_reached()
        if reached:
            fetched += super()._fetch_query(reached._as_query(ordered=False), fields)
        return fetched

    # === WHAT IS CLOSED TO WHO MERELY REACHES A CUSTOMER === #

    def _crm_suite_filtered_visible(self, operation="read"):
        """The partners that the user finds by himself, not merely by a document.

        :rtype: res.partner
        """
        strict = self.with_context(**{STRICT: True})
        return self.browse(strict._filtered_access(operation).ids)

    def _crm_suite_check_visible(self):
        """Refuse customers that the user does not find by himself.

        :raise AccessError:
        """
        self.with_context(**{STRICT: True}).check_access("read")

    def explain(self, topic):
        self._crm_suite_check_role()
        check_one(self)._crm_suite_check_visible()
        return super().explain(topic)

    # === KEEPING IT SO === #

    @api.model_create_multi
    def create(self, vals_list):
        """Who sees only his own customers, owns what he enters."""
        if not self.env.su and self._crm_suite_is_restricted():
            for vals in vals_list:
                self.browse()._crm_suite_check_parent(vals)
                managed = vals.get(LIFECYCLE) or self._crm_suite_starts_managed(vals)
                if managed and not vals.get("user_id"):
                    vals["user_id"] = self.env.uid
        return super().create(vals_list)

    def write(self, vals):
        """Who may change a customer may give it away: what the host reads of it to end
        the change is still there for him.
        """
        if not self.env.su and self._crm_suite_is_restricted():
            self.check_access("write")
            self._crm_suite_check_parent(vals)
            # pylint: disable-next=context-overridden
            self = self.with_context(**{WRITING: _Writing(self.ids)})
        return super().write(vals)

    def onchange(self, values, field_names, fields_spec):
        """The host answers with the name of the company, computed as superuser."""
        if not self.env.su and self._crm_suite_is_restricted():
            # The client sends what is there already along with what was changed.
            if not self or get_given(self, "parent_id", values) != self.parent_id:
                self._crm_suite_check_parent(values)
        return super().onchange(values, field_names, fields_spec)

    def _crm_suite_check_parent(self, vals):
        """Refuse a hidden company: the host copies its address and terms to contacts.

        :param dict vals: of a new contact where ``self`` is empty
        """
        if not self and "parent_id" not in vals:
            vals = self.default_get(["parent_id"])
        if company := get_given(self, "parent_id", vals):
            company._crm_suite_check_visible()

    def web_save(self, vals, specification, next_id=None):
        """Say what happens to who gives a customer away in its form."""
        try:
            return super().web_save(vals, specification, next_id=next_id)
        except AccessError:
            if not self or not vals.keys() & {"user_id", "crm_suite_team_id"}:
                raise
            gone = self - self._crm_suite_filtered_visible()
            if not gone:
                raise
            raise UserError(
                self.env._(
                    "You would not see this customer any more. Hand it over from the list: choose it, then Actions, Reassign."
                )
            ) from None

    @api.model
    def _crm_suite_check_named(self, documents, names):
        """Refuse documents by which their author would get at a hidden customer.

        :param documents: just written
        :param names: their fields with partners
        :raise AccessError: what to do instead
        """
        if self.env.su or not self._crm_suite_is_restricted():
            return
        partners = self.browse()
        for name in names:
            # Read as superuser: hidden ones are just what is looked for.
            partners |= self.browse(documents.sudo()[name].ids)
        partners._crm_suite_check_reached(documents)

    def _crm_suite_check_reached(self, documents):
        """Refuse partners that the user neither sees nor reaches but by the documents.

        :raise AccessError: what to do instead
        """
        if self.env.su or not self or not self._crm_suite_is_restricted():
            return
        hidden = self - self._crm_suite_filtered_visible()
        hidden -= hidden._crm_suite_reached(without=documents)
        if hidden:
            raise AccessError(
                self.env._(
                    "This customer belongs to somebody else. Check it in the conflict check and ask its owner for access."
                )
            )
