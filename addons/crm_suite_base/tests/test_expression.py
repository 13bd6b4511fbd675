import json
import operator as op
from datetime import date, datetime

from hypothesis import example, given
from hypothesis import strategies as st

from odoo.tests import BaseCase, tagged

from ..tools.expression import (
    ExpressionProblem,
    Money,
    Signature,
    check_expression,
    compile_expression,
)
from ..tools.expression_eval import round_half_up
from ..tools.expression_parse import MAX_LENGTH
from .fuzzing import fuzz

SETTINGS = fuzz(300)
STATES = [("draft", "Quotation"), ("sale", "Sales Order")]
FIELDS = {
    "order": {
        "amount": {"type": "money"},
        "count_": {"type": "number"},
        "name": {"type": "text"},
        "state": {"type": "selection", "options": STATES},
        "day": {"type": "date"},
        "moment": {"type": "datetime"},
        "urgent": {"type": "boolean"},
        "partner": {"type": "record", "model": "partner"},
        "owner": {"type": "record", "model": "user"},
        "submitter": {"type": "record", "model": "user"},
        "line": {"type": "records", "model": "line"},
        "lines": {"type": "records", "model": "line", "field": "line"},
        "tags": {"type": "records", "model": "tag"},
        "odd": {"type": "binary"},
    },
    "line": {
        "price": {"type": "money"},
        "qty": {"type": "number"},
        "discount": {"type": "number"},
        "product": {"type": "record", "model": "tag"},
    },
    "partner": {"code": {"type": "text"}, "limit": {"type": "money"}},
    "tag": {"name": {"type": "text"}},
    "user": {"name": {"type": "text"}},
}
FUNCTIONS = {
    "has_role": Signature(("record:user", "text"), "boolean"),
    "manager": Signature(("record", "number"), "record:user", optional=1),
}
ORDERS = [
    {
        ("amount",): Money(100.005, 2),
        ("count_",): 3,
        ("name",): "Ämter",
        ("state",): "draft",
        ("day",): date(2026, 11, 1),
        ("moment",): datetime(2026, 11, 21, 17),
        ("urgent",): True,
        ("partner",): 1,
        ("partner", "code"): "CN",
        ("partner", "limit"): Money(80, 2),
        ("owner",): 7,
        ("submitter",): 7,
        ("line",): [1, 2],
        ("line", "price"): [Money(10, 2), Money(20, 2)],
        ("line", "qty"): [1, 2],
        ("line", "discount"): [18, 5],
        ("line", "product", "name"): ["pen", "ink"],
        ("tags",): [4],
        ("tags", "name"): ["VIP"],
    },
    {
        **dict.fromkeys([("amount",), ("count_",), ("day",), ("moment",)]),
        **dict.fromkeys([("name",), ("state",), ("partner",), ("owner",)], False),
        **dict.fromkeys([("partner", "code"), ("partner", "limit")]),
        **dict.fromkeys([("urgent",)], False),
        ("submitter",): 7,
        **{
            path: []
            for path in (
                *[("line",), ("line", "price"), ("line", "qty"), ("tags", "name")],
                *[("line", "discount"), ("line", "product", "name"), ("tags",)],
            )
        },
    },
]


class Reader:
    today = date(2026, 11, 22)
    zone = "Asia/Shanghai"

    def __init__(self, orders=ORDERS):
        self.orders = orders
        self.count = len(orders)
        self.calls = []

    def read(self, path):
        return [order[path] for order in self.orders]

    def call(self, name, rows):
        self.calls.append(name)
        return [7 if name == "manager" else row[1] == "lead" for row in rows]


def describe(model):
    return FIELDS.get(model, {})


def compiled(source, expect=None):
    return compile_expression(source, describe, "order", FUNCTIONS, expect)


