from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .arguments import check_ids, check_one, is_id

SAMPLE = 10
GROWTH_DAYS = 90
# What the screen needs of an entry of the catalogue.
SCREEN = ("kind", "field", "group", "label", "sentence", "params")


class Segment(models.Model):
    """What the screen asks while somebody puts conditions together.

    Everything here runs with the rights of who asks, never of who wrote a segment.
    """

    _inherit = "crm.suite.segment"

    @api.model
    @api.readonly
    def get_conditions(self):
        """List the conditions that the user can choose from.

        :return: ``[{"kind", "field", "group", "label", "sentence", "params"}]``, see
            :meth:`_segment_conditions`
        :rtype: list[dict]
        """
        self.check_access("read")
        return [
            {key: entry.get(key) or False for key in SCREEN}
            for entry in self._segment_conditions()
        ]

    @api.model
    @api.readonly
    def preview(self, definition, company_id=False, overlap_ids=None):
        """Tell who meets conditions, without saving anything.

        :param dict definition: a tree of conditions
        :param int company_id: whose figures count; the current company by default
        :param list overlap_ids: segments of which to count the common members
        :return: ``{"count", "sample": [{"id", "name"}], "overlap": [{"id", "name",
            "size", "count"}], "problem"}``; with a problem (a sentence) nothing else
        :rtype: dict
        """
        self.check_access("read")
        overlap_ids = check_ids(self.env, overlap_ids or [])
        company = self._get_asked_company(company_id)
        asking = self._in_company(self.env.user, company)
        try:
            if company not in self.env.user.company_ids:
                raise AccessError(self.env._("You do not work for this company."))
            definition = asking._clean_definition(definition)
            query = asking._search_customers(definition)
        except (AccessError, UserError) as error:
            return {"problem": error.args[0]}
        others = asking.search([("id", "in", overlap_ids)])
        count, sample, common = self._count_preview(query, others)
        return {
            "problem": False,
            "count": count,
            "sample": [
                {"id": partner.id, "name": partner.display_name}
                for partner in self.env["res.partner"].browse(sample)
            ],
            "overlap": [
                {
                    "id": other.id,
                    "name": other.name,
                    "size": other.member_count,
                    "count": common.get(str(other.id), 0),
                }
                for other in others
            ],
        }

    @api.model
    def _get_asked_company(self, company_id):
        """The company that a caller names, the current one if none; what is no id is a
        company for which nobody works."""
        if not company_id:
            return self.env.company
        return self.env["res.company"].browse(company_id if is_id(company_id) else ())

    @api.model
    def _count_preview(self, query, others):
        """Evaluate the conditions once for the count, the sample and the overlap."""
        self.env.flush_all()
        row = self.env.execute_query(
            SQL(
                """
                WITH fitting AS MATERIALIZED %(customers)s
                SELECT (SELECT count(*) FROM fitting),
                       ARRAY(SELECT id FROM fitting ORDER BY id LIMIT %(limit)s),
                       (SELECT jsonb_object_agg(segment_id, count)
                          FROM (SELECT m.segment_id, count(*)
                                  FROM crm_suite_segment_member m
                                  JOIN fitting f ON f.id = m.partner_id
                                 WHERE m.left_at IS NULL
                                   AND m.segment_id = ANY(%(others)s)
                              GROUP BY m.segment_id) o)
                """,
                customers=self._get_customer_rows(query),
                limit=SAMPLE,
                others=others.ids,
            )
        )[0]
        return row[0], row[1], row[2] or {}

    @api.readonly
    def get_growth(self):
        """The size on each of the last days, for the line on the screen.

        :return: ``[{"date", "count"}]``, oldest first, from the first known day on
        :rtype: list[dict]
        """
        check_one(self)
        self.check_access("read")
        today = fields.Date.today()
        first = today - timedelta(days=GROWTH_DAYS)
        rows = self.env["crm.suite.segment.size"].search_fetch(
            [("segment_id", "=", self.id), ("date", ">=", first)],
            ["date", "member_count"],
            order="date",
        )
        sizes = {row.date: row.member_count for row in rows}
        if not sizes:
            return []
        growth, size, day = [], 0, min(sizes)
        while day <= today:
            size = sizes.get(day, size)
            growth.append({"date": fields.Date.to_string(day), "count": size})
            day += timedelta(days=1)
        return growth
