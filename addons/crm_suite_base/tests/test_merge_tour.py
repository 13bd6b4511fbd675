from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestMergeTour(HttpCase):
    """What the guide promises to a sales lead, in a browser."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.lead = new_test_user(
            cls.env,
            "tour_merge",
            "crm_suite_base.group_crm_suite_sales_lead",
            name="Tour Lead",
            email="tour.merge@example.com",
            tz="UTC",
            lang="en_US",
        )
        stage = cls.env.ref("crm_suite_base.lifecycle_stage_lead")
        values = {"is_company": True, "crm_suite_lifecycle_id": stage.id}
        cls.one, cls.two = cls.env["res.partner"].create(
            [
                {
                    **values,
                    "name": "AAA Merge One",
                    "email": "one@example.com",
                    "crm_suite_needs": "Longer cables",
                },
                {**values, "name": "AAA Merge Two", "email": "two@example.com"},
            ]
        )
        cls.one.message_post(body="From the first")

    def test_merge_and_undo(self):
        self.start_tour("/odoo/crm-customers", "crm_suite_merge", login="tour_merge")
        operation = self.env["crm.suite.operation"].search(
            [("kind", "=", "merge"), ("user_id", "=", self.lead.id)]
        )
        self.assertEqual(operation.state, "undone")
        self.assertTrue(self.one.active)
        self.assertEqual(self.two.name, "AAA Merge Two")

    def test_old_link(self):
        (self.one | self.two).with_user(self.lead).crm_suite_merge(self.one.id)
        self.start_tour(
            f"/odoo/crm-customers/{self.two.id}",
            "crm_suite_merge_old_link",
            login="tour_merge",
        )

    def test_link_in_a_mail(self):
        (self.one | self.two).with_user(self.lead).crm_suite_merge(self.one.id)
        self.authenticate("tour_merge", "tour_merge")
        answer = self.url_open(
            f"/mail/view?model=res.partner&res_id={self.two.id}", allow_redirects=False
        )
        self.assertIn(f"/{self.one.id}", answer.headers["Location"])
