from contextlib import nullcontext

from odoo import api, models

from .arguments import check_ids
from .operation_journal import JOURNAL

# Editing several of these at once in a list is an operation.
MASS_EDIT_MODELS = {
    "crm.lead",
    "crm.suite.call",
    "crm.suite.customer.member",
    "crm.suite.purchase",
    "crm.suite.relation",
    "res.partner",
    "sale.order",
}


class OperationMassEdit(models.Model):
    _inherit = "crm.suite.operation"

    @api.model
    def _get_mass_edit_models(self):
        """Name the models whose editing in lists can be undone. Hook for other addons.

        :rtype: set
        """
        return MASS_EDIT_MODELS

    @api.model
    def _record_mass_edit(self, records, fnames=(), name=None):
        """Record what a user does to several records at once in a list.

        :param records: what is changed; a single record or another model is left alone
        :param fnames: names of the fields that are written
        :param str name: what happens, if it is not an edit of fields
        :return: a context manager
        """
        if (
            len(records) < 2
            or records._name not in self._get_mass_edit_models()
            or vars(self.env.cr).get(JOURNAL) is not None
            or not self.env.user.has_group("crm_suite_base.group_crm_suite_user")
        ):
            return nullcontext()
        labels = [
            records._fields[fname]._description_string(self.env)
            for fname in fnames
            if fname in records._fields
        ]
        kind = self.env["ir.model"]._get(records._name).sudo().name
        title = name or self.env._(
            "Mass edit of %(fields)s", fields=", ".join(labels) or kind
        )
        return self.record(
            "mass_edit",
            name=self.env._(
                "%(title)s (%(count)s × %(kind)s)",
                title=title,
                count=len(records),
                kind=kind,
            ),
            res_model=records._name,
        )

    @api.model
    def get_last_mass_edit(self, res_model, res_ids):
        """Find the operation that one's list edit of a moment ago has become.

        :param str res_model: the model of the list
        :param list res_ids: the edited records
        :return: ``{"id", "message"}``, or False if the edit is no operation
        :rtype: dict | bool
        """
        self.check_access("read")
        if (
            not isinstance(res_model, str)
            or res_model not in self._get_mass_edit_models()
        ):
            return False
        res_ids = check_ids(self.env, res_ids)
        operation = self.search(
            [
                ("user_id", "=", self.env.uid),
                ("kind", "=", "mass_edit"),
                ("res_model", "=", res_model),
            ],
            order="id desc",
            limit=1,
        )
        change = self.env["crm.suite.operation.change"].search(
            [
                ("operation_id", "=", operation.id),
                ("model", "=", res_model),
                ("res_id", "in", res_ids),
            ],
            limit=1,
        )
        return operation._get_notice() if change else False

    def _get_notice(self):
        """Say in one sentence what an operation did, for the notification with Undo.

        :rtype: dict
        """
        self.ensure_one()
        counts = dict(
            self.env["crm.suite.operation.change"]
            .sudo()
            ._read_group(
                [
                    ("operation_id", "in", self._get_unit().ids),
                    ("cascade", "!=", True),
                    ("model", "!=", "ir.attachment"),
                ],
                ["model"],
                ["res_id:count_distinct"],
            )
        )
        main = counts.pop(self.res_model, 0)
        others = sum(counts.values())
        if not main and not others:
            message = self.env._("Nothing changed.")
        elif self.deleted_count and not self.updated_count + self.created_count:
            message = self.env._("%(count)s records deleted.", count=main + others)
        elif others:
            message = self.env._(
                "%(count)s records changed, and %(others)s others with them.",
                count=main,
                others=others,
            )
        else:
            message = self.env._("%(count)s records changed.", count=main)
        has_changes = bool(main or others)
        return {
            "id": self.id if has_changes else False,
            "name": self.name,
            "message": message,
        }

    def _get_notification_action(self):
        """Return the client action that shows the notification with Undo.

        :rtype: dict
        """
        return {
            "type": "ir.actions.client",
            "tag": "crm_suite_operation_done",
            "params": {
                **self._get_notice(),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }
