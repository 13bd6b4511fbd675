from contextlib import contextmanager

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name


class ConcurrencyCase(BaseCase):
    """Real transactions side by side: what is committed here is removed by hand."""

    def setUp(self):
        super().setUp()
        self.registry = Registry(get_db_name())

    @contextmanager
    def committing(self):
        # A cursor of its own connection: what two workers see of each other is the test.
        with self.registry.cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})
