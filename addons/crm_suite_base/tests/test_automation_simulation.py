from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .automation_common import AutomationCase

SIMULATE = "odoo.addons.crm_suite_base.models.automation_simulate"


@tagged("post_install", "-at_install")
class TestAutomationSimulation(AutomationCase):
    """Trying a rule leaves nothing behind and sends nothing."""

    def test_trial_leaves_nothing(self):
        self.customer.write({"email": "a@customer.example", "user_id": self.rep.id})
        rule = self._create_rule(
            self._set("city", "Wuhan"),
            {"kind": "mail", "subject": "Hello {name}", "body": "Text"},
            {"kind": "notify", "body": "{name}", "who": "owner"},
            {"kind": "activity", "subject": "Call {name}"},
            on=False,
            domain=f"[('id', '=', {self.customer.id})]",
        )
        self.env.cr.flush()  # what is tracked of the customer so far
        before, hooks = self.checksums(), list(self.env.cr.postcommit._funcs)
        result = rule.simulate()
        after = self.checksums()
        self.assertFalse({name for name in before if after[name] != before[name]})
        self.assertEqual((result["total"], result["failed"]), (1, 0))
        line = result["lines"][0]
        self.assertEqual(line["owner"], self.rep.name)
        for text in ("Wuhan", "Mail to", "Notified", "Call Huaqiang Electronics"):
            self.assertIn(text, line["effect"])
        self.assertEqual(list(self.env.cr.postcommit._funcs), hooks)

    def test_what_would_fail_is_told(self):
        rule = self._create_rule(
            {"kind": "note", "body": "Hello"},
            on=False,
            domain=f"[('id', '=', {self.customer.id})]",
        )
        with self.broken(UserError("No paper.")):
            result = rule.simulate()
        self.assertEqual(result["failed"], 1)
        self.assertEqual(result["lines"][0]["error"], "No paper.")

    def test_screen_and_switching_on(self):
        rule = self._create_rule(
            {"kind": "note", "body": "Hello"},
            on=False,
            domain=f"[('id', '=', {self.customer.id})]",
        )
        action = rule.action_simulate()
        trial = self.env[action["res_model"]].browse(action["res_id"])
        trial = trial.with_user(self.manager)
        self.assertEqual(trial.line_ids.name, self.customer.display_name)
        answer = trial.action_switch_on()
        self.assertIn("1", answer["params"]["message"])
        self.assertEqual(rule.state, "on")

    def test_crossing_tells_who_meets_it_now(self):
        self._set_figures(self.customer, receivable_overdue=500)
        rule = self._use("receivable", {"amount": 100}, on=False)
        result = rule.simulate()
        self.assertIn(self.customer.id, [line["id"] for line in result["lines"]])
        self.assertEqual(result["days"], 0)

    def _made(self, count, **values):
        """Customers, and a rule about all that are made of them."""
        made = self.Partner.create(
            [
                {"name": f"Number {n}", "city": "Nowhere", "zip": str(n % 2)}
                for n in range(count)
            ]
        )
        rule = self._create_rule(
            {"kind": "note", "body": "Hello"},
            on=False,
            trigger="created",
            domain="[('city', '=', 'Nowhere')]",
            **values,
        )
        return made, rule

    def test_many_are_counted_and_not_fetched(self):
        made, rule = self._made(5)
        self.startPatcher(patch(f"{SIMULATE}.TRIED", 2))
        result = rule.simulate()
        self.assertEqual(
            [line["id"] for line in result["lines"]], made.ids[:-3:-1], "the newest"
        )
        self.assertEqual((result["total"], result["latest"]), (5, 0))
        self.assertIn("for 5.", rule._describe_touched(result))
        self.assertIn("for 5.", rule._describe_touched())

    def test_an_expression_is_tried_on_the_latest(self):
        made, rule = self._made(9, condition='zip = "1"')
        result = rule.simulate()
        self.assertEqual((result["total"], result["latest"]), (4, 0))
        self.startPatcher(patch(f"{SIMULATE}.LATEST", 4))
        with patch.object(type(rule), "_filter_condition", autospec=True) as looked:
            looked.side_effect = lambda rule, records: records
            rule._describe_touched()
        self.assertEqual(looked.call_count, 1)
        self.assertEqual(looked.call_args.args[1].ids, made.ids[:4:-1])
        result = rule.simulate()
        self.assertEqual((result["total"], result["latest"]), (2, 4))
        self.assertIn(
            "at least 2: only the latest 4 were", rule._describe_touched(result)
        )
        rule.trigger = "changed"
        self.assertIn("at most 2 of the latest 4", rule._describe_touched())

    def test_the_screen_looks_once(self):
        _made, rule = self._made(2)
        name = "_find_touched"
        find = type(rule)._find_touched
        with patch.object(type(rule), name, autospec=True, side_effect=find) as looked:
            rule.action_simulate()
        self.assertEqual(looked.call_count, 1)

    def test_what_who_asks_may_not_read_is_not_counted(self):
        made, rule = self._made(3)
        rule = rule.sudo()
        rule.user_id = self.env.ref("base.user_admin")
        asker = rule.with_user(self.manager)
        self.assertEqual(asker._find_touched(9)["total"], 3)
        self.env["ir.rule"].create(
            {
                "name": "Hidden",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {made[0].id})]",
            }
        )
        found = asker._find_touched(9)
        self.assertEqual((found["total"], found["ids"]), (2, made.ids[:0:-1]))

    def test_what_was_tracked_is_counted(self):
        lead = self.env["crm.lead"].create({"name": "Deal", "type": "opportunity"})
        self.env.cr.flush()
        rule = self._create_rule(
            {"kind": "note", "body": "Hello"},
            on=False,
            model="crm.lead",
            field="stage_id",
            domain=f"[('id', '=', {lead.id})]",
        )
        self.assertEqual(rule._find_touched(9)["total"], 0)
        lead.stage_id = self.env["crm.stage"].create({"name": "Other"})
        self.env.cr.flush()
        found = rule._find_touched(9)
        self.assertEqual((found["ids"], found["exact"]), (lead.ids, True))

    def test_only_who_may_write_rules_tries_them(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"}, on=False)
        with self.assertRaises(AccessError):
            rule.with_user(self.rep).simulate()
