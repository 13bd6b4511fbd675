from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..tools.approval_graph import Flow
from .approval_common import ApprovalCase, chain
from .common import ROLE


@tagged("post_install", "-at_install")
class TestApprovalCustomer(ApprovalCase):
    """A credit limit, a grade by hand, leaving a pool."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accountant = new_test_user(
            cls.env,
            "suite_accountant",
            f"{ROLE}data_steward,account.group_account_invoice,account.group_account_manager",
        )
        cls.partner_model = cls.env["ir.model"]._get("res.partner")

    def field_flow(self, name, graph=None, **values):
        defaults = {"model_id": self.partner_model.id, "start_domain": "[]"}
        return self._create_flow(
            graph or chain(self.ask("finance", self.finance)),
            start="fields",
            start_method=False,
            start_fields=name,
            **{**defaults, **values},
        )

    def test_html_counts_as_changed_by_what_is_kept_of_it(self):
        customers = self.customer + self.customer.copy({"name": "Another"})
        self.customer.comment = "<p>As agreed</p>"
        self.field_flow("comment", start_direction="changed")
        customers = customers.with_user(self.accountant)
        customers.write({"comment": "<p>As agreed</p><script>run()</script>"})
        running = customers.mapped("crm_suite_approval_id")
        self.assertEqual(running.res_id, customers[1].id)

    def test_higher_credit_limit_waits_and_is_then_written(self):
        self.field_flow("credit_limit", start_direction="higher")
        customer = self.customer.with_user(self.accountant)
        customer.write({"credit_limit": 5000, "comment": "x"})
        self.assertEqual(self.customer.credit_limit, 0)
        self.assertIn("x", self.customer.comment)
        request = self.customer.crm_suite_approval_id
        self.assertIn("5,000", request.proposal_text)
        opened = request.with_user(self.finance).action_open_document()
        page = self.env.ref("crm_suite_base.res_partner_view_form_customer")
        self.assertEqual(opened["views"], [(page.id, "form")])
        with self.assertRaisesRegex(UserError, "waits already"):
            customer.write({"credit_limit": 7000})
        self.decide(request, self.finance)
        self.assertEqual(self.customer.credit_limit, 5000)
        self.assertEqual(request.effect_state, "done")
        customer.write({"credit_limit": 100})
        self.assertEqual(self.customer.credit_limit, 100)

    def branch(self):
        """Another company in which the accountant works."""
        branch = self.env["res.company"].create({"name": "Branch"})
        self.accountant.company_ids |= branch
        return branch, self.customer.with_user(self.accountant).with_context(
            allowed_company_ids=[branch.id, self.env.company.id]
        )

    def test_a_value_goes_to_the_company_in_which_it_was_asked_for(self):
        branch, customer = self.branch()
        customer.credit_limit = 100
        self.field_flow("credit_limit", start_direction="higher")
        customer.credit_limit = 5000
        request = self.customer.crm_suite_approval_id
        self.assertIn("100", request.with_user(self.finance).proposal_text)
        self.decide(request, self.finance)
        self.assertEqual(request.effect_state, "done")
        self.assertEqual(self.customer.with_company(branch).credit_limit, 5000)
        self.assertEqual(self.customer.credit_limit, 0)

    def test_an_agreement_counts_in_the_company_in_which_it_was_asked_for(self):
        _here, request = self.failing()
        _branch, there = self.branch()
        there.credit_limit = 5000
        self.assertEqual(there.credit_limit, 0)
        self.assertEqual(request.effect_state, "dropped")
        self.assertNotEqual(self.customer.crm_suite_approval_id, request)

    def test_a_flow_of_a_company_holds_what_is_done_there(self):
        branch, customer = self.branch()
        self.field_flow("credit_limit", company_id=branch.id)
        self.customer.with_user(self.accountant).credit_limit = 700
        self.assertEqual(self.customer.credit_limit, 700)
        self.assertFalse(self.customer.crm_suite_approval_id)
        customer.credit_limit = 5000
        self.assertEqual(self.customer.with_company(branch).credit_limit, 0)
        self.assertEqual(self.customer.crm_suite_approval_id.state, "running")

    def test_a_value_goes_to_the_first_flow_that_waits_for_it(self):
        first = self.field_flow(
            "credit_limit",
            chain(self.ask("boss", self.boss)),
            sequence=1,
            start_domain=f"[('id', '=', {self.customer.id})]",
        )
        for names in ("credit_limit", "credit_limit,ref"):
            with self.subTest(fields=names):
                flow = self.field_flow(names, sequence=2)
                customers = self.customer + self.customer.copy({"ref": False})
                old = customers.mapped("credit_limit")
                values = {"credit_limit": old[0] + 5000, "ref": names}
                customers.with_user(self.accountant).write(values)
                self.assertEqual(customers.mapped("credit_limit"), old)
                asked = self.Request.search(
                    [
                        ("res_model", "=", "res.partner"),
                        ("res_id", "in", customers.ids),
                        ("state", "=", "running"),
                    ]
                )
                mine = asked.filtered(lambda r: r.res_id == self.customer.id)
                limits = mine.filtered(lambda r: r.flow_id == first)
                self.assertEqual(set(limits.effect["values"]), {"credit_limit"})
                if "ref" in names:
                    [rest] = mine - limits
                    self.assertEqual(set(rest.effect["values"]), {"ref"})
                    self.decide(rest, self.finance)
                    self.assertEqual(self.customer.ref, names)
                else:
                    self.assertEqual(mine, limits)
                self.assertEqual((asked - mine).flow_id, flow)
                self.decide(limits, self.boss)
                self.assertEqual(self.customer.credit_limit, old[0] + 5000)
                flow.action_switch_off()

    def test_an_agreed_value_is_written_whatever_waits_since(self):
        flow = self.field_flow("credit_limit")
        self.customer.with_user(self.accountant).credit_limit = 5000
        request = self.customer.crm_suite_approval_id
        flow.start_fields = "credit_limit,property_payment_term_id"
        flow.action_publish()
        self.field_flow("credit_limit,ref")
        self.decide(request, self.finance)
        self.assertEqual(self.customer.credit_limit, 5000)
        self.assertEqual(request.effect_state, "done")
        self.assertEqual(self.customer.crm_suite_approval_id, request)
        done = request.event_ids.filtered(lambda e: e.kind == "effect")
        self.assertEqual(len(done), 1)

    def test_what_a_record_must_have_is_there_from_its_beginning(self):
        self.field_flow("name")
        orders = self.env["ir.model"]._get("sale.order")
        self.field_flow("partner_id", model_id=orders.id)
        newcomer = self.Partner.with_user(self.lead).create({"name": "Newcomer"})
        self.assertEqual(newcomer.name, "Newcomer")
        self.assertFalse(newcomer.crm_suite_approval_id)
        newcomer.name = "Renamed"
        self.assertEqual(newcomer.name, "Newcomer")
        self.assertEqual(newcomer.sudo().crm_suite_approval_id.state, "running")
        order = self._order()
        self.assertEqual(order.partner_id, self.customer)
        order.with_user(self.rep).partner_id = newcomer
        self.assertEqual(order.partner_id, self.customer)

    def test_who_makes_records_keeps_his_values(self):
        self.field_flow("crm_suite_grade_override_id")
        grade = self.env["crm.suite.grade"].search([], limit=1)
        values = {"name": "Newcomer", "crm_suite_grade_id": grade.id}
        before = dict(values)
        self.Partner.with_user(self.lead).create([values])
        self.assertEqual(values, before)

    def test_higher_and_lower_need_values_that_are(self):
        for name in ("user_id", "ref", "is_company"):
            with (
                self.subTest(field=name),
                self.assertRaisesRegex(ValidationError, "higher or lower"),
                self.env.cr.savepoint(),
            ):
                self.field_flow(name, start_direction="lower")
        flow = self.field_flow("credit_limit", start_direction="lower")
        flow.write({"start": "edit", "start_fields": False})

    def test_a_better_grade_is_higher(self):
        best, middle, last = self.env["crm.suite.grade"].search([])[:3]
        self.customer.crm_suite_grade_override_id = middle
        self.field_flow("crm_suite_grade_id", start_direction="higher")
        customer = self.customer.with_user(self.lead)
        customer.crm_suite_grade_override_id = last
        self.assertEqual(self.customer.crm_suite_grade_id, last)
        customer.crm_suite_grade_override_id = best
        self.assertEqual(self.customer.crm_suite_grade_id, last)
        self.assertEqual(self.customer.crm_suite_approval_id.state, "running")

    def test_rejected_value_is_not_written(self):
        self.field_flow("credit_limit", start_direction="higher")
        self.customer.with_user(self.accountant).credit_limit = 5000
        request = self.customer.crm_suite_approval_id
        self.decide(request, self.finance, "reject")
        self.assertEqual(self.customer.credit_limit, 0)

    def test_condition_sees_the_value_that_waits(self):
        graph = chain(
            {"id": "if", "type": "condition", "name": "High?"},
            self.ask("finance", self.finance),
        )
        graph["edges"][1].update(when="credit_limit > 1000")
        graph["edges"].append({"id": "e9", "from": "if", "to": "end", "default": True})
        self.field_flow("credit_limit", start_direction="higher").graph = graph
        flow = self.Flow.search([("res_model", "=", "res.partner")], limit=1)
        flow.action_publish()
        customer = self.customer.with_user(self.accountant)
        customer.credit_limit = 500
        self.assertEqual(self.customer.credit_limit, 500)
        customer.credit_limit = 5000
        self.assertEqual(self.customer.credit_limit, 500)

    def test_grade_by_hand_waits_with_all_of_it(self):
        self.field_flow("crm_suite_grade_override_id")
        grade = self.env["crm.suite.grade"].search([], limit=1)
        customer = self.customer.with_user(self.lead)
        customer.write({"crm_suite_grade_override_id": grade.id})
        self.assertFalse(self.customer.crm_suite_grade_override_id)
        self.assertFalse(self.customer.crm_suite_grade_id)
        self.decide(self.customer.crm_suite_approval_id, self.finance)
        self.assertEqual(self.customer.crm_suite_grade_id, grade)
        self.assertEqual(self.customer.crm_suite_grade_override_user_id, self.lead)

    def test_grade_waits_by_whichever_field_it_is_given(self):
        first, second = self.env["crm.suite.grade"].search([], limit=2)
        customer = self.customer.with_user(self.lead)
        by_hand = self.field_flow("crm_suite_grade_override_id")
        customer.load(
            [".id", "crm_suite_grade_id/.id"], [[str(self.customer.id), str(first.id)]]
        )
        self.assertFalse(self.customer.crm_suite_grade_id)
        self.decide(self.customer.crm_suite_approval_id, self.finance)
        self.assertEqual(self.customer.crm_suite_grade_id, first)
        by_hand.action_switch_off()
        self.field_flow("crm_suite_grade_id")
        reason = {
            "crm_suite_grade_override_reason": "Strategic",
            "crm_suite_grade_override_until": "2099-12-31",
        }
        customer.write({"crm_suite_grade_override_id": second.id, **reason})
        self.assertEqual(self.customer.crm_suite_grade_id, first)
        self.assertNotEqual(self.customer.crm_suite_grade_override_reason, "Strategic")
        self.decide(self.customer.crm_suite_approval_id, self.finance)
        self.assertEqual(self.customer.crm_suite_grade_id, second)
        self.assertEqual(self.customer.crm_suite_grade_override_reason, "Strategic")
        self.assertEqual(
            str(self.customer.crm_suite_grade_override_until), "2099-12-31"
        )

    def test_stage_by_hand_waits_where_the_stage_does(self):
        self.field_flow("crm_suite_lifecycle_id")
        stage = self.env.ref("crm_suite_base.lifecycle_stage_lost")
        before = self.customer.crm_suite_lifecycle_id
        self.customer.with_user(self.lead).write(
            {
                "crm_suite_lifecycle_override_id": stage.id,
                "crm_suite_lifecycle_override_reason": "Closed down",
            }
        )
        self.assertEqual(self.customer.crm_suite_lifecycle_id, before)
        self.decide(self.customer.crm_suite_approval_id, self.finance)
        self.assertEqual(self.customer.crm_suite_lifecycle_id, stage)
        self.assertEqual(
            self.customer.crm_suite_lifecycle_override_reason, "Closed down"
        )

    def test_new_customer_gets_its_grade_after_the_agreement(self):
        self.field_flow("crm_suite_grade_override_id")
        grade = self.env["crm.suite.grade"].search([], limit=1)
        customer = (
            self.env["res.partner"]
            .with_user(self.lead)
            .create({"name": "Newcomer", "crm_suite_grade_id": grade.id})
        )
        self.assertFalse(customer.crm_suite_grade_id)
        self.decide(customer.crm_suite_approval_id, self.finance)
        self.assertEqual(customer.crm_suite_grade_id, grade)

    def failing(self):
        """A credit limit that was agreed to and is not written: he may not any more."""
        self.field_flow("credit_limit", start_direction="higher")
        customer = self.customer.with_user(self.accountant)
        customer.credit_limit = 5000
        request = self.customer.crm_suite_approval_id
        groups = self.accountant.group_ids
        self.accountant.group_ids = self.env.ref("base.group_user")
        self.decide(request, self.finance)
        self.assertEqual((request.state, request.effect_state), ("agreed", "failed"))
        self.accountant.group_ids = groups
        return customer, request

    def test_value_that_could_not_be_written_gives_way(self):
        customer, request = self.failing()
        customer.credit_limit = 7000
        self.assertEqual(request.effect_state, "dropped")
        newer = self.customer.crm_suite_approval_id
        self.assertNotEqual(newer, request)
        self.decide(newer, self.finance)
        self.assertEqual(self.customer.credit_limit, 7000)

    def test_value_written_by_hand_is_not_written_again(self):
        customer, request = self.failing()
        customer.credit_limit = 5000
        self.assertEqual(self.customer.credit_limit, 5000)
        self.assertEqual(request.effect_state, "done")

    def test_refused_claim_leaves_the_agreement(self):
        pool, request = self.claimed(max_person=1)
        other = self.customer.copy({"name": "Another", "user_id": False})
        pool.action_add(other.ids)
        flow = request.flow_id
        flow.action_switch_off()
        mine = pool.with_user(self.rep)
        self.assertTrue(mine.action_claim(other.ids)[0]["ok"])
        flow.action_publish()
        self.decide(request, self.finance)
        self.assertEqual(request.effect_state, "failed")
        self.assertFalse(mine.action_claim(self.customer.ids)[0]["ok"])
        self.assertEqual(request.effect_state, "failed")
        pool.max_person = 2
        self.assertTrue(mine.action_claim(self.customer.ids)[0]["ok"])
        self.assertEqual(request.effect_state, "done")

    def claimed(self, **values):
        """A customer that the rep wants to claim, and the request for it."""
        pool = self.env["crm.suite.pool"].create(
            {
                "name": "Approval pool",
                "company_id": self.env.company.id,
                "user_ids": [(6, 0, self.rep.ids)],
                "admin_ids": [(6, 0, self.lead.ids)],
                "cooldown_days": 0,
                **values,
            }
        )
        self.customer.user_id = False
        pool.action_add(self.customer.ids)
        self._create_flow(
            chain(self.ask("finance", self.finance)),
            model_id=self.partner_model.id,
            start_method="pool_claim",
            start_domain="[]",
        )
        rows = pool.with_user(self.rep).action_claim(self.customer.ids)
        self.assertIn("needs an agreement", rows[0]["reason"])
        return pool, self.customer.crm_suite_approval_id

    def test_claim_waits(self):
        _pool, request = self.claimed()
        self.assertFalse(self.customer.user_id)
        self.decide(request, self.finance)
        self.assertEqual(self.customer.user_id, self.rep)

    def test_approval_under_way_keeps_the_customer(self):
        self.field_flow("credit_limit")
        self.customer.with_user(self.accountant).credit_limit = 5000
        pool = self.env["crm.suite.pool"].create({"name": "Test Pool"})
        vetoes = self.customer._pool_find_vetoes(pool)
        self.assertIn("an approval under way", vetoes[self.customer.id])


@tagged("post_install", "-at_install")
class TestApprovalFlow(ApprovalCase):
    """Publishing, versions, replay."""

    def test_problems_name_node_and_field(self):
        graph = chain(self.ask("finance", self.finance, mode="share"))
        flow = self._create_flow(graph, publish=False)
        with self.assertRaises(UserError) as caught:
            flow.action_publish()
        self.assertIn("Finance", str(caught.exception))
        self.assertIn("share", str(caught.exception))
        self.assertEqual(flow.state, "draft")

    def test_bad_expression_is_found_before(self):
        graph = chain(
            {"id": "if", "type": "condition", "name": "If"},
            self.ask("finance", self.finance),
        )
        graph["edges"][1]["when"] = "no_such_field > 3"
        graph["edges"].append({"id": "e9", "from": "if", "to": "end", "default": True})
        flow = self._create_flow(graph, publish=False)
        self.assertIn("no_such_field", str(flow.check_graph()))

    def test_people_without_a_role_are_found_before(self):
        flow = self._create_flow(chain(self.ask("x", self.plain)), publish=False)
        self.assertIn("cannot decide", flow.check_graph()[0]["message"])

    def test_running_requests_stay_with_their_version(self):
        order, request = self.held()
        self.flow.graph = chain(self.ask("boss", self.boss))
        self.assertTrue(self.flow.is_changed)
        self.flow.action_publish("Only the boss")
        self.assertEqual(self.flow.current_version_id.number, 2)
        self.decide(request, self.lead)
        self.decide(request, self.finance)
        self.assertEqual(order.state, "sale")
        _order, other = self.held()
        self.assertEqual(self.holders(other), ["suite_boss"])

    def test_migration_with_preview(self):
        _order, request = self.held()
        graph = self._default_graph()
        graph["nodes"][1]["name"] = "Team leader"
        self.flow.graph = graph
        self.flow.action_publish()
        preview = self.flow.preview_migration()
        self.assertEqual((preview["count"], preview["ok"]), (1, 1))
        self.assertEqual(self.flow.action_migrate()["moved"], 1)
        self.assertEqual(request.version_id.number, 2)
        self.assertEqual(self.holders(request), ["suite_lead"])

    def test_migration_renames_what_waits_for_people(self):
        graph = self._default_graph()
        graph["nodes"][1].update(type="fill", fields=["client_order_ref"], may_add=None)
        graph["nodes"][1] = {k: v for k, v in graph["nodes"][1].items() if v}
        self.flow.graph = graph
        self.flow.action_publish()
        _order, request = self.held()
        newer = self._default_graph()
        newer["nodes"][1] = {
            **graph["nodes"][1],
            "id": "chief",
            "name": "Chief",
            "fields": ["client_order_ref", "commitment_date"],
        }
        for edge in newer["edges"]:
            edge.update({k: "chief" for k in edge if edge[k] == "leader"})
        self.flow.graph = newer
        self.flow.action_publish()
        self.assertEqual(self.flow.action_migrate({"leader": "chief"})["moved"], 1)
        task = request.task_ids
        self.assertEqual((task.node, task.node_name), ("chief", "Chief"))
        self.assertEqual(task.fill_fields, ["client_order_ref", "commitment_date"])
        self.assertEqual(request.stage, "Chief")

    def test_replay_writes_nothing(self):
        order = self._order()
        self._order(discount=1)
        before = self.Request.search_count([])
        domain = [("partner_id", "=", self.customer.id)]
        result = self.flow.with_user(self.boss).simulate(domain)
        self.assertEqual((result["documents"], result["matched"]), (2, 1))
        people = {row["name"]: row["count"] for row in result["people"]}
        self.assertEqual(people, {self.lead.name: 1, self.finance.name: 1})
        self.assertEqual(self.Request.search_count([]), before)
        self.assertEqual(order.state, "draft")

    def test_replay_tells_where_nobody_would_be_found(self):
        self._order()
        graph = chain(self.ask("leader", approvers=[{"by": "manager", "level": 9}]))
        flow = self._create_flow(graph, publish=False)
        result = flow.simulate([("partner_id", "=", self.customer.id)])
        self.assertEqual(result["nobody"][0]["nodes"], ["Leader"])

    def test_replay_goes_through_the_flows_within(self):
        self._order()
        inner = self._create_flow(
            chain(self.ask("inner", self.boss)), name="Inner", start="button"
        )
        part = {"id": "part", "type": "subflow", "name": "Part", "flow_id": inner.id}
        outer = self._create_flow(
            chain(part, self.ask("finance", self.finance)), publish=False
        )
        domain = [("partner_id", "=", self.customer.id)]
        result = outer.simulate(domain)
        people = {row["name"]: row["count"] for row in result["people"]}
        self.assertEqual(people, {self.boss.name: 1, self.finance.name: 1})
        nodes = {row["id"]: row for row in result["nodes"]}
        self.assertEqual(nodes["part"]["asked"], 1)
        self.assertEqual(nodes["finance"]["documents"], 1)
        self.assertEqual(result["walked"], ["e0", "e1", "e2"])
        inner.action_switch_off()
        result = outer.simulate(domain)
        self.assertEqual(result["nobody"][0]["nodes"], ["Part"], "it would stand still")

    def test_replay_says_what_it_cannot_know(self):
        self._order()
        graph = chain(
            self.ask("open", approvers=[{"by": "chosen"}]),
            self.ask("finance", self.finance),
        )
        flow = self._create_flow(graph, publish=False)
        domain = [("partner_id", "=", self.customer.id)]
        result = flow.simulate(domain)
        self.assertFalse(result["nobody"], "the submitter chooses: it is not stuck")
        nodes = {row["id"]: row for row in result["nodes"]}
        self.assertEqual((nodes["open"]["open"], nodes["finance"]["open"]), (1, 0))
        self.assertIn("chooses", result["rows"][0]["who"])
        self.assertIn("Open", result["unknown"][-1])
        self.assertEqual(len(self.flow.simulate(domain)["unknown"]), 1)
        flow.write({"start": "fields", "start_fields": "amount_total"})
        flow.graph = self._default_graph()
        self.assertEqual(len(flow.simulate(domain)["unknown"]), 2)

    def test_replay_of_a_change_takes_what_was_changed_lately(self):
        order = self._order()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order SET create_date = now() - interval '1 year' WHERE id = %s",
            [order.id],
        )
        self.env.invalidate_all()
        flow = self.flow.copy({"start": "button"})
        lately = self.env["sale.order"].search(flow._get_replay_domain())
        self.assertNotIn(order, lately)
        for values in (
            {"start": "fields", "start_fields": "amount_total"},
            {"start": "edit", "start_fields": False},
        ):
            flow.write(values)
            self.assertIn(order, flow._get_replayed(None))
        self.assertIn("last change", flow._get_unknown(Flow(flow.graph))[-1])
        self.env.cr.execute(
            "UPDATE sale_order SET write_date = now() - interval '1 year' WHERE id = %s",
            [order.id],
        )
        self.env.invalidate_all()
        self.assertNotIn(order, flow._get_replayed(None))

    def test_window_of_the_replay(self):
        self._order()
        replay = self.env["crm.suite.approval.replay"].with_user(self.admin)
        replay = replay.create({"flow_id": self.flow.id, "days": 2})
        replay.action_replay()
        self.assertTrue(replay.unknown_text)
        self.assertIn(self.lead.name, replay.people_text)
        self.assertNotIn("Start", replay.nodes_text)
        self.assertTrue(replay.result["nodes"]["leader"]["count"])
        self.assertEqual(replay.result["walked"], ["e0", "e1", "e2"])

    def test_a_flow_tells_which_ones_stand_before_it(self):
        self.assertFalse(self.flow.earlier_text)
        other = self._create_flow(publish=False, name="Amounts")
        self.assertIn("Discounts", other.earlier_text)
        other.sequence = self.flow.sequence - 1
        self.assertNotIn("Discounts", other.earlier_text or "")
        other.write({"sequence": self.flow.sequence, "start": "create"})
        self.assertFalse(other.earlier_text)
        self.flow.action_switch_off()
        other.start = "method"
        self.assertNotIn("Discounts", other.earlier_text or "")

    def test_problems_of_a_path_name_both_ends(self):
        graph = chain(
            {"id": "if", "type": "condition", "name": "If"},
            self.ask("finance", self.finance),
        )
        graph["edges"].append({"id": "e9", "from": "if", "to": "end", "default": True})
        flow = self._create_flow(graph, publish=False)
        with self.assertRaisesRegex(UserError, "If → Finance"):
            flow.action_publish()

    def test_switched_off_flow_holds_nothing(self):
        self.flow.action_switch_off()
        order = self._order()
        self.confirm(order)
        self.assertEqual(order.state, "sale")

    def test_only_administrators_change_flows(self):
        with self.assertRaises(AccessError):
            self.flow.with_user(self.boss).name = "x"
        with self.assertRaises(AccessError):
            self.flow.with_user(self.boss).action_publish()
        self.flow.with_user(self.admin).action_publish()
        with self.assertRaises(UserError):
            self.flow.with_user(self.admin).write({"state": "draft"})


@tagged("post_install", "-at_install")
class TestApprovalAccess(ApprovalCase):
    def test_who_sees_a_request(self):
        _order, request = self.held()
        self.decide(request, self.lead)
        for user, seen in (
            (self.rep, True),
            (self.lead, True),
            (self.finance, True),
            (self.boss, True),
            (self.agent, False),
            (self.marketer, False),
        ):
            with self.subTest(user=user.login):
                found = self.Request.with_user(user).search([("id", "=", request.id)])
                self.assertEqual(bool(found), seen)
                tasks = self.Task.with_user(user).search(
                    [("request_id", "=", request.id)]
                )
                self.assertEqual(bool(tasks), seen)
                events = self.env["crm.suite.approval.event"].with_user(user)
                self.assertEqual(
                    bool(events.search([("request_id", "=", request.id)])), seen
                )

    def test_nobody_points_a_document_to_a_request(self):
        names = self.Flow._get_document_models()
        self.assertGreaterEqual(len(names), 3)
        for name in names:
            for user in (self.rep, self.admin):
                with self.subTest(model=name), self.assertRaises(AccessError):
                    documents = self.env[name].with_user(user)
                    documents.write({"crm_suite_approval_id": False})

    def test_nobody_writes_rows_by_hand(self):
        _order, request = self.held()
        for user in (self.rep, self.boss, self.admin):
            with self.assertRaises(AccessError):
                request.with_user(user).write({"state": "agreed"})
            with self.assertRaises(AccessError):
                request.task_ids.with_user(user).write({"state": "agreed"})

    def test_in_the_to_do_centre(self):
        orders = [self.held()[1] for _number in range(3)]
        todo = self.env["crm.suite.todo"].with_user(self.lead)
        rows = todo.crm_suite_todo("approvals")["sources"][0]
        self.assertEqual(rows["count"], 3)
        ids = [row["id"] for row in rows["rows"]]
        self.task(orders[0], self.lead).action_agree()
        result = todo.act("approvals", "action_agree", ids)["results"]
        self.assertEqual(sorted(row["ok"] for row in result), [False, True, True])

    def test_window(self):
        _order, request = self.held()
        action = request.with_user(self.lead).action_decide_mine()
        wizard = (
            self.env["crm.suite.approval.decide"]
            .with_user(self.lead)
            .with_context(**action["context"])
            .create({"comment": "Fine"})
        )
        self.assertTrue(wizard.may_add)
        wizard.action_agree()
        self.assertEqual(self.holders(request), ["suite_finance"])

    def test_window_offers_what_the_step_allows(self):
        self._create_flow(chain(self.ask("strict", self.lead)), sequence=1)
        _order, request = self.held()
        task = self.task(request, self.lead)
        wizard = self.env["crm.suite.approval.decide"].with_user(self.lead)
        wizard = wizard.create({"task_id": task.id, "user_ids": self.finance.ids})
        offered = [value for value, _label in wizard.decision_choices]
        self.assertEqual(offered, ["agree"], "he decides himself")
        for forbidden in ("transfer", "add_before", "add_after"):
            wizard.decision = forbidden
            with self.assertRaises(UserError):
                wizard.action_apply()
        self.assertEqual(self.holders(request), ["suite_lead"])

    def test_window_offers_everything_where_the_step_allows_it(self):
        _order, request = self.held()
        wizard = self.env["crm.suite.approval.decide"].with_user(self.lead)
        wizard = wizard.create({"task_id": self.task(request, self.lead).id})
        self.assertEqual(
            {value for value, _label in wizard.decision_choices},
            {"agree", "transfer", "add_before", "add_after"},
        )
