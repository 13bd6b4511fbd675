from odoo import api, fields, models, tools
from odoo.fields import Domain

ROLE = "crm_suite_base.group_crm_suite_user"


class ResPartner(models.Model):
    """A customer is found by all its numbers and addresses."""

    _inherit = "res.partner"

    crm_suite_contact_point_ids = fields.One2many(
        "crm.suite.contact.point",
        "partner_id",
        string="Further Phones and Emails",
        groups=ROLE,
        copy=False,
    )

    @api.model
    def _find_or_create_from_emails(
        self,
        emails,
        ban_emails=None,
        filter_found=None,
        additional_values=None,
        no_create=False,
        sort_key=None,
        sort_reverse=True,
    ):
        """A mail from a second address is from the customer who has it."""
        first = super()._find_or_create_from_emails(
            emails,
            ban_emails=ban_emails,
            filter_found=filter_found,
            additional_values=additional_values,
            no_create=True,
            sort_key=sort_key,
            sort_reverse=sort_reverse,
        )
        known = self._crm_suite_find_by_second_email(emails, first, filter_found)
        if no_create or all(
            partner or known.get(index) for index, partner in enumerate(first)
        ):
            return [
                partner or known.get(index, partner)
                for index, partner in enumerate(first)
            ]
        missing = [
            index
            for index, partner in enumerate(first)
            if not partner and index not in known
        ]
        made = super()._find_or_create_from_emails(
            [emails[index] for index in missing],
            ban_emails=ban_emails,
            filter_found=filter_found,
            additional_values=additional_values,
            no_create=False,
            sort_key=sort_key,
            sort_reverse=sort_reverse,
        )
        known.update(zip(missing, made, strict=True))
        return [
            partner or known.get(index, partner) for index, partner in enumerate(first)
        ]

    @api.model
    def _crm_suite_find_by_second_email(self, emails, found, filter_found):
        """Look up what the host did not find among the further addresses.

        :param list found: partners, empty where none was found
        :return: ``{position: partner}``
        :rtype: dict
        """
        wanted = {}
        for index, (email, partner) in enumerate(zip(emails, found, strict=True)):
            if not partner and (key := tools.email_normalize(email)):
                wanted[index] = key
        ids = self.env["crm.suite.contact.point"]._find_partner_ids(
            "email", set(wanted.values())
        )
        # With the viewer's rights, as the host searches.
        partners = self.search([("id", "in", [i for v in ids.values() for i in v])])
        if filter_found:
            partners = partners.filtered(filter_found)
        visible = set(partners.ids)
        result = {}
        for index, key in wanted.items():
            for id_ in ids.get(key, ()):
                if id_ in visible:
                    result[index] = self.browse(id_)
                    break
        return result

    @api.model
    def _crm_suite_second_domain(self, text):
        """Partners one of whose further numbers or addresses contains a text.

        :rtype: Domain
        """
        points = self.env["crm.suite.contact.point"]
        query = points._search(
            Domain("normalized", "ilike", text) | Domain("value", "ilike", text)
        )
        return Domain("crm_suite_contact_point_ids", "in", query)

    def _search_phone_mobile_search(self, operator, value):
        """The list's search for a number looks at the further ones too."""
        domain = super()._search_phone_mobile_search(operator, value)
        if operator not in ("like", "ilike") or not isinstance(value, str):
            return domain
        digits = "".join(c for c in value if c.isdigit())
        if len(digits) < self._phone_search_min_length or not (
            self.env.su or self.env.user.has_group(ROLE)
        ):
            return domain
        if digits.startswith("0"):
            digits = digits.lstrip("0")
        return domain | self._crm_suite_second_domain(digits)
