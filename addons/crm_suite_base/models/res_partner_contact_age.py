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
        help="Nobody was in touch for as many days as the grade says under Contact "
        "Every, without such a rule for the number of days in the settings.",
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
        by_grade, otherwise = self._crm_suite_no_contact_limits()
        for partner in self:
            last = partner.crm_suite_last_contact_date
            grade = partner.commercial_partner_id.sudo().crm_suite_grade_id
            limit = by_grade.get(grade.id, otherwise)
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
        in_touch = self._crm_suite_in_touch_in_time()
        result = Domain.FALSE
        if True in value:
            result |= ~in_touch
        if False in value:
            result |= in_touch
        return result

    @api.model
    def _crm_suite_no_contact_limits(self):
        """The day since which a contact counts as one in time.

        :return: by grade, of those that say how often to be in touch; and the day of
            all others, by the settings
        :rtype: tuple[dict[int, datetime.date], datetime.date]
        """
        days = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("crm_suite_base.no_contact_days")
        )
        days = int(days) if (days or "").isdigit() else DEFAULT_DAYS
        today = fields.Date.context_today(self)
        grades = (
            self.env["crm.suite.grade"]
            .sudo()
            .with_context(active_test=False)
            .search([("visit_interval_days", ">", 0)])
        )
        by_grade = {
            grade.id: today - timedelta(days=grade.visit_interval_days)
            for grade in grades
        }
        return by_grade, today - timedelta(days=days)

    @api.model
    def _crm_suite_compose_no_contact_before(self, grade, convert=lambda day: day):
        """The day since which a contact counts, as an expression over a grade.

        :param SQL grade: the column with the grade of the customer
        :param convert: function that turns the day into what is compared with
        :rtype: SQL
        """
        by_grade, otherwise = self._crm_suite_no_contact_limits()
        if not by_grade:
            return SQL("%s", convert(otherwise))
        cases = [
            SQL("WHEN %s THEN %s", grade_id, convert(day))
            for grade_id, day in by_grade.items()
        ]
        return SQL(
            "CASE %s %s ELSE %s END", grade, SQL(" ").join(cases), convert(otherwise)
        )

    @api.model
    def _crm_suite_in_touch_in_time(self):
        """Partners of customers with whom somebody was in touch as often as is due."""

        def start(day):
            return self._crm_suite_to_utc(fields.Datetime.to_datetime(day))

        by_grade, otherwise = self._crm_suite_no_contact_limits()
        earliest = start(min([otherwise, *by_grade.values()]))
        rows = self.env["crm.suite.interaction"]._interaction_contacts(
            [SQL("date >= %s", earliest)]
        )
        if rows is None:
            return Domain.FALSE
        grade = SQL.identifier(
            "customer",
            "crm_suite_grade_id",
            to_flush=self._fields["crm_suite_grade_id"],
        )
        limit = self._crm_suite_compose_no_contact_before(grade, start)
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN (SELECT customer.id FROM (%s) contact JOIN res_partner customer"
                " ON customer.id = contact.commercial_partner_id WHERE contact.date >= %s)",
                SQL.identifier(alias, "commercial_partner_id"),
                rows,
                limit,
            )
        )

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

    def _crm_suite_last_contact(self, first_page, filters=None):
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
                {**(filters or {}), "kinds": CONTACT_KINDS}, 1, until_now=True
            )
            row = next(iter(self._crm_suite_timeline_rows(found)), None)
        return row is not None and {
            "date": row["date"],
            "kind": row["kind"],
            "title": row["title"] or row["summary"],
        }
