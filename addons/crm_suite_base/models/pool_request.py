from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain

from .arguments import check_refusal


class PoolRequest(models.Model):
    """Somebody asks the admins of a pool: for more time, or to get a customer back."""

    _name = "crm.suite.pool.request"
    _inherit = ["crm.suite.pool.about"]
    _description = "Pool Request"
    _order = "id desc"

    pool_id = fields.Many2one(
        "crm.suite.pool", required=True, readonly=True, index=True, ondelete="cascade"
    )
    kind = fields.Selection(
        [("extend", "More time"), ("appeal", "Give it back to me")],
        string="Asks For",
        required=True,
        readonly=True,
    )
    days = fields.Integer(readonly=True)
    note = fields.Char(string="Why", required=True, readonly=True)
    requester_id = fields.Many2one(
        "res.users",
        string="Asked By",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    state = fields.Selection(
        [("open", "To decide"), ("granted", "Granted"), ("refused", "Refused")],
        required=True,
        readonly=True,
        default="open",
    )
    decided_by_id = fields.Many2one("res.users", readonly=True, index="btree_not_null")
    decided_at = fields.Datetime(string="Decided On", readonly=True)
    reason = fields.Char(string="Reason of the Decision", readonly=True)
    can_decide = fields.Boolean(compute="_compute_can_decide", compute_sudo=False)

    _open_uniq = models.UniqueIndex(
        "(res_model, res_id, requester_id, kind) WHERE state = 'open'",
        "You have asked for this already; the admins of the pool will decide.",
    )

    @api.model
    def _request(self, records, kind, note, days=0):
        """Ask for records that the user may read.

        To have one back may ask who had it, also where it waits in a pool of others and
        is out of his sight.

        :return: the new requests
        """
        pools = self.env["crm.suite.pool"]
        note = pools._check_reason(note)
        if kind == "extend" and not 1 <= pools._check_int(days) <= 365:
            raise UserError(self.env._("Ask for 1 to 365 days."))
        values = []
        asked = self._get_asked(records, kind)
        for record in records.sudo():
            had = kind == "appeal" and self._had_last(record)
            if not had:
                record.with_env(self.env).check_access("read")
            if record.id in asked:
                raise UserError(
                    self.env._(
                        "You have asked for this already; the admins of the pool will "
                        "decide."
                    )
                )
            pool = record.crm_suite_pool_id
            if not pool:
                raise AccessError(self.env._("It belongs to no pool."))
            if kind == "extend" and record.user_id != self.env.user:
                raise AccessError(self.env._("Ask for more time for your own only."))
            if kind == "appeal":
                self._check_appeal(record, had)
            values.append(
                {
                    "res_model": record._name,
                    "res_id": record.id,
                    "pool_id": pool.id,
                    "kind": kind,
                    "days": days,
                    "note": note,
                    "requester_id": self.env.uid,
                }
            )
        # Checked above, record by record; nobody writes requests otherwise.
        return self.sudo().create(values).with_env(self.env)

    def _check_appeal(self, record, had):
        """Only from whom it was taken asks to have it back, or who decides anyway.

        :param bool had: whether he had it last
        """
        if record.user_id:
            raise UserError(
                self.env._("It is not in the pool: somebody owns it already.")
            )
        if not had and not record.crm_suite_pool_id.with_env(self.env)._is_admin():
            raise AccessError(
                self.env._("Only who had it last can ask to have it back.")
            )

    def _had_last(self, record):
        return self._get_last(record).from_user_id == self.env.user

    @api.model
    def _get_last(self, record):
        """The move by which the record was taken from who had it last."""
        # Who had it may be no member of the pool that it came to.
        return (
            self.env["crm.suite.pool.move"]
            .sudo()
            .search(
                [
                    ("res_model", "=", record._name),
                    ("res_id", "=", record.id),
                    ("from_user_id", "!=", False),
                    ("undone", "=", False),
                ],
                order="at desc, id desc",
                limit=1,
            )
        )

    def _get_asked(self, records, kind):
        """For which of the records the user waits for an answer already."""
        mine = self.sudo().search(
            [
                ("res_model", "=", records._name),
                ("res_id", "in", records.ids),
                ("requester_id", "=", self.env.uid),
                ("kind", "=", kind),
                ("state", "=", "open"),
            ]
        )
        return set(mine.mapped("res_id"))

    # === DECIDING === #

    @api.model
    def _get_decided_for(self):
        """The ids of the people for whom the user decides: himself, and those whose
        approvals he does while they are away.

        :rtype: list[int]
        """
        user = self.env.user
        return [user.id, *user._crm_suite_covered_ids("approvals")]

    @api.model
    def _get_todo_domain(self):
        """The open requests that wait for this user."""
        # He who stands in for an admin need not see the pool.
        pools = Domain("admin_ids", "in", self._get_decided_for())
        return Domain("state", "=", "open") & Domain("pool_id", "any!", pools)

    @api.depends("state", "pool_id")
    @api.depends_context("uid")
    def _compute_can_decide(self):
        people = set(self._get_decided_for())
        for request in self:
            request.can_decide = request.state == "open" and request._decides(people)

    def _decides(self, people):
        """Whether the user decides: as an admin, or for one, but not for himself then.

        :param set people: ids of those for whom the user decides
        """
        known = self.sudo()
        if known.pool_id.with_env(self.env)._is_admin():
            return True
        covered = not people.isdisjoint(known.pool_id.admin_ids.ids)
        return covered and known.requester_id != self.env.user

    def action_grant(self):
        """Do what was asked for. Admins of the pool, and who stands in for one."""
        for request in self._to_decide():
            record = self.env[request.res_model].sudo().browse(request.res_id)
            if not record.exists():
                raise UserError(
                    self.env._("What was asked for does not exist any more. Refuse it.")
                )
            # The right to decide was checked: he who stands in for an admin is none.
            pool = request.pool_id.sudo(not request.pool_id.sudo(False)._is_admin())
            if request.kind == "extend":
                results = pool.action_extend(
                    [request.res_id], request.days, request.note
                )
            elif record.user_id:
                raise UserError(
                    self.env._("It is not in the pool: somebody owns it already.")
                )
            else:
                results = request._give_back(pool)
            if results and not results[0]["ok"]:
                raise UserError(results[0]["reason"])
            request._decide("granted")
        return True

    def _give_back(self, pool):
        """What was taken from somebody goes to him again, and where he is no member of
        the pool that it came to, to the one in which he had it.

        :param pool: where it waits
        :return: answer of the pool
        """
        asker = self.requester_id
        record = self.env[self.res_model].sudo().browse(self.res_id)
        home = self._get_last(record).pool_id
        if asker not in pool._get_members() and home not in (pool, home.browse()):
            results = pool.sudo().action_transfer(record.ids, home.id, self.note)
            if not results[0]["ok"]:
                return results
            pool = home
        return pool.action_assign(record.ids, asker.id)

    def action_refuse(self, reason=""):
        """Refuse, with a reason for who asked. Who decides, see :meth:`action_grant`.

        :param str reason:
        """
        asked = self._to_decide()
        reason = check_refusal(self.env, reason)
        for request in asked:
            request._decide("refused", reason)
        return True

    def _to_decide(self):
        self.check_access("read")
        people = set(self._get_decided_for())
        self.filtered(
            lambda request: not request._decides(people)
        ).pool_id._check_admin()
        if self.filtered(lambda request: request.state != "open"):
            raise UserError(self.env._("It was decided already. Reload the page."))
        return self

    def _decide(self, state, reason=""):
        # The right to decide was checked; the columns are closed to everybody.
        self.sudo().write(
            {
                "state": state,
                "reason": reason,
                "decided_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
            }
        )
        for request in self.sudo():
            asker = request.requester_id
            local = request.with_context(lang=asker.lang or self.env.lang)
            record = local.env[request.res_model].browse(request.res_id).exists()
            name = record.display_name or "–"
            subject = (
                local.env._("Granted: %(records)s", records=name)
                if state == "granted"
                else local.env._("Refused: %(records)s", records=name)
            )
            self.env["crm.suite.access.request"]._notify(asker, subject, reason)
