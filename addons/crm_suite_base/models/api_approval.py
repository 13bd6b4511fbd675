import psycopg2

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Datetime, Domain

from ..tools.api_body import is_storable
from ..tools.api_problem import ApiProblem
from ..tools.api_schema import check_value, pointer
from .approval_task import VOTES

LARGEST_ID = 2**31 - 1
PAGE, MOST = 50, 100


class ApiApproval(models.AbstractModel):
    """Approvals for office systems: what waits for whom, where it is, and the vote."""

    _inherit = "crm.suite.api"

    @api.model
    def _do_tasks(self, call, data, sent):
        """A page of the tasks that wait for the user of the key, the oldest first."""
        limit = self._get_number(call, "limit", PAGE, MOST)
        if not limit:
            raise ApiProblem("bad_request", f"“limit” is a number from 1 to {MOST}.")
        after = self._get_number(call, "after", 0, LARGEST_ID)
        tasks = self.env["crm.suite.approval.task"]
        domain = tasks._get_inbox_domain() & Domain("id", ">", after)
        found = tasks.search(domain, order="id", limit=limit + 1)
        page = found[:limit]
        return {
            "tasks": [self._describe_task(task) for task in page],
            "next": page[-1].id if len(found) > limit else None,
        }

    @api.model
    def _do_request(self, call, data, sent, request_id):
        """Where a request is, and the tasks of the user in it."""
        request = self._get_record("crm.suite.approval.request", request_id)
        trace = request.trace()
        about = trace["request"]
        tasks = self.env["crm.suite.approval.task"]
        mine = tasks.search(
            tasks._get_inbox_domain() & Domain("request_id", "=", request.id)
        )
        names = {node["id"]: node.get("name") for node in trace["graph"]["nodes"]}
        # Who may read a request may know its document by name.
        document = request.sudo()
        return {
            **{
                name: about[name] for name in ("id", "name", "state", "flow", "version")
            },
            "submitter": about["submitter"] or "",
            "started": _moment(request.started_at),
            "finished": _moment(request.finished_at),
            "document": _document(document),
            "nodes": [
                {"id": id_, "name": names.get(id_) or id_, **_plain(node)}
                for id_, node in trace["nodes"].items()
            ],
            "events": [
                {
                    **{k: e[k] or "" for k in ("kind", "node", "node_name", "who")},
                    **{k: e[k] or "" for k in ("for", "comment", "channel")},
                    "at": _iso(e["at"]),
                }
                for e in trace["events"]
            ],
            "tasks": [
                {
                    **self._describe_task(task),
                    "decisions": task.get_options()["decisions"],
                }
                for task in mine
            ],
        }

    @api.model
    def _do_decision(self, call, data, sent, task_id):
        """Decide a task; the same decision again changes nothing."""
        if found := check_value("decision", data):
            rule, path, limit = found
            target = self.env["crm.suite.api.target"]
            self._refuse_value(target._api_rule_text(rule, limit), path)
        if not is_storable(data):
            text = self.env._("A text has a character that cannot be stored.")
            self._refuse_value(text, [])
        task = self._get_record("crm.suite.approval.task", task_id)
        result = "decided"
        if task.state == "open":
            self._decide(task, data)
        elif self._is_same(task, data):
            result = "unchanged"
        else:
            raise ApiProblem(
                "decided",
                self.env._(
                    "The task is not open any more: %(state)s.", state=task.state
                ),
            )
        request = task.sudo().request_id
        return {
            "id": task.id,
            "state": task.sudo().state,
            "request_id": request.id,
            "request_state": request.state,
            "result": result,
        }

    @api.model
    def _is_same(self, task, data):
        """Whether the user has decided just this before."""
        mine = task.sudo().decided_by_id == self.env.user
        return mine and VOTES.get(task.state) == data["decision"]

    @api.model
    def _decide(self, task, data):
        values = dict(data)
        decision, comment = values.pop("decision"), values.pop("comment", "")
        if "user_ids" in values:
            values["user_ids"] = [int(id_) for id_ in values["user_ids"]]
        try:
            with self.env.cr.savepoint():
                task.action_decide(decision, comment, **values)
        except AccessError:
            raise
        except UserError as error:
            self._refuse_value(str(error.args[0] if error.args else error), [])
        except (TypeError, ValueError, OverflowError, psycopg2.DataError) as error:
            if "values" not in values:
                raise
            # What is filled in goes to fields of the document, whatever they are.
            text = self.env._("A value that is filled in does not fit its field.")
            raise ApiProblem(
                "invalid",
                text,
                errors=[{"code": "value", "field": "/values", "reason": text}],
            ) from error

    @api.model
    def _refuse_value(self, text, path):
        error = {"code": "invalid", "field": pointer(path), "reason": text}
        raise ApiProblem("invalid", text, errors=[error])

    @api.model
    def _get_record(self, model_name, id_):
        """A record that the user may read: others are not told from none."""
        found = self.env[model_name]
        if 0 < id_ <= LARGEST_ID:
            found = found.search([("id", "=", id_)])
        if not found:
            raise ApiProblem("not_found", self.env._("There is no such record."))
        return found

    @api.model
    def _describe_task(self, task):
        # Names of colleagues; the task itself may be read.
        task = task.sudo()
        asked = task.submitter_id
        return {
            "id": task.id,
            "request_id": task.request_id.id,
            "document": _document(task),
            "node": task.node_name or task.node or "",
            "kind": task.kind,
            "for": {"id": task.user_id.id, "name": task.user_id.name},
            "asked_by": {"id": asked.id, "name": asked.name} if asked else None,
            "since": _moment(task.opened_at),
            "due": _moment(task.due_at),
            "figures": (task.figures_text or "").splitlines(),
            "fields": task.fill_fields or [],
        }


def _document(record):
    return {
        "model": record.res_model or "",
        "id": record.res_id or 0,
        "name": record.name or "",
    }


def _moment(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment else None


def _iso(text):
    return _moment(Datetime.to_datetime(text)) if text else None


def _plain(node):
    """What of a node is of interest outside."""
    return {
        "state": node.get("state") or "",
        "who": node.get("who") or [],
        "since": _iso(node.get("since")),
        "until": _iso(node.get("until")),
    }
