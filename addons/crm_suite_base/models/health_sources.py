import shutil
from datetime import timedelta
from functools import partial

from odoo import api, fields, models
from odoo.tools import SQL, config

from .health_check import HealthSource

# A scheduled action that is later than this waits for a worker that is not there.
LATE = timedelta(hours=2)
# What went wrong longer ago was seen, or nobody minds.
RECENT = timedelta(days=7)
# Failures in a row after which an action does not mend itself.
FAILURES = 3
# Free part of the disk with the attachments, in percent: to look at, out of order.
FREE, FULL = 10, 3
BACKUP = "crm_suite_base.last_backup"
BACKUP_DAYS = 2
SHOWN = 3
# Rules over customers, each with a problem where its condition cannot be read.
RULE_SETS = (
    "crm.suite.quality.criterion",
    "crm.suite.grade.rule",
    "crm.suite.lifecycle.rule",
)
# Rows that should not be there: model, list, domain, and by which date only the recent
# ones count, where they do not go away by themselves.
COUNTED = {
    "imports": (
        "crm.suite.import.batch",
        "crm_suite_base.import_batch_action",
        [("state", "=", "failed")],
        "write_date",
    ),
    "figures": (
        "crm.suite.metric.run",
        "crm_suite_base.metric_run_action",
        [("drift_count", ">", 0)],
        "date",
    ),
    "steps": (
        "crm.suite.metric.run",
        "crm_suite_base.metric_run_action",
        [("failed_count", ">", 0)],
        "date",
    ),
    "approvals": (
        "crm.suite.approval.request",
        "crm_suite_base.approval_request_action",
        ["|", ("state", "=", "exception"), ("effect_state", "=", "failed")],
        "",
    ),
    "rules": (
        "crm.suite.automation.run",
        "crm_suite_base.automation_run_action",
        [("state", "=", "dead")],
        "at",
    ),
    "webhooks": (
        "crm.suite.webhook",
        "crm_suite_base.webhook_action",
        [("state", "=", "paused")],
        "",
    ),
    "deliveries": (
        "crm.suite.webhook.delivery",
        "crm_suite_base.webhook_delivery_action",
        [("state", "=", "dead")],
        "create_date",
    ),
    "mails": (
        "mail.mail",
        "mail.action_view_mail_mail",
        [("state", "=", "exception")],
        "create_date",
    ),
}


