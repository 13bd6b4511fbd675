from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import plaintext2html

from .res_partner import ROLE


class ResPartner(models.Model):
    """How good the record of a customer is, and keeping it so."""

    _inherit = "res.partner"

    crm_suite_quality = fields.Integer(
        string="Data Quality",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
        aggregator="avg",
        help="From 0 to 100: how complete, valid, fresh and unique the record is.",
    )
    crm_suite_quality_hint = fields.Char(
        string="What to Improve",
        compute="_compute_crm_suite_quality_hint",
        groups=ROLE,
        help="The criteria that the customer does not meet, the weightiest first.",
    )
    crm_suite_reviewed_on = fields.Date(
        string="Data Reviewed On",
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
        help="When somebody last confirmed that the data is right.",
    )
    crm_suite_reviewed_by_id = fields.Many2one(
        "res.users",
        string="Data Reviewed By",
        index="btree_not_null",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )

    # The lists of the application filter by owner; the host has no index on it.
    _crm_suite_quality_idx = models.Index(
        "(user_id, crm_suite_quality) WHERE crm_suite_lifecycle_id IS NOT NULL"
    )

    @api.depends("crm_suite_quality")
    @api.depends_context("lang", "uid")
    def _compute_crm_suite_quality_hint(self):
        criteria = self.env["crm.suite.quality.criterion"]
        missing = criteria._find_missing(self)
        for partner in self:
            partner.crm_suite_quality_hint = " · ".join(missing.get(partner.id, ()))

    # === REVIEW === #

    def action_crm_suite_reviewed(self):
        """Say that the data of these customers is right as of today.

        :rtype: dict
        """
        self._crm_suite_check_role()
        self.check_access("write")
        operations = self.env["crm.suite.operation"]
        with operations._record_mass_edit(
            self, ["crm_suite_reviewed_on"], self.env._("Data reviewed")
        ):
            # The right to write was checked; who reviewed is kept by nobody else.
            self.sudo().write(
                {
                    "crm_suite_reviewed_on": fields.Date.context_today(self),
                    "crm_suite_reviewed_by_id": self.env.uid,
                }
            )
            self._crm_suite_close_reviews()
            self.env["crm.suite.quality.criterion"]._recalculate(
                self.commercial_partner_id.ids
            )
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    def _crm_suite_close_reviews(self):
        """What was asked for is done: the open requests for a review go."""
        kind = self.env.ref("crm_suite_base.activity_type_review")
        activities = self.env["mail.activity"].search(
            [
                ("res_model", "=", "res.partner"),
                ("res_id", "in", self.ids),
                ("activity_type_id", "=", kind.id),
                ("user_id", "in", [self.env.uid, False]),
            ]
        )
        activities.action_feedback()

    def action_crm_suite_ask_review(self):
        """Ask the owners to review the data of these customers.

        Customers without an owner, and those with an open request, are left out.

        :rtype: dict
        """
        self._crm_suite_check_role()
        self.check_access("write")
        customers = self.commercial_partner_id.filtered("user_id")
        if not customers:
            raise UserError(
                self.env._("None of these customers has an owner. Give them one first.")
            )
        kind = self.env.ref("crm_suite_base.activity_type_review")
        asked = (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "res.partner"),
                    ("res_id", "in", customers.ids),
                    ("activity_type_id", "=", kind.id),
                ]
            )
        )
        customers -= customers.browse(asked.mapped("res_id"))
        operations = self.env["crm.suite.operation"]
        with operations.record(
            "other",
            name=self.env._(
                "Reviews asked for: %(count)s customers", count=len(customers)
            ),
            res_model="mail.activity",
        ) as operation:
            customers._crm_suite_schedule_reviews(kind)
        return operation._get_notification_action()

    def _crm_suite_schedule_reviews(self, kind):
        """Add the activities of a review, all at once and without mails."""
        model_id = self.env["ir.model"]._get_id("res.partner")
        deadline = kind._get_date_deadline()
        self.env["mail.activity"].with_context(mail_activity_quick_update=True).create(
            [
                {
                    "activity_type_id": kind.id,
                    "res_model_id": model_id,
                    "res_id": customer.id,
                    "user_id": customer.user_id.id,
                    "summary": self.env._("Review the data"),
                    "note": plaintext2html(customer.crm_suite_quality_hint or ""),
                    "date_deadline": deadline,
                }
                for customer in self
            ]
        )

    # === WHY === #

    @api.model
    def _explain_topics(self):
        return super()._explain_topics() | {"quality"}

    def _explain_quality(self):
        customer = self.commercial_partner_id
        criteria, met = self.env["crm.suite.quality.criterion"]._find_met(customer)
        closed = criteria.filtered(lambda criterion: criterion._is_closed(self.env))
        told = criteria - closed
        missing = told - met
        if missing:
            sentence = self.env._(
                "%(met)s of %(all)s criteria are met. To improve: %(open)s.",
                met=len(told & met),
                all=len(told),
                open=", ".join(missing.mapped("name")),
            )
        elif closed:
            sentence = self.env._("Nothing is missing of what you may see.")
        else:
            sentence = self.env._("Nothing is missing.")
        return {
            "title": self.env._("Data quality"),
            "sentence": sentence,
            "result": {
                "name": "crm_suite_quality",
                "value": customer.crm_suite_quality,
            },
            "inputs": self._crm_suite_quality_inputs(told, met),
            "steps": [
                {"text": criterion._get_told_name(self.env)}
                if criterion in closed
                else self._crm_suite_quality_step(criterion, criterion in met)
                for criterion in criteria
            ],
            "note": self._crm_suite_reviewed_note(customer),
        }

    def _crm_suite_quality_step(self, criterion, met):
        text = self.env._(
            "%(criterion)s (weight %(weight)s)",
            criterion=criterion.name,
            weight=criterion.published["weight"],
        )
        if not met and criterion.hint:
            text = f"{text} – {criterion.hint}"
        return {"text": text, "met": met}

    def _crm_suite_quality_inputs(self, criteria, met):
        """The four dimensions, each in percent."""
        labels = dict(criteria._fields["dimension"]._description_selection(self.env))
        inputs = []
        for dimension, label in labels.items():
            asked = criteria.filtered(lambda c, d=dimension: c.dimension == d)
            if asked:
                weights = {c: c.published["weight"] for c in asked}
                share = sum(weights[c] for c in asked & met) / sum(weights.values())
                inputs.append(
                    {
                        "name": dimension,
                        "label": label,
                        "type": "char",
                        "value": f"{round(100 * share)} %",
                    }
                )
        return inputs

    def _crm_suite_reviewed_note(self, customer):
        if not customer.crm_suite_reviewed_on:
            return self.env._("Nobody has confirmed the data yet.")
        return self.env._(
            "Confirmed by %(user)s on %(date)s.",
            user=customer.crm_suite_reviewed_by_id.sudo().name or "–",
            date=self._explained_moment(customer.crm_suite_reviewed_on),
        )
