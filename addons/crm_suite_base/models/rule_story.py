from odoo import api, models
from odoo.exceptions import AccessError

from .rule_match import check_readable, get_first_company, match_each
from .rule_words import describe_domain, get_field_names

# More figures than this explain nothing any more.
MAX_INPUTS = 8


class RuleStory(models.AbstractModel):
    """Telling of one customer which rules were tried and which one decided."""

    _inherit = "crm.suite.rule.mixin"

    @api.model
    def _tell(self, customer):
        """Try the rules in force on a customer by the facts of now.

        Of a rule over fields that are closed to the reader it is told only that it is
        there: whom it fits would tell what is in them.

        :return: ``{"decided": id of the rule or None, "decided_name", "result": record
            or empty, "steps": […], "inputs": […]}``, the latter two as
            ``crm.suite.explain.mixin`` takes them
        :rtype: dict
        """
        company_id = self._find_company(customer)
        rules = [
            rule
            for rule in self._get_published()
            if rule.values["company_id"] in (False, company_id)
        ]
        met = match_each(
            self.env, self._get_conditions(rules), customer.sudo(), company_id
        )
        first = min(met, default=None)
        decided = rules[first] if first is not None else None
        told = rules if decided is None else rules[: first + 1]
        records = {r.id: r for r in self.sudo().browse(rule.id for rule in told)}
        return {
            "decided": decided and decided.id,
            "decided_name": decided and records[decided.id]._get_told_name(self.env),
            "result": self._get_result(decided),
            "steps": [
                self._tell_rule(records[rule.id], rule, rank in met)
                for rank, rule in enumerate(told)
            ],
            "inputs": self._tell_inputs(customer, told, company_id),
        }

    def _tell_rule(self, record, rule, met):
        """A rule in force in one line, and whether it fits."""
        if record._is_closed(self.env):
            return {"text": record._get_told_name(self.env)}
        domain = self._parse_domain(rule.values["domain"])
        text = self.env._(
            "%(rule)s → %(result)s: %(condition)s",
            rule=record.name,
            result=self._get_result(rule).name,
            condition=describe_domain(self.env["res.partner"], domain),
        )
        return {"text": text, "met": met}

    def _is_closed(self, env):
        """Whether the rule looks at what the reader may not read.

        :param env: environment of the reader
        """
        # What an undone rule gave stays until the next run.
        text = self.published["domain"] if self.published else self.domain
        domain = self._parse_domain(text)
        try:
            check_readable(env["res.partner"], domain)
        except AccessError:
            return True
        return False

    def _get_told_name(self, env):
        """The name of the rule as the reader may know it.

        :param env: environment of the reader
        """
        if self._is_closed(env):
            return env._("A rule about figures that you may not see")
        return self.name

    @api.model
    def _get_result(self, rule):
        """What a rule gives, in the language of the reader; empty without a rule."""
        name = self._get_result_field()
        field = self._fields[name]
        ids = [rule.values[name]] if rule else []
        return self.env[field.comodel_name].sudo().browse(ids)

    @api.model
    def _get_result_field(self):
        """The field of a rule that says what it gives. Each rule set has its own.

        :rtype: str
        """
        raise NotImplementedError

    @api.model
    def _find_company(self, customer):
        """Whose figures count for a customer; see ``rule_match.open_scope``."""
        if company := customer.sudo().company_id:
            return company.id
        metric = (
            self.env["crm.suite.customer.metric"]
            .sudo()
            .search(
                [("partner_id", "=", customer.id)],
                order="purchase_count DESC NULLS LAST, company_id",
                limit=1,
            )
        )
        return (
            metric.company_id
            or customer.sudo().user_id.company_id
            or get_first_company(self.env)
        ).id

    def _tell_inputs(self, customer, rules, company_id):
        """What the rules looked at, with the values of the customer.

        Those of the rule that decided come first. Values are read with the rights of
        the reader: figures of a company that is not his stay away.
        """
        if company_id not in self.env.user.company_ids.ids and not self.env.su:
            return []
        names = {}
        for rule in reversed(rules):
            domain = self._parse_domain(rule.values["domain"])
            names.update(dict.fromkeys(get_field_names(domain)))
        viewed = customer.with_company(company_id)
        inputs = []
        for name in names:
            field = viewed._fields.get(name)
            if field is None or not viewed._has_field_access(field, "read"):
                continue
            if viewed._pool_hides(name):
                continue
            value = {"name": name, "value": viewed[name]}
            if field.type == "monetary":
                value["currency"] = viewed.env.company.currency_id
            if field.type in ("date", "datetime") and not value["value"]:
                value["value"] = None
            inputs.append(value)
        return inputs[:MAX_INPUTS]
