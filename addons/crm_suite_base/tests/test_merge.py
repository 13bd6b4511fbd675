from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .merge_common import MergeCase


@tagged("post_install", "-at_install")
class TestMergeMoves(MergeCase):
    """What points to the merged record points to the survivor afterwards."""

    def test_documents_contacts_and_history_move(self):
        order = self._create_order(self.goes)
        of_buyer = self._create_order(self.buyer, confirm=False)
        lead = self.env["crm.lead"].create(
            {"name": "Boards", "partner_id": self.goes.id}
        )
        activity = self.create_activity(self.goes)
        note = self.goes.message_post(body="They want boards")
        event = self.env["calendar.event"].create(
            {
                "name": "Visit",
                "start": fields.Datetime.now(),
                "stop": fields.Datetime.now(),
                "partner_ids": [Command.set(self.goes.ids)],
            }
        )
        attachment = self.env["ir.attachment"].create(
            {"name": "a.txt", "raw": b"a", "res_model": "res.partner"}
            | {"res_id": self.goes.id}
        )
        self.merge()
        self.assertEqual(order.partner_id, self.stays)
        self.assertEqual(order.partner_invoice_id, self.stays)
        self.assertEqual(order.order_line.order_partner_id, self.stays)
        self.assertEqual(of_buyer.partner_id, self.buyer)
        self.assertEqual(lead.partner_id, self.stays)
        self.assertEqual(activity.res_id, self.stays.id)
        self.assertEqual(note.res_id, self.stays.id)
        self.assertEqual(event.partner_ids, self.stays)
        self.assertEqual(event.attendee_ids.partner_id, self.stays)
        self.assertEqual(attachment.res_id, self.stays.id)
        self.assertEqual(self.buyer.parent_id, self.stays)
        self.assertEqual(self.buyer.commercial_partner_id, self.stays)
        self.assertIn(self.stays.name, self.buyer.complete_name)

    def test_the_merged_one_is_archived_and_knows_the_survivor(self):
        operation = self.merge()
        self.assertFalse(self.goes.active)
        self.assertEqual(self.goes.crm_suite_merged_into_id, self.stays)
        self.assertEqual(self.goes.crm_suite_merge_id, operation)
        self.assertEqual(operation.kind, "merge")
        self.assertEqual(operation.user_id, self.steward)
        self.assertIn("Nanfang Shenzhen (#", self.stays.message_ids[0].body)

    def test_nothing_is_left_that_points_to_the_merged_one(self):
        self._create_order(self.goes)
        self._create_invoice(self.goes)
        self.create_activity(self.goes)
        self.goes.message_post(body="Hello", partner_ids=self.buyer.ids)
        self.merge()
        self.env.flush_all()
        left = self.env["crm.suite.merge"]._count_references(
            "res.partner", self.goes.ids
        )
        self.assertEqual(left, {})

    def test_timeline_of_the_survivor_has_both(self):
        self._create_order(self.stays)
        self._create_order(self.goes)
        self.merge()
        rows = self.stays.with_user(self.lead).crm_suite_timeline(
            self.stays.id, {"kinds": ["order"]}
        )["rows"]
        self.assertEqual(len(rows), 2)

    def test_many_at_once_each_a_part_of_its_own(self):
        self._create_order(self.goes)
        self._create_order(self.other)
        operation = self.merge(self.stays | self.goes | self.other)
        self.assertEqual((self.goes | self.other).crm_suite_merged_into_id, self.stays)
        self.assertEqual(len(operation.child_ids), 2)
        self.assertEqual(self.stays.sale_order_count, 2)

    def test_merge_of_a_merge_leads_to_the_last(self):
        self.merge()
        self.merge(self.stays | self.other, survivor=self.other)
        self.assertEqual(self.goes.crm_suite_merged_into_id, self.other)
        self.assertEqual(self.goes._crm_suite_survivors(), self.other)

    def test_followers_of_both_follow_once(self):
        order = self._create_order(self.customer, confirm=False)
        order.message_subscribe((self.stays | self.goes).ids)
        self.goes.message_subscribe(self.person.ids)
        self.merge()
        self.assertEqual(
            order.message_follower_ids.partner_id & (self.stays | self.goes), self.stays
        )
        self.assertIn(self.person, self.stays.message_follower_ids.partner_id)

    def test_rows_of_which_one_may_exist_stay_with_the_merged_one(self):
        segment = self.env["crm.suite.segment"].create(
            {"name": "Fair guests", "kind": "static"}
        )
        segment.action_add((self.stays | self.goes).ids)
        self.merge()
        members = self.env["crm.suite.segment.member"].search(
            [("segment_id", "=", segment.id)]
        )
        current = members.filtered(lambda m: not m.left_at)
        self.assertEqual(current.partner_id, self.stays)

    def _told(self, segment):
        """What a reader of the changes gets that it has not had yet."""
        return [
            (event.kind, event.partner_id)
            for event in segment.sudo()._consume("reader")
        ]

    def test_who_is_merged_leaves_the_segment_once(self):
        """Of both in it, one is left; undo has both back. Counts and events agree."""
        segment = self.env["crm.suite.segment"].create(
            {"name": "Fair guests", "kind": "static"}
        )
        segment.action_add((self.stays | self.goes).ids)
        self._told(segment)
        operation = self.merge()
        self.assertEqual(segment.member_count, 1)
        self.assertEqual(self._told(segment), [("leave", self.goes)])
        ended = segment.membership_ids.filtered("left_at")
        self.assertIn("Merged into a customer", ended.left_text)
        undone = self.undo(operation)
        self.assertFalse(undone["kept"])
        self.assertEqual(segment.member_count, 2)
        self.assertEqual(self._told(segment), [("enter", self.goes)])
        again = self.env["crm.suite.operation"].browse(undone["operation_id"])
        self.undo(again)
        self.assertEqual(segment.member_count, 1)
        self.assertEqual(self._told(segment), [("leave", self.goes)])

    def test_membership_goes_over_to_who_stays(self):
        segment = self.env["crm.suite.segment"].create(
            {"name": "Fair guests", "kind": "static"}
        )
        segment.action_add(self.goes.ids)
        self._told(segment)
        operation = self.merge()
        self.assertEqual((segment.member_count, segment.member_ids), (1, self.stays))
        self.assertCountEqual(
            self._told(segment), [("leave", self.goes), ("enter", self.stays)]
        )
        self.undo(operation)
        self.assertEqual((segment.member_count, segment.member_ids), (1, self.goes))
        self.assertCountEqual(
            self._told(segment), [("enter", self.goes), ("leave", self.stays)]
        )

    def test_relation_of_the_two_is_left_alone(self):
        kind = self.env["crm.suite.relation.type"].search([], limit=1)
        relation = self.env["crm.suite.relation"].create(
            {
                "partner_id": self.stays.id,
                "related_partner_id": self.goes.id,
                "type_id": kind.id,
            }
        )
        other = self.env["crm.suite.relation"].create(
            {
                "partner_id": self.goes.id,
                "related_partner_id": self.customer.id,
                "type_id": kind.id,
            }
        )
        self.merge()
        self.assertEqual(relation.related_partner_id, self.goes)
        self.assertEqual(other.partner_id, self.stays)

    def test_property_and_default_that_name_it(self):
        field = self.env["ir.model.fields"].search(
            [
                ("ttype", "=", "many2one"),
                ("relation", "=", "res.partner"),
                ("model", "=", "sale.order"),
                ("name", "=", "partner_id"),
            ]
        )
        default = self.env["ir.default"].create(
            {"field_id": field.id, "json_value": str(self.goes.id)}
        )
        operation = self.merge()
        self.assertEqual(default.json_value, str(self.stays.id))
        self.undo(operation)
        self.assertEqual(default.json_value, str(self.goes.id))


