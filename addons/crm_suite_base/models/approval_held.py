from odoo import api, models
from odoo.exceptions import UserError

from .approval_mixin import EDITING, REQUEST


class ApprovalMixin(models.AbstractModel):
    """Values that wait, and flows that begin beside what is written."""

    _inherit = "crm.suite.approval.mixin"

    @api.model
    def _approval_take_held(self, gates, vals_list):
        """Take the values that wait out of those of new documents.

        :return: what was taken, for each
        :rtype: list[dict]
        """
        names = {n for g in gates if g.start == "fields" and g.holds for n in g.fields}
        return [self._approval_take(vals, names) for vals in vals_list]

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

        :param dict vals: see :meth:`_approval_meant`
        :return: pairs of a gate and documents
        """
        found = []
        for gate in gates:
            names = [name for name in gate.fields if name in vals]
            values = {name: self._approval_clean(name, vals[name]) for name in names}
            records = self._approval_subjects(names).filtered(
                lambda r, g=gate, v=values: any(
                    r._approval_is_worse(name, value, g.direction)
                    for name, value in v.items()
                )
            )
            found += [(g, r) for g, r in records._approval_match([gate])]
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
        if direction == "changed" or not isinstance(old or 0, int | float):
            return old != new
        return (
            (new or 0) > (old or 0)
            if direction == "higher"
            else (new or 0) < (old or 0)
        )

    def _approval_hold(self, touched, vals):
        """Start requests for values that wait.

        :return: the documents by the names of the fields that are not written now
        :rtype: dict[frozenset, records]
        """
        waiting = {}
        asked = self.env[REQUEST].sudo()
        for gate, records in touched:
            if not gate.holds:
                continue
            names = self._approval_together(gate.fields) & vals.keys()
            key = f"fields:{','.join(gate.fields)}"
            values = {name: vals[name] for name in vals if name in names}
            standing = asked._find_standing(records, key)
            for record in records:
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
