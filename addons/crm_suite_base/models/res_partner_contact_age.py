from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

ROLE = "crm_suite_base.group_crm_suite_user"
# What counts as having been in touch; notes and documents do not.
CONTACT_KINDS = ("email_in", "email_out", "sms", "call", "visit", "meeting")
DEFAULT_DAYS = 30


class ResPartner(models.Model):
    """When we were last in touch."""

    _inherit = "res.partner"

    crm_suite_last_contact_date = fields.Date(
        string="Last Contact",
        compute="_compute_crm_suite_last_contact_date",
        search="_search_crm_suite_last_contact_date",
        groups=ROLE,
        help="The last mail, message, call, visit or meeting with the customer.",
    )
    crm_suite_no_contact = fields.Boolean(
        string="No Contact for Long",
        compute="_compute_crm_suite_no_contact",
        search="_search_crm_suite_no_contact",
        groups=ROLE,
        help="Nobody was in touch for the number of days in the settings.",
    )

    def _compute_crm_suite_last_contact_date(self):
        commercial = self.commercial_partner_id.ids
        last = dict(
            self.env["crm.suite.interaction"]._interaction_last_contact(commercial)
        )
        for partner in self:
            moment = last.get(partner.commercial_partner_id.id)
            partner.crm_suite_last_contact_date = moment and (
                fields.Datetime.context_timestamp(partner, moment).date()
            )

    @api.depends("crm_suite_last_contact_date")
    def _compute_crm_suite_no_contact(self):
        limit = self._crm_suite_no_contact_before()
        for partner in self:
            last = partner.crm_suite_last_contact_date
            partner.crm_suite_no_contact = not last or last < limit

    def _search_crm_suite_last_contact_date(self, operator, value):
        """Set-based: who was in touch since a day, or the others.

        "Before a day" includes those with whom nobody ever was in touch: they are
        whom the search is for.
        """
        self._crm_suite_check_role()
        if operator == "in" and set(value) == {False}:
            return ~self._crm_suite_in_touch_since(None)
        if operator not in ("<", "<=", ">", ">="):
            return NotImplemented
        day = fields.Date.to_date(value)
        if operator in (">", "<="):
            day += timedelta(days=1)
        in_touch = self._crm_suite_in_touch_since(day)
        return in_touch if operator in (">", ">=") else ~in_touch

    def _search_crm_suite_no_contact(self, operator, value):
        self._crm_suite_check_role()
        if operator != "in":
            return NotImplemented
        in_touch = self._crm_suite_in_touch_since(self._crm_suite_no_contact_before())
        result = Domain.FALSE
        if True in value:
            result |= ~in_touch
        if False in value:
            result |= in_touch
        return result

    @api.model
    def _crm_suite_no_contact_before(self):
        days = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("crm_suite_base.no_contact_days")
        )
        days = int(days) if (days or "").isdigit() else DEFAULT_DAYS
        return fields.Date.context_today(self) - timedelta(days=days)

    @api.model
    def _crm_suite_in_touch_since(self, day):
        """Partners of customers with a contact on ``day`` or later."""
        where = []
        if day:
            start = fields.Datetime.to_datetime(day)
            where.append(SQL("date >= %s", self._crm_suite_to_utc(start)))
        rows = self.env["crm.suite.interaction"]._interaction_contacts(where)
        if rows is None:
            return Domain.FALSE
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN (SELECT commercial_partner_id FROM (%s) contact"
                " WHERE commercial_partner_id IS NOT NULL)",
                SQL.identifier(alias, "commercial_partner_id"),
                rows,
            )
        )

    def _crm_suite_last_contact(self, first_page):
        """The last contact as data, or false.

        :param list[dict] first_page: newest rows of the timeline; the rest is asked
            only if none of them is a contact
        """
        now = fields.Datetime.to_string(fields.Datetime.now())
        row = next(
            (
                row
                for row in first_page
                if row["kind"] in CONTACT_KINDS and row["date"] <= now
            ),
            None,
        )
        if row is None:
            found = self._crm_suite_timeline_page(
                {"kinds": CONTACT_KINDS}, 1, until_now=True
            )
            row = next(iter(self._crm_suite_timeline_rows(found)), None)
        return row is not None and {
            "date": row["date"],
            "kind": row["kind"],
            "title": row["title"] or row["summary"],
        }
