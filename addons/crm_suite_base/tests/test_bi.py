import pathlib
from contextlib import contextmanager
from unittest.mock import patch

import psycopg2
from psycopg2.errors import (
    InsufficientPrivilege,
    QueryCanceled,
    ReadOnlySqlTransaction,
)

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.sql_db import connection_info_for
from odoo.tests import BaseCase, new_test_user, tagged
from odoo.tools import SQL, mute_logger, sql

from ..models.bi_access import SCHEMA
from ..tools.bi_role import is_role_name, make_password, make_verifier, propose_role
from ..tools.sensitive import is_sensitive
from .common import ROLE, CustomerCase
from .concurrency_common import ConcurrencyCase

VIEWS = {
    "approval_decisions",
    "approvals",
    "assignments",
    "calls",
    "customers",
    "figures",
    "grades",
    "lifecycle_stages",
    "lifecycle_transitions",
    "people",
    "pool_moves",
    "purchases",
    "segment_members",
    "segments",
}


@tagged("post_install", "-at_install")
class TestBiRole(BaseCase):
    def test_verifier(self):
        """As PostgreSQL itself computes it."""
        found = make_verifier("pencil", b"0123456789abcdef")
        self.assertTrue(
            found.startswith("SCRAM-SHA-256$4096:MDEyMzQ1Njc4OWFiY2RlZg==$")
        )
        self.assertEqual(found, make_verifier("pencil", b"0123456789abcdef"))
        self.assertNotEqual(found, make_verifier("pencil"))
        self.assertGreaterEqual(len(make_password()), 32)

    def test_names(self):
        for name in ("bi_crm", "abc", propose_role("CRM-Süd.2"), propose_role("北京")):
            with self.subTest(name=name):
                self.assertTrue(is_role_name(name))
        for name in ("", None, "a", "Bi_crm", "pg_read", 'x"; DROP', "1ab", "a b c"):
            with self.subTest(name=name):
                self.assertFalse(is_role_name(name))


