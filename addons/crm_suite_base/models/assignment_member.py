from datetime import timedelta

import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from ..tools.field_use import Use
from .rule_match import check_readable


class AssignmentMember(models.Model):
    """Somebody to whom a policy assigns, and what he can carry.

    Changes here count at once: they say who is there, not what the rules are.
    """

    _name = "crm.suite.assignment.member"
    _description = "Member of an Assignment Policy"
    _order = "sequence, id"
    _rec_name = "user_id"

    policy_id = fields.Many2one(
        "crm.suite.assignment.policy", required=True, index=True, ondelete="cascade"
    )
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    user_id = fields.Many2one(
        "res.users",
        string="Colleague",
        required=True,
        index=True,
        ondelete="cascade",
        domain=[("share", "=", False)],
    )
    weight = fields.Integer(
        default=1, help="How many turns compared with others, where the rule says so."
    )
    capacity = fields.Integer(
        string="Open at Most", help="Open records at one time; 0: any number."
    )
    day_limit = fields.Integer(string="Per Day", help="0: any number.")
    week_limit = fields.Integer(string="Per Week", help="0: any number.")
    skill_ids = fields.Many2many("crm.suite.assignment.skill", string="Skills")
    territory_ids = fields.Many2many(
        "crm.suite.assignment.territory", string="Territories"
    )
    date_from = fields.Date(string="Member From", help="Empty: always.")
    date_to = fields.Date(string="Member Until", help="The last day; empty: for good.")
    open_count = fields.Integer(string="Open Now", compute="_compute_open_count")
    is_away = fields.Boolean(string="Away", compute="_compute_is_away")

    _weight_positive = models.Constraint(
        "CHECK(weight BETWEEN 1 AND 100)", "A weight is a number from 1 to 100."
    )
    _limits_not_negative = models.Constraint(
        "CHECK(capacity >= 0 AND day_limit >= 0 AND week_limit >= 0)",
        "Limits cannot be negative; 0 means any number.",
    )
    _user_uniq = models.UniqueIndex(
        "(policy_id, user_id) WHERE active",
        "This person is a member of the policy already.",
    )

    @api.constrains("user_id", "policy_id")
    def _check_can_read(self):
        """Nobody becomes the owner of what he cannot open."""
        for member in self:
            model = self.env[member.policy_id.res_model].with_user(member.user_id)
            if not model.has_access("read"):
                raise ValidationError(
                    self.env._(
                        "%(user)s may not see %(records)s and cannot own them. Give a "
                        "role first.",
                        user=member.user_id.name,
                        records=self.env["ir.model"]._get(model._name).name,
                    )
                )

    def _compute_open_count(self):
        for policy, members in self.grouped("policy_id").items():
            loads = {}
            if policy.res_model:
                loads = self.env[policy.res_model]._assignable_load(members.user_id.ids)
            for member in members:
                member.open_count = loads.get(member.user_id.id, 0)

    def _compute_is_away(self):
        away = self.env["crm.suite.absence"]._away(self.user_id)
        for member in self:
            member.is_away = member.user_id.id in away

    def _is_member_on(self, day):
        self.ensure_one()
        return not (
            (self.date_from and day < self.date_from)
            or (self.date_to and day > self.date_to)
        )

    @api.model
    def _get_periods(self, user, now):
        """Since when today and this week count for a person, naive UTC.

        :rtype: tuple[datetime, datetime]
        """
        zone = pytz.timezone(user.tz or "UTC")
        local = pytz.utc.localize(now).astimezone(zone)
        midnight = zone.localize(
            local.replace(tzinfo=None, hour=0, minute=0, second=0, microsecond=0)
        )
        day = midnight.astimezone(pytz.utc).replace(tzinfo=None)
        monday = midnight.replace(tzinfo=None) - timedelta(days=local.weekday())
        week = zone.localize(monday).astimezone(pytz.utc).replace(tzinfo=None)
        return day, week


