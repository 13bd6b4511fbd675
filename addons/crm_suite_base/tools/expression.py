"""A small language for conditions and computed values, safe to take from people.

::

    amount_total > 50000 and max(order_line.discount) > 15
    sum(order_line.price_subtotal) - margin
    has_role(user, "team lead") or user_id == manager(submitter, 2)
    days_since(date_order) > 30 and partner_id.country_id.code in ["CN", "HK"]

An expression is read by a parser of its own (:mod:`expression_parse`), checked against
the fields of a model when it is written (:mod:`expression_types`) and answered for many
records at once (:mod:`expression_eval`). It reaches nothing but the fields that the
caller describes and the functions that he gives; nothing of Python can be named in it,
and its size, its depth and its results are bounded.

What is empty compares with nothing but ``empty``: ``x > 3`` and ``x < 3`` both do not
hold then. Arithmetic with it is empty, the sum and the count of no lines are 0, their
average, least and greatest are empty, and so is what is divided by 0. A condition that
is empty does not hold. Money is compared after rounding to its currency.

The *reader* of an evaluation is an object with

``count``
    number of records
``read(path)``
    list with a value for each record; behind a field of many records a list of values,
    in the same order for each path that begins with that field. Money may be given as
    :class:`Money`, a record is its id
``call(name, rows)``
    list with the result of a function of the caller for each tuple of arguments
``today``, ``zone``
    the date of the user and the name of his time zone
"""

from .expression_eval import Evaluation, Money, shown
from .expression_parse import MESSAGES, ExpressionProblem, parse
from .expression_types import AGGREGATES, Checker, Signature, fits

__all__ = [
    "MESSAGES",
    "Expression",
    "ExpressionProblem",
    "Money",
    "Signature",
    "check_expression",
    "compile_expression",
]


class Expression:
    """An expression that was checked.

    :ivar source: its text
    :ivar type: type of its result: number, money, text, selection, boolean, date,
        datetime, record or empty
    :ivar many: whether its result is a list of such values for each record
    :ivar paths: fields that it reads, as tuples of names
    :ivar functions: names of the caller's functions that it calls
    :ivar tree: its parts, for those who write it in other words
    """

    def __init__(self, source, tree, kind, checker):
        self.source = source
        self.type = kind.name
        self.model = kind.model
        self.many = bool(kind.lines)
        self.paths = frozenset(checker.paths)
        self.functions = frozenset(checker.called)
        self.tree = tree

    def evaluate(self, reader):
        """The value for each record of a reader; money as a plain number."""
        values = Evaluation(reader).column(self.tree)
        return [value.amount if isinstance(value, Money) else value for value in values]

    def explain(self, reader, index=0):
        """How the value of one record came about.

        :return: ``{"text", "value", "parts"}`` where each part is of the same shape; an
            empty value is ""
        """
        evaluation = Evaluation(reader, keep=True)
        evaluation.column(self.tree)
        return self._explained(self.tree, evaluation.kept, index)

    def _explained(self, node, kept, index):
        column = kept.get(id(node))
        return {
            "text": self.source[node.start : node.end],
            "kind": node.kind,
            "path": ".".join(node.value) if node.kind == "path" else "",
            "value": shown(column[index]) if column is not None else "",
            "parts": [
                self._explained(part, kept, index)
                for part in node.parts
                if part.kind != "literal" and id(part) in kept
            ],
        }


def compile_expression(
    source, describe, model, functions=None, expect=None, many=False
):
    """Read and check an expression.

    :param describe: function that gives the fields of a model: ``{name: {"type",
        "model"?, "options"?, "field"?}}`` with the types number, money, text, boolean, date,
        datetime, selection, record (of a ``model``) and records. Further names, such as
        ``submitter``, are entries of the first model; an alias has the name of its
        ``field``
    :param functions: :class:`Signature` of each function that the reader answers
    :param expect: type of the result that is wanted, "any" or None for every one
    :param bool many: whether the result may be a list of such values
    :raise ExpressionProblem: with position and sentence
    """
    if not isinstance(source, str):
        raise ExpressionProblem("end")
    tree = parse(source)
    checker = Checker(describe, model, functions)
    kind = checker.check(tree)
    if kind.lines and not many:
        raise tree.problem("lines")
    if expect and not fits(kind, expect):
        raise tree.problem("expect", wanted=expect, given=kind.name)
    for node in tree.walk():
        if node.kind == "call":
            node.info = _how(node, checker)
    return Expression(source, tree, kind, checker)


def _how(node, checker):
    if node.value in AGGREGATES:
        return "extreme" if len(node.parts) > 1 else "aggregate"
    if node.value not in checker.own:
        return "built in"
    many = checker.own[node.value].returns.startswith("records")
    return "own many" if many else "own"


def check_expression(source, describe, model, functions=None, expect=None, many=False):
    """What is wrong with an expression: a list of problems, empty if nothing is."""
    try:
        compile_expression(source, describe, model, functions, expect, many)
    except ExpressionProblem as problem:
        return [problem]
    return []
