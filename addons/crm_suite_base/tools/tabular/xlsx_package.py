"""The parts of an XLSX package, unpacked with limits and without XML tricks."""

import functools
import posixpath
import zipfile
import zlib

from lxml import etree

from .errors import TableError
from .source import megabytes

PARSER_OPTIONS = {
    "resolve_entities": False,
    "load_dtd": False,
    "no_network": True,
    "huge_tree": False,
    "remove_comments": True,
    "remove_pis": True,
}
_ZIP_ERRORS = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    OSError,
    ValueError,
    RuntimeError,
)


@functools.lru_cache(1024)
def local_name(tag):
    """The name of an element without its namespace."""
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def attribute(element, name):
    """An attribute by its local name, whatever its namespace prefix."""
    value = element.get(name)
    if value is not None:
        return value
    for key, found in element.attrib.items():
        if local_name(key) == name:
            return found
    return None


class Package:
    """Reads parts by name; names compare without case, as Excel does."""

    def __init__(self, blob, options):
        self._limit = options.max_unpacked_bytes
        self._stream = blob.open()
        try:
            self._archive = zipfile.ZipFile(self._stream)
            infos = self._archive.infolist()
        except NotImplementedError as error:
            raise TableError("file_unreadable", reason="compression") from error
        except _ZIP_ERRORS as error:
            raise TableError("file_unreadable", reason="zip") from error
        self.unpacked_size = total = sum(info.file_size for info in infos)
        if total > self._limit:
            size, limit = megabytes(total), megabytes(self._limit)
            raise TableError("file_bomb", size=size, limit=limit)
        self._infos = {self._key(info.filename): info for info in infos}

    @staticmethod
    def _key(name):
        return name.replace("\\", "/").lstrip("/").lower()

    def close(self):
        self._archive.close()
        self._stream.close()

    def has(self, name):
        return self._key(name) in self._infos

    def open(self, name):
        """:return: a guarded stream of the part"""
        info = self._infos.get(self._key(name))
        if info is None:
            raise TableError("file_unreadable", reason="parts")
        try:
            return GuardedPart(self._archive.open(info))
        except NotImplementedError as error:
            raise TableError("file_unreadable", reason="compression") from error
        except RuntimeError as error:
            # The ZIP's own encryption.
            raise TableError("file_password") from error
        except _ZIP_ERRORS as error:
            raise TableError("file_unreadable", reason="zip") from error

    def events(self, name, tags):
        """Yield the complete elements with these local names, then forget them."""
        with self.open(name) as stream:
            yield from stream_elements(stream, tags)

    def relations(self, name):
        """Relations of a part: id -> (kind, target part)."""
        folder, base = posixpath.split(name)
        path = posixpath.join(folder, "_rels", base + ".rels")
        if not self.has(path):
            return {}
        relations = {}
        for element in self.events(path, ("Relationship",)):
            target = (element.get("Target") or "").replace("\\", "/")
            if target.startswith("/"):
                target = target.lstrip("/")
            else:
                target = posixpath.normpath(posixpath.join(folder, target))
            kind = (element.get("Type") or "").rpartition("/")[2]
            relations[element.get("Id")] = (kind, target)
        return relations


class GuardedPart:
    """A stream that refuses document type definitions, which no workbook has."""

    def __init__(self, stream):
        self._stream = stream
        self._checked = False

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self._stream.close()

    def read(self, size=-1):
        try:
            data = self._stream.read(size)
        except NotImplementedError as error:
            raise TableError("file_unreadable", reason="compression") from error
        except _ZIP_ERRORS as error:
            raise TableError("file_unreadable", reason="zip") from error
        if not self._checked and data:
            self._checked = True
            head = data[:4096].replace(b"\0", b"").upper()
            if b"<!DOCTYPE" in head or b"<!ENTITY" in head:
                raise TableError("file_entities")
        return data


def stream_elements(stream, tags):
    """Complete elements from an XML stream in bounded memory."""
    parser = etree.iterparse(
        stream,
        events=("end",),
        tag=[f"{{*}}{tag}" for tag in tags],
        **PARSER_OPTIONS,
    )
    try:
        for _event, element in parser:
            yield element
            element.clear()
            while element.getprevious() is not None:
                del element.getparent()[0]
    except etree.XMLSyntaxError as error:
        raise TableError("file_unreadable", reason="xml") from error
