from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .res_partner import ROLE


class CrmTeam(models.Model):
    """Sales teams form a tree: who leads a team leads those below it as well."""

    _inherit = "crm.team"

    crm_suite_parent_id = fields.Many2one(
        "crm.team",
        string="Belongs To",
        index="btree_not_null",
        ondelete="set null",
        groups=ROLE,
        help="The team above. Who leads or belongs to it sees what this team sees, where customers are shown by team.",
    )
    crm_suite_child_ids = fields.One2many(
        "crm.team", "crm_suite_parent_id", string="Teams Below", groups=ROLE
    )

    @api.constrains("crm_suite_parent_id")
    def _check_crm_suite_parent(self):
        if self._has_cycle("crm_suite_parent_id"):
            raise ValidationError(
                self.env._(
                    "A team cannot stand below itself. Choose another team above it."
                )
            )

    # What rules derive from the teams is kept until a team changes.

    @api.model_create_multi
    def create(self, vals_list):
        teams = super().create(vals_list)
        self.env.registry.clear_cache()
        return teams

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"crm_suite_parent_id", "user_id", "active", "company_id"}:
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result

    def _crm_suite_leader(self):
        """Who leads the team, else the one above it that somebody leads.

        :rtype: res.users
        """
        team, seen = self, set()
        while team and team.id not in seen:
            if team.user_id.active:
                return team.user_id
            seen.add(team.id)
            team = team.crm_suite_parent_id
        return self.env["res.users"]

    @api.model
    def _crm_suite_below(self, team_ids):
        """The teams with all that stand below them.

        :param team_ids: ids of teams
        :rtype: set[int]
        """
        # A company has tens of teams: read at once, walked in memory. As superuser,
        # for a tree may lead through teams of other companies.
        children = {}
        for team in (
            self.sudo()
            .with_context(active_test=False)
            .search_fetch(
                [("crm_suite_parent_id", "!=", False)], ["crm_suite_parent_id"]
            )
        ):
            children.setdefault(team.crm_suite_parent_id.id, []).append(team.id)
        found, level = set(team_ids), list(team_ids)
        while level:
            level = [
                child
                for parent in level
                for child in children.get(parent, ())
                if child not in found
            ]
            found.update(level)
        return found


class CrmTeamMember(models.Model):
    """Who joins or leaves a team sees or loses its customers and pools at once."""

    _inherit = "crm.team.member"

    @api.model_create_multi
    def create(self, vals_list):
        members = super().create(vals_list)
        self.env.registry.clear_cache()
        return members

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"crm_team_id", "user_id", "active"}:
            self.env.registry.clear_cache()
        return result

    def unlink(self):
        result = super().unlink()
        self.env.registry.clear_cache()
        return result
