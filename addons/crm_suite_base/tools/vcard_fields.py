"""What a contact card says, as plain values under neutral names."""

import base64
import datetime
import re
import urllib.parse
from dataclasses import replace

from .tabular.errors import shorten

# The columns of a card file, in the order in which they are offered for mapping.
FIELDS = [
    "name",
    "is_company",
    "title",
    "given_name",
    "family_name",
    "nickname",
    "company",
    "department",
    "function",
    "phone",
    "mobile",
    "fax",
    "other_phones",
    "email",
    "other_emails",
    "street",
    "street2",
    "city",
    "state",
    "zip",
    "country",
    "other_addresses",
    "website",
    "birthday",
    "categories",
    "note",
    "photo",
    "uid",
]

# Standard properties that say nothing we keep; others are reported.
_SILENT = {
    *("AGENT", "CALADRURI", "CALURI", "CLASS", "CLIENTPIDMAP", "ANNIVERSARY", "FBURL"),
    *("GENDER", "GEO", "IMPP", "KEY", "KIND", "LANG", "LOGO", "MAILER", "MEMBER"),
    *("NAME", "PRODID", "PROFILE", "RELATED", "REV", "SORT-STRING", "SOUND", "SOURCE"),
    *("TZ", "VERSION", "XML", "BIRTHPLACE", "DEATHDATE", "DEATHPLACE", "EXPERTISE"),
    *("HOBBY", "INTEREST", "ORG-DIRECTORY", "CREATED", "LANGUAGE", "CONTACT-URI"),
    *("GRAMGENDER", "PRONOUNS", "SOCIALPROFILE", "JSPROP"),
}
_USED = {
    *("FN", "N", "NICKNAME", "ORG", "TITLE", "ROLE", "TEL", "EMAIL", "ADR", "LABEL"),
    *("URL", "BDAY", "CATEGORIES", "NOTE", "PHOTO", "UID", "X-ABSHOWAS", "FAX"),
    # Not of the standard, but written by directory programs.
    *("CN", "SN", "O", "PHONE"),
}
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"RIFF", b"II*\0", b"MM\0*")
_CJK = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_CELL = {"cell", "mobile", "iphone"}
_NO_VOICE = {"fax", "pager", "modem", "bbs", "isdn", "pcs-fax", "textphone"}


def card_values(card):
    """The values of a card, a dictionary over :data:`FIELDS` without empty ones.

    What cannot be read is added to ``card.problems``.
    """
    values = {}
    _read_names(card, values)
    _read_phones(card, values)
    _read_emails(card, values)
    _read_addresses(card, values)
    _read_rest(card, values)
    _read_birthday(card, values)
    _read_photo(card, values)
    _report_unknown(card)
    if not values["name"]:
        # Address books keep mail addresses without a name: better than nothing.
        values["name"] = values["email"] or values.get("phone")
    if not values["name"]:
        card.report("card_empty")
    return {key: value for key, value in values.items() if value not in (None, "")}


# --- names


def _read_names(card, values):
    family = given = middle = prefix = suffix = ""
    for prop in card.all("N")[:1]:
        parts = [part.replace("\n", " ") for part in card.parts(prop)]
        family, given, middle, prefix, suffix = (parts + [""] * 5)[:5]
    values["family_name"], values["given_name"] = family, given
    values["title"] = prefix
    values["nickname"] = _first(card, "NICKNAME")
    organisation = [
        part for prop in card.all("ORG", "O")[:1] for part in card.parts(prop)
    ]
    values["company"] = next((part for part in organisation if part), "")
    values["department"] = " / ".join(part for part in organisation[1:] if part)
    values["function"] = _first(card, "TITLE") or _first(card, "ROLE")
    kinds = {_first(card, "KIND").lower(), _first(card, "X-ABSHOWAS").lower()}
    values["is_company"] = bool(kinds & {"org", "organization", "company"}) or None
    composed = compose_name(family, given, middle, prefix, suffix)
    name = _one_line(_first(card, "FN")) or composed or _first(card, "CN")
    company = _one_line(values["company"])
    name = name or company
    if company and name.casefold() == company.casefold():
        # Nobody belongs to himself; and where nothing else is called so, the card is
        # that of the organisation.
        values["company"] = ""
        values["is_company"] = values["is_company"] or not composed or None
    values["name"] = name or values["nickname"]


def compose_name(family, given, middle="", prefix="", suffix=""):
    """A display name in the order usual for its script."""
    if _CJK.search(family + given) and not re.search(r"[A-Za-z]", family + given):
        return f"{family}{middle}{given}"
    parts = (prefix, given, middle, family, suffix)
    return " ".join(part for part in parts if part)


def _first(card, *names):
    for name in names:
        for prop in card.all(name):
            text = card.text(prop)
            if text:
                return text
    return ""


def _one_line(text):
    return re.sub(r"\s+", " ", text).strip()


# --- phones and e-mails


def _label(card, prop):
    """Apple's own label of a grouped property: ``item1.X-ABLabel``."""
    if not prop.group:
        return ""
    for other in card.properties:
        if other.group == prop.group and other.name == "X-ABLABEL":
            return re.sub(r"^_\$!<(.*)>!\$_$", r"\1", card.text(other))
    return ""


