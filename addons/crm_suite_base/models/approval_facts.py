from odoo import api, fields, models, tools
from odoo.exceptions import UserError

from ..tools.expression import ExpressionProblem, Signature, compile_expression
from ..tools.expression_records import RecordReader, describe_models, is_open

# What conditions may ask beside the fields of the document.
FUNCTIONS = {
    "has_role": Signature(("record", "text"), "boolean"),
    "manager": Signature(("record", "number"), "record:res.users", optional=1),
    "outranks": Signature(("record", "record"), "boolean"),
    # Of the document: who leads its team, and who has a role in its customer's team.
    "team_lead": Signature((), "record:res.users"),
    "team_role": Signature(("text",), "records:res.users"),
}
NAMES = {"submitter": "res.users", "user": "res.users"}
JUDGED = {("res.partner", "credit_limit")}
ALIASES = {"sale.order": {"lines": "order_line"}}


class ApprovalFacts(models.AbstractModel):
    """Reads of a document what conditions and criteria ask.

    As superuser: where a document goes must not depend on the rights of who acts. What
    is read is compared and not handed out.
    """

    _name = "crm.suite.approval.facts"
    _description = "Facts of Documents"

    @api.model
    def _describe(self):
        """The fields that expressions may name, model by model."""
        return describe_models(
            self.env(su=True), names=NAMES, aliases=ALIASES, allow=self._allows
        )

    @api.model
    def _allows(self, field):
        """Whether conditions may name a field: what every user of the suite may read,
        and what is judged though only accountants see it. Hook."""
        return is_open(field) or (field.model_name, field.name) in JUDGED

    @api.model
    @tools.ormcache("source", "model_name", "expect", "many")
    def _compile(self, source, model_name, expect="boolean", many=False):
        return compile_expression(
            source,
            self._describe(),
            model_name,
            functions=FUNCTIONS,
            expect=expect,
            many=many,
        )

    @api.model
    def _find_people(self, source, document, submitter):
        """The ids of the users whom an expression gives: one, several or none.

        :rtype: list[int]
        """
        found = self._evaluate(source, document, submitter, "record:res.users", True)
        found = found if isinstance(found, list) else [found]
        return list(dict.fromkeys(user_id for user_id in found if user_id))

    @api.model
    def _evaluate(self, source, document, submitter, expect="boolean", many=False):
        """:raise UserError: where the expression does not fit the document any more"""
        try:
            expression = self._compile(source, document._name, expect, many)
        except ExpressionProblem as problem:
            raise UserError(
                self.env._(
                    "“%(expression)s” cannot be evaluated: %(problem)s",
                    expression=source,
                    problem=problem.text,
                )
            ) from problem
        return expression.evaluate(self._reader(document, submitter))[0]

    @api.model
    def _reader(self, document, submitter):
        people = self.env["crm.suite.approval.people"]
        return RecordReader(
            document.sudo(),
            today=fields.Date.context_today(document),
            zone=submitter.tz or "UTC",
            names={"submitter": [submitter.id], "user": [submitter.id]},
            functions={
                "has_role": self._call_has_role,
                "manager": self._call_manager,
                "outranks": self._call_outranks,
                "team_lead": lambda rows: (
                    [people._team_leader(document).id] * len(rows)
                ),
                "team_role": lambda rows: [
                    people._in_customer_team(document, role).ids for (role,) in rows
                ],
            },
        )

    @api.model
    def _call_has_role(self, rows):
        users = self.env["res.users"].sudo()
        return [
            bool(user_id and name and users.browse(user_id)._crm_suite_in_team(name))
            for user_id, name in rows
        ]

    @api.model
    def _call_manager(self, rows):
        users, found = self.env["res.users"].sudo(), []
        for row in rows:
            level = int(row[1] or 1) if len(row) > 1 else 1
            above = row[0] and users.browse(row[0])._crm_suite_superiors()
            found.append(above[level - 1 : level].id or None if above else None)
        return found

    @api.model
    def _call_outranks(self, rows):
        users = self.env["res.users"].sudo()
        return [
            bool(one and two and one in users.browse(two)._crm_suite_superiors().ids)
            for one, two in rows
        ]

    # === CRITERIA === #

    @api.model
    def _fact(self, name, document):
        """The value of a criterion as JSON: a field, or an expression of the document.

        :param str name: ``amount_total``, ``max(lines.discount)``
        """
        field = document._fields.get(name)
        if field is None:
            submitter = document.env.user
            return _plain(self._evaluate(name, document, submitter, "any"))
        value = document.sudo()[name]
        if isinstance(value, models.BaseModel):
            return sorted(value._origin.ids if value._origin else value.ids)
        return _plain(value)


def _plain(value):
    """A value as JSON can keep it; money as a number."""
    amount = getattr(value, "amount", value)
    if amount is None or isinstance(amount, bool | int | float | str):
        return amount
    if isinstance(amount, list | tuple):
        return [_plain(item) for item in amount]
    try:
        return float(amount)
    except (TypeError, ValueError):
        return str(amount)
