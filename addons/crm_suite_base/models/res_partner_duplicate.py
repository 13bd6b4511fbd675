from odoo import api, models
from odoo.tools import SQL

from ..tools.duplicate_keys import COMPANY, PERSON
from ..tools.field_value import get_given
from .duplicate_entry import KNOWN
from .duplicate_late import PLACE
from .duplicate_mixin import BLOCKS_INDEX

# Who gets a stage is a customer from then on.
STAGES = frozenset({"crm_suite_lifecycle_id", "crm_suite_lifecycle_override_id"})
COMPANY_VALUES = ("vat", "website", "street", "street2", "city", "zip")


class ResPartner(models.Model):
    """Customers and their contacts as records of which there should be one each.

    Partners that are no customers (colleagues, suppliers, addresses of documents) are
    nobody's duplicate, and nobody is asked about them. Their keys are made when they
    become customers: what the host writes of them costs nothing.
    """

    _name = "res.partner"
    _inherit = ["res.partner", "crm.suite.duplicate.mixin"]

    _crm_suite_blocks_idx = models.Index(BLOCKS_INDEX)

    @api.model_create_multi
    def create(self, vals_list):
        partners = super().create(vals_list)
        partners._duplicate_created()
        return partners

    def write(self, vals):
        moves = self._duplicate_moves(vals)
        before = self._duplicate_before(vals, moves)
        result = super().write(vals)
        if moves:
            self._duplicate_follow_place()
        if before is not None:
            self._duplicate_after(before)
        return result

    @api.model
    def name_create(self, name):
        return super(ResPartner, self._duplicate_by("quick")).name_create(name)

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        return super(ResPartner, self._duplicate_by("mail")).message_new(
            msg_dict, custom_values
        )

    @api.model
    def _duplicate_key_fields(self):
        return [
            "name",
            "is_company",
            "parent_id",
            "phone",
            "phone_sanitized",
            "email",
            "email_normalized",
            "website",
            "vat",
            "street",
            "street2",
            "city",
            "zip",
        ]

    @api.model
    def _duplicate_triggers(self):
        others = {"crm_suite_contact_point_ids", "type"}
        return super()._duplicate_triggers() | STAGES | others

    def _duplicate_written(self, vals):
        written = super()._duplicate_written(vals)
        # Steps of customers change nothing about who they are.
        if not written.isdisjoint(STAGES) and all(
            partner.crm_suite_lifecycle_id for partner in self.sudo()
        ):
            return written - STAGES
        return written

    @api.model
    def _duplicate_late_fields(self):
        return tuple(PLACE)

    def _duplicate_kinds(self):
        return {COMPANY if partner.is_company else PERSON for partner in self.sudo()}

    @api.model
    def _duplicate_depends(self):
        return [
            "crm_suite_contact_point_ids.normalized",
            "crm_suite_lifecycle_id",
            "commercial_partner_id.crm_suite_lifecycle_id",
        ]

    def _duplicate_keyed(self):
        return self._crm_suite_is_managed()

    @api.model
    def _duplicate_keyed_sql(self, alias):
        return SQL(
            """
            (%(p)s.crm_suite_lifecycle_id IS NOT NULL OR EXISTS (
                SELECT 1 FROM res_partner commercial
                 WHERE commercial.id = %(p)s.commercial_partner_id
                   AND commercial.crm_suite_lifecycle_id IS NOT NULL))
            """,
            p=SQL.identifier(alias),
        )

    def _duplicate_is_concerned(self, vals):
        return (
            "parent_id" in vals
            or not STAGES.isdisjoint(vals)
            or bool(self._crm_suite_is_managed())
        )

    @api.model
    def _crm_suite_adopt_customers(self):
        count = super()._crm_suite_adopt_customers()
        if count:
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT p.id
                      FROM res_partner p
                      JOIN res_partner c ON c.id = p.commercial_partner_id
                     WHERE c.crm_suite_lifecycle_id IS NOT NULL
                       AND p.crm_suite_keys IS NULL
                    """
                )
            )
            self._duplicate_fill(id_ for (id_,) in rows)
        return count

    @api.model
    def _duplicate_values(self, row):
        is_company = bool(row["is_company"])
        # The host copies number and address of a company to its contacts: colleagues
        # would be each other's duplicates.
        company = () if is_company or not row["parent_id"] else COMPANY_VALUES
        return {
            **row,
            **dict.fromkeys(company, False),
            "kind": COMPANY if is_company else PERSON,
            "phones": [row["phone_sanitized"] or row["phone"]],
            "emails": [row["email_normalized"] or row["email"]],
        }

    @api.model
    def _duplicate_more(self, ids):
        """Further phones and e-mails count as the first ones do."""
        points = self.env["crm.suite.contact.point"]
        points.flush_model(["partner_id", "kind", "normalized", "value"])
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, kind || 's',
                       array_agg(coalesce(normalized, value) ORDER BY id)
                  FROM crm_suite_contact_point
                 WHERE partner_id = ANY(%s)
              GROUP BY partner_id, kind
                """,
                list(ids),
            )
        )
        more = {}
        for id_, name, values in rows:
            more.setdefault(id_, {})[name] = values
        return more

    @api.model
    def _duplicate_scope(self, alias):
        return SQL(
            """
            %(p)s.active AND %(p)s.type NOT IN ('invoice', 'delivery') AND %(keyed)s
            """,
            p=SQL.identifier(alias),
            keyed=self._duplicate_keyed_sql(alias),
        )

    def _duplicate_checked(self):
        return self._crm_suite_is_managed().filtered(
            lambda partner: (
                partner.active and partner.type not in ("invoice", "delivery")
            )
        )

    def _duplicate_relatives(self):
        """A company and the companies above and below it share a lot."""
        found = {}
        for partner in self.sudo():
            family = partner.parent_id | partner.child_ids.filtered("is_company")
            if not partner.is_company:
                family = partner.parent_id
            found[partner.id] = {("res.partner", id_) for id_ in family.ids}
        return found

    @api.model
    def _duplicate_relative_pairs(self, target, pairs):
        if not pairs:
            return set()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.left_id, p.right_id
                  FROM unnest(%s::int[], %s::int[]) p(left_id, right_id)
                  JOIN res_partner l ON l.id = p.left_id
                  JOIN res_partner r ON r.id = p.right_id
                 WHERE l.parent_id = r.id OR r.parent_id = l.id
                """,
                [left for left, _right in pairs],
                [right for _left, right in pairs],
            )
        )
        return set(rows)

    def _duplicate_holder(self):
        return self.commercial_partner_id or self

    @api.model
    def _duplicate_merge_action(self, ids):
        """Open the merge of these customers."""
        return self.browse(ids).action_crm_suite_merge()

    @api.model
    def _duplicate_answers(self, keys):
        """Who asks about a customer wants to know of a lead about it, too."""
        return self.env["crm.lead"]._duplicate_answers(keys)

    @api.model
    def crm_suite_check_duplicate(self, values):
        """Say whether a customer, or a lead, is there already and whose it is.

        Each call is logged and counts against the daily limit of the user.

        :param dict values: one or more of ``name``, ``phone``, ``email``, ``vat``,
            ``website``; ``is_company`` says whether the name is that of a company
        :return: the records that match, the best first; a single row with the state
            ``free`` and no ``found`` where nobody matches. Each row has ``state``
            (``free``, ``yours``, ``owned``; with pools also ``pool``, ``protected``),
            ``label`` (the state in words), ``found``, ``owner``, ``pool``, ``until``,
            ``reasons``, ``score`` (0 to 100), ``name``, ``model`` and ``id`` (only of
            what the user may read, otherwise False), ``may_ask``, ``may_claim``,
            ``query`` and ``position`` (for ``request_access`` and ``claim``), ``left``:
            how many questions are left today, -1 where there is no limit
        :rtype: list[dict]
        :raise UserError: nothing to look for, or the day's questions are used up
        """
        return self._duplicate_check(values)


class ContactPoint(models.Model):
    """A further number tells as much of a customer as the first one."""

    _inherit = "crm.suite.contact.point"

    @api.model_create_multi
    def create(self, vals_list):
        partners = self._get_partners_to_check(vals_list)
        before = partners._duplicate_remember()
        points = super().create(vals_list)
        partners._duplicate_after(before)
        return points

    def write(self, vals):
        if vals.keys().isdisjoint({"kind", "partner_id", "value"}):
            return super().write(vals)
        partners = self._get_partners_to_check([vals])
        before = partners._duplicate_remember()
        result = super().write(vals)
        partners._duplicate_after(before)
        return result

    def _get_partners_to_check(self, vals_list):
        """The customers to whom these points belong or are given; not those that are
        just being entered or changed themselves: they are looked at as a whole.
        """
        partners = self.sudo().partner_id.with_env(self.env)
        if partners._duplicate_is_off():
            return partners.browse()
        for vals in vals_list:
            partners |= get_given(self, "partner_id", vals)
        return partners - self.env.records_to_compute(
            partners._fields["crm_suite_keys"]
        )

    @api.model
    def _keep(self, partner, kind, first, values):
        """A merge looks at what stays when it is complete."""
        points = self.with_context(crm_suite_no_duplicate_check=KNOWN)
        return super(ContactPoint, points)._keep(partner, kind, first, values)
