from odoo import api, models
from odoo.exceptions import AccessError

from ..tools import approval_walk as walk
from .approval_request import LIVE, MANAGER
from .approval_world import lock_requests
from .arguments import check_one


class ApprovalRequest(models.Model):
    """Steps of which the flow leaves to the submitter who is asked.

    He may say so when he asks (``chosen``). Otherwise the request waits at the step for
    him, not for an administrator.
    """

    _inherit = "crm.suite.approval.request"

    def _get_choices(self):
        """Ids of the nodes for which people are still to be chosen.

        :rtype: list[str]
        """
        self.ensure_one()
        if self.state not in LIVE or not self.position:
            return []
        return walk.choices(self.version_id._prepare_graph(), self.position)

    def _find_choice(self):
        """Where people are still to be chosen: the request or a flow within it, first
        of all where that holds it up.

        :return: one request, or none
        """
        places = self._with_parts()
        waiting = places.filtered(lambda r: r._waits_for_choice())
        return (waiting or places.filtered(lambda r: r._get_choices()))[:1]

    def _waits_for_choice(self):
        """Whether it stands where the submitter has to choose people."""
        if self.state != "exception" or not self._get_in_charge():
            return False
        wanted = self._get_choices()
        stuck = {
            visit["node"]
            for visit in self.position["visits"].values()
            if visit["status"] == "exception"
        }
        return bool(stuck) and stuck.issubset(wanted)

    @api.readonly
    def get_choices(self):
        """For which steps the submitter has still to choose who decides.

        :return: ``[{"id", "name"}]`` of the nodes, in the order of the flow
        :rtype: list[dict]
        """
        check_one(self)
        self._check_role()
        self.check_access("read")
        # The name of a step is no secret to who may read the request.
        request = self.sudo()
        graph = request.version_id._prepare_graph()
        return [{"id": key, "name": graph.name(key)} for key in request._get_choices()]

    def action_choose(self, chosen):
        """Name the people whom the flow leaves to the submitter to choose.

        :param dict chosen: ids of users by the id of a node, see :meth:`get_choices`
        :return: True
        :raise AccessError: for anybody but the submitter and managers
        """
        check_one(self)
        self._check_role()
        self.check_access("read")
        # Who chooses is checked here; the engine alone writes these rows.
        request = self.sudo()
        own = request._get_in_charge() == self.env.user
        if not own and not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Only who asked, or a manager, chooses who decides.")
            )
        chosen = self._check_chosen(chosen)
        for users in chosen.values():
            request._expect_able(users)
        lock_requests(request)
        request._expect_live()
        request._advance("choose", chosen, by=self.env.uid)
        return True

    def action_open_choice(self):
        """Open the window in which the submitter chooses.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.approval_choose_action"
        )
        # Whether he may choose there is asked when he does.
        place = self.sudo()._find_choice() or self
        return {**action, "context": {"default_request_id": place.id}}
