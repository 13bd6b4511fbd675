import logging
import math

from odoo import api, fields, models, tools
from odoo.exceptions import UserError
from odoo.fields import Domain

from ..tools import approval_schema
from ..tools.field_use import IN_FORCE, RUNNING, Use
from .approval_facts import FUNCTIONS
from .approval_request import LIVE
from .arguments import check_one

_logger = logging.getLogger(__name__)


class ApprovalFlow(models.Model):
    """Checking a draft and making it a version."""

    _inherit = "crm.suite.approval.flow"

    earlier_text = fields.Char(
        string="Asked Before",
        compute="_compute_earlier_text",
        compute_sudo=False,
        help="Flows in force that wait for the same and stand before this one.",
    )

    @api.model
    @tools.ormcache("model_name", "text")
    def _prepare_domain(self, model_name, text):
        """A stored condition, read and simplified once: writes of documents ask it.

        What depends on the moment, such as ``today``, is still open in it.

        :return: what fits nothing, where the condition cannot be read
        :rtype: Domain
        """
        try:
            return self._read_domain(model_name, text)
        except ValueError as error:
            # A field that it names went with another application. What nobody can
            # answer must not stop all work; it is shown among what is watched.
            _logger.warning("A flow on %s holds nothing: %s", model_name, error)
            return Domain.FALSE

    @api.model
    def _read_domain(self, model_name, text):
        """
        :raise ValueError: it names a field that is not there, or is no condition
        """
        return self._parse_domain(text).optimize(self.env[model_name].sudo())

    @api.model
    def _find_unreadable(self):
        """The flows in force whose condition cannot be read.

        :rtype: crm.suite.approval.flow
        """
        found = self.browse()
        for flow in self.search([("state", "=", "published")]):
            text = (flow.current_version_id.start or {}).get("domain") or "[]"
            try:
                self._read_domain(flow.res_model, text)
            except ValueError:
                found += flow
        return found

    @api.depends(
        "res_model", "start", "start_method", "start_fields", "company_id", "sequence"
    )
    def _compute_earlier_text(self):
        for flow in self:
            earlier = flow._get_earlier()
            flow.earlier_text = ", ".join(earlier.mapped("name"))

    def _get_earlier(self):
        """Flows in force to which documents go that fit both: the first one counts."""
        own = self._origin
        start = self._get_start()
        gates = [
            gate
            for gate in self._get_gates(self.res_model)
            if gate.flow_id != own.id
            and gate.start == start["start"]
            and gate.method == (start["method"] or "")
            and (start["start"] != "fields" or {*gate.fields} & {*start["fields"]})
            and (
                not gate.company_id
                or not self.company_id
                or gate.company_id == self.company_id.id
            )
        ]
        place = (self.sequence, own.id or math.inf)
        flows = self.browse(gate.flow_id for gate in gates)
        return flows.filtered(lambda flow: (flow.sequence, flow.id) < place)

    @api.model
    def _get_field_uses(self):
        """See ``_get_uses`` of custom fields."""
        # A handful, by design.  pylint: disable-next=no-search-all
        for flow in self.search([]):
            yield Use(flow.name, flow.res_model, [flow._get_start(), flow.graph])
            if flow.state == "published":
                yield flow.current_version_id._get_field_use(IN_FORCE)
        asked = self.env["crm.suite.approval.request"]
        for (version,) in asked._read_group([("state", "in", LIVE)], ["version_id"]):
            yield version._get_field_use(RUNNING)

    # === CHECKING === #

    @api.readonly
    def check_graph(self, graph=None):
        """What stands against publishing the draft.

        :param dict graph: another one than that of the flow, for example what is being
            drawn
        :return: ``[{"node", "edge", "field", "code", "message"}]``; empty: nothing
        :rtype: list[dict]
        """
        check_one(self)
        self.env["crm.suite.approval.request"]._check_role()
        self.check_access("read")
        return self._find_problems(self.graph if graph is None else graph, self.id)

    @api.model
    @api.readonly
    def check_draft(self, res_model, graph, flow_id=False):
        """What stands against publishing a graph that is being drawn, maybe for a flow
        that is not saved yet.

        :param str res_model: model of the documents; False: not chosen yet, so names of
            fields are not looked up
        :param dict graph: as the designer holds it
        :param int flow_id: the flow that it belongs to, to find circles of flows
        :return: as :meth:`check_graph`
        :rtype: list[dict]
        """
        self.env["crm.suite.approval.request"]._check_role()
        self.check_access("read")
        if res_model and res_model not in self._get_document_models():
            raise UserError(self.env._("Choose the documents from the list."))
        if flow_id and type(flow_id) is not int:
            raise UserError(self.env._("Give the flow by its number."))
        flow = self.new({"res_model": res_model or False})
        return flow._find_problems(graph, flow_id)

    @api.model
    @api.readonly
    def get_server_actions(self, res_model=False):
        """The server actions that a step may run.

        :param str res_model: model of the documents; False: those of all documents
        :return: ``[[id, name]]``, by name
        :rtype: list[list]
        """
        self.env["crm.suite.approval.request"]._check_role()
        self.check_access("write")
        known = self._get_document_models()
        if res_model and res_model not in known:
            raise UserError(self.env._("Choose the documents from the list."))
        # Who draws flows chooses among them by name, and need not see what they do.
        actions = self.env["ir.actions.server"].sudo()
        wanted = [res_model] if res_model else known
        found = actions.search([("model_id.model", "in", wanted)], order="name, id")
        return [[action.id, action.name] for action in found]

    def _find_problems(self, graph, flow_id):
        """See :meth:`check_graph`; rights were checked by the caller."""
        if not isinstance(graph, dict):
            raise UserError(self.env._("Give the graph as {schema, nodes, edges}."))
        # What fields there are is known to whoever may read flows.
        facts = self.env["crm.suite.approval.facts"].sudo()
        problems = approval_schema.validate(
            graph,
            describe=facts._describe() if self.res_model else None,
            model=self.res_model,
            functions=FUNCTIONS,
            subflows=self._get_called,
            flow_id=flow_id,
        )
        if not problems and self.res_model:
            problems = self._check_nodes(graph)
        return [self._word_problem(problem) for problem in problems]

    @api.model
    def _get_called(self, flow_id):
        """The flows that a published flow calls, or None where there is none."""
        flow = self.sudo().browse(flow_id).exists()
        if not flow:
            return None
        graph = flow.current_version_id.graph or flow.graph or {}
        return [
            node.get("flow_id")
            for node in graph.get("nodes", ())
            if node.get("type") == "subflow"
        ]

    @api.model
    def _known_users(self, user_ids):
        """Those of some people who can decide."""
        # Whether somebody may be asked is no secret.
        users = self.env["res.users"].sudo().browse(user_ids).exists()
        people = self.env["crm.suite.approval.people"]
        document = self.env[self.res_model].sudo()
        return people._able(users, document.browse()).ids

    def _check_nodes(self, graph):
        """What the schema cannot know: whether names lead anywhere."""
        return [
            {"node": node["id"], "edge": None, "params": {}, **problem}
            for node in graph.get("nodes", ())
            for problem in self._check_node(node)
        ]

    def _check_node(self, node):
        fields_known = self.env[self.res_model]._fields
        for rule in node.get("approvers") or ():
            if rule.get("by") == "group":
                group = self.env.ref(rule.get("group") or "", raise_if_not_found=False)
                if not group or group._name != "res.groups":
                    yield self._problem(
                        "approvers",
                        "group",
                        self.env._(
                            "There is no role “%(name)s”.", name=rule.get("group")
                        ),
                    )
            if rule.get("by") == "users":
                users = self.env["res.users"].sudo().browse(rule.get("user_ids") or [])
                able = self._known_users(users.ids)
                for user in users.exists().filtered(lambda u, a=able: u.id not in a):
                    yield self._problem(
                        "approvers",
                        "user",
                        self.env._(
                            "%(user)s cannot decide: give that user a role in the suite.",
                            user=user.name,
                        ),
                    )
        for name in node.get("fields") or ():
            if name not in fields_known or fields_known[name].readonly:
                yield self._problem(
                    "fields",
                    "field",
                    self.env._("“%(field)s” cannot be filled in.", field=name),
                )
        if node.get("action") == "server_action":
            # Only whether it exists and for which documents it is.
            action = (
                self.env["ir.actions.server"]
                .sudo()
                .browse(node.get("server_action_id") or 0)
            )
            if action.exists().model_id.model != self.res_model:
                yield self._problem(
                    "action",
                    "action",
                    self.env._("Choose an action that is made for these documents."),
                )

    def _problem(self, field, code, message):
        return {"field": field, "code": code, "message": message}

    def _word_problem(self, problem):
        """A problem with its message in the language of the user."""
        words = self._get_problem_words()
        message = problem["message"]
        if problem["code"] in words:
            message = words[problem["code"]] % (problem.get("params") or {})
        return {
            "node": problem.get("node") or False,
            "edge": problem.get("edge") or False,
            "field": problem.get("field") or False,
            "code": problem["code"],
            "message": message,
        }

    # === PUBLISHING === #

    def action_publish(self, note=""):
        """Check the draft and put it in force; what runs stays with its version.

        :param str note: what changed, for the list of versions
        :return: True
        :raise UserError: all problems, each with its node and field
        """
        self.check_access("write")
        for flow in self:
            flow._check_start()
            flow._check_start_domain()
            problems = flow.check_graph()
            if problems:
                raise UserError(flow._describe_problems(problems))
            flow._publish(note if isinstance(note, str) else "")
        return True

    def _publish(self, note=""):
        latest = max(self.version_ids.mapped("number"), default=0)
        # Who may write the flow was checked; versions are made here alone.
        version = (
            self.env["crm.suite.approval.version"]
            .sudo()
            .create(
                {
                    "flow_id": self.id,
                    "number": latest + 1,
                    "graph": self.graph,
                    "start": self._get_start(),
                    "published_at": fields.Datetime.now(),
                    "published_by_id": self.env.uid,
                    "note": note.strip() or False,
                }
            )
        )
        self.sudo().write({"current_version_id": version.id, "state": "published"})
        self.message_post(
            body=self.env._("Version %(number)s is in force.", number=version.number)
        )

    def action_switch_off(self):
        """No document starts the flow any more; what runs goes on.

        :return: True
        """
        self.check_access("write")
        # As above.
        self.sudo().write({"state": "draft"})
        return True

    def _describe_problems(self, problems):
        """All problems in lines: where, and what is wrong, in the words of the screen."""
        graph = self.graph or {}
        names = {
            str(node.get("id")): node.get("name") or node.get("id")
            for node in graph.get("nodes", ())
            if isinstance(node, dict)
        }
        for edge in graph.get("edges", ()):
            if isinstance(edge, dict):
                ends = (names.get(str(edge.get(end)), "?") for end in ("from", "to"))
                names[str(edge.get("id"))] = " → ".join(map(str, ends))
        lines = [
            " · ".join(
                part
                for part in (
                    names.get(problem["edge"] or problem["node"]) or problem["node"],
                    problem["message"],
                )
                if part
            )
            for problem in problems
        ]
        return self.env._(
            "“%(flow)s” cannot be published yet:\n%(problems)s",
            flow=self.name,
            problems="\n".join(f"– {line}" for line in lines),
        )
