import re
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from ..models import operation_restore, operation_undo
from ..models.operation_restore import UndoRunner
from .operation_common import OperationCase


@tagged("post_install", "-at_install")
class TestMassEdit(OperationCase):
    def last(self):
        return self.Operation.search([], limit=1)

    def test_edit_of_several_records_is_an_operation(self):
        partners = self.partners.with_user(self.steward)
        partners.web_save({"city": "Wuhan"}, {"city": {}})
        operation = self.last()
        self.assertEqual(
            (operation.kind, operation.user_id), ("mass_edit", self.steward)
        )
        self.assertEqual(operation.record_count, 5)
        notice = self.Operation.with_user(self.steward).get_last_mass_edit(
            "res.partner", partners.ids
        )
        self.assertEqual(notice["id"], operation.id)
        self.assertIn("5", notice["message"])
        operation.with_user(self.steward).action_undo()
        self.assertEqual(self.partners.mapped("city"), ["Shenzhen"] * 5)

    def test_edit_record_by_record_is_one_operation(self):
        partners = self.partners[:2].with_user(self.steward)
        partners.web_save_multi(
            [{"category_id": [Command.link(self.tags[1].id)]}, {"city": "Wuhan"}],
            {"city": {}},
        )
        operation = self.last()
        self.assertEqual(operation.record_count, 2)
        operation.with_user(self.steward).action_undo()
        self.assertEqual(self.partners[0].category_id, self.tags[0])

    def test_edit_of_customer_teams_is_an_operation(self):
        people = [
            new_test_user(self.env, f"member_{number}", "base.group_user")
            for number in range(2)
        ]
        members = self.env["crm.suite.customer.member"].create(
            [
                {"partner_id": partner.id, "user_id": user.id, "role": "seller"}
                for partner, user in zip(self.partners, people, strict=False)
            ]
        )
        before = members.mapped("role")
        members.with_user(self.steward).web_save({"role": "service"}, {"role": {}})
        operation = self.last()
        self.assertEqual(
            (operation.kind, operation.res_model), ("mass_edit", members._name)
        )
        operation.with_user(self.steward).action_undo()
        self.assertEqual(members.mapped("role"), before)

    def test_every_list_of_ours_to_edit_in_is_followed(self):
        """A list in which several can be edited at once offers Undo."""
        views = self.env["ir.ui.view"].search(
            [("type", "=", "list"), ("arch_db", "ilike", 'multi_edit="1"')]
        )
        ours = views.filtered(lambda v: (v.xml_id or "").startswith("crm_suite_base."))
        self.assertTrue(ours)
        self.assertLessEqual(
            set(ours.mapped("model")), set(self.Operation._get_mass_edit_models())
        )

    def test_archive_of_several_is_an_operation(self):
        self.partners.with_user(self.steward).action_archive()
        self.assertEqual(self.last().record_count, 5)
        self.last().with_user(self.steward).action_undo()
        self.assertTrue(all(self.partners.mapped("active")))

    def test_deletion_of_several_in_a_list_is_an_operation(self):
        before = self.rows(self.partners)
        partners = self.partners.with_user(self.steward)
        partners.with_context(crm_suite_list_delete=True).unlink()
        operation = self.last()
        self.assertEqual((operation.kind, operation.deleted_count), ("mass_edit", 5))
        notice = self.Operation.with_user(self.steward).get_last_mass_edit(
            "res.partner", partners.ids
        )
        self.assertEqual(notice["id"], operation.id)
        operation.with_user(self.steward).action_undo()
        self.assertEqual(self.rows(self.partners), before)

    def test_no_operation_for_one_record_or_other_models_or_no_role(self):
        before = self.last()
        self.partners[0].with_user(self.steward).web_save({"city": "Wuhan"}, {})
        self.tags.web_save({"color": 3}, {})
        plain = self._new_user("ops_plain2", None)
        plain.group_ids += self.env.ref("base.group_partner_manager")
        self.partners.with_user(plain).web_save({"city": "Wuhan"}, {})
        self.assertEqual(self.last(), before)

    def test_notice_is_about_the_same_records(self):
        self.partners[:2].with_user(self.steward).web_save({"city": "Wuhan"}, {})
        notice = self.Operation.with_user(self.steward).get_last_mass_edit(
            "res.partner", self.partners[2:].ids
        )
        self.assertFalse(notice)


