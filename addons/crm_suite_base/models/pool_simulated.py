from odoo import api, fields, models

from .arguments import check_one
from .pool import WEIGHTS

# What decides which records are taken, and when.
RULES = (
    "idle_days",
    "deal_days",
    "followup_hours",
    "return_after_protection",
    "take_in",
    "domain",
    "immune_grade_ids",
    "call_seconds",
    *WEIGHTS,
)
# So many are looked at for the number in the form.
LOOKED = 1000


class Pool(models.Model):
    """Simulated before it is switched on: the form says so until somebody has looked.

    Nothing is refused: who switches a pool on by a program knows what he does.
    """

    _inherit = "crm.suite.pool"

    simulated = fields.Json(
        readonly=True,
        copy=False,
        groups=fields.NO_ACCESS,
        help="The rules as they were at the last simulation.",
    )
    simulated_at = fields.Datetime(
        string="Simulated On", readonly=True, copy=False, help="The last simulation."
    )
    needs_simulation = fields.Boolean(compute="_compute_needs_simulation")
    simulation_hint = fields.Char(compute="_compute_needs_simulation")

    @api.depends("auto_return", "simulated", *RULES)
    @api.depends_context("uid", "lang")
    def _compute_needs_simulation(self):
        for pool in self:
            pool.needs_simulation = bool(
                pool._origin
                and pool.auto_return
                and pool._origin._is_admin()
                and pool.sudo()._origin.simulated != pool._get_rules()
            )
            pool.simulation_hint = pool.needs_simulation and pool._say_due()

    def _get_rules(self):
        """The rules as they are now, also while somebody edits them.

        :rtype: dict
        """
        pool = self.sudo()
        values = {name: pool[name] for name in RULES}
        grades = sorted(pool.immune_grade_ids._origin.ids)
        return {**values, "immune_grade_ids": grades}

    def _say_due(self):
        """How many the rules would take now, without doing it."""
        pool = self.sudo()
        looked = taken = 0
        for records in pool._origin._get_owned():
            looked += len(records)
            taken += len(pool._pick_due(pool._judge(records)))
            if looked >= LOOKED:
                break
        return self.env._(
            "The rules were not simulated since they were changed last. Of the "
            "%(looked)s looked at, they would take back %(taken)s now.",
            looked=looked,
            taken=taken,
        )

    def simulate_return(self):
        check_one(self)
        result = super().simulate_return()
        self._note_simulated()
        return result

    def _note_simulated(self):
        # Who may simulate was checked; these two are written by nobody else.
        self.sudo().write(
            {"simulated": self._get_rules(), "simulated_at": fields.Datetime.now()}
        )
