from collections import Counter

from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class Handover(models.TransientModel):
    """Gives everything that somebody who leaves looks after to others.

    One operation, so one step back undoes it. Customers are shared evenly among the
    recipients; the contacts, leads and activities of a customer go along with it, so
    nobody has to talk to two people.

    Customers of all companies of the user are looked for, whichever he works in now, and
    archived ones too; nobody gets those of a company in which he does not work. His
    contacts of a customer of somebody else go to that one.
    """

    _name = "crm.suite.handover"
    _description = "Hand-over"

    user_id = fields.Many2one(
        "res.users",
        string="Who Leaves",
        required=True,
        domain=[("share", "=", False)],
        context={"active_test": False},
    )
    recipient_ids = fields.Many2many(
        "res.users",
        string="New Owners",
        domain="[('share', '=', False), ('id', '!=', user_id)]",
    )
    with_customers = fields.Boolean(string="Customers", default=True)
    with_leads = fields.Boolean(string="Open Leads and Deals", default=True)
    with_activities = fields.Boolean(string="Open Activities", default=True)
    leave_policies = fields.Boolean(
        string="End Memberships in Policies",
        default=True,
        help="Nothing new is assigned to who leaves.",
    )
    reason = fields.Char(help="Shown in the list of bulk operations.")
    preview = fields.Html(compute="_compute_preview")

    # === PREVIEW === #

    @api.depends(
        "user_id", "recipient_ids", "with_customers", "with_leads", "with_activities"
    )
    def _compute_preview(self):
        for wizard in self:
            wizard.preview = wizard.user_id and wizard._render_preview()

    def _render_preview(self):
        plan = self._make_plan()
        cell = Markup("<td class='text-end'>%s</td>")
        _ = self.env._
        columns = self._get_columns()
        head = Markup("<th>%s</th>") % _("New Owner") + Markup().join(
            Markup("<th class='text-end'>%s</th>") % label for label in columns.values()
        )
        rows = [
            Markup("<tr><td>%s</td>%s</tr>")
            % (
                user.name or _("Not decided yet"),
                Markup().join(
                    cell % len(plan[model].get(user, ())) for model in columns
                ),
            )
            for user in self._get_recipients()
        ]
        table = Markup(
            "<table class='table table-sm'><thead><tr>%s</tr></thead>"
            "<tbody>%s</tbody></table>"
        ) % (head, Markup().join(rows))
        warning = Markup("<p class='text-warning'>%s</p>")
        if self.with_leads and not self._may_hand_leads():
            table += warning % _(
                "Leads and deals stay where they are: you may not change them. A sales "
                "lead hands them over."
            )
        if staying := self._count_staying(plan):
            table += warning % _(
                "%(count)s customers stay where they are: you do not see them, or none "
                "of the new owners works in their company.",
                count=staying,
            )
        for pool, count in self._count_held().items():
            table += warning % _(
                "%(count)s of the pool “%(pool)s” stay where they are: only its admins "
                "give them to somebody else. Ask %(admins)s.",
                count=count,
                pool=pool.name,
                admins=pool._name_admins(),
            )
        return table

    def _count_staying(self, plan):
        """How many customers of who leaves are not handed over."""
        if not self.with_customers:
            return 0
        # As superuser: a number of what the user may not see, and no more.
        everything = self.env["res.partner"].sudo().with_context(active_test=False)
        handed = sum(map(len, plan["res.partner"].values()))
        handed += len(self._in_all_companies()._find_customers(held=True))
        return everything.search_count(self._get_customer_domain()) - handed

    def _count_held(self):
        """How many customers and leads are not handed over because of their pool.

        :return: number by pool, as superuser
        :rtype: dict
        """
        wizard = self._in_all_companies()
        counts = Counter()
        for found in (wizard._find_customers, wizard._find_leads):
            # He may read the records; the name of a pool is told with its admins.
            for record in found(held=True).sudo():
                counts[record.crm_suite_pool_id] += 1
        return counts

    def _get_columns(self):
        """What the preview counts, with its label. Hook.

        :rtype: dict[str, str]
        """
        return {
            "res.partner": self.env._("Customers"),
            "crm.lead": self.env._("Leads and Deals"),
            "mail.activity": self.env._("Activities"),
        }

    # === PLAN === #

    def _get_recipients(self):
        """The new owners; nobody in particular as long as none is chosen."""
        recipients = self.recipient_ids._origin
        return list(recipients) or [self.env["res.users"]]

    def _make_plan(self):
        """Who gets what.

        :return: records by new owner, by model; of customers without their contacts
        :rtype: dict[str, dict]
        """
        self = self._in_all_companies()
        customers = self._find_customers()
        owner_of = self._share(customers)
        leads = self._find_leads()
        lead_owner = {
            lead: owner
            for lead in leads
            if (owner := owner_of.get(lead.partner_id.commercial_partner_id))
            and self._works_for(owner, lead)
        }
        lead_owner.update(self._share(leads.filtered(lambda r: r not in lead_owner)))
        activities = self._find_activities()
        return {
            "res.partner": self._by_owner(owner_of),
            "contacts": self._by_owner(self._share_contacts()),
            "crm.lead": self._by_owner(lead_owner),
            "mail.activity": self._by_owner(
                self._share_activities(activities, owner_of, lead_owner)
            ),
        }

    def _in_all_companies(self):
        everywhere = self.env.user._get_company_ids()
        if not everywhere:
            return self
        return self.with_context(allowed_company_ids=everywhere)

    def _share(self, records):
        """Records evenly to the recipients, each to one who works in its company.

        :rtype: dict
        """
        shared, counts = {}, Counter()
        for record in records:
            there = [u for u in self._get_recipients() if self._works_for(u, record)]
            if there:
                user = min(there, key=counts.__getitem__)
                shared[record] = user
                counts[user] += 1
        return shared

    def _works_for(self, user, record):
        # As long as nobody is chosen, everything is counted.
        company = record.company_id
        # As superuser: what is kept of the answer must not depend on who asks.
        return not user or not company or company.id in user.sudo()._get_company_ids()

    def _share_activities(self, activities, owner_of, lead_owner):
        """Activities go along with their record, others in turn by record."""
        partner_owner = {partner.id: user for partner, user in owner_of.items()}
        leads = {lead.id: user for lead, user in lead_owner.items()}
        recipients, others, shared = self._get_recipients(), {}, {}
        contacts = self.env["res.partner"].browse(
            {a.res_id for a in activities if a.res_model == "res.partner"}
        )
        company = {p.id: p.commercial_partner_id.id for p in contacts.exists()}
        for activity in activities:
            user = None
            if activity.res_model == "res.partner":
                user = partner_owner.get(company.get(activity.res_id))
            elif activity.res_model == "crm.lead":
                user = leads.get(activity.res_id)
            if not user:
                key = (activity.res_model, activity.res_id)
                user = others.setdefault(key, recipients[len(others) % len(recipients)])
            shared[activity] = user
        return shared

    def _share_contacts(self):
        """His contacts of customers whom others look after go to these.

        :rtype: dict
        """
        contacts = self._find_contacts()
        shared = {}
        for contact in contacts:
            owner = contact.commercial_partner_id.user_id
            if owner.active:
                shared[contact] = owner
        return {**shared, **self._share(contacts.filtered(lambda c: c not in shared))}

    def _by_owner(self, owner_of):
        found = {}
        for record, user in owner_of.items():
            found[user] = found.get(user, record.browse()) | record
        return found

    def _find_customers(self, held=False):
        """:param bool held: those that stay with their pool instead"""
        if not self.with_customers:
            return self.env["res.partner"]
        partners = self.env["res.partner"].with_context(active_test=False)
        domain = self._get_customer_domain() & self._get_held_domain(held)
        return partners.search(domain, order="active desc, id")

    def _get_held_domain(self, held=False):
        """What belongs to pools whose admins alone give it to others, or all else."""
        # As superuser: he need not see the pools to which they belong.
        pools = self.env["crm.suite.pool"].sudo().with_context(active_test=False)
        # A handful, by design.  pylint: disable-next=no-search-all
        pools = pools.search([]).with_env(self.env)
        pools = pools.filtered(lambda pool: not pool._is_admin())
        return Domain("crm_suite_pool_id", "in" if held else "not in", pools.ids)

    def _get_customer_domain(self):
        return (
            Domain("user_id", "=", self.user_id.id)
            & self.env["res.partner"]._crm_suite_managed_domain()
            # The companies below another one are customers of their own.
            & (Domain("parent_id", "=", False) | Domain("is_company", "=", True))
        )

    def _find_contacts(self):
        """His contacts of customers that are not his; those of his own go with them."""
        partners = self.env["res.partner"].with_context(active_test=False)
        if not self.with_customers:
            return partners
        contacts = partners.search(
            Domain("user_id", "=", self.user_id.id)
            & Domain("commercial_partner_id.crm_suite_lifecycle_id", "!=", False)
            & Domain("commercial_partner_id.user_id", "!=", self.user_id.id)
            & Domain("is_company", "=", False)
            & Domain("parent_id", "!=", False)
            & self._get_held_domain(),
            order="id",
        )
        return contacts._filtered_access("write")

    def _may_hand_leads(self):
        return self.env["crm.lead"].has_access("write")

    def _find_leads(self, held=False):
        """The open leads; none where the user has no part in sales (a data steward).

        :param bool held: those that stay with their pool instead
        """
        if not self.with_leads or not self._may_hand_leads():
            return self.env["crm.lead"]
        return self.env["crm.lead"].search(
            Domain("user_id", "=", self.user_id.id)
            & self.env["crm.lead"]._assignable_domain()
            & self._get_held_domain(held),
            order="id",
        )

    def _find_activities(self):
        if not self.with_activities:
            return self.env["mail.activity"]
        return self.env["mail.activity"].search(
            [("user_id", "=", self.user_id.id)], order="res_model, res_id, id"
        )

    # === DOING IT === #

    def action_hand_over(self):
        """Give everything to the new owners and offer to undo it.

        :return: client action that shows the notification with Undo
        :rtype: dict
        """
        self.ensure_one()
        self.env["crm.suite.assignment.policy"]._check_lead()
        self._check_people()
        plan = self._make_plan()
        if not any(plan.values()) and not self._find_members():
            raise UserError(
                self.env._(
                    "%(user)s looks after nothing of what you chose.",
                    user=self.user_id.name,
                )
            )
        with self.env["crm.suite.operation"].record(
            "assign",
            self.reason,
            name=self.env._(
                "Hand-over of %(user)s to %(others)s",
                user=self.user_id.name,
                others=", ".join(self.recipient_ids.mapped("name")),
            ),
            res_model="res.partner",
        ) as operation:
            self._hand_over(plan)
        action = operation._get_notification_action()
        action["params"]["next"] = {"type": "ir.actions.client", "tag": "soft_reload"}
        return action

    def _check_people(self):
        if not self.recipient_ids:
            raise UserError(self.env._("Choose at least one new owner."))
        if self.user_id in self.recipient_ids:
            raise UserError(
                self.env._("%(user)s leaves: choose others.", user=self.user_id.name)
            )

    def _hand_over(self, plan):
        for user, customers in plan["res.partner"].items():
            contacts = customers.search(
                Domain("id", "child_of", customers.ids)
                & Domain("user_id", "=", self.user_id.id)
                # A company below that is a customer itself goes with its own.
                & (
                    Domain("commercial_partner_id", "in", customers.ids)
                    | Domain("commercial_partner_id.crm_suite_lifecycle_id", "=", False)
                )
                & self._get_held_domain()
            )
            (customers | contacts).write({"user_id": user.id})
        for user, contacts in plan["contacts"].items():
            contacts.write({"user_id": user.id})
        for user, leads in plan["crm.lead"].items():
            leads.with_context(mail_auto_subscribe_no_notify=True).write(
                {"user_id": user.id}
            )
        for user, activities in plan["mail.activity"].items():
            activities.with_context(mail_activity_quick_update=True).write(
                {"user_id": user.id}
            )
        self._find_members().active = False

    def _find_members(self):
        """Memberships to end. As superuser: a lead hands over, but makes no policies."""
        if not self.leave_policies:
            return self.env["crm.suite.assignment.member"].sudo()
        return (
            self.env["crm.suite.assignment.member"]
            .sudo()
            .search([("user_id", "=", self.user_id.id)])
        )
