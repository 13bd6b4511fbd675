from odoo import api, models
from odoo.exceptions import UserError

_OPTIONS = {"date_order": ("ymd", "dmy", "mdy"), "separator": (".", ",")}


class ImportSettings(models.AbstractModel):
    """What programs give is looked at before anything is made of it."""

    _inherit = "crm.suite.import.settings"

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_given(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._check_given(vals)
        return super().write(vals)

    @api.model
    def _check_given(self, vals):
        """Refuse values of which no import could be made.

        :raise UserError: says which value is wrong and what it looks like
        """
        if "target" in vals:
            self._check_target(vals["target"])
        if vals.get("mapping"):
            self._check_mapping(vals["mapping"])

    @api.model
    def _check_target(self, target):
        targets = self.env["crm.suite.import.target"]._import_targets()
        if not isinstance(target, str) or target not in targets:
            raise UserError(
                self.env._(
                    "Nothing called “%(target)s” can be imported.", target=target
                )
            )

    @api.model
    def _check_mapping(self, mapping):
        """A profile remembers headers with the name of their column."""
        if not isinstance(mapping, dict) or not all(
            isinstance(text, str) for pair in mapping.items() for text in pair
        ):
            raise UserError(
                self.env._(
                    "The mapping of a profile is a set of headers, each with the name of its column."
                )
            )


class ImportBatch(models.Model):
    _inherit = "crm.suite.import.batch"

    @api.model
    def _check_mapping(self, mapping):
        if not isinstance(mapping, list) or not all(map(_is_entry, mapping)):
            raise UserError(
                self.env._(
                    "The mapping of a file is a list with index, header, field and options of every column, as the preview gives it."
                )
            )


def _is_entry(entry):
    """Whether ``entry`` is the meaning of a column."""
    if not isinstance(entry, dict):
        return False
    index, options = entry.get("index"), entry.get("options") or {}
    return (
        isinstance(index, int)
        and not isinstance(index, bool)
        and index >= 0
        and isinstance(entry.get("header"), str)
        and isinstance(entry.get("field") or "", str)
        and isinstance(options, dict)
        and all(
            value in (None, *_OPTIONS.get(name, ())) for name, value in options.items()
        )
    )
