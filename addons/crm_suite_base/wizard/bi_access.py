from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.bi_role import propose_role


class BiGrant(models.TransientModel):
    """Asks for whom and what the access is made, and shows its password, once.

    The window with the password is filled and never saved.
    """

    _name = "crm.suite.bi.grant"
    _description = "Make an Access for Reports"

    role = fields.Char(required=True, default=lambda self: self._default_role())
    company_ids = fields.Many2many(
        "res.company", string="Companies", default=lambda self: self.env.company
    )
    timeout = fields.Integer(string="Longest Query (s)", default=60)
    password = fields.Char(readonly=True, store=False)
    database = fields.Char(readonly=True, store=False)

    @api.model
    def _default_role(self):
        return propose_role(self.env.cr.dbname)

    def action_grant(self):
        """Make the access and show the password.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("write")
        if self.env["crm.suite.bi.access"].sudo().search_count([], limit=1):
            raise UserError(
                self.env._(
                    "There is an access for reports already. Remove it before you make "
                    "another one."
                )
            )
        access, password = self.env["crm.suite.bi.access"]._grant(
            self.role, self.company_ids, self.timeout
        )
        return access._show(password)
