"""Finding for all customers at once which rule fits first.

Each condition is compiled by the ORM to one query over the partners, each customer is
looked at with the figures of its own company, and the database picks the first match:
no customer is ever read into Python.
"""

from contextlib import contextmanager
from typing import NamedTuple

from odoo.fields import Datetime, Domain
from odoo.tools import SQL

MATCH = SQL.identifier("crm_suite_rule_match")
SCOPE = SQL.identifier("crm_suite_rule_scope")
# The default of PostgreSQL sends the sets of a big company to the disk.
WORK_MEM = "128MB"
# For how many days a decision by hand holds of which nobody said how long.
DEFAULT_HOLD = 90


class Condition(NamedTuple):
    """One rule as it is matched."""

    rank: int  # the lowest one that fits wins
    domain: Domain  # on res.partner
    company_id: int | bool  # only for the customers of this company


class Move(NamedTuple):
    """What a run of the rules would do to one customer."""

    partner_id: int
    owner_id: int | None
    before: int | None  # grade, stage, …
    after: int | None
    rule_id: int | None


@contextmanager
def room_for_sets(env):
    """Let the queries inside sort and hash in memory."""
    ((before,),) = env.execute_query(SQL("SELECT current_setting('work_mem')"))
    env.cr.execute(SQL("SELECT set_config('work_mem', %s, TRUE)", WORK_MEM))
    yield
    # An error takes the setting back with everything else since its savepoint.
    env.cr.execute(SQL("SELECT set_config('work_mem', %s, TRUE)", before))


def match_first(env, conditions, partner_ids=None):
    """Fill the temporary table ``crm_suite_rule_match`` with the first match of each.

    Its columns: ``partner_id`` (every customer looked at, once), ``company_id`` (whose
    figures counted) and ``rank`` (NULL where no condition fits).

    :param list[Condition] conditions:
    :param partner_ids: ids of commercial partners; ``None``: all customers
    """
    env.flush_all()
    open_scope(env, partner_ids)
    branches = list(compose_branches(env, conditions, partner_ids))
    if branches:
        found = SQL(
            "SELECT id, company_id, min(rank) AS rank FROM (%s) b GROUP BY 1, 2",
            SQL(" UNION ALL ").join(branches),
        )
    else:
        found = SQL("SELECT 0 AS id, 0 AS company_id, 0 AS rank WHERE FALSE")
    fill_temporary(
        env,
        MATCH,
        SQL(
            """
            SELECT s.partner_id, s.company_id, f.rank
              FROM %s s
         LEFT JOIN (%s) f ON f.id = s.partner_id AND f.company_id = s.company_id
            """,
            SCOPE,
            found,
        ),
    )


def open_scope(env, partner_ids=None):
    """Fill ``crm_suite_rule_scope`` with the customers and whose figures count.

    A customer of one company has that company's; a shared one has those of the company
    from which it buys most often; before it bought anything, those of its owner's
    company, and without an owner those of the first company.
    """
    fill_temporary(
        env,
        SCOPE,
        SQL(
            """
            SELECT p.id AS partner_id,
                   COALESCE(p.company_id, m.company_id, u.company_id, %(first)s)
                       AS company_id
              FROM res_partner p
         LEFT JOIN res_users u ON u.id = p.user_id
         LEFT JOIN LATERAL (
                SELECT company_id FROM crm_suite_customer_metric
                 WHERE partner_id = p.id AND p.company_id IS NULL
              ORDER BY purchase_count DESC NULLS LAST, company_id LIMIT 1
            ) m ON TRUE
             WHERE p.crm_suite_lifecycle_id IS NOT NULL
               AND p.commercial_partner_id = p.id
               AND p.active %(only)s
            """,
            first=get_first_company(env).id,
            only=compose_only(SQL("p.id"), partner_ids),
        ),
    )


def get_first_company(env):
    return env["res.company"].sudo().search([], order="id", limit=1)


