from datetime import timedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from .todo import QUALITY_BELOW

# Whoever confirmed the data so recently is not asked again.
REVIEW_DAYS = 90


class Todo(models.Model):
    """What this addon puts into the to-do centre."""

    _inherit = "crm.suite.todo"

    @api.model
    def _todo_sources(self):
        return [
            *super()._todo_sources(),
            self._todo_source_activities(),
            self._todo_source_requests(),
            self._todo_source_follow_ups(),
            self._todo_source_quality(),
        ]

    def _todo_source_activities(self):
        return {
            "key": "activities",
            "label": self.env._("Activities"),
            "icon": "fa-clock-o",
            "sequence": 10,
            "model": "mail.activity",
            "domain": Domain("user_id", "=", self.env.uid)
            & Domain("date_deadline", "<=", fields.Date.context_today(self)),
            "order": "date_deadline, id",
            "title": "display_name",
            "subtitle": ["res_name"],
            "deadline": "date_deadline",
            "open": ("res_model", "res_id"),
            "empty": self.env._("Nothing is due today."),
            "actions": [
                {
                    "method": "action_done",
                    "label": self.env._("Done"),
                    "primary": True,
                },
                {
                    "method": "action_crm_suite_tomorrow",
                    "label": self.env._("Tomorrow"),
                    "undo": True,
                },
            ],
        }

    def _todo_source_requests(self):
        return {
            "key": "access_requests",
            "label": self.env._("Requests to decide"),
            "icon": "fa-key",
            "sequence": 20,
            "model": "crm.suite.access.request",
            "domain": self.env["crm.suite.access.request"]._get_todo_domain(),
            "order": "create_date, id",
            "title": "display_name",
            "subtitle": ["requester_id", "access", "note"],
            "deadline": False,
            "empty": self.env._("Nobody waits for your decision."),
            "actions": [
                {
                    "method": "action_grant",
                    "label": self.env._("Grant"),
                    "primary": True,
                },
                {
                    "method": "action_refuse",
                    "label": self.env._("Refuse"),
                    "reason": True,
                },
            ],
        }

    def _todo_source_follow_ups(self):
        return {
            "key": "follow_ups",
            "label": self.env._("No contact for long"),
            "icon": "fa-phone",
            "sequence": 40,
            "model": "res.partner",
            "domain": self._get_mine()
            & Domain("crm_suite_lifecycle_id.code", "!=", "lost")
            & Domain("activity_ids", "=", False)
            & self._get_silent(),
            "order": "crm_suite_revenue desc, id",
            "title": "display_name",
            "subtitle": [
                "crm_suite_last_contact_date",
                "crm_suite_grade_id",
                "city",
            ],
            "deadline": False,
            "empty": self.env._("You were in touch with all your customers."),
            "actions": [
                {
                    "method": "action_crm_suite_follow_up",
                    "label": self.env._("Plan for tomorrow"),
                    "primary": True,
                    "undo": True,
                },
            ],
        }

    def _todo_source_quality(self):
        reviewed = fields.Date.context_today(self) - timedelta(days=REVIEW_DAYS)
        return {
            "key": "quality",
            "label": self.env._("Data to complete"),
            "icon": "fa-pencil-square-o",
            "sequence": 80,
            "model": "res.partner",
            "domain": self._get_mine()
            & Domain("crm_suite_quality", "<", self._get_quality_limit())
            & (
                Domain("crm_suite_reviewed_on", "=", False)
                | Domain("crm_suite_reviewed_on", "<", reviewed)
            ),
            "order": "crm_suite_quality, id",
            "title": "display_name",
            "subtitle": ["crm_suite_quality", "crm_suite_quality_hint"],
            "deadline": False,
            "empty": self.env._("The data of your customers is in good order."),
            "actions": [
                {
                    "method": "action_crm_suite_reviewed",
                    "label": self.env._("It is right"),
                },
            ],
        }

    @api.model
    def _get_mine(self):
        """The customers whose owner the user is."""
        return Domain("user_id", "=", self.env.uid) & Domain(
            "crm_suite_lifecycle_id", "!=", False
        )

    @api.model
    def _get_silent(self):
        """Customers with whom nobody was in touch for as long as their grade, or the
        settings, say.

        By the figures, which the timeline is folded into: asking the timeline itself
        for the systray of everybody would cost too much.
        """
        compose = self.env["res.partner"]._crm_suite_compose_no_contact_before
        company_id = self.env.company.id
        return Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                """NOT EXISTS (
                    SELECT FROM crm_suite_customer_metric f
                     WHERE f.partner_id = %s AND f.company_id = %s
                       AND f.last_interaction >= %s
                )""",
                SQL.identifier(alias, "id"),
                company_id,
                compose(model._field_to_sql(alias, "crm_suite_grade_id", query)),
            )
        )

    @api.model
    def _get_quality_limit(self):
        parameters = self.env["ir.config_parameter"].sudo()
        limit = parameters.get_param("crm_suite_base.todo_quality_below", "")
        return int(limit) if limit.isdigit() else QUALITY_BELOW
