from odoo import Command
from odoo.tests import HttpCase, new_test_user, tagged

ROLE = "crm_suite_base.group_crm_suite_"


@tagged("post_install", "-at_install")
class TestAssignTour(HttpCase):
    """A lead tries a policy out and runs it; a rep goes away with a cover."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.chief, cls.rep, cls.cover = (
            new_test_user(
                cls.env,
                f"tour_{role}_{name}",
                ROLE + role,
                tz="UTC",
                lang="en_US",
                name=name,
            )
            for role, name in (
                ("sales_lead", "Tour Chief"),
                ("sales_rep", "Tour Rep"),
                ("sales_rep", "Tour Cover"),
            )
        )

    def test_assign(self):
        policies = self.env["crm.suite.assignment.policy"]
        policies.search([]).sudo().state = "off"
        policy = policies.create(
            {
                "name": "Tour Policy",
                "res_model": "crm.lead",
                "member_ids": [Command.create({"user_id": self.rep.id})],
                "rule_ids": [
                    Command.create(
                        {"name": "Tour Rule", "domain": "[('name', '=', 'Tour Lead')]"}
                    )
                ],
            }
        )
        policy._publish_rules()
        policy.sudo().state = "on"
        lead = self.env["crm.lead"].create(
            {"name": "Tour Lead", "user_id": False, "type": "opportunity"}
        )
        self.start_tour(
            "/odoo/crm-assignment",
            "crm_suite_assign",
            login=self.chief.login,
            timeout=180,
        )
        self.assertEqual(lead.user_id, self.rep)

    def test_absence(self):
        self.start_tour(
            "/odoo/crm-absences",
            "crm_suite_absence",
            login=self.rep.login,
            timeout=180,
        )
        absence = self.env["crm.suite.absence"].search([("user_id", "=", self.rep.id)])
        self.assertEqual((absence.state, absence.cover_id), ("approved", self.cover))
