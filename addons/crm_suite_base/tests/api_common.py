import json

from odoo import fields

from .common import CustomerCase

PREFIX = "/crm_suite/api/v1"
EVERYTHING = (
    "may_customer",
    "may_lead",
    "may_interaction",
    "may_purchase",
    "may_customer_read",
    "may_lead_read",
    "may_interaction_read",
    "may_purchase_read",
    "may_approval_read",
    "may_approval_decide",
)


class ApiCase(CustomerCase):
    """Keys and calls; to be combined with ``HttpCase``."""

    @classmethod
    def make_key(cls, user, scopes=EVERYTHING, days=30, **values):
        """A key of a user: the record and its text."""
        keys = cls.env["crm.suite.api.key"].with_user(user)
        expires = fields.Datetime.add(fields.Datetime.now(), days=days)
        key, text = keys._make(user, "Test", scopes, expires)
        if values:
            key.sudo().write(values)
        return key.sudo(), text

    has_new_fields = False

    def setUp(self):
        # Registered first, so that it runs when the database is rolled back already.
        self.addCleanup(self._forget_fields)
        super().setUp()
        self.key, self.text = self.make_key(self.lead)

    def add_field(self, name, **values):
        """A field that an administrator adds to customers; forgotten afterwards."""
        self.has_new_fields = True
        section = self.env["crm.suite.field.section"].create(
            {"name": "Added", "model": "res.partner"}
        )
        return self.env["crm.suite.field"].create(
            {
                "name": name,
                "model": "res.partner",
                "kind": "text",
                "section_id": section.id,
                **values,
            }
        )

    def _forget_fields(self):
        if self.has_new_fields:
            self.env.invalidate_all(flush=False)
            self.registry.clear_all_caches()
            self.registry._setup_models__(self.env.cr, ["res.partner"])
            self.registry.clear_all_caches()

    def call(self, path, data=None, key=None, method=None, headers=None, raw=None):
        """Send a request as a program does; the response, and its JSON as ``.data``."""
        body = raw
        if body is None and data is not None:
            body = json.dumps(data).encode()
        sent = {"Authorization": f"Bearer {self.text if key is None else key}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        response = self.url_open(
            f"{PREFIX}/{path}",
            data=body,
            headers=sent,
            method=method or ("GET" if body is None else "POST"),
        )
        self.env.invalidate_all()
        response.data = response.json() if response.content else None
        return response

    def assertProblem(self, response, status, code):
        self.assertEqual(response.status_code, status, response.text)
        self.assertEqual(
            response.headers["Content-Type"].partition(";")[0],
            "application/problem+json",
        )
        self.assertEqual(response.data["code"], code, response.text)
        self.assertEqual(response.data["type"], f"urn:crm-suite:api:{code}")
        self.assertNotIn("Traceback", response.text)
        return response.data

    def last_log(self):
        return self.env["crm.suite.api.log"].search([], limit=1)