class BiCase(CustomerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.accesses = cls.env["crm.suite.bi.access"]
        cls.accesses.search([]).unlink()
        cls.role = "suite_bi_test"

    def grant(self, companies=None):
        access, _password = self.accesses._grant(
            self.role, companies or self.env.company, 5
        )
        return access

    def rows(self, view, *columns):
        names = SQL(", ").join(SQL.identifier(column) for column in columns)
        found = self.env.execute_query(
            SQL("SELECT %s FROM %s ORDER BY 1", names, SQL.identifier(SCHEMA, view))
        )
        return [row[0] if len(columns) == 1 else row for row in found]


@tagged("post_install", "-at_install")
class TestBi(BiCase):
    """What the views show, and who may make them."""

    def test_views_are_there_and_explained(self):
        self.grant()
        _inner, outer = self.accesses._find_views()
        self.assertEqual(outer, VIEWS)
        silent = self.env.execute_query(
            SQL(
                """
                SELECT c.relname, a.attname
                  FROM pg_class c
                  JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = %s
                  JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
                 WHERE col_description(c.oid, a.attnum) IS NULL
                """,
                SCHEMA,
            )
        )
        self.assertFalse(silent)
        for view in VIEWS:
            with self.subTest(view=view):
                self.env.cr.execute(
                    SQL("SELECT * FROM %s LIMIT 5", SQL.identifier(SCHEMA, view))
                )

    def test_no_sensitive_column(self):
        views = self.env["crm.suite.bi.view"]._bi_views(self.env.company.ids)
        origins = [column[1] for view in views for column in view.columns.values()]
        self.assertGreater(len(origins), 100)
        for origin in origins:
            model, _dot, field = origin.rpartition(".")
            with self.subTest(origin=origin):
                self.assertFalse(is_sensitive(model, field))
        view = views[0]._replace(columns={"x": ("p.email", "res.partner.email", "")})
        with self.assertRaises(ValueError):
            self.accesses._get_columns(view)

    def test_document(self):
        """``docs/bi.md`` lists each column with its meaning."""
        path = pathlib.Path(__file__).parents[3] / "docs" / "bi.md"
        if not path.exists():
            self.skipTest("docs/bi.md is not beside the addons here")
        text = path.read_text()
        for view in self.env["crm.suite.bi.view"]._bi_views(self.env.company.ids):
            lines = [f"### {view.name}\n\n{view.meaning}\n"]
            lines += [
                f"| `{name}` | {meaning} |"
                for name, (_expression, _origin, meaning) in view.columns.items()
            ]
            for line in lines:
                with self.subTest(line=line):
                    self.assertIn(line, text)

    def test_nothing_personal_in_the_rows(self):
        self.customer.write(
            {
                "email": "leak@example.com",
                "phone": "+86 138 0013 8000",
                "street": "Leak Road 5",
                "comment": "<p>leak</p>",
            }
        )
        person = self._create_customer(name="Private Leak", is_company=False)
        self.env.flush_all()
        self.grant()
        rows = self.env.execute_query(
            SQL(
                "SELECT c::text FROM crm_suite_bi.customers c WHERE id IN %s",
                (self.customer.id, person.id),
            )
        )
        self.assertEqual(len(rows), 2)
        self.assertNotIn("leak", str(rows).lower())
        self.assertNotIn("8000", str(rows))

    def test_companies(self):
        other = self.env["res.company"].create({"name": "Other"})
        foreign = self._create_customer(name="Foreign", company_id=other.id)
        own = self._create_customer(name="Own", company_id=self.env.company.id)
        self.env["crm.suite.call"].create(
            [
                {
                    "partner_id": customer.id,
                    "summary": "x",
                    "kind": "call",
                    "company_id": customer.company_id.id,
                }
                for customer in (foreign, own)
            ]
        )
        for customer in (foreign, own):
            customer.crm_suite_lifecycle_id = self.env[
                "crm.suite.lifecycle.stage"
            ].search([("id", "!=", self.stage.id)], limit=1)
        self.env.flush_all()
        self.grant()
        shown = self.rows("customers", "id")
        self.assertIn(own.id, shown)
        self.assertIn(self.customer.id, shown, "of all companies")
        self.assertNotIn(foreign.id, shown)
        for view in ("calls", "lifecycle_transitions"):
            with self.subTest(view=view):
                ids = self.rows(view, "customer_id")
                self.assertIn(own.id, ids)
                self.assertNotIn(foreign.id, ids)

    def test_purchases(self):
        order = self._create_order(self.customer, price=120.0)
        self.env.flush_all()
        self.grant()
        found = [
            row
            for row in self.rows("purchases", "customer_id", "amount", "document_id")
            if row[0] == self.customer.id
        ]
        self.assertEqual(found, [(self.customer.id, 120.0, order.id)])

    def test_private_segments_stay_private(self):
        segments = self.env["crm.suite.segment"].create(
            [
                {"name": "Shared", "kind": "static", "is_shared": True},
                {"name": "Private", "kind": "static", "is_shared": False},
            ]
        )
        self.env.flush_all()
        self.grant()
        shown = self.rows("segments", "id")
        self.assertIn(segments[0].id, shown)
        self.assertNotIn(segments[1].id, shown)

    def test_the_orm_changes_a_type_and_the_views_come_back(self):
        access = self.grant()
        self.env.cr.execute(
            "SELECT data_type FROM information_schema.columns"
            " WHERE table_name = 'res_partner' AND column_name = 'city'"
        )
        before = self.env.cr.fetchone()[0]
        sql.convert_column(self.env.cr, "res_partner", "city", "text")
        _inner, outer = self.accesses._find_views()
        self.assertNotIn("customers", outer)
        self.assertIn("grades", outer)
        access._restore()
        _inner, outer = self.accesses._find_views()
        self.assertEqual(outer, VIEWS)
        granted = self.env.execute_query(
            SQL(
                "SELECT has_table_privilege(%s, 'crm_suite_bi.customers', 'SELECT')",
                self.role,
            )
        )
        self.assertTrue(granted[0][0])
        self.assertEqual(before, "character varying")

    @mute_logger("odoo.sql_db")
    def test_a_column_that_is_dropped(self):
        """As the ORM does when a field goes: with what hangs on it."""
        access = self.grant()
        self.env.cr.execute("ALTER TABLE crm_suite_call DROP COLUMN outcome CASCADE")
        with self.assertLogs("odoo.addons.crm_suite_base.models.bi_access", "ERROR"):
            access._restore()
        self.assertIn("outcome", access.problem)

    def test_restore_does_nothing_while_all_is_there(self):
        access = self.grant()
        self.env.flush_all()
        self.env.cr.execute("SELECT 'crm_suite_bi.customers'::regclass::oid")
        oid = self.env.cr.fetchone()[0]
        access._restore()
        self.env.cr.execute("SELECT 'crm_suite_bi.customers'::regclass::oid")
        self.assertEqual(self.env.cr.fetchone()[0], oid)
        access._restore(upgraded=True)
        self.env.cr.execute("SELECT 'crm_suite_bi.customers'::regclass::oid")
        self.assertNotEqual(self.env.cr.fetchone()[0], oid)

    def test_remove(self):
        access = self.grant()
        access.action_remove()
        self.env.cr.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'crm_suite_bi'")
        self.assertFalse(self.env.cr.fetchone())
        self.assertFalse(self.accesses._has_role(self.role))
        self.assertEqual(self.accesses._find_views(), (set(), set()))
        self.grant()

    @contextmanager
    def as_plain_owner(self):
        """As an account of the database that may create roles and is no superuser."""
        database = SQL.identifier(self.env.cr.dbname)
        for statement in (
            SQL("CREATE ROLE suite_bi_owner CREATEROLE NOSUPERUSER"),
            SQL(
                "GRANT ALL ON DATABASE %s TO suite_bi_owner WITH GRANT OPTION", database
            ),
            SQL("GRANT ALL ON SCHEMA public TO suite_bi_owner"),
            SQL("GRANT ALL ON ALL TABLES IN SCHEMA public TO suite_bi_owner"),
            SQL("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO suite_bi_owner"),
            SQL("SET LOCAL ROLE suite_bi_owner"),
        ):
            self.env.cr.execute(statement)
        try:
            yield
        finally:
            self.env.cr.execute("RESET ROLE")

    def test_remove_without_superuser(self):
        with self.as_plain_owner():
            access = self.grant()
            access.action_new_password()
            action = access.action_remove()
            self.env.flush_all()
            self.assertEqual(action["type"], "ir.actions.act_window")
            self.assertFalse(self.accesses._has_role(self.role))
            self.assertEqual(self.accesses._find_views(), (set(), set()))
            self.grant()

    @mute_logger("odoo.addons.crm_suite_base.models.bi_access")
    def test_remove_while_it_is_needed_elsewhere(self):
        """The role stays and is named; the removal goes on."""
        access = self.grant()
        self.env.cr.execute("CREATE TABLE suite_bi_other (id int)")
        self.env.cr.execute(
            SQL("GRANT SELECT ON suite_bi_other TO %s", SQL.identifier(self.role))
        )
        action = access.action_remove()
        self.assertEqual(action["tag"], "display_notification")
        self.assertIn(self.role, action["params"]["message"])
        self.assertFalse(self.accesses.search([]))
        self.assertFalse(self.accesses._find_views()[1])
        self.assertTrue(self.accesses._has_role(self.role))

    def test_a_copy_leaves_the_role_alone(self):
        """Another name or another key: the role belongs to the original."""
        for name in ("database", "database_uuid"):
            with self.subTest(name=name):
                access = self.grant()
                self.assertFalse(access._is_copy())
                access[name] = "original"
                self.assertTrue(access._is_copy())
                with self.assertRaisesRegex(UserError, "copy"):
                    access.action_new_password()
                action = access.action_remove()
                self.assertIn(self.role, action["params"]["message"])
                self.assertFalse(self.accesses._find_views()[1])
                self.assertTrue(self.accesses._has_role(self.role))
                role = SQL.identifier(self.role)
                self.env.cr.execute(SQL("DROP OWNED BY %s", role))
                self.env.cr.execute(SQL("DROP ROLE %s", role))

    def test_uninstallation(self):
        from ..hooks import uninstall_hook

        self.grant()
        with patch.object(
            type(self.env["crm.suite.field"]), "_remove_everything", lambda fields: None
        ):
            uninstall_hook(self.env)
        self.assertFalse(self.accesses._has_role(self.role))

    def test_neutralized(self):
        from odoo.modules.neutralize import get_neutralization_queries

        self.grant()
        for query in get_neutralization_queries(["crm_suite_base"]):
            # A file of the addon.  pylint: disable-next=sql-injection
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertFalse(self.accesses.search([]))
        self.assertFalse(self.accesses._find_views()[1])

    def test_who_may(self):
        for user in (self.plain, self.rep, self.steward, self.analyst):
            with self.subTest(user=user.login):
                with self.assertRaises(AccessError):
                    self.accesses.with_user(user)._grant("abc", self.env.company, 5)
                with self.assertRaises(AccessError):
                    self.env["crm.suite.bi.grant"].with_user(user).create({})
        admin = new_test_user(self.env, "suite_bi_admin", f"{ROLE}admin")
        other = self.env["res.company"].create({"name": "Other"})
        with self.assertRaisesRegex(UserError, "belong"):
            self.accesses.with_user(admin)._grant(self.role, other, 5)
        window = (
            self.env["crm.suite.bi.grant"].with_user(admin).create({"role": self.role})
        )
        action = window.action_grant()
        self.assertTrue(action["context"]["default_password"])
        with self.assertRaisesRegex(UserError, "already"):
            window.action_grant()
        access = self.accesses.with_user(admin).search([])
        self.assertEqual(access.role, self.role)
        changed = access.action_new_password()["context"]["default_password"]
        self.assertNotEqual(changed, action["context"]["default_password"])
        access.action_rebuild()
        for forbidden in (
            lambda: access.write({"role": "other_role"}),
            lambda: access.create({"role": "postgres", "timeout": 5}),
            access.unlink,
        ):
            with self.assertRaises(AccessError):
                forbidden()
        access.action_remove()

    def test_wrong_values(self):
        for role, timeout in (("x", 5), ('a"b', 5), ("fine_role", 0)):
            with self.subTest(role=role), self.assertRaises(ValidationError):
                self.accesses._grant(role, self.env.company, timeout)

    def test_database_rights(self):
        self.env.cr.execute("CREATE ROLE suite_bi_poor")
        self.env.cr.execute("SET LOCAL ROLE suite_bi_poor")
        try:
            with self.assertRaisesRegex(UserError, "CREATEROLE"):
                self.accesses._check_database()
        finally:
            self.env.cr.execute("RESET ROLE")


@tagged("post_install", "-at_install")
class TestBiConnection(ConcurrencyCase):
    """The role itself, on a connection of its own."""

    def setUp(self):
        super().setUp()
        with self.committing() as env:
            if env["crm.suite.bi.access"].search_count([]):
                self.skipTest("this database has an access for reports")
            access, self.password = env["crm.suite.bi.access"]._grant(
                "suite_bi_test", env.company, 2
            )
            self.access_id = access.id
        self.addCleanup(self._remove)
        _name, info = connection_info_for(self.registry.db_name)
        self.info = {**info, "user": "suite_bi_test", "password": self.password}
        self.info.pop("application_name", None)

    def _remove(self):
        with self.committing() as env:
            env["crm.suite.bi.access"].browse(self.access_id).unlink()

    def connect(self):
        connection = psycopg2.connect(**self.info)
        self.addCleanup(connection.close)
        connection.autocommit = True
        return connection.cursor()

    def test_reads_views_and_nothing_else(self):
        cursor = self.connect()
        # By the search path, without the name of the schema.
        cursor.execute("SELECT count(*) FROM grades")
        self.assertGreater(cursor.fetchone()[0], 0)
        for view in sorted(VIEWS):
            cursor.execute(f"SELECT * FROM {view} LIMIT 1")  # noqa: S608
        for table in (
            "public.res_partner",
            "public.res_users",
            "public.ir_config_parameter",
            "public.crm_suite_webhook",
            "public.crm_suite_bi_customers",
        ):
            with self.subTest(table=table), self.assertRaises(InsufficientPrivilege):
                cursor.execute(f"SELECT * FROM {table} LIMIT 1")  # noqa: S608

    def test_writes_nothing(self):
        cursor = self.connect()
        with self.assertRaises(ReadOnlySqlTransaction):
            cursor.execute("CREATE TABLE x (id int)")
        # The setting is for mistakes; what holds is that there are no rights.
        cursor.execute("SET default_transaction_read_only = off")
        for statement in (
            "CREATE TABLE public.x (id int)",
            "CREATE TABLE crm_suite_bi.x (id int)",
            "INSERT INTO crm_suite_bi.grades (code) VALUES ('x')",
            "DELETE FROM crm_suite_bi.customers",
            "UPDATE public.res_users SET login = 'x'",
            "CREATE ROLE suite_bi_more",
            "COPY (SELECT 1) TO PROGRAM 'true'",
            "SELECT pg_read_file('/etc/hostname')",
        ):
            with self.subTest(statement=statement):
                with self.assertRaises(psycopg2.Error) as caught:
                    cursor.execute(statement)
                # Not permitted, or no view that can be written.
                self.assertIn(caught.exception.pgcode, ("42501", "55000"))

    def test_long_queries_end(self):
        cursor = self.connect()
        with self.assertRaises(QueryCanceled):
            cursor.execute("SELECT pg_sleep(10)")

    def test_new_password(self):
        with self.committing() as env:
            access = env["crm.suite.bi.access"].browse(self.access_id)
            action = access.action_new_password()
        self.info["password"] = action["context"]["default_password"]
        self.connect().execute("SELECT 1")
