from odoo import api, models

from .res_partner_grade import GRADE
from .res_partner_grade import OVERRIDE as GRADE_BY_HAND
from .res_partner_lifecycle import OVERRIDE as STAGE_BY_HAND
from .res_partner_lifecycle import STAGE

GRADES = (GRADE, GRADE_BY_HAND)
# What says by whom, why and until when is written with what it is about.
TOGETHER = tuple(
    {*names, f"{names[1][:-3]}_reason", f"{names[1][:-3]}_until"}
    for names in (GRADES, (STAGE, STAGE_BY_HAND))
)


class ResPartner(models.Model):
    """Customers: a higher credit limit, a grade by hand, leaving a pool.

    Values wait where a flow starts at a change of fields; claiming and returning wait
    where a flow starts at these steps, see ``pool_approval.py``.
    """

    _name = "res.partner"
    # First in the list: around all that the model itself does when it is written.
    _inherit = ["crm.suite.approval.mixin", "res.partner"]

    @api.model
    def _approval_steps(self):
        return {
            **super()._approval_steps(),
            **self.env["crm.suite.pool"]._approval_steps(),
        }

    @api.model
    def _approval_figures(self):
        return [
            *super()._approval_figures(),
            "user_id",
            "crm_suite_grade_id",
            "crm_suite_lifecycle_id",
        ]

    @api.model
    def _approval_compared(self):
        return [*super()._approval_compared(), "property_payment_term_id"]

    @api.model
    def _approval_meant(self, vals):
        """A grade is given by either of its fields, a stage by hand is the stage."""
        meant = dict(vals)
        if GRADE in vals or GRADE_BY_HAND in vals:
            grade = vals[GRADE_BY_HAND if GRADE_BY_HAND in vals else GRADE]
            meant = {GRADE: grade, GRADE_BY_HAND: grade, **meant}
        if vals.get(STAGE_BY_HAND):
            meant[STAGE] = vals[STAGE_BY_HAND]
        return super()._approval_meant(meant)

    @api.model
    def _approval_together(self, names):
        together = super()._approval_together(names)
        for group in TOGETHER:
            if together & group:
                together |= group
        return together

    @api.model
    def _approval_is_ranked(self, name):
        """A grade is higher that comes before another one."""
        return name in GRADES or super()._approval_is_ranked(name)

    @api.model
    def _approval_rank(self, name, value):
        if name not in GRADES:
            return super()._approval_rank(name, value)
        # Which grade is the better one is known to everybody.
        grade = self.env["crm.suite.grade"].sudo().browse(value or ())
        return bool(grade), -grade.sequence

    def _approval_subjects(self, names):
        """What a contact only has from its company is decided about the company."""
        subjects = super()._approval_subjects(names)
        if set(names) <= set(self._commercial_fields()):
            return subjects.filtered(lambda p: p.commercial_partner_id == p)
        return subjects

    def _approval_do(self, step, *arguments):
        """Claim or return as the submitter, after the agreement."""
        pools = self.env["crm.suite.pool"]
        if step not in pools._approval_steps():
            return super()._approval_do(step, *arguments)
        return pools._approval_do(self, step, *arguments)
