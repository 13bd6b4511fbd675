from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from .test_webhook import WebhookCase

CUSTOMER = (
    "customer.created",
    "customer.changed",
    "customer.merged",
    "customer.archived",
    "customer.restored",
    "customer.owner_changed",
    "customer.grade_changed",
)


@tagged("post_install", "-at_install")
class TestWebhookSources(WebhookCase):
    """What happens in the suite becomes events."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        types = cls.env["crm.suite.webhook.type"].search([])
        cls.webhook.type_ids = types
        cls.env["crm.suite.webhook.seen"]._prepare()
        cls.mark = max(cls.env["crm.suite.webhook.event"].search([]).ids, default=0)

    def events(self, *codes):
        found = self.env["crm.suite.webhook.event"].search(
            [("id", ">", self.mark), ("type", "in", codes)], order="id"
        )
        type(self).mark = max(
            self.env["crm.suite.webhook.event"].search([]).ids, default=0
        )
        return found

    def fold(self):
        """Everything that is there, as if no transaction were open."""
        cursors = self.env["crm.suite.webhook.cursor"]
        for _run in range(2):
            horizon = fields.Datetime.now() + timedelta(minutes=5)
            cursors._fold(horizon)

    def recalculate(self, *partners):
        ids = [partner.id for partner in partners]
        self.env["crm.suite.webhook.seen"]._recalculate(ids)

    def test_types_are_known(self):
        """Whatever a source can give has a kind that can be subscribed to."""
        codes = set(self.env["crm.suite.webhook.type"].search([]).mapped("code"))
        cursors = self.env["crm.suite.webhook.cursor"]
        for source in cursors._webhook_sources():
            self.assertLessEqual(set(source.types), codes)
            rows = self.env.execute_query(
                SQL(
                    "SELECT DISTINCT type FROM (%s) r",
                    getattr(cursors, source.select)(),
                )
            )
            self.assertLessEqual({code for (code,) in rows}, set(source.types))

    def test_customer_created_and_changed(self):
        customer = self._create_customer(name="Fresh")
        self.recalculate(customer)
        self.assertEqual(self.events(*CUSTOMER).mapped("type"), ["customer.created"])
        self.recalculate(customer)
        self.assertFalse(self.events(*CUSTOMER), "nothing changed")
        customer.write(
            {"name": "Fresher", "city": "Shenzhen", "email": "a@example.com"}
        )
        self.recalculate(customer)
        event = self.events(*CUSTOMER)
        self.assertEqual(event.type, "customer.changed")
        self.assertEqual(event.data, {"changed": ["city", "name"]})
        customer.comment = "<p>Only what is told counts</p>"
        self.recalculate(customer)
        self.assertFalse(self.events(*CUSTOMER))

    def test_owner_grade_archive(self):
        grade = self.env["crm.suite.grade"].search([], limit=1)
        self.customer.user_id = self.rep
        self.customer.crm_suite_grade_id = grade
        self.recalculate(self.customer)
        owner, graded = self.events(*CUSTOMER)
        self.assertEqual(owner.type, "customer.owner_changed")
        self.assertEqual(owner.data["to_id"], self.rep.id)
        self.assertEqual(graded.type, "customer.grade_changed")
        self.assertEqual(graded.data, {"from_id": None, "to_id": grade.id})
        self.customer.action_archive()
        self.recalculate(self.customer)
        self.assertEqual(self.events(*CUSTOMER).type, "customer.archived")
        self.customer.action_unarchive()
        self.recalculate(self.customer)
        self.assertEqual(self.events(*CUSTOMER).type, "customer.restored")

    def test_merged(self):
        other = self._create_customer(name="Twin")
        self.recalculate(other)
        self.events(*CUSTOMER)
        other.write({"active": False, "crm_suite_merged_into_id": self.customer.id})
        self.recalculate(other)
        event = self.events(*CUSTOMER)
        self.assertEqual(event.type, "customer.merged")
        self.assertEqual(event.data, {"into_id": self.customer.id})

    def test_contacts_and_others_are_no_customers(self):
        self.person.name = "Other"
        stranger = self.env["res.partner"].create({"name": "Stranger"})
        self.recalculate(self.person, stranger)
        self.assertFalse(self.events(*CUSTOMER))

    def test_the_chain_finds_changes_by_itself(self):
        """The step of the recalculation, by the watermark of the figures."""
        self.customer.user_id = self.rep
        self.env["crm.suite.recalculation"]._run(self.customer.ids)
        self.assertIn("customer.owner_changed", self.events(*CUSTOMER).mapped("type"))

    def test_nobody_listens_to_customers(self):
        self.webhook.state = "draft"
        self.env["crm.suite.webhook.seen"]._prepare()
        self.assertFalse(self.env["crm.suite.webhook.seen"].search_count([]))
        self.customer.user_id = self.rep
        self.recalculate(self.customer)
        self.fold()
        self.assertFalse(self.events(*CUSTOMER))
        self.webhook.state = "on"
        self.env["crm.suite.webhook.seen"]._prepare()
        self.recalculate(self.customer)
        self.assertFalse(self.events(*CUSTOMER), "what was before is not told")

    def test_lifecycle_and_segment(self):
        self.fold()
        stage = self.env["crm.suite.lifecycle.stage"].search(
            [("id", "!=", self.stage.id)], limit=1
        )
        self.customer.crm_suite_lifecycle_id = stage
        segment = self.env["crm.suite.segment"].create(
            {"name": "Chosen", "kind": "static"}
        )
        self.env["crm.suite.segment.event"].create(
            [
                {
                    "segment_id": segment.id,
                    "partner_id": self.customer.id,
                    "kind": kind,
                    "at": fields.Datetime.now(),
                }
                for kind in ("enter", "leave")
            ]
        )
        self.env.flush_all()
        self.fold()
        codes = ("customer.lifecycle_changed", "segment.entered", "segment.left")
        events = self.events(*codes)
        self.assertEqual(
            events.mapped("type"),
            ["segment.entered", "segment.left", "customer.lifecycle_changed"],
        )
        self.assertEqual(events[0].data["segment"], "Chosen")
        self.assertEqual(events[2].data["to"], stage.code)
        self.fold()
        self.assertFalse(self.events(*codes))

    def test_approval(self):
        self.fold()
        request = self._ask_approval()
        action = self.events("approval.action")
        self.assertEqual(action.res_id, self.customer.id)
        self.assertEqual(action.data["name"], "credit.asked")
        request.task_ids.with_user(self.rep).action_decide("agree", "fine")
        self.env.flush_all()
        self.fold()
        events = self.events(
            "approval.requested", "approval.decided", "approval.finished"
        )
        self.assertEqual(
            events.mapped("type"),
            ["approval.requested", "approval.decided", "approval.finished"],
        )
        self.assertEqual(events[1].data["decision"], "agree")
        self.assertIs(events[1].data["by_limit"], False)
        self.assertEqual(events[1].data["flow"], "Told")
        self.assertEqual(events[2].data["result"], "agreed")
        self.assertNotIn("fine", str(events.mapped("data")), "comments stay here")

    def _ask_approval(self, **values):
        flow = self.env["crm.suite.approval.flow"].create(
            {
                "name": "Told",
                "res_model": "res.partner",
                "start": "button",
                "graph": self._make_graph(**values),
            }
        )
        flow.action_publish()
        self.customer.with_user(self.lead).crm_suite_request_approval(flow.id)
        return self.env["crm.suite.approval.request"].search(
            [("flow_id", "=", flow.id)]
        )

    def test_approval_that_is_asked_about_again(self):
        """Told is how it ended, not how it stands when it is told."""
        self.fold()
        watch = [{"field": "name", "worse": "changed"}]
        request = self._ask_approval(watch=watch)
        request.task_ids.with_user(self.rep).action_decide("agree", "fine")
        # What it allows is still to be done, so an edit opens it once more.
        request.write({"effect": {"kind": "write", "values": {}}})
        request.effect_state = "failed"
        self.customer.name = "Another"
        self.assertEqual(request.state, "running")
        task = request.task_ids.filtered(lambda t: t.state == "open")
        task.with_user(self.rep).action_decide("reject", "not this")
        self.env.flush_all()
        self.fold()
        events = self.events("approval.finished")
        self.assertEqual(
            [event.data["result"] for event in events], ["agreed", "rejected"]
        )

    def test_approval_that_is_withdrawn(self):
        self.fold()
        self._ask_approval().with_user(self.lead).action_withdraw("by mistake")
        self.env.flush_all()
        self.fold()
        event = self.events("approval.finished")
        self.assertEqual([e.data["result"] for e in event], ["withdrawn"])

    def test_approval_by_a_time_limit(self):
        self.fold()
        request = self._ask_approval(limit={"hours": 1, "then": "agree"})
        moment = fields.Datetime.now() + timedelta(days=30)
        with patch.object(fields.Datetime, "now", lambda *_args: moment):
            request._tick()
        self.env.flush_all()
        self.fold()
        event = self.events("approval.decided")
        self.assertEqual(event.data["user_id"], self.rep.id)
        self.assertIs(event.data["by_limit"], True)

    def _make_graph(self, **values):
        nodes = [
            {"id": "s", "type": "start", "name": "Start"},
            {
                "id": "w",
                "type": "action",
                "name": "Tell",
                "action": "webhook",
                "event_name": "credit.asked",
            },
            {
                "id": "a",
                "type": "approval",
                "name": "Decide",
                "approvers": [{"by": "users", "user_ids": [self.rep.id]}],
                "mode": "any",
                **values,
            },
            {"id": "e", "type": "end", "name": "End"},
        ]
        path = ["s", "w", "a", "e"]
        edges = [
            {"id": f"{one}{two}", "from": one, "to": two}
            for one, two in zip(path, path[1:], strict=False)
        ]
        return {"schema": 1, "nodes": nodes, "edges": edges}

    def test_import(self):
        batch = self.env["crm.suite.import.batch"].create(
            {
                "target": "customer",
                "file_name": "a.csv",
                "file": "bmFtZQpGcm9tIGEgZmlsZQo=",
                "mode": "create",
            }
        )
        batch.action_dry_run()
        self.assertFalse(self.events("import.finished"))
        batch.action_run()
        event = self.events("import.finished")
        self.assertEqual((len(event), event.data["result"]), (1, "done"))
