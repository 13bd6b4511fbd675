from odoo.tests import TransactionCase, new_test_user, tagged
from odoo.tools import SQL


@tagged("post_install", "-at_install")
class OperationCase(TransactionCase):
    """Customers, users by role and helpers to look at journals and rows."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env = cls.env["base"].with_context(tracking_disable=False).env
        cls.steward = cls._new_user("ops_steward", "group_crm_suite_data_steward")
        cls.rep = cls._new_user("ops_rep", "group_crm_suite_sales_rep")
        cls.other_rep = cls._new_user("ops_other_rep", "group_crm_suite_sales_rep")
        cls.tags = cls.env["res.partner.category"].create(
            [{"name": f"Operation tag {number}"} for number in range(3)]
        )
        cls.partners = cls.env["res.partner"].create(
            [
                {
                    "name": f"Operation customer {number}",
                    "street": f"{number} Old Street",
                    "city": "Shenzhen",
                    "category_id": [(4, cls.tags[0].id)],
                }
                for number in range(5)
            ]
        )
        cls.env.flush_all()
        cls.Operation = cls.env["crm.suite.operation"]

    @classmethod
    def _new_user(cls, login, group, **kwargs):
        return new_test_user(
            cls.env,
            login,
            groups=f"base.group_user,crm_suite_base.{group}"
            if group
            else "base.group_user",
            **kwargs,
        )

    def record(self, user=None, kind="mass_edit", reason="Test", **values):
        operations = self.Operation.with_user(user) if user else self.Operation
        return operations.record(kind, reason, **values)

    def rows(self, records):
        """Read whole rows as the database holds them, without the log columns."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "SELECT id, to_jsonb(t) - '{write_date,write_uid}'::text[] FROM %s t "
                "WHERE id = ANY(%s)",
                SQL.identifier(records._table),
                records.ids,
            )
        )
        return dict(rows)

    def changes(self, operation, **values):
        domain = [("operation_id", "=", operation.id)]
        domain += [(name, "=", value) for name, value in values.items()]
        return self.env["crm.suite.operation.change"].sudo().search(domain)
