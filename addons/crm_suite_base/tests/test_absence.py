from datetime import timedelta

from psycopg2 import IntegrityError

from odoo import fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import ROLE, CustomerCase


@tagged("post_install", "-at_install")
class TestAbsence(CustomerCase):
    """Work goes to the cover and comes back; customers and deals stay where they are."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.suite.absence"].search([]).sudo().state = "cancelled"
        cls.now = fields.Datetime.now()
        cls.ana, cls.ben, cls.cai = (
            new_test_user(cls.env, f"suite_{name}", f"{ROLE}sales_rep", tz="UTC")
            for name in ("ana", "ben", "cai")
        )
        cls.customer.user_id = cls.ana
        cls.deal = cls.env["crm.lead"].create(
            {
                "name": "Deal of Ana",
                "user_id": cls.ana.id,
                "partner_id": cls.customer.id,
            }
        )
        # Long hers: what comes in while she is away is new.
        cls.deal.date_open = cls.now - timedelta(days=30)

    @classmethod
    def _create_absence(cls, user=None, start=-1, end=3, **values):
        return cls.env["crm.suite.absence"].create(
            {
                "user_id": (user or cls.ana).id,
                "date_from": cls.now + timedelta(days=start),
                "date_to": cls.now + timedelta(days=end),
                **values,
            }
        )

    def _activity(self, record=None, user=None, days=1, **values):
        return (record or self.customer).activity_schedule(
            "mail.mail_activity_data_todo",
            user_id=(user or self.ana).id,
            date_deadline=fields.Date.today() + timedelta(days=days),
            **values,
        )

    def cover(self, kind="followups", user=None, at=None):
        user = user or self.ana
        return self.env["crm.suite.absence"]._cover_of(user, kind, at).get(user.id)

    # --- moving and coming back

    def test_activities_go_to_the_cover_and_come_back(self):
        soon, later = self._activity(summary="Call"), self._activity(days=30)
        done, elsewhere = self._activity(summary="Send"), self._activity(days=2)
        absence = self._create_absence(cover_id=self.ben.id)
        absence.with_user(self.ana).action_request()
        self.assertEqual(absence.state, "active")
        self.assertEqual((soon | done | elsewhere).user_id, self.ben)
        self.assertEqual(later.user_id, self.ana, "due after the return")
        self.assertEqual(self.customer.user_id, self.ana)
        self.assertEqual(self.deal.user_id, self.ana)
        done.with_user(self.ben).action_feedback("Sent")
        elsewhere.user_id = self.cai
        absence.with_user(self.ana).action_return()
        self.assertEqual((soon.user_id, elsewhere.user_id), (self.ana, self.cai))
        states = {work.name: work.state for work in absence.work_ids}
        self.assertEqual(states["Call: Huaqiang Electronics"], "returned")
        self.assertEqual(states["Send: Huaqiang Electronics"], "done")
        self.assertIn("Send: Huaqiang Electronics", absence.digest)
        self.assertIn(self.ben.name, absence.digest)
        self.assertIn(self.ana.partner_id, absence.message_ids[0].partner_ids)

    def test_new_activities_follow_while_away(self):
        absence = self._create_absence(cover_id=self.ben.id)
        absence.action_request()
        fresh = self._activity()
        absence._step()
        self.assertEqual(fresh.user_id, self.ben)
        self.assertEqual(absence.work_count, 1)

    # --- leads that are his from the beginning

    def _new_lead(self, user=None, **values):
        leads = self.env["crm.lead"]
        return leads.create(
            {
                "name": "From the web",
                "user_id": (self.ana if user is None else user).id,
                **values,
            }
        )

    def test_new_lead_of_who_is_away_goes_to_the_cover(self):
        absence = self._create_absence(cover_id=self.cai.id, cover_leads_id=self.ben.id)
        absence.action_request()
        fresh, elsewhere = self._new_lead(), self._new_lead(self.cai)
        own = self.env["crm.lead"].with_user(self.ana)
        own = own.create({"name": "Entered by herself", "user_id": self.ana.id})
        given = self._new_lead(self.cai)
        given.user_id = self.ana
        absence._step()
        absence._step()
        self.assertEqual((fresh | given).user_id, self.ana, "ownership does not move")
        task = fresh.activity_ids
        self.assertEqual((len(task), task.user_id), (1, self.ben))
        self.assertEqual(given.activity_ids.user_id, self.ben)
        self.assertFalse((elsewhere | own | self.deal).activity_ids)
        self.assertTrue(fresh.with_user(self.ben).has_access("write"))
        self.assertIn("2 new leads", absence.message_ids[0].body)
        self.assertIn(self.ben.partner_id, absence.message_ids[0].partner_ids)
        task.with_user(self.ben).action_feedback("Called")
        absence.with_user(self.ana).action_return()
        self.assertEqual(given.activity_ids.user_id, self.ana)
        self.assertIn("From the web", absence.digest)

    def test_the_lead_wakes_the_scheduled_action(self):
        cron = self.env.ref("crm_suite_base.ir_cron_absences")
        triggers = self.env["ir.cron.trigger"].search_count
        woken = [("cron_id", "=", cron.id), ("call_at", "<=", "2100-01-01")]
        self._new_lead()
        absence = self._create_absence(cover_id=self.ben.id)
        absence.action_request()
        before = triggers(woken)
        self._new_lead(self.cai)
        self.assertEqual(triggers(woken), before, "nobody asked for it")
        self._new_lead()
        self._new_lead()
        self.assertEqual(triggers(woken), before + 1, "once in a transaction")

    def test_nobody_away_costs_nothing(self):
        self.env["crm.suite.absence"]._get_away_ids()
        leads = self.deal | self._new_lead(self.cai)
        with self.assertQueryCount(0):
            self.env["crm.suite.absence"]._wake_for(leads)

    def test_other_cover_for_each_kind(self):
        absence = self._create_absence(
            cover_id=self.ben.id, cover_approvals_id=self.cai.id
        )
        absence.action_request()
        self.assertEqual(self.cover("followups"), self.ben.id)
        self.assertEqual(self.cover("approvals"), self.cai.id)
        self.assertIsNone(self.cover("leads", user=self.ben))
        with self.assertRaises(UserError):
            self.cover("holidays")

    def test_without_cover_nothing_moves(self):
        activity = self._activity()
        self._create_absence().action_request()
        self.assertEqual(activity.user_id, self.ana)
        away = self.env["crm.suite.absence"]._away(self.ana | self.ben)
        self.assertEqual(away, {self.ana.id})

    def test_scheduled_action_begins_and_ends(self):
        activity = self._activity()
        absence = self._create_absence(start=1, end=5, cover_id=self.ben.id)
        absence.action_request()
        self.assertEqual(absence.state, "approved")
        absence.date_from = self.now - timedelta(hours=1)
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.ir_cron_absences").method_direct_trigger()
        self.assertEqual((absence.state, activity.user_id), ("active", self.ben))
        absence.date_to = self.now - timedelta(minutes=1)
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.ir_cron_absences").method_direct_trigger()
        self.assertEqual((absence.state, activity.user_id), ("done", self.ana))

    def test_digest_tells_what_happened_with_the_customers(self):
        absence = self._create_absence(cover_id=self.ben.id)
        absence.action_request()
        self.env["crm.suite.call"].with_user(self.ben).create(
            {"partner_id": self.customer.id, "summary": "Asked for a price"}
        )
        absence.date_to = self.now + timedelta(hours=1)
        absence.action_return()
        self.assertFalse(absence.digest and "orders" in absence.digest)
        self.assertIn("1 calls and visits", str(absence.digest))

    # --- covers of covers

    def test_cover_of_the_cover(self):
        self._create_absence(cover_id=self.ben.id).action_request()
        self._create_absence(self.ben, cover_id=self.cai.id).action_request()
        self.assertEqual(self.cover(), self.cai.id)
        later = self.now + timedelta(days=10)
        self.assertIsNone(self.cover(at=later), "everybody is back")

    def _two_away(self):
        """Ana is away and covered by Ben, who leaves later and is covered by Cai."""
        first = self._create_absence(cover_id=self.ben.id)
        first.action_request()
        covered, own = self._activity(), self._activity(user=self.ben)
        lead = self._new_lead()
        first._step()
        second = self._create_absence(self.ben, end=9, cover_id=self.cai.id)
        second.action_request()
        self.assertEqual((covered | own | lead.activity_ids).user_id, self.cai)
        return first, second, covered, own, lead.activity_ids

    def test_what_the_cover_of_the_cover_has_comes_back(self):
        first, second, covered, own, task = self._two_away()
        first.action_return()
        self.assertEqual((covered | task).user_id, self.ana)
        self.assertEqual(set(first.work_ids.mapped("state")), {"returned"})
        states = {work.activity_id: work.state for work in second.work_ids}
        self.assertEqual(states, {covered: "kept", task: "kept", own: "open"})
        second.action_return()
        self.assertEqual((covered | task).user_id, self.ana)
        self.assertEqual(own.user_id, self.ben)

    def test_the_cover_comes_back_first(self):
        first, second, covered, own, task = self._two_away()
        second.action_return()
        self.assertEqual((covered | own | task).user_id, self.ben)
        first.action_return()
        self.assertEqual((covered | task).user_id, self.ana)
        self.assertEqual(own.user_id, self.ben)

    def test_what_the_cover_of_the_cover_gave_away_stays_there(self):
        first, second, covered, own, task = self._two_away()
        covered.user_id = self.rep
        first.action_return()
        self.assertEqual((covered.user_id, task.user_id), (self.rep, self.ana))
        second.action_return()
        self.assertEqual((covered.user_id, own.user_id), (self.rep, self.ben))

    def test_cover_who_is_away_without_cover(self):
        self._create_absence(cover_id=self.ben.id).action_request()
        self._create_absence(self.ben).action_request()
        self.assertIsNone(self.cover())

    def test_circle_is_refused_with_the_names(self):
        self._create_absence(cover_id=self.ben.id).action_request()
        self._create_absence(self.ben, cover_id=self.cai.id).action_request()
        last = self._create_absence(self.cai, cover_id=self.ana.id)
        with self.assertRaisesRegex(ValidationError, "suite_cai.*→.*suite_ana"):
            last.action_request()

    def test_circle_at_other_times_is_none(self):
        self._create_absence(cover_id=self.ben.id).action_request()
        later = self._create_absence(self.ben, start=5, end=9, cover_id=self.ana.id)
        later.action_request()
        self.assertEqual(later.state, "approved")

    def test_oneself_is_no_cover(self):
        with self.assertRaisesRegex(ValidationError, "cannot cover"):
            self._create_absence(cover_id=self.ana.id)

    def test_two_absences_at_once(self):
        self._create_absence().action_request()
        second = self._create_absence(start=2, end=6)
        with self.assertRaisesRegex(ValidationError, "already away"):
            second.action_request()

    def test_wrong_dates(self):
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(IntegrityError),
            self.cr.savepoint(),
        ):
            self._create_absence(start=3, end=1)

    # --- approval and rights

    def _need_approval(self):
        self.env["ir.config_parameter"].set_param(
            "crm_suite_base.absence_approval", "True"
        )

    def _told(self, absence):
        """What who asked for leave was told."""
        told = absence.message_ids.filtered(
            lambda message: self.ana.partner_id in message.partner_ids
        )
        return str(told[:1].body)

    def test_approval(self):
        self._need_approval()
        activity = self._activity()
        absence = self._create_absence(cover_id=self.ben.id)
        absence.with_user(self.ana).action_request()
        self.assertEqual((absence.state, activity.user_id), ("approval", self.ana))
        for user in self.ana, self.ben:
            with self.assertRaises(AccessError):
                absence.with_user(user).action_approve()
        absence.with_user(self.lead).action_approve()
        self.assertEqual((absence.state, activity.user_id), ("active", self.ben))
        self.assertEqual(absence.decided_by_id, self.lead)
        self.assertIn(f"{self.lead.name} agreed", self._told(absence))

    def test_refusal(self):
        self._need_approval()
        absence = self._create_absence(start=1)
        absence.with_user(self.ana).action_request()
        for nothing in ("", "  ", False, 5):
            with self.assertRaisesRegex(UserError, "Say why"):
                absence.with_user(self.lead).action_refuse(nothing)
        self.assertEqual(absence.state, "approval")
        self.env["crm.suite.access.refuse"].with_user(self.lead).with_context(
            active_model=absence._name, default_res_ids=absence.ids
        ).create({"reason": "Stock-taking"}).action_refuse()
        self.assertEqual((absence.state, absence.refusal), ("refused", "Stock-taking"))
        self.assertIn("Stock-taking", self._told(absence))
        absence.with_user(self.ana).action_request()
        self.assertEqual(absence.state, "approval")

    def test_nobody_approves_his_own(self):
        self._need_approval()
        absence = self._create_absence(self.lead, start=1)
        absence.with_user(self.lead).action_request()
        with self.assertRaisesRegex(AccessError, "Somebody else"):
            absence.with_user(self.lead).action_approve()

    def test_todo_of_the_lead(self):
        self._need_approval()
        absence = self._create_absence(start=1)
        absence.with_user(self.ana).action_request()
        todo = (
            self.env["crm.suite.todo"].with_user(self.lead).crm_suite_todo("absences")
        )
        ids = [row["id"] for row in todo["sources"][0]["rows"]]
        self.assertIn(absence.id, ids)
        keys = [
            source["key"]
            for source in self.env["crm.suite.todo"]
            .with_user(self.ana)
            .crm_suite_todo()["sources"]
        ]
        self.assertIn("assignments", keys)
        self.assertNotIn("absences", keys)

    def test_only_ones_own(self):
        absences = self.env["crm.suite.absence"].with_user(self.ben)
        values = {
            "user_id": self.ana.id,
            "date_from": self.now,
            "date_to": self.now + timedelta(days=1),
        }
        with self.assertRaises(AccessError):
            absences.create(values)
        own = absences.create({**values, "user_id": self.ben.id})
        with self.assertRaises(AccessError):
            own.user_id = self.ana
        with self.assertRaises(AccessError):
            own.state = "active"
        foreign = self._create_absence()
        self.assertFalse(absences.search([("id", "=", foreign.id)]))
        with self.assertRaises(AccessError):
            foreign.with_user(self.ben).action_request()
        foreign.cover_id = self.ben
        self.assertTrue(absences.search([("id", "=", foreign.id)]), "who covers")
        with self.assertRaises(AccessError):
            foreign.with_user(self.ben).note = "no"
        with self.assertRaises(AccessError):
            self.env["crm.suite.absence"].with_user(self.plain).search([])

    def test_decided_dates_stay(self):
        absence = self._create_absence(start=1)
        absence.with_user(self.ana).action_request()
        with self.assertRaisesRegex(UserError, "decided"):
            absence.with_user(self.ana).date_to = self.now + timedelta(days=9)
        absence.with_user(self.ana).action_cancel()
        with self.assertRaisesRegex(UserError, "Cancelled"):
            absence.with_user(self.ana).action_return()

    def test_started_absence_is_ended_not_deleted(self):
        absence = self._create_absence()
        absence.action_request()
        with self.assertRaisesRegex(UserError, "end it instead"):
            absence.with_user(self.ana).unlink()

    def test_cover_sees_the_deals_as_long_as_it_lasts(self):
        deals = self.env["crm.lead"].with_user(self.ben)
        self.assertFalse(deals.search([("id", "=", self.deal.id)]))
        absence = self._create_absence(cover_id=self.ben.id)
        absence.action_request()
        self.assertTrue(deals.search([("id", "=", self.deal.id)]))
        deals.browse(self.deal.id).priority = "2"
        with self.assertRaises(AccessError):
            deals.browse(self.deal.id).unlink()
        self.assertFalse(
            self.env["crm.lead"].with_user(self.cai).search([("id", "=", self.deal.id)])
        )
        absence.action_return()
        self.env.invalidate_all()
        self.assertFalse(deals.search([("id", "=", self.deal.id)]))

    def test_other_company(self):
        other = self._other_company()
        self.ana.company_ids |= other
        self.ana.company_id = other
        absence = self._create_absence()
        self.assertEqual(absence.company_id, other)
        found = self.env["crm.suite.absence"].with_user(self.lead)
        self.assertFalse(found.search([("id", "=", absence.id)]))
