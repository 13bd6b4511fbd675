from odoo.tests import tagged

from ..tools import approval_walk as walk
from .approval_plain import Play, World, approval, edge, graph, line, node
from .test_approval_walk import WATCH, WalkCase


@tagged("-at_install", "post_install")
class TestApprovalAgain(WalkCase):
    """The document changes after a flow within has agreed."""

    def agreed(self, *steps):
        play = Play(line(*steps), World(discount=10))
        return play.agree(2, 3)

    def reopen(self, play, **facts):
        play.world.facts.update(facts)
        step = walk.reopen(play.graph, play.state, play.world)
        return play.take(step) if step else None

    def test_only_who_judged_by_it_is_asked_again(self):
        play = self.agreed(approval("a", 2, watch=WATCH), approval("b", 3))
        self.assertEqual(play.status, "agreed")
        self.assertIsNone(self.reopen(play, discount=5))
        self.assertEqual(self.reopen(play, discount=20).open(), [2])
        self.assertEqual(play.status, "running")
        self.assertFalse(play.state["finished"])
        self.assertEqual(play.agree(2).status, "agreed")
        self.assertEqual(len(play.told("finish")), 1)
        self.assertIsNone(self.reopen(play), "he judged by what it is now")

    def test_two_are_asked_again(self):
        play = self.agreed(approval("a", 2, watch=WATCH), approval("b", 3, watch=WATCH))
        self.assertEqual(self.reopen(play, discount=20).open(), [2, 3])
        self.assertEqual(play.agree(3).status, "running")
        self.assertEqual(play.agree(2).status, "agreed")

    def test_he_rejects(self):
        play = self.agreed(approval("a", 2, watch=WATCH), approval("b", 3))
        self.reopen(play, discount=20).act(2, "reject")
        self.assertEqual((play.status, play.open()), ("rejected", []))

    def test_what_did_not_agree_stays(self):
        play = Play(line(approval("a", 2, watch=WATCH)), World(discount=10))
        self.assertIsNone(self.reopen(play, discount=20), "it runs and is edited")
        play.act(2, "reject")
        self.assertIsNone(self.reopen(play, discount=20))

    def test_another_path(self):
        nodes = [
            node("start", "start"),
            node("if", "condition"),
            approval("a", 2),
            approval("b", 3),
            node("end", "end"),
        ]
        edges = [
            edge("start", "if"),
            edge("if", "a", when="discount > 15"),
            edge("if", "b", default=True),
            edge("a", "end"),
            edge("b", "end"),
        ]
        play = Play(graph(nodes, edges), World(discount=10)).agree(3)
        self.assertEqual(self.reopen(play, discount=20).open(), [2])
        self.assertEqual(play.agree(2).status, "agreed")

    # === THE FLOW AROUND === #

    def around(self, *after):
        play = Play(line(node("p", "subflow", flow_id=9), *after))
        return play.do("finished", play.visit_at("p"), "agreed")

    def test_the_flow_around_waits(self):
        play = self.around(approval("b", 4), approval("c", 5))
        play.do("recheck_part", play.visit_at("p"))
        self.assertEqual((play.status, play.open()), ("running", [4]))
        self.assertEqual(play.agree(4).open(), [], "what comes later is held")
        play.do("finished", play.visit_at("p"), "agreed")
        self.assertEqual(play.open(), [5])
        self.assertEqual(play.agree(5).status, "agreed")

    def test_the_flow_around_is_rejected(self):
        play = self.around(approval("b", 4))
        play.do("recheck_part", play.visit_at("p"))
        play.do("finished", play.visit_at("p"), "rejected")
        self.assertEqual((play.status, play.open()), ("rejected", []))

    def test_what_was_undone_does_not_count(self):
        play = self.around(approval("b", 4, return_to="start"))
        visit = play.visit_at("p")
        play.act(4, "return")
        self.assertFalse(walk.can_recheck_part(play.graph, play.state, visit))
        self.assertRefused("unknown", play.do, "recheck_part", visit)
