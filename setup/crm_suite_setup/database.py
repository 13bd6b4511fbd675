"""Databases: templates that are made once, and copies that are made in seconds.

Two templates: one with the host's modules that our addons need (minutes; keyed by the
host's version and the list of modules), and one with the suite on top of it (keyed by
the addons' files as well). Everything is made under a temporary name and renamed when it is
whole, so an interrupted run leaves nothing that looks ready.
"""

import ast
import contextlib
import datetime
import hashlib
import json
import os
import shutil

from .console import say, warn
from .errors import SetupError
from .locks import locked
from .settings import check_space

# The first one is the language of users and contacts that name none.
LANGUAGES = "en_US,zh_CN"
PREFIX = "crm_suite_tpl"
# A template with its files, the copy that people use, the log of transactions.
NEEDED_BYTES = 1024**3
MAKING = "__making"
# pg_trgm finds nothing in Chinese when the character type is "C".
CHARACTER_TYPES = ("C.UTF-8", "C.utf8", "en_US.UTF-8", "en_US.utf8")


def quote(name):
    return '"' + name.replace('"', '""') + '"'


def literal(value):
    return "'" + value.replace("'", "''") + "'"


def _digest(*parts):
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:10]


def host_modules(settings):
    """The host's modules that our addons depend on."""
    ours = settings.suite_addons
    names = set()
    for addon in ours:
        manifest = settings.addons / addon / "__manifest__.py"
        names.update(ast.literal_eval(manifest.read_text())["depends"])
    return sorted(names - set(ours))


