from odoo import api, fields, models
from odoo.exceptions import UserError


class SegmentAdd(models.TransientModel):
    """Puts customers into a list: a selection, the rows of an import, a segment."""

    _name = "crm.suite.segment.add"
    _description = "Add to a Segment"

    mode = fields.Selection(
        [("existing", "A list that is there"), ("new", "A new list")],
        string="Into",
        required=True,
        default="existing",
    )
    segment_id = fields.Many2one(
        "crm.suite.segment", string="List", domain=[("kind", "=", "static")]
    )
    name = fields.Char(string="Name of the List")
    source_segment_id = fields.Many2one("crm.suite.segment", readonly=True)
    source_batch_id = fields.Many2one("crm.suite.import.batch", readonly=True)
    partner_ids = fields.Json(readonly=True)
    record_count = fields.Integer(
        string="Customers", compute="_compute_record_count", readonly=True
    )

    @api.model
    def default_get(self, fields):
        """What is added: of a segment, of an import, or what is selected."""
        values = super().default_get(fields)
        context = self.env.context
        model, ids = context.get("active_model"), context.get("active_ids") or []
        if model == "crm.suite.segment":
            source = self.env[model].browse(ids[:1])
            values.update(
                source_segment_id=source.id,
                mode="new",
                name=self.env._(
                    "%(name)s on %(day)s",
                    name=source.name,
                    day=self.env["crm.suite.segment"]._describe_date({}, self._today()),
                ),
            )
        elif model == "crm.suite.import.batch":
            batch = self.env[model].browse(ids[:1])
            values.update(source_batch_id=batch.id, mode="new", name=batch.name)
        elif model == "res.partner":
            values["partner_ids"] = ids
        if values.get("mode") != "new" and not self._has_lists():
            values["mode"] = "new"
        return values

    def _today(self):
        return fields.Date.context_today(self)

    @api.model
    def _has_lists(self):
        return bool(
            self.env["crm.suite.segment"].search_count(
                [("kind", "=", "static")], limit=1
            )
        )

    @api.depends("partner_ids", "source_segment_id", "source_batch_id")
    def _compute_record_count(self):
        for window in self:
            window.record_count = len(window._get_partner_ids())

    def _get_partner_ids(self):
        """The customers and contacts that are meant, as far as the user sees them."""
        self.ensure_one()
        if self.source_segment_id:
            return self.source_segment_id.member_ids.ids
        if self.source_batch_id:
            return self.source_batch_id._get_imported_customer_ids()
        return self.partner_ids or []

    def _get_cause(self):
        if self.source_segment_id:
            return {"cause": "segment", "name": self.source_segment_id.name}
        if self.source_batch_id:
            return {"cause": "import", "name": self.source_batch_id.name}
        return {"cause": "selection"}

    def action_add(self):
        """Add the customers and show what was done, with Undo.

        :rtype: dict
        """
        self.ensure_one()
        segment = self._get_segment()
        result = segment.action_add(self._get_partner_ids(), self._get_cause())
        if not result["operation_id"]:
            raise UserError(
                self.env._(
                    "Nobody was added: these customers are in the list already, or they are no customers."
                )
            )
        operation = self.env["crm.suite.operation"].browse(result["operation_id"])
        return operation._get_notification_action()

    def _get_segment(self):
        if self.mode == "existing":
            if not self.segment_id:
                raise UserError(self.env._("Choose the list, or make a new one."))
            return self.segment_id
        if not self.name:
            raise UserError(self.env._("Give the new list a name."))
        return self.env["crm.suite.segment"].create(
            {"name": self.name, "kind": "static"}
        )


class SegmentRemove(models.TransientModel):
    """Takes selected customers out of a list."""

    _name = "crm.suite.segment.remove"
    _description = "Remove from a Segment"

    segment_id = fields.Many2one(
        "crm.suite.segment",
        string="List",
        required=True,
        domain=[("kind", "=", "static")],
    )
    partner_ids = fields.Json(readonly=True)
    record_count = fields.Integer(string="Customers", readonly=True)

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        ids = self.env.context.get("active_ids") or []
        if self.env.context.get("active_model") == "crm.suite.segment.member":
            members = self.env["crm.suite.segment.member"].browse(ids)
            values["segment_id"] = members.segment_id[:1].id
            ids = members.partner_id.ids
        values.update(partner_ids=ids, record_count=len(ids))
        return values

    def action_remove(self):
        """Take the customers out and show what was done, with Undo.

        :rtype: dict
        """
        self.ensure_one()
        result = self.segment_id.action_remove(self.partner_ids or [])
        if not result["operation_id"]:
            raise UserError(self.env._("None of these customers is in the list."))
        operation = self.env["crm.suite.operation"].browse(result["operation_id"])
        return operation._get_notification_action()
