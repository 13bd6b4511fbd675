import json

from odoo.tests import tagged

from ..tools import approval_walk as walk
from ..tools.approval_replay import replay
from ..tools.approval_trace import trace
from .approval_plain import Play, World, approval, edge, fork, graph, line, node
from .test_approval_walk import WATCH, WalkCase


def by_amount():
    """Small amounts need one signature, large ones two."""
    return graph(
        [
            node("start", "start"),
            node("if", "condition"),
            approval("small", 2, watch=[{"field": "amount", "worse": "higher"}]),
            approval("large", 3),
            node("end", "end"),
        ],
        [
            edge("start", "if"),
            edge("if", "large", when="amount > 100"),
            edge("if", "small", default=True),
            edge("large", "small"),
            edge("small", "end"),
        ],
    )


@tagged("-at_install", "post_install")
class TestApprovalPaths(WalkCase):
    """Conditions, parallel paths, work of the flow itself."""

    def test_condition_takes_one_path(self):
        self.assertEqual(Play(by_amount(), World(amount=50)).open(), [2])
        self.assertEqual(Play(by_amount(), World(amount=500)).open(), [3])

    def test_paths_join(self):
        play = Play(fork([approval("a", 2)], [approval("b", 3)], approval("c", 4)))
        self.assertEqual(play.open(), [2, 3])
        self.assertEqual(play.agree(3).open(), [2])
        self.assertEqual(play.agree(2).open(), [4])

    def test_nested_paths_join(self):
        inner = fork([approval("a", 2)], [approval("b", 3)])
        for item in inner["nodes"]:
            item["id"] = f"i{item['id']}"
        for item in inner["edges"]:
            item.update({name: f"i{item[name]}" for name in ("id", "from", "to")})
        nodes = [
            item for item in inner["nodes"] if item["type"] not in ("start", "end")
        ]
        edges = [
            item
            for item in inner["edges"]
            if item["from"] != "istart" and item["to"] != "iend"
        ]
        outer = fork([approval("x", 4)], [approval("y", 5)])
        outer["nodes"] += nodes
        outer["edges"] = [e for e in outer["edges"] if e["id"] != "y-join"]
        outer["edges"] += [*edges, edge("y", "ifork"), edge("ijoin", "join")]
        play = Play(outer).agree(5)
        self.assertEqual(play.open(), [2, 3, 4])
        play.agree(2, 4)
        self.assertEqual(play.at("waiting"), ["ijoin", "join"])
        self.assertEqual(play.agree(3).status, "agreed")

    def test_return_out_of_a_path_stops_the_others(self):
        play = Play(fork([approval("a", 2)], [approval("b", 3)])).act(2, "return")
        self.assertEqual(play.open(), [1])
        self.assertEqual(play.agree(1).open(), [2, 3])

    def test_return_within_a_path_leaves_the_others(self):
        left = [approval("a", 2), approval("b", 3, return_to="previous")]
        play = Play(fork(left, [approval("c", 4)])).agree(2, 4)
        play.act(3, "return")
        self.assertEqual(play.open(), [2])
        self.assertEqual(play.agree(2, 3).status, "agreed")

    def test_return_behind_a_join_into_a_path(self):
        left, right = [approval("a", 2)], [approval("b", 3)]
        play = Play(fork(left, right, approval("c", 4, return_to="previous")))
        play.agree(2, 3).act(4, "return")
        self.assertEqual(len(play.open()), 1)
        play.agree(*play.open())
        self.assertEqual(play.open(), [4])

    def test_retrieve_behind_a_join(self):
        """The other path stays done; only mine is taken back."""
        play = Play(fork([approval("a", 2)], [approval("b", 3)], approval("c", 4)))
        play.agree(2)
        task = play.open_tasks()[3]
        play.agree(3).do("retrieve", task)
        self.assertEqual((play.open(), play.at("waiting")), ([3], ["join"]))
        self.assertEqual(play.agree(3).open(), [4])

    def test_rejection_in_a_path_ends_all(self):
        play = Play(fork([approval("a", 2)], [approval("b", 3)])).act(2, "reject")
        self.assertEqual((play.status, play.open(), play.at()), ("rejected", [], []))

    def test_fill(self):
        rules = [{"by": "users", "user_ids": [2, 3]}]
        play = Play(line(node("f", "fill", approvers=rules, fields=["ref"])))
        opened = [e for e in play.effects if e["type"] == "open_task"]
        self.assertEqual(
            [(e["kind"], e["fields"]) for e in opened], [("fill", ["ref"])] * 2
        )
        self.assertRefused("not_allowed", play.act, 2, "reject")
        self.assertEqual(play.agree(2).status, "agreed")

    def test_action_done_and_failed(self):
        step = node("x", "action", action="set_field", field="ref", value="1")
        play = Play(line(step, approval("a", 2)))
        (action,) = play.told("action")
        self.assertEqual(action["params"], {"field": "ref", "value": "1"})
        play.do("finished", action["visit"], "failed", "no such field")
        self.assertEqual((play.status, play.at()), ("exception", ["x"]))
        play.do("rescue", 9, "mended", "retry", visit=action["visit"])
        self.assertEqual(len(play.told("action")), 1)
        play.do("finished", action["visit"], "done")
        self.assertEqual((play.status, play.open()), ("running", [2]))
        self.assertRefused("unknown", play.do, "finished", action["visit"], "done")

    def test_subflow(self):
        for outcome, status in (("agreed", "agreed"), ("rejected", "rejected")):
            play = Play(line(node("x", "subflow", flow_id=5)))
            (effect,) = play.told("start_subflow")
            self.assertEqual(effect["flow_id"], 5)
            play.do("finished", effect["visit"], outcome)
            self.assertEqual(play.status, status)

    def test_subflow_left_is_cancelled(self):
        play = Play(line(node("x", "subflow", flow_id=5)))
        play.do("withdraw", by=1)
        self.assertEqual(len(play.told("cancel_subflow")), 1)

    def test_long_row_of_automatic_steps(self):
        """A queue, not the stack, follows what needs nobody."""
        steps = [node(f"c{n}", "copy", approvers=[]) for n in range(190)]
        self.assertEqual(Play(line(*steps)).status, "agreed")


