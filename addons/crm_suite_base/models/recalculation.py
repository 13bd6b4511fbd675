import logging

from odoo import api, models

from ..tools.retry import is_try_again

_logger = logging.getLogger(__name__)

FIGURES = "crm.suite.customer.metric"


class Recalculation(models.AbstractModel):
    """What follows when a customer changed: figures, quality, grade, lifecycle, segments.

    Each step reads what the one before has written. All steps of one call share one
    transaction: one that is killed leaves everything as it was.
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

        Without figures there is nothing to go by. Of the other steps, one that fails
        loses only itself: the night does it again for everybody.

        :param partner_ids: ids of commercial partners; ``None``: all customers
        :return: what failed, a line each
        :rtype: list[str]
        """
        failed = []
        for _order, model_name, method in sorted(self._steps()):
            step = getattr(self.env[model_name], method)
            if model_name == FIGURES:
                step(partner_ids)
                continue
            try:
                with self.env.cr.savepoint():
                    step(partner_ids)
            except Exception as error:
                if is_try_again(error):
                    raise
                _logger.exception("The step %s of a recalculation failed", model_name)
                failed.append(f"{model_name}: {type(error).__name__}: {error}")
        return failed
