"""The figures of one customer computed plainly, to check what SQL calculated."""

from collections import Counter, defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from statistics import mean, stdev
from typing import NamedTuple

ZERO = Decimal(0)


class Fact(NamedTuple):
    """A line of a purchase."""

    day: date
    document: tuple
    amount: Decimal
    category_id: int | None = None
    product_id: int | None = None


def summarise(facts, today):
    """Compute purchases, revenue and intervals from the lines of a customer.

    :param facts: lines of one customer in one company
    :param date today: the day of that company
    :rtype: dict
    """
    documents = defaultdict(list)
    for fact in facts:
        documents[fact.document].append(fact)
    year = _year_before(today)
    totals = {
        key: (min(fact.day for fact in lines), sum(fact.amount for fact in lines))
        for key, lines in documents.items()
    }
    days = sorted(
        totals[key][0] for key, lines in documents.items() if is_purchase(lines)
    )
    revenue = sum((amount for _day, amount in totals.values()), ZERO)
    return {
        "purchase_count": len(days),
        "first_purchase": days[0] if days else None,
        "last_purchase": days[-1] if days else None,
        "revenue": revenue,
        "average_purchase": _round(revenue / len(days)) if days else ZERO,
        "purchase_count_12m": sum(day > year for day in days),
        "revenue_12m": sum((a for day, a in totals.values() if day > year), ZERO),
        **intervals(days),
        "preferred_category_id": favourite(facts),
    }


def is_purchase(lines):
    """Whether the lines of a document are a purchase: they are worth something, or
    nothing because all are free.
    """
    amount = sum(line.amount for line in lines)
    return amount > 0 or (amount == 0 and all(line.amount >= 0 for line in lines))


def intervals(days):
    """Mean and spread of the days between days of purchase.

    :param list[date] days: in order; several purchases of a day are one day
    """
    unique = list(dict.fromkeys(days))
    gaps = [(b - a).days for a, b in zip(unique, unique[1:], strict=False)]
    average = mean(map(Decimal, gaps)) if gaps else None
    expected = None
    if len(gaps) >= 2:
        whole = average.quantize(Decimal(1), rounding=ROUND_HALF_UP)
        expected = date.fromordinal(unique[-1].toordinal() + int(whole))
    return {
        "interval_mean": average if average is None else _round(average),
        "interval_deviation": _round(stdev(map(Decimal, gaps)))
        if len(gaps) > 1
        else None,
        "expected_next_purchase": expected,
    }


def favourite(facts):
    """The category with the greatest revenue; of equal ones that with the lowest id."""
    amounts = Counter()
    products = Counter()
    for fact in facts:
        if fact.product_id:
            products[fact.category_id, fact.product_id] += fact.amount
    for (category, _product), amount in products.items():
        if amount > 0 and category:
            amounts[category] += amount
    return min(amounts, key=lambda key: (-amounts[key], key), default=None)


def _round(value):
    return value.quantize(Decimal("0.01"), rounding=ROUND_HALF_UP)


def _year_before(day):
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
