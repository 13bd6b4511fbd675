from odoo import api, fields, models

from ..tools.loose_many2one import LooseMany2one
from .lifecycle_stage import ASTRAY, PATH
from .res_partner import ROLE

STAGE = "crm_suite_lifecycle_id"
OVERRIDE = "crm_suite_lifecycle_override_id"
PREFIX = "crm_suite_lifecycle_override"


class ResPartner(models.Model):
    """Since when a customer is in its lifecycle stage, and who says so."""

    _inherit = "res.partner"

    crm_suite_lifecycle_date = fields.Datetime(
        string="In Stage Since",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    # A run writes it for everybody; see ``reference_loose.py``.
    crm_suite_lifecycle_rule_id = LooseMany2one(
        "crm.suite.lifecycle.rule",
        string="Stage by Rule",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_lifecycle_version = fields.Integer(
        string="Version of the Lifecycle Rule",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
        aggregator=None,
    )
    crm_suite_lifecycle_override_id = fields.Many2one(
        "crm.suite.lifecycle.stage",
        string="Stage by Hand",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
        help="Given by a person; the rules leave it alone until it expires.",
    )
    crm_suite_lifecycle_override_reason = fields.Char(
        string="Reason of the Stage", copy=False, prefetch="crm_suite", groups=ROLE
    )
    crm_suite_lifecycle_override_until = fields.Date(
        string="Stage by Hand Until",
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
        help="The last day; empty: until somebody changes it. A program or an import that "
        "does not name it gives as many days as the settings say.",
    )
    crm_suite_lifecycle_override_user_id = fields.Many2one(
        "res.users",
        string="Stage Given By",
        index="btree_not_null",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_lifecycle_override_ends = fields.Selection(
        [
            ("onward", "Rules move it on"),
            ("purchase", "It buys, and rules move it on"),
        ],
        string="Stage by Hand Ends Early When",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
        help="Of a stage set in the form or the board; empty: nothing ends it early.",
    )
    crm_suite_transition_ids = fields.One2many(
        "crm.suite.lifecycle.transition",
        "partner_id",
        string="Lifecycle Steps",
        readonly=True,
        groups=ROLE,
    )

    # === STAGES BY HAND === #

    @api.model_create_multi
    def create(self, vals_list):
        now = fields.Datetime.now()
        entered = False
        for vals in vals_list:
            if vals.get(STAGE) or self.env.context.get("crm_suite_managed"):
                vals.setdefault("crm_suite_lifecycle_date", now)
                entered = True
        partners = super().create(vals_list)
        if entered:
            rows = [(p.id, None, p.sudo().crm_suite_lifecycle_id.id) for p in partners]
            self._crm_suite_note_stages([row for row in rows if row[2]], {})
        return partners

    def write(self, vals):
        if STAGE not in vals and OVERRIDE not in vals:
            return super().write(vals)
        vals = dict(vals)
        if vals.get(OVERRIDE):
            vals[STAGE] = vals[OVERRIDE]
            vals["crm_suite_lifecycle_override_user_id"] = self.env.uid
            vals[f"{PREFIX}_ends"] = False
            vals.setdefault(f"{PREFIX}_until", self._crm_suite_hold_until())
            vals.setdefault(f"{PREFIX}_reason", self.env._("Given by hand"))
            if not self.env.su:
                self._crm_suite_check_until(vals[f"{PREFIX}_until"])
        if STAGE not in vals:
            return super().write({**vals, **self._crm_suite_no_override()})
        stage_id = getattr(vals[STAGE], "id", vals[STAGE]) or None
        before = {p.id: p.sudo().crm_suite_lifecycle_id.id or None for p in self}
        changing = self.filtered(lambda p: before[p.id] != stage_id)
        result = super().write(vals)
        changing._crm_suite_date_stage(vals, before, stage_id)
        rows = [(id_, before[id_], stage_id) for id_ in changing.ids]
        self._crm_suite_note_stages(rows, vals)
        return result

    def _crm_suite_note_stages(self, rows, vals):
        if rows:
            self.env["crm.suite.lifecycle.transition"].sudo(False)._note_changes(
                rows,
                "override" if vals.get(OVERRIDE) else "person",
                {"reason": vals["crm_suite_lifecycle_override_reason"]}
                if vals.get("crm_suite_lifecycle_override_reason")
                else None,
            )

    # pylint: disable-next=missing-return
    def _crm_suite_date_stage(self, vals, before, stage_id):
        """Date the new stage, and hold what a person chose.

        Who moves a customer knows something that the rules do not: for a time they
        take it neither back nor away. What is newer than the choice counts, though: a
        customer moved on by hand goes further when the rules say so, and one that was
        moved back or given up does when it buys.

        :param dict before: stage of each partner
        :param stage_id: the stage of all of them now
        """
        # Past our own write(): the stage is dated here and not changed once more.
        # pylint: disable=super-method-mismatch
        values = {
            "crm_suite_lifecycle_date": fields.Datetime.now(),
            "crm_suite_lifecycle_rule_id": False,
            "crm_suite_lifecycle_version": 0,
        }
        if vals.get(OVERRIDE):
            super(ResPartner, self.sudo()).write(values)
            return
        place = self._crm_suite_stage_places()
        ends = {
            p.id: self._crm_suite_hold_ends(place, before[p.id], stage_id) for p in self
        }
        for end, partners in self.grouped(lambda p: ends[p.id]).items():
            hold = (
                {OVERRIDE: stage_id, **self._crm_suite_hold(end)}
                if end
                else self._crm_suite_no_override()
            )
            super(ResPartner, partners.sudo()).write({**values, **hold})

    @api.model
    def _crm_suite_stage_places(self):
        """How far each stage is on the good path, by its id.

        :rtype: dict[int, int]
        """
        stages = self.env["crm.suite.lifecycle.stage"].sudo()
        # A handful, by design.  pylint: disable-next=no-search-all
        stages = stages.with_context(active_test=False).search([])
        return {stage.id: PATH.index(stage.code) for stage in stages}

    @api.model
    def _crm_suite_hold_ends(self, place, before, now):
        """What ends the hold of a stage that was set; nothing: it is not held.

        Who begins on the good path, and whom a merge brings further, goes by the rules.

        :param dict place: of each stage on the good path
        """
        if not now:
            return False
        given_up = PATH[place[now]] in ASTRAY
        if before and not given_up and place[now] > place[before]:
            running = self.env["crm.suite.operation"]._get_running()
            # Who may set a stage may not read every operation.
            return running.sudo().kind != "merge" and "onward"
        return bool(before or given_up) and "purchase"

    @api.model
    def _crm_suite_no_override(self):
        return {
            OVERRIDE: False,
            "crm_suite_lifecycle_override_reason": False,
            "crm_suite_lifecycle_override_until": False,
            "crm_suite_lifecycle_override_user_id": False,
            "crm_suite_lifecycle_override_ends": False,
        }

    @api.model
    def _crm_suite_hold(self, ends):
        """For how long, by whom and why a stage that a person set is held."""
        return {
            "crm_suite_lifecycle_override_reason": self.env._("Moved by hand"),
            "crm_suite_lifecycle_override_ends": ends,
            "crm_suite_lifecycle_override_until": self._crm_suite_hold_until(),
            "crm_suite_lifecycle_override_user_id": self.env.uid,
        }

    # === WHY === #

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"lifecycle"}

    def _explain_lifecycle(self):
        customer = self.commercial_partner_id
        answer = {
            "title": self.env._("Lifecycle"),
            "result": {"name": STAGE, "value": customer.crm_suite_lifecycle_id},
            "at": customer.crm_suite_lifecycle_date,
        }
        if customer.crm_suite_lifecycle_override_id:
            told = customer._crm_suite_explain_override("lifecycle")
            return {**answer, **told, **customer._crm_suite_explain_ends()}
        step = customer.crm_suite_transition_ids[:1]
        rule = customer.crm_suite_lifecycle_rule_id.sudo()
        story = self.env["crm.suite.lifecycle.rule"]._tell(customer)
        is_closed = bool(rule) and rule._is_closed(self.env)
        if step:
            sentence = step._get_step_sentence(dict(step.sudo().why or {}))
        elif rule:
            sentence = rule._get_told_name(self.env)
        else:
            sentence = self.env._("The customer started in this stage.")
        return {
            **answer,
            "sentence": sentence,
            "rule": None if is_closed else rule,
            "version": customer.crm_suite_lifecycle_version,
            "inputs": story["inputs"],
            "steps": story["steps"],
            "note": self._crm_suite_lifecycle_note(customer, story),
        }

    def _crm_suite_explain_ends(self):
        """What moves a held customer before its time, if anything does."""
        notes = {
            "onward": self.env._(
                "Until then the rules may move it on towards Loyal, but neither back nor to At Risk, Dormant or Lost."
            ),
            "purchase": self.env._(
                "The rules leave it alone until then, unless it buys again: then they may move it on."
            ),
        }
        note = notes.get(self.crm_suite_lifecycle_override_ends)
        return {"note": note} if note else {}

    def _crm_suite_lifecycle_note(self, customer, story):
        """Say what the next run will do, if it will do something."""
        if not customer.crm_suite_lifecycle_id:
            return self.env._("Only customers with a lifecycle stage are looked at.")
        stage = story["result"]
        if stage and stage != customer.crm_suite_lifecycle_id:
            return self.env._(
                "By the facts of now the next run moves it to %(stage)s.",
                stage=stage.name,
            )
        return ""
