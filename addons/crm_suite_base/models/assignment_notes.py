from psycopg2.extras import Json

from odoo import fields, models
from odoo.tools import SQL
from odoo.tools.mail import generate_tracking_message_id

from .assignment_log import UNTOLD


class AssignmentPolicy(models.Model):
    """What the host's mail would do for each record, done for all at once.

    Notes and followers of thousands of records are rows that nobody computes anything
    from: they are inserted as rows. The host's own methods compare each of them with
    what is in memory, which takes longer than the assignment itself.
    """

    _inherit = "crm.suite.assignment.policy"

    def _tell_history(self, records, logs):
        """Let the new owners follow the records, and say there who got them and why.

        :param records: of the model of this policy
        :param logs: ``crm.suite.assignment.log`` records about some of them
        """
        if not logs or not hasattr(records, "_message_log_batch"):
            return
        self.env.flush_all()
        self._insert_followers(logs)
        self._insert_notes(logs)
        # A model may have taken these out of its threads.
        names = {"message_follower_ids", "message_partner_ids", "message_ids"}
        records.invalidate_recordset(names & set(records._fields), flush=False)
        for name in ("mail.message", "mail.followers"):
            self.env[name].invalidate_model(flush=False)

    def _insert_followers(self, logs):
        """Follow with the subtypes that are usual for colleagues; who follows stays."""
        subtypes = self.env["mail.message.subtype"]
        usual, _internal, _external = subtypes.default_subtypes(self.res_model)
        self.env.cr.execute(
            SQL(
                """
                WITH followers AS (
                    INSERT INTO mail_followers (res_model, res_id, partner_id)
                    SELECT %(model)s, l.res_id, u.partner_id
                      FROM crm_suite_assignment_log l
                      JOIN res_users u ON u.id = l.to_user_id
                     WHERE l.id = ANY(%(logs)s)
               ON CONFLICT DO NOTHING
                 RETURNING id
                )
                INSERT INTO mail_followers_mail_message_subtype_rel
                       (mail_followers_id, mail_message_subtype_id)
                SELECT f.id, s.id
                  FROM followers f, unnest(%(subtypes)s::int[]) AS s(id)
                """,
                model=self.res_model,
                logs=logs.ids,
                subtypes=usual.ids,
            )
        )

    def _insert_notes(self, logs):
        """One note in the history of each record, as ``_message_log_batch`` writes it."""
        threads = self.env["mail.thread"]
        author_id, email_from = threads._message_compute_author()
        reply_to = threads._notify_get_reply_to(
            default=email_from, author_id=author_id
        )[False]
        notes = [
            {"body": str(log._get_assigned_note()), "res_ids": res_ids}
            for log, res_ids in self._group_by_sentence(logs)
        ]
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO mail_message
                       (model, res_id, body, message_type, subtype_id, is_internal,
                        author_id, email_from, reply_to, message_id,
                        email_add_signature, reply_to_force_new, date,
                        create_uid, write_uid, create_date, write_date)
                SELECT %(model)s, unnest(n.res_ids), n.body, 'notification', %(subtype)s, TRUE,
                       %(author)s, %(sender)s, %(reply_to)s, %(message_id)s,
                       FALSE, FALSE, %(now)s, %(uid)s, %(uid)s, %(begun)s, %(begun)s
                  FROM jsonb_to_recordset(%(notes)s) n(res_ids int[], body text)
                """,
                model=self.res_model,
                notes=Json(notes),
                subtype=self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note"),
                author=author_id or None,
                sender=email_from or None,
                reply_to=reply_to or None,
                message_id=generate_tracking_message_id("message-notify"),
                now=fields.Datetime.now(),
                begun=self.env.cr.now(),
                uid=self.env.uid,
            )
        )

    def _group_by_sentence(self, logs):
        """Thousands of decisions are told in a few sentences: each is composed once.

        :param logs: flushed ones
        :return: one decision of each sentence, in the language of the new owner, and
            the ids of the records that it is told of
        :rtype: list[tuple]
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT min(id), array_agg(res_id ORDER BY id)
                  FROM crm_suite_assignment_log
                 WHERE id = ANY(%s) AND to_user_id IS NOT NULL
              GROUP BY to_user_id, rule_id, state, cause, why - %s
              ORDER BY 1
                """,
                logs.ids,
                list(UNTOLD),
            )
        )
        told = logs.browse(id_ for id_, _res_ids in rows)
        return [
            (log.with_context(lang=log.to_user_id.lang), res_ids)
            for log, (_id, res_ids) in zip(told, rows, strict=True)
        ]
