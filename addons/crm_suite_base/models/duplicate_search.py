import json
from contextlib import contextmanager
from typing import NamedTuple

from psycopg2.extras import Json

from odoo import api, models
from odoo.tools import SQL

from ..tools.duplicate_keys import make_blocks
from ..tools.duplicate_score import match

# So many records per question are compared at most, those with an equal key first.
MOST_EXACT, MOST_ALIKE = 40, 160
EXACT_LETTERS = "pevn"
# From the strictest to none.
SEVERITY = ("block", "warn", "queue", "off")


@contextmanager
def look_ups_by_index(env):
    """Let the query inside use the index of the blocks.

    While a file is imported the statistics are behind the table: the planner takes it
    for a small one and would read the whole of it for each row.
    """
    ((before,),) = env.execute_query(SQL("SELECT current_setting('enable_seqscan')"))
    env.cr.execute(SQL("SELECT set_config('enable_seqscan', 'off', TRUE)"))
    yield
    # After an error the transaction is over and the setting with it.
    env.cr.execute(SQL("SELECT set_config('enable_seqscan', %s, TRUE)", before))


class Probe(NamedTuple):
    """What is looked for: the keys of a record or of values that somebody typed.

    :param no: position, by which hits are told apart
    :param id: the record itself, or 0
    :param company_id: company of the record, or 0 where it belongs to all
    :param relatives: pairs of model and id that are no hit
    """

    no: int
    keys: dict
    id: int = 0
    company_id: int = 0
    relatives: frozenset = frozenset()


class Hit(NamedTuple):
    """A record that a rule calls the same as what was looked for."""

    model: str
    id: int
    score: float
    reasons: dict
    rule_id: int
    version: int
    reaction: str = "queue"


class Asked:
    """What the rules said about records that are about to be created.

    A transaction sees the database as it was when it began, and what it did itself:
    when the records are there, only those that came with them are new to the rules. Who
    asked before (an import, for the preview of each row) hands this over by the context
    key ``crm_suite_duplicates_asked``, so that the database is searched once.

    :ivar str model: name of the model of the records
    :ivar str channel: the way they come in
    :ivar list entered: the probes of those that were created since
    """

    def __init__(self, model, channel, probes, hits):
        self.model = model
        self.channel = channel
        self.entered = []
        self._hits = {_probe_key(p): hits.get(p.no, []) for p in probes}

    def knows(self, probe):
        return _probe_key(probe) in self._hits

    def get_hits(self, probe):
        """What was found before any of the records was there."""
        return list(self._hits[_probe_key(probe)])


def _probe_key(probe):
    keys = json.dumps(probe.keys, sort_keys=True)
    return keys, probe.company_id, probe.relatives


def _best_first(hits):
    for found in hits.values():
        found.sort(key=lambda hit: (-hit.score, hit.model, hit.id))
    return hits


