from odoo import SUPERUSER_ID, api


def migrate(cr, version):
    """Who asks was the author of the messages with the link by which others decide, and
    an author may read his messages: the system has written them.
    """
    env = api.Environment(cr, SUPERUSER_ID, {})
    author = env.ref("base.partner_root")
    cr.execute(
        """
        WITH told AS (
            UPDATE mail_message
               SET author_id = %(author)s, email_from = %(address)s
             WHERE model = 'crm.suite.approval.request'
               AND message_type = 'user_notification'
               AND body LIKE '%%/crm_suite/approval/%%'
         RETURNING id
        )
        UPDATE mail_notification n
           SET author_id = %(author)s
          FROM told
         WHERE n.mail_message_id = told.id
        """,
        {"author": author.id, "address": author.email_formatted},
    )
