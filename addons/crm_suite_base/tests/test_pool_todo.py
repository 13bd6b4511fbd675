from datetime import timedelta

from odoo import Command, fields
from odoo.tests import tagged

from .pool_common import PoolCase


@tagged("post_install", "-at_install")
class TestPoolTodo(PoolCase):
    """What waits in the to-do centre because of pools, and what is done from there."""

    def setUp(self):
        super().setUp()
        self.pool.write({"warn_days": 60, "max_person": 0, "auto_return": True})
        self.claim(self.rep, self.everybody)
        self.pool.sudo()._run_return()

    def todo(self, user, key):
        """One list of a person's to-do centre."""
        answer = self.env["crm.suite.todo"].with_user(user).crm_suite_todo(key)
        return answer["sources"][0]

    def act(self, user, key, method, records, reason=""):
        answer = (
            self.env["crm.suite.todo"]
            .with_user(user)
            .act(key, method, records.ids, reason)
        )
        return [row["ok"] for row in answer["results"]]

    def test_what_goes_back_soon(self):
        listed = self.todo(self.rep, "pool_warnings")
        self.assertEqual({row["id"] for row in listed["rows"]}, set(self.everybody.ids))
        self.assertTrue(all(row["deadline"] for row in listed["rows"]))
        self.assertFalse(self.todo(self.rival, "pool_warnings")["count"])
        # They are not in the list of activities a second time.
        self.env["mail.activity"].search([]).date_deadline = fields.Date.today()
        titles = {row["title"] for row in self.todo(self.rep, "activities")["rows"]}
        self.assertFalse([title for title in titles if "Goes back" in title])

    def test_more_time_for_several_is_decided_by_the_admin(self):
        two = self.everybody[:2]
        method = "action_crm_suite_pool_more_time"
        self.assertEqual(
            self.act(self.rep, "pool_warnings", method, two, "Trade fair"), [True] * 2
        )
        # Who asks twice is told so, beside what goes.
        three = self.everybody[:3]
        self.assertEqual(
            self.act(self.rep, "pool_warnings", method, three, "Trade fair"),
            [False, False, True],
        )
        listed = self.todo(self.lead, "pool_requests")
        self.assertEqual(listed["count"], 3)
        requests = self.env["crm.suite.pool.request"].search(
            [("pool_id", "=", self.pool.id)]
        )
        self.assertEqual(
            self.act(self.lead, "pool_requests", "action_grant", requests), [True] * 3
        )
        self.assertTrue(all(three.mapped("crm_suite_extended_until")))
        self.assertFalse(self.todo(self.lead, "pool_requests")["count"])

    def test_protect_and_give_back(self):
        self.pool.protect_max = 1
        done = self.act(
            self.rep,
            "pool_warnings",
            "action_crm_suite_pool_protect",
            self.everybody[:2],
            "Big offer",
        )
        self.assertEqual(sorted(done), [False, True])
        done = self.act(
            self.rep,
            "pool_warnings",
            "action_crm_suite_pool_give_back",
            self.everybody[2:],
            "No need",
        )
        self.assertEqual(done, [True, True])
        self.assertFalse(self.everybody[2:].user_id)

    def _create_lead_pool(self, **values):
        return self.Pool.create(
            {
                "name": "Leads",
                "res_model": "crm.lead",
                "company_id": self.env.company.id,
                "admin_ids": [Command.set(self.lead.ids)],
                "user_ids": [Command.set((self.rep | self.rival).ids)],
                "idle_days": 0,
                **values,
            }
        )

    def _create_leads(self, pool, count=3, **values):
        leads = self.env["crm.lead"].create(
            [{"name": f"Lead {n}", "user_id": False, **values} for n in range(count)]
        )
        self._as_pool(pool.action_add(leads.ids))
        return leads

    def test_nobody_took_them(self):
        """The first clock of leads: its admin is warned, and gives them away in turn."""
        pool = self._create_lead_pool(unassigned_hours=4)
        leads = self._create_leads(pool)
        pool.sudo()._run_return()
        self.assertFalse(self.todo(self.lead, "pool_leads_waiting")["count"])
        leads.sudo().write(
            {"crm_suite_pool_since": fields.Datetime.now() - timedelta(days=9)}
        )
        pool.sudo()._run_return()
        self.assertEqual(self.todo(self.lead, "pool_leads_waiting")["count"], 3)
        self.assertFalse(self.todo(self.rep, "pool_leads_waiting")["count"])
        done = self.act(
            self.lead, "pool_leads_waiting", "action_crm_suite_pool_next", leads
        )
        self.assertEqual(done, [True] * 3)
        owners = leads.mapped("user_id")
        self.assertEqual(owners, self.rep | self.rival)
        self.assertFalse(leads.activity_ids, "somebody has taken them")

    def test_second_clock_passes_a_lead_on(self):
        pool = self._create_lead_pool(
            followup_hours=8, followup_then="next", auto_return=True
        )
        leads = self._create_leads(pool, 2, user_id=self.rep.id)
        self.age(10, leads)
        leads[0].message_post(
            body="Hello?", message_type="email", author_id=self.person.id
        )
        result = pool.with_user(self.lead).simulate_return()
        self.assertEqual(result["taken"], 1)
        self.assertEqual(leads[1].user_id, self.rep)
        pool.sudo()._run_return()
        self.env.invalidate_all()
        self.assertEqual(leads[0].user_id, self.rep)
        self.assertEqual(leads[1].user_id, self.rival)
        moves = self.env["crm.suite.pool.move"].search(
            [("res_model", "=", "crm.lead"), ("res_id", "=", leads[1].id)], order="id"
        )
        self.assertEqual(moves.mapped("kind")[-2:], ["auto_return", "assign"])

    def test_where_nobody_is_there_it_goes_back_to_the_pool(self):
        pool = self._create_lead_pool(
            followup_hours=8, followup_then="next", auto_return=True, max_person=1
        )
        lead, full = self._create_leads(pool, 2)
        self._as_pool(pool.action_assign(full.ids, self.rival.id))
        self._as_pool(pool.action_assign(lead.ids, self.rep.id))
        self.age(10, lead)
        pool.sudo()._run_return()
        self.env.invalidate_all()
        self.assertFalse(lead.user_id)

    def test_owner_is_warned_of_the_second_clock(self):
        pool = self._create_lead_pool(followup_hours=16, warn_days=3, auto_return=True)
        leads = self._create_leads(pool, 1, user_id=self.rep.id)
        pool.sudo()._run_return()
        self.assertEqual(self.todo(self.rep, "pool_lead_warnings")["count"], 1)
        self.assertEqual(leads.activity_ids.user_id, self.rep)
