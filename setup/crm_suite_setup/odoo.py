"""The host's command line inside our environment."""

import configparser
import os
import pathlib
import re
import subprocess

from .console import Progress
from .errors import SetupError, expect_space
from .settings import Settings
from .shell import need

LOADING = re.compile(r"Loading module (\S+) \((\d+)/(\d+)\)")
TROUBLE = re.compile(r"^\d{4}-\d\d-\d\d \S+ \d+ (ERROR|CRITICAL) ")


class Odoo:
    """An environment that is ready: host, Python, database connection."""

    def __init__(self, settings: Settings, host, python, connection):
        self.settings = settings
        self.host = host
        self.python = pathlib.Path(python)
        self.connection = connection
        self._working = set()
        self.config = self.write_config(settings.state / "odoo.conf", settings.database)

    def close(self):
        """End the jobs that a thread has not seen the end of."""
        for process in list(self._working):
            process.terminate()

    def write_config(self, path, database, **overrides):
        """Derive a configuration from the production one.

        On this machine the server talks to itself only: no proxy, one process (it
        serves the websocket on the same port), our own folders and connection.
        """
        parser = configparser.RawConfigParser()
        parser.read(self.settings.root / "odoo.conf")
        addons = [*self.host.addons_path, self.settings.addons]
        options = {
            "addons_path": ",".join(map(str, addons)),
            "data_dir": self.settings.data,
            "db_host": self.connection.host,
            "db_port": self.connection.port,
            "db_user": self.connection.user,
            "db_password": self.connection.password,
            "db_name": database,
            "dbfilter": f"^{re.escape(database)}$",
            "http_interface": "127.0.0.1",
            "http_port": self.settings.port,
            "proxy_mode": "False",
            "workers": 0,
            "max_cron_threads": 1,
            **overrides,
        }
        for name, value in options.items():
            if value == "":
                # The host warns about options that are there and empty.
                parser.remove_option("options", name)
            else:
                parser.set("options", name, str(value))
        # Written beside and renamed: another command may be reading it. It may
        # hold a password, so it is nobody else's business.
        new = path.with_suffix(f".{os.getpid()}")
        with open(os.open(new, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stream:
            parser.write(stream)
        os.replace(new, path)
        return path

    def environ(self):
        return {
            **self.connection.environ(),
            "ODOO_RC": str(self.config),
            "PYTHONUNBUFFERED": "1",
            # The host's tools (wkhtmltopdf, chromium) and our own scripts agree.
            "PATH": f"{self.python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        }

    def command(self, *arguments):
        return [str(self.python), "-m", "odoo", *map(str, arguments)]

    def work(self, title, database, *arguments, config=None):
        """Run a job on a database that ends by itself, showing how far it is.

        :return: the path of its log
        """
        log = self.settings.logs / f"{database}.log"
        command = self.command(
            *("-c", config or self.config, "-d", database),
            *("--stop-after-init", "--no-http", "--max-cron-threads=0"),
            *arguments,
        )
        trouble = None
        with (
            Progress(title) as progress,
            open(log, "w") as stream,
            subprocess.Popen(
                command,
                env=self.environ(),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
            ) as process,
        ):
            self._working.add(process)
            try:
                for line in process.stdout:
                    stream.write(line)
                    if found := LOADING.search(line):
                        module, index, count = found.groups()
                        progress.update(f"{index} of {count}, {module}")
                    elif not trouble and TROUBLE.match(line):
                        trouble = line.split(": ", 1)[-1].strip()
            except BaseException:
                process.terminate()
                raise
            finally:
                self._working.discard(process)
            if process.wait() or trouble:
                stream.flush()
                expect_space(log.read_text(), self.settings.state)
                raise SetupError(
                    f"{title} failed: {trouble or f'exit code {process.returncode}'};"
                    f" the whole story is in {log}."
                )
        return log

    def neutralize(self, database):
        """Make a copy harmless: no mail, no scheduled work, no payments."""
        command = self.command("neutralize", "-c", self.config, "-d", database)
        need(
            command,
            f"The database {database} cannot be neutralized.",
            env=self.environ(),
        )
