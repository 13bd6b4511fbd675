"""Tell by its content what a file is; names lie."""

import zipfile

from .errors import TableError
from .options import Options

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
# Excel 2 to 4 without a container.
_OLD_EXCEL = (b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00")

_FOREIGN = (
    (b"%PDF", "pdf"),
    (b"\x89PNG", "picture"),
    (b"\xff\xd8\xff", "picture"),
    (b"GIF8", "picture"),
    (b"BM", "picture"),
    (b"\x1f\x8b", "gzip"),
    (b"7z\xbc\xaf", "7zip"),
    (b"Rar!", "rar"),
    (b"BZh", "bzip2"),
    (b"{\\rtf", "rtf"),
    (b"SQLite format 3", "database"),
    (b"\x7fELF", "program"),
    (b"MZ", "program"),
)


def detect_kind(blob, options: Options, filename=None):
    """:return: csv, xlsx, xls, ods or vcard; refuses everything else"""
    if options.kind:
        return options.kind
    head = blob.head(8192)
    if head.startswith(_ZIP):
        return _zip_kind(blob)
    if head.startswith(_OLE):
        return _ole_kind(blob)
    if head.startswith(_OLD_EXCEL):
        return "xls"
    for magic, found in _FOREIGN:
        # Two letters may begin an honest text: then its rest is text as well.
        if head.startswith(magic) and (len(magic) > 2 or b"\0" in head[:64]):
            raise TableError("file_kind", found=found)
    return _text_kind(head)


def _text_kind(head):
    text = head.replace(b"\0", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n").lower()
    if text.startswith((b"<!doctype html", b"<html", b"<table", b"<body", b"<div")):
        raise TableError("file_kind", found="web")
    if text.startswith(b"<?xml") or text.startswith(b"<workbook"):
        is_excel = b"urn:schemas-microsoft-com:office:spreadsheet" in text
        found = "excel_xml" if is_excel else "xml"
        raise TableError("file_kind", found=found)
    # A card may follow some blank or foreign lines, but not a table.
    for line in text.split(b"\n")[:20]:
        if line.strip().replace(b" ", b"") == b"begin:vcard":
            return "vcard"
    return "csv"


def _zip_kind(blob):
    try:
        with blob.open() as stream, zipfile.ZipFile(stream) as archive:
            names = {name.replace("\\", "/").lower() for name in archive.namelist()}
            mimetype = b""
            if "mimetype" in names and archive.getinfo("mimetype").file_size < 200:
                mimetype = archive.read("mimetype")
    except (zipfile.BadZipFile, OSError, KeyError, ValueError, RuntimeError) as error:
        raise TableError("file_unreadable", reason="zip") from error
    except NotImplementedError as error:
        raise TableError("file_unreadable", reason="compression") from error
    if any(name.endswith("workbook.bin") for name in names):
        raise TableError("file_kind", found="xlsb")
    if mimetype.startswith(b"application/vnd.oasis.opendocument.spreadsheet"):
        return "ods"
    if "word/document.xml" in names:
        raise TableError("file_kind", found="word")
    if "ppt/presentation.xml" in names:
        raise TableError("file_kind", found="slides")
    if "[content_types].xml" in names or "xl/workbook.xml" in names:
        return "xlsx"
    raise TableError("file_archive")


def _ole_kind(blob):
    """Old Office files: an encrypted workbook looks just like an XLS from outside.

    The names of streams stand in UTF-16 in directory sectors of 512 or 4096 bytes,
    anywhere in the file, on boundaries of 128 bytes.
    """
    names = set()
    with blob.open() as stream:
        while chunk := stream.read(4 * 1024 * 1024):
            for name in ("EncryptedPackage", "Workbook", "Book", "WordDocument"):
                if name.encode("utf-16-le") + b"\0\0" in chunk:
                    names.add(name)
    if "EncryptedPackage" in names:
        raise TableError("file_password")
    if "Workbook" in names or "Book" in names:
        return "xls"
    if "WordDocument" in names:
        raise TableError("file_kind", found="word")
    raise TableError("file_kind", found="office")
