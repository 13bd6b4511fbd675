import re
import unicodedata

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.counted_search import COMPARISONS, compare_counted, counted_domain

ROLE = "crm_suite_base.group_crm_suite_user"


class ResPartner(models.Model):
    """Filters of the customer list that the host has no column for.

    Each is one subselect through the viewer's own rights: a list filtered by money
    tells nothing to a viewer who may not read invoices.
    """

    _inherit = "res.partner"

    crm_suite_overdue_amount = fields.Monetary(
        string="Overdue",
        currency_field="currency_id",
        compute="_compute_crm_suite_overdue_amount",
        search="_search_crm_suite_overdue_amount",
        groups=ROLE,
        help="Posted invoices past their due date, in the currency of your company. Empty without the right to read invoices.",
    )
    crm_suite_incomplete = fields.Boolean(
        string="Incomplete Data",
        compute="_compute_crm_suite_incomplete",
        search="_search_crm_suite_incomplete",
        groups=ROLE,
    )
    crm_suite_my_team = fields.Boolean(
        string="My Team's Customer",
        compute="_compute_crm_suite_my_team",
        search="_search_crm_suite_my_team",
        groups=ROLE,
    )

    # ------------------------------------------------------------------
    # Phone numbers
    # ------------------------------------------------------------------

    def _search_phone_mobile_search(self, operator, value):
        """Find numbers as people write them; a text that is none finds nothing.

        The list has one search box for names and numbers: the host's refusal of short
        texts would forbid looking for two Chinese characters. Customers' numbers are
        stored with the country code, and people at home dial the trunk zero instead.
        """
        if operator not in ("like", "ilike") or not isinstance(value, str):
            return super()._search_phone_mobile_search(operator, value)
        value = unicodedata.normalize("NFKC", value).strip()
        if value and len(value) < self._phone_search_min_length:
            return Domain.FALSE
        domain = super()._search_phone_mobile_search(operator, value)
        national = re.sub(r"\D", "", value)
        if re.fullmatch(r"\(?0[1-9][\d\s()./-]*", value) and len(national) > 3:
            domain |= super()._search_phone_mobile_search(operator, national[1:])
        return domain

    # ------------------------------------------------------------------
    # Overdue money
    # ------------------------------------------------------------------

    @api.depends_context("uid", "company", "allowed_company_ids")
    def _compute_crm_suite_overdue_amount(self):
        commercial = self.commercial_partner_id
        rows = self._crm_suite_open_items(commercial) if commercial else []
        today = fields.Date.context_today(self)
        scope = {"currency": self.env.company.currency_id}
        amounts = {}
        for row in rows or ():
            self._crm_suite_value_open_item(row, scope, today)
            key = row["partner_id"]
            amounts[key] = amounts.get(key, 0.0) + row["late"]
        for partner in self:
            partner.crm_suite_overdue_amount = amounts.get(
                partner.commercial_partner_id.id, 0.0
            )

    def _search_crm_suite_overdue_amount(self, operator, value):
        self._crm_suite_check_role()
        if operator not in COMPARISONS:
            return NotImplemented
        query = self._crm_suite_open_items_query()
        if query is None:
            return Domain.FALSE
        table = query.table
        partner = SQL.identifier(table, "partner_id")
        query.add_where(
            SQL(
                "%s IS NOT NULL AND %s > 0 AND %s < %s",
                partner,
                SQL.identifier(table, "amount_residual"),
                SQL.identifier(table, "date_maturity"),
                fields.Date.context_today(self),
            )
        )
        query.groupby = partner
        owed = SQL("sum(%s)", SQL.identifier(table, "amount_residual"))
        nothing_meets, query.having = compare_counted(owed, operator, value)
        return counted_domain(
            "commercial_partner_id", nothing_meets, query.select(partner)
        )

    # ------------------------------------------------------------------
    # Incomplete data
    # ------------------------------------------------------------------

    @api.model
    def _crm_suite_quality_fields(self):
        """Fields that a good customer record has; companies have some more.

        Hook: extend to ask for more.

        :return: fields of everybody, fields of companies
        :rtype: tuple[list[str], list[str]]
        """
        return (
            ["phone", "email", "country_id", "user_id"],
            ["industry_id", "crm_suite_size"],
        )

    def _crm_suite_quality_missing(self):
        """Labels of the fields that should be filled and are not."""
        self.ensure_one()
        everybody, companies = self._crm_suite_quality_fields()
        names = everybody + (companies if self.is_company else [])
        missing = [name for name in names if not self[name]]
        labels = self.fields_get(missing, ["string"])
        return [labels[name]["string"] for name in missing if name in labels]

    def _compute_crm_suite_incomplete(self):
        everybody, companies = self._crm_suite_quality_fields()
        for partner in self:
            names = everybody + (companies if partner.is_company else [])
            partner.crm_suite_incomplete = not all(partner[name] for name in names)

    def _search_crm_suite_incomplete(self, operator, value):
        self._crm_suite_check_role()
        if operator != "in":
            return NotImplemented
        everybody, companies = self._crm_suite_quality_fields()
        missing = Domain.OR(Domain(name, "=", False) for name in everybody)
        missing |= Domain("is_company", "=", True) & Domain.OR(
            Domain(name, "=", False) for name in companies
        )
        result = Domain.FALSE
        if True in value:
            result |= missing
        if False in value:
            result |= ~missing
        return result

    # ------------------------------------------------------------------
    # My team
    # ------------------------------------------------------------------

    @api.model
    def _crm_suite_my_teams(self):
        """The teams that the user leads or belongs to."""
        user = self.env.user
        led = self.env["crm.team"].sudo().search([("user_id", "=", user.id)])
        return led | user.sudo().crm_team_ids

    @api.model
    def _crm_suite_my_team_domain(self):
        teams = self._crm_suite_my_teams()
        colleagues = teams.member_ids | self.env.user
        return Domain("crm_suite_team_id", "in", teams.ids) | Domain(
            "user_id", "in", colleagues.ids
        )

    @api.depends("crm_suite_team_id", "user_id")
    @api.depends_context("uid")
    def _compute_crm_suite_my_team(self):
        mine = self.filtered_domain(self._crm_suite_my_team_domain())
        for partner in self:
            partner.crm_suite_my_team = partner in mine

    def _search_crm_suite_my_team(self, operator, value):
        self._crm_suite_check_role()
        if operator != "in":
            return NotImplemented
        mine = self._crm_suite_my_team_domain()
        result = Domain.FALSE
        if True in value:
            result |= mine
        if False in value:
            result |= ~mine
        return result
