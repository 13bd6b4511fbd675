from odoo import api, models

from .assignable_mixin import ASSIGNING
from .assignment_log import KEPT


class Absence(models.Model):
    """What comes in for somebody while he is away goes back to him at the return."""

    _inherit = "crm.suite.absence"

    @api.model
    def _note_records(self, logs):
        """Remember new records that somebody got in the place of who is away.

        :param logs: assignments
        """
        covered = {
            log: log.why["cover_for"]
            for log in logs
            if (log.why or {}).get("cover_for")
        }
        if not covered:
            return
        absences = self.sudo().search(
            [("user_id", "in", list(set(covered.values()))), ("state", "=", "active")]
        )
        by_user = {absence.user_id.id: absence for absence in absences}
        self.env["crm.suite.absence.work"].sudo().create(
            [
                {
                    "absence_id": by_user[user_id].id,
                    "cover_id": log.to_user_id.id,
                    "kind": "record",
                    "name": log.sudo().res_name,
                    "res_model": log.res_model,
                    "res_id": log.res_id,
                }
                for log, user_id in covered.items()
                if user_id in by_user
            ]
        )

    def _return_records(self):
        result = super()._return_records()
        works = self.work_ids.filtered(
            lambda w: w.kind == "record" and w.state == "open"
        )
        for model_name, group in works.grouped("res_model").items():
            if model_name in self.env:
                self._return_records_of(self.env[model_name].sudo(), group)
        return result

    def _return_records_of(self, model, works):
        """Make the person the owner of what is still open and with who covered."""
        owner = model._assignable_owner
        records = model.browse(works.mapped("res_id")).exists()
        still_open = set(records.filtered_domain(model._assignable_open_domain()).ids)
        by_id = {record.id: record for record in records}
        back = model.browse()
        for work in works:
            record = by_id.get(work.res_id)
            if record and record[owner] != work.cover_id:
                work.state = "kept"
            elif not record or record.id not in still_open:
                work.state = "done"
            else:
                work.state = "returned"
                back |= record
        context = {"tracking_disable": True, ASSIGNING: True}
        if back:
            back.with_context(**context)._assignable_give(self.user_id)
            self._log_return(back, works)

    def _log_return(self, records, works):
        cover = {work.res_id: work.cover_id.id for work in works}
        former = (
            self.env["crm.suite.assignment.log"]
            .sudo()
            .search(
                [
                    ("res_model", "=", records._name),
                    ("res_id", "in", records.ids),
                    ("state", "in", KEPT),
                ],
                order="id",
            )
        )
        policies = {log.res_id: log.policy_id.id for log in former}
        former.filtered(lambda log: log.state == "pending").write({"state": "settled"})
        self.env["crm.suite.assignment.log"].sudo().create(
            [
                {
                    "policy_id": policies.get(record.id),
                    "res_model": record._name,
                    "res_id": record.id,
                    "from_user_id": cover.get(record.id),
                    "to_user_id": self.user_id.id,
                    "cause": "return",
                    "why": {},
                }
                for record in records
            ]
        )