@tagged("-at_install", "post_install")
class TestExpression(BaseCase):
    """What expressions say about a full order and about an empty one."""

    def assertValues(self, table):
        for source, *expected in table:
            with self.subTest(source=source):
                self.assertEqual(compiled(source).evaluate(Reader()), expected)

    def test_comparisons(self):
        self.assertValues(
            [
                ("count_ > 2", True, False),
                ("count_ < 9", True, False),
                ("not (count_ > 2)", False, True),
                ("count_ == 3", True, False),
                ("count_ = 3", True, False),
                ("1 < count_ <= 3", True, False),
                ("count_ != empty", True, False),
                ("empty == name", False, True),
                ("is_set(name)", True, False),
                ("urgent and count_ > 2 or false", True, False),
                ("urgent == no", False, True),
                ("owner == submitter", True, False),
                ("owner == 7", True, False),
            ]
        )

    def test_arithmetic(self):
        self.assertValues(
            [
                ("count_ + 2 * 3", 9.0, None),
                ("(count_ + 2) * 3", 15.0, None),
                ("-count_ - -1", -2.0, None),
                ("count_ / 2", 1.5, None),
                ("7 % count_", 1.0, None),
                ("count_ / 0", None, None),
                ("7 % 0", None, None),
                ("coalesce(count_, 0) + 1", 4.0, 1.0),
                ("abs(-count_)", 3.0, None),
                ("round(2.675, 2)", 2.68, 2.68),
                ("min(count_, 5)", 3.0, 5.0),
                ("max(count_, 5)", 5.0, 5.0),
                ("if(urgent, count_, 0)", 3.0, 0.0),
                ("8 - 2 - 1", 5.0, 5.0),
            ]
        )

    def test_money_is_rounded_to_its_currency(self):
        self.assertValues(
            [
                ("amount == 100.01", True, False),
                ("amount > 100.01", False, False),
                ("amount in [100.01]", True, False),
                ("amount * 2 == 200.01", True, False),
                ("amount / amount == 1", True, False),
            ]
        )
        self.assertEqual(compiled("amount * 2").type, "money")
        self.assertEqual(compiled("amount / amount").type, "number")
        coarse = [{("amount",): Money(100.4, 0)}]
        self.assertEqual(compiled("amount > 100").evaluate(Reader(coarse)), [False])

    def test_texts_and_selections(self):
        self.assertValues(
            [
                ('name == "Ämter"', True, False),
                ('"äm" in name', True, False),
                ('"x" not in name', True, True),
                ('contains(name, "TER")', True, False),
                ('starts_with(name, "äm")', True, False),
                ("length(name)", 5.0, 0.0),
                ("lower(name)", "ämter", None),
                ('name + "!"', "Ämter!", "!"),
                ('state == "draft"', True, False),
                ('state == "Quotation"', True, False),
                ('state in ["draft", "sale"]', True, False),
                ('partner.code in ["CN", "HK"]', True, False),
            ]
        )

    def test_dates(self):
        """Moments count by the clock of the user: it is the 22nd in Shanghai."""
        self.assertValues(
            [
                ('day < "2026-12-01"', True, False),
                ('moment == "2026-11-22"', True, False),
                ("days_since(moment)", 0.0, None),
                ("days_since(day)", 21.0, None),
                ("days_until(day)", -21.0, None),
                ("today - day", 21.0, None),
                ("day + 30 == date('2026-12-01')", True, False),
                ("day + 999999", None, None),
                ("days_between(day, moment)", 21.0, None),
                ("year(day) * 100 + month(day)", 202611.0, None),
                ('day in ["2026-11-01", "2026-11-02"]', True, False),
            ]
        )

    def test_lines(self):
        self.assertValues(
            [
                ("sum(line.price * line.qty)", 50.0, 0.0),
                ("max(lines.discount) > 15", True, False),
                ("min(line.discount)", 5.0, None),
                ("avg(line.qty)", 1.5, None),
                ("count(line)", 2.0, 0.0),
                ("count(line.discount > 10)", 1.0, 0.0),
                ("any(line.discount > 10)", True, False),
                ("all(line.discount > 10)", False, True),
                ("sum(line.qty * count_)", 9.0, 0.0),
                ("sum(line.qty / sum(line.qty))", 1.0, 0.0),
                ('"pen" in line.product.name', True, False),
                ('"VIP" not in tags.name', False, True),
                ("4 in tags", True, False),
            ]
        )

    def test_functions_of_the_caller(self):
        reader = Reader()
        source = 'has_role(submitter, "lead") and owner == manager(submitter)'
        self.assertEqual(compiled(source).evaluate(reader), [True, False])
        self.assertEqual(reader.calls, ["has_role", "manager"])
        self.assertEqual(compiled(source).functions, {"has_role", "manager"})

    def test_full_width_signs(self):
        self.assertValues([("（count_ ＞ 2） and name == “Ämter”", True, False)])

    def test_paths_are_known(self):
        found = compiled("amount > 5 and max(lines.discount) > partner.limit")
        self.assertEqual(
            found.paths, {("amount",), ("line", "discount"), ("partner", "limit")}
        )

    def test_explanation(self):
        found = compiled("amount > 50 and max(lines.discount) > 15").explain(Reader())
        self.assertEqual(found["value"], True)
        first, second = found["parts"]
        self.assertEqual((first["text"], first["value"]), ("amount > 50", True))
        self.assertEqual(first["parts"][0]["value"], 100.01)
        self.assertEqual(second["parts"][0]["text"], "max(lines.discount)")
        self.assertEqual(second["parts"][0]["parts"][0]["value"], [18.0, 5.0])
        json.dumps(compiled("day").explain(Reader(), 1))

    def test_half_is_rounded_up(self):
        for value, digits, expected in (
            (2.675, 2, 2.68),
            (-2.675, 2, -2.68),
            (0.5, 0, 1.0),
            (1e17, 2, 1e17),
        ):
            self.assertEqual(round_half_up(value, digits), expected)


