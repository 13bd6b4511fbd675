from odoo.tests import tagged

from ..tools import approval_walk as walk
from .approval_plain import Play, World, approval, edge, graph, line, node
from .test_approval_walk import WATCH, WalkCase


@tagged("-at_install", "post_install")
class TestApprovalRelief(WalkCase):
    """Who is asked has left: whom the rules name now is asked in his place."""

    def test_who_is_named_now_takes_over(self):
        world = World()
        world.rules["boss"] = [2]
        play = Play(line(node("a", "approval", approvers=[{"by": "boss"}])), world)
        world.rules["boss"] = [3]
        play.leave(2)
        self.assertEqual(play.open(), [3])
        (closed,) = play.told("close_task")
        self.assertEqual((closed["user"], closed["status"]), (2, "superseded"))
        self.assertEqual(len(play.events("relieved")), 1)
        self.assertEqual(play.agree(3).status, "agreed")

    def test_nobody_else_is_the_exception_queue(self):
        play = Play(line(approval("a", 2)))
        play.leave(2)
        self.assertEqual((play.status, play.open()), ("exception", []))
        self.assertEqual(play.told("exception")[0]["code"], "nobody")
        self.assertRefused("reason", play.do, "rescue", 9, "", "retry")
        play.do("rescue", 9, "help", "put", visit=play.visit_at("a"), users=[5])
        self.assertEqual(play.agree(5).status, "agreed")

    def test_the_step_says_what_if_nobody_is_found(self):
        play = Play(line(approval("a", 2, nobody="skip"), approval("b", 4)))
        self.assertEqual(play.leave(2).open(), [4])
        other = {"by": "users", "user_ids": [6, 7]}
        play = Play(line(approval("a", 2, nobody=other)))
        self.assertEqual(play.leave(2).open(), [6, 7])

    def test_the_others_decide_without_him(self):
        for mode in ("any", "all", "sequence"):
            play = Play(line(approval("a", 2, 3, mode=mode), approval("b", 4)))
            self.assertEqual(play.leave(2).open(), [3], mode)
            self.assertEqual(play.agree(3).open(), [4], mode)
        play = Play(line(approval("a", 2, 3, 4, mode="share", share=60)))
        play.leave(2)
        self.assertEqual(play.agree(3).open(), [4], "60 % of two are two")

    def test_what_the_others_said_stays(self):
        play = Play(line(approval("a", 2, 3, mode="all"), approval("b", 4)))
        play.agree(3).leave(2)
        self.assertEqual(play.open(), [4])

    def test_whose_turn_comes_later(self):
        play = Play(line(approval("a", 2, 3, 4, mode="sequence")))
        self.assertEqual(play.leave(3).open(), [2])
        self.assertEqual(play.agree(2).open(), [4])

    def test_all_at_once(self):
        play = Play(line(approval("a", 2, 3, mode="all")))
        self.assertEqual(play.leave(2, 3).status, "exception")

    def test_later_tasks_come_back(self):
        step = approval("a", 2, may_transfer=True)
        play = Play(line(step, approval("b", 2)))
        play.act(2, "transfer", users=[5], later=True)
        self.assertEqual(play.leave(5).open(), [2])
        self.assertEqual(play.agree(2).open(), [2])

    def test_who_left_before_his_turn_as_a_stand_in(self):
        step = approval("a", 2, may_transfer=True)
        play = Play(line(step, approval("b", 3), approval("c", 2)))
        play.act(2, "transfer", users=[5], later=True)
        play.agree(5).leave(5)
        self.assertEqual(play.agree(3).open(), [2])

    def test_who_agreed_and_left_is_not_asked_again(self):
        world = World(discount=10)
        world.rules["boss"] = [2]
        step = node("a", "approval", approvers=[{"by": "boss"}], watch=WATCH)
        play = Play(line(step, approval("b", 3)), world)
        play.agree(2).leave(2)
        world.rules["boss"] = [4]
        self.assertEqual(play.open(), [3])
        self.assertEqual(play.edit(discount=20).open(), [3, 4])

    def test_whose_word_was_not_needed_is_asked(self):
        step = approval("a", 2, 3, mode="any", watch=WATCH)
        play = Play(line(step, approval("b", 4)), World(discount=10))
        play.agree(2).edit(discount=20)
        self.assertEqual(play.open(), [2, 4])
        self.assertEqual(play.leave(2).open(), [3, 4])
        self.assertEqual(play.agree(3, 4).status, "agreed")

    def test_who_was_added_before(self):
        play = Play(line(approval("a", 2, may_add=True)))
        play.act(2, "add_before", users=[7])
        self.assertEqual(play.leave(7).open(), [2])

    def test_who_was_added_after_is_answered_for_by_who_added_him(self):
        play = Play(line(approval("a", 2, may_add=True)))
        play.act(2, "add_after", users=[7])
        self.assertEqual((play.leave(7).status, play.open()), ("running", [2]))
        self.assertEqual(play.agree(2).status, "agreed")
        play = Play(line(approval("a", 2, may_add=True)))
        play.act(2, "add_after", users=[7])
        self.assertEqual(play.leave(2, 7).status, "exception")

    def test_who_added_leaves_with_those_he_added(self):
        play = Play(line(approval("a", 2, 3, may_add=True)))
        play.act(2, "add_before", users=[7])
        self.assertEqual(play.leave(2).open(), [3])
        self.assertEqual(play.agree(3).status, "agreed")

    def test_who_is_asked_again_about_a_step_that_was_passed(self):
        world = World(discount=10)
        step = approval("a", 2, watch=WATCH)
        play = Play(line(step, approval("b", 3)), world)
        play.agree(2).edit(discount=20)
        self.assertEqual(play.open(), [2, 3])
        play.leave(2)
        self.assertEqual(play.status, "exception")
        play.agree(3)
        self.assertEqual(play.status, "exception", "what comes later waits")
        visit = play.visit_at("a")
        play.do("rescue", 9, "again", "retry", visit=visit)
        self.assertEqual(play.status, "exception", "still nobody")
        play.do("rescue", 9, "help", "put", visit=visit, users=[5])
        self.assertEqual(play.agree(5).status, "agreed")

    def test_whoever_is_in_charge_revises(self):
        step = approval("a", 2, return_to="start")
        play = Play(line(step))
        play.act(2, "return")
        play.world.in_charge = 4
        self.assertEqual(play.leave(1).open(), [4])
        self.assertEqual(play.agree(4).open(), [2])
        play.act(2, "return")
        self.assertEqual(play.open(), [4], "known from the beginning")

    def test_two_revise(self):
        play = Play(line(approval("a", 2, return_to="start")))
        play.act(2, "return")
        play.do("rescue", 9, "help", "put", visit=play.visit_at("start"), users=[1, 5])
        self.assertEqual(play.leave(5).open(), [1])
        self.assertEqual(play.agree(1).open(), [2])

    def test_nobody_revises(self):
        play = Play(line(approval("a", 2, return_to="start")))
        play.act(2, "return").leave(1)
        self.assertEqual((play.status, play.open()), ("exception", []))
        play.do("rescue", 9, "again", "retry", visit=play.visit_at("start"))
        self.assertEqual(play.status, "exception", "it does not pass by itself")
        play.do("rescue", 9, "help", "put", visit=play.visit_at("start"), users=[5])
        self.assertEqual(play.agree(5).open(), [2])

    def test_whom_the_submitter_chose(self):
        """He chooses anew where the chosen left before their turn, or during it."""
        late = node("b", "approval", approvers=[{"by": "chosen"}])
        play = Play(line(approval("a", 2), late), chosen={"b": [4]})
        play.world.left.add(4)
        play.agree(2)
        self.assertEqual(play.status, "exception")
        self.assertEqual(walk.choices(play.graph, play.state), ["b"])
        play.do("choose", {"b": [5]})
        self.assertEqual(play.open(), [5])
        play.leave(5)
        self.assertEqual(
            (play.status, walk.choices(play.graph, play.state)), ("exception", ["b"])
        )

    def test_handed_over(self):
        play = Play(line(approval("a", 2, 3), approval("b", 2)))
        self.assertRefused("already", play.do, "hand_over", 2, 3)
        self.assertRefused("already", play.do, "hand_over", 2, 1)
        self.assertEqual(play.do("hand_over", 2, 5).open(), [3, 5])
        self.assertEqual(play.agree(3, 5).open(), [5])
        self.assertEqual(play.do("hand_over", 5, 2).open(), [2], "and back")
        self.assertEqual(play.agree(2).status, "agreed")

    def test_nothing_happens_to_others(self):
        play = Play(line(approval("a", 2)))
        self.assertEqual(play.leave(9).open(), [2])
        self.assertFalse(play.told("close_task"))
        play.agree(2).leave(2)
        self.assertEqual((play.status, play.last), ("agreed", []))

    def test_a_condition_after_who_left(self):
        nodes = [
            node("start", "start"),
            approval("a", 2, nobody="skip"),
            node("if", "condition"),
            approval("b", 3),
            node("end", "end"),
        ]
        edges = [
            edge("start", "a"),
            edge("a", "if"),
            edge("if", "b", when="amount > 50"),
            edge("if", "end", default=True),
            edge("b", "end"),
        ]
        play = Play(graph(nodes, edges), World(amount=90))
        self.assertEqual(play.leave(2).open(), [3])
