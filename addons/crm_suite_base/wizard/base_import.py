from odoo import models

from ..models.duplicate_entry import Channel


class BaseImport(models.TransientModel):
    """The host's import says in the context, where anybody could, that it is one."""

    _inherit = "base_import.import"

    def execute_import(self, fields, columns, options, dryrun=False):
        known = self.with_context(crm_suite_channel=Channel("import"))
        return super(BaseImport, known).execute_import(fields, columns, options, dryrun)
