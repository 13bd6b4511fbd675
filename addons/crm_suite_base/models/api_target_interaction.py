from datetime import datetime, timezone

from odoo import api, models
from odoo.exceptions import UserError


class ApiTargetInteraction(models.AbstractModel):
    """Calls, visits and walk-ins, once each by their number in the other system."""

    _name = "crm.suite.api.target.interaction"
    _inherit = "crm.suite.api.target.of"
    _description = "Interactions That Programs Write"

    _api_entity = "interaction"
    _api_model = "crm.suite.call"

    @api.model
    def _api_value(self, field, value, vals):
        if field.type == "datetime" and isinstance(value, str):
            return self._api_moment(value)
        return super()._api_value(field, value, vals)

    @api.model
    def _api_moment(self, text):
        """A moment of ISO 8601 as the database keeps it: UTC without an offset."""
        try:
            moment = datetime.fromisoformat(text.strip().replace("Z", "+00:00"))
            if moment.tzinfo is not None:
                moment = moment.astimezone(timezone.utc).replace(tzinfo=None)
        except (OverflowError, ValueError) as error:
            raise UserError(
                self.env._("“%(value)s” is no date and time of ISO 8601.", value=text)
            ) from error
        return moment.replace(microsecond=0)

    @api.model
    def _api_match(self, rows, key):
        for row in rows:
            row.key, row.names = (row.data["reference"],), ("reference",)
        found = self._api_find(
            {row.key for row in rows},
            key,
            lambda target, keys: target._api_find_calls(keys),
        )
        for row in rows:
            row.record = found.get(row.key)

    @api.model
    def _api_find_calls(self, keys):
        calls = self.env["crm.suite.call"].search_fetch(
            [
                ("reference", "in", [reference for (reference,) in keys]),
                ("company_id", "=", self.env.company.id),
            ],
            ["reference"],
        )
        return {(call.reference,): call for call in calls}
