from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import CustomerCase
from .import_common import ImportCommon

FILE = "名称,编号\n甲,A1\n"


@tagged("post_install", "-at_install")
class TestImportGiven(ImportCommon):
    """Programs give anything: the answer is a sentence, not a traceback."""

    def test_mapping(self):
        entry = {"index": 0, "header": "名称", "field": "name", "options": {}}
        for mapping in (
            "name",
            {"name": 1},
            [5],
            [{}],
            [{**entry, "index": "0"}],
            [{**entry, "header": None}],
            [{**entry, "field": ["name"]}],
            [{**entry, "options": [1]}],
            [{**entry, "options": {"date_order": "xyz"}}],
        ):
            with self.subTest(mapping=mapping), self.assertRaises(UserError):
                self._batch(FILE).mapping = mapping
            with self.subTest(mapping=mapping), self.assertRaises(UserError):
                self._batch(FILE, mapping=mapping)
        batch = self._batch(FILE, mapping=[entry])
        self.assertCounts(batch.action_run(), created=1)

    def test_mapping_of_a_profile(self):
        profiles = self.env["crm.suite.import.profile"]
        for mapping in ([1], "name", {"name": 1}):
            with self.subTest(mapping=mapping), self.assertRaises(UserError):
                profiles.create({"name": "P", "mapping": mapping})

    def test_target(self):
        for target in ("nothing", 5, ["customer"], False):
            with self.subTest(target=target):
                with self.assertRaises(UserError):
                    self._batch(FILE, target=target)
                with self.assertRaises(UserError):
                    self._batch(FILE).target = target
                with self.assertRaises(UserError):
                    self.env["crm.suite.import.batch"].get_columns(target)

    def test_cells_of_a_row(self):
        batch = self._batch(FILE)
        batch.action_dry_run()
        for raw in ("甲", {"a": 1}, [["甲"]], [{"a": 1}]):
            with self.subTest(raw=raw), self.assertRaises(UserError):
                batch.row_ids.raw = raw

    def test_long_cell(self):
        text = f"名称,编号,备注\n甲,A1,{'x' * 40_000}\n乙,B1,kurz\n"
        _batch, answer = self._import(text)
        self.assertCounts(answer, created=1, rejected=1)
        self.assertRefused(answer, 2, "备注", "40000 characters")

    def test_long_name_in_a_file(self):
        _batch, answer = self._import(f"名称,编号\n{'甲' * 600},A1\n乙,B1\n")
        self.assertCounts(answer, created=1, rejected=1)
        self.assertRefused(answer, 2, "名称", "no name is that long")


@tagged("post_install", "-at_install")
class TestGiven(CustomerCase):
    def test_quick_log(self):
        calls = self.env["crm.suite.call"].with_user(self.rep)
        good = {"partner_id": self.customer.id, "text": "hello"}
        for values in (
            {"kind": "smoke"},
            {"outcome": 5},
            {"date": "yesterday-ish"},
            {"duration": "long"},
            {"duration": 2**40},
            {"contact_id": {"a": 1}},
            {"contact_id": "Wang"},
        ):
            with self.subTest(values=values), self.assertRaises(UserError):
                calls.quick_log({**good, **values})
        self.assertTrue(calls.quick_log({**good, "kind": "visit", "duration": "15"}))

    def test_customer_page(self):
        for partner_id in ({"a": 1}, "1", [], [self.customer.id], None, True):
            with self.subTest(partner_id=partner_id), self.assertRaises(UserError):
                self.env["res.partner"].crm_suite_360(partner_id)

    def test_export(self):
        for names in ([5], "name", [None], {"name": 1}, [["name"]]):
            with self.subTest(names=names), self.assertRaises(UserError):
                self.env["res.partner"].crm_suite_export([], names)
        with self.assertRaises(UserError):
            self.env["res.partner"].crm_suite_export([], ["name"], ["xlsx"])

    def test_long_texts_in_upsert(self):
        partners = self.env["res.partner"]
        long = "".join(chr(0x4E00 + n % 5000) for n in range(100_000))
        for name in ("name", "ref", "email"):
            values = {"name": "Long", "ref": "LONG-1", name: long}
            with self.subTest(name=name), self.assertRaises(UserError):
                partners.crm_suite_upsert(values, "ref")
        with self.assertRaises(UserError):
            self.customer.name = long
        answers = partners.crm_suite_upsert(
            [{"name": long, "ref": "LONG-1"}, {"name": "Short", "ref": "LONG-2"}], "ref"
        )
        self.assertEqual([a["action"] for a in answers], ["error", "created"])

    def test_undo_dialog_of_a_foreign_operation(self):
        with self.env["crm.suite.operation"].record("mass_edit", "City") as operation:
            self.customer.city = "Shenzhen"
        wizards = self.env["crm.suite.operation.undo"]
        wizard = wizards.create({"operation_id": operation.id})
        self.assertEqual(wizard.restore_count, operation.undo_preview()["restore"])
        self.assertTrue(wizard.restore_count)
        with self.assertRaises(UserError):
            wizards.create({})
        with self.assertRaises(AccessError):
            wizards.with_user(self.rep).create({"operation_id": operation.id})
