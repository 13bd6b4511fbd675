from datetime import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

# Nobody works off more in a day: counts end here, so that they cost the same however
# much there is.
MOST = 999
PAGE = 8
# Further than any list goes; the database knows no larger numbers than bigint.
LAST_ROW = 2**31
MOST_AT_ONCE = 200
# Customers with poorer data than this are put to their owner, unless set otherwise.
QUALITY_BELOW = 60


class Todo(models.Model):
    """The to-do centre: what waits for one person, from all parts of the suite.

    It has no rows: it is a model, and not an abstract one, so that its methods have
    an address with access lines.

    A *source* is a list of records that want something from the user. Addons add
    theirs by extending :meth:`_todo_sources`. Whatever the number of records, a source
    costs the same few queries, through the rights of the user.
    """

    _name = "crm.suite.todo"
    _description = "To-do Centre"
    _auto = False
    _log_access = False

    @property
    def _table_query(self):
        return SQL("SELECT NULL::int AS id WHERE FALSE")

    # === SOURCES === #

    @api.model
    def _todo_sources(self):
        """What waits for the user.

        Hook: add dictionaries to what ``super()`` returns::

            {
                "key": "claims",                  # unique, stays the same
                "label": "Requests to decide",    # of the list
                "icon": "fa-key",
                "sequence": 20,
                "model": "crm.suite.access.request",
                "domain": [...] or Domain,        # what waits for this user
                "order": "create_date",           # the most urgent first
                "title": "display_name",          # field
                "subtitle": ["requester_id", "note"],    # fields
                "deadline": "date_deadline" or False,    # field
                "open": ("res_model", "res_id"),  # optional: the fields that name the
                                                  # record to open instead; or one
                                                  # many2one field
                "empty": "…",                     # optional: said when nothing waits
                "actions": [
                    {
                        "method": "action_grant",
                        "label": "Grant",
                        "reason": False,  # True: called with a text, which is required
                        "hint": "…",      # optional: said where the reason is asked for
                        "primary": True,  # optional
                        "undo": True,     # optional: can be undone as an operation
                    },
                ],
            }

        Methods are called on one record or on several, and check the rights
        themselves. Leave a source out where the user may not read its model.

        :rtype: list[dict]
        """
        return []

    @api.model
    def _get_sources(self):
        sources = [
            source
            for source in self._todo_sources()
            if source["model"] in self.env
            and self.env[source["model"]].has_access("read")
        ]
        return sorted(sources, key=lambda s: (s.get("sequence", 100), s["key"]))

    @api.model
    def _get_source(self, key):
        for source in self._get_sources():
            if source["key"] == key:
                return source
        raise UserError(
            self.env._("“%(key)s” is not a list of the to-do centre.", key=key)
        )

    # === READING === #

    @api.model
    @api.readonly
    def crm_suite_todo(self, key=False, offset=0, limit=PAGE):
        """What waits for the user, list by list.

        :param str key: one list only; false: all of them
        :param int offset: rows to leave out, for the next page of a list
        :param int limit: rows per list, at most 200
        :return: ``{"total", "overdue", "sources": [{"key", "label", "icon", "model",
            "count", "overdue", "empty", "actions", "rows": [{"id", "title",
            "subtitle": [{"label", "text"}], "deadline", "overdue", "open": {"model",
            "id"}}]}]}``; a count of 999 means that many or more
        :rtype: dict
        """
        self.env["res.partner"]._crm_suite_check_role()
        offset, limit = self._read_page(offset, limit)
        sources = [self._get_source(key)] if key else self._get_sources()
        lists = [self._read_source(source, offset, limit) for source in sources]
        return {
            "total": sum(row["count"] for row in lists),
            "overdue": sum(row["overdue"] for row in lists),
            "sources": lists,
        }

    @api.model
    @api.readonly
    def crm_suite_todo_counts(self):
        """How much waits for the user: for the systray.

        :return: ``{"total", "overdue", "sources": [{"key", "label", "icon", "count",
            "overdue"}]}``
        :rtype: dict
        """
        self.env["res.partner"]._crm_suite_check_role()
        lists = [
            {
                **{name: source[name] for name in ("key", "label", "icon")},
                **self._count_source(source),
            }
            for source in self._get_sources()
        ]
        return {
            "total": sum(row["count"] for row in lists),
            "overdue": sum(row["overdue"] for row in lists),
            "sources": lists,
        }

    def _read_page(self, offset, limit):
        try:
            offset = max(0, min(int(offset or 0), LAST_ROW))
            return offset, max(1, min(int(limit or PAGE), 200))
        except (OverflowError, TypeError, ValueError) as error:
            raise UserError(self.env._("Give offset and limit as numbers.")) from error

    def _count_source(self, source):
        records = self.env[source["model"]]
        domain = Domain(source["domain"])
        count = records.search_count(domain, limit=MOST)
        overdue = 0
        if count and source.get("deadline"):
            today = fields.Date.context_today(self)
            late = domain & Domain(source["deadline"], "<", today)
            overdue = records.search_count(late, limit=MOST)
        return {"count": count, "overdue": overdue}

    def _read_source(self, source, offset, limit):
        names = [source["title"], *source.get("subtitle", ())]
        names += [source["deadline"]] if source.get("deadline") else []
        opened = source.get("open") or ()
        names += [opened] if isinstance(opened, str) else opened
        records = self.env[source["model"]]
        stored = [name for name in dict.fromkeys(names) if name in records._fields]
        found = records.search_fetch(
            Domain(source["domain"]),
            stored,
            offset=offset,
            limit=limit,
            order=source.get("order"),
        )
        return {
            **{name: source[name] for name in ("key", "label", "icon", "model")},
            **self._count_source(source),
            "empty": source.get("empty") or "",
            "actions": [self._read_action(action) for action in source["actions"]],
            "rows": [self._read_row(source, record) for record in found],
        }

    def _read_action(self, action):
        return {
            "method": action["method"],
            "label": action["label"],
            "reason": bool(action.get("reason")),
            "primary": bool(action.get("primary")),
            "hint": action.get("hint") or "",
        }

    def _read_row(self, source, record):
        deadline = source.get("deadline") and record[source["deadline"]]
        today = fields.Date.context_today(self)
        texts = [self._read_text(record, name) for name in source.get("subtitle", ())]
        return {
            "id": record.id,
            "title": self._read_text(record, source["title"])["text"],
            "subtitle": [text for text in texts if text["text"]],
            "deadline": self._read_day(deadline),
            "overdue": bool(deadline) and fields.Date.to_date(deadline) < today,
            "open": self._read_target(source, record),
        }

    def _read_day(self, deadline):
        """A date as a date, a moment as a moment, both as text; false if none."""
        if not deadline:
            return False
        kind = fields.Datetime if isinstance(deadline, datetime) else fields.Date
        return kind.to_string(deadline)

    def _read_text(self, record, name):
        field = record._fields[name]
        value = record[name]
        # Names of colleagues and documents are shown as the host shows them in lists.
        if field.relational:
            text = ", ".join(value.sudo().mapped("display_name"))
        elif not value and field.type not in ("integer", "float", "monetary"):
            text = ""
        else:
            text = record.env["crm.suite.explain.mixin"]._explained_text(
                {
                    "value": value,
                    "type": field.type,
                    "field": field,
                    "currency": self._read_currency(record, field),
                }
            )
        return {"label": field._description_string(self.env), "text": text}

    def _read_currency(self, record, field):
        name = field.type == "monetary" and field.get_currency_field(record)
        return record[name] if name else None

    def _read_target(self, source, record):
        """What a click on the row opens."""
        opened = source.get("open")
        if isinstance(opened, str):
            record = record[opened] or record
        elif opened:
            model, res_id = (record[name] for name in opened)
            if model and res_id:
                return {"model": model, "id": res_id}
        return {"model": record._name, "id": record.id}

    # === ACTING === #

    @api.model
    def act(self, key, method, record_ids, reason=""):
        """Do one thing with some rows of a list: what cannot be done is left out.

        All at once where that works, otherwise one by one; each row says what came
        of it.

        :param str key: of the list
        :param str method: one of the list's actions
        :param list record_ids: of the rows, at most 200
        :param str reason: for the actions that ask for one
        :return: ``{"results": [{"id", "ok", "reason"}], "operation": id to undo it by,
            or False}``
        :rtype: dict
        :raise UserError: when the question itself is wrong
        """
        self.env["res.partner"]._crm_suite_check_role()
        source = self._get_source(key)
        action = self._get_action(source, method, reason)
        records = self._get_rows(source, record_ids)
        arguments = [reason.strip()] if action.get("reason") else []
        results = {
            id_: self.env._("This is not in your list any more.")
            for id_ in set(record_ids) - set(records.ids)
        }
        if not action.get("undo"):
            results.update(self._act_on(records, method, arguments))
            operation_id = False
        else:
            with self.env["crm.suite.operation"].record(
                "other",
                name=self.env._(
                    "%(list)s: %(action)s (%(count)s)",
                    list=source["label"],
                    action=action["label"],
                    count=len(records),
                ),
                res_model=records._name,
            ) as operation:
                results.update(self._act_on(records, method, arguments))
            operation_id = operation.id
        return {
            "results": [
                {"id": id_, "ok": not results[id_], "reason": results[id_]}
                for id_ in dict.fromkeys(record_ids)
            ],
            "operation": operation_id,
        }

    def _get_action(self, source, method, reason):
        for action in source["actions"]:
            if action["method"] == method:
                break
        else:
            raise UserError(
                self.env._(
                    "“%(method)s” cannot be done in the list %(list)s.",
                    method=method,
                    list=source["label"],
                )
            )
        if action.get("reason") and not (isinstance(reason, str) and reason.strip()):
            raise UserError(self.env._("Say why: a few words are enough."))
        return action

    def _get_rows(self, source, record_ids):
        """The records that are in the user's list, of those that he names."""
        if not isinstance(record_ids, list | tuple) or not all(
            type(id_) is int for id_ in record_ids
        ):
            raise UserError(self.env._("Give the ids of the rows as a list."))
        if len(record_ids) > MOST_AT_ONCE:
            raise UserError(
                self.env._("Choose at most %(count)s rows at once.", count=MOST_AT_ONCE)
            )
        domain = Domain("id", "in", list(record_ids)) & Domain(source["domain"])
        return self.env[source["model"]].search(domain)

    def _act_on(self, records, method, arguments):
        """Call the method on all records, or where that fails on each.

        :return: by id why it failed, or nothing
        :rtype: dict[int, str]
        """
        if not records:
            return {}
        refused = self._try_on(records, method, arguments)
        if not refused or len(records) == 1:
            return dict.fromkeys(records.ids, refused)
        return {
            record.id: self._try_on(record, method, arguments) for record in records
        }

    def _try_on(self, records, method, arguments):
        """Call the method in a savepoint.

        :return: why it was refused, or an empty text
        :rtype: str
        """
        try:
            with self.env.cr.savepoint():
                getattr(records, method)(*arguments)
        except UserError as error:
            # What the method says is the answer for its row.
            return str(error)
        return ""
