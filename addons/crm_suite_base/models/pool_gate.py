from odoo import api, fields, models
from odoo.tools import SQL


class PoolGate(models.Model):
    """One row per cap that people share: who takes a place passes it alone.

    A cap cannot be kept by looking alone: two people who claim at the same moment both
    see the last free place. Whoever takes places therefore changes the rows of the
    caps that count for him. The second waits until the first is done and then fails
    with a serialization error, as his view of the database is older than what the
    first did; the server starts his request over, and now he sees.
    """

    _name = "crm.suite.pool.gate"
    _description = "Gate of a Pool's Cap"
    _rec_name = "key"

    key = fields.Char(required=True, readonly=True)
    turn = fields.Integer(readonly=True, help="How often somebody passed.")

    _key_unique = models.UniqueIndex("(key)")

    @api.model
    def _pass(self, keys):
        """Wait at the gates and close them until the end of the transaction.

        :param keys: of the gates, strings
        """
        self.env.flush_all()
        # Always in the same order: two people never wait for each other.
        for key in sorted(keys):
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO crm_suite_pool_gate (key, turn) VALUES (%s, 1)
               ON CONFLICT (key)
                 DO UPDATE SET turn = (crm_suite_pool_gate.turn + 1) %% 1000000000
                    """,
                    key,
                )
            )
        self.invalidate_model(flush=False)
