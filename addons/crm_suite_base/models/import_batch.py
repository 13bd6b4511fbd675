import base64
import io

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools.import_files import ErrorFileWriter
from ..tools.import_types import Mapped, Plan
from .arguments import check_one

# Up to so many rows the answer is waited for; more are left to the workers.
SMALL = 500
AT_WORK = ("checking", "running")
# How many problems an answer to a program carries.
SHOWN_PROBLEMS = 100
PROTECTED = {
    "attempts",
    "date_end",
    "date_start",
    "is_loaded",
    "loaded",
    "message",
    "operation_id",
    "phase",
    "preview",
    "row_ids",
    "run_operation_id",
    "state",
    "totals",
    "user_id",
}
_COUNTED = {
    "created": "create",
    "updated": "update",
    "unchanged": "unchanged",
    "rejected": "reject",
}


class ImportBatch(models.Model):
    """A file on its way into the database.

    ``draft`` → (:meth:`action_preview`) ``previewed`` → (:meth:`action_dry_run`)
    ``checking`` → ``ready`` → (:meth:`action_run`) ``running`` → ``done``;
    ``cancelled`` and ``failed`` batches go on with :meth:`action_run` where they
    were. What was imported is taken back by :meth:`action_undo`.

    Every method a program calls returns the same dictionary, see :meth:`progress`.
    """

    _name = "crm.suite.import.batch"
    _inherit = ["crm.suite.import.settings"]
    _description = "Import"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True, readonly=False)
    file = fields.Binary(attachment=True, copy=False, exportable=False)
    file_name = fields.Char(copy=False)
    profile_id = fields.Many2one("crm.suite.import.profile", index="btree_not_null")
    state = fields.Selection(
        [
            ("draft", "File"),
            ("previewed", "Preview"),
            ("checking", "Dry run under way"),
            ("ready", "Dry run"),
            ("running", "Running"),
            ("done", "Done"),
            ("cancelled", "Cancelled"),
            ("failed", "Failed"),
        ],
        required=True,
        readonly=True,
        default="draft",
        copy=False,
        index=True,
    )
    phase = fields.Selection(
        [
            ("load", "Reading the file"),
            ("check", "Checking the rows"),
            ("prepare", "Creating what is missing"),
            ("import", "Importing the rows"),
        ],
        readonly=True,
        copy=False,
    )
    mapping = fields.Json(
        copy=False,
        help="The columns of the file with their meaning: index, header, field and "
        "options of each.",
    )
    preview = fields.Json(readonly=True, copy=False, exportable=False)
    loaded = fields.Integer(string="Rows Read From File", readonly=True, copy=False)
    is_loaded = fields.Boolean(readonly=True, copy=False)
    attempts = fields.Integer(readonly=True, copy=False)
    message = fields.Text(string="What Went Wrong", readonly=True, copy=False)
    totals = fields.Json(readonly=True, copy=False, exportable=False)
    read_count = fields.Integer(string="Rows", compute="_compute_counts")
    created_count = fields.Integer(string="Created", compute="_compute_counts")
    updated_count = fields.Integer(string="Updated", compute="_compute_counts")
    unchanged_count = fields.Integer(string="Unchanged", compute="_compute_counts")
    rejected_count = fields.Integer(string="Rejected", compute="_compute_counts")
    pending_count = fields.Integer(string="Waiting", compute="_compute_counts")
    implied_count = fields.Integer(
        string="Also Created",
        compute="_compute_counts",
        help="Companies and customers that rows only name.",
    )
    progress_percent = fields.Float(string="Progress", compute="_compute_counts")
    row_ids = fields.One2many("crm.suite.import.row", "batch_id", string="File Rows")
    operation_id = fields.Many2one(
        "crm.suite.operation",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    run_operation_id = fields.Many2one(
        "crm.suite.operation",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The part of the operation that the present run writes to.",
    )
    operation_state = fields.Selection(
        related="operation_id.state", related_sudo=True, string="Operation State"
    )
    can_undo = fields.Boolean(related="operation_id.can_undo", related_sudo=True)
    undo_until = fields.Datetime(related="operation_id.undo_until", related_sudo=True)
    user_id = fields.Many2one(
        "res.users",
        string="Imported By",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.user,
    )
    company_id = fields.Many2one(
        "res.company",
        required=True,
        index=True,
        default=lambda self: self.env.company,
    )
    date_start = fields.Datetime(string="Started", readonly=True, copy=False)
    date_end = fields.Datetime(string="Ended", readonly=True, copy=False)
    error_file = fields.Binary(compute="_compute_error_file", exportable=False)
    error_file_name = fields.Char(compute="_compute_error_file", exportable=False)

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("file_name", "target")
    def _compute_name(self):
        titles = dict(self._fields["target"]._description_selection(self.env))
        for batch in self:
            batch.name = batch.file_name or titles.get(batch.target)

    @api.depends("state", "loaded")
    def _compute_counts(self):
        counts = self._count_rows()
        for batch in self:
            count = counts[batch.id] if batch.id in counts else {}
            count = count or dict.fromkeys(self._count_names(), 0)
            for name in self._count_names():
                batch[f"{name}_count"] = count[name]
            batch.progress_percent = batch._get_percent(count)

    @api.model
    def _count_names(self):
        return ("read", *_COUNTED, "pending", "implied")

    def _count_rows(self):
        """What became of the rows, or would become after a dry run.

        Rows read = created + updated + unchanged + rejected + pending, always.

        :rtype: dict[int, dict[str, int]]
        """
        finished = {batch.id: dict(batch.totals) for batch in self if batch.totals}
        ids = [id_ for id_ in self._origin.ids if id_ not in finished]
        result = {id_: dict.fromkeys(self._count_names(), 0) for id_ in ids}
        if not ids:
            return {**result, **finished}
        self.env.flush_all()
        for batch_id, kind, state, planned, count in self.env.execute_query(
            SQL(
                """
                SELECT batch_id, kind, state, planned, count(*)
                  FROM crm_suite_import_row
                 WHERE batch_id = ANY(%s)
              GROUP BY batch_id, kind, state, planned
                """,
                ids,
            )
        ):
            batch = self.browse(batch_id)
            name = state
            if state in ("new", "pending"):
                name = "pending"
                if batch.state in ("checking", "ready", "previewed") and planned:
                    name = next(
                        key for key, plan in _COUNTED.items() if plan == planned
                    )
            if kind == "row":
                result[batch_id]["read"] += count
                result[batch_id][name] += count
            elif name == "created":
                result[batch_id]["implied"] += count
        return {**result, **finished}

    def _get_percent(self, count):
        if self.state in ("ready", "done"):
            return 100.0
        if self.phase == "load":
            lines = (self.preview or {}).get("line_count")
            return min(99.0, 100.0 * self.loaded / lines) if lines else 0.0
        if not count["read"]:
            return 0.0
        return 100.0 * (count["read"] - count["pending"]) / count["read"]

    def _compute_error_file(self):
        for batch in self:
            content = batch._write_error_file()
            batch.error_file = base64.b64encode(content)
            stem = (batch.file_name or batch.name or "").rpartition(".")[0]
            batch.error_file_name = self.env._(
                "%(file)s - rejected rows.xlsx", file=stem or batch.name
            )

    def _write_error_file(self):
        """The rejected rows with their reasons, ready to be fixed and imported."""
        self.check_access("read")
        output = io.BytesIO()
        headers = [column["header"] for column in self.mapping or []]
        row_label, error_label = self.env._("Row"), self.env._("Error")
        with ErrorFileWriter(output, headers, row_label, error_label) as writer:
            for row in self._iter_rejected():
                writer.write_row(row.number, row.raw or [], row.message or "")
        return output.getvalue()

    def _iter_rejected(self):
        """Rejected rows in portions, so that a million of them fit into memory."""
        last = -1
        domain = [("batch_id", "=", self.id), ("kind", "=", "row")]
        domain += ["|", ("state", "=", "rejected"), ("planned", "=", "reject")]
        domain += [("state", "not in", ("created", "updated", "unchanged"))]
        while True:
            rows = self.env["crm.suite.import.row"].search_fetch(
                [*domain, ("number", ">", last)],
                ["number", "raw", "message"],
                limit=2000,
                order="number",
            )
            if not rows:
                return
            yield from rows
            last = rows[-1].number
            rows.invalidate_recordset(flush=False)

    # ------------------------------------------------------------------
    # CRUD
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        profiles = self.env["crm.suite.import.profile"]
        for vals in vals_list:
            self._check_protected(vals)
            self._check_given(vals)
            profile = profiles.browse(vals.get("profile_id") or ())
            if profile:
                vals.update({**profile._get_settings(), **vals})
        batches = super().create(vals_list)
        for batch in batches:
            if batch.file and not batch.mapping:
                batch._try_preview()
        return batches

    def write(self, vals):
        """Another file or another way to read it makes a new preview necessary."""
        self._check_protected(vals)
        self._check_given(vals)
        locked = set(self._settings_fields()) | {"file", "mapping", "profile_id"}
        if locked & set(vals) and not self.env.su:
            for batch in self:
                if batch.state not in ("draft", "previewed", "ready"):
                    raise UserError(
                        self.env._(
                            "“%(name)s” has been started; make a new import instead.",
                            name=batch.name,
                        )
                    )
        result = super().write(vals)
        if self.env.su:
            return result
        if self._reading_fields() & set(vals):
            for batch in self.filtered("file"):
                batch._try_preview()
        elif locked & set(vals):
            batches = self.sudo()
            batches.filtered(lambda batch: batch.state == "ready").state = "previewed"
            batches.is_loaded = False
            self._refresh_hints()
        return result

    @api.model
    def _check_protected(self, vals):
        """What an import has done, and as whom, is not for callers to say.

        The workers act as the user of the batch: whoever could set it would be able
        to write as anybody.
        """
        if not self.env.su and (protected := PROTECTED & set(vals)):
            raise AccessError(
                self.env._(
                    "%(fields)s: set by the import itself.",
                    fields=", ".join(sorted(protected)),
                )
            )

    @api.model
    def _reading_fields(self):
        return {
            "file",
            "encoding",
            "delimiter",
            "sheet",
            "header_row",
            "target",
            "profile_id",
        }

    @api.ondelete(at_uninstall=False)
    def _unlink_except_at_work(self):
        for batch in self:
            if batch.state in AT_WORK:
                raise UserError(
                    self.env._(
                        "“%(name)s” is at work. Cancel it first.", name=batch.name
                    )
                )

    @api.onchange("profile_id")
    def _onchange_profile_id(self):
        if self.profile_id:
            self.update(self.profile_id._get_settings())

    def _try_preview(self):
        """Look into a new file; one that is refused waits for another way to read it."""
        try:
            with self.env.cr.savepoint():
                self._preview()
        except UserError as error:
            self.sudo().message = str(error)

    # ------------------------------------------------------------------
    # What users and programs call
    # ------------------------------------------------------------------

    def action_preview(self):
        """Read the beginning of the file and guess what its columns mean.

        :return: see :meth:`progress`
        """
        check_one(self)
        self.check_access("write")
        self._require_state("draft", "previewed", "ready")
        self._preview()
        return self._result()

    def action_dry_run(self):
        """Find out what :meth:`action_run` would do, row by row, changing nothing.

        Up to 500 rows are checked at once; more are left to the workers, and
        :meth:`progress` tells how far they are.

        :return: see :meth:`progress`; the counts are what would become of the rows
        """
        check_one(self)
        self.check_access("write")
        self._require_state("draft", "previewed", "ready")
        if self.state == "draft":
            self._preview()
        self._check_plan()
        self._start("checking")
        return self._result()

    def action_run(self):
        """Import the rows; also goes on with a cancelled or failed batch.

        :return: see :meth:`progress`
        """
        check_one(self)
        self.check_access("write")
        self._require_state("draft", "previewed", "ready", "cancelled", "failed")
        self._check_not_undone()
        if self.state == "draft":
            self._preview()
        self._check_plan()
        self._start("running")
        return self._result()

    def action_show_undo(self):
        """Show what an undo would do, before doing it."""
        check_one(self)
        return self.operation_id.action_show_undo()

    def action_cancel(self):
        """Stop; what is imported stays until :meth:`action_undo`.

        :return: see :meth:`progress`
        """
        check_one(self)
        self.check_access("write")
        self._require_state(*AT_WORK)
        self._close_run()
        if self.state == "checking":
            self.sudo().write({"state": "previewed", "phase": False})
        else:
            end = fields.Datetime.now()
            self.sudo().write({"state": "cancelled", "date_end": end})
        return self._result()

    def action_undo(self):
        """Take back what the import changed and nobody has changed since.

        :return: what ``crm.suite.operation.action_undo`` returns, and ``import``: see
            :meth:`progress`
        """
        check_one(self)
        self.check_access("write")
        self._require_state("done", "cancelled", "failed")
        if not self.operation_id:
            raise UserError(
                self.env._("Nothing was imported, so there is nothing to undo.")
            )
        result = self.operation_id.action_undo()
        self.invalidate_recordset()
        return {
            **(result if isinstance(result, dict) else {}),
            "import": self._result(),
        }

    # The buttons of the form; the web client takes an answer for an action to do.

    def button_preview(self):
        self.action_preview()

    def button_dry_run(self):
        self.action_dry_run()

    def button_run(self):
        self.action_run()

    def button_cancel(self):
        self.action_cancel()

    @api.readonly
    def progress(self):
        """How far the import is.

        :return: ``id``, ``name``, ``state``, ``phase``, ``percent``, the counts
            ``read`` = ``created`` + ``updated`` + ``unchanged`` + ``rejected`` +
            ``pending``, ``implied`` (customers and companies created because rows
            name them), ``message`` (why it failed), ``problems`` (the first 100:
            ``row``, ``column``, ``message``), ``key`` (the fields by which rows are
            recognised), ``operation_id``, ``undo_until``
        :rtype: dict
        """
        check_one(self)
        self.check_access("read")
        return self._result()

    @api.model
    @api.readonly
    def get_columns(self, target):
        """What the columns of a file can mean, for the mapping.

        :param str target: customer, contact, lead, interaction, purchase or an addon's
            own
        :return: ``name``, ``label``, ``required`` and ``key`` of every column
        :rtype: list[dict]
        """
        self.check_access("read")
        self._check_target(target)
        targets = self.env["crm.suite.import.target"]
        return [
            {
                "name": column.name,
                "label": column.label,
                "required": column.required,
                "key": column.key,
            }
            for column in targets._import_target(target)._import_columns()
        ]

    def _result(self):
        self.ensure_one()
        self.invalidate_recordset(["read_count"])
        count = self._count_rows()[self.id]
        until = self.operation_state != "undone" and self.sudo().operation_id.undo_until
        return {
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "phase": self.phase or False,
            "percent": round(self._get_percent(count), 1),
            **{name: count[name] for name in self._count_names()},
            "message": self.message or False,
            "problems": self._get_problems(),
            "key": self.key_choice["names"],
            "operation_id": self.operation_id.id or False,
            "undo_until": fields.Datetime.to_string(until) if until else False,
        }

    def _get_problems(self):
        rows = self.env["crm.suite.import.row"].search_fetch(
            [("batch_id", "=", self.id), ("message", "!=", False)],
            ["number", "problems", "message"],
            limit=SHOWN_PROBLEMS,
            order="number",
        )
        result = []
        for row in rows:
            for _index, column, text, _warning in row.problems or ():
                result.append({"row": row.number, "column": column, "message": text})
        return result

    def action_error_file(self):
        """Download the rejected rows with their reasons, to fix and import again."""
        return self._download("error_file", "error_file_name")

    def action_open_rows(self):
        """Show the rows, the rejected ones first in sight."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.import_row_action"
        )
        action["domain"] = [("batch_id", "=", self.id)]
        context = {"search_default_rejected": bool(self.rejected_count)}
        action["context"] = context
        return action

    def action_open_operation(self):
        """Show what was changed, and undo all or parts of it."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "res_model": "crm.suite.operation",
            "res_id": self.operation_id.id,
            "views": [(False, "form")],
        }

    def action_remember(self):
        """Keep the mapping and the choices as a profile, or renew the chosen one."""
        self.ensure_one()
        profile = self.profile_id
        if not profile or not profile.has_access("write"):
            profile = profile.create({"name": self.name, **self._get_settings()})
            self.sudo().profile_id = profile
        else:
            profile.write(self._get_settings())
        profile._remember(self.mapping or [])
        return True

    # ------------------------------------------------------------------
    # Helpers
    # ------------------------------------------------------------------

    def _target(self):
        return self.env["crm.suite.import.target"]._import_target(self.target)

    def _require_state(self, *states):
        for batch in self:
            if batch.state not in states:
                labels = dict(self._fields["state"]._description_selection(self.env))
                raise UserError(
                    self.env._(
                        "“%(name)s” cannot do this in the state “%(state)s”.",
                        name=batch.name,
                        state=labels[batch.state],
                    )
                )

    def _check_not_undone(self):
        """A further part of what was undone would be one that its undo does not know.

        :raise UserError: with who undid the import, and when
        """
        operation = self.sudo().operation_id
        if operation.state == "undone":
            raise UserError(operation._explain_undone())

    def _plan(self, dry=False):
        """The settings of the batch as the targets want them."""
        self.ensure_one()
        columns = {column.name: column for column in self._target()._import_columns()}
        mapped = [
            Mapped(
                entry["index"],
                entry["header"],
                columns[entry["field"]],
                entry.get("options") or {},
            )
            for entry in self.mapping or []
            if entry.get("field") in columns
        ]
        return Plan(
            batch_id=self.id,
            mapped=mapped,
            key=tuple(self.key_choice["names"]),
            mode=self.mode,
            duplicate_policy=self.duplicate_policy,
            clear_empty=self.clear_empty,
            create_missing=self.create_missing,
            dry=dry,
            defaults=self._get_defaults(),
            operation=None if dry else self.run_operation_id,
            reading={
                "date_order": self.date_order or None,
                "separator": {"point": ".", "comma": ","}.get(self.decimal_separator),
            },
        )

    def _get_defaults(self):
        return {
            "default_type": self.default_type,
            "country_id": self.default_country_id.id,
            "user_id": self.default_user_id.id,
            "crm_suite_team_id": self.default_team_id.id,
            "crm_suite_lifecycle_id": self.default_lifecycle_id.id,
            "crm_suite_source_id": self.default_source_id.id,
        }
