import logging
from datetime import timedelta

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.http import request as http_request

from ..tools import approval_walk as walk
from ..tools.approval_graph import Flow
from ..tools.retry import is_try_again
from .approval_mixin import passing
from .approval_request import LIVE, NOTHING_DONE
from .approval_world import World, lock_requests
from .arguments import check_one

_logger = logging.getLogger(__name__)

# Rows that tell more than the opening and closing of tasks does.
EVENT_KINDS = {
    "started": "start",
    "same": "skip",
    "outrank": "skip",
    "kept": "skip",
    "limit": "skip",
    "returned": "return",
    "transferred": "transfer",
    "relieved": "transfer",
    "asked_again": "change",
    "rerouted": "change",
    "retrieved": "retrieve",
    "withdrawn": "withdraw",
    "cancelled": "cancel",
    "rescued": "rescue",
    "named": "choose",
    "exception": "nobody",
    "finished": "finish",
}
VOTES = ("agree", "reject", "return", "fill")
MOST_STEPS = 200


class ApprovalVersion(models.Model):
    _inherit = "crm.suite.approval.version"

    @tools.ormcache("self.id")
    def _prepare_graph(self):
        """The graph as the engine wants it; a version never changes."""
        return Flow(self.graph)

    @tools.ormcache("self.id")
    def _get_flow_id(self):
        """The id of its flow, which never changes either."""
        return self.flow_id.id


