from odoo import api, fields, models, tools
from odoo.tools import SQL

# From the worst that can become of a customer to the best, by the meaning of the stage:
# the order in which stages are shown puts At Risk and Lost behind Loyal.
PATH = (
    "lost",
    "dormant",
    "at_risk",
    "lead",
    "qualified",
    "opportunity",
    "won_back",
    "first",
    "repeat",
    "loyal",
)
# Where nobody wants a customer to be.
ASTRAY = {"lost", "dormant", "at_risk"}


class LifecycleStage(models.Model):
    """Where a customer stands between first contact and loss.

    The stages are ordered; a partner becomes a *managed* customer by having one.
    """

    _name = "crm.suite.lifecycle.stage"
    _description = "Customer Lifecycle Stage"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    code = fields.Selection(
        [
            ("lead", "Lead"),
            ("qualified", "Qualified"),
            ("opportunity", "Opportunity"),
            ("first", "First purchase"),
            ("repeat", "Repeat"),
            ("loyal", "Loyal"),
            ("at_risk", "At risk"),
            ("dormant", "Dormant"),
            ("won_back", "Won back"),
            ("lost", "Lost"),
        ],
        required=True,
        help="The meaning of the stage for rules and programs; the name is yours.",
    )
    color = fields.Integer()
    fold = fields.Boolean(string="Folded in Kanban")
    active = fields.Boolean(default=True)

    _code_unique = models.Constraint(
        "UNIQUE(code)", "There is already a stage with this meaning."
    )

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache()
        return super().create(vals_list)

    def write(self, vals):
        if "code" in vals or "active" in vals:
            self.env.registry.clear_cache()
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_force(self):
        self.env["crm.suite.lifecycle.rule"]._check_not_in_force(self)

    @api.model
    @tools.ormcache("code")
    def _get_id_by_code(self, code):
        """The stage with a meaning, for who creates many customers one by one.

        :rtype: int
        """
        # What the stages are called is known to everybody who sees a customer.
        return self.sudo().search([("code", "=", code)], limit=1).id

    @api.model
    def _compose_place(self, column):
        """How far a stage is on the good path: the higher, the better.

        :param SQL column: the id of a stage
        :rtype: SQL
        """
        # A handful, by design.  pylint: disable-next=no-search-all
        stages = self.sudo().with_context(active_test=False).search([])
        path = stages.sorted(lambda stage: PATH.index(stage.code)).ids
        return SQL("array_position(%s::int[], %s)", path, column)
