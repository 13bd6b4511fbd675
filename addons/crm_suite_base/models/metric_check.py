import logging
import time
from collections import defaultdict
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from statistics import mean

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.figures import Fact, summarise
from .metric_nightly import DAY
from .purchase_fact import PEOPLE

_logger = logging.getLogger(__name__)

SAMPLE = 200
MONEY = ("receivable_open", "receivable_overdue")
OWED = (*MONEY, "overdue_since", "average_days_to_pay")
TOUCH = ("last_interaction", "next_activity")


class MetricRun(models.Model):
    """A sample of the figures against a computation from scratch.

    The check takes neither watermark nor SQL aggregates for granted: it reads the
    documents of some customers and adds them up in plain Python. It compares every
    figure of a row.
    """

    _inherit = "crm.suite.metric.run"

    @api.model
    def _check_sample(self, partner_ids=None):
        """Check figures, put right what is wrong, and write down what was found.

        Customers with changes that wait for the next run are left out: they are not
        wrong, only not yet calculated.

        :param partner_ids: whom to check; a random sample by default
        :return: the run
        """
        started = time.monotonic()
        if partner_ids is None:
            partner_ids = self._check_choose()
        wrong = self._check_compare(partner_ids)
        note, failed = "", []
        if wrong:
            note = self._check_describe(wrong)
            _logger.warning("Figures were wrong and are calculated anew:\n%s", note)
            failed = self.env["crm.suite.recalculation"]._run(sorted(wrong))
        return self._log_run(
            "check",
            len(partner_ids),
            started,
            failed,
            note,
            drift_count=len(wrong),
        )

    @api.model
    def _check_choose(self):
        """Some customers at random, without those whose turn is to come."""
        today = fields.Date.today()
        since, positions = self.env["crm.suite.metric.watermark"]._get("changes")
        if since:
            watermarks = self.env["crm.suite.metric.watermark"]
            message_id, _kept = watermarks._messages_since(since, positions)
            self._note_changes(since, message_id)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id
                  FROM (
                    SELECT partner_id FROM crm_suite_customer_metric
                     UNION
                    SELECT id FROM res_partner
                     WHERE crm_suite_lifecycle_id IS NOT NULL
                       AND commercial_partner_id = id
                  ) customer
                 WHERE partner_id NOT IN (SELECT partner_id FROM crm_suite_metric_dirty)
                   AND partner_id NOT IN (
                       SELECT p.commercial_partner_id
                         FROM (%s) met (partner_id)
                         JOIN res_partner p ON p.id = met.partner_id
                        WHERE p.commercial_partner_id IS NOT NULL
                   )
              ORDER BY random() LIMIT %s
                """,
                # A meeting of today may be over by now.
                self._time_meetings(today - DAY, today + DAY),
                SAMPLE,
            )
        )
        return [id_ for (id_,) in rows]

    @api.model
    def _check_compare(self, partner_ids):
        """Find the figures that differ.

        :return: ``{partner id: {column: (stored, right)}}``
        :rtype: dict
        """
        companies = self._check_companies()
        today = {company: day for company, (day, _decimals) in companies.items()}
        rows = defaultdict(dict)
        channels = self.env["crm.suite.customer.metric"]._refresh_channels()
        for key, facts in self._check_facts(partner_ids, channels).items():
            day, decimals = companies[key[1]]
            rows[key] |= summarise(facts, day, channels, decimals)
        for key, owed in self._check_owed(partner_ids, today).items():
            rows[key] |= owed
        for key, days in self._check_paid(partner_ids).items():
            rows[key]["average_days_to_pay"] = days
        stored = self._check_stored(partner_ids)
        touch = self._check_touch(partner_ids)
        for key in rows.keys() | stored.keys():
            rows[key] |= touch[key[0]]
        wrong = defaultdict(dict)
        for key in rows.keys() | stored.keys():
            right, is_ = rows.get(key, {}), stored.get(key, {})
            columns = self._check_columns()
            for name in columns:
                if (right.get(name) or None) != (is_.get(name) or None):
                    wrong[key[0]][name] = is_.get(name), right.get(name)
        return wrong

    def _check_columns(self):
        return (*summarise([], date.min.replace(year=2)), *OWED, *TOUCH)

    def _check_companies(self):
        """The day that it is in each company, and the decimals of its currency."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT id, (%s AT TIME ZONE 'UTC' AT TIME ZONE tz)::date, decimals
                  FROM %s c
                """,
                fields.Datetime.now(),
                self.env["crm.suite.purchase.fact"]._purchase_companies(),
            )
        )
        return {company: (day, decimals) for company, day, decimals in rows}

    def _check_facts(self, partner_ids, channels):
        metrics = self.env["crm.suite.customer.metric"]
        people = metrics._refresh_people(list(partner_ids))
        facts = self.env["crm.suite.purchase.fact"].sudo()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, company_id, day, document_model, document_id,
                       amount::text, category_id, product_id, channel
                  FROM (%s) fact
                """,
                facts.with_context(**{PEOPLE: people})._purchase_union(),
            )
        )
        found = defaultdict(list)
        numbers = {code: number for number, code in enumerate(channels)}
        for partner, company, day, model, document, amount, *kind, channel in rows:
            fact = Fact(
                day, (model, document), Decimal(amount), *kind, numbers.get(channel)
            )
            found[partner, company].append(fact)
        return found

    def _check_owed(self, partner_ids, today):
        """Open and overdue items, read one by one."""
        lines = (
            self.env["account.move.line"]
            .sudo()
            .search(
                [
                    ("partner_id.commercial_partner_id", "in", list(partner_ids)),
                    ("account_id.account_type", "=", "asset_receivable"),
                    ("parent_state", "=", "posted"),
                    ("reconciled", "=", False),
                    (
                        "move_id.move_type",
                        "in",
                        ("out_invoice", "out_refund", "out_receipt"),
                    ),
                ]
            )
        )
        owed = defaultdict(lambda: dict.fromkeys(MONEY, Decimal(0)))
        for line in lines:
            key = line.partner_id.commercial_partner_id.id, line.company_id.id
            amount = Decimal(str(line.company_currency_id.round(line.amount_residual)))
            owed[key]["receivable_open"] += amount
            if amount > 0 and line.date_maturity < today[line.company_id.id]:
                owed[key]["receivable_overdue"] += amount
                since = owed[key].get("overdue_since")
                owed[key]["overdue_since"] = min(
                    since or line.date_maturity, line.date_maturity
                )
        return owed

    def _check_paid(self, partner_ids):
        """Days from each paid invoice to what settled it last, on average."""
        invoices = (
            self.env["account.move"]
            .sudo()
            .search(
                [
                    ("partner_id.commercial_partner_id", "in", list(partner_ids)),
                    ("move_type", "in", ("out_invoice", "out_receipt")),
                    ("state", "=", "posted"),
                    ("payment_state", "in", ("paid", "in_payment")),
                ]
            )
        )
        days = defaultdict(list)
        for invoice in invoices:
            settled = invoice.line_ids.matched_credit_ids.mapped("max_date")
            if settled:
                key = (
                    invoice.partner_id.commercial_partner_id.id,
                    invoice.company_id.id,
                )
                wait = (max(settled) - invoice.invoice_date).days
                days[key].append(Decimal(wait))
        return {
            key: mean(waits).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
            for key, waits in days.items()
        }

    def _check_touch(self, partner_ids):
        """The last contact and what is planned next, row by row of the timeline."""
        interactions = self.env["crm.suite.interaction"].sudo()
        where = [SQL("commercial_partner_id = ANY(%s)", list(partner_ids))]
        touch = defaultdict(lambda: dict.fromkeys(TOUCH))
        for statement, name, first in (
            (interactions._interaction_contacts(where), "last_interaction", max),
            (interactions._interaction_planned(where), "next_activity", min),
        ):
            rows = self.env.execute_query(
                SQL("SELECT commercial_partner_id, date FROM (%s) found", statement)
            )
            for partner, moment in rows:
                value = moment.date() if name == "next_activity" else moment
                known = touch[partner][name]
                touch[partner][name] = first(known, value) if known else value
        return touch

    def _check_stored(self, partner_ids):
        columns = self._check_columns()
        exact = {
            name
            for name in columns
            if self.env["crm.suite.customer.metric"]._fields[name].type
            in ("monetary", "float")
        }
        selected = SQL(", ").join(
            SQL("%s::text", SQL.identifier(name))
            if name in exact
            else SQL.identifier(name)
            for name in columns
        )
        rows = self.env.execute_query(
            SQL(
                "SELECT partner_id, company_id, %s FROM crm_suite_customer_metric"
                " WHERE partner_id = ANY(%s)",
                selected,
                list(partner_ids),
            )
        )
        return {
            (partner, company): {
                name: Decimal(value) if name in exact and value else value
                for name, value in zip(columns, values, strict=True)
            }
            for partner, company, *values in rows
        }

    def _check_describe(self, wrong):
        """Say in words what was wrong, for who looks into it."""
        partners = self.env["res.partner"].sudo().browse(wrong)
        metric_fields = self.env["crm.suite.customer.metric"].fields_get(
            attributes=["string"]
        )
        lines = []
        for partner in partners:
            for name, (is_, right) in wrong[partner.id].items():
                lines.append(
                    self.env._(
                        "%(customer)s: %(figure)s was %(wrong)s, is %(right)s",
                        customer=partner.display_name,
                        figure=metric_fields[name]["string"],
                        wrong=is_ if is_ is not None else "–",
                        right=right if right is not None else "–",
                    )
                )
        return "\n".join(lines)
