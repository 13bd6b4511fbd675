from collections import Counter

from odoo import api, models
from odoo.exceptions import UserError

from .arguments import check_one

# What is shown of two records side by side, if the model has it and the user may see it.
SHOWN = (
    "name",
    "partner_name",
    "contact_name",
    "parent_id",
    "function",
    "phone",
    "email",
    "website",
    "vat",
    "street",
    "street2",
    "city",
    "state_id",
    "zip",
    "country_id",
    "ref",
    "industry_id",
    "category_id",
    "user_id",
    "crm_suite_team_id",
    "team_id",
    "crm_suite_lifecycle_id",
    "crm_suite_grade_id",
    "type",
    "stage_id",
    "expected_revenue",
    "crm_suite_revenue",
    "crm_suite_last_purchase",
    "create_date",
)
# What another model calls the same.
ALIASES = {"email": "email_from"}
MOST = 8


class DuplicateCompare(models.Model):
    """The records of a group side by side, for the worklist's window."""

    _inherit = "crm.suite.duplicate.pair"

    @api.readonly
    def get_comparison(self):
        """Everything about the group of this pair that its window shows.

        :return: ``records`` (``model``, ``id``, ``name``, ``active``), at most eight;
            ``more``, how many others there are; ``fields`` (``label``, ``same``,
            ``values``: a text per record); ``pairs`` (``id``, ``left`` and ``right``:
            positions of the records, ``score``, ``reasons``); ``may_decide``;
            ``may_merge``, whether two of one kind are there; ``next``, the id of a pair
            of the next group or False; ``left_to_do``, open groups
        :rtype: dict
        """
        check_one(self)
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        pairs = self._get_group()
        ends = self._get_ends(pairs)
        shown = ends[:MOST]
        records = [self.env[model].browse(id_) for model, id_ in shown]
        return {
            "records": [self._describe_record(record) for record in records],
            "more": len(ends) - len(shown),
            "fields": self._describe_fields(records),
            "pairs": self._describe_pairs(
                pairs, {end: n for n, end in enumerate(shown)}
            ),
            "may_decide": self._may_decide(),
            "may_merge": Counter(r._name for r in records).most_common(1)[0][1] > 1,
            "state": self.state,
            **self._describe_rest(),
        }

    def _get_group(self):
        """The open pairs that hang together with this one; of a decided one itself."""
        if self.state != "new" or not self.group_id:
            return self
        return (
            self.search(
                [("group_id", "=", self.group_id.id), ("state", "=", "new")], limit=100
            )
            or self
        )

    @api.model
    def _get_ends(self, pairs):
        ends = {}
        for pair in pairs:
            ends.setdefault((pair.left_model, pair.left_id))
            ends.setdefault((pair.right_model, pair.right_id))
        return list(ends)

    @api.model
    def _may_decide(self):
        try:
            self._check_decider()
        except UserError:
            return False
        return True

    def _describe_record(self, record):
        return {
            "model": record._name,
            "id": record.id,
            "name": record.display_name,
            "kind": self.env["ir.model"]._get(record._name).name,
            "active": record.active,
        }

    def _describe_fields(self, records):
        """Each field of which one of the records has a value, as texts."""
        shown = self._read_shown(records)
        lines = []
        for name in SHOWN:
            texts = [self._describe_value(r, name, shown[r]) for r in records]
            if not any(texts):
                continue
            field = next(filter(None, (self._find_field(r, name) for r in records)))
            known = [text for text in texts if text]
            lines.append(
                {
                    "name": name,
                    "label": field._description_string(self.env),
                    "values": texts,
                    "same": len(known) == len(texts) and len(set(known)) == 1,
                }
            )
        return lines

    def _find_field(self, record, name):
        return record._fields.get(name) or record._fields.get(ALIASES.get(name))

    def _read_shown(self, records):
        """What is no link, by record: read as for a client, for whom values are masked
        that code would see.
        """
        rows = {}
        for model in {record._name for record in records}:
            alike = self.env[model].browse(r.id for r in records if r._name == model)
            fields = filter(None, (self._find_field(alike, name) for name in SHOWN))
            names = [
                field.name
                for field in fields
                if not field.relational and alike._has_field_access(field, "read")
            ]
            rows.update((alike.browse(row["id"]), row) for row in alike.read(names))
        return rows

    def _describe_value(self, record, name, row):
        field = self._find_field(record, name)
        if field is None or not record._has_field_access(field, "read"):
            return ""
        value = {
            "name": field.name,
            "value": (record if field.relational else row)[field.name],
            "type": field.type,
            "field": field,
        }
        if not value["value"]:
            return ""
        if field.type == "monetary":
            value["currency"] = record[field.get_currency_field(record)]
        return self._explained_text(value)

    def _describe_pairs(self, pairs, positions):
        lines = []
        for pair in pairs:
            left = positions.get((pair.left_model, pair.left_id))
            right = positions.get((pair.right_model, pair.right_id))
            if left is None or right is None:
                continue
            lines.append(
                {
                    "id": pair.id,
                    "left": left,
                    "right": right,
                    "score": pair.score,
                    "reasons": pair.reasons_text,
                }
            )
        return lines

    def _describe_rest(self):
        """What comes after this group in the worklist."""
        others = [("state", "=", "new"), ("group_id", "!=", self.group_id.id)]
        following = self.search(
            [*others, ("score", "<=", self.score), ("id", "!=", self.id)], limit=1
        ) or self.search(others, limit=1)
        return {
            "next": following.id or False,
            "left_to_do": self.search_count([("state", "=", "new")], limit=1000),
        }