@tagged("-at_install", "post_install")
class TestApprovalEdited(WalkCase):
    """The document is changed while people decide."""

    def test_only_who_judged_by_less_is_asked_again(self):
        steps = [approval("a", 2, watch=WATCH), approval("b", 3), approval("c", 4)]
        play = Play(line(*steps), World(discount=10)).agree(2, 3)
        play.edit(discount=9)
        self.assertEqual(play.open(), [4])
        play.edit(discount=12)
        self.assertEqual(play.open(), [2, 4])
        (event,) = play.events("asked_again")
        self.assertEqual((event["user"], event["fields"]), (2, ["discount"]))

    def test_nothing_moves_on_while_somebody_is_asked_again(self):
        steps = [approval("a", 2, watch=WATCH), approval("b", 3), approval("c", 4)]
        play = Play(line(*steps), World(discount=10)).agree(2).edit(discount=12)
        play.agree(3)
        self.assertEqual(
            (play.status, play.open(), play.at("held")), ("running", [2], ["b"])
        )
        self.assertEqual(play.agree(2).open(), [4])

    def test_asked_again_may_reject(self):
        steps = [approval("a", 2, watch=WATCH), approval("b", 3)]
        play = Play(line(*steps), World(discount=10)).agree(2).edit(discount=12)
        play.act(2, "reject")
        self.assertEqual((play.status, play.open()), ("rejected", []))

    def test_creeping_up_is_measured_from_the_agreement(self):
        play = Play(
            line(approval("a", 2, watch=WATCH), approval("b", 3)), World(discount=10)
        )
        play.agree(2).edit(discount=5).edit(discount=10)
        self.assertEqual(play.open(), [3])
        self.assertEqual(play.edit(discount=10.5).open(), [2, 3])

    def test_lower_and_changed(self):
        for how, value, again in (
            ("lower", 9, True),
            ("lower", 11, False),
            ("changed", 11, True),
            ("changed", 10, False),
        ):
            watch = [{"field": "x", "worse": how}]
            play = Play(
                line(approval("a", 2, watch=watch), approval("b", 3)), World(x=10)
            )
            play.agree(2).edit(x=value)
            self.assertEqual(2 in play.open(), again, (how, value))

    def test_enough_others_in_a_share(self):
        step = approval("a", 2, 3, 4, mode="share", share=50, watch=WATCH)
        play = Play(line(step, approval("b", 5)), World(discount=10)).agree(2)
        play.edit(discount=12)
        self.assertEqual(play.open(), [2, 3, 4])
        self.assertEqual(play.agree(2, 3).open(), [5])

    def test_who_was_spared_is_asked_when_who_is_asked_again_rejects(self):
        step = approval("a", 2, 3, mode="share", share=50, watch=WATCH)
        play = Play(line(step, approval("b", 4)), World(discount=10)).agree(2)
        play.edit(discount=12).act(2, "reject")
        self.assertEqual(play.open(), [3, 4])
        self.assertEqual(play.agree(4, 3).status, "agreed")

    def test_changed_condition_takes_the_other_path(self):
        """Nobody gets past a signature by raising the amount afterwards."""
        play = Play(by_amount(), World(amount=50))
        play.edit(amount=500)
        self.assertEqual(play.open(), [3])
        self.assertTrue(play.events("rerouted"))
        self.assertEqual(play.agree(3).open(), [2])

    def test_changed_condition_keeps_what_still_holds(self):
        flow = by_amount()
        flow["nodes"].insert(3, approval("last", 4))
        flow["edges"] = [e for e in flow["edges"] if e["id"] != "small-end"]
        flow["edges"] += [edge("small", "last"), edge("last", "end")]
        play = Play(flow, World(amount=500)).agree(3, 2)
        self.assertEqual(play.open(), [4])
        play.edit(amount=50)
        self.assertEqual(play.open(), [4])
        self.assertEqual([event["user"] for event in play.events("kept")], [2])

    def test_a_step_of_the_flow_itself_changes_it(self):
        """Who judged by it is asked again, but no condition leads elsewhere."""
        flow = by_amount()
        flow["nodes"].insert(3, node("set", "action", action="set_field"))
        flow["edges"] = [e for e in flow["edges"] if e["id"] != "small-end"]
        flow["edges"] += [edge("small", "set"), edge("set", "end")]
        play = Play(flow, World(amount=50)).agree(2)
        play.world.facts["amount"] = 500
        visit = play.visit_at("set")
        play.do("edited", own=True, visit=visit)
        self.assertEqual((play.open(), play.events("rerouted")), ([2], []))
        play.do("finished", visit, "done")
        self.assertEqual((play.status, play.at("held")), ("running", ["set"]))
        self.assertEqual(play.agree(2).status, "agreed")
        self.assertEqual(len([e for e in play.effects if e["type"] == "action"]), 1)

    def test_nobody_is_asked_again_about_his_own_step(self):
        step = node("fill", "fill", fields=["discount"], mode="all", watch=WATCH)
        step["approvers"] = [{"by": "users", "user_ids": [2, 3]}]
        play = Play(line(step, approval("b", 4)), World(discount=10)).agree(2)
        play.world.facts["discount"] = 12
        play.do("edited", own=True, visit=play.visit_at("fill"))
        self.assertEqual(play.open(), [3])
        self.assertEqual(play.agree(3).edit(amount=1).open(), [4], "nor later on")
        self.assertEqual(play.edit(discount=13).open(), [2, 3, 4])

    def test_nothing_changed(self):
        play = Play(by_amount(), World(amount=50))
        before = json.dumps(play.state)
        play.edit(amount=60)
        self.assertEqual(json.dumps(play.state), before)
        self.assertEqual(play.last, [])


