"""From the values of a customer to the keys by which the same one is recognised.

Plain functions without database or ORM. :func:`make_keys` folds what people write in
many ways into one spelling; :func:`make_blocks` derives the short texts of which two
records of the same customer share at least one, even with a typing error in one value:
only records that share a block are ever compared.
"""

import re
import unicodedata
from functools import cache, lru_cache

from .duplicate_words import (
    COMPOUND_SURNAMES,
    FREE_MAIL,
    LEGAL_CJK,
    LEGAL_CJK_END,
    LEGAL_GLUE,
    LEGAL_WORDS,
    REGION,
    REGION_SUFFIX,
    TITLE_CJK,
    TITLES,
    TRADE_CJK,
    TRADE_WORDS,
)

# Raise it when the keys of stored records have to be made anew.
VERSION = 4
COMPANY, PERSON = "company", "person"
LONGEST = 120
BLOCK_LENGTH = 40

_CJK = "\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_HAS_CJK = re.compile(f"[{_CJK}]")
_CJK_BLANK = re.compile(f"(?<=[{_CJK}])[\\s·・.()\\-]+(?=[{_CJK}])")
_DOTTED = re.compile(r"\b(\w)\.(?=\w\b)")
_WORD = re.compile(r"[^\W_]+")
_ACCENTS = re.compile("[\u0300-\u036f]")
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th"}
)
_HOST = re.compile(r"^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@]*@)?([^/:?#]+)")
_STREET_WORDS = {
    "street": "st",
    "str": "st",
    "strasse": "st",
    "road": "rd",
    "avenue": "ave",
    "place": "pl",
    "court": "ct",
    "crescent": "cres",
    "drive": "dr",
    "close": "cl",
}


# ----------------------------------------------------------------------
# Folding
# ----------------------------------------------------------------------


@cache
def _simplified():
    """Each traditional sign with its simplified one."""
    from importlib import resources

    table = resources.files("opencc").joinpath("dictionary", "TSCharacters.txt")
    signs = {}
    for line in table.read_text("utf-8").splitlines():
        sign, _tab, targets = line.partition("\t")
        if len(sign) == 1 and targets:
            signs[sign] = targets.split()[0]
    return str.maketrans(signs)


def has_cjk(text):
    """Whether the text has Chinese signs."""
    return bool(_HAS_CJK.search(text))


def fold(text):
    """Lower case, ordinary width, no accents, simplified signs.

    >>> fold("ＳＯＣＩÉＴÉ 華強電子")
    'societe 华强电子'
    """
    text = str(text)
    if text.isascii():
        return text.lower()
    text = unicodedata.normalize("NFKC", text).casefold()
    text = _ACCENTS.sub("", unicodedata.normalize("NFD", text))
    text = unicodedata.normalize("NFC", text).translate(_PLAIN_LETTERS)
    return text.translate(_simplified()) if has_cjk(text) else text


def words(text):
    """The words of a folded text; Chinese signs that stand together are one word.

    >>> words("a.b.c. 华强（深圳） o'neill")
    ['abc', '华强深圳', 'oneill']
    """
    text = fold(text).replace("'", "").replace("’", "")
    text = _CJK_BLANK.sub("", _DOTTED.sub(r"\1", text))
    return _WORD.findall(text)


@cache
def _pinyin():
    # Two dictionaries of several megabytes: loaded by the first Chinese name.
    from pypinyin import lazy_pinyin

    return lazy_pinyin


# Of one name the sound is asked for several times, and many begin or end alike.
@lru_cache(maxsize=20_000)
def to_pinyin(text):
    """A name as it sounds, without tones and blanks; other letters stay.

    >>> to_pinyin("重庆 abc")
    'chongqingabc'
    """
    if not has_cjk(text):
        return text.replace(" ", "")
    return "".join(_pinyin()(text.replace(" ", ""))).replace("ü", "v").lower()


# ----------------------------------------------------------------------
# Names
# ----------------------------------------------------------------------


def company_words(name):
    """The words of a company's name without its legal form.

    >>> company_words("深圳市華強電子股份有限公司"), company_words("Huaqiang Co., Ltd.")
    (['深圳华强电子'], ['huaqiang'])
    """
    found = [word for word in map(_strip_cjk_form, words(name)) if word]
    if not found:
        return words(name)
    while len(found) > 1 and (found[-1] in LEGAL_WORDS or found[-1] in LEGAL_GLUE):
        found.pop()
    while len(found) > 1 and (found[0] in LEGAL_WORDS or found[0] == "the"):
        found.pop(0)
    return found


