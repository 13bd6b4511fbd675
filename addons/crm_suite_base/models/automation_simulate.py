from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.automation_reader import FieldReader
from .arguments import check_one
from .automation_run import describe_error
from .rule_dry_run import dry_run
from .rule_match import check_readable

DAYS = 90
# As many are tried; of the others it is only told how many they are.
TRIED = 200
SAMPLE = 20
# An expression is looked at for the newest of those that come into question, as many as
# a person waits for.
LATEST = 2000
STEPS = {"hour": "hours", "day": "days", "month": "months"}


class Automation(models.Model):
    """Trying a rule on what is there, before it is switched on."""

    _inherit = "crm.suite.automation"

    def simulate(self):
        """Tell what the rule would have done in the last 90 days, or would do now.

        The very same code runs on the records and all of it is taken back: nothing
        stays in the database, nothing is sent.

        :return: ``{"total": how many records, "latest": of how many of the newest that is
            known, 0 for all, "days": of how many days, 0 for those that
            meet the condition now, "exact": whether each of them is known to have been
            concerned, "sample": whether, for want of these, it was tried on some that
            meet the condition now, "tried": how many were tried, "failed": how many of them failed,
            "owners": [{"name", "count"}], "lines": [{"id", "name", "owner", "effect",
            "error"}]}``
        :rtype: dict
        """
        check_one(self)
        self.check_access("write")
        self._check_author()
        self._check_definition()
        self._check_asker()
        found = self._find_touched(TRIED)
        ids = found.pop("ids")
        lines = self._try(ids or self._find_sample())
        counts = {}
        for line in lines:
            counts[line["owner"]] = counts.get(line["owner"], 0) + 1
        return {
            **found,
            "sample": bool(lines and not ids),
            "tried": len(lines),
            "failed": sum(1 for line in lines if line["error"]),
            "owners": [
                {"name": name, "count": count}
                for name, count in sorted(counts.items(), key=lambda c: (-c[1], c[0]))
            ],
            "lines": lines,
        }

    def _check_asker(self):
        """Who meets a condition tells of the fields at which it looks: they have to be
        open to who asks, not only to who manages the rule."""
        subject = self.env[self.model]
        try:
            subject.check_access("read")
            check_readable(subject, self._get_domain())
            for name in [*self._watched(), *filter(None, [self.date_field])]:
                subject._check_field_access(subject._fields[name], "read")
        except AccessError as error:
            raise AccessError(
                self.env._(
                    "“%(rule)s” looks at something that you may not read: %(error)s",
                    rule=self.name,
                    error=error,
                )
            ) from error

    def _describe_touched(self, found=None):
        """How many records it would have concerned, in a sentence.

        :param dict found: as :meth:`simulate` told it, else it is looked for
        """
        if self.trigger == "webhook":
            return self.env._("It waits for calls of the other system.")
        found = found or self._find_touched()
        days, count, latest = found["days"], found["total"], found["latest"]
        if latest:
            return self._describe_latest(days, count, latest, found["exact"])
        if not days:
            return self.env._("%(count)s meet the condition now.", count=count)
        if not count:
            return self.env._(
                "In the last %(days)s days it would not have worked for any.", days=days
            )
        if found["exact"]:
            return self.env._(
                "In the last %(days)s days it would have worked for %(count)s.",
                days=days,
                count=count,
            )
        return self.env._(
            "In the last %(days)s days it would have worked for at most %(count)s.",
            days=days,
            count=count,
        )

    def _describe_latest(self, days, count, latest, exact):
        """The same where only the newest were looked at."""
        if exact:
            return self.env._(
                "In the last %(days)s days it would have worked for at least %(count)s: "
                "only the latest %(latest)s were looked at.",
                days=days,
                count=count,
                latest=latest,
            )
        return self.env._(
            "In the last %(days)s days it would have worked for at most %(count)s of the "
            "latest %(latest)s; the others were not looked at.",
            days=days,
            count=count,
            latest=latest,
        )

    # === WHOM IT WOULD HAVE CONCERNED === #

    def _find_touched(self, shown=0):
        """Whom it would have concerned, newest first.

        Looked for with the rights of who asks and of who manages the rule.

        :param int shown: the most ids that are wanted
        :return: ``{"ids", "total", "latest", "days", "exact"}``, see :meth:`simulate`
        :rtype: dict
        """
        since = fields.Datetime.now() - timedelta(days=DAYS)
        find = getattr(self, f"_touched_{self.trigger}")
        domain, days, exact = find(since)
        ids, total, latest = self._find_meeting(domain, shown)
        return {
            "ids": ids,
            "total": total,
            "latest": latest,
            "days": days,
            "exact": exact,
        }

    def _find_sample(self):
        """Some records that meet the condition now, to show what it would do."""
        if self.trigger == "webhook":
            return []
        return self._find_meeting(Domain.TRUE, SAMPLE)[0]

    def _find_meeting(self, domain, shown):
        """Records that meet the condition of the rule as well.

        :return: ids of the newest, at most ``shown``; how many there are; of how many
            of the newest that is known, 0 for all
        :rtype: tuple[list[int], int, int]
        """
        subject = self._as_author(self.env[self.model])
        domain &= self._get_domain()
        if self.env.user != self.user_id:
            domain &= self._find_readable()
        if (self.condition or "").strip():
            records = subject.search(domain, order="id desc", limit=LATEST + 1)
            met = self._filter_condition(records[:LATEST]).ids
            return met[:shown], len(met), LATEST if len(records) > LATEST else 0
        ids = subject.search(domain, order="id desc", limit=shown).ids if shown else []
        total = subject.search_count(domain) if len(ids) == shown else len(ids)
        return ids, total, 0

    def _find_readable(self):
        """What who asks finds himself: he sees names here."""
        own = self.env[self.model].with_context(active_test=False)
        if not own.has_access("read"):
            return Domain.FALSE
        return Domain("id", "in", own._search(Domain.TRUE))

    def _touched_created(self, since):
        return Domain("create_date", ">=", since), DAYS, True

    def _touched_changed(self, since):
        known = self.env[self.model]._fields
        watched = self._watched()
        if watched and all(getattr(known[n], "tracking", None) for n in watched):
            return Domain("id", "in", self._find_tracked(since)), DAYS, True
        return Domain("write_date", ">=", since), DAYS, False

    def _touched_saved(self, since):
        domain, days, exact = self._touched_changed(since)
        return domain | Domain("create_date", ">=", since), days, exact

    def _find_tracked(self, since):
        """Of which records the watched fields changed, by what the host tracked."""
        return SQL(
            """
            (SELECT m.res_id
               FROM mail_tracking_value v
               JOIN mail_message m ON m.id = v.mail_message_id
              WHERE m.model = %s AND m.date >= %s AND v.field_id = ANY(%s))
            """,
            self.model,
            since,
            [
                self.env["ir.model.fields"]._get(self.model, n).id
                for n in self._watched()
            ],
        )

    def _touched_date(self, since):
        sign = 1 if self.date_side == "before" else -1
        shift = relativedelta(**{STEPS[self.date_unit or "day"]: self.date_offset})
        now = fields.Datetime.now()
        first, last = (
            (since + shift, now + shift)
            if sign > 0
            else (
                since - shift,
                now - shift,
            )
        )
        field = self.env[self.model]._fields[self.date_field]
        if field.type == "date":
            first, last = first.date(), last.date()
        name = field.name
        return Domain(name, ">=", first) & Domain(name, "<=", last), DAYS, True

    def _touched_crossing(self, _since):
        managed = Domain("crm_suite_lifecycle_id", "!=", False)
        return managed if self.model == "res.partner" else Domain.TRUE, 0, True

    def _touched_webhook(self, _since):
        return Domain.FALSE, 0, True

    # === TRYING === #

    def _try(self, ids):
        """Run the rule on some records and take it back.

        :rtype: list[dict]
        """
        rule = self.sudo()
        records = self.env[self.model].browse(ids)
        reader = FieldReader(records)
        # Asked before anything is tried: what a rule does may change who sees what.
        for path in self._get_named_fields():
            reader.may_read(False, path)
        lines = [
            {
                "id": record.id,
                "name": record.display_name,
                "owner": rule._name_owner(record),
                "effect": "",
                "error": "",
            }
            for record in records
        ]
        for record, line in zip(records, lines, strict=True):
            with dry_run(self.env):
                rule._try_one(record, line, reader)
        return lines

    def _try_one(self, record, line, reader):
        try:
            effects, _journal = self._act(record, {}, record.env.user)
        except Exception as error:
            # It is what is to be found out; all is taken back anyway.
            told = reader.may_read_all(record.id, self._get_named_fields())
            hidden = self.env._("(not visible to you)")
            line["error"] = describe_error(error) if told else hidden
        else:
            told = self._tell_effects(effects[record.id], reader, record.id)
            line["effect"] = "; ".join(told)

    def _name_owner(self, record):
        owner = "user_id" in record._fields and record.sudo().user_id
        return owner.name if owner else self.env._("Nobody")
