import json

from odoo import models

# In the context of a message that rings in the browsers of all its recipients. An object
# and not a word: no caller can put it into a context.
PUSH = object()
# The same by the host's queue, for what is sent while somebody saves: he does not wait
# for it, and what is taken back rings nowhere.
QUEUED = object()


class MailThread(models.AbstractModel):
    """What somebody has to do reaches his browsers, not only his mails."""

    _inherit = "mail.thread"

    def _notify_get_recipients_for_extra_notifications(
        self, message, recipients_data, msg_vals=False
    ):
        """The host leaves out those who get their messages by mail: what is sent so
        reaches their browsers too, if they allowed it there.
        """
        found = super()._notify_get_recipients_for_extra_notifications(
            message, recipients_data, msg_vals=msg_vals
        )
        if not any(self.env.context.get("crm_suite_push") is p for p in (PUSH, QUEUED)):
            return found
        people = {row["id"] for row in recipients_data if row["active"] and row["id"]}
        return people - {(msg_vals or {}).get("author_id") or message.author_id.id}

    def _web_push_send_notification(
        self, devices, private_key, public_key, payload_by_lang=None, payload=None
    ):
        if self.env.context.get("crm_suite_push") is not QUEUED or payload is None:
            return super()._web_push_send_notification(
                devices,
                private_key,
                public_key,
                payload_by_lang=payload_by_lang,
                payload=payload,
            )
        # As the host does for many devices; nobody else writes this queue.
        self.env["mail.push"].sudo().create(
            [
                {"mail_push_device_id": device.id, "payload": json.dumps(payload)}
                for device in devices
            ]
        )
        self.env["ir.cron"]._crm_suite_wake("mail.ir_cron_web_push_notification")
        return None