class HealthCheck(models.Model):
    """What this addon watches of its own and of what it needs."""

    _inherit = "crm.suite.health.check"

    @api.model
    def _health_sources(self):
        found = {
            "jobs": HealthSource(
                self.env._("Scheduled Actions"),
                self._find_jobs,
                self._describe_jobs,
                "base.ir_cron_act",
            ),
            "flows": HealthSource(
                self.env._("Conditions of Approval Flows"),
                self._find_flows,
                self._describe_flows,
                "crm_suite_base.approval_flow_action",
            ),
            "disk": HealthSource(
                self.env._("Disk of Attachments"), self._find_disk, self._describe_disk
            ),
            "backup": HealthSource(
                self.env._("Backup"), self._find_backup, self._describe_backup
            ),
            "conditions": HealthSource(
                self.env._("Rules That Are Left Out"),
                self._find_left_out,
                self._describe_left_out,
            ),
        }
        since = fields.Datetime.to_string(fields.Datetime.now() - RECENT)
        names = self._get_counted_names()
        for code, (model, action, domain, date) in COUNTED.items():
            recent = [*domain, (date, ">=", since)] if date else domain
            found[code] = HealthSource(
                names[code],
                partial(self._find_count, model, recent),
                self._describe_count,
                action,
                recent,
            )
        return {**super()._health_sources(), **found}

    # === ROWS THAT SHOULD NOT BE THERE === #

    @api.model
    def _get_counted_names(self):
        return {
            "imports": self.env._("Imports That Failed"),
            "figures": self.env._("Figures That Were Wrong"),
            "steps": self.env._("Recalculations That Failed in Part"),
            "approvals": self.env._("Approvals That Are Stuck"),
            "rules": self.env._("Rules That Gave Up"),
            "webhooks": self.env._("Webhooks That Are Paused"),
            "deliveries": self.env._("Events That Were Not Delivered"),
            "mails": self.env._("Mails That Could Not Be Sent"),
        }

    def _find_count(self, model, domain):
        count = self.env[model].search_count(domain)
        return "warning" if count else "ok", {"count": count}

    def _describe_count(self, facts):
        if not facts.get("count"):
            return self.env._("None.")
        return self.env._("There are %(count)s.", count=facts["count"])

    # === RULES === #

    def _find_left_out(self):
        """Rules in force over a field that is gone, for example."""
        facts = {}
        for name in RULE_SETS:
            rules = self.env[name].with_context(active_test=False)
            if left_out := rules.search([("version", ">", 0)]).filtered("problem"):
                facts[name] = left_out.ids
        return "error" if facts else "ok", facts

    def _describe_left_out(self, facts):
        # What a rule is called is no secret to who reads that it is left out.
        names = [
            rule.name
            for model, ids in facts.items()
            for rule in self.env[model].sudo().browse(ids).exists()
        ]
        if not names:
            return self.env._("None.")
        return self.env._(
            "Their conditions cannot be read any more: %(names)s. Build them anew with "
            "the editor, or switch the rules off.",
            names=", ".join(names),
        )

    # === SCHEDULED ACTIONS === #

    def _find_jobs(self):
        """Scheduled actions of the suite that stopped, fail again and again, or wait."""
        known = self.env["ir.model.data"].search(
            [("model", "=", "ir.cron"), ("module", "=like", r"crm\_suite\_%")]
        )
        jobs = self.env["ir.cron"].with_context(active_test=False)
        jobs = jobs.browse(known.mapped("res_id")).exists()
        late = fields.Datetime.now() - LATE
        kinds = {
            "stopped": jobs.filtered(lambda j: not j.active and j.failure_count),
            "failing": jobs.filtered(
                lambda j: j.active and j.failure_count >= FAILURES
            ),
            "late": jobs.filtered(lambda j: j.active and j.nextcall < late),
        }
        facts = {kind: found.ids for kind, found in kinds.items() if found}
        if "stopped" in facts or "failing" in facts:
            return "error", facts
        return "warning" if facts else "ok", facts

    def _describe_jobs(self, facts):
        # What an action is called is no secret to who reads that it failed.
        jobs = self.env["ir.cron"].sudo().with_context(active_test=False)
        sentences = {
            "stopped": self.env._("Switched off after failures: %(names)s."),
            "failing": self.env._("Fail each time: %(names)s."),
            "late": self.env._(
                "Should have run long ago: %(names)s. Is a worker for scheduled actions "
                "running?"
            ),
        }
        found = []
        for kind, sentence in sentences.items():
            if ids := facts.get(kind):
                found.append(sentence % {"names": self._join_names(jobs.browse(ids))})
        return " ".join(found) or self.env._("All run.")

    def _join_names(self, records):
        """The first names and how many more there are."""
        names = records[:SHOWN].exists().mapped("name")
        if len(records) > SHOWN:
            names.append(self.env._("%(count)s more", count=len(records) - SHOWN))
        return ", ".join(names)

    # === CONDITIONS OF FLOWS === #

    def _find_flows(self):
        """Flows in force that hold nothing, since nobody can read their condition."""
        flows = self.env["crm.suite.approval.flow"]._find_unreadable()
        return ("error", {"ids": flows.ids}) if flows else ("ok", {})

    def _describe_flows(self, facts):
        if not facts.get("ids"):
            return self.env._("All can be read.")
        # What a flow is called is no secret to who reads that it failed.
        flows = self.env["crm.suite.approval.flow"].sudo().browse(facts["ids"])
        return self.env._(
            "Hold nothing, because “Only for” names a field that is gone: %(names)s. Mend it and publish.",
            names=self._join_names(flows),
        )

    # === DISK === #

    def _find_disk(self):
        usage = shutil.disk_usage(config["data_dir"])
        percent = round(usage.free * 100 / usage.total)
        state = "error" if percent < FULL else "warning" if percent < FREE else "ok"
        return state, {"percent": percent, "gigabytes": round(usage.free / 1e9)}

    def _describe_disk(self, facts):
        return self.env._(
            "%(percent)s %% free (%(gigabytes)s GB).",
            percent=facts.get("percent"),
            gigabytes=facts.get("gigabytes"),
        )

    # === BACKUP === #

    def _find_backup(self):
        # Written by a program outside, of which the cache of parameters knows nothing.
        rows = self.env.execute_query(
            SQL("SELECT value FROM ir_config_parameter WHERE key = %s", BACKUP)
        )
        if not rows:
            return "unknown", {}
        [(last,)] = rows
        age = fields.Datetime.now() - fields.Datetime.to_datetime(last)
        return "ok" if age < timedelta(days=BACKUP_DAYS) else "warning", {"last": last}

    def _describe_backup(self, facts):
        if not facts.get("last"):
            return self.env._(
                "None by ./setup/backup was seen. Whoever backs up in another way "
                "watches that there."
            )
        last = fields.Datetime.context_timestamp(
            self, fields.Datetime.to_datetime(facts["last"])
        )
        return self.env._(
            "The last one is of %(date)s.", date=last.strftime("%Y-%m-%d %H:%M")
        )
