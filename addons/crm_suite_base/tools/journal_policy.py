"""What the operation journal looks at, model by model."""

from typing import NamedTuple

FULL, DELETIONS = "full", "deletions"

# Never journalled: settings, technical bookkeeping, what leaves the system (a mail
# that was sent cannot be unsent) and who may log in.
UNTRACKED_PREFIXES = (
    "base.automation",
    "bus.",
    "crm.suite.api.",
    "crm.suite.automation.mark",
    "crm.suite.automation.run",
    "crm.suite.export",
    "crm.suite.health.check",
    "crm.suite.import.",
    "crm.suite.operation",
    "crm.suite.webhook",
    "discuss.",
    "fetchmail.",
    "ir.",
    "res.config",
    "res.groups",
    "res.users",
    "sms.",
    "web_tour.",
)
UNTRACKED_MODELS = {
    "crm.suite.assignment.request",
    "crm.lead.scoring.frequency",
    "mail.mail",
    "mail.presence",
    "mail.push",
    "mail.push.device",
    "res.company",
}
# The history of a record is not taken back, but it comes back with its record.
DELETIONS_ONLY = {
    "crm.suite.absence.work",
    "crm.suite.approval.event",
    "crm.suite.approval.request",
    "crm.suite.approval.task",
    "crm.suite.assignment.log",
    "crm.suite.lifecycle.transition",
    "ir.model.data",
    "mail.followers",
    "mail.message",
    "mail.message.reaction",
    "mail.notification",
    "mail.tracking.value",
}
TRACKED_ALTHOUGH_TECHNICAL = {"ir.attachment"}

# What is booked is corrected by a booking, never taken back: undo leaves it alone.
BOOKED_PREFIXES = ("account.move", "account.payment", "stock.")
BOOKED_MODELS = {
    "account.bank.statement",
    "account.bank.statement.line",
    "account.full.reconcile",
    "account.partial.reconcile",
}
# Steps of a document that moved goods or money along with it.
BOOKED_FIELDS = {"purchase.order": {"state"}, "sale.order": {"state", "locked"}}

# Stored columns that programs keep moving: no sign that somebody edited the record.
VOLATILE_FIELDS = {
    "crm.lead": {"automated_probability", "message_bounce", "probability"},
    # Follow from the members: undo counts them anew.
    "crm.suite.segment": {"member_count", "refreshed_at"},
    "ir.attachment": {"access_token", "index_content"},
    "mail.activity": {"automated"},
    "res.partner": {
        "calendar_last_notif_ack",
        "customer_rank",
        "message_bounce",
        "partner_gid",
        "signup_type",
        "supplier_rank",
    },
}

# Columns that the rules of the suite keep up to date. Undo brings them back where an
# operation changed them, but that a rule has moved a record since is no edit of it.
AUTOMATIC_FIELDS = {
    "res.partner": {
        "crm_suite_grade_date",
        "crm_suite_grade_id",
        "crm_suite_grade_rule_id",
        "crm_suite_grade_version",
        "crm_suite_lifecycle_date",
        "crm_suite_lifecycle_id",
        "crm_suite_lifecycle_rule_id",
        "crm_suite_lifecycle_version",
        "crm_suite_quality",
    },
}


def is_booked(model_name):
    """Whether the rows of a model are bookings of accounting or stock."""
    return model_name in BOOKED_MODELS or model_name.startswith(BOOKED_PREFIXES)


class Shape(NamedTuple):
    """The columns of a model by the part that they play in journal and undo."""

    policy: str | None
    table: str
    columns: tuple  # in the images of updates and creations
    compared: frozenset  # of these, what a person or program enters
    derived: frozenset  # of these, what the ORM derives from the record alone
    keyed: frozenset  # hold several values under keys
    protected: tuple  # computed but editable: undo must not recompute them
    relations: dict  # {many2many field: (relation table, own column, other column)}
    automatic: frozenset = frozenset()  # see :data:`AUTOMATIC_FIELDS`


def get_policy(model_name):
    """Tell how much of a model is journalled.

    :return: :data:`FULL`, :data:`DELETIONS` or None for nothing
    :rtype: str | None
    """
    if model_name in DELETIONS_ONLY:
        return DELETIONS
    if model_name in TRACKED_ALTHOUGH_TECHNICAL:
        return FULL
    if model_name in UNTRACKED_MODELS or model_name.startswith(UNTRACKED_PREFIXES):
        return None
    return FULL
