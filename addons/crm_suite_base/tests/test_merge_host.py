from odoo.tests import tagged

from .merge_common import MergeCase


@tagged("post_install", "-at_install")
class TestMergeHost(MergeCase):
    """The host's own merges beside the suite."""

    def host_merge(self, partners, survivor):
        self.env["base.partner.merge.automatic.wizard"]._merge(partners.ids, survivor)
        self.env.invalidate_all()

    def test_rows_of_which_a_customer_has_one(self):
        segment = self.env["crm.suite.segment"].create(
            {"name": "Fair guests", "kind": "static"}
        )
        segment.action_add((self.stays | self.goes | self.other).ids)
        kind = self.env["crm.suite.relation.type"].search([], limit=1)
        relations = self.env["crm.suite.relation"].create(
            [
                {
                    "partner_id": partner.id,
                    "related_partner_id": self.customer.id,
                    "type_id": kind.id,
                }
                for partner in (self.stays, self.goes, self.other)
            ]
            + [
                {
                    "partner_id": self.stays.id,
                    "related_partner_id": self.goes.id,
                    "type_id": kind.id,
                }
            ]
        )
        self.env["crm.suite.contact.point"].create(
            [
                {"partner_id": partner.id, "kind": "email", "value": "x@nanfang.cn"}
                for partner in (self.stays, self.goes, self.other)
            ]
        )
        self.host_merge(self.stays | self.goes | self.other, self.stays)
        self.assertFalse((self.goes | self.other).exists())
        self.assertEqual(relations.exists(), relations[0])
        current = self.env["crm.suite.segment.member"].search(
            [("segment_id", "=", segment.id), ("left_at", "=", False)]
        )
        self.assertEqual(current.partner_id, self.stays)
        self.assertEqual(segment.member_count, 1)
        told = [(e.kind, e.partner_id.id) for e in segment._consume("reader")]
        self.assertEqual(told[0], ("enter", self.stays.id))
        self.assertCountEqual(
            told[1:], [("leave", self.goes.id), ("leave", self.other.id)]
        )
        emails = self.stays.crm_suite_contact_point_ids.filtered(
            lambda p: p.kind == "email"
        )
        self.assertEqual(
            set(emails.mapped("value")),
            {"x@nanfang.cn", "office@nanfang.cn", "old@nanfang.cn"},
        )

    def test_after_a_merge_of_ours(self):
        self.merge()
        self.host_merge(self.stays | self.goes, self.goes)
        self.assertFalse(self.goes.crm_suite_merged_into_id)

    def test_merged_leads_come_back(self):
        leads = self.env["crm.lead"].create(
            [
                {"name": f"Boards {number}", "partner_id": self.stays.id}
                for number in range(2)
            ]
        )
        head = leads.with_user(self.lead).merge_opportunity()
        gone = leads - head
        self.assertFalse(gone.exists())
        operation = self.env["crm.suite.operation"].search(
            [("kind", "=", "merge"), ("res_model", "=", "crm.lead")], limit=1
        )
        self.assertEqual(operation.user_id, self.lead)
        self.undo(operation, user=self.lead)
        self.assertEqual(gone.exists(), gone)
        self.assertEqual(gone.partner_id, self.stays)
