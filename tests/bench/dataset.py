"""Customers and their history, built in SQL.

The same customers go into both databases. They are committed once and marked by the
reference ``bench``, so a second benchmark of the run finds them ready.
"""

from .bench import CUSTOMERS, INTERACTIONS

BUSY_INTERACTIONS = 5_000


def ensure_customers(bench, db, customers=CUSTOMERS):
    """Fill ``db`` with companies, as plain as an import would leave them."""
    with bench.env(db, commit=True) as env:
        cr = env.cr
        cr.execute("SELECT count(*) FROM res_partner WHERE ref LIKE 'bench-%'")
        have = cr.fetchone()[0]
        if have >= customers:
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
            [have + 1, customers],
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


def ensure_orders(bench, db, customers=CUSTOMERS, each=5):
    """Give each customer of ``db`` confirmed orders over three years, a line in each.

    :return: number of orders
    """
    ensure_customers(bench, db, customers)
    with bench.env(db, commit=True) as env:
        products = _ensure_products(env)
        cr = env.cr
        _insert_orders(cr, env, each)
        _insert_order_lines(cr, products)
        cr.execute("SELECT count(*) FROM sale_order WHERE name LIKE 'BENCH%'")
        count = cr.fetchone()[0]
        cr.commit()
        cr._cnx.autocommit = True
        cr.execute("VACUUM ANALYZE sale_order")
        cr.execute("VACUUM ANALYZE sale_order_line")
        cr._cnx.autocommit = False
    return count


def _ensure_products(env):
    products = env["product.product"].search([("default_code", "=like", "BENCH%")])
    if products:
        return products
    categories = env["product.category"].create(
        [{"name": f"Bench category {number}"} for number in range(8)]
    )
    return env["product.product"].create(
        [
            {
                "name": f"Bench product {number}",
                "default_code": f"BENCH{number}",
                "categ_id": categories[number % 8].id,
            }
            for number in range(40)
        ]
    )


def _insert_orders(cr, env, each):
    """Orders of the bench customers that have none, dated back."""
    cr.execute(
        """
        INSERT INTO sale_order
            (name, partner_id, partner_invoice_id, partner_shipping_id, company_id,
             currency_id, currency_rate, state, date_order, amount_untaxed,
             amount_total, picking_policy, invoice_status, warehouse_id, user_id,
             create_date, write_date, create_uid, write_uid)
        SELECT 'BENCH' || p.id || '/' || n, p.id, p.id, p.id, %(company)s,
               %(currency)s, 1, 'sale',
               now() - (p.id * 37 %% 90 + n * 150) * interval '1 day',
               100 + (p.id * n) %% 900, 100 + (p.id * n) %% 900, 'direct', 'no',
               %(warehouse)s, 2, now() - interval '1 day', now() - interval '1 day',
               1, 1
          FROM res_partner p, generate_series(1, %(each)s) n
         WHERE p.ref LIKE 'bench-%%'
           AND NOT EXISTS (SELECT 1 FROM sale_order o WHERE o.partner_id = p.id)
        """,
        {
            "company": env.company.id,
            "currency": env.company.currency_id.id,
            "warehouse": env["stock.warehouse"].search([], limit=1).id,
            "each": each,
        },
    )


def _insert_order_lines(cr, products):
    cr.execute(
        """
        INSERT INTO sale_order_line
            (order_id, company_id, currency_id, order_partner_id, product_id,
             product_uom_id, name, sequence, product_uom_qty, price_unit,
             price_subtotal, price_total, customer_lead, state, invoice_status,
             create_date, write_date, create_uid, write_uid)
        SELECT o.id, o.company_id, o.currency_id, o.partner_id,
               (%(products)s::int[])[1 + o.id %% %(count)s], %(uom)s, 'Line', 10, 1,
               o.amount_untaxed, o.amount_untaxed, o.amount_untaxed, 0, 'sale', 'no',
               o.create_date, o.write_date, 1, 1
          FROM sale_order o
         WHERE o.name LIKE 'BENCH%%'
           AND NOT EXISTS (SELECT 1 FROM sale_order_line l WHERE l.order_id = o.id)
        """,
        {
            "products": products.ids,
            "count": len(products),
            "uom": products[0].uom_id.id,
        },
    )


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
