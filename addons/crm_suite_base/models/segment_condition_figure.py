from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import formatLang

from .customer_metric_bought import compose_is_purchase
from .purchase_fact import PEOPLE

METRIC = "crm.suite.customer.metric"
FACT = "crm.suite.purchase.fact"
SALEABLE = [("sale_ok", "=", True)]
# The figures that can be asked for, in the order in which they are offered.
FIGURES = (
    "revenue",
    "revenue_12m",
    "purchase_count",
    "purchase_count_12m",
    "average_purchase",
    "first_purchase",
    "last_purchase",
    "interval_mean",
    "interval_deviation",
    "expected_next_purchase",
    "preferred_category_id",
    "preferred_product_id",
    "preferred_channel",
    "preferred_weekday",
    "receivable_open",
    "receivable_overdue",
    "overdue_since",
    "average_days_to_pay",
    "last_interaction",
    "next_activity",
)
# Who has no row of figures has bought nothing and owes nothing. Of the other figures
# it is not known what they are.
ZERO = {
    "revenue",
    "revenue_12m",
    "purchase_count",
    "purchase_count_12m",
    "receivable_open",
    "receivable_overdue",
}


# Of who bought nothing, whose row says zero, there is none.
AVERAGE = "average_purchase"


class Segment(models.Model):
    """Conditions on the figures of customers and on what they bought.

    Both are read in the company of the segment and as superuser, joined to the
    customers whom the author sees: figures of these are open to every role, the
    documents behind them are not. A marketer may ask who bought chairs twice without
    the right to open an order. What only some roles may know (receivables) is
    neither offered to others nor evaluated for them.
    """

    _inherit = "crm.suite.segment"

    @api.model
    def _segment_conditions(self):
        return [
            *super()._segment_conditions(),
            self._silence_entry(),
            self._purchase_entry(),
            self._share_entry(),
            *self._figure_entries(),
        ]

    # === FIGURES === #

    @api.model
    def _figure_entries(self):
        metric = self.env[METRIC]
        readable = metric.fields_get(FIGURES, ["string", "selection", "type"])
        group = self.env._("Figures")
        return [
            {
                **self._field_entry(readable[name], metric._fields[name]),
                "kind": "figure",
                "field": name,
                "group": group,
                "compile": "_compile_figure",
                "value": "_value_figure",
            }
            for name in FIGURES
            if name in readable
        ]

    @api.model
    def _metric_query(self, ids):
        """The figures in the company of the segment."""
        query = (
            self.env[METRIC].sudo()._search([("company_id", "=", self.env.company.id)])
        )
        self._narrow(query, SQL.identifier(query.table, "partner_id"), ids)
        return query

    @api.model
    def _in_metrics(self, ids, where, negative=False):
        """The customers whose figures meet ``where(table)``, or all others."""
        query = self._metric_query(ids)
        query.add_where(where(query.table))
        column = SQL.identifier(query.table, "partner_id")
        return self._in_subquery(query.select(column), negative)

    @api.model
    def _compile_figure(self, condition, entry, ids):
        name = condition["field"]
        field = self.env[METRIC]._fields[name]
        # The rows are read as superuser: the right to this column is the author's.
        self.env[METRIC]._check_field_access(field, "read")
        if condition["operator"] in ("set", "unset"):
            return self._in_metrics(
                ids,
                lambda table: SQL("%s IS NOT NULL", SQL.identifier(table, name)),
                condition["operator"] == "unset",
            )
        if field.type in ("integer", "float", "monetary"):
            return self._compile_figure_number(name, condition, ids)
        if field.type in ("date", "datetime"):
            return self._compile_figure_date(name, field.type, condition, ids)
        values = condition.get("records") or condition.get("choices")
        return self._in_metrics(
            ids,
            lambda table: SQL(
                "%s = ANY(%s)", SQL.identifier(table, name), list(values)
            ),
            condition["operator"] == "not_in",
        )

    @api.model
    def _compile_figure_number(self, name, condition, ids):
        def where(table):
            column = SQL.identifier(table, name)
            if name in ZERO:
                column = SQL("COALESCE(%s, 0)", column)
            elif name == AVERAGE:
                count = SQL.identifier(table, "purchase_count")
                column = SQL("CASE WHEN %s > 0 THEN %s END", count, column)
            return self._compare_sql(column, condition)

        if name not in ZERO or not self._meets_zero(condition):
            return self._in_metrics(ids, where)
        # Who has no row meets it, too: then all but those who do not.
        return self._in_metrics(
            ids, lambda table: SQL("NOT (%s)", where(table)), negative=True
        )

    @api.model
    def _compile_figure_date(self, name, field_type, condition, ids):
        begin, end = self._get_days(condition)
        convert = self._day_start if field_type == "datetime" else lambda day: day

        def where(table):
            column = SQL.identifier(table, name)
            parts = [SQL("%s IS NOT NULL", column)]
            if begin:
                parts.append(SQL("%s >= %s", column, convert(begin)))
            if end:
                parts.append(SQL("%s < %s", column, convert(end)))
            return SQL(" AND ").join(parts)

        return self._in_metrics(ids, where)

    @api.model
    def _get_metric(self, partner):
        """The figures of a customer, as far as the reader may see them."""
        return self.env[METRIC].search(
            [
                ("partner_id", "=", partner.id),
                ("company_id", "=", self.env.company.id),
            ]
        )

    @api.model
    def _value_figure(self, condition, entry, partner):
        metric = self._get_metric(partner)
        name = condition["field"]
        field = metric._fields[name]
        value = metric[name]
        if name == AVERAGE and not metric.purchase_count:
            return {"value": None}
        if field.type == "monetary":
            return {
                "value": value,
                "type": "monetary",
                "currency": metric.currency_id or self.env.company.currency_id,
            }
        if field.type == "selection":
            choices = {"choices": field._description_selection(self.env)}
            return self._describe_choice(choices, value) if value else {"value": None}
        if field.type in ("date", "datetime"):
            return {"value": value or None, "type": field.type}
        return value

    # === SILENCE === #

    @api.model
    def _silence_entry(self):
        more = {"operator": ["by"]}
        return {
            "kind": "silence",
            "group": self.env._("What they bought"),
            "label": self.env._("Silence"),
            "sentence": self.env._("silent %(operator)s %(number)s %(unit)s"),
            "params": {
                "operator": {
                    "type": "choice",
                    "choices": self._make_choices(
                        {
                            "longer": self.env._("for longer than usual"),
                            "by": self.env._("longer than usual by at least"),
                            "not": self.env._("not longer than usual"),
                        }
                    ),
                    "default": "longer",
                },
                **self._span_params(more, 7, "day"),
            },
            "compile": "_compile_silence",
            "value": "_value_silence",
        }

    @api.model
    def _compile_silence(self, condition, entry, ids):
        """By the customer's own rhythm: known after purchases on three days.

        Before that he is neither silent for longer than usual nor not so.
        """
        today = fields.Date.context_today(self)
        if condition["operator"] == "by":
            today = self._days_back(condition)
        sign = SQL(">=") if condition["operator"] == "not" else SQL("<")
        return self._in_metrics(
            ids,
            lambda table: SQL(
                "%s %s %s",
                SQL.identifier(table, "expected_next_purchase"),
                sign,
                today,
            ),
        )

    @api.model
    def _value_silence(self, condition, entry, partner):
        metric = self._get_metric(partner)
        if not metric.expected_next_purchase:
            return self.env._("no rhythm known yet: purchases on three days are needed")
        return self.env._(
            "last purchase %(last)s, next expected %(next)s",
            last=self._explained_moment(metric.last_purchase),
            next=self._explained_moment(metric.expected_next_purchase),
        )

    # === SHARE OF CATEGORIES === #

    @api.model
    def _share_entry(self):
        return {
            "kind": "category_share",
            "group": self.env._("What they bought"),
            "label": self.env._("Share of Categories"),
            "sentence": self.env._(
                "%(categories)s are %(operator)s %(share)s of revenue"
            ),
            "params": {
                "categories": {
                    "type": "records",
                    "model": "product.category",
                    "domain": [],
                },
                "operator": {
                    "type": "choice",
                    "choices": self._make_choices(
                        {
                            "at_least": self.env._("at least"),
                            "at_most": self.env._("at most"),
                        }
                    ),
                    "default": "at_least",
                },
                "share": {
                    "type": "number",
                    "min": 0,
                    "max": 100,
                    "default": 50,
                    "suffix": "%",
                },
            },
            "compile": "_compile_share",
            "value": "_value_share",
        }

    @api.model
    def _get_share_categories(self, condition):
        """The categories of the condition with those below them, as in purchases."""
        categories = self.env["product.category"].sudo()
        return categories.search([("id", "child_of", condition["categories"])])

    @api.model
    def _compile_share(self, condition, entry, ids):
        """Who bought nothing has no shares: nobody knows what he would buy."""
        keys = [str(id_) for id_ in self._get_share_categories(condition).ids]

        def where(table):
            column = SQL.identifier(table, "category_shares")
            sign = SQL(">=") if condition["operator"] == "at_least" else SQL("<=")
            return SQL(
                """
                %(column)s IS NOT NULL AND COALESCE((
                    SELECT sum(share.value::numeric)
                      FROM jsonb_each_text(%(column)s) share
                     WHERE share.key = ANY(%(keys)s)
                ), 0) * 100 %(sign)s %(share)s
                """,
                column=column,
                keys=keys,
                sign=sign,
                share=condition["share"],
            )

        return self._in_metrics(ids, where)

    @api.model
    def _value_share(self, condition, entry, partner):
        metric = self._get_metric(partner)
        if not metric.category_shares:
            return {"value": None}
        shares = metric._get_shares()
        chosen = self._get_share_categories(condition).ids
        share = sum(shares.get(id_, 0) for id_ in chosen) * 100
        return f"{formatLang(self.env, share, digits=0)} %"

    # === PURCHASES === #

    @api.model
    def _purchase_entry(self):
        counted = {"frequency": ["at_least", "at_most"]}
        return {
            "kind": "purchase",
            "group": self.env._("What they bought"),
            "label": self.env._("Bought"),
            "sentence": self.env._(
                "bought %(what)s %(categories)s %(products)s %(frequency)s %(count)s %(measure)s %(window)s %(number)s %(unit)s"
            ),
            "params": {
                "what": {
                    "type": "choice",
                    "choices": self._make_choices(
                        {
                            "any": self.env._("anything"),
                            "category": self.env._("of the category"),
                            "product": self.env._("the product"),
                        }
                    ),
                    "default": "any",
                },
                "categories": {
                    "type": "records",
                    "model": "product.category",
                    "domain": [],
                    "show_if": {"what": ["category"]},
                },
                "products": {
                    "type": "records",
                    "model": "product.product",
                    "domain": SALEABLE,
                    "show_if": {"what": ["product"]},
                },
                **self._count_params(),
                "measure": {
                    "type": "choice",
                    "choices": self._make_choices(
                        {
                            "count": self.env._("times"),
                            "quantity": self.env._("pieces"),
                            "amount": self.env.company.currency_id.symbol
                            or self.env.company.currency_id.name,
                        }
                    ),
                    "default": "count",
                    "show_if": counted,
                },
                **self._window_params("last", "ever", "before"),
            },
            "compile": "_compile_purchase",
            "value": "_value_purchase",
        }

    @api.model
    def _purchase_rows(self, condition, ids):
        """The lines of purchases that count, as a query."""
        facts = self.env[FACT].sudo()
        if ids is not None:
            facts = facts.with_context(**{PEOPLE: self._get_people(ids)})
        query = facts._search(self._purchase_domain(condition))
        self._narrow(query, SQL.identifier(query.table, "partner_id"), ids)
        return query

    @api.model
    def _get_people(self, ids):
        """The customers and their contacts: on documents stands either."""
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM res_partner WHERE commercial_partner_id = ANY(%s)",
                list(ids),
            )
        )
        return [id_ for (id_,) in rows]

    @api.model
    def _purchase_domain(self, condition):
        domain = Domain("company_id", "=", self.env.company.id)
        if condition["what"] == "category":
            domain &= Domain("category_id", "child_of", condition["categories"])
        elif condition["what"] == "product":
            domain &= Domain("product_id", "in", condition["products"])
        if condition["window"] == "last":
            domain &= Domain("day", ">=", self._days_back(condition))
        elif condition["window"] == "before":
            domain &= Domain("day", "<", self._days_back(condition))
        return domain

    @api.model
    def _purchase_measured(self, query, condition):
        """What is measured of the lines of purchases.

        How often somebody bought is counted as in the figures: what is worth less than
        nothing and what was taken back altogether is no purchase.

        :return: the rows with ``partner_id``, and the aggregate over them
        :rtype: tuple[SQL, SQL]
        """
        query.order = None
        line = query.table
        measure = condition.get("measure", "count")
        if measure != "count":
            column = SQL.identifier(line, measure)
            return query.select(
                SQL.identifier(line, "partner_id"), SQL("%s AS measured", column)
            ), SQL("sum(measured)")
        query.groupby = SQL(
            "%s, %s, %s",
            SQL.identifier(line, "partner_id"),
            SQL.identifier(line, "document_model"),
            SQL.identifier(line, "document_id"),
        )
        query.having = compose_is_purchase(SQL.identifier(line, "amount"))
        return query.select(SQL.identifier(line, "partner_id")), SQL("count(*)")

    @api.model
    def _compile_purchase(self, condition, entry, ids):
        query = self._purchase_rows(condition, ids)
        if query.is_empty():  # of a category that was deleted, say
            nobody = SQL("SELECT NULL::int4 WHERE FALSE")
            at_least = condition["frequency"] == "at_least" and condition["count"] > 0
            return self._in_subquery(nobody, negative=not at_least)
        rows, measure = self._purchase_measured(query, condition)
        # The threshold goes into HAVING, behind the grouped statement.
        grouped = SQL("SELECT partner_id FROM (%s) bought GROUP BY partner_id", rows)
        return self._compile_frequency(condition, grouped, measure)

    @api.model
    def _value_purchase(self, condition, entry, partner):
        # Of a customer that the reader sees, like his figures.
        query = self._purchase_rows(condition, partner.ids)
        if query.is_empty():
            return 0
        rows, measure = self._purchase_measured(query, condition)
        found = self.env.execute_query(SQL("SELECT %s FROM (%s) bought", measure, rows))
        value = found[0][0] or 0
        if condition.get("measure") == "amount":
            return {
                "value": float(value),
                "type": "monetary",
                "currency": self.env.company.currency_id,
            }
        return float(value) if value % 1 else int(value)
