import json

from odoo.tests import BaseCase, tagged

from ..tools import approval_walk as walk
from .approval_plain import Play, World, approval, fork, line, node

WATCH = [{"field": "discount", "worse": "higher"}]


class WalkCase(BaseCase):
    def assertRefused(self, code, function, *args, **kw):
        with self.assertRaises(walk.WalkError) as caught:
            function(*args, **kw)
        self.assertEqual(caught.exception.code, code)
        self.assertTrue(caught.exception.text)


@tagged("-at_install", "post_install")
class TestApprovalModes(WalkCase):
    """How a step counts what people say."""

    def test_one_step_agreed(self):
        play = Play(line(approval("a", 2)))
        self.assertEqual(play.open(), [2])
        play.agree(2)
        self.assertEqual(play.status, "agreed")
        self.assertEqual(play.told("finish"), [{"type": "finish", "status": "agreed"}])
        self.assertEqual(play.at(), [])

    def test_state_is_not_changed_in_place(self):
        play = Play(line(approval("a", 2)))
        before = json.dumps(play.state)
        walk.act(play.graph, play.state, play.world, play.open_tasks()[2], "agree")
        self.assertEqual(json.dumps(play.state), before)

    def test_any_one_is_enough(self):
        play = Play(line(approval("a", 2, 3, mode="any"), approval("b", 4)))
        play.agree(3)
        self.assertEqual(play.open(), [4])
        closed = {task["user"]: task["status"] for task in play.told("close_task")}
        self.assertEqual(closed, {3: "agreed", 2: "closed"})

    def test_any_first_decision_also_rejects(self):
        play = Play(line(approval("a", 2, 3, mode="any")))
        self.assertEqual(play.act(2, "reject").status, "rejected")
        self.assertEqual(play.open(), [])

    def test_all_must_agree(self):
        play = Play(line(approval("a", 2, 3, mode="all")))
        play.agree(2)
        self.assertEqual((play.status, play.open()), ("running", [3]))
        self.assertEqual(play.agree(3).status, "agreed")

    def test_share_counts_the_first_signers(self):
        """60 % of four are three, whoever was added meanwhile."""
        step = approval("a", 2, 3, 4, 5, mode="share", share=60, may_add=True)
        play = Play(line(step))
        play.act(2, "add_after", users=[8])
        play.agree(3, 4)
        self.assertEqual((play.status, play.open()), ("running", [5, 8]))
        self.assertEqual(play.agree(8).status, "agreed")
        self.assertEqual(play.open(), [])

    def test_share_rejects_when_out_of_reach(self):
        play = Play(line(approval("a", 2, 3, 4, mode="share", share=60)))
        play.act(2, "reject")
        self.assertEqual(play.status, "running")
        self.assertEqual(play.act(3, "reject").status, "rejected")

    def test_sequence_asks_one_after_the_other(self):
        play = Play(line(approval("a", 2, 3, mode="sequence")))
        waiting = [e for e in play.effects if e["type"] == "open_task"]
        self.assertEqual(
            [(task["user"], task["status"]) for task in waiting],
            [(2, "open"), (3, "waiting")],
        )
        self.assertRefused("not_open", play.do, "act", waiting[1]["task"], "agree")
        play.agree(2)
        self.assertEqual(play.told("wake_task")[0]["task"], waiting[1]["task"])
        self.assertEqual(play.agree(3).status, "agreed")

    def test_person_named_twice_is_asked_once(self):
        play = Play(line(approval("a", 2, 2, 3)))
        self.assertEqual(play.open(), [2, 3])

    def test_second_vote_is_refused(self):
        play = Play(line(approval("a", 2, 3)))
        task = play.open_tasks()[2]
        play.agree(2)
        self.assertRefused("closed", play.do, "act", task, "agree")

    def test_nothing_after_the_end(self):
        play = Play(line(approval("a", 2)))
        task = play.open_tasks()[2]
        play.agree(2)
        self.assertRefused("finished", play.do, "act", task, "reject")
        self.assertRefused("finished", play.do, "withdraw", 1)
        self.assertRefused("finished", play.do, "edited")

    def test_covered_decision_names_both(self):
        play = Play(line(approval("a", 2)))
        play.act(2, "agree", by=7, comment="for her")
        (decided,) = play.events("decided")
        self.assertEqual(
            (decided["user"], decided["by"], decided["comment"]), (2, 7, "for her")
        )


