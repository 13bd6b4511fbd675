from odoo import fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL


class ImportSettings(models.AbstractModel):
    _inherit = "crm.suite.import.settings"

    segment_id = fields.Many2one(
        "crm.suite.segment",
        string="Add to List",
        domain=[("kind", "=", "static")],
        index="btree_not_null",
        ondelete="set null",
        help="The customers of the rows come into this segment when the import is done, "
        "and leave it again when the import is undone.",
    )


class ImportBatch(models.Model):
    """Whom an import was about comes into a list, as a part of its operation."""

    _inherit = "crm.suite.import.batch"

    def _check_plan(self):
        """Refuse a list that the user could not fill, before anything is imported."""
        if self.segment_id:
            self.segment_id._check_static()
        return super()._check_plan()

    def _finish(self):
        if self.phase == "import":
            self._fill_segment()
        return super()._finish()

    def _finish_retry(self, former):
        if self.state == "running":
            self._fill_segment()
        return super()._finish_retry(former)

    def _fill_segment(self):
        """Put the customers into the list; nested, so that undo takes them out again.

        The rows are imported by now. That the list went away meanwhile, or is no longer
        for the user to fill, is told and does not make the import fail.
        """
        segment = self._as_worker().segment_id
        if not segment:
            return
        cause = {"cause": "import", "name": self.name}
        try:
            with self.env.cr.savepoint(), self.run_operation_id.journal():
                segment.action_add(self._get_imported_customer_ids(), cause)
        except (AccessError, UserError) as error:
            self.sudo().message = self.env._(
                "The rows were imported, but not added to the list: %(reason)s",
                reason=error.args[0],
            )

    def _get_imported_customer_ids(self):
        """Who the rows are about; of purchases and calls, the customers.

        :rtype: list[int]
        """
        self.ensure_one()
        self.check_access("read")
        self.env["crm.suite.import.row"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT res_id FROM crm_suite_import_row
                 WHERE batch_id = %s AND kind = 'row' AND res_id IS NOT NULL
                   AND state IN ('created', 'updated', 'unchanged')
                """,
                self.id,
            )
        )
        ids = [id_ for (id_,) in rows]
        model = self.env[self._target()._import_model]
        if model._name == "res.partner":
            return model.browse(ids).exists().ids
        return model.search([("id", "in", ids)]).partner_id.ids
