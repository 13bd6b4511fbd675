from odoo.exceptions import UserError
from odoo.tests import Form, HttpCase, tagged

from .approval_common import ApprovalCase, chain


@tagged("post_install", "-at_install")
class TestApprovalReturn(ApprovalCase, HttpCase):
    """Where a return may go: chosen only where the flow leaves it open; then from every
    screen, by default to who asked."""

    def at_finance(self, **values):
        """A request that stands at the third step."""
        values = {"return_to": "choose", **values}
        self.flow.graph = chain(
            self.ask("leader", self.lead),
            self.ask("head", self.boss),
            self.ask("finance", self.finance, **values),
        )
        self.flow.action_publish()
        _order, request = self.held()
        self.decide(request, self.lead)
        self.decide(request, self.boss)
        return request, self.task(request, self.finance)

    def window(self, task):
        windows = self.env["crm.suite.approval.decide"].with_user(task.env.user)
        return Form(windows.with_context(default_task_id=task.id))

    def asked(self):
        return f"{self.rep.name}, who asked"

    # === WHERE THE FLOW LEAVES IT OPEN === #

    def test_the_steps_are_offered_by_name(self):
        _request, task = self.at_finance()
        names = [row["name"] for row in task.get_options()["return_to"]]
        self.assertEqual(names, ["Head", "Leader", self.asked()])

    def test_the_window_stands_at_who_asked(self):
        request, task = self.at_finance()
        form = self.window(task)
        self.assertEqual(form.return_to, "start")
        form.comment = "Too high"
        form.save().action_return()
        self.assertEqual(self.holders(request), ["suite_rep"])

    def test_the_window_lets_choose(self):
        request, task = self.at_finance()
        form = self.window(task)
        form.comment = "Too high"
        form.return_to = "leader"
        form.save().action_return()
        self.assertEqual(self.holders(request), ["suite_lead"])

    def test_what_is_preset_disturbs_no_other_decision(self):
        request, task = self.at_finance()
        self.window(task).save().action_agree()
        self.assertEqual(request.state, "agreed")

    def test_several_at_once(self):
        """One whose flow says where, and one whose flow leaves it open."""
        one, _task = self.at_finance()
        two, _task = self.at_finance(return_to="previous")
        tasks = self.task(one, self.finance) | self.task(two, self.finance)
        tasks.action_return("Too high")
        self.env.invalidate_all()
        self.assertEqual(self.holders(one), ["suite_rep"])
        self.assertEqual(self.holders(two), ["suite_boss"])

    def test_the_to_do_list_says_where_it_goes(self):
        request, task = self.at_finance()
        todo = self.env["crm.suite.todo"].with_user(self.finance)
        [source] = todo.crm_suite_todo("approvals")["sources"]
        acts = {act["method"]: act for act in source["actions"]}
        self.assertIn("who asked", acts["action_return"]["hint"])
        self.assertFalse(acts["action_reject"]["hint"])
        done = todo.act("approvals", "action_return", task.ids, "Too high")
        self.assertTrue(done["results"][0]["ok"], done)
        self.assertEqual(self.holders(request), ["suite_rep"])

    def test_a_program_need_not_say_it_either(self):
        request, _task = self.at_finance()
        self.decide(request, self.finance, "return")
        self.assertEqual(self.holders(request), ["suite_rep"])

    def test_a_step_that_is_none_is_refused(self):
        for to in ("finance", "end", "nowhere"):
            request, _task = self.at_finance()
            with self.assertRaises(UserError):
                self.decide(request, self.finance, "return", to=to)

    # === WHERE THE FLOW SAYS IT === #

    def test_nothing_is_offered_and_another_wish_is_refused(self):
        request, task = self.at_finance(return_to="previous")
        self.assertFalse(task.get_options()["return_to"])
        form = self.window(task)
        self.assertFalse(form.return_to)
        form.comment = "Too high"
        with self.assertRaisesRegex(UserError, "The flow says"):
            task.action_decide("return", "Too high", to="leader")
        form.save().action_return()
        self.assertEqual(self.holders(request), ["suite_boss"])

    # === BY MAIL === #

    def page(self, task, **data):
        token = task.sudo()._make_token(self.finance)
        response = self.url_open(f"/crm_suite/approval/{token}", data=data or None)
        self.env.invalidate_all()
        return response.text

    def test_the_page_of_the_mail_offers_the_steps(self):
        request, task = self.at_finance()
        text = self.page(task)
        places = [text.index(name) for name in (self.asked(), ">Leader<", ">Head<")]
        self.assertEqual(places, sorted(places), "who asked comes first")
        self.assertNotIn("None", text)
        self.page(task, decision="return", comment="Too high", to="leader")
        self.assertEqual(self.holders(request), ["suite_lead"])

    def test_a_page_without_the_choice_returns_too(self):
        request, task = self.at_finance()
        text = self.page(task, decision="return", comment="Too high")
        self.assertIn("Thank you", text)
        self.assertEqual(self.holders(request), ["suite_rep"])

    def test_the_choice_of_the_page_is_for_returns_only(self):
        request, task = self.at_finance()
        self.page(task, decision="agree", comment="", to="leader")
        self.assertEqual(request.state, "agreed")

    def test_the_page_offers_nothing_where_the_flow_says_it(self):
        request, task = self.at_finance(return_to="start")
        self.assertNotIn("<select", self.page(task))
        text = self.page(task, decision="return", comment="Too high", to="leader")
        self.assertIn("The flow says", text)
        self.assertEqual(self.holders(request), ["suite_finance"])

    # === NO STEP NAMED === #

    def test_help_without_a_step_says_what_is_missing(self):
        request, _task = self.at_finance()
        with self.assertRaisesRegex(UserError, "Name the step"):
            request.with_user(self.admin).action_rescue("move", "He left")