@tagged("post_install", "-at_install")
class TestReassign(OperationCase):
    def wizard(self, records, user=None, **values):
        return (
            self.env["crm.suite.reassign"]
            .with_user(user or self.steward)
            .with_context(active_model=records._name, active_ids=records.ids)
            .create(values)
        )

    def test_customers_with_contacts_and_activities(self):
        company = self.partners[0]
        company.write({"is_company": True, "user_id": self.rep.id})
        contact = self.env["res.partner"].create(
            {"name": "Contact", "parent_id": company.id, "user_id": self.rep.id}
        )
        activity = company.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.rep.id
        )
        foreign = company.activity_schedule(
            "mail.mail_activity_data_todo", user_id=self.steward.id
        )
        wizard = self.wizard(company, user_id=self.other_rep.id, reason="Leave")
        action = wizard.action_reassign()
        self.assertEqual((company + contact).user_id, self.other_rep)
        self.assertEqual(activity.user_id, self.other_rep)
        self.assertEqual(foreign.user_id, self.steward)
        operation = self.Operation.browse(action["params"]["id"])
        self.assertEqual((operation.kind, operation.reason), ("reassign", "Leave"))
        self.assertEqual(action["tag"], "crm_suite_operation_done")
        result = operation.with_user(self.steward).action_undo()
        self.assertEqual(result["kept"], [])
        self.assertEqual((company + contact).user_id, self.rep)
        self.assertEqual(activity.user_id, self.rep)

    def test_subsidiaries_are_customers_of_their_own(self):
        company, subsidiary = self.partners[:2]
        (company + subsidiary).write({"is_company": True, "user_id": self.rep.id})
        subsidiary.parent_id = company
        contact, colleague, below, theirs = self.env["res.partner"].create(
            [
                {"name": name, "parent_id": parent.id, "user_id": self.rep.id}
                for name, parent in [
                    ("Contact", company),
                    ("Colleague", company),
                    ("Below", company),
                    ("Theirs", subsidiary),
                ]
            ]
        )
        below.parent_id = contact
        self.wizard(contact, user_id=self.other_rep.id).action_reassign()
        self.assertEqual((contact + below).user_id, self.other_rep)
        self.assertEqual((company + colleague).user_id, self.rep)
        self.wizard(company, user_id=self.other_rep.id).action_reassign()
        self.assertEqual((company + colleague).user_id, self.other_rep)
        self.assertEqual((subsidiary + theirs).user_id, self.rep)

    def test_leads(self):
        team = self.env["crm.team"].create({"name": "Operation team"})
        leads = self.env["crm.lead"].create([{"name": "A"}, {"name": "B"}])
        manager = self._new_user("ops_manager2", "group_crm_suite_sales_manager")
        self.wizard(
            leads, manager, user_id=self.rep.id, team_id=team.id
        ).action_reassign()
        self.assertEqual((leads.user_id, leads.team_id), (self.rep, team))

    def test_says_what_is_missing(self):
        with self.assertRaises(UserError):
            self.wizard(self.partners).action_reassign()
        with self.assertRaises(UserError):
            self.wizard(self.partners.browse(), user_id=self.rep.id).action_reassign()
        with self.assertRaises(UserError):
            self.wizard(self.tags, user_id=self.rep.id).action_reassign()


