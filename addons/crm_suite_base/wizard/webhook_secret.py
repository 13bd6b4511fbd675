from odoo import fields, models


class WebhookSecret(models.TransientModel):
    """Shows a new secret, once: the window is filled and never saved."""

    _name = "crm.suite.webhook.secret"
    _description = "Secret of a Webhook"

    webhook_id = fields.Many2one("crm.suite.webhook", readonly=True, store=False)
    secret = fields.Char(readonly=True, store=False)
