from odoo import models
from odoo.tools import SQL


class ResPartner(models.Model):
    _inherit = "res.partner"

    _crm_suite_write_date_idx = models.Index("(write_date)")

    def _write_multi(self, vals_list):
        """When people move to another company, both companies change.

        Here every change of the column passes, also those that the ORM derives for
        contacts of contacts.
        """
        if any("commercial_partner_id" in vals for vals in vals_list):
            self._crm_suite_note_moved(vals_list)
        return super()._write_multi(vals_list)

    def _crm_suite_note_moved(self, vals_list):
        """Note the companies that are left; a partner just created leaves none."""
        created = self._fields["create_date"]._get_cache(self.env)
        now = self.env.cr.now()
        moved = [
            (partner.id, vals["commercial_partner_id"])
            for partner, vals in zip(self, vals_list, strict=True)
            if "commercial_partner_id" in vals and created.get(partner.id) != now
        ]
        if not moved:
            return
        rows = self.env.execute_query(
            SQL(
                """
                SELECT unnest(ARRAY[p.commercial_partner_id, new.commercial])
                  FROM unnest(%s::int[], %s::int[]) AS new (id, commercial)
                  JOIN res_partner p ON p.id = new.id
                 WHERE p.commercial_partner_id IS DISTINCT FROM new.commercial
                """,
                [id_ for id_, _commercial in moved],
                [commercial for _id, commercial in moved],
            )
        )
        if rows:
            ids = [id_ for (id_,) in rows]
            self.env["crm.suite.metric.dirty"]._note_ids(ids)

    def unlink(self):
        """A contact that goes takes nothing along but its talk; the company stays."""
        companies = self.commercial_partner_id.ids
        self.env["crm.suite.metric.dirty"]._note_ids(companies)
        return super().unlink()


class CurrencyRate(models.Model):
    _inherit = "res.currency.rate"

    def write(self, vals):
        if not {"name", "currency_id", "company_id"}.isdisjoint(vals):
            self._crm_suite_note_rates()
        return super().write(vals)

    def unlink(self):
        self._crm_suite_note_rates()
        return super().unlink()

    def _crm_suite_note_rates(self):
        """Note who bought elsewhere in these currencies, since the first day that is
        concerned: a rate that is moved or goes leaves its days to the one before.
        """
        self.env["crm.suite.purchase"].flush_model()
        self.env["crm.suite.metric.dirty"]._note(
            SQL(
                """
                SELECT x.partner_id
                  FROM crm_suite_purchase x
                  JOIN res_company c ON c.id = x.company_id
                 WHERE x.currency_id <> c.currency_id
                   AND (x.currency_id = ANY(%(currencies)s)
                        OR c.currency_id = ANY(%(currencies)s))
                """,
                currencies=self.currency_id.ids,
            )
        )
