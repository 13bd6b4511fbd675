"""Searching for a number that has no row in the database where it is 0."""

import operator as operators

from odoo.fields import Domain
from odoo.tools import SQL

COMPARISONS = {
    ">": (operators.gt, SQL(">")),
    ">=": (operators.ge, SQL(">=")),
    "<": (operators.lt, SQL("<")),
    "<=": (operators.le, SQL("<=")),
}


def compare_counted(measure, operator, value):
    """The rows to look for: those that meet a comparison or, where 0 meets it, those
    that do not, which are left out.

    :param SQL measure: the number in a row, such as ``count(*)``
    :param str operator: as a search method gets it
    :param value: a number, or with ``in`` and ``not in`` the collection of 0 only
    :return: whether 0 meets the comparison, and the condition on the rows; ``None`` for
        what cannot be compared
    :rtype: tuple[bool, SQL] | None
    """
    if operator in ("in", "not in") and set(value) <= {0}:
        operator, value = ("<=", 0) if operator == "in" else (">", 0)
    if operator not in COMPARISONS:
        return None
    compare, sql_operator = COMPARISONS[operator]
    meets = SQL("%s %s %s", measure, sql_operator, value)
    zero_meets = compare(0, value)
    return zero_meets, SQL("NOT (%s)", meets) if zero_meets else meets


def counted_domain(column, zero_meets, found):
    """The domain of the records that meet a comparison of :func:`compare_counted`.

    :param str column: stored column of the records that is compared with ``found``
    :param SQL found: query of the rows to look for
    :rtype: Domain
    """
    return Domain.custom(
        to_sql=lambda model, alias, query: SQL(
            "%s %s (%s)",
            SQL.identifier(alias, column),
            SQL("NOT IN") if zero_meets else SQL("IN"),
            found,
        )
    )
