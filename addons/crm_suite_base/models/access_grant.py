from odoo import models
from odoo.exceptions import UserError

from ..tools.labelled import labelled


class AccessRequest(models.Model):
    """What is done where a request is granted, by kind; as superuser."""

    _inherit = "crm.suite.access.request"

    def _grant_access(self):
        """Put who asked on the team of the customer."""
        members = self.env["crm.suite.customer.member"]
        for request in self.filtered(lambda r: r.res_model == "res.partner"):
            member = members.search(
                [
                    ("partner_id", "=", request.res_id),
                    ("user_id", "=", request.requester_id.id),
                ]
            )
            if member:
                member.access = request.access or "read"
                continue
            members.create(
                {
                    "partner_id": request.res_id,
                    "user_id": request.requester_id.id,
                    "access": request.access or "read",
                    "request_id": request.id,
                }
            )

    def _grant_claim(self):
        """Make who asked the owner, as an operation that can be undone."""
        for (model, requester), asked in self.grouped(
            lambda r: (r.res_model, r.requester_id)
        ).items():
            records = self.env[model].browse(asked.mapped("res_id")).exists()
            records -= self._claim_from_pools(records, requester)
            if not records:
                continue
            with self.env["crm.suite.operation"].record(
                "reassign",
                name=self.env._(
                    "%(count)s given to %(owner)s on request",
                    count=len(records),
                    owner=requester.name,
                ),
                res_model=model,
            ):
                records.write({"user_id": requester.id})

    def _claim_from_pools(self, records, requester):
        """What pools hold is claimed for who asked: their limits hold for him too.

        :return: those of the records
        :raise UserError: what a pool refuses, for who decides
        """
        held = records.filtered("crm_suite_pool_id")
        refused = []
        for pool, same in held.grouped("crm_suite_pool_id").items():
            for row in pool._claim_for(same, requester):
                if not row["ok"]:
                    name = same.browse(row["id"]).display_name
                    refused.append(labelled(self.env, name, row["reason"]))
        if refused:
            raise UserError("\n".join(refused))
        return held