@tagged("-at_install", "post_install")
class TestExpressionProblems(BaseCase):
    """What cannot be said, with its place and a sentence."""

    def test_problems(self):
        for source, code, position, length in (
            ("", "end", 0, 1),
            ("count_ >", "end", 8, 1),
            ("((", "end", 2, 1),
            ("count_ > 3 3", "sign", 11, 1),
            ("count_ $ 3", "sign", 7, 1),
            ('name == "x', "text", 8, 1),
            ("2 ** 3", "sign", 3, 1),
            ("1.2.3", "sign", 3, 1),
            ("amout > 3", "field", 0, 5),
            ("partner.code_ > 3", "field_of", 8, 5),
            ("name.__class__", "field_of", 5, 9),
            ("odd == 3", "field_type", 0, 3),
            ("__import__('os')", "function", 0, 16),
            ("eval('1')", "function", 0, 9),
            ("length()", "argument_count", 0, 8),
            ("length(count_)", "argument_type", 7, 6),
            ("has_role(partner, 'x')", "argument_type", 9, 7),
            ("sum(count_)", "lines_none", 4, 6),
            ("line.qty", "lines", 0, 8),
            ("line.qty > 3", "lines", 0, 12),
            ("sum(line.qty) > line.qty", "lines", 0, 24),
            ("any(line.qty > 1 and tags == 3)", "lines_mixed", 4, 26),
            ("name > 3", "operands", 0, 8),
            ("owner > 3", "operands", 0, 9),
            ("owner == partner", "operands", 0, 16),
            ("name * 3", "operands", 0, 8),
            ("not count_", "operand", 0, 10),
            ("count_ and urgent", "operand", 0, 6),
            ("day > 'soon'", "date", 6, 6),
            ("state == 'x'", "option", 9, 3),
            ("[1, 2]", "list_place", 0, 6),
            ("count_ in [1, 'a']", "operands", 0, 18),
            ("9999999999999999", "number", 0, 16),
            ("and", "sign", 0, 3),
            ("partner.", "end", 8, 1),
            ("partner.3", "sign", 8, 1),
            ("true = 1 or", "end", 11, 1),
        ):
            with self.subTest(source=source):
                (problem,) = check_expression(source, describe, "order", FUNCTIONS)
                found = (problem.code, problem.position, problem.length)
                self.assertEqual(found, (code, position, length), problem.text)
                self.assertTrue(problem.text)

    def test_expected_type(self):
        with self.assertRaises(ExpressionProblem) as caught:
            compiled("count_ + 1", expect="boolean")
        self.assertEqual(caught.exception.code, "expect")
        self.assertEqual(compiled("amount", expect="number").type, "money")

    def test_bounds(self):
        for source, code in (
            ("1" + "+1" * MAX_LENGTH, "long"),
            ("(" * 200 + "1" + ")" * 200, "deep"),
            ("not " * 200 + "urgent", "deep"),
            ("-" * 200 + "1", "deep"),
            ("1" + "+1" * 100, "deep"),
            ("count_ in [" + "1," * 400 + "1]", "many"),
            (f"name == '{'x' * 600}'", "text_long"),
        ):
            with self.subTest(source=source[:20]):
                self.assertEqual(
                    [p.code for p in check_expression(source, describe, "order")],
                    [code],
                )

    def test_results_are_bounded(self):
        big = "999999999999999"
        source = " * ".join([big] * 25)
        self.assertEqual(compiled(source).evaluate(Reader()), [None, None])
        long = [{("name",): "x" * 9000}]
        found = compiled("name + name").evaluate(Reader(long))
        self.assertEqual(len(found[0]), 10000)

    def test_no_text_at_all(self):
        for source in (None, 5, b"1"):
            self.assertTrue(check_expression(source, describe, "order"))


