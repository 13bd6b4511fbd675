from dataclasses import replace

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools.import_types import Problem
from ..tools.normalize import InvalidValue, normalize_name

_TYPED = ("boolean", "date", "datetime", "float", "integer")
# What a cell of a spreadsheet can hold. More is no value: a quotation mark that is not
# closed, or something else than a table.
LONGEST_CELL = 32_767
# With fewer columns than that a row of the user's own may look like the example.
_EXAMPLE_CELLS = 4


class ImportTarget(models.AbstractModel):
    """What rows of a file can become: the base of every import target.

    A target is an abstract model that inherits this one (or better one of its two
    workers: ``crm.suite.import.target.record`` for models whose hooks must run,
    ``crm.suite.import.target.table`` for plain tables of ours) and is announced in
    :meth:`_import_targets`. It says which columns it knows and what to do with a
    chunk of rows; reading, checking, chunks, counting, undo and screens are the
    batch's.
    """

    _name = "crm.suite.import.target"
    _description = "Import Target"

    # Model of the records that rows become.
    _import_model = None
    # Rows of one transaction: what is lost and done again after a crash.
    _import_chunk = 200
    # Whether rows can belong to other rows of the same file.
    _import_links_rows = False
    # Whether the database can bring in rows alone, see ``_import_bulk``.
    _import_is_bulk = False
    # Values that a row may add to the record of another row with the same key.
    _import_joined = ()
    # Whether two rows with the same key are a mistake.
    _import_rejects_repeats = True

    @api.model
    def _import_targets(self):
        """The targets that a user can choose; add yours in an override.

        :return: name of the target to name of its abstract model
        :rtype: dict[str, str]
        """
        return {
            "customer": "crm.suite.import.target.customer",
            "contact": "crm.suite.import.target.contact",
            "lead": "crm.suite.import.target.lead",
            "interaction": "crm.suite.import.target.call",
            "purchase": "crm.suite.import.target.purchase",
        }

    @api.model
    def _import_target(self, name):
        """The abstract model of the target called ``name``."""
        return self.env[self._import_targets()[name]]

    @api.model
    def _import_title(self):
        """:return: the target in the words of the user"""
        raise NotImplementedError

    @api.model
    def _import_columns(self):
        """What the columns of a file can mean; a hook.

        :rtype: list[odoo.addons.crm_suite_base.tools.import_types.Column]
        """
        raise NotImplementedError

    @api.model
    def _import_columns_in_languages(self):
        """The columns with their labels in every language: a colleague's template, or
        a file that came out of another program, may have been written in any."""
        columns = self._import_columns()
        labels = {column.name: set() for column in columns}
        for code, _name in self.env["res.lang"].get_installed():
            for column in self.with_context(lang=code)._import_columns():
                labels[column.name].add(column.label)
        return [
            replace(column, labels=tuple(sorted(labels[column.name] - {column.label})))
            for column in columns
        ]

    @api.model
    def _import_default_key(self, names):
        """The key of a file with the columns ``names`` for which nobody chose one.

        :rtype: tuple[str, ...]
        """
        return ()

    @api.model
    def _import_check_plan(self, plan):
        """Refuse a mapping with which no row could be imported.

        :raise UserError: says which column is missing
        """
        names = {mapped.column.name for mapped in plan.mapped}
        fields = {mapped.column.field for mapped in plan.mapped}
        missing = [
            column.label
            for column in self._import_columns()
            if column.required and column.field not in fields
        ]
        if missing:
            raise UserError(
                self.env._(
                    "No column of the file is %(columns)s. Choose one in the mapping.",
                    columns=", ".join(missing),
                )
            )
        unmapped = [name for name in plan.key if name not in names | fields]
        if unmapped:
            raise UserError(
                self.env._(
                    "Rows are to be recognised by %(key)s, but no column of the file is mapped to it.",
                    key=", ".join(self._import_labels(unmapped)),
                )
            )

    @api.model
    def _import_rows(self, plan, rows):
        """Bring ``rows`` in, or find out what would become of them.

        The caller runs this in a transaction that it may roll back. Every row gets
        an ``action`` and, unless it is rejected or would only be created, the id of
        its record. The failure of one row must not touch the others.

        :param Plan plan: settings; ``plan.dry`` if everything will be rolled back
        :param list[Row] rows: in the order of the file, without known problems
        """
        raise NotImplementedError

    @api.model
    def _import_example_rows(self):
        """Values by column name for the example rows of the template."""
        example = {
            column.name: column.example
            for column in self._import_columns()
            if column.example
        }
        return [example]

    @api.model
    def _import_example_cells(self, plan):
        """The example rows of the template, as the cells by which they are known.

        Only texts: numbers and days come back in many forms, and the user of the
        example is who fetched the template.

        :return: ``{index: text}`` of each row
        :rtype: list[dict]
        """
        told = [
            (entry.index, entry.column.name)
            for entry in plan.mapped
            if entry.column.kind not in _TYPED and entry.column.comodel != "res.users"
        ]
        rows = [
            {index: example[name] for index, name in told if name in example}
            for example in self._import_example_rows()
        ]
        return [row for row in rows if len(row) >= _EXAMPLE_CELLS]

    @api.model
    def _import_labels(self, names):
        labels = {}
        for column in self._import_columns():
            labels.setdefault(column.name, column.label)
            labels.setdefault(column.field, column.label)
        return [labels.get(name, name) for name in names]

    # ------------------------------------------------------------------
    # From the texts of a row to its values
    # ------------------------------------------------------------------

    @api.model
    def _import_convert(self, plan, cells):
        """The values of one row; plain conversion, nothing is looked up per row.

        :param list cells: as read from the file
        :return: values by column name (as they can be stored in JSON) and problems
        :rtype: tuple[dict, list[Problem]]
        """
        vals, problems, size = {}, [], len(cells)
        for mapped, name, convert, known in self._import_converters(plan):
            cell = cells[mapped.index] if mapped.index < size else None
            if cell.__class__ is str and (value := known.get(cell)) is not None:
                vals[name] = value
                continue
            text = cell.strip() if cell.__class__ is str else cell
            if text is None or text == "":
                if plan.clear_empty:
                    vals.setdefault(name, None)
                continue
            try:
                if text.__class__ is str and len(text) > LONGEST_CELL:
                    self._import_refuse_length(text)
                value = convert(text, vals)
            except ValueError as error:
                problems.append(self._import_problem(mapped, error))
                continue
            if value is not None:
                vals[name] = value
            if "notes" in plan.memory:
                for note in plan.memory.pop("notes"):
                    problems.append(Problem(mapped.index, mapped.header, note, True))
        self._import_complete(plan, vals, problems)
        return vals, problems

    @api.model
    def _import_refuse_length(self, text):
        raise ValueError(
            self.env._(
                "“%(start)s…” has %(count)s characters; a cell may have %(most)s.",
                start=text[:20],
                count=len(text),
                most=LONGEST_CELL,
            )
        )

    @api.model
    def _import_complete(self, plan, vals, problems):
        """Look at the finished values of a row: what is missing, what follows."""
        for names, index, header in self._import_required(plan):
            if vals.keys().isdisjoint(names):
                if not any(problem.index == index for problem in problems):
                    text = self.env._("A value is required.")
                    problems.append(Problem(index, header, text))

    def _import_respell(self, plan, vals, problems, spellings):
        """Put values into the one spelling in which they are stored.

        :param dict spellings: by name of the column, a function of the text that raises
            ``ValueError`` for one that is wrong
        """
        for name, respell in spellings.items():
            if not vals.get(name):
                continue
            try:
                vals[name] = respell(str(vals[name]))
            except ValueError as error:
                vals.pop(name)
                problems.append(self._import_problem(plan.by_field[name][0], error))

    def _import_website(self, text):
        return self.env["res.partner"]._clean_website(text.strip())

    @api.model
    def _import_required(self, plan):
        """Names of which a row needs one, with the column of the file."""
        if "required" not in plan.memory:
            required = {}
            for column in self._import_columns():
                if column.required:
                    required.setdefault(column.field, []).append(column.name)
            plan.memory["required"] = [
                (tuple(names), *plan.where(field)) for field, names in required.items()
            ]
        return plan.memory["required"]

    @api.model
    def _import_problem(self, mapped, error):
        """What is wrong with a cell, in the words of the user."""
        if isinstance(error, InvalidValue):
            rule = self.env["res.partner"]._crm_suite_rule_text(error.field, error.rule)
            value = str(error.value).strip()
            text = self.env._("“%(value)s”: %(rule)s", value=value, rule=rule)
        else:
            text = error.text(self.env) if hasattr(error, "text") else str(error)
        return Problem(mapped.index, mapped.header, text)

    @api.model
    def _import_country_code(self, plan, country_id):
        """ISO code of the country by which a number is read."""
        codes = plan.memory.setdefault("country codes", {})
        if country_id not in codes:
            country = self.env["res.country"].browse(country_id or ())
            codes[country_id] = (country or self.env.company.country_id).code or None
        return codes[country_id]

    @api.model
    def _import_key_text(self, plan, vals):
        """The key of a row as text: rows of one file with the same text are one.

        :return: None if the row has no key
        """
        parts = [self._import_key_part(name, vals) for name in plan.key]
        if not any(parts):
            name = vals.get("name")
            return f"\x1e{normalize_name(str(name)).casefold()}" if name else None
        return "\x1f".join(parts)

    @api.model
    def _import_key_part(self, name, vals):
        value = vals.get(name)
        if value is None:
            value = next(
                (vals[other] for other in vals if other.partition("/")[0] == name), ""
            )
        return str(value).casefold() if value is not None else ""

    @api.model
    def _import_links(self, vals):
        """Names by which other rows of the file find this one, and whom it names.

        :return: label, code and parent, each normalised or None
        """
        return None, None, None

    @api.model
    def _import_known_links(self, vals_list):
        """Link texts of rows whose parent or customer exists already.

        :rtype: set[str]
        """
        return set()

    @api.model
    def _import_unknown(self, plan):
        """Rows whose parent or customer does not exist yet, as far as one query can
        tell; what :meth:`_import_known_links` says counts in the end.

        :return: condition on a row ``r``
        :rtype: SQL
        """
        return SQL("TRUE")

    @api.model
    def _import_implied(self, plan, texts):
        """Values of the records that rows name and that do not exist yet.

        :param dict[str, dict] texts: what rows say about them, by their link text
        :return: values, as :meth:`_import_convert` makes them, by link text
        :rtype: dict[str, dict]
        """
        return {}
