from odoo import api, models

from ..tools.duplicate_keys import COMPANY

# What a field says, where that is less than everything.
PLACE = {"street": "street", "street2": "street", "city": "city", "zip": "zip"}
# Which places the keys of companies have kept up with.
PARAMETER = "crm_suite_base.duplicate_places_"


class DuplicateMixin(models.AbstractModel):
    """The place of companies, in their keys while a rule asks for it.

    The street of a company is what people correct all day, and usually no rule asks
    about it: the keys keep what was right when they were last made, and the host's
    writes pay nothing. When a rule begins to ask, all keys are made anew
    (``duplicate_renew``). Persons are found by where they live: theirs follow always.
    """

    _inherit = "crm.suite.duplicate.mixin"

    def _duplicate_kinds(self):
        """Which kinds of records these are; an empty text may be any. Hook.

        :rtype: set[str]
        """
        return {""}

    def _duplicate_is_asked(self, written):
        """Whether a rule of the user's company speaks of these fields of such records."""
        if not written.issubset(PLACE):
            return True
        keys = {PLACE[name] for name in written}
        asked = self.env["crm.suite.duplicate.rule"]._get_asked_keys
        return any(
            not keys.isdisjoint(asked(self._name, self.env.company.id, kind))
            for kind in self._duplicate_kinds()
        )

    def _duplicate_moves(self, vals):
        """Whether a write says of the place what the keys tell: always of persons, of
        companies while a rule of any company asks for it.
        """
        written = PLACE.keys() & vals
        if not written or self._duplicate_kinds() != {COMPANY}:
            return bool(written)
        rules = self.env["crm.suite.duplicate.rule"]
        asked = rules._get_asked_keys(self._name, False, COMPANY)
        return not asked.isdisjoint(PLACE[name] for name in written)

    def _duplicate_follow_place(self):
        """Have the keys made anew after a write of the place."""
        for name in ("crm_suite_keys", "crm_suite_blocks"):
            self.env.add_to_compute(self._fields[name], self)

    @api.model
    def _duplicate_asked_places(self):
        """What the rules of any company ask of the place of companies.

        :rtype: set[str]
        """
        rules = self.env["crm.suite.duplicate.rule"]
        return rules._get_asked_keys(self._name, False, COMPANY) & set(PLACE.values())

    @api.model
    def _duplicate_rules_changed(self):
        """Have all keys made anew when the rules ask for places that were not kept."""
        if not self._duplicate_late_fields():
            return
        asked = self._duplicate_asked_places()
        # Only the program reads and writes this parameter.
        parameters = self.env["ir.config_parameter"].sudo()
        name = PARAMETER + self._table
        kept = set((parameters.get_param(name) or "").split())
        if asked == kept:
            return
        parameters.set_param(name, " ".join(sorted(asked)))
        if asked - kept:
            self._duplicate_renew()
