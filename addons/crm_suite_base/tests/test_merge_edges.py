from odoo import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from .merge_common import MergeCase


@tagged("post_install", "-at_install")
class TestMergeEdges(MergeCase):
    """Cases in which moving every reference by itself could go wrong."""

    def test_catalogue_names_columns_that_exist(self):
        engine = self.env["crm.suite.merge"]
        references = engine._get_references("res.partner")
        self.assertGreater(len(references), 50)
        columns = set(
            self.env.execute_query(
                SQL("SELECT table_name, column_name FROM information_schema.columns")
            )
        )
        for reference in references:
            self.assertIn((reference.table, reference.column), columns)
        kinds = {reference.kind for reference in references}
        self.assertLessEqual({"key", "relation", "document", "number"}, kinds)

    def test_every_foreign_key_to_customers_is_known(self):
        """A table that is neither moved nor left out on purpose would keep pointing
        to the archived record."""
        engine = self.env["crm.suite.merge"]
        operations = self.env["crm.suite.operation"]
        known = {
            (reference.table, reference.column)
            for reference in engine._get_references("res.partner")
        }
        own = {
            (field.relation, field.column1)
            for field in self.env["res.partner"]._fields.values()
            if field.type == "many2many" and field.store and field.copy
        }
        models = operations._get_models_by_table()
        for key in operations._get_keys_to("res_partner"):
            model = models.get(key.table)
            if model and (self.env[model]._transient or engine._is_excluded(model)):
                continue
            if not model and self._is_of_window(key.table):
                continue
            with self.subTest(table=key.table, column=key.column):
                self.assertIn((key.table, key.column), known | own)

    def _is_of_window(self, table):
        """Relations of windows go with them."""
        return any(
            field.relation == table
            for model in self.env.registry.values()
            if model._transient
            for field in model._fields.values()
            if field.type == "many2many"
        )

    def test_logic_of_documents_does_not_run_in_undo(self):
        """A line of an invoice that names somebody else keeps him."""
        invoice = self._create_invoice(self.goes)
        line = invoice.line_ids.filtered(lambda x: x.display_type == "product")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE account_move_line SET partner_id = %s WHERE id = %s",
            [self.customer.id, line.id],
        )
        self.env.invalidate_all()
        operation = self.merge()
        self.assertEqual(line.partner_id, self.customer)
        self.undo(operation)
        self.assertEqual(line.partner_id, self.customer)
        self.assertEqual((invoice.line_ids - line).partner_id, self.goes)

    def test_documents_keep_their_date_of_change(self):
        order = self._create_order(self.goes)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE sale_order SET write_date = '2026-01-01' WHERE id = %s", [order.id]
        )
        self.env.invalidate_all()
        operation = self.merge()
        self.undo(operation)
        self.assertEqual(str(order.write_date), "2026-01-01 00:00:00")
        self.assertFalse(
            order.message_ids.tracking_value_ids.filtered(
                lambda v: v.field_id.name == "partner_id"
            )
        )

    def test_figures_of_both_are_calculated_anew(self):
        self._create_order(self.goes, 500.0)
        run = self.env["crm.suite.metric.run"]
        run._run_full(self.env.cr.now())
        self.assertEqual(self.goes.crm_suite_purchase_count, 1)
        operation = self.merge()
        dirty = self.env["crm.suite.metric.dirty"]
        self.env["crm.suite.customer.metric"]._refresh(dirty._take(1000))
        self.env.invalidate_all()
        self.assertEqual(self.stays.crm_suite_purchase_count, 1)
        self.assertEqual(self.goes.crm_suite_purchase_count, 0)
        self.undo(operation)
        self.env["crm.suite.customer.metric"]._refresh(dirty._take(1000))
        self.env.invalidate_all()
        self.assertEqual(self.goes.crm_suite_purchase_count, 1)
        self.assertEqual(self.stays.crm_suite_purchase_count, 0)

    def test_contacts_get_what_they_have_from_their_company(self):
        self.stays.vat = "91440300708461136T"
        operation = self.merge()
        self.assertEqual(self.buyer.vat, self.stays.vat)
        self.undo(operation)
        self.assertFalse(self.buyer.vat)

    def test_merged_before_follows_and_goes_back(self):
        first = self.merge(self.goes | self.other, survivor=self.goes)
        second = self.merge()
        self.assertEqual(self.other.crm_suite_merged_into_id, self.stays)
        self.undo(second)
        self.assertEqual(self.other.crm_suite_merged_into_id, self.goes)
        self.undo(first)
        self.assertFalse(self.other.crm_suite_merged_into_id)

    def test_two_numbers_in_one_field_are_both_kept(self):
        self.env.cr.execute(
            "UPDATE res_partner SET email = 'a@n.cn, b@n.cn' WHERE id = %s",
            [self.goes.id],
        )
        self.env.invalidate_all()
        self.merge()
        emails = self.stays.crm_suite_contact_point_ids.filtered(
            lambda p: p.kind == "email"
        )
        self.assertEqual(set(emails.mapped("value")), {"a@n.cn", "b@n.cn"})

    def test_the_same_number_in_another_spelling_is_kept_once(self):
        self.env.cr.execute(
            "UPDATE res_partner SET phone = '0755-8601 3301' WHERE id = %s",
            [self.goes.id],
        )
        self.env.invalidate_all()
        self.merge()
        kinds = self.stays.crm_suite_contact_point_ids.mapped("kind")
        self.assertEqual(kinds, ["email"])

    def test_login_of_a_colleague_takes_along_what_it_makes_of_the_record(self):
        user = new_test_user(
            self.env, "merge_colleague", "base.group_user", partner_id=self.goes.id
        )
        self.assertFalse(self.goes.partner_share)
        operation = self.merge(user=self.env.ref("base.user_admin"))
        self.assertEqual(user.partner_id, self.stays)
        self.assertFalse(self.stays.partner_share)
        self.assertTrue(self.goes.partner_share)
        self.undo(operation, user=self.env.ref("base.user_admin"))
        self.assertTrue(self.stays.partner_share)
        self.assertFalse(self.goes.partner_share)

    def test_one_merge_in_the_menu_of_customers(self):
        host = self.env.ref("base.action_partner_merge").id
        partners = self.env["res.partner"].with_user(self.lead)

        def actions(records):
            views = records.get_views([(False, "list")], {"toolbar": True})["views"]
            return {action["id"] for action in views["list"]["toolbar"]["action"]}

        ours = self.env.ref("crm_suite_base.merge_action_partner").id
        shown = actions(partners.with_context(crm_suite_managed=True))
        self.assertIn(ours, shown)
        self.assertNotIn(host, shown)
        self.assertIn(host, actions(partners))

    def test_alias_of_a_thread(self):
        alias = self.env["mail.alias"].create(
            {
                "alias_name": "nanfang-thread",
                "alias_model_id": self.env["ir.model"]._get_id("res.partner"),
                "alias_force_thread_id": self.goes.id,
            }
        )
        operation = self.merge()
        self.assertEqual(alias.alias_force_thread_id, self.stays.id)
        self.undo(operation)
        self.assertEqual(alias.alias_force_thread_id, self.goes.id)

    def test_many_messages_with_both_as_recipients(self):
        messages = self.env["mail.message"].create(
            [
                {
                    "model": "res.partner",
                    "res_id": self.customer.id,
                    "body": f"m{number}",
                    "partner_ids": [Command.set((self.stays | self.goes).ids)],
                }
                for number in range(3)
            ]
        )
        operation = self.merge()
        for message in messages:
            self.assertEqual(message.partner_ids, self.stays)
        self.undo(operation)
        for message in messages:
            self.assertEqual(message.partner_ids, self.stays | self.goes)
