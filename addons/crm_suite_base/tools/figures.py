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
    # The number of the channel; of several in one purchase the first counts.
    channel: int | None = None


def summarise(facts, today, channels=(), decimals=2):
    """Compute purchases, revenue, intervals and habits from the lines of a customer.

    :param facts: lines of one customer in one company
    :param date today: the day of that company
    :param channels: the codes of the channels by their numbers
    :param int decimals: of the currency of that company
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
    purchases = [lines for lines in documents.values() if is_purchase(lines)]
    days = sorted(totals[lines[0].document][0] for lines in purchases)
    channel = most_frequent(
        min((line.channel for line in lines if line.channel is not None), default=None)
        for lines in purchases
    )
    weekday = most_frequent(day.isoweekday() for day in days)
    revenue = sum((amount for _day, amount in totals.values()), ZERO)
    return {
        "purchase_count": len(days),
        "first_purchase": days[0] if days else None,
        "last_purchase": days[-1] if days else None,
        "revenue": revenue,
        "average_purchase": _round(revenue / len(days), f"1e-{decimals}")
        if days
        else ZERO,
        "purchase_count_12m": sum(day > year for day in days),
        "revenue_12m": sum((a for day, a in totals.values() if day > year), ZERO),
        **intervals(days),
        **favourites(facts),
        "preferred_channel": channels[channel] if channel is not None else None,
        "preferred_weekday": str(weekday) if weekday else None,
        "trend": trend(totals.values(), today) or None,
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


def favourites(facts):
    """The product and the category with the greatest revenue, of equal ones those with
    the lowest id, and what part each category has of the whole.
    """
    products = Counter()
    for fact in facts:
        if fact.product_id:
            products[fact.category_id, fact.product_id] += fact.amount
    categories, best = Counter(), []
    for (category, product), amount in products.items():
        if amount > 0:
            categories[category] += amount
            best.append((-amount, product))
    total = sum(categories.values())
    named = {id_: amount for id_, amount in categories.items() if id_}
    shares = {
        str(id_): float(_round(amount / total, "0.0001"))
        for id_, amount in named.items()
    }
    return {
        "preferred_product_id": min(best)[1] if best else None,
        "preferred_category_id": min(
            named, key=lambda key: (-named[key], key), default=None
        ),
        "category_shares": shares or None,
    }


def most_frequent(values):
    """The most frequent of some values, of equally frequent ones the first."""
    counts = Counter(value for value in values if value is not None)
    return min(counts, key=lambda value: (-counts[value], value), default=None)


def trend(totals, today):
    """Revenue of the last twelve calendar months; those without a document are left
    out.

    :param totals: day and amount of each document
    """
    months = Counter()
    for day, amount in totals:
        back = (today.year - day.year) * 12 + today.month - day.month
        if 0 <= back < 12:
            months[f"{day:%Y-%m}"] += amount
    return {month: float(amount) for month, amount in months.items()}


def _round(value, unit="0.01"):
    return value.quantize(Decimal(unit), rounding=ROUND_HALF_UP)


def _year_before(day):
    try:
        return day.replace(year=day.year - 1)
    except ValueError:  # 29 February
        return day.replace(year=day.year - 1, day=28)
