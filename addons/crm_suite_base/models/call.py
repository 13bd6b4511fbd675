from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..tools.loose_many2one import LooseMany2one
from ..tools.natural_date import parse_when


class Call(models.Model):
    """A call, a walk-in or a visit: the contacts that the host does not keep.

    Written in ten seconds: who, what came of it, and what is next. The next step
    becomes an activity on the customer.
    """

    _name = "crm.suite.call"
    _description = "Call or Visit"
    _order = "date desc, id desc"
    _check_company_auto = True

    partner_id = fields.Many2one(
        "res.partner",
        string="Customer",
        index=True,
        ondelete="cascade",
        check_company=True,
        help="May be left empty for a lead without a customer.",
    )
    lead_id = fields.Many2one(
        "crm.lead",
        index="btree_not_null",
        ondelete="set null",
        check_company=True,
        help="The lead or deal that it was about.",
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        string="Company of the Customer",
        store=True,
        index=True,
    )
    contact_id = fields.Many2one(
        "res.partner",
        index="btree_not_null",
        ondelete="set null",
        domain="[('commercial_partner_id', '=', commercial_partner_id)]",
        help="The person spoken with.",
    )
    kind = fields.Selection(
        [("call", "Call"), ("walk_in", "Walk-in"), ("visit", "Visit")],
        required=True,
        default="call",
    )
    direction = fields.Selection(
        [("in", "Incoming"), ("out", "Outgoing")],
        required=True,
        default="out",
    )
    date = fields.Datetime(required=True, default=fields.Datetime.now, index=True)
    duration = fields.Integer(string="Minutes", aggregator="sum")
    outcome = fields.Selection(
        [
            ("reached", "Reached"),
            ("interested", "Interested"),
            ("agreed", "Agreed"),
            ("callback", "Call back"),
            ("no_answer", "No answer"),
            ("refused", "Refused"),
            ("wrong_number", "Wrong number"),
        ],
        default="reached",
    )
    summary = fields.Text()
    next_step = fields.Char(
        help="What is next and when, in words: “send the offer tomorrow 3pm”, “周五前寄样品”."
    )
    next_date = fields.Date(string="Next Step On")
    activity_id = fields.Many2one(
        "mail.activity",
        string="Next Activity",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        copy=False,
    )
    user_id = fields.Many2one(
        "res.users",
        string="Logged By",
        required=True,
        index=True,
        default=lambda self: self.env.user,
    )
    company_id = LooseMany2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )

    reference = fields.Char(
        string="External Reference",
        readonly=True,
        copy=False,
        help="Number of the call in the system from which it comes.",
    )

    _timeline_idx = models.Index("(commercial_partner_id, date DESC)")
    _reference_unique = models.UniqueIndex(
        "(company_id, reference) WHERE reference IS NOT NULL",
        "A call with this external reference is there already.",
    )
    _somebody = models.Constraint(
        "CHECK(partner_id IS NOT NULL OR lead_id IS NOT NULL)",
        "Say who it was: choose a customer first.",
    )
    _duration_not_negative = models.Constraint(
        "CHECK(duration >= 0)", "The duration of a call cannot be negative."
    )

    @api.depends("kind", "direction", "partner_id", "contact_id", "lead_id")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for call in self:
            who = call.contact_id.name or call.partner_id.name or call.lead_id.name
            call.display_name = self.env._(
                "%(kind)s: %(who)s", kind=kinds.get(call.kind, ""), who=who or ""
            )

    @api.constrains("contact_id", "partner_id")
    def _check_contact(self):
        for call in self:
            contact = call.contact_id
            if (
                contact
                and contact.commercial_partner_id
                != call.partner_id.commercial_partner_id
            ):
                raise ValidationError(
                    self.env._(
                        "%(contact)s is not a contact of %(customer)s. Choose one of its contacts or leave the field empty.",
                        contact=contact.display_name,
                        customer=call.partner_id.display_name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._read_next_step(vals)
        self._take_customers(vals_list)
        calls = super().create(vals_list)
        calls._schedule_next_step()
        return calls

    def write(self, vals):
        """A call can be handed over by those who may change the calls of others only.

        The rules look at the records as they were.
        """
        result = super().write(vals)
        if "user_id" in vals:
            self.check_access("write")
        return result

    @api.model
    def _take_customers(self, vals_list):
        """What is logged on a lead is logged with its customer, if it has one.

        Only who sees a lead can log on it: that restarts its clocks.
        """
        ids = {vals.get("lead_id") for vals in vals_list} - {None, False}
        if not ids:
            return
        leads = self.env["crm.lead"].browse(ids)
        leads.check_access("read")
        customers = {lead.id: lead.partner_id.id for lead in leads.sudo()}
        for vals in vals_list:
            if not vals.get("partner_id") and vals.get("lead_id"):
                vals["partner_id"] = customers[vals["lead_id"]]

    @api.model
    def _read_next_step(self, vals):
        """Find the day in the words of the next step, unless it was given."""
        if not vals.get("next_step") or vals.get("next_date"):
            return
        found = parse_when(vals["next_step"], self._local_now())
        if found.when is not None:
            vals["next_step"] = found.text_with_time or vals["next_step"].strip()
            vals["next_date"] = found.when.date()

    @api.model
    def _local_now(self):
        return fields.Datetime.context_timestamp(self, fields.Datetime.now()).replace(
            tzinfo=None
        )

    def _schedule_next_step(self):
        """Turn the next steps into activities of the person who wrote them."""
        for call in self:
            if call.activity_id or not (call.next_step or call.next_date):
                continue
            call.activity_id = (call.lead_id or call.partner_id).activity_schedule(
                call._next_activity_type(),
                date_deadline=call.next_date or fields.Date.context_today(call),
                summary=call.next_step or call.summary,
                user_id=call.user_id.id,
            )

    def _next_activity_type(self):
        """The kind of activity that the words of the next step ask for."""
        text = (self.next_step or "").lower()
        kinds = {
            "mail.mail_activity_data_call": ("call", "phone", "电话", "回电", "致电"),
            "mail.mail_activity_data_meeting": (
                "meet",
                "visit",
                "拜访",
                "见面",
                "开会",
            ),
            "mail.mail_activity_data_email": ("mail", "邮件"),
        }
        for xml_id, words in kinds.items():
            if any(word in text for word in words):
                return xml_id
        return "mail.mail_activity_data_todo"

    @api.model
    def _check_given(self, vals):
        """Refuse what a field cannot hold with a sentence, not with a traceback."""
        for name, value in vals.items():
            field = self._fields.get(name)
            if field is None or not value:
                continue
            try:
                if field.relational and not isinstance(value, int):
                    raise TypeError(value)
                if field.type == "integer" and abs(int(value)) >= 2**31:
                    raise ValueError(value)
                field.convert_to_cache(value, self.browse())
            except (OverflowError, TypeError, ValueError) as error:
                raise UserError(
                    self.env._(
                        "%(field)s cannot be “%(value)s”.",
                        field=field._description_string(self.env),
                        value=value,
                    )
                ) from error

    @api.model
    def quick_log(self, values):
        """Log a call, walk-in or visit from one line and say what was understood.

        :param dict values: values of a call, with ``partner_id`` or ``lead_id``;
            ``text`` may stand for ``summary`` and ``next_step`` in one: what follows
            "next:", "→" or "下一步" is the next step
        :return: ``{"id", "activity_id", "next_step", "next_date", "display_name"}``
        :rtype: dict
        """
        self.check_access("create")
        vals = dict(values) if isinstance(values, dict) else {}
        who = vals.get("partner_id") or vals.get("lead_id") or None
        if not isinstance(who, int):
            raise UserError(self.env._("Say who it was: choose a customer first."))
        unknown = sorted(set(vals) - set(self._fields) - {"text"})
        if unknown:
            raise UserError(
                self.env._("A call has no field %(fields)s.", fields=", ".join(unknown))
            )
        self._check_given(vals)
        if text := vals.pop("text", None):
            summary, next_step = self._split_text(str(text))
            vals.setdefault("summary", summary)
            if next_step:
                vals.setdefault("next_step", next_step)
        partner = self.env["res.partner"].browse(vals.get("partner_id") or ())
        if partner.parent_id and not partner.is_company:
            vals.setdefault("contact_id", partner.id)
        call = self.create(vals)
        return {
            "id": call.id,
            "display_name": call.display_name,
            "activity_id": call.activity_id.id,
            "next_step": call.next_step or False,
            "next_date": fields.Date.to_string(call.next_date) or False,
        }

    @api.model
    def _split_text(self, text):
        """What happened and what is next, from one line."""
        lowered = text.lower()
        for mark in (
            "next step:",
            "next step：",
            "next:",
            "next：",
            "→",
            "->",
            "下一步",
            "下次",
        ):
            head, found, _tail = lowered.partition(mark)
            if found:
                tail = text[len(head) + len(mark) :].lstrip(" :：,，")
                return text[: len(head)].rstrip(" ,，;；"), tail
        return text.strip(), ""

    @api.model
    @api.readonly
    def understand(self, text):
        """What the quick log would make of a line, for its preview while typing.

        :rtype: dict
        """
        self.check_access("read")
        if not isinstance(text or "", str):
            raise UserError(self.env._("Give each value as a text of one line."))
        summary, next_step = self._split_text(text or "")
        found = parse_when(next_step or summary, self._local_now())
        return {
            "summary": summary,
            "next_step": found.text if next_step else "",
            "next_date": fields.Date.to_string(found.when.date())
            if found.when is not None and next_step
            else False,
            "time": found.time or False,
        }
