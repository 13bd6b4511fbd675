"""Fields that tell what the application found or did: nobody writes them by hand.

A readonly field is readonly in the form only; a program could write into it whom a rule
shall obey, that a customer was reviewed, or that an order was agreed to. Our own code
writes them as superuser, with SQL, or below these methods: this file is loaded last.
"""

from itertools import chain

from odoo import api, models
from odoo.exceptions import AccessError

PARTNER = frozenset(
    {
        "crm_suite_approval_id",
        "crm_suite_blocks",
        "crm_suite_grade_date",
        "crm_suite_grade_override_user_id",
        "crm_suite_grade_rule_id",
        "crm_suite_grade_version",
        "crm_suite_keys",
        "crm_suite_lifecycle_date",
        "crm_suite_lifecycle_override_user_id",
        "crm_suite_lifecycle_rule_id",
        "crm_suite_lifecycle_version",
        "crm_suite_merge_id",
        "crm_suite_merged_into_id",
        "crm_suite_quality",
        "crm_suite_reviewed_by_id",
    }
)
LEAD = frozenset({"crm_suite_approval_id", "crm_suite_blocks", "crm_suite_keys"})
ORDER = frozenset({"crm_suite_approval_id"})
POOL = frozenset({"simulated", "simulated_at"})
SEGMENT = frozenset(
    {
        "definition_user_id",
        "member_count",
        "past_definitions",
        "problem",
        "refreshed_at",
        "refreshed_version",
        "used_by_ids",
        "used_segment_ids",
        "version",
    }
)


def _refuse(records, guarded, *vals_list):
    if records.env.su or all(guarded.isdisjoint(vals) for vals in vals_list):
        return
    names = sorted(guarded.intersection(chain.from_iterable(vals_list)))
    labels = [records._fields[name]._description_string(records.env) for name in names]
    raise AccessError(
        records.env._(
            "The application itself keeps %(fields)s: it cannot be written.",
            fields=", ".join(labels),
        )
    )


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        _refuse(self, PARTNER, *vals_list)
        return super().create(vals_list)

    def write(self, vals):
        _refuse(self, PARTNER, vals)
        return super().write(vals)


class CrmLead(models.Model):
    _inherit = "crm.lead"

    @api.model_create_multi
    def create(self, vals_list):
        _refuse(self, LEAD, *vals_list)
        return super().create(vals_list)

    def write(self, vals):
        _refuse(self, LEAD, vals)
        return super().write(vals)


class SaleOrder(models.Model):
    _inherit = "sale.order"

    @api.model_create_multi
    def create(self, vals_list):
        _refuse(self, ORDER, *vals_list)
        return super().create(vals_list)

    def write(self, vals):
        _refuse(self, ORDER, vals)
        return super().write(vals)


class Pool(models.Model):
    _inherit = "crm.suite.pool"

    @api.model_create_multi
    def create(self, vals_list):
        _refuse(self, POOL, *vals_list)
        return super().create(vals_list)

    def write(self, vals):
        _refuse(self, POOL, vals)
        return super().write(vals)


class Segment(models.Model):
    _inherit = "crm.suite.segment"

    def write(self, vals):
        _refuse(self, SEGMENT, vals)
        return super().write(vals)
