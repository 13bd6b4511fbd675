"""What programs hand to public methods, told right from wrong.

Whatever comes over RPC is of any type. What cannot be used ends in a sentence that says
what to give, not in an error of Python or of the database.
"""

from odoo.api import NewId
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools.domain_text import read_literals

# Ids are of the type int4 in the database.
IDS = range(1, 2**31)


class ConditionProblem(UserError, ValueError):
    """A stored condition is none; a ValueError, as what ``Domain()`` says of others."""


def is_id(value):
    """Whether a value can be the id of a record; ``True`` is none."""
    return type(value) is int and value in IDS


def check_one(records):
    """Make sure that a method is called on one record, as ``ensure_one`` does.

    :return: the record
    :raise UserError: there is none, several, or something that is no id
    """
    ids = records._ids
    if len(ids) != 1 or not (type(ids[0]) is int or isinstance(ids[0], NewId)):
        raise UserError(records.env._("Choose one record."))
    return records


def check_ids(env, values):
    """The ids of records that a caller names; he may hand over the records.

    :rtype: list[int]
    :raise UserError: it is something else
    """
    ids = getattr(values, "ids", values)
    if not isinstance(ids, list | tuple) or not all(map(is_id, ids)):
        raise UserError(env._("Name the records by their ids, for example [12, 15]."))
    return list(ids)


def check_records(records):
    """Make sure that a method of several records was given ids.

    :return: the records
    :raise UserError: something among them is no id
    """
    check_ids(records.env, [id_ for id_ in records._ids if not isinstance(id_, NewId)])
    return records


def check_refusal(env, reason):
    """The reason for which something is refused: who asked for it reads it.

    :rtype: str
    :raise UserError: there is none
    """
    reason = reason.strip() if isinstance(reason, str) else ""
    if not reason:
        raise UserError(env._("Say why, so that the colleague understands."))
    return reason[:500]


def read_domain(env, text):
    """A stored condition, see :func:`read_literals`, as a domain.

    :rtype: Domain
    :raise ConditionProblem: it is no list of literals
    :raise ValueError: the list is no condition
    """
    try:
        parts = read_literals(text)
    except ValueError as error:
        raise ConditionProblem(
            env._("a condition is a list of texts, numbers and dates")
        ) from error
    return Domain(parts)
