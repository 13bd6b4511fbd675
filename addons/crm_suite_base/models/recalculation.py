from odoo import api, models


class Recalculation(models.AbstractModel):
    """What follows when a customer changed: figures, quality, grade, lifecycle, segments.

    Each step reads what the one before has written. All steps of one call share one
    transaction: a crash leaves either everything as it was or everything done.
    """

    _name = "crm.suite.recalculation"
    _description = "Recalculation of Customers"

    @api.model
    def _steps(self):
        """List the steps. Hook: addons add theirs to what ``super()`` returns.

        :return: ``[(order, model, method)]``; the method takes the ids of commercial
            partners, or ``None`` for all customers, and writes only what differs
        :rtype: list[tuple[int, str, str]]
        """
        return []

    @api.model
    def _run(self, partner_ids=None):
        """Bring everything that is computed about customers up to date.

        :param partner_ids: ids of commercial partners; ``None``: all customers
        """
        for _order, model_name, method in sorted(self._steps()):
            getattr(self.env[model_name], method)(partner_ids)
