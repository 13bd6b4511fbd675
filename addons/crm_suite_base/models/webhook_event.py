import json
import logging
import uuid

from odoo import api, fields, models
from odoo.tools import SQL

from ..tools.retry import is_try_again
from ..tools.sensitive import is_sensitive
from .webhook import LISTENING, TEST
from .webhook_seen import WATCHED

_logger = logging.getLogger(__name__)

BATCH = 500
LOCK = "crm_suite_base.webhook.spread"
# What is told of a record beside what happened. Fields that the person may not read
# are left out.
RECORD_FIELDS = {
    "res.partner": [*WATCHED, "create_date", "write_date"],
    "crm.lead": [
        "name",
        "type",
        "active",
        "partner_id",
        "user_id",
        "team_id",
        "stage_id",
        "expected_revenue",
        "company_id",
        "create_date",
    ],
    "sale.order": [
        "name",
        "state",
        "partner_id",
        "user_id",
        "amount_total",
        "currency_id",
        "date_order",
        "company_id",
    ],
    "crm.suite.import.batch": ["name", "state", "target"],
    "crm.suite.webhook": ["name"],
}


class WebhookEvent(models.Model):
    """Something that happened, with an id that receivers can tell it by.

    ``source_key`` names the row from which it was folded, so that no row becomes two
    events.
    """

    _name = "crm.suite.webhook.event"
    _description = "Event"
    _order = "id desc"
    _rec_name = "uuid"
    _log_access = False

    uuid = fields.Char(string="Event ID", required=True, readonly=True)
    type = fields.Char(required=True, readonly=True, index=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(
        string="Record ID", model_field="res_model", required=True, readonly=True
    )
    source_model = fields.Char(string="Told By", readonly=True)
    source_id = fields.Many2oneReference(
        string="Row", model_field="source_model", readonly=True
    )
    source_key = fields.Char(readonly=True)
    occurred_at = fields.Datetime(string="When", required=True, readonly=True)
    data = fields.Json(string="What Happened", readonly=True)
    spread = fields.Boolean(readonly=True)
    delivery_ids = fields.One2many("crm.suite.webhook.delivery", "event_id")

    _uuid_unique = models.UniqueIndex("(uuid)")
    _source_unique = models.UniqueIndex("(source_key) WHERE source_key IS NOT NULL")
    _record_idx = models.Index("(res_model, res_id)")
    _todo_idx = models.Index("(id) WHERE spread IS NOT TRUE")
    _old_idx = models.Index("(occurred_at)")

    # === MAKING === #

    @api.model
    def _has_type(self, code):
        return bool(
            self.env["crm.suite.webhook.type"]
            .sudo()
            .search_count([("code", "=", code)])
        )

    @api.model
    def _insert(self, code, model_name, data):
        """Add events of one kind.

        :param dict data: what happened, by id of the record
        """
        now = fields.Datetime.now()
        return self.create(
            [
                {
                    "uuid": str(uuid.uuid4()),
                    "type": code,
                    "res_model": model_name,
                    "res_id": res_id,
                    "occurred_at": now,
                    "data": values,
                }
                for res_id, values in data.items()
            ]
        )

    @api.model
    def _insert_rows(self, rows):
        """Add what a source found; what became an event before is left out.

        :param SQL rows: ``type, res_model, res_id, source_model, source_id,
            source_key, occurred_at, data``
        :return: how many are new
        :rtype: int
        """
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_webhook_event
                       (uuid, type, res_model, res_id, source_model, source_id,
                        source_key, occurred_at, data)
                SELECT gen_random_uuid()::text, s.*
                  FROM (%s) s
                ON CONFLICT (source_key) WHERE source_key IS NOT NULL DO NOTHING
                """,
                rows,
            )
        )
        count = self.env.cr.rowcount
        if count:
            self.invalidate_model(flush=False)
        return count

    # === TELLING === #

    @api.model
    def _record_fields(self):
        """Which fields are told of which model. Hook: addons add their models; what is
        sensitive is left out all the same.

        :rtype: dict[str, list[str]]
        """
        return RECORD_FIELDS

    def _get_bodies(self, webhook):
        """What a subscription is told of these events.

        :return: text of the body by id of the event, only for those that the person of
            the subscription may read
        :rtype: dict[int, str]
        """
        if webhook._find_obstacle():
            return {}
        reader = self.env(
            user=webhook.run_as_id.id,
            su=False,
            context={
                "allowed_company_ids": webhook.company_id.ids,
                "lang": webhook.run_as_id.lang,
            },
        )
        values = {}
        for model_name, events in self.grouped("res_model").items():
            found = self._read_records(reader, model_name, set(events.mapped("res_id")))
            values.update({(model_name, id_): row for id_, row in found.items()})
        if self.filtered(lambda event: event.type == TEST):
            values[webhook._name, webhook.id] = {"name": webhook.name}
        sources = self._find_readable_sources(reader)
        return {
            event.id: event._write_body(values[event.res_model, event.res_id])
            for event in self
            if (event.res_model, event.res_id) in values
            and (
                not event.source_model
                or (event.source_model, event.source_id) in sources
            )
        }

    def _write_body(self, record):
        body = {
            "type": self.type,
            "timestamp": f"{self.occurred_at.isoformat()}Z",
            "data": {
                **(self.data or {}),
                "model": self.res_model,
                "id": self.res_id,
                "record": record,
            },
        }
        return json.dumps(body, ensure_ascii=False, separators=(",", ":"))

    def _find_readable_sources(self, reader):
        """Who may not see the row may not hear of it: a private segment, a decision."""
        found = set()
        for model_name, events in self.grouped("source_model").items():
            if not model_name or model_name not in reader:
                continue
            rows = reader[model_name]
            if not rows.has_access("read"):
                continue
            ids = rows.search([("id", "in", events.mapped("source_id"))]).ids
            found.update((model_name, id_) for id_ in ids)
        return found

    @api.model
    def _read_records(self, reader, model_name, ids):
        """The documented fields of records, for who may read them.

        :rtype: dict[int, dict]
        """
        if model_name not in reader:
            return {}
        records = reader[model_name].with_context(active_test=False)
        if not records.has_access("read"):
            return {}
        records = records.search([("id", "in", list(ids))])
        names = [
            name
            for name in self._record_fields().get(model_name, ())
            if name in records._fields
            and not is_sensitive(model_name, name)
            and records._has_field_access(records._fields[name], "read")
        ]
        return {
            row["id"]: {
                name: self._write_value(records._fields[name], row[name])
                for name in names
            }
            for row in records.read(names or ["id"])
        }

    @api.model
    def _write_value(self, field, value):
        """A value as it stands in the body; what is empty is null.

        :param field: of the ORM
        """
        if field.type == "many2one":
            return {"id": value[0], "name": value[1]} if value else None
        if value is False and field.type != "boolean":
            return None
        if field.type == "datetime":
            return f"{value.isoformat()}Z"
        if field.type == "date":
            return value.isoformat()
        return value


class Webhook(models.Model):
    """Handing events to those who subscribed."""

    _inherit = "crm.suite.webhook"

    @api.model
    def _spread(self):
        """Give the next events to the subscriptions that want them, in order.

        :return: how many events
        :rtype: int
        """
        locked = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(hashtext(%s))", LOCK)
        )[0][0]
        if not locked:
            return 0
        events = self.env["crm.suite.webhook.event"].search(
            [("spread", "=", False)], order="id", limit=BATCH
        )
        if not events:
            return 0
        for webhook in self.search([("state", "in", LISTENING)]):
            codes = set(webhook.type_ids.mapped("code"))
            wanted = events.filtered(lambda event, codes=codes: event.type in codes)
            if wanted:
                webhook._add_guarded(wanted)
        # In this order two at once meet here, and the second one is rolled back.
        events.write({"spread": True})
        self.env.flush_all()
        return len(events)

    def _add_guarded(self, events):
        """Put events into the outbox; a subscription for which that does not go is
        paused, its events are kept as skipped, and the others go on."""
        self.ensure_one()
        reason = self._find_obstacle()
        try:
            with self.env.cr.savepoint():
                self._add_deliveries(events, error=reason)
        except Exception as error:
            if is_try_again(error):
                raise
            _logger.warning("Webhook %s cannot be told", self.id, exc_info=error)
            reason = self.env._("Its events could not be read: %(error)s", error=error)
            self._add_deliveries(events, error=reason)
        # Told once: who is paused already was told, or knows.
        if reason and self.state == "on":
            self._stop("paused", reason, events_are_kept=False)

    def _add_deliveries(self, events, is_test=False, error=None):
        """Put events into the outbox of a subscription, with what they say now.

        :param str error: why nothing can be read for it
        """
        self.ensure_one()
        bodies = {} if error else events._get_bodies(self)
        now = fields.Datetime.now()
        return self.env["crm.suite.webhook.delivery"].create(
            [
                {
                    "webhook_id": self.id,
                    "event_id": event.id,
                    "event_type": event.type,
                    "res_model": event.res_model,
                    "res_id": event.res_id,
                    "state": "pending" if event.id in bodies else "skipped",
                    "error": False
                    if event.id in bodies
                    else error
                    or self.env._(
                        "Not to be read by %(user)s.", user=self.run_as_id.name
                    ),
                    "body": bodies.get(event.id),
                    "next_try": now,
                    "is_test": is_test,
                }
                for event in events.sorted("id")
            ]
        )
