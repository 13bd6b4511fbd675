from odoo import models
from odoo.tools import SQL


class PartnerMerge(models.TransientModel):
    """The host's own merge beside the rows of the suite of which each customer has one.

    It moves foreign keys by SQL and knows unique constraints, but not unique indexes;
    and it deletes the merged ones, so what cannot move goes with them.
    """

    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Of customers only who may merge them: here nothing can be undone."""
        partners = self.env["res.partner"].sudo().browse(partner_ids).exists()
        if not self.env.su and partners.filtered("crm_suite_lifecycle_id"):
            self.env["res.partner"]._crm_suite_check_merger()
        return super()._merge(partner_ids, dst_partner, extra_checks)

    def _update_foreign_keys(self, src_partners, dst_partner):
        self._crm_suite_keep_points(src_partners, dst_partner)
        self.env.flush_all()
        everybody = (src_partners | dst_partner).ids
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_suite_relation"
                " WHERE partner_id = ANY(%(ids)s) AND related_partner_id = ANY(%(ids)s)",
                ids=everybody,
            )
        )
        # Nobody is merged into himself.
        self.env.cr.execute(
            SQL(
                "UPDATE res_partner SET crm_suite_merged_into_id = NULL"
                " WHERE id = ANY(%(ids)s) AND crm_suite_merged_into_id = ANY(%(ids)s)",
                ids=everybody,
            )
        )
        for partner in src_partners:
            self._crm_suite_move_own(partner, dst_partner)
        self.env.invalidate_all(flush=False)
        return super()._update_foreign_keys(src_partners, dst_partner)

    def _crm_suite_keep_points(self, src_partners, dst_partner):
        """Their phones and e-mails stay as further ones of the one who stays."""
        points = self.env["crm.suite.contact.point"].sudo()
        for kind in ("phone", "email"):
            first = dst_partner[kind] or next(
                filter(None, src_partners.mapped(kind)), ""
            )
            points._keep(dst_partner.sudo(), kind, first, src_partners.mapped(kind))

    def _crm_suite_move_own(self, partner, dst_partner):
        engine = self.env["crm.suite.merge"].sudo()
        value = SQL("%s", dst_partner.id)
        for reference in engine._get_references("res.partner"):
            if reference.kind != "key" or not reference.model.startswith("crm.suite."):
                continue
            table = SQL.identifier(reference.table)
            if clashes := engine._find_clashes(
                "res.partner", reference, partner.id, value
            ):
                self.env.cr.execute(
                    SQL("DELETE FROM %s WHERE id = ANY(%s)", table, clashes)
                )
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET %s = %s WHERE %s = %s",
                    table,
                    SQL.identifier(reference.column),
                    dst_partner.id,
                    SQL.identifier(reference.column),
                    partner.id,
                )
            )
