from odoo import api, models
from odoo.tools import SQL

from ..tools.duplicate_keys import COMPANY, PERSON
from .duplicate_mixin import BLOCKS_INDEX


class CrmLead(models.Model):
    """Leads, compared with each other and with customers and their contacts.

    Two open deals of one customer are two deals: leads of the same customer are never
    called the same, nor is a lead called the same as the customer that it names.
    """

    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.suite.duplicate.mixin"]

    _crm_suite_blocks_idx = models.Index(BLOCKS_INDEX)

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        leads._duplicate_created()
        return leads

    def write(self, vals):
        before = self._duplicate_before(vals)
        result = super().write(vals)
        if before is not None:
            self._duplicate_after(before)
        return result

    @api.model
    def name_create(self, name):
        return super(CrmLead, self._duplicate_by("quick")).name_create(name)

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        return super(CrmLead, self._duplicate_by("mail")).message_new(
            msg_dict, custom_values
        )

    @api.model
    def _duplicate_key_fields(self):
        return [
            "partner_name",
            "contact_name",
            "phone",
            "phone_sanitized",
            "email_from",
            "email_normalized",
            "website",
            "street",
            "street2",
            "city",
            "zip",
        ]

    @api.model
    def _duplicate_values(self, row):
        return {
            **row,
            "name": row["partner_name"] or row["contact_name"],
            "kind": COMPANY if row["partner_name"] else PERSON,
            "phones": [row["phone_sanitized"] or row["phone"]],
            "emails": [row["email_normalized"] or row["email_from"]],
        }

    @api.model
    def _duplicate_scope(self, alias):
        """Leads that are still worked on: a lost or won one is history."""
        return SQL(
            """
            %(l)s.active AND NOT EXISTS (
                SELECT 1 FROM crm_stage stage
                 WHERE stage.id = %(l)s.stage_id AND stage.is_won)
            """,
            l=SQL.identifier(alias),
        )

    def _duplicate_checked(self):
        return self.filtered(
            lambda lead: lead.active and not lead.sudo().stage_id.is_won
        )

    def _duplicate_relatives(self):
        self.flush_recordset(["partner_id"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT l.id, 'crm.lead', o.id
                  FROM crm_lead l
                  JOIN res_partner own ON own.id = l.partner_id
                  JOIN res_partner p
                    ON p.commercial_partner_id = own.commercial_partner_id
                  JOIN crm_lead o ON o.partner_id = p.id AND o.id != l.id
                 WHERE l.id = ANY(%(ids)s)
             UNION ALL
                SELECT l.id, 'res.partner', p.id
                  FROM crm_lead l
                  JOIN res_partner own ON own.id = l.partner_id
                  JOIN res_partner p
                    ON p.commercial_partner_id = own.commercial_partner_id
                 WHERE l.id = ANY(%(ids)s)
                """,
                ids=list(self.ids),
            )
        )
        found = {}
        for id_, model_name, other in rows:
            found.setdefault(id_, set()).add((model_name, other))
        return found

    @api.model
    def _duplicate_relative_pairs(self, target, pairs):
        if not pairs:
            return set()
        own = target == self._name
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.left_id, p.right_id
                  FROM unnest(%s::int[], %s::int[]) p(left_id, right_id)
                  JOIN crm_lead l ON l.id = p.left_id
                  JOIN res_partner mine ON mine.id = l.partner_id
                  JOIN %s r ON r.id = p.right_id
                  JOIN res_partner yours ON yours.id = %s
                 WHERE mine.commercial_partner_id = yours.commercial_partner_id
                """,
                [left for left, _right in pairs],
                [right for _left, right in pairs],
                SQL.identifier("crm_lead" if own else "res_partner"),
                SQL("r.partner_id") if own else SQL("r.id"),
            )
        )
        return set(rows)

    @api.model
    def _duplicate_merge_action(self, ids):
        """Leads have the host's merge."""
        return {
            **self.env["ir.actions.actions"]._for_xml_id(
                "crm.action_merge_opportunities"
            ),
            "context": {"active_model": self._name, "active_ids": ids},
        }

    @api.model
    def _duplicate_told_once(self, hits):
        """The leads of a customer who is named himself say nothing new."""
        hits = super()._duplicate_told_once(hits)
        ids = {
            model: [hit.id for hit in hits if hit.model == model]
            for model in (self._name, "res.partner")
        }
        customers = self.env["res.partner"].sudo().browse(ids["res.partner"])
        known = self.sudo().search(
            [
                ("id", "in", ids[self._name]),
                (
                    "partner_id.commercial_partner_id",
                    "in",
                    customers.commercial_partner_id.ids,
                ),
            ]
        )
        return [
            hit for hit in hits if hit.model != self._name or hit.id not in known.ids
        ]

    @api.model
    def crm_suite_check_duplicate(self, values):
        """Say whether a lead or a customer is there already and whose it is: see the
        method of the customers.
        """
        return self._duplicate_check(values)
