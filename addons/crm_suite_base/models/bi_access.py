import logging

import psycopg2

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL
from odoo.tools.sql import table_exists

from ..tools.bi_role import is_role_name, make_password, make_verifier
from ..tools.retry import is_try_again
from ..tools.sensitive import is_sensitive
from .approval_request import ADMIN

_logger = logging.getLogger(__name__)

SCHEMA = "crm_suite_bi"
CONNECTIONS = 10


class BiAccess(models.Model):
    """The door for tools that draw reports: a role of the database that reads our views.

    There are two layers of views. Those of the schema ``public`` hold the statements;
    the ORM drops what hangs on a column of which it changes the type, but knows that
    schema only. Those of ``crm_suite_bi``, which the role may read, show them one to
    one and go with them. What is missing is made anew when the registry is loaded, so
    after each upgrade.
    """

    _name = "crm.suite.bi.access"
    _description = "Access for Reports"
    _rec_name = "role"

    role = fields.Char(required=True, readonly=True)
    company_ids = fields.Many2many(
        "res.company", string="Companies", required=True, readonly=True
    )
    timeout = fields.Integer(
        string="Longest Query (s)", required=True, readonly=True, aggregator=None
    )
    # Roles belong to the server: a copy of the database beside it, which holds these
    # rows as well, must leave the role of the original alone.
    database = fields.Char(readonly=True, default=lambda self: self.env.cr.dbname)
    database_uuid = fields.Char(
        string="Database Key",
        readonly=True,
        exportable=False,
        groups=fields.NO_ACCESS,
        default=lambda self: self._get_uuid(),
    )
    problem = fields.Text(
        readonly=True, help="Why the views could not be made after the last upgrade."
    )

    # The schema is one.
    _single = models.UniqueIndex("((TRUE))", "There is an access for reports already.")

    @api.constrains("role", "timeout", "company_ids")
    def _check_values(self):
        for access in self:
            if not is_role_name(access.role):
                raise ValidationError(
                    self.env._(
                        "“%(role)s” cannot be the name of a role. Use 3 to 50 small "
                        "letters, digits and underscores, beginning with a letter.",
                        role=access.role,
                    )
                )
            if not 1 <= access.timeout <= 3600:
                raise ValidationError(
                    self.env._("A query may take between 1 and 3600 seconds.")
                )
            if not access.company_ids:
                raise ValidationError(self.env._("Choose at least one company."))

    # === ACTIONS === #

    @api.model
    def _grant(self, role, companies, timeout):
        """Make the role and the views.

        :return: the access and the password, which nobody can read again
        :rtype: tuple[BiAccess, str]
        """
        self._check_admin()
        self._check_companies(companies)
        self._check_database()
        values = {"role": role, "company_ids": companies.ids, "timeout": timeout}
        # Rows are made here only: the name of a role gives power over that role.
        access = self.sudo().create(values)
        self.env.flush_all()
        if self._has_role(role):
            raise UserError(
                self.env._(
                    "The database server has a role “%(role)s” already. Choose another "
                    "name.",
                    role=role,
                )
            )
        password = make_password()
        access._make_role(password)
        access._make_views()
        return access.with_env(self.env), password

    def action_new_password(self):
        """Give the role another password and show it, this one time.

        :rtype: dict
        """
        self.ensure_one()
        self._check_admin()
        self._check_companies(self.company_ids)
        self._check_original()
        self._check_database()
        password = make_password()
        self.env.cr.execute(
            SQL(
                "ALTER ROLE %s PASSWORD %s",
                SQL.identifier(self.role),
                make_verifier(password),
            )
        )
        return self._show(password)

    def _show(self, password):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Access for Reports"),
            "res_model": "crm.suite.bi.grant",
            "views": [(False, "form")],
            "target": "new",
            "context": {
                "default_role": self.role,
                "default_password": password,
                "default_database": self.env.cr.dbname,
            },
        }

    def action_rebuild(self):
        """Make the views anew.

        :return: True
        """
        self._check_admin()
        self._check_companies(self.company_ids)
        # Checked; rows are changed by these methods only.
        for access in self.sudo():
            access._make_views()
        return True

    # Who asks, and for which companies, is checked first.
    def action_remove(self):  # nosemgrep: odoo-public-method-sudo
        """Take the role and its views away.

        :rtype: dict
        """
        self._check_admin()
        self._check_companies(self.company_ids)
        roles = self.mapped("role")
        # Checked; rows are removed by these methods only.
        self.sudo().unlink()
        action = {
            "type": "ir.actions.act_window",
            "name": self.env._("Access for Reports"),
            "res_model": self._name,
            "views": [(False, "list"), (False, "form")],
            "target": "main",
        }
        left = [role for role in roles if self._has_role(role)]
        if not left:
            return action
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning",
                "sticky": True,
                "message": self.env._(
                    "The views are removed. The role “%(role)s” is left on the "
                    "database server, because it belongs to another database or still "
                    "has rights elsewhere; the log of the server says more. Where "
                    "nobody needs it, the administrator of the database removes it.",
                    role=", ".join(left),
                ),
                "next": action,
            },
        }

    def unlink(self):
        """The role goes with its record, if nothing else needs it."""
        for access in self:
            access._drop()
        return super().unlink()

    # === CHECKS === #

    def _check_admin(self):
        self.check_access("read")
        if not (self.env.su or self.env.user.has_group(ADMIN)):
            raise AccessError(
                self.env._("Only an administrator of the suite opens the database.")
            )

    def _check_companies(self, companies):
        """Nobody opens a company in which he does not work."""
        if companies - self.env.user.company_ids and not self.env.su:
            raise UserError(
                self.env._(
                    "You can open only companies to which you belong: %(companies)s.",
                    companies=", ".join(self.env.user.company_ids.mapped("name")),
                )
            )

    @api.model
    def _check_database(self):
        """Whether our own account of the database may do that.

        :raise UserError: that says what is missing
        """
        may_create_roles, may_create_schemas, user = self.env.execute_query(
            SQL(
                """
                SELECT rolcreaterole OR rolsuper,
                       has_database_privilege(current_database(), 'CREATE'),
                       current_user
                  FROM pg_roles WHERE rolname = current_user
                """
            )
        )[0]
        if not may_create_roles:
            raise UserError(
                self.env._(
                    "The server's account of the database, “%(user)s”, may not create "
                    "roles. Ask the administrator of the database for: ALTER ROLE "
                    "%(user)s CREATEROLE.",
                    user=user,
                )
            )
        if not may_create_schemas:
            raise UserError(
                self.env._(
                    "The server's account of the database, “%(user)s”, may not create "
                    "schemas. Ask the administrator of the database for: GRANT CREATE "
                    "ON DATABASE … TO %(user)s.",
                    user=user,
                )
            )

    @api.model
    def _get_uuid(self):
        # What the host calls this database; it is compared and told to nobody.
        return self.env["ir.config_parameter"].sudo().get_param("database.uuid")

    def _is_copy(self):
        """Whether this database is another one than that in which the access was made.

        :rtype: bool
        """
        self.ensure_one()
        # The field is closed to everybody; what is told is whether it is the same.
        access = self.sudo()
        here = (self.env.cr.dbname, self._get_uuid() or False)
        return (access.database, access.database_uuid) != here

    def _check_original(self):
        if self._is_copy():
            raise UserError(
                self.env._(
                    "This database is a copy of “%(database)s”, to which the role "
                    "“%(role)s” belongs: its password is changed there. For this "
                    "database, remove the access and make one with another name.",
                    database=self.database,
                    role=self.role,
                )
            )

    @api.model
    def _has_role(self, role):
        return bool(
            self.env.execute_query(
                SQL("SELECT 1 FROM pg_roles WHERE rolname = %s", role)
            )
        )

    # === THE ROLE === #

    def _make_role(self, password):
        """A role that can log in, reads by default, and owns nothing."""
        role, database = SQL.identifier(self.role), SQL.identifier(self.env.cr.dbname)
        settings = {
            "default_transaction_read_only": "on",
            "statement_timeout": f"{self.timeout}s",
            "idle_in_transaction_session_timeout": "60s",
            "search_path": SCHEMA,
        }
        self.env.cr.execute(
            SQL(
                "CREATE ROLE %s LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOINHERIT"
                " NOREPLICATION CONNECTION LIMIT %s PASSWORD %s",
                role,
                CONNECTIONS,
                make_verifier(password),
            )
        )
        for name, value in settings.items():
            self.env.cr.execute(
                SQL(
                    "ALTER ROLE %s IN DATABASE %s SET %s = %s",
                    role,
                    database,
                    SQL.identifier(name),
                    value,
                )
            )
        # Not everywhere may everybody connect.
        self.env.cr.execute(SQL("GRANT CONNECT ON DATABASE %s TO %s", database, role))
        self._close_public()

    def _close_public(self):
        """Before PostgreSQL 15 everybody could make tables in the schema ``public``."""
        owned = self.env.execute_query(
            SQL(
                """
                SELECT pg_has_role(current_user, nspowner, 'USAGE')
                       AND has_schema_privilege('public', 'public', 'CREATE')
                  FROM pg_namespace WHERE nspname = 'public'
                """
            )
        )
        if owned and owned[0][0]:
            self.env.cr.execute(SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))

    def _drop(self):
        """Take away views, schema and role; what is not there is no matter, and a role
        that is needed elsewhere stays.

        What the role was given is taken back by name: DROP OWNED wants its own rights,
        which an account that may create roles does not have.
        """
        self._drop_views()
        self.env.cr.execute(SQL("DROP SCHEMA IF EXISTS %s", SQL.identifier(SCHEMA)))
        if not self._has_role(self.role):
            return
        if self._is_copy():
            _logger.info("The role %s belongs to %s", self.role, self.database)
            return
        role, database = SQL.identifier(self.role), SQL.identifier(self.env.cr.dbname)
        try:
            with self.env.cr.savepoint():
                self.env.cr.execute(
                    SQL("REVOKE CONNECT ON DATABASE %s FROM %s", database, role)
                )
                self.env.cr.execute(SQL("DROP ROLE %s", role), log_exceptions=False)
        except psycopg2.Error as error:
            if is_try_again(error):
                raise
            _logger.warning("The role %s stays on the server: %s", self.role, error)

    # === THE VIEWS === #

    @api.model
    def _find_views(self):
        """Our views that are there: names of both layers.

        :rtype: tuple[set[str], set[str]]
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT n.nspname, c.relname
                  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                 WHERE c.relkind = 'v'
                   AND (n.nspname = %(schema)s OR n.nspname = 'public'
                        AND c.relname LIKE %(own)s)
                """,
                schema=SCHEMA,
                own="crm\\_suite\\_bi\\_%",
            )
        )
        inner = {name for schema, name in rows if schema == "public"}
        return inner, {name for schema, name in rows if schema == SCHEMA}

    @api.model
    def _drop_views(self):
        inner, outer = self._find_views()
        for name in sorted(outer):
            self.env.cr.execute(
                SQL("DROP VIEW IF EXISTS %s", SQL.identifier(SCHEMA, name))
            )
        for name in sorted(inner):
            self.env.cr.execute(
                SQL("DROP VIEW IF EXISTS %s", SQL.identifier("public", name))
            )

    def _make_views(self):
        """Make all views anew and let the role read them."""
        self.ensure_one()
        schema, role = SQL.identifier(SCHEMA), SQL.identifier(self.role)
        self.env.flush_all()
        self._drop_views()
        self.env.cr.execute(SQL("CREATE SCHEMA IF NOT EXISTS %s", schema))
        # Whose companies is decided by who made the access.
        views = self.env["crm.suite.bi.view"].sudo()._bi_views(self.company_ids.ids)
        for view in views:
            self._make_view(view)
        self.env.cr.execute(SQL("GRANT USAGE ON SCHEMA %s TO %s", schema, role))
        self.env.cr.execute(
            SQL("GRANT SELECT ON ALL TABLES IN SCHEMA %s TO %s", schema, role)
        )
        self.problem = False

    def _make_view(self, view):
        inner = SQL.identifier("public", f"crm_suite_bi_{view.name}")
        outer = SQL.identifier(SCHEMA, view.name)
        columns = SQL(", ").join(
            # The expressions are constants of programs, never of a user.
            # pylint: disable-next=sql-injection
            SQL("%s AS %s", SQL(expression), SQL.identifier(name))
            for name, (expression, _origin, _meaning) in self._get_columns(view).items()
        )
        # The barrier: no condition of a reader looks at rows before ours.
        self.env.cr.execute(
            SQL(
                "CREATE VIEW %s WITH (security_barrier) AS SELECT %s FROM %s",
                inner,
                columns,
                view.source,
            )
        )
        self.env.cr.execute(SQL("CREATE VIEW %s AS SELECT * FROM %s", outer, inner))
        self.env.cr.execute(SQL("COMMENT ON VIEW %s IS %s", outer, view.meaning))
        for name, (_expression, _origin, meaning) in self._get_columns(view).items():
            self.env.cr.execute(
                SQL(
                    "COMMENT ON COLUMN %s IS %s",
                    SQL("%s.%s", outer, SQL.identifier(name)),
                    meaning,
                )
            )

    @api.model
    def _get_columns(self, view):
        """The columns that may leave: whatever an addon names, sensitive ones do not."""
        allowed = {}
        for name, column in view.columns.items():
            model, _dot, field = column[1].rpartition(".")
            if is_sensitive(model, field):
                raise ValueError(f"{view.name}.{name}: {column[1]} is sensitive")
            allowed[name] = column
        return allowed

    # === AFTER UPGRADES === #

    def _register_hook(self):
        """Make again what an upgrade has dropped or may have changed.

        It runs each time the registry is loaded; where nothing was upgraded and
        nothing is missing it costs two queries.
        """
        super()._register_hook()
        if table_exists(self.env.cr, self._table):
            # As superuser: nobody is logged in while the registry is loaded. One, by
            # its index.
            accesses = self.sudo().search([], limit=1)
            accesses._restore(bool(self.env.registry.updated_modules))

    def _restore(self, upgraded=False):
        """Make the views where some are missing; a problem is kept and tells nobody's
        upgrade to stop."""
        for access in self:
            names = {
                view.name
                for view in self.env["crm.suite.bi.view"]
                .sudo()
                ._bi_views(access.company_ids.ids)
            }
            inner, outer = self._find_views()
            complete = outer == names and len(inner) == len(names)
            if complete and not upgraded:
                continue
            try:
                with self.env.cr.savepoint():
                    if not self._has_role(access.role):
                        # A copy on another server: there the access is not meant.
                        continue
                    access._make_views()
            except Exception as error:
                _logger.exception("The views for reports could not be made")
                access.problem = str(error)
