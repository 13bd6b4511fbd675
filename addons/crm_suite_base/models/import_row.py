from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools.import_types import Row
from ..tools.loose_many2one import LooseMany2one
from .about_mixin import open_form


class ImportRow(models.Model):
    """One row of an imported file: what it said and what became of it.

    The state of the rows is the truth about a batch: it changes in the transaction
    that writes the record, so a batch that died goes on where it was.
    """

    _name = "crm.suite.import.row"
    _description = "Imported Row"
    _order = "batch_id desc, kind desc, number, id"
    _log_access = False
    _rec_name = "number"

    batch_id = LooseMany2one(
        "crm.suite.import.batch", required=True, readonly=True, ondelete="cascade"
    )
    number = fields.Integer(
        string="Row", readonly=True, aggregator=None, help="As numbered in the file."
    )
    kind = fields.Selection(
        [("row", "Row of the file"), ("implied", "Named by rows")],
        required=True,
        readonly=True,
        default="row",
    )
    state = fields.Selection(
        [
            ("new", "Not checked"),
            ("pending", "Waiting"),
            ("created", "Created"),
            ("updated", "Updated"),
            ("unchanged", "Unchanged"),
            ("rejected", "Rejected"),
        ],
        required=True,
        readonly=True,
        default="pending",
    )
    planned = fields.Selection(
        [
            ("create", "Will be created"),
            ("update", "Will be updated"),
            ("unchanged", "Will not change"),
            ("reject", "Will be rejected"),
        ],
        string="Dry Run",
        readonly=True,
    )
    decision = fields.Selection(
        [
            ("update", "Update it"),
            ("skip", "Leave it as it is"),
            ("create", "Create another one"),
        ],
        string="If It Exists",
        help="For this row only; empty: as chosen for the file.",
    )
    raw = fields.Json(string="Values", help="The cells as they stand in the file.")
    vals = fields.Json(readonly=True, exportable=False)
    problems = fields.Json(readonly=True, exportable=False)
    message = fields.Text(string="Remark", readonly=True)
    res_id = fields.Integer(string="Record", readonly=True, aggregator=None)
    summary = fields.Char(compute="_compute_summary", string="Content")
    headers = fields.Json(compute="_compute_headers")
    key = fields.Char(readonly=True, exportable=False)
    label = fields.Char(readonly=True, exportable=False)
    code = fields.Char(readonly=True, exportable=False)
    parent = fields.Char(readonly=True, exportable=False)
    wave = fields.Integer(readonly=True, exportable=False, default=1)
    repeat = fields.Integer(readonly=True, exportable=False)
    first = fields.Integer(readonly=True, exportable=False)
    identical = fields.Boolean(readonly=True, exportable=False)

    _batch_idx = models.Index("(batch_id, state, number)")
    _todo_idx = models.Index(
        "(batch_id, state, wave, number) WHERE state IN ('new', 'pending')"
    )
    _label_idx = models.Index("(batch_id, label) WHERE label IS NOT NULL")
    _code_idx = models.Index("(batch_id, code) WHERE code IS NOT NULL")

    @api.depends("raw", "vals")
    def _compute_summary(self):
        for row in self:
            if row.kind == "implied":
                cells = [row.key]
            else:
                cells = row.raw or []
            texts = [str(cell).strip() for cell in cells if cell not in (None, "")]
            row.summary = " · ".join(text for text in texts[:6] if text)[:200]

    @api.depends("batch_id.mapping")
    def _compute_headers(self):
        for row in self:
            row.headers = [column["header"] for column in row.batch_id.mapping or []]

    @api.depends("number", "batch_id")
    def _compute_display_name(self):
        for row in self:
            row.display_name = self.env._("Row %(number)s", number=row.number)

    def write(self, vals):
        """A corrected row is read again and waits for the next run."""
        raw = vals.get("raw") or []
        if not isinstance(raw, list) or not all(
            cell is None or isinstance(cell, bool | int | float | str) for cell in raw
        ):
            raise UserError(
                self.env._("The cells of a row are a list of texts and numbers.")
            )
        if self.env.su:
            return super().write(vals)
        if set(vals) - {"raw", "decision"}:
            raise AccessError(
                self.env._("Only the values and the decision of a row can be changed.")
            )
        for batch in self.batch_id:
            if batch.state in ("checking", "running"):
                raise UserError(
                    self.env._(
                        "“%(name)s” is at work. Wait or cancel it.", name=batch.name
                    )
                )
        done = self.filtered(lambda row: row.state in ("created", "updated"))
        if done:
            raise UserError(
                self.env._(
                    "Row %(number)s is imported; change the record itself.",
                    number=done[0].number,
                )
            )
        result = super().write(vals)
        for batch, rows in self.grouped("batch_id").items():
            batch._read_again(rows)
        return result

    def action_retry(self):
        """Try corrected rows again, at once.

        :return: the state of the batch's rows after it, see ``action_run``
        """
        self.check_access("write")
        batch = self.batch_id.ensure_one()
        return batch._retry(self)

    def button_retry(self):
        self.action_retry()

    def action_open(self):
        """Show the record that the row became."""
        self.ensure_one()
        if not self.res_id:
            raise UserError(self.env._("This row has no record (yet)."))
        model = self.batch_id._target()._import_model
        if self.kind == "implied":
            model = "res.partner"
        return open_form(self.env, model, self.res_id)

    @api.model
    def _find_linked(self, batch_id, words):
        """Rows of a file by the names under which other rows speak of them.

        :return: tuples of word, row number, whether it was rejected, record id
        """
        words = [word for word in words if word]
        if not words:
            return []
        return self.env.execute_query(
            SQL(
                """
                SELECT word, number, rejected, res_id
                  FROM (
                    SELECT label AS word, number, res_id,
                           state = 'rejected' OR planned = 'reject' AS rejected
                      FROM crm_suite_import_row
                     WHERE batch_id = %(batch)s AND label = ANY(%(words)s)
                       AND first IS NULL
                 UNION
                    SELECT code, number, res_id,
                           state = 'rejected' OR planned = 'reject'
                      FROM crm_suite_import_row
                     WHERE batch_id = %(batch)s AND code = ANY(%(words)s)
                       AND first IS NULL
                  ) found
              ORDER BY number
                """,
                batch=batch_id,
                words=words,
            )
        )

    @api.model
    def _as_rows(self, records):
        """Tuples of the claim as plain rows for the target."""
        return [Row(*record) for record in records]
