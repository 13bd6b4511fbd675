from psycopg2.extras import Json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.loose_many2one import LooseMany2one
from .rule_match import compose_only

SOURCES = [
    ("rule", "Rule"),
    ("person", "By hand"),
    ("override", "Given by hand for a time"),
    ("undo", "Undo"),
    ("found", "Found changed"),
]
# What was known of the customer when it moved: metric column by field of the partner.
FIGURES = {
    "crm_suite_purchase_count": "purchase_count",
    "crm_suite_last_purchase": "last_purchase",
    "crm_suite_interval": "interval_mean",
    "crm_suite_revenue_12m": "revenue_12m",
}


class LifecycleTransition(models.Model):
    """One step of a customer from stage to stage: when, why, by whom.

    Rows are only ever added, by whatever changes the stage; so the time in each stage
    and the conversion between stages are data.
    """

    _name = "crm.suite.lifecycle.transition"
    _description = "Lifecycle Step"
    _inherit = ["crm.suite.explain.mixin"]
    _order = "at desc, id desc"
    _log_access = False
    _rec_name = "partner_id"

    # Found by the index below, which begins with it.
    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        required=True,
        readonly=True,
        ondelete="cascade",
    )
    # Always the same few stages and rules; see ``reference_loose.py``.
    from_id = LooseMany2one(
        "crm.suite.lifecycle.stage",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    to_id = LooseMany2one(
        "crm.suite.lifecycle.stage",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="Empty: the customer is no longer managed.",
    )
    at = fields.Datetime(string="Moved On", required=True, readonly=True, index=True)
    duration = fields.Float(
        string="Days in the Stage Before",
        readonly=True,
        aggregator="avg",
        digits=(16, 1),
        help="Empty if it is not known since when the customer was in the stage before.",
    )
    source = fields.Selection(SOURCES, required=True, readonly=True)
    why = fields.Json(readonly=True, groups=fields.NO_ACCESS)
    rule_id = LooseMany2one(
        "crm.suite.lifecycle.rule",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )
    version = fields.Integer(
        string="Version of the Rule", readonly=True, aggregator=None
    )
    done_by_id = fields.Many2one(
        "res.users", string="By", readonly=True, index="btree_not_null"
    )
    operation_id = fields.Many2one(
        "crm.suite.operation",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
    )

    _partner_idx = models.Index("(partner_id, at DESC, id DESC)")

    # === NOTING STEPS === #

    @api.model
    def _note_moves(self, moves, now, operation):
        """Add the steps that a run of the rules made.

        :param SQL moves: table with ``partner_id``, ``company_id``, ``from_id``,
            ``to_id``, ``since``, ``rule_id``, ``version``, ``source``
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_lifecycle_transition
                       (partner_id, from_id, to_id, at, duration, source, why, rule_id,
                        version, operation_id)
                SELECT n.partner_id, n.from_id, n.to_id, %(now)s, %(duration)s,
                       n.source, jsonb_strip_nulls(%(why)s), n.rule_id, n.version,
                       %(operation)s
                  FROM %(moves)s n
             LEFT JOIN crm_suite_customer_metric f
                    ON f.partner_id = n.partner_id AND f.company_id = n.company_id
                 WHERE n.to_id != n.from_id
                """,
                now=now,
                duration=self._compose_duration(now, SQL("n.since")),
                why=self._compose_why(),
                operation=operation.id or None,
                moves=moves,
            )
        )
        self.invalidate_model(flush=False)

    def _compose_duration(self, now, since):
        return SQL("EXTRACT(epoch FROM %s::timestamp - %s) / 86400", now, since)

    def _compose_why(self):
        """The figures of the moment: they will be others when somebody asks."""
        pairs = [
            SQL("%s, f.%s", name, SQL.identifier(column))
            for name, column in FIGURES.items()
        ]
        return SQL(
            "jsonb_build_object('company_id', n.company_id, %s)", SQL(", ").join(pairs)
        )

    @api.model
    def _note_changes(self, rows, source, why=None):
        """Add the steps that a person or program made, and date the new stages.

        :param list rows: ``(partner id, stage before or None, stage now or None)``
        :param str source: one of the selection
        :param dict why: what to keep of the reason
        """
        rows = [row for row in rows if row[1] != row[2]]
        if not rows:
            return
        now = fields.Datetime.now()
        operation = self.env["crm.suite.operation"]._get_running()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_lifecycle_transition
                       (partner_id, from_id, to_id, at, duration, source, why,
                        done_by_id, operation_id)
                SELECT n.partner_id, n.from_id, n.to_id, %(now)s, %(duration)s,
                       %(source)s, %(why)s, %(user)s, %(operation)s
                  FROM unnest(%(partners)s::int[], %(before)s::int[], %(after)s::int[])
                    AS n(partner_id, from_id, to_id)
             LEFT JOIN LATERAL (
                    SELECT at FROM crm_suite_lifecycle_transition t
                     WHERE t.partner_id = n.partner_id AND t.to_id = n.from_id
                  ORDER BY at DESC, id DESC LIMIT 1
                ) l ON TRUE
                """,
                now=now,
                duration=self._compose_duration(now, SQL("l.at")),
                source=source,
                why=Json(why) if why else None,
                user=self.env.uid,
                operation=operation.id or None,
                partners=[row[0] for row in rows],
                before=[row[1] for row in rows],
                after=[row[2] for row in rows],
            )
        )
        self.invalidate_model(flush=False)

    @api.model
    def _reconcile(self, partner_ids=None, source="found"):
        """Add a step wherever the stage is not the one of the last step.

        Whatever wrote the stage past the ORM (an undo, a program of others) is noted
        here, with the next run at the latest. The last steps are found once, before
        the first row is added: looked up one by one in a table that grows meanwhile,
        they would cost the square of the number of customers.

        :param partner_ids: ids of partners; ``None``: all
        :return: the ids of those who got a step
        """
        self.env.flush_all()
        now = fields.Datetime.now()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_lifecycle_transition
                       (partner_id, from_id, to_id, at, duration, source)
                SELECT p.id, l.to_id, p.crm_suite_lifecycle_id,
                       CASE WHEN l.id IS NULL
                            THEN COALESCE(p.crm_suite_lifecycle_date, p.create_date,
                                          %(now)s)
                            ELSE %(now)s END,
                       %(duration)s, %(source)s
                  FROM res_partner p
             LEFT JOIN (
                    SELECT DISTINCT ON (partner_id) partner_id, id, to_id, at
                      FROM crm_suite_lifecycle_transition t
                     WHERE TRUE %(only_steps)s
                  ORDER BY partner_id, at DESC, id DESC
                ) l ON l.partner_id = p.id
                 WHERE p.crm_suite_lifecycle_id IS DISTINCT FROM l.to_id %(only)s
             RETURNING partner_id
                """,
                now=now,
                duration=self._compose_duration(now, SQL("l.at")),
                source=source,
                only=compose_only(SQL("p.id"), partner_ids),
                only_steps=compose_only(SQL("t.partner_id"), partner_ids),
            )
        )
        noted = [id_ for (id_,) in self.env.cr.fetchall()]
        self.invalidate_model(flush=False)
        return noted

    @api.model
    def _date_stages(self, partner_ids, moves=None):
        """Give partners the date of their last step, where they have another one.

        After the rules have run: whom they moved is dated, and a row as wide as that
        of a partner is not written twice.

        :param SQL moves: as of :meth:`_note_moves`; whom they moved is left alone
        """
        if not partner_ids:
            return
        self.env.cr.execute(
            SQL(
                """
                UPDATE res_partner p
                   SET crm_suite_lifecycle_date = l.at
                  FROM (
                    SELECT DISTINCT ON (partner_id) partner_id, at
                      FROM crm_suite_lifecycle_transition
                     WHERE partner_id IN (
                           SELECT unnest(%s::int[]) %s
                       )
                  ORDER BY partner_id, at DESC, id DESC
                ) l
                 WHERE p.id = l.partner_id
                   AND p.crm_suite_lifecycle_date IS DISTINCT FROM l.at
                """,
                list(partner_ids),
                SQL("EXCEPT SELECT partner_id FROM %s WHERE to_id != from_id", moves)
                if moves
                else SQL(),
            )
        )
        self.env["res.partner"].invalidate_model(
            ["crm_suite_lifecycle_date"], flush=False
        )

    @api.model
    def _forget(self, operations):
        """Remove the steps that an operation made and undo has taken back.

        A customer is taken back that is again where the operation found it. What was
        followed by a step of others happened, and stays.
        """
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_suite_lifecycle_transition t
                 USING (
                    SELECT DISTINCT ON (partner_id) partner_id, from_id
                      FROM crm_suite_lifecycle_transition
                     WHERE operation_id = ANY(%(operations)s)
                  ORDER BY partner_id, at, id
                ) found
                  JOIN res_partner p ON p.id = found.partner_id
                 WHERE t.operation_id = ANY(%(operations)s)
                   AND t.partner_id = found.partner_id
                   AND p.crm_suite_lifecycle_id IS NOT DISTINCT FROM found.from_id
                   AND NOT EXISTS (
                       SELECT FROM crm_suite_lifecycle_transition later
                        WHERE later.partner_id = t.partner_id
                          AND (later.at, later.id) > (t.at, t.id)
                          AND (later.operation_id = ANY(%(operations)s)) IS NOT TRUE
                   )
             RETURNING p.id
                """,
                operations=operations.ids,
            )
        )
        partner_ids = [id_ for (id_,) in self.env.cr.fetchall()]
        self.invalidate_model(flush=False)
        return partner_ids

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        if self:
            raise UserError(
                self.env._("The history of a customer is not deleted step by step.")
            )

    # === WHY === #

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"step"}

    def _explain_step(self):
        """Why the customer moved, by the figures as they were then.

        Figures of a company that is not the reader's stay away.
        """
        why = dict(self.sudo().why or {})
        company = self.env["res.company"].sudo().browse(why.get("company_id", ()))
        is_open = self.env.su or company in self.env.user.company_ids
        partners = self.env["res.partner"]
        inputs = []
        for name in FIGURES:
            field = partners._fields.get(name)
            if is_open and name in why and field is not None:
                inputs.append(
                    {
                        "name": name,
                        "label": field._description_string(self.env),
                        "type": field.type,
                        "value": why[name],
                        "currency": company.currency_id,
                        "groups": field.groups,
                    }
                )
        rule = self.sudo().rule_id
        return {
            "title": self.env._("Lifecycle step"),
            "sentence": self._get_step_sentence(why),
            "result": {"name": "to_id", "value": self.to_id},
            "rule": rule if rule and not rule._is_closed(self.env) else None,
            "version": self.version,
            "inputs": inputs,
            "at": self.at,
        }

    def _get_step_sentence(self, why):
        values = {"before": self.from_id.name or "–", "after": self.to_id.name or "–"}
        rule = self.sudo().rule_id
        if rule and rule._is_closed(self.env):
            return self.env._(
                "A rule about figures that you may not see moved the customer from %(before)s to %(after)s.",
                **values,
            )
        if self.source == "rule":
            return self.env._(
                "The rule “%(rule)s” moved the customer from %(before)s to %(after)s.",
                rule=rule.name or self.env._("deleted since"),
                **values,
            )
        reason = why.get("reason")
        user = self.done_by_id.sudo().name or self.env._("Somebody")
        if reason:
            return self.env._(
                "%(user)s moved the customer from %(before)s to %(after)s: %(reason)s",
                user=user,
                reason=reason,
                **values,
            )
        return self.env._(
            "%(user)s moved the customer from %(before)s to %(after)s.",
            user=user,
            **values,
        )
