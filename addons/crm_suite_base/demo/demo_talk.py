from datetime import timedelta

from odoo import Command, api, fields, models

from . import demo_texts

# Customers in these stages have gone quiet: nothing planned, old talk only.
QUIET = {"dormant": 300, "lost": 150, "at_risk": 70}
OFFICE_HOURS = (1, 9)  # UTC hours of a Chinese office


class CrmSuiteDemo(models.AbstractModel):
    _inherit = "crm.suite.demo"

    @api.model
    def _build_talk(self, customers, orders):
        """E-mails, notes, to-dos and meetings around the business."""
        self._build_messages(customers, orders)
        self._build_activities(customers)
        self._build_meetings(customers)

    @api.model
    def _contact(self, customer, rng):
        people = customer.child_ids.filtered(lambda child: not child.is_company)
        return rng.choice(people) if people else customer

    @api.model
    def _quiet_days(self, customer):
        """For how long nobody has been in touch with the customer."""
        return QUIET.get(customer.crm_suite_lifecycle_id.code, 0)

    @api.model
    def _text(self, customer, chinese, english):
        return chinese if self._speaks_chinese(customer) else english

    # === MESSAGES ===

    @api.model
    def _build_messages(self, customers, orders):
        values = []
        for customer in customers:
            rng = self._rng(customer, "talk")
            own = orders.filtered(lambda order, c=customer: order.partner_id == c)
            quiet = self._quiet_days(customer)
            days = [
                (fields.Datetime.now() - order.date_order).days + 12 for order in own
            ]
            days += [quiet + rng.randint(2, 28)]
            for days_ago in days[-7:]:
                values += self._thread(customer, max(days_ago, 4), rng)
            if rng.random() < 0.6:
                values.append(self._note(customer, quiet + rng.randint(5, 120), rng))
        values.sort(key=lambda row: row["date"])
        self.env["mail.message"].create(values)

    @api.model
    def _thread(self, customer, days_ago, rng):
        contact = self._contact(customer, rng)
        rows = []
        for direction, after, chinese, english in rng.choice(demo_texts.THREADS):
            subject, body = self._text(customer, chinese, english)
            moment = self._moment(self._day(max(days_ago - after, 0)), rng)
            sender = contact if direction == "in" else customer.user_id.partner_id
            rows.append(
                {
                    "model": "res.partner",
                    "res_id": customer.id,
                    "subject": subject,
                    "body": f"<p>{body}</p>",
                    "date": moment,
                    "message_type": "email" if direction == "in" else "email_outgoing",
                    "subtype_id": self.env.ref("mail.mt_comment").id,
                    "author_id": sender.id,
                    "email_from": sender.email_formatted,
                    "partner_ids": []
                    if direction == "in"
                    else [Command.set(contact.ids)],
                }
            )
        return rows

    @api.model
    def _note(self, customer, days_ago, rng):
        body = self._text(customer, *rng.choice(demo_texts.NOTES))
        return {
            "model": "res.partner",
            "res_id": customer.id,
            "body": f"<p>{body}</p>",
            "date": self._moment(self._day(days_ago), rng),
            "message_type": "comment",
            "subtype_id": self.env.ref("mail.mt_note").id,
            "author_id": customer.user_id.partner_id.id,
            "email_from": customer.user_id.email_formatted,
        }

    # === ACTIVITIES ===

    @api.model
    def _build_activities(self, customers):
        """To-dos of today, overdue ones and planned ones, and some done."""
        model_id = self.env["ir.model"]._get_id("res.partner")
        values, done = [], []
        for index, customer in enumerate(customers):
            rng = self._rng(customer, "activities")
            if self._quiet_days(customer) and index % 3:
                continue
            # One in six is overdue, one in six due today, the rest lies ahead.
            days = (rng.randint(1, 6), 0, *(-rng.randint(1, 21) for _ in range(4)))
            day = self._day(days[index % 6])
            values.append(self._activity(customer, day, model_id, rng))
            if customer.crm_suite_overdue_amount:
                values[-1].update(self._activity_text(customer, demo_texts.DUNNING))
            if index % 2:
                day = self._day(rng.randint(10, 90))
                done.append(self._activity(customer, day, model_id, rng))
        self.env["mail.activity"].create(values)
        self._build_done_activities(done)

    @api.model
    def _activity(self, customer, day, model_id, rng):
        return {
            **self._activity_text(customer, rng.choice(demo_texts.ACTIVITIES)),
            "date_deadline": day,
            "res_model_id": model_id,
            "res_id": customer.id,
            "user_id": customer.user_id.id,
        }

    @api.model
    def _activity_text(self, customer, text):
        xmlid, chinese, english = text
        return {
            "activity_type_id": self.env.ref(xmlid).id,
            "summary": self._text(customer, chinese, english),
        }

    @api.model
    def _build_done_activities(self, values):
        activities = self.env["mail.activity"].create(values)
        dates, days = {}, {}
        for activity in activities:
            done = fields.Datetime.to_datetime(activity.date_deadline)
            done += timedelta(hours=3)
            days[activity.id] = {"date_done": done, "create_date": done}
            as_owner = activity.with_user(activity.user_id).sudo()
            messages, _next = as_owner._action_done()
            dates.update({message.id: {"date": done} for message in messages})
        self._shift("mail.message", dates)
        self._shift("mail.activity", days)

    # === MEETINGS ===

    @api.model
    def _build_meetings(self, customers):
        """Two today, some this week, the others in the past months."""
        values = []
        active = customers.filtered(lambda customer: not self._quiet_days(customer))
        for index, customer in enumerate(active):
            rng = self._rng(customer, "meetings")
            if index % 30 == 5:
                values.append(self._meeting(customer, 0, rng))
            elif index % 5 == 1:
                values.append(self._meeting(customer, -rng.randint(1, 12), rng))
            if index % 3 != 2:
                values.append(self._meeting(customer, rng.randint(3, 200), rng))
        self.env["calendar.event"].with_context(dont_notify=True).create(values)

    @api.model
    def _meeting(self, customer, days_ago, rng):
        first, last = OFFICE_HOURS
        start = self._moment(self._day(days_ago), rng, first=first + 1, last=last - 1)
        title = self._text(customer, *rng.choice(demo_texts.MEETINGS))
        partners = self._contact(customer, rng) | customer.user_id.partner_id
        return {
            "name": self._text(
                customer, f"{title}：{customer.name}", f"{title}: {customer.name}"
            ),
            "start": start,
            "stop": start + timedelta(hours=rng.choice((1, 1, 2))),
            "user_id": customer.user_id.id,
            "partner_ids": [Command.set(partners.ids)],
            "location": " ".join(filter(None, (customer.city, customer.street))),
        }
