from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .automation_common import AutomationCase
from .common import ROLE

QUIET = "odoo.addons.crm_suite_base.models.automation_engine"


@tagged("post_install", "-at_install")
class TestAutomationRights(AutomationCase):
    """A rule reaches no further than who manages it."""

    def test_plain_people_have_nothing(self):
        for model in ("", ".action", ".template", ".param", ".run", ".mark"):
            for user in (self.plain, self.rep):
                records = self.env[f"crm.suite.automation{model}"].with_user(user)
                with self.assertRaises(AccessError):
                    records.search_count([])
        with self.assertRaises(AccessError):
            self.env["base.automation"].with_user(self.manager).search_count([])

    def test_nobody_writes_what_switching_writes(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"}, on=False)
        for values in ({"state": "on"}, {"version": 7}, {"host_rule_id": 1}):
            with self.assertRaises(AccessError):
                rule.write(values)
        with self.assertRaises(AccessError):
            self.Rule.with_user(self.manager).create({"name": "X", "state": "on"})

    def test_nobody_takes_the_rights_of_another(self):
        admin = self.env.ref("base.user_admin")
        rule = self._create_rule({"kind": "note", "body": "Hello"})
        with self.assertRaises(AccessError):
            rule.user_id = admin
        with self.assertRaises(AccessError):
            self._create_rule({"kind": "note", "body": "X"}, on=False, user_id=admin.id)
        # An administrator's rule, changed by a manager, is the manager's from then on.
        rule.with_user(admin).user_id = admin
        rule.action_ids.with_user(self.manager).body = "Changed"
        self.assertEqual(rule.user_id, self.manager)
        rule.with_user(admin).user_id = admin
        rule.with_user(self.manager).domain = "[('ref', '!=', False)]"
        self.assertEqual(rule.user_id, self.manager)

    def test_nobody_changes_the_actions_of_another_rule(self):
        admin = self.env.ref("base.user_admin")
        theirs = self._create_rule(self._set("city", "Wuhan"), user=admin)
        mine = self._create_rule({"kind": "note", "body": "Hello"})
        action = theirs.action_ids
        for command in (
            Command.update(action.id, {"value": "Evil"}),
            Command.delete(action.id),
            Command.link(action.id),
            Command.set(action.ids),
        ):
            with self.assertRaises(AccessError):
                mine.write({"action_ids": [command]})
            with self.assertRaises(AccessError):
                self._create_rule(on=False, action_ids=[command])
        mine.write({"action_ids": [Command.update(mine.action_ids.id, {"body": "B"})]})
        self.assertEqual((theirs.user_id, action.value), (admin, "Wuhan"))

    def test_a_text_in_another_language_is_an_edit(self):
        admin = self.env.ref("base.user_admin")
        self.env["res.lang"]._activate_lang("zh_CN")
        rule = self._create_rule({"kind": "note", "body": "Hello"}, user=admin)
        action = rule.action_ids.with_user(self.manager)
        with self.assertRaises(ValidationError):
            action.update_field_translations("body", {"zh_CN": "{signup_type}"})
        action.update_field_translations("body", {"zh_CN": "你好"})
        self.assertEqual(rule.user_id, self.manager)

    def test_the_context_switches_nothing_on(self):
        rule = self._create_rule(on=False)
        rules = self.Rule.with_user(self.manager).with_context(default_state="on")
        rule = rules.create({"name": "Rule", "model": "res.partner"})
        self.assertEqual(rule.state, "draft")

    def test_setting_off_by_hand(self):
        rule = self._create_rule(
            self._set("city", "Wuhan"), domain="[('ref', '=', 'A')]"
        )
        action = rule.sudo().host_rule_id.action_server_ids

        def run(user, record):
            context = {"active_model": "res.partner", "active_ids": record.ids}
            action.with_user(user).with_context(**context).run()
            return record.city

        fits = self._create_customer(
            name="Fits", ref="A", city="X", user_id=self.rep.id
        )
        with self.assertRaises(AccessError):
            run(self.rep, fits)
        self.assertEqual(run(self.manager, fits), "Wuhan")
        self.customer.city = "X"
        self.assertEqual(run(self.manager, self.customer), "X", "not about this one")
        rule.action_switch_off()
        fits.city = "X"
        self.assertEqual(run(self.manager, fits), "X", "it is off")

    def test_what_waited_is_looked_at_again(self):
        rule = self._create_rule(
            self._set("city", "Wuhan"), timing="later", domain="[('ref', '=', 'A')]"
        )
        self.customer.ref = "A"
        self.assertEqual(self.runs(rule).state, "queued")
        self.customer.ref = "B"
        self.work()
        self.assertEqual(self.runs(rule).state, "skipped")
        self.assertFalse(self.customer.city)

    def test_no_condition_or_text_over_closed_fields(self):
        for name in ("domain", "before_domain"):
            values = {name: "[('signup_type', '!=', False)]"}
            with self.assertRaises(ValidationError):
                self._create_rule({"kind": "note", "body": "X"}, on=False, **values)
        for place in ("{user_ids.password}", "{signup_type}"):
            with self.assertRaises(ValidationError):
                self._create_rule({"kind": "note", "body": place}, on=False)
        with self.assertRaises(ValidationError):
            self._create_rule(
                {"kind": "set", "field_name": "signup_type", "value": "x"},
                on=False,
            )

    @mute_logger(QUIET)
    def test_record_that_its_manager_cannot_reach(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        theirs = self._create_customer(name="Theirs", company_id=company.id)
        rule = self._create_rule(self._set("city", "Wuhan"), company_id=False)
        (theirs | self.customer).write({"ref": "A"})
        self.assertEqual((theirs.city, self.customer.city), (False, "Wuhan"))
        self.assertEqual(self.runs(rule).mapped("res_id"), self.customer.ids)

    def test_other_company_of_the_same_person(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.manager.company_ids |= company
        theirs = self._create_customer(name="Theirs", company_id=company.id)
        rule = self._create_rule({"kind": "note", "body": "Hello"})
        theirs.ref = "A"
        self.assertFalse(self.runs(rule), "the rule belongs to another company")
        rule.company_id = False
        theirs.ref = "B"
        self.assertEqual(self.runs(rule).company_id, company)

    @mute_logger(QUIET)
    def test_with_the_rights_of_who_set_it_off(self):
        rule = self._create_rule(
            {"kind": "segment", "segment_id": self._segment().id}, run_as="trigger"
        )
        self.customer.user_id = self.rep
        self.customer.with_user(self.rep).ref = "A"
        run = self.runs(rule)
        self.assertEqual((run.user_id, run.state), (self.rep, "failed"))
        rule.run_as = "author"
        self.customer.with_user(self.rep).ref = "B"
        self.assertEqual(self.runs(rule)[-1].state, "done")

    def _segment(self):
        return self.env["crm.suite.segment"].create({"name": "List", "kind": "static"})

    @mute_logger(QUIET)
    def test_manager_who_left(self):
        rule = self._create_rule(self._set("city", "Wuhan"))
        self.manager.active = False
        self.customer.ref = "A"
        self.assertFalse(self.customer.city)
        self.assertIn("works here no more", self.runs(rule).error)
        boss = new_test_user(self.env, "suite_boss", f"{ROLE}sales_manager")
        must = self._create_rule(self._set("city", "Wuhan"), user=boss, blocking=True)
        boss.active = False
        self.customer.ref = "B"
        self.assertIn("works here no more", self.runs(must).error, "and saving goes on")

    def test_log_says_nothing_of_records_one_may_not_see(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"})
        self.customer.ref = "SECRET"
        company = self.env["res.company"].create({"name": "Elsewhere"})
        run = self.runs(rule)
        self.customer.company_id = company
        self.env.flush_all()
        self.env.invalidate_all()
        own = run.with_user(self.manager)
        self.assertEqual(own.record_name, "(not visible to you)")
        self.assertFalse(own.change_text)
        with self.assertRaises(AccessError):
            own.read(["input"])

    def test_log_of_a_record_that_was_deleted(self):
        rule = self._create_rule(
            {"kind": "note", "body": "Hello"}, model="crm.lead", field="referred"
        )
        gone, there = self.env["crm.lead"].create(
            [{"name": "Gone", "user_id": False}, {"name": "There", "user_id": False}]
        )
        (gone | there).write({"referred": "TEST"})
        runs = self.runs(rule)
        gone.unlink()
        self.env.flush_all()
        self.env.invalidate_all()
        log = self.Run.with_user(self.manager)
        shown = log.web_search_read(
            [("id", "in", runs.ids)],
            {"record_name": {}, "change_text": {}, "effect_text": {}, "error_text": {}},
        )
        names = {row["record_name"] for row in shown["records"]}
        self.assertEqual(names, {"(not visible to you)", "There"})
        for run in runs.with_user(self.manager):
            self.assertEqual(run.explain("run")["title"], "Rule")

    def test_defaults_of_the_screen_do_not_reach_the_rule(self):
        rule = self._create_rule(
            {"kind": "activity", "subject": "Call", "who": "author", "days": 0}
        )
        self.customer.with_context(default_summary="Evil", default_user_id=1).ref = "A"
        self.assertEqual(self.customer.activity_ids.summary, "Call")
        self.assertEqual(self.customer.activity_ids.user_id, rule.user_id)