@tagged("post_install", "-at_install")
class TestUndoDialog(OperationCase):
    def dialog(self, operation):
        action = operation.action_show_undo()
        return (
            self.env[action["res_model"]].with_context(**action["context"]).create({})
        )

    def test_says_first_what_it_will_do(self):
        with self.record() as operation:
            self.partners.write({"city": "Wuhan"})
        self.partners[0].city = "Beijing"
        wizard = self.dialog(operation)
        self.assertEqual((wizard.restore_count, wizard.keep_count), (4, 1))
        self.assertEqual(wizard.line_ids.res_id, self.partners[0].id)
        self.assertIn("Beijing", wizard.line_ids.changes)
        action = wizard.action_undo()
        self.assertIn("4", action["params"]["message"])
        self.assertEqual(self.partners[1].city, "Shenzhen")
        undo = operation.undo_operation_id
        self.assertEqual(undo.kept_count, 1)
        kept = self.env["crm.suite.operation.undo.line"].search(
            undo.action_show_kept()["domain"]
        )
        self.assertEqual(kept.res_id, self.partners[0].id)

    def test_chosen_records(self):
        with self.record() as operation:
            self.partners.write({"city": "Wuhan"})
        wizard = self.dialog(operation)
        wizard.scope = "chosen"
        with self.assertRaises(UserError):
            wizard.action_undo()
        wizard.change_ids = self.changes(operation, res_id=self.partners[2].id)
        wizard.action_undo()
        self.assertEqual(
            self.partners.mapped("city"),
            ["Wuhan", "Wuhan", "Shenzhen", "Wuhan", "Wuhan"],
        )

    def test_summary_of_a_change(self):
        with self.record() as operation:
            self.partners[0].write({"city": "Wuhan", "user_id": self.rep.id})
        change = self.changes(operation)
        self.assertEqual(change.record_name, self.partners[0].name)
        self.assertIn("Shenzhen → Wuhan", change.summary)
        self.assertIn(f"– → {self.rep.name}", change.summary)


