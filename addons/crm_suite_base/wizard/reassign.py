from odoo import api, fields, models
from odoo.exceptions import UserError

# The models that can be reassigned, with their fields for owner and team.
OWNER_FIELDS = {
    "crm.lead": ("user_id", "team_id"),
    "res.partner": ("user_id", "crm_suite_team_id"),
}


class Reassign(models.TransientModel):
    """Gives customers or leads to another owner, as one operation with Undo."""

    _name = "crm.suite.reassign"
    _description = "Reassignment"

    res_model = fields.Char(required=True, readonly=True)
    res_ids = fields.Json(readonly=True)
    record_count = fields.Integer(string="Records", readonly=True)
    user_id = fields.Many2one(
        "res.users", string="New Owner", domain=[("share", "=", False)]
    )
    team_id = fields.Many2one("crm.team", string="New Team")
    reason = fields.Char(help="Shown in the list of bulk operations.")
    with_contacts = fields.Boolean(
        string="Contacts Too",
        default=True,
        help="The contacts of these customers get the same owner.",
    )
    with_activities = fields.Boolean(
        string="Open Activities Too",
        default=True,
        help="Open activities that former owners have on these records go along.",
    )

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        context = self.env.context
        ids = context.get("active_ids") or []
        values.update(
            res_model=context.get("active_model"), res_ids=ids, record_count=len(ids)
        )
        return values

    @api.onchange("user_id")
    def _onchange_user_id(self):
        """Propose the team that the new owner works in."""
        if self.user_id:
            self.team_id = self.user_id.sale_team_id

    def action_reassign(self):
        """Give the records to the new owner.

        :return: client action that shows the notification with Undo
        :rtype: dict
        """
        self.ensure_one()
        records = self._get_records()
        if not self.user_id and not self.team_id:
            raise UserError(self.env._("Choose a new owner, a new team or both."))
        owner = self.user_id.name or self.team_id.name
        with self.env["crm.suite.operation"].record(
            "reassign",
            self.reason,
            name=self.env._(
                "%(count)s reassigned to %(owner)s", count=len(records), owner=owner
            ),
            res_model=records._name,
        ) as operation:
            # First the activities: afterwards the user may not see the records.
            if self.with_activities and self.user_id:
                self._reassign_activities(records)
            self._reassign(records)
        action = operation._get_notification_action()
        action["params"]["next"] = {"type": "ir.actions.client", "tag": "soft_reload"}
        return action

    def _get_records(self):
        if self.res_model not in OWNER_FIELDS:
            raise UserError(
                self.env._("Only customers and leads can be reassigned here.")
            )
        records = self.env[self.res_model].browse(self.res_ids or []).exists()
        if not records:
            raise UserError(self.env._("Choose in the list what is to be reassigned."))
        if self.res_model == "res.partner" and self.with_contacts:
            records |= self._get_contacts(records)
        return records

    @api.model
    def _get_contacts(self, records):
        """Who works for these customers; their subsidiaries are customers themselves."""
        return records.search(
            [
                ("id", "child_of", records.ids),
                ("is_company", "=", False),
                ("commercial_partner_id", "in", records.commercial_partner_id.ids),
            ]
        )

    def _reassign(self, records):
        """Write the new owner and team."""
        owner_field, team_field = OWNER_FIELDS[records._name]
        values = {}
        if self.user_id:
            values[owner_field] = self.user_id.id
        if self.team_id:
            values[team_field] = self.team_id.id
        records.write(values)

    def _reassign_activities(self, records):
        former = records[OWNER_FIELDS[records._name][0]]
        activities = self.env["mail.activity"].search(
            [
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("user_id", "in", (former - self.user_id).ids),
            ]
        )
        activities.write({"user_id": self.user_id.id})
