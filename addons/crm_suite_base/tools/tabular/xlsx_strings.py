"""The shared strings of a workbook, packed.

Excel keeps every text of all sheets in one list. As Python strings the texts of
200 000 customers take several hundred megabytes; as one block of UTF-8 with an
array of offsets they take little more than their letters.
"""

import re
from array import array

from .xlsx_package import local_name

_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")


class SharedStrings:
    def __init__(self):
        self._block = bytearray()
        self._ends = array("Q")

    def append(self, text):
        self._block += text.encode("utf-8", "replace")
        self._ends.append(len(self._block))

    def __len__(self):
        return len(self._ends)

    def __getitem__(self, index):
        if not 0 <= index < len(self._ends):
            raise IndexError(index)
        start = self._ends[index - 1] if index else 0
        return self._block[start : self._ends[index]].decode()


def read_shared_strings(package, name):
    strings = SharedStrings()
    for element in package.events(name, ("si",)):
        strings.append(rich_text(element))
    return strings


def rich_text(element):
    """The text of a string item: plain, or runs; without phonetic hints."""
    if len(element) == 1 and local_name(element[0].tag) == "t" and not len(element[0]):
        return unescape(element[0].text or "")
    parts = []
    for child in element:
        name = local_name(child.tag)
        if name == "t":
            parts.append("".join(child.itertext()))
        elif name == "r":
            parts.extend(
                "".join(part.itertext())
                for part in child
                if local_name(part.tag) == "t"
            )
    return unescape("".join(parts))


def unescape(text):
    """Undo ``_x000D_``, the way OOXML writes control characters."""
    if "_x" in text:
        text = _ESCAPED.sub(_character, text)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\0", "") if "\0" in text else text


def _character(match):
    code = int(match[1], 16)
    return match[0] if 0xD800 <= code <= 0xDFFF else chr(code)
