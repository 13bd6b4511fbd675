from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from ..models import duplicate_query
from ..models.duplicate_entry import Channel
from .import_common import ImportHelpers
from .test_duplicate import VAT, DuplicateCase

MAIL = """\
Message-Id: <{id}@outside.example>
From: {sender}
To: {to}
Subject: 询价
Content-Type: text/plain; charset=utf-8

Hello
"""


@tagged("post_install", "-at_install")
class TestDuplicateMail(DuplicateCase):
    """Nobody is there to be told: mail is never refused, and the pair is noted."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.domain = cls.env["mail.alias.domain"].create(
            {"name": "duplicate-mail.example"}
        )

    def _deliver(self, model, sender, **defaults):
        alias = self.env["mail.alias"].create(
            {
                "alias_name": f"dup-{model.replace('.', '-')}",
                "alias_domain_id": self.domain.id,
                "alias_model_id": self.env["ir.model"]._get_id(model),
                "alias_contact": "everyone",
                "alias_defaults": repr(defaults),
            }
        )
        mail = MAIL.format(
            id=f"{model}-{sender}", sender=sender, to=alias.alias_full_name
        )
        thread = self.env["mail.thread"]
        return self.env[model].browse(thread.message_process(None, mail))

    def test_a_lead_of_a_known_customer(self):
        lead = self._deliver("crm.lead", "采购 <info@chiyan-test.example>")
        self.assertTrue(lead.exists())
        pairs = self._pairs(lead).filtered(lambda p: p.right_model == "res.partner")
        self.assertFalse(
            pairs.filtered(lambda p: p.right_id == self.first.id and lead.partner_id),
            "a lead is no duplicate of the customer it names",
        )
        again = self._deliver_again(lead)
        found = self._pairs(again).filtered(lambda p: p.left_model == p.right_model)
        self.assertTrue(lead.partner_id or found)

    def _deliver_again(self, lead):
        mail = MAIL.format(
            id="again",
            sender="采购 <info@chiyan-test.example>",
            to=f"dup-crm-lead@{self.domain.name}",
        )
        return lead.browse(self.env["mail.thread"].message_process(None, mail))

    def test_two_leads_of_a_stranger(self):
        lead = self._deliver("crm.lead", "Fremd <wer@unbekannt.example>")
        mail = MAIL.format(
            id="second",
            sender="Fremd <wer@unbekannt.example>",
            to=f"dup-crm-lead@{self.domain.name}",
        )
        second = lead.browse(self.env["mail.thread"].message_process(None, mail))
        pair = self._pairs(lead)
        self.assertEqual({pair.left_id, pair.right_id}, {lead.id, second.id})
        self.assertEqual((pair.channel, pair.state), ("mail", "new"))

    def test_a_customer_with_a_number_that_is_there(self):
        """What a form refuses comes in by mail and waits for a decision."""
        values = {
            "name": "赤岩测试仪器",
            "is_company": True,
            "country_id": self.china.id,
            "vat": VAT,
            "crm_suite_lifecycle_id": self.stage.id,
        }
        with self.assertRaises(ValidationError):
            self.Partner.with_context(crm_suite_channel=Channel("form")).create(
                dict(values)
            )
        name = values.pop("name")
        partner = self._deliver("res.partner", f"{name} <a@fremd.example>", **values)
        pair = self._pairs(partner)
        self.assertEqual(
            {pair.left_id, pair.right_id}, {partner.id, self.first.id}, pair
        )
        self.assertEqual((pair.channel, pair.state), ("mail", "new"))


@tagged("post_install", "-at_install")
class TestDuplicateHostImport(DuplicateCase):
    """The host's import is a way of its own; that it is one, only the server says."""

    def _values(self):
        return {
            "name": "完全不同的公司",
            "is_company": True,
            "country_id": self.china.id,
            "vat": VAT,
            "crm_suite_lifecycle_id": self.stage.id,
        }

    def _load(self, records):
        """Import a file with one row, as the window of the host does."""
        values = {**self._values(), "country_id": "China"}
        values["crm_suite_lifecycle_id"] = self.stage.name
        names = list(values)
        text = ",".join(names) + "\n" + ",".join(map(str, values.values())) + "\n"
        wizard = records.env["base_import.import"].create(
            {
                "res_model": records._name,
                "file": text.encode(),
                "file_type": "text/csv",
                "file_name": "a.csv",
            }
        )
        options = {"quoting": '"', "separator": ",", "has_headers": True}
        return wizard.execute_import(names, names, options)

    def _count_noted(self, hooks):
        """How many questions will be written down at the end of the transaction."""
        return sum(
            getattr(hook, "func", None) is duplicate_query._write_told
            for hook in hooks._funcs
        )

    def test_the_import_has_its_own_reaction(self):
        rule = self._rule("company_vat")
        rule.write({"on_import": "queue", "on_api": "block"})
        answer = self._load(self.Partner)
        self.assertTrue(answer["ids"], answer)
        pair = self._pairs(self.Partner.browse(answer["ids"]))
        self.assertEqual(pair.channel, "import")

    def test_no_caller_says_that_he_imports(self):
        self._rule("company_vat").write({"on_import": "off", "on_api": "block"})
        partners = self.Partner.with_user(self.rep).with_context(import_file=True)
        with self.assertRaises(ValidationError):
            partners.create(self._values())

    def test_refusals_are_noted_by_whatever_way(self):
        """Also of a row, without which the import goes on."""
        self._hide_first()
        cr = self.env.cr
        partners = self.Partner.with_user(self.rep)
        for context in (
            {},
            {"import_file": True},
            {"crm_suite_refusals_by_row": True},
        ):
            with self.subTest(context):
                before = self._count_noted(cr.postrollback)
                with self.assertRaises(UserError), cr.savepoint():
                    partners.with_context(**context).create(self._values())
                self.assertEqual(self._count_noted(cr.postrollback), before + 1)
        names = list(self._values())
        row = [str(value) for value in self._values().values()]
        paths = [f"{name}/.id" if name.endswith("_id") else name for name in names]
        for load in (
            lambda: partners.load(paths, [row])["messages"],
            lambda: self._load(partners)["messages"],
        ):
            before = self._count_noted(cr.postcommit)
            self.assertIn("already there", repr(load()))
            self.assertGreater(self._count_noted(cr.postcommit), before)


