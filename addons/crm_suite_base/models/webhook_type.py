from odoo import fields, models


class WebhookType(models.Model):
    """A kind of event that webhooks tell of. Addons add records of theirs as data."""

    _name = "crm.suite.webhook.type"
    _description = "Kind of Event"
    _order = "sequence, code"
    _rec_names_search = ["name", "code"]

    code = fields.Char(
        required=True, help="What the receiver finds as type: thing.what_happened."
    )
    name = fields.Char(required=True, translate=True)
    description = fields.Text(
        translate=True, help="When it happens, and what the data hold."
    )
    sequence = fields.Integer(default=10)
    webhook_ids = fields.Many2many(
        "crm.suite.webhook",
        "crm_suite_webhook_type_rel",
        "type_id",
        "webhook_id",
        string="Subscriptions",
    )

    _code_unique = models.Constraint(
        "UNIQUE(code)", "There is already a kind of event with this code."
    )
    _code_valid = models.Constraint(
        r"CHECK(code ~ '^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+$')",
        "A code consists of small letters, digits and underscores with a dot between "
        "the parts, such as customer.created.",
    )