@tagged("post_install", "-at_install")
class TestMergeValues(MergeCase):
    """Whose value counts."""

    def test_empty_takes_the_others_value(self):
        self.merge()
        self.assertEqual(self.stays.name, "Shenzhen Nanfang Ltd")
        self.assertEqual(self.stays.crm_suite_needs, "Cheaper boards")
        self.assertEqual(self.stays.street, "8 Keji Road")

    def test_an_address_is_taken_whole_or_not_at_all(self):
        self.stays.write({"city": "Guangzhou"})
        self.merge()
        self.assertEqual((self.stays.city, self.stays.street), ("Guangzhou", False))

    def test_choice_counts(self):
        self.merge(choices={"name": self.goes.id, "address": self.stays.id})
        self.assertEqual(self.stays.name, "Nanfang Shenzhen")
        self.assertFalse(self.stays.street)

    def test_choice_of_an_empty_value_empties(self):
        self.stays.crm_suite_preferences = "Mornings"
        self.merge(choices={"crm_suite_preferences": self.goes.id})
        self.assertFalse(self.stays.crm_suite_preferences)

    def test_owner_and_team_come_together(self):
        team = self.env["crm.team"].create({"name": "South"})
        self.stays.crm_suite_team_id = team
        self.goes.user_id = self.rep
        self.merge()
        self.assertEqual(self.stays.user_id, self.rep)
        self.assertFalse(self.stays.crm_suite_team_id)

    def test_furthest_stage_is_kept(self):
        self.goes.crm_suite_lifecycle_id = self.env.ref(
            "crm_suite_base.lifecycle_stage_repeat"
        )
        self.other.crm_suite_lifecycle_id = self.env.ref(
            "crm_suite_base.lifecycle_stage_lost"
        )
        self.merge(self.stays | self.goes | self.other)
        self.assertEqual(self.stays.crm_suite_lifecycle_id.code, "repeat")

    def test_tags_of_all(self):
        tags = self.env["res.partner.category"].create([{"name": "A"}, {"name": "B"}])
        self.stays.category_id = tags[0]
        self.goes.category_id = tags[1]
        self.merge()
        self.assertEqual(self.stays.category_id, tags)
        self.assertEqual(self.goes.category_id, tags[1])

    def test_values_of_other_companies_are_filled(self):
        other = self._other_company()
        self.goes.with_company(other).credit_limit = 70.0
        self.merge()
        self.assertEqual(self.stays.with_company(other).credit_limit, 70.0)

    def test_a_record_for_all_companies_stays_for_all(self):
        self.stays.company_id = self.env.company
        self.merge()
        self.assertFalse(self.stays.company_id)

    def test_archived_survivor_comes_into_use(self):
        self.stays.active = False
        self.merge()
        self.assertTrue(self.stays.active)

    def test_person_gets_the_company_of_the_other(self):
        alone = self._create_customer(name="Wang Lei", is_company=False)
        self.merge(alone | self.person, survivor=alone)
        self.assertEqual(alone.parent_id, self.customer)

    def test_a_stored_number_that_is_no_number_does_not_stop_the_merge(self):
        self.env.cr.execute(
            "UPDATE res_partner SET phone = 'ask Mrs Wu' WHERE id = %s",
            [self.other.id],
        )
        self.env.invalidate_all()
        self.merge(self.customer | self.other, survivor=self.customer)
        self.assertEqual(self.customer.phone, "ask Mrs Wu")

    def test_last_word_about_mail_counts(self):
        blacklist = self.env["mail.blacklist"]
        blacklist.create({"email": "office@nanfang.cn"})
        operation = self.merge()
        self.assertTrue(self.stays.is_blacklisted)
        self.undo(operation)
        self.assertFalse(self.stays.is_blacklisted)

    def test_an_older_no_does_not_outlive_a_later_yes(self):
        blacklist = self.env["mail.blacklist"]
        rows = blacklist.create(
            [{"email": "office@nanfang.cn"}, {"email": "info@nanfang.cn"}]
        )
        rows[1].action_archive()
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE mail_blacklist SET write_date = write_date - interval '1 day'"
            " WHERE id = %s",
            [rows[0].id],
        )
        self.env.invalidate_all()
        self.merge()
        self.assertFalse(self.stays.is_blacklisted)

    def test_without_a_survivor_the_one_with_most_behind_it(self):
        self._create_order(self.goes)
        self.env["crm.suite.metric.run"]._run_full(fields.Datetime.now())
        partners = (self.stays | self.goes).with_user(self.steward)
        partners.crm_suite_merge()
        self.env.invalidate_all()
        self.assertEqual(self.stays.crm_suite_merged_into_id, self.goes)


