import re

from werkzeug.exceptions import Unauthorized

from odoo import SUPERUSER_ID, models
from odoo.http import request

BEARER = re.compile(r"bearer +([!-~]{1,200})", re.IGNORECASE)


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _auth_method_crm_suite_key(cls):
        """The request acts as the user of an API key of the suite.

        A session counts for nothing here, so a page that a person has open cannot act
        in his name; whatever is wrong with the key, the answer is the same.
        """
        request.session.can_save = False
        header = request.httprequest.headers.get("Authorization", "")
        shown = BEARER.fullmatch(header.strip())
        keys = request.env(user=SUPERUSER_ID)["crm.suite.api.key"]
        key = keys._find(shown.group(1) if shown else "")
        if not key:
            raise Unauthorized
        user = key.user_id
        request.update_env(user=user.id, su=False)
        request.update_context(
            lang=user.lang,
            tz=user.tz,
            allowed_company_ids=[key.company_id.id],
        )
        request.crm_suite_api_key = key.id, tuple(key._get_scopes())