@tagged("-at_install", "post_install")
class TestApprovalPeople(WalkCase):
    """Who is asked: nobody, the same person, somebody above or instead."""

    def test_same_person_right_before_decides_once(self):
        play = Play(line(approval("a", 2), approval("b", 2, 3, merge_same=True)))
        play.agree(2)
        self.assertEqual(play.open(), [3])
        self.assertEqual([event["user"] for event in play.events("same")], [2])

    def test_same_person_with_another_between_decides_twice(self):
        steps = [
            approval(key, user, merge_same=True)
            for key, user in zip("abc", [2, 3, 2], strict=True)
        ]
        play = Play(line(*steps)).agree(2, 3)
        self.assertEqual(play.open(), [2])

    def test_same_person_across_what_asks_nobody(self):
        copy = node("c", "copy", approvers=[{"by": "users", "user_ids": [9]}])
        play = Play(line(approval("a", 2), copy, approval("b", 2, merge_same=True)))
        self.assertEqual(play.agree(2).status, "agreed")
        self.assertEqual(play.told("copy")[0]["users"], [9])

    def test_same_person_only_where_the_step_says_so(self):
        play = Play(line(approval("a", 2), approval("b", 2))).agree(2)
        self.assertEqual(play.open(), [2])

    def test_submitter_who_stands_above_all(self):
        world = World()
        world.above = {1: [2, 3]}
        play = Play(line(approval("a", 2, 3, outrank=True)), world)
        self.assertEqual(play.status, "agreed")
        self.assertTrue(play.events("outrank"))

    def test_submitter_who_stands_above_some(self):
        world = World()
        world.above = {1: [2]}
        play = Play(line(approval("a", 2, 3, mode="any", outrank=True)), world)
        self.assertEqual(play.open(), [2, 3])

    def test_nobody_found_goes_to_the_queue(self):
        rule = {"by": "manager", "level": 1}
        step = node("a", "approval", approvers=[rule])
        play = Play(line(step))
        self.assertEqual(play.status, "exception")
        self.assertEqual(play.told("exception")[0]["code"], "nobody")
        play.world.rules["manager"] = [5]
        play.do("rescue", 9, "he is back", "retry", visit=play.visit_at("a"))
        self.assertEqual((play.status, play.open()), ("running", [5]))

    def test_nobody_found_skips(self):
        step = node("a", "approval", approvers=[{"by": "team_lead"}], nobody="skip")
        play = Play(line(step))
        self.assertEqual(play.status, "agreed")

    def test_nobody_found_asks_others(self):
        others = {"by": "users", "user_ids": [6]}
        step = node("a", "approval", approvers=[{"by": "team_lead"}], nobody=others)
        self.assertEqual(Play(line(step)).open(), [6])

    def test_chosen_by_the_submitter(self):
        step = node("a", "approval", approvers=[{"by": "chosen"}])
        self.assertEqual(Play(line(step), chosen={"a": [4, 5]}).open(), [4, 5])
        self.assertEqual(Play(line(step)).status, "exception")

    def test_who_asks_chooses_others_to_decide(self):
        rule = [{"by": "chosen"}]
        step = node("a", "approval", approvers=rule)
        self.assertRefused("own_request", Play, line(step), chosen={"a": [1]})
        step = node("a", "fill", approvers=rule, fields=["x"])
        self.assertEqual(Play(line(step), chosen={"a": [1]}).open(), [1])

    def test_chosen_later(self):
        step = node("a", "approval", approvers=[{"by": "chosen"}])
        late = node("b", "approval", approvers=[{"by": "chosen"}])
        play = Play(line(step, approval("m", 2), late))
        self.assertEqual(walk.choices(play.graph, play.state), ["a", "b"])
        self.assertRefused("place", play.do, "choose", {"m": [4]}, by=1)
        self.assertRefused("who", play.do, "choose", {"a": []}, by=1)
        self.assertRefused("own_request", play.do, "choose", {"a": [4, 1]}, by=1)
        play.do("choose", {"a": [4], "b": [5]}, by=1)
        self.assertEqual((play.status, play.open()), ("running", [4]))
        self.assertEqual(walk.choices(play.graph, play.state), [])
        play.act(4, "agree")
        play.act(2, "agree")
        self.assertEqual(play.open(), [5])

    def test_transfer(self):
        play = Play(line(approval("a", 2, 3, may_transfer=True)))
        play.act(2, "transfer", users=[7])
        self.assertEqual(play.open(), [3, 7])
        self.assertRefused("already", play.act, 7, "transfer", users=[3])
        self.assertRefused("already", play.act, 7, "transfer", users=[2])
        self.assertRefused("own_request", play.act, 7, "transfer", users=[1])
        self.assertRefused("who", play.act, 7, "transfer", users=[8, 9])
        self.assertRefused("who", play.act, 7, "transfer")
        self.assertEqual(play.agree(7, 3).status, "agreed")

    def test_transfer_with_later_tasks(self):
        steps = [approval(key, 2, may_transfer=True) for key in "ab"]
        play = Play(line(*steps))
        play.act(2, "transfer", users=[7], later=True)
        self.assertEqual(play.agree(7).open(), [7])
        play = Play(line(*steps))
        play.act(2, "transfer", users=[7])
        self.assertEqual(play.agree(7).open(), [2])

    def test_transfer_later_there_and_back(self):
        """The last word counts; nobody's tasks turn in a circle."""
        play = Play(line(*(approval(key, 2, may_transfer=True) for key in "abc")))
        play.act(2, "transfer", users=[7], later=True).agree(7)
        play.act(7, "transfer", users=[2], later=True).agree(2)
        self.assertEqual(play.open(), [2])

    def test_not_allowed_by_the_step(self):
        play = Play(line(approval("a", 2)))
        self.assertRefused("not_allowed", play.act, 2, "transfer", users=[7])
        self.assertRefused("not_allowed", play.act, 2, "add_before", users=[7])
        self.assertRefused("action", play.act, 2, "dance")
        self.assertRefused("unknown", play.do, "act", "t99", "agree")
        task = play.open_tasks()[2]
        self.assertEqual(
            walk.allowed(play.graph, play.state, task), ["agree", "reject", "return"]
        )


