from contextlib import ExitStack
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from ..tools import key_locks
from ..tools.key_locks import LOCK_SPACE, MOST_LOCKS, hold_keys, key_number
from .concurrency_common import ConcurrencyCase


@tagged("post_install", "-at_install")
class TestKeyLocks(ConcurrencyCase):
    """However many requests with however many rows come at once, the locks of all of
    them have room in the table that PostgreSQL has for them."""

    def numbers(self, count, name="K"):
        return [key_number("test", f"{name}{number}") for number in range(count)]

    def held(self, cr):
        cr.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
            " AND pid = pg_backend_pid() AND classid = %s",
            [LOCK_SPACE],
        )
        return cr.fetchone()[0]

    def open(self, stack):
        cr = stack.enter_context(self.registry.cursor())
        stack.callback(cr.rollback)
        cr.execute("SET LOCAL lock_timeout = '200ms'")
        return cr

    def test_few_keys_are_locked_each(self):
        with ExitStack() as stack:
            one, two = self.open(stack), self.open(stack)
            hold_keys(one, self.numbers(20))
            self.assertEqual(self.held(one), 21)
            hold_keys(two, self.numbers(20, "L"))
            with mute_logger("odoo.sql_db"):
                with self.assertRaisesRegex(Exception, "lock timeout"):
                    hold_keys(two, self.numbers(1))

    def test_very_many_keys_are_one_lock(self):
        with ExitStack() as stack:
            cr = self.open(stack)
            hold_keys(cr, self.numbers(MOST_LOCKS + 1))
            self.assertEqual(self.held(cr), 1)
            other = self.open(stack)
            with mute_logger("odoo.sql_db"):
                with self.assertRaisesRegex(Exception, "lock timeout"):
                    hold_keys(other, self.numbers(1, "L"))

    def test_what_is_held_grows_until_it_is_one_lock(self):
        """Many small looks of one transaction count together."""
        with ExitStack() as stack:
            cr = self.open(stack)
            for part in range(4):
                hold_keys(cr, self.numbers(MOST_LOCKS // 3, f"P{part}"))
            self.assertLessEqual(self.held(cr), MOST_LOCKS + 3)

    def test_so_many_with_many_keys_and_no_more(self):
        """They work side by side as long as there is room, then they wait."""
        with ExitStack() as stack:
            stack.enter_context(patch.object(key_locks, "_count_permits", lambda cr: 2))
            first, second = self.open(stack), self.open(stack)
            hold_keys(first, self.numbers(1000, "A"))
            hold_keys(first, self.numbers(100, "B"))
            hold_keys(second, self.numbers(1000, "C"))
            third = self.open(stack)
            with mute_logger("odoo.sql_db"):
                with self.assertRaisesRegex(Exception, "lock timeout"):
                    hold_keys(third, self.numbers(1000, "D"))
            third.rollback()
            self.assertEqual(self.held(third), 0)
            # Who has few keys waits for nobody.
            hold_keys(third, self.numbers(5, "E"))
            third.rollback()
            first.rollback()
            hold_keys(third, self.numbers(1000, "D"))

    def test_permit_that_a_savepoint_took_away(self):
        with ExitStack() as stack:
            stack.enter_context(patch.object(key_locks, "_count_permits", lambda cr: 2))
            first, second = self.open(stack), self.open(stack)
            first.execute("SAVEPOINT s")
            hold_keys(first, self.numbers(100, "A"))
            first.execute("ROLLBACK TO SAVEPOINT s")
            hold_keys(second, self.numbers(100, "B"))
            hold_keys(first, self.numbers(100, "C"))
            third = self.open(stack)
            with mute_logger("odoo.sql_db"):
                with self.assertRaisesRegex(Exception, "lock timeout"):
                    hold_keys(third, self.numbers(100, "D"))

    def test_half_of_the_places_stay_free(self):
        with self.registry.cursor() as cr:
            cr.execute(
                "SELECT current_setting('max_locks_per_transaction')::int"
                " * current_setting('max_connections')::int"
            )
            [places] = cr.fetchone()
            count = key_locks._count_permits(cr)
        self.assertGreaterEqual(count, 1)
        self.assertLessEqual(count * MOST_LOCKS, max(places // 2, MOST_LOCKS))
