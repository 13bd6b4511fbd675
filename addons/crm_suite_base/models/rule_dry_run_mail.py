from odoo import models

from .rule_dry_run import is_dry_run


class MailThread(models.AbstractModel):
    """What the host sends within the transaction is not sent by a trial."""

    _inherit = "mail.thread"

    def _web_push_send_notification(
        self, devices, private_key, public_key, payload_by_lang=None, payload=None
    ):
        """To few devices the host sends at once."""
        if is_dry_run(self.env.cr):
            return None
        return super()._web_push_send_notification(
            devices,
            private_key,
            public_key,
            payload_by_lang=payload_by_lang,
            payload=payload,
        )

    def _notify_thread_by_sms(
        self,
        message,
        recipients_data,
        msg_vals=False,
        sms_content=None,
        sms_numbers=None,
        sms_pid_to_number=None,
        put_in_queue=False,
        **kwargs,
    ):
        """Only the host's text messages call it, where they are installed."""
        return super()._notify_thread_by_sms(
            message,
            recipients_data,
            msg_vals=msg_vals,
            sms_content=sms_content,
            sms_numbers=sms_numbers,
            sms_pid_to_number=sms_pid_to_number,
            put_in_queue=put_in_queue or is_dry_run(self.env.cr),
            **kwargs,
        )


class MailMail(models.Model):
    _inherit = "mail.mail"

    def send(self, auto_commit=False, raise_exception=False, post_send_callback=None):
        """A trial leaves mails in the queue, with which they are taken back."""
        if is_dry_run(self.env.cr):
            return True
        return super().send(
            auto_commit=auto_commit,
            raise_exception=raise_exception,
            post_send_callback=post_send_callback,
        )
