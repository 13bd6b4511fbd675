from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user


class CustomFieldCase(TransactionCase):
    """Adds fields to forms; the registry forgets them after each test."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        roles = "base.group_user,crm_suite_base.group_crm_suite"
        cls.admin = new_test_user(cls.env, "fields_admin", f"{roles}_admin")
        cls.rep = new_test_user(cls.env, "fields_rep", f"{roles}_sales_rep")
        cls.Field = cls.env["crm.suite.field"].with_user(cls.admin)
        cls.section, cls.lead_section = cls.env["crm.suite.field.section"].create(
            [
                {"name": "Contract", "model": "res.partner"},
                {"name": "Project", "model": "crm.lead"},
            ]
        )

    def setUp(self):
        # Registered first, so that it runs when the database is rolled back already.
        self.addCleanup(self.forget_fields)
        super().setUp()

    def forget_fields(self):
        self.env.invalidate_all(flush=False)
        self.registry.clear_all_caches()
        self.registry._setup_models__(self.env.cr, ["res.partner", "crm.lead"])
        self.registry.clear_all_caches()

    def add(self, name, kind="text", model="res.partner", **values):
        return self.Field.create(self.values(name, kind, model, **values))

    def values(self, name, kind="text", model="res.partner", **values):
        section = self.section if model == "res.partner" else self.lead_section
        if kind == "selection":
            choices = values.pop("choices", ["Gold", "Silver"])
            values["option_ids"] = [Command.create({"name": text}) for text in choices]
        return {
            "name": name,
            "kind": kind,
            "model": model,
            "section_id": section.id,
            **values,
        }

    def customer(self, **values):
        return self.env["res.partner"].create(
            {"name": "Ada", "is_company": True, **values}
        )
