from typing import NamedTuple

from odoo import api, fields, models, tools
from odoo.models import LOG_ACCESS_COLUMNS
from odoo.tools import SQL

from ..tools.journal_policy import AUTOMATIC_FIELDS, VOLATILE_FIELDS
from ..tools.merge_values import (
    choose_block,
    choose_first,
    choose_furthest,
    choose_owner,
    decide_opt_out,
)
from .duplicate_entry import Channel

# Fields that make sense together only.
BLOCKS = {
    "address": (
        "street",
        "street2",
        "zip",
        "city",
        "state_id",
        "country_id",
        "partner_latitude",
        "partner_longitude",
    ),
    "phone": ("phone", "crm_suite_phone_extension"),
    "owner": (
        "user_id",
        "crm_suite_team_id",
        "crm_suite_accept_until",
        "crm_suite_pool_id",
        "crm_suite_pool_since",
        "crm_suite_owned_since",
        "crm_suite_protected_until",
        "crm_suite_extended_until",
        "crm_suite_pool_locked",
        "crm_suite_last_proven",
        "crm_suite_return_on",
        "crm_suite_pool_warned_on",
    ),
    "grade": (
        "crm_suite_grade_override_id",
        "crm_suite_grade_override_reason",
        "crm_suite_grade_override_until",
        "crm_suite_grade_override_user_id",
    ),
    "stage": (
        "crm_suite_lifecycle_override_id",
        "crm_suite_lifecycle_override_reason",
        "crm_suite_lifecycle_override_until",
        "crm_suite_lifecycle_override_ends",
        "crm_suite_lifecycle_override_user_id",
    ),
}
# In this order they are compared; the others follow.
FIRST = ("name", "vat", "phone", "email", "address", "owner", "crm_suite_lifecycle_id")
# What is no value to choose: identity, technique, what rules and figures fill.
SKIPPED = {
    "id",
    "active",
    "color",
    "commercial_partner_id",
    "company_id",
    "company_type",
    "complete_name",
    "crm_suite_merge_id",
    "crm_suite_merged_into_id",
    "date_localization",
    "is_company",
    "type",
    *LOG_ACCESS_COLUMNS,
    *VOLATILE_FIELDS["res.partner"],
    *AUTOMATIC_FIELDS["res.partner"],
} - {"crm_suite_lifecycle_id"}
TYPES = {
    "boolean",
    "char",
    "date",
    "datetime",
    "float",
    "html",
    "integer",
    "many2one",
    "monetary",
    "selection",
    "text",
}
PICTURE = "image_1920"


class Line(NamedTuple):
    """One value to choose: a field, or fields that belong together."""

    key: str
    names: tuple
    rule: str  # first, block, owner, furthest, parent


