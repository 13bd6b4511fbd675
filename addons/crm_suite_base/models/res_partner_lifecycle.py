from odoo import api, fields, models

from ..tools.loose_many2one import LooseMany2one
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
        """Date the new stage, and hold it where the rules would take it back.

        Who moves a customer backward knows something that the rules do not: they leave
        it alone for a time. A move forward needs no protection, rules only move on.

        :param dict before: stage of each partner
        :param stage_id: the stage of all of them now
        """
        # Past our own write(): the stage is dated here and not changed once more.
        # pylint: disable=super-method-mismatch
        position = self._crm_suite_stage_positions()
        now = position.get(stage_id, 0)
        values = {
            "crm_suite_lifecycle_date": fields.Datetime.now(),
            "crm_suite_lifecycle_rule_id": False,
            "crm_suite_lifecycle_version": 0,
        }
        back = self.filtered(lambda p: position.get(before[p.id], -1) > now >= 0)
        if stage_id and not vals.get(OVERRIDE):
            held = {OVERRIDE: stage_id, **self._crm_suite_hold()}
            super(ResPartner, back.sudo()).write({**values, **held})
            forward = self - back
            free = self._crm_suite_no_override()
            super(ResPartner, forward.sudo()).write({**values, **free})
        elif stage_id:
            super(ResPartner, self.sudo()).write(values)
        else:
            gone = {**values, **self._crm_suite_no_override()}
            super(ResPartner, self.sudo()).write(gone)

    @api.model
    def _crm_suite_stage_positions(self):
        stages = self.env["crm.suite.lifecycle.stage"].sudo()
        # A handful, by design.  pylint: disable-next=no-search-all
        stages = stages.with_context(active_test=False).search([])
        return {stage.id: number for number, stage in enumerate(stages)}

    @api.model
    def _crm_suite_no_override(self):
        return {
            OVERRIDE: False,
            "crm_suite_lifecycle_override_reason": False,
            "crm_suite_lifecycle_override_until": False,
            "crm_suite_lifecycle_override_user_id": False,
        }

    @api.model
    def _crm_suite_hold(self):
        """For how long, by whom and why a stage that was moved back is held."""
        return {
            "crm_suite_lifecycle_override_reason": self.env._("Moved back by hand"),
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
            return {**answer, **customer._crm_suite_explain_override("lifecycle")}
        step = customer.crm_suite_transition_ids[:1]
        rule = customer.crm_suite_lifecycle_rule_id.sudo()
        story = self.env["crm.suite.lifecycle.rule"]._tell(customer)
        if rule:
            why = dict(step.sudo().why or {})
            sentence = step._get_step_sentence(why) if step else rule.name
        elif step:
            sentence = step._get_step_sentence(dict(step.sudo().why or {}))
        else:
            sentence = self.env._("The customer started in this stage.")
        return {
            **answer,
            "sentence": sentence,
            "rule": rule,
            "version": customer.crm_suite_lifecycle_version,
            "inputs": story["inputs"],
            "steps": story["steps"],
            "note": self._crm_suite_lifecycle_note(customer, story),
        }

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
