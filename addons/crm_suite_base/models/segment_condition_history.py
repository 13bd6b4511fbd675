from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

# The entries of the timeline that say something about the customer, and the model
# that one must be able to read to count them.
BEHAVIOUR = {
    "email_in": "mail.message",
    "email_out": "mail.message",
    "sms": "mail.message",
    "meeting": "calendar.event",
    "call": "crm.suite.call",
    "visit": "crm.suite.call",
    "lead": "crm.lead",
    "quote": "sale.order",
    "order": "sale.order",
    "delivery": "stock.picking",
    "invoice": "account.move",
    "payment": "account.payment",
    "purchase": "crm.suite.purchase",
    "web": "website.track",
}


class Segment(models.Model):
    """Conditions on what happened: lifecycle, timeline, complaints, other segments."""

    _inherit = "crm.suite.segment"

    @api.model
    def _segment_conditions(self):
        return [
            *super()._segment_conditions(),
            *self._standing_entries(),
            self._behaviour_entry(),
            self._complaint_entry(),
            self._complained_entry(),
            self._segment_entry(),
        ]

    # === LIFECYCLE, GRADE, QUALITY === #

    @api.model
    def _standing_entries(self):
        group = self.env._("Where they stand")
        records = {"type": "records", "domain": []}
        held = {"held": ["at_least", "less"]}
        return [
            {
                "kind": "grade",
                "group": group,
                "label": self.env._("Grade"),
                "sentence": self.env._("Grade %(operator)s %(records)s"),
                "params": self._relation_params("crm.suite.grade"),
                "compile": "_compile_grade",
                "value": "_value_grade",
            },
            {
                "kind": "lifecycle",
                "group": group,
                "label": self.env._("Lifecycle"),
                "sentence": self.env._(
                    "Lifecycle %(operator)s %(records)s %(held)s %(number)s %(unit)s"
                ),
                "params": {
                    "operator": self._operator_param("in", "not_in"),
                    "records": {**records, "model": "crm.suite.lifecycle.stage"},
                    "held": self._held_param(),
                    **self._span_params(held, 30, "day"),
                },
                "compile": "_compile_lifecycle",
                "value": "_value_lifecycle",
            },
            {
                "kind": "quality",
                "group": group,
                "label": self.env._("Data quality"),
                "sentence": self.env._("Data quality %(operator)s %(value)s %(until)s"),
                "params": self._number_params(whole=True),
                "compile": "_compile_quality",
                "value": "_value_quality",
            },
        ]

    @api.model
    def _held_param(self):
        return {
            "type": "choice",
            "choices": self._make_choices(
                {
                    "any": self.env._("no matter since when"),
                    "at_least": self.env._("for at least"),
                    "less": self.env._("for less than"),
                }
            ),
            "default": "any",
            "show_if": {"operator": ["in"]},
        }

    @api.model
    def _compile_grade(self, condition, entry, ids):
        return self._compile_relation("crm_suite_grade_id", condition)

    @api.model
    def _compile_lifecycle(self, condition, entry, ids):
        found = self._compile_relation("crm_suite_lifecycle_id", condition)
        held = condition.get("held", "any")
        if held == "any":
            return found
        since = self._day_start(self._days_back(condition))
        operator = "<" if held == "at_least" else ">="
        return found & Domain("crm_suite_lifecycle_date", operator, since)

    @api.model
    def _compile_quality(self, condition, entry, ids):
        return self._compile_number("crm_suite_quality", condition)

    @api.model
    def _value_grade(self, condition, entry, partner):
        return partner.crm_suite_grade_id

    @api.model
    def _value_lifecycle(self, condition, entry, partner):
        return partner.crm_suite_lifecycle_id

    @api.model
    def _value_quality(self, condition, entry, partner):
        return partner.crm_suite_quality

    # === BEHAVIOUR === #

    @api.model
    def _count_params(self, suffix=None):
        """How often: at least, at most, not at all."""
        count = {
            "type": "number",
            "min": 0,
            "default": 1,
            "show_if": {"frequency": ["at_least", "at_most"]},
        }
        if suffix:
            count.update(suffix=suffix, whole=True)
        return {
            "frequency": {
                "type": "choice",
                "choices": self._make_choices(
                    {
                        "at_least": self.env._("at least"),
                        "at_most": self.env._("at most"),
                        "none": self.env._("never"),
                    }
                ),
                "default": "at_least",
            },
            "count": count,
        }

    @api.model
    def _behaviour_models(self):
        """Kinds of timeline entries that can be counted, and what they come from. Hook."""
        return BEHAVIOUR

    @api.model
    def _behaviour_kinds(self):
        """The parameter with the kinds of entries whose source the user may read."""
        kinds = self.env["crm.suite.interaction"]._fields["kind"]
        labels = kinds._description_selection(self.env)
        models = self._behaviour_models()
        return {
            "type": "choices",
            "choices": [
                (key, label)
                for key, label in labels
                if models.get(key) in self.env
                and self.env[models[key]].has_access("read")
            ],
            "labels": labels,
        }

    @api.model
    def _behaviour_entry(self):
        return {
            "kind": "behaviour",
            "group": self.env._("What they did"),
            "label": self.env._("Contacts and documents"),
            "sentence": self.env._(
                "%(kinds)s %(frequency)s %(count)s %(window)s %(number)s %(unit)s"
            ),
            "params": {
                "kinds": self._behaviour_kinds(),
                **self._count_params(self.env._("times")),
                **self._window_params("last", "ever"),
            },
            "compile": "_compile_behaviour",
            "value": "_value_behaviour",
        }

    @api.model
    def _behaviour_rows(self, condition, ids):
        """The entries of the timeline that count, as a subquery.

        What one may not read is not counted as zero: "never" would hold for all.
        """
        for kind in condition["kinds"]:
            self.env[self._behaviour_models()[kind]].check_access("read")
        where = [
            SQL("kind = ANY(%s)", list(condition["kinds"])),
            SQL("commercial_partner_id IS NOT NULL"),
            SQL("date <= %s", self.env.cr.now()),
        ]
        if condition["window"] == "last":
            since = self._day_start(self._days_back(condition))
            where.append(SQL("date >= %s", since))
        if ids is not None:
            where.append(SQL("commercial_partner_id = ANY(%s)", list(ids)))
        return SQL(
            "SELECT commercial_partner_id, date FROM (%s) entry WHERE %s",
            self.env["crm.suite.interaction"]._table_query,
            SQL(" AND ").join(where),
        )

    @api.model
    def _compile_behaviour(self, condition, entry, ids):
        rows = self._behaviour_rows(condition, ids)
        return self._compile_frequency(
            condition,
            SQL("SELECT commercial_partner_id FROM (%s) seen GROUP BY 1", rows),
            SQL("count(*)"),
        )

    @api.model
    def _compile_frequency(self, condition, grouped, measure):
        """Who did something often or rarely enough; who never did it has no row.

        :param SQL grouped: ``SELECT customer … GROUP BY customer``
        :param SQL measure: what is compared
        """
        frequency = condition["frequency"]
        if frequency == "none":
            return self._in_subquery(grouped, negative=True)
        count = condition["count"]
        if frequency == "at_most":
            more = SQL("%s HAVING %s > %s", grouped, measure, count)
            return self._in_subquery(more, negative=True)
        if count <= 0:
            return Domain.TRUE
        return self._in_subquery(SQL("%s HAVING %s >= %s", grouped, measure, count))

    @api.model
    def _value_behaviour(self, condition, entry, partner):
        rows = self._behaviour_rows(condition, partner.ids)
        found = self.env.execute_query(SQL("SELECT count(*) FROM (%s) seen", rows))
        return found[0][0]

    # === COMPLAINTS === #

    @api.model
    def _complaint_entry(self):
        return {
            "kind": "complaint",
            "group": self.env._("What they did"),
            "label": self.env._("Open complaint"),
            "sentence": self.env._("has %(operator)s"),
            "params": {
                "operator": {
                    "type": "choice",
                    "choices": self._make_choices(
                        {
                            "none": self.env._("no open complaint"),
                            "open": self.env._("an open complaint"),
                        }
                    ),
                    "default": "none",
                },
            },
            "compile": "_compile_complaint",
            "value": "_value_complaint",
        }

    @api.model
    def _complained_entry(self):
        return {
            "kind": "complained",
            "group": self.env._("What they did"),
            "label": self.env._("Complaints"),
            "sentence": self.env._(
                "complained %(frequency)s %(count)s %(window)s %(number)s %(unit)s"
            ),
            "params": {
                **self._count_params(self.env._("times")),
                **self._window_params("last", "ever"),
            },
            "compile": "_compile_complained",
            "value": "_value_complaint",
        }

    @api.model
    def _complaint_rows(self, condition, ids):
        """The complaints that count, from all sources, a customer each.

        See ``_crm_suite_complaint_sources()`` of the customer, the hook for tickets.
        """
        partners = self.env["res.partner"]
        if condition["kind"] == "complaint":
            return partners._crm_suite_complaint_rows(only_open=True, ids=ids)
        since = None
        if condition["window"] == "last":
            since = self._day_start(self._days_back(condition))
        return partners._crm_suite_complaint_rows(since=since, ids=ids)

    @api.model
    def _compile_complaint(self, condition, entry, ids):
        rows = self._complaint_rows(condition, ids)
        return self._in_subquery(rows, condition["operator"] == "none")

    @api.model
    def _compile_complained(self, condition, entry, ids):
        rows = self._complaint_rows(condition, ids)
        return self._compile_frequency(
            condition,
            SQL("SELECT commercial_partner_id FROM (%s) seen GROUP BY 1", rows),
            SQL("count(*)"),
        )

    @api.model
    def _value_complaint(self, condition, entry, partner):
        rows = self._complaint_rows(condition, partner.ids)
        return self.env.execute_query(SQL("SELECT count(*) FROM (%s) seen", rows))[0][0]

    # === OTHER SEGMENTS === #

    @api.model
    def _segment_entry(self):
        return {
            "kind": "segment",
            "group": self.env._("Other segments"),
            "label": self.env._("Segment"),
            "sentence": self.env._("is %(operator)s %(segments)s"),
            "params": {
                "operator": {
                    "type": "choice",
                    "choices": self._make_choices(
                        {
                            "in": self.env._("in the segment"),
                            "not_in": self.env._("not in the segment"),
                        }
                    ),
                    "default": "in",
                },
                "segments": {
                    "type": "records",
                    "model": "crm.suite.segment",
                    "domain": [],
                },
            },
            "compile": "_compile_segment",
            "value": "_value_segment",
        }

    @api.model
    def _compile_segment(self, condition, entry, ids):
        """By the rows of the other segments.

        One that the author must not see is an error: left out silently, "not in"
        would let everybody in.
        """
        segments = self._get_named(condition)
        query = (
            self.env["crm.suite.segment.member"]
            .sudo()
            ._search(
                Domain("segment_id", "in", segments.ids) & Domain("left_at", "=", False)
            )
        )
        column = SQL.identifier(query.table, "partner_id")
        self._narrow(query, column, ids)
        return self._in_subquery(
            query.select(column), condition["operator"] == "not_in"
        )

    @api.model
    def _get_named(self, condition):
        segments = self.browse(condition["segments"]).exists()
        segments.check_access("read")
        return segments

    @api.model
    def _value_segment(self, condition, entry, partner):
        segments = self._get_named(condition)
        inside = self.env["crm.suite.segment.member"].search(
            [
                ("segment_id", "in", segments.ids),
                ("partner_id", "=", partner.id),
                ("left_at", "=", False),
            ]
        )
        return inside.segment_id
