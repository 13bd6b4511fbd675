import logging

import pytz
from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from ..tools.labelled import labelled
from .about_mixin import open_form

_logger = logging.getLogger(__name__)


class AbsenceWork(models.Model):
    """One piece of work that went to the person who covers, and what became of it."""

    _name = "crm.suite.absence.work"
    _description = "Covered Work"
    _order = "moved_at desc, id desc"
    _rec_name = "name"

    absence_id = fields.Many2one(
        "crm.suite.absence", required=True, index=True, ondelete="cascade"
    )
    user_id = fields.Many2one(
        related="absence_id.user_id", string="Away", store=True, index="btree_not_null"
    )
    cover_id = fields.Many2one(
        "res.users", string="Done By", required=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [
            ("activity", "Activity"),
            ("lead", "Task about a new lead"),
            ("record", "New record"),
        ],
        required=True,
    )
    name = fields.Char(string="What")
    activity_id = fields.Many2one(
        "mail.activity", index="btree_not_null", ondelete="set null"
    )
    res_model = fields.Char(string="Model")
    res_id = fields.Many2oneReference(string="Record", model_field="res_model")
    moved_at = fields.Datetime(required=True, default=fields.Datetime.now)
    state = fields.Selection(
        [
            ("open", "With the cover"),
            ("done", "Done"),
            ("returned", "Came back"),
            ("kept", "Went elsewhere"),
        ],
        required=True,
        default="open",
        index=True,
    )

    _record_idx = models.Index("(res_model, res_id)")

    def action_open(self):
        """Open what the work is about.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        if not self.res_model or self.res_model not in self.env:
            raise UserError(self.env._("This piece of work is about no record."))
        return open_form(self.env, self.res_model, self.res_id)

    def _find_passed_on(self):
        """How the activities went on where who covered left, too, as superuser.

        :return: open work by activity and by who passed it on
        :rtype: dict
        """
        further = self.search(
            [
                ("activity_id", "in", self.activity_id.ids),
                ("absence_id", "not in", self.absence_id.ids),
                ("state", "=", "open"),
            ],
            order="id",
        )
        return {(work.activity_id, work.user_id): work for work in further}

    def _follow(self, passed_on):
        """The work by which the activity came from who covered to who has it now.

        :param dict passed_on: as of :meth:`_find_passed_on`
        :return: empty where it did not come to him by covers
        """
        way, cover = self.browse(), self.cover_id
        while step := passed_on.get((self.activity_id, cover), self.browse()) - way:
            way |= step
            cover = step.cover_id
        return way if cover == self.activity_id.user_id else self.browse()


class Absence(models.Model):
    """What moves at the departure and comes back at the return."""

    _inherit = "crm.suite.absence"

    work_ids = fields.One2many(
        "crm.suite.absence.work", "absence_id", string="Covered Work", readonly=True
    )
    work_count = fields.Integer(compute="_compute_work_count")
    digest = fields.Html(
        string="While You Were Away", readonly=True, copy=False, sanitize=True
    )

    def _compute_work_count(self):
        counts = dict(
            self.env["crm.suite.absence.work"]._read_group(
                [("absence_id", "in", self.ids)], ["absence_id"], ["__count"]
            )
        )
        for absence in self:
            absence.work_count = counts.get(absence, 0)

    # === STEPS === #

    def action_return(self):
        """End the absence now: what is still open comes back with a digest.

        :return: True
        """
        self.check_access("write")
        self._expect_state("active")
        now = fields.Datetime.now()
        for absence in self.sudo():
            absence.date_to = max(min(absence.date_to, now), absence.date_from)
        self.sudo()._come_back()
        return True

    def action_show_work(self):
        """List what the absence moved.

        :rtype: dict
        """
        self.ensure_one()
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "crm_suite_base.absence_work_action"
        )
        return {**action, "domain": [("absence_id", "=", self.id)]}

    @api.model
    def _cron_absences(self):
        """Let absences begin and end, and move what has come up since.

        One absence that fails does not hold up the others.
        """
        now = fields.Datetime.now()
        due = self.search(
            [
                "|",
                ("state", "=", "active"),
                "&",
                ("state", "=", "approved"),
                ("date_from", "<=", now),
            ],
            order="date_from, id",
        )
        commit = self.env["ir.cron"]._commit_progress
        commit(remaining=len(due))
        for absence in due:
            absence = absence.try_lock_for_update(allow_referencing=True)
            try:
                absence._step()
            except Exception:
                # Everything of this absence is taken back; the next run tries again.
                self.env.cr.rollback()
                _logger.exception("Absence %s could not be brought up to date", absence)
            if not commit(1):
                break

    def _step(self):
        """Bring these absences to what their dates say."""
        now = fields.Datetime.now()
        self.filtered(lambda a: a.state == "approved")._start_due()
        active = self.filtered(lambda a: a.state == "active")
        back = active.filtered(lambda a: a.date_to <= now)
        back._come_back()
        (active - back)._move_work()

    def _start_due(self):
        """Begin the absences whose time has come."""
        now = fields.Datetime.now()
        due = self.filtered(lambda a: a.date_from <= now)
        past = due.filtered(lambda a: a.date_to <= now)
        past.write({"state": "done"})
        begun = due - past
        begun.write({"state": "active"})
        begun._move_work()

    def _plan_cron(self):
        """Wake the scheduled action at the departure and at the return."""
        moments = self.mapped("date_from") + self.mapped("date_to")
        self.env["ir.cron"]._crm_suite_wake(
            "crm_suite_base.ir_cron_absences",
            at=[m for m in moments if m > fields.Datetime.now()],
        )

    # === ACTIVITIES === #

    def _move_work(self):
        """Give what has come up to those who cover. Hook: add to ``super()``."""
        self._move_activities()

    def _move_activities(self):
        """Give the activities that fall due meanwhile to those who cover."""
        covers = self._cover_of(self.user_id, "followups")
        for absence in self:
            cover = self.env["res.users"].browse(covers.get(absence.user_id.id, ()))
            if cover:
                absence._move_to(cover, absence._find_activities())

    def _find_activities(self):
        """Open activities of the person that fall due before the return.

        As superuser: the person has access to all of them, but may be who he is; whoever
        approves the absence needs no right to read what it moves.
        """
        self.ensure_one()
        zone = pytz.timezone(self.user_id.tz or "UTC")
        last_day = pytz.utc.localize(self.date_to).astimezone(zone).date()
        return (
            self.env["mail.activity"]
            .sudo()
            .search(
                [
                    ("user_id", "=", self.user_id.id),
                    ("date_deadline", "<=", last_day),
                    ("res_model", "not in", [False, self._name]),
                ],
                order="date_deadline, id",
            )
        )

    def _move_to(self, cover, activities):
        if not activities:
            return
        self._note_activities(cover, activities)
        # One notice for all of them instead of one mail for each.
        activities.with_context(mail_activity_quick_update=True).write(
            {"user_id": cover.id}
        )
        self._tell(
            cover,
            self.env._(
                "%(count)s activities of %(user)s are yours until the return.",
                count=len(activities),
                user=self.user_id.name,
            ),
        )

    def _note_activities(self, cover, activities, kind="activity"):
        """Remember what went to whom, for the return."""
        self.env["crm.suite.absence.work"].sudo().create(
            [
                {
                    "absence_id": self.id,
                    "cover_id": cover.id,
                    "kind": kind,
                    "name": self._describe_activity(activity),
                    "activity_id": activity.id,
                    "res_model": activity.res_model,
                    "res_id": activity.res_id,
                }
                for activity in activities
            ]
        )

    def _describe_activity(self, activity):
        what = activity.summary or activity.activity_type_id.name or ""
        name = activity.res_name
        return labelled(self.env, what, name) if name else what

    def _tell(self, user, text):
        """Send a person a line about this absence."""
        self.sudo().message_post(
            body=text,
            partner_ids=user.partner_id.ids,
            subtype_xmlid="mail.mt_note",
            message_type="notification",
        )

    # === RETURN === #

    def _come_back(self):
        """Hand back what is still open and say what was done."""
        for absence in self:
            absence._return_activities()
            absence._return_records()
            absence.write({"state": "done", "digest": absence._compose_digest()})
            if absence.digest:
                absence._tell(absence.user_id, Markup(absence.digest))

    def _return_activities(self):
        works = self.work_ids.filtered(
            lambda work: work.kind != "record" and work.state == "open"
        )
        passed_on = works._find_passed_on()
        for work in works:
            # The host archives what is done; what was deleted is done too.
            activity = work.activity_id.exists()
            if not activity or not activity.active:
                work.state = "done"
            elif activity.user_id == work.cover_id:
                work.state = "returned"
            elif further := work._follow(passed_on):
                work.state = "returned"
                # It does not go back to who covered and is away, too.
                further.state = "kept"
            else:
                work.state = "kept"
        back = works.filtered(lambda work: work.state == "returned").activity_id
        back.with_context(mail_activity_quick_update=True).write(
            {"user_id": self.user_id.id}
        )

    def _return_records(self):
        """Hand back the records that came in for the person. Hook."""

    def _compose_digest(self):
        """What happened meanwhile, as a short list; empty where nothing did.

        :rtype: Markup
        """
        lines = self.with_context(lang=self.user_id.lang)._get_digest_lines()
        if not lines:
            return False
        items = Markup().join(Markup("<li>%s</li>") % line for line in lines)
        return Markup("<ul>%s</ul>") % items

    def _get_digest_lines(self):
        """The lines of the digest. Hook: add to what ``super()`` returns.

        :rtype: list[str]
        """
        _ = self.env._
        works = self.work_ids
        by_state = {
            state: works.filtered(lambda work, state=state: work.state == state)
            for state in ("done", "returned", "kept")
        }
        lines = []
        for cover, done in by_state["done"].grouped("cover_id").items():
            lines.append(
                _(
                    "%(cover)s did %(count)s: %(what)s",
                    cover=cover.name,
                    count=len(done),
                    what="; ".join(name for name in done[:5].mapped("name") if name),
                )
            )
        if by_state["returned"]:
            lines.append(
                _(
                    "%(count)s are yours again: %(what)s",
                    count=len(by_state["returned"]),
                    what="; ".join(
                        name for name in by_state["returned"][:5].mapped("name") if name
                    ),
                )
            )
        if by_state["kept"]:
            lines.append(
                _("%(count)s went to somebody else.", count=len(by_state["kept"]))
            )
        return lines + self._get_digest_facts()

    def _get_digest_facts(self):
        """What happened with the customers of the person in the meantime."""
        span = [("date", ">=", self.date_from), ("date", "<=", self.date_to)]
        calls = (
            self.env["crm.suite.call"]
            .sudo()
            .search_count(
                [
                    ("commercial_partner_id.user_id", "=", self.user_id.id),
                    ("user_id", "!=", self.user_id.id),
                    *span,
                ]
            )
        )
        orders = (
            self.env["sale.order"]
            .sudo()
            .search_count(
                [
                    ("user_id", "=", self.user_id.id),
                    ("state", "=", "sale"),
                    ("date_order", ">=", self.date_from),
                    ("date_order", "<=", self.date_to),
                ]
            )
        )
        lines = []
        if calls:
            lines.append(
                self.env._(
                    "Colleagues logged %(count)s calls and visits with your customers.",
                    count=calls,
                )
            )
        if orders:
            lines.append(
                self.env._("%(count)s of your orders were confirmed.", count=orders)
            )
        return lines
