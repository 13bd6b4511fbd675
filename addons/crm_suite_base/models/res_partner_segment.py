from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .res_partner import ROLE

MEMBER = "crm.suite.segment.member"


class ResPartner(models.Model):
    """The segments of a customer, also to filter every list by."""

    _inherit = "res.partner"

    crm_suite_segment_ids = fields.Many2many(
        "crm.suite.segment",
        string="Segments",
        compute="_compute_crm_suite_segment_ids",
        search="_search_crm_suite_segment_ids",
        groups=ROLE,
        help="The segments in which the customer is now; contacts are in those of their company.",
    )

    @api.depends("commercial_partner_id")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_crm_suite_segment_ids(self):
        customers = self.commercial_partner_id
        rows = self.env[MEMBER]._read_group(
            Domain("partner_id", "in", customers.ids) & Domain("left_at", "=", False),
            ["partner_id"],
            ["segment_id:recordset"],
        )
        segments = dict(rows)
        none = self.env["crm.suite.segment"]
        for partner in self:
            partner.crm_suite_segment_ids = segments.get(
                partner.commercial_partner_id, none
            )

    def _search_crm_suite_segment_ids(self, operator, value):
        self._crm_suite_check_role()
        if operator not in ("in", "any"):
            return NotImplemented
        in_any = self._crm_suite_in_segments(Domain("segment_id", operator, value))
        if operator == "any":
            return in_any
        ids = [id_ for id_ in value if id_]
        found = Domain.FALSE
        if ids:
            found = self._crm_suite_in_segments(Domain("segment_id", "in", ids))
        if len(ids) < len(list(value)):  # "is not set": in none of those one sees
            active = Domain("segment_id.active", "=", True)
            found |= ~self._crm_suite_in_segments(active)
        return found

    def _crm_suite_in_segments(self, domain):
        """The customers, and contacts of customers, in segments that the user sees."""
        members = self.env[MEMBER]._search(domain & Domain("left_at", "=", False))
        customers = members.select(SQL.identifier(members.table, "partner_id"))
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN (%s)",
                SQL.identifier(alias, "commercial_partner_id"),
                customers,
            )
        )

    # ------------------------------------------------------------------
    # The customer's page
    # ------------------------------------------------------------------

    @api.model
    def _crm_suite_360_blocks(self):
        blocks = super()._crm_suite_360_blocks()
        return {**blocks, "segments": "_crm_suite_360_segments"}

    def _crm_suite_360_segments(self, scope):
        """In which segments the customer is, the newest first."""
        if not self.env[MEMBER].has_access("read"):
            return None
        members = self.env[MEMBER].search(
            [
                ("partner_id", "=", scope["commercial"].id),
                ("left_at", "=", False),
                ("segment_id.active", "=", True),
            ]
        )
        return [
            {
                "id": member.segment_id.id,
                "member_id": member.id,
                "name": member.segment_id.name,
                "entered_at": fields.Datetime.to_string(member.entered_at),
            }
            for member in members
        ]
