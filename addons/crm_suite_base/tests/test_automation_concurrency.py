import threading

from psycopg2.errors import LockNotAvailable

from odoo import fields
from odoo.fields import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .concurrency_common import ConcurrencyCase

COUNT = 4


@tagged("post_install", "-at_install")
class TestAutomationConcurrency(ConcurrencyCase):
    """Two workers on the queue at once: what is committed here is removed by hand."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)
        with self.committing() as env:
            manager = new_test_user(
                env,
                "automation_racer",
                "crm_suite_base.group_crm_suite_sales_manager",
                context={"no_reset_password": True},
            )
            self.user_id = manager.id
            rule = (
                env["crm.suite.automation"]
                .with_user(manager)
                .create(
                    {
                        "name": "Racer",
                        "trigger": "crossing",
                        "domain": "[('ref', '=', 'RACER')]",
                        "action_ids": [
                            Command.create({"kind": "note", "body": "Raced {name}"})
                        ],
                    }
                )
            )
            rule.sudo().state = "on"
            self.rule_id = rule.id
            partners = env["res.partner"].create(
                [{"name": f"Racer {number}", "ref": "RACER"} for number in range(COUNT)]
            )
            self.partner_ids = partners.ids
            self.registry.clear_cache()

    def test_beginning_waits_for_who_looks(self):
        """Else all who are there already would begin at the next look."""
        with self.committing() as one:
            one["crm.suite.automation"].browse(self.rule_id)._lock_watch()
            with (
                mute_logger("odoo.sql_db"),
                self.assertRaises(LockNotAvailable),
                self.committing() as other,
            ):
                other.cr.execute("SET LOCAL lock_timeout = '100ms'")
                other["crm.suite.automation"].browse(self.rule_id)._begin()

    def _remove(self):
        with self.committing() as env:
            rule = env["crm.suite.automation"].browse(self.rule_id)
            rule.state = "off"
            rule.unlink()
            env["res.partner"].browse(self.partner_ids).exists().unlink()
            user = env["res.users"].browse(self.user_id)
            partner = user.partner_id
            user.unlink()
            partner.unlink()

    def runs(self, env):
        return env["crm.suite.automation.run"].search(
            [("automation_id", "=", self.rule_id)], order="id"
        )

    def test_two_that_look_at_once_set_it_off_once(self):
        with self.committing() as one, self.committing() as two:
            one["crm.suite.automation"]._watch_customers(self.partner_ids)
            two["crm.suite.automation"]._watch_customers(self.partner_ids)
        with self.committing() as env:
            self.assertEqual(len(self.runs(env)), COUNT)
            env["crm.suite.automation"]._watch_customers(self.partner_ids)
            self.assertEqual(len(self.runs(env)), COUNT)

    @mute_logger("odoo.sql_db")
    def test_two_workers_do_each_run_once(self):
        with self.committing() as env:
            env["crm.suite.automation"]._watch_customers(self.partner_ids)
        start, errors = threading.Barrier(2), []

        def work(env):
            try:
                start.wait(30)
                env["crm.suite.automation.run"]._cron_work()
            except Exception as error:  # told in the main thread
                errors.append(error)

        # Environments of a thread are made here: tests hold the lock of the registry.
        with self.committing() as one, self.committing() as two:
            workers = [threading.Thread(target=work, args=[env]) for env in (one, two)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join(60)
        self.assertFalse(errors)
        with self.committing() as env:
            late = self.runs(env).filtered(lambda run: run.state == "queued")
            late.write({"next_try": fields.Datetime.now()})
        with self.committing() as env:
            env["crm.suite.automation.run"]._cron_work()
        with self.committing() as env:
            self.assertEqual(set(self.runs(env).mapped("state")), {"done"})
            for partner in env["res.partner"].browse(self.partner_ids):
                notes = partner.message_ids.filtered(
                    lambda m: "Raced" in (m.body or "")
                )
                self.assertEqual(len(notes), 1, partner.name)
