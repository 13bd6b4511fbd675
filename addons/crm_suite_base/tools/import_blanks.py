"""Text files whose columns are set apart by blanks only."""

# Fewer words than this are a name, not a row.
_LEAST_WORDS = 3


def spread_blanks(data):
    """Bytes of a text with every run of blanks turned into one tab.

    Lines are handled as bytes: no encoding that contains ASCII uses the bytes of
    blanks for anything else.

    >>> spread_blanks(b" 00001 19970101  1   11.77\\r\\n")
    b'00001\\t19970101\\t1\\t11.77\\n'
    """
    lines = data.split(b"\n")
    return b"\n".join(b"\t".join(line.split()) for line in lines)


def looks_spread(columns, rows):
    """Whether a table of one column is really one of columns set apart by blanks.

    >>> looks_spread(["id  date cds"], [["1 19970101  1"], ["2 19970112  5"]])
    True
    """
    if len(columns) != 1 or not rows:
        return False
    counts = {len(str(values[0] or "").split()) for values in rows}
    counts.add(len(columns[0].split()))
    return len(counts) == 1 and counts.pop() >= _LEAST_WORDS
