import hashlib

import psycopg2

from odoo import api, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from ..tools.retry import is_try_again


class ImportTargetDirect(models.AbstractModel):
    """Lines that become records while the file is read, a page of them at once.

    The same lines as in ``_import_bulk``, with the same values: sound, new, of a
    customer who is found. They cost one COPY; nothing is read back.
    """

    _inherit = "crm.suite.import.target.table"

    @api.model
    def _import_direct(self, plan, lines):
        """Insert the lines that can be inserted without a second look.

        :param list[tuple[dict, str]] lines: values and key of sound rows, the first
            of their key
        :return: ids of the records by position
        :rtype: dict[int, int]
        """
        self.env[self._import_model].check_access("create")
        try:
            with self.env.cr.savepoint():
                made = self._import_direct_insert(plan, lines)
                self._import_check_created(list(made.values()))
        except (psycopg2.Error, AccessError) as error:
            if is_try_again(error):
                raise
            is_known = isinstance(error, psycopg2.errors.UniqueViolation)
            if is_known and not plan.memory.get("may be known"):
                # Most files are new as a whole, and the index says so at once; from
                # here on it is asked what is known.
                plan.memory["may be known"] = True
                return self._import_direct(plan, lines)
            # Some value does not fit, some line is not allowed: they are found one
            # by one.
            return {}
        return made

    def _import_direct_insert(self, plan, lines):
        found = self._import_direct_partners([vals for vals, _key in lines])
        links = self._import_bulk_links(plan, lambda name: _texts(lines, name))
        found = {
            position: partner
            for position, partner in found.items()
            if all(_is_found(link, lines[position][0]) for link in links.values())
        }
        keys = {}
        for position, partner in found.items():
            # Two rows may call one customer by two names: the second one waits.
            keys.setdefault(_line_key(partner[0], lines[position][1]), position)
        if plan.memory.get("may be known"):
            for key in self._import_known_keys(list(keys)):
                del keys[key]
        if not keys:
            return {}
        chosen = [(lines[at][0], found[at]) for at in keys.values()]
        values = self._import_direct_values(plan, chosen, links)
        values["import_key"] = list(keys)
        ids = self._import_new_ids(len(keys))
        plan.operation.log_copy(self._import_model, ids, values)
        return dict(zip(keys.values(), ids, strict=True))

    def _import_direct_partners(self, vals_list):
        """Customers of the lines for which there is exactly one.

        :return: id and commercial id by position
        :rtype: dict[int, tuple[int, int]]
        """
        named, texts = {}, {}
        for position, vals in enumerate(vals_list):
            by, text = self._import_partner_text(vals)
            if by:
                named[position] = by, text
                texts.setdefault(by, set()).add(text)
        found = {}
        for by, words in texts.items():
            query = self._import_partner_query(by, list(words))
            for text, *ids in self.env.execute_query(query):
                # Whom two customers share is nobody's.
                found[by, text] = None if (by, text) in found else ids
        partners = ((position, found.get(name)) for position, name in named.items())
        return {position: ids for position, ids in partners if ids}

    def _import_known_keys(self, keys):
        """Those ``keys`` of which there are records already.

        :rtype: list[str]
        """
        query = SQL(
            """
            SELECT import_key FROM %s
             WHERE company_id = %s AND import_key = ANY(%s::varchar[])
               AND import_key IS NOT NULL
            """,
            SQL.identifier(self.env[self._import_model]._table),
            self.env.company.id,
            # One text is parsed in no time, thousands of them are not; they are
            # figures and letters only.
            f"{{{','.join(keys)}}}",
        )
        return [key for (key,) in self.env.execute_query(query)]

    def _import_direct_values(self, plan, chosen, links):
        """What :meth:`_import_bulk_values` says in SQL.

        :param list[tuple[dict, tuple[int, int]]] chosen: values of the rows, with the
            ids of their customers
        :return: the values of each column of the table
        :rtype: dict[str, list]
        """
        constants = self._import_constants(plan)
        partners = {"partner_id": 0, "commercial_partner_id": 1}
        values = {}
        for name in self._import_table_columns:
            default = constants.get(name)
            if name in partners:
                values[name] = [ids[partners[name]] for _vals, ids in chosen]
            elif name in links:
                text, ids = links[name].text, links[name].ids
                values[name] = [
                    ids.get(vals.get(text)) or default for vals, _ids in chosen
                ]
            elif name in self._import_plain_columns and name in plan.by_field:
                values[name] = [vals.get(name, default) for vals, _ids in chosen]
            elif name in constants:
                values[name] = [default] * len(chosen)
        return values


def _texts(lines, name):
    """The distinct texts that lines have under ``name``."""
    return {vals[name] for vals, _key in lines if vals.get(name)}


def _is_found(link, vals):
    """Whether nothing but the record of the link is missing from a line."""
    text = vals.get(link.text)
    return not link.strict or text is None or text in link.ids


def _line_key(partner_id, key):
    """What ``_import_set_key`` computes for the first line of a key."""
    rest = key.partition("\x1f")[2]
    digest = hashlib.sha256(f"{partner_id}\x1f{rest}".encode()).hexdigest()
    return f"{digest[:40]}:0"
