import csv
import io
import os

from odoo.exceptions import UserError
from odoo.tests import tagged

from ..tools.tabular import open_table
from .import_common import ImportCommon, ImportHelpers
from .shared_data import shared_data
from .shared_files import OUTCOMES

TITLES = ("编号", "公司名称", "省份", "城市", "区县", "手机", "邮箱")


def chinese_companies(count):
    """Rows of :data:`TITLES`: names and places are real, the rest is made up."""
    names = shared_data("cn", "company_short_names.txt").read_text().split("\n")
    places = [
        {row["code"]: row["name"] for row in csv.DictReader(io.StringIO(text))}
        for text in (
            shared_data("cn", f"{level}.csv").read_text()
            for level in ("provinces", "cities")
        )
    ]
    provinces, cities = places
    areas = list(
        csv.DictReader(io.StringIO(shared_data("cn", "areas.csv").read_text()))
    )
    names = [name.strip() for name in names if name.strip()][:count]
    for number, name in enumerate(names):
        area = areas[number * 7 % len(areas)]
        yield (
            f"CN{number:05}",
            f"{name}有限公司",
            provinces[area["provinceCode"]],
            cities[area["cityCode"]],
            area["name"],
            f"139{number:08}",
            f"office{number}@example.cn",
        )


def as_csv(rows, encoding):
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(TITLES)
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


class RealCommon(ImportHelpers):
    def _check_chinese(self, count):
        """The same companies twice, as Excel and as Windows write them."""
        rows = list(chinese_companies(count))
        self.assertEqual(len(rows), count)
        batch = self._batch(as_csv(rows, "gb18030"), file_name="客户.csv", key="ref")
        answer = batch.action_run()
        self._work(batch)
        answer = batch.progress()
        self.assertCounts(answer, created=count)
        partners = self.env["res.partner"].search([("ref", "like", "CN_____")])
        found = {(p.ref, p.name, p.city, p.phone_sanitized, p.email) for p in partners}
        self.assertEqual(
            found,
            {
                (ref, name, city, f"+86{phone}", email)
                for ref, name, _province, city, _area, phone, email in rows
            },
        )
        self.assertEqual(partners.country_id.mapped("code"), ["CN"])
        again = self._batch(as_csv(rows, "utf-16"), file_name="客户.csv", key="ref")
        again.action_run()
        self._work(again)
        self.assertCounts(again.progress(), unchanged=count)


@tagged("post_install", "-at_install")
class TestImportReal(RealCommon, ImportCommon):
    """Files that nobody here wrote, with figures checked against the source."""

    def test_accounts_with_their_hierarchy(self):
        content = shared_data("maven_crm", "accounts.csv").read_bytes()
        rows = list(csv.DictReader(io.StringIO(content.decode())))
        names = [row["account"] for row in rows]
        known = len(self.partners.search([("name", "in", names)]))
        batch, answer = self._import(content, file_name="accounts.csv")
        self.assertCounts(answer, created=len(rows) - known, updated=known)
        partners = {
            partner.name: partner
            for partner in self.partners.search([("name", "in", names)])
        }
        self.assertEqual(len(partners), len(rows))
        for row in rows:
            partner = partners[row["account"]]
            self.assertTrue(partner.is_company)
            self.assertEqual(partner.industry_id.name.lower(), row["sector"])
            self.assertEqual(partner.crm_suite_employees, int(row["employees"]))
            self.assertEqual(partner.crm_suite_annual_revenue, float(row["revenue"]))
            self.assertEqual(partner.parent_id.name or "", row["subsidiary_of"])
        misspelt = partners["Bioholding"]
        self.assertEqual(misspelt.country_id.code, "PH")
        self.assertRefused(answer, 5, "office_location", "Philippines")
        subsidiaries = partners["Acme Corporation"].child_ids.filtered("is_company")
        self.assertEqual(len(subsidiaries), 4)
        batch.action_undo()
        self.assertEqual(self.partners.search_count([("name", "in", names)]), known)

    def test_chinese_companies(self):
        self._check_chinese(300)

    def test_all_chinese_companies_are_read(self):
        """Every row of both files; what becomes of them takes longer, see below."""
        rows = list(chinese_companies(19_999))
        for encoding in ("gb18030", "utf-16"):
            with open_table(as_csv(rows, encoding), "客户.csv") as table:
                self.assertEqual(table.columns, list(TITLES))
                found = [tuple(values) for _number, values in table.iter_rows()]
            self.assertEqual(len(found), 19_999)
            self.assertEqual(found, rows)


@tagged("post_install", "-at_install")
class TestImportNasty(ImportCommon):
    """Every file that breaks importers, through the whole import of customers."""

    def test_no_row_of_any_file_is_lost(self):
        folder = shared_data("files")
        created = 0
        for name, outcome in OUTCOMES.items():
            with self.subTest(file=name), self.env.cr.savepoint() as savepoint:
                content = (folder / name).read_bytes()
                if isinstance(outcome, str):
                    self._check_file_is_refused(content, name)
                else:
                    created += self._check_rows_add_up(content, name, outcome[2])
                savepoint.rollback()
        self.assertGreater(created, 1000)

    def _check_file_is_refused(self, content, name):
        with self.assertRaises(UserError) as refusal:
            self._batch(content, file_name=name.rpartition("/")[2]).action_run()
        self.assertRegex(str(refusal.exception), r"^[A-Z].*\.$")

    def _check_rows_add_up(self, content, name, count):
        """:return: how many customers it made"""
        batch = self._batch(content, file_name=name.rpartition("/")[2])
        batch.action_preview()
        fields = [entry["field"] for entry in batch.mapping]
        if "name" not in fields and fields:
            # Tables about other things: the first column is as good a name as any.
            self._map(batch, "name", *fields[1:])
        batch.action_run()
        self._work(batch)
        answer = batch.progress()
        ends = ("created", "updated", "unchanged", "rejected")
        self.assertEqual((batch.state, answer["pending"]), ("done", 0))
        self.assertEqual(answer["read"], count)
        self.assertEqual(sum(answer[end] for end in ends), count)
        refused = batch.row_ids.filtered(lambda row: row.state == "rejected")
        self.assertEqual(len(refused), answer["rejected"])
        for row in refused:
            self.assertTrue(row.number and row.message, (row.number, row.raw))
        return answer["created"]


@tagged("post_install", "-at_install")
class TestImportRealWhole(RealCommon, ImportCommon):
    """All companies of the file, twice."""

    def test_chinese_companies(self):
        if not os.environ.get("CRM_SUITE_LONG_TESTS"):
            self.skipTest("This takes minutes: set CRM_SUITE_LONG_TESTS=1.")
        self._check_chinese(19_999)
