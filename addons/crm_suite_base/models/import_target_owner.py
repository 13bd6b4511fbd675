from odoo import api, models
from odoo.fields import Domain


class ImportOwner(models.AbstractModel):
    """Owners named in a file: by login, name or e-mail."""

    _inherit = "crm.suite.import.target"

    def _import_set_owner(self, plan, row, owners):
        text = row.vals.get("user_id")
        if not text:
            return
        users = owners.get(str(text).casefold(), ())
        if len(users) == 1:
            row.values["user_id"] = next(iter(users))
            return
        message = (
            self.env._(
                "Several users are called “%(name)s”. Give the login.", name=text
            )
            if users
            else self.env._(
                "No user has the login, name or e-mail “%(name)s”.", name=text
            )
        )
        row.reject(message, *plan.where("user_id"))

    @api.model
    def _import_find_users(self, texts):
        """Internal users by login, name and e-mail.

        :rtype: dict[str, set[int]]
        """
        words = {str(text) for text in texts if text}
        if not words:
            return {}
        forms = list(words | {word.lower() for word in words})
        domain = Domain("share", "=", False) & Domain.OR(
            [
                [("login", "in", forms)],
                [("name", "in", list(words))],
                [("email_normalized", "in", forms)],
            ]
        )
        found = {}
        for user in self.env["res.users"].sudo().search(domain):
            for word in {user.login, user.name, user.email_normalized}:
                if word:
                    found.setdefault(word.casefold(), set()).add(user.id)
        return found
