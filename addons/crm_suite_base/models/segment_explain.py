from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.segment_definition import is_group
from .arguments import is_id

PARTNER = "crm_suite_explain_partner"


class Segment(models.Model):
    """Why a customer is in a segment, or is not."""

    _inherit = "crm.suite.segment"

    @api.readonly
    def explain_member(self, partner_id):
        """Say why a customer is in this segment, or why not.

        Whether a condition is met is found with the rights of the author of the
        conditions, as the membership is; values are shown as far as the reader may
        see them.

        :param int partner_id: a customer, or a contact of one
        :return: as ``explain()``: each condition is a step, met or not, with the value
        :rtype: dict
        """
        return self.with_context(**{PARTNER: partner_id}).explain("member")

    @api.model
    def _explain_topics(self):
        return {*super()._explain_topics(), "member"}

    def _explain_member(self):
        partner = self.env["res.partner"].browse(
            named if is_id(named := self.env.context.get(PARTNER)) else ()
        )
        if not partner.exists():
            raise UserError(
                self.env._("Name the customer: explain_member(id of the customer).")
            )
        partner._crm_suite_check_visible()
        return self._explain_customer(partner)

    def _explain_customer(self, partner):
        """The raw data of the explanation, see ``crm.suite.explain.mixin``."""
        customer = partner.commercial_partner_id
        customer._crm_suite_check_visible()
        member = self.env["crm.suite.segment.member"].search(
            [("segment_id", "=", self.id), ("partner_id", "=", customer.id)],
            order="left_at desc, id desc",
            limit=1,
        )
        inside = bool(member) and not member.left_at
        steps, fits = [], inside
        if self.kind == "dynamic":
            steps, fits = self._explain_conditions(customer)
        return {
            "title": self.name,
            "sentence": self._explain_sentence(customer, member, steps),
            "result": {
                "name": "member",
                "label": self.env._("In the segment"),
                "value": inside,
            },
            "rule": self,
            "version": self.version,
            "steps": steps,
            "at": (member.left_at or member.entered_at) if member else None,
            "note": self._explain_note(inside, fits),
        }

    def _explain_sentence(self, customer, member, steps):
        names = {"customer": customer.display_name, "segment": self.name}
        if member and not member.left_at:
            return self.env._(
                "%(customer)s is in “%(segment)s” since %(day)s. %(reason)s",
                day=self._explained_day(member.entered_at),
                reason=member.reason_text or "",
                **names,
            )
        unmet = sum(step["met"] is False for step in steps)
        if member:
            return self.env._(
                "%(customer)s left “%(segment)s” on %(day)s. %(reason)s",
                day=self._explained_day(member.left_at),
                reason=member.left_text or "",
                **names,
            )
        if not steps:
            return self.env._("%(customer)s was never put into “%(segment)s”.", **names)
        return self.env._(
            "%(customer)s is not in “%(segment)s”: %(count)s of the conditions below not met.",
            count=unmet,
            **names,
        )

    def _explained_day(self, moment):
        local = fields.Datetime.context_timestamp(self, moment)
        return self._explained_moment(local.date())

    def _explain_note(self, inside, fits):
        if self.problem:
            return self.problem
        if self.kind == "dynamic" and inside != fits:
            return self.env._(
                "The customer changed since the members were last found. The next update, within minutes, takes it over."
            )
        return ""

    def _explain_conditions(self, customer):
        """Each condition as a step.

        :return: the steps, and whether the customer fits
        :rtype: tuple[list[dict], bool]
        """
        try:
            author = self._get_evaluation()
            is_customer = bool(
                author._search_customers(self._no_conditions(), customer.ids)
            )
        except AccessError as error:
            return [{"text": error.args[0], "met": False}], False
        reader = self.with_context(allowed_company_ids=self.company_id.ids)
        steps = [
            {
                "text": self.env._("is a customer that the author of the segment sees"),
                "met": is_customer,
            }
        ]
        definition = self.definition or self._no_conditions()
        fits = reader._explain_group(author, definition, customer, False, steps)
        return steps, fits and is_customer

    @api.model
    def _no_conditions(self):
        return {"op": "all", "items": []}

    def _explain_group(self, author, group, customer, negated, steps, depth=0):
        """Add the steps of a group, and say whether the group is met."""
        heads = {
            "all": self.env._("all of:"),
            "any": self.env._("at least one of:"),
            "none": self.env._("none of:"),
        }
        head = {"text": "", "met": None}
        if depth or group["op"] != "all":
            steps.append(head)
        inner = negated ^ (group["op"] == "none")
        results = []
        for item in group["items"]:
            if is_group(item):
                met = self._explain_group(
                    author, item, customer, inner, steps, depth + 1
                )
            else:
                met = self._explain_condition(author, item, customer, inner, steps)
            results.append(met)
        met = any(results) if group["op"] == "any" and results else all(results)
        if group["op"] == "none":
            met = not any(results)
        head.update(text=heads[group["op"]], met=met)
        return met

    def _explain_condition(self, author, condition, customer, negated, steps):
        """Add the step of a condition; in "none of" it counts the other way round."""
        catalogue = self._get_catalogue()
        domain = author._compile_condition(
            author._get_catalogue(), condition, customer.ids
        )
        partners = author.env["res.partner"].with_context(active_test=False)
        met = bool(partners._search(domain & fields.Domain("id", "in", customer.ids)))
        text = self._describe_condition(catalogue, condition)
        if negated:
            text = self.env._("not: %(what)s", what=text)
        if value := self._explain_value(catalogue, condition, customer):
            text = self.env._(
                "%(condition)s – now %(value)s", condition=text, value=value
            )
        steps.append({"text": text, "met": met ^ negated})
        return met

    def _explain_value(self, catalogue, condition, customer):
        """The customer's own value in words, if the reader may see it."""
        entry = self._find_entry(catalogue, condition)
        if not entry or not entry.get("value"):
            return ""
        if customer._pool_hides(condition.get("field")):
            return ""
        try:
            value = getattr(self, entry["value"])(condition, entry, customer)
        except AccessError:
            return ""
        if not isinstance(value, dict):
            value = {"value": value}
        return self._explained_text(value)
