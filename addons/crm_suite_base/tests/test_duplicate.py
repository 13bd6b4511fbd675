import re
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.http import serialize_exception
from odoo.tests import Form, tagged

from ..models import duplicate_pair, duplicate_run, duplicate_trial
from ..models.duplicate_entry import KNOWN, Channel
from .common import CustomerCase

VAT = "91310000MA1FL0LX92"


class DuplicateCase(CustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Pair = cls.env["crm.suite.duplicate.pair"]
        cls.first = cls._create_customer(
            name="深圳市赤岩测试仪器有限公司",
            phone="+8675586119901",
            email="info@chiyan-test.example",
            vat=VAT,
            city="深圳",
            user_id=cls.lead.id,
        )

    def _rule(self, xmlid):
        return self.env.ref(f"crm_suite_base.duplicate_rule_{xmlid}")

    def _by_value_alone(self, xmlid):
        """A rule as it is without its condition about the name."""
        rule = self._rule(xmlid)
        rule.term_ids.filtered(lambda term: term.key == "name").unlink()
        return rule

    def _pairs(self, records):
        found = self.Pair
        for side in ("left", "right"):
            found |= self.Pair.search(
                [
                    (f"{side}_model", "=", records._name),
                    (f"{side}_id", "in", records.ids),
                ]
            )
        return found

    def _hide_first(self):
        """The first customer is not for the rep."""
        self.env["ir.rule"].create(
            {
                "name": "hidden",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "domain_force": f"[('id', '!=', {self.first.id})]",
                "groups": [
                    (4, self.env.ref("crm_suite_base.group_crm_suite_sales_rep").id)
                ],
            }
        )


@tagged("post_install", "-at_install")
class TestDuplicateKeys(DuplicateCase):
    def test_keys_follow_what_is_written(self):
        keys = self.first.crm_suite_keys
        self.assertEqual(keys["name"], "深圳赤岩测试仪器")
        self.assertEqual(keys["phone"], ["8675586119901"])
        self.first.phone = "+8675586119902"
        self.assertEqual(self.first.crm_suite_keys["phone"], ["8675586119902"])
        self.assertIn("p:75586119902", self.first.crm_suite_blocks)

    def test_a_contact_has_no_number_of_its_company(self):
        person = self._create_contact(self.first, name="石敢当")
        self.assertEqual(person.vat, VAT)
        self.assertNotIn("vat", person.crm_suite_keys)

    def test_colleagues_are_no_duplicates(self):
        self.first.write({"street": "Road 1", "zip": "518000"})
        people = self._create_contact(self.first, name="王蕾") | self._create_contact(
            self.first, name="赵磊"
        )
        self.assertEqual(set(people.mapped("street")), {"Road 1"})
        self.env["crm.suite.duplicate.run"]._find_now("res.partner")
        self.assertFalse(self._pairs(people))

    def test_who_is_known_by_name_and_town_only_is_not_compared(self):
        person = {"is_company": False, "city": "深圳", "name": "欧阳赤磊"}
        people = self._create_customer(**person) | self._create_customer(**person)
        runs = self.env["crm.suite.duplicate.run"]
        before = runs._find_now("res.partner").compared
        self.assertFalse(self._pairs(people))
        people.write({"street": "Road 1", "zip": "518000"})
        run = runs._find_now("res.partner")
        self.assertEqual(run.compared - before, 1)
        self.assertEqual(len(self._pairs(people)), 1)

    def test_rules_without_least_knowledge_compare_by_name_alone(self):
        rule = self._rule("person_evidence")
        rule.known = 1
        people = self._create_customer(is_company=False, name="欧阳赤磊")
        people |= self._create_customer(is_company=False, name="欧阳赤磊")
        self.env["crm.suite.duplicate.run"]._find_now("res.partner")
        self.assertEqual(len(self._pairs(people)), 1)

    def test_further_phones_count(self):
        self.env["crm.suite.contact.point"].create(
            {"partner_id": self.first.id, "kind": "phone", "value": "+8613800138991"}
        )
        self.assertIn("8613800138991", self.first.crm_suite_keys["phone"])

    def test_undo_brings_the_keys_back(self):
        with self.env["crm.suite.operation"].record("other", "test") as operation:
            self.first.name = "别的名字"
        self.assertEqual(self.first.crm_suite_keys["name"], "别的名字")
        operation.action_undo()
        self.first.invalidate_recordset()
        self.assertEqual(self.first.crm_suite_keys["name"], "深圳赤岩测试仪器")

    def test_filling_gives_what_writing_gives(self):
        keys, blocks = self.first.crm_suite_keys, self.first.crm_suite_blocks
        self.env.cr.execute(
            "UPDATE res_partner SET crm_suite_keys = NULL, crm_suite_blocks = NULL"
            " WHERE id = %s",
            [self.first.id],
        )
        self.Partner._duplicate_fill(self.first.ids)
        self.assertEqual(self.first.crm_suite_keys, keys)
        self.assertEqual(self.first.crm_suite_blocks, blocks)

    def test_other_writes_ask_for_nothing(self):
        with self.assertQueryCount(0):
            self.assertIsNone(self.first._duplicate_before({"comment": "a note"}))
            self.assertIsNone(self.first._duplicate_before({"active": False}))


@tagged("post_install", "-at_install")
class TestDuplicateEntry(DuplicateCase):
    def test_an_equal_number_is_refused_by_name(self):
        with self.assertRaisesRegex(ValidationError, "赤岩") as caught:
            self._create_customer(name="完全不同的公司", vat=VAT)
        # The web client shows a sentence for the errors that it knows by name.
        name = serialize_exception(caught.exception)["name"]
        self.assertEqual(name, "odoo.exceptions.ValidationError")

    def test_the_refusal_tells_no_more_than_one_may_know(self):
        self._hide_first()
        with self.assertRaises(ValidationError) as caught:
            self.Partner.with_user(self.rep).create(
                {
                    "name": "完全不同的公司",
                    "is_company": True,
                    "country_id": self.china.id,
                    "vat": VAT,
                    "crm_suite_lifecycle_id": self.stage.id,
                }
            )
        self.assertNotIn("赤岩", str(caught.exception))
        self.assertNotIn(self.lead.name, str(caught.exception))

    def test_alike_names_are_noted(self):
        for name in (
            "深圳赤岩測試儀器股份有限公司",
            "Shenzhen Chiyan Ceshi Yiqi",
            "赤岩测试仪器",
        ):
            with self.subTest(name):
                other = self._create_customer(name=name)
                pair = self._pairs(other).filtered(
                    lambda p, o=other: {p.left_id, p.right_id} == {self.first.id, o.id}
                )
                self.assertEqual(pair.state, "new")
                self.assertEqual(pair.channel, "api")
                other.unlink()
                self.assertFalse(pair.exists())

    def test_the_shops_of_a_chain_do_not_flood_the_worklist(self):
        count = 60
        with patch.object(duplicate_pair, "STORED", 7):
            shops = self.Partner.create(
                [
                    {
                        "name": f"Rotfelsmarkt Filiale {number}",
                        "is_company": True,
                        "crm_suite_lifecycle_id": self.stage.id,
                    }
                    for number in range(count)
                ]
            )
        pairs = self._pairs(shops)
        self.assertGreaterEqual(len(pairs), count // 2)
        self.assertLessEqual(len(pairs), count * duplicate_pair.MOST_NOTED)
        self.assertLess(len(pairs), count * (count - 1) // 2, "not each with each")

    def test_another_company_is_none(self):
        other = self._create_customer(name="深圳市青山测试仪器有限公司", city="深圳")
        self.assertFalse(self._pairs(other))

    def test_the_channel_decides(self):
        rule = self._rule("company_vat")
        rule.on_api = "off"
        other = self._create_customer(name="完全不同的公司", vat=VAT)
        self.assertFalse(self._pairs(other))
        with self.assertRaises(ValidationError):
            self.Partner.with_context(crm_suite_channel=Channel("form")).create(
                {
                    "name": "第三家",
                    "is_company": True,
                    "vat": VAT,
                    "country_id": self.china.id,
                    "crm_suite_lifecycle_id": self.stage.id,
                }
            )

    def test_no_caller_says_that_it_is_right(self):
        """A program names whatever it likes in the context: the rule refuses."""
        values = {
            "name": "第三家",
            "is_company": True,
            "vat": VAT,
            "country_id": self.china.id,
            "crm_suite_lifecycle_id": self.stage.id,
        }
        rule = self._rule("company_vat")
        rule.write({"on_api": "block", "on_mail": "off"})
        for context in (
            {"crm_suite_no_duplicate_check": True},
            {"crm_suite_channel": "mail"},
            {"install_mode": True},
        ):
            with (
                self.subTest(context),
                self.assertRaises(ValidationError),
                self.env.cr.savepoint(),
            ):
                self.Partner.with_user(self.steward).with_context(**context).create(
                    dict(values)
                )
        known = self.Partner.with_context(crm_suite_channel=Channel("mail"))
        self.assertTrue(known.create(values))

    def test_an_edit_is_looked_at(self):
        other = self._create_customer(name="完全不同的公司")
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            other.vat = VAT
        self.assertFalse(other.vat)
        other.phone = "+8675586119977"
        self.assertFalse(self._pairs(other))

    def test_out_of_the_archive(self):
        other = self._create_customer(name="完全不同的公司")
        other.active = False
        other.with_context(crm_suite_no_duplicate_check=KNOWN).vat = VAT
        other.active = True
        self.assertEqual(self._pairs(other).channel, "unarchive")

    def test_what_was_said_is_remembered(self):
        other = self._create_customer(name="深圳赤岩测试仪器")
        pair = self._pairs(other)
        pair.with_user(self.steward).action_not_duplicate()
        other.city = "深圳"
        self.env["crm.suite.duplicate.run"]._find_now("res.partner")
        self.assertEqual(pair.state, "not_duplicate")
        self.assertEqual(len(self._pairs(other)), 1)
        pair.with_user(self.steward).action_reopen()
        self.assertEqual(pair.state, "new")
        self.assertFalse(pair.decided_by_id)

    def test_partners_that_are_no_customers_are_left_alone(self):
        other = self.Partner.create(
            {"name": "完全不同的公司", "is_company": True, "vat": VAT}
        )
        self.assertFalse(self._pairs(other))

    def test_keys_are_made_when_a_partner_becomes_a_customer(self):
        vendor = self.Partner.create(
            {"name": "赤岩测试仪器有限公司", "is_company": True}
        )
        person = self.Partner.create({"name": "石敢当", "parent_id": vendor.id})
        self.env.flush_all()
        self.assertFalse(vendor.crm_suite_keys or person.crm_suite_blocks)
        vendor.crm_suite_lifecycle_id = self.stage
        self.assertTrue(vendor.crm_suite_keys)
        self.assertTrue(person.crm_suite_blocks)

    def test_who_becomes_a_customer_is_looked_at(self):
        other = self.Partner.create(
            {
                "name": "完全不同的公司",
                "is_company": True,
                "country_id": self.china.id,
                "vat": VAT,
            }
        )
        for name in ("crm_suite_lifecycle_id", "crm_suite_lifecycle_override_id"):
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                other[name] = self.stage
        other.write({"vat": False, "name": "赤岩测试仪器有限公司"})
        other.crm_suite_lifecycle_id = self.stage
        self.assertTrue(self._pairs(other))
        # What follows changes nothing about who it is.
        with patch.object(self.registry["res.partner"], "_duplicate_remember") as asked:
            other.crm_suite_lifecycle_id = self.env.ref(
                "crm_suite_base.lifecycle_stage_qualified"
            )
        asked.assert_not_called()

    def test_an_address_that_becomes_a_contact_is_looked_at(self):
        other = self._create_customer(name="完全不同的公司", vat=VAT, type="delivery")
        with self.assertRaises(ValidationError):
            other.type = "contact"

    def test_a_further_number_is_looked_at(self):
        rule = self._by_value_alone("company_phone")
        rule.write({"on_api": "block", "on_form": "block"})
        other = self._create_customer(name="完全不同的公司")
        values = {"kind": "phone", "value": self.first.phone}
        points = self.env["crm.suite.contact.point"]
        commands = {"crm_suite_contact_point_ids": [Command.create(values)]}
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            points.create({"partner_id": other.id, **values})
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            other.web_save(commands, {"id": {}})
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            self._create_customer(name="另一家公司", **commands)
        point = points.create(
            {"partner_id": other.id, "kind": "phone", "value": "+8613800138991"}
        )
        self.assertFalse(self._pairs(other))
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            point.value = self.first.phone
        rule.on_api = "queue"
        point.value = self.first.phone
        self.assertEqual(self._pairs(other).channel, "api")

    def test_keys_of_adopted_customers(self):
        buyer = self.Partner.create(
            {"name": "赤岩测试仪器有限公司", "is_company": True, "customer_rank": 1}
        )
        self.Partner._crm_suite_adopt_customers()
        buyer.invalidate_recordset()
        self.assertTrue(buyer.crm_suite_lifecycle_id)
        self.assertTrue(buyer.crm_suite_blocks)

    def test_an_address_is_no_rule_for_companies(self):
        values = {
            "name": "Address",
            "term_ids": [Command.create({"key": "street"})],
        }
        rules = self.env["crm.suite.duplicate.rule"]
        self.assertTrue(rules.create({**values, "kind": "person"}))
        with self.assertRaisesRegex(ValidationError, "many"):
            rules.create({**values, "kind": "company"})

    def test_another_company_of_ours(self):
        self.first.company_id = self._other_company()
        other = self._create_customer(
            name="完全不同的公司", vat=VAT, company_id=self.env.company.id
        )
        self.assertFalse(self._pairs(other))

    def test_quick_creation_and_form(self):
        self._rule("company_name").on_quick = "block"
        partners = self.Partner.with_context(
            crm_suite_managed=True, default_is_company=True
        )
        with self.assertRaises(ValidationError):
            partners.name_create("赤岩测试仪器有限公司")
        values = {
            "name": "完全不同的公司",
            "is_company": True,
            "vat": VAT,
            "crm_suite_lifecycle_id": self.stage.id,
        }
        self._rule("company_vat").on_api = "off"
        with self.assertRaises(ValidationError):
            self.Partner.web_save(values, {"id": {}})

    def test_the_form_warns(self):
        form = Form(
            self.Partner.with_user(self.lead).with_context(crm_suite_managed=True),
            "crm_suite_base.res_partner_view_form_customer_quick",
        )
        form.company_type = "company"
        form.name = "赤岩测试仪器有限公司"
        told = form.crm_suite_duplicates
        self.assertEqual([hit["id"] for hit in told["hits"]], self.first.ids)
        self.assertFalse(told["refused"])

    def test_the_form_names_nobody_hidden(self):
        self._hide_first()
        form = Form(
            self.Partner.with_user(self.rep).with_context(crm_suite_managed=True),
            "crm_suite_base.res_partner_view_form_customer_quick",
        )
        form.company_type = "company"
        form.name = "赤岩测试仪器有限公司"
        self.assertEqual(form.crm_suite_duplicates["hits"], [])
        self.assertEqual(form.crm_suite_duplicates["hidden"], 1)

    def test_leads_against_leads_and_customers(self):
        leads = self.env["crm.lead"].create(
            [
                {"name": "one", "partner_name": "赤岩测试仪器有限公司"},
                {"name": "two", "email_from": "info@chiyan-test.example"},
            ]
        )
        pairs = self._pairs(leads).filtered(lambda p: p.right_model == "res.partner")
        self.assertEqual(set(pairs.mapped("left_id")), set(leads.ids))
        with self.assertRaisesRegex(UserError, "not merged with a customer"):
            pairs[0].with_user(self.lead).action_merge()

    def test_deals_of_one_customer_are_two_deals(self):
        values = {"name": "deal", "partner_id": self.first.id, "type": "opportunity"}
        leads = self.env["crm.lead"].create([values, values])
        self.assertFalse(
            self._pairs(leads).filtered(
                lambda p: p.left_model == "crm.lead" and p.left_id in leads.ids
            )
        )


@tagged("post_install", "-at_install")
class TestDuplicatePairs(DuplicateCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with_off = cls.env["res.partner"].with_context(
            crm_suite_no_duplicate_check=KNOWN
        )
        cls.second, cls.third = with_off.create(
            [
                {
                    "name": name,
                    "is_company": True,
                    "country_id": cls.china.id,
                    "crm_suite_lifecycle_id": cls.stage.id,
                }
                for name in ("深圳赤岩测试仪器公司", "赤岩测试仪器股份有限公司")
            ]
        )
        cls.env["crm.suite.duplicate.run"]._find_now("res.partner")
        cls.trio = cls.first | cls.second | cls.third
        cls.pairs = cls.Pair.search(
            [("left_id", "in", cls.trio.ids), ("right_id", "in", cls.trio.ids)]
        )

    def test_a_search_finds_and_groups(self):
        self.assertEqual(len(self.pairs), 3)
        self.assertEqual(len(self.pairs.group_id), 1)
        self.assertTrue(all(pair.score > 89 for pair in self.pairs))

    def test_what_is_entered_joins_the_groups_that_it_touches(self):
        self.pairs.invalidate_recordset()
        [one] = self.pairs.group_id
        apart = self._create_customer(name="完全另外一家", phone="+8675586119977")
        twin = self._create_customer(name="完全另外一家", phone="+8675586119977")
        other = self._pairs(twin)
        self.assertEqual(other.group_id, other)
        row = {
            "left_model": "res.partner",
            "left_id": self.third.id,
            "right_model": "res.partner",
            "right_id": apart.id,
            "score": 90.0,
            "reasons": {},
            "rule_id": None,
            "rule_version": 1,
            "channel": "form",
            "run_id": None,
        }
        self.Pair._store([row])
        self.Pair._join_groups([row])
        everybody = self._pairs(self.trio | apart | twin)
        self.assertEqual(len(everybody), 5)
        self.assertEqual(everybody.group_id, one)
        self.Pair._regroup_all()
        self.assertEqual(everybody.group_id, one, "as when all are grouped anew")

    def test_a_search_forgets_what_is_no_more(self):
        self.third.with_context(crm_suite_no_duplicate_check=KNOWN).name = "绿水"
        self.env["crm.suite.duplicate.run"]._find_now("res.partner")
        self.assertEqual(len(self.pairs.exists()), 1)

    def test_the_nightly_search_goes_slice_by_slice(self):
        runs = self.env["crm.suite.duplicate.run"]
        run = runs.create({"model_name": "res.partner", "slices": 3})
        self.pairs.sudo().unlink()
        for _slice in range(3):
            self.assertEqual(run.state, "open")
            run._do_slice()
        self.assertEqual(run.state, "done")
        self.assertEqual(len(self._pairs(self.trio)), 3)

    def test_nothing_changed_nothing_searched(self):
        runs = self.env["crm.suite.duplicate.run"]
        last = runs.search([("model_name", "=", "res.partner")], limit=1)
        last.date_start = "2999-01-01"
        self.assertFalse(runs._get_due("res.partner"))

    def test_side_by_side(self):
        data = self.pairs[0].with_user(self.steward).get_comparison()
        self.assertEqual(len(data["records"]), 3)
        names = next(line for line in data["fields"] if line["name"] == "name")
        self.assertFalse(names["same"])
        self.assertTrue(data["may_decide"])
        self.assertFalse(
            self.pairs[0].with_user(self.rep).get_comparison()["may_decide"]
        )

    def test_side_by_side_with_a_lead(self):
        lead = self.env["crm.lead"].create(
            {"name": "one", "email_from": "info@chiyan-test.example"}
        )
        data = self._pairs(lead)[:1].get_comparison()
        self.assertEqual(
            {record["model"] for record in data["records"]}, {"res.partner", "crm.lead"}
        )
        self.assertTrue(data["may_merge"], "the customers among them")
        [emails] = [line for line in data["fields"] if line["name"] == "email"]
        self.assertEqual(emails["values"].count("info@chiyan-test.example"), 2)
        self._pairs(self.trio).filtered(
            lambda p: p.right_model == p.left_model
        ).action_not_duplicate()
        data = self._pairs(lead)[:1].get_comparison()
        self.assertFalse(data["may_merge"])

    def test_why(self):
        answer = self.pairs[0].with_user(self.rep).explain("duplicate")
        self.assertIn("赤岩", answer["sentence"])
        self.assertFalse(answer["rule"]["id"])
        answer = self.pairs[0].with_user(self.steward).explain("duplicate")
        self.assertTrue(answer["rule"]["id"])

    def test_who_may_decide(self):
        for user in (self.rep, self.agent, self.analyst, self.plain):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.pairs[0].with_user(user).action_not_duplicate()
        with self.assertRaises(AccessError):
            self.pairs[0].with_user(self.steward).write({"state": "merged"})

    def test_pairs_of_hidden_records_are_hidden(self):
        self._hide_first()
        pairs = self.Pair.with_user(self.rep)
        found = pairs.search([("id", "in", self.pairs.ids)])
        self.assertEqual(len(found), 1)
        hidden = (self.pairs - found).with_user(self.rep)
        with self.assertRaises(AccessError):
            hidden.read(["left_name"])
        with self.assertRaises(AccessError):
            hidden[0].get_comparison()

    def test_merge_decides_and_undo_opens(self):
        pair = self.pairs.filtered(
            lambda p: {p.left_id, p.right_id} == {self.first.id, self.second.id}
        )
        action = pair.with_user(self.steward).action_merge()
        self.assertEqual(set(action["params"]["ids"]), {self.first.id, self.second.id})
        both = self.first | self.second
        operation_id = both.with_user(self.steward).crm_suite_merge(self.first.id)
        self.assertEqual(pair.state, "merged")
        self.env["crm.suite.operation"].browse(operation_id).action_undo()
        pair.invalidate_recordset()
        self.assertEqual(pair.state, "new")

    def test_what_a_merge_brings_together_is_noted(self):
        """By its new number the survivor is alike to a third one."""
        values = {"name": "蓝石材料", "is_company": True, "country_id": self.china.id}
        one, two, three = self.Partner.with_context(
            crm_suite_no_duplicate_check=KNOWN
        ).create(
            [
                {**values, "crm_suite_lifecycle_id": self.stage.id, **more}
                for more in (
                    {"name": "东方蓝石"},
                    {"name": "西部蓝石材料", "phone": "+862160001234"},
                    {"name": "东方蓝石材料", "phone": "+862160001234"},
                )
            ]
        )
        self._rule("company_name").active = False
        self.assertFalse(self._pairs(one))
        # Without the context of their creation, which asks for no check.
        both = self.Partner.browse([one.id, two.id]).with_user(self.steward)
        both.crm_suite_merge(one.id)
        pair = self._pairs(one).filtered(lambda p: p.right_id == three.id)
        self.assertEqual((pair.channel, pair.state), ("merge", "new"))

    def test_what_was_said_holds_for_who_stays(self):
        """Merged into the first, a customer is still no duplicate of a third one."""
        values = {"is_company": True, "country_id": self.china.id, "name": "东方蓝石"}
        values["crm_suite_lifecycle_id"] = self.stage.id
        self._by_value_alone("company_phone")
        one = self.Partner.create({**values, "name": "白鹤软件"})
        two, three = self.Partner.with_context(
            crm_suite_no_duplicate_check=KNOWN
        ).create([{**values, "phone": "+862160001234"} for _number in range(2)])
        self.env["crm.suite.duplicate.run"]._find_now("res.partner")
        self._pairs(two).with_user(self.steward).action_not_duplicate()
        both = self.Partner.browse([one.id, two.id]).with_user(self.steward)
        operation_id = both.crm_suite_merge(one.id)
        pair = self._pairs(one).filtered(lambda p: p.right_id == three.id)
        self.assertEqual(pair.state, "not_duplicate")
        self.assertEqual(pair.decided_by_id, self.steward)
        self.env["crm.suite.operation"].browse(operation_id).action_undo()
        self.assertFalse(pair.exists())

    def test_open_pairs_of_who_was_merged_go(self):
        both = self.first | self.second
        open_pairs = self.pairs.filtered(
            lambda p: self.third.id in (p.left_id, p.right_id)
        )
        stays = open_pairs.filtered(lambda p: self.first.id in (p.left_id, p.right_id))
        group = self.pairs.group_id
        self.assertEqual(len(group), 1)
        operation_id = both.with_user(self.steward).crm_suite_merge(self.first.id)
        self.assertEqual(open_pairs.exists(), stays)
        self.assertEqual(stays.group_id, stays)
        self.env["crm.suite.operation"].browse(operation_id).action_undo()
        self.assertEqual(set(open_pairs.exists().mapped("state")), {"new"})
        self.assertEqual(open_pairs.exists(), open_pairs)
        self.assertEqual(self.pairs.mapped("group_id"), group)
        self.assertTrue(all(self.pairs.mapped(lambda p: bool(p.group_id))))

    def test_bad_input(self):
        with self.assertRaises(UserError):
            self.pairs.with_user(self.steward).action_merge("1")
        with self.assertRaises(ValidationError):
            self.env["crm.suite.duplicate.rule"].create({"name": "empty"})
        with self.assertRaises(ValidationError):
            self._rule("company_name").term_ids.key = "city"

    def test_a_rule_counts_its_versions(self):
        rule = self._rule("company_name")
        before = rule.version
        rule.term_ids.threshold = 95
        self.assertEqual(rule.version, before + 1)

    def test_trying_a_rule_stores_nothing(self):
        before = self.Pair.search_count([])
        action = self._rule("company_name").with_user(self.steward).action_try()
        found = int(re.search(r"\d+", action["params"]["message"]).group())
        self.assertGreaterEqual(found, 3)
        self.assertEqual(self.Pair.search_count([]), before)
        with self.assertRaises(AccessError):
            self._rule("company_name").with_user(self.lead).action_try()

    def test_trying_a_rule_on_many_records_is_long_work(self):
        rule = self._rule("company_name")
        runs = self.env["crm.suite.duplicate.run"]
        expected = runs._count_matches(rule)
        before = self.Pair.search_count([])
        with (
            patch.object(duplicate_run, "LARGE", 0),
            patch.object(duplicate_trial, "TRIED", runs._count_records("res.partner")),
        ):
            action = rule.with_user(self.steward).action_try()
        message = action["params"]["message"]
        asked, found = map(int, re.findall(r"\d+", message)[:2])
        self.assertGreaterEqual(found, 3, "the three records are the newest")
        self.assertGreaterEqual(asked, found)
        self.assertIn(self.third.name, message)
        trial = runs.search(action["params"]["next"]["domain"])
        self.assertEqual((trial.slices, trial.progress), (2, 0))
        self.assertEqual(trial.user_id, self.steward)
        trial._do_slice()
        self.assertEqual((trial.state, trial.progress), ("open", 50))
        self.assertFalse(runs._get_due("res.partner") & trial)
        trial._do_slice()
        self.assertEqual((trial.state, trial.progress), ("done", 100))
        self.assertEqual(trial.matches, expected)
        self.assertFalse(trial.sudo().seen)
        self.assertEqual(self.Pair.search_count([]), before)

    def test_a_trial_begins_again_with_a_changed_rule(self):
        rule = self._rule("company_name")
        trial = self.env["crm.suite.duplicate.run"]._start_trial(rule)
        trial.slices = 2
        trial._do_slice()
        rule.term_ids.threshold = 100
        for _slice in range(2):
            self.assertEqual(trial.state, "open")
            trial._do_slice()
        self.assertEqual(trial.state, "done")
        self.assertEqual(trial.rule_version, rule.version)
        expected = self.env["crm.suite.duplicate.run"]._count_matches(rule)
        self.assertEqual(trial.matches, expected)

    def test_a_trial_ends_with_a_rule_that_is_too_loose(self):
        trial = self.env["crm.suite.duplicate.run"]._start_trial(
            self._rule("company_name")
        )
        trial.slices = 3
        with patch.object(duplicate_trial, "MOST_MATCHES", 0):
            while trial.state == "open":
                trial._do_slice()
            self.assertIn("too loose", trial._describe_matches())
        self.assertGreater(trial.matches, 0)

    def test_search_now(self):
        self.pairs.sudo().unlink()
        rules = self.env["crm.suite.duplicate.rule"]
        rules.with_user(self.lead).action_find()
        self.assertEqual(len(self._pairs(self.trio)), 3)
        with self.assertRaises(AccessError):
            rules.with_user(self.rep).action_find()
