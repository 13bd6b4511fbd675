"""Checking an expression against the fields of a model, before it is ever used."""

from datetime import date
from typing import NamedTuple

from .expression_parse import ExpressionProblem

NUMERIC = ("number", "money")
DATES = ("date", "datetime")
TEXTS = ("text", "selection")
TYPES = (*NUMERIC, *DATES, *TEXTS, "boolean", "record", "records")
AGGREGATES = ("sum", "min", "max", "avg", "count", "any", "all")
MAX_OPTIONS_SHOWN = 12


class Kind(NamedTuple):
    """What kind of value a part has.

    :ivar name: one of TYPES except "records", or "empty"
    :ivar model: of a record
    :ivar options: of a selection, pairs of key and label
    :ivar lines: path of the records over which there is a list of such values
    """

    name: str
    model: str | None = None
    options: tuple = ()
    lines: tuple | None = None


class Signature(NamedTuple):
    """A function.

    :ivar params: types of the values it takes, "any" for each; "record:res.users" for
        records of a model
    :ivar returns: type of its result, in the same way; "last" for that of its last value,
        "records:res.users" for a list of records of a model
    :ivar optional: how many of the last values may be left out
    """

    params: tuple
    returns: str
    optional: int = 0


FUNCTIONS = {
    "abs": Signature(("money",), "last"),
    "coalesce": Signature(("any", "any"), "last"),
    "contains": Signature(("text", "text"), "boolean"),
    "date": Signature(("date",), "date"),
    "days_between": Signature(("date", "date"), "number"),
    "days_since": Signature(("date",), "number"),
    "days_until": Signature(("date",), "number"),
    "if": Signature(("boolean", "any", "any"), "last"),
    "is_set": Signature(("any",), "boolean"),
    "length": Signature(("text",), "number"),
    "lower": Signature(("text",), "text"),
    "month": Signature(("date",), "number"),
    "round": Signature(("money", "number"), "number", 1),
    "starts_with": Signature(("text", "text"), "boolean"),
    "today": Signature((), "date"),
    "year": Signature(("date",), "number"),
}
# Values of these must be of one kind with each other.
SAME = {"coalesce": (0, 1), "if": (1, 2)}


def fits(kind, wanted):
    """Whether a value of a kind can stand where a type is wanted."""
    wanted, _colon, model = wanted.partition(":")
    if wanted == "any" or kind.name == "empty":
        return True
    if kind.name == wanted:
        return not model or kind.model in (None, model)
    groups = (NUMERIC, DATES, TEXTS)
    return any(kind.name in group and wanted in group for group in groups)


def alike(left, right):
    """Whether values of two kinds can be compared."""
    if "empty" in (left.name, right.name):
        return True
    if "record" in (left.name, right.name):
        if left.name == right.name:
            return None in (left.model, right.model) or left.model == right.model
        # The number of a record, for those who know it.
        return "number" in (left.name, right.name)
    return fits(left, right.name)


