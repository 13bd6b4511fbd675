from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from .arguments import check_records
from .merge_move import MergeMover

ROLE = "crm_suite_base.group_crm_suite_user"
MERGERS = (
    "crm_suite_base.group_crm_suite_data_steward",
    "crm_suite_base.group_crm_suite_sales_lead",
)


class ResPartner(models.Model):
    """Several records of one customer become one, and can become several again.

    The merged ones are archived and know who has taken over; nothing is deleted, so
    undo has everybody back under the same id.
    """

    _inherit = "res.partner"

    crm_suite_merged_into_id = fields.Many2one(
        "res.partner",
        string="Merged Into",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        copy=False,
        groups=ROLE,
        help="This record is the same customer as that one, which has taken over.",
    )
    crm_suite_merge_id = fields.Many2one(
        "crm.suite.operation",
        string="Merged By",
        index="btree_not_null",
        ondelete="set null",
        readonly=True,
        copy=False,
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_merged_ids = fields.One2many(
        "res.partner",
        "crm_suite_merged_into_id",
        string="Merged Records",
        readonly=True,
        context={"active_test": False},
        groups=ROLE,
    )

    # === GUARDS === #

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._crm_suite_guard_merge(vals)
        return super().create(vals_list)

    def write(self, vals):
        self._crm_suite_guard_merge(vals)
        if vals.get("active"):
            self._crm_suite_guard_unarchive()
        return super().write(vals)

    @api.model
    def _crm_suite_guard_merge(self, vals):
        """Who was merged into whom is written by merges only."""
        if (
            "crm_suite_merged_into_id" in vals or "crm_suite_merge_id" in vals
        ) and not self.env.su:
            raise UserError(
                self.env._("Merge customers by the action “Merge Customers”.")
            )

    def _crm_suite_guard_unarchive(self):
        """A merged record that was used again would be a second one of its customer."""
        for partner in self.sudo():
            if into := partner.crm_suite_merged_into_id:
                raise UserError(
                    self.env._(
                        "“%(partner)s” was merged into “%(survivor)s”. To have it back, "
                        "undo the merge.",
                        partner=partner.display_name,
                        survivor=into.display_name,
                    )
                )

    # === WHO IS WHO === #

    def _crm_suite_survivors(self):
        """Replace merged records by those that have taken over.

        Reads as superuser: the answer is a record, and whoever shows it checks rights.

        :rtype: ResPartner
        """
        survivors = self.browse()
        for partner in self:
            seen = set()
            while into := partner.sudo().crm_suite_merged_into_id:
                if partner.id in seen:
                    break
                seen.add(partner.id)
                partner = into.with_env(self.env)
            survivors |= partner
        return survivors

    # === MERGING === #

    @api.model
    def _crm_suite_may_merge(self):
        """Whether the user's role may merge at all; of which records, access says."""
        user = self.env.user
        return self.env.su or any(user.has_group(group) for group in MERGERS)

    def crm_suite_merge(self, survivor_id=None, choices=None):
        """Make one record of several of the same customer or person.

        Everything that points to the others moves to the survivor; the others are
        archived and lead to it. Their phones and e-mails stay as further ones. One
        operation, which can be undone as long as operations are kept.

        Over RPC: ``execute_kw(db, uid, password, "res.partner", "crm_suite_merge",
        [[id, …], survivor_id, choices])``.

        :param int survivor_id: who stays; without, the one with most behind it
        :param dict choices: ``{field: id of the record whose value counts}``; of
            fields not named the survivor's value counts, or where it has none the
            first of the others
        :return: id of the operation
        :rtype: int
        :raise UserError: says why these cannot be merged and what to do
        """
        check_records(self)._crm_suite_check_merger()
        partners = self._crm_suite_merge_records()
        partners._crm_suite_lock_merge()
        survivor = partners._crm_suite_merge_survivor(survivor_id)
        choices = partners._crm_suite_check_choices(choices)
        if problems := partners._crm_suite_merge_problems(survivor, choices):
            raise UserError("\n".join(problems))
        return partners._crm_suite_merge(survivor, choices, bool(survivor_id)).id

    def _crm_suite_check_merger(self):
        self._crm_suite_check_role()
        if not self._crm_suite_may_merge():
            raise AccessError(
                self.env._(
                    "Customers are merged by data stewards, sales leads and managers. "
                    "Ask one of them."
                )
            )

    def _crm_suite_merge_records(self):
        """The records to merge that exist, each once, of which the user may write all.

        :raise UserError: names what is missing
        """
        ids = list(dict.fromkeys(self.ids))
        partners = self.browse(ids).exists()
        if len(partners) < len(ids):
            raise UserError(
                self.env._(
                    "One of these customers was deleted meanwhile. Reload the list and "
                    "choose again."
                )
            )
        if len(partners) < 2:
            raise UserError(self.env._("Choose at least two customers to merge."))
        partners.check_access("read")
        partners.check_access("write")
        return partners

    def _crm_suite_lock_merge(self):
        """Hold the records until the end, so that of two merges one is the second.

        Always in the same order. Who waited for another merge cannot go on with what
        it saw before: the server runs the request again, which then reads who won.
        """
        self.flush_recordset()
        self.env.execute_query(
            SQL(
                "SELECT id FROM res_partner WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
                self.ids,
            )
        )
        self.invalidate_recordset()

    def _crm_suite_merge_survivor(self, survivor_id):
        """Who stays.

        :raise UserError: when the one named is not among the records
        """
        if not survivor_id:
            return self._crm_suite_merge_best()
        if isinstance(survivor_id, bool) or not isinstance(survivor_id, int):
            raise UserError(
                self.env._("Name the customer that stays by its id, a number.")
            )
        if survivor_id not in self.ids:
            raise UserError(
                self.env._("The customer that stays must be one of those to merge.")
            )
        return self.browse(survivor_id)

    def _crm_suite_merge_best(self):
        """Propose who stays: who logs in, whose books are closed, who is in use, who
        bought most, about whom most is known, who was there first."""
        return max(self, key=self._crm_suite_merge_ranks().get)

    def _crm_suite_merge_ranks(self):
        """What speaks for each record, by the criteria of ``merge_explain``.

        :rtype: dict[ResPartner, tuple]
        """
        secured = self._crm_suite_secured()
        bought = self._crm_suite_merge_purchases()
        names = [line.names for line in self._crm_suite_merge_lines()]

        def rank(partner):
            known = partner.sudo().with_context(bin_size=True)
            return (
                bool(partner.with_context(active_test=False).sudo().user_ids),
                partner.id in secured,
                partner.active,
                bool(partner.sudo().crm_suite_lifecycle_id),
                bought.get(partner.id, 0),
                sum(bool(known[name]) for block in names for name in block),
                -partner.id,
            )

        return {partner: rank(partner) for partner in self}

    def _crm_suite_merge_purchases(self):
        rows = (
            self.env["crm.suite.customer.metric"]
            .sudo()
            ._read_group(
                [("partner_id", "in", self.ids)], ["partner_id"], ["purchase_count:sum"]
            )
        )
        return {partner.id: count for partner, count in rows}

    def _crm_suite_secured(self):
        """Who is named in entries that are closed by a hash.

        :return: ids
        :rtype: set
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT l.partner_id
                  FROM account_move_line l
                  JOIN account_move m ON m.id = l.move_id
                 WHERE l.partner_id = ANY(%s) AND m.inalterable_hash IS NOT NULL
                """,
                self.ids,
            )
        )
        return {id_ for (id_,) in rows}

    # === DOING IT === #

    def _crm_suite_merge(self, survivor, choices, by_person=True):
        """Merge checked and locked records.

        :param bool by_person: whether somebody chose who stays
        :return: the operation
        """
        losers = self - survivor
        with self.env["crm.suite.operation"].record(
            "merge",
            name=self.env._(
                "%(losers)s merged into %(survivor)s",
                losers=", ".join(losers.mapped("display_name")),
                survivor=survivor.display_name,
            ),
            res_model=self._name,
            company_id=survivor.company_id.id or self.env.company.id,
        ) as operation:
            decided = self._crm_suite_merge_decided(survivor, choices)
            # Nobody writes operations; this is what the merge itself notes.
            operation.sudo().why = self._crm_suite_merge_why(
                survivor, choices, decided, by_person
            )
            in_use = any(self.mapped("active"))
            self._crm_suite_note_merge()
            for loser in losers:
                loser._crm_suite_merge_part(survivor, operation, len(losers) > 1)
            with operation.consequences():
                self._crm_suite_keep_points(survivor, decided)
                self._crm_suite_keep_opt_outs(survivor, decided)
                self._crm_suite_keep_decisions(survivor)
            self._crm_suite_merge_write(survivor, decided, in_use)
            self._crm_suite_merge_family(survivor, losers, operation)
            with operation.consequences():
                self._crm_suite_merge_done(survivor, losers, operation)
            self._crm_suite_note_merge()
        self._crm_suite_tell_merge(survivor, losers)
        self.env["ir.cron"]._crm_suite_wake("crm_suite_base.merge_follow_cron")
        return operation

    def _crm_suite_merge_part(self, survivor, operation, of_several):
        """Merge one record; one of several as a part of the operation, which can be
        undone by itself.
        """
        if not of_several:
            self._crm_suite_merge_into(survivor, operation)
            return
        with operation.record(
            "merge",
            name=self.env._(
                "%(losers)s merged into %(survivor)s",
                losers=self.display_name,
                survivor=survivor.display_name,
            ),
            res_model=self._name,
            company_id=operation.sudo().company_id.id,
        ) as part:
            self._crm_suite_merge_into(survivor, part)

    def _crm_suite_merge_into(self, survivor, operation):
        """Move what points to one record, then archive it."""
        self.ensure_one()
        self._crm_suite_fill_company_values(survivor, operation)
        MergeMover(operation, survivor, self).run()
        # As superuser: the user may write the record (checked), but only a merge
        # writes who has taken over.
        self.sudo().with_context(tracking_disable=True).write(
            {
                "active": False,
                "crm_suite_merged_into_id": survivor.id,
                "crm_suite_merge_id": operation.id,
            }
        )

    def _crm_suite_merge_done(self, survivor, losers, operation):
        """Hook: what else has to know, such as the pairs of duplicates.

        Runs inside the operation, so that what is written here is undone with it,
        as a consequence: whoever undoes the merge needs no right to these records.

        :param ResPartner survivor: who stays
        :param ResPartner losers: who was merged; archived already
        :param operation: the ``crm.suite.operation`` of the merge
        """

    def _crm_suite_merge_family(self, survivor, losers, operation):
        """Contacts who came along get what they have from their company."""
        moved = self.sudo().search([("parent_id", "=", survivor.id)]) - losers
        with operation.consequences():
            for contact in moved.filtered(lambda p: not p.is_company):
                contact.with_context(
                    tracking_disable=True, crm_suite_as_stored=True
                )._commercial_sync_from_company()

    def _crm_suite_note_merge(self):
        """Have the figures of all concerned calculated anew, and rules after them."""
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM res_partner WHERE id = ANY(%(ids)s) UNION"
                " SELECT commercial_partner_id FROM res_partner WHERE id = ANY(%(ids)s)",
                ids=self.ids,
            )
        )
        self.env["crm.suite.metric.dirty"]._note_ids([id_ for (id_,) in rows])

    def _crm_suite_tell_merge(self, survivor, losers):
        """Say in the survivor's history who was merged."""
        survivor.sudo()._message_log(
            body=self.env._(
                "Merged with: %(names)s.",
                names=", ".join(
                    f"{loser.name or loser.display_name} (#{loser.id})"
                    for loser in losers.sudo()
                ),
            ),
            author_id=self.env.user.partner_id.id,
        )

    def _crm_suite_tell_undone(self, undo):
        """Say in everybody's history that a merge was undone, or done again."""
        again = undo.sudo().undo_of_id.kind == "undo"
        for partner in self.sudo():
            body = (
                self.env._("The merge was done again.")
                if again
                else self.env._("The merge was undone.")
            )
            partner._message_log(body=body, author_id=self.env.user.partner_id.id)
