from typing import NamedTuple

from odoo import SUPERUSER_ID, api, models
from odoo.tools import SQL


class View(NamedTuple):
    """One view for reports.

    ``columns``: by name ``(expression, model.field from which it comes, meaning)``; what
    ``tools/sensitive.py`` lists cannot come out. ``source``: the rest of the statement
    behind ``FROM``, which narrows the rows to the companies.
    """

    name: str
    meaning: str
    columns: dict
    source: SQL


FLOW = ("f.name ->> 'en_US'", "crm.suite.approval.flow.name", "Flow.")


def _plain(model, alias, **columns):
    """Columns as they are in the table: the meaning by name."""
    return {
        name: (f"{alias}.{name}", f"{model}.{name}", meaning)
        for name, meaning in columns.items()
    }


class BiView(models.AbstractModel):
    """What can be read by tools for reports: a list of views, column by column.

    Names and meanings are a contract (``docs/bi.md``); tables behind them may change.
    """

    _name = "crm.suite.bi.view"
    _description = "Views for Reports"

    @api.model
    def _bi_views(self, company_ids):
        """The views. Hook: addons add theirs to what ``super()`` returns.

        :param list company_ids: whose rows are shown
        :rtype: list[View]
        """
        return [
            self._view_customers(company_ids),
            self._view_figures(company_ids),
            *self._views_words(),
            self._view_people(company_ids),
            self._view_lifecycle(company_ids),
            *self._views_segments(company_ids),
            self._view_purchases(company_ids),
            self._view_calls(company_ids),
            self._view_pool_moves(company_ids),
            self._view_assignments(company_ids),
            self._view_approvals(company_ids),
            self._view_decisions(company_ids),
        ]

    def _of_customers(self, alias, company_ids):
        """Only rows about customers that are shown themselves."""
        return SQL(
            "EXISTS (SELECT 1 FROM res_partner c WHERE c.id = %s"
            " AND (c.company_id IS NULL OR c.company_id = ANY(%s)))",
            SQL.identifier(alias, "partner_id"),
            company_ids,
        )

    def _view_customers(self, company_ids):
        return View(
            "customers",
            "One row per customer, archived ones too.",
            {
                **self._columns_who(),
                **self._columns_standing(),
                **self._columns_care(),
            },
            self._from_customers(company_ids),
        )

    def _columns_who(self):
        """Who the customer is."""
        return {
            **_plain(
                "res.partner",
                "p",
                id="The customer, in all views customer_id.",
                ref="Number of the customer in other systems.",
                is_company="A company; otherwise a person.",
                active="Not archived.",
                city="City.",
                company_id="Company to which the customer is limited.",
            ),
            "company_name": (
                "CASE WHEN p.is_company THEN p.name END",
                "res.partner.name",
                "Name of companies; empty for persons.",
            ),
            "country": ("co.code", "res.country.code", "Country, two letters."),
            "industry": (
                "i.name ->> 'en_US'",
                "res.partner.industry_id",
                "Industry.",
            ),
            "type": (
                "p.crm_suite_type",
                "res.partner.crm_suite_type",
                "Kind of customer.",
            ),
        }

    def _columns_standing(self):
        """Its stage and its grade."""
        return {
            "stage": (
                "s.code",
                "res.partner.crm_suite_lifecycle_id",
                "Stage of the lifecycle, see lifecycle_stages.",
            ),
            "stage_since": (
                "p.crm_suite_lifecycle_date",
                "res.partner.crm_suite_lifecycle_date",
                "In this stage since (UTC).",
            ),
            "grade": (
                "g.code",
                "res.partner.crm_suite_grade_id",
                "Grade, see grades.",
            ),
            "grade_since": (
                "p.crm_suite_grade_date",
                "res.partner.crm_suite_grade_date",
                "This grade since (UTC).",
            ),
        }

    def _columns_care(self):
        """Who looks after it, since when it is there, and what became of it."""
        return {
            "owner_id": (
                "p.user_id",
                "res.partner.user_id",
                "Owner, see people.",
            ),
            "merged_into_id": (
                "p.crm_suite_merged_into_id",
                "res.partner.crm_suite_merged_into_id",
                "Customer into which it was merged.",
            ),
            "created_at": (
                "p.create_date",
                "res.partner.create_date",
                "Entered on (UTC).",
            ),
        }

    def _from_customers(self, company_ids):
        return SQL(
            """
            res_partner p
       LEFT JOIN res_country co ON co.id = p.country_id
       LEFT JOIN res_partner_industry i ON i.id = p.industry_id
       LEFT JOIN crm_suite_lifecycle_stage s ON s.id = p.crm_suite_lifecycle_id
       LEFT JOIN crm_suite_grade g ON g.id = p.crm_suite_grade_id
           WHERE p.crm_suite_lifecycle_id IS NOT NULL
             AND p.commercial_partner_id = p.id
             AND (p.company_id IS NULL OR p.company_id = ANY(%s))
            """,
            company_ids,
        )

    def _view_figures(self, company_ids):
        metric = "crm.suite.customer.metric"
        return View(
            "figures",
            "One row per customer and company; amounts in the company's currency.",
            {
                "customer_id": ("f.partner_id", f"{metric}.partner_id", "Customer."),
                **_plain(
                    metric,
                    "f",
                    company_id="Company.",
                    first_purchase="Day of the first purchase.",
                    last_purchase="Day of the last purchase.",
                    expected_next_purchase="Day on which the next one is expected.",
                    purchase_count="Purchases, of all time.",
                    revenue="Revenue, of all time.",
                    average_purchase="Revenue per purchase.",
                    interval_mean="Days between days of purchase, on average.",
                    purchase_count_12m="Purchases of twelve months.",
                    revenue_12m="Revenue of twelve months.",
                    last_interaction="Last contact (UTC).",
                    next_activity="Day of the next planned activity.",
                    calculated_at="When the row was calculated (UTC).",
                ),
                "currency": (
                    "cu.name",
                    "res.currency.name",
                    "Currency, three letters.",
                ),
            },
            SQL(
                """
                crm_suite_customer_metric f
           LEFT JOIN res_currency cu ON cu.id = f.currency_id
               WHERE f.company_id = ANY(%s) AND %s
                """,
                company_ids,
                self._of_customers("f", company_ids),
            ),
        )

    def _views_words(self):
        """The words that codes stand for."""
        return [
            View(
                name,
                meaning,
                {
                    **_plain(
                        model,
                        "w",
                        id="Number.",
                        code="Code, as in customers.",
                        sequence="Place in the order.",
                        active="In use.",
                    ),
                    "name": ("w.name ->> 'en_US'", f"{model}.name", "Name."),
                },
                SQL("%s w", SQL.identifier(self.env[model]._table)),
            )
            for name, model, meaning in (
                ("lifecycle_stages", "crm.suite.lifecycle.stage", "The stages."),
                ("grades", "crm.suite.grade", "The grades."),
            )
        ]

    def _view_people(self, company_ids):
        return View(
            "people",
            "The colleagues to whom other views point.",
            {
                **_plain("res.users", "u", id="Number.", active="Still here."),
                "name": ("p.name", "res.users.name", "Name."),
                "team_id": (
                    "(SELECT min(m.crm_team_id) FROM crm_team_member m"
                    " WHERE m.user_id = u.id AND m.active)",
                    "crm.team.member.crm_team_id",
                    "First sales team.",
                ),
            },
            SQL(
                """
                res_users u
                JOIN res_partner p ON p.id = u.partner_id
               WHERE NOT u.share
                 AND EXISTS (SELECT 1 FROM res_company_users_rel r
                              WHERE r.user_id = u.id AND r.cid = ANY(%s))
                """,
                company_ids,
            ),
        )

    def _view_lifecycle(self, company_ids):
        step = "crm.suite.lifecycle.transition"
        return View(
            "lifecycle_transitions",
            "Each move of a customer between stages.",
            {
                **_plain(
                    step,
                    "t",
                    id="Number, ascending.",
                    at="When (UTC).",
                    duration="Days in the stage before.",
                    source="By whom: rule, person, override, undo, found.",
                    rule_id="The rule that decided.",
                ),
                "customer_id": ("t.partner_id", f"{step}.partner_id", "Customer."),
                "from_stage": ("a.code", f"{step}.from_id", "Stage before."),
                "to_stage": ("b.code", f"{step}.to_id", "Stage after."),
            },
            SQL(
                """
                crm_suite_lifecycle_transition t
           LEFT JOIN crm_suite_lifecycle_stage a ON a.id = t.from_id
           LEFT JOIN crm_suite_lifecycle_stage b ON b.id = t.to_id
               WHERE %s
                """,
                self._of_customers("t", company_ids),
            ),
        )

    def _views_segments(self, company_ids):
        """Shared segments; what somebody keeps to himself is nobody's report."""
        model = "crm.suite.segment"
        shared = SQL(
            "s.is_shared AND (s.company_id IS NULL OR s.company_id = ANY(%s))",
            company_ids,
        )
        segments = View(
            "segments",
            "Segments that are shared.",
            {
                **_plain(
                    model,
                    "s",
                    id="Segment.",
                    kind="dynamic or static.",
                    active="Not archived.",
                    company_id="Company to which it is limited.",
                    refreshed_at="Last change (UTC).",
                ),
                "name": ("s.name ->> 'en_US'", f"{model}.name", "Name."),
            },
            SQL("crm_suite_segment s WHERE %s", shared),
        )
        member = "crm.suite.segment.member"
        members = View(
            "segment_members",
            "Who was in which segment when; left_at is empty for who still is.",
            {
                **_plain(
                    member,
                    "m",
                    segment_id="Segment.",
                    entered_at="Entered (UTC).",
                    left_at="Left (UTC).",
                ),
                "customer_id": ("m.partner_id", f"{member}.partner_id", "Customer."),
            },
            SQL(
                """
                crm_suite_segment_member m
                JOIN crm_suite_segment s ON s.id = m.segment_id
               WHERE %s AND %s
                """,
                shared,
                self._of_customers("m", company_ids),
            ),
        )
        return [segments, members]

    def _view_purchases(self, company_ids):
        fact = "crm.suite.purchase.fact"
        # Of all companies and as nobody in particular: the rows are narrowed below.
        facts = self.env(user=SUPERUSER_ID, su=True, context={})[fact]
        return View(
            "purchases",
            "One row per line of a purchase, net of what came back; untaxed, in the "
            "company's currency.",
            {
                "customer_id": ("x.partner_id", f"{fact}.partner_id", "Customer."),
                **_plain(
                    fact,
                    "x",
                    company_id="Company.",
                    day="Day by the company's clock.",
                    source="Where the line comes from.",
                    channel="Channel.",
                    product_id="Product.",
                    category_id="Category of the product.",
                    quantity="Quantity.",
                    amount="Amount.",
                    team_id="Sales team.",
                    user_id="Salesperson, see people.",
                    document_model="Kind of document.",
                    document_id="Document; the same pair is one purchase.",
                ),
                "product": (
                    "(SELECT tm.name ->> 'en_US' FROM product_product pp"
                    " JOIN product_template tm ON tm.id = pp.product_tmpl_id"
                    " WHERE pp.id = x.product_id)",
                    "product.template.name",
                    "Name of the product.",
                ),
                "category": (
                    "(SELECT pc.complete_name FROM product_category pc"
                    " WHERE pc.id = x.category_id)",
                    "product.category.complete_name",
                    "Name of the category.",
                ),
            },
            SQL(
                "(%s) x WHERE x.company_id = ANY(%s) AND %s",
                facts._table_query,
                company_ids,
                self._of_customers("x", company_ids),
            ),
        )

    def _view_calls(self, company_ids):
        call = "crm.suite.call"
        return View(
            "calls",
            "Calls, walk-ins and visits that were logged.",
            {
                **_plain(
                    call,
                    "l",
                    id="Number.",
                    kind="call, walk_in or visit.",
                    direction="in or out.",
                    date="When (UTC).",
                    duration="Minutes.",
                    outcome="What came of it.",
                    user_id="Who, see people.",
                    company_id="Company.",
                ),
                "customer_id": (
                    "l.commercial_partner_id",
                    f"{call}.commercial_partner_id",
                    "Customer.",
                ),
            },
            SQL(
                "crm_suite_call l WHERE (l.company_id IS NULL OR l.company_id = ANY(%s))"
                " AND %s",
                company_ids,
                self._of_customers("l", company_ids),
            ),
        )

    def _view_pool_moves(self, company_ids):
        move = "crm.suite.pool.move"
        return View(
            "pool_moves",
            "What happened to customers and leads of pools.",
            {
                **_plain(
                    move,
                    "m",
                    id="Number, ascending.",
                    kind="claim, assign, return, auto_return, transfer, protect, …",
                    res_model="res.partner or crm.lead.",
                    res_id="Customer or lead.",
                    from_user_id="Owner before.",
                    to_user_id="Owner after.",
                    done_by_id="By whom.",
                    at="When (UTC).",
                    undone="Taken back since.",
                ),
                "pool": ("a.name ->> 'en_US'", "crm.suite.pool.name", "Pool."),
                "to_pool": ("b.name ->> 'en_US'", "crm.suite.pool.name", "Pool after."),
            },
            SQL(
                """
                crm_suite_pool_move m
           LEFT JOIN crm_suite_pool a ON a.id = m.pool_id
           LEFT JOIN crm_suite_pool b ON b.id = m.to_pool_id
               WHERE a.company_id IS NULL OR a.company_id = ANY(%s)
                """,
                company_ids,
            ),
        )

    def _view_assignments(self, company_ids):
        log = "crm.suite.assignment.log"
        return View(
            "assignments",
            "Decisions of assignment policies.",
            {
                **_plain(
                    log,
                    "g",
                    id="Number.",
                    res_model="Kind of record.",
                    res_id="Record.",
                    company_id="Company.",
                    from_user_id="Owner before.",
                    to_user_id="Owner after; empty: nobody was free.",
                    date="When (UTC).",
                    cause="Why it was assigned.",
                    state="What became of it.",
                    value="What the record was worth.",
                    try_number="Which try it was.",
                    answered_at="When it was accepted or declined (UTC).",
                ),
                "policy": (
                    "y.name ->> 'en_US'",
                    "crm.suite.assignment.policy.name",
                    "Policy.",
                ),
            },
            SQL(
                """
                crm_suite_assignment_log g
           LEFT JOIN crm_suite_assignment_policy y ON y.id = g.policy_id
               WHERE g.company_id IS NULL OR g.company_id = ANY(%s)
                """,
                company_ids,
            ),
        )

    def _view_approvals(self, company_ids):
        return View(
            "approvals",
            "Requests for approval.",
            {
                **_plain(
                    "crm.suite.approval.request",
                    "r",
                    id="Request.",
                    company_id="Company.",
                    res_model="Kind of document.",
                    res_id="Document.",
                    submitter_id="Who asked.",
                    state="running, exception, agreed, rejected, withdrawn, cancelled.",
                    started_at="Asked on (UTC).",
                    finished_at="Ended on (UTC).",
                    effect_state="Whether what waited was done.",
                ),
                "flow": FLOW,
            },
            SQL(
                """
                crm_suite_approval_request r
                JOIN crm_suite_approval_flow f ON f.id = r.flow_id
               WHERE r.parent_id IS NULL
                 AND (r.company_id IS NULL OR r.company_id = ANY(%s))
                """,
                company_ids,
            ),
        )

    def _view_decisions(self, company_ids):
        return View(
            "approval_decisions",
            "Each decision about a request.",
            {
                **_plain(
                    "crm.suite.approval.event",
                    "e",
                    id="Number, ascending.",
                    request_id="Request, see approvals.",
                    company_id="Company.",
                    kind="agree, reject or return.",
                    node_name="Step of the flow.",
                    user_id="Who decided.",
                    principal_id="In whose place.",
                    at="When (UTC).",
                    channel="By which way.",
                    hours="Working hours that it took.",
                    is_overdue="After its time limit.",
                ),
                "flow": FLOW,
            },
            SQL(
                """
                crm_suite_approval_event e
                JOIN crm_suite_approval_flow f ON f.id = e.flow_id
               WHERE e.is_vote AND (e.company_id IS NULL OR e.company_id = ANY(%s))
                """,
                company_ids,
            ),
        )
