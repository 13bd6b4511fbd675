"""Expressions in the words of form views, for what the client is to decide itself.

A form knows the values of its own record: fields by name, no further. What needs more
cannot be shown or hidden while somebody types.
"""

from datetime import date

from .expression_parse import ExpressionProblem

MESSAGES = {
    "client": "A form can look at the fields of its own record only, not at “%(text)s”.",
}
COMPARISONS = {"==": "==", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


class ModifierProblem(ExpressionProblem):
    """What a form cannot decide; the position is that of the part."""

    def __init__(self, node, source):
        text = source[node.start : node.end]
        ValueError.__init__(self, MESSAGES["client"] % {"text": text})
        self.code, self.params = "client", {"text": text}
        self.position, self.length = node.start, max(1, node.end - node.start)
        self.text = MESSAGES["client"] % self.params


def as_modifier(expression):
    """The text of an ``invisible`` or ``required`` attribute that says the same.

    :param expression: a compiled :class:`expression.Expression`
    :raise ModifierProblem: where a form cannot know what is asked
    """
    return _Writer(expression.source).write(expression.tree)


class _Writer:
    def __init__(self, source):
        self.source = source

    def write(self, node):
        writer = getattr(self, f"_write_{node.kind}", None)
        if writer is None:
            raise ModifierProblem(node, self.source)
        return writer(node)

    def _write_literal(self, node):
        value = node.value
        if isinstance(value, date):
            return repr(value.isoformat())
        if isinstance(value, float) and value == int(value):
            return str(int(value))
        return "False" if value is None else repr(value)

    def _write_path(self, node):
        if len(node.value) > 1 or (node.type.lines and node.type.name != "record"):
            raise ModifierProblem(node, self.source)
        return node.value[0]

    def _write_logic(self, node):
        joined = f" {node.value} ".join(self.write(part) for part in node.parts)
        return f"({joined})"

    def _write_unary(self, node):
        sign = "not " if node.value == "not" else "-"
        return f"({sign}{self.write(node.parts[0])})"

    def _write_binary(self, node):
        if node.type.name not in ("number", "money"):
            raise ModifierProblem(node, self.source)
        left, right = (self.write(part) for part in node.parts)
        return f"({left} {node.value} {right})"

    def _write_compare(self, node):
        left, right = node.parts
        if left.type.name == "datetime" or right.type.name == "datetime":
            # The client compares moments; which day they are it does not say.
            raise ModifierProblem(node, self.source)
        texts = [self.write(part) for part in node.parts]
        if node.value in ("==", "!=") and "empty" in (left.type.name, right.type.name):
            other = texts[1] if left.type.name == "empty" else texts[0]
            return f"(not {other})" if node.value == "==" else f"bool({other})"
        found = f"{texts[0]} {COMPARISONS[node.value]} {texts[1]}"
        if node.value not in ("==", "!=") and "date" in (
            left.type.name,
            right.type.name,
        ):
            # What is empty is neither before nor after.
            there = [
                text
                for part, text in zip(node.parts, texts, strict=True)
                if part.kind == "path"
            ]
            found = " and ".join([*there, found])
        return f"({found})"

    def _write_in(self, node):
        left, right = node.parts
        if right.kind == "list":
            values = ", ".join(self.write(part) for part in right.parts)
            return f"({self.write(left)} {node.value} [{values}])"
        if right.kind == "path" and right.type.name == "record" and right.type.lines:
            return f"({self.write(left)} {node.value} {self.write(right)})"
        raise ModifierProblem(node, self.source)

    def _write_call(self, node):
        if node.value == "is_set" and not node.parts[0].type.lines:
            return f"bool({self.write(node.parts[0])})"
        if node.value == "today":
            return "context_today().strftime('%Y-%m-%d')"
        raise ModifierProblem(node, self.source)
