from odoo import api, models
from odoo.exceptions import UserError

from .approval_mixin import REQUEST


class ApprovalMixin(models.AbstractModel):
    """Asking about a document by hand, and the ways from it to its request."""

    _inherit = "crm.suite.approval.mixin"

    def crm_suite_request_approval(self, flow_id=False, chosen=None):
        """Put the documents to the people whom a flow names.

        :param int flow_id: a published flow; false: the first that fits each document
        :param dict chosen: ids of users by the id of a node, where the submitter
            chooses
        :return: ids of the requests, in the order of the documents
        :rtype: list[int]
        :raise UserError: when no flow fits or one is running already
        """
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        gates = self.env["crm.suite.approval.flow"]._get_gates(self._name)
        if flow_id:
            gates = [gate for gate in gates if gate.flow_id == flow_id]
        return self._approval_ask(gates, self.env[REQUEST]._check_chosen(chosen)).ids

    def _approval_ask(self, gates, chosen):
        """Ask about each document by the first of the gates that fits it.

        :rtype: crm.suite.approval.request
        """
        matched = {r.id: g for g, rs in self._approval_match(gates) for r in rs}
        asked = self.env[REQUEST].sudo()
        found = asked.browse()
        for record in self:
            gate = matched.get(record.id)
            if not gate:
                raise UserError(
                    self.env._(
                        "No published flow fits %(record)s. Ask an administrator for one.",
                        record=record.display_name,
                    )
                )
            key, effect = self._approval_key(gate)
            if running := asked._find_standing(record, key).get(record.id):
                raise UserError(self._approval_refusal(record, running, gate.method))
            found += asked._start(
                record, gate.version_id, key=key, effect=effect, chosen=chosen
            )
        return found

    @api.model
    def _approval_key(self, gate):
        if gate.start == "method":
            return f"method:{gate.method}", {"kind": "method", "method": gate.method}
        if gate.start in ("create", "edit"):
            return gate.start, {}
        return f"{gate.start}:{','.join(gate.fields) or gate.flow_id}", {}

    @api.model
    def _approval_buttons(self):
        """The gates that begin when somebody asks for them."""
        gates = self.env["crm.suite.approval.flow"]._get_gates(self._name)
        return [gate for gate in gates if gate.start == "button"]

    @api.depends("crm_suite_approval_id.state")
    def _compute_crm_suite_approval_offered(self):
        buttons = self._approval_buttons()
        stored = self._origin
        offered = stored.browse()
        for _gate, records in stored._approval_match(buttons) if buttons else ():
            offered |= records.filtered(
                lambda r: not r.crm_suite_approval_id.is_running
            ).with_env(self.env)
        for record in self:
            record.crm_suite_approval_offered = record._origin in offered

    def action_crm_suite_ask_approval(self):
        """Put the document to the people whom the first flow with a button names.

        :return: the window in which to choose who decides, where that is left to the
            user; otherwise ``True``
        """
        self.ensure_one()
        self.env["res.partner"]._crm_suite_check_role()
        self.check_access("read")
        # Just begun by the user, who may see what he asked.
        return self._approval_ask(self._approval_buttons(), {})._notice_held()

    def action_crm_suite_approval(self):
        """Open the latest request about the document.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        request = self.crm_suite_approval_id
        request.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": REQUEST,
            "res_id": request.id,
            "views": [(False, "form")],
        }

    def action_crm_suite_approval_decide(self):
        """Open the window in which the user decides about the document.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        return self.crm_suite_approval_id.action_decide_mine()
