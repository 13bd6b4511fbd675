from odoo import models
from odoo.exceptions import UserError, ValidationError


class ResPartner(models.Model):
    """Which records can be merged, and what a program may ask for."""

    _inherit = "res.partner"

    # === PROBLEMS === #

    def _crm_suite_merge_problems(self, survivor, choices):
        """Why these cannot be merged. Hook: others add their reasons.

        :return: sentences that say what to do
        :rtype: list[str]
        """
        partners = self.sudo()
        return [
            *partners._crm_suite_problem_merged(),
            *partners._crm_suite_problem_own_company(),
            *partners._crm_suite_problem_companies(),
            *partners._crm_suite_problem_family(),
            *self._crm_suite_problem_users(),
            *partners._crm_suite_problem_books(survivor),
        ]

    def _crm_suite_problem_merged(self):
        for partner in self:
            if into := partner.crm_suite_merged_into_id:
                operation = partner.crm_suite_merge_id
                yield self.env._(
                    "“%(partner)s” was merged into “%(survivor)s” already, by %(user)s. "
                    "Choose that one instead.",
                    partner=partner.display_name,
                    survivor=into.display_name,
                    user=operation.user_id.name or self.env._("somebody"),
                )

    def _crm_suite_problem_own_company(self):
        companies = (
            self.env["res.company"].sudo().search([("partner_id", "in", self.ids)])
        )
        for company in companies:
            yield self.env._(
                "“%(partner)s” is the address of your own company “%(company)s” and "
                "cannot be merged.",
                partner=company.partner_id.display_name,
                company=company.name,
            )

    def _crm_suite_problem_companies(self):
        if len(self.company_id) > 1:
            yield self.env._(
                "These customers belong to different companies: %(companies)s. Merge "
                "only customers of one company.",
                companies=", ".join(self.company_id.mapped("name")),
            )

    def _crm_suite_problem_family(self):
        for partner in self:
            above, seen = partner.parent_id, set()
            while above and above.id not in seen:
                seen.add(above.id)
                if above in self:
                    yield self.env._(
                        "“%(partner)s” belongs to “%(parent)s”: a customer cannot be "
                        "merged with its own contact. Set the company of the contact "
                        "empty first.",
                        partner=partner.display_name,
                        parent=above.display_name,
                    )
                    break
                above = above.parent_id

    def _crm_suite_problem_users(self):
        """One login at most, and whoever works here is changed by those who may."""
        users = self.sudo().with_context(active_test=False).user_ids
        if len(users.partner_id) > 1 or len(users) > 1:
            yield self.env._(
                "%(names)s can each log in (%(logins)s). Only one of them may have a "
                "login: delete or move the other users first.",
                names=", ".join(users.partner_id.mapped("display_name")),
                logins=", ".join(users.mapped("login")),
            )
        elif users and not users._is_portal():
            allowed = self.env["res.users"].has_access("write")
            if users._is_internal() and allowed:
                return
            yield self.env._(
                "“%(partner)s” is the record of the user %(login)s. Only those who "
                "manage users may merge it.",
                partner=users.partner_id.display_name,
                login=users.login,
            )

    def _crm_suite_problem_books(self, survivor):
        """Booked documents do not pass from one company's books to another's."""
        ours = survivor.sudo().commercial_partner_id
        strangers = self.filtered(
            lambda p: (
                p != survivor
                and p.commercial_partner_id != ours
                and (p.commercial_partner_id != p or ours != survivor)
            )
        )
        if not strangers:
            return
        booked = (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("partner_id", "in", strangers.ids),
                    ("state", "=", "posted"),
                ],
                limit=1,
            )
        )
        if booked:
            yield self.env._(
                "“%(partner)s” has posted entries under “%(theirs)s”, but “%(survivor)s” "
                "belongs to “%(ours)s”. Merge the companies first.",
                partner=booked.partner_id.display_name,
                theirs=booked.commercial_partner_id.display_name,
                survivor=survivor.display_name,
                ours=ours.display_name,
            )

    def _crm_suite_check_choices(self, choices):
        """Accept the choices of a program.

        :return: ``{field: id}`` with blocks such as the address taken apart
        :raise UserError: when a field or an id does not belong here
        """
        choices = choices or {}
        if not isinstance(choices, dict):
            raise ValidationError(
                self.env._("Give the choices as {field: id of the customer}.")
            )
        known = {line.key: line for line in self._crm_suite_merge_lines()}
        names = {name: line for line in known.values() for name in line.names}
        for name, id_ in choices.items():
            if not isinstance(name, str) or (name not in known and name not in names):
                raise UserError(
                    self.env._(
                        "The field “%(field)s” cannot be chosen here. Fields to choose: "
                        "%(fields)s.",
                        field=name,
                        fields=", ".join(sorted({*known, *names})),
                    )
                )
            if isinstance(id_, bool) or id_ not in self.ids:
                raise UserError(
                    self.env._(
                        "“%(field)s”: choose one of the customers to merge, by its id.",
                        field=name,
                    )
                )
        return choices
