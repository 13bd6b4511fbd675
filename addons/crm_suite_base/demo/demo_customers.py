from datetime import timedelta

from odoo import api, fields, models

from . import demo_texts

# relation type: (one customer, what it is to, the other)
RELATIONS = [
    ("reseller", "maiyu", "kestelmann"),
    ("reseller", "straits", "xinghan_micro"),
    ("supplier", "chenyu", "xinghan_micro"),
    ("supplier", "xibei", "lanjia_dg"),
    ("supplier", "yanshan", "lanjia"),
    ("competitor", "lanjia", "langyu"),
    ("competitor", "chenghe", "yuqiao"),
    ("competitor", "nordvik", "yuchuan"),
    ("partner", "halbrook", "brightwater"),
    ("partner", "linglan", "yunyan"),
    ("referral", "kuntai", "chenghe"),
    ("referral", "mochuan", "xinghan_micro"),
    ("referral", "p_zhou", "p_lin"),
]
# a contact: the customer where he or she worked before
FORMER_EMPLOYERS = {
    "yunyan_2": "linglan",
    "lanjia_3": "langyu",
    "chenghe_1": "yuqiao",
    "halbrook_2": "brightwater",
    "shuowang_2": "qinxiu",
}
DECISION_ROLES = ("user", "influencer", "user", "champion", "blocker")
LEADERS = ("总经理", "Managing Director", "技术总监", "Technical Director")


class CrmSuiteDemo(models.AbstractModel):
    _inherit = "crm.suite.demo"

    @api.model
    def _build_customers(self, customers, orders):
        """What is known about the customers beside their address."""
        self._set_preferences(customers)
        self._set_first_days(customers, orders)
        self._build_roles(customers)
        self._build_relations()
        self._build_calls(customers)
        self._build_purchases(customers)

    @api.model
    def _set_preferences(self, customers):
        for index, customer in enumerate(customers):
            rng = self._rng(customer, "preferences")
            if index % 4 == 3:
                continue
            customer.write(
                {
                    "crm_suite_preferred_time": rng.choice(
                        ("morning", "afternoon", "afternoon", False)
                    ),
                    "crm_suite_needs": self._text(
                        customer, *rng.choice(demo_texts.NEEDS)
                    ),
                    "crm_suite_preferences": self._text(
                        customer, *rng.choice(demo_texts.PREFERENCES)
                    ),
                }
            )

    @api.model
    def _set_first_days(self, customers, orders):
        """A customer was known a while before the first order."""
        dates = {}
        for customer in customers:
            rng = self._rng(customer, "first day")
            own = orders.filtered(lambda order, c=customer: order.partner_id == c)
            first = min(own.mapped("date_order"), default=fields.Datetime.now())
            first -= timedelta(days=rng.randint(20, 120))
            for partner in customer | customer.child_ids:
                dates.setdefault(partner.id, {"create_date": first})
        self._shift("res.partner", dates)
        self._shift_messages(self.env["res.partner"].browse(dates))

    # === RELATIONS ===

    @api.model
    def _build_roles(self, customers):
        """Who decides in the buying, and who reports to whom."""
        works_at = self.env.ref("crm_suite_base.relation_type_employment")
        reports_to = self.env.ref("crm_suite_base.relation_type_reports_to")
        values = []
        for customer in customers:
            people = customer.child_ids.filtered(lambda child: not child.is_company)
            if len(people) < 2:
                continue
            rng = self._rng(customer, "roles")
            head = people.filtered(lambda person: person.function in LEADERS)[:1]
            for person in people:
                leads = person == head
                role = "decider" if leads else rng.choice(DECISION_ROLES)
                values.append(self._relation(person, works_at, customer, role, rng))
                if head and not leads:
                    values.append(self._relation(person, reports_to, head, False, rng))
        self.env["crm.suite.relation"].create(values)

    @api.model
    def _relation(self, one, kind, other, decision_role, rng):
        return {
            "partner_id": one.id,
            "type_id": kind.id,
            "related_partner_id": other.id,
            "decision_role": decision_role,
            "date_from": self._day(rng.randint(400, 2600)),
        }

    @api.model
    def _build_relations(self):
        values = []
        for code, one, other in RELATIONS:
            one = self.env.ref(f"crm_suite_base.customer_{one}_demo")
            other = self.env.ref(f"crm_suite_base.customer_{other}_demo")
            kind = self.env.ref(f"crm_suite_base.relation_type_{code}")
            rng = self._rng(one, f"relation {code}")
            values.append(self._relation(one, kind, other, False, rng))
        works_at = self.env.ref("crm_suite_base.relation_type_employment")
        for contact, employer in FORMER_EMPLOYERS.items():
            person = self.env.ref(f"crm_suite_base.contact_{contact}_demo")
            former = self.env.ref(f"crm_suite_base.customer_{employer}_demo")
            rng = self._rng(person, "former employer")
            values.append(
                {
                    **self._relation(person, works_at, former, False, rng),
                    "date_from": self._day(rng.randint(3000, 3900)),
                    "date_to": self._day(rng.randint(2650, 2900)),
                }
            )
        self.env["crm.suite.relation"].create(values)

    # === CALLS AND PURCHASES ELSEWHERE ===

    @api.model
    def _build_calls(self, customers):
        values = []
        for customer in customers:
            rng = self._rng(customer, "calls")
            quiet = self._quiet_days(customer)
            for _index in range(rng.randint(1, 5)):
                values.append(self._call(customer, quiet + rng.randint(0, 240), rng))
        self.env["crm.suite.call"].create(values)

    @api.model
    def _call(self, customer, days_ago, rng):
        contact = self._contact(customer, rng)
        kind, outcome, minutes, chinese, english = rng.choice(demo_texts.CALLS)
        return {
            "partner_id": customer.id,
            "contact_id": contact.id if contact != customer else False,
            "kind": kind,
            "direction": "in"
            if kind == "walk_in"
            else rng.choice(("in", "out", "out")),
            "date": self._moment(self._day(days_ago), rng),
            "duration": minutes,
            "outcome": outcome,
            "summary": self._text(customer, chinese, english),
            "user_id": customer.user_id.id,
            "company_id": self.env.company.id,
        }

    @api.model
    def _build_purchases(self, customers):
        """What some customers bought before, in the web shop that was given up."""
        values = []
        for index, customer in enumerate(customers):
            if index % 6:
                continue
            rng = self._rng(customer, "purchases")
            for number in range(rng.randint(2, 5)):
                chinese, english, amount = rng.choice(demo_texts.PURCHASES)
                quantity = rng.randint(1, 6)
                values.append(
                    {
                        "partner_id": customer.id,
                        "date": self._day(740 + 45 * number + rng.randint(0, 30)),
                        "reference": f"WS-{customer.id:04d}-{number + 1}",
                        "product_name": self._text(customer, chinese, english),
                        "quantity": quantity,
                        "amount": amount * quantity,
                        "source": "Web shop",
                    }
                )
        self.env["crm.suite.purchase"].create(values)
