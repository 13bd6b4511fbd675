from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

# The columns of the timeline and their types. Every source gives all of them.
COLUMNS = {
    "id": SQL("bigint"),
    "partner_id": SQL("int4"),
    "commercial_partner_id": SQL("int4"),
    "date": SQL("timestamp"),
    "kind": SQL("varchar"),
    "channel": SQL("varchar"),
    "direction": SQL("varchar"),
    "user_id": SQL("int4"),
    "title": SQL("varchar"),
    "summary": SQL("text"),
    "amount": SQL("numeric"),
    "currency_id": SQL("int4"),
    "state": SQL("varchar"),
    "res_model": SQL("varchar"),
    "res_id": SQL("int4"),
    "company_id": SQL("int4"),
}
# Sources share the room of the ids: an id is the source's own id times SLOTS plus
# the number of the source, so that a row can be found again by its id alone.
SLOTS = 64


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
        sources = self._interaction_sources()
        if not sources:
            return SQL("%s WHERE FALSE", self._interaction_columns(0, {}))
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

    def _interaction_sources(self):
        """The ``SELECT`` statements whose union is the timeline.

        Hook: extend it to add a source. Build the statement with
        :meth:`_interaction_query` and :meth:`_interaction_select`, and leave it out
        where the query is ``None``.

        :rtype: list[SQL]
        """
        return []

    def _interaction_may_read(self, model):
        """Whether the model is installed and the viewer may read it at all."""
        return model in self.env and self.env[model].has_access("read")

    def _interaction_query(self, model, domain=Domain.TRUE):
        """The records of ``model`` that the viewer may read.

        :return: the query, or ``None`` if the model is not there or not readable
        :rtype: odoo.tools.Query | None
        """
        if not self._interaction_may_read(model):
            return None
        records = self.env[model].with_context(active_test=False)
        query = records._search(Domain(domain))
        return None if query.is_empty() else query

    def _interaction_select(self, slot, query, columns, partner=None):
        """One source: the rows of ``query`` with the columns of the timeline.

        :param int slot: number of the source, 1 to 63; this addon uses 1 to 31, an
            addon on top of it 32 and more
        :param Query query: as made by :meth:`_interaction_query`
        :param dict columns: SQL by column name; what is missing is empty
        :param str partner: alias of the joined ``res_partner``, the person
        """
        columns = dict(columns)
        if partner:
            columns["partner_id"] = SQL.identifier(partner, "id")
            columns["commercial_partner_id"] = SQL.identifier(
                partner, "commercial_partner_id"
            )
        return query.select(self._interaction_columns(slot, columns, select=False))

    def _interaction_columns(self, slot, columns, select=True):
        values = []
        for name, sql_type in COLUMNS.items():
            value = columns.get(name, SQL("NULL"))
            if name == "id" and name in columns:
                value = SQL("%s::bigint * %s + %s", value, SLOTS, slot)
            values.append(SQL("(%s)::%s AS %s", value, sql_type, SQL.identifier(name)))
        listed = SQL(", ").join(values)
        return SQL("SELECT %s", listed) if select else listed

    def _interaction_partner(self, query, column="partner_id"):
        """Join the person of a document; its alias."""
        return query.join(query.table, column, "res_partner", "id", "crm_suite_person")

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
        sources = self._interaction_sources()
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
    def _interaction_union(self, where):
        """All rows that meet ``where`` as one statement, or ``None`` without sources.

        :param list[SQL] where: conditions on the columns of the timeline
        """
        branches = [
            SQL(
                "(SELECT * FROM (%s) source WHERE %s)", source, SQL(" AND ").join(where)
            )
            for source in self._interaction_sources()
        ]
        return SQL(" UNION ALL ").join(branches) if branches else None

    @api.model
    def _interaction_last(self, commercial_ids, kinds):
        """When each customer last had a row of these kinds, until now.

        :rtype: list[tuple[int, datetime]]
        """
        if not commercial_ids:
            return []
        rows = self._interaction_union(
            [
                SQL("commercial_partner_id = ANY(%s)", list(commercial_ids)),
                SQL("kind IN %s", tuple(kinds)),
                SQL("date <= %s", fields.Datetime.now()),
            ]
        )
        if rows is None:
            return []
        return self.env.execute_query(
            SQL(
                "SELECT commercial_partner_id, max(date) FROM (%s) contact GROUP BY 1",
                rows,
            )
        )
