def migrate(cr, version):
    """The history says in words that a time limit has passed, not by a code."""
    cr.execute(
        "UPDATE crm_suite_approval_event SET comment = NULL"
        " WHERE comment = 'limit' AND channel = 'system'"
    )
