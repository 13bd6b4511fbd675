"""Deciding value by value what undo writes into changed records."""

from ..tools.journal_policy import BOOKED_FIELDS, is_booked
from ..tools.undo import plan_restore


class UpdateCheck:
    """What undo writes into changed records of one model, and what it keeps."""

    def __init__(self, planner, plan, model_name, shape):
        self.env = planner.env
        self.planner = planner
        self.plan = plan
        self.model_name = model_name
        self.shape = shape
        self.values = {}  # {id: {field: value}}
        self.keep = {}  # as in the plan
        self.settled = []

    def add(self, id_, image, before, after, writable):
        key = (self.model_name, id_)
        if image is None:
            if key not in self.plan.cascade:
                reason = self.env._("It was deleted since.")
                self.keep[key] = {"reason": reason, "fields": []}
            return
        values, kept = plan_restore(image, before, after, self.shape.keyed)
        kept = [change for change in kept if change[0] in self.shape.compared]
        if values and not writable:
            self.keep[key] = self.planner._get_refusal()
            return
        if values and self._is_booked(values) and not self._is_moved(key):
            self.keep[key] = self.planner._get_booked()
            return
        kept += self._split_closed(values, after, image)
        if kept:
            reason = self.env._("It was changed since.")
            self.keep[key] = {"reason": reason, "fields": kept}
            # What is derived from the record fits it only as a whole.
            values = {n: v for n, v in values.items() if n not in self.shape.derived}
        if values:
            self.values[id_] = values
        elif not kept:
            self.settled.append(id_)

    def _is_moved(self, key):
        """Whether nothing but a reference goes back that a merge had moved."""
        return key in self.plan.cascade and self.planner.moves_references

    def _is_booked(self, values):
        steps = BOOKED_FIELDS.get(self.model_name, set())
        return is_booked(self.model_name) or not steps.isdisjoint(values)

    def _split_closed(self, values, after, image):
        """Take out of the values the fields that the user may not write."""
        model = self.env[self.model_name]
        closed = [
            name
            for name in values
            if name in self.shape.compared
            and not model._has_field_access(model._fields[name], "write")
        ]
        for name in closed:
            values.pop(name)
        return [(name, after[name], image.get(name)) for name in closed]

    def drop_lost_targets(self):
        """Keep references whose former target was deleted since."""
        model = self.env[self.model_name]
        for name in {name for values in self.values.values() for name in values}:
            field = model._fields[name]
            if field.type not in ("many2one", "many2many") or field.company_dependent:
                continue
            wanted = {
                target
                for values in self.values.values()
                for target in self._as_ids(values.get(name))
            }
            comodel = self.env[field.comodel_name].sudo()
            lost = wanted - set(comodel.browse(wanted).exists().ids)
            lost -= set(self.plan.inserts.get(field.comodel_name, ()))
            if lost:
                self._drop_targets(name, lost)

    def _drop_targets(self, name, lost):
        for id_, values in list(self.values.items()):
            if name not in values or lost.isdisjoint(self._as_ids(values[name])):
                continue
            former = values.pop(name)
            if isinstance(former, list):
                values[name] = [target for target in former if target not in lost]
                continue
            if not values:
                del self.values[id_]
            if (self.model_name, id_) not in self.plan.cascade:
                reason = self.env._("The former value was deleted since.")
                entry = {"reason": reason, "fields": []}
                entry = self.keep.setdefault((self.model_name, id_), entry)
                entry["fields"].append((name, former, None))

    def _as_ids(self, value):
        return value if isinstance(value, list) else [value] if value else []
