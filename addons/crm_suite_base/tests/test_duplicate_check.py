from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .test_duplicate import VAT, DuplicateCase


@tagged("post_install", "-at_install")
class TestConflictCheck(DuplicateCase):
    def _check(self, user, **values):
        return self.Partner.with_user(user).crm_suite_check_duplicate(values)

    def test_free(self):
        [row] = self._check(self.rep, name="从未见过的公司")
        self.assertEqual(
            (row["state"], row["found"], row["id"]), ("free", False, False)
        )

    def test_by_each_value(self):
        for values in (
            {"name": "赤岩测试仪器"},
            {"name": "赤巖測試儀器"},
            {"name": "chiyan ceshi yiqi"},
            {"phone": "0755 8611 9901"},
            {"email": " Info@Chiyan-Test.example"},
            {"vat": VAT.lower()},
            {"website": "https://www.chiyan-test.example/a"},
        ):
            with self.subTest(values):
                row = self._check(self.rep, **values)[0]
                self.assertEqual((row["state"], row["id"]), ("owned", self.first.id))

    def test_a_number_as_dialled_at_home(self):
        """A company abroad has colleagues who type the numbers of their country."""
        self.env.company.country_id = self.env.ref("base.us")
        self.rep.partner_id.country_id = False
        self.assertEqual(self._check(self.rep, phone="0755 8611 9901")[0]["id"], False)
        self.rep.partner_id.country_id = self.china
        self.assertEqual(
            self._check(self.rep, phone="0755 8611 9901")[0]["id"], self.first.id
        )
        self.rep.partner_id.country_id = False
        chinese = self.Partner.with_user(self.rep).with_context(lang="zh_CN")
        [row] = chinese.crm_suite_check_duplicate({"phone": "0755 8611 9901"})
        self.assertEqual(row["id"], self.first.id)

    def test_yours_and_nobodys(self):
        self.assertEqual(self._check(self.lead, vat=VAT)[0]["state"], "yours")
        self.first.user_id = False
        row = self._check(self.lead, vat=VAT)[0]
        self.assertEqual((row["state"], row["found"]), ("free", True))

    def test_a_contact_belongs_to_the_owner_of_its_company(self):
        self._create_contact(self.first, name="石敢当", phone="+8613911119999")
        row = self._check(self.lead, phone="13911119999")[0]
        self.assertEqual(row["state"], "yours")

    def test_of_the_hidden_only_the_state(self):
        self._hide_first()
        row = self._check(self.rep, vat=VAT)[0]
        self.assertEqual(row["state"], "owned")
        self.assertEqual([row["id"], row["name"], row["owner"]], [False] * 3)
        self.assertEqual((row["reasons"], row["score"]), ("", 0), "confirms no guess")
        self.assertNotIn("赤岩", str(row))
        self.assertNotIn(self.lead.name, str(row))

    def test_asking_for_access(self):
        self._hide_first()
        row = self._check(self.rep, vat=VAT)[0]
        queries = self.env["crm.suite.duplicate.query"]
        self.assertTrue(row["may_ask"])
        queries.with_user(self.rep).request_access(row["query"], 0, "my lead")
        request = self.env["crm.suite.access.request"].search(
            [("res_id", "=", self.first.id)], limit=1, order="id desc"
        )
        self.assertEqual((request.requester_id, request.note), (self.rep, "my lead"))
        # He knows his requests by what he typed; who decides sees the customer.
        self.assertEqual(request.with_user(self.rep).record_name, VAT)
        self.assertIn("赤岩", request.with_user(self.steward).record_name)
        with self.assertRaises(UserError):
            queries.with_user(self.agent).request_access(row["query"], 0)
        for bad in ((row["query"], 7), ("x", 0), (row["query"], -1), (0, 0)):
            with self.subTest(bad), self.assertRaises(UserError):
                queries.with_user(self.rep).request_access(*bad)

    def test_the_limit_of_a_day(self):
        self.env["ir.config_parameter"].set_param(
            "crm_suite_base.conflict_check_limit", 2
        )
        self.assertEqual(self._check(self.rep, name="某某公司")[0]["left"], 1)
        self.assertEqual(self._check(self.rep, name="某某公司")[0]["left"], 0)
        with self.assertRaisesRegex(UserError, "limit"):
            self._check(self.rep, name="某某公司")
        self.assertEqual(self._check(self.agent, name="某某公司")[0]["left"], 1)
        self.env["ir.config_parameter"].set_param(
            "crm_suite_base.conflict_check_limit", 0
        )
        self.assertEqual(self._check(self.rep, name="某某公司")[0]["left"], -1)

    def test_the_log(self):
        self._check(self.rep, vat=VAT)
        log = self.env["crm.suite.duplicate.query"].search([], limit=1)
        self.assertEqual((log.user_id, log.asked, log.hit_count), (self.rep, VAT, 1))
        with self.assertRaises(UserError):
            log.write({"asked": "something else"})
        with self.assertRaises(UserError):
            log.unlink()
        with self.assertRaises(AccessError):
            log.with_user(self.rep).hits  # noqa: B018
        queries = self.env["crm.suite.duplicate.query"]
        self.assertIn(log, queries.with_user(self.steward).search([]))
        self.assertNotIn(log, queries.with_user(self.agent).search([]))
        with self.assertRaises(AccessError):
            queries.with_user(self.rep).create({"user_id": self.rep.id})

    def test_bad_questions(self):
        for values in (
            "name",
            None,
            [],
            {},
            {"name": 1},
            {"name": "a"},
            {"name": "华"},
            {"street": "x"},
            {"name": "x" * 501},
            {"is_company": True},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                self.Partner.with_user(self.rep).crm_suite_check_duplicate(values)
        with self.assertRaises(AccessError):
            self._check(self.plain, name="赤岩测试仪器")

    def test_other_companies_are_not_told_about(self):
        self.first.company_id = self._other_company()
        self.assertFalse(self._check(self.rep, vat=VAT)[0]["found"])

    def test_leads_of_others(self):
        """Who asks about a customer hears of a lead, and no more than its state."""
        phone = {"phone": "13911117777"}
        lead = self.env["crm.lead"].create(
            {"name": "Boiler", "user_id": self.lead.id, "phone": "+8613911117777"}
        )
        [row] = self._check(self.rep, **phone)
        self.assertEqual((row["state"], row["found"]), ("owned", True))
        hidden = ("id", "name", "owner", "model", "may_claim")
        self.assertEqual([row[name] for name in hidden], [False] * 5)
        self.assertEqual((row["reasons"], row["score"]), ("", 0))
        self.assertNotIn("Boiler", str(row))
        self.assertTrue(row["may_ask"])
        queries = self.env["crm.suite.duplicate.query"]
        told = queries.with_user(self.rep).request_access(row["query"], 0, "I met him")
        self.assertIn("take it over", told["reason"])
        request = self.env["crm.suite.access.request"].search([], limit=1)
        self.assertRecordValues(
            request,
            [
                {
                    "res_model": "crm.lead",
                    "res_id": lead.id,
                    "kind": "claim",
                    "decider_id": self.lead.id,
                    "requester_id": self.rep.id,
                    "record_name": "Boiler",
                }
            ],
        )
        self.assertIn("13911117777", request.with_user(self.rep).record_name)
        request.with_user(self.lead).action_refuse("We talk to him")
        told = self.env["mail.message"].search(
            [("partner_ids", "in", self.rep.partner_id.ids)], limit=1
        )
        self.assertIn("13911117777", told.subject)
        [row] = self._check(self.agent, **phone)
        self.assertFalse(row["may_ask"], "has no part in sales")
        with self.assertRaisesRegex(UserError, "people in sales"):
            queries.with_user(self.agent).request_access(row["query"], 0)
        [row] = self._check(self.lead, **phone)
        self.assertEqual(
            (row["state"], row["model"], row["id"]), ("yours", "crm.lead", lead.id)
        )
        lead.user_id = False
        self.assertEqual(self._check(self.lead, **phone)[0]["state"], "free")
        lead.active = False
        self.assertFalse(self._check(self.lead, **phone)[0]["found"])

    def test_a_lead_of_a_pool_can_be_claimed(self):
        pool = self.env["crm.suite.pool"].create(
            {
                "name": "Web",
                "res_model": "crm.lead",
                "user_ids": [(6, 0, self.rep.ids)],
            }
        )
        lead = self.env["crm.lead"].create(
            {"name": "Boiler", "user_id": False, "email_from": "b@boiler-test.example"}
        )
        pool.action_add(lead.ids)
        self.env.flush_all()
        asked = {"email": "b@boiler-test.example"}
        self.assertFalse(self._check(self.agent, **asked)[0]["may_claim"])
        [row] = self._check(self.rep, **asked)
        self.assertEqual(
            (row["state"], row["pool"], row["may_claim"]), ("pool", "Web", True)
        )
        queries = self.env["crm.suite.duplicate.query"].with_user(self.rep)
        self.assertTrue(queries.claim(row["query"], row["position"])["ok"])
        self.assertEqual(lead.user_id, self.rep)

    def test_the_leads_of_a_found_customer_are_not_listed(self):
        for number in range(2):
            self.env["crm.lead"].create(
                {"name": f"Deal {number}", "partner_id": self.first.id}
            )
        rows = self._check(self.lead, phone="0755 8611 9901")
        self.assertEqual([row["model"] for row in rows], ["res.partner"])

    def test_leads_are_asked_too(self):
        lead = self.env["crm.lead"].create(
            {"name": "one", "contact_name": "石敢当", "phone": "+8613911118888"}
        )
        rows = (
            self.env["crm.lead"]
            .with_user(self.lead)
            .crm_suite_check_duplicate({"phone": "13911118888"})
        )
        self.assertEqual((rows[0]["model"], rows[0]["id"]), ("crm.lead", lead.id))