class ApprovalRequest(models.Model):
    """Lets the plain engine take a step and stores what came of it."""

    _inherit = "crm.suite.approval.request"

    # === BEGINNING === #

    @api.model
    def _start(
        self, document, version_id, key, effect, inline=False, chosen=None, parent=None
    ):
        """Put a document on its way.

        :param document: the record, in the environment of who asks
        :param bool inline: the caller itself does what waits where nobody is asked
        :param dict chosen: ids of users by node, where the submitter chooses
        :param parent: the request and the visit of which this is a part
        :rtype: request
        """
        version = self.env["crm.suite.approval.version"].sudo().browse(version_id)
        flow = self.env["crm.suite.approval.flow"].sudo().browse(version._get_flow_id())
        submitter = document._approval_submitter()
        record = document.sudo()
        company = "company_id" in record._fields and record.company_id
        asked_in = company or document.env.company
        if asked_in.id not in submitter._get_company_ids():
            # The system acts where who answers for the document does not work.
            asked_in = asked_in.browse()
        request = self.sudo().create(
            {
                "name": record.display_name or "–",
                "flow_id": flow.id,
                "version_id": version.id,
                "company_id": (company or flow.company_id).id,
                "asked_company_id": asked_in.id,
                "res_model": record._name,
                "res_id": record.id,
                "key": key,
                "effect": effect or False,
                "submitter_id": submitter.id,
                "position": {},
                "parent_id": parent and parent[0].id,
                "parent_visit": parent and parent[1],
            }
        )
        if not parent:
            with passing(self.env):
                record.crm_suite_approval_id = request
        request._take(
            lambda flow, _state, world: walk.start(
                flow, world, submitter.id, request._check_chosen(chosen)
            ),
            document=record,
        )
        if not inline:
            request._carry_out()
        elif not request.is_running:
            request._point_to_open()
        return request

    @api.model
    def _check_chosen(self, chosen):
        """Ids as the engine wants them; programs send keys as text anyway."""
        if chosen is None:
            return {}
        if not isinstance(chosen, dict) or not all(
            isinstance(users, list | tuple) and all(type(id_) is int for id_ in users)
            for users in chosen.values()
        ):
            raise UserError(
                self.env._("Give the chosen people as {node: [ids of users]}.")
            )
        return {str(node): list(users) for node, users in chosen.items()}

    # === STEPS === #

    def _get_world(self, desk=None, document=None):
        document = self._place(document) if document else self._get_document()
        values = self._get_proposed()
        if document and values:
            # What is asked about is the document as it would be.
            document = document.new(values, origin=document)
        return World(self.env, document, self.submitter_id, desk)

    def _advance(self, step, /, *args, desk=None, note=None, **kwargs):
        """Take a step of the engine; what is refused there is told in words.

        :param str step: a function of ``tools/approval_walk.py``
        :param dict note: ``channel``, ``address``, ``comment`` for the history
        """
        function = getattr(walk, step)
        self._take(
            lambda flow, state, world: function(flow, state, world, *args, **kwargs),
            desk,
            note,
        )
        self._carry_out()

    def _take(self, function, desk=None, note=None, document=None):
        """
        :param document: as superuser, where the caller has just read it
        """
        check_one(self)
        world = self._get_world(desk, document)
        flow = self.version_id._prepare_graph()
        note = {**self._get_channel(), **(note or {})}
        try:
            steps = [function(flow, self.position, world)]
            for _number in range(MOST_STEPS):
                if not steps:
                    break
                step = steps.pop(0)
                answers = self._store(step, world, note)
                for visit, outcome, error in answers:
                    step = walk.finished(
                        flow, self.position, world, visit, outcome, error
                    )
                    answers += self._store(step, world, note)
        except walk.WalkError as refusal:
            raise UserError(self._word_refusal(refusal)) from refusal

    @api.model
    def _get_channel(self):
        """By which way somebody acts now: from the request of the web server."""
        if not http_request:
            return {"channel": "clock" if self.env.uid == 1 else "program"}
        path = http_request.httprequest.path
        return {
            "channel": "button" if path.startswith("/web/") else "program",
            "address": http_request.httprequest.remote_addr,
        }

    # === STORING === #

    def _store(self, step, world, note):
        """Bring the rows to what the engine says.

        :return: what the engine asked to be done meanwhile: (visit, outcome, error)
        :rtype: list[tuple]
        """
        state, effects = step
        by_type = {}
        for effect in effects:
            by_type.setdefault(effect["type"], []).append(effect)
        before = self.state
        self.write(self._get_row(state))
        tasks, events = self._store_tasks(state, effects, world, note)
        events += self._get_event_rows(by_type.get("event", ()), tasks, note)
        self.env["crm.suite.approval.event"].create(events)
        self._queue_notices(by_type, tasks)
        answers = []
        for effect in by_type.get("action", ()):
            answers.append((effect["visit"], *self._do_action(effect, world)))
        for effect in by_type.get("start_subflow", ()):
            answers += self._start_part(effect)
        for effect in by_type.get("cancel_subflow", ()):
            self._cancel_parts(effect["visit"])
        if self.state == "exception" and before != "exception":
            self._tell_stuck()
        return answers

    def _get_row(self, state):
        """The columns that follow from the state of the engine."""
        status = state["status"]
        open_visits = [
            visit
            for visit in state["visits"].values()
            if visit["status"] in ("open", "recheck", "exception")
        ]
        graph = self.version_id._prepare_graph()
        names = [graph.name(visit["node"]) for visit in open_visits]
        dues = [
            task["due"]
            for task in state["tasks"].values()
            if task["status"] == "open" and task.get("due")
        ]
        live = status in LIVE
        row = {
            "position": state,
            "state": status,
            "stage": ", ".join(dict.fromkeys(names)) if live else False,
            "since": min((visit["since"] for visit in open_visits), default=False),
            "due_at": min(dues, default=False) if live else False,
            "next_tick": (walk.next_tick(state) or False) if live else False,
        }
        if live and not self.is_running:
            row.update(finished_at=False, **NOTHING_DONE)
        if not live and self.is_running:
            row["finished_at"] = fields.Datetime.now()
            row["effect_state"] = (
                "pending" if status == "agreed" and self.effect else "none"
            )
        return row

    def _store_tasks(self, state, effects, world, note):
        """Open and close the rows of tasks.

        :return: the tasks concerned, by key; rows of events that tell of decisions
        :rtype: tuple[dict[str, task], list[dict]]
        """
        graph = self.version_id._prepare_graph()
        opened = [e for e in effects if e["type"] == "open_task"]
        values = [self._get_task_values(state, effect, graph) for effect in opened]
        tasks = self.env["crm.suite.approval.task"].create(values)
        found = {task.key: task for task in tasks}
        changed = {
            effect["task"]
            for effect in effects
            if effect["type"] in ("wake_task", "hold_task", "close_task")
        }
        events = []
        for task in self.task_ids if changed else ():
            if task.key in changed:
                found[task.key] = task
                events += task._follow(state["tasks"][task.key], world, note)
        return found, events

    def _get_task_values(self, state, effect, graph):
        task = state["tasks"][effect["task"]]
        return {
            "request_id": self.id,
            "flow_id": self.flow_id.id,
            "company_id": self.company_id.id,
            "res_model": self.res_model,
            "res_id": self.res_id,
            "name": self.name,
            "key": effect["task"],
            **self._get_place_values(graph, effect["node"], task["kind"]),
            "kind": task["kind"],
            "role": task["role"],
            "place": task.get("place") or 0,
            "user_id": task["user"],
            "submitter_id": self.submitter_id.id,
            "state": task["status"],
            "opened_at": task["since"] if task["status"] == "open" else False,
            "due_at": task.get("due") or False,
            "auto": task.get("auto") or False,
            "notice": "todo" if task["status"] == "open" else False,
        }

    def _get_place_values(self, graph, node_id, kind):
        """What the row of a task says of its step."""
        names = graph.nodes.get(node_id, {}).get("fields")
        return {
            "node": node_id,
            "node_name": graph.name(node_id),
            "fill_fields": names if names and kind == "fill" else False,
        }

    def _get_event_rows(self, events, tasks, note):
        rows = []
        graph = self.version_id._prepare_graph()
        for event in events:
            if event.get("event") not in EVENT_KINDS:
                continue
            kind = EVENT_KINDS[event["event"]]
            # Who transfers or returns leaves a row of his own, see the tasks.
            if kind in ("return", "transfer") and event.get("task") in tasks:
                continue
            node = event.get("node")
            rows.append(
                self._get_event_values(
                    kind,
                    node=node,
                    node_name=graph.name(node),
                    user_id=event.get("by") or event.get("user") or False,
                    comment=event.get("comment")
                    or note.get("comment")
                    or self._describe_lost(event),
                    task_id=tasks[event["task"]].id
                    if event.get("task") in tasks
                    else False,
                    changes=event.get("fields") or False,
                    result=event["status"] if kind == "finish" else False,
                    **{name: note.get(name) for name in ("channel", "address")},
                )
            )
        return rows

    def _describe_lost(self, event):
        """What the name of an event does not say: why a join stands still."""
        if event.get("code") != "lost":
            return False
        return self.env._("Not all paths that meet here can arrive any more.")

    def _get_event_values(self, kind, **values):
        return {
            "request_id": self.id,
            "flow_id": self.flow_id.id,
            "company_id": self.company_id.id,
            "kind": kind,
            **values,
        }

    def _note_event(self, kind, **values):
        note = {**self._get_channel(), **values}
        self.env["crm.suite.approval.event"].create(
            self._get_event_values(kind, **note)
        )

    # === PARTS === #

    def _start_part(self, effect):
        """Begin a flow within the flow.

        :return: the answer at once where nobody is asked or there is no such flow
        """
        flow = self.env["crm.suite.approval.flow"].browse(effect["flow_id"]).exists()
        document = self._get_document()
        if not flow.current_version_id or flow.state != "published" or not document:
            error = self.env._("The flow within the flow is not published.")
            return [(effect["visit"], "failed", error)]
        part = self._start(
            document.with_user(self.submitter_id).sudo(),
            flow.current_version_id.id,
            key=f"part:{self.id}:{effect['visit']}",
            effect={},
            inline=True,
            parent=(self, effect["visit"]),
        )
        if part.is_running:
            return []
        outcome = "agreed" if part.state == "agreed" else "rejected"
        return [(effect["visit"], outcome, "")]

    def _cancel_parts(self, visit):
        parts = self.child_ids.filtered(
            lambda r: r.parent_visit == visit and r.is_running
        )
        parts._cancel(self.env._("The flow around it went another way."))

    def _tell_parent(self):
        """A part has ended: the flow around it goes on."""
        for part in self.filtered("parent_id"):
            parent, visit = part.parent_id, part.parent_visit
            if not parent.is_running:
                continue
            lock_requests(parent)
            graph = parent.version_id._prepare_graph()
            if not walk.can_finish(graph, parent.position, visit):
                continue
            outcome = "agreed" if part.state == "agreed" else "rejected"
            parent._advance("finished", visit, outcome)

    # === ACTIONS OF THE FLOW === #

    def _do_action(self, effect, world):
        """Do what an action node says; what fails is told and can be tried again.

        :return: outcome for the engine and the error
        :rtype: tuple[str, str]
        """
        method = getattr(self, f"_action_{effect.get('action')}", None)
        if method is None:
            return "failed", self.env._("There is no such action.")
        params = effect.get("params") or {}
        try:
            with self.env.cr.savepoint(), self._changing(effect["visit"]):
                method(params, self._get_document(), world)
        except UserError as error:
            self._note_event("failure", node=effect["node"], comment=str(error))
            return "failed", str(error)
        except Exception as error:
            # A failing action is put to the administrators; the flow is not lost.
            if is_try_again(error):
                raise
            _logger.exception("An action of approval request %s failed", self.id)
            self._note_event("failure", node=effect["node"], comment=repr(error))
            return "failed", repr(error)
        self._note_event("action", node=effect["node"], channel="system")
        return "done", ""

    def _action_set_field(self, params, document, world):
        facts = self.env["crm.suite.approval.facts"]
        value = facts._evaluate(
            str(params.get("value")), document, self.submitter_id, "any"
        )
        document.write({params["field"]: getattr(value, "amount", value)})

    def _action_server_action(self, params, document, world):
        action = (
            self.env["ir.actions.server"]
            .sudo()
            .browse(params.get("server_action_id") or 0)
            .exists()
        )
        if not action or action.model_id.model != document._name:
            raise UserError(
                self.env._("The action of the flow does not exist any more.")
            )
        action.with_context(
            active_model=document._name, active_id=document.id, active_ids=document.ids
        ).run()

    def _action_activity(self, params, document, world):
        users = self.env["crm.suite.approval.people"]._find(
            params.get("approvers"), document, self.submitter_id
        )
        day = fields.Date.context_today(document) + timedelta(
            days=params.get("days") or 0
        )
        for user in users or self.submitter_id:
            document.activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=day,
                summary=params.get("summary") or self.flow_id.name,
                note=params.get("note") or "",
                user_id=user.id,
            )

    def _action_webhook(self, params, document, world):
        """Tell other systems, after the transaction was committed."""
        self.env["crm.suite.webhook"]._emit(
            "approval.action",
            document,
            {
                document.id: {
                    "name": params["event_name"],
                    "request_id": self.id,
                    "flow_id": self.flow_id.id,
                    "flow": self.flow_id.name,
                    "document": self.name,
                    "submitter_id": self.submitter_id.id,
                }
            },
        )

    # === ENDING === #

    def _cancel(self, reason):
        """End requests because their document is gone or does not want it any more."""
        rest = self.filtered(lambda request: request._is_open())
        if not rest:
            return
        lock_requests(rest)
        for request in rest:
            if request.is_running:
                request._advance("cancel", by=self.env.uid, reason=reason)
            elif request._is_granted():
                request._drop("cancel", reason)

    def _word_refusal(self, refusal):
        """What the engine refuses, in the language of the user.

        :rtype: str
        """
        nowhere = refusal.code == "place" and not refusal.params.get("node")
        code = "nowhere" if nowhere else refusal.code
        sentence = self._get_refusal_words().get(code)
        if not sentence:
            return refusal.text
        return sentence % self._name_params(refusal.params)

    def _name_params(self, params):
        names = {}
        for name, value in params.items():
            if name in ("user", "by") and isinstance(value, int):
                value = self.env["res.users"].sudo().browse(value).name
            elif name == "node":
                value = self.version_id._prepare_graph().name(value)
            names[name] = value
        return names
