"""Reader of contact cards (vCard 2.1, 3.0 and 4.0) as programs really write them.

Written anew because cards are broken in well-known ways which general parsers refuse:
quoted-printable values that go on in the next line, base64 that is folded without
indentation or ends at a blank line, other character sets than declared, notes with
bare line breaks, missing END lines, cards inside of cards.

Structure is found on the level of bytes (held as Latin-1 text), values are decoded
afterwards: a fold may cut a character in two, and in one file each property may have
a character set of its own.
"""

import base64
import binascii
import codecs
import io
import quopri
import re
from dataclasses import dataclass, field

from .tabular.encoding import detect_encoding, guess_encoding
from .tabular.errors import TableError, shorten

_MAX_LINE = 16_000_000
_MAX_PROPERTIES = 5_000
_HEAD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-/ ]*(?:;|$)")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]+")
_ENCODINGS = {
    "QUOTED-PRINTABLE": "qp",
    "Q": "qp",
    "QP": "qp",
    "BASE64": "base64",
    "B": "base64",
}
_PLAIN_ENCODINGS = {"8BIT", "7BIT", "NONE"}
_CARET = {"^n": "\n", "^N": "\n", "^'": '"', "^^": "^"}


@dataclass
class Property:
    """One line of a card, unfolded: ``group.NAME;params:value``."""

    name: str
    group: str = ""
    params: dict = field(default_factory=dict)
    raw: str = ""
    encoding: str = ""
    line: int = 0

    @property
    def types(self):
        return {kind.lower() for kind in self.params.get("TYPE", ())}

    @property
    def preferred(self):
        """Sort key: small is preferred."""
        for value in self.params.get("PREF", ()):
            if value.isdigit():
                return int(value)
        return 1 if "pref" in self.types else 101


@dataclass
class Card:
    """The properties of one card; ``number`` counts the cards of the file."""

    number: int
    line: int
    version: str = "3.0"
    default_charset: str = "utf-8"
    properties: list = field(default_factory=list)
    # (code, params) as in ``tabular.messages``
    problems: list = field(default_factory=list)

    def report(self, code, line=None, **params):
        self.problems.append((code, {"line": line or self.line, **params}))

    def all(self, *names):
        """Properties with one of these names, preferred ones first."""
        found = [prop for prop in self.properties if prop.name in names]
        return sorted(found, key=lambda prop: prop.preferred)

    # --- values

    def text(self, prop):
        """The value as one text, unescaped and trimmed."""
        return self._unescape(self.decoded(prop)).strip()

    def parts(self, prop, separator=";"):
        """The components of a structured value."""
        pieces = split_escaped(self.decoded(prop), separator)
        return [self._unescape(piece).strip() for piece in pieces]

    def decoded(self, prop):
        raw = prop.raw.encode("latin-1")
        if prop.encoding == "qp":
            raw = quopri.decodestring(raw)
        elif prop.encoding == "base64":
            raw = self.binary(prop) or b""
        charset = next(iter(prop.params.get("CHARSET", ())), None)
        text = decode_bytes(raw, charset, self.default_charset)
        return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")

    def binary(self, prop):
        """A base64 value as bytes; None (and a problem) if it is damaged."""
        compact = re.sub(r"[\s\\]", "", prop.raw).rstrip("=")
        try:
            padded = compact + "=" * (-len(compact) % 4)
            return base64.b64decode(padded, validate=True)
        except (binascii.Error, ValueError):
            self.report("card_value", prop.line, property=prop.name, reason="base64")
            return None

    def _unescape(self, text):
        if "\\" not in text:
            return text
        if self.version == "2.1":
            # There only separators are escaped: a backslash is mostly just that.
            return re.sub(r"\\([;:,])", r"\1", text)
        return re.sub(r"\\(.)", _unescaped, text, flags=re.DOTALL)


def _unescaped(match):
    return "\n" if match[1] in "nN" else match[1]


def split_escaped(text, separator):
    """Split at separators that no backslash precedes."""
    pieces, start, at = [], 0, 0
    while at < len(text):
        if text[at] == "\\":
            at += 2
            continue
        if text[at] == separator:
            pieces.append(text[start:at])
            start = at + 1
        at += 1
    return [*pieces, text[start:]]


def decode_bytes(raw, charset, default):
    """Decode with the declared character set if it is true, else with what fits."""
    for candidate in (charset, "utf-8", default):
        try:
            if candidate:
                return raw.decode(codecs.lookup(candidate.strip("\"' ")).name)
        except (LookupError, UnicodeDecodeError, TypeError):
            continue
    return raw.decode(guess_encoding(raw), "replace")


# --- lines


def _raw_lines(blob, encoding):
    """Lines of the file as Latin-1 text, whatever the line ends are."""
    wide = encoding.replace("_", "-").startswith(("utf-16", "utf-32"))
    with (
        blob.open() as stream,
        io.TextIOWrapper(
            stream, encoding if wide else "latin-1", errors="replace"
        ) as text,
    ):
        number = 0
        while line := text.readline(_MAX_LINE):
            number += 1
            if len(line) >= _MAX_LINE:
                raise TableError("line_too_long", line=number, limit=_MAX_LINE)
            line = line.removesuffix("\n")
            if wide:
                line = line.encode("utf-8", "replace").decode("latin-1")
            elif number == 1:
                line = line.removeprefix("\xef\xbb\xbf")
            yield number, line


class _Lines:
    """Lines with one line of look-ahead."""

    def __init__(self, lines):
        self._lines = iter(lines)
        self._next = next(self._lines, None)

    def peek(self):
        return self._next[1] if self._next else None

    def take(self):
        taken, self._next = self._next, next(self._lines, None)
        return taken


