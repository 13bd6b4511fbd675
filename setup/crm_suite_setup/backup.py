"""`./setup/backup` and `./setup/restore`: database and attachments as one thing.

A backup is a folder: `database.dump` (pg_dump, custom format), `filestore.tar`, and
`manifest.json` with checksums, the number of rows of every table and the files that the
attachments name but nobody has, all read in the very snapshot that was dumped. A restore
is right when all three agree.
"""

import contextlib
import datetime
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile

from . import postgres
from .console import Progress, say, warn
from .database import literal
from .errors import SetupError
from .shell import last_words, run

DUMP = "database.dump"
FILES = "filestore.tar"
MANIFEST = "manifest.json"
TABLES = """
SELECT format('%I.%I', schemaname, tablename) FROM pg_tables
WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1;
"""
# For the page of the suite that shows whether everything works.
NOTE = """
INSERT INTO ir_config_parameter (key, value, create_date, write_date)
SELECT 'crm_suite_base.last_backup', to_char(t, 'YYYY-MM-DD HH24:MI:SS'), t, t
  FROM (SELECT now() AT TIME ZONE 'UTC' AS t) moment
 WHERE EXISTS (SELECT 1 FROM ir_module_module
                WHERE name = 'crm_suite_base' AND state = 'installed')
ON CONFLICT (key) DO UPDATE
   SET value = excluded.value, write_date = excluded.write_date;
"""
STORED = """
SELECT DISTINCT store_fname FROM ir_attachment WHERE store_fname > '' ORDER BY 1;
"""


# === BACKUP === #


def backup(databases, name, target):
    """Back up one database into a new folder below `target`; return the folder."""
    if not databases.exists(name):
        raise SetupError(f"There is no database {name}; name it with --database.")
    target.mkdir(parents=True, exist_ok=True)
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    folder = target / f"{name}-{stamp}"
    new = target / f".{folder.name}.{os.getpid()}"
    new.mkdir(mode=0o700)
    with Progress(f"Backing up {name}"), _given_up_if_it_fails(new):
        filestore = databases.filestore(name)
        # A file that existed before the snapshot may be swept away while we dump, one
        # that came with it may not be there yet: collect before and after.
        collected = new / "filestore"
        _collect(filestore, collected)
        counts, stored = _dump(databases.connection, name, new / DUMP)
        _collect(filestore, collected)
        missing = _missing(stored, collected)
        _pack(collected, new / FILES)
        manifest = {
            "database": name,
            "date": stamp,
            "rows": counts,
            "files": len(stored),
            "missing": missing,
            "sha256": {part: _sha256(new / part) for part in (DUMP, FILES)},
        }
        (new / MANIFEST).write_text(json.dumps(manifest, indent=1))
        os.replace(new, folder)
    databases.connection.query(NOTE, database=name)
    say(f"{folder}: {sum(counts.values())} rows, {len(stored) - len(missing)} files")
    if missing:
        # What is lost already shall not make the rest worthless.
        warn(
            f"The filestore of {name} lacks {len(missing)} files of attachments, for"
            f" example {missing[0]}: look for them in older backups. All are named in"
            f" {folder / MANIFEST}; a restore brings back everything else."
        )
    return folder


@contextlib.contextmanager
def _given_up_if_it_fails(folder):
    try:
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def _collect(source, target):
    """Link (or copy, on another disk) the files that are not collected yet."""
    for path in source.rglob("*") if source.exists() else ():
        if not path.is_file() or "checklist" in path.relative_to(source).parts:
            continue
        copy = target / path.relative_to(source)
        if copy.exists():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        # The sweeper may have been faster; what the snapshot needs is checked later.
        with contextlib.suppress(FileNotFoundError):
            try:
                os.link(path, copy)
            except OSError:
                shutil.copy2(path, copy)


def _missing(stored, filestore):
    return [fname for fname in stored if not pathlib.Path(filestore, fname).is_file()]


def _pack(folder, archive):
    folder.mkdir(exist_ok=True)
    with tarfile.open(archive, "w") as tar:
        tar.add(folder, arcname="filestore")
    shutil.rmtree(folder)


