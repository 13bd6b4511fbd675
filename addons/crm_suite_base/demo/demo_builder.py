import random
from datetime import datetime, time, timedelta

from odoo import api, fields, models
from odoo.tools import SQL


class CrmSuiteDemo(models.AbstractModel):
    """Build two years of believable business for the demo customers.

    Called once by the demo data. Customers, contacts, users, teams and products
    are plain data files; what hangs together in time (orders, deliveries,
    invoices, payments, deals, talk) is made here through the host's own methods
    and then moved to its day. All days count back from today and every choice
    comes from a generator seeded with the customer's external id, so two
    databases built on the same day tell the same story.
    """

    _name = "crm.suite.demo"
    _description = "Demo Data Builder"

    @api.model
    def _build_demo(self):
        """Build the whole story; do nothing where it was already told."""
        builder = self._quietly()
        customers = builder._demo_customers()
        if not customers or builder._is_built(customers):
            return False
        builder._set_people_details(customers)
        orders = builder._build_sales(customers)
        builder._build_deals(customers, orders)
        builder._build_customers(customers, orders)
        builder._build_talk(customers, orders)
        builder._leave_leads_unowned(customers)
        return True

    @api.model
    def _quietly(self):
        """The builder of the demo company, about whose work nobody is told."""
        return self.with_company(self.env.ref("base.main_company")).with_context(
            mail_activity_quick_update=True,
            mail_auto_subscribe_no_notify=True,
            mail_create_nolog=True,
            mail_create_nosubscribe=True,
            mail_notrack=True,
            no_mail_to_attendees=True,
            skip_sms=True,
            tracking_disable=True,
        )

    @api.model
    def _leave_leads_unowned(self, customers):
        """Some leads nobody looks after yet: the rules qualify those with an owner."""
        leads = customers.filtered(lambda c: c.crm_suite_lifecycle_id.code == "lead")
        leads[: len(leads) // 2].user_id = False

    @api.model
    def _is_built(self, customers):
        return bool(
            self.env["sale.order"].search_count(
                [("partner_id", "in", customers.ids)], limit=1
            )
        )

    @api.model
    def _demo_customers(self):
        """Return the demo customers in the order of their data file."""
        rows = self.env["ir.model.data"].search_fetch(
            [
                ("module", "=", "crm_suite_base"),
                ("model", "=", "res.partner"),
                ("name", "=like", r"customer\_%\_demo"),
            ],
            ["name", "res_id"],
            order="res_id",
        )
        return self.env["res.partner"].browse(rows.mapped("res_id")).exists()

    @api.model
    def _set_people_details(self, customers):
        """Give people the language and time zone of their country, where installed."""
        installed = dict(self.env["res.lang"].get_installed())
        people = customers | customers.child_ids
        chinese = people.filtered(self._speaks_chinese)
        users = self._demo_users()
        china = users.filtered(lambda user: user.login != "emma.brown").partner_id
        china.tz = "Asia/Shanghai"
        (users.partner_id - china).tz = "Europe/London"
        if "zh_CN" in installed:
            (chinese | china).lang = "zh_CN"
        if "en_US" in installed:
            ((people - chinese) | (users.partner_id - china)).lang = "en_US"

    @api.model
    def _demo_users(self):
        rows = self.env["ir.model.data"].search(
            [
                ("module", "=", "crm_suite_base"),
                ("model", "=", "res.users"),
                ("name", "=like", r"user\_%\_demo"),
            ]
        )
        return self.env["res.users"].browse(rows.mapped("res_id")).exists()

    # === HELPERS ===

    @api.model
    def _speaks_chinese(self, partner):
        return partner.country_id.code in ("CN", "HK")

    @api.model
    def _rng(self, record, topic):
        """Return a random generator that gives the same numbers in every database."""
        xmlid = record.get_external_id().get(record.id) or str(record.id)
        return random.Random(f"{xmlid}/{topic}")

    @api.model
    def _day(self, days_ago):
        """Return a working day about ``days_ago`` days before today; 0 is today."""
        day = fields.Date.context_today(self) - timedelta(days=days_ago)
        if day.weekday() < 5 or not days_ago:
            return day
        # Weekend work moves to the Friday before; for plans, to the Monday after.
        back = day.weekday() - 4 if days_ago > 0 else day.weekday() - 7
        return day - timedelta(days=back)

    @api.model
    def _moment(self, day, rng, first=1, last=9):
        """Return a time on ``day`` within the (UTC) hours of a Chinese office."""
        hour = rng.randint(first, last)
        moment = datetime.combine(day, time(hour, rng.choice((0, 10, 20, 30, 45))))
        return min(moment, fields.Datetime.now()) if first == 1 else moment

    @api.model
    def _shift(self, model, values):
        """Move records in time: write date columns that the host sets to *now*.

        :param str model: name of the model
        :param dict values: ``{record id: {column: value}}``, same columns in each
        """
        if not values:
            return
        self.env.flush_all()
        columns = list(next(iter(values.values())))
        table = SQL.identifier(self.env[model]._table)
        self.env.cr.execute(
            SQL(
                "UPDATE %s AS t SET %s FROM (VALUES %s) AS v (id, %s) WHERE t.id = v.id",
                table,
                SQL(", ").join(
                    SQL("%s = v.%s::timestamp", *(SQL.identifier(name),) * 2)
                    for name in columns
                ),
                SQL(", ").join(
                    SQL("%s", (record_id, *(row[name] for name in columns)))
                    for record_id, row in values.items()
                ),
                SQL(", ").join(map(SQL.identifier, columns)),
            )
        )
        self.env[model].invalidate_model()

    @api.model
    def _shift_messages(self, records):
        """Date the automatic messages of ``records`` on the day of the record."""
        if not records:
            return
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                UPDATE mail_message m
                   SET date = r.create_date
                  FROM %s r
                 WHERE m.model = %s
                   AND m.res_id = r.id
                   AND r.id = ANY(%s)
                """,
                SQL.identifier(records._table),
                records._name,
                list(records.ids),
            )
        )
        self.env["mail.message"].invalidate_model(["date"])
