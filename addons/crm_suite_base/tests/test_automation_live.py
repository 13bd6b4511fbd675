from unittest.mock import patch

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.sms.models.sms_sms import SmsSms

from .approval_common import chain
from .automation_common import AutomationCase
from .common import ROLE


@tagged("post_install", "-at_install")
class TestAutomationLive(AutomationCase):
    """Actions against live policies, flows and the queue of text messages: made and
    switched on by a sales manager, set off by a rep, with nobody's administrator."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.suite.assignment.policy"].search([]).sudo().state = "off"
        cls.env["crm.suite.approval.flow"].sudo().search([]).action_switch_off()

    # === ASSIGN === #

    def policy(self, model="crm.lead", **values):
        policy = (
            self.env["crm.suite.assignment.policy"]
            .with_user(self.manager)
            .create(
                {
                    "name": "By Rule",
                    "res_model": model,
                    "sticky": False,
                    "member_ids": [Command.create({"user_id": self.rep.id})],
                    **values,
                }
            )
        )
        self.env["crm.suite.assignment.rule"].with_user(self.manager).create(
            {"name": "All", "policy_id": policy.id, "domain": "[]"}
        )
        policy._publish_rules()
        return policy

    def _assign_a_lead(self):
        """Let a lead set off a rule that assigns it.

        :return: the policy, the lead and the run of the rule
        """
        policy = self.policy()
        rule = self._create_rule(
            {"kind": "assign", "policy_id": policy.id},
            model="crm.lead",
            field="referred",
        )
        lead = self.env["crm.lead"].create(
            {"name": "Ask", "user_id": False, "team_id": False}
        )
        lead.with_user(self.lead).referred = "TEST"
        [run] = self.runs(rule)
        return policy, lead, run

    def test_assign_a_lead(self):
        policy, lead, run = self._assign_a_lead()
        self.assertEqual(run.state, "done", run.error)
        self.assertEqual(lead.user_id, self.rep)
        self.assertIn(self.rep.name, run.effect_text)
        log = self.env["crm.suite.assignment.log"].search(
            [("res_model", "=", "crm.lead"), ("res_id", "=", lead.id)]
        )
        self.assertEqual(log.policy_id, policy)

    def test_assignment_by_a_rule_is_undone_with_it(self):
        _policy, lead, run = self._assign_a_lead()
        self.assertTrue(run.operation_id)
        run.operation_id.with_user(self.manager).action_undo()
        self.env.invalidate_all()
        self.assertFalse(lead.user_id)

    def test_assign_a_customer_set_off_by_a_rep(self):
        """The rule hands out as its manager: the rep could not do it himself."""
        policy = self.policy("res.partner")
        rule = self._create_rule({"kind": "assign", "policy_id": policy.id})
        self.customer.user_id = False
        self.customer.with_user(self.rep).ref = "A"
        [run] = self.runs(rule)
        self.assertEqual(run.state, "done", run.error)
        self.assertEqual(self.customer.user_id, self.rep)

    def test_nobody_is_free(self):
        policy = self.policy("res.partner", member_ids=[])
        rule = self._create_rule({"kind": "assign", "policy_id": policy.id})
        self.customer.user_id = False
        self.customer.with_user(self.lead).ref = "A"
        [run] = self.runs(rule)
        self.assertEqual(run.state, "done", run.error)
        self.assertIn("Not assigned", run.effect_text)
        self.assertFalse(self.customer.user_id)

    def test_assign_is_tried_without_assigning(self):
        policy = self.policy("res.partner")
        rule = self._create_rule(
            {"kind": "assign", "policy_id": policy.id},
            on=False,
            domain=f"[('id', '=', {self.customer.id})]",
        )
        self.customer.user_id = False
        self.env.flush_all()
        result = rule.simulate()
        [line] = result["lines"]
        self.assertIn(self.rep.name, line["effect"])
        self.env.invalidate_all()
        self.assertFalse(self.customer.user_id)

    # === APPROVE === #

    def flow(self, **values):
        ask = {
            "id": "lead",
            "type": "approval",
            "name": "Lead",
            "approvers": [{"by": "users", "user_ids": [self.lead.id]}],
            "mode": "any",
        }
        flow = self.env["crm.suite.approval.flow"].create(
            {
                "name": "By Rule",
                "model_id": self.env["ir.model"]._get("res.partner").id,
                "company_id": False,
                "start": "button",
                "start_domain": "[]",
                "graph": chain(ask),
                **values,
            }
        )
        flow.action_publish()
        return flow

    def test_ask_for_approval(self):
        flow = self.flow()
        rule = self._create_rule({"kind": "approve", "flow_id": flow.id})
        self.customer.with_user(self.rep).ref = "A"
        [run] = self.runs(rule)
        self.assertEqual(run.state, "done", run.error)
        request = self.customer.crm_suite_approval_id
        self.assertEqual((request.flow_id, request.state), (flow, "running"))
        self.assertEqual(request.submitter_id, self.manager)
        task = request.task_ids.filtered(lambda task: task.state == "open")
        self.assertEqual(task.user_id, self.lead)
        task.with_user(self.lead).action_decide("agree")
        self.assertEqual(request.state, "agreed")

    def test_approval_that_runs_already_is_no_second_one(self):
        flow = self.flow()
        rule = self._create_rule({"kind": "approve", "flow_id": flow.id})
        self.customer.with_user(self.rep).ref = "A"
        self.customer.with_user(self.rep).ref = "B"
        first, second = self.runs(rule)
        self.assertEqual((first.state, second.state), ("done", "failed"))
        self.assertEqual(
            self.env["crm.suite.approval.request"].search_count(
                [("flow_id", "=", flow.id)]
            ),
            1,
        )

    def test_flow_that_was_switched_off(self):
        flow = self.flow()
        rule = self._create_rule({"kind": "approve", "flow_id": flow.id})
        flow.action_switch_off()
        self.customer.with_user(self.rep).ref = "A"
        [run] = self.runs(rule)
        self.assertEqual(run.state, "failed")
        self.assertIn("No published flow", run.error)
        self.assertEqual(self.customer.ref, "A", "Saving is not in the way")

    # === TEXT MESSAGES === #

    def test_text_message_goes_out(self):
        self.customer.phone = "+8613800138000"
        rule = self._create_rule({"kind": "sms", "body": "Hello {name}: {ref}"})
        self.customer.with_user(self.rep).ref = "A-7"
        [run] = self.runs(rule)
        self.assertEqual(run.state, "done", run.error)
        sms = self.env["sms.sms"].search([("partner_id", "=", self.customer.id)])
        self.assertEqual(sms.state, "outgoing")
        self.assertEqual(sms.body, f"Hello {self.customer.name}: A-7")
        self.assertEqual(sms.number, "+8613800138000")
        sent = []
        with (
            patch.object(SmsSms, "_send_with_api", lambda s, *a, **k: sent.extend(s)),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("sms.ir_cron_sms_scheduler_action").method_direct_trigger()
        self.assertIn(sms.id, [one.id for one in sent])

    def test_customer_without_a_number(self):
        """Nothing is queued that could never be sent, and the log says why."""
        self.customer.phone = False
        rule = self._create_rule({"kind": "sms", "body": "Hello"})
        self.customer.with_user(self.rep).ref = "A"
        [run] = self.runs(rule)
        self.assertEqual(run.state, "done", run.error)
        self.assertIn("no phone number", run.effect_text)
        self.assertFalse(
            self.env["sms.sms"].search([("partner_id", "=", self.customer.id)])
        )


@tagged("post_install", "-at_install")
class TestAutomationShown(AutomationCase):
    """The log and trials tell of a field only whom the field is open to."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second = new_test_user(
            cls.env, "suite_second", f"{ROLE}sales_manager", tz="UTC"
        )
        cls.secret = new_test_user(
            cls.env, "suite_secret", f"{ROLE}sales_manager", tz="UTC"
        )
        # Who rules over all accounts may try the rules of others.
        cls.root = new_test_user(
            cls.env, "suite_root", f"{ROLE}sales_manager,base.group_system", tz="UTC"
        )
        cls.vault = cls.env["res.groups"].create({"name": "Vault"})
        cls.env["ir.model.data"].create(
            {
                "module": "crm_suite_test",
                "name": "vault",
                "model": "res.groups",
                "res_id": cls.vault.id,
            }
        )
        cls.secret.group_ids += cls.vault

    def close(self, name="comment"):
        """From now on only the third person may read a field."""
        field = self.env["res.partner"]._fields[name]
        self.addCleanup(setattr, field, "groups", field.groups)
        field.groups = "crm_suite_test.vault"
        self.env.invalidate_all()

    def as_(self, user, run):
        self.env.invalidate_all()
        return run.with_user(user)

    def test_change_of_a_closed_field(self):
        rule = self._create_rule(
            {"kind": "note", "body": "Changed"},
            user=self.secret,
            field="city,street2",
        )
        self.customer.write({"city": "Wuhan", "street2": "Vault 7"})
        [run] = self.runs(rule)
        self.close("street2")
        self.assertNotIn("Vault 7", self.as_(self.second, run).change_text)
        self.assertIn("Wuhan", self.as_(self.second, run).change_text)
        self.assertIn("Vault 7", self.as_(self.secret, run).change_text)

    def test_effect_on_a_closed_field(self):
        rule = self._create_rule(
            self._set("street2", "Vault 7"),
            {"kind": "activity", "subject": "See {street2}", "who": "author"},
            {"kind": "activity", "subject": "Call {name}", "who": "author"},
            user=self.secret,
        )
        self.customer.ref = "A"
        [run] = self.runs(rule)
        self.assertEqual(run.state, "done", run.error)
        self.assertIn("Vault 7", self.as_(self.second, run).effect_text)
        self.close("street2")
        text = self.as_(self.second, run).effect_text
        self.assertNotIn("Vault 7", text)
        self.assertIn(self.customer.name, text)
        self.assertEqual(len(text.splitlines()), 3)
        answer = self.as_(self.second, run).explain("run")
        self.assertNotIn("Vault 7", str(answer))
        self.assertEqual(self.as_(self.secret, run).effect_text.count("Vault 7"), 2)

    @mute_logger("odoo.addons.crm_suite_base.models.automation_engine")
    def test_failure_over_a_closed_field(self):
        rule = self._create_rule(self._set("street2", "= name"), user=self.secret)
        action = type(self.env["crm.suite.automation.action"])
        with patch.object(action, "_do_set", side_effect=ValueError("Vault 7")):
            self.customer.ref = "A"
        [run] = self.runs(rule)
        self.assertIn("Vault 7", self.as_(self.second, run).error_text)
        self.close("street2")
        self.assertNotIn("Vault 7", self.as_(self.second, run).error_text)
        self.assertIn("Vault 7", self.as_(self.secret, run).error_text)

    def test_rows_of_before(self):
        """Their texts are held back where the rule tells of a closed field now."""
        rule = self._create_rule(self._set("street2", "Vault 7"), user=self.secret)
        self.customer.ref = "A"
        [run] = self.runs(rule)
        run.effect = ["Street2: – → Vault 7"]
        self.assertIn("Vault 7", self.as_(self.second, run).effect_text)
        self.close("street2")
        self.assertNotIn("Vault 7", self.as_(self.second, run).effect_text)

    def test_contact_data_in_a_pool(self):
        """Who has not claimed the customer does not read them in the log."""
        pool = self.env["crm.suite.pool"].create(
            {
                "name": "Shown",
                "company_id": self.env.company.id,
                "admin_ids": [Command.set(self.lead.ids)],
                "user_ids": [Command.set((self.rep | self.other).ids)],
                "open_group_ids": [Command.clear()],
            }
        )
        self.customer.write({"user_id": False, "email": "a@customer.example"})
        rule = self._create_rule({"kind": "note", "body": "x"}, field="email")
        self.customer.email = "new@customer.example"
        [run] = self.runs(rule)
        self.assertIn("new@customer", self.as_(self.second, run).change_text)
        pool.action_add(self.customer.ids)
        self.assertTrue(
            self.customer.with_user(self.second)._pool_get_masked((pool.id,))
        )
        self.assertNotIn("new@customer", self.as_(self.second, run).change_text or "")

    def test_trial_by_somebody_else(self):
        rule = self._create_rule(
            self._set("street2", "Vault 7"),
            user=self.secret,
            on=False,
            domain=f"[('id', '=', {self.customer.id})]",
        )
        self.customer.street2 = "Old secret"
        self.env.flush_all()
        [line] = rule.with_user(self.root).simulate()["lines"]
        self.assertIn("Old secret", line["effect"])
        self.close("street2")
        [line] = rule.with_user(self.root).simulate()["lines"]
        self.assertNotIn("secret", str(line))
        self.assertNotIn("Vault", str(line))
        [line] = rule.with_user(self.secret).simulate()["lines"]
        self.assertIn("Old secret", line["effect"])

    def test_trial_tells_nobody_who_meets_a_closed_condition(self):
        rule = self._create_rule(
            {"kind": "note", "body": "x"},
            user=self.secret,
            on=False,
            domain="[('street2', '=', 'Vault 7')]",
        )
        self.close("street2")
        rule.with_user(self.secret).simulate()
        with self.assertRaisesRegex(AccessError, "may not read"):
            rule.with_user(self.root).simulate()
