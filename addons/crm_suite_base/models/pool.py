from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..tools.field_use import Use
from .arguments import read_domain

MANAGERS = (
    "crm_suite_base.group_crm_suite_sales_manager",
    "crm_suite_base.group_crm_suite_data_steward",
)
SIZES = (
    "max_person",
    "max_all",
    "max_day",
    "cooldown_days",
    "idle_days",
    "deal_days",
    "warn_days",
    "protect_max",
    "protect_days",
    "call_seconds",
    "unassigned_hours",
    "followup_hours",
)
WEIGHTS = ("weight_reply", "weight_call", "weight_meeting", "weight_visit")
WEIGHTS += ("weight_quote", "weight_order", "weight_note")
# Whose records a pool reaches and who sees what of them: not for its admins to widen.
REACH = frozenset(
    {
        "admin_ids",
        "company_id",
        "domain",
        "mask",
        "open_group_ids",
        "public_field_ids",
        "take_in",
        "target_id",
        "team_ids",
        "user_ids",
    }
)


class Reach(NamedTuple):
    """Who sees what a pool holds.

    :ivar public: names of the fields that everybody sees; None: all
    """

    id: int
    res_model: str
    admins: frozenset
    open_groups: frozenset
    public: frozenset | None


class Pool(models.Model):
    """A pool of customers or leads (公海): who may claim, how many, and what is taken back.

    A record belongs to a pool by ``crm_suite_pool_id``; it is *in* the pool while
    nobody owns it. Claimed, it still belongs to it: the caps count it, and the rules of
    the pool take it back when it was neglected. Zero means no limit everywhere.

    Members claim; admins assign, transfer, lock, decide and set the limits and the
    rules of their pools. Sales managers and data stewards may do so in every pool, and
    alone say who belongs to one, what it watches and what it hides.
    """

    _name = "crm.suite.pool"
    _description = "Pool"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    res_model = fields.Selection(
        [("res.partner", "Customers"), ("crm.lead", "Leads")],
        string="Holds",
        required=True,
        default="res.partner",
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        default=lambda self: self.env.company,
        help="Empty: for the members' records of all companies.",
    )
    admin_ids = fields.Many2many(
        "res.users",
        "crm_suite_pool_admin_rel",
        "pool_id",
        "user_id",
        string="Pool Admins",
        default=lambda self: self.env.user,
        domain=[("share", "=", False)],
        help="Assign, transfer, lock and decide on requests; they see contact data.",
    )
    user_ids = fields.Many2many(
        "res.users",
        "crm_suite_pool_user_rel",
        "pool_id",
        "user_id",
        string="Members",
        domain=[("share", "=", False)],
    )
    team_ids = fields.Many2many(
        "crm.team", "crm_suite_pool_team_rel", "pool_id", "team_id", string="Teams"
    )
    claim_mode = fields.Selection(
        [("free", "Members claim"), ("assign", "Admins assign")],
        string="Given Out By",
        required=True,
        default="free",
    )
    max_person = fields.Integer(string="Per Person", default=50)
    max_all = fields.Integer(
        string="All Together",
        help="So many records of this pool may be given out at the same time.",
    )
    max_day = fields.Integer(string="Claims per Day", default=10)
    count_won = fields.Boolean(
        string="Won Ones Count",
        help="Whether customers who bought, or won deals, count for the limit.",
    )
    cooldown_days = fields.Integer(
        string="Cool-down",
        default=7,
        help="Days after a return, whatever its cause, before the same person may "
        "claim it again.",
    )
    idle_days = fields.Integer(
        string="Without Proven Follow-up",
        default=15,
        help="Working days of the owner; holidays and leave stop the clock.",
    )
    deal_days = fields.Integer(
        string="Without a Deal",
        help="Working days since the claim without an order or a won deal.",
    )
    return_after_protection = fields.Boolean(
        string="When Protection Ends",
        help="A customer whose protection expired goes back, unless it bought since.",
    )
    protect_max = fields.Integer(string="Protected per Person", default=5)
    protect_days = fields.Integer(string="Protected at Most", default=30)
    warn_days = fields.Integer(string="Warn Before", default=3)
    auto_return = fields.Boolean(
        string="Take Back by Itself",
        help="Simulate first: it shows who would lose what.",
    )
    take_in = fields.Boolean(
        string="Watch the Members' Own",
        help="What members own outside of any pool is put under the rules of this one.",
    )
    domain = fields.Char(string="Only Those", default="[]")
    target_id = fields.Many2one(
        "crm.suite.pool",
        string="Returned To",
        index="btree_not_null",
        domain="[('res_model', '=', res_model), ('id', '!=', id)]",
        help="Empty: this pool.",
    )
    immune_grade_ids = fields.Many2many("crm.suite.grade", string="Grades Never Taken")
    call_seconds = fields.Integer(string="Calls Longer Than", default=60)
    weight_reply = fields.Float(string="Reply Received", default=1.0)
    weight_call = fields.Float(string="Call", default=1.0)
    weight_meeting = fields.Float(string="Meeting Held", default=1.0)
    weight_visit = fields.Float(string="Visit", default=1.0)
    weight_quote = fields.Float(string="Quote Sent or Opened", default=1.0)
    weight_order = fields.Float(string="Order", default=1.0)
    weight_note = fields.Float(string="Note", default=0.25)
    unassigned_hours = fields.Integer(
        string="Nobody Took It For",
        help="Working hours in the pool after which its admins are warned.",
    )
    followup_hours = fields.Integer(
        string="First Follow-up Within",
        help="Working hours from assignment to the first proven follow-up; then the "
        "lead goes back to the pool.",
    )
    mask = fields.Boolean(string="Hide Contact Data", default=True)
    public_field_ids = fields.Many2many(
        "ir.model.fields",
        string="Shown All the Same",
        # Who chooses them; others cannot read what fields there are.
        groups="base.group_system",
        domain="[('model', '=', res_model)]",
    )
    open_group_ids = fields.Many2many(
        "res.groups",
        string="Sees Contact Data",
        default=lambda self: self._default_open_groups(),
        help="Roles that work with contact data whoever owns the customer.",
    )
    note = fields.Text(string="What It Is For", translate=True)
    free_count = fields.Integer(string="To Claim", compute="_compute_counts")
    owned_count = fields.Integer(string="Given Out", compute="_compute_counts")
    my_count = fields.Integer(string="Mine", compute="_compute_counts")
    my_text = fields.Char(string="My Quota", compute="_compute_counts")
    is_admin = fields.Boolean(compute="_compute_is_admin")
    is_manager = fields.Boolean(compute="_compute_is_admin")

    @api.model
    def _default_open_groups(self):
        groups = self.env["res.groups"]
        for name in (
            "crm_suite_base.group_crm_suite_sales_manager",
            "crm_suite_base.group_crm_suite_data_steward",
            "crm_suite_base.group_crm_suite_privacy_officer",
            "account.group_account_invoice",
            "stock.group_stock_user",
        ):
            groups |= self.env.ref(name, raise_if_not_found=False) or groups
        return groups

    _name_uniq = models.UniqueIndex(
        "(company_id, res_model, (name->>'en_US')) WHERE active IS TRUE",
        "There is a pool with this name already.",
    )

    # === COMPUTES, CONSTRAINTS === #

    @api.depends_context("uid")
    @api.depends("res_model", "max_person")
    def _compute_counts(self):
        for model, pools in self.grouped("res_model").items():
            # Numbers only, of pools whose name the user may read.
            records = self.env[model].sudo()
            of_pools = Domain("crm_suite_pool_id", "in", pools.ids)
            counted = {}
            for key, extra in (
                ("free", Domain("user_id", "=", False)),
                ("owned", Domain("user_id", "!=", False)),
                ("mine", Domain("user_id", "=", self.env.uid)),
            ):
                rows = records._read_group(
                    of_pools & extra, ["crm_suite_pool_id"], ["__count"]
                )
                counted[key] = {pool.id: count for pool, count in rows}
            for pool in pools:
                pool.free_count = counted["free"].get(pool.id, 0)
                pool.owned_count = counted["owned"].get(pool.id, 0)
                pool.my_count = counted["mine"].get(pool.id, 0)
                pool.my_text = (
                    f"{pool.my_count} / {pool.max_person}"
                    if pool.max_person
                    else str(pool.my_count)
                )

    @api.depends_context("uid")
    @api.depends("admin_ids")
    def _compute_is_admin(self):
        for pool in self:
            pool.is_admin = pool._is_admin()
            pool.is_manager = pool._is_manager()

    @api.constrains(*SIZES, *WEIGHTS)
    def _check_sizes(self):
        for pool in self:
            if any(pool[name] < 0 for name in SIZES):
                raise ValidationError(
                    self.env._("A limit cannot be negative; zero means no limit.")
                )
            if any(not 0 <= pool[name] <= 1 for name in WEIGHTS):
                raise ValidationError(
                    self.env._("What counts weighs between 0 (not) and 1 (fully).")
                )

    @api.constrains("domain", "res_model")
    def _check_domain(self):
        for pool in self:
            try:
                self.env[pool.res_model].search(pool._get_domain(), limit=1)
            except (ValueError, SyntaxError, TypeError, UserError) as error:
                raise ValidationError(
                    self.env._(
                        "The condition of “%(pool)s” cannot be understood: %(error)s.",
                        pool=pool.name,
                        error=error,
                    )
                ) from error

    @api.constrains("target_id", "res_model")
    def _check_target(self):
        for pool in self:
            if pool.target_id and pool.target_id.res_model != pool.res_model:
                raise ValidationError(
                    self.env._(
                        "The pool that takes what is returned must hold the same."
                    )
                )

    @api.constrains("company_id")
    def _check_company_of_records(self):
        for pool in self.filtered("company_id"):
            records = self.env[pool.res_model].sudo().with_context(active_test=False)
            alien = Domain("crm_suite_pool_id", "=", pool.id) & Domain(
                "company_id", "not in", [pool.company_id.id, False]
            )
            if records.search_count(alien, limit=1):
                raise ValidationError(
                    self.env._(
                        "“%(pool)s” holds records of other companies. Transfer them to "
                        "another pool first.",
                        pool=pool.name,
                    )
                )

    def action_archive(self):
        for pool in self:
            if pool.free_count:
                raise UserError(
                    self.env._(
                        "“%(pool)s” is not empty: nobody would find what is in it. "
                        "Transfer it to another pool first.",
                        pool=pool.name,
                    )
                )
        return super().action_archive()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for pool in self:
            used = Domain("crm_suite_pool_id", "=", pool.id)
            records = self.env[pool.res_model].sudo().with_context(active_test=False)
            if records.search_count(used, limit=1):
                raise UserError(
                    self.env._(
                        "“%(pool)s” still holds records. Transfer them to another pool "
                        "first, or archive the pool.",
                        pool=pool.name,
                    )
                )

    # Who sees what is kept in caches by user.
    @api.model_create_multi
    def create(self, vals_list):
        pools = super().create(vals_list)
        self.env.registry.clear_cache()
        return pools

    def write(self, vals):
        if "res_model" in vals and any(p.res_model != vals["res_model"] for p in self):
            raise UserError(
                self.env._("What a pool holds is chosen once, at its start.")
            )
        if not REACH.isdisjoint(vals) and not self._is_manager():
            raise AccessError(
                self.env._(
                    "Who belongs to a pool, what it watches and what it hides is set by "
                    "a sales manager. You may change its limits and rules."
                )
            )
        result = super().write(vals)
        self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def _get_domain(self):
        return read_domain(self.env, self.domain)

    @api.model
    def _get_field_uses(self):
        """See ``_get_uses`` of custom fields."""
        # A handful, by design.  pylint: disable-next=no-search-all
        for pool in self.search([]):
            yield Use(pool.name, pool.res_model, pool.domain)

    # === WHO === #

    def _get_members(self):
        """Who may claim or be given something of this pool."""
        pool = self.sudo()
        return (pool.user_ids | pool.team_ids.member_ids | pool.admin_ids).filtered(
            "active"
        )

    @api.model
    def _is_manager(self):
        """Whether the user leads all pools."""
        return self.env.su or any(map(self.env.user.has_group, MANAGERS))

    def _is_admin(self):
        """Whether the user may give out, transfer and lock what the pool holds."""
        # As superuser: who asks may lead the pool without reading its lists.
        return self._is_manager() or self.env.user in self.sudo().admin_ids

    def _check_admin(self):
        for pool in self:
            if not pool._is_admin():
                raise AccessError(
                    self.env._(
                        "Only an admin of “%(pool)s” may do that. Ask %(admins)s.",
                        pool=pool.sudo().name,
                        admins=pool._name_admins(),
                    )
                )

    def _name_admins(self):
        """Whom to ask, in words."""
        names = self.sudo().admin_ids.mapped("name")
        return ", ".join(names) or self.env._("a sales manager")

    @api.model
    @tools.ormcache("self.env.uid")
    def _get_mine(self):
        """The pools of customers in which the user is a member, or an admin.

        :rtype: tuple[list[int], list[int]]
        """
        user = self.env.user
        # A handful, by design.  pylint: disable-next=no-search-all
        pools = self.sudo().search([]).filtered(lambda p: p.res_model == "res.partner")
        member = pools.filtered(lambda pool: user in pool._get_members())
        admin = pools.filtered(lambda pool: user in pool.admin_ids)
        return member.ids, admin.ids

    @api.model
    def _get_pooled(self):
        """The models that have pools, also archived ones.

        :rtype: set[str]
        """
        return {reach.res_model for reach in self._get_reaches()}

    @api.model
    @tools.ormcache("self.env.uid")
    def _get_guarded(self):
        """The pools from which the user takes nothing but by a claim.

        :return: by id of the pool: what it holds, and the names of the fields that are
            shown all the same, or None where nothing is hidden
        :rtype: dict[int, tuple[str, frozenset | None]]
        """
        user = self.env.user
        if user._is_superuser() or user.share:
            return {}
        groups = set(user.all_group_ids.ids)
        return {
            reach.id: (reach.res_model, reach.public)
            for reach in self._get_reaches()
            if user.id not in reach.admins and groups.isdisjoint(reach.open_groups)
        }

    @api.model
    @tools.ormcache()
    def _get_reaches(self):
        """All pools, also archived ones, as far as who sees what is concerned.

        In one query: each transaction that touches a customer or a lead asks for it.

        :rtype: tuple[Reach]
        """
        self.flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id, p.res_model, p.mask,
                       ARRAY(SELECT user_id FROM crm_suite_pool_admin_rel
                              WHERE pool_id = p.id),
                       ARRAY(SELECT res_groups_id FROM crm_suite_pool_res_groups_rel
                              WHERE crm_suite_pool_id = p.id),
                       ARRAY(SELECT f.name FROM crm_suite_pool_ir_model_fields_rel r
                               JOIN ir_model_fields f ON f.id = r.ir_model_fields_id
                              WHERE r.crm_suite_pool_id = p.id)
                  FROM crm_suite_pool p
              ORDER BY p.id
                """
            )
        )
        return tuple(
            Reach(id_, res_model, *map(frozenset, (admins, groups)), public)
            for id_, res_model, mask, admins, groups, names in rows
            for public in [frozenset(names) if mask else None]
        )

    # === SCREENS === #

    def action_open_free(self):
        """Open what can be claimed.

        :rtype: dict
        """
        return self._open_records([("user_id", "=", False)])

    def action_open_owned(self):
        """Open what is given out.

        :rtype: dict
        """
        return self._open_records([("user_id", "!=", False)])

    def _open_records(self, domain):
        self.ensure_one()
        self.check_access("read")
        name = self.res_model.replace(".", "_")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            f"crm_suite_base.{name}_action_pool"
        )
        action["domain"] = [("crm_suite_pool_id", "=", self.id), *domain]
        action["context"] = {"crm_suite_pool": self.id}
        action["display_name"] = self.name
        return action
