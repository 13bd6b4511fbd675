from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestExportTour(HttpCase):
    def test_export_from_the_list(self):
        """Gear menu, columns, download: what the guide promises, in a browser."""
        user = new_test_user(
            self.env,
            "ex_tour",
            groups="crm_suite_base.group_crm_suite_sales_manager",
        )
        user.write({"lang": "en_US"})
        stage = self.env.ref("crm_suite_base.lifecycle_stage_lead")
        self.env["res.partner"].create(
            [
                {
                    "name": f"Tour {number}",
                    "crm_suite_lifecycle_id": stage.id,
                    "user_id": user.id,
                }
                for number in range(3)
            ]
        )
        self.start_tour(
            "/odoo/action-crm_suite_base.customer_action",
            "crm_suite_export",
            login="ex_tour",
        )
        export = self.env["crm.suite.export"].search([("user_id", "=", user.id)])
        self.assertEqual((export.state, export.model), ("done", "res.partner"))
        self.assertGreaterEqual(export.row_count, 3)
        self.assertNotIn("is_company", export.columns.split("\n"))
