import runpy

from odoo.exceptions import AccessError, UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged, users
from odoo.tools import file_path

from .common import ROLE, CustomerCase
from .pool_common import PoolCase

REQUEST = "crm.suite.access.request"


class AccessRequestCase(CustomerCase):
    """A customer of ``owner``, in a team that ``lead`` leads; ``rep`` asks."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The setting as delivered, whatever the database has.
        cls.env["ir.config_parameter"].set_param("crm_suite_base.visibility", False)
        cls.owner = new_test_user(cls.env, "suite_owner", f"{ROLE}sales_rep")
        cls.manager = new_test_user(cls.env, "suite_manager", f"{ROLE}sales_manager")
        cls.team = cls.env["crm.team"].create(
            {
                "name": "Suite Team",
                "user_id": cls.lead.id,
                "company_id": False,
                "member_ids": [(6, 0, cls.owner.ids)],
            }
        )
        cls.customer.user_id = cls.owner

    def ask(self, user=None, kind="claim", **values):
        requests = self.env[REQUEST].with_user(user or self.rep)
        return requests._request(
            self.customer.with_user(user or self.rep), kind, **values
        )


@tagged("post_install", "-at_install")
class TestAccessRequest(AccessRequestCase):
    def test_owner_is_asked(self):
        request = self.ask(note="I know the buyer")
        self.assertRecordValues(
            request.sudo(),
            [
                {
                    "res_model": "res.partner",
                    "res_id": self.customer.id,
                    "requester_id": self.rep.id,
                    "decider_id": self.owner.id,
                    "state": "open",
                    "note": "I know the buyer",
                }
            ],
        )

    def test_owner_reads_it_in_his_inbox(self):
        before = self.env["mail.message"].search([], limit=1, order="id desc").id
        self.ask(note="I know the buyer")
        message = self.env["mail.message"].search(
            [("id", ">", before), ("partner_ids", "in", self.owner.partner_id.ids)]
        )
        self.assertIn(self.customer.name, message.subject)
        self.assertIn("I know the buyer", message.body)

    def test_contact_asks_for_its_company(self):
        request = self.env[REQUEST].with_user(self.rep)._request(self.person, "claim")
        self.assertEqual(request.res_id, self.customer.id)

    def test_twice_is_once(self):
        self.assertEqual(self.ask(), self.ask())

    def test_own_needs_no_asking(self):
        with self.assertRaisesRegex(UserError, "yours already"):
            self.ask(self.owner)

    def test_visible_needs_no_asking(self):
        """With the default setting everybody sees every customer."""
        with self.assertRaisesRegex(UserError, "open Huaqiang"):
            self.ask(kind="access")

    def test_daily_limit(self):
        self.env["ir.config_parameter"].set_param(
            "crm_suite_base.access_requests_daily", "1"
        )
        self.ask()
        other = self._create_customer(name="Other", user_id=self.owner.id)
        with self.assertRaisesRegex(UserError, "since yesterday"):
            self.env[REQUEST].with_user(self.rep)._request(other, "claim")

    def test_without_owner_the_leader_decides(self):
        self.customer.user_id = False
        self.customer.crm_suite_team_id = self.team
        self.assertEqual(self.ask().sudo().decider_id, self.lead)

    def test_leader_above_decides(self):
        """A team without a leader asks the one above."""
        below = self.env["crm.team"].create(
            {"name": "Below", "user_id": False, "crm_suite_parent_id": self.team.id}
        )
        self.customer.write({"user_id": False, "crm_suite_team_id": below.id})
        self.assertEqual(self.ask().sudo().decider_id, self.lead)

    def test_nobody_to_ask(self):
        """Without owner and team it waits for the managers."""
        self.customer.user_id = False
        request = self.ask()
        self.assertFalse(request.sudo().decider_id)
        todo = self.env["crm.suite.todo"].with_user(self.manager)
        rows = todo.crm_suite_todo("access_requests")["sources"][0]["rows"]
        self.assertIn(request.id, [row["id"] for row in rows])

    # === DECIDING === #

    def test_grant_claim(self):
        """The owner gives it away: an operation that can be undone."""
        request = self.ask()
        request.with_user(self.owner).action_grant()
        self.assertEqual(self.customer.user_id, self.rep)
        self.assertRecordValues(
            request.sudo(), [{"state": "granted", "decided_by_id": self.owner.id}]
        )
        operation = self.env["crm.suite.operation"].search(
            [("kind", "=", "reassign")], limit=1, order="id desc"
        )
        operation.action_undo()
        self.assertEqual(self.customer.user_id, self.owner)

    def test_grant_access(self):
        request = self.ask()
        request.sudo().write({"kind": "access", "access": "write"})
        request.with_user(self.owner).action_grant()
        member = self.customer.crm_suite_member_ids
        self.assertEqual(member.user_id, self.rep)
        self.assertEqual(member.access, "write")

    def test_the_owner_of_today_decides(self):
        """Not the one who owned it when it was asked for."""
        request = self.ask()
        heir = new_test_user(self.env, "suite_heir", f"{ROLE}sales_rep")
        before = self.env["mail.message"].search([], limit=1, order="id desc").id
        with self.env["crm.suite.operation"].record("reassign", "test") as operation:
            self.customer.user_id = heir
        self.env.cr.flush()
        with self.assertRaises(AccessError):
            request.with_user(self.owner).action_grant()
        todo = self.env["crm.suite.todo"].with_user(heir)
        (source,) = todo.crm_suite_todo("access_requests")["sources"]
        self.assertEqual([row["id"] for row in source["rows"]], request.ids)
        message = self.env["mail.message"].search(
            [("id", ">", before), ("partner_ids", "in", heir.partner_id.ids)]
        )
        self.assertIn(f"{self.rep.name} asks you", "".join(message.mapped("subject")))
        operation.action_undo()
        self.env.cr.flush()
        self.assertEqual(request.sudo().decider_id, self.owner)
        self.customer.user_id = heir
        request.with_user(heir).action_grant()
        self.assertEqual(self.customer.user_id, self.rep)

    def test_what_moved_past_the_server_is_noticed_when_it_is_decided(self):
        request = self.ask()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET user_id = %s WHERE id = %s",
            [self.agent.id, self.customer.id],
        )
        self.env.invalidate_all()
        with self.assertRaises(AccessError):
            request.with_user(self.owner).action_grant()
        request.with_user(self.agent).action_refuse("No")
        self.assertEqual(request.sudo().decider_id, self.agent)

    def test_requests_to_people_who_left(self):
        request = self.ask()
        self.customer.crm_suite_team_id = self.team
        self.owner.active = False
        self.assertEqual(request.sudo().decider_id, self.lead)
        self.team.user_id = self.manager
        self.assertEqual(request.sudo().decider_id, self.manager)

    def test_what_an_upgrade_brings_in_line(self):
        request = self.ask()
        segments = self.env["crm.suite.segment"].create(
            [{"name": name, "kind": "static"} for name in ("One", "Two")]
        )
        segments[0].used_segment_ids = segments[1]
        self.env["ir.config_parameter"].set_param(
            "crm_suite_base.visibility", '{"sales_rep": "own"}'
        )
        rule = self.env.ref("crm_suite_base.visibility_rule_bank")
        rule.active = False
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE res_partner SET user_id = %s WHERE id = %s",
            [self.agent.id, self.customer.id],
        )
        self.env.invalidate_all()
        path = "crm_suite_base/migrations/19.0.1.5.0/post-follow.py"
        runpy.run_path(file_path(path))["migrate"](self.env.cr, "19.0.1.4.0")
        self.env.invalidate_all()
        self.assertEqual(request.sudo().decider_id, self.agent)
        self.assertTrue(rule.active)
        self.assertFalse(segments[0].used_segment_ids)

    def test_requests_about_merged_customers(self):
        request = self.ask()
        survivor = self._create_customer(name="Survivor", user_id=self.agent.id)
        both = survivor | self.customer
        both.with_user(self.steward).crm_suite_merge(survivor.id)
        self.env.cr.flush()
        self.env.invalidate_all()
        self.assertEqual(request.sudo().res_id, survivor.id)
        self.assertEqual(request.sudo().decider_id, self.agent)

    def test_refuse_says_why(self):
        request = self.ask()
        with self.assertRaisesRegex(UserError, "Say why"):
            request.with_user(self.owner).action_refuse(" ")
        request.with_user(self.owner).action_refuse("We are about to sign")
        self.assertEqual(request.sudo().state, "refused")
        message = self.env["mail.message"].search(
            [("partner_ids", "in", self.rep.partner_id.ids)], limit=1, order="id desc"
        )
        self.assertIn("We are about to sign", message.body)

    def test_window_refuses(self):
        request = self.ask()
        window = (
            self.env["crm.suite.access.refuse"]
            .with_user(self.owner)
            .with_context(active_model=REQUEST, active_ids=request.ids)
            .create({"reason": "No"})
        )
        self.assertIn(request.with_user(self.owner).display_name, window.names)
        window.action_refuse()
        self.assertEqual(request.sudo().state, "refused")

    def test_window_of_a_form_refuses_the_one_shown(self):
        """A form in the client names all records of the list that it was opened from."""
        first, second = self.ask(), self.ask(self.agent)
        window = (
            self.env["crm.suite.access.refuse"]
            .with_user(self.owner)
            .with_context(
                active_model=REQUEST,
                active_ids=(first | second).ids,
                default_res_ids=second.ids,
            )
            .create({"reason": "No"})
        )
        window.action_refuse()
        self.assertEqual(first.sudo().state, "open")
        self.assertEqual(second.sudo().state, "refused")

    def test_window_refuses_requests_only(self):
        for model, ids in (("res.partner", self.customer.ids), (REQUEST, [])):
            window = self.env["crm.suite.access.refuse"].with_user(self.owner)
            window = window.with_context(active_model=model, active_ids=ids)
            with self.assertRaisesRegex(UserError, "Choose the requests"):
                window.create({"reason": "No"}).action_refuse()

    def test_who_may_decide(self):
        """The owner's leader and managers; not the one who asks, nor a colleague."""
        colleague = new_test_user(self.env, "suite_colleague", f"{ROLE}sales_rep")
        request = self.ask()
        for user in (self.rep, colleague, self.agent):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                request.with_user(user).action_grant()
        for user in (self.owner, self.lead, self.manager, self.steward):
            with self.subTest(user=user.login):
                self.assertTrue(request.with_user(user).can_decide)
        self.assertFalse(request.with_user(self.rep).can_decide)
        request.with_user(self.lead).action_grant()
        self.assertEqual(request.sudo().decided_by_id, self.lead)

    def test_decided_once(self):
        request = self.ask()
        request.with_user(self.owner).action_refuse("No")
        with self.assertRaisesRegex(UserError, "decided this already"):
            request.with_user(self.lead).action_grant()

    def test_withdraw(self):
        request = self.ask()
        with self.assertRaises(AccessError):
            request.with_user(self.owner).action_withdraw()
        request.action_withdraw()
        self.assertEqual(request.sudo().state, "cancelled")

    def test_deleted_since(self):
        other = self._create_customer(name="Gone", user_id=self.owner.id)
        request = self.env[REQUEST].with_user(self.rep)._request(other, "claim")
        other.unlink()
        with self.assertRaisesRegex(UserError, "does not exist any more"):
            request.with_user(self.owner).action_grant()
        request.with_user(self.owner).action_refuse("Deleted")

    @users("suite_rep")
    def test_not_by_hand(self):
        """Requests are made and decided by methods only."""
        request = self.ask()
        with self.assertRaises(AccessError):
            self.env[REQUEST].create(
                {"res_model": "res.partner", "res_id": 1, "kind": "access"}
            )
        with self.assertRaises(AccessError):
            request.with_env(self.env).write({"state": "granted"})

    def test_others_do_not_see_it(self):
        request = self.ask()
        found = self.env[REQUEST].with_user(self.agent).search([])
        self.assertNotIn(request.id, found.ids)

    # === FOR PROGRAMS === #

    def test_over_rpc(self):
        requests = self.env[REQUEST].with_user(self.rep)
        (id_,) = call_kw(
            requests,
            "request_access",
            ["res.partner", [self.customer.id], "claim", "Please"],
            {},
        )
        self.assertEqual(requests.browse(id_).sudo().note, "Please")

    def test_wrong_questions(self):
        requests = self.env[REQUEST].with_user(self.rep)
        for arguments in (
            ["res.users", [1]],
            [{}, [1]],
            ["res.partner", "all"],
            ["res.partner", [True]],
            ["res.partner", [self.customer.id], "steal"],
            ["res.partner", [self.customer.id], "claim", "", "all"],
            ["res.partner", [0]],
        ):
            with self.subTest(arguments=arguments), self.assertRaises(UserError):
                call_kw(requests, "request_access", arguments, {})
        with self.assertRaises(AccessError):
            call_kw(
                requests.with_user(self.plain),
                "request_access",
                ["res.partner", [self.customer.id]],
                {},
            )


