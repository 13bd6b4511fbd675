from odoo import api, fields, models

from .duplicate_mixin import ROLE
from .duplicate_query import _describe_keys
from .duplicate_search import Probe

MOST_SHOWN = 5


class DuplicateBanner(models.AbstractModel):
    """Telling who fills in a form that the record may be there already."""

    _inherit = "crm.suite.duplicate.mixin"

    crm_suite_duplicates = fields.Json(
        string="Possible Duplicates",
        compute="_compute_crm_suite_duplicates",
        groups=ROLE,
        exportable=False,
        help="Of a record that is being entered: what the rules find. Of a stored one: its open pairs.",
    )

    @api.depends(lambda self: sorted(self._duplicate_triggers()))
    @api.depends_context("uid")
    def _compute_crm_suite_duplicates(self):
        stored = self.filtered("id")
        counts = stored._duplicate_open_pairs()
        for record in stored:
            pairs = counts.get(record.id, [])
            record.crm_suite_duplicates = (
                {"pairs": len(pairs), "pair_id": pairs[0]} if pairs else False
            )
        for record in self - stored:
            record.crm_suite_duplicates = record._duplicate_warn_new()

    def _duplicate_open_pairs(self):
        """Open pairs of these records, by id, the most alike first."""
        found = {id_: [] for id_ in self.ids}
        pairs = self.env["crm.suite.duplicate.pair"]
        if not found or not pairs.has_access("read"):
            return found
        for side in ("left", "right"):
            for pair in pairs.search(
                [
                    ("state", "=", "new"),
                    (f"{side}_model", "=", self._name),
                    (f"{side}_id", "in", list(found)),
                ]
            ):
                found[pair[f"{side}_id"]].append(pair.id)
        return found

    def _duplicate_warn_new(self):
        """What to tell about a record that is being entered or edited.

        :return: ``hits``: rows that may be read; ``hidden``: how many others there are;
            ``refused``: whether saving will be refused; or False
        """
        specs = [
            spec
            for spec in self.env["crm.suite.duplicate.rule"]._get_specs(
                self._name, self.env.company.id
            )
            if spec.reactions["form"] in ("warn", "block")
        ]
        if not specs or self._duplicate_is_off() or not self._duplicate_checked():
            return False
        origin = self._origin
        names = self._duplicate_key_fields()
        keys = self._duplicate_keys({name: self[name] for name in names})
        if origin and keys == (origin.sudo().crm_suite_keys or {}):
            return False
        relatives = origin._duplicate_relatives().get(origin.id, ()) if origin else ()
        probe = Probe(
            no=0,
            keys=keys,
            id=origin.id or 0,
            company_id=self.company_id.id or 0,
            relatives=frozenset(relatives),
        )
        hits = self.sudo()._duplicate_hits([probe], specs, "form").get(0, [])
        if origin:
            pairs = self.env["crm.suite.duplicate.pair"]
            hits = pairs._drop_known(self._name, {origin.id: hits})[origin.id]
        return self._duplicate_tell(keys, hits[:20]) if hits else False

    def _duplicate_tell(self, keys, hits):
        """Rows of what may be read, the number of the others as long as the user may ask.

        What is told about records that he may not read counts as a question.
        """
        queries = self.env["crm.suite.duplicate.query"]
        hidden = queries._get_unreadable([(hit.model, hit.id) for hit in hits])
        told = [hit for hit in hits if (hit.model, hit.id) not in hidden]
        if hidden and queries._has_left():
            queries._note_told(_describe_keys(keys), sorted(hidden), "form")
        else:
            hidden = set()
        if not told and not hidden:
            return False
        rows = self._duplicate_describe(told[:MOST_SHOWN])
        return {
            "hits": [
                {
                    name: row[name]
                    for name in ("model", "id", "name", "owner", "reasons")
                }
                for row in rows
            ],
            "hidden": len(hidden) + max(len(told) - MOST_SHOWN, 0),
            "refused": any(hit.reaction == "block" for hit in hits),
        }

    @api.model
    def _duplicate_warning(self, hits):
        """The sentence for a record that may be there already.

        :param list[Hit] hits: with the reaction ``warn``
        :rtype: str
        """
        rows = self._duplicate_describe(hits[:3])
        if readable := [row for row in rows if row["name"]]:
            return self.env._(
                "This may be the same as %(names)s (%(reasons)s).",
                names=", ".join(row["name"] for row in readable),
                reasons=readable[0]["reasons"],
            )
        return self.env._(
            "This may be there already: %(state)s.", state=rows[0]["label"]
        )
