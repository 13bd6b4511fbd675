import logging

from odoo import api, fields, models, tools
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.retry import is_try_again

_logger = logging.getLogger(__name__)


class Recalculation(models.AbstractModel):
    """Figures, grades and stages are written by SQL, which no rule of the host sees: what
    begins to meet a condition is found after each calculation."""

    _inherit = "crm.suite.recalculation"

    @api.model
    def _steps(self):
        return [*super()._steps(), (90, "crm.suite.automation", "_watch_customers")]


class Automation(models.Model):
    """Rules that wait until a condition begins to be met.

    Who meets it now is compared with who met it the last time, by one statement: those
    who are new get a row in the queue, those who left may come again. So it does not
    matter by what a figure was changed, by whom, or that only time has passed.
    """

    _inherit = "crm.suite.automation"

    @api.model
    @tools.ormcache("model_name")
    def _get_watching(self, model_name):
        """Ids of the rules that wait for a condition. All that others pay for.

        :rtype: tuple[int, ...]
        """
        domain = [
            ("trigger", "=", "crossing"),
            ("state", "=", "on"),
            ("model", "=", model_name),
        ]
        return tuple(self.sudo().search(domain).ids)

    @api.model
    def _watch_customers(self, partner_ids=None):
        """A step of the recalculation.

        :param partner_ids: ids of commercial partners; ``None``: all customers
        """
        if rules := self._get_watching("res.partner"):
            self.sudo().browse(rules)._watch(partner_ids)

    def _watch(self, ids=None):
        """Queue work for the records that began to meet the conditions.

        :param ids: of records to look at; ``None``: all
        """
        for rule in self:
            self.env.flush_all()
            try:
                with self.env.cr.savepoint():
                    rule._cross(ids)
            except Exception as error:
                if is_try_again(error):
                    raise
                # One condition that cannot be asked any more stops no calculation.
                _logger.warning("Rule %s cannot watch", rule.id, exc_info=error)
                rule._tell_broken(error)

    def _tell_broken(self, error):
        """A condition that cannot be asked: on the log, once an hour is enough."""
        hour = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        told = [
            ("automation_id", "=", self.id),
            ("res_id", "in", (0, False)),
            ("state", "=", "dead"),
            ("at", ">", hour),
        ]
        if self.env["crm.suite.automation.run"].sudo().search_count(told, limit=1):
            return
        failed = self._note(
            self._get_nothing(), {}, "dead", error=error, about_none=True
        )
        self._tell_dead(failed)

    def _get_nothing(self):
        return self.env[self.model]

    def _compose_inside(self, ids=None):
        """Who meets the condition, with the rights of who manages the rule.

        :return: query
        """
        subject = self._as_author(self.env[self.model])
        domain = self._get_domain()
        if ids is not None:
            domain &= Domain("id", "in", list(ids))
        if self.model == "res.partner" and ids is None:
            domain &= Domain("crm_suite_lifecycle_id", "!=", False)
        return subject._search(domain)

    def _cross(self, ids=None, baseline=False):
        """Compare who meets the condition with who met it the last time.

        :param baseline: remember only, set nothing off
        """
        self.ensure_one()
        if not self._lock_watch(wait=baseline):
            return  # somebody else is at it; the regular look finds the rest
        inside = self._compose_inside(ids).subselect()
        only = SQL("AND res_id = ANY(%s)", list(ids)) if ids is not None else SQL()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_suite_automation_mark
                 WHERE automation_id = %s AND kind = 'inside' %s
                   AND res_id NOT IN %s
                """,
                self.id,
                only,
                inside,
            )
        )
        new = [
            id_
            for (id_,) in self.env.execute_query(
                SQL(
                    """
                    INSERT INTO crm_suite_automation_mark (automation_id, kind, res_id)
                    SELECT %(rule)s, 'inside', i.id FROM %(inside)s AS i(id)
                     WHERE NOT EXISTS (
                           SELECT 1 FROM crm_suite_automation_mark m
                            WHERE m.automation_id = %(rule)s AND m.kind = 'inside'
                              AND m.res_id = i.id)
                    ON CONFLICT DO NOTHING RETURNING res_id
                    """,
                    rule=self.id,
                    inside=inside,
                )
            )
        ]
        if new and not baseline:
            self._queue_crossed(new)

    def _queue_crossed(self, ids):
        if self.once:
            ids = self.env["crm.suite.automation.mark"]._add(self, "once", ids)
        if not ids:
            return
        runs = self.env["crm.suite.automation.run"]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_automation_run
                       (automation_id, version, at, res_model, res_id, cause, company_id,
                        state, attempts, next_try, create_uid, write_uid,
                        create_date, write_date)
                SELECT %(rule)s, %(version)s, %(now)s, %(model)s, id, 'crossing',
                       %(company)s, 'queued', 0, %(now)s, %(uid)s, %(uid)s, %(now)s, %(now)s
                  FROM unnest(%(ids)s) AS r(id)
              ORDER BY id
                """,
                rule=self.id,
                version=self.version,
                now=fields.Datetime.now(),
                model=self.model,
                company=self.company_id.id or None,
                uid=self.env.uid,
                ids=sorted(ids),
            )
        )
        runs.invalidate_model(flush=False)
        runs._wake()

    def _lock_watch(self, wait=False):
        """Be the only one who looks for this rule; it lasts until the transaction ends.

        :param bool wait: for somebody else who looks
        :return: whether nobody else does
        """
        name = "pg_advisory_xact_lock" if wait else "pg_try_advisory_xact_lock"
        [(locked,)] = self.env.execute_query(
            SQL(
                "SELECT %s(hashtext(%s), %s)",
                SQL.identifier(name),
                "crm_suite_base.automation",
                self.id,
            )
        )
        return wait or locked

    @api.model
    def _cron_watch(self):
        """Every half hour: conditions that begin to be met because time passes, and what
        no calculation told."""
        rules = self.search([("trigger", "=", "crossing"), ("state", "=", "on")])
        progress = self.env["ir.cron"]._commit_progress
        progress(remaining=len(rules))
        for rule in rules:
            try:
                rule._watch()
            except Exception as error:
                # Two who met: the next look finds what this one missed.
                self.env.cr.rollback()
                _logger.info("Rule %s is looked at later", rule.id, exc_info=error)
            if not progress(1):
                break
