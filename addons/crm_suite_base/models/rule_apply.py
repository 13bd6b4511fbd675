from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from .arguments import is_id
from .rule_dry_run import dry_run
from .rule_match import SCOPE, Move

LISTED = 1000


class RuleApply(models.AbstractModel):
    """Putting rules into force, and trying that out first.

    The public methods work on the whole rule set, whichever rules are chosen: a rule
    means something only in its place among the others.
    """

    _inherit = "crm.suite.rule.mixin"

    # The fields of a customer into which a rule set writes begin so.
    _rule_prefix = ""

    # === PUBLIC === #

    def apply(self, records=None):
        """Put all drafts into force and recalculate, as one operation.

        Undoing the operation (``crm.suite.operation.action_undo``) brings back the
        customers and what the rules said.

        :param records: ids of customers to recalculate now; all by default. The rules
            are in force for everybody; the others follow with the next scheduled run.
        :return: ``{"operation_id", "customers", "moved"}``
        :rtype: dict
        """
        self.browse().check_access("write")
        operation, moves, customers = self._apply(self._find_customers(records))
        return {
            "operation_id": operation.id,
            "customers": customers,
            "moved": len(moves),
        }

    def simulate(self, records=None):
        """Tell what :meth:`apply` would do, by doing it and taking it back.

        Nothing is sent and nothing stays in the database.

        :param records: as of :meth:`apply`
        :return: ``{"customers": how many were looked at, "moved": how many would
            change, "moves": [{"before", "after", "count"}], "owners": [{"id", "name",
            "count"}], "lines": [{"id", "name", "owner", "before", "after", "reason"}]
            (the first thousand that the user may read), "hidden": how many of the
            changed the user may not read}``
        :rtype: dict
        """
        self.browse().check_access("write")
        moves, customers = self._simulate(self._find_customers(records))
        names = self._get_result_names()
        reasons = self._get_reasons(moves)
        partners = self.env["res.partner"].browse(move.partner_id for move in moves)
        readable = set(partners._crm_suite_filtered_visible().ids)
        shown = [move for move in moves if move.partner_id in readable]
        owners = self._get_owner_names(moves)
        return {
            "customers": customers,
            "moved": len(moves),
            "hidden": len(moves) - len(shown),
            "moves": [
                {"before": names[before], "after": names[after], "count": count}
                for (before, after), count in self._count_moves(moves)
            ],
            "owners": [
                {"id": owner or False, "name": owners[owner], "count": count}
                for owner, count in self._count_owners(moves)
            ],
            "lines": [
                {
                    "id": move.partner_id,
                    "name": partners.browse(move.partner_id).display_name,
                    "owner": owners[move.owner_id],
                    "before": names[move.before],
                    "after": names[move.after],
                    "reason": reasons[move.rule_id],
                }
                for move in shown[:LISTED]
            ],
        }

    def action_simulate(self):
        """Try the rules out and open the result.

        :rtype: dict
        """
        self.browse().check_access("write")
        moves, customers = self._simulate()
        return self.env["crm.suite.simulation"]._open(self, moves, customers)

    def action_apply(self):
        """Put the drafts into force and offer to undo it.

        :rtype: dict
        """
        self.browse().check_access("write")
        operation, _moves, _customers = self._apply()
        action = operation._get_notification_action()
        action["params"]["next"] = {"type": "ir.actions.client", "tag": "soft_reload"}
        return action

    def action_discard(self):
        """Return all rules to what is in force; those never applied stay as drafts.

        :rtype: dict
        """
        self.browse().check_access("write")
        self._get_changed().filtered("version")._restore_published()
        return {"type": "ir.actions.client", "tag": "soft_reload"}

    # === DOING IT === #

    def _find_customers(self, records):
        """Turn what a caller names into customers.

        :rtype: list[int] | None
        """
        if records is None or records is False:
            return None
        ids = getattr(records, "ids", records)
        if not isinstance(ids, list | tuple) or not all(map(is_id, ids)):
            raise UserError(
                self.env._("Name the customers by their ids, for example [12, 15].")
            )
        partners = self.env["res.partner"].browse(ids).exists()
        partners.check_access("read")
        return partners.commercial_partner_id.ids

    @api.model
    def _apply(self, partner_ids=None):
        """Publish and recalculate.

        The rules first go back to what was in force, unseen by the journal: so what
        the journal keeps of them as *before* is what undo must bring back.

        :return: the operation, the moves, and how many customers were looked at
        """
        changed = self._get_changed()
        drafts = [(rule, rule._get_draft()) for rule in changed]
        operation = self.env["crm.suite.operation"].begin(
            "rule",
            name=self.env._("Apply: %(rules)s", rules=self._get_plural()),
            res_model="res.partner",
        )
        changed.filtered("version")._restore_published()
        self.env.flush_all()
        with operation.journal():
            for rule, draft in drafts:
                rule._publish(draft)
            self.env.flush_all()
            self._recalculate(partner_ids)
        operation.close()
        customers = self._count_customers() if partner_ids != [] else 0
        moves = self._read_moves(operation)
        # What reads the result (other rules, segments, webhooks) follows with the next
        # run: by the date of writing, which stays, it would not find them.
        self.env["crm.suite.metric.dirty"]._note_ids(move.partner_id for move in moves)
        return operation, moves, customers

    @api.model
    def _simulate(self, partner_ids=None):
        """Do what :meth:`_apply` does, and take it back.

        :return: the moves, and how many customers were looked at
        """
        with dry_run(self.env):
            _operation, moves, customers = self._apply(partner_ids)
        return moves, customers

    @api.model
    def _get_changed(self):
        """The rules whose draft is not in force, as far as the user may change them."""
        # A handful, by design.  pylint: disable-next=no-search-all
        rules = self.with_context(active_test=False).search([])
        return rules.filtered(lambda rule: rule.state in ("draft", "changed")).filtered(
            lambda rule: rule.version or rule.active
        )

    def _publish(self, draft):
        self.ensure_one()
        is_new = draft["domain"] != (self.published or {}).get("domain")
        self.sudo().write(
            {
                **self._make_writable(draft),
                "published": draft,
                "version": self.version + 1,
                "published_at": fields.Datetime.now(),
                "published_by_id": self.env.uid,
            }
        )
        if is_new:
            # A field may have gone since the draft was written.
            self._try_domain()

    def _restore_published(self):
        for rule in self:
            rule.sudo().write(rule._make_writable(rule.published))

    def _make_writable(self, values):
        """Turn a snapshot into values to write, without what is gone since."""
        writable = {}
        for name, value in values.items():
            field = self._fields[name]
            if value and field.relational:
                there = self.env[field.comodel_name].sudo().browse(value).exists()
                if field.type == "many2many":
                    value = there.ids
                elif not there:
                    continue
            if field.type == "many2many":
                value = [fields.Command.set(value)]
            writable[name] = value
        return writable

    # === WHAT CAME OF IT === #

    @api.model
    def _read_moves(self, operation):
        """Read from the journal who changed.

        :rtype: list[Move]
        """
        result = f"{self._rule_prefix}_id"
        rows = self.env.execute_query(
            SQL(
                """
                SELECT c.res_id, p.user_id, (c.before ->> %(result)s)::int,
                       (c.after ->> %(result)s)::int, p.%(rule)s
                  FROM crm_suite_operation_change c
                  JOIN res_partner p ON p.id = c.res_id
                 WHERE c.operation_id = %(operation)s AND c.model = 'res.partner'
                   AND c.after ? %(result)s
              ORDER BY c.res_id
                """,
                result=result,
                rule=SQL.identifier(f"{self._rule_prefix}_rule_id"),
                operation=operation.id,
            )
        )
        return [Move(*row) for row in rows]

    @api.model
    def _count_customers(self):
        return self.env.execute_query(SQL("SELECT count(*) FROM %s", SCOPE))[0][0]

    @api.model
    def _count_moves(self, moves):
        return Counter((move.before, move.after) for move in moves).most_common()

    @api.model
    def _count_owners(self, moves):
        return Counter(move.owner_id for move in moves).most_common()

    @api.model
    def _get_result_names(self):
        """Names of what the rules give, by id; of nothing too.

        :rtype: dict
        """
        comodel = (
            self.env["res.partner"]._fields[f"{self._rule_prefix}_id"].comodel_name
        )
        # A handful, by design.  pylint: disable-next=no-search-all
        results = self.env[comodel].sudo().with_context(active_test=False).search([])
        return {None: "–", **{result.id: result.name for result in results}}

    @api.model
    def _get_owner_names(self, moves):
        users = (
            self.env["res.users"].sudo().browse({m.owner_id for m in moves} - {None})
        )
        return {
            None: self.env._("Nobody"),
            **{user.id: user.name for user in users.with_context(active_test=False)},
        }

    @api.model
    def _get_reasons(self, moves):
        """Say for each rule by which customers move why it moves them.

        :rtype: dict
        """
        rules = self.sudo().browse({move.rule_id for move in moves} - {None})
        return {
            None: self.env._("No rule fits any more."),
            **{
                rule.id: self.env._(
                    "%(rule)s: %(condition)s",
                    rule=rule.name,
                    condition=rule.with_env(self.env).sudo().sentence,
                )
                for rule in rules
            },
        }

    @api.model
    def _get_plural(self):
        """What these rules are called together. Each rule set has its own name.

        :rtype: str
        """
        raise NotImplementedError

    @api.model
    def _publish_defaults(self):
        """Put the rules that come with an addon into force when they are installed."""
        data = self.env["ir.model.data"].sudo().search([("model", "=", self._name)])
        rules = self.browse(data.mapped("res_id")).exists()
        for rule in rules.filtered(lambda rule: not rule.version):
            rule._publish(rule._get_draft())
