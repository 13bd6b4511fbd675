from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class Handover(models.TransientModel):
    """Gives everything that somebody who leaves looks after to others.

    One operation, so one step back undoes it. Customers are shared evenly among the
    recipients; the contacts, leads and activities of a customer go along with it, so
    nobody has to talk to two people.
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
        labels = _("Customers"), _("Leads and Deals"), _("Activities")
        head = Markup("<th>%s</th>") % _("New Owner") + Markup().join(
            Markup("<th class='text-end'>%s</th>") % label for label in labels
        )
        rows = [
            Markup("<tr><td>%s</td>%s</tr>")
            % (
                user.name or _("Not decided yet"),
                Markup().join(
                    cell % len(plan[model].get(user, ()))
                    for model in ("res.partner", "crm.lead", "mail.activity")
                ),
            )
            for user in self._get_recipients()
        ]
        table = Markup(
            "<table class='table table-sm'><thead><tr>%s</tr></thead>"
            "<tbody>%s</tbody></table>"
        ) % (head, Markup().join(rows))
        if self.with_leads and not self._may_hand_leads():
            table += Markup("<p class='text-warning'>%s</p>") % _(
                "Leads and deals stay where they are: you may not change them. A sales "
                "lead hands them over."
            )
        return table

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
        customers = self._find_customers()
        owner_of = self._share(customers)
        leads = self._find_leads()
        lead_owner = {
            lead: owner_of.get(lead.partner_id.commercial_partner_id) for lead in leads
        }
        free = leads.filtered(lambda lead: not lead_owner[lead])
        lead_owner.update(self._share(free))
        activities = self._find_activities()
        return {
            "res.partner": self._by_owner(owner_of),
            "crm.lead": self._by_owner(lead_owner),
            "mail.activity": self._by_owner(
                self._share_activities(activities, owner_of, lead_owner)
            ),
        }

    def _share(self, records):
        """Records in turn to the recipients.

        :rtype: dict
        """
        recipients = self._get_recipients()
        return {
            record: recipients[number % len(recipients)]
            for number, record in enumerate(records)
        }

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

    def _by_owner(self, owner_of):
        found = {}
        for record, user in owner_of.items():
            found[user] = found.get(user, record.browse()) | record
        return found

    def _find_customers(self):
        if not self.with_customers:
            return self.env["res.partner"]
        return self.env["res.partner"].search(
            Domain("user_id", "=", self.user_id.id)
            & self.env["res.partner"]._crm_suite_managed_domain()
            # The companies below another one are customers of their own.
            & (Domain("parent_id", "=", False) | Domain("is_company", "=", True)),
            order="id",
        )

    def _may_hand_leads(self):
        return self.env["crm.lead"].has_access("write")

    def _find_leads(self):
        """The open leads; none where the user has no part in sales (a data steward)."""
        if not self.with_leads or not self._may_hand_leads():
            return self.env["crm.lead"]
        return self.env["crm.lead"].search(
            Domain("user_id", "=", self.user_id.id)
            & self.env["crm.lead"]._assignable_domain(),
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
            contacts = self.env["res.partner"].search(
                [
                    ("id", "child_of", customers.ids),
                    ("user_id", "=", self.user_id.id),
                ]
            )
            (customers | contacts).write({"user_id": user.id})
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