class ResPartner(models.Model):
    """Which value of several records of one customer counts."""

    _inherit = "res.partner"

    # === WHAT IS TO CHOOSE === #

    @api.model
    def _crm_suite_merge_skipped(self):
        """Name the fields that a merge leaves as the survivor has them. Hook.

        :rtype: set
        """
        return SKIPPED

    @api.model
    def _crm_suite_merge_blocks(self):
        """Name the fields that are taken together. Hook.

        :return: ``{key: [field]}``; the key is what is chosen
        :rtype: dict
        """
        return BLOCKS

    @api.model
    def _crm_suite_merge_lines(self, everything=False):
        """List what is to choose, as far as the user may write it.

        :param bool everything: also what the user may not see
        :rtype: list[Line]
        """
        skipped = self._crm_suite_merge_skipped()
        blocks = self._crm_suite_merge_blocks()
        taken, lines = set(), []
        for key, names in blocks.items():
            known = tuple(n for n in names if n in self._fields and n not in skipped)
            taken.update(names)
            if known and (everything or self._crm_suite_may_choose(known[0])):
                rule = "owner" if key == "owner" else "block"
                lines.append(Line(key, known, rule))
        for name, field in self._fields.items():
            if name in taken or name in skipped or not self._crm_suite_is_value(field):
                continue
            if everything or self._crm_suite_may_choose(name):
                lines.append(Line(name, (name,), self._crm_suite_merge_rule(name)))
        ranks = {key: rank for rank, key in enumerate(FIRST)}
        return sorted(lines, key=lambda line: ranks.get(line.key, len(FIRST)))

    def _crm_suite_is_value(self, field):
        """Whether a field holds a value that somebody entered."""
        if field.name == PICTURE:
            return True
        return (
            field.type in TYPES
            and field.store
            and not field.readonly
            and not field.related
            and (field.column_type or field.company_dependent)
        )

    def _crm_suite_may_choose(self, name):
        return self._has_field_access(self._fields[name], "write")

    @api.model
    def _crm_suite_merge_rule(self, name):
        """Tell by which rule the value of a field is found. Hook.

        :return: ``first`` (survivor, else the first who has one), ``furthest``,
            ``parent``, or the name of a rule that is added with a method
            ``_crm_suite_choose_<rule>(line, holders)``
        """
        return {"crm_suite_lifecycle_id": "furthest", "parent_id": "parent"}.get(
            name, "first"
        )

    # === CHOOSING === #

    def _crm_suite_merge_decided(self, survivor, choices):
        """Decide of each line whose value counts.

        :param dict choices: as :meth:`crm_suite_merge` takes them
        :return: ``{line: {field: id of the record whose value counts}}``
        :rtype: dict
        """
        # All values count, also those that the user cannot see: nothing of them is
        # shown, and what is empty shall not stay so for want of a right.
        records = (survivor | self).sudo().with_context(bin_size=True)
        decided = {}
        for line in self._crm_suite_merge_lines(everything=True):
            choose = getattr(records, f"_crm_suite_choose_{line.rule}")
            holder = choices.get(line.key) or choose(line, records.ids)
            decided[line] = {
                name: choices.get(name, holder) if name != line.key else holder
                for name in line.names
            }
        return decided

    def _crm_suite_choose_first(self, line, holders):
        name = line.names[0]
        return choose_first({p.id: p[name] for p in self}, holders)

    def _crm_suite_choose_block(self, line, holders):
        blocks = {p.id: {name: p[name] for name in line.names} for p in self}
        return choose_block(blocks, holders)

    def _crm_suite_choose_owner(self, line, holders):
        return choose_owner({p.id: p.user_id for p in self}, holders)

    def _crm_suite_choose_furthest(self, line, holders):
        name = line.names[0]
        return choose_furthest({p.id: p[name].code for p in self}, holders)

    def _crm_suite_choose_parent(self, line, holders):
        """A person gets the company that another record has; where something is
        booked, the company is a matter of the books and only chosen by hand."""
        survivor = self[0]
        booked = self.env["account.move.line"].search_count(
            [("partner_id", "in", holders)], limit=1
        )
        if survivor.is_company or survivor.parent_id or booked:
            return survivor.id
        return choose_first({p.id: p.parent_id - self for p in self}, holders)

    # === WRITING === #

    def _crm_suite_merge_write(self, survivor, decided, in_use):
        """Give the survivor the values that count.

        :param bool in_use: whether one of the records was not archived
        """
        target = survivor.sudo().with_context(
            crm_suite_channel=Channel("merge"), crm_suite_as_stored=True
        )
        values = self._crm_suite_merge_values(target, decided)
        if in_use and not target.active:
            values["active"] = True
        companies = {p.company_id for p in self.sudo()}
        if len(companies) > 1:
            values["company_id"] = False
        values.update(self._crm_suite_merge_unions(target))
        if values:
            # As superuser: which values the user may choose was checked; the others
            # are found by rules.
            target.write(values)

    def _crm_suite_merge_values(self, target, decided):
        values = {}
        for line, holders in decided.items():
            for name in line.names:
                holder = self.sudo().browse(holders[name])
                if holder == target or holder[name] == target[name]:
                    continue
                field = self._fields[name]
                values[name] = field.convert_to_write(holder[name], holder)
        return values

    def _crm_suite_merge_unions(self, target):
        """Tags and the like: the survivor has those of all."""
        values = {}
        for name, field in self._fields.items():
            if field.type != "many2many" or not field.store or not field.copy:
                continue
            if field.compute or field.related:
                continue
            missing = self.sudo()[name] - target[name]
            if missing:
                values[name] = [fields.Command.link(id_) for id_ in missing.ids]
        return values

    def _crm_suite_company_names(self):
        """The values per company that the survivor gets where it has none. Hook.

        :rtype: list[str]
        """
        return [
            name
            for name, field in self._fields.items()
            if field.company_dependent and field.store
        ]

    def _crm_suite_fill_company_values(self, survivor, operation):
        """Fill the survivor's values per company with what the other has in companies
        in which it has none itself."""
        names = self._crm_suite_company_names()
        columns = [
            (
                SQL.identifier(name),
                SQL(
                    "NULLIF(COALESCE(jsonb_strip_nulls(l.%(name)s), '{}')"
                    " || COALESCE(jsonb_strip_nulls(s.%(name)s), '{}'), '{}')",
                    name=SQL.identifier(name),
                ),
            )
            for name in names
        ]
        operation.log_sql(
            self._name,
            SQL(
                "UPDATE res_partner s SET %s FROM res_partner l"
                " WHERE s.id = %s AND l.id = %s AND (%s)",
                SQL(", ").join(SQL("%s = %s", *pair) for pair in columns),
                survivor.id,
                self.id,
                SQL(" OR ").join(
                    SQL("l.%s IS NOT NULL", column) for column, _value in columns
                ),
            ),
            alias="s",
            columns=names,
        )

    # === NUMBERS AND ADDRESSES === #

    def _crm_suite_keep_points(self, survivor, decided):
        """Keep as further ones the phones and e-mails that the survivor does not get."""
        chosen = {
            name: id_ for names in decided.values() for name, id_ in names.items()
        }
        partners = self.sudo()
        points = self.env["crm.suite.contact.point"].sudo()
        first = partners.browse(chosen["email"]).email
        emails = [
            email
            for partner in partners
            for email in tools.email_split(partner.email or "") or [partner.email]
        ]
        points._keep(survivor.sudo(), "email", first, emails)
        first = partners.browse(chosen["phone"]).phone
        points._keep(survivor.sudo(), "phone", first, partners.mapped("phone"))

    def _crm_suite_keep_opt_outs(self, survivor, decided):
        """The latest word of the customer about messages holds for the address that
        stays; nobody is written to again because two records became one."""
        chosen = {
            name: id_ for names in decided.values() for name, id_ in names.items()
        }
        partners = self.sudo()
        points = survivor.sudo().crm_suite_contact_point_ids
        emails = [
            tools.email_normalize(value) or value
            for value in [*partners.mapped("email"), *points.mapped("value")]
            if value and "@" in value
        ]
        self._crm_suite_keep_opt_out(
            "mail.blacklist",
            "email",
            emails,
            tools.email_normalize(partners.browse(chosen["email"]).email or ""),
        )
        numbers = partners.mapped("phone_sanitized") + [
            point.normalized for point in points if point.kind == "phone"
        ]
        self._crm_suite_keep_opt_out(
            "phone.blacklist",
            "number",
            [number for number in numbers if number],
            partners.browse(chosen["phone"]).phone_sanitized,
        )

    def _crm_suite_keep_opt_out(self, model_name, field, values, kept):
        """Put the value that is kept on a list if the last word was against it.

        :param str model_name: a blacklist of the host
        """
        if not kept or not values:
            return
        blacklist = self.env[model_name].sudo().with_context(active_test=False)
        rows = blacklist.search_fetch([(field, "in", values)], [field, "active"])
        if decide_opt_out((row.write_date, row.active) for row in rows):
            if not any(row.active and row[field] == kept for row in rows):
                blacklist._add(kept if field == "email" else [kept])
