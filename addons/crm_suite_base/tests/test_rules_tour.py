from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestRulesTour(HttpCase):
    """A data steward changes a rule, sees whom it moves, applies it, undoes it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.steward = new_test_user(
            cls.env,
            "tour_steward",
            "crm_suite_base.group_crm_suite_data_steward",
            tz="UTC",
            lang="en_US",
        )
        cls.customer = cls.env["res.partner"].create(
            {
                "name": "Tour Customer",
                "is_company": True,
                "crm_suite_lifecycle_id": cls.env.ref(
                    "crm_suite_base.lifecycle_stage_lead"
                ).id,
            }
        )
        rules = cls.env["crm.suite.grade.rule"]
        rules.search([]).write({"active": False, "version": 0, "published": False})
        cls.rule = rules.create(
            {
                "name": "Tour Rule",
                "grade_id": cls.env.ref("crm_suite_base.grade_a").id,
                "domain": "[('name', '=', 'Tour Customer')]",
            }
        )
        cls.rule._publish(cls.rule._get_draft())
        # Everybody: beside demo customers, too, only one shall change in the tour.
        rules._recalculate()

    def test_rules(self):
        self.start_tour(
            "/odoo/action-crm_suite_base.grade_rule_action",
            "crm_suite_rules",
            login="tour_steward",
            timeout=180,
        )
        self.assertEqual(self.rule.state, "published")
        self.assertEqual(self.customer.crm_suite_grade_id.code, "A")
        operation = self.env["crm.suite.operation"].search(
            [("user_id", "=", self.steward.id), ("kind", "=", "rule")]
        )
        self.assertEqual(operation.state, "undone")

    def test_why(self):
        self.start_tour(
            f"/odoo/crm-customers/{self.customer.id}",
            "crm_suite_why",
            login="tour_steward",
            timeout=120,
        )
