"""How a customer's name, e-mail, phone and tax number are written down.

Plain functions without database or ORM, shared by the form, the API and the
imports, so that one value has one spelling whichever way it came in. A value that
cannot be right raises :class:`InvalidValue`, which names the field and the rule; the
caller words the sentence in the user's language.
"""

import re
import unicodedata
from functools import lru_cache

import idna
import phonenumbers
from stdnum.cn import ric, uscc
from stdnum.exceptions import (
    InvalidChecksum,
    InvalidComponent,
    InvalidLength,
    ValidationError,
)
from stdnum.util import get_cc_module

# Letters, digits and the signs that occur inside codes and addresses. The
# full-width brackets and commas stay: they are the correct Chinese punctuation, and
# "华强（深圳）" is the name in the business licence.
_WIDTH_FOLD = {
    0xFF01 + offset: 0x21 + offset
    for offset in range(94)
    if chr(0x21 + offset).isalnum() or chr(0x21 + offset) in "&@._-+/#'"
}
_WIDTH_FOLD[0x3000] = 0x20
# Zero-width and direction marks are invisible, get in by copy and paste, and make
# two equal names differ. The joiners U+200C/D stay: Persian and Indic need them.
_INVISIBLE = dict.fromkeys(
    [
        0x00AD,
        0x200B,
        0x200E,
        0x200F,
        0x2060,
        0xFEFF,
        *range(0x202A, 0x202F),
        *range(0x2066, 0x206A),
    ]
)
_HALF_KATAKANA = re.compile("[\uff61-\uff9f]+")

_EMAIL_LOCAL = re.compile(r"[^\s\"(),:;<>@\[\]\\\x00-\x1f\x7f]+")
# A domain that is already in the form that mail uses: nothing to encode or to refuse.
_PLAIN_DOMAIN = re.compile(
    r"(?:(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}"
)
_EMAIL_IN_BRACKETS = re.compile(r"^[^<>]*<([^<>]+)>$")

_EXTENSION = re.compile(
    r"""\s*(?:
        [-–—,，;；]?\s*(?:转接|转|轉|分机号|分机|分機|内线|內線)
      | [,;]?\s*(?:extension|extn?|ext\.|\bx)\.?(?=[\s:：.\d])
      | \s*\#
      | ;ext=
    )\s*[:：.]?\s*(\d{1,8})\s*[)）]?\s*$""",
    re.VERBOSE | re.IGNORECASE,
)
# "0755-12345678-8001" is how a Chinese business card writes an extension.
_CN_DASHED_EXTENSION = re.compile(r"^((?:\+?86[- ]?)?0\d{2,3}-\d{7,8})-(\d{1,6})$")
_PHONE_SEPARATOR = re.compile(r"[/;、，,；|]|\bor\b|或", re.IGNORECASE)
_PHONE_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))

_USCC_SHAPE = re.compile(r"[159ANY][1-9A-Y]\d{6}[0-9A-HJ-NP-RTUWXY]{10}")
_EU_VAT_CODES = frozenset(
    "AT BE BG CY CZ DE DK EE EL ES FI FR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK XI".split()
)
_VAT_COUNTRY = {"EL": "GR", "XI": "GB"}


class InvalidValue(ValueError):
    """A value that breaks a rule.

    :ivar field: technical name of the field (``email``, ``phone``, ``vat``)
    :ivar rule: which rule, as a short code that callers translate
    :ivar value: the value as it came
    """

    def __init__(self, field, rule, value):
        super().__init__(f"{field}: {rule}: {value!r}")
        self.field = field
        self.rule = rule
        self.value = value


def fold_width(text):
    """Full-width letters, digits and spaces as ordinary ones.

    >>> fold_width("ＡＢＣ　１２３（深圳）")
    'ABC 123（深圳）'
    """
    text = text.translate(_WIDTH_FOLD).translate(_INVISIBLE)
    return _HALF_KATAKANA.sub(
        lambda match: unicodedata.normalize("NFKC", match.group()), text
    )


# The indexes of the database hold no longer ones either.
LONGEST_NAME = 500