class Checker:
    """Gives each node its kind, or raises the first problem.

    :param describe: function that gives the fields of a model by name:
        ``{"type", "model"?, "options"?, "field"?}``; ``field`` is the name under which
        it is read, where that is another
    """

    def __init__(self, describe, model, functions=None):
        self.describe = describe
        self.model = model
        self.own = functions or {}
        self.paths = set()
        self.called = set()

    def check(self, node):
        kind = getattr(self, f"_check_{node.kind}")(node)
        node.type = kind
        return kind

    # === PARTS WITHOUT PARTS ===

    def _check_literal(self, node):
        value = node.value
        if value is None:
            return Kind("empty")
        if isinstance(value, bool):
            return Kind("boolean")
        return Kind("number" if isinstance(value, float) else "text")

    def _check_path(self, node):
        if node.value == ("today",) and "today" not in self.describe(self.model):
            node.kind, node.value = "call", "today"
            return self._check_call(node)
        model, lines, entry, names = self.model, None, None, []
        for name in node.value:
            fields = self.describe(model) if model else {}
            entry = fields.get(name)
            if entry is None:
                raise self._unknown_field(node, names, name)
            names.append(entry.get("field") or name)
            if entry["type"] not in TYPES:
                raise node.problem("field_type", name=".".join(names))
            model = entry.get("model")
            if entry["type"] == "records":
                lines = tuple(names)
        # An alias is read under the name of its field.
        node.value = tuple(names)
        self.paths.add(node.value)
        name = "record" if entry["type"] == "records" else entry["type"]
        options = tuple(map(tuple, entry.get("options") or ()))
        return Kind(name, model, options, lines)

    def _unknown_field(self, node, names, name):
        start = node.start + len(".".join([*names, ""]))
        if not names:
            return ExpressionProblem("field", start, len(name), name=name)
        params = {"name": ".".join(names), "field": name}
        return ExpressionProblem("field_of", start, len(name), **params)

    # === OPERATORS ===

    def _check_logic(self, node):
        kinds = [self.check(part) for part in node.parts]
        for part, kind in zip(node.parts, kinds, strict=True):
            if kind.name != "boolean":
                raise part.problem("operand", operator=node.value, given=kind.name)
        return Kind("boolean", lines=self._lines(node, kinds))

    def _check_unary(self, node):
        kind = self.check(node.parts[0])
        wanted = ("boolean",) if node.value == "not" else (*NUMERIC, "empty")
        if kind.name not in wanted:
            raise node.problem("operand", operator=node.value, given=kind.name)
        return kind

    def _check_binary(self, node):
        left, right = (self.check(part) for part in node.parts)
        name = _result(node.value, left.name, right.name)
        if name is None:
            params = {"left": left.name, "right": right.name}
            raise node.problem("operands", operator=node.value, **params)
        return Kind(name, lines=self._lines(node, (left, right)))

    def _check_compare(self, node):
        left, right = node.parts
        kinds = self._pair(left, right)
        ordered = node.value not in ("==", "!=")
        unordered = {"boolean", "record"} & {kind.name for kind in kinds}
        if not alike(*kinds) or (ordered and unordered):
            params = {"left": kinds[0].name, "right": kinds[1].name}
            raise node.problem("operands", operator=node.value, **params)
        return Kind("boolean", lines=self._lines(node, kinds))

    def _pair(self, left, right):
        """The kinds of two parts, a literal beside a field taken as the field is."""
        kinds = [part.type if part.type else self.check(part) for part in (left, right)]
        for part, other in ((left, 1), (right, 0)):
            if part.kind == "literal":
                kinds[1 - other] = self._adapt(part, kinds[other])
        return kinds

    def _adapt(self, node, kind):
        """Read a literal as what it stands beside: a date, a choice of a selection."""
        if not isinstance(node.value, str):
            return node.type
        if kind.name in DATES:
            try:
                node.value = date.fromisoformat(node.value.strip())
            except ValueError:
                raise node.problem("date", text=node.value) from None
            node.type = Kind("date")
        elif kind.name == "selection" and kind.options:
            by_label = {label: key for key, label in kind.options}
            keys = {key for key, _label in kind.options}
            if node.value not in keys:
                if node.value not in by_label:
                    shown = sorted(map(str, keys))[:MAX_OPTIONS_SHOWN]
                    raise node.problem(
                        "option", value=node.value, options=", ".join(shown)
                    )
                node.value = by_label[node.value]
        return node.type

    def _check_in(self, node):
        left, right = node.parts
        kind = left.type or self.check(left)
        if right.kind == "list":
            for part in right.parts:
                if part.kind == "list":
                    raise part.problem("list_place")
                kind, other = self._pair(left, part)
                if other.lines:
                    raise part.problem("lines")
                self._need_alike(node, kind, other)
            right.type = Kind("empty")
            return Kind("boolean", lines=kind.lines)
        kind, other = self._pair(left, right)
        if other.lines:
            if kind.lines:
                raise node.problem("lines_mixed")
            self._need_alike(node, kind, other)
            return Kind("boolean")
        if kind.name not in ("text", "empty") or other.name not in TEXTS:
            params = {"left": kind.name, "right": other.name}
            raise node.problem("operands", operator=node.value, **params)
        return Kind("boolean", lines=kind.lines)

    def _need_alike(self, node, left, right):
        if not alike(left, right):
            params = {"left": left.name, "right": right.name}
            raise node.problem("operands", operator=node.value, **params)

    def _check_list(self, node):
        raise node.problem("list_place")

    def _lines(self, node, kinds):
        """Of which lines there is a list, when some of the parts are lists."""
        found = {kind.lines for kind in kinds if kind.lines}
        if len(found) > 1:
            raise node.problem("lines_mixed")
        return found.pop() if found else None

    # === FUNCTIONS ===

    def _check_call(self, node):
        if node.value in AGGREGATES and not (
            node.value in ("min", "max") and len(node.parts) > 1
        ):
            return self._check_aggregate(node)
        if node.value in AGGREGATES:
            return self._check_extreme(node)
        signature = self.own.get(node.value) or FUNCTIONS.get(node.value)
        if signature is None:
            raise node.problem("function", name=node.value)
        most = len(signature.params)
        if not most - signature.optional <= len(node.parts) <= most:
            raise self._count_problem(node, most)
        kinds = [self._argument(node, at, signature) for at in range(len(node.parts))]
        if node.value in self.own:
            self.called.add(node.value)
        same = SAME.get(node.value) if node.value not in self.own else None
        if same:
            pair = self._pair(*(node.parts[at] for at in same))
            self._need_alike(node, *pair)
            kinds[same[0]], kinds[same[1]] = pair
        lines = self._lines(node, kinds)
        if signature.returns != "last":
            name, _colon, model = signature.returns.partition(":")
            if name == "records":
                if lines:
                    raise node.problem("lines_mixed")
                name, lines = "record", (node.value,)
            return Kind(name, model or None, lines=lines)
        found = next((kind for kind in kinds[-2:] if kind.name == "money"), kinds[-1])
        if found.name == "empty" and len(kinds) > 1:
            found = kinds[-2]
        return found._replace(lines=lines)

    def _argument(self, node, at, signature):
        part, wanted = node.parts[at], signature.params[at]
        kind = part.type or self.check(part)
        if part.kind == "literal" and wanted == "date":
            kind = self._adapt(part, Kind("date"))
        if not fits(kind, wanted):
            params = {"name": node.value, "wanted": wanted, "given": kind.name}
            raise part.problem("argument_type", **params)
        return kind

    def _check_aggregate(self, node):
        if len(node.parts) != 1:
            raise self._count_problem(node, 1)
        part = node.parts[0]
        kind = self.check(part)
        if not kind.lines:
            raise part.problem("lines_none", name=node.value)
        wanted = {
            **{"sum": NUMERIC, "avg": NUMERIC},
            **{"min": (*NUMERIC, *DATES), "max": (*NUMERIC, *DATES)},
            **{"any": ("boolean",), "all": ("boolean",)},
        }.get(node.value)
        if wanted and kind.name not in wanted:
            params = {"wanted": wanted[0], "given": kind.name}
            raise part.problem("argument_type", name=node.value, **params)
        if node.value in ("any", "all"):
            return Kind("boolean")
        return Kind("number" if node.value == "count" else kind.name)

    def _check_extreme(self, node):
        """The least or greatest of several values of one record."""
        kinds = [self.check(part) for part in node.parts]
        first = next((part for part in node.parts if part.kind != "literal"), None)
        if first:
            kinds = [self._pair(part, first)[0] for part in node.parts]
        for part, kind in zip(node.parts, kinds, strict=True):
            good = kind.name in (*NUMERIC, *DATES) and fits(kind, kinds[0].name)
            if not good:
                params = {"wanted": kinds[0].name, "given": kind.name}
                raise part.problem("argument_type", name=node.value, **params)
        money = next((kind for kind in kinds if kind.name == "money"), kinds[0])
        return Kind(money.name, lines=self._lines(node, kinds))

    def _count_problem(self, node, count):
        params = {"count": count, "given": len(node.parts)}
        return node.problem("argument_count", name=node.value, **params)


def _result(operator, left, right):
    """Type of what an operator of arithmetic gives, or None."""
    if "empty" in (left, right):
        other = right if left == "empty" else left
        return other if other in NUMERIC else None
    if left in NUMERIC and right in NUMERIC:
        if operator in ("+", "-", "%"):
            return "money" if "money" in (left, right) else "number"
        if operator == "*" and left != right:
            return "money"
        return (
            "money"
            if operator == "/" and (left, right) == ("money", "number")
            else "number"
        )
    if operator == "+" and left in TEXTS and right in TEXTS:
        return "text"
    if left in DATES and operator in ("+", "-"):
        if right == "number":
            return "date"
        return "number" if operator == "-" and right in DATES else None
    return None
