from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .api_common import ApiCase


@tagged("post_install", "-at_install")
class TestApiRows(ApiCase, HttpCase):
    """Customers, leads, interactions and purchases, one and many at once."""

    def send(self, path, rows, **options):
        response = self.call(path, {"rows": rows}, **options)
        self.assertEqual(response.status_code, 200, response.text)
        data = response.data
        parts = (data[n] for n in ("created", "updated", "unchanged", "rejected"))
        self.assertEqual(data["read"], sum(parts))
        self.assertEqual(data["read"], len(rows))
        self.assertEqual([r["row"] for r in data["results"]], list(range(len(rows))))
        return data

    def results(self, data):
        return [result["result"] for result in data["results"]]

    def rejection(self, data, row):
        result = data["results"][row]
        self.assertEqual((result["result"], result["id"]), ("rejected", None))
        self.assertTrue(result["reason"])
        return result["code"], result["field"]

    def partner(self, ref):
        return self.env["res.partner"].search([("ref", "=", ref)])

    # === CUSTOMERS === #

    def test_customer(self):
        values = {
            "ref": "C-1",
            "name": " 上海示例仪器有限公司 ",
            "is_company": True,
            "country_id": "CN",
            "phone": "021-8600 0099 转 8001",
            "email": "Info@Shili.Example",
            "user_id": self.rep.login,
            "category_id": ["VIP from shop"],
        }
        response = self.call("customers", values)
        self.assertEqual(response.data["result"], "created", response.text)
        partner = self.partner("C-1")
        self.assertEqual(partner.id, response.data["id"])
        self.assertEqual(partner.phone, "+862186000099")
        self.assertEqual(partner.email, "info@shili.example")
        self.assertEqual(partner.user_id, self.rep)
        self.assertEqual(partner.crm_suite_lifecycle_id.code, "lead")
        self.assertEqual(partner.create_uid, self.lead)
        again = self.call("customers", values).data
        self.assertEqual(
            again, {"id": partner.id, "result": "unchanged", "operation_id": None}
        )
        changed = self.call("customers", {"ref": "C-1", "city": "上海"}).data
        self.assertEqual(changed["result"], "updated")
        self.assertEqual(partner.city, "上海")
        emptied = self.call("customers", {"ref": "C-1", "city": None}).data
        self.assertEqual((emptied["result"], partner.city), ("updated", False))
        by_id = self.call("customers", {"id": partner.id, "city": "苏州"}).data
        self.assertEqual((by_id["result"], partner.city), ("updated", "苏州"))

    def test_other_keys(self):
        self._create_customer(name="Keyed", email="keyed@example.com")
        response = self.call(
            "customers?key=email", {"email": "Keyed@Example.com", "city": "X"}
        )
        self.assertEqual(response.data["result"], "updated", response.text)
        response = self.call("customers?key=email", {"name": "No key"})
        self.assertProblem(response, 422, "invalid")

    def test_numbers_of_a_known_customer_are_those_of_its_country(self):
        germany = self.env.ref("base.de")
        self._create_customer(name="A", ref="G1", country_id=germany.id)
        values = {"phone": "0151 23456789", "vat": "DE 123.456.788"}
        rows = [
            {"ref": "G1", **values},
            {"ref": "G2", "name": "B", "country_id": "DE"},
            {"ref": "G2", **values},
            {"ref": "G3", "name": "C", "phone": "138 0013 8000"},
            {"ref": "G1", "phone": "12"},
        ]
        data = self.send("customers", rows)
        self.assertEqual(
            self.results(data),
            ["updated", "created", "updated", "created", "rejected"],
        )
        self.assertEqual(self.rejection(data, 4), ("value", "/rows/4/phone"))
        for ref in ("G1", "G2"):
            partner = self.partner(ref)
            self.assertEqual(partner.phone, "+4915123456789")
            self.assertEqual(partner.vat, "DE123456788")
        self.assertEqual(self.partner("G3").phone, "+8613800138000")
        data = self.send("customers", [rows[0], {"id": partner.id, **values}])
        self.assertEqual(self.results(data), ["unchanged", "unchanged"])

    def test_bad_rows_do_not_stop_the_others(self):
        data = self.send(
            "customers",
            [
                {"ref": "P-1", "name": "First of them"},
                {"ref": "P-2", "name": "Second", "email": "nobody at nowhere"},
                {"ref": "P-3", "name": "Third", "country_id": "Atlantis"},
                {"ref": "P-4"},
                {"name": "Fifth"},
                {"ref": "P-6", "name": "Sixth", "phon": "1"},
                "nonsense",
                {"ref": "P-8", "name": "Eighth"},
            ],
        )
        self.assertEqual(self.results(data)[0], "created")
        self.assertEqual(self.results(data)[7], "created")
        self.assertEqual(data["rejected"], 6)
        self.assertEqual(self.rejection(data, 1), ("value", "/rows/1/email"))
        self.assertEqual(self.rejection(data, 2), ("value", "/rows/2/country_id"))
        self.assertEqual(self.rejection(data, 3), ("value", "/rows/3/name"))
        self.assertEqual(self.rejection(data, 4), ("key", "/rows/4/ref"))
        self.assertEqual(self.rejection(data, 5), ("invalid", "/rows/5/phon"))
        self.assertEqual(self.rejection(data, 6), ("invalid", "/rows/6"))

    def test_same_key_twice(self):
        rows = [
            {"ref": "T-1", "name": "Twice"},
            {"ref": "T-1", "city": "Y"},
            {"ref": "T-1", "city": "Y"},
        ]
        data = self.send("customers", rows)
        self.assertEqual(self.results(data), ["created", "updated", "unchanged"])
        self.assertEqual(self.partner("T-1").city, "Y")

    def test_failure_in_the_database_takes_its_row_only(self):
        """What only shows when it is written: found by cutting the rows into parts."""
        self.add_field("Contract", required_when='city == "Bad"')
        rows = [
            {"ref": f"F-{n}", "name": f"Fail {n * 7919}", "is_company": True}
            for n in range(12)
        ]
        rows[3]["city"] = rows[9]["city"] = "Bad"
        data = self.send("customers", rows)
        self.assertEqual(data["created"], 10, data)
        self.assertEqual(self.rejection(data, 3)[0], "value")
        self.assertEqual(self.rejection(data, 9)[0], "value")

    def test_custom_field(self):
        field = self.add_field("Shoe size")
        name = field.technical_name
        self.call("customers", {"ref": "X-1", "name": "Custom", name: "44"})
        self.assertEqual(self.partner("X-1")[name], "44")
        self.assertEqual(
            self.call("customers", {"ref": "X-1", name: "44"}).data["result"],
            "unchanged",
        )

    def test_duplicates(self):
        there = self._create_customer(
            name="Yellow River Pumps", email="info@yrp.example"
        )
        self.env["crm.suite.duplicate.rule"].search([]).write({"on_api": "block"})
        rows = [
            {"ref": "D-1", "name": "Something else 1", "is_company": True},
            {
                "ref": "D-2",
                "name": there.name,
                "email": "info@yrp.example",
                "is_company": True,
            },
            {
                "ref": "D-3",
                "name": "Blue Lake Valves",
                "email": "a@blv.example",
                "is_company": True,
            },
            {
                "ref": "D-4",
                "name": "Blue Lake Valves",
                "email": "a@blv.example",
                "is_company": True,
            },
        ]
        data = self.send("customers", rows)
        self.assertEqual(
            self.results(data), ["created", "rejected", "created", "rejected"], data
        )
        self.assertEqual(self.rejection(data, 1)[0], "duplicate")
        self.assertEqual(self.rejection(data, 3)[0], "duplicate")
        self.assertIn("2", data["results"][3]["reason"])

    def test_possible_duplicates_are_told(self):
        there = self._create_customer(
            name="Yellow River Pumps", email="info@yrp.example"
        )
        self.env["crm.suite.duplicate.rule"].search([]).write({"on_api": "queue"})
        twin = {"name": there.name, "email": "info@yrp.example", "is_company": True}
        other = {"ref": "D-2", "name": "Something else 1"}
        data = self.send("customers", [{"ref": "D-1", **twin}, other])
        warned, plain = data["results"]
        self.assertEqual(warned["result"], "created")
        self.assertIn(there.name, warned["warning"])
        self.assertEqual([row["id"] for row in warned["duplicates"]], there.ids)
        self.assertNotIn("warning", plain)
        single = self.call("customers", {"ref": "D-3", **twin}).data
        self.assertIn(there.name, single["warning"])
        self.assertIn(there.id, [row["id"] for row in single["duplicates"]])

    def test_undo(self):
        there = self._create_customer(name="Undone", ref="U-0", city="Old")
        data = self.send(
            "customers", [{"ref": "U-0", "city": "New"}, {"ref": "U-1", "name": "Made"}]
        )
        operation = self.env["crm.suite.operation"].browse(data["operation_id"])
        self.assertEqual((operation.kind, operation.user_id), ("api", self.lead))
        self.assertEqual((operation.created_count, operation.updated_count), (1, 1))
        operation.with_user(self.lead).action_undo()
        self.assertEqual(there.city, "Old")
        self.assertFalse(self.partner("U-1"))

    def test_customer_of_another_company(self):
        other = self._other_company()
        hidden = self._create_customer(name="Hidden", ref="H-1", company_id=other.id)
        data = self.send("customers", [{"id": hidden.id, "city": "Z"}])
        self.assertEqual(self.rejection(data, 0), ("missing", "/rows/0/id"))
        self.assertFalse(hidden.city)
        data = self.send(
            "purchases",
            [{"reference": "O-1", "customer_id": hidden.id, "date": "2026-03-01"}],
        )
        self.assertEqual(self.rejection(data, 0), ("reference", "/rows/0/customer_id"))

    def test_people_with_accounts_stay_as_they_are(self):
        self.plain.partner_id.ref = "EMP-1"
        data = self.send("customers", [{"ref": "EMP-1", "email": "thief@example.com"}])
        self.assertEqual(self.rejection(data, 0)[0], "forbidden")
        self.assertNotEqual(self.plain.partner_id.email, "thief@example.com")

    def test_who_signed_up_is_found_by_his_address(self):
        """The same address in another spelling is no change of it."""
        visitor = new_test_user(self.env, "visitor", "base.group_portal")
        visitor.partner_id.write({"email": "Visitor@Example.com", "user_id": False})
        values = {"email": "visitor@example.com", "city": "Wuhan"}
        data = self.call("customers?key=email", values).data
        self.assertEqual(
            (data["result"], data["id"]), ("updated", visitor.partner_id.id)
        )
        self.assertEqual(visitor.partner_id.crm_suite_lifecycle_id, self.stage)
        self.Partner.create({"name": "Twin", "email": "visitor@EXAMPLE.com"})
        data = self.send("customers?key=email", [values])
        self.assertEqual(self.rejection(data, 0)[0], "ambiguous")

    # === LEADS === #

    def test_lead(self):
        values = {
            "crm_suite_reference": "WEB-1",
            "partner_name": "Green Field Farms",
            "email_from": "boss@gff.example",
            "type": "opportunity",
            "expected_revenue": 1200.5,
            "country_id": "CN",
            "tag_ids": [],
            "date_deadline": "2027-01-31",
        }
        answer = self.call("leads", values).data
        self.assertEqual(answer["result"], "created", answer)
        lead = self.env["crm.lead"].browse(answer["id"])
        self.assertIn("Green Field Farms", lead.name)
        self.assertEqual((lead.expected_revenue, lead.type), (1200.5, "opportunity"))
        self.assertEqual(self.call("leads", values).data["result"], "unchanged")
        by_mail = self.call(
            "leads?key=email_from", {"email_from": "Boss@gff.example", "city": "Q"}
        )
        self.assertEqual(by_mail.data["id"], lead.id)
        lead.action_set_lost()
        new = self.call(
            "leads?key=email_from", {"email_from": "Boss@gff.example", "name": "Again"}
        )
        self.assertEqual(new.data["result"], "created", "The old one is history")
        response = self.call(
            "leads", {"crm_suite_reference": "WEB-2", "date_deadline": "2027-02-31"}
        )
        self.assertProblem(response, 422, "invalid")
        data = self.send("leads", [{"crm_suite_reference": "WEB-3"}])
        self.assertEqual(self.rejection(data, 0), ("value", "/rows/0/name"))

    def test_lead_with_a_wrong_address(self):
        rows = [
            {"name": "Wrong", "email_from": "nobody at nowhere"},
            {"name": "Right", "email_from": "Ann Lee <ann@lee.example>"},
        ]
        for number, row in enumerate(rows):
            row["crm_suite_reference"] = f"WEB-{number}"
        data = self.send("leads", rows)
        self.assertEqual(self.rejection(data, 0), ("value", "/rows/0/email_from"))
        self.assertEqual(data["results"][1]["result"], "created", data)

    def test_lead_of_customer(self):
        self.customer.ref = "K-1"
        answer = self.call(
            "leads",
            {"crm_suite_reference": "WEB-9", "name": "Ask", "customer_ref": "K-1"},
        ).data
        self.assertEqual(
            self.env["crm.lead"].browse(answer["id"]).partner_id, self.customer
        )

    # === INTERACTIONS === #

    def test_interaction(self):
        self.customer.ref = "K-2"
        row = {
            "reference": "CALL-1",
            "customer_ref": "K-2",
            "kind": "call",
            "direction": "in",
            "date": "2026-03-05T14:30:00+08:00",
            "duration": 6,
            "summary": "Wants a quote",
            "next_step": "send samples",
            "next_date": "2026-03-09",
        }
        data = self.send(
            "interactions", [row, {**row, "reference": "CALL-2", "date": "never"}]
        )
        self.assertEqual(self.results(data), ["created", "rejected"])
        call = self.env["crm.suite.call"].browse(data["results"][0]["id"])
        self.assertEqual(str(call.date), "2026-03-05 06:30:00")
        self.assertEqual(call.user_id, self.lead)
        self.assertTrue(call.activity_id)
        again = self.send("interactions", [row])
        self.assertEqual(self.results(again), ["unchanged"], again)
        data = self.send(
            "interactions",
            [
                {"reference": "CALL-3"},
                {"kind": "call"},
                {**row, "reference": "C4", "customer_ref": "?"},
            ],
        )
        self.assertEqual(self.rejection(data, 0), ("invalid", "/rows/0/customer_id"))
        self.assertEqual(self.rejection(data, 1), ("invalid", "/rows/1/reference"))
        self.assertEqual(self.rejection(data, 2), ("reference", "/rows/2/customer_ref"))

    # === PURCHASES === #

    def test_purchase(self):
        self.customer.ref = "K-3"
        product = self.env["product.product"].create(
            {"name": "Pump", "default_code": "API-P1"}
        )
        row = {
            "source": "Tmall",
            "reference": "SO-1",
            "customer_ref": "K-3",
            "date": "2026-03-05",
            "product_name": "Pump",
            "quantity": 2,
            "amount": 1280,
            "currency_id": self.env.company.currency_id.name,
        }
        data = self.send("purchases", [row, {**row, "line": "2", "amount": 5}, row])
        self.assertEqual(self.results(data), ["created", "created", "unchanged"], data)
        data = self.send(
            "purchases",
            [row, {**row, "line": "2", "amount": 6}, {**row, "source": "JD"}],
        )
        self.assertEqual(self.results(data), ["unchanged", "updated", "created"], data)
        data = self.send("purchases", [{"reference": "SO-2", "customer_ref": "K-3"}])
        self.assertEqual(self.rejection(data, 0), ("invalid", "/rows/0/date"))
        data = self.send(
            "purchases", [{**row, "reference": "SO-3", "product_id": product.id}]
        )
        self.assertEqual(self.results(data), ["created"])

    @mute_logger("odoo.sql_db")
    def test_purchase_needs_the_right(self):
        _key, text = self.make_key(self.rep)
        row = {
            "reference": "SO-9",
            "customer_id": self.customer.id,
            "date": "2026-03-05",
        }
        self.assertProblem(self.call("purchases", row, key=text), 403, "forbidden")

    def test_rows_of_merged_customers_reach_the_survivor(self):
        self.customer.ref = "ERP-1"
        gone = self._create_customer(name="Gone", ref="ERP-2")
        (self.customer | gone).crm_suite_merge(self.customer.id)
        self.env.invalidate_all()
        self.assertFalse(gone.active)
        row = {"reference": "SO-M1", "date": "2026-03-05", "amount": 100}
        data = self.send(
            "purchases",
            [
                {**row, "customer_ref": "ERP-2"},
                {**row, "line": "2", "customer_id": gone.id},
                {**row, "line": "3", "customer_ref": "ERP-3"},
            ],
        )
        self.assertEqual(self.results(data), ["created", "created", "rejected"], data)
        ids = [result["id"] for result in data["results"][:2]]
        lines = self.env["crm.suite.purchase"].browse(ids)
        self.assertEqual(lines.partner_id, self.customer)
        answer = self.call(
            "leads",
            {"crm_suite_reference": "M-1", "name": "X", "customer_ref": "ERP-2"},
        ).data
        lead = self.env["crm.lead"].browse(answer["id"])
        self.assertEqual(lead.partner_id, self.customer)
        self._create_customer(name="New", ref="ERP-2")
        data = self.send("purchases", [{**row, "line": "4", "customer_ref": "ERP-2"}])
        line = self.env["crm.suite.purchase"].browse(data["results"][0]["id"])
        self.assertEqual(line.partner_id.name, "New", "who has it now comes first")

    def test_two_customers_with_one_key(self):
        self.env["res.partner"].create(
            [{"name": "One", "ref": "AMB"}, {"name": "Two", "ref": "AMB"}]
        )
        data = self.send("customers", [{"ref": "AMB", "city": "Q"}])
        self.assertEqual(self.rejection(data, 0)[0], "ambiguous")

    def test_contact_of_a_company(self):
        data = self.send(
            "customers",
            [{"ref": "CO-1", "name": "Lin Tao", "parent_id": self.customer.id}],
        )
        self.assertEqual(self.results(data), ["created"])
        self.assertEqual(self.partner("CO-1").parent_id, self.customer)
        self.assertFalse(self.partner("CO-1").crm_suite_lifecycle_id)