def get_zone(company):
    """The time zone by which the days of a company begin: that of its working hours.

    Neither that of who looks nor that of the scheduled action: a rule means the same
    for every customer.
    """
    company = company.sudo()
    return company.resource_calendar_id.tz or company.partner_id.tz or "UTC"


def get_today(company):
    """The day that it is in a company."""
    here = company.with_context(tz=get_zone(company))
    return Datetime.context_timestamp(here, Datetime.now()).date()


def compose_todays(env):
    """The day that it is in each company, as rows to join: company_id, today.

    :rtype: SQL
    """
    companies = env["res.company"].sudo().with_context(active_test=False).search([])
    return SQL(
        "unnest(%s::int[], %s::date[]) AS d(company_id, today)",
        companies.ids,
        [get_today(company) for company in companies],
    )


def compose_only(column, partner_ids):
    """Restrict a query to some partners, or to none where ``None`` is given."""
    if partner_ids is None:
        return SQL()
    return SQL("AND %s = ANY(%s)", column, list(partner_ids))


def fill_temporary(env, table, query):
    """Make a temporary table of a query; it lives as long as the transaction."""
    env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.%s", table))
    env.cr.execute(SQL("CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s", table, query))
    env.cr.execute(SQL("ANALYZE %s", table))


def compose_branches(env, conditions, partner_ids=None):
    """Compile each condition for each company that has customers here."""
    rows = env.execute_query(
        SQL("SELECT DISTINCT company_id FROM %s ORDER BY 1", SCOPE)
    )
    for (company_id,) in rows:
        for condition in conditions:
            if condition.company_id in (False, None, company_id):
                yield compose_branch(env, condition, company_id, partner_ids)


def compose_branch(env, condition, company_id, partner_ids=None):
    """One condition for the customers of one company as a query.

    The rights of nobody in particular: a rule means the same for every customer.
    """
    partners = get_partners(env, company_id)
    domain = condition.domain & Domain("crm_suite_lifecycle_id", "!=", False)
    if partner_ids is not None:
        domain &= Domain("id", "in", list(partner_ids))
    query = partners._search(domain)
    return query.select(
        SQL("%s AS id", SQL.identifier(query.table, "id")),
        SQL("%s::int AS company_id", company_id),
        SQL("%s::int AS rank", condition.rank),
    )


def get_partners(env, company_id):
    """The partners as a rule sees them: all of them, with one company's figures."""
    company = env["res.company"].browse(company_id)
    partners = env["res.partner"].sudo().with_company(company)
    # Without the viewer's language and filters.  pylint: disable-next=context-overridden
    return partners.with_context(
        allowed_company_ids=[company_id], active_test=True, tz=get_zone(company)
    )


def match_each(env, conditions, partner, company_id):
    """Tell of one customer which conditions fit, in one query.

    :return: the ranks of those that fit
    :rtype: set[int]
    """
    branches = [
        compose_branch(env, condition, company_id, partner.ids)
        for condition in conditions
        if condition.company_id in (False, None, company_id)
    ]
    if not branches:
        return set()
    env.flush_all()
    rows = env.execute_query(SQL(" UNION ALL ").join(branches))
    return {rank for _id, _company, rank in rows}


def check_readable(model, domain):
    """Make sure that the user may read every field at which a condition looks.

    The host does not ask this of fields that are searched by a method.

    :param model: empty recordset in the environment of who wrote the condition
    :raise AccessError: when a field or model on the way is closed to him
    """
    for condition in Domain(domain).iter_conditions():
        looked_at = model
        for name in condition.field_expr.split("."):
            field = looked_at._fields.get(name)
            if field is None:
                break  # a property, or wrong: the search itself says so
            looked_at.check_access("read")
            looked_at._check_field_access(field, "read")
            if field.relational:
                looked_at = looked_at.env[field.comodel_name]
        if condition.operator in ("any", "not any"):
            check_readable(looked_at, condition.value)
