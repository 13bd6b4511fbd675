from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.field_use import Use


class ApprovalVersion(models.Model):
    """A flow as it was published; it never changes.

    Requests stay with the version by which they began.
    """

    _name = "crm.suite.approval.version"
    _description = "Version of an Approval Flow"
    _order = "flow_id, number desc"
    _rec_name = "number"

    flow_id = fields.Many2one(
        "crm.suite.approval.flow",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        related="flow_id.company_id", store=True, index="btree_not_null"
    )
    number = fields.Integer(required=True, readonly=True, aggregator=None)
    graph = fields.Json(required=True, readonly=True)
    start = fields.Json(
        readonly=True, help="What starts it, as it was when it was published."
    )
    published_at = fields.Datetime(string="Published On", readonly=True)
    published_by_id = fields.Many2one(
        "res.users",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    note = fields.Char(string="What Changed", readonly=True)
    request_ids = fields.One2many("crm.suite.approval.request", "version_id")

    _number_unique = models.UniqueIndex(
        "(flow_id, number)", "Somebody published this flow at the same moment."
    )

    @api.depends("flow_id.name", "number")
    def _compute_display_name(self):
        for version in self:
            version.display_name = self.env._(
                "%(flow)s, version %(number)s",
                flow=version.flow_id.name or "",
                number=version.number,
            )

    def write(self, vals):
        if vals.keys() & {"graph", "start", "number", "flow_id"}:
            raise UserError(
                self.env._(
                    "A published version does not change. Change the draft of the flow "
                    "and publish it."
                )
            )
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # Whether there are requests at all, not only those that the user may see.
        asked = self.env["crm.suite.approval.request"].sudo()
        if asked.search_count([("version_id", "in", self.ids)], limit=1):
            raise UserError(
                self.env._(
                    "Requests went by this flow; archive it instead of deleting it."
                )
            )

    def _get_field_use(self, source):
        """See ``_get_uses`` of custom fields."""
        flow = self.flow_id
        return Use(flow.name, flow.res_model, [self.start, self.graph], source)
