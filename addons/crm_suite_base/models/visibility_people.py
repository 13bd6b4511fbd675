"""Followers and participants show a partner as superuser reads it.

So whoever sees the document would learn name and addresses of a customer that is hidden
from him, and could put any customer on a document of his own to read them.
"""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.mail.tools.discuss import Store

from .pool_mask import CLEAR, FETCHING, MASK
from .res_partner_visibility import STRICT

LINK = "partner_id"
NAMES = frozenset({"common_name", "display_name", "name"})


class PersonMixin(models.AbstractModel):
    """A record that shows the partner in its ``partner_id``, beside the mask of pools.

    Whom a document reaches (see ``res_partner_visibility.py``) is named where the record
    is read; searches, groups and orders know only whom the user finds by himself.
    """

    _name = "crm.suite.person.mixin"
    _description = "Shows a Partner"

    # What is shown of the partner, by the field of the partner.
    _crm_suite_person_fields = {}

    def _crm_suite_of_hidden(self):
        """Those of the records of which the user may not read the partner.

        :rtype: set[int]
        """
        if self.env.su or not self.env["res.partner"]._crm_suite_is_restricted():
            return set()
        # Superuser to read the ids; what is asked is about the user.
        people = {r.id: r.partner_id._origin.id for r in self.sudo() if r.partner_id}
        partners = self.env["res.partner"].browse(dict.fromkeys(people.values()))
        seen = set(partners._filtered_access("read").ids)
        return {id_ for id_, partner_id in people.items() if partner_id not in seen}

    def _read_format(self, fnames, load="_classic_read"):
        rows = super()._read_format(fnames, load)
        shown = self._crm_suite_person_fields.keys() | NAMES | {LINK}
        if shown := shown.intersection(fnames):
            hidden = self._crm_suite_of_hidden()
            for row in rows:
                if row["id"] in hidden:
                    row.update(
                        (name, self._crm_suite_blank(row, name)) for name in shown
                    )
        return rows

    @api.model
    def _crm_suite_blank(self, row, name):
        if name in NAMES:
            return self.env._("Somebody")
        if name != LINK:
            return False
        link = row[name]
        return (link[0], self.env._("Somebody")) if isinstance(link, tuple) else link

    def web_read(self, specification):
        rows = super().web_read(specification)
        hidden = self._crm_suite_of_hidden() if LINK in specification else ()
        for row in rows:
            link = row.get(LINK)
            if (
                row["id"] in hidden
                and isinstance(link, dict)
                and "display_name" in link
            ):
                link["display_name"] = self.env._("Somebody")
        return rows

    def _field_to_sql(self, alias, field_expr, query=None):
        sql = super()._field_to_sql(alias, field_expr, query)
        if (
            self.env.su
            or field_expr not in self._crm_suite_person_fields
            or self.env.context.get(FETCHING) is CLEAR
            or not self.env["res.partner"]._crm_suite_is_restricted()
        ):
            return sql
        people = self.env["res.partner"].with_context(
            active_test=False, **{STRICT: True}
        )
        return SQL(
            "(CASE WHEN %s IN %s THEN %s END)",
            SQL.identifier(alias, LINK),
            people._search([]).subselect(),
            sql,
        )

    @api.model
    def _search(self, domain, *args, **kwargs):
        """What is asked about the partner is asked with the rights of the user."""
        partners = self.env["res.partner"]
        if self.env.su or not (
            partners._crm_suite_is_restricted() or partners._pool_hiding()
        ):
            return super()._search(domain, *args, **kwargs)

        def ask(condition):
            name = self._crm_suite_person_fields.get(condition.field_expr)
            if name is None:
                return condition
            about = Domain(name, condition.operator, condition.value)
            # Whom no rule closes is found also out of the archive.
            people = partners.with_context(active_test=False)._search(about)
            return Domain(LINK, "in", people)

        return super()._search(Domain(domain).map_conditions(ask), *args, **kwargs)


class MailFollowers(models.Model):
    _name = "mail.followers"
    _inherit = ["mail.followers", "crm.suite.pool.mask", "crm.suite.person.mixin"]

    _crm_suite_person_fields = {
        "display_name": "display_name",
        "email": "email",
        "name": "name",
    }

    @api.model
    def _pool_masked_fields(self):
        return frozenset({"email"})

    @api.model
    def _pool_masked_searches(self):
        # They are asked about the partner itself.
        return frozenset()

    @api.model
    def _pool_masked_sql(self, alias, pool_ids):
        self.flush_model(["partner_id"])
        return self.env["res.partner"]._pool_masked_partner_sql(
            SQL.identifier(alias, LINK), pool_ids
        )

    def _to_store_defaults(self, target):
        """The host gives the whole partner to the chatter, read as superuser."""
        wanted = super()._to_store_defaults(target)
        hidden = self._crm_suite_of_hidden()
        masked = self._pool_get_masked(self._pool_hiding("email"))
        if not hidden and not masked:
            return wanted
        people = self.sudo()
        unnamed = people.browse(hidden).partner_id
        masked = people.browse(masked).partner_id
        somebody = self.env._("Somebody")

        def name(partner):
            return somebody if partner in unnamed else partner.name

        def email(partner):
            if partner in unnamed:
                return False
            return MASK if partner in masked and partner.email else partner.email

        shown = {"name": name, "email": email}
        fields = [
            Store.Attr(field, shown[field]) if field in shown else field
            for field in people.partner_id._to_store_defaults(target)
        ]
        return [
            Store.One(LINK, fields, sudo=True)
            if getattr(field, "field_name", None) == LINK
            else field
            for field in wanted
        ]


class CalendarAttendee(models.Model):
    _name = "calendar.attendee"
    _inherit = ["calendar.attendee", "crm.suite.person.mixin"]

    _crm_suite_person_fields = {
        "common_name": "name",
        "display_name": "display_name",
        "email": "email",
        "phone": "phone",
    }


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        """Nobody puts on a document whom he may not read: left out and not refused, as
        the host names them, too, on its own way to something else.
        """
        partners = self.env["res.partner"]
        if partner_ids and not self.env.su and partners._crm_suite_is_restricted():
            partner_ids = partners.browse(partner_ids)._filtered_access("read").ids
        return super().message_subscribe(partner_ids, subtype_ids)