def _marker(line):
    """``begin`` or ``end`` for the lines that frame a card."""
    compact = line.replace(" ", "").replace("\t", "").upper()
    if compact == "BEGIN:VCARD":
        return "begin"
    return "end" if compact == "END:VCARD" else None


# --- properties


def parse_property(line, number):
    """A line as :class:`Property` with its value still as written, or None."""
    colon = _value_colon(line)
    if colon < 0:
        return None
    head, value = line[:colon], line[colon + 1 :]
    if not _HEAD.match(head):
        return None
    pieces = _split_quoted(head, ";")
    group, _dot, name = pieces[0].strip().rpartition(".")
    prop = Property(name.strip().upper(), group.lower(), raw=value, line=number)
    for piece in pieces[1:]:
        _read_param(prop, piece.strip())
    return prop


def _value_colon(line):
    """The colon behind name and parameters; quoted parameters may contain some."""
    quoted = False
    for at, character in enumerate(line):
        if character == '"':
            quoted = not quoted
        elif character == ":" and not quoted:
            return at
    return line.find(":")


def _split_quoted(text, separator):
    pieces, start, quoted = [], 0, False
    for at, character in enumerate(text):
        if character == '"':
            quoted = not quoted
        elif character == separator and not quoted:
            pieces.append(text[start:at])
            start = at + 1
    return [*pieces, text[start:]]


def _read_param(prop, piece):
    name, equals, value = piece.partition("=")
    if not equals:
        # vCard 2.1: the bare value, TEL;HOME;FAX or PHOTO;BASE64.
        upper = name.upper()
        if upper in _ENCODINGS:
            prop.encoding = _ENCODINGS[upper]
        elif upper and upper not in _PLAIN_ENCODINGS:
            prop.params.setdefault("TYPE", []).append(name)
        return
    name = name.strip().upper()
    if name == "ENCODING":
        prop.encoding = _ENCODINGS.get(value.strip('" ').upper(), "")
        return
    values = [_param_text(part) for part in _split_quoted(value, ",")]
    if name == "TYPE":
        # TYPE="voice,home" is one quoted list in some programs.
        values = [part.strip() for item in values for part in item.split(",")]
        # TYPE=HOME,TYPE=VOICE
        values = [re.sub("^TYPE=", "", part, flags=re.I) for part in values]
    prop.params.setdefault(name, []).extend(part for part in values if part)


def _param_text(text):
    text = text.strip().strip('"').removeprefix('\\"').removesuffix("\\")
    if "^" in text:
        text = re.sub(r"\^[nN'^]", lambda match: _CARET[match[0]], text)
    return text


def _append_folded(prop, lines, version):
    """Take the lines that belong to the value of ``prop``."""
    parts = [prop.raw]
    while (line := lines.peek()) is not None:
        if prop.encoding == "qp" and parts[-1].rstrip(" \t").endswith("="):
            if _marker(line):
                break
            parts[-1] = parts[-1].rstrip(" \t")[:-1]
            parts.append(line)
        elif line[:1] in (" ", "\t") and line.strip():
            # vCard 2.1 folds at a blank and keeps it, later versions insert one.
            keep = version == "2.1" and prop.encoding != "base64"
            parts.append(line if keep else line[1:])
        elif prop.encoding == "base64" and _is_more_base64(line):
            parts.append(line)
        else:
            break
        lines.take()
    prop.raw = "".join(parts)


def _is_more_base64(line):
    return bool(line.strip()) and bool(_BASE64.fullmatch(line))


# --- cards


def iter_cards(blob, encoding=None):
    """Yield every :class:`Card` of a file, also the broken ones."""
    charset, _sure = detect_encoding(blob, encoding)
    lines = _Lines(_raw_lines(blob, charset))
    wide = charset.startswith(("utf-16", "utf-32"))
    number, stray = 0, []
    while (taken := lines.take()) is not None:
        position, line = taken
        marker = _marker(line)
        if marker == "begin":
            number += 1
            card = Card(number, position, default_charset="utf-8" if wide else charset)
            for at, text in stray:
                card.report("card_line", at, value=shorten(text))
            stray = []
            _read_card(card, lines)
            yield card
        elif line.strip() and marker != "end" and len(stray) < 20:
            stray.append((position, line))
    if not number:
        raise TableError("vcard_none")


def _read_card(card, lines):
    last = None
    while (line := lines.peek()) is not None:
        marker = _marker(line)
        if marker == "begin":
            if last is not None and last.name == "AGENT" and not last.raw.strip():
                card.report("card_agent", lines.take()[0])
                _skip_nested(lines)
                continue
            # The next card begins: this one was never closed.
            card.report("card_unclosed")
            return
        position, line = lines.take()
        if marker == "end":
            return
        if line.strip():
            last = _read_line(card, lines, line, position, last)
    card.report("card_unclosed")


def _skip_nested(lines):
    depth = 1
    while depth and (taken := lines.take()) is not None:
        marker = _marker(taken[1])
        depth += {"begin": 1, "end": -1}.get(marker, 0)


def _read_line(card, lines, line, position, last):
    prop = parse_property(line, position)
    if prop is None:
        if last is not None and last.name in ("NOTE", "LABEL") and not last.encoding:
            # A note with bare line breaks.
            last.raw += ("\n" if card.version == "2.1" else "\\n") + line.strip()
        else:
            card.report("card_line", position, value=shorten(line))
        return last
    _append_folded(prop, lines, card.version)
    if prop.name == "VERSION":
        card.version = prop.raw.strip() or card.version
    elif prop.name == "AGENT" and "BEGIN" in prop.raw.upper():
        card.report("card_agent", position)
    elif len(card.properties) < _MAX_PROPERTIES:
        card.properties.append(prop)
    return prop
