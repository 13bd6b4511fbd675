from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Command

from ..tools.field_package import (
    FORMAT,
    SPOKEN,
    TEXTS,
    VERSION,
    PackageProblem,
    check_package,
)
from .custom_field import KINDS

SECTION = "crm.suite.field.section"


class CustomField(models.Model):
    """Custom fields as a file, to take them to another database."""

    _inherit = "crm.suite.field"

    # === OUT === #

    @api.model
    @api.readonly
    def export_package(self, model_names=None):
        """The fields of the forms with their sections, as JSON.

        :param list model_names: ``res.partner``, ``crm.lead``; all forms by default
        :rtype: dict
        """
        self.browse().check_access("read")
        known = dict(self._selection_model())
        wanted = list(known) if model_names is None else model_names
        if not isinstance(wanted, list) or any(
            not isinstance(name, str) or name not in known for name in wanted
        ):
            raise UserError(self.env._("There is no such form."))
        sections = self.env[SECTION].search([("model", "in", wanted)])
        return {
            "format": FORMAT,
            "version": VERSION,
            "sections": [self._export_section(section) for section in sections],
        }

    @api.model
    def _export_section(self, section):
        return {
            "name": self._spoken(section, "name"),
            "model": section.model,
            "sequence": section.sequence,
            **({"visible_when": section.visible_when} if section.visible_when else {}),
            "fields": [field._export_field() for field in section.field_ids],
        }

    def _export_field(self):
        found = {"technical_name": self.technical_name, "kind": self.kind}
        found["wide"] = self.wide
        found.update({name: self[name] for name in TEXTS if self[name]})
        found.update({name: self._spoken(self, name) for name in SPOKEN if self[name]})
        if self.kind == "selection":
            found["options"] = [
                {"value": option.value, "name": self._spoken(option, "name")}
                for option in self.option_ids
            ]
        if self.kind == "relation":
            # sudo: the name of a kind of record is no secret.
            found["relation"] = self.sudo().relation_id.model
        return found

    @api.model
    def _spoken(self, record, name):
        return {
            code: record.with_context(lang=code)[name] or ""
            for code, _label in self.env["res.lang"].get_installed()
        } | {"en_US": record.with_context(lang=None)[name] or ""}

    # === IN === #

    @api.model
    @api.readonly
    def preview_package(self, package):
        """What an import would do, without doing it.

        :return: ``[{"model", "technical_name", "name", "action": "create", "update" or
            "conflict"}]``; a conflict is a field of that name and another kind
        """
        self.browse().check_access("write")
        self._check_package(package)
        return [
            {
                "model": section["model"],
                "technical_name": field["technical_name"],
                "name": field["name"].get(self.env.lang) or field["name"]["en_US"],
                "action": self._import_action(section["model"], field),
            }
            for section in package["sections"]
            for field in section["fields"]
        ]

    @api.model
    def import_package(self, package):
        """Add and change fields as a package says; others stay as they are.

        :return: ``{"created", "updated"}``, numbers of fields
        :raise UserError: when something in it does not fit; nothing is changed then
        """
        self._check_administrator()
        conflicts = [
            row["name"]
            for row in self.preview_package(package)
            if row["action"] == "conflict"
        ]
        if conflicts:
            raise UserError(
                self.env._(
                    "There are fields of these names and of another kind: %(names)s",
                    names=", ".join(conflicts),
                )
            )
        made, todo, homes = {}, [], []
        for section in package["sections"]:
            home = self._import_section(section)
            homes.append((home, section.get("visible_when") or False))
            for number, data in enumerate(section["fields"]):
                todo.append((home, number, data))
        before = self._import_known(todo)
        self._import_fields([row for row in todo if row[2]["kind"] != "computed"], made)
        self._import_computed(
            [row for row in todo if row[2]["kind"] == "computed"], made
        )
        # What fields say of each other comes when all of them are there.
        for data, field in made.values():
            field.write({name: data.get(name) or False for name in TEXTS[1:]})
            field._import_spoken(data)
        for home, visible_when in homes:
            home.visible_when = visible_when
        return {"created": len(made) - len(before), "updated": len(before)}

    @api.model
    def _check_package(self, package):
        models_ = [name for name, _label in self._selection_model()]
        try:
            check_package(package, models_, [name for name, _label in KINDS])
        except PackageProblem as problem:
            raise UserError(
                self.env._(
                    "This is no file of custom fields that can be used here: %(place)s",
                    place=problem.place,
                )
            ) from problem
        names = [
            (section["model"], field["technical_name"])
            for section in package["sections"]
            for field in section["fields"]
        ]
        if len(set(names)) < len(names):
            raise UserError(self.env._("A field is in the file twice."))
        for section in package["sections"]:
            for field in section["fields"]:
                if (
                    field["kind"] == "relation"
                    and field.get("relation") not in self.env
                ):
                    raise UserError(
                        self.env._(
                            "“%(field)s” leads to records that this database does not have.",
                            field=field["name"]["en_US"],
                        )
                    )

    @api.model
    def _import_find(self, model, data):
        return self.with_context(active_test=False).search(
            [("model", "=", model), ("technical_name", "=", data["technical_name"])]
        )

    @api.model
    def _import_action(self, model, data):
        field = self._import_find(model, data)
        if not field:
            taken = data["technical_name"] in self.env[model]._fields
            return "conflict" if taken else "create"
        # sudo: the name of a kind of record is no secret.
        relation = field.sudo().relation_id.model or None
        same = field.kind == data["kind"] and (
            field.kind != "relation" or relation == data["relation"]
        )
        return "update" if same else "conflict"

    @api.model
    def _import_known(self, todo):
        return [
            data for home, _number, data in todo if self._import_find(home.model, data)
        ]

    @api.model
    def _import_section(self, data):
        """The section of that name on that form, or a new one."""
        sections = self.env[SECTION].with_context(lang=None)
        name = data["name"]["en_US"]
        found = sections.search(
            [("model", "=", data["model"]), ("name", "=", name)], limit=1
        )
        if not found:
            found = sections.create(
                {
                    "name": name,
                    "model": data["model"],
                    "sequence": data.get("sequence", 10),
                }
            )
        for code, text in data["name"].items():
            if code in dict(self.env["res.lang"].get_installed()):
                found.with_context(lang=code).name = text
        return found

    @api.model
    def _import_fields(self, rows, made):
        for home, number, data in rows:
            values = self._import_values(home, number, data)
            field = self._import_find(home.model, data).with_context(lang=None)
            if field:
                field.write(values)
                field._import_options(data)
            else:
                if data["kind"] == "selection":
                    values["option_ids"] = [
                        Command.create(
                            {
                                "value": option["value"],
                                "name": option["name"]["en_US"],
                                "sequence": position,
                            }
                        )
                        for position, option in enumerate(data["options"])
                    ]
                field = self.with_context(lang=None).create(
                    {
                        **values,
                        "model": home.model,
                        "kind": data["kind"],
                        "technical_name": data["technical_name"],
                        "relation_id": self._import_relation(data),
                    }
                )
            made[field.id] = (data, field)

    @api.model
    def _import_relation(self, data):
        if data["kind"] != "relation":
            return False
        # sudo: the name of a kind of record is no secret.
        return self.env["ir.model"].sudo()._get_id(data["relation"])

    @api.model
    def _import_values(self, home, number, data):
        values = {
            "name": data["name"]["en_US"],
            "section_id": home.id,
            "sequence": number,
            "wide": data.get("wide", False),
            "active": True,
            "removed_at": False,
        }
        if data["kind"] == "computed":
            values["expression"] = data.get("expression") or False
        return values

    @api.model
    def _import_computed(self, rows, made):
        """Computed fields may be made of each other: those first that can be made."""
        while rows:
            later, problem = [], None
            for row in rows:
                try:
                    with self.env.cr.savepoint():
                        self._import_fields([row], made)
                except UserError as error:
                    later.append(row)
                    problem = error
            if len(later) == len(rows):
                raise problem
            rows = later

    def _import_options(self, data):
        if data["kind"] != "selection":
            return
        kept = {option["value"]: option for option in data["options"]}
        commands = [
            Command.delete(option.id)
            for option in self.option_ids
            if option.value not in kept
        ]
        known = {option.value: option for option in self.option_ids}
        for position, (value, option) in enumerate(kept.items()):
            values = {"name": option["name"]["en_US"], "sequence": position}
            if value in known:
                commands.append(Command.update(known[value].id, values))
            else:
                commands.append(Command.create({"value": value, **values}))
        self.write({"option_ids": commands})

    def _import_spoken(self, data):
        """The texts in the languages that this database has."""
        options = {option["value"]: option for option in data.get("options", ())}
        for code, _label in self.env["res.lang"].get_installed():
            field = self.with_context(lang=code)
            values = {
                name: data[name][code]
                for name in SPOKEN
                if data.get(name, {}).get(code)
                and data[name][code] != (field[name] or "")
            }
            if values:
                field.write(values)
            for option in field.option_ids:
                text = options.get(option.value, {}).get("name", {}).get(code)
                if text and text != option.name:
                    option.name = text
