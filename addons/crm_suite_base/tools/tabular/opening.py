"""Choose the reader for a file."""

from .detect import detect_kind
from .options import Options
from .source import Blob
from .table import Table


def open_table(data, filename=None, options=None):
    """Open a file as a table.

    :param data: bytes, or the path of a file (streamed, never loaded whole)
    :param filename: the name the user gave it; only a hint, the content decides
    :param options: :class:`Options` or a dictionary of them
    :return: :class:`Table`
    :raises TableError: the file is refused; ``text(env)`` says why
    """
    options = Options.of(options)
    blob = Blob(data)
    blob.check_size(options.max_file_bytes)
    kind = detect_kind(blob, options, filename)
    return Table(_source(kind, blob, options, filename), options)


def _source(kind, blob, options, filename):
    # Imported when needed: a worker that never sees a workbook loads no library.
    if kind == "xlsx":
        from .xlsx_source import XlsxSource as source_class  # noqa: PLC0415
    elif kind == "xls":
        from .xls_source import XlsSource as source_class  # noqa: PLC0415
    elif kind == "ods":
        from .ods_source import OdsSource as source_class  # noqa: PLC0415
    elif kind == "vcard":
        from .vcard_source import VcardSource as source_class  # noqa: PLC0415
    else:
        from .csv_source import CsvSource as source_class  # noqa: PLC0415
    return source_class(blob, options, filename)
