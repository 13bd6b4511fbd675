from odoo import api, fields, models, tools
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from ..tools.normalize import InvalidValue, normalize_phone


class ContactPoint(models.Model):
    """Another phone number or e-mail address of a customer or contact.

    The first ones are the host's own fields. What is here counts for finding: a mail
    from a second address, a search for a second number lead to the same customer.
    """

    _name = "crm.suite.contact.point"
    _description = "Further Phone or E-mail"
    _order = "kind, id"
    _rec_name = "value"

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        index=True,
        ondelete="cascade",
    )
    kind = fields.Selection(
        [("phone", "Phone"), ("email", "Email")], required=True, default="phone"
    )
    value = fields.Char(string="Number or Address", required=True)
    normalized = fields.Char(
        compute="_compute_normalized",
        store=True,
        help="The number with its country code, the address in small letters.",
    )
    note = fields.Char(help="Whose or what for: reception, private, until 2024.")
    source = fields.Selection(
        [("hand", "Entered by hand"), ("merge", "Merge"), ("import", "Import")],
        required=True,
        default="hand",
        readonly=True,
    )
    _partner_unique = models.UniqueIndex(
        "(partner_id, kind, normalized) WHERE normalized IS NOT NULL",
        "This number or address is noted already.",
    )
    _normalized_idx = models.Index("(normalized, kind) WHERE normalized IS NOT NULL")

    @api.depends("kind", "value")
    def _compute_normalized(self):
        for point in self:
            point.normalized = point._normalize(
                point.kind, point.value, point.partner_id.sudo().country_id
            )

    @api.model
    def _normalize(self, kind, value, country=None):
        """Bring a number or an address into the form in which it is compared.

        :param country: ``res.country`` in which the number is dialled
        :rtype: str | bool
        """
        if not value:
            return False
        if kind == "email":
            return tools.email_normalize(value) or False
        code = (country or self.env.company.country_id).code
        try:
            return normalize_phone(value, code or None)[0] or False
        except InvalidValue:
            return False

    @api.constrains("kind", "value")
    def _check_value(self):
        """Something that is no number or address finds nothing and helps nobody."""
        for point in self:
            if point.normalized or point.source == "merge":
                continue
            if point.kind == "email":
                message = self.env._(
                    "“%(value)s” is no e-mail address. It has the form "
                    "name@company.com.",
                    value=point.value,
                )
            else:
                message = self.env._(
                    "“%(value)s” is no phone number. Check the digits; for a number "
                    "from abroad write + and the country code.",
                    value=point.value,
                )
            raise ValidationError(message)

    # === RIGHTS === #

    def _search(self, domain, *args, bypass_access=False, **kwargs):
        """Nobody sees numbers of customers that he may not see."""
        if not (self.env.su or bypass_access):
            partners = self.env["res.partner"].with_context(active_test=False)
            domain = Domain(domain) & Domain("partner_id", "in", partners._search([]))
        return super()._search(domain, *args, bypass_access=bypass_access, **kwargs)

    def _check_access(self, operation):
        """Who may see or change the customer may see or change its numbers."""
        if result := super()._check_access(operation):
            return result
        if self.env.su or not any(self._ids):
            return None
        partners = self.sudo().partner_id.with_env(self.env)
        needed = "read" if operation == "read" else "write"
        allowed = set(partners._crm_suite_filtered_visible(needed)._ids)
        refused = self.filtered(lambda p: p.sudo().partner_id.id not in allowed)
        if not refused:
            return None
        make_error = self.env["ir.rule"]._make_access_error
        return refused, lambda: make_error(operation, refused)

    # === FINDING === #

    @api.model
    def _find_partner_ids(self, kind, values):
        """Find whose second numbers or addresses these are, whoever asks.

        :param list values: normalised, see :meth:`_normalize`
        :return: ``{normalised value: [id of the partner]}``, partners in use only
        :rtype: dict
        """
        if not values:
            return {}
        found = {}
        # Only ids come out; who shows a partner checks whether it may be seen.
        for point in self.sudo().search_fetch(
            [
                ("kind", "=", kind),
                ("normalized", "in", list(values)),
                ("partner_id.active", "=", True),
            ],
            ["normalized", "partner_id"],
            order="id",
        ):
            found.setdefault(point.normalized, []).append(point.partner_id.id)
        return found

    @api.model
    def _keep(self, partner, kind, first, values):
        """Note the values of merged records that a partner has no other place for.

        What it has already, as its first or a further one, is left alone.

        :param str first: what the partner's own field has or is about to get
        :param list values: as they were written
        :return: the new points
        """
        country = partner.country_id
        known = {self._normalize(kind, first, country) or first}
        for point in partner.crm_suite_contact_point_ids:
            if point.kind == kind:
                known.add(point.normalized or point.value)
        vals_list = []
        for value in values:
            key = self._normalize(kind, value, country) or value
            if not value or key in known:
                continue
            known.add(key)
            vals_list.append(
                {
                    "partner_id": partner.id,
                    "kind": kind,
                    "value": value,
                    "source": "merge",
                }
            )
        return self.create(vals_list)
