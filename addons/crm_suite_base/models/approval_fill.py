from odoo import fields, models
from odoo.exceptions import AccessError, UserError

# Types that have an input in the window of the decision; the others are filled in on
# the document.
INPUTS = {
    "boolean": "boolean",
    "char": "char",
    "date": "date",
    "datetime": "datetime",
    "float": "float",
    "integer": "integer",
    "many2one": "many2one",
    "monetary": "float",
    "selection": "selection",
    "text": "text",
}
NUMBERS = ("integer", "float", "monetary")
# Nothing may be what was meant.
NEVER_MISSING = (*NUMBERS, "boolean")
LONGEST = 100_000


class ApprovalTask(models.Model):
    """Filling in what a step of the flow asks for, with the decision itself."""

    _inherit = "crm.suite.approval.task"

    def _get_fill_spec(self):
        """The inputs of a task to fill in, and what the fields say now.

        :return: ``{"model", "names", "fields": {name: description}, "values", "others":
            labels of the fields that have no input here}``
        :rtype: dict
        """
        self.ensure_one()
        # The flow asks this person for these fields, whatever else of the document is
        # closed to him; what they say now is told to those who may read it.
        document = self.sudo().request_id._get_document()
        names = self.fill_fields or [] if self.kind == "fill" and document else []
        known = [name for name in names if name in document._fields]
        inputs = [name for name in known if document._fields[name].type in INPUTS]
        return {
            "model": document._name,
            "names": inputs,
            "fields": {n: self._describe_fill(document, n) for n in inputs},
            "values": {n: self._get_fill_value(document, n) for n in inputs},
            "others": [
                document._fields[name]._description_string(self.env)
                for name in known
                if name not in inputs
            ],
        }

    def _describe_fill(self, document, name):
        field = document._fields[name]
        spec = {
            "name": name,
            "type": INPUTS[field.type],
            "string": field._description_string(self.env),
            "help": field._description_help(self.env) or "",
            "required": field.type not in NEVER_MISSING,
        }
        if field.type == "many2one":
            spec["relation"] = field.comodel_name
        if field.type == "selection":
            spec["selection"] = field._description_selection(self.env)
        return spec

    def _get_fill_value(self, document, name):
        field, own = document._fields[name], document.sudo(False)
        if not own.has_access("read") or not own._has_field_access(field, "read"):
            return False
        [row] = own.read([name])
        value = row[name]
        if field.type == "many2one":
            return {"id": value[0], "display_name": value[1]} if value else False
        if field.type == "datetime":
            return fields.Datetime.to_string(value)
        return fields.Date.to_string(value) if field.type == "date" else value

    def _fill(self, values):
        """Write what the person was asked to fill in."""
        if self.kind != "fill":
            return
        names = set(self.fill_fields or ())
        if wrong := (values or {}).keys() - names:
            raise UserError(
                self.env._(
                    "%(field)s is not asked for here. What is: %(fields)s.",
                    field=sorted(wrong, key=str)[0],
                    fields=", ".join(sorted(names)),
                )
            )
        document = self.request_id._get_document()
        if values:
            read = {n: self._read_fill(document, n, v) for n, v in values.items()}
            # The flow asks this person for exactly these fields.
            with self.request_id._changing(self._get_visit()):
                document.write(read)
        missing = [
            document._fields[name]._description_string(self.env)
            for name in self.fill_fields or ()
            if name in document._fields
            and document._fields[name].type not in NEVER_MISSING
            and not document[name]
        ]
        if missing:
            raise UserError(
                self.env._("Fill in %(fields)s first.", fields=", ".join(missing))
            )

    def _get_visit(self):
        """The visit of the step at which the task is, in the engine."""
        return self.request_id.position["tasks"][self.key]["visit"]

    def _read_fill(self, document, name, value):
        """A value that was filled in, as the ORM wants it.

        :raise UserError: it is no value of the field
        """
        field = document._fields[name]
        try:
            return self._convert_fill(document, field, value)
        except (TypeError, ValueError, OverflowError) as error:
            raise UserError(
                self.env._(
                    "“%(value)s” is no value for “%(field)s”.",
                    value=str(value)[:80],
                    field=field._description_string(self.env),
                )
            ) from error

    def _convert_fill(self, document, field, value):
        if field.type in ("one2many", "many2many"):
            # Commands may make and change other records: only by who could himself.
            self.env[field.comodel_name].sudo(False).check_access("write")
            return value
        if field.type == "boolean":
            if not isinstance(value, bool):
                raise TypeError(value)
            return value
        if value is None or value is False or value == "":
            return False
        if field.type == "many2one":
            return self._find_filled(field, value)
        if field.type in NUMBERS:
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise TypeError(value)
            return int(value) if field.type == "integer" else float(value)
        if not isinstance(value, str) or "\0" in value or len(value) > LONGEST:
            raise TypeError(value)
        if field.type == "selection" and value not in field.get_values(self.env):
            raise ValueError(value)
        convert = {
            "date": fields.Date.to_date,
            "datetime": fields.Datetime.to_datetime,
        }.get(field.type)
        return convert(value) if convert else value.strip()

    def _find_filled(self, field, value):
        """A record that is filled in: one that the person can see."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise TypeError(value)
        record = self.env[field.comodel_name].sudo(False).browse(value).exists()
        try:
            record.check_access("read")
        except AccessError:
            record = record.browse()
        if not record:
            raise ValueError(value)
        return record.id
