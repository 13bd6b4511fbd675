from odoo import models

from ..tools.automation_text import find_places
from ..tools.labelled import labelled


class AutomationAction(models.Model):
    _inherit = "crm.suite.automation.action"

    def _get_told_fields(self):
        """Paths to the fields whose values are in what the log says of this action.
        Hook for further kinds.

        :rtype: set[str]
        """
        if self.kind == "set":
            return {self.field_name}
        return self._get_place_fields("subject") if self.kind == "activity" else set()

    def _get_place_fields(self, name):
        """Paths to the fields that a text names, in whatever language."""
        found = set()
        for code, _label in self.env["res.lang"].get_installed():
            for path in find_places(self.with_context(lang=code)[name]):
                if path[0] == "old":
                    found.add(".".join(path[1:]))
                elif path[0] != "payload":
                    found.add(".".join(path))
        return found

    def _note_effect(self, text):
        """What is kept of an effect: its text, and what one has to be able to read."""
        paths = self._get_told_fields()
        return (
            {"text": text, "fields": sorted(paths), "kind": self.kind}
            if paths
            else text
        )


class Automation(models.Model):
    _inherit = "crm.suite.automation"

    def _get_named_fields(self):
        """Paths to all fields about which a failure of this rule may say something."""
        found = set(self._watched())
        for action in self.action_ids:
            found |= action._get_told_fields()
            for name in {"subject", "body"} & action._used_fields():
                found |= action._get_place_fields(name)
        return found

    def _tell_effects(self, effects, reader, id_):
        """What a rule did to a record, as somebody may read it.

        :param list effects: as the log keeps them
        :param FieldReader reader:
        :rtype: list[str]
        """
        kinds = dict(self.action_ids._fields["kind"]._description_selection(self.env))
        told = []
        for effect in effects or ():
            if isinstance(effect, dict):
                text, paths, kind = effect["text"], effect["fields"], effect["kind"]
            else:
                # Of before this was kept: by what the actions say now.
                text, paths, kind = effect, (), None
                for action in self.action_ids:
                    if action.kind in ("set", "activity"):
                        paths = {*paths, *action._get_told_fields()}
            if reader is None or reader.may_read_all(id_, paths):
                told.append(text)
            else:
                told.append(kinds.get(kind) or self.env._("(not visible to you)"))
        return told


class AutomationRun(models.Model):
    _inherit = "crm.suite.automation.run"

    def _describe_change(self, reader=None):
        """What changed of the watched fields, those that the reader may read."""
        changes = (self.input or {}).get("changes") or {}
        return "; ".join(
            labelled(
                self.env,
                change["label"],
                f"{change['old'] or '–'} → {change['new'] or '–'}",
            )
            for name, change in changes.items()
            if reader is None or reader.may_read(self.res_id, name)
        )
