from datetime import timedelta

from lxml import etree

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import BaseCase, Form, new_test_user, tagged
from odoo.tools import mute_logger

from ..models.custom_field_rule import LATER
from ..tools.expression import compile_expression
from ..tools.expression_modifier import ModifierProblem, as_modifier
from .approval_common import chain
from .custom_field_common import CustomFieldCase
from .test_expression import describe


@tagged("post_install", "-at_install")
class TestCustomField(CustomFieldCase):
    """Fields that an administrator of the suite adds to forms."""

    def test_each_kind(self):
        """What is written is read again, by everybody who uses the suite."""
        country = self.env.ref("base.cn")
        values = {
            "text": "A-1",
            "long_text": "a\nb",
            "number": 2.5,
            "money": 10.25,
            "date": fields.Date.to_date("2026-11-22"),
            "datetime": fields.Datetime.to_datetime("2026-11-22 10:00:00"),
            "boolean": True,
            "selection": "gold",
            "relation": country.id,
        }
        relation = self.env["ir.model"]._get("res.country")
        found = self.Field.create(
            [
                self.values(
                    f"Of {kind}",
                    kind,
                    **({"relation_id": relation.id} if kind == "relation" else {}),
                )
                for kind in values
            ]
        )
        names = {field.kind: field.technical_name for field in found}
        self.assertEqual(names["long_text"], "x_crm_of_long_text")
        partner = self.customer(
            **{names[kind]: value for kind, value in values.items()}
        )
        partner.invalidate_recordset()
        partner = partner.with_user(self.rep)
        for kind, value in values.items():
            found = partner[names[kind]]
            self.assertEqual(found.id if kind == "relation" else found, value, kind)

    def test_the_kind_of_record_is_chosen_on_the_screen(self):
        """By who may not read the models of the host."""
        self.assertFalse(self.env["ir.model"].with_user(self.admin).has_access("read"))
        kinds = dict(
            self.Field.fields_get(["relation_model"])["relation_model"]["selection"]
        )
        self.assertEqual(kinds["res.country"], "Country")
        self.assertNotIn("ir.model", kinds, "he may not read it")
        self.assertNotIn("crm.suite.approval.mixin", kinds)
        self.assertNotIn("crm.suite.approval.rescue", kinds)
        with Form(self.Field) as form:
            form.name = "Home"
            form.kind = "relation"
            form.model = "res.partner"
            form.section_id = self.section
            form.relation_model = "res.country"
        field = form.record
        self.assertEqual(field.sudo().relation_id.model, "res.country")
        name = field.technical_name
        self.assertEqual(
            self.env["res.partner"]._fields[name].comodel_name, "res.country"
        )
        field.invalidate_recordset()
        self.assertEqual(field.relation_model, "res.country")
        with Form(field) as form:
            form.help = "Where it is at home"
        with self.assertRaises(UserError):
            field.relation_model = "res.partner"
        for wrong in ("res.nowhere", "crm.suite.approval.mixin", False):
            with self.subTest(wrong=wrong), self.assertRaises(ValidationError):
                self.add("Lost", "relation", relation_model=wrong)

    def test_a_kind_of_record_that_somebody_else_chose(self):
        """It is shown to an administrator to whom it is not offered."""
        model = self.env["ir.model"]._get("ir.model")
        field = self.env["crm.suite.field"].create(
            self.values("Model", "relation", relation_id=model.id)
        )
        self.assertEqual(field.with_user(self.admin).relation_model, "ir.model")
        kinds = self.Field.fields_get(["relation_model"])["relation_model"]["selection"]
        self.assertIn("ir.model", dict(kinds))

    def test_names_for_programs(self):
        names = ("合同编号", "he tong: bian hao", "!!!")
        found = self.Field.create([self.values(name) for name in names])
        self.assertEqual(
            found.mapped("technical_name"),
            ["x_crm_he_tong_bian_hao", "x_crm_he_tong_bian_hao_2", "x_crm_field"],
        )
        with self.assertRaises(ValidationError):
            self.add("!!!")

    def test_only_for_users_of_the_suite(self):
        name = self.add("Secret").technical_name
        stranger = self.env["res.users"].create(
            {
                "name": "Stranger",
                "login": "stranger_fields",
                "group_ids": [Command.set(self.env.ref("base.group_user").ids)],
            }
        )
        partner = self.customer(**{name: "x"}).with_user(stranger)
        self.assertNotIn(name, partner.fields_get())
        with self.assertRaises(AccessError):
            partner.read([name])

    def test_only_administrators_add_fields(self):
        field = self.add("Mine")
        values = self.values("No")
        for user in (self.rep, new_test_user(self.env, "fields_nobody")):
            theirs = self.Field.with_user(user)
            with self.assertRaises(AccessError):
                field.with_user(user).read(["name"])
            with self.assertRaises(AccessError):
                theirs.create(values)
            with self.assertRaises(AccessError):
                theirs.browse(field.id).write({"name": "x"})
            with self.assertRaises(AccessError):
                theirs.check_expression("res.partner", "1")

    def test_forms_show_the_fields(self):
        field = self.add("Contract", visible_when="is_company and name != 'x'")
        field.required_when = "name == 'Needy'"
        arch = self._arch("crm_suite_base.res_partner_view_form_customer")
        (node,) = arch.xpath(
            f"//page[@string='Contract']//field[@name='{field.technical_name}']"
        )
        self.assertEqual(node.get("invisible"), "not (is_company and (name != 'x'))")
        self.assertEqual(node.get("required"), "(name == 'Needy')")
        with Form(
            self.env["res.partner"]
            .with_user(self.rep)
            .with_context(default_is_company=True),
            "crm_suite_base.res_partner_view_form_customer",
        ) as form:
            form.name = "Ada"
            form[field.technical_name] = "A-7"
        self.assertEqual(form.record[field.technical_name], "A-7")

    def test_a_tab_for_one_type(self):
        """Companies have a tab that persons do not have, nor need to fill in."""
        self.section.visible_when = "is_company"
        field = self.add("Seal", required_when="true")
        arch = self._arch("crm_suite_base.res_partner_view_form_customer")
        (page,) = arch.xpath("//page[@string='Contract']")
        self.assertEqual(page.get("invisible"), "not is_company")
        (node,) = page.xpath(f".//field[@name='{field.technical_name}']")
        self.assertEqual(node.get("required"), "True and is_company")
        person = self.customer(is_company=False)
        with self.assertRaisesRegex(UserError, "must be filled in"):
            self.customer()
        with self.assertRaisesRegex(UserError, "must be filled in"):
            person.is_company = True
        self.section.visible_when = False
        with self.assertRaisesRegex(UserError, "must be filled in"):
            self.customer(is_company=False)

    def test_what_is_hidden_need_not_be_filled_in(self):
        field = self.add("Note", required_when="true", visible_when="name == 'Ada'")
        self.customer(name="Grace")
        with self.assertRaisesRegex(UserError, "must be filled in"):
            self.customer()
        self.customer(**{field.technical_name: "x"})

    def test_an_archived_tab_hides_its_fields(self):
        field = self.add("Seal", required_when="true")
        field.rule = f"{field.technical_name} != 'x'"
        with self.assertRaisesRegex(UserError, "must be filled in"):
            self.customer()
        self.section.with_user(self.admin).action_archive()
        self.customer()
        with self.assertRaisesRegex(UserError, "is not valid"):
            self.customer(**{field.technical_name: "x"})
        self.section.with_user(self.admin).action_unarchive()
        with self.assertRaisesRegex(UserError, "must be filled in"):
            self.customer()

    def test_conditions_of_a_tab(self):
        for wrong in ("is_comany", "country_id.code == 'CN'", "1 + 1"):
            with self.subTest(wrong), self.assertRaises(UserError):
                self.section.visible_when = wrong
        field = self.add("Kind")
        self.section.visible_when = f"{field.technical_name} == 'x'"
        with self.assertRaisesRegex(UserError, "Contract.*speaks of.*Kind"):
            field.action_remove()

    def _arch(self, xmlid, user=None):
        view = self.env.ref(xmlid)
        model = self.env[view.model].with_user(user or self.rep)
        return etree.fromstring(model.get_view(view.id, view.type)["arch"])

    def test_lists_and_searches_show_the_fields(self):
        name = self.add("Level", "selection", model="crm.lead").technical_name
        for xmlid in ("crm.crm_case_tree_view_oppor", "crm.view_crm_case_leads_filter"):
            self.assertTrue(self._arch(xmlid).xpath(f"//field[@name='{name}']"), xmlid)
        search = self._arch("crm.view_crm_case_opportunities_filter")
        self.assertTrue(search.xpath(f"//filter[@name='group_{name}']"))

    def test_order_and_sections(self):
        first, second = self.add("First"), self.add("Second")
        other = self.env["crm.suite.field.section"].create(
            {"name": "Other", "model": "res.partner", "sequence": 1}
        )
        second.sequence, first.sequence = 1, 2
        xmlid = "crm_suite_base.res_partner_view_form_customer"
        path = "//page[starts-with(@name, 'x_crm_section')]//field/@name"
        names = [second.technical_name, first.technical_name]
        found = [name for name in self._arch(xmlid).xpath(path) if name in names]
        self.assertEqual(found, names)
        first.section_id = other
        tabs = self._arch(xmlid).xpath("//page[starts-with(@name, 'x_crm')]/@string")
        names = ["Other", "Contract"]
        self.assertEqual([name for name in tabs if name in names], names)
        with self.assertRaises(ValidationError):
            first.section_id = self.lead_section
        with self.assertRaises(UserError):
            other.model = "crm.lead"
        with self.assertRaises(UserError):
            other.unlink()

    def test_required_through_every_path(self):
        name = self.add("Number", required_when="is_company").technical_name
        with self.assertRaisesRegex(ValidationError, "Number"):
            self.customer()
        self.customer(is_company=False)
        partner = self.customer(**{name: "1"})
        with self.assertRaisesRegex(ValidationError, "Number"):
            partner.with_user(self.rep).web_save({name: False}, {})
        partner.write({"city": "Shenzhen"})
        self.customer(parent_id=partner.id, is_company=False)
        person = self.customer(is_company=False)
        with self.assertRaisesRegex(ValidationError, "Number"):
            person.is_company = True
        # Last: a failed import makes the registry forget what is not committed.
        result = self.env["res.partner"].load(["name", "is_company"], [["New", "1"]])
        self.assertIn("Number", result["messages"][0]["message"])

    def test_old_records_can_be_written(self):
        """A new rule does not stop work on what was there before."""
        partner = self.customer()
        self.add("Number", required_when="true")
        partner.city = "Shenzhen"

    def test_rule_with_message(self):
        field = self.add("Budget", "number", rule="x_crm_budget <= 100 or is_company")
        field.rule_message = "Too much for a person."
        person = self.customer(is_company=False)
        person.x_crm_budget = 100
        with self.assertRaisesRegex(ValidationError, "Too much for a person"):
            person.x_crm_budget = 101
        self.customer(x_crm_budget=101)

    def test_users_companies_and_mails_are_not_stopped(self):
        self.add("Number", required_when="true")
        self.add("Goal", model="crm.lead", required_when="true")
        self.env["res.users"].create({"name": "New", "login": "new_user_of_fields"})
        self.env["res.company"].create({"name": "New Company of Fields"})
        # A whole mail would look for duplicates over another connection, which waits
        # for the new column to be committed.
        later = self.env["crm.lead"].with_context(crm_suite_fields_later=LATER)
        self.assertTrue(later.create({"name": "By mail"}))
        with self.assertRaises(ValidationError):
            self.env["crm.lead"].create({"name": "By hand"})
        with self.assertRaises(ValidationError):
            self.env["crm.lead"].with_context(crm_suite_fields_later=True).create(
                {"name": "By program"}
            )

    def test_no_rules_cost_nothing(self):
        partner = self.customer()
        partner._crm_suite_check_fields(["name"])
        with self.assertQueryCount(0):
            partner._crm_suite_check_fields(["name"])

    def test_computed_sum_and_lookup(self):
        total = self.add("Children", "computed", expression="count(child_ids)")
        code = self.add("Code", "computed", expression="country_id.code")
        ages = self.add("Age", "computed", expression="days_since(create_date)")
        self.assertEqual((total.stored, ages.stored), (True, False))
        partner = self.customer(country_id=self.env.ref("base.cn").id)
        self.customer(parent_id=partner.id, is_company=False)
        self.assertEqual(partner[total.technical_name], 1)
        self.assertEqual(partner[code.technical_name], "CN")
        self.assertEqual(partner[ages.technical_name], 0)
        found = self.env["res.partner"].search(
            [(total.technical_name, "=", 1), ("id", "=", partner.id)]
        )
        self.assertEqual(found, partner)
        total.expression = "count(child_ids) * 10"
        self.customer(parent_id=partner.id, is_company=False)
        self.assertEqual(partner[total.technical_name], 20)
        with self.assertRaises(UserError):
            total.expression = "name"
        with self.assertRaisesRegex(UserError, "itself"):
            total.expression = f"{total.technical_name} + 1"

    def test_bad_expressions(self):
        for values in (
            {"required_when": "nme == 'x'"},
            {"rule": "1 + 1"},
            {"visible_when": "country_id.code == 'CN'"},
            {"kind": "computed", "expression": "sum("},
            {"kind": "computed"},
            {"kind": "computed", "expression": "1", "required_when": "true"},
            {"kind": "boolean", "required_when": "true"},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                self.add("Bad", **{"kind": "text", **values})
        found = self.Field.check_expression("res.partner", "nme == 'x'")
        self.assertEqual((found[0]["position"], found[0]["length"]), (0, 3))
        with self.assertRaises(UserError):
            self.Field.check_expression("res.users", "1")

    def test_removed_and_brought_back(self):
        field = self.add("Number", required_when="true")
        name = field.technical_name
        partner = self.customer(**{name: "A-1"})
        with self.assertRaises(UserError):
            field.unlink()
        field.action_remove()
        arch = self._arch("crm_suite_base.res_partner_view_form_customer")
        self.assertFalse(arch.xpath(f"//field[@name='{name}']"))
        self.customer()
        self.assertNotIn(name, self.env["res.partner"]._crm_suite_export_paths())
        field.action_restore()
        self.assertEqual(partner[name], "A-1")
        self.assertEqual(field.value_count, 1)
        with self.assertRaises(ValidationError):
            self.customer()

    def test_archived_by_the_menu_of_the_host(self):
        first = self.add("First")
        second = self.add("Second", required_when=f"is_set({first.technical_name})")
        with self.assertRaisesRegex(UserError, "Second"):
            first.action_archive()
        second.action_archive()
        self.assertTrue(second.removed_at)
        second.action_unarchive()
        self.assertFalse(second.removed_at)

    def test_deleted_after_30_days(self):
        young, old = self.add("Young"), self.add("Old")
        real = old.sudo().field_id
        (young | old).action_remove()
        old.removed_at = fields.Datetime.now() - timedelta(days=31)
        self.env["crm.suite.field"]._gc_removed()
        self.assertFalse(old.exists() or real.exists())
        self.assertTrue(young.exists())
        self.assertNotIn("x_crm_old", self.env["res.partner"]._fields)

    def test_used_field_is_not_removed(self):
        first = self.add("First")
        self.add("Second", required_when=f"is_set({first.technical_name})")
        with self.assertRaisesRegex(UserError, "Second"):
            first.action_remove()

    def test_choices_change(self):
        field = self.add("Level", "selection")
        name = field.technical_name
        partner = self.customer(**{name: "silver"})
        field.option_ids[0].name = "Golden"
        field.write(
            {"option_ids": [Command.create({"name": "Bronze", "sequence": 99})]}
        )
        labels = dict(partner.fields_get([name])[name]["selection"])
        self.assertEqual(
            labels, {"gold": "Golden", "silver": "Silver", "bronze": "Bronze"}
        )
        field.option_ids.filtered(lambda option: option.value == "silver").unlink()
        self.assertFalse(partner[name])
        with self.assertRaises(ValidationError):
            field.option_ids.unlink()

    def test_what_is_stored_for_a_choice_stays(self):
        field = self.add("Level", "selection")
        partner = self.customer(**{field.technical_name: "silver"})
        silver = field.option_ids.filtered(lambda option: option.value == "silver")
        with self.assertRaisesRegex(UserError, "stays"):
            field.write({"option_ids": [Command.update(silver.id, {"value": "ag"})]})
        silver.write({"value": "silver", "name": "Silver!"})
        self.assertEqual(partner[field.technical_name], "silver")

    def test_kind_stays(self):
        field = self.add("Number")
        with self.assertRaises(UserError):
            field.kind = "date"
        with self.assertRaises(UserError):
            field.field_id = self.env["ir.model.fields"]._get("res.partner", "name")
        field.write({"kind": "text", "name": "Nummer", "help": "From the contract"})
        info = self.env["res.partner"].fields_get([field.technical_name])
        self.assertEqual(info[field.technical_name]["string"], "Nummer")
        self.assertEqual(info[field.technical_name]["help"], "From the contract")

    def test_labels_in_each_language(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        field = self.add("Number")
        field.with_context(lang="zh_CN").name = "合同号"
        self.section.with_user(self.admin).with_context(lang="zh_CN").name = "合同"
        info = self.env["res.partner"].with_context(lang="zh_CN").fields_get()
        self.assertEqual(info[field.technical_name]["string"], "合同号")
        view = self.env.ref("crm_suite_base.res_partner_view_form_customer")
        arch = (
            self.env["res.partner"].with_context(lang="zh_CN").get_view(view.id)["arch"]
        )
        self.assertIn('string="合同"', arch)

    def test_names_do_not_depend_on_who_saves(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        level = self.add("Level", "selection")
        level.with_context(lang="zh_CN").name = "级别"
        self.section.with_user(self.admin).with_context(lang="zh_CN").name = "合同"
        for lang in ("zh_CN", "en_US"):
            field = self.Field.with_context(lang=lang).browse(level.id)
            field.visible_when = f"name != '{lang}'"
            for shown, tab, group in (
                ("en_US", "Contract", "Level"),
                ("zh_CN", "合同", "级别"),
            ):
                self.assertEqual(
                    self._strings(shown, "form", "customer", "page", self.section.id),
                    [tab],
                )
                self.assertEqual(
                    self._strings(
                        shown, "search", "customer", "filter", level.technical_name
                    ),
                    [group],
                )

    def _strings(self, lang, kind, name, tag, ends):
        view = self.env.ref(f"crm_suite_base.res_partner_view_{kind}_{name}")
        model = self.env["res.partner"].with_user(self.rep).with_context(lang=lang)
        arch = etree.fromstring(model.get_view(view.id, kind)["arch"])
        return [
            node.get("string")
            for node in arch.iter(tag)
            if (node.get("name") or "").endswith(f"_{ends}")
            and "x_crm_" in node.get("name")
        ]

    def test_imports_exports_and_segments(self):
        level = self.add("Level", "selection").technical_name
        urgent = self.add("Urgent", "boolean").technical_name
        columns = self.env["crm.suite.import.target.partner"]._import_partner_columns()
        self.assertIn("Level", [column.label for column in columns])
        self.assertIn(level, self.env["res.partner"]._crm_suite_export_paths())
        segments = self.env["crm.suite.segment"]
        entries = {
            entry.get("field"): entry
            for entry in segments._segment_conditions()
            if entry["kind"] == "attribute"
        }
        partner = self.customer(**{level: "gold", urgent: True})
        for name, condition in (
            (level, {"operator": "in", "choices": ["gold"]}),
            (urgent, {"operator": "set"}),
        ):
            domain = segments._compile_attribute(
                {"kind": "attribute", "field": name, **condition}, entries[name], None
            )
            found = self.env["res.partner"].search(domain)
            self.assertIn(partner, found)

    def test_nothing_is_left(self):
        """What the uninstallation removes: fields, columns, views."""
        name = self.add("Number").technical_name
        self.add("Goal", model="crm.lead")
        self.env["crm.suite.field"]._remove_everything()
        manual = [("state", "=", "manual"), ("name", "=like", r"x\_crm\_%")]
        self.assertFalse(
            self.env["ir.model.fields"].search(manual + [("name", "=", name)])
        )
        views = self.env["ir.ui.view"].search([("arch_db", "like", name)])
        self.assertFalse(views)


@tagged("post_install", "-at_install")
class TestCustomFieldUse(CustomFieldCase):
    """A field that something else speaks of is neither removed nor deleted."""

    def flow(self, domain, *nodes, res_model="res.partner"):
        asked = {
            "id": "boss",
            "type": "approval",
            "name": "Boss",
            "approvers": [{"by": "users", "user_ids": self.admin.ids}],
        }
        flow = self.env["crm.suite.approval.flow"].create(
            {
                "name": "Big ones",
                "res_model": res_model,
                "company_id": False,
                "sequence": -1,
                "start": "edit",
                "start_domain": domain,
                "graph": chain(asked, *nodes),
            }
        )
        flow.action_publish()
        return flow

    def assertUsed(self, field, words):
        with self.assertRaisesRegex(UserError, words):
            field.action_remove()

    def test_flows(self):
        field = self.add("Very Important", "boolean")
        name = field.technical_name
        flow = self.flow(f"[('{name}', '=', True)]")
        self.assertUsed(field, "“Big ones” speaks of “Very Important”: change it first")
        flow.start_domain = "[]"
        self.assertUsed(field, "“Big ones”.*in force")
        partner = self.customer(**{name: True}, user_id=self.rep.id)
        partner.with_user(self.rep).city = "Wuhan"
        request = partner.crm_suite_approval_id
        self.assertEqual(request.state, "running")
        flow.action_publish()
        self.assertUsed(field, "“Big ones”.*still run")
        request.with_user(self.admin).action_withdraw()
        field.action_remove()

    def test_steps_of_flows(self):
        field, other = self.add("Number"), self.add("Number 2")
        names = [field.technical_name]
        asked = [{"by": "users", "user_ids": self.admin.ids}]
        flow = self.flow(
            "[]",
            {
                "id": "fill",
                "type": "fill",
                "name": "Fill",
                "approvers": asked,
                "fields": names,
            },
        )
        self.assertUsed(field, "Big ones")
        other.action_remove()
        flow.graph = chain()
        flow.action_switch_off()
        field.action_remove()

    def test_whatever_has_a_condition(self):
        field = self.add("Number")
        name = field.technical_name
        domain = f"[('{name}', '=', 'x')]"
        grade = self.env["crm.suite.grade"].search([], limit=1)
        stage = self.env["crm.suite.lifecycle.stage"].search([], limit=1)
        policy = self.env["crm.suite.assignment.policy"].create({"name": "Policy"})
        through = f"[('partner_id.{name}', '=', 'x')]"
        for model, values in (
            ("crm.suite.grade.rule", {"grade_id": grade.id}),
            ("crm.suite.lifecycle.rule", {"stage_id": stage.id}),
            ("crm.suite.quality.criterion", {}),
            ("crm.suite.pool", {"res_model": "res.partner"}),
            ("crm.suite.assignment.skill", {"domain": through}),
            (
                "crm.suite.assignment.rule",
                {"policy_id": policy.id, "domain": through},
            ),
        ):
            found = self.env[model].create(
                {"name": "Somebody", "domain": domain, **values}
            )
            with self.subTest(model=model):
                self.assertUsed(field, "“Somebody” speaks of “Number”")
            if "published" in found._fields:
                found.write({"published": found._get_draft(), "version": 1})
                found.domain = "[]"
                with self.subTest(model=model, published=True):
                    self.assertUsed(field, "“Somebody”.*in force")
                found.published = found._get_draft()
            found.domain = "[]"
        field.action_remove()

    def test_fields_of_the_same_name(self):
        field = self.add("Number")
        self.add("Number", model="crm.lead")
        self.env["crm.suite.assignment.skill"].create(
            {"name": "Skill", "domain": f"[('{field.technical_name}', '=', 'x')]"}
        )
        field.action_remove()

    def test_expressions_of_another_form(self):
        field = self.add("Number")
        expression = f"partner_id.{field.technical_name}"
        self.add("Looked up", "computed", model="crm.lead", expression=expression)
        self.assertUsed(field, "Looked up")

    def test_used_again_after_it_was_removed(self):
        used, free = self.add("Number"), self.add("Free")
        (used | free).action_remove()
        long_ago = fields.Datetime.now() - timedelta(days=31)
        (used | free).removed_at = long_ago
        flow = self.flow(f"[('{used.technical_name}', '=', 'x')]")
        with self.assertRaisesRegex(UserError, "Big ones"):
            used.action_delete()
        with self.assertLogs(
            "odoo.addons.crm_suite_base.models.custom_field", "WARNING"
        ) as logs:
            self.Field._gc_removed()
        self.assertIn("Big ones", logs.output[0])
        self.assertTrue(used.exists())
        self.assertFalse(free.exists())
        flow.start_domain = "[]"
        flow.action_publish()
        self.Field._gc_removed()
        self.assertFalse(used.exists())

    @mute_logger("odoo.addons.crm_suite_base.models.approval_publish")
    def test_a_condition_that_nobody_can_read(self):
        """The field of a flow can go with another application: the flow then holds
        nothing, work goes on, and administrators hear of it."""
        for model, path in (
            ("res.partner", "x_gone"),
            ("res.partner", "parent_id.x_gone"),
            ("crm.lead", "partner_id.x_gone"),
        ):
            with self.subTest(model=model, path=path):
                self._lose_field(model, path)

    def _lose_field(self, model, path):
        field = self.env["ir.model.fields"].create(
            {
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "name": "x_gone",
                "field_description": "Gone",
                "ttype": "char",
            }
        )
        flow = self.flow(f"[('{path}', '=', False)]", res_model=model)
        record = self.env[model].create({"name": "Ada", "user_id": self.rep.id})
        record = record.with_user(self.rep)
        checks = self.env["crm.suite.health.check"]
        self.assertNotIn(flow.id, checks._find_flows()[1].get("ids", ()))
        field.unlink()
        record.name = "Bo"
        self.assertEqual(record.name, "Bo")
        self.assertFalse(record.sudo().crm_suite_approval_id)
        state, facts = checks._find_flows()
        self.assertEqual((state, facts), ("error", {"ids": flow.ids}))
        self.assertIn("Big ones", checks._describe_flows(facts))
        with self.assertRaisesRegex(ValidationError, "Only for"):
            flow.action_publish()
        flow.action_switch_off()
        self.assertEqual(checks._find_flows(), ("ok", {}))


@tagged("post_install", "-at_install")
class TestExpressionModifier(BaseCase):
    """Expressions in the words of form views."""

    def test_texts(self):
        for source, expected in (
            ("urgent and count_ > 2", "(urgent and (count_ > 2))"),
            ("not urgent", "(not urgent)"),
            ("name == empty", "(not name)"),
            ("name != empty", "bool(name)"),
            ("is_set(partner)", "bool(partner)"),
            ("day < '2026-12-01'", "(day and day < '2026-12-01')"),
            ("state in ['draft', 'Sales Order']", "(state in ['draft', 'sale'])"),
            ("4 in tags", "(4 in tags)"),
            ("count_ * 2.5 - 1 >= 0", "(((count_ * 2.5) - 1) >= 0)"),
            ("day == today", "(day == context_today().strftime('%Y-%m-%d'))"),
        ):
            compiled = compile_expression(source, describe, "order")
            self.assertEqual(as_modifier(compiled), expected)

    def test_what_a_form_cannot_know(self):
        for source in (
            "partner.code == 'x'",
            "sum(line.qty) > 1",
            "moment > '2026-01-01'",
            "'x' in name",
            "length(name) > 3",
        ):
            compiled = compile_expression(source, describe, "order")
            with self.assertRaises(ModifierProblem):
                as_modifier(compiled)
