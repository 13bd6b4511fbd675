from contextlib import contextmanager
from unittest.mock import patch

from odoo import Command
from odoo.exceptions import UserError
from odoo.tests import TransactionCase, new_test_user

ROLE = "crm_suite_base.group_crm_suite_"
# Of the people of the tests: their day is that of the database, whatever the hour.
ZONE = "UTC"


class CustomerCase(TransactionCase):
    """People of every role and a customer with a contact.

    * ``plain``: an internal user without a role of the suite
    * ``clerk``: without a role, but may edit contacts in the host
    * ``rep`` and ``lead``: sales, own documents and all documents
    * ``agent``, ``marketer``, ``analyst``, ``steward``: a role without sales rights
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # So does what works in the background.
        cls.env.user.tz = ZONE
        cls.china = cls.env.ref("base.cn")
        cls.env.company.country_id = cls.china
        cls.stage = cls.env.ref("crm_suite_base.lifecycle_stage_lead")
        people = {
            "plain": "base.group_user",
            "clerk": "base.group_user,base.group_partner_manager",
            "rep": f"{ROLE}sales_rep",
            "lead": f"{ROLE}sales_lead",
            "agent": f"{ROLE}agent",
            "marketer": f"{ROLE}marketer",
            "analyst": f"{ROLE}analyst",
            "steward": f"{ROLE}data_steward",
        }
        for name, groups in people.items():
            user = new_test_user(cls.env, f"suite_{name}", groups, tz=ZONE)
            setattr(cls, name, user)
        cls.Partner = cls.env["res.partner"]
        cls.customer = cls._create_customer(name="Huaqiang Electronics")
        cls.person = cls._create_contact(cls.customer, name="Wang Lei")

    @classmethod
    def _create_customer(cls, **values):
        defaults = {
            "name": "Customer",
            "is_company": True,
            "country_id": cls.china.id,
            "crm_suite_lifecycle_id": cls.stage.id,
        }
        return cls.env["res.partner"].create({**defaults, **values})

    @classmethod
    def _create_contact(cls, company, **values):
        return cls.env["res.partner"].create(
            {"name": "Contact", "parent_id": company.id, **values}
        )

    @classmethod
    def _create_order(cls, partner, price=100.0, confirm=True, **values):
        product = cls.env["product.product"].search(
            [("default_code", "=", "SUITE-TEST")], limit=1
        ) or cls.env["product.product"].create(
            {
                "name": "Test Product",
                "default_code": "SUITE-TEST",
                "type": "consu",
                "taxes_id": [Command.clear()],
            }
        )
        order = cls.env["sale.order"].create(
            {
                "partner_id": partner.id,
                "user_id": cls.rep.id,
                "order_line": [
                    Command.create({"product_id": product.id, "price_unit": price})
                ],
                **values,
            }
        )
        if confirm:
            order.action_confirm()
        return order

    @classmethod
    def _create_invoice(cls, partner, amount=100.0, **values):
        """A posted invoice that needs no chart of accounts."""
        receivable, income = (
            cls.env["account.account"].search([("code", "=", code)], limit=1)
            or cls.env["account.account"].create(
                {"name": code, "code": code, "account_type": kind, "reconcile": owed}
            )
            for code, kind, owed in (
                ("SUITE1", "asset_receivable", True),
                ("SUITE4", "income", False),
            )
        )
        journal = cls.env["account.journal"].search(
            [("code", "=", "SUITE")], limit=1
        ) or cls.env["account.journal"].create(
            {
                "name": "Suite",
                "code": "SUITE",
                "type": "sale",
                "default_account_id": income.id,
            }
        )
        partner.commercial_partner_id.property_account_receivable_id = receivable
        partner.property_account_receivable_id = receivable
        invoice = cls.env["account.move"].create(
            {
                "move_type": "out_invoice",
                "partner_id": partner.id,
                "journal_id": journal.id,
                "invoice_user_id": cls.rep.id,
                "invoice_line_ids": [
                    Command.create(
                        {
                            "name": "Line",
                            "quantity": 1,
                            "price_unit": amount,
                            "account_id": income.id,
                            "tax_ids": [Command.clear()],
                        }
                    )
                ],
                **values,
            }
        )
        invoice.action_post()
        return invoice

    @classmethod
    def _other_company(cls):
        return cls.env["res.company"].create({"name": "Other Company"})

    @contextmanager
    def refusing(self, record, name="user_id"):
        """A field of a record that cannot be written, whoever tries."""
        reason = "Not this one"
        model = type(record)
        write = model.write

        def refuse(records, vals):
            if name in vals and record.id in records.ids:
                raise UserError(reason)
            return write(records, vals)

        with patch.object(model, "write", refuse):
            yield