def _strip_cjk_form(word):
    if not has_cjk(word):
        return word
    # 深圳市 and 深圳 are the same place.
    bare = REGION_SUFFIX.sub(r"\1", LEGAL_CJK.sub("", word))
    shorter = LEGAL_CJK_END.sub("", bare)
    return shorter or bare or word


def person_words(name):
    """The words of a person's name without titles.

    >>> person_words("Dr. Li, Na"), person_words("王 蕾 女士")
    (['li', 'na'], ['王蕾'])
    """
    found = [TITLE_CJK.sub("", word) or word for word in words(name)]
    return [word for word in found if word not in TITLES] or found


def company_core(name_words):
    """What the company is called apart from where it sits and what it makes.

    >>> company_core(["深圳市华强电子"]), company_core(["huaqiang", "electronics"])
    ('华强', 'huaqiang')
    """
    for word in name_words:
        if has_cjk(word):
            return _cjk_core(word)
    own = [word for word in name_words if word not in TRADE_WORDS and len(word) > 1]
    own = own or name_words
    return own[0] if own and len(own[0]) > 4 else "".join(own[:2])


def without_region(name):
    """A Chinese name without the place at its start; any other name as it is.

    >>> without_region("深圳华强电子")
    '华强电子'
    """
    return _shorten(name, (REGION, REGION)) if has_cjk(name) else name


def _cjk_core(word):
    return _shorten(word, (REGION, REGION, TRADE_CJK, TRADE_CJK))


def _shorten(word, patterns):
    core = word
    for pattern in patterns:
        shorter = pattern.sub("", core)
        if len(shorter) > 1:
            core = shorter
    return core


def person_parts(name_words):
    """Family and given name as they sound, in any order.

    >>> person_parts(["李娜"]), person_parts(["na", "li"])
    (['li', 'na'], ['li', 'na'])
    """
    parts = []
    for word in name_words:
        if has_cjk(word) and 1 < len(word) < 5:
            cut = 2 if word[:2] in COMPOUND_SURNAMES and len(word) > 2 else 1
            parts += [to_pinyin(word[:cut]), to_pinyin(word[cut:])]
        else:
            parts.append(to_pinyin(word))
    return sorted(parts)


# ----------------------------------------------------------------------
# Other values
# ----------------------------------------------------------------------


def phone_key(phone):
    """The digits of a number that has its country, or all that were typed.

    >>> phone_key("+86 755-8601 3388")
    '8675586013388'
    """
    digits = re.sub(r"\D", "", fold(phone))
    return digits if len(digits) > 4 else ""


def email_key(email):
    """An address in lower case, if it is one.

    >>> email_key(" Li.Na@Example.COM ")
    'li.na@example.com'
    """
    text = fold(email).strip()
    local, at, domain = text.partition("@")
    return text if local and at and "." in domain and " " not in text else ""


def domain_key(email, website):
    """The domain that belongs to the company; mail of everybody says nothing.

    >>> domain_key("li@qq.com", "https://www.example.com/about")
    'example.com'
    """
    for text in (email_key(email or "").rpartition("@")[2], _website_host(website)):
        if text and text not in FREE_MAIL:
            return text
    return ""


def _website_host(website):
    match = _HOST.match(fold(website or "").strip())
    host = match.group(1).removeprefix("www.") if match else ""
    return host if "." in host else ""


def number_key(number):
    """A tax number, registration code or number of an identity card.

    >>> number_key("be 0477.472.701"), number_key("/")
    ('BE0477472701', '')
    """
    text = re.sub(r"[\W_]", "", fold(number)).upper()
    return text if len(text) > 3 else ""


def street_key(street, street2=None):
    """The words of an address, with the usual words for a street shortened.

    >>> street_key("8, Stanley Street", "Miami")
    '8 stanley st miami'
    """
    found = words(f"{street or ''} {street2 or ''}")
    return " ".join(_STREET_WORDS.get(word, word) for word in found)[:LONGEST]


# ----------------------------------------------------------------------
# All keys
# ----------------------------------------------------------------------


