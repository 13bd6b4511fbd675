from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class CalendarEvent(models.Model):
    """Where others meet a customer in the pool is his address.

    Organizer and participants see their own meeting; nobody joins one of a masked
    customer to read it.
    """

    _name = "calendar.event"
    _inherit = ["calendar.event", "crm.suite.pool.mask"]

    @api.model
    def _pool_masked_fields(self):
        """The token opens a page that shows all the rest."""
        return frozenset(
            {"location", "description", "notes", "videocall_location", "access_token"}
        )

    @api.model
    def _pool_masked_sql(self, alias, pool_ids):
        self.flush_model(["user_id", "partner_ids", "opportunity_id"])
        return SQL(
            """
            (%(organizer)s IS DISTINCT FROM %(uid)s
             AND NOT EXISTS (
                 SELECT 1 FROM calendar_event_res_partner_rel mine
                  WHERE mine.calendar_event_id = %(id)s
                    AND mine.res_partner_id = %(me)s)
             AND (EXISTS (
                 SELECT 1 FROM calendar_event_res_partner_rel met
                  WHERE met.calendar_event_id = %(id)s AND %(customer)s)
              OR EXISTS (
                 SELECT 1 FROM crm_lead lead
                  WHERE lead.id = %(lead)s AND %(masked_lead)s)))
            """,
            organizer=SQL.identifier(alias, "user_id"),
            uid=self.env.uid,
            id=SQL.identifier(alias, "id"),
            me=self.env.user.partner_id.id,
            customer=self.env["res.partner"]._pool_masked_partner_sql(
                SQL.identifier("met", "res_partner_id"), pool_ids
            ),
            lead=SQL.identifier(alias, "opportunity_id"),
            masked_lead=self.env["crm.lead"]._pool_masked_sql("lead", pool_ids),
        )

    def write(self, vals):
        if "user_id" in vals or "partner_ids" in vals:
            self._pool_check_claimed()
        return super().write(vals)

    def _mail_get_operation_for_mail_message_operation(self, message_operation):
        """Everybody may write meetings, so their history is for those who take part."""
        operations = super()._mail_get_operation_for_mail_message_operation(
            message_operation
        )
        mine = self.with_user(self.env.user)
        for id_ in mine._pool_get_masked(mine._pool_hiding()):
            operations[self.browse(id_)] = False
        return operations

    def _mail_group_by_operation_for_mail_message_operation(self, message_operation):
        groups = super()._mail_group_by_operation_for_mail_message_operation(
            message_operation
        )
        groups.pop(False, None)
        return groups

    def _pool_refuse(self):
        raise UserError(
            self.env._(
                "%(names)s: a meeting with somebody in the pool, whose contact data are "
                "hidden until somebody claims them. Claim first.",
                names=", ".join(self[:3].sudo().mapped("display_name")),
            )
        )


class CalendarAttendee(models.Model):
    """Attendees show e-mail and phone of the partner, read as superuser."""

    _name = "calendar.attendee"
    _inherit = ["calendar.attendee", "crm.suite.pool.mask"]

    @api.model
    def _pool_masked_fields(self):
        return frozenset({"email", "phone", "access_token"})

    @api.model
    def _pool_masked_searches(self):
        return frozenset({"email", "phone"})

    @api.model
    def _pool_masked_sql(self, alias, pool_ids):
        self.flush_model(["event_id", "partner_id"])
        return SQL(
            "(%s OR EXISTS (SELECT 1 FROM calendar_event meeting"
            " WHERE meeting.id = %s AND %s))",
            self.env["res.partner"]._pool_masked_partner_sql(
                SQL.identifier(alias, "partner_id"), pool_ids
            ),
            SQL.identifier(alias, "event_id"),
            self.env["calendar.event"]._pool_masked_sql("meeting", pool_ids),
        )
