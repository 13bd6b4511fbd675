from odoo import fields, models


class ImportKeyed(models.AbstractModel):
    """Records that an import recognises by a key of its own.

    For tables whose lines have no natural key: the same file brings in each of its
    lines once, however often it is imported.
    """

    _name = "crm.suite.import.keyed"
    _description = "Imported Line"

    import_key = fields.Char(copy=False, readonly=True, exportable=False)

    _import_key_unique = models.UniqueIndex(
        "(company_id, import_key) WHERE import_key IS NOT NULL",
        "This line has been imported before.",
    )


class Call(models.Model):
    _name = "crm.suite.call"
    _inherit = ["crm.suite.call", "crm.suite.import.keyed"]
