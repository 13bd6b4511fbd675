from collections import Counter
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged

from ..models.assignment_desk import Desk
from ..models.rule_match import get_first_company
from .assignment_common import AssignmentCase

SWEEP = "odoo.addons.crm_suite_base.models.assignment_sweep"


@tagged("post_install", "-at_install")
class TestAssignment(AssignmentCase):
    """Who gets which lead, and what the log says about it."""

    # --- methods

    def test_in_turn(self):
        leads = self._create_leads(7)
        result = self.assign(leads)
        self.assertEqual(result["assigned"], 7)
        owners = leads.mapped("user_id")
        self.assertEqual(owners, self.people)
        self.assertEqual(
            [lead.user_id for lead in leads],
            [self.ana, self.ben, self.cai, self.ana, self.ben, self.cai, self.ana],
        )
        one = self._create_leads()
        self.assign(one)
        self.assertEqual(one.user_id, self.ben, "the turns are kept between runs")

    def test_least_open_work(self):
        self._create_leads(3, user_id=self.ana.id)
        self._create_leads(1, user_id=self.ben.id)
        self.rule.method = "least_loaded"
        self.policy._publish_rules()
        leads = self._create_leads(5)
        self.assign(leads)
        counts = Counter(lead.user_id for lead in leads)
        self.assertEqual(counts, {self.cai: 3, self.ben: 2})

    def test_by_weight(self):
        self.rule.method = "weighted"
        self.policy._publish_rules()
        self.member(self.ana).weight = 2
        leads = self._create_leads(8)
        self.assign(leads)
        counts = Counter(lead.user_id for lead in leads)
        self.assertEqual(counts, {self.ana: 4, self.ben: 2, self.cai: 2})

    def test_by_skill(self):
        english = self.env["crm.suite.assignment.skill"].create(
            {
                "name": "English",
                "res_model": "crm.lead",
                "domain": f"[('country_id', '!=', {self.china.id})]",
            }
        )
        self.member(self.cai).skill_ids = english
        self.rule.method = "skill"
        self.policy._publish_rules()
        abroad = self._create_leads(3, country_id=self.env.ref("base.be").id)
        self.assign(abroad)
        self.assertEqual(abroad.user_id, self.cai)
        home = self._create_leads(3)
        self.assign(home)
        self.assertEqual(home.user_id, self.people, "no skill needed: everybody")

    def test_by_territory(self):
        today = fields.Date.today()
        shanghai = self.env.ref("base.state_cn_SH")
        territory = self.env["crm.suite.assignment.territory"].create(
            {"name": "Shanghai", "state_ids": [Command.set(shanghai.ids)]}
        )
        pudong = territory.copy(
            {"name": "Pudong", "state_ids": [], "zip_prefixes": "2001, 201"}
        )
        over = territory.copy({"name": "Former", "date_to": today - timedelta(days=1)})
        self.member(self.ana).territory_ids = over
        self.member(self.ben).territory_ids = territory
        self.member(self.cai).territory_ids = pudong
        self.rule.method = "territory"
        self.policy._publish_rules()
        leads = self._create_leads(2, state_id=shanghai.id)
        self.assign(leads)
        self.assertEqual(leads.user_id, self.ben, "the other one is over")
        by_zip = self._create_leads(1, zip="201203")
        self.assign(by_zip)
        self.assertEqual(by_zip.user_id, self.cai)
        nowhere = self._create_leads(1, zip="100000")
        self.assertEqual(self.assign(nowhere)["waiting"], 1)

    def test_first_rule_that_fits_decides(self):
        self._create_rule(
            self.policy,
            name="Big",
            sequence=1,
            domain="[('referred', '=', 'TEST'), ('expected_revenue', '>', 1000)]",
            member_ids=[Command.set(self.member(self.cai).ids)],
        )
        big = self._create_leads(2, expected_revenue=5000)
        small = self._create_leads(2)
        self.assign(big | small)
        self.assertEqual(big.user_id, self.cai)
        self.assertEqual(small.user_id, self.ana | self.ben)
        log = self.logs(big)[0]
        self.assertEqual((log.rule_id.name, log.value), ("Big", 5000))

    def test_no_rule_fits(self):
        lead = self._create_leads(referred="OTHER")
        result = self.assign(lead)
        self.assertEqual((result["unmatched"], result["operation_id"]), (1, False))
        self.assertFalse(self.logs(lead))

    def test_customers(self):
        policy = self._create_policy(res_model="res.partner")
        self._create_rule(policy, domain="[('ref', '=', 'TEST')]")
        customers = self.env["res.partner"]
        for number in range(3):
            customers |= self._create_customer(name=f"C{number}", ref="TEST")
        self.assign(customers, policy)
        self.assertEqual(customers.user_id, self.people)
        explained = customers[0].with_user(self.rep).explain("owner")
        self.assertEqual(explained["result"]["text"], self.ana.name)

    # --- limits

    def test_capacity(self):
        for member in self.policy.member_ids:
            member.capacity = 2
        self._create_leads(1, user_id=self.ana.id)
        leads = self._create_leads(7)
        result = self.assign(leads)
        self.assertEqual((result["assigned"], result["waiting"]), (5, 2))
        for user in self.people:
            self.assertEqual(
                self.env["crm.lead"]._assignable_load(user.ids)[user.id], 2
            )
        waiting = self.logs(leads).filtered(lambda log: log.state == "nobody")
        self.assertEqual(len(waiting), 2)
        self.assertTrue(all(waiting.mapped("is_late")))
        self.assertIn("full", waiting[0].why["skipped"])
        again = self.assign(leads)
        self.assertEqual(again["assigned"], 0)
        self.assertEqual(len(self.logs(leads)), 7, "waiting once, not once a run")

    def test_limits_per_day_and_week(self):
        self.member(self.ana).day_limit = 1
        self.member(self.ben).week_limit = 1
        first = self._create_leads(6)
        self.assign(first)
        counts = Counter(lead.user_id for lead in first)
        self.assertEqual(counts, {self.ana: 1, self.ben: 1, self.cai: 4})
        self.logs(first).date = fields.Datetime.now() - timedelta(days=8)
        second = self._create_leads(3)
        self.assign(second)
        self.assertEqual(second.user_id, self.people, "another week")

    def test_freed_room_wakes_who_waits(self):
        self.policy.with_user(self.manager).action_switch_on()
        for member in self.policy.member_ids:
            member.capacity = 1
        leads = self._create_leads(4)
        self.assign(leads)
        waiting = leads.filtered(lambda lead: not lead.user_id)
        self.assertEqual(len(waiting), 1)
        leads[0].with_user(self.ana).action_set_won()
        self.policy._run_sweep(0)
        self.assertEqual(waiting.user_id, leads[0].user_id)
        states = self.logs(waiting).mapped("state")
        self.assertEqual(states, ["settled", "done"])
        self.assertEqual(self.logs(waiting)[-1].cause, "room")

    def test_only_members_of_the_company(self):
        other = self._other_company()
        self.cai.company_ids = [Command.link(other.id)]
        leads = self._create_leads(2)
        leads.company_id = other
        self.policy._assign(leads.ids, "sweep")
        self.assertEqual(leads.user_id, self.cai)

    def _team(self, name, company, user):
        return self.env["crm.team"].create(
            {"name": name, "company_id": company.id, "user_id": user.id}
        )

    def test_leads_stay_in_their_company(self):
        """The owner is in two companies, what works in the background in one."""
        here, there = self.env.company, self._other_company()
        self.env.user.company_ids = [Command.unlink(there.id)]
        self.cai.company_ids = [Command.link(there.id)]
        team_here = self._team("Here", here, self.cai)
        team_there = self._team("There", there, self.cai)
        theirs = self._create_customer(company_id=there.id)
        leads = self._create_leads(2, partner_id=theirs.id, company_id=there.id)
        deal = self._create_leads(
            partner_id=theirs.id, company_id=there.id, type="opportunity"
        )
        ours = self._create_leads(company_id=here.id, partner_id=self.customer.id)
        shared = self._create_leads()
        self.policy.member_ids.filtered(lambda m: m.user_id != self.cai).unlink()
        everything = leads | deal | ours | shared
        self.policy._assign(everything.ids, "sweep")
        self.assertEqual(everything.user_id, self.cai)
        self.assertEqual((leads | deal).company_id, there)
        self.assertEqual((leads | deal).team_id, team_there)
        self.assertEqual((ours.company_id, ours.team_id), (here, team_here))
        self.assertIn(shared.team_id, team_here | team_there)
        self.assertEqual(shared.company_id, shared.team_id.company_id)

    def test_team_of_an_owner_of_another_company(self):
        """A lead gets the team of its owner there, or keeps the one it has."""
        there = self._other_company()
        self.env.user.company_ids = [Command.unlink(there.id)]
        self.cai.write({"company_ids": [Command.set(there.ids)], "company_id": there})
        theirs = self._create_customer(company_id=there.id)
        values = {"partner_id": theirs.id, "company_id": there.id}
        team = self._team("There", there, self.cai)
        lead = self._create_leads(**values)
        self.policy._assign(lead.ids, "sweep")
        self.assertEqual((lead.user_id, lead.team_id), (self.cai, team))
        # Nobody's team, and none that all companies share.
        self.env["crm.team"].search([("company_id", "=", False)]).active = False
        team.user_id = False
        lead = self._create_leads(**values, team_id=team.id)
        self.policy._assign(lead.ids, "sweep")
        self.assertEqual((lead.user_id, lead.team_id), (self.cai, team))
        self.assertEqual(lead.company_id, there)
        # What the screen proposes for new records is no answer here.
        elsewhere = self._team("Here", self.env.company, self.ana)
        team.active = False
        lead = self._create_leads(**values, team_id=team.id)
        policy = self.policy.with_context(default_team_id=elsewhere.id)
        policy._assign(lead.ids, "sweep")
        self.assertEqual((lead.user_id, lead.team_id), (self.cai, team))
        self.assertEqual(lead.company_id, there)

    def test_membership_has_dates(self):
        yesterday = fields.Date.today() - timedelta(days=2)
        self.member(self.ana).date_to = yesterday
        self.member(self.ben).date_from = fields.Date.today() + timedelta(days=2)
        leads = self._create_leads(2)
        self.assign(leads)
        self.assertEqual(leads.user_id, self.cai)
        self.assertEqual(
            self.logs(leads)[0].why["skipped"]["off"], [self.ana.id, self.ben.id]
        )

    def test_days_are_those_of_the_company(self):
        """Neither those of who runs the policy nor those of the server."""
        company = self._other_company()
        company.resource_calendar_id.tz = "Asia/Shanghai"
        self.policy.company_id = company
        self.member(self.ana).date_to = "2026-03-10"
        self.member(self.ben).date_from = "2026-03-11"
        # The eleventh began four hours ago in Shanghai.
        with freeze_time("2026-03-10 20:00:00"):
            desk = Desk(self.policy, self._create_leads())
        self.assertEqual(desk.closed, {self.ana.id: "off"})

    def test_territories_by_the_day_of_the_company(self):
        company = self._other_company()
        company.resource_calendar_id.tz = "Asia/Shanghai"
        self.policy.company_id = company
        territory = self.env["crm.suite.assignment.territory"].create(
            {"name": "China", "country_ids": self.china, "date_from": "2026-03-11"}
        )
        self.member(self.ana).territory_ids = territory
        with freeze_time("2026-03-10 20:00:00"):
            lead = self._create_leads()
            desk = Desk(self.policy, lead)
            self.assertEqual(desk.territories, {lead.id: frozenset(territory.ids)})

    # --- stickiness, absence

    def test_back_to_the_previous_owner(self):
        self.policy.sticky = True
        self.customer.user_id = self.ben
        leads = self._create_leads(3, partner_id=self.person.id)
        self.assign(leads)
        self.assertEqual(leads.user_id, self.ben)
        self.assertTrue(self.logs(leads)[0].why["sticky"])
        self.customer.user_id = False
        again = self._create_leads(1, partner_id=self.person.id)
        self.assign(again)
        self.assertEqual(again.user_id, self.ben, "who had the last lead")
        fresh = self._create_leads()
        self.assign(fresh)
        self.assertEqual(fresh.user_id, self.ana, "it was out of turn")

    def _be_away(self, user, **values):
        now = fields.Datetime.now()
        absence = self.env["crm.suite.absence"].create(
            {
                "user_id": user.id,
                "date_from": now - timedelta(days=1),
                "date_to": now + timedelta(days=5),
                **values,
            }
        )
        absence.action_request()
        return absence

    def test_who_is_away_gets_nothing_and_no_burst_later(self):
        absence = self._be_away(self.ben)
        leads = self._create_leads(10)
        self.assign(leads)
        counts = Counter(lead.user_id for lead in leads)
        self.assertEqual(counts, {self.ana: 5, self.cai: 5})
        absence.action_return()
        later = self._create_leads(6)
        self.assign(later)
        counts = Counter(lead.user_id for lead in later)
        self.assertEqual(counts, {self.ana: 2, self.ben: 2, self.cai: 2})

    def test_the_cover_gets_only_what_he_may_have(self):
        self.policy.sticky = True
        self.customer.user_id = self.ben
        other = self._other_company()
        (self.ana | self.ben).company_ids += other
        self._be_away(self.ben, cover_id=self.cai.id)
        there, here = self._create_leads(2, partner_id=self.customer.id)
        there.company_id = other
        self.policy._assign((there | here).ids, "sweep")
        self.assertEqual((there.user_id, here.user_id), (self.ana, self.cai))

    def test_a_cover_outside_of_sales_gets_nothing(self):
        self.policy.sticky = True
        self.customer.user_id = self.ben
        outside = new_test_user(self.env, "suite_outside", "base.group_user")
        self._be_away(self.ben, cover_id=outside.id)
        lead = self._create_leads(1, partner_id=self.customer.id)
        self.assign(lead)
        self.assertEqual(lead.user_id, self.ana)

    def test_cover_gets_the_leads_of_own_customers_and_gives_them_back(self):
        self.policy.sticky = True
        self.customer.user_id = self.ben
        absence = self._be_away(self.ben, cover_id=self.cai.id)
        lead, done, moved = self._create_leads(3, partner_id=self.customer.id)
        self.assign(lead | done | moved)
        self.assertEqual((lead | done | moved).user_id, self.cai)
        self.assertEqual(self.logs(lead).why["cover_for"], self.ben.id)
        self.assertIn(self.ben.name, self.logs(lead).reason)
        self.assertEqual(self.customer.user_id, self.ben, "ownership stays")
        done.action_set_won()
        moved.user_id = self.ana
        absence.with_user(self.ben).action_return()
        self.assertEqual(lead.user_id, self.ben)
        self.assertEqual((done.user_id, moved.user_id), (self.cai, self.ana))
        self.assertEqual(
            set(absence.work_ids.mapped("state")), {"returned", "done", "kept"}
        )
        explained = lead.with_user(self.ben).explain("owner")
        self.assertIn("is back", explained["sentence"])

    def test_outside_of_working_hours(self):
        self.policy.presence = "hours"
        self.env["resource.calendar.leaves"].search([]).unlink()
        calendar = self.env.company.resource_calendar_id
        calendar.attendance_ids = [Command.clear()]
        leads = self._create_leads(1)
        self.assertEqual(self.assign(leads)["waiting"], 1)
        self.assertEqual(set(self.logs(leads).why["skipped"]), {"closed"})

    # --- accepting

    def _pending(self, count=1, **values):
        self.policy.write({"accept_minutes": 60, **values})
        leads = self._create_leads(count)
        self.assign(leads)
        return leads

    def test_accept(self):
        lead = self._pending()
        log = self.logs(lead)
        self.assertEqual(log.state, "pending")
        self.assertGreater(log.accept_until, fields.Datetime.now())
        self.assertEqual(
            lead.with_user(self.ana).crm_suite_accept_until, log.accept_until
        )
        for user, may in ((self.ana, True), (self.lead, True), (self.ben, False)):
            self.assertEqual(lead.with_user(user).crm_suite_may_answer, may)
        waiting = self.env["crm.lead"].search(
            [("crm_suite_accept_until", "!=", False), ("referred", "=", "TEST")]
        )
        self.assertEqual(waiting, lead)
        log.from_user_id = self.ben  # who may read it, too
        with self.assertRaisesRegex(AccessError, "Only the person"):
            log.with_user(self.ben).action_accept()
        lead.with_user(self.ana).action_crm_suite_accept()
        self.assertEqual(log.state, "accepted")
        with self.assertRaisesRegex(UserError, "settled"):
            log.with_user(self.ana).action_accept()

    def test_decline_goes_to_the_next(self):
        lead = self._pending()
        lead.with_user(self.ana).action_crm_suite_decline("Full up")
        self.assertEqual(lead.user_id, self.ben)
        first, second = self.logs(lead)
        self.assertEqual((first.state, first.answer), ("declined", "Full up"))
        self.assertEqual(
            (second.cause, second.try_number, second.from_user_id),
            ("declined", 2, self.ana),
        )
        self.assertEqual(second.why["skipped"]["tried"], [self.ana.id])

    def _let_pass(self, leads):
        pending = self.logs(leads).filtered(lambda log: log.state == "pending")
        pending.accept_until = fields.Datetime.now() - timedelta(minutes=1)
        self.policy._run_expired()

    def test_timer_passes_on_and_ends_in_the_overdue_list(self):
        lead = self._pending(accept_tries=3)
        owners = [lead.user_id]
        for _turn in range(2):
            self._let_pass(lead)
            owners.append(lead.user_id)
        self.assertEqual(owners, [self.ana, self.ben, self.cai])
        self._let_pass(lead)
        self.assertFalse(lead.user_id)
        states = self.logs(lead).mapped("state")
        self.assertEqual(states, ["expired"] * 3 + ["overdue"])
        self.policy._run_sweep(0)
        self.assertFalse(lead.user_id, "waits for a person now")
        overdue = self.logs(lead)[-1]
        with self.assertRaises(AccessError):
            overdue.with_user(self.rep).action_assign_again()
        overdue.with_user(self.lead).action_assign_again()
        self.assertEqual(lead.user_id, self.ana, "a new round")
        self.assertEqual(overdue.state, "settled")

    def test_who_was_made_owner_by_hand_stays(self):
        self.policy.with_user(self.manager).action_switch_on()
        lead = self._pending()
        lead.user_id = self.rep
        self.env.cr.flush()
        self.assertEqual(self.logs(lead).state, "settled")
        self._let_pass(lead)
        self.assertEqual(lead.user_id, self.rep)
        explained = lead.with_user(self.rep).explain("owner")
        self.assertIn("A person changed the owner", explained["sentence"])

    def _watching_pool(self):
        return self.env["crm.suite.pool"].create(
            {
                "name": "Watching",
                "res_model": "crm.lead",
                "user_ids": [Command.set(self.people.ids)],
                "take_in": True,
                "domain": "[('referred', '=', 'TEST')]",
            }
        )

    def test_a_pool_that_watches_waits_for_the_answer(self):
        lead = self._pending()
        pool = self._watching_pool()
        pool._take_in()
        self.assertFalse(lead.crm_suite_pool_id)
        lead.with_user(self.ana).action_crm_suite_decline("Full up")
        self.assertEqual(lead.user_id, self.ben)
        lead.with_user(self.ben).action_crm_suite_accept()
        pool._take_in()
        self.assertEqual((lead.crm_suite_pool_id, lead.user_id), (pool, self.ben))

    def test_what_was_put_into_a_pool_meanwhile_goes_to_the_next(self):
        pool = self._watching_pool()
        lead = self._pending()
        pool.action_add(lead.ids)
        self._let_pass(lead)
        self.assertEqual(lead.user_id, self.ben)
        self.assertFalse(lead.crm_suite_pool_id)
        moves = self.env["crm.suite.pool.move"].search(
            [("res_model", "=", "crm.lead"), ("res_id", "=", lead.id)], order="id"
        )
        self.assertEqual(moves.mapped("kind"), ["transfer", "transfer"])
        self.assertEqual((moves[1].pool_id, moves[1].to_pool_id), (pool, pool.browse()))
        self.assertFalse(pool._get_cooling(lead, self.ana))
        self._let_pass(lead)
        self._let_pass(lead)
        overdue = self.logs(lead)[-1]
        self.assertEqual(overdue.state, "overdue")
        overdue.with_user(self.lead).action_assign_again()
        self.assertTrue(lead.user_id)

    def test_time_to_accept_is_working_time(self):
        self.env["resource.calendar.leaves"].search([]).unlink()
        log = self.logs(self._pending())
        times = self.env["crm.suite.working.time"]
        end = log.accept_until + timedelta(days=1)
        clock = times._of_users(self.ana, log.date, end)[self.ana.id]
        self.assertEqual(clock.measure(log.date, log.accept_until), 3600)

    # --- events

    def test_new_and_changed_records(self):
        self.policy.with_user(self.manager).action_switch_on()
        lead = self._create_leads()
        self.assertFalse(lead.user_id, "nobody waits for the decision")
        other = self._create_leads(referred="OTHER")
        while self.policy._run_requests():
            pass
        self.assertTrue(lead.user_id)
        self.assertEqual(self.logs(lead).cause, "create")
        self.assertFalse(other.user_id)
        other.name = "Nothing that a rule looks at"
        self.assertFalse(self.policy._run_requests())
        other.referred = "TEST"
        self.assertEqual(self.policy._run_requests(), 1)
        self.assertEqual(self.logs(other).cause, "change")

    def test_switched_off_watches_nothing(self):
        watch = self.env["crm.suite.assignment.policy"]._get_watch("crm.lead")
        self.assertEqual((watch.on_create, watch.on_change), ((), ()))
        self._create_leads()
        requests = self.env["crm.suite.assignment.request"]
        self.assertFalse(requests.search([("policy_id", "=", self.policy.id)]))

    def test_run_by_hand_is_watched(self):
        policies = self.env["crm.suite.assignment.policy"]
        lead = self._create_leads(1)
        self.policy.accept_minutes = 60
        self.assign(lead)
        self.assertTrue(policies._get_watch("crm.lead").active)
        log = self.logs(lead)
        self.assertEqual(log.state, "pending")
        queries = self.env.cr.sql_log_count
        # Whoever writes leads one by one pays nothing for each of them.
        lead._note_freed({"user_id": self.manager.id})
        self.assertEqual(self.env.cr.sql_log_count, queries)
        lead.user_id = self.manager
        self.env.cr.flush()
        self.assertEqual(log.state, "settled")

    def _run_cron(self):
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.ir_cron_assign").method_direct_trigger()

    def test_scheduled_action(self):
        leads = self._create_leads(3)
        self.policy.with_user(self.manager).action_switch_on()
        self._run_cron()
        self.assertEqual(leads.user_id, self.people)
        self.assertEqual(set(self.logs(leads).mapped("cause")), {"sweep"})

    def test_a_policy_that_fails_does_not_hold_up_others(self):
        broken = self._create_policy(name="Broken", sequence=1)
        self._create_rule(broken, domain="[]")
        for policy in broken, self.policy:
            policy.with_user(self.manager).action_switch_on()
        rule = broken.rule_ids
        rule.sudo().published = {**rule.published, "domain": "[('nonsense', '=', 1)]"}
        leads = self._create_leads(2)
        with self.assertLogs(SWEEP, "ERROR"):
            self._run_cron()
        self.assertTrue(all(lead.user_id for lead in leads))

    def test_a_record_that_refuses_does_not_hold_up_others(self):
        self.policy.with_user(self.manager).action_switch_on()
        leads = self._create_leads(5)
        self.env.cr.flush()
        with self.refusing(leads[2]), self.assertLogs(SWEEP, "ERROR") as logs:
            self._run_cron()
        self.assertIn(str(leads[2].id), logs.output[0])
        self.assertIn("Not this one", logs.output[0])
        self.assertFalse(leads[2].user_id)
        self.assertTrue(all(lead.user_id for lead in leads - leads[2]))
        self.assertFalse(self.logs(leads[2]))
        self._run_cron()
        self.assertTrue(leads[2].user_id)

    def test_a_sweep_goes_past_a_record_that_refuses(self):
        leads = self._create_leads(5)
        self.policy.with_user(self.manager).action_switch_on()
        self.env["crm.suite.assignment.request"].search([]).unlink()
        with (
            patch(f"{SWEEP}.CHUNK", 2),
            self.refusing(leads[0]),
            self.assertLogs(SWEEP, "ERROR"),
        ):
            self._run_cron()
        self.assertFalse(leads[0].user_id)
        self.assertTrue(all(lead.user_id for lead in leads[1:]))

    def test_who_cannot_be_taken_back_does_not_hold_up_others(self):
        self.policy.with_user(self.manager).action_switch_on()
        leads = self._pending(3)
        pending = self.logs(leads)
        pending.accept_until = fields.Datetime.now() - timedelta(minutes=1)
        owner = leads[0].user_id
        new = self._create_leads()
        with (
            patch(f"{SWEEP}.CHUNK", 2),
            self.refusing(leads[0]),
            self.assertLogs(SWEEP, "ERROR"),
        ):
            self._run_cron()
        self.assertEqual(leads[0].user_id, owner)
        self.assertEqual(pending.mapped("state"), ["pending", "expired", "expired"])
        self.assertTrue(new.user_id)

    def test_a_policy_that_can_give_nothing_away_stops(self):
        self.policy.with_user(self.manager).action_switch_on()
        self._create_leads(5)
        rule = self.policy.rule_ids
        rule.sudo().published = {**rule.published, "domain": "[('nonsense', '=', 1)]"}
        with patch(f"{SWEEP}.CHUNK", 2), self.assertLogs(SWEEP, "ERROR") as logs:
            self._run_cron()
        self.assertEqual(len(logs.output), 1)

    # --- drafts, simulation, undo

    def test_drafts_do_not_count_before_they_are_applied(self):
        self.rule.domain = "[('referred', '=', 'DRAFT')]"
        self.assertEqual(self.policy.changed_count, 1)
        lead, draft = self._create_leads(), self._create_leads(referred="DRAFT")
        self.assign(lead | draft)
        self.assertTrue(lead.user_id)
        self.assertFalse(draft.user_id)
        self.policy.with_user(self.manager).action_apply()
        self.assign(draft)
        self.assertEqual(self.logs(draft).version, 2)

    def test_simulation_leaves_nothing_behind(self):
        self.rule.domain = "[('referred', '=', 'DRAFT')]"
        leads = self._create_leads(4, referred="DRAFT")
        result = self.policy.with_user(self.lead).simulate(leads.ids)
        self.assertEqual(result["assigned"], 4)
        self.assertEqual(
            [(person["id"], person["count"]) for person in result["people"]],
            [(self.ana.id, 2), (self.ben.id, 1), (self.cai.id, 1)],
        )
        self.env.invalidate_all()
        self.assertFalse(leads.user_id)
        self.assertFalse(self.logs(leads))
        self.assertEqual((self.rule.version, self.rule.state), (1, "changed"))
        self.assertFalse(self.rule.queue)
        self.policy.with_user(self.manager).action_apply()
        self.assign(leads)
        self.assertEqual(leads[0].user_id, self.ana, "as it was told")

    def test_simulation_on_the_screen(self):
        leads = self._create_leads(2)
        action = self.policy.with_user(self.lead).action_simulate()
        shown = (
            self.env[action["res_model"]].with_user(self.lead).browse(action["res_id"])
        )
        self.assertIn(leads[0].name, shown.line_ids.mapped("name"))
        with self.assertRaises(AccessError):
            shown.action_switch_on()
        self.policy.with_user(self.manager).action_switch_on()
        self.assertEqual(self.policy.state, "on")

    def test_undo(self):
        leads = self._create_leads(3)
        result = self.assign(leads)
        operation = self.env["crm.suite.operation"].browse(result["operation_id"])
        self.assertEqual(operation.kind, "assign")
        leads[0].user_id = self.rep
        done = operation.with_user(self.lead).action_undo()
        self.assertEqual(done["kept_count"], 1)
        self.assertEqual(leads.mapped("user_id"), self.rep)
        self.assertTrue(self.logs(leads), "the log stays")

    def test_nothing_to_accept_after_undo(self):
        self.policy.accept_minutes = 60
        lead = self._create_leads()
        result = self.assign(lead)
        self.assertTrue(lead.crm_suite_accept_until)
        self.env["crm.suite.operation"].browse(result["operation_id"]).action_undo()
        self.env.invalidate_all()
        self.assertFalse(lead.crm_suite_accept_until)
        self._let_pass(lead)
        self.assertFalse(lead.user_id)

    def test_time_to_accept_runs_for_policies_that_are_off(self):
        lead = self._pending()
        self.logs(lead).accept_until = fields.Datetime.now() - timedelta(minutes=1)
        self._run_cron()
        self.assertEqual(lead.user_id, self.ben)

    def test_notes_and_followers(self):
        lead = self._create_leads()
        self.assign(lead)
        self.assertIn(self.ana.partner_id, lead.message_partner_ids)
        self.assertIn("Test Rule", lead.message_ids[0].body)

    def test_each_lead_has_its_note(self):
        leads = self._create_leads(6)
        self.env.cr.precommit.run()
        known = leads.message_ids
        self.assign(leads)
        self.env.cr.precommit.run()
        for lead in leads:
            [note] = lead.message_ids - known
            self.assertIn(f"Assigned to {lead.user_id.name}.", note.body)
        self.assertGreater(len(leads.user_id), 1)

    def test_what_was_changed_before_is_tracked(self):
        lead = self._create_leads()
        self.env.cr.precommit.run()
        lead.expected_revenue = 4711
        self.assign(lead)
        self.env.cr.precommit.run()
        self.assertIn(
            "expected_revenue",
            lead.message_ids.tracking_value_ids.field_id.mapped("name"),
        )

    def test_why(self):
        leads = self._create_leads(2)
        self.assign(leads)
        explained = leads[1].with_user(self.ben).explain("owner")
        self.assertIn("it was the turn of", explained["sentence"])
        self.assertEqual(explained["result"]["text"], self.ben.name)
        self.assertEqual(explained["rule"]["name"], "Test Rule")
        self.assertFalse(explained["rule"]["id"], "a rep cannot open the rule")
        labels = {entry["label"]: entry["text"] for entry in explained["inputs"]}
        self.assertEqual(labels["Candidates"], "3")
        log = self.logs(leads[1]).with_user(self.ben)
        self.assertEqual(log.explain("owner")["sentence"], explained["sentence"])
        fresh = self._create_leads()
        self.assertIn(
            "No policy decided", fresh.with_user(self.lead).explain("owner")["sentence"]
        )

    # --- beside and instead of the host

    def test_instead_of_the_host(self):
        self.policy.host_mode = "instead"
        self.policy.with_user(self.manager).action_switch_on()
        team = self.env["crm.team"].create({"name": "Host Team"})
        self.env["crm.team.member"].create(
            {"crm_team_id": team.id, "user_id": self.rep.id, "assignment_max": 300}
        )
        lead = self._create_leads(referred="OTHER", team_id=team.id)
        action = team.with_user(self.manager).action_assign_leads()
        self.assertIn("Test Policy", action["params"]["message"])
        self.assertFalse(lead.user_id)

    def test_beside_the_host(self):
        self.policy.with_user(self.manager).action_switch_on()
        team = self.env["crm.team"].create({"name": "Host Team"})
        self.env["crm.team.member"].create(
            {"crm_team_id": team.id, "user_id": self.rep.id, "assignment_max": 3000}
        )
        ours = self._create_leads(2)
        theirs = self._create_leads(2, referred="OTHER", team_id=team.id)
        unsorted = self._create_leads(2, referred="OTHER")
        team.with_user(self.manager).action_assign_leads()
        self.assertFalse(ours.user_id)
        self.assertFalse(ours.team_id)
        self.assertEqual((theirs | unsorted).user_id, self.rep)

    def test_the_host_leaves_pools_alone(self):
        """Neither given out nor merged, though no policy is there."""
        team = self.env["crm.team"].create({"name": "Host Team"})
        self.env["crm.team.member"].create(
            {"crm_team_id": team.id, "user_id": self.rep.id, "assignment_max": 3000}
        )
        pool = self.env["crm.suite.pool"].create(
            {"name": "Leads", "res_model": "crm.lead", "user_ids": self.ana.ids}
        )
        pooled = self._create_leads(2, email_from="same@lead.example")
        pooled[0].team_id = team
        pool.action_add(pooled.ids)
        free = self._create_leads(team_id=team.id, email_from="same@lead.example")
        unsorted = self._create_leads(email_from="same@lead.example")
        host = new_test_user(self.env, "host_manager", "sales_team.group_sale_manager")
        team.with_user(host).action_assign_leads()
        self.assertEqual(len(pooled.exists()), 2)
        self.assertFalse(pooled.user_id)
        self.assertFalse(pooled[1].team_id)
        self.assertEqual(pooled.crm_suite_pool_id, pool)
        self.assertEqual((free | unsorted).exists().user_id, self.rep)

    # --- rights and bad input

    def test_rights(self):
        lead = self._create_leads()
        with self.assertRaises(AccessError):
            self.policy.with_user(self.rep).assign(lead.ids)
        with self.assertRaises(AccessError):
            self.policy.with_user(self.plain).assign(lead.ids)
        with self.assertRaises(AccessError):
            self.policy.with_user(self.lead).action_switch_on()
        with self.assertRaises(AccessError):
            self.policy.with_user(self.manager).write({"state": "on"})
        with self.assertRaises(AccessError):
            self.rule.with_user(self.manager).write({"version": 9})
        with self.assertRaises(AccessError):
            self.policy.with_user(self.steward).assign(lead.ids)
        self.assertFalse(lead.user_id)

    def test_other_company(self):
        other = self._other_company()
        self.policy.company_id = other
        with self.assertRaises(AccessError):
            self.policy.with_user(self.lead).simulate()
        found = self.env["crm.suite.assignment.policy"].with_user(self.lead)
        self.assertFalse(found.search([("id", "=", self.policy.id)]))

    def test_own_assignments_only(self):
        leads = self._create_leads(3)
        self.assign(leads)
        logs = self.env["crm.suite.assignment.log"].with_user(self.ana)
        found = logs.search([("res_id", "in", leads.ids)])
        self.assertEqual(found.to_user_id, self.ana)
        with self.assertRaises(AccessError):
            self.logs(leads)[1].with_user(self.ana).action_accept()
        board = self.env["crm.suite.assignment.board"].with_user(self.ana)
        self.assertEqual(board.search([]).user_id, self.ana)

    def test_bad_input(self):
        policy = self.policy.with_user(self.lead)
        for wrong in ("leads", [True], ["1"], {"a": 1}, 7):
            with self.assertRaises(UserError, msg=wrong):
                policy.assign(wrong)
        self.assertEqual(policy.assign([])["assigned"], 0)
        gone = self._create_leads()
        ids = gone.ids
        gone.unlink()
        self.assertEqual(policy.assign(ids)["results"], [])
        with self.assertRaises(ValidationError):
            self.rule.domain = "[('nonsense', '=', 1)]"
        with self.assertRaises(UserError):
            self.policy.res_model = "res.partner"
        with self.assertRaisesRegex(ValidationError, "may not see"):
            self._create_policy(member_ids=[Command.create({"user_id": self.agent.id})])
        empty = self._create_policy(member_ids=[])
        with self.assertRaisesRegex(UserError, "no members"):
            empty.with_user(self.manager).action_switch_on()

    def test_condition_over_what_the_author_may_not_read(self):
        with self.assertRaises(ValidationError):
            self.rule.with_user(
                self.manager
            ).domain = "[('user_id.totp_secret', '!=', False)]"

    def test_policy_with_a_log_is_archived_not_deleted(self):
        self.assign(self._create_leads())
        with self.assertRaisesRegex(UserError, "Archive"):
            self.policy.with_user(self.manager).unlink()
        fresh = self._create_policy()
        fresh.with_user(self.manager).unlink()

    def test_deleted_records_settle_their_log(self):
        self.policy.with_user(self.manager).action_switch_on()
        lead = self._pending()
        log = self.logs(lead)
        lead.unlink()
        self.assertEqual(log.state, "settled")
        with self.assertRaisesRegex(UserError, "deleted"):
            log.with_user(self.lead).action_open()

    # --- the board

    def test_board(self):
        leads = self._create_leads(3, expected_revenue=100)
        self.assign(leads)
        self.logs(leads).date = fields.Datetime.now() - timedelta(hours=5)
        leads[0].with_user(self.ana).message_post(body="Hello", message_type="comment")
        self.assertFalse(leads.partner_id)
        for lead, caller in ((leads[2], self.cai), (leads[1], self.ana)):
            self.env["crm.suite.call"].create(
                {"lead_id": lead.id, "user_id": caller.id}
            )
        self.env.flush_all()
        rows = (
            self.env["crm.suite.assignment.board"]
            .with_user(self.lead)
            ._read_group(
                [("policy_id", "=", self.policy.id)],
                ["user_id"],
                ["count:sum", "value:sum", "response_hours:avg", "answered:sum"],
            )
        )
        by_user = {user: values for user, *values in rows}
        self.assertEqual(by_user[self.ana][:2], [1, 100])
        self.assertAlmostEqual(by_user[self.ana][2], 5, delta=0.1)
        self.assertEqual(by_user[self.ben][3], 0, "somebody else called")
        self.assertEqual(by_user[self.cai][3], 1, "called on the lead itself")

    def test_worth_in_one_currency(self):
        """Amounts of several companies count in the currency of the policy's."""
        here = get_first_company(self.env)
        currency = self.env["res.currency"].create(
            {
                "name": "TST",
                "symbol": "T",
                "rate_ids": [Command.create({"name": "2020-01-01", "rate": 2})],
            }
        )
        there = self.env["res.company"].create(
            {"name": "Other Company", "currency_id": currency.id}
        )
        half = currency._convert(100, here.currency_id, here, fields.Date.today())
        self.assertNotEqual(half, 100)
        self.env["crm.suite.customer.metric"].sudo().create(
            [
                {
                    "partner_id": self.customer.id,
                    "company_id": company.id,
                    "currency_id": company.currency_id.id,
                    "revenue_12m": amount,
                }
                for company, amount in ((here, 70), (there, 100))
            ]
        )
        policy = self._create_policy(res_model="res.partner")
        self._create_rule(policy, domain=f"[('id', '=', {self.customer.id})]")
        self.customer.user_id = False
        policy._assign(self.customer.ids, "sweep")
        self.assertAlmostEqual(self.logs(self.customer).value, 70 + half)
        policy.company_id = there
        self.customer.user_id = False
        policy._assign(self.customer.ids, "sweep")
        double = here.currency_id._convert(70, currency, there, fields.Date.today())
        self.assertAlmostEqual(self.logs(self.customer)[-1].value, 100 + double)
        self.cai.company_ids = [Command.link(there.id)]
        theirs = self._create_customer(company_id=there.id)
        lead = self._create_leads(
            partner_id=theirs.id, company_id=there.id, expected_revenue=100
        )
        self.policy._assign(lead.ids, "sweep")
        self.assertAlmostEqual(self.logs(lead).value, half)

    # --- queries

    def test_number_of_queries_does_not_grow_with_the_records(self):
        counts = []
        for number in (3, 30):
            leads = self._create_leads(number)
            self.assign(leads[:3])
            rest = self._create_leads(number)
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.cr.sql_log_count
            self.policy.sudo()._assign(rest.ids, "manual")
            self.env.flush_all()
            counts.append(self.cr.sql_log_count - before)
        self.assertLess(counts[1], counts[0] * 2, counts)

    def test_owner_and_pool(self):
        """The dates of a pool begin anew with the owner, in a pool or not."""
        pool = self.env["crm.suite.pool"].create(
            {"name": "Leads", "res_model": "crm.lead"}
        )
        free, held = self._create_leads(2)
        held.sudo().write({"crm_suite_pool_id": pool.id})
        (free | held).sudo().write({"crm_suite_pool_warned_on": "2020-01-01"})
        (free | held).sudo()._assignable_give(self.rep)
        for lead in free | held:
            self.assertEqual(lead.user_id, self.rep)
            self.assertTrue(lead.crm_suite_owned_since)
            self.assertFalse(lead.crm_suite_pool_warned_on)
        moves = self.env["crm.suite.pool.move"].search(
            [("res_model", "=", "crm.lead"), ("res_id", "in", (free | held).ids)]
        )
        self.assertEqual(moves.mapped("res_id"), held.ids)
