from odoo.tests import tagged

from ..tools import approval_walk as walk
from .approval_plain import Play, World, approval, edge, fork, graph, node
from .test_approval_walk import WATCH, WalkCase


@tagged("-at_install", "post_install")
class TestApprovalJoin(WalkCase):
    """No join waits for a path on which nothing comes any more."""

    def move(self, play, start, to):
        play.do("rescue", 9, "help", "move", visit=play.visit_at(start), to=to)

    def left(self, last=None, first=None, facts=None):
        """A request that an administrator led out of its parallel paths."""
        first = first or [approval("a", 2), approval("x", 5)]
        last = last or approval("c", 4, return_to="choose")
        play = Play(fork(first, [approval("b", 3)], last), World(**facts or {}))
        play.agree(2)
        self.move(play, "x", "c")
        self.assertEqual((play.open(), play.at()), ([4], ["c"]))
        return play

    # === PATHS THAT WERE LEFT === #

    def test_return_between_paths_that_were_left(self):
        """All paths are walked again: the one beside was not walked to its end."""
        for to in ("a", "x"):
            play = self.left()
            play.act(4, "return", to=to)
            self.assertEqual(play.open(), [2, 3], to)
            play.agree(2, 3)
            self.assertEqual((play.open(), play.at("waiting")), ([5], ["join"]))
            self.assertEqual(play.agree(5, 4).status, "agreed")

    def test_return_to_the_passage_before(self):
        """Moved back to the parallel, and from there to a step of the first time."""
        right = [approval("b", 3, return_to="choose")]
        play = Play(fork([approval("a", 2)], right))
        self.move(play, "b", "fork")
        self.assertEqual(play.open(), [2, 3])
        play.act(3, "return", to="b")
        self.assertEqual(play.open(), [2, 3])
        self.assertEqual(play.agree(2, 3).status, "agreed")

    def test_nothing_is_taken_back_on_paths_that_were_left(self):
        play = Play(
            fork(
                [approval("a", 2)],
                [approval("b", 3), approval("y", 6)],
                approval("c", 4),
            )
        )
        task = play.open_tasks()[3]
        play.agree(3)
        self.assertTrue(walk.can_retrieve(play.graph, play.state, task))
        self.move(play, "a", "c")
        self.assertFalse(walk.can_retrieve(play.graph, play.state, task))
        self.assertRefused("acted", play.do, "retrieve", task)
        self.assertEqual(play.agree(4).status, "agreed")

    def test_an_edit_chooses_no_path_where_they_were_left(self):
        nodes = [
            node("start", "start"),
            node("fork", "parallel"),
            node("if", "condition"),
            approval("small", 2),
            approval("large", 3),
            node("copy", "copy", approvers=[]),
            approval("b", 5),
            node("join", "join"),
            approval("c", 4),
            node("end", "end"),
        ]
        pairs = ["start-fork", "fork-if", "large-copy", "small-copy", "copy-join"]
        pairs += ["fork-b", "b-join", "join-c", "c-end"]
        edges = [edge(*pair.split("-")) for pair in pairs]
        edges.append(edge("if", "large", when="amount > 100"))
        edges.append(edge("if", "small", default=True))
        play = Play(graph(nodes, edges), World(amount=50))
        self.move(play, "small", "c")
        play.edit(amount=500)
        self.assertEqual((play.open(), play.at()), ([4], ["c"]))
        self.assertEqual(play.agree(4).status, "agreed")

    def test_what_was_held_goes_on_when_the_question_is_dropped(self):
        """Nobody is asked again any more where the paths were left or walked anew."""
        inner = [
            approval("a", 2, watch=WATCH),
            approval("x", 5, return_to="previous"),
        ]
        play = Play(fork(inner, [approval("b", 3)]), World(discount=10)).agree(2)
        play.edit(discount=12).agree(3)
        self.assertEqual((play.open(), play.at("held")), ([2, 5], ["b"]))
        play.act(5, "return")
        self.assertEqual((play.open(), play.at("held")), ([2], []))
        self.assertEqual(play.agree(2, 5).status, "agreed")

    # === JOINS TO WHICH NOTHING CAN COME === #

    def lost(self):
        """A request of an older version, which went back between such paths."""
        play = Play(fork([approval("a", 2)], [approval("b", 3)], approval("c", 4)))
        play.state["visits"][play.visit_at("b")]["status"] = "cancelled"
        task = play.open_tasks().pop(3)
        play.state["tasks"][task]["status"] = "cancelled"
        return play.agree(2)

    def test_a_join_to_which_nothing_comes_is_shown(self):
        play = self.lost()
        self.assertEqual((play.status, play.at("exception")), ("exception", ["join"]))
        self.assertEqual([row["code"] for row in play.told("exception")], ["lost"])

    def test_its_paths_are_walked_again(self):
        play = self.lost()
        play.do("rescue", 9, "x", "retry", visit=play.visit_at("join"))
        self.assertEqual((play.status, play.open()), ("running", [2, 3]))
        self.assertEqual(play.agree(2, 3, 4).status, "agreed")

    def test_or_an_administrator_goes_on_without_them(self):
        play = self.lost()
        self.move(play, "join", "c")
        self.assertEqual((play.status, play.open()), ("running", [4]))
        self.assertEqual(play.agree(4).status, "agreed")
