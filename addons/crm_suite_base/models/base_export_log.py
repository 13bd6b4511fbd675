import json

from odoo import models


class Base(models.AbstractModel):
    _inherit = "base"

    def export_data(self, fields_to_export):
        """Log the host's exports, whether a list asked for them or a program.

        Both go through this method. What a list asked for is found in the cache of
        the transaction, where only the server can have put it.
        """
        result = super().export_data(fields_to_export)
        if self._transient:
            return result
        asked = self.env.cr.cache.pop("crm_suite_export_request", None) or {}
        if asked.get("model") != self._name:
            asked = {}
        domain = asked.get("domain")
        values = {"record_ids": False} if domain is not None else {}
        self.env["crm.suite.export"]._log_host(
            self,
            domain=json.dumps(domain, default=str) if asked else False,
            columns="\n".join(fields_to_export),
            row_count=len(result["datas"]),
            file_format=asked.get("format", "data"),
            origin="list" if asked else "api",
            **values,
        )
        return result
