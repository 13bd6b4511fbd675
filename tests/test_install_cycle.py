"""Each addon installs, upgrades and uninstalls, with and without demo data.

After the uninstall the database is what it was before: no table, column, view, cron,
rule, menu or group of ours is left, and a partner can still be saved.
"""

import ast
import pathlib
import re

import pytest
from conftest import ROOT, shell

TROUBLE = re.compile(r"^\d{4}-\d\d-\d\d \S+ \d+ (WARNING|ERROR|CRITICAL) ")
# Demo customers with orders and invoices cannot be deleted; the host keeps them together
# with their external ids.
KEPT_WITH_DOCUMENTS = re.compile(
    r"xml id\|crm_suite_\w+\.\w+_demo(_product_template|_res_partner)?$"
)
# What the host itself writes while it installs or removes modules.
ALLOWED = re.compile(
    # A table is dropped before the fields that pointed to it.
    r"odoo\.schema: Table '\w+': unable to (drop|set)"
    # Debian's package has no compiled translations of the host's own demo data.
    r"|odoo\.tools\.translate: .*module (?!crm_suite)\w+: no translation"
)
SNAPSHOT = """
SELECT 'column', table_name || '.' || column_name FROM information_schema.columns
 WHERE table_schema = 'public'
UNION ALL SELECT 'index', indexname FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname FROM pg_constraint
 WHERE connamespace = 'public'::regnamespace
UNION ALL SELECT 'function', proname FROM pg_proc
 WHERE pronamespace = 'public'::regnamespace
UNION ALL SELECT 'trigger', tgname FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'model', model FROM ir_model
UNION ALL SELECT 'field', model || '.' || name FROM ir_model_fields
UNION ALL SELECT 'view', type || ' ' || coalesce(key, name) || ' ' || id FROM ir_ui_view
UNION ALL SELECT 'cron', id || ' ' || cron_name FROM ir_cron
UNION ALL SELECT 'rule', id || ' ' || coalesce(name, '') FROM ir_rule
UNION ALL SELECT 'access', id || ' ' || name FROM ir_model_access
UNION ALL SELECT 'menu', id || ' ' || (name->>'en_US') FROM ir_ui_menu
UNION ALL SELECT 'action', type || ' ' || id || ' ' || (name->>'en_US') FROM ir_actions
UNION ALL SELECT 'group', id || ' ' || (name->>'en_US') FROM res_groups
UNION ALL SELECT 'parameter', key FROM ir_config_parameter
UNION ALL SELECT 'asset', id || ' ' || path FROM ir_asset
UNION ALL SELECT 'default', id::text FROM ir_default
UNION ALL SELECT 'xml id', module || '.' || name FROM ir_model_data
 WHERE module LIKE 'crm_suite%'
"""
SAVE_A_PARTNER = """
partner = env["res.partner"].create({"name": "Saved after all", "email": "a@b.example"})
partner.write({"city": "Ghent"}); env.flush_all()
views = env["res.partner"].get_views([(False, "form"), (False, "list")])
print("SAVED", partner.city, sorted(views["views"]))
"""


def addons():
    """Our addons with the addons of ours that each needs."""
    found = {}
    for path in sorted(ROOT.glob("addons/*/__manifest__.py")):
        depends = ast.literal_eval(path.read_text())["depends"]
        found[path.parent.name] = [d for d in depends if d.startswith("crm_suite_")]
    return found


def snapshot(databases, name):
    return set(databases.connection.query(SNAPSHOT, database=name))


def unexpected(log):
    lines = pathlib.Path(log).read_text(errors="replace").splitlines()
    return [x for x in lines if TROUBLE.match(x) and not ALLOWED.search(x)]


@pytest.mark.parametrize("demo", [True, False], ids=["demo", "bare"])
@pytest.mark.parametrize("addon", addons())
def test_install_upgrade_uninstall(odoo, databases, new_database, addon, demo):
    needed = addons()[addon]
    template = databases.host_template(demo)
    if needed:
        template = databases.suite_template(demo, addons=needed)
    name = new_database(template, "cycle")
    before = snapshot(databases, name)

    log = odoo.work(f"Installing {addon}", name, "-i", addon)
    assert not unexpected(log)
    installed = snapshot(databases, name)
    assert {row for row in installed - before if row.startswith("field|")}

    log = odoo.work(f"Upgrading {addon}", name, "-u", addon)
    assert not unexpected(log)
    # An upgrade adds and loses nothing.
    assert not installed ^ snapshot(databases, name)

    uninstall(odoo, name, addon)
    left = snapshot(databases, name) - before
    if demo:
        left = {row for row in left if not KEPT_WITH_DOCUMENTS.match(row)}
    assert not left, sorted(left)[:40]
    assert "SAVED Ghent ['form', 'list']" in shell(odoo, name, SAVE_A_PARTNER)

    if not demo:
        # What was uninstalled can come back; with two years of demo data as well, but
        # that takes minutes and shows nothing more.
        log = odoo.work(f"Installing {addon} again", name, "-i", addon)
        assert not unexpected(log)


def uninstall(odoo, name, addon):
    # A setting that somebody made is no data of the module; it must go all the same.
    code = (
        f"env['ir.config_parameter'].set_param('{addon}.visibility', '{{}}')\n"
        f"env['ir.module.module'].search([('name', '=', '{addon}')])"
        ".button_immediate_uninstall(); env.cr.commit()\n"
    )
    shell(odoo, name, code)
