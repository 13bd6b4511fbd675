from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

ROLE_GROUP = "crm_suite_base.group_crm_suite_user"


class ResUsers(models.Model):
    """Who stands above whom, as the tree of sales teams says."""

    _inherit = "res.users"

    def _crm_suite_superiors(self):
        """The superiors of a person, the nearest first; nobody is named twice.

        Hook: an addon that knows the managers of employees returns those instead.

        :rtype: res.users
        """
        self.ensure_one()
        # Who leads a team is no secret; only people leave this method.
        teams = self.env["crm.team"].sudo()
        own = teams.search(
            [
                "|",
                ("crm_team_member_ids.user_id", "=", self.id),
                ("user_id", "=", self.id),
            ],
            order="sequence, id",
        )
        # Where he is a member counts before what he leads himself.
        own = own.sorted(lambda team: team.user_id == self)
        above, seen, team = self.browse(), set(), own[:1]
        while team and team.id not in seen:
            seen.add(team.id)
            leader = team.user_id
            if leader and leader != self and leader not in above:
                above |= leader
            team = team.crm_suite_parent_id
        return above

    def _crm_suite_in_team(self, name):
        """Whether the person belongs to a team or has a role of that name, in any
        language: what follows must not depend on that of who happens to act.
        """
        self.ensure_one()
        # As above: a name is compared, nothing is handed out.
        teams, groups = self._crm_suite_team_ids(), self.sudo().all_group_ids
        self.env["crm.team"].flush_model(["name"])
        groups.flush_model(["name"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT FROM (
                    SELECT name FROM crm_team WHERE id = ANY(%s)
                 UNION ALL
                    SELECT name FROM res_groups WHERE id = ANY(%s)
                ) named, jsonb_each_text(named.name) said
                 WHERE lower(said.value) = lower(%s)
                 LIMIT 1
                """,
                list(teams),
                groups.ids,
                name.strip(),
            )
        )
        return bool(rows)


class ApprovalPeople(models.AbstractModel):
    """Finds the people whom the rules of a node mean.

    Reads as superuser: who decides must not depend on who happens to act.
    """

    _name = "crm.suite.approval.people"
    _description = "Approvers"

    @api.model
    def _find(self, rules, document, submitter, chosen=()):
        """The people that some rules mean, each once, in the order of the rules.

        Who is archived, has no role of the suite or does not work for the company of
        the document cannot decide and is left out.

        :param list rules: as in the graph
        :param document: a record, as superuser
        :param submitter: res.users
        :param chosen: ids of the people whom the submitter chose
        :rtype: res.users
        """
        found = self.env["res.users"].sudo()
        for rule in rules or ():
            method = getattr(self, f"_find_by_{rule.get('by')}", None)
            if method:
                found |= method(rule, document, submitter, chosen)
        return self._able(found, document)

    @api.model
    def _able(self, users, document):
        """Those of some people, also of some who do not exist any more, who can decide."""
        company = "company_id" in document._fields and document.company_id
        able = self._find_active(users.ids, company)
        return users.filtered(lambda u: u.id in able and u.has_group(ROLE_GROUP))

    @api.model
    def _find_active(self, user_ids, company):
        """Those of some people who work here, for a company where one is given.

        One statement that reads no rows of people and companies, which are wide: each
        step of a request asks.

        :rtype: set[int]
        """
        self.env["res.users"].flush_model(["active", "share", "company_ids"])
        query = SQL(
            "SELECT id FROM res_users WHERE id = ANY(%s) AND active AND NOT share",
            list(user_ids),
        )
        if company:
            self.env["res.company"].flush_model(["active"])
            query = SQL(
                """
                %s AND id IN (
                    SELECT r.user_id
                      FROM res_company_users_rel r JOIN res_company c ON c.id = r.cid
                     WHERE c.id = %s AND c.active
                )
                """,
                query,
                company.id,
            )
        return {id_ for (id_,) in self.env.execute_query(query)}

    @api.model
    def _find_in_charge(self, submitter, document):
        """Who answers for a request: who asked, or, after he has left, who looks after
        the document now, or leads its team.

        :rtype: res.users
        """
        if submitter.active:
            return submitter
        owner = "user_id" in document._fields and document.user_id
        for user in (owner, self._team_leader(document)):
            if user and self._able(user, document):
                return user
        return submitter.browse()

    # === RULES === #

    def _find_by_users(self, rule, document, submitter, chosen):
        return self.env["res.users"].sudo().browse(rule.get("user_ids") or [])

    def _find_by_group(self, rule, document, submitter, chosen):
        group = self.env.ref(rule.get("group") or "", raise_if_not_found=False)
        if not group or group._name != "res.groups":
            return self.env["res.users"].sudo()
        # The order of the answer decides who is asked first in a sequence.
        return group.sudo().all_user_ids.filtered("active").sorted("id")

    def _find_by_manager(self, rule, document, submitter, chosen):
        level = rule.get("level") or 1
        above = submitter.sudo()._crm_suite_superiors()
        # In turn up to the level, or up to the top where that is lower.
        return above[:level] if rule.get("up_to") else above[level - 1 : level]

    def _find_by_field(self, rule, document, submitter, chosen):
        value = document
        for name in (rule.get("field") or "").split("."):
            if name not in value._fields or not value._fields[name].relational:
                return self.env["res.users"].sudo()
            value = value[name]
        return value if value._name == "res.users" else self.env["res.users"].sudo()

    def _find_by_expression(self, rule, document, submitter, chosen):
        facts = self.env["crm.suite.approval.facts"]
        found = facts._find_people(rule.get("expression"), document, submitter)
        return self.env["res.users"].sudo().browse(found)

    def _find_by_team_lead(self, rule, document, submitter, chosen):
        leader = self._team_leader(document)
        if leader and leader != submitter:
            return leader
        return submitter.sudo()._crm_suite_superiors()[:1]

    @api.model
    def _team_leader(self, document):
        """Who leads the team of a document, if it has one.

        :rtype: res.users
        """
        for name in ("team_id", "crm_suite_team_id"):
            if name in document._fields and document[name]:
                return document[name].sudo().user_id
        return self.env["res.users"].sudo()

    @api.model
    def _in_customer_team(self, document, role):
        """Who has a role in the team of the customer of a document.

        :rtype: res.users
        """
        partner = document
        if document._name != "res.partner":
            partner = "partner_id" in document._fields and document.partner_id
        if not partner or not (role or "").strip():
            return self.env["res.users"].sudo()
        # As all rules: who decides must not depend on who happens to act.
        members = self.env["crm.suite.customer.member"].sudo()
        customer = (
            partner._origin.commercial_partner_id or partner.commercial_partner_id
        )
        rows = members.search([("partner_id", "=", customer._origin.id)])
        wanted = role.strip().casefold()
        return rows.filtered(
            lambda m: (m.role or "").strip().casefold() == wanted
        ).user_id

    def _find_by_chosen(self, rule, document, submitter, chosen):
        return self.env["res.users"].sudo().browse(chosen)


class ApprovalRequest(models.Model):
    _inherit = "crm.suite.approval.request"

    def _expect_able(self, user_ids):
        """Refuse people who could not decide.

        :param list user_ids: ids of users, as somebody gave them
        :raise UserError: names them
        """
        self.ensure_one()
        if not isinstance(user_ids, list | tuple) or not all(
            type(id_) is int for id_ in user_ids
        ):
            raise UserError(self.env._("Name the people by the ids of their users."))
        # Only whether they may be asked is looked at.
        people = self.env["res.users"].sudo().browse(user_ids).exists()
        able = self.env["crm.suite.approval.people"]._able(people, self._get_document())
        if len(able) < len(set(user_ids)):
            names = ", ".join((people - able).mapped("name"))
            raise UserError(
                self.env._(
                    "%(users)s cannot decide here: choose colleagues of the company with a role in the suite.",
                    users=names or self.env._("Who was named"),
                )
            )


class ApprovalAccess(models.Model):
    """Which requests a person may see; asked anew at every search."""

    _inherit = "res.users"

    def _crm_suite_approval_sql(self, env, request_id, res_model, res_id):
        """A condition on requests: those that he holds, took part in or covers, those
        copied to him, and those whose document he may read.

        :param env: of the user
        :param request_id: column with the id of the request
        :rtype: SQL
        """
        people = env["crm.suite.approval.task"]._get_people()
        parts = [
            SQL(
                """
                EXISTS (
                    SELECT 1 FROM crm_suite_approval_task t
                     WHERE t.request_id = %s
                       AND (t.user_id = ANY(%s) OR t.decided_by_id = %s)
                )
                """,
                request_id,
                people,
                self.id,
            ),
            # The document itself stays closed to who may not read it.
            SQL(
                """
                %s IN (
                    SELECT e.request_id FROM crm_suite_approval_event e
                     WHERE e.kind = 'copy' AND e.user_id = %s
                )
                """,
                request_id,
                self.id,
            ),
        ]
        for name in env["crm.suite.approval.flow"]._get_document_models():
            model = env[name]
            if model.has_access("read"):
                readable = model.with_context(active_test=False)._search([])
                parts.append(
                    SQL(
                        "(%s = %s AND %s IN %s)",
                        res_model,
                        name,
                        res_id,
                        readable.subselect(),
                    )
                )
        return SQL("(%s)", SQL(" OR ").join(parts))

    def _crm_suite_approval_domain(self, model_name):
        """What a record rule allows of requests and tasks.

        :rtype: Domain
        """
        return self.env[model_name]._get_access_domain(self)
