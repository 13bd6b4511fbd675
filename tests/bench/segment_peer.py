"""Fill and refresh a dynamic mailing list of OCA; a process of its own, started by
``bench_segment``, because its addons live on another path and in another database.

Prints one line of JSON.
"""

import argparse
import json
import sys
import time

import odoo
import odoo.service.server
from odoo.modules.registry import Registry
from odoo.tools import config

sys.path.insert(0, __file__.rpartition("/")[0])

from peer_database import administer, install  # noqa: E402

MODULE = "mass_mailing_list_dynamic"
CHANGES = 50  # one in a hundred, as in ours


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", required=True)
    parser.add_argument("--addons", required=True)
    parser.add_argument("--template", required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--members", type=int, required=True)
    options = parser.parse_args()
    config.parse_config(["--config", options.config, "--log-level=warn"])
    administer(f'CREATE DATABASE "{options.database}" TEMPLATE "{options.template}"')
    try:
        install(options, MODULE)
        odoo.service.server.load_server_wide_modules()
        with Registry(options.database).cursor() as cr:
            result = _measure(
                odoo.api.Environment(cr, odoo.SUPERUSER_ID, {}), options.members
            )
            cr.rollback()
        print(json.dumps(result))
    finally:
        odoo.sql_db.close_all()
        administer(f'DROP DATABASE IF EXISTS "{options.database}"')


def _measure(env, count):
    env.cr.execute(
        """
        INSERT INTO res_partner
            (name, complete_name, ref, is_company, active, type, lang, email,
             email_normalized, autopost_bills, create_date, write_date)
        SELECT 'Peer ' || n, 'Peer ' || n, 'peer-in', true, true, 'contact', 'en_US',
               n || '@peer.example.com', n || '@peer.example.com', 'ask', now(), now()
          FROM generate_series(1, %s) n
        """,
        [count],
    )
    env.cr.execute(
        "UPDATE res_partner SET commercial_partner_id = id WHERE ref = 'peer-in'"
    )
    env.cr.execute("ANALYZE res_partner")
    mailing_list = env["mailing.list"].create(
        {
            "name": "Peer",
            "dynamic": True,
            "sync_method": "full",
            "sync_domain": "[('ref', '=', 'peer-in')]",
        }
    )
    fill = _clock(env, mailing_list.action_sync)
    members = len(mailing_list.contact_ids)
    env.cr.execute(
        "UPDATE res_partner SET ref = 'peer-out' WHERE id IN ("
        " SELECT id FROM res_partner WHERE ref = 'peer-in' ORDER BY id LIMIT %s)",
        [CHANGES],
    )
    refresh = _clock(env, mailing_list.action_sync)
    return {
        "fill": fill,
        "members": members,
        "refresh": refresh,
        "changes": CHANGES,
    }


def _clock(env, act):
    env.flush_all()
    env.invalidate_all()
    started = time.perf_counter()
    act()
    env.flush_all()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
