"""The restore drill: what comes back from a backup is what was there, or an error."""

import base64
import json
import shutil

import pytest
from conftest import shell
from crm_suite_setup import backup as backups
from crm_suite_setup.errors import SetupError

ATTACHMENT = "Contract with a customer. " * 400
WORK = f"""
env["ir.attachment"].create({{
    "name": "contract.txt", "datas": {base64.b64encode(ATTACHMENT.encode())!r},
}})
env["ir.mail_server"].create({{"name": "Real", "smtp_host": "mail.example.com"}})
env["res.partner"].create({{"name": "Backed Up Ltd"}})
env.cr.commit()
"""
HEALTH = """
print("FOUND", *env["crm.suite.health.check"]._find_backup())
"""
LOOK = """
found = env["ir.attachment"].search([("name", "=", "contract.txt")])
print("FOUND", len(found.raw), env["res.partner"].search_count([
    ("name", "=", "Backed Up Ltd")]), env["ir.mail_server"].search_count([
    ("smtp_host", "=", "mail.example.com")]))
"""


@pytest.fixture(scope="module")
def source(odoo, databases):
    name = databases.copy(databases.suite_template(demo=True), "crm_suite_test_drill")
    shell(odoo, name, WORK)
    yield name
    databases.drop(name)


@pytest.fixture(scope="module")
def folder(databases, source, tmp_path_factory):
    return backups.backup(databases, source, tmp_path_factory.mktemp("backups"))


@pytest.fixture
def target(databases):
    yield "crm_suite_test_restored"
    databases.drop("crm_suite_test_restored")


@pytest.fixture
def damaged(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "damaged")


def leftovers(databases, target):
    return [name for name in databases.names() if name.startswith(target)]


def test_drill(odoo, databases, folder, target):
    manifest = json.loads((folder / backups.MANIFEST).read_text())
    assert manifest["rows"]["public.res_partner"] > 10
    assert manifest["files"] > 10
    backups.restore(databases, folder, target, neutralize=False)
    assert f"FOUND {len(ATTACHMENT)} 1 1" in shell(odoo, target, LOOK)


def test_the_page_about_health_knows(odoo, source, folder):
    assert "FOUND ok" in shell(odoo, source, HEALTH)


def test_neutralized_copy_sends_nothing(odoo, databases, folder, target):
    backups.restore(databases, folder, target, neutralize=True)
    assert f"FOUND {len(ATTACHMENT)} 1 0" in shell(odoo, target, LOOK)


def test_never_overwrites(databases, source, folder):
    with pytest.raises(SetupError, match="never overwrites") as refusal:
        backups.restore(databases, folder, source, neutralize=False)
    assert str(databases.filestore(source)) in str(refusal.value)


def test_files_of_another_database_are_kept(odoo, databases, folder, target, capsys):
    """The one that had the name was renamed or is on another server: its files stay."""
    filestore = databases.filestore(target)
    (filestore / "aa").mkdir(parents=True, exist_ok=True)
    (filestore / "aa" / "uploaded").write_text("Only copy")
    backups.restore(databases, folder, target, neutralize=False)
    [aside] = filestore.parent.glob(f"{target}-*")
    try:
        assert (aside / "aa" / "uploaded").read_text() == "Only copy"
        assert str(aside) in capsys.readouterr().err
        assert not (filestore / "aa" / "uploaded").exists()
    finally:
        shutil.rmtree(aside)
    assert f"FOUND {len(ATTACHMENT)} 1 1" in shell(odoo, target, LOOK)


@pytest.mark.parametrize("part", [backups.DUMP, backups.FILES])
def test_damaged_file_is_refused(databases, damaged, target, part):
    with open(damaged / part, "r+b") as stream:
        stream.seek(2000)
        stream.write(b"\0damage\0")
    with pytest.raises(SetupError, match="damaged"):
        backups.restore(databases, damaged, target, neutralize=False)
    assert not leftovers(databases, target)


def test_lost_rows_are_noticed(databases, damaged, target):
    """The checksums are right and a table is short: nothing is kept."""
    manifest = json.loads((damaged / backups.MANIFEST).read_text())
    manifest["rows"]["public.res_partner"] += 1
    (damaged / backups.MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(SetupError, match="res_partner"):
        backups.restore(databases, damaged, target, neutralize=False)
    assert not leftovers(databases, target)
    assert not databases.filestore(target).exists()


def test_a_file_lost_before_the_backup_is_told_and_restored_without(
    odoo, databases, tmp_path, target, capsys
):
    source = databases.copy(databases.suite_template(demo=True), "crm_suite_test_lost")
    try:
        shell(odoo, source, WORK)
        [lost, *_rest] = databases.connection.query(backups.STORED, database=source)
        (databases.filestore(source) / lost).unlink()
        folder = backups.backup(databases, source, tmp_path)
        said = capsys.readouterr()
        assert lost in said.out + said.err
        assert json.loads((folder / backups.MANIFEST).read_text())["missing"] == [lost]
        backups.restore(databases, folder, target, neutralize=False)
        assert "FOUND" in shell(odoo, target, LOOK)
        # One that is lost since is another matter.
        manifest = json.loads((folder / backups.MANIFEST).read_text())
        manifest["missing"] = []
        (folder / backups.MANIFEST).write_text(json.dumps(manifest))
        databases.drop(target)
        with pytest.raises(SetupError, match=lost):
            backups.restore(databases, folder, target, neutralize=False)
    finally:
        databases.drop(source)


def test_not_a_backup(databases, tmp_path, target):
    with pytest.raises(SetupError, match="not a backup"):
        backups.restore(databases, tmp_path, target, neutralize=False)


def test_old_backups_go(tmp_path, databases):
    for day in ("01", "02", "03"):
        (tmp_path / f"crm-202601{day}T000000Z").mkdir()
    (tmp_path / "other-20260101T000000Z").mkdir()
    backups.forget_old(tmp_path, "crm", keep=2)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "crm-20260102T000000Z",
        "crm-20260103T000000Z",
        "other-20260101T000000Z",
    ]
