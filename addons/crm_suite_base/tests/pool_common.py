from odoo import Command
from odoo.tests import new_test_user

from .common import ROLE, CustomerCase


class PoolCase(CustomerCase):
    """A pool of customers with two members and an admin.

    * ``ana`` and ``ben``: reps, members of ``pool``
    * ``boss``: a sales lead, admin of ``pool``
    * ``rep``: a rep outside of it
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # Beside demo data: no policy gives the customers of the test away.
        cls.env["crm.suite.assignment.policy"].search([]).sudo().state = "off"
        cls.ana, cls.ben = (
            new_test_user(
                cls.env, f"suite_{name}", f"{ROLE}sales_rep", tz="Asia/Shanghai"
            )
            for name in ("ana", "ben")
        )
        cls.boss = new_test_user(
            cls.env, "suite_boss", f"{ROLE}sales_lead", tz="Asia/Shanghai"
        )
        cls.pool = cls._create_pool()

    @classmethod
    def _create_pool(cls, **values):
        return cls.env["crm.suite.pool"].create(
            {
                "name": "Test Pool",
                "admin_ids": [Command.set(cls.boss.ids)],
                "member_ids": [Command.set((cls.ana | cls.ben).ids)],
                "cooldown_days": 0,
                "protection_max": 1,
                **values,
            }
        )

    @classmethod
    def _create_inside(cls, count=1, pool=None, **values):
        pool = pool or cls.pool
        return cls.env["res.partner"].create(
            [
                {
                    "name": f"Pooled {number}",
                    "is_company": True,
                    "country_id": cls.china.id,
                    "crm_suite_lifecycle_id": cls.stage.id,
                    "user_id": False,
                    "crm_suite_pool_id": pool.id,
                    "crm_suite_home_pool_id": pool.id,
                    **values,
                }
                for number in range(count)
            ]
        )

    def _claim(self, records, user=None, pool=None):
        pool = pool or self.pool
        return pool.with_user(user or self.ana).action_claim(records.ids)

    def assertDone(self, results):
        self.assertEqual([r["reason"] for r in results if not r["ok"]], [])
        self.assertTrue(results)

    def assertRefused(self, results, regex):
        self.assertTrue(results)
        for result in results:
            self.assertFalse(result["ok"])
            self.assertRegex(result["reason"], regex)
