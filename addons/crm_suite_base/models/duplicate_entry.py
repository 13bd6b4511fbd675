from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.tools import SQL

from ..tools.duplicate_keys import make_blocks
from ..tools.duplicate_score import fits_kind
from ..tools.key_locks import hold_keys, key_number
from .duplicate_late import PLACE
from .duplicate_rule import CHANNELS
from .duplicate_search import EXACT_LETTERS

# Where somebody looks at the screen and can be told.
TOLD = ("form", "quick", "import")
# So many of the records that are alike are named to a program.
MOST_NAMED = 5

# The values of the context keys below. Objects and no plain words: no caller from outside
# can put them into a context, and so get past a rule that refuses, or past the log.
KNOWN = object()
BY_ROW = object()


class Channel(str):
    """By which way a record comes in, said by code of the server."""

    __slots__ = ()


class Noted:
    """What the rules noted for the worklist while records were entered.

    Who wants to answer a program with it hands one over by the context key
    ``crm_suite_duplicates_noted``.

    :ivar dict hits: by model and id of the new record
    """

    def __init__(self):
        self.hits = {}

    def add(self, model_name, hits):
        self.hits.update({(model_name, no): found for no, found in hits.items()})


class DuplicateRefused(ValidationError):
    """Records that a rule refuses.

    :ivar dict refused: the records of the other side by the id of each refused one, as
        hits with the reaction ``block``
    :ivar list created: the ids of all records of the call in its order, if it made them
    """

    def __init__(self, message, refused):
        super().__init__(message)
        self.refused = refused
        self.created = None


# Clients know an error by the name of its class: to them it is a refused value, whose
# sentence is shown, and not a failure of the program.
for _name in ("__module__", "__name__", "__qualname__"):
    setattr(DuplicateRefused, _name, getattr(ValidationError, _name))


