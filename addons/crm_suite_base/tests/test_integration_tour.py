from unittest.mock import patch

from odoo.tests import tagged

from ..models.webhook_send import Outcome
from ..tools.guarded_http import Answer
from .api_common import PREFIX
from .tour_common import TourCase

ACTION = "/odoo/action-crm_suite_base."


@tagged("post_install", "-at_install")
class TestIntegrationTour(TourCase):
    """Keys are made by a sales manager; calls and webhooks are looked after by an
    administrator of the suite, who is none of the system."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.boss, cls.keeper = cls._create_people(
            ("tour_boss", "sales_manager", "Tour Boss"),
            ("tour_keeper", "admin", "Tour Keeper"),
        )
        cls.env["crm.suite.webhook"].search([]).write({"state": "draft"})
        cls.env["crm.suite.webhook.delivery"].search([]).unlink()
        cls.env["crm.suite.webhook.event"].search([]).write({"spread": True})

    def test_key_and_its_calls(self):
        self.assertFalse(self.keeper.has_group("base.group_system"))
        self.start_tour(
            f"{ACTION}api_key_action_mine", "crm_suite_api_key", login="tour_boss"
        )
        key = self.env["crm.suite.api.key"].search([("name", "=", "Tour Shop")])
        self.assertEqual((key.user_id, key.scopes), (self.boss, "customer:read"))
        # The text of the key is nowhere but on the screen: a second one is shown here.
        keys = self.env["crm.suite.api.key"].with_user(self.boss)
        _key, text = keys._make(
            self.boss, "Tour Shop", ["may_customer_read"], key.expires
        )
        headers = {"Authorization": f"Bearer {text}"}
        statuses = [
            self.url_open(f"{PREFIX}/{path}", headers=headers).status_code
            for path in ("customers?limit=1", "leads")
        ]
        self.assertEqual(statuses, [200, 403])
        self.start_tour(
            f"{ACTION}api_log_action", "crm_suite_api_calls", login="tour_keeper"
        )

    def test_webhook_that_fails_and_is_sent_again(self):
        # The address is nobody's: that it has one on the internet is tested elsewhere.
        with patch.object(self.registry["crm.suite.http"], "_check_url"):
            self.start_tour(
                f"{ACTION}webhook_action", "crm_suite_webhook", login="tour_keeper"
            )
        webhook = self.env["crm.suite.webhook"].search([("name", "=", "Tour Hook")])
        self.assertEqual(len(webhook), 1)
        self._deliver(webhook, 503)
        [delivery] = webhook.delivery_ids
        self.assertEqual(delivery.status_code, 503)
        # Given up, as after the last of its tries.
        delivery.sudo().write({"state": "dead", "next_try": False})
        self.start_tour(
            f"{ACTION}webhook_delivery_action",
            "crm_suite_webhook_again",
            login="tour_keeper",
        )
        self.env.invalidate_all()
        self._deliver(webhook, 200)
        self.assertEqual(delivery.state, "sent")
        self.start_tour(
            f"{ACTION}webhook_event_action",
            "crm_suite_webhook_events",
            login="tour_keeper",
        )

    def _deliver(self, webhook, status):
        self.env["crm.suite.webhook"]._spread()
        deliveries = self.env["crm.suite.webhook.delivery"]
        for delivery in deliveries._claim(webhook.id, 10):
            delivery._mark(Outcome(Answer(status, {}, b"said"), None, 0.1))
        self.env.flush_all()
