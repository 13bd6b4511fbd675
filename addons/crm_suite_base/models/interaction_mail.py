from odoo import models
from odoo.tools import SQL

from .interaction import ALL
from .interaction_sources import DELIVERIES, INVOICES

# Messages that people exchange. Left out are the log lines of the system
# ("stage changed") and the notices of the host to its own users.
MESSAGE_TYPES = ("email", "comment", "email_outgoing", "auto_comment", "sms")
FIRST_MAIL_SLOT = 16


class Interaction(models.Model):
    """E-mail, SMS and notes of the timeline.

    A message belongs to the customer of the document in whose thread it stands. The
    host lets read a message who may read that document, so each source starts from
    the documents that the viewer may read.
    """

    _inherit = "crm.suite.interaction"

    def _interaction_contact_sources(self):
        sources = super()._interaction_contact_sources()
        if not self.env["mail.message"].has_access("read"):
            return sources
        self.env["mail.message"].flush_model()
        for slot, (model, column, domain) in enumerate(
            self._interaction_threads(), FIRST_MAIL_SLOT
        ):
            query = self._interaction_query(model, domain)
            if query is not None:
                sources.append(
                    self._interaction_source_mail(slot, query, model, column)
                )
        return sources

    def _interaction_threads(self):
        """Models in whose threads customers write.

        Hook: extend by appending; the order gives each its place among the ids.

        :return: model, its column with the partner, domain of the documents meant
        :rtype: list[tuple[str, str, list]]
        """
        return [
            ("res.partner", "id", ALL),
            ("crm.lead", "partner_id", ALL),
            ("sale.order", "partner_id", ALL),
            ("account.move", "partner_id", INVOICES),
            ("stock.picking", "partner_id", DELIVERIES),
        ]

    def _interaction_source_mail(self, slot, query, model, column):
        document = query.table
        person = self._interaction_person(query, column=column)
        message = query.make_alias(document, "crm_suite_message")
        query.add_join(
            "JOIN",
            message,
            "mail_message",
            SQL(
                "%s = %s AND %s = %s AND %s IN %s",
                SQL.identifier(message, "model"),
                model,
                SQL.identifier(message, "res_id"),
                SQL.identifier(document, "id"),
                SQL.identifier(message, "message_type"),
                MESSAGE_TYPES,
            ),
        )
        columns = self._interaction_mail_columns(message)
        columns["res_model"] = SQL("%s", model)
        columns["res_id"] = SQL.identifier(document, "id")
        if "company_id" in self.env[model]._fields:
            columns["company_id"] = SQL.identifier(document, "company_id")
        return self._interaction_select(slot, query, {**columns, **person})

    def _interaction_mail_columns(self, message):
        note = SQL(
            "(%s IS TRUE OR %s IS NOT DISTINCT FROM %s)",
            SQL.identifier(message, "is_internal"),
            SQL.identifier(message, "subtype_id"),
            self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note"),
        )
        # By the users, which are few, and not by the partners: the planner looks at
        # every index of a table for each time it is named.
        author = SQL.identifier(message, "author_id")
        colleague = SQL(
            "(SELECT min(u.id) FROM res_users u"
            " WHERE u.partner_id = %s AND u.share IS NOT TRUE)",
            author,
        )
        # Without a known author only a received mail is from outside.
        from_outside = SQL(
            "CASE WHEN %s IS NULL THEN %s = 'email' ELSE %s IS NULL END",
            author,
            SQL.identifier(message, "message_type"),
            colleague,
        )
        is_sms = SQL("%s = 'sms'", SQL.identifier(message, "message_type"))
        return {
            "id": SQL.identifier(message, "id"),
            "date": SQL.identifier(message, "date"),
            "kind": SQL(
                "CASE WHEN %s THEN 'sms' WHEN %s THEN 'note'"
                " WHEN %s THEN 'email_in' ELSE 'email_out' END",
                is_sms,
                note,
                from_outside,
            ),
            "channel": SQL(
                "CASE WHEN %s THEN 'sms' WHEN %s THEN 'internal' ELSE 'email' END",
                is_sms,
                note,
            ),
            "direction": SQL(
                "CASE WHEN %s THEN 'out' WHEN %s THEN NULL"
                " WHEN %s THEN 'in' ELSE 'out' END",
                is_sms,
                note,
                from_outside,
            ),
            "user_id": colleague,
            "title": SQL.identifier(message, "subject"),
            # A subselect, because the planner makes those after it has cut the page:
            # the text of five thousand mails is not read to show forty.
            "summary": SQL(
                "(SELECT %s FROM mail_message b WHERE b.id = %s)",
                self._interaction_plain_text(SQL.identifier("b", "body")),
                SQL.identifier(message, "id"),
            ),
            "state": SQL.identifier(message, "message_type"),
        }

    def _interaction_plain_text(self, html):
        """The beginning of a text without its markup."""
        return SQL(
            "left(btrim(regexp_replace(regexp_replace(left(%s, 4000),"
            " '<(style|script)[^>]*>.*?</\\1>|<[^>]*>?', ' ', 'gi'), '(&nbsp;|\\s)+', ' ', 'g')), 300)",
            html,
        )
