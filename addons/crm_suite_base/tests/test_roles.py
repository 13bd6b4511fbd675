import inspect
import pathlib

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.service.model import call_kw, get_public_method
from odoo.tests import TransactionCase, new_test_user, tagged

from . import roles_matrix as matrix

OPERATIONS = {"C": "create", "R": "read", "U": "write", "D": "unlink"}
MODULE = "odoo.addons.crm_suite_base."
# Links by which nothing is searched, or so many rows at once that an index is no help:
# they fill in values, or point to what is hardly ever deleted.
NOT_SEARCHED = {
    "create_uid",
    "currency_id",
    "default_country_id",
    "default_lifecycle_id",
    "default_source_id",
    "default_team_id",
    "default_user_id",
    "preferred_category_id",
    "preferred_product_id",
    "write_uid",
}


class RolesCommon(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(
                cls.env,
                f"role_{role}",
                groups=matrix.PREFIX + role if role else "base.group_user",
            )
            for role in matrix.ROLES
        }

    def our_models(self):
        return {
            name: self.env[name]
            for name in self.env.registry
            if name.startswith("crm.suite.") and not self.env[name]._abstract
        }


@tagged("post_install", "-at_install")
class TestRoles(RolesCommon):
    """Every role against every model: the table of ``roles_matrix`` is the truth."""

    def test_groups_are_complete(self):
        """A new role needs a column in the table."""
        data = self.env["ir.model.data"].search(
            [
                ("model", "=", "res.groups"),
                ("module", "=", "crm_suite_base"),
                ("name", "=like", "group_crm_suite_%"),
            ]
        )
        names = {name.removeprefix("group_crm_suite_") for name in data.mapped("name")}
        self.assertEqual(names - {"user"}, set(matrix.ROLES) - {None})

    def test_models_are_complete(self):
        """A new model needs a row in the table."""
        ours = {name for name in matrix.MODELS if name.startswith("crm.suite.")}
        self.assertEqual(ours, set(self.our_models()))

    def test_rights(self):
        for model, row in matrix.MODELS.items():
            for role, user in self.users.items():
                records = self.env[model].with_user(user)
                allowed = "".join(
                    letter
                    for letter, operation in OPERATIONS.items()
                    if records.has_access(operation)
                )
                with self.subTest(model=model, role=role):
                    self.assertEqual(allowed or matrix.NONE, row[role])

    def test_other_rights(self):
        for right, (group, roles) in matrix.RIGHTS.items():
            for role, user in self.users.items():
                with self.subTest(right=right, role=role):
                    self.assertEqual(user.has_group(group), role in roles)

    def _owned_by_another(self):
        other = new_test_user(self.env, "role_other", groups=f"{matrix.PREFIX}admin")
        customer = self.env["res.partner"].create({"name": "Role customer"})
        values = {
            "crm.suite.absence": {
                "user_id": other.id,
                "date_from": "2026-03-02 00:00:00",
                "date_to": "2026-03-06 00:00:00",
            },
            "crm.suite.api.key": {
                "name": "Role",
                "user_id": other.id,
                "company_id": other.company_id.id,
                "index": "00role00",
                "digest": "-",
                "expires": "2040-01-01 00:00:00",
            },
            "crm.suite.call": {"partner_id": customer.id, "user_id": other.id},
            "crm.suite.export": {
                "user_id": other.id,
                "model": "res.partner",
                "file_format": "csv",
            },
            "crm.suite.operation": {"name": "Role", "user_id": other.id},
            "crm.suite.import.batch": {},
            "crm.suite.segment": {
                "name": "Role",
                "kind": "static",
                "is_shared": False,
                "user_id": other.id,
            },
        }
        records = {
            model: self.env[model].with_user(other).sudo().create(vals)
            for model, vals in values.items()
        }
        work = self.env["crm.suite.absence.work"].create(
            {
                "absence_id": records["crm.suite.absence"].id,
                "cover_id": other.id,
                "kind": "activity",
            }
        )
        return {**records, work._name: work.sudo()}

    def test_scope(self):
        """Where records have owners: who reads those of others, who only own ones."""
        for model, record in self._owned_by_another().items():
            for role, user in self.users.items():
                if matrix.MODELS[model][role] == matrix.NONE:
                    continue
                with self.subTest(model=model, role=role):
                    found = (
                        record.with_user(user)
                        .sudo(False)
                        .search([("id", "=", record.id)])
                    )
                    self.assertEqual(bool(found), role in matrix.SCOPE[model])

    def test_scope_is_complete(self):
        """A model with an owner says whose records are read."""
        owned = {
            name
            for name, model in self.our_models().items()
            if "user_id" in model._fields and model._auto and not model._transient
        }
        # Profiles belong to all unless somebody keeps one to himself; the team of a
        # customer and the members of a policy name colleagues, who do not own their
        # lines; of a policy it is who answers for it, of a search for duplicates who
        # began it; rules name whose rights they have, and their log who set them off.
        # Tasks and events of approvals name who was asked: who sees them follows from
        # the request. Calls of programs are for administrators alone.
        shared = {
            "crm.suite.api.log",
            "crm.suite.approval.event",
            "crm.suite.approval.task",
            "crm.suite.assignment.member",
            "crm.suite.assignment.policy",
            "crm.suite.automation",
            "crm.suite.automation.action",
            "crm.suite.automation.run",
            "crm.suite.customer.member",
            "crm.suite.duplicate.run",
            "crm.suite.import.profile",
        }
        self.assertEqual(owned - shared, set(matrix.SCOPE))

    def test_document(self):
        """``docs/roles.md`` shows the table of now."""
        path = pathlib.Path(__file__).parents[3] / "docs" / "roles.md"
        if not path.exists():
            self.skipTest("docs/roles.md is not beside the addons here")
        text = path.read_text()
        self.assertIn("roles:begin", text)
        self.assertEqual(
            text,
            matrix.replaced(text),
            "run: python addons/crm_suite_base/tests/roles_matrix.py docs/roles.md",
        )


