from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain

CUSTOMERS = "res.partner"
# For so many days more time is asked for from the to-do centre.
MORE_DAYS = 7
PROTECTED_DAYS = 30


class Todo(models.Model):
    """What pools put into the to-do centre."""

    _inherit = "crm.suite.todo"

    @api.model
    def _todo_sources(self):
        sources = super()._todo_sources()
        warning = self.env.ref("crm_suite_base.mail_activity_type_pool", False)
        for source in sources:
            if source["key"] == "activities" and warning:
                # They have a list of their own, earlier and with more to do.
                source["domain"] &= Domain("activity_type_id", "!=", warning.id)
        return [
            *sources,
            self._todo_source_going_back(
                "pool_warnings", CUSTOMERS, self.env._("Go back to the pool soon")
            ),
            self._todo_source_going_back(
                "pool_lead_warnings",
                "crm.lead",
                self.env._("Leads that go back to the pool soon"),
            ),
            self._todo_source_waiting(
                "pool_waiting", CUSTOMERS, self.env._("Customers nobody took")
            ),
            self._todo_source_waiting(
                "pool_leads_waiting", "crm.lead", self.env._("Leads nobody took")
            ),
            self._todo_source_pool_requests(),
        ]

    def _todo_source_going_back(self, key, model, label):
        """What of mine the rules take soon."""
        planning = [
            {
                "method": "action_crm_suite_follow_up",
                "label": self.env._("Plan for tomorrow"),
                "primary": True,
                "undo": True,
            }
        ]
        return {
            "key": key,
            "label": label,
            "icon": "fa-hourglass-half",
            "sequence": 25,
            "model": model,
            "domain": Domain("user_id", "=", self.env.uid)
            & Domain("crm_suite_pool_warned_on", "!=", False)
            & Domain("crm_suite_return_on", "!=", False),
            "order": "crm_suite_return_on, id",
            "title": "display_name",
            "subtitle": ["crm_suite_pool_id", "crm_suite_last_proven"],
            "deadline": "crm_suite_return_on",
            "empty": self.env._("Nothing of yours is about to go back."),
            "actions": [
                *(planning if model == CUSTOMERS else []),
                {
                    "method": "action_crm_suite_pool_more_time",
                    "label": self.env._("Ask for a week"),
                    "reason": True,
                    "primary": model != CUSTOMERS,
                },
                {
                    "method": "action_crm_suite_pool_protect",
                    "label": self.env._("Protect"),
                    "reason": True,
                },
                {
                    "method": "action_crm_suite_pool_give_back",
                    "label": self.env._("Return"),
                    "reason": True,
                },
            ],
        }

    def _todo_source_waiting(self, key, model, label):
        """What nobody took for too long, for the admins of the pool."""
        return {
            "key": key,
            "label": label,
            "icon": "fa-inbox",
            "sequence": 27,
            "model": model,
            "domain": Domain("user_id", "=", False)
            & Domain("crm_suite_pool_warned_on", "!=", False)
            & Domain("crm_suite_pool_id.admin_ids", "in", self.env.uid),
            "order": "crm_suite_pool_since, id",
            "title": "display_name",
            "subtitle": ["crm_suite_pool_id", "crm_suite_pool_since", "city"],
            "deadline": False,
            "empty": self.env._("Nobody waits in your pools."),
            "actions": [
                {
                    "method": "action_crm_suite_pool_next",
                    "label": self.env._("Give to the next"),
                    "primary": True,
                },
            ],
        }

    def _todo_source_pool_requests(self):
        return {
            "key": "pool_requests",
            "label": self.env._("Pool requests to decide"),
            "icon": "fa-gavel",
            "sequence": 26,
            "model": "crm.suite.pool.request",
            "domain": self.env["crm.suite.pool.request"]._get_todo_domain(),
            "order": "id",
            "title": "display_name",
            "subtitle": ["requester_id", "days", "note"],
            "deadline": False,
            "open": ("res_model", "res_id"),
            "empty": self.env._("Nobody asks for anything."),
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


class PoolMixin(models.AbstractModel):
    """What is done with records of pools from the to-do centre, several at once.

    Refused as a whole where one is refused: the to-do centre then tries them singly.
    """

    _inherit = "crm.suite.pool.mixin"

    def action_crm_suite_pool_more_time(self, reason):
        """Ask the admins of the pool for a week more.

        :param str reason: why
        :return: True
        """
        self.env["res.partner"]._crm_suite_check_role()
        self.env["crm.suite.pool.request"]._request(self, "extend", reason, MORE_DAYS)
        return True

    def action_crm_suite_pool_protect(self, reason):
        """Keep these from the rules for as long as the pool allows.

        :param str reason: why
        :return: True
        """
        return self._pool_do(
            lambda pool, ids: pool.action_protect(
                ids, pool.protect_days or PROTECTED_DAYS, reason
            )
        )

    def action_crm_suite_pool_give_back(self, reason):
        """Return these to their pool.

        :param str reason: why
        :return: True
        """
        return self._pool_do(lambda pool, ids: pool.action_return(ids, reason))

    def action_crm_suite_pool_next(self):
        """Give each to the member who has the fewest; admins of the pool only.

        :return: True
        """
        return self._pool_do(lambda pool, ids: pool._give_to_next(ids))

    def _pool_do(self, act):
        """Act pool by pool; say the first refusal as an error.

        :param act: takes a pool and ids, answers as the methods of pools do
        """
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        for row in self._pool_results(act):
            if not row["ok"]:
                raise UserError(row["reason"])
        return True
