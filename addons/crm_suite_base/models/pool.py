from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

MANAGERS = (
    "crm_suite_base.group_crm_suite_sales_manager",
    "crm_suite_base.group_crm_suite_data_steward",
)


class Pool(models.Model):
    """A named pool (公海) of records without an owner, and the rules about them.

    A record *lies* in a pool while ``crm_suite_pool_id`` is set; then it has no owner.
    Who gets it out becomes its owner, and the pool stays its *home*
    (``crm_suite_home_pool_id``): its caps and rules of return go on to count for it.

    Members claim, admins hand out, take back, lock and decide. Sales managers and data
    stewards may do in every pool what its admins may.
    """

    _name = "crm.suite.pool"
    _description = "Pool"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    res_model = fields.Selection(
        lambda self: self._selection_res_model(),
        string="Holds",
        required=True,
        default="res.partner",
    )
    company_id = fields.Many2one(
        "res.company",
        index="btree_not_null",
        default=lambda self: self.env.company,
        help="Empty: for all companies.",
    )
    note = fields.Text(string="What It Is For", translate=True)
    admin_ids = fields.Many2many(
        "res.users",
        "crm_suite_pool_admin_rel",
        "pool_id",
        "user_id",
        string="Admins",
        domain=[("share", "=", False)],
        default=lambda self: self.env.user,
    )
    member_ids = fields.Many2many(
        "res.users",
        "crm_suite_pool_member_rel",
        "pool_id",
        "user_id",
        string="Members",
        domain=[("share", "=", False)],
    )
    team_ids = fields.Many2many(
        "crm.team",
        "crm_suite_pool_team_rel",
        "pool_id",
        "team_id",
        string="Teams",
        help="Everybody in these sales teams is a member.",
    )
    claim_mode = fields.Selection(
        [("free", "Members claim"), ("assign", "Admins hand out")],
        string="How to Get Out",
        required=True,
        default="free",
    )
    cap_person = fields.Integer(
        string="Per Person",
        help="So many records of this pool may one person own. 0: any number.",
    )
    cap_total = fields.Integer(
        string="Per Person in All Pools",
        help="So many records of all pools of this kind may one person own. 0: any "
        "number.",
    )
    cap_pool = fields.Integer(
        string="All Together",
        help="So many records of this pool may be out at the same time. 0: any number.",
    )
    cap_day = fields.Integer(
        string="Claims per Person and Day", help="0: any number of claims."
    )
    won_counts = fields.Boolean(
        string="Won Ones Count",
        help="Customers who bought and leads that were won take a place as well.",
    )
    cooldown_days = fields.Integer(
        string="Cool-down",
        default=7,
        help="Days until the same person may claim again what he had, counted from "
        "its return, whatever the cause. 0: at once.",
    )
    protection_max = fields.Integer(
        string="Protected per Person",
        default=5,
        help="So many records may one person protect. 0: none.",
    )
    protection_days = fields.Integer(
        string="Days of Protection",
        default=30,
        help="For so long at most; then the record may be protected anew by an admin.",
    )
    inside_count = fields.Integer(string="In the Pool", compute="_compute_counts")
    outside_count = fields.Integer(string="Owned", compute="_compute_counts")
    is_admin = fields.Boolean(compute="_compute_is_admin", compute_sudo=False)

    _name_unique = models.UniqueIndex(
        "(company_id, res_model, (name->>'en_US')) WHERE active IS TRUE",
        "There is a pool with this name already.",
    )
    _caps_check = models.Constraint(
        "CHECK (cap_person >= 0 AND cap_total >= 0 AND cap_pool >= 0 AND cap_day >= 0 "
        "AND cooldown_days >= 0 AND protection_max >= 0 AND protection_days >= 0)",
        "Numbers of a pool cannot be negative. 0 means any number.",
    )

    @api.model
    def _selection_res_model(self):
        """The kinds of records that pools hold.

        Hook: a model that inherits ``crm.suite.pool.mixin`` is added with its name.

        :rtype: list[tuple]
        """
        return [
            ("res.partner", self.env._("Customers")),
            ("crm.lead", self.env._("Leads")),
        ]

    # === COMPUTES AND CHECKS === #

    @api.depends_context("uid")
    def _compute_counts(self):
        self.inside_count = self.outside_count = 0
        for model, pools in self.filtered("id").grouped("res_model").items():
            for name, field in (
                ("inside_count", "crm_suite_pool_id"),
                ("outside_count", "crm_suite_home_pool_id"),
            ):
                domain = Domain(field, "in", pools.ids)
                if name == "outside_count":
                    domain &= Domain("user_id", "!=", False)
                # Numbers only, the same for everybody who sees the pool.
                groups = (
                    self.env[model].sudo()._read_group(domain, [field], ["__count"])
                )
                counts = {pool.id: count for pool, count in groups}
                for pool in pools:
                    pool[name] = counts.get(pool._origin.id, 0)

    @api.depends("admin_ids")
    @api.depends_context("uid")
    def _compute_is_admin(self):
        for pool in self:
            pool.is_admin = pool._is_admin()

    @api.constrains("res_model", "company_id")
    def _check_content(self):
        for pool in self:
            for model, _label in self._selection_res_model():
                content = self.env[model].sudo().with_context(active_test=False)
                touched = Domain("crm_suite_pool_id", "=", pool.id) | Domain(
                    "crm_suite_home_pool_id", "=", pool.id
                )
                alien = Domain.TRUE
                if model == pool.res_model:
                    if not pool.company_id:
                        continue
                    alien = Domain("company_id", "not in", [pool.company_id.id, False])
                if content.search_count(touched & alien, limit=1):
                    raise ValidationError(
                        self.env._(
                            "“%(pool)s” holds records that would not fit any more. "
                            "Transfer them to another pool first.",
                            pool=pool.name,
                        )
                    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        for pool in self:
            content = self.env[pool.res_model].sudo().with_context(active_test=False)
            domain = Domain("crm_suite_pool_id", "=", pool.id)
            if content.search_count(domain, limit=1):
                raise UserError(
                    self.env._(
                        "“%(pool)s” is not empty. Transfer what lies in it to another "
                        "pool, or archive it.",
                        pool=pool.name,
                    )
                )

    def action_archive(self):
        for pool in self:
            if pool.inside_count:
                raise UserError(
                    self.env._(
                        "“%(pool)s” is not empty: nobody would find what lies in it. "
                        "Transfer it to another pool first.",
                        pool=pool.name,
                    )
                )
        return super().action_archive()

    # === RIGHTS === #

    def _is_admin(self):
        """Whether the user may do here what admins of the pool may.

        :rtype: bool
        """
        self.ensure_one()
        user = self.env.user
        if self.env.su or any(map(user.has_group, MANAGERS)):
            return True
        # As superuser: who asks may lead the pool without reading all of its lists.
        return user in self.sudo().admin_ids

    def _is_member(self, user):
        """Whether a person may own what lies in the pool.

        :param user: ``res.users`` record
        :rtype: bool
        """
        self.ensure_one()
        pool = self.sudo()
        teams = pool.team_ids
        return user in (
            pool.member_ids | pool.admin_ids | teams.member_ids | teams.user_id
        )

    @api.model
    def _get_ids_of(self, user):
        """The pools of which a person is a member or an admin.

        :rtype: list[int]
        """
        uid = user.id
        # He asks about himself; only ids leave this method.
        pools = self.sudo().search(
            Domain("member_ids", "=", uid)
            | Domain("admin_ids", "=", uid)
            | Domain("team_ids.crm_team_member_ids.user_id", "=", uid)
            | Domain("team_ids.user_id", "=", uid)
        )
        return pools.ids

    def _check_admin(self):
        for pool in self:
            if not pool._is_admin():
                raise AccessError(
                    self.env._(
                        "Only an admin of the pool “%(pool)s” can do this. Ask "
                        "%(admins)s.",
                        pool=pool.sudo().name,
                        admins=", ".join(pool.sudo().admin_ids.mapped("name"))
                        or self.env._("a sales manager"),
                    )
                )

    def _check_caller(self):
        """The user has a role of the suite and sees this one pool."""
        self.env["res.partner"]._crm_suite_check_role()
        if len(self) != 1 or not self.exists():
            raise UserError(self.env._("Say in which pool: one pool that exists."))
        self.check_access("read")

    # === SCREENS === #

    def action_show_inside(self):
        """List what lies in the pool.

        :rtype: dict
        """
        self._check_caller()
        return self._get_content_action("crm_suite_pool_id", {})

    def action_show_outside(self):
        """List what people own out of the pool.

        :rtype: dict
        """
        self._check_caller()
        return self._get_content_action(
            "crm_suite_home_pool_id", {"search_default_group_user": 1}
        )

    def _get_content_action(self, field, context):
        name = {
            "res.partner": "crm_suite_base.pool_customer_action",
            "crm.lead": "crm_suite_base.pool_lead_action",
        }[self.res_model]
        action = self.env["ir.actions.act_window"]._for_xml_id(name)
        domain = Domain(field, "=", self.id)
        if field == "crm_suite_home_pool_id":
            domain &= Domain("user_id", "!=", False)
        return {
            **action,
            "display_name": self.name,
            "domain": list(domain),
            "context": context,
        }
