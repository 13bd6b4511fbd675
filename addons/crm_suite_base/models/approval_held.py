from odoo import api, models
from odoo.exceptions import UserError

from .approval_mixin import EDITING, REQUEST, USING

# Types of fields whose values are higher and lower.
DATES = ("date", "datetime")
RANKED = ("integer", "float", "monetary", *DATES)


class ApprovalMixin(models.AbstractModel):
    """Values that wait, and flows that begin beside what is written."""

    _inherit = "crm.suite.approval.mixin"

    @api.model
    def _approval_take_held(self, gates, vals_list):
        """Part the values that wait from those with which documents are made.

        What every document must have is there from its beginning; only a change of it
        can wait.

        :return: what they are made with, and what was taken, for each
        :rtype: tuple[list[dict], list[dict]]
        """
        names = {
            name
            for gate in gates
            if gate.start == "fields" and gate.holds
            for name in gate.fields
            if name != self._rec_name and not self._fields[name].required
        }
        # The caller may need his own once more.
        vals_list = [dict(vals) for vals in vals_list]
        return vals_list, [self._approval_take(vals, names) for vals in vals_list]

    @api.model
    def _approval_take(self, vals, names):
        meant = self._approval_meant(vals)
        held = [name for name in names if meant.get(name)]
        together = self._approval_together(held) & vals.keys()
        return {name: vals.pop(name) for name in together if vals[name]}

    @api.model
    def _approval_meant(self, vals):
        """Values with those that the model derives from them when it is written, of
        fields that flows may wait for. Hook.

        :rtype: dict
        """
        return vals

    @api.model
    def _approval_together(self, names):
        """The fields that are only written together with some that wait. Hook.

        :rtype: set[str]
        """
        return set(names)

    def _approval_get_touched(self, gates, vals):
        """The documents of which a write changes what a flow waits for.

        Where several flows wait for a field, it goes to the first one that fits.

        :param dict vals: see :meth:`_approval_meant`
        :return: pairs of a gate and documents
        """
        found, taken = [], {name: set() for name in vals}
        for gate in gates:
            names = [name for name in gate.fields if name in vals]
            values = {name: self._approval_clean(name, vals[name]) for name in names}
            records = self._approval_subjects(names).filtered(
                lambda r, g=gate, v=values: any(
                    not (g.holds and r.id in taken[name])
                    and r._approval_is_worse(name, value, g.direction)
                    for name, value in v.items()
                )
            )
            matched = records._approval_match([gate])
            found += matched
            for name in names if gate.holds else ():
                taken[name].update(id_ for _gate, rows in matched for id_ in rows.ids)
        return found

    def _approval_subjects(self, names):
        """Those of which some fields are changed by people and not only follow. Hook."""
        return self

    def _approval_clean(self, name, value):
        """HTML as it will be kept; cleaning it is dear, and done once for all documents."""
        field = self._fields[name]
        if field.type != "html":
            return value
        return field.convert_to_cache(value, self[:1])

    def _approval_is_worse(self, name, new, direction):
        """Whether a new value differs, or differs in a direction, from that of now."""
        field = self._fields[name]
        old = self.sudo()[name]
        if field.type != "html":
            new = field.convert_to_cache(new, self)
            old = field.convert_to_cache(old, self)
        if direction == "changed" or not self._approval_is_ranked(name):
            return old != new
        old, new = (self._approval_rank(name, value) for value in (old, new))
        return new > old if direction == "higher" else new < old

    @api.model
    def _approval_is_ranked(self, name):
        """Whether values of a field are higher and lower. Hook."""
        return self._fields[name].type in RANKED

    @api.model
    def _approval_rank(self, name, value):
        """What tells the higher one of two values of a ranked field. Hook.

        :param value: as the cache keeps it
        """
        if self._fields[name].type in DATES:
            return bool(value), value
        return value or 0

    def _approval_hold(self, touched, vals):
        """Start requests for values that wait.

        :return: the documents by the names of the fields that are not written now
        :rtype: dict[frozenset, records]
        """
        waiting, settled = {}, {}
        asked = self.env[REQUEST].sudo()
        # What is carried out now waits for no flow that came into force since.
        using = asked.browse(vars(self.env.cr).get(USING, ())).filtered(
            lambda r: r.res_model == self._name and r._get_proposed()
        )
        agreed = {request.res_id: request for request in using}
        passed = asked.browse()
        for gate, records in touched:
            if not gate.holds:
                continue
            together = self._approval_together(gate.fields) & vals.keys()
            key = f"fields:{','.join(gate.fields)}"
            standing = asked._find_standing(records, key)
            for record in records:
                # What an earlier flow waits for is its matter.
                names = together - settled.setdefault(record.id, set())
                settled[record.id] |= names
                values = {name: vals[name] for name in vals if name in names}
                if not values:
                    continue
                if (own := agreed.get(record.id)) and own._is_granted_for(values):
                    passed |= own
                    continue
                request = standing.get(record.id)
                if request and request._is_granted_for(values):
                    if request._get_proposed().keys() == values.keys():
                        request._effect_used()
                    continue
                if request and request.is_running:
                    raise UserError(
                        self._approval_refusal_value(record, request, gate.fields)
                    )
                if request:
                    request._cancel(self.env._("Another value was asked for since."))
                request = asked._start(
                    record.with_env(self.env),
                    gate.version_id,
                    key=key,
                    effect={"kind": "write", "values": values},
                    inline=True,
                )
                if request._is_granted():
                    request._effect_used()
                    continue
                request._notice_held()
                waiting.setdefault(record.id, set()).update(names)
        passed._effect_used()
        groups = {}
        for record in self:
            names = frozenset(waiting.get(record.id, ()))
            groups[names] = groups.get(names, self.browse()) + record
        return groups or {frozenset(): self}

    def _approval_refusal_value(self, record, request, names):
        labels = [self._fields[n]._description_string(self.env) for n in names]
        return self.env._(
            "A new value of %(field)s of %(record)s waits already: %(waiting)s. Withdraw that request first.",
            field=", ".join(labels),
            record=record.display_name,
            waiting=request._describe_waiting(),
        )

    def _approval_get_edits(self, gates):
        """The gates for which what is done now is an edit: by a user with his own
        rights, and no consequence of another one.

        :rtype: list[Gate]
        """
        if self.env.su or vars(self.env.cr).get(EDITING):
            return []
        return [gate for gate in gates if gate.start == "edit"]

    def _approval_begin(self, gates, key):
        """Start the flows that fit, beside what was written."""
        for gate, records in self._approval_match(gates) if gates else ():
            asked = self.env[REQUEST].sudo()
            running = asked._find_standing(records, key)
            for record in records:
                if record.id not in running:
                    asked._start(
                        record.with_env(self.env), gate.version_id, key=key, effect={}
                    )
