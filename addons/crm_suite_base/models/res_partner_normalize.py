from odoo import api, models
from odoo.exceptions import ValidationError

from ..tools.field_value import get_given
from ..tools.normalize import (
    InvalidValue,
    check_name,
    normalize_email,
    normalize_phone,
    normalize_vat,
)

# What is written in one spelling only.
CHECKED = frozenset(("name", "email", "phone", "vat", "crm_suite_employees"))
SIZES = ((1000, "1000_plus"), (500, "500_999"), (100, "100_499"), (20, "20_99"))


class ResPartner(models.Model):
    """One spelling for names, e-mails, phones and tax numbers of customers.

    Only customers and the contacts of customers are checked. For every other partner
    the host behaves as without the suite, at the price of a set intersection.
    """

    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        if self.env.context.get("crm_suite_managed"):
            stage_id = self._crm_suite_first_stage().id
            for vals in vals_list:
                if self._crm_suite_starts_managed(vals):
                    vals["crm_suite_lifecycle_id"] = stage_id
                elif self._crm_suite_starts_managed({}):
                    # A contact in the same form: the default is not meant for it.
                    vals.setdefault("crm_suite_lifecycle_id", False)
        extensions = {}
        for index, vals in enumerate(vals_list):
            if self._crm_suite_is_checked_create(vals):
                vals.update(self._crm_suite_normalize_values([vals])[0])
                self._crm_suite_add_lang(vals)
                if extension := self._crm_suite_take_extension(vals):
                    extensions[index] = extension
        partners = super().create(vals_list)
        for index, extension in extensions.items():
            partners[index].sudo().crm_suite_phone_extension = extension
        return partners

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        if "lang" in fields and self.env.context.get("crm_suite_managed"):
            self._crm_suite_add_lang(values, known=())
        return values

    @api.model
    def _crm_suite_add_lang(self, vals, known=("lang", "parent_id")):
        """A customer from the country of the user's language is written to in it.

        The host gives everybody the first language of the database. Contacts have
        that of their company.
        """
        if any(vals.get(name) for name in known):
            return
        country = self.env["res.country"].browse(vals.get("country_id") or ())
        code = (country or self.env.company.country_id).code
        language = self.env.user.lang or ""
        if code and language.partition("_")[2] == code:
            vals["lang"] = language

    def write(self, vals):
        if CHECKED.isdisjoint(vals) or self._crm_suite_is_stored():
            return super().write(vals)
        result = True
        for partners, values in self._crm_suite_split_write(vals):
            extension = self._crm_suite_take_extension(values)
            result = super(ResPartner, partners).write(values) and result
            if extension is not None:
                partners.sudo().write({"crm_suite_phone_extension": extension})
        return result

    def _crm_suite_is_stored(self):
        """Whether a program of ours passes on what a record of the database has: it is
        taken as it is, for a merge must not fail over an old number."""
        return self.env.su and self.env.context.get("crm_suite_as_stored")

    def _crm_suite_take_extension(self, values):
        """Take out of ``values`` what the user may not write, though it was derived
        from a phone number that he may.

        :return: the extension to write as superuser, or ``None``
        """
        if self.env.su or self.env.user.has_group(
            "crm_suite_base.group_crm_suite_user"
        ):
            return None
        return values.pop("crm_suite_phone_extension", None)

    def _crm_suite_is_checked_create(self, vals):
        if CHECKED.isdisjoint(vals):
            return False
        if vals.get("crm_suite_lifecycle_id"):
            return True
        return bool(get_given(self, "parent_id", vals)._crm_suite_is_managed())

    def _crm_suite_split_write(self, vals):
        """The partners of ``self`` with the values that each of them gets.

        Nearly always one pair. Only one number written on partners of several
        countries has to be read once per country.
        """
        managed = self if vals.get("crm_suite_lifecycle_id") else None
        if managed is None:
            managed = self._crm_suite_is_managed()
        if not managed:
            return [(self, vals)]
        groups = {}
        if "phone" in vals or "vat" in vals:
            for partner in managed:
                key = partner.sudo()._crm_suite_country_codes(vals)
                groups[key] = groups.get(key, self.browse()) | partner
        elif managed:
            groups[None, None] = managed
        pairs = [
            (partners, partners._crm_suite_normalized(vals, *codes))
            for codes, partners in groups.items()
        ]
        if others := self - managed:
            pairs.append((others, vals))
        # The host changes the dictionary it is given, and reads what it needs of all
        # records that were fetched together: the parts must not forget each other.
        return [
            (partners.with_prefetch(self._prefetch_ids), dict(values))
            for partners, values in pairs
        ]

    def _crm_suite_country_codes(self, vals):
        """Countries by which the phone and the tax number of ``vals`` are read.

        :return: country of the phone, country of the tax number (or ``None``)
        :rtype: tuple[str | None, str | None]
        """
        own = self.country_id
        if "country_id" in vals:
            own = get_given(self, "country_id", vals)
        if not own and self.parent_id:
            own = self.parent_id.country_id
        if not own and not self and vals.get("parent_id"):
            own = get_given(self, "parent_id", vals).sudo().country_id
        here = self.env.company.country_id
        return (own or here).code or None, own.code or None

    @api.model
    def _crm_suite_normalize_values(self, vals_list):
        """Values for new customers in their one spelling; the input is not changed.

        :param list[dict] vals_list: values as for ``create``
        :rtype: list[dict]
        :raise ValidationError: names the field and the rule that a value breaks
        """
        empty = self.browse()
        result = []
        for vals in vals_list:
            codes = empty.sudo()._crm_suite_country_codes(vals)
            result.append({**vals, **empty._crm_suite_normalized(vals, *codes)})
        return result

    def _crm_suite_normalized(self, vals, phone_country, vat_country):
        """``vals`` with the checked fields in their one spelling."""
        try:
            return self._crm_suite_apply_rules(vals, phone_country, vat_country)
        except InvalidValue as error:
            raise ValidationError(self._crm_suite_rule_message(error)) from error

    def _crm_suite_apply_rules(self, vals, phone_country, vat_country):
        values = dict(vals)
        if values.get("name"):
            values["name"] = check_name(values["name"])
        if values.get("email"):
            values["email"] = normalize_email(values["email"])
        if "phone" in values:
            self._crm_suite_apply_phone(values, phone_country)
        if values.get("vat"):
            values["vat"] = normalize_vat(values["vat"], vat_country)
        if "crm_suite_employees" in values and not values.get("crm_suite_size"):
            values["crm_suite_size"] = self._crm_suite_size_of(
                values["crm_suite_employees"]
            )
        return values

    def _crm_suite_apply_phone(self, values, country):
        """A changed number takes its extension with it."""
        number, extension = normalize_phone(values["phone"], country)
        values["phone"] = number
        if "crm_suite_phone_extension" in values:
            if extension and not values["crm_suite_phone_extension"]:
                values["crm_suite_phone_extension"] = extension
        elif extension:
            values["crm_suite_phone_extension"] = extension
        elif any(
            partner.phone != number and partner.crm_suite_phone_extension
            for partner in self.sudo()
        ):
            values["crm_suite_phone_extension"] = False

    @api.model
    def _crm_suite_size_of(self, employees):
        """The size class of a number of employees."""
        if not employees or employees < 0:
            return False
        return next((size for least, size in SIZES if employees >= least), "1_19")

    @api.model
    def _crm_suite_rule_message(self, error):
        """The sentence for a broken rule: field, value, what is wrong, what to do.

        :param InvalidValue error: as raised by ``tools.normalize``
        """
        label = self.fields_get([error.field], ["string"]).get(error.field, {})
        return self.env._(
            "%(field)s “%(value)s”: %(rule)s",
            field=label.get("string") or error.field,
            value=str(error.value).strip(),
            rule=self._crm_suite_rule_text(error.field, error.rule),
        )

    @api.model
    def _crm_suite_rule_text(self, field, rule):
        """The rule in words; a hook for addons that check more fields."""
        texts = getattr(self, f"_crm_suite_rules_{field}", dict)()
        return texts.get(rule) or self.env._("the value is not valid.")

    def _crm_suite_rules_name(self):
        return {
            "too_long": self.env._(
                "no name is that long. Keep the name and put the rest into the notes."
            ),
        }

    def _crm_suite_rules_email(self):
        return {
            "form": self.env._("an e-mail address has the form name@company.com."),
            "one_address": self.env._(
                "write one address here and give the others to contacts of their own."
            ),
            "local_part": self.env._(
                "the part before @ has a blank, a comma, a bracket, a dot at its edge or two dots in a row."
            ),
            "domain": self.env._(
                "the part after @ is not a domain such as company.com."
            ),
        }

    def _crm_suite_rules_phone(self):
        return {
            "form": self.env._(
                "no country has such a number. Check the digits and the area code; for a number from abroad write + and the country code."
            ),
            "one_number": self.env._(
                "write one number here and give the others to contacts of their own."
            ),
            "country": self.env._(
                "the country of the number is not known. Set the country of the customer or write + and the country code."
            ),
            "too_short": self.env._("the number has too few digits."),
            "too_long": self.env._(
                "the number has too many digits for its country. Set the country of the customer or write + and the country code."
            ),
        }

    def _crm_suite_rules_vat(self):
        return {
            "uscc_length": self.env._(
                "a unified social credit code (USCC) has 18 digits and letters."
            ),
            "uscc_check_digit": self.env._(
                "the last character of the unified social credit code (USCC) does not fit the others. One of them is mistyped."
            ),
            "uscc_component": self.env._(
                "the unified social credit code (USCC) names a kind of registration or a region that does not exist."
            ),
            "uscc_form": self.env._(
                "a unified social credit code (USCC) has digits and letters without I, O, S, V and Z."
            ),
            "vat_length": self.env._(
                "a tax number of the customer's country has another length. Check the number and the country."
            ),
            "vat_check_digit": self.env._(
                "the check digit of the tax number does not fit the others. One of them is mistyped."
            ),
            "vat_component": self.env._(
                "a part of the tax number is not possible. Check the number and the country."
            ),
            "vat_form": self.env._(
                "a tax number of the customer's country has another form. Check the number and the country."
            ),
        }
