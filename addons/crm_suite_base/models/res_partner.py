from odoo import api, fields, models
from odoo.tools import SQL


class ResPartner(models.Model):
    _inherit = "res.partner"

    crm_suite_lifecycle_id = fields.Many2one(
        "crm.suite.lifecycle.stage",
        string="Lifecycle",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        groups="crm_suite_base.group_crm_suite_user",
        help="A contact with a lifecycle stage is managed as a customer.",
    )
    crm_suite_team_id = fields.Many2one(
        "crm.team",
        string="Customer Team",
        index="btree_not_null",
        groups="crm_suite_base.group_crm_suite_user",
    )

    @api.model
    def _crm_suite_adopt_customers(self):
        """Give every commercial partner that has deals or orders a lifecycle stage.

        Set-based and idempotent: only partners without a stage are touched, so it
        can run at installation in a database of any size and again at any time.
        Nothing of the host's own columns is written.

        :return: how many partners became customers
        :rtype: int
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH fact AS (
                    SELECT commercial_partner_id AS partner_id,
                           CASE WHEN count(*) > 1 THEN 'repeat' ELSE 'first' END AS code,
                           2 AS rank
                      FROM sale_order o
                      JOIN res_partner p ON p.id = o.partner_id
                     WHERE o.state = 'sale'
                  GROUP BY commercial_partner_id
                 UNION ALL
                    SELECT DISTINCT p.commercial_partner_id, 'opportunity', 1
                      FROM crm_lead l
                      JOIN res_partner p ON p.id = l.partner_id
                     WHERE l.active
                 UNION ALL
                    SELECT p.commercial_partner_id, 'first', 1
                      FROM res_partner p
                     WHERE p.customer_rank > 0
                ), best AS (
                    SELECT DISTINCT ON (partner_id) partner_id, code
                      FROM fact
                  ORDER BY partner_id, rank DESC, code
                )
                UPDATE res_partner p
                   SET crm_suite_lifecycle_id = s.id
                  FROM best b
                  JOIN crm_suite_lifecycle_stage s ON s.code = b.code
                 WHERE p.id = b.partner_id
                   AND p.crm_suite_lifecycle_id IS NULL
                """
            )
        )
        count = self.env.cr.rowcount
        self.invalidate_model(["crm_suite_lifecycle_id"])
        return count
