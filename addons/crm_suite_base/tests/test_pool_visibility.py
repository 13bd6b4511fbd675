import json

from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import tagged

from ..models.pool_mask import MASK
from .pool_common import PoolCase


@tagged("post_install", "-at_install")
class TestPoolVisibility(PoolCase):
    """Pools where representatives see their own customers only."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.foreign = cls._create_customer(name="Foreign", user_id=cls.lead.id)
        cls.env["ir.config_parameter"].set_param(
            "crm_suite_base.visibility", json.dumps({"sales_rep": "own"})
        )

    def seen(self, user, records=None):
        """Whom of the customers of the pool a person finds."""
        domain = [("id", "in", (records or self.everybody).ids)]
        return self.Partner.with_user(user).search(domain).sudo(False)

    def test_members_see_what_they_may_claim_masked(self):
        self.assertEqual(len(self.seen(self.rep)), len(self.everybody))
        self.assertFalse(self.seen(self.stranger))
        self.assertFalse(self.seen(self.rep, self.foreign))
        [row] = self.customer.with_user(self.rep).read(["name", "email"])
        self.assertEqual(row["email"], MASK)
        [row] = self.person.with_user(self.rep).read(["email"])
        self.assertEqual(row["email"], MASK)
        with self.assertRaises(AccessError):
            self.customer.with_user(self.stranger).read(["name"])

    def test_counts_groups_and_name_search_agree(self):
        partners = self.Partner.with_user(self.rep)
        domain = [("crm_suite_pool_id", "=", self.pool.id)]
        self.assertEqual(partners.search_count(domain), len(self.everybody))
        [(_pool, count)] = partners._read_group(
            domain, ["crm_suite_pool_id"], ["__count"]
        )
        self.assertEqual(count, len(self.everybody))
        strangers = self.Partner.with_user(self.stranger)
        self.assertFalse(strangers.search_count(domain))
        self.assertFalse(strangers.name_search("Huaqiang"))
        self.assertTrue(partners.name_search("Huaqiang"))

    def test_claimed_is_the_owners_and_gone_for_the_others(self):
        self.assertTrue(self.claim(self.rep)[0]["ok"])
        self.assertIn(self.customer, self.seen(self.rep))
        self.assertNotIn(self.customer, self.seen(self.rival))
        # Who is late learns no more than that it is gone.
        [row] = self.claim(self.rival)
        self.assertFalse(row["ok"])
        self.assertNotIn(self.rep.name, row["reason"])
        # The admin goes on to see what the pool gave out.
        self.assertIn(self.customer, self.seen(self.lead))
        page = self.Partner.with_user(self.rep).crm_suite_360(self.customer.id)
        self.assertIn("boss@huaqiang.example", repr(page))

    def test_whoever_gives_back_sees_it_masked_again(self):
        self.claim(self.rep)
        self.as_(self.rep).action_return(self.customer.ids, "No need")
        [row] = self.customer.with_user(self.rep).read(["email"])
        self.assertEqual(row["email"], MASK)

    def test_whoever_leaves_the_pool_sees_it_no_more_at_once(self):
        self.pool.user_ids -= self.rival
        self.assertFalse(self.seen(self.rival))
        with self.assertRaises(AccessError):
            self.claim(self.rival)

    def test_transferred_to_a_pool_of_others(self):
        other = self.Pool.create(
            {
                "name": "Other",
                "admin_ids": [Command.set(self.lead.ids)],
                "user_ids": [Command.set(self.rival.ids)],
            }
        )
        results = self.as_(self.lead).action_transfer(
            self.customer.ids, other.id, "Their region"
        )
        self.assertTrue(results[0]["ok"])
        self.assertNotIn(self.customer, self.seen(self.rep))
        self.assertIn(self.customer, self.seen(self.rival))

    def test_conflict_check_tells_strangers_the_pool_and_nothing_else(self):
        rows = self.Partner.with_user(self.stranger).crm_suite_check_duplicate(
            {"name": "Huaqiang Electronics"}
        )
        found = [row for row in rows if row["state"] == "pool"]
        self.assertTrue(found)
        self.assertNotIn("boss@", repr(rows))
        self.assertFalse(any(row["may_claim"] for row in found))