class DuplicateSearch(models.AbstractModel):
    """Finding the records that are the same as one that is entered or asked about."""

    _inherit = "crm.suite.duplicate.mixin"

    def _duplicate_probes(self):
        """What to look for: the keys of these records as they are now.

        :rtype: list[Probe]
        """
        relatives = self._duplicate_relatives()
        return [
            Probe(
                no=record.id,
                keys=record.crm_suite_keys or {},
                id=record.id,
                company_id=record.company_id.id or 0,
                relatives=frozenset(relatives.get(record.id, ())),
            )
            for record in self.sudo()
        ]

    @api.model
    def _duplicate_hits(self, probes, specs, channel=None):
        """Find what the rules call the same.

        A fixed number of queries, whatever the number of probes.

        :param list[Probe] probes:
        :param list[RuleSpec] specs: only these rules are asked
        :param str channel: gives the hits the reaction of this channel
        :return: hits by the number of the probe, the best first
        :rtype: dict[int, list[Hit]]
        """
        hits = {}
        for target in self._duplicate_targets(specs):
            asked = [
                spec for spec in specs if target == self._name or spec.with_customers
            ]
            letters = frozenset().union(*(spec.letters for spec in asked))
            rows = self._duplicate_candidates(target, probes, letters)
            by_no = {probe.no: probe for probe in probes}
            for no, id_, keys in rows:
                probe = by_no[no]
                if (target, id_) in probe.relatives:
                    continue
                if hit := self._duplicate_judge(
                    asked, probe.keys, target, id_, keys, channel
                ):
                    hits.setdefault(no, []).append(hit)
        return _best_first(hits)

    @api.model
    def _duplicate_hits_since(self, asked, probes, specs):
        """The same as :meth:`_duplicate_hits` for records that were just created, of
        which most were asked about before they were.

        :param Asked asked: what was said then; these records are added to it
        """
        unknown = [probe for probe in probes if not asked.knows(probe)]
        hits = {}
        if unknown:
            hits = self._duplicate_hits(unknown, specs, asked.channel)
        unknown = {probe.no for probe in unknown}
        letters = frozenset().union(*(spec.letters for spec in specs))
        by_block = {}
        asked.entered += probes
        for probe in asked.entered:
            for block in make_blocks(probe.keys):
                if block[0] in letters:
                    by_block.setdefault(block, []).append(probe)
        for probe in probes:
            if probe.no in unknown:
                continue
            found = hits[probe.no] = asked.get_hits(probe)
            mates = {
                mate.id: mate
                for block in make_blocks(probe.keys)
                for mate in by_block.get(block, ())
                if mate.id != probe.id
            }
            for mate in mates.values():
                if self._duplicate_may_be(probe, mate) and (
                    hit := self._duplicate_judge(
                        specs, probe.keys, self._name, mate.id, mate.keys, asked.channel
                    )
                ):
                    found.append(hit)
        return _best_first(hits)

    @api.model
    def _duplicate_may_be(self, probe, mate):
        """Whether companies and relationship let one record be the other."""
        if (self._name, mate.id) in probe.relatives:
            return False
        companies = {probe.company_id, mate.company_id} - {0}
        return len(companies) < 2

    @api.model
    def _duplicate_targets(self, specs):
        targets = [self._name]
        if self._name != "res.partner" and any(spec.with_customers for spec in specs):
            targets.append("res.partner")
        return targets

    @api.model
    def _duplicate_judge(self, specs, left, target, id_, right, channel):
        """Ask all rules; the first that fits tells why, the strictest what happens."""
        first, reaction = None, "off"
        for spec in specs:
            wanted = spec.reactions[channel] if channel else "queue"
            if wanted == "off" or not (found := match(spec.rule, left, right)):
                continue
            if first is None or found.score > first[1].score:
                first = spec, found
            reaction = min(reaction, wanted, key=SEVERITY.index)
        if first is None:
            return None
        spec, found = first
        return Hit(
            target, id_, found.score, found.reasons, spec.id, spec.version, reaction
        )

    @api.model
    def _duplicate_candidates(self, target, probes, letters):
        """Records of ``target`` that share a block with a probe.

        Those with an equal key are taken first, so that a common name cannot push the
        right one out of the bounded number.

        :return: rows of the number of the probe, the id and the keys of the record
        :rtype: list[tuple]
        """
        rows = []
        for probe in probes:
            blocks = [b for b in make_blocks(probe.keys) if b[0] in letters]
            exact = [block for block in blocks if block[0] in EXACT_LETTERS]
            alike = [block for block in blocks if block[0] not in EXACT_LETTERS]
            for part, most in ((exact, MOST_EXACT), (alike, MOST_ALIKE)):
                if part:
                    rows.append(
                        {
                            "no": probe.no,
                            "me": probe.id if target == self._name else 0,
                            "company": probe.company_id,
                            "blocks": part,
                            "most": most,
                        }
                    )
        if not rows:
            return []
        model = self.env[target]
        model.flush_model()
        with look_ups_by_index(self.env):
            return self.env.execute_query(
                SQL(
                    """
                    SELECT DISTINCT p.no, f.id, f.crm_suite_keys
                      FROM jsonb_to_recordset(%(rows)s)
                        AS p(no bigint, me int, company int, blocks text[], most int)
              CROSS JOIN LATERAL (
                        SELECT t.id, t.crm_suite_keys
                          FROM %(table)s t
                         WHERE t.crm_suite_blocks ?| p.blocks
                           AND t.id != p.me
                           AND (p.company = 0 OR t.company_id IS NULL
                                OR t.company_id = p.company)
                           AND %(scope)s
                         LIMIT p.most
                      ) f
                    """,
                    rows=Json(rows),
                    table=SQL.identifier(model._table),
                    scope=model._duplicate_scope("t"),
                )
            )
