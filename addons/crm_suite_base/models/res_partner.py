from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain
from odoo.tools import SQL

ROLE = "crm_suite_base.group_crm_suite_user"


class ResPartner(models.Model):
    """The customer: a partner that has a lifecycle stage.

    Owner, industry, region, tags, tax number, phone and e-mail are the host's own
    fields; only what the host lacks is added here. Everything of ours is invisible
    to a user without a role of the suite.

    What the host does not need is read together, when somebody asks for one of it
    (``prefetch="crm_suite"``): the host's own reads and writes stay as small as they were.
    """

    _inherit = "res.partner"

    crm_suite_lifecycle_id = fields.Many2one(
        "crm.suite.lifecycle.stage",
        string="Lifecycle",
        index="btree_not_null",
        ondelete="restrict",
        tracking=True,
        copy=True,
        groups=ROLE,
        group_expand="_crm_suite_expand_lifecycle",
        help="A contact with a lifecycle stage is managed as a customer.",
    )
    crm_suite_team_id = fields.Many2one(
        "crm.team",
        string="Customer Team",
        index="btree_not_null",
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_size = fields.Selection(
        [
            ("1_19", "1–19 employees"),
            ("20_99", "20–99 employees"),
            ("100_499", "100–499 employees"),
            ("500_999", "500–999 employees"),
            ("1000_plus", "1,000 employees and more"),
        ],
        string="Company Size",
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_employees = fields.Integer(
        string="Employees", prefetch="crm_suite", groups=ROLE
    )
    crm_suite_annual_revenue = fields.Monetary(
        string="Annual Revenue",
        currency_field="currency_id",
        prefetch="crm_suite",
        groups=ROLE,
        help="What the customer earns in a year, in the currency of your company.",
    )
    crm_suite_source_id = fields.Many2one(
        "utm.source",
        string="Customer Source",
        index="btree_not_null",
        prefetch="crm_suite",
        groups=ROLE,
        help="Where this customer came from first: a fair, a recommendation, a search.",
    )
    crm_suite_preferred_channel = fields.Selection(
        [
            ("phone", "Phone"),
            ("email", "Email"),
            ("sms", "SMS"),
            ("wechat", "WeChat"),
            ("visit", "Visit"),
        ],
        string="Preferred Channel",
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_preferred_time = fields.Selection(
        [
            ("morning", "Morning"),
            ("afternoon", "Afternoon"),
            ("evening", "Evening"),
            ("weekend", "Weekend"),
        ],
        string="Preferred Time",
        prefetch="crm_suite",
        groups=ROLE,
    )
    crm_suite_preferences = fields.Text(
        string="Preferences", prefetch="crm_suite", groups=ROLE
    )
    crm_suite_needs = fields.Text(string="Needs", prefetch="crm_suite", groups=ROLE)
    crm_suite_phone_extension = fields.Char(
        string="Extension",
        prefetch="crm_suite",
        groups=ROLE,
        help="Found in the phone number by itself: 0755-86013388 ext. 8001, 转 8001.",
    )

    @api.model
    def _crm_suite_expand_lifecycle(self, stages, domain):
        """All stages as columns of the kanban, also the empty ones."""
        # A handful of stages, by design.  pylint: disable-next=no-search-all
        return stages.search([])

    @api.model
    def default_get(self, fields):
        """In the application a new contact is a customer: it starts as a lead."""
        values = super().default_get(fields)
        if (
            self._crm_suite_starts_managed(values)
            and "crm_suite_lifecycle_id" in fields
        ):
            values.setdefault(
                "crm_suite_lifecycle_id", self._crm_suite_first_stage().id
            )
        return values

    def _crm_suite_starts_managed(self, vals):
        """Whether a partner made with ``vals`` here and now becomes a customer.

        The Customers application says so by the context key ``crm_suite_managed``.
        Contacts of a company do not: their company is the customer.
        """
        context = self.env.context
        return bool(
            context.get("crm_suite_managed")
            and (self.env.su or self.env.user.has_group(ROLE))
            and not vals.get("parent_id")
            and not context.get("default_parent_id")
            and not vals.get("crm_suite_lifecycle_id")
        )

    @api.model
    def _crm_suite_first_stage(self):
        """The stage of a customer about whom nothing else is said."""
        stages = self.env["crm.suite.lifecycle.stage"].sudo()
        return stages.browse(stages._get_id_by_code("lead"))

    @api.model
    def _crm_suite_check_role(self):
        """Refuse a user without a role of the suite, whichever host rights he has.

        The fields of the suite are hidden from him, but the host does not ask for the
        right to a field that is searched by a method.
        """
        if not (self.env.su or self.env.user.has_group(ROLE)):
            raise AccessError(
                self.env._(
                    "This needs a role of the Customers application. Ask the administrator for one."
                )
            )

    def _crm_suite_is_managed(self):
        """The partners that are customers or contacts of customers.

        Reads as superuser: the answer decides whether values are checked, it is
        never shown.
        """
        managed = [
            id_
            for id_, partner in zip(self._ids, self.sudo(), strict=True)
            if partner.crm_suite_lifecycle_id
            or partner.commercial_partner_id.crm_suite_lifecycle_id
        ]
        return self if len(managed) == len(self) else self.browse(managed)

    @api.model
    def _crm_suite_managed_domain(self):
        """Customers, as a list shows them: not their single contacts."""
        return Domain("crm_suite_lifecycle_id", "!=", False)

    @api.model
    def _crm_suite_adopt_customers(self):
        """Give every commercial partner that has deals or orders a lifecycle stage.

        Set-based and idempotent: only partners without a stage are touched, so it
        can run at installation in a database of any size and again at any time.
        Nothing of the host's own columns is written.

        :return: how many partners became customers
        :rtype: int
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH fact AS (
                    SELECT commercial_partner_id AS partner_id,
                           CASE WHEN count(*) > 1 THEN 'repeat' ELSE 'first' END AS code,
                           2 AS rank
                      FROM sale_order o
                      JOIN res_partner p ON p.id = o.partner_id
                     WHERE o.state = 'sale'
                  GROUP BY commercial_partner_id
                 UNION ALL
                    SELECT DISTINCT p.commercial_partner_id, 'opportunity', 1
                      FROM crm_lead l
                      JOIN res_partner p ON p.id = l.partner_id
                     WHERE l.active
                 UNION ALL
                    SELECT p.commercial_partner_id, 'first', 1
                      FROM res_partner p
                     WHERE p.customer_rank > 0
                ), best AS (
                    SELECT DISTINCT ON (partner_id) partner_id, code
                      FROM fact
                  ORDER BY partner_id, rank DESC, code
                )
                UPDATE res_partner p
                   SET crm_suite_lifecycle_id = s.id
                  FROM best b
                  JOIN crm_suite_lifecycle_stage s ON s.code = b.code
                 WHERE p.id = b.partner_id
                   AND p.crm_suite_lifecycle_id IS NULL
                """
            )
        )
        count = self.env.cr.rowcount
        self.invalidate_model(["crm_suite_lifecycle_id"])
        return count
