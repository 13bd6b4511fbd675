from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import ormcache

# So many leads get a task in one go; the scheduled action goes on with the rest.
MOST_LEADS = 500
WOKEN = "crm_suite_absence_woken"


class Absence(models.Model):
    """A lead that was given straight to somebody who is away: the cover looks after it.

    The lead stays his, whether it came by a form, a list, a mail or an assignment of the
    host; who covers gets a task about it, which comes back like all others.
    """

    _inherit = "crm.suite.absence"

    @api.model
    @ormcache()
    def _get_away_ids(self):
        """Who is away just now; asked with every lead that somebody gets.

        :rtype: frozenset[int]
        """
        away = self.sudo().search_fetch([("state", "=", "active")], ["user_id"])
        return frozenset(away.user_id.ids)

    @api.model
    def _wake_for(self, leads):
        """Let the scheduled action look, once in a transaction, if an owner is away."""
        away, data = self._get_away_ids(), self.env.cr.precommit.data
        if not away or data.get(WOKEN):
            return
        if any(lead.user_id.id in away for lead in leads.sudo()):
            data[WOKEN] = True
            self.env["ir.cron"]._crm_suite_wake("crm_suite_base.ir_cron_absences")

    def _move_work(self):
        result = super()._move_work()
        covers = self._cover_of(self.user_id, "leads")
        for absence in self:
            cover = self.env["res.users"].browse(covers.get(absence.user_id.id, ()))
            if cover:
                absence._hand_leads_to(cover, absence._find_new_leads())
        return result

    def _find_new_leads(self):
        """Open leads that became his since the departure, but for his own entries.

        As superuser: what he gets does not hang on who agreed to the absence.
        """
        self.ensure_one()
        leads = self.env["crm.lead"].sudo()
        known = self.env["crm.suite.absence.work"].sudo()
        handed = known._search(
            [("absence_id", "=", self.id), ("res_model", "=", leads._name)]
        )
        domain = Domain(
            [
                ("user_id", "=", self.user_id.id),
                ("date_open", ">=", self.date_from),
                ("create_uid", "!=", self.user_id.id),
                ("id", "not in", handed.subselect("res_id")),
            ]
        )
        return leads.search(
            domain & leads._assignable_open_domain(), order="id", limit=MOST_LEADS
        )

    def _hand_leads_to(self, cover, leads):
        if not leads:
            return
        local = self.with_context(lang=cover.lang or self.env.lang)
        summary = local.env._("New lead while %(user)s is away", user=self.user_id.name)
        kind = self.env.ref("mail.mail_activity_data_todo", raise_if_not_found=False)
        # One notice for all of them instead of one mail for each.
        activities = self.env["mail.activity"].with_context(
            mail_activity_quick_update=True
        )
        activities = activities.sudo().create(
            [
                {
                    "activity_type_id": kind.id if kind else False,
                    "summary": summary,
                    "date_deadline": fields.Date.context_today(local),
                    "res_model_id": self.env["ir.model"]._get_id(leads._name),
                    "res_id": lead.id,
                    "user_id": cover.id,
                }
                for lead in leads
            ]
        )
        self._note_activities(cover, activities, "lead")
        self._tell(
            cover,
            local.env._(
                "%(count)s new leads of %(user)s are yours to look after until the "
                "return.",
                count=len(leads),
                user=self.user_id.name,
            ),
        )
        if len(leads) == MOST_LEADS:
            self.env["ir.cron"]._crm_suite_wake("crm_suite_base.ir_cron_absences")


class CrmLead(models.Model):
    _inherit = "crm.lead"

    @api.model_create_multi
    def create(self, vals_list):
        leads = super().create(vals_list)
        self.env["crm.suite.absence"]._wake_for(leads)
        return leads

    def write(self, vals):
        result = super().write(vals)
        if vals.get("user_id"):
            self.env["crm.suite.absence"]._wake_for(self)
        return result
