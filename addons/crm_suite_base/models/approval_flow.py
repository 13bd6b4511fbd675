import json
from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.exceptions import UserError, ValidationError

from .approval_request import LIVE
from .arguments import read_domain

STARTS = [
    ("method", "A step of the document"),
    ("fields", "A change of fields"),
    ("create", "A new record"),
    ("edit", "Any edit"),
    ("button", "Somebody asks"),
]
EMPTY = {
    "schema": 1,
    "nodes": [
        {"id": "start", "type": "start", "x": 40, "y": 120},
        {"id": "end", "type": "end", "x": 640, "y": 120},
    ],
    "edges": [{"id": "e1", "from": "start", "to": "end"}],
}


class Gate(NamedTuple):
    """What a published flow waits for; kept in the cache of the registry."""

    flow_id: int
    version_id: int
    company_id: int
    start: str
    method: str
    fields: tuple
    direction: str
    holds: bool
    domain: str


class ApprovalFlow(models.Model):
    """Who is asked about documents of a model, in which order and under which conditions.

    ``graph`` is the draft that people work on; :meth:`action_publish` checks it and
    makes it a version, which never changes. What runs stays with its version. What
    starts the flow belongs to the version too.
    """

    _name = "crm.suite.approval.flow"
    _description = "Approval Flow"
    _inherit = ["mail.thread"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(
        default=10, help="The first flow that fits a document is the one that counts."
    )
    res_model = fields.Selection(
        "_selection_res_model", string="Documents", required=True, index=True
    )
    # Who draws flows need not be able to read the models of the host: he chooses by
    # the selection. The link lets a flow go with its model.
    model_id = fields.Many2one(
        "ir.model",
        compute="_compute_model_id",
        store=True,
        precompute=True,
        compute_sudo=True,
        index=True,
        ondelete="cascade",
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        default=lambda self: self.env.company,
        help="Empty: for the documents of all companies.",
    )
    note = fields.Text(string="What It Is For", translate=True)
    state = fields.Selection(
        [("draft", "Off"), ("published", "In force")],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        tracking=True,
    )
    start = fields.Selection(
        STARTS, string="Starts At", required=True, default="button"
    )
    start_method = fields.Selection(
        "_selection_start_method",
        string="Step",
        help="The step waits until everybody has agreed, and is then done by itself.",
    )
    start_fields = fields.Char(
        string="Field",
        help="The technical name of the field; several with commas between.",
    )
    start_direction = fields.Selection(
        [
            ("changed", "they change"),
            ("higher", "they become higher"),
            ("lower", "they become lower"),
        ],
        string="When",
        required=True,
        default="changed",
    )
    start_holds = fields.Boolean(
        string="The Change Waits",
        default=True,
        help="The new value is written only when everybody has agreed.",
    )
    start_domain = fields.Char(
        string="Only For", default="[]", help="Empty: for all documents."
    )
    graph = fields.Json(default=lambda self: self._default_graph(), copy=True)
    graph_text = fields.Text(
        string="Graph as Text",
        compute="_compute_graph_text",
        inverse="_inverse_graph_text",
    )
    version_ids = fields.One2many(
        "crm.suite.approval.version", "flow_id", string="Versions", readonly=True
    )
    current_version_id = fields.Many2one(
        "crm.suite.approval.version",
        string="Version in Force",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
    )
    is_changed = fields.Boolean(
        string="Draft Differs", compute="_compute_is_changed", compute_sudo=False
    )
    request_count = fields.Integer(
        string="Running", compute="_compute_request_counts", compute_sudo=False
    )
    stuck_count = fields.Integer(
        string="Nobody Found", compute="_compute_request_counts", compute_sudo=False
    )
    old_count = fields.Integer(
        string="Running under Older Versions",
        compute="_compute_old_count",
        compute_sudo=False,
    )

    # === DEFAULTS === #

    @api.model
    def _default_graph(self):
        """A beginning and an end, named in the language of who draws.

        :rtype: dict
        """
        names = {"start": self.env._("Start"), "end": self.env._("End")}
        nodes = [{**node, "name": names[node["type"]]} for node in EMPTY["nodes"]]
        return {**EMPTY, "nodes": nodes}

    # === COMPUTES === #

    @api.depends("res_model")
    def _compute_model_id(self):
        for flow in self:
            flow.model_id = self.env["ir.model"]._get(flow.res_model)

    @api.model
    def _selection_res_model(self):
        # Names of the documents, which everybody knows.
        models_ = self.env["ir.model"].sudo()
        return [
            (name, models_._get(name).name)
            for name in sorted(self._get_document_models())
        ]

    def _get_start_fields(self):
        """:rtype: list[str]"""
        names = (self.start_fields or "").split(",")
        return [name.strip() for name in names if name.strip()]

    @api.depends("graph")
    def _compute_graph_text(self):
        for flow in self:
            flow.graph_text = json.dumps(flow.graph, ensure_ascii=False, indent=1)

    def _inverse_graph_text(self):
        for flow in self:
            try:
                flow.graph = json.loads(flow.graph_text or "{}")
            except ValueError as error:
                raise ValidationError(
                    self.env._("The graph is not JSON: %(problem)s", problem=error)
                ) from error

    @api.depends(
        "graph",
        "current_version_id",
        "start",
        "start_method",
        "start_fields",
        "start_direction",
        "start_holds",
        "start_domain",
    )
    def _compute_is_changed(self):
        for flow in self:
            version = flow.current_version_id
            flow.is_changed = bool(version) and (
                version.graph != flow.graph or version.start != flow._get_start()
            )

    def _compute_request_counts(self):
        rows = self.env["crm.suite.approval.request"]._read_group(
            [("flow_id", "in", self.ids), ("state", "in", LIVE)],
            ["flow_id", "state"],
            ["__count"],
        )
        counts = {(flow.id, state): count for flow, state, count in rows}
        for flow in self:
            flow.request_count = counts.get((flow.id, "running"), 0)
            flow.stuck_count = counts.get((flow.id, "exception"), 0)

    @api.depends("current_version_id")
    def _compute_old_count(self):
        for flow in self:
            flow.old_count = (
                self.env["crm.suite.approval.request"].search_count(
                    [
                        ("flow_id", "=", flow.id),
                        ("state", "in", LIVE),
                        ("version_id", "!=", flow.current_version_id.id),
                    ]
                )
                if flow.current_version_id
                else 0
            )

    @api.model
    def _get_document_models(self):
        """The models whose documents can be put to people: those with the mixin.

        :rtype: list[str]
        """
        mixin = self.env.registry["crm.suite.approval.mixin"]
        return [
            name
            for name in mixin._inherit_children
            if not self.env.registry[name]._abstract
        ]

    @api.model
    def _selection_start_method(self):
        found = {}
        for name in self._get_document_models():
            found.update(self.env[name]._approval_steps())
        return list(found.items())

    # === CONSTRAINTS === #

    @api.constrains("start_domain", "res_model")
    def _check_start_domain(self):
        for flow in self:
            try:
                domain = flow._parse_domain(flow.start_domain)
                self.env[flow.res_model].sudo().browse().filtered_domain(domain)
                self.env[flow.res_model].sudo()._search(domain, limit=1)
            except Exception as error:
                raise ValidationError(
                    self.env._(
                        "“Only for” of “%(flow)s” cannot be understood: %(problem)s",
                        flow=flow.name,
                        problem=error,
                    )
                ) from error

    @api.model
    def _parse_domain(self, text):
        """A domain of literals; dates may be relative, as ``today -7d``.

        :rtype: Domain
        """
        return read_domain(self.env, text)

    @api.constrains(
        "start", "start_method", "start_fields", "start_direction", "res_model"
    )
    def _check_start(self):
        for flow in self.filtered("start"):
            if flow.start == "method" and not flow.start_method:
                raise ValidationError(self.env._("Choose the step that shall wait."))
            steps = self.env[flow.res_model]._approval_steps()
            if flow.start == "method" and flow.start_method not in steps:
                names = dict(self._selection_start_method())
                raise ValidationError(
                    self.env._(
                        "“%(step)s” is no step of these documents. Choose one of: %(steps)s.",
                        step=names.get(flow.start_method, flow.start_method),
                        steps=", ".join(steps.values()),
                    )
                )
            names = flow._get_start_fields()
            if flow.start == "fields" and not names:
                raise ValidationError(
                    self.env._("Choose the fields whose change starts the flow.")
                )
            model = self.env[flow.res_model]
            for name in names:
                if name not in model._fields:
                    raise ValidationError(
                        self.env._(
                            "%(field)s is no field of %(model)s.",
                            field=name,
                            model=flow.res_model,
                        )
                    )
                ranked = flow.start != "fields" or flow.start_direction == "changed"
                if not ranked and not model._approval_is_ranked(name):
                    raise ValidationError(
                        self.env._(
                            "The values of “%(field)s” are not higher or lower than each other: let the flow start when they change.",
                            field=model._approval_label(name),
                        )
                    )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get("model_id") and not vals.get("res_model"):
                # A program names the model by its id.
                model = self.env["ir.model"].sudo().browse(vals.pop("model_id"))
                vals["res_model"] = model.model
        flows = super().create(vals_list)
        self.env.registry.clear_cache()
        return flows

    def write(self, vals):
        if not self.env.su and vals.keys() & {"state", "current_version_id"}:
            raise UserError(
                self.env._("Use “Publish” and “Switch Off”: they check the flow first.")
            )
        result = super().write(vals)
        if vals.keys() & {"state", "active", "current_version_id", "sequence"} or (
            vals.keys() & {"company_id", "res_model"}
        ):
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        self.check_access("unlink")
        # Who may delete a flow deletes its versions; used ones refuse it.
        flows = self.sudo()
        flows.current_version_id = False
        flows.version_ids.unlink()
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    # === GATES === #

    @api.model
    @tools.ormcache("model_name")
    def _get_gates(self, model_name):
        """What the published flows of a model wait for, the first that counts first.

        All that a document without flows pays for: a look-up in a cache.

        :rtype: tuple[Gate, ...]
        """
        # What waits is decided by the flows, not by who may read them.
        flows = self.sudo().search(
            [("res_model", "=", model_name), ("state", "=", "published")]
        )
        return tuple(flow._get_gate() for flow in flows)

    @api.model
    @tools.ormcache("model_name")
    def _is_used(self, model_name):
        """Whether documents of a model were ever asked about: whether a flow of it was
        published, even if it is switched off or archived now.

        :rtype: bool
        """
        flows = self.sudo().with_context(active_test=False)
        used = [("res_model", "=", model_name), ("version_ids", "!=", False)]
        return bool(flows.search_count(used, limit=1))

    def _get_gate(self):
        start = self.current_version_id.start or {}
        return Gate(
            self.id,
            self.current_version_id.id,
            self.company_id.id,
            start.get("start", "button"),
            start.get("method") or "",
            tuple(start.get("fields") or ()),
            start.get("direction") or "changed",
            bool(start.get("holds")),
            start.get("domain") or "[]",
        )

    def _get_start(self):
        """What starts the flow, as a version keeps it."""
        return {
            "start": self.start,
            "method": self.start_method if self.start == "method" else False,
            "fields": sorted(self._get_start_fields())
            if self.start == "fields"
            else [],
            "direction": self.start_direction,
            "holds": self.start == "fields" and self.start_holds,
            "domain": self.start_domain or "[]",
        }

    # === ACTIONS === #

    def action_open_requests(self):
        """List the requests of this flow.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.approval_request_action"
        )
        return {
            **action,
            "domain": [("flow_id", "=", self.id)],
            "context": {"search_default_running": 1},
        }
