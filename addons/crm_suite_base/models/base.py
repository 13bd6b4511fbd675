from odoo import api, models

from .operation_journal import JOURNAL


class Base(models.AbstractModel):
    """Journal what the ORM does while an operation runs.

    ``_write_multi`` is where every change of a column passes, be it written or
    recomputed, in batches. Without an operation each method pays one look-up in a
    dictionary.
    """

    _inherit = "base"

    def write(self, vals):
        journal = vars(self.env.cr).get(JOURNAL)
        if journal is None:
            return super().write(vals)
        with journal.relating(self, vals):
            return super().write(vals)

    def _write_multi(self, vals_list):
        journal = vars(self.env.cr).get(JOURNAL)
        if journal is None:
            return super()._write_multi(vals_list)
        with journal.updating(self, {name for vals in vals_list for name in vals}):
            return super()._write_multi(vals_list)

    def _update_field_translations(self, field_name, translations, *args, **kwargs):
        journal = vars(self.env.cr).get(JOURNAL)
        if journal is None:
            return super()._update_field_translations(
                field_name, translations, *args, **kwargs
            )
        self.flush_recordset([field_name])
        with journal.updating(self, {field_name}):
            return super()._update_field_translations(
                field_name, translations, *args, **kwargs
            )

    @api.model
    def _create(self, data_list):
        records = super()._create(data_list)
        journal = vars(self.env.cr).get(JOURNAL)
        if journal is not None:
            journal.note_created(records)
        return records

    def unlink(self):
        journal = vars(self.env.cr).get(JOURNAL)
        if journal is not None and self:
            journal.note_deleted(self)
        return super().unlink()