@tagged("post_install", "-at_install")
class TestMergeBooks(MergeCase):
    """Accounting stays consistent."""

    def test_posted_entries_keep_working_on_the_survivor(self):
        invoice = self._create_invoice(self.goes, 300.0)
        self.stays.property_account_receivable_id = (
            self.goes.property_account_receivable_id
        )
        self.merge()
        self.assertEqual(invoice.partner_id, self.stays)
        self.assertEqual(invoice.commercial_partner_id, self.stays)
        self.assertEqual(invoice.line_ids.partner_id, self.stays)
        self.assertEqual(invoice.invoice_partner_display_name, self.stays.name)
        self.assertEqual(self.stays.credit, 300.0)
        self.assertEqual(invoice.state, "posted")
        refund = invoice._reverse_moves([{"date": fields.Date.today()}], cancel=True)
        self.assertEqual(refund.commercial_partner_id, self.stays)
        self.assertIn(invoice.payment_state, ("reversed", "paid"))
        self.env.invalidate_all()
        self.assertEqual(self.stays.credit, 0.0)

    def test_undo_gives_posted_entries_back(self):
        invoice = self._create_invoice(self.goes)
        lines = self.table_rows(invoice.line_ids)
        operation = self.merge()
        result = self.undo(operation)
        self.assertEqual(result["kept_count"], 0)
        self.assertEqual(invoice.partner_id, self.goes)
        self.assertEqual(invoice.commercial_partner_id, self.goes)
        self.assertEqual(invoice.invoice_partner_display_name, self.goes.name)
        self.assertEqual(self.table_rows(invoice.line_ids), lines)

    def test_entries_under_a_hash_stay(self):
        invoice = self._create_invoice(self.goes)
        self.env.cr.execute(
            "UPDATE account_move SET inalterable_hash = 'x' WHERE id = %s", [invoice.id]
        )
        self.env.invalidate_all()
        preview = self.preview(survivor=self.stays)
        self.assertEqual(preview["stays"][0]["count"], 1)
        self.assertIn("secured", preview["warnings"][0])
        self.assertEqual(self.preview()["survivor_id"], self.goes.id)
        self.merge()
        self.assertEqual(invoice.partner_id, self.goes)
        self.assertEqual(invoice.line_ids.partner_id, self.goes)

    def test_bank_account_with_the_same_number_stays(self):
        banks = self.env["res.partner.bank"].create(
            [
                {"acc_number": "6222 0001", "partner_id": partner.id}
                for partner in (self.stays, self.goes)
            ]
            + [{"acc_number": "6222 0002", "partner_id": self.goes.id}]
        )
        self.merge()
        self.assertEqual(banks[1].partner_id, self.goes)
        self.assertEqual(banks[2].partner_id, self.stays)

    def test_contacts_of_different_companies_with_posted_entries(self):
        stranger = self._create_contact(self.stays, name="Li Na")
        self._create_invoice(self.buyer)
        with self.assertRaisesRegex(UserError, "Merge the companies first"):
            self.merge(stranger | self.buyer, survivor=stranger)

    def test_contacts_of_different_companies_without_entries(self):
        stranger = self._create_contact(self.stays, name="Li Na")
        order = self._create_order(self.buyer, confirm=False)
        operation = self.merge(stranger | self.buyer, survivor=stranger)
        self.assertEqual(order.partner_id, stranger)
        self.undo(operation)
        self.assertEqual(order.partner_id, self.buyer)
