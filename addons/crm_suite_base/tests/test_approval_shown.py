from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .approval_common import ApprovalCase, chain
from .common import ROLE


@tagged("post_install", "-at_install")
class TestApprovalShown(ApprovalCase):
    """What people see of a request without opening it: why it came back, what it is
    about, that it was copied to them."""

    def rows(self, user, key):
        todo = self.env["crm.suite.todo"].with_user(user)
        self.env.invalidate_all()
        return todo.crm_suite_todo(key)["sources"][0]["rows"]

    def texts(self, user, key):
        return [[f["text"] for f in row["subtitle"]] for row in self.rows(user, key)]

    def told(self, request, user):
        return self.env["mail.message"].search(
            [
                ("model", "=", request._name),
                ("res_id", "=", request.id),
                ("partner_ids", "in", user.partner_id.ids),
            ]
        )

    # === WHAT CAME BACK === #

    def returned(self):
        order, request = self.held()
        self.decide(request, self.lead, "return", "Name the date")
        return order, request

    def test_the_document_says_who_returned_it_and_why(self):
        order, request = self.returned()
        sentence = f"{self.lead.name} returned it: Name the date"
        mine = order.with_user(self.rep)
        self.assertEqual(mine.crm_suite_approval_waiting, sentence)
        self.assertTrue(mine.crm_suite_approval_mine)
        self.assertTrue(mine.crm_suite_approval_returned)
        theirs = order.with_user(self.lead)
        self.assertEqual(theirs.crm_suite_approval_waiting, sentence)
        self.assertFalse(theirs.crm_suite_approval_returned)
        self.decide(request, self.rep, comment="")
        self.assertFalse(mine.crm_suite_approval_returned)
        self.assertIn(self.lead.name, mine.crm_suite_approval_waiting)
        self.assertNotIn("Name the date", mine.crm_suite_approval_waiting)

    def test_the_last_return_counts(self):
        order, request = self.returned()
        self.decide(request, self.rep, comment="")
        self.decide(request, self.lead, "return", "And the price")
        waiting = order.with_user(self.rep).crm_suite_approval_waiting
        self.assertEqual(waiting, f"{self.lead.name} returned it: And the price")

    def test_the_to_do_line_says_it_too(self):
        order, _request = self.returned()
        [row] = self.rows(self.rep, "approval_revise")
        self.assertEqual(row["title"], order.name)
        texts = [fact["text"] for fact in row["subtitle"]]
        self.assertIn(f"{self.lead.name} returned it: Name the date", texts)
        self.assertNotIn("Start", " ".join(texts))
        self.assertEqual(row["open"], {"model": "sale.order", "id": order.id})

    def test_the_notice_carries_the_comment(self):
        order, request = self.returned()
        # What is said later does not hide it.
        order.with_user(self.rep).order_line.discount = 17
        self.run_cron("ir_cron_approval_notices")
        message = self.told(request, self.rep)
        self.assertEqual(message.subject, f"{order.name} came back to you")
        self.assertIn(f"{self.lead.name} returned it: Name the date", message.body)

    def test_a_time_limit_is_not_told_as_a_person(self):
        _order, request = self.returned()
        event = request.event_ids.filtered(lambda e: e.kind == "return")
        by_clock = event.copy(
            {"channel": "system", "comment": False, "is_missed": True}
        )
        self.assertNotIn(self.lead.name, by_clock._describe_return())
        self.assertEqual(by_clock.remark, "The time limit has passed")

    def test_who_may_not_see_the_request_hears_no_comment(self):
        _order, request = self.returned()
        for user, heard in ((self.rep, True), (self.agent, False)):
            waiting = request.with_user(user).sudo()._describe_waiting()
            self.assertEqual("Name the date" in waiting, heard, user.login)

    # === TAKING BACK === #

    def test_an_agreement_is_taken_back_a_return_is_not(self):
        _order, request = self.held()
        mine = request.with_user(self.lead)
        self.decide(request, self.lead)
        self.assertTrue(mine.can_retrieve)
        mine.action_retrieve()
        self.env.invalidate_all()
        self.decide(request, self.lead, "return")
        self.assertFalse(mine.can_retrieve)

    # === COPIES === #

    def copied(self, reader):
        self.flow.graph = chain(
            self.ask("leader", approvers=[{"by": "manager", "level": 1}]),
            {
                "id": "cc",
                "type": "copy",
                "name": "Copy",
                "approvers": [{"by": "users", "user_ids": [reader.id]}],
            },
        )
        self.flow.action_publish()
        order, request = self.held()
        found = self.Request.with_user(reader)
        self.assertFalse(found.search([("id", "=", request.id)]))
        self.decide(request, self.lead)
        return order, request

    def test_who_gets_a_copy_is_told_and_reads_the_request(self):
        reader = new_test_user(
            self.env, "suite_reader", f"{ROLE}analyst", notification_type="inbox"
        )
        order, request = self.copied(reader)
        self.assertEqual(order.state, "sale")
        message = self.told(request, reader)
        self.assertIn(order.name, message.subject)
        self.assertIn(reader.partner_id, message.notified_partner_ids)
        self.assertTrue(message.with_user(reader).needaction)
        message.with_user(reader).check_access("read")
        view = self.env.ref("crm_suite_base.approval_request_view_search").arch
        self.assertIn("Copied to Me", view)
        mine = self.Request.with_user(reader).search(
            [("event_ids", "any", [("kind", "=", "copy"), ("user_id", "=", reader.id)])]
        )
        self.assertEqual(mine, request)
        mine.check_access("read")
        self.assertIn(order.partner_id.name, mine.figures_text)
        self.assertTrue(mine.event_ids)
        self.assertEqual(mine.trace()["request"]["name"], order.name)
        others = self.Request.with_user(self.agent)
        self.assertFalse(others.search([("id", "=", request.id)]))

    def test_a_copy_does_not_open_the_document(self):
        order, request = self.copied(self.agent)
        mine = request.with_user(self.agent)
        mine.check_access("read")
        self.assertFalse(order.with_user(self.agent).has_access("read"))
        with self.assertRaises(AccessError):
            mine.action_open_document()
        self.assertNotIn(self.customer.name, mine.about or "")
        with self.assertRaises(AccessError):
            mine.action_withdraw()

    # === WHAT IT IS ABOUT === #

    def test_an_order_names_customer_and_amount(self):
        order, request = self.held()
        about = f"{self.customer.name} · "
        amount = order._approval_text("amount_total", order.amount_total)
        self.assertIn(order.currency_id.symbol, amount)
        [texts] = self.texts(self.lead, "approvals")
        self.assertEqual(texts[0], about + amount)
        task = self.task(request, self.lead)
        self.assertEqual(task.about, about + amount)
        self.assertEqual(request.with_user(self.lead).about, about + amount)

    def test_who_may_not_read_the_order_sees_no_more_of_it(self):
        _order, request = self.held()
        task = request.task_ids.with_user(self.agent)
        self.assertNotIn(self.customer.name, task.about)
        self.assertEqual(task.about, "Confirm an order")

    def test_a_customer_names_what_is_to_be_changed(self):
        grade = self.env["crm.suite.grade"].search([], limit=1)
        for names, vals, text in (
            (
                "crm_suite_grade_override_id",
                {"crm_suite_grade_override_id": grade.id},
                f"→ {grade.display_name}",
            ),
            ("ref", {"ref": "K-17"}, "→ K-17"),
        ):
            self._create_flow(
                chain(self.ask("finance", self.finance)),
                model_id=self.env["ir.model"]._get("res.partner").id,
                start="fields",
                start_method=False,
                start_fields=names,
                start_domain="[]",
            )
            self.customer.with_user(self.lead).write(vals)
            task = self.task(self.customer.crm_suite_approval_id, self.finance)
            self.assertIn(text, task.about)
            self.assertEqual(task.name, self.customer.display_name)

    def test_a_page_costs_the_same_queries_however_long(self):
        def cost(act):
            # Once more than counted: record rules are read once a process.
            for _time in range(2):
                self.env.flush_all()
                self.env.invalidate_all()
                before = self.env.cr.sql_log_count
                act()
            return self.env.cr.sql_log_count - before

        def back():
            self.env["crm.suite.todo"].with_user(self.rep).crm_suite_todo(
                "approval_revise", limit=80
            )

        def page():
            self.env["crm.suite.todo"].with_user(self.lead).crm_suite_todo(
                "approvals", limit=80
            )

        def listed():
            self.Task.with_user(self.lead).web_search_read(
                [("state", "=", "open")], {"name": {}, "about": {}}, limit=80
            )

        for _number in range(2):
            self.held()
            self.returned()
        acts = (page, listed, back)
        few = [cost(act) for act in acts]
        for number in range(6):
            partner = self._create_customer(name=f"P{number}", user_id=self.rep.id)
            with patch.object(type(self), "customer", partner):
                self.held()
                self.returned()
        self.assertEqual([cost(act) for act in acts], few)

    # === CHANGES === #

    def test_a_change_is_told_once(self):
        """The screen writes an order with its lines: both watch, one tells."""
        order, request = self.held()
        line = order.order_line
        order.with_user(self.rep).write(
            {"order_line": [(1, line.id, {"price_unit": 900})]}
        )
        changes = request.event_ids.filtered(lambda e: e.kind == "change")
        self.assertEqual(len(changes), 1)
        total = order._approval_text("amount_total", order.amount_total)
        self.assertTrue(changes.comment.endswith(f"→ {total}"), changes.comment)
        line.with_user(self.rep).price_unit = 800
        changes = request.event_ids.filtered(lambda e: e.kind == "change")
        self.assertEqual(len(changes), 2, "a line alone is watched as before")

    def test_what_is_compared_while_people_are_asked(self):
        """Beside the figures: terms, validity and quantity; not a note."""
        order, request = self.held()
        term = self.env.ref("account.account_payment_term_30days")
        mine = order.with_user(self.rep)
        for change, text in (
            ({"payment_term_id": term.id}, f"→ {term.name}"),
            ({"validity_date": "2031-05-04"}, "2031"),
            ({"order_line": [(1, order.order_line.id, {"product_uom_qty": 7})]}, "→ 7"),
            ({"partner_id": self.boss.partner_id.id}, f"→ {self.boss.name}"),
            ({"note": "Thanks"}, None),
        ):
            before = request.event_ids
            mine.write(change)
            told = (request.event_ids - before).mapped("comment")
            self.assertEqual(len(told), 1 if text else 0, change)
            self.assertIn(text or "", "".join(told))
