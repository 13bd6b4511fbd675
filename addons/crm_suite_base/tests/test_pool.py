from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tests import new_test_user, tagged

from .common import ROLE
from .pool_common import PoolCase


@tagged("post_install", "-at_install")
class TestPool(PoolCase):
    def test_claim_makes_the_owner_and_writes_the_log(self):
        customer = self._create_inside()
        contact = self._create_contact(customer, name="Pooled Person")
        self.assertEqual(
            self._claim(customer), [{"id": customer.id, "ok": True, "reason": ""}]
        )
        self.assertEqual(customer.user_id, self.ana)
        self.assertEqual(contact.user_id, self.ana)
        self.assertFalse(customer.crm_suite_pool_id)
        self.assertEqual(customer.crm_suite_home_pool_id, self.pool)
        self.assertTrue(customer.crm_suite_owned_since)
        move = self.env["crm.suite.pool.move"].search([("res_id", "=", customer.id)])
        self.assertEqual((move.kind, move.to_user_id), ("claim", self.ana))
        self.assertEqual(move.operation_id.kind, "pool")

    def test_what_is_gone_is_told_apart(self):
        first, second = self._create_inside(2)
        self.assertDone(self._claim(first))
        results = self._claim(first | second, self.ben)
        self.assertEqual([r["ok"] for r in results], [False, True])
        self.assertRegex(results[0]["reason"], "does not lie in the pool")
        self.assertNotIn("ana", results[0]["reason"])

    def test_strangers_cannot_claim(self):
        customer = self._create_inside()
        with self.assertRaises(AccessError):
            self._claim(customer, self.rep)
        with self.assertRaises(AccessError):
            self._claim(customer, self.plain)
        # Sees all pools, but is no member.
        with self.assertRaisesRegex(UserError, "no member"):
            self._claim(customer, self.lead)
        self.assertFalse(customer.user_id)

    def test_team_members_are_members(self):
        team = self.env["crm.team"].create({"name": "Pool Team"})
        self.env["crm.team.member"].create(
            {"user_id": self.rep.id, "crm_team_id": team.id}
        )
        self.pool.team_ids = team
        self.assertDone(self._claim(self._create_inside(), self.rep))

    def test_assign_only(self):
        customer = self._create_inside()
        self.pool.claim_mode = "assign"
        with self.assertRaisesRegex(UserError, "hand out"):
            self._claim(customer)
        with self.assertRaises(AccessError):
            self.pool.with_user(self.ana).action_assign(customer.ids, self.ana.id)
        boss = self.pool.with_user(self.boss)
        with self.assertRaisesRegex(UserError, "no member"):
            boss.action_assign(customer.ids, self.rep.id)
        self.assertDone(boss.action_assign(customer.ids, self.ben.id))
        self.assertEqual(customer.user_id, self.ben)

    def test_cap_per_person(self):
        self.pool.cap_person = 2
        customers = self._create_inside(3)
        results = self._claim(customers)
        self.assertEqual([r["ok"] for r in results], [True, True, False])
        self.assertRegex(results[2]["reason"], "2 of at most 2|0 of at most 2")
        self.assertRefused(
            self.pool.with_user(self.boss).action_assign(customers[2].ids, self.ana.id),
            "2 of at most 2",
        )
        self.assertDone(self._claim(customers[2], self.ben))

    def test_won_ones_take_no_place(self):
        self.pool.cap_person = 1
        first, second, third = self._create_inside(3)
        self._claim(first)
        first.crm_suite_lifecycle_id = self.env.ref(
            "crm_suite_base.lifecycle_stage_first"
        )
        self.assertDone(self._claim(second))
        self.pool.won_counts = True
        self.assertRefused(self._claim(third), "2 of at most 1")

    def test_cap_of_all_pools(self):
        other = self._create_pool(name="Other Test Pool", cap_total=1)
        self.assertDone(self._claim(self._create_inside()))
        inside = self._create_inside(pool=other)
        self.assertRefused(self._claim(inside, pool=other), "all pools")
        self.assertDone(self._claim(inside, self.ben, other))

    def test_cap_of_the_pool(self):
        self.pool.cap_pool = 1
        first, second = self._create_inside(2)
        self.assertDone(self._claim(first))
        self.assertRefused(self._claim(second, self.ben), "out of this pool already")

    def test_cap_per_day(self):
        self.pool.cap_day = 1
        first, second, third = self._create_inside(3)
        self.assertDone(self._claim(first))
        self.assertRefused(self._claim(second), "today")
        # Handed out does not count as claimed; yesterday's claims neither.
        boss = self.pool.with_user(self.boss)
        self.assertDone(boss.action_assign(second.ids, self.ana.id))
        moves = self.env["crm.suite.pool.move"].search([("pool_id", "=", self.pool.id)])
        moves.date = fields.Datetime.now() - timedelta(days=1, hours=1)
        self.assertDone(self._claim(third))

    def test_cooldown(self):
        self.pool.cooldown_days = 5
        customer = self._create_inside()
        self._claim(customer)
        self.pool.with_user(self.ana).action_return(customer.ids, "No need")
        self.assertRefused(self._claim(customer), "again from")
        self.assertDone(self._claim(customer, self.ben))
        self.pool.with_user(self.ben).action_return(customer.ids, "Neither")
        self.env["crm.suite.pool.move"].search(
            [("from_user_id", "=", self.ana.id), ("kind", "=", "return")]
        ).date = fields.Datetime.now() - timedelta(days=6)
        self.assertDone(self._claim(customer))

    def test_return(self):
        customer = self._create_inside()
        contact = self._create_contact(customer, name="Pooled Person")
        self._claim(customer)
        customer.message_subscribe(self.ana.partner_id.ids)
        pool = self.pool.with_user(self.ana)
        with self.assertRaisesRegex(UserError, "Say why"):
            pool.action_return(customer.ids, " ")
        self.assertRefused(
            self.pool.with_user(self.ben).action_return(customer.ids, "Mine now"),
            "not yours",
        )
        self.assertDone(pool.action_return(customer.ids, "No need"))
        self.assertFalse(customer.user_id)
        self.assertFalse(contact.user_id)
        self.assertEqual(customer.crm_suite_pool_id, self.pool)
        self.assertNotIn(self.ana.partner_id, customer.message_partner_ids)
        self.assertRefused(pool.action_return(customer.ids, "Again"), "already")

    def test_admins_take_no_customers_that_never_came_from_the_pool(self):
        customer = self._create_customer(name="Somebody's", user_id=self.rep.id)
        pool = self.pool.with_user(self.boss)
        self.assertRefused(pool.action_return(customer.ids, "Give it"), "not yours")
        manager = new_test_user(self.env, "suite_manager", f"{ROLE}sales_manager")
        self.assertDone(
            self.pool.with_user(manager).action_return(customer.ids, "He has left")
        )

    def test_owner_by_hand(self):
        customer = self._create_inside()
        with self.assertRaisesRegex(UserError, "Claim it there"):
            customer.with_user(self.ana).user_id = self.ana
        customer.with_user(self.boss).user_id = self.ana
        self.assertFalse(customer.crm_suite_pool_id)
        self.assertTrue(customer.crm_suite_owned_since)
        move = self.env["crm.suite.pool.move"].search([("res_id", "=", customer.id)])
        self.assertEqual((move.kind, move.user_id), ("assign", self.boss))

    def test_fields_cannot_be_written_past_the_rules(self):
        customer = self._create_inside()
        for values in (
            {"crm_suite_pool_id": False, "user_id": self.ana.id},
            {"crm_suite_protected_until": "2099-01-01 00:00:00"},
            {"crm_suite_pool_locked": True},
        ):
            with self.assertRaises(AccessError):
                customer.with_user(self.ana).write(values)
        with self.assertRaises(AccessError):
            customer.with_user(self.ana).create(
                {"name": "New", "crm_suite_pool_id": self.pool.id}
            )
        made = customer.with_user(self.boss).create(
            {"name": "New", "crm_suite_pool_id": self.pool.id}
        )
        self.assertFalse(made.user_id)

    def test_lock(self):
        customer = self._create_inside()
        with self.assertRaises(AccessError):
            self.pool.with_user(self.ana).action_lock(customer.ids, "Mine")
        boss = self.pool.with_user(self.boss)
        self.assertDone(boss.action_lock(customer.ids, "In court"))
        self.assertRefused(self._claim(customer), "locked")
        self.assertDone(boss.action_lock(customer.ids, "Settled", locked=False))
        self.assertDone(self._claim(customer))

    def test_protect(self):
        first, second = self._create_inside(2)
        self._claim(first | second)
        pool = self.pool.with_user(self.ana)
        with self.assertRaisesRegex(UserError, "at most"):
            pool.action_protect(first.ids, 31)
        results = pool.action_protect((first | second).ids, 30)
        self.assertEqual([r["ok"] for r in results], [True, False])
        self.assertGreater(
            first.crm_suite_protected_until,
            fields.Datetime.now() + timedelta(days=29),
        )
        self.assertRefused(pool.action_protect(first.ids, 30), "protected already")
        self.assertRefused(
            self.pool.with_user(self.ben).action_protect(second.ids, 3), "not yours"
        )

    def test_transfer(self):
        other = self._create_pool(name="Other Test Pool")
        customer = self._create_inside()
        with self.assertRaises(AccessError):
            self.pool.with_user(self.ana).action_transfer(
                customer.ids, other.id, "Better there"
            )
        boss = self.pool.with_user(self.boss)
        leads = self._create_pool(name="Leads", res_model="crm.lead")
        with self.assertRaisesRegex(UserError, "same kind"):
            boss.action_transfer(customer.ids, leads.id, "Better there")
        self.assertDone(boss.action_transfer(customer.ids, other.id, "Better there"))
        self.assertEqual(customer.crm_suite_pool_id, other)

    def test_other_company(self):
        company = self._other_company()
        foreign = self._create_pool(name="Foreign", company_id=company.id)
        customer = self._create_inside(pool=foreign)
        with self.assertRaises(AccessError):
            self._claim(customer, pool=foreign)
        mine = self._create_customer(
            name="Ours", company_id=self.env.company.id, user_id=self.ana.id
        )
        self.ana.company_ids |= company
        pool = foreign.with_user(self.ana).with_context(
            allowed_company_ids=(self.env.company | company).ids
        )
        self.assertRefused(pool.action_return(mine.ids, "No need"), "another company")

    def test_undo_keeps_the_log_and_the_cooldown(self):
        self.pool.cooldown_days = 5
        customer = self._create_inside()
        self._claim(customer)
        Move = self.env["crm.suite.pool.move"]
        operation = Move.search([("res_id", "=", customer.id)]).operation_id
        # Undoing a return would get round the caps as well.
        with self.assertRaises(AccessError):
            operation.with_user(self.ana).action_undo()
        manager = new_test_user(self.env, "suite_manager", f"{ROLE}sales_manager")
        operation.with_user(manager).action_undo()
        self.assertFalse(customer.user_id)
        self.assertEqual(customer.crm_suite_pool_id, self.pool)
        moves = Move.search([("res_id", "=", customer.id)])
        self.assertEqual(set(moves.mapped("kind")), {"claim", "undo"})
        self.assertRefused(self._claim(customer), "again from")

    def test_leads(self):
        pool = self._create_pool(name="Leads", res_model="crm.lead", cap_person=1)
        leads = self.env["crm.lead"].create(
            [
                {"name": f"L{n}", "user_id": False, "crm_suite_pool_id": pool.id}
                for n in range(2)
            ]
        )
        results = self._claim(leads, pool=pool)
        self.assertEqual([r["ok"] for r in results], [True, False])
        self.assertEqual(leads[0].user_id, self.ana)

    def test_policies_leave_pools_alone(self):
        for model in ("res.partner", "crm.lead"):
            domain = self.env[model]._assignable_domain()
            self.assertIn("crm_suite_pool_id", str(domain))

    def test_bad_arguments_are_answered_by_a_sentence(self):
        pool = self.pool.with_user(self.boss)
        for ids in ("1", [], [True], ["1"], None, [0], {"id": 1}):
            with self.assertRaises(UserError):
                pool.action_claim(ids)
        with self.assertRaises(UserError):
            pool.action_assign([1], "ana")
        with self.assertRaises(UserError):
            pool.action_protect([1], "3")
        with self.assertRaises(UserError):
            pool.action_transfer([1], "x", "why")
        with self.assertRaises(UserError):
            self.env["crm.suite.pool"].with_user(self.boss).action_claim([1])
        self.assertRefused(pool.action_return([2**31 - 1], "why"), "may not")

    def test_a_pool_that_is_not_empty_stays(self):
        self._create_inside()
        with self.assertRaisesRegex(UserError, "not empty"):
            self.pool.action_archive()
        with self.assertRaisesRegex(UserError, "not empty"):
            self.pool.unlink()
        with self.assertRaises(ValidationError):
            self.pool.res_model = "crm.lead"

    def test_rights_on_pools(self):
        pool = self.pool.with_user(self.boss)
        pool.cap_day = 3
        with self.assertRaises(AccessError):
            self.pool.with_user(self.ana).cap_day = 9
        with self.assertRaises(AccessError):
            self.pool.with_user(self.lead).cap_day = 9
        Pool = self.env["crm.suite.pool"]
        self.assertIn(self.pool, Pool.with_user(self.ana).search([]))
        self.assertNotIn(self.pool, Pool.with_user(self.rep).search([]))

    def test_moves_are_seen_by_whom_they_concern(self):
        self._claim(self._create_inside())
        Move = self.env["crm.suite.pool.move"]
        domain = [("pool_id", "=", self.pool.id)]
        self.assertTrue(Move.with_user(self.ana).search(domain))
        self.assertTrue(Move.with_user(self.boss).search(domain))
        self.assertFalse(Move.with_user(self.ben).search(domain))
        move = Move.search(domain, limit=1)
        with self.assertRaises(AccessError):
            move.with_user(self.boss).reason = "Changed"

    def test_window(self):
        customer = self._create_inside()
        self._claim(customer)
        context = {"active_model": "res.partner", "active_ids": customer.ids}
        Act = self.env["crm.suite.pool.act"].with_user(self.ana)
        act = Act.with_context(**context, default_act="return").create({})
        self.assertEqual(act.pool_id, self.pool)
        act.reason = "No need"
        act.action_do()
        self.assertEqual(customer.crm_suite_pool_id, self.pool)
        action = customer.with_user(self.ana).action_crm_suite_claim()
        self.assertEqual(action["params"]["type"], "success")
        self.assertEqual(customer.user_id, self.ana)
        act = Act.with_context(**context).create({"act": "protect", "days": 10})
        act.action_do()
        self.assertTrue(customer.crm_suite_protected_until)

    def test_buttons_show_what_may_be_done(self):
        customer = self._create_inside()
        self.assertTrue(customer.with_user(self.ana).crm_suite_may_claim)
        self.assertFalse(customer.with_user(self.rep).crm_suite_may_claim)
        self._claim(customer)
        self.assertTrue(customer.with_user(self.ana).crm_suite_may_return)
        self.assertTrue(customer.with_user(self.boss).crm_suite_may_return)
        self.assertFalse(customer.with_user(self.ben).crm_suite_may_return)

    def test_plain_users_change_owners_as_before(self):
        partner = self.env["res.partner"].create({"name": "No customer"})
        partner.with_user(self.clerk).user_id = self.clerk
        self.assertFalse(partner.crm_suite_owned_since)
        self.customer.with_user(self.clerk).user_id = self.clerk
        self.assertTrue(self.customer.crm_suite_owned_since)

    def test_members_see_the_pool_where_visibility_is_restricted(self):
        customer = self._create_inside()
        Partner = self.env["res.partner"]
        for user, sees in ((self.ana, True), (self.rep, False)):
            clauses = Partner.with_user(user).sudo()._crm_suite_customer_clauses()
            found = Partner.search(Domain.OR(clauses) & Domain("id", "=", customer.id))
            self.assertEqual(customer in found, sees)

    def test_copy_does_not_lie_in_the_pool(self):
        self.assertFalse(self._create_inside().copy().crm_suite_pool_id)

    def test_member_list_of_commands(self):
        self.pool.with_user(self.boss).member_ids = [Command.link(self.rep.id)]
        self.assertDone(self._claim(self._create_inside(), self.rep))

    def test_merge_of_a_pooled_and_an_owned_customer(self):
        """The owner comes with his block: nobody owns what still lies in a pool."""
        inside = self._create_inside()
        owned = self._create_customer(name="Pooled 0 too", user_id=self.ana.id)
        (inside | owned).crm_suite_merge(inside.id)
        self.assertEqual(
            bool(inside.user_id), not inside.crm_suite_pool_id, "both or neither"
        )

    def test_conflict_check_names_the_pool_to_members_only(self):
        customer = self._create_inside()
        state = customer.with_user(self.ana)._claim_state()[customer.id]
        self.assertEqual(
            (state["state"], state["pool"], state["may_claim"]),
            ("pool", "Test Pool", True),
        )
        state = customer.with_user(self.rep)._claim_state()[customer.id]
        self.assertEqual(
            (state["state"], state["pool"], state["may_claim"]), ("pool", False, False)
        )
