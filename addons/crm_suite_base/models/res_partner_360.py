import html

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.normalize import format_phone
from .arguments import is_id

TIMELINE_ROWS = 20
# Blocks with figures, and the documents that they are made of.
OWN_DOCUMENTS = {
    "value": "sale.order",
    "receivable": "account.move",
    "deals": "crm.lead",
    "quotes": "sale.order",
    "orders": "sale.order",
}


def names_a_user(domain):
    """Whether a domain lets through nothing but documents of certain users."""
    operator = getattr(domain, "OPERATOR", None)
    if operator == "|":
        return all(map(names_a_user, domain.children))
    if operator == "&":
        return any(map(names_a_user, domain.children))
    return "user_id" in getattr(domain, "field_expr", "")


class ResPartner(models.Model):
    """The page of one customer, as data.

    Every block is made by a method of its own from a fixed number of queries and
    through the viewer's rights. A block that he may not see is absent: neither an
    error nor an empty figure, which would tell something too.
    """

    _inherit = "res.partner"

    @api.model
    @api.readonly
    def crm_suite_360(self, partner_id, subsidiaries=False):
        """Everything about one customer that the viewer may know.

        :param int partner_id: the customer or one of its contacts
        :param bool subsidiaries: count a company together with the companies below
            it: figures, documents, last contact, next step and timeline
        :return: ``{"id", "name", "blocks": {name: data}}``
        :rtype: dict
        """
        partner = self._crm_suite_get_named(partner_id)
        self._crm_suite_check_role()
        partner._crm_suite_check_visible()
        scope = partner._crm_suite_360_scope(subsidiaries)
        blocks = {}
        for name, method in self._crm_suite_360_blocks().items():
            block = getattr(partner, method)(scope)
            if block is not None:
                blocks[name] = block
        partner._crm_suite_360_mark_own(blocks)
        return {"id": partner.id, "name": partner.name or "", "blocks": blocks}

    @api.model
    def _crm_suite_get_named(self, partner_id):
        """The customer whom a caller names by the id.

        :raise UserError: there is none, or it is no id
        """
        partner = self.browse(partner_id if is_id(partner_id) else ()).exists()
        if not partner:
            raise UserError(
                self.env._(
                    "This customer does not exist any more. Go back to the list."
                )
            )
        return partner

    @api.model
    def _crm_suite_360_blocks(self):
        """The blocks of the page in their order, with the method that makes each.

        Hook: extend to add blocks. A method takes the dictionary of
        :meth:`_crm_suite_360_scope` and returns data that JSON can carry, or ``None``
        where the viewer may not see the block.

        :rtype: dict[str, str]
        """
        return {
            "identity": "_crm_suite_360_identity",
            "value": "_crm_suite_360_value",
            "receivable": "_crm_suite_360_receivable",
            "deals": "_crm_suite_360_deals",
            "quotes": "_crm_suite_360_quotes",
            "orders": "_crm_suite_360_orders",
            "deliveries": "_crm_suite_360_deliveries",
            "contact": "_crm_suite_360_contact",
            "contacts": "_crm_suite_360_contacts",
            "structure": "_crm_suite_360_structure",
            "relations": "_crm_suite_360_relations",
            "consents": "_crm_suite_360_consents",
            "preferences": "_crm_suite_360_preferences",
            "timeline": "_crm_suite_360_timeline",
        }

    def _crm_suite_360_mark_own(self, blocks):
        """Mark the figures in which other people's documents are missing.

        Who sees only his own orders must not take their sum for the customer's.
        """
        rules = self.env["ir.rule"]
        for name, model_name in OWN_DOCUMENTS.items():
            if name not in blocks or blocks[name].get("counts_all"):
                continue
            if names_a_user(rules._compute_domain(model_name, "read")):
                blocks[name]["own_only"] = True

    def _crm_suite_360_scope(self, subsidiaries=False):
        """What several blocks share, found once.

        :return: ``commercial`` (see :meth:`_crm_suite_shown_customer`), ``family`` (with
            the subsidiaries), ``counted`` (of whom the page speaks: one of these),
            ``currency``, ``filters`` and ``timeline`` (its first page with them) and
            ``figures`` (an empty dictionary in which blocks leave what the structure
            block adds up)
        :rtype: dict
        """
        commercial = self._crm_suite_shown_customer()
        family = commercial._crm_suite_family()
        together = bool(subsidiaries) and self == commercial
        filters = {"subsidiaries": True} if together else {}
        return {
            "commercial": commercial,
            "family": family,
            "counted": family if together else commercial,
            "currency": self.env.company.currency_id,
            "figures": {},
            "filters": filters,
            "timeline": self.crm_suite_timeline(self.id, filters, False, TIMELINE_ROWS),
        }

    def _crm_suite_shown_customer(self):
        """The company or the person itself; only the person where the viewer may see
        it, but not the company."""
        commercial = self.commercial_partner_id
        if commercial == self:
            return commercial
        return commercial._crm_suite_filtered_visible() or self

    # ------------------------------------------------------------------
    # Who it is
    # ------------------------------------------------------------------

    def _crm_suite_360_identity(self, scope):
        commercial = scope["commercial"]
        size = dict(self._fields["crm_suite_size"]._description_selection(self.env))
        stage = commercial.crm_suite_lifecycle_id
        parent = self.parent_id._crm_suite_filtered_visible()
        return {
            "name": self.name or "",
            "avatar": f"/web/image/res.partner/{self.id}/avatar_128",
            "is_company": self.is_company,
            "type": "company" if self.is_company else "person",
            "function": self.function or "",
            "company": self._crm_suite_named(parent),
            "industry": self._crm_suite_named(commercial.industry_id),
            "region": self._crm_suite_region(),
            "size": size.get(commercial.crm_suite_size, ""),
            "employees": commercial.crm_suite_employees,
            "annual_revenue": commercial.crm_suite_annual_revenue,
            "website": self.website or "",
            "phone": self.phone or "",
            "phone_display": format_phone(self.phone, self.env.company.country_id.code),
            "phone_extension": self.crm_suite_phone_extension or "",
            "email": self.email or "",
            "vat": commercial.vat or "",
            "ref": self.ref or "",
            "source": self._crm_suite_named(commercial.crm_suite_source_id),
            "tags": [
                {"id": tag.id, "name": tag.name, "color": tag.color}
                for tag in self.category_id
            ],
            "lifecycle": stage
            and {"id": stage.id, "name": stage.name, "code": stage.code},
            "owner": self._crm_suite_named(commercial.user_id.sudo()),
            "team": self._crm_suite_named(commercial.crm_suite_team_id.sudo()),
            "active": self.active,
            "quality_missing": commercial._crm_suite_quality_missing(),
        }

    @api.model
    def _crm_suite_named(self, record):
        """A record as clients show it, or false."""
        return {"id": record.id, "name": record.display_name} if record else False

    def _crm_suite_region(self):
        """Country, province and city as one line, widest first.

        A municipality such as 上海市 is both province and city, and named once.
        """
        parts = [self.country_id.name, self.state_id.name, self.city]
        return " · ".join(dict.fromkeys(part for part in parts if part))

    def _crm_suite_360_contacts(self, scope):
        """The people of the company with the part they play."""
        people = self.search_fetch(
            [
                ("commercial_partner_id", "=", scope["commercial"].id),
                ("id", "!=", scope["commercial"].id),
                ("is_company", "=", False),
                ("type", "not in", ("invoice", "delivery")),
            ],
            ["name", "function", "phone", "email", "type", "crm_suite_phone_extension"],
            limit=50,
        )
        roles = self._crm_suite_decision_roles(people)
        here = self.env.company.country_id.code
        return [
            {
                "id": person.id,
                "name": person.name or "",
                "function": person.function or "",
                "phone": person.phone or "",
                "phone_display": format_phone(person.phone, here),
                "phone_extension": person.crm_suite_phone_extension or "",
                "email": person.email or "",
                "roles": roles.get(person.id, []),
            }
            for person in people
        ]

    def _crm_suite_decision_roles(self, people):
        """Roles and decision roles of the people, by id."""
        decisions = dict(
            self.env["crm.suite.relation"]
            ._fields["decision_role"]
            ._description_selection(self.env)
        )
        roles = {}
        for relation in self.env["crm.suite.relation"].search_fetch(
            [("partner_id", "in", people.ids), ("is_current", "=", True)],
            ["partner_id", "role", "decision_role"],
        ):
            listed = roles.setdefault(relation.partner_id.id, [])
            for role in (decisions.get(relation.decision_role), relation.role):
                if role and role not in listed:
                    listed.append(role)
        return roles

    def _crm_suite_360_relations(self, scope):
        """Ties to others, seen from this customer's end, current ones first."""
        mine = (self | scope["commercial"]).ids
        relations = self.env["crm.suite.relation"].search(
            ["|", ("partner_id", "in", mine), ("related_partner_id", "in", mine)],
            limit=100,
        )
        rows = [relation._seen_from(mine) for relation in relations]
        return sorted(rows, key=lambda row: not row["is_current"])

    def _crm_suite_360_consents(self, scope):
        """By which channels the customer may be written to or called."""
        rows = []
        for channel, address, refused in (
            ("email", self.email_normalized, self.is_blacklisted),
            ("phone", self.phone_sanitized, self.phone_sanitized_blacklisted),
            ("sms", self.phone_sanitized, self.phone_sanitized_blacklisted),
        ):
            if not address:
                reason = (
                    self.env._("No e-mail address")
                    if channel == "email"
                    else self.env._("No number")
                )
            elif refused:
                reason = self.env._("On the list of those who refused")
            else:
                reason = ""
            rows.append({"channel": channel, "allowed": not reason, "reason": reason})
        return rows

    def _crm_suite_360_preferences(self, scope):
        def label(name):
            options = dict(self._fields[name]._description_selection(self.env))
            return options.get(self[name], "")

        return {
            "channel": self.crm_suite_preferred_channel or False,
            "channel_label": label("crm_suite_preferred_channel"),
            "time": self.crm_suite_preferred_time or False,
            "time_label": label("crm_suite_preferred_time"),
            "language": label("lang"),
            "preferences": self.crm_suite_preferences or "",
            "needs": self.crm_suite_needs or "",
        }

    # ------------------------------------------------------------------
    # What was and what is next
    # ------------------------------------------------------------------

    def _crm_suite_360_contact(self, scope):
        """The last contact and the next step."""
        return {
            "last": self._crm_suite_last_contact(
                scope["timeline"]["rows"], scope["filters"]
            ),
            "next": self._crm_suite_next_activity(scope),
        }

    def _crm_suite_next_activity(self, scope):
        """The next step: the first activity on the customer, a deal or an order of
        it, or the next meeting with it.
        """
        filters = scope["filters"]
        row = self._crm_suite_timeline_of(filters)._interaction_next(
            [self._crm_suite_timeline_whose(filters)]
        )
        if row is None:
            return False
        record = self.env[row["res_model"]].browse(row["res_id"])
        day, today = row["date"].date(), fields.Date.context_today(self)
        label, document = self.env._("Meeting"), record
        if row["kind"] == "activity":
            activity = record.sudo()
            label = activity.activity_type_id.name or ""
            document = self.env[activity.res_model].browse(activity.res_id)
        return {
            "id": record.id,
            "model": record._name,
            # Where it stands, unless that is the customer's own page.
            "document": document._name != "res.partner"
            and {"model": document._name, "id": document.id},
            "date": fields.Date.to_string(day),
            "summary": html.unescape(row["title"] or "") or label,
            "type": label,
            "user": self.env["res.users"].sudo().browse(row["user_id"]).name or "",
            "state": "overdue"
            if day < today
            else "today"
            if day == today
            else "planned",
        }

    def _crm_suite_360_timeline(self, scope):
        return scope["timeline"]