@tagged("-at_install", "post_install")
class TestApprovalLimits(WalkCase):
    """Time limits, also when nobody looked at the clock for days."""

    def limited(self, **limit):
        return approval("a", 2, limit={"hours": 8, **limit})

    def test_remind_once_and_then_from_now(self):
        play = Play(line(self.limited(then="remind", remind_every=4)))
        self.assertEqual(walk.next_tick(play.state), "2026-11-23 17:00:00")
        play.wait(hours=7)
        self.assertEqual(play.told("notify"), [])
        play.wait(days=5)
        self.assertEqual([e["kind"] for e in play.told("notify")], ["remind"])
        play.wait(hours=3)
        self.assertEqual(play.told("notify"), [])
        self.assertEqual(len(play.wait(days=2).told("notify")), 1)

    def test_remind_without_repeating(self):
        play = Play(line(self.limited(then="remind"))).wait(days=1)
        self.assertEqual(len(play.told("notify")), 1)
        self.assertIsNone(walk.next_tick(play.state))
        self.assertEqual(play.wait(days=9).told("notify"), [])

    def test_agree_by_itself(self):
        play = Play(
            line(self.limited(then="agree"), self.limited(then="agree") | {"id": "b"})
        )
        play.wait(days=9)
        self.assertEqual(play.at(), ["b"])
        (closed,) = play.told("close_task")
        self.assertEqual((closed["status"], closed["auto"]), ("agreed", "limit"))
        self.assertEqual(play.wait(hours=8).status, "agreed")

    def test_return_by_itself(self):
        play = Play(line(self.limited(then="return"))).wait(days=9)
        self.assertEqual(play.open(), [1])
        self.assertIsNone(walk.next_tick(play.state))

    def test_reminders_on_the_way_to_the_limit(self):
        play = Play(line(self.limited(then="return", remind_every=3)))
        self.assertEqual(len(play.wait(hours=3).told("notify")), 1)
        self.assertEqual(len(play.wait(hours=3).told("notify")), 1)
        self.assertEqual(play.wait(hours=3).open(), [1])

    def test_escalate(self):
        above = {"by": "users", "user_ids": [2, 6]}
        play = Play(line(self.limited(then="escalate", escalate_to=above)))
        play.wait(days=3)
        self.assertEqual(play.open(), [6])
        self.assertEqual([e["kind"] for e in play.told("notify")], ["escalated"])
        self.assertEqual(play.wait(days=3).open(), [6])
        self.assertEqual(play.agree(6).status, "agreed")

    def test_escalate_to_nobody(self):
        above = {"by": "manager", "level": 2}
        play = Play(line(self.limited(then="escalate", escalate_to=above))).wait(days=1)
        self.assertEqual((play.status, play.open()), ("exception", [2]))
        self.assertEqual(play.wait(days=1).told("exception"), [])
        self.assertEqual(play.agree(2).status, "agreed")

    def test_transfer_does_not_gain_time(self):
        step = self.limited(then="remind") | {"may_transfer": True}
        play = Play(line(step))
        due = walk.next_tick(play.state)
        play.world.now = play.world.now.replace(hour=15)
        play.act(2, "transfer", users=[7])
        self.assertEqual(walk.next_tick(play.state), due)

    def test_who_waits_for_others_has_no_limit(self):
        step = self.limited(then="agree") | {"may_add": True}
        play = Play(line(step)).act(2, "add_before", users=[7])
        play.wait(hours=8)
        self.assertEqual(play.open(), [2])
        self.assertEqual(play.wait(hours=7).open(), [2])
        self.assertEqual(play.wait(hours=1).status, "agreed")