@tagged("post_install", "-at_install")
class TestCustomerMember(AccessRequestCase):
    def share(self, user, **values):
        return (
            self.env["crm.suite.customer.member"]
            .with_user(user)
            .create(
                {
                    "partner_id": self.customer.id,
                    "user_id": self.agent.id,
                    **values,
                }
            )
        )

    def test_who_may_share(self):
        """The owner, who leads him, managers and data stewards."""
        for user in (self.rep, self.agent, self.marketer):
            with self.subTest(user=user.login), self.assertRaises(AccessError):
                self.share(user)
        for user in (self.owner, self.lead, self.manager, self.steward):
            with self.subTest(user=user.login):
                self.share(user).with_user(user).unlink()

    def test_member_shares_not_further(self):
        self.share(self.owner, access="write")
        with self.assertRaises(AccessError):
            self.share(self.agent, user_id=self.rep.id)

    def test_member_does_not_widen_his_access(self):
        member = self.share(self.owner)
        with self.assertRaises(AccessError):
            member.with_user(self.agent).access = "write"

    def test_member_leaves(self):
        member = self.share(self.owner)
        member.with_user(self.agent).unlink()
        self.assertFalse(member.exists())

    def test_contact_stands_for_its_company(self):
        member = self.share(self.owner, partner_id=self.person.id)
        self.assertEqual(member.partner_id, self.customer)

    def test_not_moved_to_customers_of_others(self):
        member = self.share(self.owner)
        other = self._create_customer(name="Other", user_id=self.rep.id)
        with self.assertRaises(AccessError):
            member.with_user(self.owner).partner_id = other

    def test_free_customer(self):
        """Without an owner, whoever may change it says who works on it."""
        self.customer.user_id = False
        self.share(self.rep)
        with self.assertRaises(AccessError):
            self.share(self.analyst)


