from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .approval_common import ApprovalCase, chain, make_story_order
from .tour_common import TourCase

FIELDS = ["client_order_ref", "commitment_date", "source_id", "order_line"]
INPUTS = FIELDS[:3]


def fill(*user_ids, names=FIELDS):
    return {
        "id": "details",
        "type": "fill",
        "name": "Details",
        "approvers": [{"by": "users", "user_ids": list(user_ids)}],
        "mode": "any",
        "fields": list(names),
    }


@tagged("post_install", "-at_install")
class TestApprovalFill(ApprovalCase):
    """What a step asks for is filled in with the decision, in one go."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.source = cls.env["utm.source"].create({"name": "Fair in Wuhan"})
        cls.flow.action_switch_off()
        cls.flow = cls._create_flow(chain(fill(cls.finance.id)))

    def window(self, names=FIELDS):
        if names != FIELDS:
            self.flow.action_switch_off()
            self.flow = self._create_flow(chain(fill(self.finance.id, names=names)))
        order, request = self.held()
        task = self.task(request, self.finance)
        wizard = (
            self.env["crm.suite.approval.decide"]
            .with_user(self.finance)
            .create({"task_id": task.id})
        )
        return order, request, wizard

    def test_inputs_of_the_fields(self):
        order, _request, wizard = self.window()
        order.client_order_ref = "PO-1"
        wizard.invalidate_recordset()
        spec = wizard.fill_spec
        self.assertEqual(spec["model"], "sale.order")
        self.assertEqual(spec["names"], INPUTS)
        kinds = [spec["fields"][name]["type"] for name in spec["names"]]
        self.assertEqual(kinds, ["char", "datetime", "many2one"])
        self.assertEqual(spec["fields"]["source_id"]["relation"], "utm.source")
        self.assertTrue(all(field["required"] for field in spec["fields"].values()))
        self.assertEqual(wizard.fill_others, order._fields["order_line"].string)
        may = order.with_user(self.finance).has_access("read")
        self.assertEqual(spec["values"]["client_order_ref"], "PO-1" if may else False)

    def test_filled_in_with_the_decision(self):
        order, request, wizard = self.window(INPUTS)
        wizard.fill_values = {
            "client_order_ref": " PO-9 ",
            "commitment_date": "2026-12-24 10:00:00",
            "source_id": self.source.id,
        }
        wizard.action_agree()
        self.env.invalidate_all()
        self.assertEqual(order.client_order_ref, "PO-9")
        self.assertEqual(str(order.commitment_date), "2026-12-24 10:00:00")
        self.assertEqual(order.source_id, self.source)
        self.assertEqual(request.state, "agreed")
        self.assertEqual(order.state, "sale")

    def test_nothing_is_kept_of_what_is_not_complete(self):
        order, request, wizard = self.window(FIELDS[:2])
        wizard.fill_values = {"client_order_ref": "PO-9"}
        with (
            self.assertRaisesRegex(UserError, "Delivery Date"),
            self.env.cr.savepoint(),
        ):
            wizard.action_agree()
        self.env.invalidate_all()
        self.assertFalse(order.client_order_ref)
        self.assertEqual(request.state, "running")

    def test_values_that_are_none(self):
        _order, request, _wizard = self.window(INPUTS)
        task = self.task(request, self.finance)
        for values in (
            {"client_order_ref": 5},
            {"client_order_ref": "a\0b"},
            {"client_order_ref": ["x"]},
            {"commitment_date": "soon"},
            {"commitment_date": True},
            {"source_id": "Fair"},
            {"source_id": 2**40},
            {"source_id": True},
            {"source_id": {"id": 1}},
        ):
            with self.assertRaisesRegex(UserError, "is no value for"):
                task.action_decide("agree", values=values)
        with self.assertRaisesRegex(UserError, "not asked for"):
            task.action_decide("agree", values={"amount_total": 5})

    def test_no_record_that_the_person_cannot_see(self):
        secret = self.env["utm.source"].create({"name": "Secret"})
        self.env["ir.rule"].create(
            {
                "name": "Secret",
                "model_id": self.env["ir.model"]._get("utm.source").id,
                "domain_force": f"[('id', '!=', {secret.id})]",
            }
        )
        _order, request, _wizard = self.window(["source_id"])
        task = self.task(request, self.finance)
        with self.assertRaisesRegex(UserError, "is no value for"):
            task.action_decide("agree", values={"source_id": secret.id})

    def test_lists_only_by_who_could_write_them(self):
        """Commands could make and change records: the flow lends no rights to that."""
        order, request, _wizard = self.window(["order_line"])
        task = self.task(request, self.finance)
        line = order.order_line
        with self.assertRaises(AccessError):
            task.action_decide(
                "agree", values={"order_line": [Command.update(line.id, {"name": "x"})]}
            )

    def test_numbers_and_ticks_may_be_nothing(self):
        names = ["client_order_ref", "prepayment_percent", "require_signature"]
        order, request, wizard = self.window(names)
        order.require_signature = True
        spec = wizard.fill_spec["fields"]
        self.assertEqual(
            [spec[name]["required"] for name in names], [True, False, False]
        )
        wizard.fill_values = {"client_order_ref": "x", "require_signature": False}
        wizard.action_agree()
        self.env.invalidate_all()
        self.assertEqual(request.state, "agreed")
        self.assertFalse(order.require_signature)

    def test_back_or_to_somebody_else_while_nothing_is_filled_in(self):
        self.flow.action_switch_off()
        step = {**fill(self.finance.id), "may_transfer": True, "return_to": "start"}
        self.flow = self._create_flow(chain(step))
        order, request = self.held()
        task = self.decide(request, self.finance, "transfer", user_id=self.boss.id)
        self.assertEqual(task.state, "transferred")
        self.assertEqual(self.holders(request), ["suite_boss"])
        task = self.task(request, self.boss)
        for decision in ("return", "transfer"):
            with self.assertRaisesRegex(UserError, "“agree” only"):
                task.action_decide(
                    decision,
                    "No",
                    user_id=self.finance.id,
                    values={"client_order_ref": "PO-9"},
                )
        wizard = self.env["crm.suite.approval.decide"].with_user(self.boss)
        wizard = wizard.create({"task_id": task.id, "comment": "Which branch?"})
        wizard.fill_values = {"client_order_ref": "PO-9"}
        wizard.action_return()
        self.env.invalidate_all()
        self.assertEqual(self.holders(request), ["suite_rep"])
        self.assertFalse(order.client_order_ref)

    def test_who_judged_by_what_is_filled_in_is_asked_again(self):
        watch = [{"field": "client_order_ref", "worse": "changed"}]
        self._create_flow(
            chain(
                self.ask("lead", self.lead, watch=watch),
                self.ask("boss", self.boss),
                fill(self.finance.id, names=["client_order_ref"]),
            ),
            sequence=1,
        )
        order, request = self.held()
        self.decide(request, self.lead)
        self.decide(request, self.boss)
        self.decide(request, self.finance, values={"client_order_ref": "PO-9"})
        self.assertEqual(order.client_order_ref, "PO-9")
        self.assertEqual(self.holders(request), ["suite_lead"], "and nobody else")
        change = request.event_ids.filtered(lambda e: e.kind == "change")
        self.assertIn("PO-9", str(change.mapped("comment")))
        self.decide(request, self.lead)
        self.assertEqual(order.state, "sale")

    def test_what_is_filled_in_is_an_edit_for_other_flows(self):
        much = [{"field": "client_order_ref", "worse": "changed"}]
        other = self._create_flow(
            chain(self.ask("lead", self.lead, watch=much), self.ask("boss", self.boss)),
            start="button",
            start_method=False,
            start_domain="[]",
        )
        order, request = self.held()
        [other_id] = order.with_user(self.rep).crm_suite_request_approval(other.id)
        beside = self.Request.browse(other_id)
        self.decide(beside, self.lead)
        values = {"client_order_ref": "PO-9", "source_id": self.source.id}
        values["commitment_date"] = "2026-12-24 10:00:00"
        self.decide(request, self.finance, values=values)
        self.assertEqual(sorted(self.holders(beside)), ["suite_boss", "suite_lead"])

    def test_window_of_a_decision_has_no_inputs(self):
        self.flow.action_switch_off()
        self.flow = self._create_flow(chain(self.ask("finance", self.finance)))
        _order, request = self.held()
        wizard = (
            self.env["crm.suite.approval.decide"]
            .with_user(self.finance)
            .create({"task_id": self.task(request, self.finance).id})
        )
        self.assertFalse(wizard.fill_spec)
        self.assertFalse(wizard.fill_others)


class FillStory(TourCase):
    """A lead fills in what an order lacks, in the window of the decision."""

    lang = "en_US"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang(cls.lang)
        cls.env["crm.suite.approval.flow"].search([]).action_switch_off()
        [cls.lead] = cls._create_people(("story_lead", "sales_lead", "Story Lead"))
        cls.lead.lang = cls.lang
        cls.source = cls.env["utm.source"].create({"name": "Story Fair"})
        flow = cls.env["crm.suite.approval.flow"].create(
            {
                "name": "Story",
                "model_id": cls.env["ir.model"]._get("sale.order").id,
                "company_id": False,
                "start": "method",
                "start_method": "action_confirm",
                "start_domain": "[]",
                "graph": chain(
                    fill(cls.lead.id, names=["client_order_ref", "source_id"])
                ),
            }
        )
        flow.action_publish()
        cls.order = make_story_order(cls.env, cls.lead)
        cls.order.with_user(cls.lead).action_confirm()

    def _tell(self):
        self.assertEqual(self.order.state, "draft")
        self.start_tour(
            f"/odoo/sales/{self.order.id}",
            "crm_suite_approval_fill",
            login=self.lead.login,
            timeout=120,
        )
        self.env.invalidate_all()
        self.assertEqual(self.order.client_order_ref, "PO-77")
        self.assertEqual(self.order.source_id, self.source)
        self.assertEqual(self.order.state, "sale")


@tagged("post_install", "-at_install")
class TestApprovalFillStory(FillStory):
    def test_story(self):
        self._tell()


@tagged("post_install", "-at_install")
class TestApprovalFillStoryPhone(FillStory):
    lang = "zh_CN"
    browser_size = "390x844"
    touch_enabled = True

    def test_story(self):
        self._tell()