class DuplicateEntry(models.AbstractModel):
    """Asking the rules when a record is entered, by whatever way.

    The adapter's ``create`` calls :meth:`_duplicate_created`, its ``write`` is wrapped
    by :meth:`_duplicate_before` and :meth:`_duplicate_after`. Code that writes says by the
    context key ``crm_suite_channel``, a :class:`Channel`, by which way the record comes
    in; without it the
    client's save is the form, ``name_create`` the quick creation, the host's import of a
    file the import, everything else the
    API; the adapter says so for quick creation and mail, where the host's models do not
    call each other. ``crm_suite_no_duplicate_check``, the object :data:`KNOWN`, is for data
    that is known to be right (set-up, tests, code that has looked already).
    """

    _inherit = "crm.suite.duplicate.mixin"

    # === CHANNEL === #

    def web_save(self, vals, specification, next_id=None):
        return super(DuplicateEntry, self._duplicate_by("form")).web_save(
            vals, specification, next_id=next_id
        )

    def _duplicate_by(self, channel):
        if isinstance(self.env.context.get("crm_suite_channel"), Channel):
            return self
        return self.with_context(crm_suite_channel=Channel(channel))

    @api.model
    def _duplicate_channel(self):
        channel = self.env.context.get("crm_suite_channel")
        if isinstance(channel, Channel) and channel in CHANNELS:
            return str(channel)
        return "api"

    @api.model
    def _duplicate_is_off(self):
        context = self.env.context
        if context.get("crm_suite_no_duplicate_check") is KNOWN:
            return True
        # Modules are installed by the superuser; others may say so, but do not.
        return bool(context.get("install_mode") and self.env.uid == SUPERUSER_ID)

    # === ENTRY === #

    def _duplicate_created(self):
        """Look at records that were just created.

        :raise ValidationError: a rule refuses one of them
        """
        if self._duplicate_is_off():
            return
        if records := self._duplicate_checked():
            try:
                records._duplicate_enter(self._duplicate_channel())
            except DuplicateRefused as error:
                error.created = self.ids
                raise

    @api.model
    def _duplicate_triggers(self):
        """Fields of which a change makes the record be looked at again."""
        return frozenset(self._duplicate_key_fields())

    def _duplicate_written(self, vals):
        """The triggers among what is written to these records. Hook."""
        return self._duplicate_triggers().intersection(vals)

    def _duplicate_before(self, vals, moves=True):
        """Remember the keys before a write that may change them.

        :param bool moves: whether it matters if the place changes
        :return: what :meth:`_duplicate_after` wants, or ``None``: nothing to look at
        """
        woken = "active" in vals and vals["active"]
        written = self._duplicate_written(vals)
        if not woken and not written or self._duplicate_is_off():
            return None
        if not woken and not (
            (moves or not written.issubset(PLACE))
            and self._duplicate_is_asked(written)
            and self._duplicate_is_concerned(vals)
        ):
            return None
        return self._duplicate_remember() or None

    def _duplicate_remember(self):
        """The keys of these records as far as they are compared, and whether they are
        in use: for :meth:`_duplicate_after`.
        """
        records = self.sudo()
        checked = records._duplicate_checked()
        return {
            record.id: (
                record in checked and record.crm_suite_keys or {},
                record.active,
            )
            for record in records
        }

    def _duplicate_is_concerned(self, vals):
        """Whether anybody asks about records such as these, before or after the write.
        Hook.
        """
        return True

    def _duplicate_after(self, before):
        """Look at those records of which the keys changed or which came back.

        :param before: as returned by :meth:`_duplicate_before`
        :raise ValidationError: a rule refuses one of them
        """
        changed, woken, keys = self.browse(), self.browse(), set()
        for record in self.sudo():
            old, was_active = before.get(record.id, ({}, True))
            new = record.crm_suite_keys or {}
            if not was_active and record.active:
                woken += record
            elif different := {
                name for name in {*old, *new} if old.get(name) != new.get(name)
            }:
                changed += record
                keys |= different
        if woken := woken.with_env(self.env)._duplicate_checked():
            merged = self._duplicate_channel() == "merge"
            woken._duplicate_enter("merge" if merged else "unarchive")
        if changed := changed.with_env(self.env)._duplicate_checked():
            changed._duplicate_enter(self._duplicate_channel(), keys)

    def _duplicate_enter(self, channel, keys=None):
        """Ask the rules about these records: refuse, or note pairs for the worklist.

        :param str channel: one of :data:`CHANNELS`
        :param set keys: only rules about one of these keys; ``None``: all rules
        :raise ValidationError: a rule refuses one of them
        """
        specs = [
            spec
            for spec in self.env["crm.suite.duplicate.rule"]._get_specs(
                self._name, self.env.company.id
            )
            if spec.reactions[channel] != "off"
            and (keys is None or not keys.isdisjoint(spec.keys))
        ]
        if not specs:
            return
        # The street of a company, say, of which only a rule about persons speaks: found
        # out before anything is written for it.
        records = self.sudo().filtered(
            lambda record: any(
                fits_kind(spec.rule, record.crm_suite_keys or {}, {}) for spec in specs
            )
        )
        if not records:
            return
        records = records.with_env(self.env)
        probes = [probe for probe in records._duplicate_probes() if probe.keys]
        self._duplicate_lock(probes)
        asked = self.env.context.get("crm_suite_duplicates_asked")
        if asked and (asked.model, asked.channel, keys) == (self._name, channel, None):
            hits = self._duplicate_hits_since(asked, probes, specs)
        else:
            hits = self._duplicate_hits(probes, specs, channel)
        hits = self.env["crm.suite.duplicate.pair"]._drop_known(self._name, hits)
        refused = []
        for probe in probes:
            blocking = [h for h in hits.get(probe.no, ()) if h.reaction == "block"]
            if blocking:
                refused.append((probe, blocking))
        if refused:
            self._duplicate_refuse(refused, channel)
        self.env["crm.suite.duplicate.pair"]._store_hits(self._name, hits, channel)
        noted = self.env.context.get("crm_suite_duplicates_noted")
        if isinstance(noted, Noted):
            noted.add(self._name, hits)

    @api.model
    def _duplicate_warnings(self, noted, ids):
        """What a program is told about records that were taken though they may be there
        already: only what the user may see.

        :param Noted noted: from their creation or change
        :param list ids: of the records
        :return: by id ``{"warning", "duplicates": [{"model", "id", "name"}]}``
        :rtype: dict[int, dict]
        """
        hits = {id_: noted.hits.get((self._name, id_), ())[:MOST_NAMED] for id_ in ids}
        ends = {(hit.model, hit.id) for found in hits.values() for hit in found}
        ends -= self.env["crm.suite.duplicate.query"]._get_unreadable(ends)
        names = {}
        for model_name in {model for model, _id in ends}:
            ids = [id_ for model, id_ in ends if model == model_name]
            for record in self.env[model_name].browse(ids):
                names[model_name, record.id] = record.display_name
        warnings = {}
        for id_, found in hits.items():
            seen = [
                {"model": hit.model, "id": hit.id, "name": names[hit.model, hit.id]}
                for hit in found
                if (hit.model, hit.id) in names
            ]
            if seen:
                text = self.env._(
                    "It may be there already: %(names)s. The pair waits in the worklist "
                    "of duplicates.",
                    names=", ".join(row["name"] for row in seen),
                )
                warnings[id_] = {"warning": text, "duplicates": seen}
        return warnings

    def _duplicate_refuse(self, refused, channel):
        """Say no, and no more about the other record than the user may know.

        :param refused: the hits of each probe, as pairs
        """
        by_id = {probe.no: hits for probe, hits in refused}
        if self.env.context.get("crm_suite_refusals_by_row") is BY_ROW:
            # The caller takes out these rows and tells about each of them himself.
            raise DuplicateRefused("", by_id)
        # The one that is told about.
        probe, hits = refused[0]
        self.env["crm.suite.duplicate.query"]._note_refusal(self, probe, hits, channel)
        raise DuplicateRefused(self._duplicate_refusal(hits), by_id)

    @api.model
    def _duplicate_refusal(self, hits):
        """The sentence for a record that is there already.

        :param list[Hit] hits: with the reaction ``block``
        :rtype: str
        """
        rows = self._duplicate_describe(hits[:3])
        readable = [row for row in rows if row["name"]]
        if readable:
            return self.env._(
                "This customer is already there: %(names)s (%(reasons)s). Open that record instead of making another one.",
                names=", ".join(row["name"] for row in readable),
                reasons=readable[0]["reasons"],
            )
        return self.env._(
            "This customer is already there: %(state)s. Use the conflict check to ask for access.",
            state=rows[0]["label"],
        )

    # === TWO AT THE SAME MOMENT === #

    def _duplicate_lock(self, probes):
        """Hold the exact keys until the end of the transaction.

        Who waits for the other sees the database as it was before: what the other one
        committed meanwhile is looked up on a cursor of its own, and if it is there, the
        server repeats the whole call, which then finds it.

        :raise ConcurrencyError: somebody entered one of the keys just now
        """
        blocks = sorted(
            {
                block
                for probe in probes
                for block in make_blocks(probe.keys)
                if block[0] in EXACT_LETTERS
            }
        )
        # While modules are installed, nobody else enters anything; and the transaction
        # that changes the tables would wait for itself.
        if not blocks or not self.env.registry.ready:
            return
        hold_keys(self.env.cr, (key_number(self._name, block) for block in blocks))
        with self.env.registry.cursor() as cr:
            there = self._duplicate_newest(cr, blocks)
        seen = self._duplicate_seen(there)
        own = set(self._ids)
        if any(seen.get(id_) != keys for id_, keys in there.items() if id_ not in own):
            raise ConcurrencyError(
                "A record with one of these keys was entered at the same moment."
            )

    def _duplicate_newest(self, cr, blocks):
        """The keys of the newest committed records with one of the blocks, by id."""
        cr.execute(
            SQL(
                """
                SELECT t.id, t.crm_suite_keys FROM %s t
                 WHERE t.crm_suite_blocks ?| %s AND %s
              ORDER BY t.id DESC LIMIT 500
                """,
                SQL.identifier(self._table),
                blocks,
                self._duplicate_scope("t"),
            )
        )
        return dict(cr.fetchall())

    def _duplicate_seen(self, there):
        """Of records that are there, the keys as this transaction sees them.

        What it has written itself is as it should be: nobody else can have changed the
        same row. Such a row is of this transaction or of a savepoint in it, which is
        never older.

        :param dict there: the keys by id
        """
        if not there:
            return {}
        rows = self.env.execute_query(
            SQL(
                """
                SELECT t.id, t.crm_suite_keys, age(t.xmin) <= 0
                  FROM %s t
                 WHERE t.id = ANY(%s) AND (%s OR age(t.xmin) <= 0)
                """,
                SQL.identifier(self._table),
                list(there),
                self._duplicate_scope("t"),
            )
        )
        return {id_: there[id_] if own else keys for id_, keys, own in rows}

    def unlink(self):
        """What is gone is nobody's duplicate; what was decided stays for an undo."""
        ids = self.ids
        result = super().unlink()
        self.env["crm.suite.duplicate.pair"]._forget(self._name, ids)
        return result
