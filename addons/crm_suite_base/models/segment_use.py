import json

from odoo import api, fields, models


class Segment(models.Model):
    """What people do with a segment: look at it, export it, write to it."""

    _inherit = "crm.suite.segment"

    definition_text = fields.Text(
        string="Conditions in Words", compute="_compute_definition_text"
    )

    @api.depends("definition")
    @api.depends_context("lang")
    def _compute_definition_text(self):
        for segment in self:
            definition = segment.definition or self._no_conditions()
            lines = segment._describe_definition(definition)
            segment.definition_text = "\n".join(lines)

    def _get_customer_domain(self):
        """The customers of the segment, as any list can be filtered by."""
        # Contacts are found by the segments of their company; here they stay out.
        return [
            ("crm_suite_segment_ids", "in", self.ids),
            ("crm_suite_lifecycle_id", "!=", False),
        ]

    def action_open_customers(self):
        """Open the customers in the usual list, with all its actions.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.customer_action"
        )
        return {
            **action,
            "name": self.name,
            "path": False,
            "domain": self._get_customer_domain(),
            "context": {"crm_suite_managed": True, "default_is_company": True},
        }

    def action_write_mail(self):
        """Open the host's mail window for everybody in the segment.

        The recipients are looked up when the mail is sent, with the rights of who
        sends; those on the host's exclusion list are left out by the host.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "mail.action_partner_mass_mail"
        )
        return {
            **action,
            "name": self.env._("Write to %(segment)s", segment=self.name),
            "context": {
                "default_composition_mode": "mass_mail",
                "default_model": "res.partner",
                "default_res_domain": repr(self._get_customer_domain()),
                "default_partner_to": "{{ object.id or '' }}",
                "default_subtype_xmlid": "mail.mt_comment",
                "default_reply_to_force_new": True,
            },
        }

    def action_export(self):
        """Open the export window for the customers of the segment.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.export_wizard_action"
        )
        return {
            **action,
            "context": {
                "default_export_model": "res.partner",
                "default_export_domain": json.dumps(self._get_customer_domain()),
                # Not the segment on which the button stands.
                "active_ids": [],
            },
        }