@tagged("-at_install", "post_install")
class TestApprovalAdded(WalkCase):
    """Signers who were added before and after somebody."""

    def test_before_returns_to_the_adder(self):
        play = Play(line(approval("a", 2, 3, may_add=True)))
        play.act(2, "add_before", users=[7, 8])
        self.assertTrue(play.told("hold_task"))
        self.assertEqual(play.open(), [3, 7, 8])
        play.agree(7)
        self.assertEqual(play.open(), [3, 8])
        play.act(8, "reject")
        self.assertEqual((play.status, play.open()), ("running", [2, 3]))
        self.assertEqual(play.agree(2, 3).status, "agreed")

    def test_before_one_who_was_added_before(self):
        play = Play(line(approval("a", 2, may_add=True)))
        play.act(2, "add_before", users=[7]).act(7, "add_before", users=[8])
        self.assertEqual(play.open(), [8])
        self.assertEqual(play.agree(8).open(), [7])
        self.assertEqual(play.agree(7).open(), [2])

    def test_after_signs_together(self):
        play = Play(line(approval("a", 2, may_add=True)))
        play.act(2, "add_after", users=[7])
        self.assertEqual((play.status, play.open()), ("running", [7]))
        self.assertEqual(play.act(7, "reject").status, "rejected")

    def test_after_in_a_sequence_comes_before_the_next(self):
        play = Play(line(approval("a", 2, 3, mode="sequence", may_add=True)))
        play.act(2, "add_after", users=[7])
        self.assertEqual(play.open(), [7])
        self.assertEqual(play.agree(7).open(), [3])

    def test_who_is_asked_cannot_be_added(self):
        play = Play(line(approval("a", 2, 3, may_add=True)))
        self.assertRefused("already", play.act, 2, "add_before", users=[3])
        self.assertRefused("own_request", play.act, 2, "add_after", users=[1])
        self.assertRefused("many", play.act, 2, "add_after", users=list(range(50, 80)))
        self.assertRefused("who", play.act, 2, "add_after", users=[])
        self.assertRefused("who", play.act, 2, "add_after", users="x")