@tagged("-at_install", "post_install")
class TestApprovalRescue(WalkCase):
    """Administrators, other versions, the picture of a request."""

    def test_reason_is_needed(self):
        play = Play(line(approval("a", 2)))
        self.assertRefused("reason", play.do, "rescue", 9, " ", "end")

    def test_put_somebody(self):
        play = Play(line(node("a", "approval", approvers=[{"by": "team_lead"}])))
        visit = play.visit_at("a")
        play.do("rescue", 9, "she stands in", "put", visit=visit, users=[8])
        self.assertEqual((play.status, play.open()), ("running", [8]))
        play.do("rescue", 9, "she is ill", "put", visit=visit, users=[6])
        self.assertEqual(play.open(), [6])
        self.assertEqual(play.agree(6).status, "agreed")

    def test_move(self):
        play = Play(line(approval("a", 2), approval("b", 3)))
        play.do("rescue", 9, "left", "move", visit=play.visit_at("a"), to="b")
        self.assertEqual(play.open(), [3])
        play.do("rescue", 9, "back", "move", visit=play.visit_at("b"), to="start")
        self.assertEqual(play.open(), [1])

    def test_move_out_of_parallel_paths(self):
        play = Play(fork([approval("a", 2)], [approval("b", 3)], approval("c", 4)))
        visit = play.visit_at("a")
        play.do("rescue", 9, "x", "move", visit=visit, to="join")
        self.assertEqual((play.open(), play.at("waiting")), ([3], ["join"]))
        play = Play(fork([approval("a", 2)], [approval("b", 3)], approval("c", 4)))
        play.do("rescue", 9, "x", "move", visit=play.visit_at("a"), to="c")
        self.assertEqual((play.open(), play.at()), ([4], ["c"]))
        visit = play.visit_at("c")
        self.assertRefused(
            "place", play.do, "rescue", 9, "x", "move", visit=visit, to="b"
        )

    def test_end(self):
        play = Play(line(approval("a", 2)))
        play.do("rescue", 9, "lost", "end", result="rejected")
        self.assertEqual((play.status, play.open()), ("rejected", []))
        self.assertRefused("finished", play.do, "rescue", 9, "x", "end")

    def test_bad_requests_of_an_administrator(self):
        play = Play(line(approval("a", 2)))
        self.assertRefused("action", play.do, "rescue", 9, "x", "fly")
        self.assertRefused("unknown", play.do, "rescue", 9, "x", "move", visit="v77")
        visit = play.visit_at("a")
        self.assertRefused(
            "place", play.do, "rescue", 9, "x", "move", visit=visit, to="q"
        )
        self.assertRefused("who", play.do, "rescue", 9, "x", "put", visit=visit)

    def test_migrate(self):
        old = line(approval("a", 2), approval("b", 3))
        new = line(approval("a", 2, mode="any"), approval("z", 9))
        play = Play(old)
        found = walk.migrate(old, new, play.state)
        self.assertTrue(found.ok)
        self.assertEqual(found.notes, [{"node": "a", "to": "a", "changed": ["mode"]}])
        play.graph, play.state = walk.Flow(new), found.state
        self.assertEqual(play.agree(2).open(), [9])

    def test_migrate_where_a_step_is_gone(self):
        old, new = line(approval("a", 2)), line(approval("z", 9))
        play = Play(old)
        found = walk.migrate(old, new, play.state)
        self.assertFalse(found.ok)
        self.assertIsNone(found.state)
        self.assertEqual([item["code"] for item in found.unmapped], ["gone"])
        found = walk.migrate(old, new, play.state, {"a": "z"})
        self.assertTrue(found.ok)
        play.graph, play.state = walk.Flow(new), found.state
        self.assertEqual(play.agree(2).status, "agreed")

    def test_migrate_between_parallel_paths(self):
        old = fork([approval("a", 2)], [approval("b", 3)])
        play = Play(old).agree(2)
        self.assertTrue(walk.migrate(old, old, play.state).ok)
        found = walk.migrate(old, line(approval("b", 3)), play.state)
        self.assertEqual({item["code"] for item in found.unmapped}, {"nesting", "gone"})
        wider = fork([approval("a", 2)], [approval("b", 3)])
        wider["nodes"].append(approval("c", 4))
        wider["edges"] += [edge("fork", "c"), edge("c", "join")]
        found = walk.migrate(old, wider, play.state)
        self.assertEqual({item["code"] for item in found.unmapped}, {"branches"})
        self.assertIn("number of paths", found.unmapped[0]["reason"])

    def test_trace(self):
        play = Play(line(approval("a", 2), approval("b", 3)))
        play.wait(hours=3)
        play.agree(2).wait(hours=1)
        shown = trace(play.graph, play.state, play.world.now, events=[{"x": 1}])
        self.assertEqual(shown["events"], [{"x": 1}])
        nodes = shown["nodes"]
        self.assertEqual(
            {key: item["state"] for key, item in nodes.items()},
            {"start": "done", "a": "done", "b": "open"},
        )
        self.assertEqual((nodes["a"]["hours"], nodes["a"]["who"]), (3.0, [2]))
        self.assertEqual((nodes["b"]["hours"], nodes["b"]["until"]), (1.0, ""))
        play.do("withdraw", by=1)
        shown = trace(play.graph, play.state, play.world.now)["nodes"]
        self.assertEqual((shown["b"]["state"], shown["end"]["state"]), ("skipped",) * 2)

    def test_trace_tells_the_paths_taken(self):
        """Also where a path that was not taken leads to a node that was reached."""
        play = Play(by_amount(), World(amount=500))

        def walked():
            return trace(play.graph, play.state, play.world.now)["walked"]

        self.assertEqual(walked(), ["start-if", "if-large"])
        play.agree(3)
        self.assertEqual(walked(), ["start-if", "if-large", "large-small"])
        play.agree(2)
        self.assertEqual(play.status, "agreed")
        taken = ["start-if", "if-large", "large-small", "small-end"]
        self.assertEqual(walked(), taken)

    def test_trace_forgets_paths_that_were_undone(self):
        play = Play(fork([approval("a", 2)], [approval("b", 3)])).act(2, "return")
        shown = trace(play.graph, play.state, play.world.now)
        self.assertNotIn("fork-a", shown["walked"])
        play.agree(1)
        shown = trace(play.graph, play.state, play.world.now)
        self.assertEqual(shown["walked"], ["start-fork", "fork-a", "fork-b"])

    def test_replay(self):
        steps = [
            approval("a", 2, 3, mode="sequence"),
            node("n", "approval", approvers=[{"by": "team_lead"}]),
            node("x", "action", action="activity"),
        ]
        found = replay(line(*steps), World(), 1)
        self.assertEqual(found["status"], "agreed")
        self.assertEqual([item["user"] for item in found["asked"]], [2, 3])
        self.assertEqual(found["nobody"], ["n"])
        self.assertEqual(found["actions"], [{"node": "x", "action": "activity"}])

    def test_replay_tells_what_is_left_to_the_submitter(self):
        steps = [
            node("c", "approval", approvers=[{"by": "chosen"}]),
            approval("a", 2),
        ]
        found = replay(line(*steps), World(), 1)
        self.assertEqual((found["open"], found["nobody"]), (["c"], []))
        self.assertEqual([item["user"] for item in found["asked"]], [2])
        self.assertEqual(replay(line(*steps), World(), 1, {"c": [3]})["open"], [])

    def test_replay_of_a_flow_within(self):
        graph = line(node("p", "subflow", flow_id=9), approval("a", 2))
        inner = line(approval("b", 3))

        def part(flow_id):
            return replay(inner, World(), 1) if flow_id == 9 else None

        found = replay(graph, World(), 1, part=part)
        self.assertEqual(
            [(item["node"], item["user"]) for item in found["asked"]],
            [("p", 3), ("a", 2)],
        )
        gone = replay(graph, World(), 1, part=lambda flow_id: None)
        self.assertEqual((gone["nobody"], gone["asked"]), (["p"], []))
