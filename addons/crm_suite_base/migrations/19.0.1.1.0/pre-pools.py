"""Pools that only gave out become pools that also watch what they gave out."""

from odoo.tools import sql

COLUMNS = {
    "crm_suite_pool": {
        "cap_person": "max_person",
        "cap_day": "max_day",
        "cap_pool": "max_all",
        "won_counts": "count_won",
        "protection_max": "protect_max",
        "protection_days": "protect_days",
    },
    "crm_suite_pool_move": {"date": "at", "user_id": "done_by_id"},
}


def migrate(cr, version):
    if not sql.column_exists(cr, "res_partner", "crm_suite_home_pool_id"):
        return
    for table, columns in COLUMNS.items():
        for old, new in columns.items():
            if sql.column_exists(cr, table, old):
                sql.rename_column(cr, table, old, new)
    cr.execute(
        "ALTER TABLE crm_suite_pool_member_rel RENAME TO crm_suite_pool_user_rel"
    )
    for table in ("res_partner", "crm_lead"):
        # What somebody owns belongs to its pool now.
        cr.execute(
            f"UPDATE {table} SET crm_suite_pool_id = crm_suite_home_pool_id"  # noqa: S608
            " WHERE crm_suite_pool_id IS NULL AND user_id IS NOT NULL"
        )
    _forget(cr, "ir_ui_view", "ir.ui.view", "%view\\_form%\\_pool")
    _forget(cr, "ir_rule", "ir.rule", "pool\\_%")


def _forget(cr, table, model, names):
    """Remove what names fields that are gone; it is written anew."""
    cr.execute(
        """
        DELETE FROM ir_model_data
         WHERE module = 'crm_suite_base' AND model = %s AND name LIKE %s
     RETURNING res_id
        """,
        [model, names],
    )
    ids = [id_ for (id_,) in cr.fetchall()]
    cr.execute(f"DELETE FROM {table} WHERE id = ANY(%s)", [ids])  # noqa: S608
