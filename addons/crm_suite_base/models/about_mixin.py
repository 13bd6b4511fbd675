from odoo import models
from odoo.exceptions import UserError


def open_form(env, model, id_):
    """The action that opens a record: a customer on its page, not as a contact.

    :rtype: dict
    """
    view = False
    if model == "res.partner":
        view = env.ref("crm_suite_base.res_partner_view_form_customer").id
    return {
        "type": "ir.actions.act_window",
        "res_model": model,
        "res_id": id_,
        "views": [(view, "form")],
    }


class AboutMixin(models.AbstractModel):
    """Rows about a record, named by ``res_model`` and ``res_id``."""

    _name = "crm.suite.about.mixin"
    _description = "About a Record"

    def _open_record(self):
        """Open what the row is about, for who may read it.

        :rtype: dict
        :raise UserError: it is not there any more
        """
        self.ensure_one()
        self.check_access("read")
        known = self.res_id and self.res_model in self.env
        record = (
            self.env[self.res_model].browse(self.res_id).exists() if known else None
        )
        if not record:
            raise UserError(self.env._("This record was deleted in the meantime."))
        record.check_access("read")
        return open_form(self.env, self.res_model, self.res_id)
