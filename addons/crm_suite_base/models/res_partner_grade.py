from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError

from ..tools.loose_many2one import LooseMany2one
from .res_partner import ROLE
from .rule_match import DEFAULT_HOLD, get_today

# Who may put a grade above what the rules say.
GRADERS = (
    "crm_suite_base.group_crm_suite_sales_lead,"
    "crm_suite_base.group_crm_suite_marketing_manager,"
    "crm_suite_base.group_crm_suite_service_manager,"
    "crm_suite_base.group_crm_suite_data_steward"
)
GRADE = "crm_suite_grade_id"
OVERRIDE = "crm_suite_grade_override_id"
DETAILS = frozenset(
    {"crm_suite_grade_override_reason", "crm_suite_grade_override_until"}
)


class ResPartner(models.Model):
    """What kind of customer it is, and its grade."""

    _name = "res.partner"
    _inherit = ["res.partner", "crm.suite.explain.mixin"]

    crm_suite_type = fields.Selection(
        [
            ("potential", "Potential customer"),
            ("existing", "Existing customer"),
            ("key", "Key customer"),
            ("partner", "Partner"),
            ("supplier", "Supplier"),
            ("competitor", "Competitor"),
            ("lost", "Lost customer"),
            ("other", "Other"),
        ],
        string="Customer Type",
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_grade_id = fields.Many2one(
        "crm.suite.grade",
        string="Grade",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
        group_expand="_crm_suite_expand_grade",
        help="Given by the grade rules from figures and facts, or by a person.",
    )
    crm_suite_grade_date = fields.Datetime(
        string="Grade Since",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    # A run writes it for everybody; see ``reference_loose.py``.
    crm_suite_grade_rule_id = LooseMany2one(
        "crm.suite.grade.rule",
        string="Grade by Rule",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_grade_version = fields.Integer(
        string="Version of the Grade Rule",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
        aggregator=None,
    )
    crm_suite_grade_override_id = fields.Many2one(
        "crm.suite.grade",
        string="Grade by Hand",
        index="btree_not_null",
        ondelete="restrict",
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
        help="Given by a person; the rules leave it alone until it expires.",
    )
    crm_suite_grade_override_reason = fields.Char(
        string="Reason of the Grade", copy=False, prefetch="crm_suite", groups=ROLE
    )
    crm_suite_grade_override_until = fields.Date(
        string="Grade by Hand Until",
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
        help="The last day; empty: until somebody changes it. A program or an import that "
        "does not name it gives as many days as the settings say.",
    )
    crm_suite_grade_override_user_id = fields.Many2one(
        "res.users",
        string="Grade Given By",
        index="btree_not_null",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )

    def _crm_suite_expand_grade(self, grades, domain):
        """All grades as columns of the kanban, also the empty ones."""
        # A handful, by design.  pylint: disable-next=no-search-all
        return grades.search([])

    # === GRADES BY HAND === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if vals.get(GRADE) or vals.get(OVERRIDE):
                vals.update(self._crm_suite_grade_by_hand(vals))
        return super().create(vals_list)

    def write(self, vals):
        if GRADE in vals or OVERRIDE in vals:
            vals = {**vals, **self._crm_suite_grade_by_hand(vals)}
        elif not DETAILS.isdisjoint(vals):
            self._crm_suite_check_grader(vals)
        return super().write(vals)

    def _crm_suite_check_grader(self, vals):
        """Who gives grades says why and until when; a day that is over says nothing."""
        if self.env.su:
            return
        if not self.env.user.has_groups(GRADERS):
            raise AccessError(
                self.env._(
                    "Grades are given by the rules. Ask a sales lead or a data steward "
                    "for another one."
                )
            )
        self._crm_suite_check_until(vals.get("crm_suite_grade_override_until"))

    @api.model
    def _crm_suite_check_until(self, until):
        until = fields.Date.to_date(until)
        if until and until < get_today(self.env.company):
            raise UserError(self.env._("The last day is over already."))

    @api.model
    def _crm_suite_hold_until(self):
        """The last day of a decision by hand of which nobody said how long it holds."""
        days = (
            self.env["ir.config_parameter"]
            .sudo()
            .get_param("crm_suite_base.override_days")
        )
        days = int(days) if (days or "").isdigit() else DEFAULT_HOLD
        return get_today(self.env.company) + timedelta(days=days)

    def _crm_suite_grade_by_hand(self, vals):
        """Complete a grade that a person, an import or a program gives.

        The rules write their own with SQL; whatever comes here is a decision of
        somebody, which the rules leave alone.
        """
        self._crm_suite_check_grader(vals)
        grade_id = vals[OVERRIDE] if OVERRIDE in vals else vals[GRADE]
        if not grade_id:
            # The next run of the rules decides; until then there is none by hand.
            return {
                OVERRIDE: False,
                "crm_suite_grade_override_reason": False,
                "crm_suite_grade_override_until": False,
                "crm_suite_grade_override_user_id": False,
            }
        return {
            GRADE: grade_id,
            OVERRIDE: grade_id,
            "crm_suite_grade_override_reason": vals.get(
                "crm_suite_grade_override_reason"
            )
            or self.env._("Given by hand"),
            # Without an end it lasts only where somebody says so, as the window does.
            "crm_suite_grade_override_until": vals.get(
                "crm_suite_grade_override_until", self._crm_suite_hold_until()
            )
            or False,
            "crm_suite_grade_override_user_id": self.env.uid,
            "crm_suite_grade_date": fields.Datetime.now(),
            "crm_suite_grade_rule_id": False,
            "crm_suite_grade_version": 0,
        }

    # === WHY === #

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"grade"}

    def _explain_grade(self):
        customer = self.commercial_partner_id
        rules = self.env["crm.suite.grade.rule"]
        grade = customer.crm_suite_grade_id
        answer = {
            "title": self.env._("Grade"),
            "result": {"name": GRADE, "value": grade},
            "at": customer.crm_suite_grade_date,
        }
        if customer.crm_suite_grade_override_id:
            told = customer._crm_suite_explain_override("grade")
            sentence = self._crm_suite_add_effects(told["sentence"], grade)
            return {**answer, **told, "sentence": sentence}
        story = rules._tell(customer)
        rule = customer.crm_suite_grade_rule_id.sudo()
        is_closed = bool(rule) and rule._is_closed(self.env)
        if is_closed:
            sentence = self.env._(
                "A rule about figures that you may not see gives the grade %(grade)s.",
                grade=grade.name,
            )
        elif rule:
            sentence = self.env._(
                "The rule “%(rule)s” gives the grade %(grade)s.",
                rule=rule.name,
                grade=grade.name,
            )
        elif grade:
            sentence = self.env._("The grade was given by a rule that is gone.")
        else:
            sentence = self.env._("No rule fits, so there is no grade.")
        return {
            **answer,
            "sentence": self._crm_suite_add_effects(sentence, grade),
            "rule": None if is_closed else rule,
            "version": customer.crm_suite_grade_version,
            "inputs": story["inputs"],
            "steps": story["steps"],
            "note": self._crm_suite_explain_pending(
                story, rule.id, customer.crm_suite_lifecycle_id
            ),
        }

    def _crm_suite_add_effects(self, sentence, grade):
        """Say after why a customer has its grade what follows from it."""
        effects = grade.sudo()._describe_effects()
        if not effects:
            return sentence
        return self.env._(
            "%(sentence)s What it brings: %(effects)s.",
            sentence=sentence,
            effects=effects,
        )

    def _crm_suite_explain_pending(self, story, rule_id, is_managed):
        """Say where the facts of now lead elsewhere than the last run did."""
        if not is_managed:
            return self.env._("Only customers with a lifecycle stage are looked at.")
        if story["decided"] == (rule_id or None):
            return ""
        if story["decided_name"]:
            return self.env._(
                "By the facts of now “%(rule)s” decides; the next run brings that.",
                rule=story["decided_name"],
            )
        return self.env._("By the facts of now no rule fits; the next run brings that.")

    def _crm_suite_explain_override(self, topic):
        """Why a grade or stage is as a person wants it.

        :param str topic: ``grade`` or ``lifecycle``
        """
        prefix = f"crm_suite_{topic}_override"
        user = self[f"{prefix}_user_id"].sudo().name or self.env._("Somebody")
        until = self[f"{prefix}_until"]
        names = {"user": user, "result": self[f"{prefix}_id"].name}
        if until:
            sentence = self.env._(
                "%(user)s decided on %(result)s until %(date)s.",
                date=self._explained_moment(until),
                **names,
            )
        else:
            sentence = self.env._("%(user)s decided on %(result)s.", **names)
        return {
            "sentence": sentence,
            "inputs": [
                {"name": f"{prefix}_reason", "value": self[f"{prefix}_reason"]},
                {"name": f"{prefix}_until", "value": until or None},
            ],
            "note": self.env._("The rules leave it alone until then.")
            if until
            else self.env._("The rules leave it alone until somebody changes it."),
        }
