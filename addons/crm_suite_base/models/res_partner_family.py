from odoo import models
from odoo.tools import SQL


class ResPartner(models.Model):
    """A company and the companies below it."""

    _inherit = "res.partner"

    def _crm_suite_family(self):
        """The customer and its subsidiaries, at any depth, that the viewer may read.

        One query however deep the tree is; a loop in bad data ends by itself.
        """
        self.ensure_one()
        self.env["res.partner"].flush_model(["parent_id", "is_company", "active"])
        rows = self.env.execute_query(
            SQL(
                """
                WITH RECURSIVE family(id) AS (
                    SELECT %s
                     UNION
                    SELECT p.id
                      FROM res_partner p
                      JOIN family f ON p.parent_id = f.id
                     WHERE p.is_company AND p.active
                )
                SELECT id FROM family
                """,
                self.id,
            )
        )
        family = self.browse(row[0] for row in rows)
        return family._crm_suite_filtered_visible() if len(family) > 1 else family
