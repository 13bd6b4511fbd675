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
        """A mail from a second address is from the customer who has it.

        Where nobody has one of these as a further address, the host alone is asked.
        """
        options = {
            "ban_emails": ban_emails,
            "filter_found": filter_found,
            "additional_values": additional_values,
            "sort_key": sort_key,
            "sort_reverse": sort_reverse,
        }
        second = self._crm_suite_find_by_second_email(emails, filter_found)
        found = super()._find_or_create_from_emails(
            emails, no_create=no_create or bool(second), **options
        )
        if not second:
            return found
        found = [
            partner or second.get(index, partner) for index, partner in enumerate(found)
        ]
        missing = [index for index, partner in enumerate(found) if not partner]
        if no_create or not missing:
            return found
        made = super()._find_or_create_from_emails(
            [emails[index] for index in missing], no_create=False, **options
        )
        for index, partner in zip(missing, made, strict=True):
            found[index] = partner
        return found

    @api.model
    def _crm_suite_find_by_second_email(self, emails, filter_found):
        """Who has one of these as a further address.

        :return: ``{position: partner}``
        :rtype: dict
        """
        wanted = {
            index: key
            for index, email in enumerate(emails)
            if (key := tools.email_normalize(email))
        }
        ids = self.env["crm.suite.contact.point"]._find_partner_ids(
            "email", set(wanted.values())
        )
        if not ids:
            return {}
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
