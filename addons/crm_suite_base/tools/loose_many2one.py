"""References of tables into which millions of rows come."""

from odoo import fields
from odoo.tools import sql


class LooseMany2one(fields.Many2one):
    """A many2one without a foreign key in the database.

    PostgreSQL looks at the other side of each foreign key of each row that comes in,
    one by one: with the two of a purchase that always lead to the same company and
    currency, an import took half as long again. For references to records that
    practically never go; where one may go, its own model sees to the rows (an
    ``ondelete`` hook that refuses, an ``unlink`` that removes them).
    """

    def update_db_foreign_key(self, model, column):
        comodel = model.env[self.comodel_name]
        names = sql.get_foreign_keys(
            model.env.cr, model._table, self.name, comodel._table, "id", self.ondelete
        )
        for name in names:
            sql.drop_constraint(model.env.cr, model._table, name)
