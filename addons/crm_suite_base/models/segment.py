from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Domain

from ..tools.segment_definition import DefinitionProblem, clean_tree, find_cycle, walk
from .res_partner import ROLE

SEGMENT = "crm.suite.segment"
# How many earlier versions of the conditions of a segment are kept.
KEPT_DEFINITIONS = 50


class Segment(models.Model):
    """A group of customers: by conditions (dynamic) or by hand (static).

    *Members* are rows with the day of entry and of leaving
    (``crm.suite.segment.member``). Every entry and every leaving is also an *event*
    (``crm.suite.segment.event``) that other addons take in order, each once.

    *Conditions* are a tree (see ``tools/segment_definition.py``); what there is to
    choose from is listed by :meth:`_segment_conditions`. They are evaluated with the
    rights of the person who wrote them last, in the company of the segment: nobody
    learns by a segment what its author may not know.
    """

    _name = SEGMENT
    _description = "Customer Segment"
    _inherit = ["crm.suite.explain.mixin"]
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    description = fields.Text(translate=True)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    kind = fields.Selection(
        [("dynamic", "By conditions"), ("static", "By hand")],
        required=True,
        default="dynamic",
    )
    definition = fields.Json(
        string="Conditions",
        help="Which customers belong to the segment, as a tree of conditions.",
    )
    version = fields.Integer(
        readonly=True, copy=False, default=1, help="Counts changes of the conditions."
    )
    past_definitions = fields.Json(
        string="Earlier Conditions",
        readonly=True,
        copy=False,
        prefetch=False,
        help="The conditions by version, for the reasons of who came in by them.",
    )
    definition_user_id = fields.Many2one(
        "res.users",
        string="Conditions Written By",
        readonly=True,
        copy=False,
        index=True,
        ondelete="restrict",
        help="The conditions are evaluated with the rights of this person.",
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
        help="Figures and purchases of this company count.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Owner",
        index=True,
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
    )
    is_shared = fields.Boolean(
        string="Shared",
        default=True,
        help="Colleagues see and use the segment. Otherwise only its owner does.",
    )
    used_segment_ids = fields.Many2many(
        SEGMENT,
        "crm_suite_segment_use_rel",
        "segment_id",
        "used_id",
        string="Segments in the Conditions",
        readonly=True,
        copy=False,
    )
    used_by_ids = fields.Many2many(
        SEGMENT,
        "crm_suite_segment_use_rel",
        "used_id",
        "segment_id",
        string="Used in the Conditions Of",
        readonly=True,
        copy=False,
    )
    membership_ids = fields.One2many(
        "crm.suite.segment.member", "segment_id", string="Memberships", copy=False
    )
    member_ids = fields.Many2many(
        "res.partner",
        string="Members",
        compute="_compute_member_ids",
        search="_search_member_ids",
        help="The customers that are in the segment now.",
    )
    member_count = fields.Integer(
        string="Size", readonly=True, copy=False, aggregator=None
    )
    refreshed_at = fields.Datetime(string="Last Change", readonly=True, copy=False)
    refreshed_version = fields.Integer(readonly=True, copy=False)
    problem = fields.Text(
        readonly=True,
        copy=False,
        help="Why the members could not be found. They stay as they were.",
    )
    can_edit = fields.Boolean(compute="_compute_can_edit")
    closed_conditions = fields.Json(
        compute="_compute_closed_conditions",
        help="Conditions that the reader may not see, and whom to ask about them.",
    )

    # === COMPUTES === #

    @api.depends_context("uid")
    def _compute_can_edit(self):
        saved = self.filtered("id")
        allowed = saved._filtered_access("write")
        for segment in self:
            segment.can_edit = segment in allowed or not segment.id

    # Anew with each version, not with each choice on the screen.
    @api.depends("version", "definition_user_id")
    @api.depends_context("uid")
    def _compute_closed_conditions(self):
        catalogue = self._get_catalogue()
        for segment in self:
            closed = {
                f"{condition['kind']}.{condition.get('field') or ''}".rstrip(".")
                for condition, _negated in walk(
                    segment._origin.definition or self._no_conditions()
                )
                if not segment._find_entry(catalogue, condition)
                and segment._is_closed(condition)
            }
            # The name of who can be asked is open to everybody who reads the segment.
            author = segment.sudo().definition_user_id.name
            segment.closed_conditions = {"keys": sorted(closed), "author": author}

    @api.depends("membership_ids.left_at")
    @api.depends_context("uid", "allowed_company_ids")
    def _compute_member_ids(self):
        rows = self.env["crm.suite.segment.member"]._read_group(
            [("segment_id", "in", self.ids), ("left_at", "=", False)],
            ["segment_id"],
            ["partner_id:array_agg"],
        )
        members = {segment: ids for segment, ids in rows}
        for segment in self:
            segment.member_ids = members.get(segment._origin, [])

    def _search_member_ids(self, operator, value):
        if operator not in ("in", "any"):
            return NotImplemented
        memberships = Domain("left_at", "=", False) & Domain(
            "partner_id", operator, value
        )
        return Domain("membership_ids", "any", memberships)

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._prepare_definition(vals)
            if "definition_user_id" not in vals or not self.env.su:
                vals["definition_user_id"] = self._get_author(vals)
        segments = super().create(vals_list)
        segments._link_used()
        segments._refresh_tree()
        return segments

    def write(self, vals):
        if not {"definition", "kind", "company_id", "active"} & vals.keys():
            return super().write(vals)
        if "active" in vals and not vals["active"]:
            # Nobody refreshes it any more.
            self._check_unused()
        if "definition" not in vals:
            result = super().write(vals)
            if "kind" in vals:
                self._link_used()
            self._refresh_tree()
            return result
        # What stays may be closed to who changes something else.
        if any((s.definition or {}) != vals["definition"] for s in self):
            self._prepare_definition(vals)
        changed = self.filtered(lambda s: (s.definition or {}) != vals["definition"])
        past = {segment: segment._get_past_definitions() for segment in changed}
        result = super().write(vals)
        for segment in changed:
            values = {"version": segment.version + 1, "past_definitions": past[segment]}
            if not self.env.su:
                values["definition_user_id"] = self.env.uid
            super(Segment, segment).write(values)
        (self if "kind" in vals else changed)._link_used()
        self._refresh_tree()
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_used(self):
        self._check_unused()

    def _check_unused(self):
        """Refuse to take a segment away from those whose conditions name it."""
        for segment in self.sudo():
            if users := segment.used_by_ids - self.sudo():
                raise ValidationError(
                    self.env._(
                        "“%(segment)s” is part of the conditions of %(users)s. Change those first.",
                        segment=segment.name,
                        users=", ".join(f"“{name}”" for name in users.mapped("name")),
                    )
                )

    def copy_data(self, default=None):
        default = dict(default or {})
        values = super().copy_data(default)
        if "name" in default:
            return values
        return [
            {**vals, "name": self.env._("%(name)s (copy)", name=segment.name)}
            for segment, vals in zip(self, values, strict=True)
        ]

    # === CONDITIONS === #

    def _get_author(self, vals):
        """The person with whose rights the conditions of a new segment are read."""
        if self.env.su and vals.get("user_id"):
            return vals["user_id"]
        return self.env.uid

    def _prepare_definition(self, vals):
        """Bring the conditions in ``vals`` into their valid form, or say what is wrong."""
        if "definition" in vals:
            vals["definition"] = self._clean_definition(vals["definition"])

    def _clean_definition(self, definition):
        """Check a tree of conditions from outside.

        :raise ValidationError: with what to do
        :rtype: dict
        """
        catalogue = self._get_catalogue()
        messages = {
            "shape": self.env._(
                "These are no conditions of a segment: groups have an operator (all, any, none) and a list of items, conditions have a kind."
            ),
            "depth": self.env._("Groups can be put into each other up to six times."),
            "size": self.env._("A segment can have a hundred conditions at most."),
        }
        try:
            return clean_tree(
                definition, lambda item: self._clean_condition(catalogue, item)
            )
        except DefinitionProblem as problem:
            raise ValidationError(messages[problem.code]) from None

    def _get_past_definitions(self):
        """The conditions until now, by version, without the oldest of many."""
        past = {**(self.past_definitions or {}), str(self.version): self.definition}
        return {key: past[key] for key in list(past)[-KEPT_DEFINITIONS:]}

    def _get_definition(self, version):
        """The conditions of a version; none if it is not kept any more."""
        if version == self.version:
            return self.definition or self._no_conditions()
        past = (self.past_definitions or {}).get(str(version))
        return past or self._no_conditions()

    def _get_used_ids(self):
        """The segments that the conditions name."""
        self.ensure_one()
        used = set()
        if self.kind == "dynamic" and self.definition:
            for condition, _negated in walk(self.definition):
                if condition["kind"] == "segment":
                    used.update(condition["segments"])
        return used

    def _link_used(self):
        """Keep the segments named in the conditions as links, and refuse circles."""
        for segment in self:
            used = self.sudo().browse(segment._get_used_ids())
            if used.exists() != used:
                raise ValidationError(
                    self.env._(
                        "A segment in the conditions does not exist any more. Remove that condition."
                    )
                )
            segment.sudo().used_segment_ids = [fields.Command.set(used.ids)]
        uses = self._get_uses()
        for segment in self:
            if path := find_cycle(segment.id, uses):
                names = [s.display_name for s in self.sudo().browse(path)]
                raise ValidationError(
                    self.env._(
                        "The segments would contain each other: %(path)s. Take one of these conditions out.",
                        path=" → ".join(names),
                    )
                )

    @api.model
    def _get_uses(self):
        """Which segment names which in its conditions.

        :rtype: dict[int, list[int]]
        """
        self.env.flush_all()
        self.env.cr.execute(
            "SELECT segment_id, array_agg(used_id) FROM crm_suite_segment_use_rel"
            " GROUP BY segment_id"
        )
        return dict(self.env.cr.fetchall())

    # === RIGHTS === #

    def _get_evaluation(self):
        """The segment in the environment in which its conditions are evaluated.

        :raise AccessError: when their author is gone or has no role any more
        """
        self.ensure_one()
        segment = self.sudo()
        author = segment.definition_user_id
        if author._is_superuser():  # of data files
            return self._in_company(author, segment.company_id)
        if not author.active or not author.has_group(ROLE):
            raise AccessError(
                self.env._(
                    "%(user)s wrote the conditions and has no access to customers any more. Open the segment and save its conditions again.",
                    user=author.name,
                )
            )
        if segment.company_id not in author.company_ids:
            raise AccessError(
                self.env._(
                    "%(user)s wrote the conditions and does not work for %(company)s any more. Open the segment and save its conditions again.",
                    user=author.name,
                    company=segment.company_id.name,
                )
            )
        return self._in_company(author, segment.company_id)

    def _in_company(self, user, company):
        """The same for a user and a company, whatever the caller's context says."""
        return self.with_env(
            self.env(
                user=user.id,
                su=False,
                context={
                    "allowed_company_ids": company.ids,
                    "lang": user.lang,
                    "tz": user.tz,
                },
            )
        )
