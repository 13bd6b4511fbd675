"""Find out in which encoding a text file was written.

The order is from proof to guess: a byte order mark, the zero bytes of UTF-16/32,
strict UTF-8 over the whole file, then the statistics of chardet on the lines that
have non-ASCII bytes, checked by decoding. What is a guess is told to the user.
"""

import codecs
import re

import chardet

from .errors import TableError

_CHUNK = 256 * 1024
_SAMPLE = 256 * 1024

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# The widest relative of each family: GBK and GB2312 texts are GB18030 texts too.
_WIDEN = {
    "ascii": "utf-8",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "gb18030": "gb18030",
    "hz-gb-2312": "hz",
    "big5": "big5hkscs",
    "cp950": "big5hkscs",
    "big5-hkscs": "big5hkscs",
    "iso-8859-1": "cp1252",
    "windows-1252": "cp1252",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "euc-kr": "cp949",
    "cp932": "cp932",
    "iso-8859-9": "cp1254",
}

# Two-byte characters of GB2312: symbols and the 6763 hanzi of daily use. Text in
# another encoding that happens to be valid GB18030 rarely stays inside.
_GB2312 = re.compile(rb"[\xa1-\xa3\xb0-\xf7][\xa1-\xfe]")
_GB_FREQUENT = re.compile(rb"[\xb0-\xd7][\xa1-\xfe]|[\xa1-\xa3][\xa1-\xfe]")
_HIGH = re.compile(rb"[\x80-\xff]")
_GB18030_ANY = re.compile(
    rb"[\x81-\xfe][\x30-\x39][\x81-\xfe][\x30-\x39]|[\x81-\xfe][\x40-\x7e\x80-\xfe]"
)
# Code pages of DOS are guessed for next to no evidence; 866 (Russian) is in use.
_DOS = re.compile(r"cp(?!866|932|949|950|125\d)\d+")
# Western and Central European text share most letters; these bytes are letters (of
# Polish, Czech, Slovak …) in the latter only.
_CENTRAL = {"windows-1250", "iso-8859-2", "iso-8859-16", "mac-latin2"}
_CENTRAL_ONLY = re.compile(
    rb"[\x8a\x8d\x8e\x8f\x9a\x9d\x9e\x9f\xa3\xa5\xb3\xb9\xbc\xbe\xbf]"
)
# Characters that no list of customers contains: the guess was wrong.
_IMPLAUSIBLE = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x9f\ue000-\uf8ff\ufffd-\uffff]")


def detect_encoding(blob, encoding=None):
    """:return: ``(codec name, sure)``; ``encoding`` is the user's own choice"""
    if encoding:
        return _checked(encoding, blob), True
    head = blob.head(_SAMPLE)
    for mark, codec in _BOMS:
        if head.startswith(mark):
            return codec, True
    codec = _wide_without_mark(head)
    if codec:
        return codec, True
    sample = _first_non_utf8(blob)
    if sample is None:
        return "utf-8", True
    return _guess(sample)


def _checked(encoding, blob):
    try:
        name = codecs.lookup(encoding.strip()).name
        # Codecs such as base64 or rot13 turn text into text or bytes into bytes.
        "".encode(name)
    except (LookupError, TypeError, ValueError) as error:
        raise TableError("encoding_unknown", encoding=encoding) from error
    # A byte order mark is no part of the first header.
    if name == "utf-8" and blob.head(3) == codecs.BOM_UTF8:
        return "utf-8-sig"
    if name in ("utf-16-le", "utf-16-be") and blob.head(2) in (
        codecs.BOM_UTF16_LE,
        codecs.BOM_UTF16_BE,
    ):
        return "utf-16"
    return name


def _wide_without_mark(head):
    """UTF-16 or UTF-32 without a byte order mark, recognised by its zero bytes."""
    size = len(head)
    zeros = head.count(0)
    if size < 8 or zeros * 20 < size:
        # Chinese UTF-16 has few zero bytes, but each separator and line end has one.
        return None
    if zeros * 5 > size * 3:
        candidates = ("utf-32-le", "utf-32-be")
    elif head[1::2].count(0) > head[0::2].count(0):
        candidates = ("utf-16-le",)
    else:
        candidates = ("utf-16-be",)
    return next((codec for codec in candidates if _reads_as_table(head, codec)), None)


