from odoo import api, models, tools
from odoo.exceptions import AccessError
from odoo.tools.misc import formatLang

from .arguments import check_records
from .res_partner_merge_values import PICTURE

TEXT = 200
# Of more rows than this nobody wants to know how many he could read.
COUNTED = 2000


class ResPartner(models.Model):
    """What a merge would do, before it is done."""

    _inherit = "res.partner"

    @api.model
    def get_views(self, views, options=None):
        """In the Customers application there is one “Merge”: the host's, which deletes
        and cannot be undone, is left to the Contacts application."""
        result = super().get_views(views, options)
        if not self.env.context.get("crm_suite_managed"):
            return result
        host = self.env.ref("base.action_partner_merge", raise_if_not_found=False)
        if host:
            for view in result["views"].values():
                toolbar = view.get("toolbar") or {}
                if "action" in toolbar:
                    toolbar["action"] = [
                        action
                        for action in toolbar["action"]
                        if action["id"] != host.id
                    ]
        return result

    def action_crm_suite_merge(self):
        """Open the screen on which these records are compared and merged.

        :rtype: dict
        """
        check_records(self)._crm_suite_check_merger()
        self.check_access("read")
        return {
            "type": "ir.actions.client",
            "tag": "crm_suite_merge",
            "name": self.env._("Merge Customers"),
            "params": {"ids": self.ids},
        }

    @api.readonly
    def crm_suite_merge_preview(self, survivor_id=None, choices=None):
        """Tell what :meth:`crm_suite_merge` would do with the same arguments.

        :return: ``{"survivor_id", "partners": [{"id", "name", "active", "is_company",
            "owner", "created", "detail"}], "lines": [{"key", "fields", "label",
            "values": {id: text}, "chosen": id, "by": "survivor" | "filled" | "rule" |
            "you", "differs"}], "kept": [{"kind", "value"}], "moves": [{"model",
            "label", "count"}], "stays": […], "problems": [sentence], "warnings":
            [sentence], "can_merge"}``. Ids as keys are texts. Of records that the
            viewer may not read the count is false.
        :rtype: dict
        """
        check_records(self)._crm_suite_check_merger()
        self.check_access("read")
        partners = self.browse(dict.fromkeys(self.ids)).exists()
        if not partners:
            return partners._crm_suite_merge_empty()
        if survivor_id and survivor_id not in partners.ids:
            survivor_id = None
        survivor = partners._crm_suite_merge_survivor(survivor_id)
        choices = partners._crm_suite_check_choices(choices)
        decided = partners._crm_suite_merge_decided(survivor, choices)
        problems = partners._crm_suite_preview_problems(survivor, choices)
        losers = partners - survivor
        moves, stays = losers._crm_suite_preview_moves(survivor)
        shown = partners._crm_suite_preview_read()
        return {
            "survivor_id": survivor.id,
            "partners": [p._crm_suite_preview_partner(shown[p.id]) for p in partners],
            "lines": partners._crm_suite_preview_lines(
                survivor, decided, choices, shown
            ),
            "kept": partners._crm_suite_preview_kept(decided, shown),
            "moves": moves,
            "stays": stays,
            "problems": problems,
            "warnings": losers._crm_suite_preview_warnings(survivor),
            "can_merge": not problems,
        }

    def _crm_suite_merge_empty(self):
        lists = ("partners", "lines", "kept", "moves", "stays", "warnings")
        return {
            **{name: [] for name in lists},
            "survivor_id": False,
            "problems": [self.env._("Choose at least two customers to merge.")],
            "can_merge": False,
        }

    def _crm_suite_preview_problems(self, survivor, choices):
        if len(self) < 2:
            return [self.env._("Choose at least two customers to merge.")]
        problems = list(self._crm_suite_merge_problems(survivor, choices))
        try:
            self.check_access("write")
        except AccessError:
            closed = self - self._filtered_access("write")
            problems.append(
                self.env._(
                    "You may not change %(names)s. Ask the owner, a manager or a data "
                    "steward.",
                    names=", ".join(closed.mapped("display_name")),
                )
            )
        return problems

    def _crm_suite_preview_read(self):
        """What is no link, by id of the partner: read as for a client, for whom values
        are masked that code would see.

        :rtype: dict[int, dict]
        """
        names = {name for line in self._crm_suite_merge_lines() for name in line.names}
        names |= {"city", "email", "phone"}
        plain = [name for name in names if not self._fields[name].relational]
        rows = self.with_context(bin_size=True).read(plain)
        return {row["id"]: row for row in rows}

    def _crm_suite_preview_partner(self, row):
        detail = [row["city"], self.parent_id.name, row["email"], row["phone"]]
        return {
            "id": self.id,
            "name": self.display_name,
            "active": self.active,
            "is_company": self.is_company,
            "owner": self.user_id.name or "",
            "created": self.create_date.isoformat(" ", "seconds"),
            "detail": " · ".join(text for text in detail if text),
        }

    # === VALUES === #

    def _crm_suite_preview_lines(self, survivor, decided, choices, shown):
        """One entry for each line of which somebody has a value."""
        labels = {
            "address": self.env._("Address"),
            "phone": self.env._("Phone"),
            "owner": self.env._("Owner"),
            "grade": self.env._("Grade given by hand"),
            "stage": self.env._("Stage given by hand"),
        }
        offered = {line.key for line in self._crm_suite_merge_lines()}
        entries = []
        for line, holders in decided.items():
            if line.key not in offered:
                continue
            values = {p.id: p._crm_suite_preview_text(line, shown[p.id]) for p in self}
            if not any(values.values()):
                continue
            chosen = holders[line.names[0]]
            field = self._fields[line.names[0]]
            entries.append(
                {
                    "key": line.key,
                    "fields": list(line.names),
                    "label": labels.get(line.key)
                    or field._description_string(self.env),
                    "values": {str(id_): text for id_, text in values.items()},
                    "chosen": chosen,
                    "by": self._crm_suite_preview_by(line, chosen, survivor, choices),
                    "differs": len(set(values.values())) > 1,
                }
            )
        return entries

    def _crm_suite_preview_by(self, line, chosen, survivor, choices):
        """Say why a value counts."""
        if line.key in choices or not choices.keys().isdisjoint(line.names):
            return "you"
        if chosen == survivor.id:
            return "survivor"
        return "rule" if line.rule in ("furthest", "owner") else "filled"

    def _crm_suite_preview_text(self, line, row):
        texts = [self._crm_suite_preview_value(name, row) for name in line.names]
        if line.key == "owner":
            texts = texts[:2]
        return " · ".join(text for text in texts if text)

    def _crm_suite_preview_value(self, name, row):
        """A value in words, as the viewer reads it."""
        field = self._fields[name]
        value = (self if field.relational else row)[name]
        if name == PICTURE:
            return self.env._("Picture") if value else ""
        if field.type == "boolean":
            return self.env._("Yes") if value else ""
        if not value:
            return ""
        if field.type == "many2one":
            return value.display_name or ""
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, str(value))
        if field.type in ("float", "integer", "monetary"):
            return formatLang(self.env, value, digits=0 if value == int(value) else 2)
        if field.type == "html":
            value = tools.html2plaintext(value)
        return str(value).strip()[:TEXT]

    def _crm_suite_preview_kept(self, decided, shown):
        """Phones and e-mails that become further ones."""
        chosen = {
            name: id_ for names in decided.values() for name, id_ in names.items()
        }
        kept = []
        points = self.env["crm.suite.contact.point"]
        for kind in ("phone", "email"):
            known = set()
            # The chosen one first: what it has is no further one.
            first = self.browse(chosen[kind])
            for partner in first | self:
                value = shown[partner.id][kind]
                key = points._normalize(kind, value, partner.country_id) or value
                if value and key not in known:
                    known.add(key)
                    if partner != first:
                        kept.append({"kind": kind, "value": value})
        return kept

    # === WHAT MOVES === #

    def _crm_suite_preview_moves(self, survivor):
        """Count what moves to the survivor and what cannot, by kind of record.

        Counts are those of the viewer: of records that he may not read he learns only
        that there are some.
        """
        if not self:
            return [], []
        engine = self.env["crm.suite.merge"].sudo()
        ids = {}
        for reference in engine._count_references(self._name, self.ids):
            found = engine._find_referring(self._name, reference, self.ids)
            ids.setdefault(reference.model, set()).update(found)
        moves = [self._crm_suite_preview_row(*item) for item in ids.items()]
        secured = (
            self.env["account.move"]
            .sudo()
            .search_count(
                [
                    ("line_ids.partner_id", "in", self.ids),
                    ("inalterable_hash", "!=", False),
                ]
            )
        )
        stays = []
        if secured:
            stays.append(
                {
                    "model": "account.move",
                    "label": self.env._("Entries secured by a hash"),
                    "count": secured,
                }
            )
        shown = [row for row in moves if row]
        return sorted(shown, key=lambda row: row["label"]), stays

    def _crm_suite_preview_row(self, model_name, ids):
        if model_name.startswith("ir.") and model_name != "ir.attachment":
            return None
        records = self.env[model_name].with_context(active_test=False)
        count = 0
        if len(ids) <= COUNTED and records.has_access("read"):
            count = len(records.browse(ids)._filtered_access("read"))
        return {
            "model": model_name,
            "label": self.env["ir.model"]._get(model_name).sudo().name or model_name,
            "count": count or False,
        }

    def _crm_suite_preview_warnings(self, survivor):
        """What is allowed, but should be known before."""
        warnings = []
        secured = self.sudo()._crm_suite_secured()
        if names := self.filtered(lambda p: p.id in secured).mapped("display_name"):
            warnings.append(
                self.env._(
                    "Entries of %(names)s are secured by a hash that names the customer: "
                    "they stay there. Let that one be the survivor if you can.",
                    names=", ".join(names),
                )
            )
        if len({p.is_company for p in self | survivor}) > 1:
            warnings.append(
                self.env._("Companies and people are merged into one. Is that right?")
            )
        return warnings