@tagged("post_install", "-at_install")
class TestDuplicateImport(ImportHelpers, DuplicateCase):
    """Rows that the key of the file does not find are shown to the rules."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partners = cls.Partner

    def _row(self, batch):
        return batch.row_ids.filtered(lambda row: row.number == 2)

    def test_a_warning_stands_beside_the_row(self):
        batch, answer = self._import("名称,编号\n赤岩测试仪器有限公司,DUP-1\n")
        self.assertCounts(answer, created=1)
        self.assertIn("may be the same as", str(self._row(batch).problems))
        partner = self._by_ref("DUP-1")
        pair = self._pairs(partner)
        self.assertEqual({pair.left_id, pair.right_id}, {partner.id, self.first.id})
        self.assertEqual(pair.channel, "import")
        batch.action_undo()
        self.assertFalse(partner.exists(), "what was only noticed holds nothing back")
        self.assertFalse(pair.exists())

    def test_what_is_refused_is_the_record_that_is_there(self):
        batch, answer = self._import(
            f"名称,编号,税号\n赤岩仪器,DUP-2,{VAT}\n", duplicate_policy="update"
        )
        self.assertCounts(answer, updated=1)
        self.assertEqual(self.first.ref, "DUP-2")

    def test_a_person_decides_about_a_row(self):
        batch = self._batch("名称,编号\n赤岩测试仪器有限公司,DUP-3\n")
        batch.action_dry_run()
        self._row(batch).decision = "update"
        self.assertCounts(batch.action_run(), updated=1)
        self.assertEqual(self.first.ref, "DUP-3")

    def test_two_rows_of_one_customer(self):
        text = "名称,编号,税号\n蓝石材料,DUP-4,91310000MA1FL0LX8Y\n蓝石材料公司,DUP-5,91310000MA1FL0LX8Y\n"
        batch, answer = self._import(text)
        self.assertEqual(answer["created"], 1, "the second one is refused")
        self.assertEqual(len(self._by_ref("DUP-4", "DUP-5")), 1)

    def test_the_database_is_searched_once(self):
        """What the preview found holds for what is created; besides, the rows of the
        file are compared with each other, also after one of them was refused."""
        text = (
            "名称,编号,税号\n蓝石材料有限公司,DUP-6,91310000MA1FL0LX8Y\n"
            "赤岩测试仪器有限公司,DUP-7,\n蓝石材料,DUP-8,\n"
            "白石材料,DUP-9,91310000MA1FL0LX8Y\n"
        )
        search = self.registry["res.partner"]._duplicate_candidates
        with patch.object(
            self.registry["res.partner"], "_duplicate_candidates", autospec=True
        ) as searched:
            searched.side_effect = search
            _batch, answer = self._import(text)
        self.assertEqual(searched.call_count, 1)
        self.assertEqual(answer["created"], 3)
        blue, red, other = self._by_ref("DUP-6", "DUP-7", "DUP-8", "DUP-9")
        pair = self._pairs(blue)
        self.assertEqual({pair.left_id, pair.right_id}, {blue.id, other.id})
        pair = self._pairs(red)
        self.assertEqual({pair.left_id, pair.right_id}, {red.id, self.first.id})
        self.assertEqual(pair.channel, "import")

    def test_what_a_hook_changes_is_asked_again(self):
        create = self.registry["res.partner"].create

        def renamed(partners, vals_list):
            return create(
                partners,
                [{**vals, "name": "赤岩测试仪器有限公司"} for vals in vals_list],
            )

        with patch.object(self.registry["res.partner"], "create", renamed):
            self._import("名称,编号\n黑石仪表,DUP-10\n")
        partner = self._by_ref("DUP-10")
        pair = self._pairs(partner)
        self.assertEqual({pair.left_id, pair.right_id}, {partner.id, self.first.id})

    def _told(self):
        """What will be written down at the end of the transaction."""
        return [
            row
            for hook in self.env.cr.postcommit._funcs
            if getattr(hook, "func", None) is duplicate_query._write_told
            for row in hook.args[1]
        ]

    def test_what_is_told_of_hidden_customers_is_noted(self):
        """Also by a check, which leaves nothing else; beyond the limit nothing is told."""
        self._hide_first()
        self.first.user_id = self.rep
        self.env["ir.config_parameter"].set_param(
            "crm_suite_base.conflict_check_limit", 2
        )
        self.env = self.env(user=self.lead)
        text = (
            f"名称,编号,税号\n完全不同的公司,DUP-11,{VAT}\n"
            "赤岩测试仪器有限公司,DUP-12,\n赤岩测试仪器公司,DUP-13,\n"
        )
        batch = self._batch(text)
        batch.action_dry_run()
        refused, warned, silent = batch.row_ids.sorted("number").mapped("message")
        self.assertIn("already there: A colleague has it", refused)
        self.assertIn("may be there already: A colleague has it", warned)
        self.assertFalse(silent)
        told = self._told()
        self.assertEqual([row["channel"] for row in told], ["import", "import"])
        self.assertEqual({row["user_id"] for row in told}, {self.lead.id})
        self.assertEqual(told[0]["hits"], [["res.partner", self.first.id]])
        self.assertIn(VAT, told[0]["asked"])
        self.assertFalse(self.env["crm.suite.duplicate.query"]._has_left())

    def test_a_refused_contact_is_noted_once(self):
        """Contacts are not shown to the rules before they are written."""
        self._hide_first()
        self.first.user_id = self.rep
        self._by_value_alone("email").on_import = "block"
        self.env = self.env(user=self.lead)
        text = (
            "名称,编号,联系人,联系人邮箱\n"
            "绿石材料,DUP-14,王五,info@chiyan-test.example\n紫石仪表,DUP-15,,\n"
        )
        batch = self._batch(text)
        self._map(batch, "name", "ref", "contact/name", "contact/email")
        batch.action_dry_run()
        refused, taken = batch.row_ids.sorted("number").mapped("message")
        self.assertIn("already there: A colleague has it", refused)
        self.assertFalse(taken)
        self.assertEqual(len(self._told()), 1)
