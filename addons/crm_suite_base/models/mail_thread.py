from odoo import api, models
from odoo.exceptions import AccessError

# Host models whose records are customers and leads of the suite.
GUARDED_MODELS = frozenset({"crm.lead", "res.partner"})
GATEWAY_GROUP = "crm_suite_base.group_crm_suite_mail_gateway"


class MailThread(models.AbstractModel):
    """Close the mail gateway to callers that are not a mail gateway.

    ``message_process`` is a public method: the host lets every internal user call
    it over RPC, then creates and updates the records of the routed model as
    superuser, with values of the caller and in the name of a forgeable sender.
    For the models of the suite, customers and leads it is kept for those who
    deliver mail for a living: superuser code (fetchmail, the scheduled actions),
    the settings administrators and the accounts of the mail gateway group.
    Everything else (other models, ``message_post``) is left as the host has it.
    """

    _inherit = "mail.thread"

    @api.model
    def _crm_suite_gateway_guards(self, model_name):
        """Tell whether incoming mail for a model needs a trusted caller.

        Hook: an addon that has records to protect in a host model adds it here.

        :param str model_name: technical name of a routed model
        :rtype: bool
        """
        return model_name in GUARDED_MODELS or model_name.startswith("crm.suite.")

    @api.model
    def _crm_suite_gateway_trusted(self):
        """Tell whether the caller may deliver mail to guarded models."""
        return (
            self.env.su
            or self.env.user.has_group(GATEWAY_GROUP)
            or self.env.user.has_group("base.group_system")
        )

    @api.model
    def _crm_suite_gateway_refuse(self):
        raise AccessError(
            self.env._(
                "Only a mail gateway may deliver incoming mail to customers, leads and "
                "the records of the CRM suite. Ask an administrator to add the account "
                "to the group “CRM Suite: mail gateway”."
            )
        )

    @api.model
    def message_process(
        self,
        model,
        message,
        custom_values=None,
        save_original=False,
        strip_attachments=False,
        thread_id=None,
    ):
        """Let the account of a mail gateway finish what it may start.

        The host notes the outcome on the alias with the rights of the caller, and
        only administrators may write aliases: a gateway works as fetchmail does.
        The user as whom a record is created is found as before.
        """
        if not self.env.su and self.env.user.has_group(GATEWAY_GROUP):
            self = self.sudo()
        return super().message_process(
            model,
            message,
            custom_values=custom_values,
            save_original=save_original,
            strip_attachments=strip_attachments,
            thread_id=thread_id,
        )

    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        """Refuse as soon as it is known where the mail goes, before anything is
        created and before loop detection may answer the sender."""
        routes = super().message_route(
            message, message_dict, model, thread_id, custom_values
        )
        if not self._crm_suite_gateway_trusted() and any(
            self._crm_suite_gateway_guards(route[0]) for route in routes or ()
        ):
            self._crm_suite_gateway_refuse()
        return routes

    @api.model
    def _routing_handle_bounce(self, email_message, message_dict):
        """A forged bounce would count against customers and can blacklist them."""
        if not self._crm_suite_gateway_trusted():
            self._crm_suite_gateway_refuse()
        return super()._routing_handle_bounce(email_message, message_dict)

    @api.model
    def _routing_reset_bounce(self, email_message, message_dict):
        """Runs before the route is known and writes on customers and leads of the
        sender's address: without a trusted caller the address proves nothing."""
        if not self._crm_suite_gateway_trusted():
            return None
        return super()._routing_reset_bounce(email_message, message_dict)
