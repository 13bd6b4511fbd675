"""The values that a condition of a segment is filled in with, without a database."""

import math
from datetime import date

MAX_RECORDS = 1000
MAX_TEXT = 200


class ParamProblem(ValueError):
    """A value that does not fit; ``rule`` names what it should have been."""

    def __init__(self, name, rule):
        super().__init__(f"{name}: {rule}")
        self.name = name
        self.rule = rule


def is_asked(spec, values):
    """Whether a value is asked for, given the other values of the condition."""
    return all(
        values.get(name) in allowed
        for name, allowed in (spec.get("show_if") or {}).items()
    )


def _is_missing(raw):
    return raw is None or raw is False or raw == "" or raw == []


def clean_params(specs, condition):
    """Give the values of a condition in their valid form.

    Values that the others make superfluous are dropped, missing ones get their
    default.

    :param dict specs: ``{name: specification}``, in the order in which they depend
        on each other
    :raise ParamProblem: for the first value that does not fit
    """
    values = {}
    for name, spec in specs.items():
        if is_asked(spec, values):
            raw = condition.get(name)
            if _is_missing(raw) and "default" in spec:
                raw = spec["default"]
            values[name] = CLEANERS[spec["type"]](name, spec, raw)
    return values


def _clean_choice(name, spec, raw):
    if not isinstance(raw, str) or raw not in [key for key, _label in spec["choices"]]:
        raise ParamProblem(name, "choice")
    return raw


def _clean_choices(name, spec, raw):
    keys = [key for key, _label in spec["choices"]]
    if not isinstance(raw, list) or not raw:
        raise ParamProblem(name, "choice")
    chosen = {_clean_choice(name, spec, key) for key in raw}
    return [key for key in keys if key in chosen]


def _clean_number(name, spec, raw):
    if isinstance(raw, bool) or not isinstance(raw, int | float):
        raise ParamProblem(name, "number")
    if isinstance(raw, float) and not math.isfinite(raw):
        raise ParamProblem(name, "number")
    if spec.get("whole"):
        if raw != int(raw):
            raise ParamProblem(name, "whole")
        raw = int(raw)
    if raw < spec.get("min", -1e15) or raw > spec.get("max", 1e15):
        raise ParamProblem(name, "range")
    return raw


def _clean_text(name, spec, raw):
    # PostgreSQL has no zero characters.
    text = raw.replace("\0", "").strip() if isinstance(raw, str) else ""
    if not text:
        raise ParamProblem(name, "text")
    return text[:MAX_TEXT]


def _clean_date(name, spec, raw):
    try:
        day = date.fromisoformat(raw)
    except (TypeError, ValueError):
        raise ParamProblem(name, "date") from None
    return day.isoformat()


def _clean_records(name, spec, raw):
    if not isinstance(raw, list) or not raw:
        raise ParamProblem(name, "records")
    if not all(type(id_) is int and 0 < id_ < 2**31 for id_ in raw):
        raise ParamProblem(name, "records")
    ids = list(dict.fromkeys(raw))
    if len(ids) > MAX_RECORDS:
        raise ParamProblem(name, "records")
    return ids


CLEANERS = {
    "choice": _clean_choice,
    "choices": _clean_choices,
    "number": _clean_number,
    "text": _clean_text,
    "date": _clean_date,
    "records": _clean_records,
}
