from odoo import api, models, tools

from .arguments import check_one

ROLE = "crm_suite_base.group_crm_suite_user"


class ResPartner(models.Model):
    """What leads to a merged record leads to the one that has taken over."""

    _inherit = "res.partner"

    def get_formview_action(self, access_uid=None):
        """Links in mails, bookmarks of documents and buttons open the survivor.

        Whoever wants to look at a merged record itself says so by the context key
        ``crm_suite_show_merged``.
        """
        partner = self
        if len(self) == 1 and not self.env.context.get("crm_suite_show_merged"):
            partner = self._crm_suite_survivors()
        return super(ResPartner, partner).get_formview_action(access_uid=access_uid)

    @api.model
    def _get_partner_from_token(self, token):
        """An invitation or a reset that was sent to a merged record counts for the
        survivor, if the logins are still those for which it was made."""
        partner = super()._get_partner_from_token(token)
        if partner:
            survivor = partner._crm_suite_survivors()
            if (
                survivor == partner
                or survivor.sudo().user_ids == partner.sudo().user_ids
            ):
                return survivor
            return None
        payload = tools.verify_hash_signed(self.sudo().env, "signup", token)
        if not payload:
            return partner
        partner_id, user_ids, login_date, signup_type = payload
        merged = self.browse(partner_id).exists()
        survivor = merged._crm_suite_survivors()
        # The host's own check, of the record to which the login has moved.
        if (
            survivor != merged
            and user_ids
            and survivor.user_ids.ids == user_ids
            and survivor._get_login_date() == login_date
            and merged.signup_type == signup_type
        ):
            return survivor
        return partner

    @api.readonly
    def crm_suite_merge_info(self):
        """Tell what the customer's page says about merges.

        :return: ``{"into": {"id", "name"} or False, "merged": [{"id", "name", "date",
            "user", "operation_id", "can_undo"}]}``; only what the viewer may see
        :rtype: dict
        """
        check_one(self)
        self.check_access("read")
        self._crm_suite_check_role()
        into = self.browse()
        if self.crm_suite_merged_into_id:
            into = self._crm_suite_survivors()._filtered_access("read")
        merged = self.with_context(active_test=False).crm_suite_merged_ids
        return {
            "into": {"id": into.id, "name": into.display_name} if into else False,
            "merged": [
                partner._crm_suite_merge_line_info()
                for partner in merged._filtered_access("read")
            ],
        }

    def _crm_suite_merge_line_info(self):
        operation = self.crm_suite_merge_id
        # Who merged and when is no secret to who sees both; undoing asks for rights.
        known = operation.sudo()
        visible = operation._filtered_access("read")
        return {
            "id": self.id,
            "name": self.display_name,
            "date": known.date_start.isoformat(" ", "seconds") if known else False,
            "user": known.user_id.name or "",
            "operation_id": visible.id or False,
            "can_undo": bool(visible.can_undo),
        }


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    @api.model
    def message_route(
        self, message, message_dict, model=None, thread_id=None, custom_values=None
    ):
        """Mail for a merged customer goes to the survivor's thread."""
        routes = super().message_route(
            message, message_dict, model, thread_id, custom_values
        )
        return [self._crm_suite_follow_route(route) for route in routes or ()]

    def _crm_suite_follow_route(self, route):
        route_model, thread_id, *rest = route
        if route_model != "res.partner" or not thread_id:
            return route
        partner = self.env["res.partner"].sudo().browse(int(thread_id)).exists()
        return (route_model, partner._crm_suite_survivors().id or thread_id, *rest)

    def _message_compute_author(self, author_id=None, email_from=None):
        """Who writes through an old link of a portal writes as the survivor."""
        author_id, email_from = super()._message_compute_author(
            author_id=author_id, email_from=email_from
        )
        if author_id:
            author = self.env["res.partner"].sudo().browse(author_id)
            if not author.active:
                author_id = author._crm_suite_survivors().id
        return author_id, email_from

    def message_unsubscribe(self, partner_ids=None):
        """The link in an old mail, made for a merged record, still unsubscribes."""
        if partner_ids:
            partners = self.env["res.partner"].sudo().browse(partner_ids)
            merged = partners.filtered(lambda p: not p.active)
            if merged and (others := merged._crm_suite_survivors() - partners):
                partner_ids = [*partner_ids, *others.ids]
        return super().message_unsubscribe(partner_ids=partner_ids)
