from contextlib import contextmanager

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .operation_journal import JOURNAL


class OperationMerge(models.Model):
    """What is special about undoing a merge.

    The records that pointed to a merged one are not what the user works on: most of
    them he may not even see. They go back as consequences, without a check of rights
    and without the business logic that a change by hand would set off, booked
    documents included: nothing but the record that they name changes.
    """

    _inherit = "crm.suite.operation"

    @api.private
    @contextmanager
    def consequences(self):
        """Journal what happens inside a running operation as consequences of it.

        They are undone with it, whoever may change the records, count for nobody as
        records of their own, and are listed when somebody changed them since.
        """
        with vars(self.env.cr)[JOURNAL].consequences():
            yield

    def _get_origin(self):
        """Return the act that was undone, done again and so on in the end."""
        origin = self.sudo()
        while origin.undo_of_id:
            origin = origin.undo_of_id
        return origin

    def _moves_references(self):
        """Whether consequences of this operation are moved references: plain columns
        that go back as they were.

        :rtype: bool
        """
        origin = self._get_origin()
        return origin.kind == "merge" and origin.res_model == "res.partner"

    def _get_merged(self):
        """Read from the journal who was merged into whom.

        :return: ``{id of the merged partner: id of the survivor}``
        :rtype: dict
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT res_id, (after ->> 'crm_suite_merged_into_id')::int
                  FROM crm_suite_operation_change
                 WHERE operation_id = ANY(%s) AND model = 'res.partner'
                   AND cascade IS NOT TRUE
                   AND after ->> 'crm_suite_merged_into_id' IS NOT NULL
              ORDER BY id
                """,
                self._get_unit().ids,
            )
        )
        return dict(rows)

    def _check_undo(self, lock=False):
        """A merge on which another one was built is undone after that one."""
        result = super()._check_undo(lock=lock)
        if self._moves_references() and self.sudo().kind == "merge":
            partners = self.env["res.partner"].sudo()
            for survivor in partners.browse(set(self._get_merged().values())).exists():
                if into := survivor.crm_suite_merged_into_id:
                    raise UserError(
                        self.env._(
                            "“%(survivor)s” was merged into “%(other)s” since. Undo "
                            "that merge first.",
                            survivor=survivor.display_name,
                            other=into.display_name,
                        )
                    )
        return result

    def _check_selection(self, selection):
        """A merge is undone as a whole: what moved belongs to all who were merged.

        One of several merged customers is a part of the operation, with an undo of
        its own.
        """
        selection = super()._check_selection(selection)
        if not selection or not self._moves_references():
            return selection
        merged = self._get_origin()._get_merged()
        chosen = set(selection.get("res.partner", ()))
        if not {*merged, *merged.values()} <= chosen:
            raise UserError(
                self.env._(
                    "A merge is undone as a whole. To have back one of several merged "
                    "customers, undo its part of the operation."
                )
            )
        return None

    def _finish_undo(self, plan):
        """The figures of all who were merged are calculated anew, and their history
        says what happened."""
        result = super()._finish_undo(plan)
        if self._moves_references():
            origin = self._get_origin()
            if origin.parent_id:
                origin.parent_id._settle_state(self)
            merged = origin._get_merged()
            partners = self.env["res.partner"].browse({*merged, *merged.values()})
            partners = partners.exists()
            partners._crm_suite_note_merge()
            partners._crm_suite_tell_undone(self)
        return result
