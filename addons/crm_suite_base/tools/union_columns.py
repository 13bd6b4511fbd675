from odoo.tools import SQL


class UnionColumns:
    """The columns that every source of a SQL union gives, in their order.

    A source fills the columns that it knows; the others are empty. The ids of the
    sources share one room: an id is the source's own id times the number of slots plus
    the number of the source, so a row can be found again by its id alone.

    The fragments are made once: a page is put together from some two hundred.

    :param dict[str, str] types: SQL type by column name; ``id`` is one of them
    :param int slots: how many sources there can be at most
    """

    def __init__(self, types, slots):
        self.slots = slots
        # The types are constants of the callers.
        self._empty = {
            name: SQL(f"NULL::{kind} AS {name}")  # pylint: disable=sql-injection
            for name, kind in types.items()
        }
        self._typed = {name: f"(%s)::{kind} AS {name}" for name, kind in types.items()}

    def compose(self, slot, values):
        """The list of columns of one source.

        :param int slot: number of the source, less than the number of slots
        :param dict[str, SQL] values: what the source gives, by column name
        :rtype: SQL
        """
        return SQL(", ").join(
            self._compose_column(name, slot, values.get(name)) for name in self._typed
        )

    def _compose_column(self, name, slot, value):
        if value is None:
            return self._empty[name]
        if name == "id":
            value = SQL("%s::bigint * %s + %s", value, self.slots, slot)
        return SQL(self._typed[name], value)  # pylint: disable=sql-injection
