from odoo import api, models

from ..tools.import_types import Link, Problem


class ImportTargetCall(models.AbstractModel):
    """Earlier calls, visits and walk-ins."""

    _name = "crm.suite.import.target.call"
    _inherit = "crm.suite.import.target.table"
    _description = "Import of Interactions"

    _import_model = "crm.suite.call"
    _import_table_columns = {
        "partner_id": "int",
        "commercial_partner_id": "int",
        "company_id": "int",
        "user_id": "int",
        "kind": "varchar",
        "direction": "varchar",
        "date": "timestamp",
        "duration": "int",
        "outcome": "varchar",
        "summary": "text",
    }

    _import_plain_columns = (
        "kind",
        "direction",
        "date",
        "duration",
        "outcome",
        "summary",
    )

    @api.model
    def _import_title(self):
        return self.env._("Interactions")

    @api.model
    def _import_columns(self):
        column = self._import_field_column
        return [
            *self._import_partner_columns(),
            column("date", required=True, example="2026-03-05 14:30", key=True),
            column("kind", example="call", key=True),
            column("direction", example="out"),
            column("duration", example="6"),
            column("outcome"),
            column(
                "summary", label=self.env._("Summary"), example="报价已确认", key=True
            ),
            column(
                "user_id",
                label=self.env._("Owner"),
                kind="record",
                example=self.env.user.login,
            ),
        ]

    @api.model
    def _import_complete(self, plan, vals, problems):
        if (vals.get("duration") or 0) < 0:
            text = self.env._("A duration cannot be negative.")
            problems.append(Problem(*plan.where("duration"), text))
        return super()._import_complete(plan, vals, problems)

    @api.model
    def _import_resolve(self, plan, rows):
        texts = [row.vals.get("user_id") for row in rows]
        plan.memory["users"] = self._import_find_users(texts)
        resolved = super()._import_resolve(plan, rows)
        for row in rows:
            if row.values:
                self._import_set_owner(plan, row, plan.memory["users"])
        return resolved

    @api.model
    def _import_bulk_links(self, plan, get_texts):
        if "user_id" not in plan.by_field:
            return {}
        texts = get_texts("user_id")
        users = self._import_find_users(texts)
        found = {text: users.get(text.casefold(), ()) for text in texts}
        ids = {text: next(iter(ids)) for text, ids in found.items() if len(ids) == 1}
        return {"user_id": Link("user_id", ids, strict=True)}

    @api.model
    def _import_table_values(self, plan, row, partner):
        return {
            **plan.memory["constants"],
            **{
                name: row.vals[name]
                for name in self._import_plain_columns
                if name in row.vals
            },
            "partner_id": partner.id,
            "commercial_partner_id": partner.commercial_id,
        }

    @api.model
    def _import_constants(self, plan):
        return {
            **super()._import_constants(plan),
            "user_id": plan.defaults.get("user_id") or self.env.uid,
            "kind": "call",
            "direction": "out",
            "duration": 0,
        }
