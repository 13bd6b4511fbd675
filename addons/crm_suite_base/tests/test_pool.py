from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tests import new_test_user, tagged

from .common import ROLE
from .pool_common import PoolCase


@tagged("post_install", "-at_install")
class TestPool(PoolCase):
    # === CLAIMING AND RETURNING === #

    def test_member_claims_once_and_the_next_reads_who_has_it(self):
        self.assertEqual(
            self.claim(self.rep), [{"id": self.customer.id, "ok": True, "reason": ""}]
        )
        self.assertEqual(self.customer.user_id, self.rep)
        [row] = self.claim(self.rival)
        self.assertFalse(row["ok"])
        self.assertIn(self.rep.name, row["reason"])
        move = self.env["crm.suite.pool.move"].search(
            [("res_id", "=", self.customer.id), ("kind", "=", "claim")]
        )
        self.assertEqual((move.to_user_id, move.done_by_id), (self.rep, self.rep))

    def test_outsiders_claim_nothing(self):
        with self.assertRaises(AccessError):
            self.claim(self.stranger)
        with self.assertRaises(AccessError):
            self.claim(self.plain)
        self.assertFalse(self.customer.user_id)

    def test_other_company(self):
        company = self._other_company()
        self.pool.company_id = company
        with self.assertRaises(AccessError):
            self.claim(self.rep)

    def test_cap_per_person_and_per_day(self):
        results = self.claim(self.rep, self.everybody)
        self.assertEqual([row["ok"] for row in results], [True, True, False, False])
        self.pool.write({"max_person": 0, "max_day": 3})
        results = self.claim(self.rep, self.everybody[2:])
        self.assertEqual([row["ok"] for row in results], [True, False])
        self.assertIn("3", results[1]["reason"])

    def test_overall_cap(self):
        self.env["ir.config_parameter"].set_param("crm_suite_base.pool_max_overall", 1)
        results = self.claim(self.rep, self.everybody[:2])
        self.assertEqual([row["ok"] for row in results], [True, False])

    def test_won_customers_do_not_count(self):
        self.claim(self.rep, self.everybody[:2])
        won = self.env.ref("crm_suite_base.lifecycle_stage_repeat")
        self.everybody[0].crm_suite_lifecycle_id = won
        self.assertTrue(self.claim(self.rep, self.everybody[2])[0]["ok"])

    def test_cool_down_after_return_for_the_same_person_only(self):
        self.claim(self.rep)
        [row] = self.as_(self.rep).action_return(self.customer.ids, "No budget")
        self.assertTrue(row["ok"])
        self.assertFalse(self.customer.user_id)
        self.assertEqual(self.customer.crm_suite_pool_reason, "No budget")
        self.assertFalse(self.claim(self.rep)[0]["ok"])
        self.assertTrue(self.claim(self.rival)[0]["ok"])

    def test_cool_down_after_an_owner_removed_by_hand(self):
        self.claim(self.rep)
        self.customer.with_user(self.lead).user_id = False
        self.assertFalse(self.claim(self.rep)[0]["ok"])

    def test_undo_of_a_return_gives_it_back_without_cool_down(self):
        self.claim(self.rep)
        self.as_(self.rep).action_return(self.customer.ids, "Oops")
        operation = self.get_operation()
        # He would get round limits by undoing his own claims and returns.
        with self.assertRaises(AccessError):
            operation.with_user(self.rep).action_undo()
        manager = new_test_user(self.env, "suite_manager", f"{ROLE}sales_manager")
        operation.with_user(manager).action_undo()
        self.customer.invalidate_recordset()
        self.assertEqual(self.customer.user_id, self.rep)
        self.as_(self.lead).action_return(self.customer.ids, "Again")
        moves = self.env["crm.suite.pool.move"].search(
            [("res_id", "=", self.customer.id), ("kind", "=", "return")]
        )
        self.assertEqual(sorted(moves.mapped("undone")), [False, True])
        undo = moves.search([("res_id", "=", self.customer.id), ("kind", "=", "undo")])
        self.assertEqual((undo.done_by_id, undo.to_user_id), (manager, self.rep))

    def test_bad_input_is_refused_with_a_sentence(self):
        pool = self.as_(self.rep)
        for ids in ("12", 12, ["12"], [True], None, {"a": 1}):
            with self.assertRaises(UserError):
                pool.action_claim(ids)
        self.claim(self.rep)
        for reason in ("", "  ", None, 5, []):
            with self.assertRaises(UserError):
                pool.action_return(self.customer.ids, reason)
        with self.assertRaises(UserError):
            self.as_(self.lead).action_assign(self.customer.ids, "7")
        with self.assertRaises(UserError):
            pool.action_protect(self.customer.ids, "x", "why")
        with self.assertRaises(UserError):
            pool.action_claim([0])
        self.assertRefused(pool.action_claim([2**30]), "does not exist")

    def test_others_cannot_return_assign_transfer_lock(self):
        self.claim(self.rep)
        [row] = self.as_(self.rival).action_return(self.customer.ids, "Mine!")
        self.assertFalse(row["ok"])
        other = self.Pool.create({"name": "Other"})
        for act in (
            lambda p: p.action_assign(self.customer.ids, self.rival.id),
            lambda p: p.action_transfer(self.customer.ids, other.id, "x"),
            lambda p: p.action_lock(self.customer.ids),
            lambda p: p.action_extend(self.customer.ids, 5, "x"),
            lambda p: p.action_add(self.customer.ids),
            lambda p: p.simulate_return(),
        ):
            with self.assertRaises(AccessError):
                act(self.as_(self.rival))

    def test_writing_past_the_methods(self):
        """Neither the owner in the pool nor what belongs to pools by a plain write."""
        for values in (
            {"user_id": self.rep.id},
            {"phone": "+86 755 1111 1111"},
            {"crm_suite_pool_id": False},
        ):
            with self.assertRaises(AccessError):
                self.customer.with_user(self.rival).write(values)
        self.claim(self.rep)
        with self.assertRaises(AccessError):
            self.customer.with_user(self.rep).write({"crm_suite_pool_locked": True})

    def test_admin_assigns_transfers_locks(self):
        pool = self.as_(self.lead)
        self.assertTrue(pool.action_assign(self.customer.ids, self.rival.id)[0]["ok"])
        self.assertTrue(pool.action_lock(self.customer.ids)[0]["ok"])
        self.assertFalse(
            self.as_(self.rival).action_return(self.customer.ids, "x")[0]["ok"]
        )
        other = self.Pool.create(
            {"name": "Other", "admin_ids": [Command.set(self.lead.ids)]}
        )
        [row] = pool.action_transfer(self.customer.ids, other.id, "Their region")
        self.assertTrue(row["ok"])
        self.assertEqual(self.customer.crm_suite_pool_id, other)
        self.assertEqual(self.customer.user_id, self.rival)

    def test_assign_only(self):
        self.pool.claim_mode = "assign"
        with self.assertRaises(AccessError):
            self.claim(self.rep)
        self.assertTrue(self.claim(self.lead)[0]["ok"])

    def test_protection_has_a_limit(self):
        self.pool.write({"protect_max": 1, "protect_days": 10})
        self.claim(self.rep, self.everybody[:2])
        results = self.as_(self.rep).action_protect(
            self.everybody[:2].ids, 5, "Big offer"
        )
        self.assertEqual([row["ok"] for row in results], [True, False])
        with self.assertRaises(UserError):
            self.as_(self.rep).action_protect(self.everybody[1].ids, 11, "Long")
        # Without a limit of the pool a year is the most.
        self.pool.write({"protect_max": 0, "protect_days": 0})
        for days in (366, 10**10):
            with self.assertRaisesRegex(UserError, "1 to 365 days"):
                self.as_(self.rep).action_protect(self.everybody[1].ids, days, "Long")
        [row] = self.as_(self.rep).action_protect(self.everybody[1].ids, 365, "Long")
        self.assertTrue(row["ok"])

    # === REQUESTS === #

    def test_extension_and_appeal_are_decided_by_the_admin(self):
        Request = self.env["crm.suite.pool.request"]
        self.claim(self.rep)
        mine = self.customer.with_user(self.rep)
        request = Request.with_user(self.rep)._request(mine, "extend", "Trial", 20)
        with self.assertRaises(AccessError):
            request.action_grant()
        request.with_user(self.lead).action_grant()
        self.assertTrue(self.customer.crm_suite_extended_until)
        with self.assertRaises(UserError):
            request.with_user(self.lead).action_refuse("late")
        self.as_(self.lead).action_return(self.customer.ids, "Too slow")
        appeal = Request.with_user(self.rep)._request(mine, "appeal", "Was ill")
        appeal.with_user(self.lead).action_grant()
        self.assertEqual(self.customer.user_id, self.rep)
        told = self.env["mail.message"].search(
            [("partner_ids", "in", self.rep.partner_id.ids)]
        )
        self.assertTrue(
            any("Granted" in (message.subject or "") for message in told),
            "who asked hears of it",
        )

    def test_only_who_had_it_last_appeals(self):
        Request = self.env["crm.suite.pool.request"]
        with self.assertRaisesRegex(AccessError, "had it last"):
            Request.with_user(self.rep)._request(
                self.customer.with_user(self.rep), "appeal", "I want it"
            )
        self.claim(self.rep)
        self.as_(self.lead).action_return(self.customer.ids, "Too slow")
        with self.assertRaisesRegex(AccessError, "had it last"):
            Request.with_user(self.rival)._request(
                self.customer.with_user(self.rival), "appeal", "I want it"
            )
        self.assertTrue(
            Request.with_user(self.rep)._request(
                self.customer.with_user(self.rep), "appeal", "Was ill"
            )
        )
        self.assertTrue(
            Request.with_user(self.lead)._request(
                self.customer.with_user(self.lead), "appeal", "For the team"
            ),
            "who decides about the pool may ask for it, too",
        )

    def test_an_appeal_takes_nothing_from_who_claimed_meanwhile(self):
        Request = self.env["crm.suite.pool.request"]
        self.claim(self.rep)
        self.as_(self.lead).action_return(self.customer.ids, "Too slow")
        mine = self.customer.with_user(self.rep)
        appeal = Request.with_user(self.rep)._request(mine, "appeal", "Was ill")
        self.claim(self.rival)
        with self.assertRaises(UserError):
            appeal.with_user(self.lead).action_grant()
        self.assertEqual(self.customer.user_id, self.rival)
        appeal.with_user(self.lead).action_refuse("Too late")
        self.assertEqual(appeal.state, "refused")

    # === WHAT ELSE HOLDS === #

    def test_each_id_gets_its_answer_in_order(self):
        self.claim(self.rival, self.others[1])
        ids = [self.others[1].id, 2**30, self.others[0].id]
        rows = self.as_(self.rep).action_claim(ids)
        self.assertEqual([row["id"] for row in rows], ids)
        self.assertEqual([row["ok"] for row in rows], [False, False, True])

    def test_members_of_teams_are_members(self):
        team = self.env["crm.team"].create({"name": "Pool Team"})
        self.env["crm.team.member"].create(
            {"user_id": self.stranger.id, "crm_team_id": team.id}
        )
        self.pool.team_ids = team
        self.assertTrue(self.claim(self.stranger)[0]["ok"])

    def test_cap_of_the_pool(self):
        self.pool.max_all = 1
        self.assertTrue(self.claim(self.rep)[0]["ok"])
        self.assertRefused(self.claim(self.rival, self.others[0]), "1 of at most 1")

    def test_contacts_go_with_their_customer(self):
        self.claim(self.rep)
        self.assertEqual(self.person.user_id, self.rep)
        self.customer.message_subscribe(self.rep.partner_id.ids)
        self.as_(self.rep).action_return(self.customer.ids, "No need")
        self.assertFalse(self.person.user_id)
        self.assertNotIn(self.rep.partner_id, self.customer.message_partner_ids)

    def test_a_subsidiary_keeps_its_owner(self):
        """It is a customer of its own: nothing of it is taken with its parent."""
        below = self._create_customer(
            name="Below", parent_id=self.customer.id, user_id=self.rival.id
        )
        self.claim(self.rep)
        self.assertEqual(below.user_id, self.rival)
        self.as_(self.rep).action_return(self.customer.ids, "No need")
        self.assertEqual(below.user_id, self.rival)

    def test_an_owner_gives_up_what_was_in_no_pool(self):
        mine = self._create_customer(name="Mine", user_id=self.rep.id)
        results = self.as_(self.rival).action_return(mine.ids, "Give it")
        self.assertRefused(results, "no pool")
        # Leading a pool gives no right to what never came from it.
        results = self.as_(self.lead).action_return(mine.ids, "Give it")
        self.assertRefused(results, "no pool")
        results = self.as_(self.rep).action_return(mine.ids, "No need")
        self.assertTrue(results[0]["ok"])
        self.assertEqual(mine.crm_suite_pool_id, self.pool)
        self.assertRefused(self.claim(self.rep, mine), "again from")

    def test_locked_in_the_pool(self):
        admin = self.as_(self.lead)
        self.assertTrue(admin.action_lock(self.customer.ids, True, "In court")[0]["ok"])
        self.assertRefused(self.claim(self.rep), "locked")
        admin.action_lock(self.customer.ids, False)
        self.assertTrue(self.claim(self.rep)[0]["ok"])

    def test_owner_by_hand_is_a_move(self):
        self.customer.with_user(self.lead).user_id = self.rep
        move = self.env["crm.suite.pool.move"].search(
            [("res_id", "=", self.customer.id), ("kind", "=", "assign")]
        )
        self.assertEqual((move.to_user_id, move.done_by_id), (self.rep, self.lead))
        self.assertTrue(self.customer.crm_suite_owned_since)
        self.assertFalse(self.customer.crm_suite_pool_since)

    def test_owner_by_hand_is_no_way_past_the_pool(self):
        """Neither its limits nor the reason of a return are avoided by a write."""
        customer = self.customer.with_user(self.rep)
        with self.assertRaisesRegex(AccessError, "use Claim"):
            customer.user_id = self.rep
        with self.assertRaisesRegex(AccessError, "only its admins"):
            customer.user_id = self.rival
        self.claim(self.rep)
        customer.write({"user_id": self.rep.id, "city": "Shenzhen"})
        with self.assertRaisesRegex(AccessError, "use Return"):
            customer.user_id = False
        for user in (self.rep, self.rival):
            with self.assertRaisesRegex(AccessError, "only its admins"):
                customer.with_user(user).user_id = self.rival
        hidden = customer.with_user(self.stranger)
        if not hidden.has_access("read"):
            with self.assertRaises(AccessError) as refused:
                hidden.user_id = self.stranger
            self.assertNotIn("Huaqiang", str(refused.exception))
        self.assertEqual(self.customer.user_id, self.rep)
        mine = self._create_customer(name="No pool", user_id=self.rep.id)
        mine.with_user(self.rep).user_id = self.rival
        self.assertEqual(mine.user_id, self.rival)
        self.customer.with_user(self.lead).user_id = self.rival
        self.customer.with_user(self.rival).sudo().user_id = self.rep
        self.assertEqual(self.customer.user_id, self.rep)

    def test_created_in_the_pool_by_its_admins(self):
        values = {"name": "New", "crm_suite_pool_id": self.pool.id}
        with self.assertRaises(AccessError):
            self.Partner.with_user(self.rep).create(values)
        made = self.Partner.with_user(self.lead).create({**values, "user_id": False})
        self.assertTrue(made.crm_suite_pool_since)
        leads = self.Pool.create({"name": "L", "res_model": "crm.lead"})
        leads.admin_ids = self.lead
        with self.assertRaises(UserError):
            self.Partner.with_user(self.lead).create(
                {"name": "New", "crm_suite_pool_id": leads.id}
            )

    def test_a_pool_that_is_not_empty_stays(self):
        with self.assertRaisesRegex(UserError, "not empty"):
            self.pool.action_archive()
        with self.assertRaisesRegex(UserError, "still holds"):
            self.pool.unlink()
        with self.assertRaises(UserError):
            self.pool.res_model = "crm.lead"

    def test_admins_set_limits_and_managers_who_belongs(self):
        pool = self.as_(self.lead)
        pool.write({"max_day": 3, "auto_return": True})
        for values in (
            {"user_ids": [Command.link(self.stranger.id)]},
            {"take_in": True},
            {"mask": False},
        ):
            with self.assertRaises(AccessError):
                pool.write(values)
        with self.assertRaises(AccessError):
            self.as_(self.rep).max_day = 9
        self.assertNotIn(self.pool, self.Pool.with_user(self.stranger).search([]))

    def test_moves_are_seen_by_whom_they_concern(self):
        self.claim(self.rep)
        Move = self.env["crm.suite.pool.move"]
        domain = [("pool_id", "=", self.pool.id), ("kind", "=", "claim")]
        self.assertTrue(Move.with_user(self.rep).search(domain))
        self.assertTrue(Move.with_user(self.lead).search(domain))
        self.assertFalse(Move.with_user(self.rival).search(domain))

    def test_policies_leave_alone_what_is_in_a_pool(self):
        domain = self.Partner._assignable_domain()
        self.assertFalse(self.customer.filtered_domain(domain))
        self.claim(self.rep)
        self.assertTrue(self.customer.filtered_domain(domain))

    def test_conflict_check_names_the_pool(self):
        state = self.customer.with_user(self.rep)._claim_state()[self.customer.id]
        self.assertEqual(
            (state["state"], state["pool"], state["may_claim"]),
            ("pool", "Test Pool", True),
        )
        state = self.customer.with_user(self.stranger)._claim_state()[self.customer.id]
        self.assertEqual((state["state"], state["may_claim"]), ("pool", False))
        self.claim(self.rep)
        self.as_(self.rep).action_protect(self.customer.ids, 5, "Big offer")
        state = self.customer.with_user(self.rival)._claim_state()[self.customer.id]
        self.assertEqual(state["state"], "protected")
        self.assertTrue(state["until"])

    def test_merge_of_a_pooled_and_an_owned_customer(self):
        owned = self._create_customer(name="Pool 0 too", user_id=self.rep.id)
        survivor = self.others[0]
        (survivor | owned).crm_suite_merge(survivor.id)
        self.assertEqual(survivor.user_id, self.rep)
        self.assertFalse(survivor.crm_suite_in_pool)

    def test_window_and_buttons(self):
        customer = self.customer.with_user(self.rep)
        self.assertTrue(customer.crm_suite_may_claim)
        self.assertFalse(self.customer.with_user(self.stranger).crm_suite_may_claim)
        action = customer.action_crm_suite_claim()
        self.assertEqual(action["params"]["type"], "success")
        self.assertTrue(customer.crm_suite_may_return)
        self.assertFalse(self.customer.with_user(self.rival).crm_suite_may_return)
        act = (
            self.env["crm.suite.pool.act"]
            .with_user(self.rep)
            .with_context(active_model="res.partner", active_ids=customer.ids)
            .create({"act": "return", "reason": "No need"})
        )
        self.assertTrue(act.is_pooled)
        act.action_apply()
        self.assertFalse(self.customer.user_id)

    def test_members_see_the_pool_where_visibility_is_restricted(self):
        for user, sees in ((self.rep, True), (self.stranger, False)):
            clauses = self.Partner.with_user(user).sudo()._crm_suite_customer_clauses()
            found = self.Partner.search(
                Domain.OR(clauses) & Domain("id", "=", self.customer.id)
            )
            self.assertEqual(self.customer in found, sees)
