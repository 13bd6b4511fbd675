import json
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, TransactionCase, new_test_user, tagged
from odoo.tools import mute_logger

from .common import ROLE

SOURCES = "odoo.addons.crm_suite_base.models.health_sources.HealthCheck"


class HealthCase:
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = new_test_user(cls.env, "health_admin", f"{ROLE}admin")
        cls.checks = cls.env["crm.suite.health.check"]
        # What a database has lived through before is not what is tested here.
        cls.found = {
            code: ("ok", {}) for code in cls.checks._health_sources() if code != "disk"
        }

    def look(self, **found):
        """Look, with some findings made up; all others are in order."""
        found = {**self.found, "disk": ("ok", {"percent": 50}), **found}
        sources = self.checks._health_sources()
        with patch.object(
            self.env.registry["crm.suite.health.check"],
            "_health_sources",
            lambda this: {
                code: source._replace(find=lambda code=code: found[code])
                for code, source in sources.items()
            },
        ):
            self.checks._cron_check()

    def check_of(self, code):
        return self.checks.search([("code", "=", code)])


@tagged("post_install", "-at_install")
class TestHealth(HealthCase, TransactionCase):
    """What stopped is seen, told once, and seen again when it works."""

    def job(self):
        return self.env.ref("crm_suite_base.ir_cron_figures")

    def test_every_source_has_a_row_and_a_sentence(self):
        self.checks.with_user(self.admin).action_check()
        checks = self.checks.with_user(self.admin).search([])
        self.assertEqual(set(checks.mapped("code")), set(self.checks._health_sources()))
        for check in checks:
            self.assertTrue(check.name and check.text, check.code)
            self.assertTrue(check.checked_at)
        self.assertLess(
            fields.Datetime.now() - self.check_of("disk").checked_at,
            timedelta(minutes=1),
        )

    def test_scheduled_actions(self):
        jobs = self.env["ir.model.data"].search(
            [("model", "=", "ir.cron"), ("module", "=", "crm_suite_base")]
        )
        jobs = self.env["ir.cron"].browse(jobs.mapped("res_id"))
        jobs.write({"nextcall": fields.Datetime.now(), "failure_count": 0})
        self.assertEqual(self.checks._find_jobs(), ("ok", {}))
        self.job().nextcall = fields.Datetime.now() - timedelta(hours=3)
        state, facts = self.checks._find_jobs()
        self.assertEqual((state, facts), ("warning", {"late": self.job().ids}))
        self.assertIn(self.job().name, self.checks._describe_jobs(facts))
        self.job().failure_count = 3
        self.assertEqual(self.checks._find_jobs()[0], "error")
        self.job().active = False
        state, facts = self.checks._find_jobs()
        self.assertEqual((state, facts), ("error", {"stopped": self.job().ids}))

    def test_rows_that_should_not_be_there(self):
        before = self.checks._health_sources()["mails"].find()[1]["count"]
        self.env["mail.mail"].create({"state": "exception"})
        state, facts = self.checks._health_sources()["mails"].find()
        self.assertEqual((state, facts), ("warning", {"count": before + 1}))

    def test_disk(self):
        for free, state in ((2, "error"), (9, "warning"), (50, "ok")):
            usage = type("Usage", (), {"free": free * 10**9, "total": 10**11})
            with patch("shutil.disk_usage", lambda path, usage=usage: usage):
                self.assertEqual(
                    self.checks._find_disk(),
                    (state, {"percent": free, "gigabytes": free}),
                )

    def test_backup(self):
        parameters = self.env["ir.config_parameter"]
        parameters.search([("key", "=", "crm_suite_base.last_backup")]).unlink()
        self.assertEqual(self.checks._find_backup()[0], "unknown")
        for days, state in ((1, "ok"), (3, "warning")):
            moment = fields.Datetime.now() - timedelta(days=days)
            parameters.set_param(
                "crm_suite_base.last_backup", fields.Datetime.to_string(moment)
            )
            self.env.flush_all()
            found, facts = self.checks._find_backup()
            self.assertEqual(found, state)
            self.assertIn(str(moment.year), self.checks._describe_backup(facts))

    def test_told_once_while_it_is_broken(self):
        def told():
            return self.env["mail.message"].search_count(
                [("partner_ids", "in", self.admin.partner_id.ids)]
            )

        self.look()
        self.assertEqual(self.check_of("jobs").state, "ok")
        since = self.check_of("jobs").since
        before = told()
        broken = ("error", {"late": self.job().ids})
        self.look(jobs=broken)
        self.assertEqual(told(), before + 1)
        self.look(jobs=broken)
        self.assertEqual(told(), before + 1, "once is enough")
        self.look()
        self.assertEqual(self.check_of("jobs").state, "ok")
        self.assertGreaterEqual(self.check_of("jobs").since, since)
        self.look(jobs=broken)
        self.assertEqual(told(), before + 2)

    @mute_logger("odoo.addons.crm_suite_base.models.health_check")
    def test_a_look_that_fails_is_a_finding(self):
        with patch(f"{SOURCES}._find_disk", side_effect=OSError("no such disk")):
            self.checks._cron_check()
        self.assertEqual(self.check_of("disk").state, "error")
        self.assertIn("no such disk", self.check_of("disk").text)
        self.assertEqual(len(self.checks.search([])), len(self.found) + 1)

    def test_what_is_not_watched_any_more_goes(self):
        gone = self.checks.create({"code": "former", "state": "ok"})
        self.checks._cron_check()
        self.assertFalse(gone.exists())

    def test_open(self):
        self.look(approvals=("warning", {"count": 2}), mails=("warning", {"count": 1}))
        action = self.check_of("approvals").with_user(self.admin).action_open()
        self.assertEqual(action["res_model"], "crm.suite.approval.request")
        self.assertIn(("state", "=", "exception"), action["domain"])
        mails = self.check_of("mails").with_user(self.admin)
        self.assertFalse(mails.can_open, "mails are read by administrators of Odoo")
        with self.assertRaises(UserError):
            mails.action_open()
        with self.assertRaises(UserError):
            self.check_of("disk").action_open()

    def test_rights(self):
        self.look()
        for role in ("sales_manager", "data_steward"):
            user = new_test_user(self.env, f"health_{role}", f"{ROLE}{role}")
            checks = self.checks.with_user(user)
            for call in (checks.action_check, lambda c=checks: c.search([])):
                with self.assertRaises(AccessError):
                    call()
        with self.assertRaises(AccessError):
            self.check_of("jobs").with_user(self.admin).state = "ok"

    def test_in_the_language_of_the_reader(self):
        self.env["res.lang"]._activate_lang("zh_CN")
        self.look(rules=("warning", {"count": 3}))
        check = self.check_of("rules").with_context(lang="zh_CN")
        self.assertRegex(f"{check.name} {check.text}", "[\u4e00-\u9fff].*3")


@tagged("post_install", "-at_install")
class TestHealthMonitor(HealthCase, HttpCase):
    """A program that watches reads one word."""

    def ask(self):
        answer = self.url_open("/crm_suite/health")
        return answer.status_code, json.loads(answer.text)["status"]

    def test_one_word(self):
        self.look()
        self.assertEqual(self.ask(), (200, "pass"))
        self.look(rules=("warning", {"count": 1}))
        self.assertEqual(self.ask(), (200, "warn"))
        self.look(jobs=("error", {"late": [1]}))
        self.assertEqual(self.ask(), (503, "fail"))
        answer = self.url_open("/crm_suite/health")
        self.assertEqual(set(json.loads(answer.text)), {"status", "time"})
        self.assertIn("health+json", answer.headers["Content-Type"])

    def test_nobody_looks_any_more(self):
        self.look()
        self.checks.search([]).checked_at = fields.Datetime.now() - timedelta(hours=2)
        self.assertEqual(self.ask(), (503, "fail"))
        self.checks.search([]).unlink()
        self.assertEqual(self.ask(), (503, "fail"))
