from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user
from odoo.tools import SQL

from .common import ROLE, ZONE, CustomerCase


class RulesCase(CustomerCase):
    """Customers with figures made by hand, and no rules but those of the test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = new_test_user(
            cls.env, "suite_manager", f"{ROLE}sales_manager", tz=ZONE
        )
        # The companies work where the people of the tests do.
        cls.env["resource.calendar"].sudo().search([]).tz = ZONE
        cls.GradeRule = cls.env["crm.suite.grade.rule"]
        cls.LifecycleRule = cls.env["crm.suite.lifecycle.rule"]
        cls.Transition = cls.env["crm.suite.lifecycle.transition"]
        for rules in (cls.GradeRule, cls.LifecycleRule):
            rules.search([]).write({"active": False, "version": 0, "published": False})
        cls.grades = {
            code: cls.env.ref(f"crm_suite_base.grade_{code.lower()}") for code in "ABCD"
        }
        # The day of the people of the tests, not of whoever runs them.
        cls.today = fields.Date.context_today(
            cls.env["res.partner"].with_context(tz=ZONE)
        )

    @classmethod
    def stage_of(cls, code):
        return cls.env.ref(f"crm_suite_base.lifecycle_stage_{code}")

    @classmethod
    def _set_figures(cls, partner, company=None, silent_for=None, **columns):
        """Give a customer a row of figures.

        :param int silent_for: days since the last purchase
        """
        company = company or cls.env.company
        if silent_for is not None:
            columns["last_purchase"] = cls.today - timedelta(days=silent_for)
        values = {
            "partner_id": partner.id,
            "company_id": company.id,
            "currency_id": company.currency_id.id,
            "purchase_count": 0,
            "purchase_count_12m": 0,
            "revenue": 0,
            "revenue_12m": 0,
            **columns,
        }
        cls.env.flush_all()
        cls.env.cr.execute(
            SQL(
                "DELETE FROM crm_suite_customer_metric "
                "WHERE partner_id = %s AND company_id = %s",
                partner.id,
                company.id,
            )
        )
        cls.env.cr.execute(
            SQL(
                "INSERT INTO crm_suite_customer_metric (%s) VALUES (%s)",
                SQL(", ").join(map(SQL.identifier, values)),
                SQL(", ").join(SQL("%s", value) for value in values.values()),
            )
        )
        cls.env.invalidate_all()

    @classmethod
    def _create_grade_rule(cls, code, domain, publish=True, **values):
        rule = cls.GradeRule.create(
            {
                "name": f"Rule {code}",
                "grade_id": cls.grades[code].id,
                "domain": repr(domain),
                **values,
            }
        )
        if publish:
            rule._publish(rule._get_draft())
        return rule

    @classmethod
    def _create_lifecycle_rule(cls, code, domain, publish=True, sources=(), **values):
        rule = cls.LifecycleRule.create(
            {
                "name": f"To {code}",
                "stage_id": cls.stage_of(code).id,
                "from_stage_ids": [(6, 0, [cls.stage_of(c).id for c in sources])],
                "domain": repr(domain),
                **values,
            }
        )
        if publish:
            rule._publish(rule._get_draft())
        return rule

    def checksums(self, leave_out=()):
        """A checksum of every table, so that nothing that stays behind goes unseen."""
        self.env.flush_all()
        self.env.cr.execute(
            """
            SELECT relname FROM pg_class
             WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
            """
        )
        tables = sorted({name for (name,) in self.env.cr.fetchall()} - set(leave_out))
        sums = {}
        for table in tables:
            self.env.cr.execute(
                SQL(
                    "SELECT count(*), md5(string_agg(md5(t::text), '' ORDER BY t::text))"
                    " FROM %s t",
                    SQL.identifier(table),
                )
            )
            sums[table] = self.env.cr.fetchone()
        return sums
