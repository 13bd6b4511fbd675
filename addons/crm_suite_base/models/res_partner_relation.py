from odoo import api, fields, models

from ..tools.field_value import get_given

ROLE = "crm_suite_base.group_crm_suite_user"
# A group of companies larger than this is shown from the chosen company downwards.
MAX_NODES = 300


class ResPartner(models.Model):
    """Relations of a customer: former employers, lines of command, the company tree."""

    _inherit = "res.partner"

    crm_suite_relation_ids = fields.One2many(
        "crm.suite.relation", "partner_id", string="Relations", groups=ROLE
    )
    crm_suite_inverse_relation_ids = fields.One2many(
        "crm.suite.relation",
        "related_partner_id",
        string="Relations From Others",
        groups=ROLE,
    )
    crm_suite_call_ids = fields.One2many(
        "crm.suite.call", "partner_id", string="Calls and Visits", groups=ROLE
    )
    crm_suite_relation_count = fields.Integer(
        string="Number of Relations",
        compute="_compute_crm_suite_relation_count",
        groups=ROLE,
    )
    crm_suite_call_count = fields.Integer(
        string="Number of Calls", compute="_compute_crm_suite_call_count", groups=ROLE
    )

    def _compute_crm_suite_relation_count(self):
        counts = {}
        for name in ("partner_id", "related_partner_id"):
            for partner, count in self.env["crm.suite.relation"]._read_group(
                [(name, "in", self.ids)], [name], ["__count"]
            ):
                counts[partner.id] = counts.get(partner.id, 0) + count
        for partner in self:
            partner.crm_suite_relation_count = counts.get(partner.id, 0)

    def _compute_crm_suite_call_count(self):
        commercial = self.commercial_partner_id
        counts = {
            partner.id: count
            for partner, count in self.env["crm.suite.call"]._read_group(
                [("commercial_partner_id", "in", commercial.ids)],
                ["commercial_partner_id"],
                ["__count"],
            )
        }
        for partner in self:
            partner.crm_suite_call_count = counts.get(
                partner.commercial_partner_id.id, 0
            )

    # ------------------------------------------------------------------
    # Former employers
    # ------------------------------------------------------------------

    def write(self, vals):
        if "parent_id" not in vals:
            return super().write(vals)
        leaving = self._crm_suite_leaving(get_given(self, "parent_id", vals))
        result = super().write(vals)
        for person, company, function in leaving:
            person._crm_suite_remember_employer(company, function)
        return result

    def _crm_suite_leaving(self, parent):
        """The people of managed companies who leave for ``parent``.

        :return: person, company left, position held there
        """
        return [
            (person, person.parent_id, person.function)
            for person in self.sudo()
            if person.parent_id
            and person.parent_id != parent
            and not person.is_company
            and person.type == "contact"
            and person.parent_id.is_company
            and person.parent_id.crm_suite_lifecycle_id
        ]

    def _crm_suite_remember_employer(self, company, function):
        """Keep the company that a person left as an ended employment.

        Superuser, because it follows from a change that the user was allowed: who may
        move a contact need not be allowed to write relations.
        """
        kind = self.env.ref("crm_suite_base.relation_type_employment", False)
        if not kind:
            return
        today = fields.Date.context_today(self)
        relations = self.env["crm.suite.relation"].sudo()
        current = relations.search(
            [
                ("partner_id", "=", self.id),
                ("related_partner_id", "=", company.id),
                ("type_id", "=", kind.id),
                ("date_to", "=", False),
            ]
        )
        if current:
            # What was entered ahead ends where it begins.
            date_to = max(today, current.date_from or today)
            current.write({"date_to": date_to, "role": current.role or function})
            return
        relations.create(
            {
                "partner_id": self.id,
                "related_partner_id": company.id,
                "type_id": kind.id,
                "role": function,
                "date_to": today,
            }
        )

    # ------------------------------------------------------------------
    # Organisation chart
    # ------------------------------------------------------------------

    @api.model
    @api.readonly
    def crm_suite_structure(self, partner_id):
        """The companies and people around a customer as a graph.

        Companies hang together by the host's parent company, people belong to their
        company and report to each other by relations.

        :param int partner_id: a company, or a person of it
        :return: ``{"root", "nodes": [{"id", "name", "kind", "function", "roles",
            "company_id", "lifecycle", "avatar"}], "edges": [{"from", "to", "kind"}],
            "truncated"}``; an edge points from the upper to the lower node
        :rtype: dict
        """
        partner = self._crm_suite_get_named(partner_id)
        self._crm_suite_check_role()
        partner._crm_suite_check_visible()
        top = partner._crm_suite_shown_customer()._crm_suite_top()
        companies = top._crm_suite_family()
        truncated = len(companies) > MAX_NODES
        companies = companies[:MAX_NODES]
        people = self.search_fetch(
            [("parent_id", "in", companies.ids), ("is_company", "=", False)],
            ["name", "function", "parent_id"],
            limit=MAX_NODES + 1,
        )
        truncated = truncated or len(people) > MAX_NODES
        people = people[:MAX_NODES]
        return {
            "root": top.id,
            "nodes": self._crm_suite_structure_nodes(companies, people),
            "edges": self._crm_suite_structure_edges(companies, people),
            "truncated": truncated,
        }

    def _crm_suite_top(self):
        """The highest company above this one that the viewer may read."""
        top, seen = self, self
        while top.parent_id and top.parent_id not in seen:
            # sudo: only its id, and whether the viewer may see it is asked next.
            parent = top.parent_id.sudo().commercial_partner_id.with_env(self.env)
            if not parent._crm_suite_filtered_visible():
                break
            seen |= parent
            top = parent
        return top

    def _crm_suite_structure_nodes(self, companies, people):
        roles = self._crm_suite_decision_roles(people)
        return [
            {
                "id": node.id,
                "name": node.name or "",
                "kind": "company" if node.is_company else "person",
                "function": node.function or "",
                "roles": roles.get(node.id, []),
                "company_id": node.parent_id.id,
                "lifecycle": node.crm_suite_lifecycle_id.name or "",
                "avatar": f"/web/image/res.partner/{node.id}/avatar_128",
            }
            for node in companies | people
        ]

    def _crm_suite_structure_edges(self, companies, people):
        edges = [
            {"from": company.parent_id.id, "to": company.id, "kind": "company"}
            for company in companies
            if company.parent_id in companies
        ]
        superiors = self.env["crm.suite.relation"].search_fetch(
            [
                ("partner_id", "in", people.ids),
                ("related_partner_id", "in", people.ids),
                ("type_id.category", "=", "reports_to"),
                ("is_current", "=", True),
            ],
            ["partner_id", "related_partner_id"],
        )
        edges += [
            {
                "from": relation.related_partner_id.id,
                "to": relation.partner_id.id,
                "kind": "reports_to",
            }
            for relation in superiors
        ]
        placed = superiors.partner_id
        edges += [
            {"from": person.parent_id.id, "to": person.id, "kind": "member"}
            for person in people - placed
        ]
        return edges
