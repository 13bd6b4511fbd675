from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .tour_common import TourCase


@tagged("post_install", "-at_install")
class TestWeekTour(TourCase):
    """The week of ``docs/week.md``: a sales lead and two representatives, one after the
    other on the same demo company, in a browser."""

    def _get_person(self, name):
        user = self.env.ref(f"crm_suite_base.user_{name}_demo")
        user.write({"lang": "en_US", "password": user.login})
        return user

    def _get_customer(self, name):
        customers = self.env["res.partner"].with_context(active_test=False)
        return customers.search([("name", "=", name), ("is_company", "=", True)])

    def _open(self, path, tour, user):
        self.start_tour(f"/odoo/{path}", f"crm_suite_week_{tour}", login=user.login)

    def test_week(self):
        if not self.env["crm.suite.demo"]._demo_customers():
            self.skipTest("This database has no demo data.")
        lead, rep, mate, cover = map(
            self._get_person, ("zhang_wei", "wang_fang", "li_na", "zhao_lei")
        )
        self._monday(lead)
        self._open("crm-conflict-check", "check", rep)
        self._wednesday(rep)
        self._thursday(lead, rep, cover)
        self._friday(lead, mate)

    def _monday(self, lead):
        self._open("action-crm_suite_base.import_batch_action", "import", lead)
        double = self._get_customer("徐州磐朔工程机械公司")
        self.assertTrue(self._get_customer("无锡惠砚传动设备有限公司"))
        self.assertTrue(double)
        pair = self.env["crm.suite.duplicate.pair"].search(
            ["|", ("left_id", "=", double.id), ("right_id", "=", double.id)]
        )
        self.assertEqual(
            self.env["res.partner"].browse({pair.left_id, pair.right_id}) - double,
            self._get_customer("徐州磐朔工程机械有限公司"),
        )

    def _wednesday(self, rep):
        claimed = self._get_customer("徐州磐朔工程机械有限公司")
        self._open("action-crm_suite_base.res_partner_action_pool_free", "claim", rep)
        self.assertEqual(claimed.user_id, rep)
        returned = self._get_customer("广州岭澜医疗科技有限公司")
        self._open(f"crm-customers/{returned.id}", "return", rep)
        self.assertFalse(returned.user_id)
        self.assertEqual(returned.crm_suite_pool_reason, "Buys elsewhere until spring")

    def _thursday(self, lead, rep, cover):
        pool = self.env.ref("crm_suite_base.pool_east_demo")
        members = self.env["res.partner"].search(
            [("crm_suite_pool_id", "=", pool.id), ("user_id", "!=", False)]
        )
        before = {member: member.user_id for member in members}
        self._open(f"action-crm_suite_base.pool_action/{pool.id}", "take_back", lead)
        self.assertEqual({member: member.user_id for member in members}, before)
        moves = self.env["crm.suite.pool.move"].search(
            [("pool_id", "=", pool.id), ("kind", "=", "auto_return")]
        )
        self.assertTrue(moves)
        self.assertEqual(set(moves.mapped("undone")), {True})
        self._leave(lead, rep, cover)

    def _leave(self, lead, rep, cover):
        """She asks for leave, is covered, and reads at her return what was done."""
        absences = self.env["crm.suite.absence"]
        absences.search([("user_id", "=", rep.id)]).sudo().state = "cancelled"
        self.env["ir.config_parameter"].set_param(
            "crm_suite_base.absence_approval", "True"
        )
        self._open("crm-absences", "ask_leave", rep)
        absence = absences.search(
            [("user_id", "=", rep.id), ("state", "=", "approval")]
        ).sudo()
        self.assertEqual(absence.cover_id, cover)
        self._open("action-crm_suite_base.todo_action", "leave", lead)
        self.assertEqual(absence.state, "approved")
        self._away(absence, rep, cover)
        self._open(f"crm-absences/{absence.id}", "back", rep)
        self.assertEqual(absence.state, "done")

    def _away(self, absence, rep, cover):
        """Her absence has begun, and one of her customers asks for something."""
        absence.date_from = fields.Datetime.now() - timedelta(hours=1)
        absence._start_due()
        policies = self.env["crm.suite.assignment.policy"]
        policies.search([]).sudo().state = "off"
        policy = policies.create(
            {
                "name": "Week",
                "res_model": "crm.lead",
                "member_ids": [(0, 0, {"user_id": rep.id})],
                "rule_ids": [
                    (0, 0, {"name": "All", "domain": "[('referred', '=', 'week')]"})
                ],
            }
        )
        policy._publish_rules()
        policy.sudo().state = "on"
        lead = self.env["crm.lead"].create(
            {
                "name": "Week: a lead for who is away",
                "type": "opportunity",
                "referred": "week",
                "partner_id": self.env["res.partner"]
                .search([("user_id", "=", rep.id), ("is_company", "=", True)], limit=1)
                .id,
                "user_id": False,
            }
        )
        policy.assign(lead.ids)
        self.assertEqual(lead.user_id, cover)
        direct = self.env["crm.lead"].create(
            {"name": "Week: a lead from her mailbox", "user_id": rep.id}
        )
        absence._step()
        self._open("crm-assignments", "cover", cover)
        self._open("action-crm_suite_base.todo_action", "cover_task", cover)
        self.assertEqual(direct.user_id, rep)

    def _friday(self, lead, mate):
        one, two = map(
            self._get_customer, ("苏州澄禾精密仪器有限公司", "苏州澄禾精密仪器公司")
        )
        owners = one.user_id, two.user_id
        self.assertIn(mate, owners)
        self._open("crm-duplicates", "merge", lead)
        self.assertEqual((one.active, two.active), (True, True))
        self.assertEqual((one.user_id, two.user_id), owners)
        operation = self.env["crm.suite.operation"].search(
            [("kind", "=", "merge"), ("user_id", "=", lead.id)], limit=1
        )
        self.assertEqual(operation.state, "undone")