@tagged("post_install", "-at_install")
class TestLeadRequest(AccessRequestCase):
    """A lead of somebody else is asked for to take it over; it is not shared."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.suite.assignment.policy"].search([]).sudo().state = "off"
        cls.deal = cls.env["crm.lead"].create(
            {"name": "Boiler", "user_id": cls.owner.id, "team_id": cls.team.id}
        )

    def ask(self, user=None, kind="claim", **values):
        requests = self.env[REQUEST].with_user(user or self.rep)
        return requests.browse(
            requests.request_access("crm.lead", self.deal.ids, kind, **values)
        )

    def test_owner_gives_it(self):
        request = self.ask(note="I know the buyer")
        self.assertIn("A lead", request.display_name)
        self.assertNotIn("Boiler", request.display_name)
        mine = request.with_user(self.owner)
        self.assertIn("Boiler", mine.display_name)
        self.assertTrue(mine.can_decide)
        mine.action_grant()
        self.assertEqual(self.deal.user_id, self.rep)
        operation = self.env["crm.suite.operation"].search([], limit=1)
        self.assertEqual(operation.res_model, "crm.lead")
        # Who gave it sees it no more.
        operation.with_user(self.manager).action_undo()
        self.assertEqual(self.deal.user_id, self.owner)

    def test_who_decides_where_the_owner_left(self):
        self.owner.active = False
        self.assertEqual(self.ask().sudo().decider_id, self.lead)
        with self.assertRaises(AccessError):
            self.ask().action_grant()

    def test_not_shared_and_for_sales_only(self):
        with self.assertRaisesRegex(UserError, "not shared"):
            self.ask(kind="access")
        with self.assertRaisesRegex(UserError, "people in sales"):
            self.ask(self.agent)
        with self.assertRaisesRegex(UserError, "yours already"):
            self.ask(self.owner)

    def test_window(self):
        self.rep.group_ids += self.env.ref("sales_team.group_sale_salesman_all_leads")
        action = self.deal.with_user(self.rep).action_crm_suite_ask_access()
        window = self.env[action["res_model"]].with_user(self.rep)
        window = window.with_context(**action["context"]).create({})
        window.action_ask()
        request = self.env[REQUEST].search([], limit=1)
        self.assertEqual((request.res_model, request.kind), ("crm.lead", "claim"))

    def test_out_of_a_pool_as_a_claim(self):
        pool = self.env["crm.suite.pool"].create(
            {
                "name": "Web",
                "res_model": "crm.lead",
                "user_ids": [(6, 0, self.owner.ids)],
            }
        )
        pool.action_add(self.deal.ids)
        request = self.ask()
        with self.assertRaisesRegex(AccessError, "no member"), self.cr.savepoint():
            request.with_user(self.owner).action_grant()
        pool.user_ids += self.rep
        request.with_user(self.owner).action_grant()
        self.assertEqual(self.deal.user_id, self.rep)


@tagged("post_install", "-at_install")
class TestTeamTree(AccessRequestCase):
    def test_tree(self):
        below = self.env["crm.team"].create(
            {"name": "Below", "crm_suite_parent_id": self.team.id, "user_id": False}
        )
        self.assertNotIn(self.rep.id, self.lead._crm_suite_led_user_ids())
        membership = self.env["crm.team.member"].create(
            {"crm_team_id": below.id, "user_id": self.rep.id}
        )
        self.assertIn(self.rep.id, self.lead._crm_suite_led_user_ids())
        self.assertIn(self.rep.id, self.owner._crm_suite_colleague_ids())
        self.assertNotIn(self.owner.id, self.rep._crm_suite_colleague_ids())
        self.assertEqual(self.owner._crm_suite_led_user_ids(), ())
        membership.action_archive()
        self.assertNotIn(self.rep.id, self.lead._crm_suite_led_user_ids())

    def test_leader_changes(self):
        self.assertIn(self.owner.id, self.lead._crm_suite_led_user_ids())
        self.team.user_id = self.rep
        self.assertNotIn(self.owner.id, self.lead._crm_suite_led_user_ids())
        self.assertIn(self.owner.id, self.rep._crm_suite_led_user_ids())

    def test_no_cycle(self):
        below = self.env["crm.team"].create(
            {"name": "Below", "crm_suite_parent_id": self.team.id}
        )
        with self.assertRaisesRegex(UserError, "below itself"):
            self.team.crm_suite_parent_id = below


@tagged("post_install", "-at_install")
class TestTakeOverFromPool(PoolCase):
    """What is granted is a claim: the limits of the pool hold."""

    def grant(self, user, record=None, decider=None):
        record = record or self.customer
        asked = self.env[REQUEST].with_user(user)
        request = asked._request(record.with_user(user), "claim")
        request.with_user(decider or self.lead).sudo(False).action_grant()
        return request

    def setUp(self):
        super().setUp()
        self.claim(self.rival)

    def refuse(self, regex, user=None, error=UserError):
        with self.assertRaisesRegex(error, regex), self.env.cr.savepoint():
            self.grant(user or self.rep, decider=self.rival)
        self.assertEqual(self.customer.user_id, self.rival)

    def test_granted_by_the_owner(self):
        self.grant(self.rep, decider=self.rival)
        self.assertEqual(self.customer.user_id, self.rep)
        self.assertEqual(self.person.user_id, self.rep)
        move = self.env["crm.suite.pool.move"].search(
            [("res_id", "=", self.customer.id)], limit=1
        )
        self.assertRecordValues(
            move,
            [
                {
                    "kind": "claim",
                    "from_user_id": self.rival.id,
                    "to_user_id": self.rep.id,
                    "done_by_id": self.rival.id,
                    "reason": "Asked for, and granted",
                }
            ],
        )
        self.assertEqual(self.get_operation(), move.operation_id)

    def test_members_only(self):
        self.refuse("no member", self.stranger, AccessError)

    def test_caps(self):
        self.claim(self.rep, self.others[:2])
        self.refuse("2 of at most 2")

    def test_cool_down(self):
        self.as_(self.rival).action_return(self.customer.ids, "No time")
        self.claim(self.rep)
        self.as_(self.rep).action_return(self.customer.ids, "No time either")
        self.as_(self.lead).action_assign(self.customer.ids, self.rival.id)
        self.refuse("gave it back or lost it, and may")

    def test_lock(self):
        self.as_(self.lead).action_lock(self.customer.ids)
        self.refuse("locked it")

    def test_given_out_by_admins_only(self):
        self.pool.claim_mode = "assign"
        self.refuse("given out by its admins", error=AccessError)
