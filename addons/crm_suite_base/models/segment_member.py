import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.loose_many2one import LooseMany2one


class SegmentMember(models.Model):
    """That a customer was in a segment from one moment to another, and why.

    Nobody sees memberships of customers that he may not see.
    """

    _name = "crm.suite.segment.member"
    _description = "Member of a Segment"
    _inherit = ["crm.suite.explain.mixin"]
    _order = "entered_at desc, id desc"
    _rec_name = "partner_id"
    _log_access = False

    # Rows come while the segment is locked; see ``reference_loose.py``.
    segment_id = LooseMany2one(
        "crm.suite.segment", required=True, ondelete="cascade", readonly=True
    )
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="cascade",
        readonly=True,
    )
    entered_at = fields.Datetime(string="Entered", required=True, readonly=True)
    left_at = fields.Datetime(string="Left", readonly=True)
    reason = fields.Json(readonly=True, help="Why the customer came in.")
    left_reason = fields.Json(readonly=True, help="Why the customer left.")
    reason_text = fields.Char(string="Why It Entered", compute="_compute_reason_text")
    left_text = fields.Char(string="Why It Left", compute="_compute_reason_text")

    # In a segment once at a time.
    _current_uniq = models.UniqueIndex(
        "(segment_id, partner_id) WHERE left_at IS NULL",
        "This customer is in the segment already.",
    )
    _segment_idx = models.Index("(segment_id, entered_at DESC)")

    @api.depends("reason", "left_reason")
    @api.depends_context("lang")
    def _compute_reason_text(self):
        known = {}  # many came in for the same reason

        def describe(segment, reason, entered):
            key = segment, json.dumps(reason, sort_keys=True), entered
            if key not in known:
                known[key] = segment._describe_reason(reason, entered)
            return known[key]

        for member in self:
            segment = member.segment_id
            member.reason_text = describe(segment, member.reason, True)
            member.left_text = member.left_at and describe(
                segment, member.left_reason, False
            )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_by_hand("create")
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_by_hand("write")
        return super().write(vals)

    def _refuse_by_hand(self, operation):
        """Rows go with events and sizes: they are made by the methods of the segment."""
        if not self.env.su:
            self.check_access(operation)
            raise UserError(
                self.env._(
                    "Add customers to a segment by action_add and take them out by action_remove."
                )
            )

    # === RIGHTS === #

    def _search(self, domain, *args, bypass_access=False, **kwargs):
        if not (self.env.su or bypass_access):
            domain = Domain(domain) & self._get_visible()
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    def _get_visible(self):
        """The memberships of customers that the user may see."""
        partners = self.env["res.partner"].with_context(active_test=False)._search([])
        return Domain("partner_id", "in", partners)

    def _check_access(self, operation):
        """Refuse rows of customers that are out of sight, also one by one."""
        if result := super()._check_access(operation):
            return result
        if self.env.su or not any(self._ids):
            return None
        partners = self.sudo().partner_id.with_env(self.env)
        allowed = partners._crm_suite_filtered_visible()
        hidden = self.filtered(lambda m: m.sudo().partner_id.id not in allowed.ids)
        if not hidden:
            return None
        make_error = self.env["ir.rule"]._make_access_error
        return hidden, lambda: make_error(operation, hidden)

    # === EXPLANATION === #

    @api.model
    def _explain_topics(self):
        return {*super()._explain_topics(), "membership"}

    def _explain_membership(self):
        return self.segment_id._explain_customer(self.partner_id)

    # === ACTIONS === #

    def action_open_customer(self):
        """Open the customer's page."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.customer_action"
        )
        views = [view for view in action["views"] if view[1] == "form"]
        return {**action, "views": views, "res_id": self.partner_id.id}
