from odoo import api, models
from odoo.fields import Domain

from .pool import WEIGHTS


class PoolMixin(models.AbstractModel):
    """When a record goes back, and why; asked for by the page of the record."""

    _inherit = "crm.suite.pool.mixin"

    @api.model
    def _pool_won_kept_domain(self):
        """Owned records that the rules leave alone. Hook.

        :rtype: Domain
        """
        return Domain.FALSE

    def _pool_say_closed(self):
        """Why the rules do not look at the record at all; empty: they do. Hook.

        :rtype: str
        """
        if self.filtered_domain(self._pool_won_kept_domain()):
            return self.env._("It is won: the rules leave it with its owner.")
        if not self.active:
            return self.env._("It is archived: the rules leave it as it is.")
        return ""

    def _explain_pool(self):
        """Why the record is in the pool, or when and why it would go there."""
        record = self.sudo()
        pool = record.crm_suite_pool_id
        title = self.env._("Pool")
        if not pool:
            return {
                "title": title,
                "sentence": self.env._("It belongs to no pool: nothing is taken back."),
            }
        if not record.user_id:
            return {
                "title": title,
                "sentence": self.env._(
                    "Nobody owns it; it is in “%(pool)s”. %(reason)s",
                    pool=pool.name,
                    reason=record.crm_suite_pool_reason or "",
                ),
                "inputs": [
                    {
                        "name": "crm_suite_pool_since",
                        "value": record.crm_suite_pool_since,
                    }
                ],
            }
        return {"title": title, **self._pool_explain_owned(record, pool)}

    def _pool_explain_owned(self, record, pool):
        if left := record._pool_say_closed():
            return {"sentence": left}
        [verdict] = pool._judge(record, notice=pool.auto_return)
        steps = [
            {"text": self.env._("kept: %(why)s", why=why), "met": True}
            for why in verdict.kept
        ]
        sentence = self.env._("No rule of “%(pool)s” takes it back.", pool=pool.name)
        if verdict.due:
            sentence = self.env._(
                "It goes back to “%(pool)s” on %(day)s: %(rule)s.",
                pool=pool.name,
                day=self._explained_moment(pool._day_of(verdict.due)),
                rule=pool._say_verdict_rule(verdict),
            )
            if verdict.kept:
                sentence = self.env._(
                    "It stays with its owner: %(why)s.", why=", ".join(verdict.kept)
                )
        labels = {
            name: pool._fields[name]._description_string(self.env)
            for name in WEIGHTS
            if pool[name]
        }
        return {
            "sentence": sentence,
            "inputs": [
                {
                    "name": "crm_suite_owned_since",
                    "value": record.crm_suite_owned_since or record.create_date,
                },
                {"name": "crm_suite_last_proven", "value": verdict.last or False},
                {
                    "name": "start",
                    "label": self.env._("The clock runs since"),
                    "value": verdict.start,
                },
                {
                    "name": "crm_suite_protected_until",
                    "value": record.crm_suite_protected_until,
                },
                {
                    "name": "crm_suite_extended_until",
                    "value": record.crm_suite_extended_until,
                },
            ],
            "steps": steps,
            "note": self.env._(
                "What restarts the clock: %(what)s. Calls count from %(seconds)s "
                "seconds on; copies of earlier notes do not count.",
                what=", ".join(
                    f"{label} ({pool[name]:.0%})" for name, label in labels.items()
                ),
                seconds=pool.call_seconds,
            ),
        }


class CrmLead(models.Model):
    _inherit = "crm.lead"

    @api.model
    def _pool_won_kept_domain(self):
        return self._pool_won_domain()

    def _pool_say_closed(self):
        if self.won_status == "lost":
            reason = self.lost_reason_id.name
            return (
                self.env._(
                    "It is lost (%(reason)s): the rules leave it with its owner.",
                    reason=reason,
                )
                if reason
                else self.env._("It is lost: the rules leave it with its owner.")
            )
        return super()._pool_say_closed()

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"pool"}


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"pool"}