@tagged("post_install", "-at_install")
class TestSecurityDeclared(RolesCommon):
    """What no linter sees: lines, rules and indexes that are missing altogether."""

    def test_access_lines_name_our_groups(self):
        lines = self.env["ir.model.access"].search(
            [("model_id.model", "like", "crm.suite.%")]
        )
        ours = self.env["ir.model.data"].search(
            [("model", "=", "res.groups"), ("module", "=", "crm_suite_base")]
        )
        for name in self.our_models():
            with self.subTest(model=name):
                own = lines.filtered(
                    lambda line, name=name: line.model_id.model == name
                )
                self.assertTrue(own, "nobody can use it")
                self.assertTrue(all(own.mapped("active")))
                for line in own:
                    self.assertIn(line.group_id.id, ours.mapped("res_id"), line.name)

    def test_company_rules(self):
        """Records of a company, views in SQL included, are for its people only."""
        rules = self.env["ir.rule"].search([])
        for name, model in self.our_models().items():
            if "company_id" not in model._fields or model._transient:
                continue
            if not model._auto:
                continue  # the timeline reads each source with the viewer's own rules
            with self.subTest(model=name):
                own = rules.filtered(
                    lambda rule, name=name: (
                        rule.model_id.model == name
                        and not rule.groups
                        and "company_ids" in (rule.domain_force or "")
                    )
                )
                self.assertTrue(own, "no global rule for companies")

    def test_windows_are_ones_own(self):
        rules = self.env["ir.rule"].search([])
        transient = {n for n, model in self.our_models().items() if model._transient}
        self.assertEqual(transient, set(matrix.WINDOWS))
        for name in transient:
            with self.subTest(model=name):
                own = rules.filtered(
                    lambda rule, name=name: (
                        rule.model_id.model == name
                        and not rule.groups
                        and "('create_uid', '=', user.id)" in (rule.domain_force or "")
                    )
                )
                self.assertTrue(own, "others could read what was typed in")

    def test_owner_rules(self):
        rules = self.env["ir.rule"].search([])
        for name in matrix.SCOPE:
            with self.subTest(model=name):
                own = rules.filtered(
                    lambda rule, name=name: rule.model_id.model == name
                )
                self.assertTrue(
                    own.filtered(lambda rule: "user.id" in (rule.domain_force or ""))
                )

    def test_links_are_indexed(self):
        """Deleting a customer or a user must not read our tables from end to end."""
        missing = [
            f"{name}.{field.name}"
            for name, model in self.our_models().items()
            if model._auto and not model._transient
            for field in model._fields.values()
            if field.type == "many2one"
            and field.store
            and field.name not in NOT_SEARCHED
            and not field.index
            and not self._leads_an_index(model, field)
        ]
        self.assertFalse(missing)

    def _leads_an_index(self, model, field):
        self.env.cr.execute(
            """
            SELECT 1
              FROM pg_index i
              JOIN pg_attribute a
                ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
             WHERE i.indrelid = %s::regclass AND a.attname = %s
             LIMIT 1
            """,
            [model._table, field.name],
        )
        return bool(self.env.cr.fetchone())

    def test_fields_on_host_models_have_a_group(self):
        """A plain user sees no field of ours on the host's models."""
        loose = [
            str(field)
            for name in self.env.registry
            if not name.startswith("crm.suite.")
            for field in self.env[name]._fields.values()
            if field.name.startswith("crm_suite_")
            and not field.groups
            and not self.env[name]._transient
        ]
        self.assertFalse(loose)