@tagged("-at_install", "post_install")
class TestApprovalBack(WalkCase):
    """Rejections, returns, and taking back."""

    def test_return_is_no_vote(self):
        play = Play(line(approval("a", 2, 3, mode="share", share=100)))
        play.act(2, "return", comment="unclear")
        self.assertEqual((play.status, play.open()), ("running", [1]))
        (task,) = (t for t in play.state["tasks"].values() if t["status"] == "open")
        self.assertEqual(task["kind"], "revise")
        play.agree(1)
        self.assertEqual(play.open(), [2, 3])

    def test_return_to_the_previous(self):
        play = Play(line(approval("a", 2), approval("b", 3, return_to="previous")))
        play.agree(2).act(3, "return")
        self.assertEqual(play.open(), [2])
        self.assertEqual(play.agree(2).open(), [3])

    def test_return_where_one_chooses(self):
        steps = [
            approval("a", 2),
            approval("b", 3),
            approval("c", 4, return_to="choose"),
        ]
        play = Play(line(*steps)).agree(2, 3)
        task = play.open_tasks()[4]
        options = walk.return_options(play.graph, play.state, task)
        self.assertEqual(options, ["b", "a", "start"])
        self.assertRefused("place", play.act, 4, "return", to="c")
        self.assertRefused("place", play.act, 4, "return")
        self.assertEqual(play.act(4, "return", to="a").open(), [2])

    def test_return_where_the_flow_says_it(self):
        """Another wish is refused, not passed over; the same one is no other."""
        for goal, to, who in (("start", "start", 1), ("previous", "b", 3)):
            steps = [
                approval("a", 2),
                approval("b", 3),
                approval("c", 4, return_to=goal),
            ]
            play = Play(line(*steps)).agree(2, 3)
            task = play.open_tasks()[4]
            self.assertEqual(walk.return_options(play.graph, play.state, task), [])
            self.assertRefused("fixed", play.act, 4, "return", to="a")
            self.assertRefused("fixed", play.act, 4, "return", to="x")
            self.assertEqual(play.act(4, "return", to=to).open(), [who])

    def test_reject_to_a_step(self):
        steps = [approval("a", 2), approval("b", 3, reject_to="a", watch=WATCH)]
        play = Play(line(*steps), World(discount=5)).agree(2).act(3, "reject")
        self.assertEqual((play.status, play.open()), ("running", [2]))

    def test_rejection_does_not_keep_votes(self):
        step = approval("a", 2, 3, reject_to="start", watch=WATCH)
        play = Play(line(step), World(discount=5)).agree(2).act(3, "reject").agree(1)
        self.assertEqual(play.open(), [2, 3])

    def test_way_back_spares_whose_criteria_are_no_worse(self):
        step = approval("a", 2, 3, watch=WATCH)
        play = Play(line(step), World(discount=18)).agree(2).act(3, "return")
        play.world.facts["discount"] = 10
        self.assertEqual(play.agree(1).open(), [3])
        self.assertEqual(play.agree(3).status, "agreed")

    def test_way_back_asks_whose_criteria_are_worse(self):
        step = approval("a", 2, 3, watch=WATCH)
        play = Play(line(step), World(discount=18)).agree(2).act(3, "return")
        play.world.facts["discount"] = 19
        self.assertEqual(play.agree(1).open(), [2, 3])

    def test_who_was_added_and_signs_himself_now_is_asked_once(self):
        play = Play(line(approval("a", 2, may_add=True)))
        play.act(2, "add_before", users=[5]).act(5, "return")
        # Meanwhile the rule of the step names him, too.
        play.world.approvers = lambda rule, state: [2, 5]
        self.assertEqual(play.agree(1).open(), [2, 5])
        self.assertEqual(play.agree(2, 5).status, "agreed")

    def test_who_was_added_is_asked_again_after_a_return(self):
        """The lead adds finance, finance returns, the discount goes down."""
        play = Play(
            line(approval("a", 2, may_add=True, watch=WATCH)), World(discount=18)
        )
        play.act(2, "add_after", users=[7]).act(7, "return").edit(discount=12)
        self.assertEqual(play.agree(1).open(), [7])
        self.assertEqual(play.agree(7).status, "agreed")

    def test_retrieve_until_the_next_acts(self):
        play = Play(line(approval("a", 2), approval("b", 3), approval("c", 4)))
        task = play.open_tasks()[2]
        play.agree(2)
        self.assertTrue(walk.can_retrieve(play.graph, play.state, task))
        play.do("retrieve", task)
        self.assertEqual(play.open(), [2])
        task = play.open_tasks()[2]
        play.agree(2, 3)
        self.assertRefused("acted", play.do, "retrieve", task)
        self.assertFalse(walk.can_retrieve(play.graph, play.state, task))

    def test_no_retrieve_out_of_a_joint_signature(self):
        for mode in ("all", "share"):
            play = Play(
                line(approval("a", 2, 3, mode=mode, share=50), approval("b", 4))
            )
            task = play.open_tasks()[2]
            play.agree(2)
            self.assertRefused("joint", play.do, "retrieve", task)

    def test_retrieve_asks_the_others_again(self):
        play = Play(line(approval("a", 2, 3, mode="any"), approval("b", 4)))
        task = play.open_tasks()[2]
        play.agree(2).do("retrieve", task)
        self.assertEqual(play.open(), [2, 3])
        self.assertEqual(play.agree(3).open(), [4])

    def test_retrieve_in_a_sequence(self):
        play = Play(line(approval("a", 2, 3, mode="sequence")))
        task = play.open_tasks()[2]
        play.agree(2).do("retrieve", task)
        self.assertEqual(play.open(), [2])
        self.assertEqual(play.agree(2, 3).status, "agreed")

    def test_retrieve_with_one_added_after(self):
        play = Play(line(approval("a", 2, may_add=True)))
        task = play.open_tasks()[2]
        play.act(2, "add_after", users=[7]).do("retrieve", task)
        self.assertEqual(play.open(), [2])
        self.assertEqual(play.agree(2).status, "agreed")

    def test_no_retrieve_after_an_action(self):
        play = Play(line(approval("a", 2), node("x", "action", action="activity")))
        task = play.open_tasks()[2]
        play.agree(2)
        self.assertRefused("effect", play.do, "retrieve", task)

    def test_withdraw_and_cancel_close_everything(self):
        for name, status in (("withdraw", "withdrawn"), ("cancel", "cancelled")):
            play = Play(fork([approval("a", 2)], [approval("b", 3)]))
            play.do(name, by=1)
            self.assertEqual((play.status, play.open(), play.at()), (status, [], []))
            self.assertEqual(len(play.told("close_task")), 2)