def make_keys(values):
    """Fold the values of one customer.

    :param dict values: ``name``, ``kind`` (``company``, ``person`` or nothing where it
        is not known), ``phones`` and ``emails`` (lists), ``website``, ``vat``,
        ``street``, ``street2``, ``city``, ``zip``; all may be missing
    :return: keys that are not empty: ``kind``, ``name`` (words in their order),
        ``pinyin``, ``sound`` (without the place) and ``core`` (companies), ``parts`` (persons), ``phone`` and ``email``
        (lists), ``domain``, ``vat``, ``street``, ``city``, ``zip``
    :rtype: dict
    """
    kind = values.get("kind") or ""
    emails = [email for email in values.get("emails") or () if email]
    name = values.get("name") or ""
    name_words = (person_words if kind == PERSON else company_words)(name)
    text = " ".join(name_words)[:LONGEST]
    first_email = emails[0] if emails else ""
    keys = {
        "kind": kind,
        "name": text,
        "pinyin": to_pinyin(text)[:LONGEST],
        "sound": to_pinyin(without_region(text))[:LONGEST] if kind != PERSON else "",
        "core": company_core(name_words)[:LONGEST] if kind != PERSON else "",
        "parts": person_parts(name_words)[:6] if kind != COMPANY else [],
        "phone": _distinct(map(phone_key, values.get("phones") or ())),
        "email": _distinct(map(email_key, emails)),
        "domain": domain_key(first_email, values.get("website")),
        "vat": number_key(values.get("vat") or ""),
        "street": street_key(values.get("street"), values.get("street2")),
        "city": "".join(words(values.get("city") or "")).removesuffix("市"),
        "zip": "".join(words(values.get("zip") or "")),
    }
    return {name: value for name, value in keys.items() if value}


def _distinct(texts):
    return list(dict.fromkeys(text for text in texts if text))


# Which blocks say the same as a key: with an equal key two records share one of them.
EXACT_BLOCKS = {"phone": "p", "email": "e", "vat": "v", "domain": "d", "name": "n"}


def make_blocks(keys):
    """Short texts of which two records of one customer nearly always share one.

    :param dict keys: see :func:`make_keys`
    :rtype: list[str]
    """
    blocks = set()
    blocks.update(f"p:{phone[-11:]}" for phone in keys.get("phone", ()))
    blocks.update(f"e:{email}" for email in keys.get("email", ()))
    for name, letter in (("domain", "d"), ("vat", "v")):
        if keys.get(name):
            blocks.add(f"{letter}:{keys[name]}")
    blocks.update(_name_blocks(keys))
    blocks.update(_number_blocks(keys.get("vat", "")))
    blocks.update(_place_blocks(keys))
    return sorted(block[:BLOCK_LENGTH] for block in blocks)


def _name_blocks(keys):
    name = keys.get("name", "").replace(" ", "")
    if not name:
        return
    yield f"n:{name}"
    if keys.get("pinyin"):
        yield f"y:{keys['pinyin']}"
    if keys.get("sound"):
        yield f"y:{keys['sound']}"
    if keys.get("core"):
        yield f"c:{to_pinyin(keys['core'])}"
    parts = keys.get("parts", ())
    if len(parts) > 1:
        yield "s:" + "".join(parts)


def _number_blocks(number):
    """Halves: one typing error leaves one of them as it was.

    The first half of a long number (USCC) is the district, which thousands share.
    """
    if 6 <= len(number) <= 14:
        half = len(number) // 2
        yield f"1:{number[:half]}"
        yield f"2:{number[half:]}"
    elif len(number) > 14:
        yield f"2:{number[-10:]}"


def _place_blocks(keys):
    """Where somebody lives, together with how the name or the street begins.

    Companies have none: hundreds share an industrial estate, and what their address
    says, rules compare after a name or a number has brought them together.
    """
    if keys.get("kind") == COMPANY:
        return
    street = keys.get("street", "").split()
    number = next((word for word in street if word[:1].isdigit()), "")
    named = [word for word in street if not word[:1].isdigit()]
    place = keys.get("zip") or keys.get("city")
    if number and named:
        yield f"a:{number}{named[0][:6]}"
    if place and named:
        yield f"t:{place}{named[0][:4]}"
    parts = keys.get("parts", ())
    for position, part in enumerate(parts):
        if keys.get("zip"):
            yield f"z:{place}{part[:3]}"
        elif place and (street or keys.get("vat")):
            # A city has thousands of each family name, and without a street or a
            # number nothing would tell them apart.
            others = (*parts[:position], *parts[position + 1 :])
            begin = "".join(other[:1] for other in others)
            yield f"z:{place}{part[:3]}{begin}"
