from odoo import fields, models

from .res_partner import ROLE


class ResPartner(models.Model):
    """How good the record of a customer is."""

    _inherit = "res.partner"

    crm_suite_quality = fields.Integer(
        string="Data Quality",
        readonly=True,
        copy=False,
        groups=ROLE,
        aggregator="avg",
        help="From 0 to 100: how complete, valid, fresh and unique the record is.",
    )
    crm_suite_reviewed_on = fields.Date(
        string="Data Reviewed On",
        copy=False,
        groups=ROLE,
        help="When somebody last confirmed that the data is right.",
    )
    crm_suite_reviewed_by_id = fields.Many2one(
        "res.users",
        string="Data Reviewed By",
        index="btree_not_null",
        readonly=True,
        copy=False,
        groups=ROLE,
    )

    _crm_suite_quality_idx = models.Index(
        "(user_id, crm_suite_quality) WHERE crm_suite_lifecycle_id IS NOT NULL"
    )