OPERATORS = {
    **{"+": op.add, "-": op.sub, "*": op.mul},
    **{"<": op.lt, ">": op.gt, "==": op.eq, "!=": op.ne},
}
SIGNS = st.sampled_from(
    "and or not in == != < > <= >= + - * / % ( ) [ ] , . = sum max count if".split()
)
NAMES = st.sampled_from(
    "amount count_ name state day moment urgent partner.code owner line.qty line "
    "line.price tags.name today true empty 1 0 2.5 'x' '2026-11-01' submitter".split()
)


@st.composite
def formulas(draw, depth=3):
    """Expressions that are well formed and often even make sense."""
    if not depth or draw(st.integers(0, 3)) == 0:
        return draw(NAMES)
    inner = formulas(depth=depth - 1)
    kind = draw(st.integers(0, 4))
    if kind == 0:
        operator = draw(st.sampled_from("+ - * / % == != < > and or in".split()))
        return f"({draw(inner)} {operator} {draw(inner)})"
    if kind == 1:
        name = draw(st.sampled_from("sum avg min max count any all is_set".split()))
        return f"{name}({draw(inner)})"
    if kind == 2:
        name = draw(st.sampled_from("coalesce min max days_between contains".split()))
        return f"{name}({draw(inner)}, {draw(inner)})"
    if kind == 3:
        return f"if({draw(inner)}, {draw(inner)}, {draw(inner)})"
    return f"{draw(st.sampled_from(['not', '-']))} {draw(inner)}"


@tagged("-at_install", "post_install")
class TestExpressionFuzz(BaseCase):
    """Anything is either refused with a sentence or answered."""

    def attempt(self, source):
        try:
            found = compiled(source)
        except ExpressionProblem as problem:
            self.assertTrue(problem.text)
            self.assertLessEqual(problem.position, len(source))
            return None
        values = found.evaluate(Reader())
        self.assertEqual(len(values), 2)
        for value in values:
            self.assertIsInstance(
                value, bool | float | int | str | date | datetime | None
            )
        json.dumps(found.explain(Reader()))
        if found.type == "boolean":
            self.assertTrue({*map(type, values)} <= {bool, type(None)}, values)
        if found.type in ("number", "money"):
            self.assertTrue({*map(type, values)} <= {float, type(None)}, values)
        return values

    @SETTINGS
    @given(st.text(max_size=60))
    @example("\x00")
    @example("１ > ２")
    @example("²")
    def test_any_text(self, source):
        self.attempt(source)

    @SETTINGS
    @given(st.lists(SIGNS | NAMES, max_size=12).map(" ".join))
    def test_any_row_of_words(self, source):
        self.attempt(source)

    @SETTINGS
    @given(formulas())
    def test_any_formula(self, source):
        first = self.attempt(source)
        self.assertEqual(first, self.attempt(f"  {source} "))

    @SETTINGS
    @given(
        st.integers(-99, 99),
        st.integers(-99, 99),
        st.sampled_from("+ - * < > == !=".split()),
    )
    def test_same_as_arithmetic(self, left, right, operator):
        expected = OPERATORS[operator](left, right)
        self.assertEqual(self.attempt(f"({left}) {operator} ({right})")[0], expected)
