import psycopg2
from psycopg2.extras import Json

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..tools.import_types import Link
from ..tools.retry import is_try_again
from .import_target_table import PARTNER_BY


class ImportTargetBulk(models.AbstractModel):
    """Lines about which there is nothing to decide go from table to table.

    Sound rows whose customer is found and that are new need no Python: one INSERT
    reads them where they wait. Rows that it does not take (already there, customer
    unknown, a decision of the user) wait on for :meth:`_import_rows`, which knows
    what to do with them and what to say.
    """

    _inherit = "crm.suite.import.target.table"

    _import_is_bulk = True
    # Values of a row that are stored as they are, under the same name.
    _import_plain_columns = ()

    @api.model
    def _import_bulk(self, plan, claimed):
        """Insert what can be inserted without a second look.

        :param list[tuple[int, int]] claimed: ids of locked rows, each with the id
            that its record would have
        :return: the pairs that were inserted
        :rtype: list[tuple[int, int]]
        """
        self.env[self._import_model].check_access("create")
        made = set()
        try:
            with self.env.cr.savepoint():
                for by in PARTNER_BY:
                    if plan.has_column(f"partner_id/{by}"):
                        made.update(self._import_bulk_insert(plan, by, claimed))
                self._import_check_created(list(made))
        except (psycopg2.Error, AccessError) as error:
            if is_try_again(error):
                raise
            # Some value does not fit, some line is not allowed: they are found one
            # by one.
            return []
        return [pair for pair in claimed if pair[1] in made]

    def _import_bulk_insert(self, plan, by, claimed):
        """Insert the rows that name their customer by ``by``.

        :return: ids of the records
        """
        rows = self._claimed_rows(claimed)
        links = {
            **self._import_bulk_partners(rows, by),
            **self._import_bulk_links(plan, lambda name: self._texts(rows, name)),
        }
        values = {
            "import_key": self._import_bulk_key(),
            **self._import_bulk_values(plan, links),
        }
        query = SQL(
            """
            INSERT INTO %(table)s (id, create_date, write_date, %(names)s)
            WITH claimed AS MATERIALIZED (
                SELECT n.new_id, r.key, r.repeat, r.vals, %(links)s
                  FROM %(rows)s
                 WHERE r.decision IS NULL AND (r.problems IS NULL OR %(sound)s)
            )
            SELECT r.new_id, %(now)s, %(now)s, %(values)s
              FROM claimed r
             WHERE %(plain)s
            ON CONFLICT DO NOTHING
            """,
            table=SQL.identifier(self.env[self._import_model]._table),
            names=SQL(", ").join(map(SQL.identifier, values)),
            links=SQL(", ").join(
                SQL("%s AS %s", self._import_bulk_link(link), SQL.identifier(name))
                for name, link in links.items()
            ),
            rows=rows,
            sound=self.env["crm.suite.import.batch"]._sound_rows(),
            values=SQL(", ").join(values.values()),
            now=self.env.cr.now(),
            plain=self._import_bulk_plain(plan, by, links),
        )
        return self._import_execute(plan, query, columns=list(values))

    def _claimed_rows(self, claimed):
        """The rows as ``r`` with the ids for their records as ``n.new_id``.

        They lie side by side: without the range of their ids the planner would
        rather read the whole table.
        """
        ids = [row_id for row_id, _new_id in claimed]
        return SQL(
            """
            unnest(%(ids)s::int[], %(new_ids)s::int[]) n (row_id, new_id)
              JOIN crm_suite_import_row r
                ON r.id = n.row_id AND r.id BETWEEN %(first)s AND %(last)s
            """,
            ids=ids,
            new_ids=[new_id for _row_id, new_id in claimed],
            first=min(ids),
            last=max(ids),
        )

    def _texts(self, rows, name):
        """The distinct texts that rows have under ``name``."""
        query = SQL("SELECT DISTINCT r.vals ->> %s FROM %s", name, rows)
        return {text for (text,) in self.env.execute_query(query) if text}

    # ------------------------------------------------------------------
    # Columns whose record is found by a text
    # ------------------------------------------------------------------

    def _import_bulk_partners(self, rows, by):
        """The columns of the customer; a text that two customers share is left out."""
        column = f"partner_id/{by}"
        texts = SQL("SELECT r.vals ->> %s FROM %s", column, rows)
        partner_ids, commercial_ids = {}, {}
        query = self._import_partner_query(by, texts)
        for text, id_, commercial_id in self.env.execute_query(query):
            partner_ids[text] = None if text in partner_ids else id_
            commercial_ids[text] = commercial_id
        links = {"partner_id": Link(column, partner_ids, strict=True)}
        if "commercial_partner_id" in self._import_table_columns:
            links["commercial_partner_id"] = Link(column, commercial_ids)
        return links

    @api.model
    def _import_bulk_links(self, plan, get_texts):
        """Further columns whose record is found by a text of the row; a hook.

        :param get_texts: function from a name to the set of texts that the rows have
            under that name
        :return: links by column of the table
        :rtype: dict[str, Link]
        """
        return {}

    def _import_bulk_link(self, link):
        return SQL("(%s::jsonb ->> (r.vals ->> %s))::int", Json(link.ids), link.text)

    def _import_bulk_plain(self, plan, by, links):
        """Which rows need no second look."""
        conditions = []
        for surer in PARTNER_BY[: PARTNER_BY.index(by)]:
            name = f"partner_id/{surer}"
            if plan.has_column(name):
                conditions.append(SQL("coalesce(r.vals ->> %s, '') = ''", name))
        for name, link in links.items():
            if link.strict:
                found = SQL("%s IS NOT NULL", SQL.identifier("r", name))
                if name != "partner_id":
                    found = SQL("(%s OR r.vals ->> %s IS NULL)", found, link.text)
                conditions.append(found)
        return SQL(" AND ").join(conditions)

    # ------------------------------------------------------------------
    # Values, as SQL over a claimed row ``r``
    # ------------------------------------------------------------------

    def _import_bulk_values(self, plan, links):
        """What :meth:`_import_table_values` computes."""
        constants = self._import_constants(plan)
        values = {}
        for name, kind in self._import_table_columns.items():
            default = SQL("%s::%s", constants.get(name), SQL(kind))
            if name in links:
                values[name] = SQL("coalesce(r.%s, %s)", SQL.identifier(name), default)
            elif name in self._import_plain_columns and name in plan.by_field:
                values[name] = SQL(
                    """
                    CASE WHEN r.vals ? %(name)s THEN (r.vals ->> %(name)s)::%(kind)s
                         ELSE %(default)s END
                    """,
                    name=name,
                    kind=SQL(kind),
                    default=default,
                )
            elif name in constants:
                values[name] = default
        return values

    def _import_bulk_key(self):
        """What :meth:`_import_set_key` computes."""
        return SQL(
            r"""
            left(encode(sha256(convert_to(
                r.partner_id || E'\x1f' || substr(r.key, strpos(r.key, E'\x1f') + 1),
                'UTF8'
            )), 'hex'), 40) || ':' || coalesce(r.repeat, 0)
            """
        )
