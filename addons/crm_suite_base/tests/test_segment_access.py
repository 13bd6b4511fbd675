from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .segment_common import SegmentCase


@tagged("post_install", "-at_install")
class TestSegmentAccess(SegmentCase):
    def test_others_see_shared_ones_and_change_none(self):
        shared = self._segment(self._in(self.shanghai), name="Shared")
        private = self._segment(name="Private", is_shared=False)
        as_rep = shared.with_user(self.rep)
        self.assertEqual(as_rep.member_count, 2)
        self.assertFalse(as_rep.can_edit)
        for act in (
            lambda: as_rep.write({"name": "Mine"}),
            as_rep.action_refresh,
            as_rep.unlink,
        ):
            with self.assertRaises(AccessError):
                act()
        self.assertFalse(as_rep.search([("id", "=", private.id)]))
        with self.assertRaises(AccessError):
            private.with_user(self.rep).explain_member(self.customer.id)
        partner = self.customer.with_user(self.rep)
        self.assertEqual(partner.crm_suite_segment_ids, shared)
        self.assertTrue(shared.with_user(self.steward).can_edit)
        with self.assertRaises(AccessError):
            self.Segment.with_user(self.analyst).create({"name": "No"})

    def test_nobody_without_a_role(self):
        segment = self._segment(self._in(self.shanghai))
        for user in (self.plain, self.clerk):
            with self.assertRaises(AccessError):
                segment.with_user(user).read(["name"])
            with self.assertRaises(AccessError):
                segment.with_user(user).preview({})
            partners = self.env["res.partner"].with_user(user)
            with self.assertRaises(AccessError):
                partners.search([("crm_suite_segment_ids", "in", segment.ids)])

    def test_members_of_other_companies_stay_hidden(self):
        company = self._other_company()
        here = self.env.company
        both = new_test_user(
            self.env,
            "segment_both",
            "crm_suite_base.group_crm_suite_marketer",
            company_id=here.id,
            company_ids=[(6, 0, (here | company).ids)],
        )
        segment = self._segment(
            self._in(self.shanghai), user=both, company_id=company.id
        )
        self.assertEqual(segment.member_count, 2)
        self.assertFalse(self.Segment.search([("id", "=", segment.id)]))
        self.assertFalse(self.customer.with_user(self.marketer).crm_suite_segment_ids)
        self.other.company_id = company
        self._run()
        mine = self._segment(self._in(self.shanghai))
        self.assertEqual(mine.member_ids, self.customer)

    def test_rows_of_invisible_customers_are_invisible(self):
        segment = self._segment(self._in(self.shanghai), user=self.env.user)
        company = self._other_company()
        self.env.cr.execute(
            "UPDATE res_partner SET company_id = %s WHERE id = %s",
            [company.id, self.other.id],
        )
        self.env.invalidate_all()
        members = self.env["crm.suite.segment.member"].with_user(self.rep)
        found = members.search([("segment_id", "=", segment.id)])
        self.assertEqual(found.partner_id, self.customer)
        hidden = segment.membership_ids.filtered(lambda m: m.partner_id == self.other)
        with self.assertRaises(AccessError):
            hidden.with_user(self.rep).explain("membership")
        events = self.env["crm.suite.segment.event"].with_user(self.rep)
        self.assertNotIn(
            self.other.id,
            events.search([("segment_id", "=", segment.id)]).mapped("partner_id").ids,
        )
        with self.assertRaises(AccessError):
            segment.with_user(self.rep).explain_member(self.other.id)

    def test_conditions_read_what_their_author_may(self):
        """Whoever changes conditions becomes their author; invoices stay closed."""
        admin = new_test_user(
            self.env,
            "segment_admin",
            "crm_suite_base.group_crm_suite_admin,account.group_account_invoice",
        )
        manager = new_test_user(
            self.env,
            "segment_manager",
            "crm_suite_base.group_crm_suite_marketing_manager",
        )
        owed = {"kind": "figure", "field": "receivable_open", "operator": "at_least"}
        segment = self._segment({**owed, "value": 0}, user=admin)
        self.assertFalse(segment.problem)
        self.assertEqual(segment.definition_user_id, admin)
        as_manager = segment.with_user(manager)
        with self.assertRaises(UserError):
            as_manager.definition = self._tree({**owed, "value": 1})
        as_manager.definition = self._tree(self._in(self.shanghai))
        self.assertEqual(segment.definition_user_id, manager)
        self.assertEqual(segment.user_id, admin)
        offered = {entry["field"] for entry in self.Segment.get_conditions()}
        self.assertNotIn("receivable_open", offered)
        kinds = next(
            entry
            for entry in self.Segment.get_conditions()
            if entry["kind"] == "behaviour"
        )["params"]["kinds"]["choices"]
        self.assertNotIn("invoice", dict(kinds))

    def test_condition_that_the_reader_may_not_see(self):
        """It is not gone: who removed it would empty the condition of somebody else."""
        author = new_test_user(
            self.env,
            "segment_accountant",
            "crm_suite_base.group_crm_suite_marketer,account.group_account_invoice",
        )
        manager = new_test_user(
            self.env,
            "segment_manager",
            "crm_suite_base.group_crm_suite_marketing_manager",
        )
        owed = {"kind": "figure", "field": "receivable_open", "operator": "at_least"}
        billed = {
            "kind": "behaviour",
            "kinds": ["invoice"],
            "frequency": "at_least",
            "count": 1,
        }
        here = self._in(self.shanghai)
        for condition, words, keys in (
            ({**owed, "value": 0}, "may not see", ["figure.receivable_open"]),
            (billed, "Invoice", []),
        ):
            with self.subTest(condition=condition):
                segment = self._segment(condition, user=author)
                self.assertFalse(segment.problem)
                theirs = segment.with_user(manager)
                self.assertIn(words, theirs.definition_text)
                self.assertEqual(
                    theirs.closed_conditions, {"keys": keys, "author": author.name}
                )
                with self.assertRaisesRegex(UserError, "Ask segment_accountant"):
                    theirs.definition = self._tree(condition, here)
                problem = theirs.preview(segment.definition)["problem"]
                self.assertIn("may not see", problem)
                kept = segment.definition
                theirs.write({"name": "Renamed", "definition": kept})
                self.assertEqual(
                    (segment.definition, segment.definition_user_id), (kept, author)
                )
                self.assertEqual(segment.name, "Renamed")
                author.group_ids -= self.env.ref("account.group_account_invoice")
                with self.assertLogs("odoo.addons.crm_suite_base", "WARNING"):
                    segment.sudo().action_refresh()
                self.assertNotIn("emove", segment.sudo().problem)
                author.group_ids += self.env.ref("account.group_account_invoice")

    def test_author_who_left(self):
        segment = self._segment(self._in(self.shanghai), user=self.lead)
        self.lead.active = False
        self.customer.state_id = self.beijing
        with self.assertLogs("odoo.addons.crm_suite_base", "WARNING"):
            self._run()
        self.assertIn("has no access to customers any more", segment.sudo().problem)
        self.assertEqual(segment.sudo().member_count, 2)

    def test_excluding_a_hidden_segment_is_an_error(self):
        """Left out, "not in" would let everybody in."""
        private = self._segment(
            self._in(self.shanghai), user=self.steward, is_shared=False
        )
        condition = {"kind": "segment", "operator": "not_in", "segments": private.ids}
        preview = self.Segment.preview(self._tree(condition))
        self.assertTrue(preview["problem"])
        self.assertNotIn("count", preview)

    def test_explanation(self):
        segment = self._segment(
            self._in(self.shanghai),
            {"op": "none", "items": [{"kind": "complaint", "operator": "open"}]},
        )
        inside = segment.explain_member(self.person.id)
        self.assertEqual(inside["result"]["text"], "yes")
        self.assertEqual(inside["rule"]["id"], segment.id)
        self.assertTrue(all(step["met"] for step in inside["steps"]))
        outside = segment.explain_member(self.far.id)
        self.assertEqual(outside["result"]["text"], "no")
        unmet = [step["text"] for step in outside["steps"] if not step["met"]]
        self.assertIn("now", unmet[-1])
        self.assertIn(self.beijing.name, unmet[-1])
        member = segment.membership_ids[0]
        self.assertEqual(member.explain("membership")["result"]["text"], "yes")
        with self.assertRaises(UserError):
            segment.explain("member")
        self.customer.state_id = self.beijing
        stale = segment.explain_member(self.customer.id)
        self.assertIn("next update", stale["note"])

    def test_filter_export_and_mail(self):
        segment = self._segment(self._in(self.shanghai))
        partners = self.env["res.partner"].with_user(self.marketer)
        domain = [("crm_suite_segment_ids", "in", segment.ids)]
        self.assertEqual(
            partners.search(domain + [("parent_id", "=", False)]),
            self.customer | self.other,
        )
        self.assertIn(self.person, partners.search(domain))
        self.assertIn(
            self.far, partners.search([("crm_suite_segment_ids", "=", False)])
        )
        self.assertNotIn(
            self.other,
            partners.search([("crm_suite_segment_ids", "not in", segment.ids)]),
        )
        listed = partners.search(segment.action_open_customers()["domain"])
        self.assertEqual(listed, self.customer | self.other)
        self.customer.email = "info@huaqiang.example"
        action = segment.action_write_mail()
        composer = (
            self.env["mail.compose.message"]
            .with_user(self.marketer)
            .with_context(**action["context"])
            .create({"subject": "Hello", "body": "<p>Chairs!</p>"})
        )
        mails, _messages = composer._action_send_mail()
        self.assertIn(self.customer, mails.recipient_ids)
        self.assertNotIn(self.far, mails.recipient_ids)
        page = partners.crm_suite_360(self.person.id)["blocks"]["segments"]
        self.assertEqual([row["id"] for row in page], segment.ids)

    def test_export_window_of_the_segment(self):
        segment = self._segment(self._in(self.shanghai))
        manager = new_test_user(
            self.env,
            "segment_export",
            "crm_suite_base.group_crm_suite_marketing_manager",
        )
        action = segment.with_user(manager).action_export()
        window = (
            self.env["crm.suite.export.wizard"]
            .with_user(manager)
            .with_context(**action["context"])
            .create({})
        )
        self.assertEqual(window.record_count, 2)
