import io

from openpyxl import load_workbook

from odoo.tests import tagged

from .custom_field_common import CustomFieldCase
from .tour_common import TourCase

ACTION = "/odoo/action-crm_suite_base."


@tagged("post_install", "-at_install")
class TestFieldTour(CustomFieldCase, TourCase):
    """Fields are made by an administrator of the suite, who is none of the system, and
    used by everybody else; in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper, cls.boss = cls._create_people(
            ("tour_keeper", "admin", "Tour Keeper"),
            ("tour_boss", "sales_manager", "Tour Boss"),
        )
        cls.env["crm.suite.field.section"].create(
            [
                {"name": name, "model": "res.partner"}
                for name in ("Tour Contract", "Tour Terms")
            ]
        )

    def _make_customers(self):
        stage = self.env.ref("crm_suite_base.lifecycle_stage_lead")
        return self.env["res.partner"].create(
            [
                {
                    "name": name,
                    "is_company": True,
                    "user_id": self.boss.id,
                    "crm_suite_lifecycle_id": stage.id,
                }
                for name in ("Tour Buyer", "Tour Other")
            ]
        )

    def test_field_from_the_wizard_into_an_export(self):
        self.assertFalse(self.keeper.has_group("base.group_system"))
        terms = self.env["crm.suite.field.section"].search(
            [("name", "=", "Tour Terms")]
        )
        self.add("Tour Filler", section_id=terms.id)
        buyer, _other = self._make_customers()
        self.start_tour(
            f"{ACTION}field_action_customer",
            "crm_suite_field_make",
            login="tour_keeper",
            timeout=120,
        )
        field = self.env["crm.suite.field"].search([("name", "=", "Tour Number")])
        self.assertEqual(field.section_id, terms)
        self.start_tour(
            f"/odoo/crm-customers/{buyer.id}", "crm_suite_field_fill", login="tour_boss"
        )
        self.env.invalidate_all()
        self.assertEqual(buyer.x_crm_tour_number, "TN-4711")
        self.start_tour(
            "/odoo/crm-customers", "crm_suite_field_find", login="tour_boss"
        )
        export = self.env["crm.suite.export"].search(
            [("user_id", "=", self.boss.id)], limit=1
        )
        self.assertEqual((export.state, export.row_count), ("done", 1))
        self.assertIn("x_crm_tour_number", export.columns.split("\n"))
        self.assertIn("TN-4711", self._exported())

    def _exported(self):
        """All cells of the same export, asked for by a program."""
        exports = self.env["crm.suite.export"].with_user(self.boss)
        export = exports._prepare_export(
            "res.partner",
            [("x_crm_tour_number", "=", "TN-4711")],
            ["name", "x_crm_tour_number"],
            "xlsx",
        )
        output = io.BytesIO()
        export._write_to(output)
        sheet = load_workbook(output).active
        return [cell for row in sheet.iter_rows(values_only=True) for cell in row]

    def test_field_that_leads_to_another_record(self):
        self.assertFalse(self.keeper.has_group("base.group_erp_manager"))
        self.start_tour(
            f"{ACTION}field_action_customer",
            "crm_suite_field_relation",
            login="tour_keeper",
            timeout=120,
        )
        field = self.env["crm.suite.field"].search([("name", "=", "Tour Home")])
        self.assertEqual(field.relation_id.model, "res.country")

    def test_package(self):
        self.add("Tour Filler")
        self.start_tour(
            f"{ACTION}field_package_action",
            "crm_suite_field_package",
            login="tour_keeper",
            timeout=120,
        )
        package = self._get_downloaded()
        self.assertEqual(package["format"], "crm_suite_fields")
        self.assertIn("x_crm_tour_filler", str(package))
        field = self.env["crm.suite.field"].search([("name", "=", "Tour Packed")])
        self.assertEqual(field.technical_name, "x_crm_tour_packed")
        self.assertEqual(field.section_id.name, "Tour Packed Section")
        self.assertIn("x_crm_tour_packed", self.env["res.partner"]._fields)

    def _get_downloaded(self):
        """What the button of the tour has downloaded."""
        packages = self.env["crm.suite.field.package"]
        wizard = packages.search([("create_uid", "=", self.keeper.id)], limit=1)
        wizard.mode = "export"
        self.authenticate("tour_keeper", "tour_keeper")
        return self.url_open(
            wizard.with_user(self.keeper).action_export()["url"]
        ).json()


@tagged("post_install", "-at_install")
class TestBiTour(TourCase):
    """An administrator of the suite makes an access for reports, in a browser."""

    def test_access(self):
        [_keeper] = self._create_people(("tour_keeper", "admin", "Tour Keeper"))
        accesses = self.env["crm.suite.bi.access"]
        accesses.search([]).unlink()
        self.start_tour(
            f"{ACTION}bi_access_action", "crm_suite_bi_access", login="tour_keeper"
        )
        self.assertEqual(accesses.search([]).role, "tour_bi_role")
        self.env.cr.execute(
            "SELECT rolcanlogin FROM pg_roles WHERE rolname = 'tour_bi_role'"
        )
        self.assertEqual(self.env.cr.fetchall(), [(True,)])
