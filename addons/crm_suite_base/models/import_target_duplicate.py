from odoo import api, models

from ..tools.import_types import CREATE, Problem
from .duplicate_entry import BY_ROW, Channel, DuplicateRefused
from .duplicate_query import _describe_keys
from .duplicate_search import Asked, Probe

MEMORY, ASKED = "duplicates", "duplicates asked"
KEYS, HIDDEN, LEFT = "duplicate keys", "duplicates hidden", "duplicates left"


class ImportTargetDuplicate(models.AbstractModel):
    """Duplicate rules for imported customers, contacts and leads.

    A row that the key of the file does not find is shown to the rules, a chunk at a
    time. What a rule *refuses* is the record that is there already: the import's own
    policy for records that are there decides, as if the key had found it. A *warning*
    is written beside the row; who does not want another record decides so for the row.
    What either tells of records that the user may not read is noted and counts as a
    question; beyond the day's limit no warning tells of them.
    """

    _name = "crm.suite.import.target.duplicate"
    _inherit = "crm.suite.import.target.record"
    _description = "Import Target with Duplicate Rules"

    @api.model
    def _import_context(self):
        return {
            **super()._import_context(),
            "crm_suite_channel": Channel("import"),
            "crm_suite_refusals_by_row": BY_ROW,
        }

    @api.model
    def _import_match(self, plan, rows):
        result = super()._import_match(plan, rows)
        plan.memory.pop(ASKED, None)
        plan.memory[MEMORY] = found = self._import_duplicates(
            plan, [row for row in rows if row.match is None and not row.action]
        )
        queries = self.env["crm.suite.duplicate.query"]
        plan.memory[HIDDEN] = queries._get_unreadable(
            _get_ends(hit for hits in found.values() for hit in hits)
        )
        plan.memory[LEFT] = queries._count_left() if plan.memory[HIDDEN] else 0
        for row in rows:
            hits = found.get(row.number, ())
            refused = [hit for hit in hits if hit.reaction == "block"]
            wanted = refused or (hits if row.decision in ("skip", "update") else ())
            if match := self._import_readable_hit(wanted):
                row.match = match
        return result

    def _import_duplicates(self, plan, rows):
        """What the rules say about rows that would be created: hits by row number."""
        model = self.env[self._import_model]
        specs = [
            spec
            for spec in self.env["crm.suite.duplicate.rule"]._get_specs(
                model._name, self.env.company.id
            )
            if spec.reactions["import"] != "off"
        ]
        if not specs or not rows or model._duplicate_is_off():
            return {}
        names = model._duplicate_key_fields()
        probes = []
        for row in rows:
            values = {**self._import_defaults(plan, row), **row.values}
            probes.append(
                Probe(
                    no=row.number,
                    keys=model._duplicate_keys({n: values.get(n) for n in names}),
                    company_id=values.get("company_id") or 0,
                    relatives=frozenset(self._import_relatives(values)),
                )
            )
        hits = model._duplicate_hits(probes, specs, "import")
        plan.memory[ASKED] = Asked(model._name, "import", probes, hits)
        plan.memory[KEYS] = {probe.no: probe.keys for probe in probes}
        return hits

    @api.model
    def _import_relatives(self, values):
        """Pairs of model and id that a new record is like with good reason; a hook.

        :param dict values: with which it would be created
        :rtype: set[tuple[str, int]]
        """
        return set()

    @api.model
    def _import_defaults(self, plan, row):
        """Values of new records for which the file says nothing; a hook.

        :rtype: dict
        """
        return {}

    @api.model
    def _import_create(self, plan, rows):
        for row in rows:
            row.values = {**self._import_defaults(plan, row), **row.values}
        asked = plan.memory.get(ASKED)
        if not asked:
            return super()._import_create(plan, rows)
        before = len(asked.entered)
        target = self.with_context(crm_suite_duplicates_asked=asked)
        try:
            return super(ImportTargetDuplicate, target)._import_create(plan, rows)
        except Exception:
            # They are taken back, and their halves come again.
            del asked.entered[before:]
            raise

    def _import_readable_hit(self, hits):
        """The record that a row is the same as, if it is one and may be read."""
        found = {(hit.model, hit.id) for hit in hits}
        if len(found) != 1:
            return None
        [(model_name, id_)] = found
        if model_name != self._import_model:
            return None
        record = self.env[model_name].browse(id_)
        return record if record.has_access("read") else None

    @api.model
    def _import_decide(self, plan, row):
        super()._import_decide(plan, row)
        hits = plan.memory.get(MEMORY, {}).get(row.number)
        if not hits or row.action != CREATE:
            return
        model = self.env[self._import_model]
        if refused := [hit for hit in hits if hit.reaction == "block"]:
            if not plan.memory[HIDDEN].isdisjoint(_get_ends(refused)):
                self._import_note_told(plan, row, refused)
            row.reject(model._duplicate_refusal(refused), *plan.where("name"))
        elif warned := self._import_get_warned(plan, row, hits):
            text = model._duplicate_warning(warned)
            row.problems.append(Problem(*plan.where("name"), text, True))

    def _import_get_warned(self, plan, row, hits):
        """The hits of which a warning tells: those that the user may read, otherwise
        the hidden ones as long as he may ask.
        """
        warned = [hit for hit in hits if hit.reaction == "warn"]
        hidden = plan.memory[HIDDEN]
        if seen := [hit for hit in warned if (hit.model, hit.id) not in hidden]:
            return seen
        if not warned or plan.memory[LEFT] <= 0:
            return []
        self._import_note_told(plan, row, warned)
        return warned

    def _import_note_told(self, plan, row, hits):
        asked = _describe_keys(plan.memory[KEYS][row.number])
        row.told.append((asked, sorted(_get_ends(hits))))
        plan.memory[LEFT] -= 1

    @api.model
    def _import_error_text(self, error, row):
        if not isinstance(error, DuplicateRefused) or not error.refused:
            return super()._import_error_text(error, row)
        hits = next(iter(error.refused.values()))
        ends = _get_ends(hits)
        if self.env["crm.suite.duplicate.query"]._get_unreadable(ends):
            row.told.append((row.vals.get("name") or "", sorted(ends)))
        return self.env[self._import_model]._duplicate_refusal(hits)


def _get_ends(hits):
    return {(hit.model, hit.id) for hit in hits}
