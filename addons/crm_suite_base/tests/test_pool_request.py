from odoo.exceptions import UserError
from odoo.tests import tagged

from .pool_common import PoolCase


@tagged("post_install", "-at_install")
class TestPoolRequest(PoolCase):
    """Who decides what members ask of a pool, and who may ask."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Request = cls.env["crm.suite.pool.request"]

    def ask(self, kind="extend", user=None, days=5):
        user = user or self.rep
        return self.Request.with_user(user)._request(
            self.customer.with_user(user), kind, "Was ill", days
        )

    def test_refusing_says_why(self):
        self.claim(self.rep)
        request = self.ask()
        for nothing in ("", " ", None):
            with self.assertRaisesRegex(UserError, "Say why"):
                request.with_user(self.lead).action_refuse(nothing)
        window = self.env["crm.suite.access.refuse"].with_user(self.lead)
        window.with_context(active_model=request._name, active_ids=request.ids).create(
            {"reason": "We need it"}
        ).action_refuse()
        self.assertRecordValues(
            request.sudo(), [{"state": "refused", "reason": "We need it"}]
        )
