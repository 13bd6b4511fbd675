from odoo import models


class Base(models.AbstractModel):
    """Make what users do to several records in a list an operation."""

    _inherit = "base"

    def web_save(self, vals, specification, next_id=None):
        with self.env["crm.suite.operation"]._record_mass_edit(self, vals):
            return super().web_save(vals, specification, next_id)

    def web_save_multi(self, vals_list, specification):
        fnames = dict.fromkeys(fname for vals in vals_list for fname in vals)
        with self.env["crm.suite.operation"]._record_mass_edit(self, fnames):
            return super().web_save_multi(vals_list, specification)

    def unlink(self):
        # The web client says so when the user deletes from a list.
        if not self.env.context.get("crm_suite_list_delete"):
            return super().unlink()
        records = self.with_context(crm_suite_list_delete=False)
        name = self.env._("Deletion")
        with self.env["crm.suite.operation"]._record_mass_edit(records, name=name):
            return super(Base, records).unlink()

    def action_archive(self):
        name = self.env._("Archive")
        with self.env["crm.suite.operation"]._record_mass_edit(self, name=name):
            return super().action_archive()

    def action_unarchive(self):
        name = self.env._("Unarchive")
        with self.env["crm.suite.operation"]._record_mass_edit(self, name=name):
            return super().action_unarchive()
