from unittest.mock import patch

from odoo import SUPERUSER_ID, api
from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import key_locks
from .concurrency_common import ConcurrencyCase

VAT = "91310000MA1FL0LX92"
NAME = "并发测试仪器"


@tagged("post_install", "-at_install")
class TestDuplicateConcurrency(ConcurrencyCase):
    """Two real transactions at once: what is committed here is removed by hand."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self._remove)

    def _remove(self):
        with self.committing() as env:
            env["res.partner"].search([("name", "=like", f"{NAME}%")]).unlink()

    def make(self, env, name, **values):
        stage = env.ref("crm_suite_base.lifecycle_stage_lead")
        return env["res.partner"].create(
            {
                "name": name,
                "is_company": True,
                "country_id": env.ref("base.cn").id,
                "crm_suite_lifecycle_id": stage.id,
                **values,
            }
        )

    def test_of_two_at_the_same_moment_one_is_told(self):
        with self.registry.cursor() as cr:
            second = api.Environment(cr, SUPERUSER_ID, {})
            second["res.partner"].search_count([])  # its view of the database begins
            with self.committing() as first:
                self.make(first, f"{NAME}甲", vat=VAT)
            with self.assertRaises(ConcurrencyError):
                self.make(second, f"{NAME}乙", vat=VAT)
            cr.rollback()
            # What the server does with such a failure: run it again.
            with self.assertRaises(ValidationError):
                self.make(second, f"{NAME}乙", vat=VAT)

    def test_an_edit_at_the_same_moment_is_one_too(self):
        """Also of a record that was there before, and one taken out of the archive."""
        with self.committing() as env:
            ids = self.make(env, f"{NAME}甲").ids
        for before, values in (
            ({}, {"vat": VAT}),
            ({"active": False}, {"active": True}),
        ):
            with self.subTest(values), self.registry.cursor() as cr:
                with self.committing() as first:
                    first["res.partner"].browse(ids).write(before)
                second = api.Environment(cr, SUPERUSER_ID, {})
                second["res.partner"].search_count([])
                with self.committing() as first:
                    first["res.partner"].browse(ids).write(values)
                with self.assertRaises(ConcurrencyError):
                    self.make(second, f"{NAME}乙", vat=VAT)
                cr.rollback()

    def test_what_one_has_changed_oneself_is_seen(self):
        with self.committing() as env:
            old = self.make(env, f"{NAME}甲", vat=VAT)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            with cr.savepoint():
                env["res.partner"].browse(old.ids).vat = False
            with cr.savepoint():
                new = self.make(env, f"{NAME}乙", vat=VAT)
            self.assertTrue(new.vat)
            cr.rollback()

    @mute_logger("odoo.sql_db")
    def test_the_second_waits_for_the_first(self):
        with self.committing() as first:
            self.make(first, f"{NAME}甲", vat=VAT)
            with self.registry.cursor() as cr:
                cr.execute("SET LOCAL lock_timeout = '200ms'")
                second = api.Environment(cr, SUPERUSER_ID, {})
                with self.assertRaisesRegex(Exception, "lock timeout"):
                    self.make(second, f"{NAME}乙", vat=VAT)
                cr.rollback()

    @mute_logger("odoo.sql_db")
    def test_who_enters_very_many_waits_for_all(self):
        with self.committing() as first:
            self.make(first, f"{NAME}甲", vat=VAT)
            with self.registry.cursor() as cr:
                cr.execute("SET LOCAL lock_timeout = '200ms'")
                other = api.Environment(cr, SUPERUSER_ID, {})
                self.make(other, f"{NAME}丙")  # another key: side by side
                with patch.object(key_locks, "MOST_LOCKS", 1):
                    with self.assertRaisesRegex(Exception, "lock timeout"):
                        self.make(other, f"{NAME}丁")
                cr.rollback()
