from odoo import api, fields, models
from odoo.tools import SQL, split_every, sql

from ..tools.duplicate_keys import make_blocks, make_keys

ROLE = "crm_suite_base.group_crm_suite_user"
BATCH = 5_000
# With a short list of pending entries (kB): without one each write of the host would pay
# for the index, and a long one would be read by every look-up of an import.
BLOCKS_INDEX = (
    "USING gin (crm_suite_blocks) WITH (gin_pending_list_limit = 64)"
    " WHERE crm_suite_blocks IS NOT NULL"
)


class DuplicateMixin(models.AbstractModel):
    """Records of which one person or company should have only one.

    A model joins by inheriting this and saying, in a thin adapter, from which of its
    columns the keys come (:meth:`_duplicate_key_fields`, :meth:`_duplicate_values`),
    which records count (:meth:`_duplicate_scope`) and, in its ``create`` and ``write``,
    when to look (``duplicate_entry``).

    *Keys* are the folded values by which two records are compared, *blocks* the short
    texts of which duplicates share at least one; see ``tools/duplicate_keys.py``. Both
    are written along with the record itself. One index over the blocks serves all
    questions, exact and similar.
    """

    _name = "crm.suite.duplicate.mixin"
    _description = "Recognised Duplicates"

    crm_suite_keys = fields.Json(
        string="Duplicate Keys",
        compute="_compute_crm_suite_keys",
        store=True,
        copy=False,
        prefetch=False,
        exportable=False,
        groups=ROLE,
    )
    crm_suite_blocks = fields.Json(
        string="Duplicate Blocks",
        compute="_compute_crm_suite_keys",
        store=True,
        copy=False,
        prefetch=False,
        exportable=False,
        groups=ROLE,
    )

    # === HOOKS OF THE ADAPTER === #

    @api.model
    def _duplicate_key_fields(self):
        """Name the stored columns from which the keys come. Hook.

        :rtype: list[str]
        """
        return []

    @api.model
    def _duplicate_late_fields(self):
        """Name those columns of which the keys follow only while a rule asks for them
        (``duplicate_late``). Hook.
        """
        return ()

    @api.model
    def _duplicate_values(self, row):
        """Say what the columns mean. Hook.

        :param dict row: the values of :meth:`_duplicate_key_fields` of one record; of
            a many2one only whether there is one counts
        :return: values for :func:`~odoo.addons.crm_suite_base.tools.duplicate_keys.make_keys`
        :rtype: dict
        """
        raise NotImplementedError

    @api.model
    def _duplicate_depends(self):
        """Name further paths on which the keys depend. Hook; see :meth:`_duplicate_more`.

        :rtype: list[str]
        """
        return []

    @api.model
    def _duplicate_more(self, ids):
        """Phones and e-mails of records that are kept elsewhere. Hook.

        :return: lists by ``phones`` and ``emails``, by id
        :rtype: dict[int, dict[str, list[str]]]
        """
        return {}

    @api.model
    def _duplicate_scope(self, alias):
        """Which records of the table can be somebody's duplicate. Hook.

        :param str alias: alias of the table of the model
        :rtype: SQL
        """
        return SQL("TRUE")

    def _duplicate_checked(self):
        """The records of ``self`` that are checked when they are entered. Hook."""
        return self

    def _duplicate_keyed(self):
        """The records of ``self`` that need keys: all that may ever be checked. Hook;
        what it depends on is named by :meth:`_duplicate_depends`.
        """
        return self

    @api.model
    def _duplicate_keyed_sql(self, alias):
        """The same as a condition. Hook.

        :rtype: SQL
        """
        return SQL("TRUE")

    def _duplicate_relatives(self):
        """Records that are alike with good reason: parents, the customer of a lead. Hook.

        :return: by id, pairs of a model name and an id
        :rtype: dict[int, set[tuple[str, int]]]
        """
        return {}

    @api.model
    def _duplicate_relative_pairs(self, target, pairs):
        """Those of many pairs that are alike with good reason: one query. Hook.

        :param str target: model of the records on the right
        :param list pairs: ids, of a record of this model and one of ``target``
        :rtype: set[tuple[int, int]]
        """
        return set()

    @api.model
    def _duplicate_merge_action(self, ids):
        """The action that opens the merge of some records. Hook.

        :rtype: dict
        """
        raise NotImplementedError

    @api.model
    def _duplicate_owner_field(self):
        """The field that says who looks after a record. Hook."""
        return "user_id"

    # === KEYS === #

    @api.depends(
        lambda self: (
            *(
                name
                for name in self._duplicate_key_fields()
                if name not in self._duplicate_late_fields()
            ),
            *self._duplicate_depends(),
        )
    )
    def _compute_crm_suite_keys(self):
        names = self._duplicate_key_fields()
        keyed = self._duplicate_keyed()
        (self - keyed).crm_suite_keys = False
        (self - keyed).crm_suite_blocks = False
        ids = [id_ for id_ in keyed.ids if id_]
        more = self._duplicate_more(ids) if ids else {}
        for record in keyed:
            row = {name: record[name] for name in names}
            keys = self._duplicate_keys(row, more.get(record.id))
            record.crm_suite_keys = keys
            record.crm_suite_blocks = make_blocks(keys)

    @api.model
    def _duplicate_keys(self, row, more=None):
        """The keys of one record.

        :param dict row: values of :meth:`_duplicate_key_fields`
        :param dict more: as of :meth:`_duplicate_more`
        :rtype: dict
        """
        values = self._duplicate_values(row)
        for name, further in (more or {}).items():
            values[name] = [*values[name], *further]
        return make_keys(values)

    def _auto_init(self):
        """Fill the keys of what is there by batches; the ORM would load each record."""
        fresh = (
            self._auto
            and not self._abstract
            and not sql.column_exists(self.env.cr, self._table, "crm_suite_blocks")
        )
        if fresh:
            for name in ("crm_suite_keys", "crm_suite_blocks"):
                sql.create_column(self.env.cr, self._table, name, "jsonb")
        return super()._auto_init()

    @api.model
    def _duplicate_fill(self, ids=None):
        """Make the keys of records anew, past the ORM.

        :param ids: of which records; ``None``: of all
        """
        if ids is None:
            last = 0
            while rows := self._duplicate_fill_page(SQL("id > %s", last), BATCH):
                last = rows[-1]["id"]
                self._duplicate_store_keys(rows)
        else:
            for some in split_every(BATCH, sorted(ids), list):
                rows = self._duplicate_fill_page(SQL("id = ANY(%s)", some), BATCH)
                self._duplicate_store_keys(rows)
        self.invalidate_model(["crm_suite_keys", "crm_suite_blocks"], flush=False)

    def _duplicate_fill_page(self, condition, limit):
        names = self._duplicate_key_fields()
        self.env.cr.execute(
            SQL(
                "SELECT id, %s, (%s) AS keyed FROM %s WHERE %s ORDER BY id LIMIT %s",
                SQL(", ").join(map(SQL.identifier, names)),
                self._duplicate_keyed_sql(self._table),
                SQL.identifier(self._table),
                condition,
                limit,
            )
        )
        return self.env.cr.dictfetchall()

    def _duplicate_store_keys(self, rows):
        filled = []
        more = self._duplicate_more([row["id"] for row in rows])
        for row in rows:
            keyed = row.pop("keyed")
            keys = self._duplicate_keys(row, more.get(row["id"])) if keyed else {}
            blocks = make_blocks(keys)
            # The ORM stores nothing for what is empty.
            filled.append(
                {"id": row["id"], "keys": keys or None, "blocks": blocks or None}
            )
        self.env.cr.execute(
            SQL(
                """
                UPDATE %s t SET crm_suite_keys = v.keys, crm_suite_blocks = v.blocks
                  FROM jsonb_to_recordset(%s) AS v(id int, keys jsonb, blocks jsonb)
                 WHERE t.id = v.id
                   AND (t.crm_suite_keys IS DISTINCT FROM v.keys
                        OR t.crm_suite_blocks IS DISTINCT FROM v.blocks)
                """,
                SQL.identifier(self._table),
                fields.Json().convert_to_column(filled, self, validate=False),
            )
        )
