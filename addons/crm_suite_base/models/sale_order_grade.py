from odoo import api, fields, models
from odoo.tools import SQL, formatLang

from ..tools.counted_search import compare_counted, counted_domain
from .res_partner import ROLE


class SaleOrder(models.Model):
    """How far a discount goes beyond what the grade of the customer allows."""

    _inherit = "sale.order"

    crm_suite_discount_above = fields.Float(
        string="Discount Above the Grade's Limit",
        compute="_compute_crm_suite_discount_above",
        search="_search_crm_suite_discount_above",
        groups=ROLE,
        aggregator=None,
        help="Percentage points by which the highest discount of a line is above what "
        "the grade of the customer allows; 0 without a grade.",
    )
    crm_suite_discount_hint = fields.Char(
        string="Discount and Grade",
        compute="_compute_crm_suite_discount_above",
        groups=ROLE,
    )

    # Not by the grade of the customer: a grade that changes must not look for orders.
    @api.depends("order_line.discount", "partner_id")
    @api.depends_context("lang")
    def _compute_crm_suite_discount_above(self):
        for order in self:
            grade = order.partner_id.sudo().commercial_partner_id.crm_suite_grade_id
            discount = max(order.order_line.mapped("discount"), default=0)
            above = max(discount - grade.discount_limit, 0) if grade else 0
            order.crm_suite_discount_above = above
            order.crm_suite_discount_hint = bool(above) and self.env._(
                "Up to %(discount)s %% discount; grade %(grade)s allows %(limit)s %%.",
                discount=formatLang(self.env, discount, digits=1),
                grade=grade.name,
                limit=formatLang(self.env, grade.discount_limit, digits=1),
            )

    def _search_crm_suite_discount_above(self, operator, value):
        above = SQL("greatest(max(l.discount) - g.discount_limit, 0)")
        comparison = compare_counted(above, operator, value)
        if comparison is None:
            return NotImplemented
        zero_fits, condition = comparison
        self.env["sale.order.line"].flush_model(["order_id", "discount"])
        self.env["crm.suite.grade"].flush_model(["discount_limit"])
        self.env["res.partner"].flush_model(
            ["commercial_partner_id", "crm_suite_grade_id"]
        )
        found = SQL(
            """
            SELECT o.id FROM sale_order o
              JOIN res_partner p ON p.id = o.partner_id
              JOIN res_partner c ON c.id = p.commercial_partner_id
              JOIN crm_suite_grade g ON g.id = c.crm_suite_grade_id
              JOIN sale_order_line l ON l.order_id = o.id
          GROUP BY o.id, g.discount_limit HAVING %s
            """,
            condition,
        )
        return counted_domain("id", zero_fits, found)
