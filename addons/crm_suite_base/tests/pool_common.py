from datetime import timedelta

from odoo import Command, fields
from odoo.tests import new_test_user

from .common import ROLE, CustomerCase

# The start of the customer's number, however it is written. Fewer digits would be met by
# chance in the tokens and times of an answer.
PHONE = r"755.{0,4}8601"


class PoolCase(CustomerCase):
    """A pool with two members and an admin; its customer has contact data."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Beside demo data: no policy gives the customers of the test away.
        cls.env["crm.suite.assignment.policy"].search([]).sudo().state = "off"
        cls.rival = new_test_user(
            cls.env, "suite_rival", f"{ROLE}sales_rep", tz="Asia/Shanghai"
        )
        cls.stranger = new_test_user(cls.env, "suite_stranger", f"{ROLE}sales_rep")
        cls.Pool = cls.env["crm.suite.pool"]
        cls.pool = cls.Pool.create(
            {
                "name": "Test Pool",
                "company_id": cls.env.company.id,
                "admin_ids": [Command.set(cls.lead.ids)],
                "user_ids": [Command.set((cls.rep | cls.rival).ids)],
                "cooldown_days": 7,
                "idle_days": 10,
                # What is due goes at once; who is warned before says so.
                "warn_days": 0,
                "max_person": 2,
                "max_day": 0,
            }
        )
        cls.customer.write(
            {
                "email": "boss@huaqiang.example",
                "phone": "+86 755 8601 3388",
                "street": "1 Secret Road",
                "user_id": False,
            }
        )
        cls.person.write({"email": "wang@huaqiang.example"})
        cls.others = cls.Partner.browse()
        for number in range(3):
            cls.others |= cls._create_customer(name=f"Pool {number}", user_id=False)
        cls.everybody = cls.customer | cls.others
        cls._as_pool(cls.pool.action_add(cls.everybody.ids))

    @classmethod
    def _as_pool(cls, results):
        assert all(row["ok"] for row in results), results
        cls.env.flush_all()

    def as_(self, user, records=None):
        return (self.pool if records is None else records).with_user(user)

    def claim(self, user, records=None):
        return self.as_(user).action_claim((records or self.customer).ids)

    def assertRefused(self, results, regex):
        self.assertTrue(results)
        for row in results:
            self.assertFalse(row["ok"])
            self.assertRegex(row["reason"], regex)

    def get_operation(self):
        """The latest act on a pool."""
        return self.env["crm.suite.operation"].search(
            [("kind", "=", "pool")], order="id desc", limit=1
        )

    def age(self, days, records=None):
        """Owned so many days ago."""
        records = records or self.customer
        records.sudo().write(
            {"crm_suite_owned_since": fields.Datetime.now() - timedelta(days=days)}
        )
