"""Contact cards as a table with fixed columns, a row per card."""

from ..vcard import iter_cards
from ..vcard_fields import FIELDS, card_values
from .encoding import detect_encoding
from .source import Source


class VcardSource(Source):
    kind = "vcard"

    def __init__(self, blob, options, filename=None):
        super().__init__()
        self.blob = blob
        self.encoding, sure = detect_encoding(blob, options.encoding)
        self.fixed_columns = list(FIELDS)
        if not sure:
            params = {"encoding": self.encoding}
            self.file_problems.append((None, "encoding_guessed", params))
        # Refuse a file without cards when it is opened, not when it is read.
        next(self.records(), None)

    def records(self):
        for card in iter_cards(self.blob, self.encoding):
            values = card_values(card)
            cells = [values.get(name) for name in FIELDS]
            problems = [(None, code, params) for code, params in card.problems]
            yield card.number, cells, problems
