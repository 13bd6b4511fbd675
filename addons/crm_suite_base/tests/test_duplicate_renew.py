from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from ..models import duplicate_renew, duplicate_run
from ..tools.duplicate_keys import VERSION
from .test_duplicate import DuplicateCase


@tagged("post_install", "-at_install")
class TestDuplicateRenew(DuplicateCase):
    """Keys of stored records after an upgrade that makes them in another way."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env.flush_all()
        cls.blocks = cls.first.crm_suite_blocks
        cls.keys_cron = cls.env.ref("crm_suite_base.ir_cron_duplicate_keys")
        cls.env["ir.cron.trigger"].search([]).unlink()

    def _spoil(self, version):
        self.env.cr.execute(
            "UPDATE res_partner SET crm_suite_blocks = '[\"n:old\"]' WHERE id = %s",
            [self.first.id],
        )
        self.first.invalidate_recordset()
        self.Partner._duplicate_note(version)

    def _triggers(self, cron):
        return self.env["ir.cron.trigger"].search_count([("cron_id", "=", cron.id)])

    def test_installed_with_keys(self):
        """What was there before the application is found like everything else."""
        self.assertEqual(self.Partner._duplicate_version()[0], VERSION)
        self.env.cr.execute(
            "SELECT count(*) FROM res_partner WHERE name <> ''"
            " AND crm_suite_lifecycle_id IS NOT NULL AND crm_suite_blocks IS NULL",
        )
        self.assertFalse(self.env.cr.fetchone()[0])

    def test_small_tables_at_once(self):
        self._spoil("1")
        self.Partner._duplicate_adopt()
        self.assertEqual(self.first.crm_suite_blocks, self.blocks)
        self.assertEqual(self.Partner._duplicate_version(), (VERSION, None))
        self.assertFalse(self._triggers(self.keys_cron))

    def test_the_same_version_costs_nothing(self):
        self._spoil(str(VERSION))
        self.Partner._duplicate_adopt()
        self.assertEqual(self.first.crm_suite_blocks, ["n:old"])

    def test_large_tables_page_by_page(self):
        self._spoil("1")
        with patch.object(duplicate_renew, "AT_ONCE", 0):
            self.Partner._duplicate_adopt()
        self.assertEqual(self.first.crm_suite_blocks, ["n:old"])
        self.assertEqual(self.Partner._duplicate_version(), (VERSION, 0))
        self.assertTrue(self._triggers(self.keys_cron))
        with (
            patch.object(duplicate_renew, "PAGE", 50),
            self.enter_registry_test_mode(),
        ):
            self.keys_cron.method_direct_trigger()
        self.first.invalidate_recordset()
        self.assertEqual(self.first.crm_suite_blocks, self.blocks)
        self.assertEqual(self.Partner._duplicate_version(), (VERSION, None))

    def test_it_goes_on_where_it_was(self):
        self._spoil(f"{VERSION}:{self.first.id}")
        while self.Partner._duplicate_renew_page():
            continue
        self.assertEqual(self.first.crm_suite_blocks, ["n:old"], "was done already")
        self._spoil(f"{VERSION}:{self.first.id - 1}")
        self.assertTrue(self.Partner._duplicate_renew_page())
        self.assertEqual(self.first.crm_suite_blocks, self.blocks)

    def test_no_search_with_keys_of_two_kinds(self):
        self._spoil(f"{VERSION}:{self.first.id - 1}")
        with self.enter_registry_test_mode():
            self.env.ref("crm_suite_base.ir_cron_duplicates").method_direct_trigger()
        self.first.invalidate_recordset()
        self.assertEqual(self.first.crm_suite_blocks, self.blocks)

    def test_place_of_a_company_is_kept_once_a_rule_asks(self):
        self.first.city = "上海"
        self.assertEqual(self.first.crm_suite_keys["city"], "深圳", "nobody asks")
        rule = self.env["crm.suite.duplicate.rule"].create(
            {
                "name": "Name and city",
                "kind": "company",
                "mode": "all",
                "term_ids": [
                    Command.create({"key": "name", "comparison": "exact"}),
                    Command.create({"key": "city", "comparison": "exact"}),
                ],
            }
        )
        self.assertTrue(self._triggers(self.keys_cron))
        self.env.flush_all()
        while self.Partner._duplicate_renew_page():
            continue
        self.assertEqual(self.first.crm_suite_keys["city"], "上海")
        self.first.city = "北京"
        self.assertEqual(self.first.crm_suite_keys["city"], "北京")
        rule.active = False
        self.first.city = "上海"
        self.assertEqual(self.first.crm_suite_keys["city"], "北京")
        self.env["ir.cron.trigger"].search([]).unlink()
        rule.active = True
        self.assertTrue(self._triggers(self.keys_cron), "it was not kept meanwhile")

    def test_place_of_a_person_is_always_kept(self):
        person = self._create_customer(
            name="石敢当", city="深圳", company_type="person"
        )
        self.assertEqual(person.crm_suite_keys["city"], "深圳")
        person.city = "上海"
        self.assertEqual(person.crm_suite_keys["city"], "上海")
        person.company_type = "company"
        person.city = "北京"
        person.name = "石敢当有限公司"
        self.assertEqual(person.crm_suite_keys["city"], "北京", "with the rest")

    def test_many_records_are_searched_in_the_background(self):
        """Nobody waits for minutes before the screen."""
        runs = self.env["crm.suite.duplicate.run"]
        runs.search([]).unlink()
        rules = self.env["crm.suite.duplicate.rule"].with_user(self.lead)
        with patch.object(duplicate_run, "LARGE", 1):
            action = rules.action_find()
            rules.action_find()
        self.assertIn("background", action["params"]["message"])
        waiting = runs.search([("model_name", "=", "res.partner")])
        self.assertEqual(len(waiting), 1, "asked twice, searched once")
        self.assertEqual((waiting.state, waiting.user_id), ("open", self.lead))
        cron = self.env.ref("crm_suite_base.ir_cron_duplicates")
        self.assertTrue(self._triggers(cron))
        waiting.slices = 2
        with self.enter_registry_test_mode():
            cron.method_direct_trigger()
        self.assertEqual(waiting.state, "done")
