from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, tagged


@tagged("post_install", "-at_install")
class TestReferenceLoose(TransactionCase):
    """What the database would see to, if large tables had foreign keys."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stage = cls.env.ref("crm_suite_base.lifecycle_stage_lead")
        cls.customer = cls.env["res.partner"].create(
            {"name": "Loose Ltd", "crm_suite_lifecycle_id": cls.stage.id}
        )
        cls.customer.activity_schedule("mail.mail_activity_data_todo", summary="Call")
        cls.env["crm.suite.customer.metric"]._refresh(cls.customer.ids)

    def rows(self, model, field, ids):
        """Ids in the table itself, whatever the ORM would show of them."""
        self.env.flush_all()
        self.env.cr.execute(
            f"SELECT id FROM {self.env[model]._table} WHERE {field} = ANY(%s)", [ids]
        )
        return [id_ for (id_,) in self.env.cr.fetchall()]

    def point(self, field, record):
        self.env.cr.execute(
            f"UPDATE crm_suite_customer_metric SET {field} = %s WHERE partner_id = %s",
            [record.id, self.customer.id],
        )

    def test_figures_go_with_their_customer(self):
        ids = self.customer.ids
        self.assertTrue(self.rows("crm.suite.customer.metric", "partner_id", ids))
        self.customer.unlink()
        self.assertFalse(self.rows("crm.suite.customer.metric", "partner_id", ids))

    def test_figures_go_with_their_company(self):
        company = self.env["res.company"].create({"name": "Loose Trading"})
        self.point("company_id", company)
        company._unlink_except_crm_suite_used()
        self.assertFalse(
            self.rows("crm.suite.customer.metric", "partner_id", self.customer.ids)
        )

    def test_currency_of_figures_stays(self):
        currency = self.env["res.currency"].create({"name": "XLO", "symbol": "l"})
        self.point("currency_id", currency)
        with self.assertRaises(UserError):
            currency.unlink()

    def test_preferred_product_is_forgotten(self):
        product = self.env["product.product"].create({"name": "Loose screw"})
        self.point("preferred_product_id", product)
        ids = product.ids
        product.product_tmpl_id.unlink()
        self.assertFalse(product.exists())
        self.assertFalse(
            self.rows("crm.suite.customer.metric", "preferred_product_id", ids)
        )

    def test_preferred_category_goes_with_the_one_above(self):
        parent = self.env["product.category"].create({"name": "Loose"})
        child = parent.create({"name": "Screws", "parent_id": parent.id})
        self.point("preferred_category_id", child)
        ids = child.ids
        parent.unlink()
        self.assertFalse(child.exists())
        self.assertFalse(
            self.rows("crm.suite.customer.metric", "preferred_category_id", ids)
        )

    def test_members_and_events_of_a_deleted_segment_come_back(self):
        segment = self.env["crm.suite.segment"].create(
            {"name": "Loose list", "kind": "static"}
        )
        segment.action_add(self.customer.ids)
        names = ("crm.suite.segment.member", "crm.suite.segment.event")
        before = [self.rows(name, "segment_id", segment.ids) for name in names]
        self.assertTrue(all(before))
        with self.env["crm.suite.operation"].record("other", "Clear up") as operation:
            segment.unlink()
        for name in names:
            self.assertFalse(self.rows(name, "segment_id", segment.ids))
        operation.action_undo()
        self.assertEqual(
            [self.rows(name, "segment_id", segment.ids) for name in names], before
        )

    def test_events_of_a_deleted_customer_come_back(self):
        segment = self.env["crm.suite.segment"].create(
            {"name": "Loose list", "kind": "static"}
        )
        segment.action_add(self.customer.ids)
        before = self.rows("crm.suite.segment.event", "segment_id", segment.ids)
        ids = self.customer.ids
        segment._consume("journey")
        with self.env["crm.suite.operation"].record("other", "Clear up") as operation:
            self.customer.unlink()
        gone = self.rows("crm.suite.segment.event", "partner_id", ids)
        self.assertFalse(set(gone) & set(before), "the history goes with the customer")
        self.assertEqual(segment.member_count, 0)
        told = segment._consume("journey")
        self.assertEqual((told.ids, told.mapped("kind")), (gone, ["leave"]))
        operation.action_undo()
        self.assertEqual((segment.member_count, segment.member_ids.ids), (1, ids))
        told = segment._consume("journey")
        self.assertEqual(
            told.mapped("kind"), ["enter"], "once, and what was before not again"
        )
        self.assertEqual(
            set(self.rows("crm.suite.segment.event", "segment_id", segment.ids)),
            {*before, *gone, *told.ids},
        )

    def test_a_rule_that_goes_leaves_no_trace(self):
        rule = self.env["crm.suite.lifecycle.rule"].create(
            {"name": "Loose", "domain": "[]", "stage_id": self.stage.id}
        )
        grade_rule = self.env["crm.suite.grade.rule"].create(
            {
                "name": "Loose",
                "domain": "[]",
                "grade_id": self.env["crm.suite.grade"].search([], limit=1).id,
            }
        )
        self.customer.write(
            {
                "crm_suite_lifecycle_rule_id": rule.id,
                "crm_suite_grade_rule_id": grade_rule.id,
            }
        )
        step = self.env["crm.suite.lifecycle.transition"].create(
            {
                "partner_id": self.customer.id,
                "to_id": self.stage.id,
                "at": fields.Datetime.now(),
                "source": "rule",
                "rule_id": rule.id,
            }
        )
        rule.unlink()
        grade_rule.unlink()
        self.env.invalidate_all()
        self.assertFalse(self.customer.crm_suite_lifecycle_rule_id)
        self.assertFalse(self.customer.crm_suite_grade_rule_id)
        self.assertFalse(step.rule_id)

    def test_a_stage_in_the_history_stays(self):
        stage = self.env["crm.suite.lifecycle.stage"].search([], limit=1, order="id")
        self.env["crm.suite.lifecycle.transition"].create(
            {
                "partner_id": self.customer.id,
                "from_id": stage.id,
                "to_id": self.stage.id,
                "at": fields.Datetime.now(),
                "source": "person",
            }
        )
        with self.assertRaises(UserError):
            stage._unlink_except_in_history()
