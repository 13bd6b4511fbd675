from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .automation_common import AutomationCase
from .common import ROLE

SIMULATE = "odoo.addons.crm_suite_base.models.automation_simulate"
QUIET = "odoo.addons.crm_suite_base.models.automation_engine"


@tagged("post_install", "-at_install")
class TestAutomation(AutomationCase):
    """What rules do when something happens."""

    # === TRIGGERS === #

    def test_change_of_a_watched_field(self):
        rule = self._create_rule(
            self._set("city", "Wuhan"), {"kind": "note", "body": "{old.ref} → {ref}"}
        )
        self.customer.with_user(self.rep).name = "Another Name"
        self.assertFalse(self.runs(rule), "not watched")
        self.customer.ref = "A"
        self.customer.ref = "A"
        run = self.runs(rule)
        self.assertEqual(len(run), 1, "the same value again is no change")
        self.assertEqual((run.state, run.res_id), ("done", self.customer.id))
        self.assertEqual(run.change_text, "Reference: – → A")
        bodies = self.customer.message_ids.mapped("body")
        self.assertEqual(
            [body for body in bodies if "→ A" in body], ["<span>→ A</span>"]
        )
        self.assertTrue(run.operation_id.record_count, "what it wrote can be undone")

    def test_creation_and_condition(self):
        rule = self._create_rule(
            self._set("ref", "NEW"),
            trigger="created",
            domain="[('city', '=', 'Wuhan')]",
        )
        wuhan, other = self.Partner.create(
            [{"name": "In", "city": "Wuhan"}, {"name": "Out", "city": "Xi'an"}]
        )
        self.assertEqual((wuhan.ref, other.ref), ("NEW", False))
        self.assertEqual(self.runs(rule).mapped("res_id"), wuhan.ids)

    def test_before_and_expression(self):
        rule = self._create_rule(
            {"kind": "note", "body": "Moved"},
            field="city",
            before_domain="[('city', '=', 'Wuhan')]",
            condition='zip = "1" and city != "Xi\'an"',
        )
        self.customer.write({"city": "Wuhan", "zip": "1"})
        self.assertFalse(self.runs(rule))
        self.customer.city = "Xi'an"
        self.assertFalse(self.runs(rule))
        self.customer.city = "Wuhan"
        self.customer.city = "Beijing"
        self.assertEqual(len(self.runs(rule)), 1)

    def test_stage_of_a_deal(self):
        stages = self.env["crm.stage"].create([{"name": "One"}, {"name": "Two"}])
        lead = self.env["crm.lead"].create(
            {
                "name": "Deal",
                "type": "opportunity",
                "stage_id": stages[0].id,
                "user_id": self.rep.id,
            }
        )
        self._use("deal_stage", {"stage": stages[1].id, "due": 3})
        lead.stage_id = stages[1]
        activity = lead.activity_ids
        self.assertEqual(activity.user_id, self.rep)
        self.assertEqual(activity.summary, "Deal: next step in Two")
        # In the zone of who manages the rule, with whose rights it works.
        today = fields.Date.context_today(lead.with_user(self.manager))
        self.assertEqual(activity.date_deadline, today + timedelta(days=3))

    def test_date_through_the_cron_of_the_host(self):
        order = self._create_order(self.customer, confirm=False, user_id=self.rep.id)
        late = order.copy({"validity_date": self.today - timedelta(days=9)})
        order.validity_date = self.today + timedelta(days=3)
        rule = self._use("quotation_expires")
        rule.sudo().host_rule_id.last_run = fields.Datetime.now() - timedelta(days=1)
        with self.enter_registry_test_mode():
            self.env.ref(
                "base_automation.ir_cron_data_base_automation_check"
            ).method_direct_trigger()
        run = self.runs(rule)
        self.assertEqual((run.res_id, run.state), (order.id, "queued"))
        self.work()
        self.assertEqual(run.state, "done")
        self.assertIn(order.name, order.activity_ids.summary)
        self.assertFalse(late.activity_ids)

    def test_switching_on_does_not_make_up_for_the_past(self):
        order = self._create_order(self.customer, confirm=False, user_id=self.rep.id)
        order.validity_date = self.today
        rule = self._use("quotation_expires")
        records = rule.sudo().host_rule_id._search_time_based_automation_records(
            until=fields.Datetime.now()
        )
        self.assertNotIn(order, records)

    def test_crossing_once_per_crossing(self):
        rule = self._use("receivable", {"amount": 100, "due": 0})
        recalculation = self.env["crm.suite.recalculation"]

        def owe(amount):
            self._set_figures(self.customer, receivable_overdue=amount)
            self.Rule._watch_customers(self.customer.ids)

        owe(50)
        self.assertFalse(self.runs(rule))
        owe(150)
        owe(180)
        self.assertEqual(len(self.runs(rule)), 1, "it was above already")
        self.work()
        self.assertEqual(self.runs(rule).state, "done")
        owe(10)
        owe(101)
        self.assertEqual(len(self.runs(rule)), 2, "a second crossing")
        self.assertIn(
            (90, "crm.suite.automation", "_watch_customers"), recalculation._steps()
        )

    def test_crossing_counts_from_switching_on(self):
        self._set_figures(self.customer, receivable_overdue=500)
        rule = self._use("receivable", {"amount": 100})
        self.Rule._watch_customers()
        self.assertFalse(self.runs(rule))
        eager = self._use("receivable", {"amount": 100}, on=False)
        eager.existing = True
        eager.action_switch_on()
        self.assertIn(self.customer.id, self.runs(eager).mapped("res_id"))

    def test_stage_written_by_sql(self):
        """The lifecycle is written by SQL, which no rule of the host sees."""
        self.customer.user_id = self.rep
        rule = self._use("at_risk")
        self._create_lifecycle_rule("at_risk", [("id", "=", self.customer.id)])
        self.env["crm.suite.recalculation"]._run(self.customer.ids)
        self.assertEqual(self.runs(rule).res_id, self.customer.id)
        self.work()
        self.assertEqual(self.customer.activity_ids.user_id, self.rep)

    def test_other_systems_are_told(self):
        told = []
        self.patch(
            type(self.env["crm.suite.webhook"]),
            "_emit",
            lambda hooks, *args: told.append(args),
        )
        self._create_rule({"kind": "webhook", "event": "moved"}, field="city")
        self.customer.city = "Wuhan"
        self.assertEqual(self.runs().state, "done")
        [(kind, record, payload)] = told
        self.assertEqual((kind, record), ("rule.worked", self.customer))
        data = payload[self.customer.id]
        self.assertEqual((data["event"], data["changed"]), ("moved", ["city"]))
        self.assertTrue(self.env["crm.suite.webhook.event"]._has_type(kind))

    def test_mail_goes_to_the_queue_of_the_host(self):
        self.customer.email = "buyer@customer.example"
        self._create_rule(
            {"kind": "mail", "subject": "About {ref}", "body": "<b>Hi</b>"}
        )
        self.customer.ref = "A"
        mail = self.env["mail.mail"].search([("subject", "=", "About A")])
        self.assertEqual(mail.state, "outgoing")
        self.assertIn("&lt;b&gt;", mail.body)

    def test_policy_and_list(self):
        segment = self._list()
        self._create_rule({"kind": "segment", "segment_id": segment.id})
        self.customer.ref = "A"
        members = self.env["crm.suite.segment.member"].search(
            [("segment_id", "=", segment.id)]
        )
        self.assertEqual(members.partner_id, self.customer)

    # === ORDER, ONCE, LOOPS === #

    def test_order_of_rules(self):
        second = self._create_rule({"kind": "note", "body": "second"}, sequence=20)
        first = self._create_rule({"kind": "note", "body": "first"}, sequence=5)
        self.customer.ref = "X"
        self.assertEqual(self.runs().automation_id, first | second)
        self.assertEqual(self.runs().mapped("automation_id")[0], first)

    def test_once_per_record(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"}, once=True)
        for ref in "ABC":
            self.customer.ref = ref
        self.person.ref = "P"
        self.assertEqual(
            sorted(self.runs(rule).mapped("res_id")),
            sorted((self.customer | self.person).ids),
        )

    def test_rules_that_set_each_other_off(self):
        one = self._create_rule(self._set("city", "= ref"), name="One")
        self._create_rule(self._set("ref", '= city + "x"'), field="city", name="Two")
        self.customer.ref = "A"
        skipped = self.runs(one).filtered(lambda run: run.state == "skipped")
        self.assertEqual(len(skipped), 1)
        self.assertIn("One → Two → One", skipped.effect[0])
        self.assertEqual((self.customer.city, self.customer.ref), ("A", "Ax"))

    def test_a_circle_over_the_queue_ends_as_well(self):
        one = self._create_rule(self._set("city", "= ref"), timing="later")
        self._create_rule(
            self._set("ref", '= city + "x"'), field="city", timing="later"
        )
        self.customer.ref = "A"
        for _round in range(6):
            self.work()
        states = self.runs(one).mapped("state")
        self.assertEqual(states, ["done", "skipped"])
        self.assertFalse(self.Run.search([("state", "=", "queued")]))

    # === FAILURES === #

    @mute_logger(QUIET)
    def test_failing_rule_does_not_keep_anybody_from_saving(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"})
        fine = self._create_rule(self._set("city", "Wuhan"), sequence=20)
        with self.broken(ZeroDivisionError("broken")):
            self.customer.ref = "A"
        run = self.runs(rule)
        self.assertEqual((self.customer.ref, self.customer.city), ("A", "Wuhan"))
        self.assertEqual((run.state, run.attempts), ("failed", 1))
        self.assertIn("ZeroDivisionError: broken", run.error_text)
        self.assertEqual(self.runs(fine).state, "done")
        run.next_try = fields.Datetime.now()
        self.work()
        self.assertEqual((run.state, run.attempts), ("done", 2))
        self.assertFalse(run.error)

    @mute_logger(QUIET)
    def test_given_up_after_several_tries(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"})
        with self.broken(UserError("No paper.")):
            self.customer.ref = "A"
            run = self.runs(rule)
            for _try in range(4):
                self.assertEqual(run.state, "failed")
                run.next_try = fields.Datetime.now()
                self.work()
        self.assertEqual((run.state, run.attempts), ("dead", 5))
        notice = rule.sudo().activity_ids
        self.assertEqual((notice.user_id, len(notice)), (self.manager, 1))
        self.assertIn("No paper.", notice.note)
        run.with_user(self.manager).action_retry()
        self.work()
        self.assertEqual(run.state, "done")

    @mute_logger(QUIET)
    def test_one_bad_record_does_not_take_the_others_along(self):
        rule = self._create_rule({"kind": "segment", "segment_id": self._list().id})
        both = self.customer | self._create_customer(name="Second")
        action = type(self.env["crm.suite.automation.action"])
        origin = action._do_segment

        def fail(actions, records, inputs):
            if self.customer.id in records.ids:
                raise ValueError("Not this one.")
            return origin(actions, records, inputs)

        self.patch(action, "_do_segment", fail)
        both.write({"ref": "A"})
        states = {run.res_id: run.state for run in self.runs(rule)}
        self.assertEqual(states, {both[0].id: "failed", both[1].id: "done"})

    def _list(self):
        return self.env["crm.suite.segment"].create({"name": "List", "kind": "static"})

    def test_rule_that_must_succeed_refuses(self):
        rule = self._use("lead_reachable")
        with self.assertRaisesRegex(UserError, "Enter an e-mail address"):
            self.env["crm.lead"].create({"name": "Nobody", "type": "lead"})
        self.env["crm.lead"].create(
            {"name": "Somebody", "type": "lead", "phone": "+86 10 1234 5678"}
        )
        self.assertFalse(self.runs(rule))

    def test_two_who_met_are_no_failure(self):
        self._create_rule({"kind": "note", "body": "Hello"})
        with (
            self.broken(Met("could not serialize access")),
            self.assertRaises(SerializationFailure),
            mute_logger(QUIET),
        ):
            self.customer.ref = "A"

    def test_condition_over_a_field_that_is_gone(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"})
        host = rule.sudo().host_rule_id
        self.env.cr.execute(
            "UPDATE base_automation SET filter_domain = %s WHERE id = %s",
            ["[('x_gone', '=', 1)]", host.id],
        )
        host.invalidate_recordset()
        with mute_logger("odoo.addons.crm_suite_base.models.automation_host"):
            self.customer.ref = "A"
        self.assertEqual(self.customer.ref, "A")
        self.assertEqual(self.runs(rule).state, "dead")

    # === QUEUE === #

    def test_many_records_are_done_after_saving(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"}, timing="auto")
        many = self.Partner.create([{"name": f"Many {n}"} for n in range(21)])
        many.write({"ref": "M"})
        self.assertEqual(set(self.runs(rule).mapped("state")), {"queued"})
        self.work()
        self.assertEqual(set(self.runs(rule).mapped("state")), {"done"})

    def test_what_waits_for_a_rule_that_is_switched_off(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"}, timing="later")
        self.customer.ref = "A"
        rule.action_switch_off()
        self.work()
        self.assertEqual(self.runs(rule).state, "skipped")

    def test_log_is_trimmed(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"})
        self.customer.ref = "A"
        self.customer.ref = "B"
        old, new = self.runs(rule)
        old.at = fields.Datetime.now() - timedelta(days=100)
        self.env.flush_all()
        self.Run._gc_runs()
        self.assertEqual((old | new).exists(), new)

    # === EDITING === #

    def test_parameters_stay_editable(self):
        rule = self._use("order_big")
        self.assertIn("50000", rule.domain)
        rule.params = {"amount": 700}
        self.assertIn("700.0", rule.domain)
        self.assertIn("700.0", rule.sudo().host_rule_id.filter_domain)
        self.assertEqual(rule.version, 2)
        with self.assertRaisesRegex(UserError, "no value"):
            rule.params = {"amount": "much"}

    def test_bad_conditions_are_told(self):
        for values in (
            {"domain": "[('nothing', '=', 1)]"},
            {"domain": "__import__('os')"},
            {"condition": "nothing > 1"},
            {"trigger": "date"},
            {"trigger": "crossing"},
            {"trigger": "crossing", "domain": "[('ref', '=', 'A')]", "blocking": True},
        ):
            with self.assertRaises(ValidationError, msg=str(values)):
                self._create_rule({"kind": "note", "body": "Hello"}, on=False, **values)
        for action in (
            {"kind": "activity"},
            {"kind": "note", "body": "{nothing}"},
            {"kind": "set", "field_name": "company_id", "value": "1"},
            {"kind": "set", "field_name": "type", "value": "nothing"},
            {"kind": "refuse", "body": "No"},
        ):
            with self.assertRaises(ValidationError, msg=str(action)):
                self._create_rule(action, on=False)

    def test_all_templates_can_be_used(self):
        """Each is a rule that passes all checks, once what it needs is there."""
        self.env["crm.suite.segment"].create({"name": "List", "kind": "static"})
        for template in self.Template.search([]):
            with self.subTest(template.name):
                found = {
                    spec["code"]: spec["options"][0][0]
                    for spec in (p._get_spec() for p in template.param_ids)
                    if spec["kind"] == "record"
                    and not spec["default"]
                    and spec["options"]
                }
                missing = [
                    param
                    for param in template.param_ids
                    if param.kind == "record"
                    and not param._default()
                    and param.code not in found
                ]
                if missing:
                    continue
                rule = self.Rule.with_user(self.manager).create(
                    {"template_id": template.id, "params": found}
                )
                rule.action_switch_on()
                self.assertEqual(rule.state, "on")
                self.assertTrue(rule.does)

    def test_host_shows_and_switches_our_rules(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"})
        host = rule.sudo().host_rule_id
        self.assertEqual(host.trigger, "on_write")
        self.assertEqual(host.action_server_ids.state, "crm_suite")
        host.active = False
        self.assertEqual(rule.state, "off")
        self.customer.ref = "A"
        self.assertFalse(self.runs(rule))
        host.active = True
        self.customer.ref = "B"
        self.assertEqual(self.runs(rule).state, "done")
        host.unlink()
        self.assertEqual(rule.state, "draft")

    def test_rules_of_the_host_work_as_before(self):
        action = self.env["ir.actions.server"].create(
            {
                "name": "Code",
                "state": "code",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "code": "record.write({'city': 'Host'})",
                "usage": "base_automation",
            }
        )
        self.env["base.automation"].create(
            {
                "name": "Host",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "trigger": "on_create_or_write",
                "trigger_field_ids": [Command.set(self._field("ref").ids)],
                "action_server_ids": [Command.set(action.ids)],
            }
        )
        self.customer.ref = "A"
        self.assertEqual(self.customer.city, "Host")
        self.assertFalse(self.runs())

    def test_action_that_an_administrator_added_runs_too(self):
        rule = self._create_rule({"kind": "note", "body": "Hello"})
        host = rule.sudo().host_rule_id
        self.env["ir.actions.server"].create(
            {
                "name": "Added",
                "state": "code",
                "model_id": host.model_id.id,
                "code": "record.write({'city': env.user.login})",
                "usage": "base_automation",
                "base_automation_id": host.id,
            }
        )
        self.customer.ref = "A"
        self.assertEqual(self.customer.city, self.manager.login)
        rule.name = "Renamed"
        self.assertEqual(len(host.action_server_ids), 2, "it stays")

    def _count_queries(self):
        """How many queries saving a lead takes, once the caches are warm."""
        lead = self.env["crm.lead"].create({"name": "Lead"})
        for color in (1, 2):
            self.env.flush_all()
            before = self.env.cr.sql_log_count
            lead.write({"color": color})
            self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def test_model_without_rules_pays_nothing(self):
        before = self._count_queries()
        self._create_rule({"kind": "note", "body": "Hello"})
        self.assertEqual(self._count_queries(), before)

    def test_uninstall_leaves_rules_of_the_host(self):
        from ..hooks import uninstall_hook

        rule = self._create_rule({"kind": "note", "body": "Hello"})
        host = self.env["base.automation"].create(
            {
                "name": "Host",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "trigger": "on_create",
            }
        )
        ours = rule.sudo().host_rule_id
        uninstall_hook(self.env)
        self.assertEqual((host | ours).exists(), host)

    def test_effect_can_be_undone_and_explained(self):
        rule = self._create_rule(self._set("city", "Wuhan"))
        self.customer.ref = "A"
        run = self.runs(rule).with_user(self.manager)
        why = run.explain("run")
        self.assertEqual(why["rule"]["name"], "Rule")
        self.assertIn("City", why["sentence"])
        run.operation_id.action_undo()
        self.assertFalse(self.customer.city)


class Met(SerializationFailure):
    pgcode = "40001"


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

    def test_defaults_of_the_screen_do_not_reach_the_rule(self):
        rule = self._create_rule(
            {"kind": "activity", "subject": "Call", "who": "author", "days": 0}
        )
        self.customer.with_context(default_summary="Evil", default_user_id=1).ref = "A"
        self.assertEqual(self.customer.activity_ids.summary, "Call")
        self.assertEqual(self.customer.activity_ids.user_id, rule.user_id)


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