@tagged("post_install", "-at_install")
class TestPlainUser(RolesCommon):
    """Without a role there is nothing of the suite."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.plain = cls.users[None]
        cls.customer = cls.env["res.partner"].create({"name": "Seen by all"})

    def test_abstract_models_have_no_address(self):
        """They have no access lines, so what is public there is for everybody."""
        loose = []
        for name in self.env.registry:
            model = self.env[name]
            if not (name.startswith("crm.suite.") and model._abstract):
                continue
            for method in self._own_methods(model):
                function = getattr(type(model), method)
                if getattr(function, "_api_model", False):
                    loose.append(f"{name}.{method}")
        self.assertFalse(loose)

    def public_methods(self):
        """Methods of ours that a program can call, by model.

        Overrides of what the host has under the same name are the host's.
        """
        found = {}
        for name in self.env.registry:
            model = self.env[name]
            if model._abstract:
                continue
            if methods := self._own_methods(model):
                found[name] = methods
        return found

    def _own_methods(self, model):
        return {
            method
            for cls in type(model).mro()
            if cls.__module__.startswith(MODULE)
            for method in vars(cls)
            if not method.startswith("_")
            and callable(getattr(cls, method))
            and not self._is_host_method(model, method)
            and self._is_public(model, method)
        }

    def _is_host_method(self, model, method):
        return any(
            method in vars(cls)
            for cls in type(model).mro()
            if not cls.__module__.startswith(MODULE) and "registry" not in vars(cls)
        )

    def _is_public(self, model, method):
        try:
            get_public_method(model, method)
        except (AccessError, AttributeError):
            return False
        return True

    def test_methods_are_listed(self):
        """A public method is an address for everybody: each is known and checked."""
        found = self.public_methods()
        for name in found.keys() | matrix.METHODS.keys():
            with self.subTest(model=name):
                self.assertEqual(found.get(name, set()), matrix.METHODS.get(name))

    def test_methods_are_denied(self):
        for name, methods in matrix.METHODS.items():
            model = self.env[name].with_user(self.plain)
            record = self.customer if name == "res.partner" else self._any(name)
            for method in methods:
                function = get_public_method(model, method)
                args = self._arguments(function, record)
                with self.subTest(model=name, method=method):
                    with self.assertRaises(AccessError):
                        call_kw(model, method, args, {})

    def _any(self, name):
        return self.env[name].sudo().search([], limit=1) or self.env[name].browse(1)

    def _arguments(self, function, record):
        """Ids where the method takes some, and anything for what it requires."""
        parameters = list(inspect.signature(function).parameters.values())[1:]
        required = [1 for p in parameters if p.default is inspect.Parameter.empty]
        if getattr(function, "_api_model", False):
            return [record.id if p.name.endswith("_id") else {} for p in parameters][
                : len(required)
            ]
        return [record.ids or [1], *({} for _ in required)]

    def test_reading_is_denied(self):
        for name, model in self.our_models().items():
            with self.subTest(model=name):
                plain = model.with_user(self.plain)
                with self.assertRaises(AccessError):
                    plain.search([])
                with self.assertRaises(AccessError):
                    plain.search_count([])
                with self.assertRaises(AccessError):
                    plain.formatted_read_group([], aggregates=["__count"])
                with self.assertRaises(AccessError):
                    plain.create({})

    def test_no_field(self):
        plain = self.env["res.partner"].with_user(self.plain)
        fields = [name for name in plain.fields_get() if name.startswith("crm_suite")]
        self.assertFalse(fields)
        with self.assertRaises(AccessError):
            plain.search([("crm_suite_lifecycle_id", "!=", False)])
        with self.assertRaises(AccessError):
            plain.browse(self.customer.id).read(["crm_suite_lifecycle_id"])

    def test_no_field_in_views(self):
        plain = self.env["res.partner"].with_user(self.plain)
        for view_type in ("form", "list", "kanban", "search"):
            with self.subTest(view=view_type):
                arch = plain.get_view(view_type=view_type)["arch"]
                self.assertNotIn("crm_suite", arch)

    def test_no_menu(self):
        menus = self.env["ir.ui.menu"].with_user(self.plain)
        data = self.env["ir.model.data"].search(
            [("model", "=", "ir.ui.menu"), ("module", "=", "crm_suite_base")]
        )
        visible = menus.load_menus(debug=False)
        self.assertFalse(set(data.mapped("res_id")) & set(visible))

    def test_with_export_right_only(self):
        """The right to export alone opens nothing of the suite."""
        self.plain.group_ids = [
            Command.link(self.env.ref("base.group_allow_export").id)
        ]
        with self.assertRaises(AccessError):
            self.env["res.partner"].with_user(self.plain).crm_suite_export()
