from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

QUOTE_STATES = ("draft", "sent", "cancel")
INVOICE_TYPES = ("out_invoice", "out_refund", "out_receipt")
INVOICES = [("move_type", "in", INVOICE_TYPES), ("state", "=", "posted")]
DELIVERIES = [("picking_type_code", "=", "outgoing")]
# Activities on these count as the customer's: place among the ids, model, its column
# with the person.
ACTIVITY_DOCUMENTS = (
    (1, "res.partner", "id"),
    (11, "crm.lead", "partner_id"),
    (12, "sale.order", "partner_id"),
)


class Interaction(models.Model):
    """The documents, meetings, activities and calls of the timeline."""

    _inherit = "crm.suite.interaction"

    def _interaction_contact_sources(self):
        return super()._interaction_contact_sources() + self._interaction_given(
            self._interaction_source_meeting(),
            self._interaction_source_call(),
        )

    def _interaction_sources(self):
        return super()._interaction_sources() + self._interaction_given(
            *self._interaction_activities(),
            self._interaction_source_lead(),
            self._interaction_source_order(),
            self._interaction_source_delivery(),
            self._interaction_source_invoice(),
            self._interaction_source_payment(),
            self._interaction_source_purchase(),
            self._interaction_source_web(),
        )

    def _interaction_planned_sources(self):
        return super()._interaction_planned_sources() + self._interaction_given(
            *self._interaction_activities(planned=True),
            self._interaction_source_meeting(planned=True),
        )

    def _interaction_given(self, *sources):
        return [source for source in sources if source is not None]

    def _interaction_document(self, slot, query, model, columns):
        """A source whose row is one document of a customer."""
        table = query.table
        read = self.env[model]._field_to_sql
        base = {
            **self._interaction_person(query),
            "id": SQL.identifier(table, "id"),
            "res_id": SQL.identifier(table, "id"),
            "res_model": SQL("%s", model),
            "channel": SQL("%s", "document"),
        }
        for name, value in columns.items():
            base[name] = value if isinstance(value, SQL) else read(table, value, query)
        return self._interaction_select(slot, query, base)

    def _interaction_source_lead(self):
        query = self._interaction_query("crm.lead")
        if query is None:
            return None
        table = query.table
        return self._interaction_document(
            4,
            query,
            "crm.lead",
            {
                "date": "create_date",
                "kind": SQL("'lead'"),
                "user_id": "user_id",
                "title": "name",
                "amount": "expected_revenue",
                "currency_id": self._interaction_company_currency(
                    SQL.identifier(table, "company_id")
                ),
                "state": "won_status",
                "company_id": "company_id",
            },
        )

    def _interaction_company_currency(self, company):
        """The currency of a document's company, or of the viewer's."""
        return SQL(
            "COALESCE((SELECT c.currency_id FROM res_company c WHERE c.id = %s), %s)",
            company,
            self.env.company.currency_id.id,
        )

    def _interaction_source_order(self):
        query = self._interaction_query("sale.order")
        if query is None:
            return None
        table = query.table
        return self._interaction_document(
            5,
            query,
            "sale.order",
            {
                "date": "date_order",
                "kind": SQL(
                    "CASE WHEN %s IN %s THEN 'quote' ELSE 'order' END",
                    SQL.identifier(table, "state"),
                    QUOTE_STATES,
                ),
                "direction": SQL(
                    "CASE WHEN %s IN %s THEN 'out' ELSE 'in' END",
                    SQL.identifier(table, "state"),
                    QUOTE_STATES,
                ),
                "user_id": "user_id",
                "title": "name",
                "summary": "client_order_ref",
                "amount": "amount_total",
                "currency_id": "currency_id",
                "state": "state",
                "company_id": "company_id",
            },
        )

    def _interaction_source_delivery(self):
        query = self._interaction_query("stock.picking", DELIVERIES)
        if query is None:
            return None
        table = query.table
        return self._interaction_document(
            6,
            query,
            "stock.picking",
            {
                "date": SQL(
                    "COALESCE(%s, %s, %s)",
                    SQL.identifier(table, "date_done"),
                    SQL.identifier(table, "scheduled_date"),
                    SQL.identifier(table, "create_date"),
                ),
                "kind": SQL("'delivery'"),
                "direction": SQL("'out'"),
                "user_id": "user_id",
                "title": "name",
                "summary": "origin",
                "state": "state",
                "company_id": "company_id",
            },
        )

    def _interaction_source_invoice(self):
        query = self._interaction_query("account.move", INVOICES)
        if query is None:
            return None
        return self._interaction_document(
            7,
            query,
            "account.move",
            {
                "date": "invoice_date",
                "kind": SQL("'invoice'"),
                "direction": SQL("'out'"),
                "user_id": "invoice_user_id",
                "title": "name",
                "summary": "ref",
                "amount": "amount_total_in_currency_signed",
                "currency_id": "currency_id",
                "state": "payment_state",
                "company_id": "company_id",
            },
        )

    def _interaction_source_payment(self):
        query = self._interaction_query(
            "account.payment",
            [("partner_type", "=", "customer"), ("state", "!=", "draft")],
        )
        if query is None:
            return None
        return self._interaction_document(
            8,
            query,
            "account.payment",
            {
                "date": "date",
                "kind": SQL("'payment'"),
                "direction": SQL(
                    "CASE %s WHEN 'inbound' THEN 'in' ELSE 'out' END",
                    SQL.identifier(query.table, "payment_type"),
                ),
                "title": "name",
                "summary": "memo",
                "amount": "amount",
                "currency_id": "currency_id",
                "state": "state",
                "company_id": "company_id",
            },
        )

    def _interaction_source_purchase(self):
        query = self._interaction_query("crm.suite.purchase")
        if query is None:
            return None
        return self._interaction_document(
            9,
            query,
            "crm.suite.purchase",
            {
                "date": "date",
                "kind": SQL("'purchase'"),
                "direction": SQL("'in'"),
                "title": "product_name",
                "summary": "reference",
                "amount": "amount",
                "currency_id": "currency_id",
                "company_id": "company_id",
            },
        )

    def _interaction_source_call(self):
        query = self._interaction_query("crm.suite.call")
        if query is None:
            return None
        table = query.table
        read = self.env["crm.suite.call"]._field_to_sql
        columns = {
            "id": SQL.identifier(table, "id"),
            "res_id": SQL.identifier(table, "id"),
            "res_model": SQL("'crm.suite.call'"),
            "partner_id": SQL(
                "COALESCE(%s, %s)",
                SQL.identifier(table, "contact_id"),
                SQL.identifier(table, "partner_id"),
            ),
            "kind": SQL(
                "CASE %s WHEN 'call' THEN 'call' ELSE 'visit' END",
                SQL.identifier(table, "kind"),
            ),
            "channel": SQL(
                "CASE %s WHEN 'call' THEN 'phone' ELSE 'visit' END",
                SQL.identifier(table, "kind"),
            ),
            "title": SQL("split_part(%s, E'\\n', 1)", read(table, "summary", query)),
            "state": SQL.identifier(table, "outcome"),
        }
        for name in (
            "commercial_partner_id",
            "date",
            "direction",
            "user_id",
            "summary",
            "company_id",
        ):
            columns[name] = read(table, name, query)
        return self._interaction_select(3, query, columns)

    def _interaction_source_meeting(self, planned=False):
        """A meeting once per customer company, whoever of it takes part; of one
        person (context key ``crm_suite_interaction_person``) those he was in.

        Other people's private meetings stay theirs, as in the host's calendar.

        :param bool planned: only those that are not over, with their day as the date
        """
        if not self._interaction_may_read("calendar.event"):
            return None
        domain = self._interaction_public_meetings()
        if planned:
            domain &= Domain("active", "=", True)
            domain &= Domain("stop", ">=", fields.Datetime.now())
        query = self._interaction_query("calendar.event", domain)
        if query is None:
            return None
        events = self.env["calendar.event"]
        table = query.table
        link = query.join(
            table,
            "id",
            "calendar_event_res_partner_rel",
            "calendar_event_id",
            "crm_suite_link",
        )
        person = self._interaction_person(query, link, "res_partner_id")
        attendee = query.make_alias(link, "attendee")
        query.add_join(
            "JOIN",
            attendee,
            "calendar_attendee",
            SQL(
                "%s = %s AND %s = %s",
                SQL.identifier(attendee, "event_id"),
                SQL.identifier(link, "calendar_event_id"),
                SQL.identifier(attendee, "partner_id"),
                SQL.identifier(link, "res_partner_id"),
            ),
        )
        columns = {
            "id": SQL.identifier(attendee, "id"),
            "date": self._interaction_meeting_day(query)
            if planned
            else events._field_to_sql(table, "start", query),
            "kind": SQL("'meeting'"),
            "channel": SQL("'meeting'"),
            "user_id": events._field_to_sql(table, "user_id", query),
            "title": events._field_to_sql(table, "name", query),
            "summary": events._field_to_sql(table, "location", query),
            "state": SQL.identifier(attendee, "state"),
            "res_model": SQL("'calendar.event'"),
            "res_id": SQL.identifier(table, "id"),
        }
        if person_id := self.env.context.get("crm_suite_interaction_person"):
            query.add_where(SQL("%s = %s", person["partner_id"], person_id))
        rows = self._interaction_select(2, query, {**columns, **person})
        return SQL(
            "SELECT DISTINCT ON (commercial_partner_id, res_id) * FROM (%s) meeting"
            " ORDER BY commercial_partner_id, res_id, partner_id",
            rows,
        )

    def _interaction_meeting_day(self, query):
        """The day of a meeting by the clock of who leads it."""
        table = query.table
        user = query.left_join(table, "user_id", "res_users", "id", "crm_suite_user")
        leader = query.left_join(
            user, "partner_id", "res_partner", "id", "crm_suite_leader"
        )
        return SQL(
            "CASE WHEN %s THEN %s"
            " ELSE (%s AT TIME ZONE 'UTC' AT TIME ZONE COALESCE(%s, 'UTC'))::date END",
            SQL.identifier(table, "allday"),
            SQL.identifier(table, "start_date"),
            SQL.identifier(table, "start"),
            SQL.identifier(leader, "tz"),
        )

    def _interaction_public_meetings(self):
        """Meetings whose subject the viewer may know.

        The host lets everybody read all events and hides the private ones of others
        when it fetches their fields; here they are left out.
        """
        secretive = Domain.custom(
            to_sql=lambda model, alias, query: SQL(
                "%s IN (SELECT user_id FROM res_users_settings"
                " WHERE calendar_default_privacy = 'private')",
                SQL.identifier(alias, "user_id"),
            )
        )
        user = self.env.user
        return (
            Domain("privacy", "in", ("public", "confidential"))
            | (Domain("privacy", "=", False) & ~secretive)
            | Domain("user_id", "=", user.id)
            | Domain("partner_ids", "in", user.partner_id.ids)
        )

    def _interaction_activities(self, planned=False):
        """Activities on the customer, its deals and its orders, to do and done.

        :param bool planned: only those to do
        """
        if not self.env["mail.activity"].has_access("read"):
            return []
        self.env["mail.activity"].flush_model()
        return [
            self._interaction_source_activity(slot, query, model, column, planned)
            for slot, model, column in ACTIVITY_DOCUMENTS
            if (query := self._interaction_query(model)) is not None
        ]

    def _interaction_source_activity(self, slot, query, model, column, planned):
        """Activities on the documents of one model.

        The host lets read an activity whom it is assigned to and who may write in
        the thread of the document.
        """
        table = query.table
        person = self._interaction_person(query, column=column)
        activity = self._interaction_join_activity(query, model)
        if planned:
            query.add_where(SQL.identifier(activity, "active"))
        query.add_where(
            SQL(
                "(%s = %s OR %s)",
                SQL.identifier(activity, "user_id"),
                self.env.uid,
                self._interaction_may_post(model, SQL.identifier(activity, "res_id")),
            )
        )
        columns = self._interaction_activity_columns(activity)
        if model != "res.partner":
            # Which deal or order it is about.
            columns["summary"] = SQL(
                "COALESCE(NULLIF(%s, ''), %s)",
                columns["summary"],
                SQL.identifier(table, "name"),
            )
        return self._interaction_select(slot, query, {**columns, **person})

    def _interaction_join_activity(self, query, model):
        """The activities of documents.

        Those of one customer are looked up document by document: for some hundred
        documents the planner would rather read all activities there are.

        :return: their alias
        :rtype: str
        """
        one = self.env.context.get("crm_suite_interaction_people")
        activity = query.make_alias(query.table, "crm_suite_activity")
        alias = SQL.identifier("a" if one else activity)
        rows = SQL.identifier("mail_activity")
        match = SQL(
            "%(alias)s.res_model = %(model)s AND %(alias)s.res_id = %(id)s",
            alias=alias,
            model=model,
            id=SQL.identifier(query.table, "id"),
        )
        if one:
            # OFFSET keeps the planner from taking it apart.
            rows = SQL("LATERAL (SELECT * FROM %s a WHERE %s OFFSET 0)", rows, match)
            match = SQL("TRUE")
        query.add_join("JOIN", activity, rows, match)
        return activity

    def _interaction_activity_columns(self, activity):
        return {
            "id": SQL.identifier(activity, "id"),
            "date": SQL(
                "COALESCE(%s, %s)",
                SQL.identifier(activity, "date_done"),
                SQL.identifier(activity, "date_deadline"),
            ),
            "kind": SQL("'activity'"),
            "channel": SQL("'internal'"),
            "user_id": SQL.identifier(activity, "user_id"),
            "title": SQL(
                "COALESCE(NULLIF(%s, ''), (SELECT COALESCE(t.name->>%s, t.name->>'en_US')"
                " FROM mail_activity_type t WHERE t.id = %s))",
                SQL.identifier(activity, "summary"),
                self.env.lang or "en_US",
                SQL.identifier(activity, "activity_type_id"),
            ),
            "summary": SQL.identifier(activity, "feedback"),
            "state": SQL(
                "CASE WHEN %s THEN 'planned' ELSE 'done' END",
                SQL.identifier(activity, "active"),
            ),
            "res_model": SQL("'mail.activity'"),
            "res_id": SQL.identifier(activity, "id"),
        }

    def _interaction_may_post(self, model, document):
        """Whether the viewer may write in the thread of a document, as a condition.

        Document by document, as long as there are few: a list of all that he may
        write in takes longer than what it is asked for.

        :param SQL document: its id
        """
        records = self.env[model]
        operation = records._mail_post_access
        if operation == "read" or self.env.su:
            return SQL("TRUE")
        if not records.has_access(operation):
            return SQL("FALSE")
        rules = self.env["ir.rule"]._compute_domain(model, operation)
        if rules.is_true():
            return SQL("TRUE")
        allowed = records.sudo().with_context(active_test=False)._search(rules)
        allowed.add_where(SQL("%s = %s", SQL.identifier(allowed.table, "id"), document))
        return SQL("EXISTS %s", allowed.subselect(SQL("1")))

    def _interaction_source_web(self):
        """Pages that a known visitor looked at, if the website is installed."""
        query = self._interaction_query("website.visitor")
        if query is None or not self.env["website.track"].has_access("read"):
            return None
        visitor = query.table
        person = self._interaction_person(query)
        track = query.join(visitor, "id", "website_track", "visitor_id", "track")
        columns = {
            "id": SQL.identifier(track, "id"),
            "date": SQL.identifier(track, "visit_datetime"),
            "kind": SQL("'web'"),
            "channel": SQL("'web'"),
            "direction": SQL("'in'"),
            "title": SQL.identifier(track, "url"),
            "res_model": SQL("'website.visitor'"),
            "res_id": SQL.identifier(visitor, "id"),
        }
        return self._interaction_select(10, query, {**columns, **person})
