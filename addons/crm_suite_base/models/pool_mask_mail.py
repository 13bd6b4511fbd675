from odoo import api, models

# What programs of the host render texts about, for a user who may not see them.
RENDERED = frozenset({"crm.lead", "res.partner"})
# How followers are looked for, other than by their ids.
FOLLOWED = frozenset({"any", "like", "ilike", "=like", "=ilike"})


class PoolMask(models.AbstractModel):
    _inherit = "crm.suite.pool.mask"

    def _message_get_suggested_recipients_batch(self, *args, **kwargs):
        """Nobody is proposed for what is masked: the host answers with addresses, and
        makes contacts of those that it does not know.
        """
        hidden = self.browse(self._pool_get_masked(self._pool_hiding()))
        found = {id_: [] for id_ in hidden.ids}
        if rest := self - hidden:
            found.update(
                super(PoolMask, rest)._message_get_suggested_recipients_batch(
                    *args, **kwargs
                )
            )
        return found

    def _sms_get_recipients_info(self, *args, **kwargs):
        """The host answers with numbers, where its text messages are installed."""
        self._pool_check_claimed("phone")
        return super()._sms_get_recipients_info(*args, **kwargs)


class Base(models.AbstractModel):
    """Records of any kind are about customers; some of these wait in a pool."""

    _inherit = "base"

    def _message_get_suggested_recipients_batch(self, *args, **kwargs):
        found = super()._message_get_suggested_recipients_batch(*args, **kwargs)
        partners = self.env["res.partner"]
        if not (pool_ids := partners._pool_hiding("email")):
            return found
        ids = {row["partner_id"] for rows in found.values() for row in rows}
        masked = partners.browse(ids)._pool_get_masked(pool_ids)
        return {
            id_: [row for row in rows if row["partner_id"] not in masked]
            for id_, rows in found.items()
        }

    def _sms_get_recipients_info(self, *args, **kwargs):
        """The number of a customer is not told by way of his quote."""
        found = super()._sms_get_recipients_info(*args, **kwargs)
        used = (row["partner"] for row in found.values() if row["partner_store"])
        self.env["res.partner"].union(*used)._pool_check_claimed("phone")
        return found


class MailThread(models.AbstractModel):
    """Who may not see an address does not write to it either."""

    _inherit = "mail.thread"

    def message_post(self, *args, partner_ids=None, **kwargs):
        self._pool_check_recipients(partner_ids)
        return super().message_post(*args, partner_ids=partner_ids, **kwargs)

    def message_notify(self, *args, partner_ids=False, **kwargs):
        self._pool_check_recipients(partner_ids)
        return super().message_notify(*args, partner_ids=partner_ids, **kwargs)

    def _pool_check_recipients(self, partner_ids):
        if partner_ids and not self.env.su:
            people = self.env["res.partner"].browse(
                id_ for id_ in partner_ids if isinstance(id_, int)
            )
            if people._pool_hiding("email"):
                # Mostly the same colleagues again and again: they stay in the cache.
                people.sudo().commercial_partner_id.mapped("crm_suite_pool_id")
            people._pool_check_claimed("email")

    @api.model
    def _search_message_partner_ids(self, operator, operand):
        """Followers are found by what the user sees of them: the host looks for names
        and addresses as superuser.
        """
        names = operator == "in" and any(isinstance(value, str) for value in operand)
        if self.env.su or not (operator in FOLLOWED or names):
            return super()._search_message_partner_ids(operator, operand)
        if operator != "any":
            operand = [("display_name", operator, operand)]
        found = self.env["res.partner"]._search(operand)
        return super()._search_message_partner_ids("in", found)


class MailRenderMixin(models.AbstractModel):
    """A template may hold what the user does not see of the record."""

    _inherit = "mail.render.mixin"

    def _render_template(self, template_src, model, res_ids, *args, **kwargs):
        if model in RENDERED:
            self.env[model].browse(res_ids)._pool_check_claimed()
        return super()._render_template(template_src, model, res_ids, *args, **kwargs)