@tagged("post_install", "-at_install")
class TestUndoJob(OperationCase):
    def do_three_pieces(self, undo):
        """A first run, which plans for ten seconds and does a piece at 30, 49 and 51
        seconds."""
        clock = iter([0, 10, 10, 30, 49, 51])
        with (
            patch.object(operation_restore, "BATCH", 1),
            patch.object(operation_undo, "monotonic", lambda: next(clock)),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", return_value=0),
        ):
            self.assertFalse(undo._run_undo_job())
        self.assertEqual((undo.state, undo.progress_done), ("open", 3))

    def begin_again(self):
        """Undo an operation, and that undo in the background with a first run.

        :return: the operation, and the undo of its undo
        """
        with self.record(self.steward) as operation:
            self.partners.with_user(self.steward).write({"city": "Wuhan"})
        operation.with_user(self.steward).action_undo()
        self.assertEqual(operation.state, "undone")
        undo = operation.undo_operation_id
        self.env.flush_all()
        with patch.object(operation_undo, "IMMEDIATE_LIMIT", 3):
            result = undo.with_user(self.steward).action_undo()
        again = self.Operation.browse(result["operation_id"])
        self.do_three_pieces(again)
        return operation, again

    def test_big_undo_goes_on_in_the_background(self):
        with self.record(self.steward) as operation:
            self.partners.with_user(self.steward).write({"city": "Wuhan"})
            created = (
                self.env["res.partner"]
                .with_user(self.steward)
                .create([{"name": f"New {number}"} for number in range(5)])
            )
        self.partners[0].city = "Beijing"
        self.env.flush_all()
        with patch.object(operation_undo, "IMMEDIATE_LIMIT", 3):
            result = operation.with_user(self.steward).action_undo()
        self.assertTrue(result["background"])
        undo = self.Operation.browse(result["operation_id"])
        self.assertEqual((undo.state, undo.progress), ("open", 0))
        with self.assertRaisesRegex(UserError, re.escape(self.steward.name)):
            operation.action_undo()
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.operation_undo_cron").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((undo.state, undo.progress), ("done", 100))
        self.assertEqual((undo.user_id, undo.kept_count), (self.steward, 1))
        self.assertEqual(operation.state, "partly_undone")
        self.assertFalse(created.exists())
        self.assertEqual(self.partners.mapped("city"), ["Beijing", *["Shenzhen"] * 4])

    def test_job_continues_after_a_crash(self):
        with self.record(self.steward) as operation:
            self.partners.with_user(self.steward).write({"city": "Wuhan"})
            created = (
                self.env["res.partner"]
                .with_user(self.steward)
                .create([{"name": f"New {number}"} for number in range(5)])
            )
        self.env.flush_all()
        with patch.object(operation_undo, "IMMEDIATE_LIMIT", 3):
            result = operation.with_user(self.steward).action_undo()
        undo = self.Operation.browse(result["operation_id"])
        cron = self.env.ref("crm_suite_base.operation_undo_cron")
        triggers = self.env["ir.cron.trigger"]
        triggers.search([("cron_id", "=", cron.id)]).unlink()
        with (
            patch.object(UndoRunner, "_delete", side_effect=SerializationFailure),
            self.enter_registry_test_mode(),
        ):
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(undo.state, "open")
        self.assertEqual(self.partners[0].city, "Shenzhen")
        self.assertEqual(len(created.exists()), 5)
        self.assertTrue(triggers.search([("cron_id", "=", cron.id)]), "it goes on soon")
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(undo.state, "done")
        self.assertFalse(created.exists())
        self.assertEqual(operation.state, "undone")

    def test_job_works_longer_than_it_plans(self):
        """The host's few seconds are over when a big undo is planned: a run that did
        one piece would plan the rest for each piece anew."""
        with self.record(self.steward) as operation:
            self.partners.with_user(self.steward).write({"city": "Wuhan"})
        self.env.flush_all()
        with patch.object(operation_undo, "IMMEDIATE_LIMIT", 3):
            result = operation.with_user(self.steward).action_undo()
        undo = self.Operation.browse(result["operation_id"])
        self.do_three_pieces(undo)
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.operation_undo_cron").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(operation.state, "undone")

    def test_undo_of_an_undo_in_several_runs(self):
        operation, again = self.begin_again()
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.operation_undo_cron").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((again.state, operation.state), ("done", "done"))
        self.assertEqual(self.partners.mapped("city"), ["Wuhan"] * 5)
        result = operation.with_user(self.steward).action_undo()
        self.assertEqual((result["restored"], operation.state), (5, "undone"))

    @mute_logger("odoo.addons.crm_suite_base.models.operation_undo")
    def test_undo_of_an_undo_that_fails_in_the_middle(self):
        operation, again = self.begin_again()
        with (
            patch.object(UndoRunner, "_update", side_effect=ZeroDivisionError("why")),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("crm_suite_base.operation_undo_cron").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((again.state, operation.state), ("failed", "partly_undone"))
        result = operation.with_user(self.steward).action_undo()
        self.assertEqual((result["restored"], operation.state), (3, "undone"))

    @mute_logger("odoo.addons.crm_suite_base.models.operation_undo")
    def test_job_that_fails_says_why_and_can_be_tried_again(self):
        with self.record(self.steward) as operation:
            self.partners.with_user(self.steward).write({"city": "Wuhan"})
        self.env.flush_all()
        with patch.object(operation_undo, "IMMEDIATE_LIMIT", 3):
            result = operation.with_user(self.steward).action_undo()
        undo = self.Operation.browse(result["operation_id"])
        with (
            patch.object(UndoRunner, "_update", side_effect=ZeroDivisionError("why")),
            self.enter_registry_test_mode(),
        ):
            self.env.ref("crm_suite_base.operation_undo_cron").method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual((undo.state, undo.failure), ("failed", "why"))
        self.assertEqual(operation.state, "done")
        self.assertEqual(operation.with_user(self.steward).action_undo()["restored"], 5)


@tagged("post_install", "-at_install")
class TestOperationTour(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        new_test_user(
            cls.env,
            "ops_tour",
            groups="base.group_user,crm_suite_base.group_crm_suite_data_steward",
        ).lang = "en_US"

    def start_with_customers(self, count, url, tour):
        """Run a tour in a list with some customers at its top."""
        stage = self.env.ref("crm_suite_base.lifecycle_stage_lead")
        partners = self.env["res.partner"].create(
            [
                {
                    "name": f"AAA Tour {number}",
                    "email": "old@example.com",
                    "crm_suite_lifecycle_id": stage.id,
                }
                for number in range(count)
            ]
        )
        self.start_tour(url, tour, login="ops_tour", timeout=180)
        self.env.invalidate_all()
        operations = self.env["crm.suite.operation"].search([], limit=2)
        self.assertEqual(operations.mapped("kind"), ["undo", "mass_edit"])
        return partners

    def test_undo_of_a_mass_edit(self):
        partners = self.start_with_customers(
            3,
            "/odoo/action-contacts.action_contacts?view_type=list",
            "crm_suite_operation_undo",
        )
        self.assertEqual(partners.mapped("email"), ["old@example.com"] * 3)

    def test_undo_of_an_archive_instead_of_a_deletion(self):
        partners = self.start_with_customers(
            2, "/odoo/crm-customers?debug=0", "crm_suite_archive_undo"
        )
        self.assertEqual(partners.mapped("active"), [True] * 2)