class AssignmentSkill(models.Model):
    """Something that a record asks of its owner: a language, a product, a licence."""

    _name = "crm.suite.assignment.skill"
    _description = "Assignment Skill"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    res_model = fields.Selection(
        lambda self: self.env["crm.suite.assignment.policy"]._selection_res_model(),
        string="Records Of",
        required=True,
        default="crm.lead",
    )
    domain = fields.Char(
        string="Needed By",
        required=True,
        default="[]",
        help="Records that only people with this skill get.",
    )

    @api.constrains("domain", "res_model")
    def _check_domain(self):
        for skill in self:
            try:
                domain = skill._get_domain()
                self.env[skill.res_model].search(domain, limit=1)
            except (ValueError, SyntaxError, TypeError, UserError) as error:
                raise ValidationError(
                    self.env._(
                        "The condition of “%(skill)s” cannot be understood: %(error)s. "
                        "Build it anew with the editor.",
                        skill=skill.name,
                        error=error,
                    )
                ) from error

    @api.model_create_multi
    def create(self, vals_list):
        skills = super().create(vals_list)
        skills._check_author()
        return skills

    def write(self, vals):
        result = super().write(vals)
        if "domain" in vals:
            self._check_author()
        return result

    def _check_author(self):
        """The runs look for everybody: nobody finds out what he may not read."""
        for skill in self:
            check_readable(self.env[skill.res_model], skill._get_domain())

    def _get_domain(self):
        return self.env["crm.suite.assignment.rule"]._parse_domain(self.domain)

    @api.model
    def _get_field_uses(self):
        """See ``_get_uses`` of custom fields."""
        # A handful, by design.  pylint: disable-next=no-search-all
        for skill in self.search([]):
            yield Use(skill.name, skill.res_model, skill.domain)


class AssignmentTerritory(models.Model):
    """A part of the market that belongs to people for a time.

    What is left empty does not narrow it. A record of several territories goes to
    somebody of any of them.
    """

    _name = "crm.suite.assignment.territory"
    _description = "Territory"
    _order = "name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index="btree_not_null")
    country_ids = fields.Many2many("res.country", string="Countries")
    state_ids = fields.Many2many("res.country.state", string="Regions")
    zip_prefixes = fields.Char(
        string="Postcodes", help="Beginnings, separated by commas: 200, 201, 310."
    )
    industry_ids = fields.Many2many("res.partner.industry", string="Industries")
    date_from = fields.Date(string="From", help="Empty: always.")
    date_to = fields.Date(string="Until", help="The last day; empty: for good.")
    member_ids = fields.Many2many(
        "crm.suite.assignment.member", string="Members", readonly=True
    )

    _dates_in_order = models.Constraint(
        "CHECK(date_from <= date_to)", "The last day is before the first one."
    )

    def _is_valid_on(self, day):
        self.ensure_one()
        return not (
            (self.date_from and day < self.date_from)
            or (self.date_to and day > self.date_to)
        )

    def _get_domain(self, model):
        """Which records of a model lie in the territory.

        :param model: empty recordset of an assignable model
        :rtype: Domain
        """
        self.ensure_one()
        places = model._assignable_places()
        domain = Domain.TRUE
        for place, records in (
            ("country", self.country_ids),
            ("state", self.state_ids),
            ("industry", self.industry_ids),
        ):
            if records:
                if place not in places:
                    return Domain.FALSE
                domain &= Domain(places[place], "in", records.ids)
        prefixes = [part.strip() for part in (self.zip_prefixes or "").split(",")]
        if any(prefixes):
            if "zip" not in places:
                return Domain.FALSE
            domain &= Domain.OR(
                Domain(places["zip"], "=like", _escape(prefix) + "%")
                for prefix in prefixes
                if prefix
            )
        return domain


def _escape(text):
    for sign in ("\\", "%", "_"):
        text = text.replace(sign, "\\" + sign)
    return text
