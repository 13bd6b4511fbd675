from dateutil.relativedelta import relativedelta
from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date, format_datetime, formatLang, html2plaintext

from ..tools.automation_text import fill_places
from ..tools.expression_records import RecordReader
from .mail_push import QUEUED

# The kind of event that subscriptions to webhooks name.
EVENT = "rule.worked"


class AutomationAction(models.Model):
    """Doing it. Records come in the environment of who acts, the action as superuser:
    who sets off a rule need not be able to read it.

    Each method takes all records of a run and what it was set off by (``{id: {"changes",
    "payload"}}``) and gives a text for each record: what it did.
    """

    _inherit = "crm.suite.automation.action"

    def _perform(self, records, inputs):
        """Do it to some records.

        :rtype: dict[int, str]
        """
        self.ensure_one()
        return getattr(self, f"_do_{self.kind}")(records, inputs)

    # === TEXTS === #

    def _fill(self, name, record, inputs, lang=None):
        """One of the texts for one record, in the language of who reads it."""
        lang = lang or record.env.lang
        text, record = (
            self.with_context(lang=lang)[name],
            record.with_context(lang=lang),
        )
        given = inputs.get(record.id) or {}
        return fill_places(text, lambda path: self._answer(path, record, given))

    def _answer(self, path, record, given):
        if path[0] == "old":
            change = (given.get("changes") or {}).get(".".join(path[1:]))
            return str(change["old"]) if change else ""
        if path[0] == "payload":
            value = given.get("payload")
            for name in path[1:]:
                value = value.get(name) if isinstance(value, dict) else None
            return "" if value is None else str(value)[:500]
        for name in path[:-1]:
            record = record[name]
        return self._show(record, path[-1])

    def _show(self, record, name):
        return self._show_value(record, name, record[name] if record else False)

    def _show_value(self, record, name, value):
        """A value of a field as people read it."""
        field = record._fields[name]
        if field.relational:
            return ", ".join(value.mapped("display_name")) if value else ""
        if field.type == "selection":
            options = dict(field._description_selection(record.env))
            return str(options.get(value, value or ""))
        if field.type == "date":
            return format_date(record.env, value) if value else ""
        if field.type == "datetime":
            return format_datetime(record.env, value) if value else ""
        if field.type == "monetary":
            currency = record[field.get_currency_field(record)]
            return formatLang(record.env, value, currency_obj=currency)
        if field.type == "boolean":
            return self.env._("yes") if value else self.env._("no")
        if value is False or value is None:
            return ""
        return html2plaintext(value) if field.type == "html" else str(value)

    def _as_html(self, text):
        # Line by line, escaped: what people and other systems wrote is no HTML.
        return Markup("<br/>").join((text or "").splitlines())

    # === PEOPLE === #

    def _find_person(self, record):
        """For whom it is: an active person, else who manages the rule.

        :rtype: res.users
        """
        # Whom a record belongs to is asked as superuser: only to hand out work.
        source = record.sudo()
        person = self.user_id
        if self.who in ("owner", "lead"):
            person = source["user_id"] if "user_id" in source._fields else person
        if self.who == "lead":
            names = ("team_id", "crm_suite_team_id")
            name = next((n for n in names if n in source._fields), None)
            team = source[name] if name else self.env["crm.team"]
            team = team or person.sale_team_id
            person = team.user_id or person
        if self.who == "author" or not person.active or person.share:
            person = self.automation_id.user_id
        return person

    def _find_customer(self, record):
        return record if record._name == "res.partner" else record["partner_id"]

    # === KINDS === #

    def _do_activity(self, records, inputs):
        kind = self.activity_type_id or self.env.ref("mail.mail_activity_data_todo")
        due = fields.Date.context_today(records) + relativedelta(days=self.days)
        done = {}
        for record in records:
            person = self._find_person(record)
            summary = self._fill("subject", record, inputs, person.lang)
            record.activity_schedule(
                activity_type_id=kind.id,
                date_deadline=due,
                summary=summary,
                note=self._as_html(self._fill("body", record, inputs, person.lang)),
                user_id=person.id,
            )
            done[record.id] = self.env._(
                "Planned “%(summary)s” for %(person)s",
                summary=summary,
                person=person.name,
            )
        return done

    def _do_notify(self, records, inputs):
        done = {}
        for record in records:
            person = self._find_person(record)
            record.with_context(crm_suite_push=QUEUED).message_notify(
                partner_ids=person.partner_id.ids,
                subject=self._fill("subject", record, inputs, person.lang)
                or self.automation_id.name,
                body=self._as_html(self._fill("body", record, inputs, person.lang)),
                force_send=False,
            )
            done[record.id] = self.env._("Notified %(person)s", person=person.name)
        return done

    def _do_mail(self, records, inputs):
        done = {}
        for record in records:
            customer = self._find_customer(record)
            if not customer.email:
                done[record.id] = self.env._("No mail: there is no e-mail address")
                continue
            self._send_mail(
                record,
                customer,
                self._fill("subject", record, inputs, customer.lang),
                self._fill("body", record, inputs, customer.lang),
            )
            done[record.id] = self.env._(
                "Mail to %(customer)s", customer=customer.display_name
            )
        return done

    def _send_mail(self, record, customer, subject, body):
        """Hand a mail to the queue of the host. The one place where rules write to
        customers: whatever decides whether they may is asked here.
        """
        record.message_post(
            subject=subject,
            body=self._as_html(body),
            partner_ids=customer.ids,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            force_send=False,
        )

    def _do_note(self, records, inputs):
        for record in records:
            record.message_post(
                body=self._as_html(self._fill("body", record, inputs)),
                subtype_xmlid="mail.mt_note",
            )
        return dict.fromkeys(records.ids, self.env._("Left a note"))

    def _do_sms(self, records, inputs):
        if not hasattr(records, "_message_sms"):
            raise UserError(self.env._("Text messages are not installed."))
        done = {}
        for record in records:
            customer = self._find_customer(record)
            if not customer.phone:
                done[record.id] = self.env._(
                    "No text message: there is no phone number"
                )
                continue
            record._message_sms(
                self._fill("body", record, inputs, customer.lang),
                partner_ids=customer.ids,
                # Sent by the host's scheduled action, which a row of the queue wakes:
                # at once would be within the transaction, again in each try of it.
                put_in_queue=True,
            )
            done[record.id] = self.env._(
                "Text message to %(customer)s", customer=customer.display_name
            )
        return done

    def _do_refuse(self, records, inputs):
        for record in records:
            raise UserError(self._fill("body", record, inputs, self.env.lang))
        return {}

    def _do_set(self, records, inputs):
        name = self.field_name
        value, expression = self._read_value()
        if expression is None:
            groups = {value: records}
        else:
            groups = {}
            for record, found in zip(
                records, self._evaluate(expression, records), strict=True
            ):
                groups[found] = groups.get(found, records.browse()) | record
        done = {}
        for value, group in groups.items():
            before = {record.id: self._show(record, name) for record in group}
            group.write({name: False if value is None else value})
            for record in group:
                done[record.id] = self.env._(
                    "%(field)s: %(before)s → %(after)s",
                    field=group._fields[name]._description_string(self.env),
                    before=before[record.id] or "–",
                    after=self._show(record, name) or "–",
                )
        return done

    def _evaluate(self, expression, records):
        """The value of an expression for each record, read with the rights of who acts."""
        return expression.evaluate(
            RecordReader(
                records,
                fields.Date.context_today(records),
                records.env.user.tz or "UTC",
            )
        )

    def _do_assign(self, records, inputs):
        result = self.policy_id.with_env(records.env).assign(records.ids)
        given = {line["id"]: line for line in result["results"]}
        done = {}
        for record in records:
            line = given.get(record.id) or {}
            done[record.id] = line.get("user") and self.env._(
                "Assigned to %(person)s", person=line["user"]
            )
        nobody = self.env._("Not assigned: it has an owner, or nobody was free")
        return {id_: text or nobody for id_, text in done.items()}

    def _do_approve(self, records, inputs):
        records.crm_suite_request_approval(self.flow_id.id)
        text = self.env._("Asked for approval: %(flow)s", flow=self.flow_id.name)
        return dict.fromkeys(records.ids, text)

    def _do_segment(self, records, inputs):
        self.segment_id.with_env(records.env).action_add(records.ids)
        text = self.env._("Put on the list %(segment)s", segment=self.segment_id.name)
        return dict.fromkeys(records.ids, text)

    def _do_webhook(self, records, inputs):
        # Names of what changed, not the values: who may not read them is told as well.
        payloads = {
            record.id: {
                "rule": self.automation_id.name,
                "event": self.event,
                "changed": sorted((inputs.get(record.id) or {}).get("changes") or {}),
            }
            for record in records
        }
        records.env["crm.suite.webhook"]._emit(EVENT, records, payloads)
        return dict.fromkeys(records.ids, self.env._("Told other systems"))
