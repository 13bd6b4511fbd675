from odoo import api, models

from .arguments import check_records

NAMES = 5


class ResPartner(models.Model):
    """What would happen if customers were deleted."""

    _inherit = "res.partner"

    @api.readonly
    def crm_suite_delete_preview(self):
        """What goes with the customers, what stays without them, what forbids it.

        Counts are those of the viewer: of records that he may not read he learns only
        that there are some, because they decide whether he can delete.

        :return: ``{"customers", "goes", "stays", "blocks", "can_delete"}``; each list
            has ``{"model", "label", "count", "names"}``, with count false for what the
            viewer may not read
        :rtype: dict
        """
        check_records(self).check_access("read")
        self._crm_suite_check_role()
        groups = {"cascade": [], "set null": [], "restrict": []}
        for model, name, effect in self._crm_suite_references():
            row = self._crm_suite_reference_row(model, [(name, "in", self.ids)])
            if row:
                groups[effect].append(row)
        goes = self._crm_suite_merge_rows(
            groups["cascade"] + self._crm_suite_document_rows()
        )
        blocks = self._crm_suite_merge_rows(
            groups["restrict"] + self._crm_suite_blocking_rows()
        )
        return {
            "customers": [
                {"id": partner.id, "name": partner.display_name} for partner in self
            ],
            "goes": goes,
            "stays": [
                row
                for row in self._crm_suite_merge_rows(groups["set null"])
                if row["model"] not in {other["model"] for other in blocks}
            ],
            "blocks": blocks,
            "can_delete": not blocks and self.has_access("unlink"),
        }

    @api.model
    def _crm_suite_references(self):
        """Stored fields of all models that point to a partner.

        :return: model, field, what the database does when the partner goes
        """
        for model, records in self.env.items():
            if records._abstract or records._transient or not records._auto:
                continue
            for name, field in records._fields.items():
                if (
                    field.type == "many2one"
                    and field.comodel_name == "res.partner"
                    and field.store
                    and not field.related
                    and not field.company_dependent
                    and not (model == "res.partner" and field.compute)
                    and not (model.startswith("mail.") and name != "partner_id")
                ):
                    yield model, name, field.ondelete or "set null"

    def _crm_suite_reference_row(self, model, domain):
        """Records of a model that meet a domain, as the viewer may know them."""
        records = self.env[model].with_context(active_test=False)
        hidden = records.sudo()
        if not hidden.search(domain, limit=1):
            return None
        row = {
            "model": model,
            "label": self.env["ir.model"]._get(model).sudo().name or model,
            "count": False,
            "names": [],
        }
        if records.has_access("read"):
            count = records.search_count(domain)
            if count:
                shown = records.search(domain, limit=NAMES)
                row["count"] = count
                names = dict.fromkeys(shown.mapped("display_name"))
                row["names"] = [name for name in names if name]
        return row

    def _crm_suite_document_rows(self):
        """What hangs on the customer as a document: messages, activities, files."""
        rows = []
        for model, field in (
            ("mail.message", "model"),
            ("mail.activity", "res_model"),
            ("ir.attachment", "res_model"),
        ):
            row = self._crm_suite_reference_row(
                model, [(field, "=", self._name), ("res_id", "in", self.ids)]
            )
            if row:
                rows.append(row)
        return rows

    def _crm_suite_blocking_rows(self):
        """What forbids deletion by a rule of the host rather than of the database.

        Hook: extend for an addon with a rule of its own.
        """
        rows = [
            self._crm_suite_reference_row(
                "res.users", [("partner_id", "in", self.ids)]
            ),
            self._crm_suite_reference_row(
                "account.move",
                [("partner_id", "in", self.ids), ("state", "in", ("draft", "posted"))],
            ),
        ]
        return [row for row in rows if row]

    @api.model
    def _crm_suite_merge_rows(self, rows):
        """One row per model: an order names its customer in three fields."""
        merged = {}
        for row in rows:
            known = merged.get(row["model"])
            if known is None or (row["count"] or 0) > (known["count"] or 0):
                merged[row["model"]] = row
        return sorted(merged.values(), key=lambda row: row["label"])
