from odoo.tests import tagged

from .import_common import ImportCommon


@tagged("post_install", "-at_install")
class TestMergeImport(ImportCommon):
    """Lists that still name merged customers."""

    def setUp(self):
        super().setUp()
        self.stays = self._customer(name="Nanfang", ref="MI-1", city="Wuhan")
        self.goes = self._customer(
            name="Nanfang Ltd", ref="MI-2", email="office@nanfang.cn"
        )
        (self.stays | self.goes).crm_suite_merge(self.stays.id)
        self.stays.email = False

    def test_row_of_a_merged_customer_makes_no_second_one(self):
        _batch, answer = self._import(
            "ref,name,city,email\n"
            "MI-1,Nanfang,Wuhan,\n"
            "MI-2,Nanfang Ltd,Shenzhen,office@nanfang.cn\n"
        )
        self.assertCounts(answer, updated=1, unchanged=1)
        self.assertEqual(
            (self.stays.name, self.stays.ref, self.stays.city, self.stays.email),
            ("Nanfang", "MI-1", "Wuhan", "office@nanfang.cn"),
        )
        again = self._import(
            "ref,name,city,email\nMI-2,Nanfang Ltd,Shenzhen,office@nanfang.cn\n"
        )[1]
        self.assertCounts(again, unchanged=1)

    def test_undone_merge_is_forgotten(self):
        self.goes.crm_suite_merge_id.action_undo()
        self._import("ref,name,city\nMI-2,Nanfang Ltd,Shenzhen\n")
        self.assertEqual((self.goes.city, self.stays.city), ("Shenzhen", "Wuhan"))

    def test_purchases_of_a_merged_customer_are_the_survivors(self):
        found = self.env["crm.suite.import.target.purchase"]._import_find_partners(
            [{"partner_id/ref": "MI-2"}, {"partner_id/ref": "MI-1"}]
        )
        ids = {text: {entry[0] for entry in entries} for text, entries in found.items()}
        self.assertEqual(ids, {"mi-1": {self.stays.id}, "mi-2": {self.stays.id}})
