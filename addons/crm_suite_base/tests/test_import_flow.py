import base64
import io
import xmlrpc.client

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..tools.tabular import open_table
from .import_common import ImportCommon

FILE = (
    "名称,编号,邮箱,电话,城市\n"
    "深圳甲公司,A1,INFO@jia.example,0755-86013388 转 8001,深圳\n"
    "广州乙公司,B1,yi@yi.example,,广州\n"
    "坏公司,C1,notmail,,\n"
)


@tagged("post_install", "-at_install")
class TestImportFlow(ImportCommon):
    def test_preview_guesses_mapping_and_encoding(self):
        for encoding in ("utf-8", "utf-8-sig", "gb18030", "utf-16"):
            with self.subTest(encoding):
                batch = self._batch(FILE, encoding)
                self.assertEqual(batch.state, "previewed")
                fields = [entry["field"] for entry in batch.mapping]
                self.assertEqual(fields, ["name", "ref", "email", "phone", "city"])
                self.assertEqual(batch.preview["rows"][0][0], "深圳甲公司")
                self.assertEqual(batch.preview["header_row"], 1)

    def test_batch_travels_over_xmlrpc(self):
        """XML-RPC refuses an answer in which any value is missing."""
        names = ["preview", "mapping", "totals", "key_choice"]
        for text in (FILE, "x\n" + "y\n" * 1000, "?,名称\n1,甲公司\n"):
            batch = self._batch(text)
            self.assertTrue(xmlrpc.client.dumps((batch.read(names),)))

    def test_dry_run_tells_and_changes_nothing(self):
        before = self.partners.search_count([])
        batch = self._batch(FILE)
        answer = batch.action_dry_run()
        self.assertEqual(answer["state"], "ready")
        self.assertCounts(answer, created=2, rejected=1)
        self.assertRefused(answer, 4, "邮箱", "notmail")
        self.assertEqual(self.partners.search_count([]), before)
        self.assertFalse(batch.operation_id)
        self.assertCounts(batch.action_run(), created=2, rejected=1)

    def test_values_arrive_normalised(self):
        self._import(FILE)
        partner = self._by_ref("A1")
        self.assertRecordValues(
            partner,
            [
                {
                    "name": "深圳甲公司",
                    "email": "info@jia.example",
                    "phone": "+8675586013388",
                    "crm_suite_phone_extension": "8001",
                    "is_company": True,
                    "crm_suite_lifecycle_id": self.partners._crm_suite_first_stage().id,
                }
            ],
        )

    def test_same_file_twice_changes_nothing(self):
        self._import(FILE)
        batch, answer = self._import(FILE, "gb18030")
        self.assertCounts(answer, unchanged=2, rejected=1)
        self.assertEqual(batch.operation_id.record_count, 0)

    def test_update_changes_only_what_differs(self):
        self._import(FILE)
        self._by_ref("B1").city = "东莞"
        _batch, answer = self._import(
            "编号,名称,城市\nA1,深圳甲公司,\nB1,广州乙公司,佛山\n"
        )
        self.assertCounts(answer, updated=1, unchanged=1)
        self.assertEqual(self._by_ref("A1", "B1").mapped("city"), ["深圳", "佛山"])

    def test_empty_cells_erase_if_wanted(self):
        self._import(FILE)
        self._import("编号,名称,城市\nA1,深圳甲公司,\n", clear_empty=True)
        self.assertFalse(self._by_ref("A1").city)

    def test_mode_create_leaves_existing_alone(self):
        customer = self._customer(name="旧名", ref="A1")
        batch, answer = self._import(FILE, mode="create")
        self.assertCounts(answer, created=1, unchanged=1, rejected=1)
        self.assertEqual(customer.name, "旧名")
        self.assertEqual(
            batch.row_ids.filtered(lambda r: r.number == 2).res_id, customer.id
        )

    def test_mode_update_creates_nothing(self):
        self._customer(name="旧名", ref="A1")
        _batch, answer = self._import(FILE, mode="update")
        self.assertCounts(answer, updated=1, rejected=2)
        self.assertRefused(answer, 3, "编号", "Nothing to update")
        self.assertFalse(self._by_ref("B1"))

    def test_duplicate_policies(self):
        for policy, counts in (
            ("skip", {"unchanged": 1}),
            ("reject", {"rejected": 1}),
            ("update", {"updated": 1}),
            ("create", {"created": 1}),
        ):
            with self.subTest(policy), self.env.cr.savepoint() as savepoint:
                self._customer(name="旧名", ref="X9")
                text = "名称,编号\n新名,X9\n"
                _batch, answer = self._import(text, duplicate_policy=policy)
                self.assertCounts(answer, **counts)
                savepoint.rollback()

    def test_decision_for_a_single_row(self):
        self._customer(name="旧名", ref="A1")
        self._customer(name="旧名", ref="B1")
        batch = self._batch(FILE)
        batch.action_dry_run()
        batch.row_ids.filtered(lambda row: row.number == 2).decision = "skip"
        self.assertCounts(batch.action_run(), updated=1, unchanged=1, rejected=1)
        self.assertEqual(
            self._by_ref("A1", "B1").mapped("name"), ["旧名", "广州乙公司"]
        )

    def test_two_records_for_one_key_are_not_guessed(self):
        self._customer(name="甲", ref="A1")
        self._customer(name="乙", ref="A1")
        _batch, answer = self._import("名称,编号\n丙,A1\n")
        self.assertCounts(answer, rejected=1)
        self.assertRefused(answer, 2, "编号", "2 records match")

    def test_empty_key_matches_same_name_with_empty_key(self):
        text = "名称,邮箱\n没有邮箱公司,\n"
        _batch, answer = self._import(text)
        self.assertCounts(answer, created=1)
        _batch, answer = self._import(text)
        self.assertCounts(answer, unchanged=1)
        self.assertEqual(self.partners.search_count([("name", "=", "没有邮箱公司")]), 1)

    def test_row_repeated_in_the_file(self):
        text = "名称,编号\n甲,A1\n甲,A1\n另名,A1\n"
        batch, answer = self._import(text)
        self.assertCounts(answer, created=1, unchanged=1, rejected=1)
        self.assertRefused(answer, 4, "编号", "Row 2 has the same key")
        _batch, unnamed = self._import("名称,编号\n无号公司,\n无号公司 ,\n无号公司,\n")
        self.assertCounts(unnamed, created=1, unchanged=2)
        _batch, unnamed = self._import("名称,编号,城市\n丙丙,,甲\n丙丙,,乙\n")
        self.assertRefused(unnamed, 3, "名称", "Row 2 has the same key")
        row = batch.row_ids.filtered(lambda row: row.number == 4)
        row.decision = "update"
        answer = row.action_retry()
        self.assertCounts(answer, created=1, unchanged=1, updated=1)
        self.assertEqual(self._by_ref("A1").name, "另名")

    def test_rejected_row_is_fixed_in_place(self):
        batch, _answer = self._import(FILE)
        row = batch.row_ids.filtered(lambda row: row.state == "rejected")
        self.assertEqual(row.number, 4)
        row.raw = ["好公司", "C1", "c@c.example", None, None]
        answer = row.action_retry()
        self.assertCounts(answer, created=3)
        self.assertEqual(self._by_ref("C1").email, "c@c.example")
        with self.assertRaisesRegex(UserError, "imported"):
            row.raw = ["x"]
        batch.action_undo()
        self.assertFalse(self._by_ref("A1", "B1", "C1"), "a retried row is undone too")

    def test_error_file_can_be_fixed_and_imported(self):
        batch, _answer = self._import(FILE)
        content = base64.b64decode(batch.error_file)
        table = open_table(content, "errors.xlsx")
        self.assertEqual(table.columns[:3], ["名称", "编号", "邮箱"])
        ((_number, values),) = list(table.iter_rows())
        self.assertEqual(values[0], "坏公司")
        self.assertIn("notmail", values[-1])
        fixed, answer = self._import(content, file_name="errors.xlsx")
        self.assertCounts(answer, rejected=1)
        fields = [entry["field"] for entry in fixed.mapping]
        self.assertEqual(fields, ["name", "ref", "email", "phone", "city", "", ""])

    def test_template_is_understood_by_its_own_import(self):
        # Leads are made by sales people only.
        self.steward.sudo().group_ids += self.env.ref("sales_team.group_sale_salesman")
        for profile in self.env["crm.suite.import.profile"].search([]):
            with self.subTest(profile.target):
                content = base64.b64decode(profile.template_file)
                table = open_table(io.BytesIO(content).getvalue(), "template.xlsx")
                target = self.env["crm.suite.import.target"]._import_target(
                    profile.target
                )
                labels = [column.label for column in target._import_columns()]
                self.assertEqual(len(table.columns), len(labels))
                batch = self._batch(
                    content, file_name="template.xlsx", profile_id=profile.id
                )
                self.assertEqual(batch.target, profile.target)
                fields = [entry["field"] for entry in batch.mapping]
                names = [column.name for column in target._import_columns()]
                self.assertEqual(fields, names[: len(fields)])
                answer = batch.action_dry_run()
                self.assertEqual(answer["read"], 0, "the example is no record")
                values = [row.values for row in table.iter_rows()]
                self.assertEqual(len(values), 1)

    def test_template_of_another_language_is_understood(self):
        self.env["res.lang"].sudo()._activate_lang("zh_CN")
        for target in ("customer", "contact"):
            columns = (
                self.env["crm.suite.import.target"]
                .with_context(lang="zh_CN")
                ._import_target(target)
                ._import_columns()
            )
            head = ",".join(column.label for column in columns)
            batch = self._batch(f"{head}\n{',' * (len(columns) - 1)}x\n", target=target)
            self.assertEqual(
                [entry["field"] for entry in batch.mapping],
                [column.name for column in columns],
            )

    def test_changed_example_row_of_the_template_is_imported(self):
        content = (
            "名称,编号,邮箱,城市\n"
            "深圳示例电子有限公司,C-0001,info@example.com,深圳\n"
            "深圳示例电子有限公司,C-0002,info@example.com,深圳\n"
        )
        batch = self._batch(content.encode())
        self.assertEqual(batch.action_dry_run()["read"], 1)

    def test_profile_remembers_the_mapping(self):
        batch = self._batch("Wer,Nummer\n甲,A1\n")
        self._map(batch, "name", "ref")
        batch.key = "name"
        batch.action_remember()
        profile = batch.profile_id
        self.assertEqual(profile.user_id, self.steward)
        again = self._batch("Nummer,Wer\nA1,甲\n", profile_id=profile.id)
        self.assertEqual([e["field"] for e in again.mapping], ["ref", "name"])
        self.assertEqual(again.key, "name")

    def test_missing_column_is_named(self):
        batch = self._batch("编号,城市\nA1,深圳\n")
        with self.assertRaisesRegex(UserError, "Name"):
            batch.action_dry_run()

    def test_key_without_column_is_named(self):
        batch = self._batch(FILE, key="vat")
        with self.assertRaisesRegex(UserError, "Tax ID"):
            batch.action_run()

    def test_refused_file_says_why(self):
        batch = self._batch(b"%PDF-1.7 nothing", file_name="customers.csv")
        self.assertEqual(batch.state, "draft")
        self.assertIn("PDF", batch.message)
        with self.assertRaisesRegex(UserError, "PDF"):
            batch.action_dry_run()

    def test_broken_row_is_refused_and_counted(self):
        text = '名称,编号\n甲,A1\n乙,B1,zu,viel\n"丙,C1\n'
        _batch, answer = self._import(text)
        self.assertCounts(answer, created=2, rejected=1)
        self.assertRefused(answer, 3, "", "surplus")
        # Read as it stands, and said so.
        self.assertRefused(answer, 4, "名称", "quotation marks")

    def test_undo_takes_back_what_was_created_and_changed(self):
        customer = self._customer(
            name="旧名", ref="A1", city="旧城", phone="13800138000"
        )
        values = ["name", "city", "phone", "email", "crm_suite_phone_extension"]
        before = customer.read(values)
        batch, answer = self._import(FILE)
        self.assertCounts(answer, created=1, updated=1, rejected=1)
        created = self._by_ref("B1")
        answer = batch.action_undo()
        self.assertEqual(answer["kept_count"], 0)
        self.assertEqual(answer["import"]["state"], "done")
        self.assertEqual(batch.operation_state, "undone")
        self.assertFalse(batch.can_undo)
        self.assertFalse(answer["import"]["undo_until"])
        self.assertFalse(created.exists())
        self.assertEqual(customer.read(values), before)

    def test_nothing_is_imported_after_the_undo(self):
        """What came after would belong to an act that nobody can take back any more."""
        batch, _answer = self._import(FILE)
        batch.action_undo()
        row = batch.row_ids.filtered(lambda row: row.state == "rejected")
        row.raw = ["好公司", "C1", "c@c.example", None, None]
        batch.sudo().state = "cancelled"
        for act in (row.action_retry, batch.action_run):
            with self.assertRaisesRegex(UserError, "was undone by"):
                act()
        self.assertFalse(self._by_ref("C1"))
        batch.operation_id.undo_operation_id.action_undo()
        row.action_retry()
        self.assertTrue(self._by_ref("C1"))

    def test_an_import_undone_in_part_can_be_undone_whole(self):
        batch, _answer = self._import(FILE)
        one, other = self._by_ref("A1", "B1")
        batch.operation_id.action_undo({"res.partner": one.ids})
        self.assertFalse(one.exists())
        self.assertEqual(batch.operation_state, "partly_undone")
        self.assertTrue(batch.can_undo)
        self.assertTrue(batch.progress()["undo_until"])
        batch.action_undo()
        self.assertFalse(other.exists())
        self.assertEqual(batch.operation_state, "undone")

    def test_undo_keeps_what_was_edited_since(self):
        batch, _answer = self._import(FILE)
        kept, gone = self._by_ref("A1", "B1")
        kept.city = "东莞"
        self.env.flush_all()
        answer = batch.action_undo()
        self.assertEqual([entry["res_id"] for entry in answer["kept"]], [kept.id])
        self.assertTrue(kept.exists())
        self.assertFalse(gone.exists())

    def test_finished_import_cannot_be_run_again(self):
        batch, _answer = self._import(FILE)
        with self.assertRaises(UserError):
            batch.action_run()
        with self.assertRaises(UserError):
            batch.key = "email"

    def test_vcards(self):
        cards = (
            "BEGIN:VCARD\nVERSION:3.0\nFN:Wang Lei\nORG:甲公司\nTITLE:采购\n"
            "EMAIL:wang@jia.example\nTEL;TYPE=CELL:13800138000\nEND:VCARD\n"
        )
        batch = self._batch(cards, file_name="wang.vcf", target="contact")
        answer = batch.action_run()
        self.assertCounts(answer, created=1)
        wang = self.partners.search([("email", "=", "wang@jia.example")])
        self.assertEqual(wang.name, "Wang Lei")
        self.assertEqual(wang.phone, "+8613800138000")
        self.assertFalse(wang.is_company)
        self.assertEqual(wang.parent_id.name, "甲公司")
        self.assertEqual(answer["implied"], 1)