def normalize_name(name):
    """A name without stray blanks, invisible marks and full-width letters.

    >>> normalize_name("  Ｌｉ\\u00a0 Na\\t")
    'Li Na'
    """
    if not name:
        return name
    text = str(name)
    if text.isascii() and text.isprintable():
        return " ".join(text.split())
    text = unicodedata.normalize("NFC", fold_width(text))
    # Control characters separate words when they come from a file.
    text = "".join(" " if unicodedata.category(char) == "Cc" else char for char in text)
    return " ".join(text.split())


def check_name(name):
    """A name in its one spelling that is one: texts of pages are none.

    :raise InvalidValue: it is longer than any name
    """
    text = normalize_name(name)
    if text and len(text) > LONGEST_NAME:
        raise InvalidValue("name", "too_long", f"{text[:40]}…")
    return text


def normalize_email(email):
    """One address, in lower case, with its domain in the form that mail uses (IDNA).

    >>> normalize_email(" Li Na <Li.Na@Example.COM> ")
    'li.na@example.com'
    """
    if not email:
        return email
    text = normalize_name(email).replace("＜", "<").replace("＞", ">")
    if match := _EMAIL_IN_BRACKETS.match(text):
        text = match.group(1).strip()
    if text.lower().startswith("mailto:"):
        text = text[7:]
    if not text:
        return ""
    local, at, domain = text.rpartition("@")
    if not at or not local or not domain:
        raise InvalidValue("email", "form", email)
    if re.search(r"[,;，；\s]", text) and text.count("@") > 1:
        raise InvalidValue("email", "one_address", email)
    return _email_local(local, email) + "@" + _email_domain(domain, email)


def _email_local(local, email):
    if (
        len(local.encode()) > 64
        or not _EMAIL_LOCAL.fullmatch(local)
        or local.startswith(".")
        or local.endswith(".")
        or ".." in local
    ):
        raise InvalidValue("email", "local_part", email)
    return local.lower()


def _email_domain(domain, email):
    plain = domain.lower()
    if len(plain) <= 253 and _PLAIN_DOMAIN.fullmatch(plain):
        return plain
    try:
        name = idna.encode(domain.rstrip("."), uts46=True).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise InvalidValue("email", "domain", email) from error
    labels = name.split(".")
    if len(labels) < 2 or labels[-1].isdigit() or len(name) > 253:
        raise InvalidValue("email", "domain", email)
    return name


def split_extension(phone):
    """The number and the extension behind it.

    >>> split_extension("0755-86013388 转 8001")
    ('0755-86013388', '8001')
    """
    text = normalize_name(phone or "").translate(_PHONE_DASHES)
    text = text.replace("（", "(").replace("）", ")")
    if match := _EXTENSION.search(text):
        return text[: match.start()].strip(" (-,"), match.group(1)
    if match := _CN_DASHED_EXTENSION.match(text.replace(" ", "")):
        return match.group(1), match.group(2)
    return text, ""


def normalize_phone(phone, country=None):
    """The number in E.164 and its extension.

    Service numbers such as 95588 have no international form: they stay as dialled.

    :param str phone: as typed
    :param str country: ISO code of the country where the number is dialled without
        an international prefix
    :rtype: tuple[str, str]

    >>> normalize_phone("0755-86013388 转 8001", "CN")
    ('+8675586013388', '8001')
    """
    if not phone:
        return phone, ""
    return _read_phone(str(phone), country or None)


# A row of an import reads its number when it is checked, when duplicates are looked
# for and when it is stored: the library is slow enough to read it once only.
@lru_cache(maxsize=8192)
def _read_phone(phone, country):
    number, extension = split_extension(phone)
    if number.lower().startswith("tel:"):
        number = number[4:].strip()
    if number.startswith("00"):
        number = "+" + number[2:]
    if not number and not extension:
        return "", ""
    _check_one_number(number, phone)
    parsed = _parse_phone(number, country, phone)
    if phonenumbers.is_valid_number(parsed):
        return (
            phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164),
            extension,
        )
    if country and phonenumbers.is_valid_short_number_for_region(parsed, country):
        return str(parsed.national_number), extension
    raise InvalidValue("phone", _phone_rule(parsed), phone)


def _check_one_number(number, phone):
    parts = _PHONE_SEPARATOR.split(number)
    if sum(len(re.sub(r"\D", "", part)) >= 6 for part in parts) > 1:
        raise InvalidValue("phone", "one_number", phone)


