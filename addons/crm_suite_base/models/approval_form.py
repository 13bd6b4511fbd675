"""What the forms of documents show of approvals: one place for all of them."""

from odoo import api, models

VIEW = "crm_suite_base.approval_document_view_form"


class ApprovalMixin(models.AbstractModel):
    """Each form of a document says for whom it waits, or that it was rejected, and leads
    to the request. A form that shows it in its own way is left as it is.
    """

    _inherit = "crm.suite.approval.mixin"

    @api.model
    def _get_view(self, view_id=None, view_type="form", **options):
        arch, view = super()._get_view(view_id, view_type, **options)
        # What cannot be the form of a document: a window that asks for two values.
        sheet = arch.find("sheet") if view_type == "form" else None
        if sheet is None or arch.xpath("//field[@name='crm_suite_approval_waiting']"):
            return arch, view
        parts = self.env.ref(VIEW, raise_if_not_found=False)
        if parts:
            # Views are the registry's, whoever opens them.
            self._approval_show(arch, sheet, parts.sudo()._get_combined_arch())
        return arch, view

    @api.model
    def _approval_show(self, arch, sheet, parts):
        """Put what is to be shown into the form of a document."""
        banner = parts.find("div[@name='banner']")
        header, box = arch.find("header"), sheet.find("div[@name='button_box']")
        # A form without these gets no empty bar for what it mostly does not show.
        (banner if header is None else header).extend(parts.find("header"))
        if box is None:
            sheet.insert(0, parts.find("div[@name='button_box']"))
        else:
            box.extend(parts.find("div[@name='button_box']"))
        sheet.addprevious(banner)