def addon_digest(settings, addon):
    """Changes with every file that an upgrade of the addon would read."""
    digest = hashlib.sha256()
    folder = settings.addons / addon
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        relative = path.relative_to(folder)
        if "__pycache__" not in relative.parts and relative.parts[0] != "tests":
            digest.update(f"{relative}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


class Databases:
    def __init__(self, odoo):
        self.odoo = odoo
        self.settings = odoo.settings
        self.connection = odoo.connection

    # === SINGLE STEPS === #

    def check_rights(self):
        """Say before the long work that the role may not do it."""
        rows = self.connection.query(
            "SELECT rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = current_user"
        )
        if rows != ["t"]:
            user = self.connection.user
            raise SetupError(
                f"The PostgreSQL role {user} may not create databases: let an"
                f" administrator run ALTER ROLE {user} CREATEDB."
            )

    def names(self):
        return self.connection.query("SELECT datname FROM pg_database ORDER BY 1")

    def exists(self, name):
        return name in self.names()

    def create_empty(self, name):
        """Create a database as the host does, but one that knows Chinese."""
        self.check_rights()
        for ctype in CHARACTER_TYPES:
            created = self.connection.query(
                f"CREATE DATABASE {quote(name)} TEMPLATE template0 ENCODING 'UTF8'"
                f" LC_COLLATE 'C' LC_CTYPE {literal(ctype)}",
                check=False,
            )
            if created is not None:
                break
        else:
            raise SetupError(
                f"PostgreSQL cannot create the database {name} with a UTF-8 character"
                f" type: install one of the locales {', '.join(CHARACTER_TYPES)} on"
                " its machine, or check its free space and your rights."
            )
        self.connection.query("CREATE EXTENSION IF NOT EXISTS pg_trgm", database=name)

    def drop(self, name):
        if self.exists(name):
            self.connection.query(f"DROP DATABASE {quote(name)} WITH (FORCE)")
        shutil.rmtree(self.filestore(name), ignore_errors=True)

    def _drop_unfinished(self, name):
        """Leave nothing half-made behind, without hiding why it was not finished: on a
        full disk not even this may work. Who makes it again drops it first."""
        with contextlib.suppress(SetupError):
            self.drop(name)

    def filestore(self, name):
        return self.settings.data / "filestore" / name

    def rename(self, old, new):
        """Put a finished database in place, its files first: only the database
        says that it is there."""
        self._set_aside(new)
        if self.filestore(old).exists():
            os.replace(self.filestore(old), self.filestore(new))
        try:
            self.connection.query(f"ALTER DATABASE {quote(old)} RENAME TO {quote(new)}")
        except BaseException:
            if self.filestore(new).exists():
                os.replace(self.filestore(new), self.filestore(old))
            raise

    def _set_aside(self, name):
        """Keep files of a database that is not on this server: it may have been renamed
        or be on another one, and files of all servers lie in one folder."""
        folder = self.filestore(name)
        if not folder.exists():
            return
        now = datetime.datetime.now(datetime.timezone.utc)
        aside = folder.with_name(f"{name}-{now:%Y%m%dT%H%M%SZ}")
        os.replace(folder, aside)
        warn(
            f"{folder} held files of another database {name}, on another server or"
            f" renamed since: they are kept in {aside}. Give that folder the name of"
            " its database, or remove it if there is none any more."
        )

    def copy(self, source, target):
        """Copy a database and its files."""
        self.check_rights()
        self.drop(target)
        self._copy_files(source, target)
        self.connection.query(
            f"CREATE DATABASE {quote(target)} TEMPLATE {quote(source)}"
        )
        # Two databases must not be taken for one (cookies, calls home).
        self.connection.query(
            "UPDATE ir_config_parameter SET value = gen_random_uuid()::text"
            " WHERE key IN ('database.uuid', 'database.secret')",
            database=target,
        )
        return target

    def _copy_files(self, source, target):
        # Files of the store are named by their content and never changed, so hard
        # links will do.
        folder = self.filestore(source)
        if folder.exists():
            shutil.copytree(folder, self.filestore(target), copy_function=os.link)

    # === TEMPLATES === #

    def host_template(self, demo):
        """A template with the host's modules, without ours."""
        modules = host_modules(self.settings)
        # The files of a template lie in the state folder: another checkout that uses
        # the same server must not take this one for its own.
        key = _digest(
            *(self.odoo.host.version, ",".join(modules), LANGUAGES, str(demo)),
            str(self.settings.data),
        )
        name = f"{PREFIX}_host_{'demo' if demo else 'bare'}_{key}"

        def make(new):
            self.create_empty(new)
            self.odoo.work(
                f"Installing the host's {len(modules)} modules and what they need",
                new,
                *("-i", ",".join(modules)),
                "--with-demo" if demo else "--without-demo",
                f"--load-language={LANGUAGES}",
            )

        return self._template(name, make)

    def suite_template(self, demo, addons=None):
        """A template with our addons on top of the host's modules."""
        addons = addons or self.settings.suite_addons
        base = self.host_template(demo)
        digests = [addon_digest(self.settings, addon) for addon in addons]
        name = f"{PREFIX}_suite_{base[-10:]}_{_digest(*addons, *digests)}"

        def make(new):
            self.copy(base, new)
            self.odoo.work(
                f"Installing {', '.join(addons)}", new, "-i", ",".join(addons)
            )

        return self._template(name, make)

    def _template(self, name, make):
        lock = self.settings.state / f"{name}.lock"
        with locked(lock, "making a database template"):
            if not self.exists(name):
                self._forget_others(name)
                check_space(self.settings.state, needed=NEEDED_BYTES)
                new = f"{name}{MAKING}"
                self.drop(new)
                try:
                    make(new)
                    # What is left of a template is nobody's data.
                    self.drop(name)
                    self.rename(new, name)
                except BaseException:
                    self._drop_unfinished(new)
                    raise
        lock.unlink(missing_ok=True)
        return name

    def _forget_others(self, name):
        """Drop the templates that this one replaces, in a server that is ours."""
        if self.settings.pg_host:
            return
        family = name.rsplit("_", 1)[0]
        for other in self.names():
            if other != name and other.startswith(f"{family}_"):
                self.drop(other)

    # === THE DATABASE THAT PEOPLE USE === #

    def check_ours(self, name):
        """Leave alone what another checkout has made in a server that both use."""
        if not self.settings.pg_host or not self.exists(name):
            return
        marked = self._note(name).get("state")
        if marked and self._is_elsewhere(marked):
            raise SetupError(
                f"The database {name} on {self.settings.pg_host} belongs to another"
                f" checkout, whose state folder is {marked}: set CRM_SUITE_DB to"
                " another name."
            )
        if not marked and not self.filestore(name).exists():
            raise SetupError(
                f"The database {name} on {self.settings.pg_host} was not made by this"
                " checkout, which has none of its files: set CRM_SUITE_DB to another"
                " name."
            )

    def _is_elsewhere(self, folder):
        """Whether a state folder is there and is not ours (moved with its checkout)."""
        try:
            return not os.path.samefile(folder, self.settings.state)
        except PermissionError:
            return True
        except OSError:
            return False

    def ensure(self, name):
        """Create the database, or bring it up to date with the addons' files."""
        self.check_ours(name)
        current = {
            addon: addon_digest(self.settings, addon)
            for addon in self.settings.suite_addons
        }
        with locked(self.settings.state / "database.lock", "preparing the database"):
            if not self.exists(name):
                self._create(name, current)
            else:
                self._upgrade(name, current)

    def making(self, name):
        """Another checkout may be making a database of the same name."""
        return f"{name}{MAKING}_{self.settings.tag}"

    def _create(self, name, current):
        new = self.making(name)
        self.drop(new)
        try:
            # The same template that the tests use: whoever comes second has it.
            self.copy(self.suite_template(self.settings.demo), new)
            self._remember(new, current)
            self.rename(new, name)
        except BaseException:
            self._drop_unfinished(new)
            raise

    def _upgrade(self, name, current):
        """Upgrade the addons whose files changed, install those that are new.

        An addon that was there before and is not installed was uninstalled by
        somebody: it stays so.
        """
        before = self._remembered(name)
        states = dict(
            row.split("|")
            for row in self.connection.query(
                "SELECT name, state FROM ir_module_module", database=name
            )
        )
        installed = {addon for addon in current if states.get(addon) == "installed"}
        changed = [a for a in sorted(installed) if before.get(a) != current[a]]
        fresh = [a for a in current if a not in before and a not in installed]
        if not changed and not fresh:
            if self._note(name).get("state") != str(self.settings.state):
                self._remember(name, before)
            return
        say(
            f"The addons have changed since the last start: {', '.join(changed + fresh)}"
        )
        arguments = ["-u", ",".join(changed)] if changed else []
        arguments += ["-i", ",".join(fresh)] if fresh else []
        self.odoo.work("Upgrading the database", name, *arguments)
        self._remember(name, current)

    def _remembered(self, name):
        # A restored or foreign database says nothing: upgrade everything once.
        return self._note(name).get("crm_suite", {})

    def _note(self, name):
        """What the comment on a database says: digests of addons, and whose it is."""
        rows = self.connection.query(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database"
            f" WHERE datname = {literal(name)}"
        )
        try:
            note = json.loads("\n".join(rows))
        except ValueError:
            return {}
        return note if isinstance(note, dict) else {}

    def _remember(self, name, current):
        note = json.dumps({"crm_suite": current, "state": str(self.settings.state)})
        self.connection.query(f"COMMENT ON DATABASE {quote(name)} IS {literal(note)}")
