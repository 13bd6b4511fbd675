from odoo.tests import tagged

from .tour_common import OnThePhone, TourCase


@tagged("post_install", "-at_install")
class TestDataOnThePhone(OnThePhone, TourCase):
    """Exports, import profiles and the changes of an operation are cards on a phone."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        [cls.steward] = cls._create_people(
            ("tour_data", "data_steward", "Tour Steward")
        )
        cls.partners = cls.env["res.partner"].create(
            [{"name": f"Tour {n}", "email": "old@example.com"} for n in range(3)]
        )

    def _open(self, path, tour):
        self.start_tour(f"/odoo/{path}", f"crm_suite_phone_{tour}", login="tour_data")

    def test_exports(self):
        domain = [("id", "in", self.partners.ids)]
        exports = self.env["crm.suite.export"].with_user(self.steward)
        exports._prepare_export(
            "res.partner", domain, ["name"], "csv"
        )._download().close()
        self._open("action-crm_suite_base.export_action", "exports")

    def test_profiles(self):
        self.env["crm.suite.import.profile"].create(
            {"name": "Tour Fair", "mode": "create", "key": "ref", "sequence": -1}
        )
        self._open("action-crm_suite_base.import_profile_action", "profiles")

    def test_changes_of_an_operation(self):
        self.partners.with_user(self.steward).web_save({"email": "new@example.com"}, {})
        operation = self.env["crm.suite.operation"].search([], limit=1)
        self.assertEqual(operation.kind, "mass_edit")
        self._open(f"bulk-operations/{operation.id}", "changes")
