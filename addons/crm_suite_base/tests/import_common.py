import base64
from unittest.mock import patch

from odoo.tests import TransactionCase, new_test_user

from ..models import import_load


class ImportHelpers:
    """Files made on the spot, and what an answer is to say."""

    def _batch(self, text, encoding="utf-8", **values):
        """An import of a file; ``text`` may be bytes."""
        data = text if isinstance(text, bytes) else text.encode(encoding)
        values = {"file_name": "customers.csv", **values}
        return self.env["crm.suite.import.batch"].create(
            {"file": base64.b64encode(data), **values}
        )

    def _import(self, text, encoding="utf-8", **values):
        """:return: the batch and the answer of ``action_run``"""
        batch = self._batch(text, encoding, **values)
        return batch, batch.action_run()

    def _large(self):
        """Inside, every file counts as a large one and is left to the workers."""
        return patch.object(import_load, "SMALL", 0)

    def _work(self, batch):
        """What the workers do, without their commits."""
        memory = {}
        while batch._as_worker()._step(memory):
            continue
        batch.invalidate_recordset()

    def _map(self, batch, *fields):
        """Give the columns of a file their meaning, in their order."""
        batch.mapping = [
            {**entry, "field": field}
            for entry, field in zip(batch.mapping, fields, strict=True)
        ]

    def _customer(self, **values):
        stage = self.partners._crm_suite_first_stage()
        return self.partners.create({"crm_suite_lifecycle_id": stage.id, **values})

    def _by_ref(self, *refs):
        found = self.partners.search([("ref", "in", refs)])
        return found.sorted(lambda partner: refs.index(partner.ref))

    def assertCounts(self, answer, **counts):
        """The answer has these counts, no others, and they add up."""
        names = ("created", "updated", "unchanged", "rejected", "pending")
        self.assertEqual(
            {name: answer[name] for name in names},
            {**dict.fromkeys(names, 0), **counts},
        )
        self.assertEqual(answer["read"], sum(answer[name] for name in names))

    def assertRefused(self, answer, row, column, words):
        """A row is refused with a sentence that names row, column and reason."""
        found = [
            p for p in answer["problems"] if p["row"] == row and p["column"] == column
        ]
        self.assertTrue(found, answer["problems"])
        self.assertIn(words, found[0]["message"])


class ImportCommon(ImportHelpers, TransactionCase):
    """A data steward who imports, and files made on the spot."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.lang"]._activate_lang("en_US")
        cls.env.company.country_id = cls.env.ref("base.cn")
        cls.steward = new_test_user(
            cls.env,
            "import.steward",
            name="Li Na",
            groups="base.group_user,crm_suite_base.group_crm_suite_data_steward",
            lang="en_US",
            tz="Asia/Shanghai",
        )
        cls.env = cls.env(
            user=cls.steward, context={"lang": "en_US", "tz": "Asia/Shanghai"}
        )
        cls.partners = cls.env["res.partner"]
