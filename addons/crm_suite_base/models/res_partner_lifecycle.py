from odoo import fields, models

from .res_partner import ROLE


class ResPartner(models.Model):
    """Since when a customer is in its lifecycle stage, and who says so."""

    _inherit = "res.partner"

    crm_suite_lifecycle_date = fields.Datetime(
        string="In Stage Since", readonly=True, copy=False, groups=ROLE
    )
    crm_suite_lifecycle_rule_id = fields.Many2one(
        "crm.suite.lifecycle.rule",
        string="Stage by Rule",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        copy=False,
        groups=ROLE,
    )
    crm_suite_lifecycle_version = fields.Integer(
        string="Version of the Lifecycle Rule",
        readonly=True,
        copy=False,
        groups=ROLE,
        aggregator=None,
    )
    crm_suite_lifecycle_override_id = fields.Many2one(
        "crm.suite.lifecycle.stage",
        string="Stage by Hand",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        groups=ROLE,
        help="Given by a person; the rules leave it alone until it expires.",
    )
    crm_suite_lifecycle_override_reason = fields.Char(
        string="Reason of the Stage", copy=False, groups=ROLE
    )
    crm_suite_lifecycle_override_until = fields.Date(
        string="Stage by Hand Until",
        copy=False,
        groups=ROLE,
        help="The last day; empty: until somebody changes it.",
    )
    crm_suite_lifecycle_override_user_id = fields.Many2one(
        "res.users",
        string="Stage Given By",
        index="btree_not_null",
        readonly=True,
        copy=False,
        groups=ROLE,
    )
    crm_suite_transition_ids = fields.One2many(
        "crm.suite.lifecycle.transition",
        "partner_id",
        string="Lifecycle Steps",
        readonly=True,
        groups=ROLE,
    )
