import base64
import json

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from .custom_field_common import CustomFieldCase


@tagged("post_install", "-at_install")
class TestCustomFieldPackage(CustomFieldCase):
    """Custom fields travel between databases as a file."""

    def package(self):
        self.section.visible_when = "is_company"
        self.add("Level", "selection")
        self.add("Budget", "number", rule="x_crm_budget <= 100")
        double = self.add("Double", "computed", expression="x_crm_budget * 2")
        self.add(
            "Four", "computed", expression=f"{double.technical_name} * 2", sequence=1
        )
        country = self.env["ir.model"]._get("res.country").id
        self.add("Home", "relation", relation_id=country, visible_when="is_company")
        self.add("Goal", model="crm.lead", required_when="is_set(x_crm_goal)")
        return json.loads(json.dumps(self.Field.export_package()))

    def clear(self):
        found = self.Field.search([])
        found.write({"required_when": False, "rule": False, "visible_when": False})
        self.section.visible_when = False
        for kind in ("Four", "Double"):
            found.filtered(lambda f, k=kind: f.name == k).action_remove()
        found.filtered("active").action_remove()
        self.Field.with_context(active_test=False).search(
            [("name", "=", "Four")]
        ).action_delete()
        self.Field.with_context(active_test=False).search(
            [("name", "=", "Double")]
        ).action_delete()
        self.Field.with_context(active_test=False).search([]).action_delete()

    def test_there_and_back(self):
        package = self.package()
        self.clear()
        self.assertNotIn("x_crm_budget", self.env["res.partner"]._fields)
        actions = {row["action"] for row in self.Field.preview_package(package)}
        self.assertEqual(actions, {"create"})
        done = self.Field.import_package(package)
        self.assertEqual(done["updated"], 0)
        self.assertEqual(self.Field.export_package(), package)
        partner = self.customer(x_crm_budget=10, x_crm_level="gold")
        self.assertEqual(partner.x_crm_four, 40)
        again = self.Field.import_package(package)
        self.assertEqual(again, {"created": 0, "updated": done["created"]})
        self.assertEqual(self.Field.export_package(), package)

    def test_conflicts(self):
        package = self.package()
        package["sections"] = [
            section
            for section in package["sections"]
            if section["model"] == "res.partner"
        ]
        field = package["sections"][0]["fields"][0]
        field["kind"] = "date"
        rows = self.Field.preview_package(package)
        self.assertIn("conflict", {row["action"] for row in rows})
        with self.assertRaises(UserError):
            self.Field.import_package(package)

    def test_bad_packages(self):
        good = self.Field.export_package()
        for bad in (
            None,
            [],
            {**good, "format": "x"},
            {**good, "version": 2},
            {**good, "sections": {}},
            {**good, "sections": [5]},
            {**good, "sections": [{"name": "x", "model": "res.partner", "fields": []}]},
            {**good, "sections": [self._section(model="res.users")]},
            {**good, "sections": [self._section(technical_name="name")]},
            {**good, "sections": [self._section(kind="code")]},
            {**good, "sections": [self._section(expression=5)]},
            {**good, "sections": [self._section(kind="selection")]},
            {**good, "sections": [self._section(kind="relation", relation="no.model")]},
            {**good, "sections": [self._section()] * 2},
        ):
            with self.subTest(bad=bad), self.assertRaises(UserError):
                self.Field.import_package(bad)

    def _section(self, model="res.partner", **values):
        field = {"technical_name": "x_crm_a", "kind": "text", "name": {"en_US": "A"}}
        return {
            "name": {"en_US": "S"},
            "model": model,
            "fields": [{**field, **values}],
        }

    def test_rights(self):
        for name, args in (
            ("export_package", []),
            ("preview_package", [{}]),
            ("import_package", [{}]),
        ):
            with self.assertRaises(AccessError):
                getattr(self.Field.with_user(self.rep), name)(*args)

    def test_wizard(self):
        self.add("Level", "selection")
        Wizard = self.env["crm.suite.field.package"].with_user(self.admin)
        out = Wizard.create(Wizard.default_get(["mode", "content", "filename"]))
        package = json.loads(base64.b64decode(out.content))
        self.assertEqual(package, self.Field.export_package())
        out.content = False
        self.assertIn(f"/{out.id}/content?", out.action_export()["url"])
        self.assertEqual(json.loads(base64.b64decode(out.content)), package)
        with self.assertRaises(AccessError):
            out.with_user(self.rep).action_export()
        back = Wizard.create({"mode": "import", "content": out.content})
        self.assertIn("x_crm_level", back.summary)
        self.env.invalidate_all()
        saved = back.with_context(bin_size=True)
        self.assertIn("x_crm_level", saved.summary, "as the client asks for it")
        self.assertEqual(back.action_import()["tag"], "display_notification")
        bad = Wizard.create({"mode": "import", "content": base64.b64encode(b"{")})
        with self.assertRaises(UserError):
            bad.action_import()

    def test_choices_are_brought_in_line(self):
        field = self.add("Level", "selection")
        package = self.Field.export_package()
        field.write({"option_ids": [Command.create({"name": "Bronze"})]})
        field.option_ids[0].name = "Golden"
        self.Field.import_package(package)
        self.assertEqual(field.option_ids.mapped("name"), ["Gold", "Silver"])