def phone_entries(card):
    """All phone numbers: ``{"number", "types", "label"}``, preferred ones first."""
    entries = []
    for prop in card.all("TEL", "FAX", "PHONE"):
        number = card.text(prop)
        if number.lower().startswith("tel:"):
            number = urllib.parse.unquote(number[4:])
            number = re.sub(r";ext=([0-9]+)", r" ext. \1", number, flags=re.I)
            number = number.split(";")[0]
        number = _one_line(number)
        types = prop.types | ({"fax"} if prop.name == "FAX" else set())
        if number:
            label = _label(card, prop)
            entries.append({"number": number, "types": types, "label": label})
    return entries


def _read_phones(card, values):
    others = []
    entries = phone_entries(card)
    entries.sort(key=_phone_rank)
    for entry in entries:
        types, number = entry["types"], entry["number"]
        if types & _CELL and not values.get("mobile"):
            key = "mobile"
        elif "fax" in types:
            key = "fax"
        elif types & (_NO_VOICE | _CELL) or entry["label"]:
            key = None
        else:
            key = "phone"
        if key and not values.get(key):
            values[key] = number
        elif number not in (values.get("phone"), values.get("mobile")):
            others.append(_with_label(number, entry["label"] or _kind_of(types)))
    if not values.get("phone") and values.get("mobile"):
        values["phone"] = values["mobile"]
    values["other_phones"] = "; ".join(dict.fromkeys(others))


def _phone_rank(entry):
    """A company's number before a private one; the order is kept otherwise."""
    return 1 if "home" in entry["types"] else 0


def _kind_of(types):
    return " ".join(sorted(types - {"pref", "voice", "internet", "msg"}))


def _with_label(text, label):
    return f"{text} ({label})" if label else text


def _read_emails(card, values):
    emails = []
    for prop in card.all("EMAIL"):
        email = re.sub(r"^mailto:", "", _one_line(card.text(prop)), flags=re.I)
        if email and email not in emails:
            emails.append(email)
    values["email"] = emails[0] if emails else ""
    values["other_emails"] = "; ".join(emails[1:])


# --- addresses


def _read_addresses(card, values):
    addresses = [_address(card, prop) for prop in card.all("ADR")]
    addresses = [address for address in addresses if any(address.values())]
    addresses.sort(key=lambda address: address["home"])
    labels = [_one_line(card.text(prop)) for prop in card.all("LABEL")]
    if addresses:
        main = addresses[0]
        values.update({key: main[key] for key in main if key != "home"})
        others = [_address_line(address) for address in addresses[1:]]
    elif labels:
        values["street"], others = labels[0], labels[1:]
    else:
        others = []
    values["other_addresses"] = "\n".join(other for other in others if other)


def _address(card, prop):
    parts = (card.parts(prop) + [""] * 7)[:7]
    box, extended, street, city, state, code, country = parts
    lines = [line.strip() for line in street.split("\n") if line.strip()]
    extra = [*lines[1:], _one_line(extended), _one_line(box)]
    if not lines:
        extra = [part for part in extra if part]
        lines, extra = extra[:1], extra[1:]
    return {
        "street": lines[0] if lines else "",
        "street2": ", ".join(part for part in extra if part),
        "city": _one_line(city),
        "state": _one_line(state),
        "zip": _one_line(code),
        "country": _one_line(country),
        # False sorts first: the office is where customers are visited.
        "home": "home" in prop.types and "pref" not in prop.types,
    }


def _address_line(address):
    keys = ("street", "street2", "zip", "city", "state", "country")
    return ", ".join(address[key] for key in keys if address[key])


# --- the rest


def _read_rest(card, values):
    urls = [card.text(prop) for prop in card.all("URL")]
    values["website"] = next((url for url in urls if url), "")
    notes = [card.text(prop) for prop in card.all("NOTE")]
    values["note"] = "\n".join(note for note in notes if note)
    tags = [
        tag.strip()
        for prop in card.all("CATEGORIES")
        for tag in card.parts(prop, ",")
        if tag.strip()
    ]
    values["categories"] = ", ".join(dict.fromkeys(tags))
    values["uid"] = _first(card, "UID")


def _read_birthday(card, values):
    for prop in card.all("BDAY")[:1]:
        text = card.text(prop)
        digits = re.match(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d)", text)
        try:
            if digits:
                values["birthday"] = datetime.date(*map(int, digits.groups()))
        except ValueError:
            digits = None
        # A day without a year (--0415) is a real birthday we have no place for.
        if text and not digits:
            card.report("card_value", prop.line, property="BDAY", reason="date")


def _read_photo(card, values):
    """The picture, base64; pictures somewhere on the net are not fetched."""
    refused = None
    for prop in card.all("PHOTO"):
        content = _photo_bytes(card, prop)
        if content and content.startswith(_IMAGES):
            values["photo"] = base64.b64encode(content).decode()
            return
        if content is not None or prop.encoding != "base64":
            refused = refused or prop
    if refused is not None and refused.raw.strip():
        remote = re.match(r"[a-z]{2,10}\\?:", refused.raw.strip(), re.I)
        reason = "remote" if remote else "picture"
        card.report("card_value", refused.line, property="PHOTO", reason=reason)


def _photo_bytes(card, prop):
    if prop.encoding == "base64":
        return card.binary(prop)
    # data:image/png;base64,… and, by mistake, data:base64,…
    match = re.match(r"data:[^,]*?base64\\?,(.*)", prop.raw.strip(), re.S | re.I)
    return card.binary(replace(prop, raw=match[1])) if match else None


def _report_unknown(card):
    for prop in card.properties:
        known = prop.name in _USED or prop.name in _SILENT
        if not known and not prop.name.startswith("X-") and prop.raw.strip():
            value = shorten(f"{prop.name}:{prop.raw}")
            card.report("card_line", prop.line, value=value)
