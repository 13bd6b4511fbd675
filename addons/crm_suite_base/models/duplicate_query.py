from datetime import datetime
from functools import partial
from math import inf

import pytz

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .arguments import is_id

DEFAULT_LIMIT = 50
KEPT_DAYS = 400
ASKED_DAYS = 2
# How much this transaction has told, beside its hooks.
TOLD = "crm_suite_told"


class DuplicateQuery(models.Model):
    """Who asked whether a customer is there already, for what, and what was told.

    Rows are added and never changed: by the conflict check, and where a form, an import
    or a refusal told somebody about a customer whom he may not read. What was told counts
    against the day's limit of the user, which lives in the database so that all
    workers share it (:meth:`_spend`).
    """

    _name = "crm.suite.duplicate.query"
    _description = "Conflict Check"
    _order = "id desc"
    _rec_name = "asked"

    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, index=True, ondelete="restrict"
    )
    company_id = fields.Many2one("res.company", readonly=True, index="btree_not_null")
    date = fields.Datetime(
        required=True, readonly=True, default=fields.Datetime.now, index=True
    )
    channel = fields.Selection(
        [
            ("check", "Conflict check"),
            ("form", "Warning in a form"),
            ("refusal", "Refused entry"),
            ("import", "Import"),
        ],
        required=True,
        readonly=True,
        default="check",
    )
    asked = fields.Char(readonly=True, help="What was typed.")
    hit_count = fields.Integer(string="Found", readonly=True)
    told = fields.Char(string="Answer", readonly=True)
    # Which records they were: only this program and those who watch over the log need it.
    hits = fields.Json(readonly=True, groups="crm_suite_base.group_crm_suite_admin")

    def write(self, vals):  # pylint: disable=method-required-super
        """Refuse: a log that can be changed proves nothing."""
        self.check_access("write")
        raise UserError(self.env._("The log of conflict checks cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_except_old(self):
        oldest = fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_DAYS)
        if any(query.date > oldest for query in self):
            raise UserError(
                self.env._(
                    "The log of conflict checks is kept for %(days)s days.",
                    days=KEPT_DAYS,
                )
            )

    @api.autovacuum
    def _gc_queries(self):
        oldest = fields.Datetime.subtract(fields.Datetime.now(), days=KEPT_DAYS)
        old = self.sudo().search([("date", "<", oldest)], limit=1000)
        done = len(old)
        old.unlink()
        return done, int(done == 1000)

    # === LIMIT === #

    @api.model
    def _get_limit(self):
        """How many questions a user may ask in a day; 0: as many as he likes."""
        parameter = self.env["ir.config_parameter"].sudo()
        return int(
            parameter.get_param("crm_suite_base.conflict_check_limit", DEFAULT_LIMIT)
        )

    @api.model
    def _get_day(self):
        """Today where the company works: nobody gets a second day by a time zone."""
        zone = self.env.company.sudo().resource_calendar_id.tz or "UTC"
        return datetime.now(pytz.timezone(zone)).date()

    @api.model
    def _spend(self, count=1):
        """Take from the user's questions of today, all workers together.

        :return: how many are left; -1: there is no limit
        :rtype: int
        :raise UserError: the day's questions are used up
        """
        limit = self._get_limit()
        rows = self._add_used(self.env.cr, limit, count)
        if not rows:
            raise UserError(
                self.env._(
                    "You have asked %(limit)s times today; that is the limit. Ask again tomorrow, or ask a sales manager to look.",
                    limit=limit,
                )
            )
        return limit - rows[0][0] if limit else -1

    @api.model
    def _add_used(self, cr, limit, count):
        cr.execute(
            SQL(
                """
                INSERT INTO crm_suite_duplicate_quota AS q (user_id, day, used)
                     VALUES (%(user)s, %(day)s, %(count)s)
                ON CONFLICT (user_id, day) DO UPDATE SET used = q.used + excluded.used
                      WHERE %(limit)s = 0 OR q.used + excluded.used <= %(limit)s
                  RETURNING used
                """,
                user=self.env.uid,
                day=self._get_day(),
                count=count,
                limit=limit,
            )
        )
        return cr.fetchall()

    @api.model
    def _has_left(self):
        """Whether the user may be told anything more today."""
        return self._count_left() > 0

    @api.model
    def _count_left(self):
        """How many questions the user has left today. What this transaction has told,
        and writes down when it ends, is asked already.

        :return: infinite where there is no limit
        :rtype: float
        """
        limit = self._get_limit()
        if not limit:
            return inf
        rows = self.env.execute_query(
            SQL(
                "SELECT used FROM crm_suite_duplicate_quota WHERE user_id = %s AND day = %s",
                self.env.uid,
                self._get_day(),
            )
        )
        used = rows[0][0] if rows else 0
        return limit - used - self.env.cr.postcommit.data.get(TOLD, 0)

    # === LOG === #

    @api.model
    def _log(self, asked, rows, hits, channel="check"):
        """Write a question down.

        :param str asked: what was typed
        :param list[dict] rows: what was told
        :param list hits: the records, as pairs of model and id
        :rtype: crm.suite.duplicate.query
        """
        # Users have no right to write their own log.
        return self.sudo().create(
            {
                "user_id": self.env.uid,
                "company_id": self.env.company.id,
                "channel": channel,
                "asked": asked[:200],
                "hit_count": len(hits),
                "told": ", ".join(dict.fromkeys(row["label"] for row in rows))[:200],
                "hits": [list(hit) for hit in hits],
            }
        )

    @api.model
    def _note_told(self, asked, hits, channel, answered=False):
        """Write down, after this transaction, what a form or a refusal told.

        A cursor of its own: a refused entry is rolled back, and a form that is only
        being filled in must not write. Who refuses cannot know how it ends: an import
        goes on without the refused row, and is not rolled back.

        :param bool answered: whether a refusal is told by the answer of a call, and so
            not if the transaction is rolled back
        """
        self._note_all_told([(asked, hits)], channel, answered)

    @api.model
    def _note_all_told(self, told, channel, answered=False):
        """Write down several answers at once, see :meth:`_note_told`.

        :param list told: what was asked and the records that were found, of each
        """
        rows = [
            {
                "user_id": self.env.uid,
                "company_id": self.env.company.id,
                "channel": channel,
                "asked": asked[:200],
                "hit_count": len(hits),
                "hits": [list(hit) for hit in hits],
            }
            for asked, hits in told
        ]
        write = partial(_write_told, self.env.registry, rows)
        cursor = self.env.cr
        cursor.postcommit.add(write)
        data = cursor.postcommit.data
        data[TOLD] = data.get(TOLD, 0) + len(rows)
        if channel == "refusal" and not answered:
            cursor.postrollback.add(write)

    @api.model
    def _note_refusal(self, records, probe, hits, channel):
        """A refusal tells that a record is there: it counts as a question."""
        if channel in ("merge", "mail"):
            return
        told = [(hit.model, hit.id) for hit in hits]
        if self._get_unreadable(told):
            self._note_told(_describe_keys(probe.keys), told, "refusal")

    @api.model
    def _get_unreadable(self, ends):
        """Those of some records that the user may not read.

        :param ends: pairs of model and id
        :rtype: set[tuple[str, int]]
        """
        unreadable = set(ends)
        for model_name in {model for model, _id in ends}:
            records = self.env[model_name].browse(
                [id_ for model, id_ in ends if model == model_name]
            )
            readable = records._filtered_access("read")
            unreadable -= {(model_name, id_) for id_ in readable.ids}
        return unreadable

    # === WHAT FOLLOWS === #

    @api.model
    def request_access(self, query_id, position, note=""):
        """Ask the owner of a record that a conflict check found for access.

        What cannot be shared, a lead, is asked for to take it over.

        :param int query_id: the question, as its answer named it
        :param int position: which of the records that it found, from 0
        :param str note: why, for who decides
        :return: ``{"ok", "reason"}``; the reason says so where it is asked for whole
        :rtype: dict
        """
        query, record = self._get_asked(query_id, position)
        if "crm.suite.access.request" not in self.env:
            raise UserError(self.env._("Access is not asked for in this database."))
        if not isinstance(note, str):
            raise UserError(self.env._("Give the reason as a text."))
        access = self.env["crm.suite.access.request"]
        kind = access._request_kind(record._name)
        # The record may be hidden from the user: that is why he asks.
        access._request(record.sudo(), kind, note, subject=query.asked)
        text = self.env._("The owner was asked to let you take it over.")
        return {"ok": True, "reason": text if kind == "claim" else ""}

    @api.model
    def claim(self, query_id, position):
        """Claim a record of a pool that a conflict check found.

        :return: answer of the pool: ``{"id", "ok", "reason"}``
        :rtype: dict
        """
        _query, record = self._get_asked(query_id, position)
        pool = record.sudo().crm_suite_pool_id
        if not pool:
            raise UserError(self.env._("It is in no pool any more. Ask again."))
        [answer] = pool.with_env(self.env).action_claim([record.id])
        return answer

    @api.model
    def _get_asked(self, query_id, position):
        """An earlier question of this user, and a record that it found."""
        self.env["res.partner"]._crm_suite_check_role()
        if not is_id(query_id) or type(position) is not int:
            raise UserError(self.env._("Name the question and the line of its answer."))
        query = self.sudo().browse(query_id).exists()
        since = fields.Datetime.subtract(fields.Datetime.now(), days=ASKED_DAYS)
        if not query or query.user_id != self.env.user or query.date < since:
            raise UserError(
                self.env._("This question is too old or not yours. Ask again.")
            )
        hits = query.hits or []
        if not 0 <= position < len(hits):
            raise UserError(self.env._("The answer has no such line. Ask again."))
        model_name, id_ = hits[position]
        record = self.env[model_name].browse(id_).exists()
        if not record:
            raise UserError(self.env._("This record is gone. Ask again."))
        return query, record


class DuplicateQuota(models.Model):
    """How often each user has asked on a day."""

    _name = "crm.suite.duplicate.quota"
    _description = "Conflict Checks of a Day"
    _order = "day desc, user_id"
    _log_access = False
    _rec_name = "day"

    user_id = fields.Many2one(
        "res.users", required=True, readonly=True, ondelete="cascade"
    )
    day = fields.Date(required=True, readonly=True, index=True)
    used = fields.Integer(required=True, readonly=True)

    _once = models.UniqueIndex("(user_id, day)")

    @api.autovacuum
    def _gc_quota(self):
        oldest = fields.Date.subtract(fields.Date.today(), days=KEPT_DAYS)
        self.sudo().search([("day", "<", oldest)]).unlink()


def _describe_keys(keys):
    """What somebody typed, as far as it identifies anybody."""
    words = [keys.get("name", ""), *keys.get("phone", ()), *keys.get("email", ())]
    return ", ".join(
        filter(None, [*words, keys.get("vat", ""), keys.get("domain", "")])
    )


def _write_told(registry, rows):
    """Write down what one user was told in one company."""
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        queries = env["crm.suite.duplicate.query"].create(rows)
        # Counted even above the limit: it has been told.
        asked = queries.with_user(queries.user_id).with_company(queries.company_id)
        asked._add_used(cr, 0, len(rows))