def _reads_as_table(head, codec):
    width = 4 if "32" in codec else 2
    try:
        text = head[: len(head) // width * width].decode(codec)
    except UnicodeDecodeError as error:
        if error.end < len(head) - 4:
            return False
        text = head[: error.start].decode(codec)
    has_line = "\n" in text or "\r" in text
    return has_line and not _IMPLAUSIBLE.search(text)


def _first_non_utf8(blob):
    """None for valid UTF-8, else a sample of lines from the first invalid byte on."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with blob.open() as stream:
        while chunk := stream.read(_CHUNK):
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                return _sample_lines(chunk, stream)
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            # Cut inside the last character; everything before is UTF-8.
            return None
    return None


def _sample_lines(chunk, stream):
    """The lines with non-ASCII bytes: the others say nothing and dilute."""
    collected, size = [], 0
    while chunk and size < _SAMPLE:
        for line in re.split(rb"[\r\n]+", chunk):
            if _HIGH.search(line):
                collected.append(line)
                size += len(line)
                if size >= _SAMPLE:
                    break
        chunk = stream.read(_CHUNK) if size < _SAMPLE // 8 else b""
    # The first and last line may be cut in the middle of a character.
    return b"\n".join(collected[:-1] if len(collected) > 20 else collected)


def guess_encoding(raw):
    """The most likely codec of some bytes that are no valid UTF-8."""
    return _guess(raw)[0]


def _guess(sample):
    if _is_damaged_utf8(sample):
        return "utf-8", False
    if _is_chinese_gb(sample):
        return "gb18030", len(sample) > 200
    name = (chardet.detect(sample)["encoding"] or "").lower()
    if _DOS.fullmatch(name) or len(_HIGH.findall(sample)) < 4:
        # Too little to go by: Western European is by far the most frequent.
        name = "cp1252"
    if name.startswith(("utf-16", "utf-32", "utf-7")):
        # Those were ruled out before, by better evidence.
        name = "gb18030"
    if name in _CENTRAL and not _CENTRAL_ONLY.search(sample):
        name = "cp1252"
    for codec in (_WIDEN.get(name, name), "gb18030", "big5hkscs", "cp1252"):
        if codec and _decodes_plausibly(sample, codec):
            return codec, False
    return "cp1252", False


def _is_damaged_utf8(sample):
    """UTF-8 with a few bad bytes: nearly all of its sequences are right."""
    bad = sample.decode("utf-8", "replace").count("\ufffd")
    good = len(re.findall(rb"[\xc2-\xf4][\x80-\xbf]+", sample))
    return good > 20 * bad


def _is_chinese_gb(sample):
    try:
        sample.decode("gb18030")
    except UnicodeDecodeError as error:
        if error.end < len(sample) - 2:
            return False
    pairs = _GB18030_ANY.findall(sample)
    if not pairs:
        return False
    daily = sum(1 for pair in pairs if _GB2312.fullmatch(pair))
    frequent = sum(1 for pair in pairs if _GB_FREQUENT.fullmatch(pair))
    # Traditional Chinese in Big5 is often valid GB18030, but then mostly of rare
    # characters; kana of Shift-JIS are no GB pairs at all.
    return daily >= 0.95 * len(pairs) and frequent >= 0.75 * len(pairs)


def _decodes_plausibly(sample, codec):
    try:
        text = sample.decode(codec)
    except UnicodeDecodeError as error:
        if error.end < len(sample) - 4:
            return False
        text = sample[: error.start].decode(codec, "ignore")
    except LookupError:
        return False
    # Lenient: the sentence about a guess is shown anyway.
    return len(_IMPLAUSIBLE.findall(text)) * 50 <= len(text)