def _dump(connection, name, path):
    """Dump one snapshot and look at what it holds.

    :return: number of rows by table, and the names of the files of attachments
    """
    psql = [postgres.tool("psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-d", name]
    session = subprocess.Popen(
        psql,
        env=connection.environ(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with session:
        session.stdin.write(
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
            " SELECT pg_export_snapshot();\n"
        )
        session.stdin.flush()
        snapshot = session.stdout.readline().strip()
        if not snapshot:
            raise SetupError(f"The database {name} cannot be read; is it busy or gone?")
        command = [postgres.tool("pg_dump"), "-Fc", "--no-owner", "-d", name]
        command += [f"--snapshot={snapshot}", "-f", str(path)]
        result = run(command, env=connection.environ())
        if result.returncode:
            raise SetupError(f"pg_dump failed: {last_words(result.stdout)}")
        stored, tables = _ask(session, STORED), _ask(session, TABLES)
        session.stdin.write(_counting(tables))
        output, _errors = session.communicate()
    return _counts(output.splitlines()), stored


def _ask(session, query):
    session.stdin.write(f"{query}\n\\echo --\n")
    session.stdin.flush()
    lines = []
    while (line := session.stdout.readline()) != "--\n":
        if not line:
            raise SetupError("The database stopped answering; is it one of Odoo?")
        lines.append(line.strip())
    return lines


def _counting(tables):
    return "".join(
        f"SELECT {literal(table)}, count(*) FROM {table};\n" for table in tables
    )


def _counts(lines):
    pairs = (line.rsplit("|", 1) for line in lines if line)
    return {table: int(count) for table, count in pairs}


def _sha256(path):
    digest = hashlib.sha256()
    with open(path, "rb") as stream:
        while block := stream.read(1024 * 1024):
            digest.update(block)
    return digest.hexdigest()


# === RESTORE === #


def restore(databases, folder, name, neutralize):
    """Restore a backup as a new database and prove that it is whole."""
    manifest = _check(folder)
    name = name or manifest["database"]
    if not re.fullmatch(r"[\w-]+", name):
        raise SetupError(f"{name!r}: use letters, digits, - and _ only.")
    if databases.exists(name):
        raise SetupError(
            f"There is a database {name} already and a restore never overwrites:"
            " give another name with --database, or drop or rename that one first,"
            f" and its folder {databases.filestore(name)} with it."
        )
    new = databases.making(name)
    databases.drop(new)
    with Progress(f"Restoring {folder.name} as {name}") as progress:
        try:
            databases.create_empty(new)
            _load(databases.connection, new, folder / DUMP)
            progress.update("files")
            _unpack(folder / FILES, databases.filestore(new))
            progress.update("counting what is there")
            _compare(databases, new, manifest)
            if neutralize:
                databases.odoo.neutralize(new)
            databases.rename(new, name)
        except BaseException:
            databases.drop(new)
            raise
    state = "neutralized" if neutralize else "live: it will send mail when served"
    say(f"Database {name} is restored ({state})")


def _check(folder):
    try:
        manifest = json.loads((folder / MANIFEST).read_text())
        sums = manifest["sha256"]
    except (OSError, ValueError, KeyError) as error:
        raise SetupError(
            f"{folder} is not a backup (no readable {MANIFEST}); give the folder that"
            " ./setup/backup made."
        ) from error
    for part, expected in sums.items():
        if not (folder / part).exists() or _sha256(folder / part) != expected:
            raise SetupError(
                f"{folder / part} is damaged (its checksum differs): use another backup."
            )
    return manifest


def _load(connection, name, dump):
    result = run(
        [
            *(postgres.tool("pg_restore"), "--no-owner", "--no-privileges"),
            *("--exit-on-error", "--jobs", str(min(4, os.cpu_count() or 1))),
            *("-d", name, str(dump)),
        ],
        env=connection.environ(),
    )
    if result.returncode:
        raise SetupError(f"pg_restore failed: {last_words(result.stdout)}")


def _unpack(archive, target):
    parent = target.parent / f".{target.name}"
    shutil.rmtree(parent, ignore_errors=True)
    parent.mkdir(parents=True)
    try:
        with tarfile.open(archive) as tar:
            # Only plain files below the folder, whatever the archive says.
            safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            tar.extractall(parent, **safe)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(parent / "filestore", target)
    finally:
        shutil.rmtree(parent, ignore_errors=True)


def _compare(databases, name, manifest):
    """Every table has the rows, and every attachment the file, that it had.

    What was missing when the backup was made is no fault of the backup.
    """
    query = databases.connection.query
    tables = [line for line in query(TABLES, database=name) if line]
    found = _counts(query(_counting(tables), database=name))
    wrong = [
        f"{table}: {manifest['rows'].get(table, 0)} rows became {found.get(table, 0)}"
        for table in sorted({*manifest["rows"], *found})
        if manifest["rows"].get(table) != found.get(table)
    ]
    stored = [line for line in query(STORED, database=name) if line]
    missing = _missing(stored, databases.filestore(name))
    known = manifest.get("missing", ())
    wrong += [
        f"attachment file {fname} is missing" for fname in missing if fname not in known
    ]
    if wrong:
        more = f" and {len(wrong) - 3} more" if len(wrong) > 3 else ""
        raise SetupError(
            f"The restored database differs from the backup ({'; '.join(wrong[:3])}"
            f"{more}); nothing was kept. Use another backup."
        )


def forget_old(target, name, keep):
    """Remove all but the newest `keep` backups of a database."""
    pattern = re.compile(re.escape(name) + r"-\d{8}T\d{6}Z")
    folders = sorted(p for p in target.iterdir() if pattern.fullmatch(p.name))
    for folder in folders[:-keep]:
        shutil.rmtree(folder)
        say(f"Removed the old backup {folder}")
