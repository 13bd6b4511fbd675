from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import SQL

from ..models.operation_journal import JOURNAL
from .operation_common import OperationCase


@tagged("post_install", "-at_install")
class TestOperationJournal(OperationCase):
    def test_nothing_is_journalled_outside(self):
        with self.record() as operation:
            self.partners[0].street = "Inside"
        self.partners[1].street = "Outside"
        self.env.flush_all()
        self.assertEqual(self.changes(operation).mapped("res_id"), self.partners[0].ids)
        self.assertNotIn(JOURNAL, vars(self.env.cr))

    def test_pending_writes_from_before_are_not_journalled(self):
        self.partners[0].street = "Before"
        with self.record() as operation:
            self.partners[1].street = "Inside"
        self.assertEqual(self.changes(operation).mapped("res_id"), self.partners[1].ids)

    def test_unused_costs_no_query(self):
        self.tags[0].color = 1
        self.env.flush_all()
        with (
            patch.object(
                type(self.env["crm.suite.operation"]), "_journal_shape"
            ) as shape,
            self.assertQueryCount(1),
        ):
            self.tags[0].color = 2
            self.env.flush_all()
        shape.assert_not_called()

    def test_every_environment_of_the_transaction_counts(self):
        with self.record() as operation:
            self.env["res.partner"].sudo().browse(self.partners[0].ids).ref = "S"
            self.partners[1].with_user(self.steward).ref = "U"
        self.assertEqual(
            set(self.changes(operation).mapped("res_id")), set(self.partners[:2].ids)
        )

    def test_header_tells_what_who_and_how_many(self):
        with self.record(self.steward, kind="import", reason="Spring") as operation:
            self.partners[:2].with_user(self.steward).write({"ref": "X"})
            self.env["res.partner"].with_user(self.steward).create({"name": "New"})
            self.env["res.partner"].with_user(self.steward).create(
                {"name": "Gone"}
            ).unlink()
            self.partners[3].with_user(self.steward).unlink()
        operation = operation.sudo()
        self.assertEqual(operation.user_id, self.steward)
        self.assertEqual((operation.kind, operation.name), ("import", "Spring"))
        self.assertEqual(
            (operation.created_count, operation.updated_count, operation.deleted_count),
            (1, 2, 1),
        )
        self.assertEqual(operation.record_count, 4)
        self.assertEqual(operation.res_model, "res.partner")
        self.assertEqual(operation.state, "done")
        self.assertEqual((operation.undo_until - operation.date_end).days, 30)

    def test_time_for_undo_is_a_setting(self):
        self.env["ir.config_parameter"].set_param("crm_suite_base.undo_days", "7")
        with self.record() as operation:
            self.partners[0].ref = "X"
        self.assertEqual((operation.undo_until - operation.date_end).days, 7)

    def test_savepoint_that_rolls_back_takes_its_journal_along(self):
        with self.record() as operation:
            self.partners[0].ref = "kept"
            with self.assertRaises(ValueError), self.env.cr.savepoint():
                self.partners[1].ref = "lost"
                self.env["res.partner"].create({"name": "lost"})
                self.partners[2].unlink()
                raise ValueError
            self.partners[3].ref = "after the savepoint"
            created = self.env["res.partner"].create({"name": "after the savepoint"})
        self.assertEqual(
            sorted(self.changes(operation).mapped("res_id")),
            sorted([self.partners[0].id, self.partners[3].id, created.id]),
        )

    def test_exception_inside_ends_the_journal(self):
        with self.assertRaises(ZeroDivisionError), self.env.cr.savepoint():
            with self.record() as operation:
                self.partners[0].ref = "lost"
                self.env.flush_all()
                _boom = 1 / 0
        self.assertNotIn(JOURNAL, vars(self.env.cr))
        self.assertFalse(operation.exists())
        self.assertFalse(self.partners[0].ref)

    def test_nested_operations(self):
        with self.record(reason="Outer") as outer:
            self.partners[0].ref = "outer"
            with self.record(kind="reassign", reason="Inner") as inner:
                self.partners[1].ref = "inner"
                created = self.env["res.partner"].create({"name": "inner"})
            self.partners[2].ref = "outer again"
        self.assertEqual(inner.parent_id, outer)
        self.assertEqual(
            set(self.changes(outer).mapped("res_id")),
            {self.partners[0].id, self.partners[2].id},
        )
        self.assertEqual(outer.record_count, 4)
        self.assertEqual(inner.record_count, 2)
        inner.action_undo()
        self.assertFalse(self.partners[1].ref)
        self.assertFalse(created.exists())
        self.assertEqual(self.partners[0].ref, "outer")
        self.assertEqual((inner.state, outer.state), ("undone", "done"))
        outer.action_undo()
        self.assertFalse(any(self.partners.mapped("ref")))
        self.assertEqual(outer.state, "undone")

    def test_undo_of_outer_undoes_inner(self):
        with self.record() as outer:
            self.partners[0].ref = "outer"
            with self.record() as inner:
                self.partners[0].ref = "inner"
                self.partners[1].ref = "inner"
        result = outer.action_undo()
        self.assertEqual((result["restored"], result["kept"]), (2, []))
        self.assertFalse(any(self.partners.mapped("ref")))
        self.assertEqual((inner.state, outer.state), ("undone", "undone"))

    def test_long_job(self):
        operation = self.Operation.begin("import", "Job")
        with operation.journal():
            created = self.env["res.partner"].create({"name": "Chunk 1"})
        with operation.journal():
            created.ref = "chunk 2"
            self.partners[0].ref = "chunk 2"
        self.assertEqual(operation.state, "open")
        operation.close()
        self.assertEqual((operation.created_count, operation.updated_count), (1, 1))
        with self.assertRaises(UserError), operation.journal():
            self.fail("journalled after the end")
        self.assertEqual(operation.action_undo()["kept"], [])
        self.assertFalse(created.exists())
        self.assertFalse(self.partners[0].ref)

    def test_job_that_died_can_be_undone(self):
        operation = self.Operation.begin("import", "Job")
        with operation.journal():
            created = self.env["res.partner"].create({"name": "Chunk 1"})
        self.assertEqual(operation.undo_preview()["restore"], 1)
        operation.action_undo()
        self.assertFalse(created.exists())
        self.assertEqual(operation.state, "undone")

    def test_failed_operation(self):
        operation = self.Operation.begin("import", "Job")
        with operation.journal():
            self.partners[0].ref = "half"
        operation.fail("The file ended in the middle of a line.")
        self.assertEqual(operation.state, "failed")
        self.assertEqual(operation.updated_count, 1)
        self.assertIn("middle", operation.failure)
        operation.action_undo()
        self.assertFalse(self.partners[0].ref)

    def test_history_of_a_record_is_no_change_of_its_own(self):
        with self.record() as operation:
            lead = self.env["crm.lead"].create({"name": "New"})
            lead.message_post(body="Imported")
            lead.message_subscribe(self.partners[0].ids)
        self.assertEqual(set(self.changes(operation).mapped("model")), {"crm.lead"})

    def test_settings_and_logins_are_not_journalled(self):
        with self.record() as operation:
            self.env["ir.config_parameter"].set_param("ops.test", "1")
            self.rep.write(
                {"group_ids": [Command.link(self.env.ref("base.group_no_one").id)]}
            )
        self.assertFalse(self.changes(operation))

    # === SET-BASED SQL === #

    def test_sql_insert(self):
        with self.record(kind="import") as operation:
            ids = operation.log_sql(
                "res.partner.category",
                SQL(
                    "INSERT INTO res_partner_category (name, color, active)"
                    " SELECT jsonb_build_object('en_US', 'sql ' || n), n, TRUE"
                    " FROM generate_series(1, 50) n"
                ),
            )
        categories = self.env["res.partner.category"].browse(ids)
        self.assertEqual(len(categories.exists()), 50)
        self.assertEqual(operation.created_count, 50)
        categories[0].color = 11
        result = operation.action_undo()
        self.assertEqual((result["restored"], len(result["kept"])), (49, 1))
        self.assertEqual(categories.exists(), categories[0])

    def test_sql_update(self):
        with self.record() as operation:
            ids = operation.log_sql(
                "res.partner",
                SQL(
                    "UPDATE res_partner p SET ref = 'sql', city = 'Shenzhen'"
                    " WHERE id = ANY(%s)",
                    self.partners.ids,
                ),
                alias="p",
            )
        self.assertEqual(sorted(ids), sorted(self.partners.ids))
        self.assertEqual(self.partners.mapped("ref"), ["sql"] * 5)
        change = self.changes(operation)[0]
        self.assertEqual((change.before, change.after), ({"ref": None}, {"ref": "sql"}))
        self.partners[0].ref = "mine"
        self.assertEqual(operation.action_undo()["restored"], 4)
        self.assertEqual(self.partners.mapped("ref"), ["mine", *[False] * 4])

    def test_sql_delete(self):
        frequency = self.env["crm.suite.relation.type"].create(
            {"name": "Ops", "inverse_name": "spO", "category": "other"}
        )
        relation = self.env["crm.suite.relation"].create(
            {
                "partner_id": self.partners[0].id,
                "related_partner_id": self.partners[1].id,
                "type_id": frequency.id,
            }
        )
        before = self.rows(relation)
        with self.record() as operation:
            operation.log_sql(
                "crm.suite.relation",
                SQL("DELETE FROM crm_suite_relation WHERE id = %s", relation.id),
            )
        self.assertFalse(relation.exists())
        operation.action_undo()
        self.assertEqual(self.rows(relation), before)

    def test_sql_that_cannot_be_journalled_is_refused(self):
        with self.record() as operation:
            for statement in (
                "TRUNCATE res_partner_category",
                "DELETE FROM res_partner WHERE id = 0",
            ):
                with self.assertRaises(ValueError):
                    operation.log_sql("res.partner", SQL(statement))
            with self.assertRaises(ValueError):
                operation.log_sql(
                    "res.partner.category",
                    SQL(
                        "INSERT INTO res_partner_category (id) VALUES (1)"
                        " ON CONFLICT (id) DO UPDATE SET color = 1"
                    ),
                )
