"""Open requests for access follow the record: who owns it by now decides."""

from odoo import api, models
from odoo.fields import Domain

OPEN = Domain("state", "=", "open")
# What the transaction gave to somebody else, by model.
MOVED = "crm_suite_access_moved"


class AccessRequest(models.Model):
    _inherit = "crm.suite.access.request"

    def _settle_deciders(self):
        """Put open requests to who decides about their records by now, and tell him."""
        # Whoever moves a record need not see who has asked for it.
        asked = self.sudo().filtered_domain(OPEN)
        moved = asked.browse()
        for records in asked._get_records():
            deciders = {
                record.id: record._crm_suite_access_decider() for record in records
            }
            for request in asked.filtered(lambda r, m=records._name: r.res_model == m):
                decider = deciders.get(request.res_id, request.decider_id)
                # Who has got the record is not asked for it by himself.
                if decider not in (request.decider_id, request.requester_id):
                    request.decider_id = decider
                    moved += request
        moved._tell_deciders()

    @api.model
    def _settle_about(self, records):
        """The owner of these records may be another one.

        Once, at the end of the transaction: a host that writes leads one by one does
        not ask about each of them.
        """
        hooks = self.env.cr.precommit
        if MOVED not in hooks.data:
            hooks.data[MOVED] = {}
            hooks.add(self.browse()._settle_moved)
        hooks.data[MOVED].setdefault(records._name, set()).update(records.ids)

    def _settle_moved(self):
        for model_name, ids in self.env.cr.precommit.data.pop(MOVED).items():
            about = Domain("res_model", "=", model_name)
            about &= Domain("res_id", "in", sorted(ids))
            # As above.
            self.sudo().search(OPEN & about)._settle_deciders()
        self.env.flush_all()

    @api.model
    def _settle_asked(self, users):
        """These people may not be the ones to decide any more."""
        # As above.
        self.sudo().search(
            OPEN & Domain("decider_id", "in", [*users.ids, False])
        )._settle_deciders()

    def _check_decidable(self):
        # What writes past the ORM may have moved the records.
        self._settle_deciders()
        return super()._check_decidable()


class ResPartner(models.Model):
    _inherit = "res.partner"

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"user_id", "crm_suite_team_id"}:
            self.env["crm.suite.access.request"]._settle_about(self)
        return result

    def _crm_suite_merge_done(self, survivor, losers, operation):
        result = super()._crm_suite_merge_done(survivor, losers, operation)
        self.env["crm.suite.access.request"]._settle_about(survivor)
        return result


class CrmLead(models.Model):
    _inherit = "crm.lead"

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"user_id", "team_id"}:
            self.env["crm.suite.access.request"]._settle_about(self)
        return result


class CrmTeam(models.Model):
    _inherit = "crm.team"

    def write(self, vals):
        before = self.user_id
        result = super().write(vals)
        if vals.keys() & {"user_id", "active", "crm_suite_parent_id"}:
            self.env["crm.suite.access.request"]._settle_asked(before)
        return result


class ResUsers(models.Model):
    _inherit = "res.users"

    def write(self, vals):
        result = super().write(vals)
        if vals.get("active") is False:
            self.env["crm.suite.access.request"]._settle_asked(self)
        return result


class OperationAccess(models.Model):
    _inherit = "crm.suite.operation"

    @api.model
    def _journal_volatile_fields(self, model_name):
        """Who decides follows from the record; undo asks anew."""
        fields = super()._journal_volatile_fields(model_name)
        if model_name == "crm.suite.access.request":
            return fields | {"decider_id"}
        return fields

    def _finish_undo(self, plan):
        result = super()._finish_undo(plan)
        asked = self.env["crm.suite.access.request"]
        for model in asked._request_models() & plan.updates.keys():
            asked._settle_about(self.env[model].browse(plan.updates[model]))
        return result
