import html
from datetime import datetime, time

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, escape_psql

MAX_PAGE = 200
DEFAULT_PAGE = 40
MAX_PEOPLE = 1000
FILTERS = frozenset(
    (
        "kinds",
        "channels",
        "person_id",
        "date_from",
        "date_to",
        "search",
        "subsidiaries",
    )
)


def _clean(text):
    """A text of a caller; PostgreSQL has no zero characters."""
    return str(text).replace("\0", "")


class ResPartner(models.Model):
    """The timeline of one customer, page by page."""

    _inherit = "res.partner"

    @api.model
    @api.readonly
    def crm_suite_timeline(
        self, partner_id, filters=None, cursor=False, limit=DEFAULT_PAGE
    ):
        """What passed between us and a customer, newest first.

        A company's timeline is that of all its contacts; a contact's is his own.

        :param int partner_id: the customer or one of its contacts
        :param dict filters: ``kinds`` and ``channels`` (lists), ``person_id``,
            ``date_from`` and ``date_to`` (days, both included), ``search`` (words in
            title or text), ``subsidiaries`` (true: with the companies below)
        :param str cursor: ``next`` of the page before
        :param int limit: rows of a page, at most 200
        :return: ``{"rows": [...], "next": cursor or False}``
        :rtype: dict
        """
        partner = self._crm_suite_get_named(partner_id)
        partner._crm_suite_check_visible()
        limit, filters = self._crm_suite_timeline_arguments(limit, filters)
        found = partner._crm_suite_timeline_page(
            filters, limit + 1, self._crm_suite_read_cursor(cursor)
        )
        more = len(found) > limit
        return {
            "rows": self._crm_suite_timeline_rows(found[:limit]),
            "next": self._crm_suite_write_cursor(found[limit - 1]) if more else False,
        }

    @api.model
    def _crm_suite_timeline_arguments(self, limit, filters):
        """What a program gave, in the types that the query wants."""
        try:
            limit = max(1, min(int(limit or DEFAULT_PAGE), MAX_PAGE))
            filters = dict(filters or {})
            for key in ("kinds", "channels"):
                if isinstance(filters.get(key), str):
                    filters[key] = [filters[key]]
                filters[key] = [_clean(name) for name in filters.get(key) or ()]
            filters["person_id"] = int(filters.get("person_id") or 0)
            filters["search"] = _clean(filters.get("search") or "")
            for key in ("date_from", "date_to"):
                filters[key] = fields.Date.to_date(filters.get(key) or False)
        except (AttributeError, OverflowError, TypeError, ValueError) as error:
            raise UserError(
                self.env._(
                    "The filters of the timeline are wrong: %(error)s", error=error
                )
            ) from error
        return limit, filters

    def _crm_suite_timeline_page(self, filters, limit, cursor=None, until_now=False):
        """The newest rows of the customer that meet the filters, as in the database.

        :param bool until_now: leave out what is planned
        """
        self._crm_suite_check_role()
        where = self._crm_suite_timeline_where(filters)
        if until_now:
            where.append(SQL("date <= %s", fields.Datetime.now()))
        interactions = self._crm_suite_timeline_of(filters)
        return interactions._interaction_page(where, limit, cursor)

    def _crm_suite_timeline_of(self, filters):
        """The interactions, told whose they are, so that they are read by indexes."""
        person_id = filters.get("person_id")
        if not person_id and self.sudo().commercial_partner_id != self:
            person_id = self.id
        return self.env["crm.suite.interaction"].with_context(
            crm_suite_interaction_person=int(person_id or 0),
            crm_suite_interaction_people=self._crm_suite_timeline_people(filters),
        )

    def _crm_suite_timeline_people(self, filters):
        """The customer and its people, when they are few enough to be named.

        :return: id of the customer, ids of the people; or ``None`` for a group of
            companies or a crowd, whose people are joined instead
        """
        if filters.get("subsidiaries"):
            return None
        commercial = self.sudo().commercial_partner_id
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM res_partner WHERE commercial_partner_id = %s LIMIT %s",
                commercial.id,
                MAX_PEOPLE + 1,
            )
        )
        if len(rows) > MAX_PEOPLE:
            return None
        return commercial.id, tuple(row[0] for row in rows)

    def _crm_suite_timeline_where(self, filters):
        """The conditions of a page, as SQL on the columns of the timeline."""
        if unknown := sorted(set(filters) - FILTERS):
            raise UserError(
                self.env._(
                    "The timeline has no filter %(name)s. It knows: %(known)s.",
                    name=", ".join(unknown),
                    known=", ".join(sorted(FILTERS)),
                )
            )
        where = [self._crm_suite_timeline_whose(filters)]
        for key, column in (("kinds", "kind"), ("channels", "channel")):
            if filters.get(key):
                where.append(
                    SQL("%s IN %s", SQL.identifier(column), tuple(filters[key]))
                )
        if filters.get("person_id"):
            where.append(SQL("partner_id = %s", int(filters["person_id"])))
        where += self._crm_suite_timeline_period(filters)
        for word in (filters.get("search") or "").split():
            pattern = f"%{escape_psql(word)}%"
            where.append(SQL("(title ILIKE %s OR summary ILIKE %s)", pattern, pattern))
        return where

    def _crm_suite_timeline_whose(self, filters):
        commercial = self.sudo().commercial_partner_id
        if commercial.id != self.id:
            return SQL("partner_id = %s", self.id)
        if filters.get("subsidiaries"):
            return SQL(
                "commercial_partner_id IN %s", tuple(self._crm_suite_family().ids)
            )
        return SQL("commercial_partner_id = %s", self.id)

    def _crm_suite_timeline_period(self, filters):
        """Days of the user's own calendar: as moments of the database's clock, or as they
        are for what has a day without a time.

        The kind is only asked for between the two: that of a mail is costly.
        """
        kinds = self.env["crm.suite.interaction"]._interaction_day_kinds()
        where = []
        for key, clock, operator, wider, closer in (
            ("date_from", time.min, SQL(">="), min, max),
            ("date_to", time.max, SQL("<="), max, min),
        ):
            if filters.get(key):
                day = datetime.combine(fields.Date.to_date(filters[key]), clock)
                moment = self._crm_suite_to_utc(day)
                bounds = day, moment
                where.append(
                    SQL(
                        "date %(operator)s %(wide)s"
                        " AND (date %(operator)s %(close)s OR kind %(among)s %(kinds)s)",
                        operator=operator,
                        wide=wider(bounds),
                        close=closer(bounds),
                        among=SQL("IN") if wider(bounds) == day else SQL("NOT IN"),
                        kinds=kinds,
                    )
                )
        return where

    @api.model
    def _crm_suite_to_utc(self, moment):
        zone = self.env.tz
        return zone.localize(moment).astimezone(pytz.utc).replace(tzinfo=None)

    # The cursor is opaque to callers; it says after which row to go on.
    @api.model
    def _crm_suite_write_cursor(self, row):
        return f"{row['date'].isoformat()}|{row['id']}"

    @api.model
    def _crm_suite_read_cursor(self, cursor):
        if not cursor:
            return None
        try:
            date, _bar, row_id = cursor.partition("|")
            return datetime.fromisoformat(date), int(row_id)
        except (AttributeError, ValueError) as error:
            raise UserError(
                self.env._(
                    "This is no place in the timeline: %(cursor)s. Start from its first page.",
                    cursor=cursor,
                )
            ) from error

    def _crm_suite_timeline_rows(self, found):
        """Rows of the database as a client shows them."""
        names = self._crm_suite_timeline_names(found)
        currencies = {row["currency_id"] for row in found if row["currency_id"]}
        codes = {
            currency.id: currency.name
            for currency in self.env["res.currency"].browse(currencies)
        }
        labels = {}
        rows = []
        for row in found:
            key = row["res_model"], row["kind"]
            if key not in labels:
                labels[key] = self._crm_suite_state_labels(*key)
            rows.append(
                {
                    # XML-RPC has no word for nothing; the host says False.
                    **{
                        name: False if value is None else value
                        for name, value in row.items()
                    },
                    "date": fields.Datetime.to_string(row["date"]),
                    "title": html.unescape(row["title"] or ""),
                    "summary": html.unescape(row["summary"] or "").strip(),
                    "amount": float(row["amount"])
                    if row["amount"] is not None
                    else False,
                    "currency": codes.get(row["currency_id"], False),
                    "direction": row["direction"] or False,
                    "state_label": labels[key].get(row["state"], ""),
                    "person": names["partner"].get(row["partner_id"], ""),
                    "user": names["user"].get(row["user_id"], ""),
                }
            )
        return rows

    def _crm_suite_timeline_names(self, found):
        """Names of the people in the rows, in one query each."""
        partners = {row["partner_id"] for row in found}
        users = {row["user_id"] for row in found} - {None}
        records = self.with_context(active_test=False)
        return {
            "partner": {
                partner.id: partner.name or ""
                for partner in records.search_fetch(
                    [("id", "in", list(partners))], ["name"]
                )
            },
            # Only the names of colleagues, which every internal user sees anyway.
            "user": {
                user.id: user.name
                for user in self.env["res.users"].sudo().browse(users)
            },
        }

    @api.model
    def _crm_suite_state_labels(self, model, kind):
        """The states of a source in the user's words."""
        name = {"invoice": "payment_state", "call": "outcome", "visit": "outcome"}.get(
            kind, "won_status" if kind == "lead" else "state"
        )
        if kind in ("meeting",):
            model, name = "calendar.attendee", "state"
        elif model == "mail.activity":
            name = "state"
        elif kind in ("email_in", "email_out", "note", "sms"):
            return {}
        field = self.env[model]._fields.get(name) if model in self.env else None
        if field is None or field.type != "selection":
            return {}
        return dict(field._description_selection(self.env))
