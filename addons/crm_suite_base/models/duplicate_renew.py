from odoo import api, models
from odoo.tools import SQL

from ..tools.duplicate_keys import VERSION

# With which version of the program the keys of a table were made: "2", or "2:1500"
# while those behind id 1500 are still to be made.
PARAMETER = "crm_suite_base.duplicate_keys_"
# So many records are done while the application is installed or upgraded.
AT_ONCE = 20_000
# Few enough that people who save one of these records hardly wait.
PAGE = 1_000


class DuplicateMixin(models.AbstractModel):
    """Making the keys of stored records anew when the program makes them in another way.

    *Installing* makes the keys of all records at once: a check for duplicates that
    knows only half of them would call customers free who are not. *An upgrade* does it
    at once for small tables; of large ones the old keys serve on while a scheduled
    action makes the new ones page by page.
    """

    _inherit = "crm.suite.duplicate.mixin"

    def init(self):
        """The keys are made when the tables of all models are there."""
        result = super().init()
        if self._auto and not self._abstract:
            self.pool.post_init(self._duplicate_adopt)
        return result

    @api.model
    def _duplicate_adopt(self):
        version, _last = self._duplicate_version()
        if version == VERSION:
            return
        self.env.cr.execute(
            SQL(
                "SELECT count(*), count(crm_suite_blocks) FROM %s",
                SQL.identifier(self._table),
            )
        )
        records, known = self.env.cr.fetchone()
        if not known or records <= AT_ONCE:
            self._duplicate_fill()
            self._duplicate_note(str(VERSION))
            return
        self._duplicate_renew()

    @api.model
    def _duplicate_renew(self):
        """Let the keys of all records be made anew, page by page."""
        self._duplicate_note(f"{VERSION}:0")
        self.env["ir.cron"]._crm_suite_wake("crm_suite_base.ir_cron_duplicate_keys")

    @api.model
    def _duplicate_version(self):
        """With which version the keys were made.

        :return: the version, 0 where nothing is known, and the id up to which the keys
            are made; ``None``: all of them
        :rtype: tuple[int, int | None]
        """
        # Only the program reads and writes this parameter.
        parameters = self.env["ir.config_parameter"].sudo()
        text = parameters.get_param(PARAMETER + self._table) or "0"
        version, under_way, last = text.partition(":")
        return int(version), int(last) if under_way else None

    @api.model
    def _duplicate_note(self, text):
        # As in _duplicate_version.
        self.env["ir.config_parameter"].sudo().set_param(PARAMETER + self._table, text)

    @api.model
    def _duplicate_renew_page(self):
        """Make the keys of the next records anew.

        :return: whether there was anything left to do
        :rtype: bool
        """
        _version, last = self._duplicate_version()
        if last is None:
            return False
        rows = self._duplicate_fill_page(SQL("id > %s", last), PAGE)
        if rows:
            self._duplicate_store_keys(rows)
            last = rows[-1]["id"]
            self.invalidate_model(["crm_suite_keys", "crm_suite_blocks"], flush=False)
        over = len(rows) < PAGE
        self._duplicate_note(str(VERSION) if over else f"{VERSION}:{last}")
        return True