def _parse_phone(number, country, phone):
    try:
        return phonenumbers.parse(number, country)
    except phonenumbers.NumberParseException as error:
        missing = error.error_type == error.INVALID_COUNTRY_CODE
        rule = "country" if missing and not number.startswith("+") else "form"
        raise InvalidValue("phone", rule, phone) from error


def _phone_rule(parsed):
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    return {
        phonenumbers.ValidationResult.TOO_SHORT: "too_short",
        phonenumbers.ValidationResult.TOO_LONG: "too_long",
        phonenumbers.ValidationResult.INVALID_COUNTRY_CODE: "country",
    }.get(reason, "form")


def format_phone(number, country=None):
    """A stored number as people in ``country`` read it; anything else unchanged.

    >>> format_phone("+8675586013388", "CN")
    '0755 8601 3388'
    """
    if not number or not number.startswith("+"):
        return number or ""
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    at_home = phonenumbers.region_code_for_number(parsed) == country
    style = (
        phonenumbers.PhoneNumberFormat.NATIONAL
        if at_home
        else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    )
    return phonenumbers.format_number(parsed, style)


def check_uscc(number):
    """A Chinese unified social credit code (统一社会信用代码), checked.

    >>> check_uscc("91110000600037341l".upper())
    '91110000600037341L'
    """
    text = re.sub(r"[\s\-]", "", fold_width(str(number))).upper()
    try:
        return uscc.validate(text)
    except ValidationError as error:
        raise InvalidValue("vat", "uscc_" + _stdnum_rule(error), number) from error


def normalize_vat(vat, country=None):
    """A tax number in its compact spelling, checked by its country's rule.

    A number whose country is not known, or whose country has no published check,
    is only cleaned. "/" is the host's way to say "not subject to tax".

    :param str vat: as typed
    :param str country: ISO code of the customer's country

    >>> normalize_vat("be 0477.472.701", "BE")
    'BE0477472701'
    """
    if not vat:
        return vat
    text = normalize_name(vat).upper()
    if text == "/":
        return text
    country = (country or "").upper()
    # In the European Union a company may be registered in another member state:
    # there the prefix says whose rule holds, and it is part of the number.
    prefix, number = text[:2], text[2:].lstrip(" .-")
    if prefix in _EU_VAT_CODES and number and country in _EU_COUNTRIES:
        return prefix + _check_vat(_VAT_COUNTRY.get(prefix, prefix), number, vat)
    if country == "CN" or (not country and _USCC_SHAPE.fullmatch(text)):
        return _check_cn(text, vat)
    if country == "JP":
        text = text.removeprefix("T")
    return _check_vat(country, text, vat)


_EU_COUNTRIES = frozenset(_VAT_COUNTRY.get(code, code) for code in _EU_VAT_CODES)


def _check_cn(text, vat):
    compact = re.sub(r"[\s\-]", "", text)
    # A person's tax number is the number of the identity card; companies that were
    # never re-registered still carry the old code of 15 characters.
    if _is_identity_card(compact):
        return compact
    if len(compact) == 15 and compact.isalnum():
        return compact
    try:
        return check_uscc(compact)
    except InvalidValue as error:
        raise InvalidValue("vat", error.rule, vat) from error


def _is_identity_card(number):
    """By check digit and date of birth. The library's table of birth places refuses
    counties that were renamed since, so it is left out."""
    if not re.fullmatch(r"\d{17}[\dX]", number):
        return False
    if number[-1] != ric.calc_check_digit(number):
        return False
    try:
        ric.get_birth_date(number)
    except ValidationError:
        return False
    return True


def _check_vat(country, text, vat):
    module = get_cc_module(country.lower(), "vat") if country else None
    if module is None:
        return text
    try:
        return module.validate(text)
    except ValidationError as error:
        raise InvalidValue("vat", "vat_" + _stdnum_rule(error), vat) from error


def _stdnum_rule(error):
    if isinstance(error, InvalidLength):
        return "length"
    if isinstance(error, InvalidChecksum):
        return "check_digit"
    if isinstance(error, InvalidComponent):
        return "component"
    return "form"
