from odoo import api, models


class ApprovalRequest(models.Model):
    """The refusals of the plain engine, as terms that are translated."""

    _inherit = "crm.suite.approval.request"

    @api.model
    def _get_refusal_words(self):
        """Sentences for the codes of ``tools/approval_state.py``.

        :rtype: dict[str, str]
        """
        _ = self.env._
        return {
            "action": _("The decision %(decision)s is not known."),
            "acted": _(
                "Somebody has acted on it since; the decision cannot be taken back any more."
            ),
            "already": _("%(user)s is already asked here."),
            "closed": _("This task is done: it was decided or is not needed any more."),
            "effect": _(
                "The request has set off actions since; the decision cannot be taken back any more."
            ),
            "finished": _("This request is finished."),
            "fixed": _(
                "The flow says where it goes when it is returned from here; leave out the step."
            ),
            "joint": _(
                "The decision is part of a joint signature and cannot be taken back."
            ),
            "many": _("Not more than %(limit)s people can be added at one step."),
            "mapping": _(
                "Not every step at which the request stands has its place in the other version."
            ),
            "not_allowed": _("This step does not allow the decision %(decision)s."),
            "not_open": _("It is not yet this person's turn."),
            "nowhere": _("Name the step to which the request is to go."),
            "own_request": _(
                "Who submitted the request cannot be asked to approve it."
            ),
            "place": _("The request cannot be sent to the step %(node)s from here."),
            "reason": _("Please give a reason."),
            "unknown": _("%(what)s is not part of this request."),
            "who": _("Please name the person who is to decide."),
        }


class ApprovalFlow(models.Model):
    """The problems that the check of a graph finds, as terms that are translated."""

    _inherit = "crm.suite.approval.flow"

    @api.model
    def _get_reason_words(self):
        """Why a step has no place in another version, by the code of the plain engine.

        :rtype: dict[str, str]
        """
        _ = self.env._
        return {
            "gone": _("The step %(node)s is not part of the other version."),
            "type": _("The step %(node)s is of another kind in the other version."),
            "nesting": _(
                "The step %(node)s lies between other parallel paths in the other version."
            ),
            "branches": _(
                "The parallel %(node)s has another number of paths in the other version."
            ),
        }

    @api.model
    def _get_problem_words(self):
        """Sentences for the codes of ``tools/approval_messages.py``.

        :rtype: dict[str, str]
        """
        return {
            **self._get_whole_words(),
            **self._get_condition_words(),
            **self._get_people_words(),
            **self._get_step_words(),
        }

    @api.model
    def _get_whole_words(self):
        """What is wrong with a graph as a whole and with its paths."""
        _ = self.env._
        return {
            "circle": _(
                "The paths lead in a circle here. To go back, use a return or a rejection."
            ),
            "crossed": _(
                "Paths of a parallel meet here with paths from outside of it."
            ),
            "dead_end": _(
                "Nothing follows this step. Connect it with the next one or an end."
            ),
            "double": _("The id %(id)s is used twice."),
            "edge_id": _("A connection has no id."),
            "end_in_branch": _(
                "A path of a parallel ends here before the paths have joined."
            ),
            "goal_ahead": _(
                "One can go back only to a step that lies before this one on its path."
            ),
            "goal_kind": _(
                "One can go back only to the start, an approval or a fill-in."
            ),
            "goal_unknown": _("The step to go back to is not part of the flow."),
            "into_start": _("Nothing may lead to the start."),
            "join_alone": _("This join closes no parallel."),
            "loose": _("This connection leads from or to nowhere."),
            "no_end": _("The flow has no end."),
            "no_start": _("The flow has no start."),
            "no_way_out": _("No path leads from here to an end."),
            "node_id": _("A step has no id."),
            "one_way": _("Two or more paths must lead on from here."),
            "out_of_end": _("Nothing may follow an end."),
            "schema": _("This is not a flow in the form of version 1."),
            "second_start": _("The flow has a second start."),
            "several_joins": _("The paths of this parallel end in different joins."),
            "several_ways": _(
                "Only one path may lead on from here; use a condition or a parallel."
            ),
            "size": _("A flow has at most %(nodes)s steps and %(edges)s connections."),
            "type": _("The kind of step %(type)s is not known."),
            "unreached": _("No path leads from the start to this step."),
        }

    @api.model
    def _get_condition_words(self):
        """What is wrong with conditions and expressions."""
        _ = self.env._
        return {
            "expression": _("At character %(position)s: %(text)s"),
            "no_default": _(
                "No path of this condition is marked “Otherwise”, for what fits none."
            ),
            "no_when": _("This path has no condition and is not marked “Otherwise”."),
            "second_default": _(
                "A second path of this condition is marked “Otherwise”."
            ),
            "when_default": _(
                "The path marked “Otherwise” has no condition of its own."
            ),
            "when_outside": _("Only the paths of a condition have conditions."),
        }

    @api.model
    def _get_people_words(self):
        """What is wrong with who is asked."""
        _ = self.env._
        return {
            "field_user": _("The field %(name)s does not lead to users."),
            "no_approvers": _("Say who is asked at this step."),
            "rule_expression": _("Write the expression that gives the users."),
            "rule_field": _("Name the field that leads to the user."),
            "rule_group": _("Choose a group."),
            "rule_manager": _("Give the level of the manager, 1 to 20."),
            "rule_people": _(
                "The expression must give users, such as user_id or manager(submitter, 2)."
            ),
            "rule_up_to": _(
                "Superiors who are asked in turn need “one after the other”."
            ),
            "rule_users": _("Choose one or more users, 100 at most."),
            "share": _("Give the share as a whole number from 1 to 100."),
        }

    @api.model
    def _get_step_words(self):
        """What is wrong with the settings of a step."""
        _ = self.env._
        return {
            "choice": _("Choose one of: %(choices)s."),
            "field_unknown": _("The documents have no field %(name)s."),
            "hours": _("Give hours between 0 and %(limit)s."),
            "limit_fill": _(
                "Fields cannot be filled in by themselves: remind, escalate or return."
            ),
            "missing": _("%(name)s is missing or not valid."),
            "no_fields": _("Say which fields are to be filled in."),
            "property": _("%(name)s is not known here."),
            "shape": _("The value of %(what)s is not valid."),
            "subflow_circle": _("This flow would start itself again."),
            "subflow_unknown": _("The flow that is to be started does not exist."),
            "too_many": _("Not more than %(limit)s are possible here."),
        }
