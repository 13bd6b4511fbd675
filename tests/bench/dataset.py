"""Customers and their history, built in SQL.

The same customers go into both databases. They are committed once and marked by the
reference ``bench``, so a second benchmark of the run finds them ready.
"""

from .bench import CUSTOMERS, INTERACTIONS

BUSY_INTERACTIONS = 5_000


def ensure_customers(bench, db):
    """Fill ``db`` with CUSTOMERS companies, as plain as an import would leave them."""
    with bench.env(db, commit=True) as env:
        cr = env.cr
        cr.execute("SELECT count(*) FROM res_partner WHERE ref LIKE 'bench-%'")
        have = cr.fetchone()[0]
        if have >= CUSTOMERS:
            return
        cr.execute(
            """
            WITH new AS (
                INSERT INTO res_partner
                    (name, complete_name, ref, is_company, active, type, lang,
                     email, email_normalized, phone, phone_sanitized, country_id,
                     city, autopost_bills, user_id, create_date, write_date,
                     create_uid, write_uid, customer_rank)
                SELECT name, name, 'bench-' || n, true, true, 'contact', 'en_US',
                       mail, mail, phone, phone,
                       (SELECT id FROM res_country WHERE code = 'CN'),
                       'City ' || n %% 300, 'ask', 2, now(), now(), 1, 1, 1
                  FROM (SELECT n, 'Customer ' || md5(n::text) || ' Ltd' AS name,
                               'info@c' || n || '.example.com' AS mail,
                               '+86138' || lpad(n::text, 8, '0') AS phone
                          FROM generate_series(%s, %s) n) source
             RETURNING id
            )
            SELECT count(*) FROM new
            """,
            [have + 1, CUSTOMERS],
        )
        cr.execute(
            "UPDATE res_partner SET commercial_partner_id = id "
            "WHERE commercial_partner_id IS NULL"
        )
        if "crm_suite_lifecycle_id" in env["res.partner"]._fields:
            cr.execute(
                "UPDATE res_partner SET crm_suite_lifecycle_id = "
                "(SELECT id FROM crm_suite_lifecycle_stage WHERE code = 'lead') "
                "WHERE ref LIKE 'bench-%' AND crm_suite_lifecycle_id IS NULL"
            )
        cr.commit()
        cr._cnx.autocommit = True
        cr.execute("VACUUM ANALYZE res_partner")
        cr._cnx.autocommit = False


def ensure_interactions(bench, db):
    """Give the customers of ``db`` INTERACTIONS entries of history in total.

    Most are messages of the customer's own thread (mail, notes), the rest calls; the
    first customer gets BUSY_INTERACTIONS of them, spread over the same kinds.
    """
    ensure_customers(bench, db)
    with bench.env(db, commit=True) as env:
        cr = env.cr
        cr.execute("SELECT count(*) FROM mail_message WHERE email_from = 'bench'")
        if cr.fetchone()[0]:
            return busy_partner(env)
        busy = busy_partner(env)
        calls = INTERACTIONS // 10
        _insert_messages(cr, env, busy, BUSY_INTERACTIONS * 9 // 10, spread=False)
        _insert_messages(cr, env, busy, INTERACTIONS - calls, spread=True)
        if "crm.suite.call" in env:
            _insert_calls(cr, busy, BUSY_INTERACTIONS // 10, spread=False)
            _insert_calls(cr, busy, calls, spread=True)
        cr.commit()
        cr._cnx.autocommit = True
        cr.execute("VACUUM ANALYZE mail_message")
        if "crm.suite.call" in env:
            cr.execute("VACUUM ANALYZE crm_suite_call")
        cr._cnx.autocommit = False
    return busy


def busy_partner(env):
    """Id of the customer with the long history."""
    return env["res.partner"].search([("ref", "=", "bench-1")]).id


def _insert_messages(cr, env, busy, count, spread):
    note = env.ref("mail.mt_note").id
    comment = env.ref("mail.mt_comment").id
    cr.execute(
        """
        INSERT INTO mail_message
            (model, res_id, message_type, subtype_id, subject, body, email_from, date,
             author_id, is_internal, create_date, write_date, create_uid, write_uid)
        SELECT 'res.partner',
               CASE WHEN %(spread)s THEN %(busy)s + 1 + n %% (%(customers)s - 1)
                    ELSE %(busy)s END,
               (ARRAY['email', 'comment', 'comment', 'email'])[1 + n %% 4],
               CASE WHEN n %% 4 = 1 THEN %(note)s ELSE %(comment)s END,
               'Subject ' || n, '<p>Text number ' || n || '</p>', 'bench',
               now() - n %% 730 * interval '1 day' - n %% 86400 * interval '1 second',
               3, n %% 4 = 1, now(), now(), 1, 1
          FROM generate_series(1, %(count)s) n
        """,
        {
            "spread": spread,
            "busy": busy,
            "customers": CUSTOMERS,
            "note": note,
            "comment": comment,
            "count": count,
        },
    )


def _insert_calls(cr, busy, count, spread):
    cr.execute(
        """
        INSERT INTO crm_suite_call
            (partner_id, commercial_partner_id, kind, direction, date, user_id,
             company_id, summary, create_date, write_date, create_uid, write_uid)
        SELECT id, id, 'call', 'out', now() - n %% 730 * interval '1 day', 2, 1,
               'Call ' || n, now(), now(), 1, 1
          FROM (SELECT n, CASE WHEN %(spread)s
                               THEN %(busy)s + 1 + n %% (%(customers)s - 1)
                               ELSE %(busy)s END AS id
                  FROM generate_series(1, %(count)s) n) source
        """,
        {"spread": spread, "busy": busy, "customers": CUSTOMERS, "count": count},
    )
