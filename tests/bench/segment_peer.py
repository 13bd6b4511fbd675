"""Fill and refresh a dynamic mailing list of OCA; a process of its own, started by
``bench_segment``, because its addons live on another path and in another database.

Prints one line of JSON.
"""

import sys
import time

sys.path.insert(0, __file__.rpartition("/")[0])

from peer_database import serve_peer  # noqa: E402

CHANGES = 50  # one in a hundred, as in ours


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
    serve_peer("mass_mailing_list_dynamic", _measure)
