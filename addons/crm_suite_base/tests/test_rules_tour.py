import base64
import re
from unittest.mock import patch

from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tests.common import ChromeBrowser

# Opens "Why?" on the page of a customer, above a page that is much longer than a sheet.
PRINTED = """
const wait = (selector) => new Promise((resolve) => {
    const look = () => {
        const found = document.querySelector(selector);
        found ? resolve(found) : setTimeout(look, 100);
    };
    look();
});
(async () => {
    (await wait(".o_crm_suite_why[data-topic=grade]")).click();
    const steps = await wait(".o_crm_suite_why_content .o_crm_suite_why_steps");
    const below = document.createElement("div");
    below.style.height = "9000px";
    document.body.append(below);
    for (let number = 1; number < %s; number++) {
        steps.append(steps.firstElementChild.cloneNode(true));
    }
    document.body.classList.add("o_crm_suite_printing_why");
    console.log("test successful");
})();
"""


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

    def _print_why(self, steps):
        """How many sheets the explanation takes."""
        sheets = []
        wait = ChromeBrowser._wait_code_ok

        def wait_and_print(browser, *args, **kwargs):
            result = wait(browser, *args, **kwargs)
            answer = browser._websocket_request("Page.printToPDF", timeout=60)
            pdf = base64.b64decode(answer["data"])
            sheets.append(len(re.findall(rb"/Type\s*/Page[^s]", pdf)))
            return result

        with patch.object(ChromeBrowser, "_wait_code_ok", wait_and_print):
            self.browser_js(
                f"/odoo/crm-customers/{self.customer.id}",
                PRINTED % steps,
                login="tour_steward",
                timeout=120,
            )
        return sheets[0]

    def test_why_takes_the_sheets_it_needs(self):
        """Not those of the page below it; and what is long is not cut after one."""
        self.assertEqual(self._print_why(steps=1), 1)
        self.assertGreater(self._print_why(steps=150), 2)
