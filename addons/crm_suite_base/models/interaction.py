import copy

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.union_columns import UnionColumns

# The columns of the timeline and their types. Every source gives all of them.
COLUMNS = UnionColumns(
    {
        "id": "bigint",
        "partner_id": "int4",
        "commercial_partner_id": "int4",
        "date": "timestamp",
        "kind": "varchar",
        "channel": "varchar",
        "direction": "varchar",
        "user_id": "int4",
        "title": "varchar",
        "summary": "text",
        "amount": "numeric",
        "currency_id": "int4",
        "state": "varchar",
        "res_model": "varchar",
        "res_id": "int4",
        "company_id": "int4",
    },
    slots=64,
)
ALL = Domain.TRUE
MEMO = "crm_suite_interaction_memo"


class Interaction(models.Model):
    """The timeline: everything that passed between us and a customer.

    A read-only union with one ``SELECT`` per source; nothing is copied, so nothing
    can drift. Each source is read through the viewer's own access to its model: a
    model that he may not read is left out, and of the others he gets the rows that
    his rules allow.

    Addons add sources by extending :meth:`_interaction_sources`.
    """

    _name = "crm.suite.interaction"
    _description = "Customer Interaction"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "title"

    partner_id = fields.Many2one("res.partner", string="Person", readonly=True)
    commercial_partner_id = fields.Many2one(
        "res.partner", string="Customer", readonly=True
    )
    date = fields.Datetime(readonly=True)
    kind = fields.Selection(
        [
            ("email_in", "Email received"),
            ("email_out", "Email sent"),
            ("sms", "SMS"),
            ("note", "Note"),
            ("activity", "Activity"),
            ("meeting", "Meeting"),
            ("call", "Call"),
            ("visit", "Visit"),
            ("lead", "Lead"),
            ("quote", "Quotation"),
            ("order", "Order"),
            ("delivery", "Delivery"),
            ("invoice", "Invoice"),
            ("payment", "Payment"),
            ("purchase", "Earlier purchase"),
            ("web", "Website visit"),
        ],
        readonly=True,
    )
    channel = fields.Selection(
        [
            ("email", "Email"),
            ("phone", "Phone"),
            ("sms", "SMS"),
            ("meeting", "Meeting"),
            ("visit", "In person"),
            ("web", "Website"),
            ("document", "Document"),
            ("internal", "Internal"),
        ],
        readonly=True,
    )
    direction = fields.Selection(
        [("in", "Incoming"), ("out", "Outgoing")], readonly=True
    )
    user_id = fields.Many2one("res.users", string="Colleague", readonly=True)
    title = fields.Char(readonly=True)
    summary = fields.Text(readonly=True)
    amount = fields.Monetary(readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    state = fields.Char(readonly=True)
    res_model = fields.Char(string="Document Model", readonly=True)
    res_id = fields.Many2oneReference(
        string="Document", model_field="res_model", readonly=True
    )
    company_id = fields.Many2one("res.company", readonly=True)

    @property
    def _table_query(self):
        sources = self._interaction_read_sources()
        if not sources:
            return SQL("SELECT %s WHERE FALSE", COLUMNS.compose(0, {}))
        return SQL(" UNION ALL ").join(
            SQL("(%s)", self._interaction_narrow(source)) for source in sources
        )

    def _interaction_narrow(self, source):
        """The rows of a source that are being read by their ids, if that is so.

        The planner cannot turn "id" of the union back into the source's primary key
        by itself; reading a page of rows would scan every table.
        """
        ids = self.env.context.get("crm_suite_interaction_ids")
        if ids is None:
            return source
        return SQL("SELECT * FROM (%s) source WHERE id = ANY(%s)", source, list(ids))

    # ------------------------------------------------------------------
    # What sources are made of
    # ------------------------------------------------------------------

    def _interaction_read_sources(self, hook="_interaction_sources"):
        """The sources, with the records of each model looked up once: documents and
        the mails on them start from the same.

        :param str hook: the method that lists those that are wanted
        """
        cache = self.env.cr.cache
        cache[MEMO] = {}
        try:
            return getattr(self, hook)()
        finally:
            del cache[MEMO]

    def _interaction_sources(self):
        """The ``SELECT`` statements whose union is the timeline.

        Hook: extend it to add a source. Build the statement with
        :meth:`_interaction_query`, :meth:`_interaction_person` and
        :meth:`_interaction_select`, and leave it out where the query is ``None``.

        :rtype: list[SQL]
        """
        return self._interaction_contact_sources()

    def _interaction_contact_sources(self):
        """Those of the sources in which people are in touch: mails, calls, meetings.

        Hook: extend this one for a source whose rows count as contact, unless their
        channel is internal.

        :rtype: list[SQL]
        """
        return []

    def _interaction_planned_sources(self):
        """What is to come: activities to do and meetings. Their date is a day, by the
        clock of who leads the meeting.

        Hook: extend it with a source of something that is planned with a customer.

        :rtype: list[SQL]
        """
        return []

    @api.model
    def _interaction_day_kinds(self):
        """The kinds whose date is a day without a time: the same day by every clock.

        Hook: extend it with those of a source of days; clients know them by ``isDay``.

        :rtype: tuple[str]
        """
        return ("activity", "invoice", "payment", "purchase")

    def _interaction_may_read(self, model):
        """Whether the model is installed and the viewer may read it at all."""
        return model in self.env and self.env[model].has_access("read")

    def _interaction_query(self, model, domain=ALL):
        """The records of ``model`` that the viewer may read.

        :return: the query, or ``None`` if the model is not there or not readable
        :rtype: odoo.tools.Query | None
        """
        # The very same domain object of a module, kept alive by the memo.
        memo = self.env.cr.cache.get(MEMO, {})
        key = model, id(domain)
        if key not in memo:
            query = None
            if self._interaction_may_read(model):
                records = self.env[model].with_context(active_test=False)
                query = records._search(Domain(domain))
            memo[key] = domain, None if query is None or query.is_empty() else query
        query = memo[key][1]
        return None if query is None else self._interaction_copy(query)

    def _interaction_copy(self, query):
        """A query of its own for a source to add its joins to."""
        twin = copy.copy(query)
        twin._tables = dict(query._tables)
        twin._joins = dict(query._joins)
        twin._where_clauses = list(query._where_clauses)
        return twin

    def _interaction_select(self, slot, query, columns):
        """One source: the rows of ``query`` with the columns of the timeline.

        :param int slot: number of the source, 1 to 63; this addon uses 1 to 31, an
            addon on top of it 32 and more
        :param Query query: as made by :meth:`_interaction_query`
        :param dict columns: SQL by column name; what is missing is empty
        """
        return query.select(COLUMNS.compose(slot, columns))

    def _interaction_person(self, query, table=None, column="partner_id"):
        """The columns of the person and the customer of a source.

        One customer is read by the ids of its people, straight from the source's own
        index; a list or a search over many joins the partners.

        :param str table: alias that has the column, the main table by default
        :rtype: dict[str, SQL]
        """
        table = table or query.table
        person = SQL.identifier(table, column)
        if people := self.env.context.get("crm_suite_interaction_people"):
            commercial_id, ids = people
            query.add_where(SQL("%s = ANY(%s)", person, list(ids)))
            commercial = SQL("%s", commercial_id)
        elif table == "res_partner":
            commercial = SQL.identifier(table, "commercial_partner_id")
        else:
            alias = query.join(table, column, "res_partner", "id", "crm_suite_person")
            commercial = SQL.identifier(alias, "commercial_partner_id")
        return {"partner_id": person, "commercial_partner_id": commercial}

    # ------------------------------------------------------------------
    # Reading
    # ------------------------------------------------------------------

    def fetch(self, field_names=None):
        # The rows are found by the primary keys of their sources.
        narrow = self.with_context(crm_suite_interaction_ids=tuple(self._ids))
        return super(Interaction, narrow).fetch(field_names)

    def action_open(self):
        """Open the document behind a row."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }

    @api.model
    def _interaction_page(self, where, limit, cursor=None):
        """The newest rows that meet ``where``, newest first.

        Each source gives its own newest ``limit`` rows, so what is costly to show
        (the text of a mail) is made for those alone.

        :param list[SQL] where: conditions on the columns of the timeline
        :param tuple cursor: (date, id) of the last row of the page before
        :rtype: list[dict]
        """
        sources = self._interaction_read_sources()
        if not sources:
            return []
        conditions = list(where)
        if cursor:
            conditions.append(SQL("(date, id) < (%s, %s)", *cursor))
        branches = [
            SQL(
                "(SELECT * FROM (%s) source WHERE %s ORDER BY date DESC, id DESC LIMIT %s)",
                source,
                SQL(" AND ").join(conditions) if conditions else SQL("TRUE"),
                limit,
            )
            for source in sources
        ]
        return self.env.execute_query_dict(
            SQL(
                "SELECT * FROM (%s) page ORDER BY date DESC, id DESC LIMIT %s",
                SQL(" UNION ALL ").join(branches),
                limit,
            )
        )

    @api.model
    def _interaction_contacts(self, where=()):
        """All contacts up to now that meet ``where`` as one statement.

        :param list[SQL] where: conditions on the columns of the timeline
        :return: ``None`` if the viewer may read no source
        :rtype: SQL | None
        """
        # By the channel and not by the kind, for which every mail's author is read.
        conditions = SQL(" AND ").join(
            [
                SQL("channel <> 'internal'"),
                SQL("date <= %s", fields.Datetime.now()),
                *where,
            ]
        )
        branches = [
            SQL("(SELECT * FROM (%s) source WHERE %s)", source, conditions)
            for source in self._interaction_read_sources("_interaction_contact_sources")
        ]
        return SQL(" UNION ALL ").join(branches) if branches else None

    @api.model
    def _interaction_planned(self, where=()):
        """All that is planned and meets ``where`` as one statement.

        :param list[SQL] where: conditions on the columns of the timeline
        :return: ``None`` if the viewer may read no source
        :rtype: SQL | None
        """
        conditions = SQL(" AND ").join(where) if where else SQL("TRUE")
        branches = [
            SQL("(SELECT * FROM (%s) source WHERE %s)", source, conditions)
            for source in self._interaction_read_sources("_interaction_planned_sources")
        ]
        return SQL(" UNION ALL ").join(branches) if branches else None

    @api.model
    def _interaction_next(self, where):
        """The first of what is planned, as a row of the timeline.

        :rtype: dict | None
        """
        planned = self._interaction_planned(where)
        if planned is None:
            return None
        rows = self.env.execute_query_dict(
            SQL("SELECT * FROM (%s) planned ORDER BY date, id LIMIT 1", planned)
        )
        return rows[0] if rows else None

    @api.model
    def _interaction_last_contact(self, commercial_ids):
        """When each customer was last in touch.

        :rtype: list[tuple[int, datetime]]
        """
        if not commercial_ids:
            return []
        rows = self._interaction_contacts(
            [SQL("commercial_partner_id = ANY(%s)", list(commercial_ids))]
        )
        if rows is None:
            return []
        return self.env.execute_query(
            SQL(
                "SELECT commercial_partner_id, max(date) FROM (%s) contact GROUP BY 1",
                rows,
            )
        )
