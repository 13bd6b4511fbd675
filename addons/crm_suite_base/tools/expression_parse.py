"""Reading the text of an expression into a tree.

A small language of its own, read by a small parser of its own: what is not in this
grammar cannot be said, so there is nothing of Python to be kept out. ::

    either   := both ("or" both)*
    both     := negated ("and" negated)*
    negated  := "not" negated | compared
    compared := added (("==" "!=" "<" "<=" ">" ">=" "in" "not in") added)*
    added    := product (("+" | "-") product)*
    product  := signed (("*" | "/" | "%") signed)*
    signed   := "-" signed | single
    single   := number | "text" | word | path | name "(" [either ("," either)*] ")"
              | "(" either ")" | "[" either ("," either)* "]"
    path     := name ("." name)*

A single ``=`` and the full-width signs of Chinese keyboards are taken for what they
mean. Sizes are bounded: the text, the number of its parts, and how deep they are nested.
"""

import re
from typing import NamedTuple

MAX_LENGTH = 2000
MAX_PARTS = 300
MAX_DEPTH = 30
MAX_LITERAL = 500
MAX_NUMBER = 1e15

MESSAGES = {
    "argument_count": "%(name)s takes %(count)s values, not %(given)s.",
    "argument_type": "%(name)s needs %(wanted)s here, not %(given)s.",
    "date": "“%(text)s” is not a date of the form 2026-12-31.",
    "deep": "The parts are nested too deeply.",
    "end": "Something is missing at the end.",
    "expect": "The result must be %(wanted)s, not %(given)s.",
    "field": "There is no field %(name)s.",
    "field_of": "%(name)s has no field %(field)s.",
    "field_type": "The field %(name)s cannot be used in expressions.",
    "function": "There is no function %(name)s.",
    "lines": "Say what of the lines: use sum, min, max, avg, count, any or all.",
    "lines_mixed": "Only lines of one kind can be taken together.",
    "lines_none": "%(name)s is about lines, and there are none here.",
    "list": "The values of a list must be of one kind.",
    "list_place": "A list can only stand after “in”.",
    "long": "The expression is longer than %(limit)s characters.",
    "many": "The expression has more than %(limit)s parts.",
    "number": "The number is too large.",
    "operand": "%(operator)s cannot be applied to %(given)s.",
    "operands": "%(operator)s cannot be applied to %(left)s and %(right)s.",
    "option": "“%(value)s” is not one of the choices: %(options)s.",
    "sign": "“%(sign)s” is not understood here.",
    "text": "A text is not closed.",
    "text_long": "A text is longer than %(limit)s characters.",
}

TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<number>\d+(?:\.\d+)?)
  | (?P<name>[^\W\d]\w*)
  | (?P<text>"[^"\n]*"|'[^'\n]*')
  | (?P<sign>==|!=|<=|>=|<|>|=|\+|-|\*|/|%|\(|\)|\[|\]|,|\.)
    """,
    re.VERBOSE,
)
# What a Chinese keyboard gives; one character for one, so that positions hold.
FULL_WIDTH = str.maketrans("（），＞＜＝＋－＊／．［］“”‘’", "(),><=+-*/.[]\"\"''")
WORDS = {"and", "or", "not", "in", "true", "false", "yes", "no", "empty"}
CONSTANTS = {
    **{"true": True, "yes": True, "True": True},
    **{"false": False, "no": False, "False": False},
    **{"empty": None, "None": None},
}
COMPARISONS = ("==", "!=", "<", "<=", ">", ">=")


class ExpressionProblem(ValueError):
    """Why an expression cannot be used.

    :ivar code: key of :data:`MESSAGES`
    :ivar params: what the message names
    :ivar position: where in the text, counted from 0
    :ivar length: of the part that is meant, at least 1
    :ivar text: the message in English
    """

    def __init__(self, code, position=0, length=1, **params):
        self.code = code
        self.params = params
        self.position = position
        self.length = max(1, length)
        self.text = MESSAGES[code] % params
        super().__init__(self.text)


class Token(NamedTuple):
    kind: str
    value: object
    start: int
    end: int


class Node:
    """A part of an expression.

    :ivar kind: literal, path, call, list, unary, binary, compare, in, logic
    :ivar value: the value, path (tuple), name or operator
    :ivar parts: the nodes below
    :ivar start: where it begins in the text; ``end``: where it is over
    :ivar type: set when types are checked
    """

    __slots__ = ("kind", "value", "parts", "start", "end", "depth", "type", "info")

    def __init__(self, kind, value, parts, start, end):
        self.kind = kind
        self.value = value
        self.parts = parts
        self.start = start
        self.end = end
        self.depth = 1 + max((part.depth for part in parts), default=0)
        self.type = None
        self.info = None

    def problem(self, code, **params):
        return ExpressionProblem(code, self.start, self.end - self.start, **params)

    def walk(self):
        yield self
        for part in self.parts:
            yield from part.walk()


def parse(source):
    """Read a text into a tree of :class:`Node`.

    :raise ExpressionProblem: with the position of what is not understood
    """
    if len(source) > MAX_LENGTH:
        raise ExpressionProblem("long", MAX_LENGTH, 1, limit=MAX_LENGTH)
    return _Parser(_tokens(source), len(source)).whole()


def _tokens(source):
    plain, position, found = source.translate(FULL_WIDTH), 0, []
    while position < len(plain):
        match = TOKEN.match(plain, position)
        if not match:
            sign = source[position]
            code = "text" if plain[position] in "\"'" else "sign"
            params = {"sign": sign} if code == "sign" else {}
            raise ExpressionProblem(code, position, 1, **params)
        kind, end = match.lastgroup, match.end()
        if kind != "space":
            # The text is taken from the source: its own quotes are no delimiters.
            value = source[position + 1 : end - 1] if kind == "text" else match.group()
            found.append(Token(kind, value, position, end))
        position = end
    return found


class _Parser:
    def __init__(self, tokens, length):
        self.tokens = tokens
        self.length = length
        self.at = 0
        self.depth = 0
        self.count = 0

    def whole(self):
        node = self.either()
        if self.at < len(self.tokens):
            raise self.unexpected()
        return node

    # === TOKENS ===

    def peek(self, *values, ahead=0):
        """The sign or word that comes next, if it is one of those given."""
        if self.at + ahead >= len(self.tokens):
            return None
        token = self.tokens[self.at + ahead]
        found = token.kind in ("sign", "name") and token.value in values
        return token.value if found else None

    def take(self):
        if self.at >= len(self.tokens):
            raise ExpressionProblem("end", self.length, 1)
        self.at += 1
        return self.tokens[self.at - 1]

    def expect(self, value):
        if not self.peek(value):
            raise self.unexpected()
        return self.take()

    def unexpected(self):
        if self.at >= len(self.tokens):
            return ExpressionProblem("end", self.length, 1)
        token = self.tokens[self.at]
        return ExpressionProblem(
            "sign", token.start, token.end - token.start, sign=str(token.value)
        )

    def node(self, kind, value, parts, start, end):
        self.count += 1
        if self.count > MAX_PARTS:
            raise ExpressionProblem("many", start, end - start, limit=MAX_PARTS)
        node = Node(kind, value, parts, start, end)
        if node.depth > MAX_DEPTH:
            raise node.problem("deep")
        return node

    # === GRAMMAR ===

    def either(self):
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise ExpressionProblem("deep", self.tokens[self.at - 1].start)
        node = self._logic("or", lambda: self._logic("and", self.negated))
        self.depth -= 1
        return node

    def _logic(self, operator, below):
        """A row of ``and`` or of ``or`` in one node: a long row is not deep."""
        parts = [below()]
        while self.peek(operator):
            self.take()
            parts.append(below())
        if len(parts) == 1:
            return parts[0]
        return self.node("logic", operator, parts, parts[0].start, parts[-1].end)

    def _arithmetic(self, operators, below):
        """Operators of one rank, from left to right."""
        node = below()
        while self.peek(*operators):
            operator = self.take().value
            right = below()
            node = self.node("binary", operator, [node, right], node.start, right.end)
        return node

    def negated(self):
        nots = []
        while self.peek("not"):
            nots.append(self.take())
        node = self.compared()
        for token in reversed(nots):
            node = self.node("unary", "not", [node], token.start, node.end)
        return node

    def compared(self):
        left = self.added()
        parts = []
        while True:
            operator = self._comparison()
            if not operator:
                break
            right = self.added()
            kind = "in" if operator in ("in", "not in") else "compare"
            parts.append(
                self.node(kind, operator, [left, right], left.start, right.end)
            )
            left = right
        if len(parts) > 1:
            # 1 < x < 5 means that both hold.
            return self.node("logic", "and", parts, parts[0].start, parts[-1].end)
        return parts[0] if parts else left

    def _comparison(self):
        if self.peek(*COMPARISONS):
            return self.take().value
        if self.peek("="):
            self.take()
            return "=="
        if self.peek("in"):
            return self.take().value
        if self.peek("not") and self.peek("in", ahead=1):
            self.take()
            self.take()
            return "not in"
        return None

    def added(self):
        return self._arithmetic(("+", "-"), self.product)

    def product(self):
        return self._arithmetic(("*", "/", "%"), self.signed)

    def signed(self):
        signs = []
        while self.peek("-"):
            signs.append(self.take())
        node = self.single()
        for token in reversed(signs):
            node = self.node("unary", "-", [node], token.start, node.end)
        return node

    def single(self):
        token = self.take()
        if token.kind == "number":
            return self._number(token)
        if token.kind == "text":
            if len(token.value) > MAX_LITERAL:
                raise ExpressionProblem(
                    "text_long", token.start, token.end - token.start, limit=MAX_LITERAL
                )
            return self.node("literal", token.value, [], token.start, token.end)
        if token.kind == "name":
            return self._named(token)
        if token.value == "(":
            node = self.either()
            self.expect(")")
            return node
        if token.value == "[":
            return self._row("list", None, token.start, "]")
        self.at -= 1
        raise self.unexpected()

    def _number(self, token):
        # Two dots or a letter right behind a number are typing errors, not two parts.
        value = float(token.value)
        if value > MAX_NUMBER:
            raise ExpressionProblem("number", token.start, token.end - token.start)
        return self.node("literal", value, [], token.start, token.end)

    def _named(self, token):
        name = token.value
        if self.peek("("):
            self.take()
            return self._row("call", name, token.start, ")")
        if name in CONSTANTS:
            return self.node("literal", CONSTANTS[name], [], token.start, token.end)
        if name in WORDS:
            self.at -= 1
            raise self.unexpected()
        names, end = [name], token.end
        while self.peek("."):
            self.take()
            part = self.take()
            if part.kind != "name":
                self.at -= 1
                raise self.unexpected()
            names.append(part.value)
            end = part.end
        return self.node("path", tuple(names), [], token.start, end)

    def _row(self, kind, value, start, close):
        parts = []
        if not self.peek(close):
            parts.append(self.either())
            while self.peek(","):
                self.take()
                parts.append(self.either())
        end = self.expect(close).end
        return self.node(kind, value, parts, start, end)
