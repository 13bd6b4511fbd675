from odoo import fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.union_columns import UnionColumns

# The columns of the facts and their types. Every source gives all of them.
COLUMNS = UnionColumns(
    {
        "id": "bigint",
        "partner_id": "int4",
        "person_id": "int4",
        "company_id": "int4",
        "currency_id": "int4",
        "date": "timestamp",
        "day": "date",
        "source": "varchar",
        "channel": "varchar",
        "document_model": "varchar",
        "document_id": "int4",
        "product_id": "int4",
        "category_id": "int4",
        "quantity": "numeric",
        "amount": "numeric",
        "team_id": "int4",
        "user_id": "int4",
    },
    slots=16,
)
PEOPLE = "crm_suite_fact_people"


class PurchaseFact(models.Model):
    """What was bought when for how much: one row per line of a purchase.

    A read-only union with one ``SELECT`` per source; nothing is copied. Amounts are
    untaxed, in the currency of the company, converted at the rate of the document and
    rounded line by line, so that any sum of rows is exact. What was returned or
    credited is subtracted from the line that it takes back; a line of which nothing
    is left has no row, so a purchase that was wholly returned is none.

    Rows with the same ``document_model`` and ``document_id`` are one purchase.
    Addons add sources by extending :meth:`_purchase_sources`.
    """

    _name = "crm.suite.purchase.fact"
    _description = "Purchase Analysis"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "date"

    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    # Through the viewer's own rights: not everybody sees all segments.
    segment_ids = fields.Many2many(
        related="partner_id.crm_suite_segment_ids", related_sudo=False
    )
    person_id = fields.Many2one("res.partner", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    date = fields.Datetime(readonly=True)
    day = fields.Date(
        readonly=True, help="The day of the purchase by the company's clock."
    )
    source = fields.Selection(
        [
            ("order", "Sales order"),
            ("invoice", "Invoice without order"),
            ("pos", "Point of sale"),
            ("external", "Elsewhere"),
        ],
        readonly=True,
    )
    channel = fields.Selection(
        [
            ("order", "Sales"),
            ("web", "Web shop"),
            ("invoice", "Invoice"),
            ("pos", "Point of sale"),
            ("external", "Elsewhere"),
        ],
        readonly=True,
    )
    document_model = fields.Char(readonly=True)
    document_id = fields.Many2oneReference(model_field="document_model", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    category_id = fields.Many2one(
        "product.category", string="Product Category", readonly=True
    )
    quantity = fields.Float(readonly=True, digits="Product Unit")
    amount = fields.Monetary(readonly=True)
    team_id = fields.Many2one("crm.team", string="Sales Team", readonly=True)
    user_id = fields.Many2one("res.users", string="Salesperson", readonly=True)

    @property
    def _table_query(self):
        return self._purchase_union()

    def _purchase_union(self):
        """All sources that the viewer may read, as one statement."""
        sources = self._purchase_sources()
        if not sources:
            return SQL("SELECT %s WHERE FALSE", COLUMNS.compose(0, {}))
        return SQL(" UNION ALL ").join(SQL("(%s)", source) for source in sources)

    def _purchase_sources(self):
        """The ``SELECT`` statements whose union are the facts.

        Hook: extend it to add a source. Build the statement with
        :meth:`_purchase_query`, :meth:`_purchase_join_partner`,
        :meth:`_purchase_join_company` and :meth:`_purchase_select`.

        :rtype: list[SQL]
        """
        return []

    # ------------------------------------------------------------------
    # What sources are made of
    # ------------------------------------------------------------------

    def _purchase_query(self, model, domain, partner="partner_id"):
        """The documents of ``model`` that the viewer may read.

        :param str partner: the column with the person who bought
        :return: the query, or ``None`` if the model is not there or not readable
        :rtype: odoo.tools.Query | None
        """
        if model not in self.env or not self.env[model].has_access("read"):
            return None
        records = self.env[model].with_context(active_test=False)
        query = records._search(Domain(domain))
        if query.is_empty():
            return None
        people = self._purchase_people()
        if people is not None:
            query.add_where(
                SQL("%s = ANY(%s)", SQL.identifier(query.table, partner), people)
            )
        return query

    def _purchase_people(self):
        """Ids of the people whose purchases are wanted, or ``None`` for all.

        Facts of some customers are read from the sources' own indexes by it; the
        planner cannot push the customer through the joins by itself.
        """
        people = self.env.context.get(PEOPLE)
        return None if people is None else list(people)

    def _purchase_of_people(self, column, select, everybody=None):
        """A condition that keeps a look-up to what belongs to the people wanted.

        :param SQL column: the column of the look-up
        :param str select: statement that gives its values for people ``%s``
        :param str everybody: statement that gives the values worth looking up, when
            all people are wanted
        """
        people = self._purchase_people()
        # The statements are constants of the sources.
        if people is not None:
            found = SQL(select, people)  # pylint: disable=sql-injection
        elif everybody:
            found = SQL(everybody)  # pylint: disable=sql-injection
        else:
            return SQL("TRUE")
        return SQL("%s IN (%s)", column, found)

    def _purchase_join_partner(self, query, column="partner_id"):
        """The person and the customer of a document.

        :rtype: dict[str, SQL]
        """
        alias = query.join(query.table, column, "res_partner", "id", "person")
        return {
            "partner_id": SQL.identifier(alias, "commercial_partner_id"),
            "person_id": SQL.identifier(alias, "id"),
        }

    def _purchase_join_company(self, query):
        """The company of a document: currency, its decimals, clock and root.

        :return: alias of the joined rows
        :rtype: str
        """
        alias = query.make_alias(query.table, "company")
        query.add_join(
            "JOIN",
            alias,
            self._purchase_companies(),
            SQL(
                "%s = %s",
                SQL.identifier(query.table, "company_id"),
                SQL.identifier(alias, "id"),
            ),
        )
        return alias

    def _purchase_companies(self):
        """The companies with currency, decimals and time zone, as a table.

        A company's clock is that of its own contact, else of its working hours.
        """
        return SQL(
            """(
            SELECT c.id, c.currency_id, u.decimal_places AS decimals,
                   COALESCE(p.tz, w.tz, 'UTC') AS tz,
                   split_part(c.parent_path, '/', 1)::int AS root_id
              FROM res_company c
              JOIN res_currency u ON u.id = c.currency_id
              JOIN res_partner p ON p.id = c.partner_id
         LEFT JOIN resource_calendar w ON w.id = c.resource_calendar_id
            )"""
        )

    def _purchase_join_product(self, query, line):
        """The category of the product of a line.

        :rtype: dict[str, SQL]
        """
        product = query.left_join(line, "product_id", "product_product", "id", "item")
        template = query.left_join(
            product, "product_tmpl_id", "product_template", "id", "template"
        )
        return {
            "product_id": SQL.identifier(line, "product_id"),
            "category_id": SQL.identifier(template, "categ_id"),
        }

    def _purchase_day(self, moment, company):
        """The day of a moment (stored in UTC) by the clock of the company."""
        return SQL(
            "(%s AT TIME ZONE 'UTC' AT TIME ZONE %s)::date",
            moment,
            SQL.identifier(company, "tz"),
        )

    def _purchase_noon(self, day, company):
        """A day as a moment: noon there, which is the same day for most people."""
        return SQL(
            "(%s + interval '12 hours') AT TIME ZONE %s AT TIME ZONE 'UTC'",
            day,
            SQL.identifier(company, "tz"),
        )

    def _purchase_round(self, amount, company):
        return SQL("round(%s, %s)", amount, SQL.identifier(company, "decimals"))

    def _purchase_select(self, slot, query, columns):
        """One source: the rows of ``query`` with the columns of the facts.

        :param int slot: number of the source, 1 to 15; this addon uses 1 to 7
        :param dict columns: SQL by column name; what is missing is empty
        """
        return query.select(COLUMNS.compose(slot, columns))

    def action_open(self):
        """Open the document behind a row.

        :rtype: dict
        """
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": self.document_model,
            "res_id": self.document_id,
            "views": [(False, "form")],
        }
