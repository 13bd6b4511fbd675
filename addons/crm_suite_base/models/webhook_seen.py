from odoo import api, fields, models
from odoo.tools import SQL

# What of a customer is compared with what was told before.
WATCHED = (
    "name",
    "ref",
    "is_company",
    "active",
    "city",
    "country_id",
    "industry_id",
    "user_id",
    "company_id",
    "crm_suite_lifecycle_id",
    "crm_suite_grade_id",
    "crm_suite_type",
    "crm_suite_merged_into_id",
)
# Changes with an event of their own; the stage comes from the steps of the lifecycle.
OWN_EVENT = (
    "active",
    "user_id",
    "crm_suite_grade_id",
    "crm_suite_lifecycle_id",
    "crm_suite_merged_into_id",
)
TYPES = (
    "customer.created",
    "customer.changed",
    "customer.merged",
    "customer.archived",
    "customer.restored",
    "customer.owner_changed",
    "customer.grade_changed",
)


class WebhookSeen(models.Model):
    """What was last told of each customer, to see what changed since.

    There is a row only while somebody listens to customers. It is compared when the
    customer is calculated anew, which the watermark of the figures sees to; so nothing
    is done while a customer is saved, and what changed by rules counts, too.
    """

    _name = "crm.suite.webhook.seen"
    _description = "Customer as It Was Told"
    _log_access = False
    _rec_name = "partner_id"

    # No foreign key: it would lock the partner.
    partner_id = fields.Integer(required=True)
    told = fields.Json(required=True)

    _partner_unique = models.UniqueIndex("(partner_id)")

    @api.model
    def _get_facts(self):
        pairs = [
            SQL("%s, p.%s", name, SQL.identifier(name))
            for name in WATCHED
            if self.env["res.partner"]._fields.get(name) is not None
        ]
        return SQL("jsonb_build_object(%s)", SQL(", ").join(pairs))

    @api.model
    def _prepare(self):
        """Note all customers when the first subscription begins to listen; forget them
        after the last one has ended."""
        self.env.flush_all()
        listening = bool(self.env["crm.suite.webhook"]._wants(TYPES))
        known = self.env.execute_query(
            SQL("SELECT 1 FROM crm_suite_webhook_seen LIMIT 1")
        )
        if listening and not known:
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO crm_suite_webhook_seen (partner_id, told)
                    SELECT p.id, %s FROM res_partner p
                     WHERE p.crm_suite_lifecycle_id IS NOT NULL
                       AND p.commercial_partner_id = p.id
                    ON CONFLICT (partner_id) DO NOTHING
                    """,
                    self._get_facts(),
                )
            )
        elif known and not listening:
            self.env.cr.execute(SQL("DELETE FROM crm_suite_webhook_seen"))
        self.invalidate_model(flush=False)

    @api.model
    def _recalculate(self, partner_ids=None):
        """Step of the recalculation: events for what changed of customers.

        :param partner_ids: ids of commercial partners; ``None``: all customers
        """
        if partner_ids is not None and not partner_ids:
            return
        events = self.env["crm.suite.webhook.event"]
        wanted = self.env["crm.suite.webhook"]._wants(TYPES)
        if not wanted:
            return
        self.env.flush_all()
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS pg_temp.crm_suite_webhook_diff"))
        self.env.cr.execute(self._compose_difference(partner_ids))
        if not self.env.cr.rowcount:
            return
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_webhook_seen (partner_id, told)
                SELECT partner_id, now FROM pg_temp.crm_suite_webhook_diff
                ON CONFLICT (partner_id) DO UPDATE SET told = EXCLUDED.told
                """
            )
        )
        self.invalidate_model(flush=False)
        if events.sudo()._insert_rows(self._compose_events(wanted)):
            self.env["crm.suite.webhook.delivery"]._wake()

    def _compose_difference(self, partner_ids):
        """Customers that are not as they were told, with the names of what changed."""
        only = (
            SQL("TRUE")
            if partner_ids is None
            else SQL("p.id = ANY(%s)", list(partner_ids))
        )
        return SQL(
            """
            CREATE TEMPORARY TABLE crm_suite_webhook_diff ON COMMIT DROP AS
            SELECT p.id AS partner_id, s.told AS was, %(facts)s AS now,
                   ARRAY(SELECT f.key FROM jsonb_each(%(facts)s) f
                          WHERE f.value IS DISTINCT FROM s.told -> f.key
                          ORDER BY f.key) AS changed
              FROM res_partner p
         LEFT JOIN crm_suite_webhook_seen s ON s.partner_id = p.id
             WHERE %(only)s AND p.commercial_partner_id = p.id
               AND (p.crm_suite_lifecycle_id IS NOT NULL OR s.partner_id IS NOT NULL)
               AND s.told IS DISTINCT FROM %(facts)s
            """,
            facts=self._get_facts(),
            only=only,
        )

    def _compose_kinds(self):
        """The events about a customer, in the order in which they are told.

        :return: type, condition on a difference ``d``, data
        :rtype: list[tuple[str, SQL, SQL]]
        """
        changed = SQL(
            "ARRAY(SELECT c FROM unnest(d.changed) c WHERE c <> ALL(%s))",
            list(OWN_EVENT),
        )
        known = SQL("d.was IS NOT NULL")
        return [
            ("customer.created", SQL("d.was IS NULL"), SQL("'{}'::jsonb")),
            (
                "customer.merged",
                SQL(
                    "%s AND 'crm_suite_merged_into_id' = ANY(d.changed)"
                    " AND d.now ->> 'crm_suite_merged_into_id' IS NOT NULL",
                    known,
                ),
                SQL(
                    "jsonb_build_object('into_id', d.now -> 'crm_suite_merged_into_id')"
                ),
            ),
            (
                "customer.archived",
                SQL(
                    "%s AND 'active' = ANY(d.changed) AND d.now ->> 'active' = 'false'"
                    " AND d.now ->> 'crm_suite_merged_into_id' IS NULL",
                    known,
                ),
                SQL("'{}'::jsonb"),
            ),
            (
                "customer.restored",
                SQL(
                    "%s AND 'active' = ANY(d.changed) AND d.now ->> 'active' = 'true'",
                    known,
                ),
                SQL("'{}'::jsonb"),
            ),
            self._compose_move("customer.owner_changed", "user_id"),
            self._compose_move("customer.grade_changed", "crm_suite_grade_id"),
            (
                "customer.changed",
                SQL("%s AND cardinality(%s) > 0", known, changed),
                SQL("jsonb_build_object('changed', to_jsonb(%s))", changed),
            ),
        ]

    def _compose_events(self, wanted):
        """What is told of the differences: one row for each kind that somebody wants."""
        selects = [
            SQL(
                """
                SELECT %s AS type, 'res.partner' AS res_model, d.partner_id AS res_id,
                       NULL::varchar AS source_model, NULL::int AS source_id,
                       NULL::varchar AS source_key, %s::timestamp AS occurred_at,
                       %s AS data, %s AS place
                  FROM pg_temp.crm_suite_webhook_diff d
                 WHERE %s
                """,
                code,
                fields.Datetime.now(),
                data,
                place,
                condition,
            )
            for place, (code, condition, data) in enumerate(self._compose_kinds())
            if code in wanted
        ]
        return SQL(
            "SELECT type, res_model, res_id, source_model, source_id, source_key,"
            " occurred_at, data FROM (%s) k ORDER BY res_id, place",
            SQL(" UNION ALL ").join(selects),
        )

    def _compose_move(self, code, name):
        """An event with the ids before and after of one column."""
        return (
            code,
            SQL("d.was IS NOT NULL AND %s = ANY(d.changed)", name),
            SQL(
                "jsonb_build_object('from_id', d.was -> %s, 'to_id', d.now -> %s)",
                name,
                name,
            ),
        )


class Recalculation(models.AbstractModel):
    _inherit = "crm.suite.recalculation"

    @api.model
    def _steps(self):
        return [*super()._steps(), (90, "crm.suite.webhook.seen", "_recalculate")]
