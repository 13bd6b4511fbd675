from datetime import timedelta

from psycopg2.errors import SerializationFailure
from psycopg2.extras import Json

from odoo import fields
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL, mute_logger

from ..tools.domain_text import read_literals
from .automation_common import AutomationCase
from .common import ROLE

QUIET = "odoo.addons.crm_suite_base.models.automation_engine"


class Met(SerializationFailure):
    pgcode = "40001"


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
        self.assertNotIn(order, self._get_due(rule))

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

    def test_a_change_does_not_make_up_for_the_past(self):
        """Whoever meets a crossing rule by an edit of it was there before."""
        company = self.env["res.company"].create({"name": "Elsewhere"})
        boss = new_test_user(self.env, "suite_boss", f"{ROLE}sales_manager")
        boss.company_ids |= company
        theirs = self._create_customer(name="Theirs", ref="X", company_id=company.id)
        self.customer.write({"ref": "X", "city": "Wuhan"})
        self._set_figures(self.customer, receivable_overdue=500)
        params = self._use("receivable", {"amount": 1000})
        widened = self._create_rule(
            {"kind": "note", "body": "x"},
            trigger="crossing",
            domain="[('ref', '=', 'X'), ('city', '=', 'Beijing')]",
            company_id=False,
            existing=True,
        )
        other = self._create_rule({"kind": "note", "body": "x"}, company_id=False)
        params.params = {"amount": 100}
        widened.domain = "[('ref', '=', 'X')]"
        other.write({"trigger": "crossing", "domain": "[('ref', '=', 'X')]"})
        rules = (params | widened | other).sudo()
        rules._watch()
        self.assertFalse(self.runs())
        widened.with_user(boss).action_take_over()
        rules._watch()
        self.assertFalse(self.runs(), "nor whom the new manager sees besides")
        self.assertEqual(widened.user_id, boss)
        later = self._create_customer(name="Later", ref="X")
        theirs.ref = "Y"
        rules._watch()
        theirs.ref = "X"
        rules._watch()
        self.assertEqual(self.runs(other).res_id, later.id)
        self.assertEqual(
            set(self.runs(widened).mapped("res_id")), {later.id, theirs.id}
        )

    def test_another_trigger_does_not_make_up_for_the_past(self):
        order = self._create_order(self.customer, confirm=False, user_id=self.rep.id)
        order.validity_date = self.today - timedelta(days=9)
        rule = self._create_rule(
            {"kind": "note", "body": "x"}, model="sale.order", field="client_order_ref"
        )
        rule.write({"trigger": "date", "date_field": "validity_date"})
        self.assertNotIn(order, self._get_due(rule))
        called = self._create_rule({"kind": "note", "body": "x"})
        called.trigger = "webhook"
        self.assertTrue(called.webhook_url)

    def _get_due(self, rule):
        """What the host would hand to a rule about dates now."""
        host = rule.sudo().host_rule_id
        return host._search_time_based_automation_records(until=fields.Datetime.now())

    def test_switched_on_by_the_host(self):
        """By a technical administrator: from then on, as by the button."""
        order = self._create_order(self.customer, confirm=False, user_id=self.rep.id)
        order.validity_date = self.today
        dated, crossing = self._use("quotation_expires"), self._use("receivable")
        hosts = (dated | crossing).sudo().host_rule_id
        hosts.active = False
        self.assertEqual(set((dated | crossing).mapped("state")), {"off"})
        self._set_figures(self.customer, receivable_overdue=10**6)
        dated.sudo().host_rule_id.last_run = False
        hosts.active = True
        self.Rule._watch_customers()
        self.assertFalse(self.runs(crossing))
        self.assertNotIn(order, self._get_due(dated))

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

    def test_what_was_left_out_was_not_the_one_time(self):
        rule = self._create_rule(
            {"kind": "note", "body": "Hello"},
            once=True,
            timing="later",
            domain="[('city', '=', 'Wuhan')]",
        )
        self.customer.write({"city": "Wuhan", "ref": "A"})
        self.customer.city = "Beijing"
        self.work()
        self.customer.write({"city": "Wuhan", "ref": "B"})
        rule.action_switch_off()
        self.work()
        self.assertEqual(self.runs(rule).mapped("state"), ["skipped", "skipped"])
        rule.action_switch_on()
        for ref in "CD":
            self.customer.ref = ref
            self.work()
        self.assertEqual(
            self.runs(rule).mapped("state"), ["skipped", "skipped", "done"]
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

    def test_settings_leave_what_was_edited_by_hand(self):
        rule = self._use("receivable", {"amount": 10000})
        edited = "[('crm_suite_overdue', '>', 1)]"
        [amount] = read_literals(rule.domain)
        rule.domain = repr(["&", list(amount), ("country_id.code", "=", "CN")])
        activity = rule.action_ids.filtered(lambda action: action.kind == "activity")
        rule.params = {"amount": 10000, "due": 7}
        self.assertIn("country_id.code", rule.domain)
        self.assertIn("10000", rule.domain)
        self.assertEqual(activity.days, 7)
        activity.days = 9
        rule.params = {"amount": 5000, "due": 7}
        self.assertIn("country_id.code", rule.domain)
        self.assertIn("5000", rule.domain)
        self.assertNotIn("10000", rule.domain)
        self.assertEqual(activity.days, 9, "this setting was not changed")
        both = {"params": {"amount": 700, "due": 7}}
        rule.write({**both, "domain": rule.domain.replace("CN", "DE")})
        self.assertIn("DE", rule.domain)
        self.assertIn("700", rule.domain)
        rule.domain = edited
        rule.params = {"amount": 700, "due": 3}
        self.assertEqual(rule.domain, edited)
        with self.assertRaisesRegex(UserError, "“Condition” of .* changed by hand"):
            rule.params = {"amount": 10, "due": 3}

    def test_settings_leave_a_distance_edited_by_hand(self):
        rule = self._use("quotation_expires", {"days": 3, "due": 1})
        rule.date_offset = 7
        rule.params = {"days": 3, "due": 2}
        self.assertEqual(rule.date_offset, 7)
        rule.params = {"days": 5, "due": 2}
        self.assertEqual(rule.date_offset, 5)

    def test_a_setting_whose_record_is_gone(self):
        stages = self.env["crm.stage"].create([{"name": "One"}, {"name": "Two"}])
        rule = self._use("deal_stage", {"stage": stages[0].id, "due": 3})
        stages[0].unlink()
        rule.params = {"stage": stages[1].id, "due": 3}
        self.assertIn(str(stages[1].id), rule.domain)

    def test_values_are_named_in_any_language(self):
        """Once for all, though who sets a rule off may read another language."""
        self.env["res.lang"]._activate_lang("zh_CN")
        stage = self.env["crm.stage"].create({"name": "Far"})
        stage.with_context(lang="zh_CN").name = "远"
        twin = self.env["crm.stage"].create({"name": "Close"})
        twin.with_context(lang="zh_CN").name = "Far off"
        self.env.cr.execute(
            SQL(
                """
                UPDATE ir_model_fields_selection s SET name = s.name || %s::jsonb
                  FROM ir_model_fields f
                 WHERE f.id = s.field_id AND f.model = 'crm.lead'
                   AND f.name = 'priority' AND s.value = '2'
                """,
                Json({"zh_CN": "高"}),
            )
        )
        self.env.registry.clear_all_caches()
        lead = self.env["crm.lead"].create({"name": "Deal", "type": "opportunity"})
        for stage_name, priority in (("Far", "High"), ("远", "高"), ("Far", "2")):
            rule = self._create_rule(
                self._set("stage_id", stage_name),
                self._set("priority", priority),
                model="crm.lead",
                field="referred",
            )
            for lang in ("en_US", "zh_CN"):
                lead.write({"stage_id": twin.id, "priority": "0", "referred": False})
                lead.with_context(lang=lang).referred = lang
                self.assertEqual((lead.stage_id, lead.priority), (stage, "2"))
            rule.action_switch_off()
        twin.with_context(lang="zh_CN").name = "Far"
        for value in ("Far", "Nowhere"):
            with self.assertRaisesRegex(ValidationError, "is no value"):
                self._create_rule(
                    self._set("stage_id", value),
                    on=False,
                    model="crm.lead",
                    field="referred",
                )

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
