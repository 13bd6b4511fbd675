from odoo import api, fields, models

from ..tools.loose_many2one import LooseMany2one


class Purchase(models.Model):
    """What a customer bought elsewhere: an earlier system, a market place, a shop.

    History for figures and the timeline only; nothing is delivered or booked.
    """

    _name = "crm.suite.purchase"
    _inherit = ["crm.suite.import.keyed"]
    _description = "External Purchase"
    _order = "date desc, id desc"
    _check_company_auto = True
    _rec_names_search = ["reference", "product_name", "partner_id"]

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        ondelete="restrict",
        check_company=True,
    )
    date = fields.Date(required=True, default=fields.Date.context_today)
    reference = fields.Char(index="btree_not_null", help="Number of the order there.")
    line = fields.Char(
        readonly=True,
        copy=False,
        help="Which line of that order, where another system brought it in.",
    )
    product_id = fields.Many2one(
        "product.product",
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
    )
    product_name = fields.Char(
        string="Product Text",
        compute="_compute_product_name",
        store=True,
        readonly=False,
        help="What was bought, in the words of the other system.",
    )
    quantity = fields.Float(default=1.0, digits="Product Unit")
    amount = fields.Monetary(help="What was paid for the whole quantity.")
    currency_id = LooseMany2one(
        "res.currency",
        required=True,
        default=lambda self: self.env.company.currency_id,
    )
    company_id = LooseMany2one(
        "res.company",
        required=True,
        default=lambda self: self.env.company,
    )
    source = fields.Char(
        string="Other System", help="Where the purchase was made or recorded."
    )

    _partner_date_idx = models.Index("(partner_id, date)")
    _line_unique = models.UniqueIndex(
        "(company_id, reference, line, COALESCE(source, '')) WHERE line IS NOT NULL",
        "This line of the order is there already.",
    )

    @api.depends("product_id")
    def _compute_product_name(self):
        for purchase in self:
            if purchase.product_id and not purchase.product_name:
                purchase.product_name = purchase.product_id.display_name

    @api.depends("reference", "product_name", "date")
    def _compute_display_name(self):
        for purchase in self:
            what = purchase.reference or purchase.product_name
            date = fields.Date.to_string(purchase.date)
            purchase.display_name = f"{what} ({date})" if what else date
