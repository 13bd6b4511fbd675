"""What each role may do: the table behind ``docs/roles.md`` and ``test_roles.py``.

``python addons/crm_suite_base/tests/roles_matrix.py docs/roles.md`` writes the tables
into the document between its marks; a test fails while the two differ.
"""

import pathlib
import re
import sys

PREFIX = "crm_suite_base.group_crm_suite_"
# Short name of the group and title of the role; the first has no role of the suite.
ROLES = {
    None: "Internal user without a role",
    "sales_rep": "Sales representative",
    "sales_lead": "Sales lead",
    "sales_manager": "Sales manager",
    "marketer": "Marketer",
    "marketing_manager": "Marketing manager",
    "agent": "Service agent",
    "service_manager": "Service manager",
    "analyst": "Analyst",
    "data_steward": "Data steward",
    "privacy_officer": "Privacy officer",
    "admin": "Suite administrator",
    "mail_gateway": "Mail gateway (a program)",
}

READ, ALL, NONE = "R", "CRUD", "–"


def _row(default=READ, **other):
    """Rights of every role: ``default`` for those of the suite, none for others."""
    row = dict.fromkeys(ROLES, default) | {None: NONE, "mail_gateway": NONE}
    return row | {None if role == "nobody" else role: v for role, v in other.items()}


WORKERS = dict.fromkeys(
    ["sales_rep", "sales_lead", "sales_manager", "marketer", "marketing_manager"]
    + ["agent", "service_manager", "data_steward", "admin"],
    ALL,
)
IMPORTERS = ["sales_lead", "sales_manager", "marketing_manager", "service_manager"]
IMPORTERS += ["data_steward", "admin"]

RULE_MAKERS = dict.fromkeys(["sales_manager", "data_steward", "admin"], ALL)
RULE_READERS = dict.fromkeys(
    ["marketing_manager", "service_manager", "analyst", "privacy_officer"], READ
)

AUTOMATORS = ["sales_manager", "marketing_manager", "service_manager", "admin"]

ABSENCE_READERS = {"sales_lead", "sales_manager", "marketing_manager"}
ABSENCE_READERS |= {"service_manager", "admin"}

POLICY_READERS = dict.fromkeys(
    ["sales_lead", "marketing_manager", "service_manager", "data_steward"], READ
)
POLICY_MAKERS = dict.fromkeys(["sales_manager", "admin"], ALL)
ASSIGNERS = IMPORTERS
HANDS_OVER = ["sales_lead", "sales_manager", "data_steward", "admin"]

# C create, R read, U update, D delete; record rules narrow it further (see SCOPE).
MODELS = {
    "crm.suite.access.ask": _row(ALL),
    "crm.suite.access.refuse": _row(ALL),
    "crm.suite.access.request": _row(),
    "crm.suite.absence": _row(ALL),
    "crm.suite.absence.work": _row(),
    "crm.suite.approval.choose": _row(ALL),
    "crm.suite.approval.choose.line": _row(ALL),
    "crm.suite.approval.comment": _row(ALL),
    "crm.suite.api.key": _row(),
    "crm.suite.api.key.new": _row(ALL),
    "crm.suite.api.log": _row(NONE, admin=READ),
    "crm.suite.api.meter": _row(NONE, admin=READ),
    "crm.suite.api.request": _row(NONE, admin=READ),
    "crm.suite.approval.decide": _row(ALL),
    "crm.suite.approval.migration": _row(NONE, admin=ALL),
    "crm.suite.approval.migration.line": _row(NONE, admin=ALL),
    "crm.suite.approval.event": _row(),
    "crm.suite.approval.flow": _row(admin=ALL),
    "crm.suite.approval.replay": _row(NONE, admin=ALL),
    "crm.suite.approval.rescue": _row(NONE, admin=ALL),
    "crm.suite.approval.request": _row(),
    "crm.suite.approval.task": _row(),
    "crm.suite.approval.version": _row(),
    "crm.suite.assignment.act": _row(NONE, **dict.fromkeys(ASSIGNERS, ALL)),
    "crm.suite.assignment.board": _row(),
    "crm.suite.assignment.log": _row(),
    "crm.suite.assignment.member": _row(
        NONE, **POLICY_READERS | {"sales_lead": "RU"}, **POLICY_MAKERS
    ),
    "crm.suite.assignment.policy": _row(NONE, **POLICY_READERS, **POLICY_MAKERS),
    "crm.suite.assignment.request": _row(NONE, admin=READ),
    "crm.suite.assignment.rule": _row(NONE, **POLICY_READERS, **POLICY_MAKERS),
    "crm.suite.assignment.simulation": _row(NONE, **dict.fromkeys(ASSIGNERS, READ)),
    "crm.suite.assignment.simulation.line": _row(
        NONE, **dict.fromkeys(ASSIGNERS, READ)
    ),
    "crm.suite.assignment.simulation.person": _row(
        NONE, **dict.fromkeys(ASSIGNERS, READ)
    ),
    "crm.suite.assignment.skill": _row(**POLICY_MAKERS),
    "crm.suite.assignment.territory": _row(**POLICY_MAKERS),
    "crm.suite.bi.access": _row(NONE, admin=READ),
    "crm.suite.bi.grant": _row(NONE, admin=ALL),
    "crm.suite.automation": _row(NONE, **dict.fromkeys(AUTOMATORS, ALL)),
    "crm.suite.automation.action": _row(NONE, **dict.fromkeys(AUTOMATORS, ALL)),
    "crm.suite.automation.mark": _row(NONE, admin=READ),
    "crm.suite.automation.param": _row(
        NONE, **dict.fromkeys(AUTOMATORS, READ) | {"admin": ALL}
    ),
    "crm.suite.automation.run": _row(NONE, **dict.fromkeys(AUTOMATORS, READ)),
    "crm.suite.automation.simulation": _row(NONE, **dict.fromkeys(AUTOMATORS, READ)),
    "crm.suite.automation.simulation.line": _row(
        NONE, **dict.fromkeys(AUTOMATORS, READ)
    ),
    "crm.suite.automation.template": _row(
        NONE, **dict.fromkeys(AUTOMATORS, READ) | {"admin": ALL}
    ),
    "crm.suite.call": _row(**WORKERS),
    "crm.suite.customer.member": _row(**WORKERS),
    "crm.suite.contact.point": _row(**WORKERS),
    "crm.suite.customer.metric": _row(),
    "crm.suite.duplicate.pair": _row(),
    "crm.suite.duplicate.query": _row(),
    "crm.suite.duplicate.quota": _row(),
    "crm.suite.duplicate.rule": _row(
        NONE, sales_lead=READ, **RULE_READERS, **RULE_MAKERS
    ),
    "crm.suite.duplicate.rule.term": _row(
        NONE, sales_lead=READ, **RULE_READERS, **RULE_MAKERS
    ),
    "crm.suite.duplicate.run": _row(),
    "crm.suite.export": _row(),
    "crm.suite.export.wizard": _row(ALL),
    "crm.suite.export.wizard.line": _row(ALL),
    "crm.suite.grade": _row(**RULE_MAKERS),
    "crm.suite.grade.rule": _row(NONE, **RULE_READERS, **RULE_MAKERS),
    "crm.suite.handover": _row(NONE, **dict.fromkeys(HANDS_OVER, ALL)),
    "crm.suite.field": _row(NONE, admin=ALL),
    "crm.suite.field.option": _row(NONE, admin=ALL),
    "crm.suite.field.package": _row(NONE, admin=ALL),
    "crm.suite.field.section": _row(NONE, admin=ALL),
    "crm.suite.health.check": _row(NONE, admin=READ),
    "crm.suite.import.batch": _row(NONE, **dict.fromkeys(IMPORTERS, ALL)),
    "crm.suite.import.profile": _row(NONE, **dict.fromkeys(IMPORTERS, ALL)),
    "crm.suite.import.row": _row(NONE, **dict.fromkeys(IMPORTERS, "RU")),
    "crm.suite.interaction": _row(),
    "crm.suite.lifecycle.funnel": _row(),
    "crm.suite.lifecycle.rule": _row(NONE, **RULE_READERS, **RULE_MAKERS),
    "crm.suite.lifecycle.stage": _row(admin=ALL),
    "crm.suite.lifecycle.transition": _row(),
    "crm.suite.makeup.day": _row(
        **dict.fromkeys(["sales_manager", "service_manager", "admin"], ALL)
    ),
    "crm.suite.metric.dirty": _row(NONE, admin=READ),
    "crm.suite.metric.run": _row(
        NONE,
        sales_manager=READ,
        marketing_manager=READ,
        service_manager=READ,
        data_steward=READ,
        admin=READ,
    ),
    "crm.suite.metric.watermark": _row(NONE, admin=READ),
    "crm.suite.operation": _row(),
    "crm.suite.operation.change": _row(),
    "crm.suite.operation.undo": _row(ALL),
    "crm.suite.operation.undo.line": _row(ALL),
    "crm.suite.override": _row(NONE, **WORKERS),
    "crm.suite.pool": _row(
        sales_lead="RU",
        **dict.fromkeys(["sales_manager", "data_steward", "admin"], ALL),
    ),
    "crm.suite.pool.act": _row(ALL),
    "crm.suite.pool.move": _row(),
    "crm.suite.pool.preview": _row(),
    "crm.suite.pool.preview.line": _row(),
    "crm.suite.pool.preview.total": _row(),
    "crm.suite.pool.quota": _row(NONE, admin=READ),
    "crm.suite.pool.request": _row(),
    "crm.suite.purchase": _row(**dict.fromkeys(IMPORTERS, ALL)),
    "crm.suite.quality.criterion": _row(NONE, **RULE_READERS, **RULE_MAKERS),
    "crm.suite.purchase.fact": _row(),
    "crm.suite.reassign": _row(NONE, **WORKERS),
    "crm.suite.relation": _row(**WORKERS),
    "crm.suite.relation.type": _row(admin=ALL),
    "crm.suite.segment": _row(**WORKERS),
    "crm.suite.segment.add": _row(NONE, **WORKERS),
    "crm.suite.segment.cursor": _row(NONE, admin=READ),
    "crm.suite.segment.event": _row(),
    "crm.suite.segment.member": _row(**WORKERS),
    "crm.suite.segment.overlap": _row(),
    "crm.suite.segment.remove": _row(NONE, **WORKERS),
    "crm.suite.segment.size": _row(),
    "crm.suite.simulation": _row(NONE, **dict.fromkeys(RULE_MAKERS, READ)),
    "crm.suite.simulation.line": _row(NONE, **dict.fromkeys(RULE_MAKERS, READ)),
    "crm.suite.simulation.total": _row(NONE, **dict.fromkeys(RULE_MAKERS, READ)),
    "crm.suite.todo": _row(),
    "crm.suite.webhook": _row(NONE, admin=ALL),
    "crm.suite.webhook.cursor": _row(NONE, admin=READ),
    "crm.suite.webhook.delivery": _row(NONE, admin=READ),
    "crm.suite.webhook.event": _row(NONE, admin=READ),
    "crm.suite.webhook.replay": _row(NONE, admin=ALL),
    "crm.suite.webhook.secret": _row(NONE, admin=ALL),
    "crm.suite.webhook.seen": _row(NONE, admin=READ),
    "crm.suite.webhook.type": _row(NONE, admin=READ),
    # The host's models, with the host's own groups that the roles imply.
    "res.partner": _row(
        nobody=READ,
        mail_gateway=READ,
        **WORKERS | {"sales_rep": "CRU"},
    ),
    "crm.lead": _row(
        NONE, sales_rep="CRU", sales_lead="CRU", sales_manager=ALL, admin=ALL
    ),
    "sale.order": _row(
        NONE, sales_rep="CRU", sales_lead="CRU", sales_manager=ALL, admin=ALL
    ),
}

# Whose records a role reads where a record has an owner; others read their own.
SCOPE = {
    "crm.suite.absence": ABSENCE_READERS,
    "crm.suite.absence.work": ABSENCE_READERS,
    "crm.suite.api.key": {"admin"},
    "crm.suite.call": set(ROLES) - {None, "mail_gateway"},
    "crm.suite.duplicate.query": {
        "sales_manager",
        "data_steward",
        "privacy_officer",
        "admin",
    },
    "crm.suite.duplicate.quota": {"admin"},
    "crm.suite.export": {"privacy_officer", "admin"},
    "crm.suite.import.batch": {"data_steward", "admin"},
    "crm.suite.operation": {"sales_manager", "data_steward", "admin"},
    # Those that are not shared.
    "crm.suite.segment": {"sales_manager", "marketing_manager", "service_manager"}
    | {"data_steward", "admin"},
}

# Rights that are not about one model: what it is, and the group that gives it.
RIGHTS = {
    "Export lists": (
        "base.group_allow_export",
        {"sales_manager", "marketing_manager", "service_manager", "analyst"}
        | {"data_steward", "privacy_officer", "admin"},
    ),
    "See customers and their timeline": (
        PREFIX + "user",
        set(ROLES) - {None, "mail_gateway"},
    ),
    "Deliver incoming mail to customers and leads": (
        PREFIX + "mail_gateway",
        {"mail_gateway"},
    ),
    "Configure the suite": (PREFIX + "admin", {"admin"}),
    "Settings of the whole system": ("base.group_system", set()),
}

RULE_METHODS = {
    "action_apply",
    "action_discard",
    "action_simulate",
    "apply",
    "simulate",
}

# Methods that a program can call on the suite's models, and on host models by the
# suite. A new one is added here together with its check of rights.
METHODS = {
    "crm.suite.access.ask": {"action_ask"},
    "crm.suite.access.refuse": {"action_refuse"},
    "crm.suite.access.request": {
        "action_grant",
        "action_open_record",
        "action_refuse",
        "action_withdraw",
        "explain",
        "request_access",
    },
    "crm.suite.absence": {
        "action_approve",
        "action_cancel",
        "action_refuse",
        "action_request",
        "action_return",
        "action_show_work",
        "explain",
    },
    "crm.suite.absence.work": {
        "action_open",
        "explain",
    },
    "crm.suite.approval.choose": {"action_choose"},
    "crm.suite.approval.comment": {"action_comment"},
    "crm.suite.api.key": {"action_revoke"},
    "crm.suite.api.key.new": {"action_make"},
    "crm.suite.approval.decide": {
        "action_agree",
        "action_apply",
        "action_comment",
        "action_open_document",
        "action_reject",
        "action_return",
    },
    "crm.suite.approval.flow": {
        "action_migrate",
        "action_open_requests",
        "action_publish",
        "action_switch_off",
        "check_draft",
        "get_server_actions",
        "check_graph",
        "explain",
        "preview_migration",
        "simulate",
    },
    "crm.suite.approval.migration": {"action_migrate", "action_preview"},
    "crm.suite.approval.replay": {"action_replay"},
    "crm.suite.approval.rescue": {"action_apply"},
    "crm.suite.automation": {
        "action_keep_draft",
        "action_new_secret",
        "action_open_runs",
        "action_simulate",
        "action_switch_off",
        "action_switch_on",
        "action_take_over",
        "field_options",
        "simulate",
    },
    "crm.suite.automation.run": {"action_open", "action_retry", "explain"},
    "crm.suite.automation.simulation": {"action_back", "action_switch_on"},
    "crm.suite.automation.simulation.line": {"action_open"},
    "crm.suite.automation.template": {"action_use"},
    "crm.suite.approval.request": {
        "action_choose",
        "action_comment",
        "action_decide_mine",
        "action_open_choice",
        "action_open_document",
        "action_open_parts",
        "action_rescue",
        "action_retrieve",
        "action_retry",
        "action_retry_effect",
        "action_withdraw",
        "explain",
        "get_choices",
        "trace",
    },
    "crm.suite.approval.task": {
        "action_agree",
        "action_decide",
        "action_open_decision",
        "action_open_document",
        "action_reject",
        "action_return",
        "get_options",
    },
    "crm.suite.assignment.act": {"action_assign", "action_simulate"},
    "crm.suite.assignment.log": {
        "action_accept",
        "action_assign_again",
        "action_decline",
        "action_open",
        "explain",
    },
    "crm.suite.assignment.policy": {
        "action_apply",
        "action_assign",
        "action_discard",
        "action_show_log",
        "action_show_waiting",
        "action_simulate",
        "action_switch_off",
        "action_switch_on",
        "assign",
        "simulate",
    },
    "crm.suite.assignment.rule": RULE_METHODS,
    "crm.suite.assignment.simulation": {
        "action_apply",
        "action_back",
        "action_switch_on",
    },
    "crm.suite.call": {"action_reopen", "action_solve", "quick_log", "understand"},
    "crm.suite.customer.metric": {"action_refresh"},
    "crm.suite.duplicate.pair": {
        "action_compare",
        "action_merge",
        "action_not_duplicate",
        "action_reopen",
        "explain",
        "get_comparison",
    },
    "crm.suite.duplicate.query": {"claim", "request_access"},
    "crm.suite.duplicate.rule": {"action_find", "action_open_pairs", "action_try"},
    "crm.suite.export.wizard": {"action_export"},
    "crm.suite.field": {
        "action_delete",
        "action_remove",
        "action_restore",
        "check_expression",
        "export_package",
        "import_package",
        "preview_package",
    },
    "crm.suite.field.package": {"action_export", "action_import"},
    "crm.suite.handover": {"action_hand_over"},
    "crm.suite.health.check": {"action_check", "action_open"},
    "crm.suite.import.batch": {
        "action_cancel",
        "action_dry_run",
        "action_error_file",
        "action_open_operation",
        "action_open_rows",
        "action_preview",
        "action_remember",
        "action_run",
        "action_show_undo",
        "action_template",
        "action_undo",
        "button_cancel",
        "button_dry_run",
        "button_preview",
        "button_run",
        "get_columns",
        "progress",
    },
    "crm.suite.import.profile": {
        "action_import",
        "action_open_batches",
        "action_template",
    },
    "crm.suite.import.row": {"action_open", "action_retry", "button_retry"},
    "crm.suite.interaction": {"action_open"},
    "crm.suite.grade.rule": RULE_METHODS,
    "crm.suite.lifecycle.funnel": {"action_show_customers"},
    "crm.suite.lifecycle.rule": RULE_METHODS,
    "crm.suite.lifecycle.transition": {"explain"},
    "crm.suite.operation": {
        "action_show_changes",
        "action_show_kept",
        "action_show_undo",
        "action_undo",
        "explain",
        "get_last_mass_edit",
        "undo_preview",
    },
    "crm.suite.operation.change": {"action_open_record"},
    "crm.suite.operation.undo": {"action_undo"},
    "crm.suite.operation.undo.line": {"action_open_record"},
    "crm.suite.purchase.fact": {"action_open"},
    "crm.suite.override": {"action_decide", "action_release"},
    "crm.suite.quality.criterion": RULE_METHODS
    | {"action_recalculate", "action_show_failing"},
    "crm.suite.reassign": {"action_reassign"},
    "crm.suite.segment": {
        "action_add",
        "action_export",
        "action_open_customers",
        "action_refresh",
        "action_remove",
        "action_write_mail",
        "explain",
        "explain_member",
        "get_conditions",
        "get_growth",
        "preview",
    },
    "crm.suite.segment.add": {"action_add"},
    "crm.suite.segment.member": {"action_open_customer", "explain"},
    "crm.suite.segment.remove": {"action_remove"},
    "crm.suite.simulation": {
        "action_apply",
        "action_back",
        "action_discard",
        "action_export",
        "action_show_lines",
    },
    "crm.suite.simulation.line": {"action_open_customer"},
    "crm.suite.todo": {"act", "crm_suite_todo", "crm_suite_todo_counts"},
    "mail.activity": {"action_crm_suite_tomorrow"},
    "crm.suite.pool": {
        "action_add",
        "action_assign",
        "action_claim",
        "action_extend",
        "action_lock",
        "action_open_free",
        "action_open_owned",
        "action_protect",
        "action_return",
        "action_return_now",
        "action_simulate_return",
        "action_transfer",
        "simulate_return",
    },
    "crm.suite.pool.act": {"action_apply"},
    "crm.suite.pool.move": {"action_appeal", "action_open"},
    "crm.suite.pool.preview": {
        "action_again",
        "action_back",
        "action_export",
        "action_return_now",
        "action_show_lines",
    },
    "crm.suite.pool.preview.line": {"action_open"},
    "crm.suite.pool.request": {"action_grant", "action_refuse"},
    "crm.lead": {
        "action_crm_suite_accept",
        "action_crm_suite_approval",
        "action_crm_suite_approval_decide",
        "action_crm_suite_ask_access",
        "action_crm_suite_ask_approval",
        "crm_suite_request_approval",
        "action_crm_suite_decline",
        "crm_suite_check_duplicate",
        "action_crm_suite_claim",
        "action_crm_suite_log_call",
        "action_crm_suite_pool_give_back",
        "action_crm_suite_pool_more_time",
        "action_crm_suite_pool_moves",
        "action_crm_suite_pool_next",
        "action_crm_suite_pool_protect",
        "action_crm_suite_pool_wizard",
        "action_crm_suite_show_calls",
        "explain",
    },
    "sale.order": {
        "action_crm_suite_approval",
        "action_crm_suite_approval_decide",
        "action_crm_suite_ask_approval",
        "crm_suite_request_approval",
    },
    "res.partner": {
        "action_crm_suite_approval",
        "action_crm_suite_approval_decide",
        "action_crm_suite_ask_approval",
        "crm_suite_request_approval",
        "action_crm_suite_claim",
        "action_crm_suite_pool_give_back",
        "action_crm_suite_pool_more_time",
        "action_crm_suite_pool_moves",
        "action_crm_suite_pool_next",
        "action_crm_suite_pool_protect",
        "action_crm_suite_pool_wizard",
        "action_crm_suite_accept",
        "action_crm_suite_decline",
        "action_crm_suite_ask_access",
        "action_crm_suite_ask_review",
        "action_crm_suite_follow_up",
        "action_crm_suite_merge",
        "action_crm_suite_reviewed",
        "crm_suite_360",
        "crm_suite_check_duplicate",
        "crm_suite_delete_preview",
        "crm_suite_export",
        "crm_suite_merge",
        "crm_suite_merge_info",
        "crm_suite_merge_preview",
        "crm_suite_structure",
        "crm_suite_timeline",
        "crm_suite_upsert",
        "explain",
    },
    "crm.suite.bi.access": {"action_new_password", "action_rebuild", "action_remove"},
    "crm.suite.bi.grant": {"action_grant"},
    "crm.suite.webhook": {
        "action_new_secret",
        "action_open_deliveries",
        "action_pause",
        "action_replay",
        "action_start",
        "action_test",
        "rotate_secret",
    },
    "crm.suite.webhook.delivery": {
        "action_open_record",
        "action_replay",
        "action_replay_button",
    },
    "crm.suite.webhook.replay": {"action_replay"},
}


def _table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join(lines)


# Windows that a person fills in and sends off; each sees only the own ones, and what
# they do asks for the rights on what they do it to.
WINDOWS = (
    "crm.suite.approval.choose",
    "crm.suite.approval.choose.line",
    "crm.suite.approval.comment",
    "crm.suite.api.key.new",
    "crm.suite.approval.decide",
    "crm.suite.approval.migration",
    "crm.suite.approval.migration.line",
    "crm.suite.approval.replay",
    "crm.suite.approval.rescue",
    "crm.suite.assignment.act",
    "crm.suite.assignment.simulation",
    "crm.suite.assignment.simulation.line",
    "crm.suite.assignment.simulation.person",
    "crm.suite.automation.simulation",
    "crm.suite.automation.simulation.line",
    "crm.suite.handover",
    "crm.suite.access.ask",
    "crm.suite.access.refuse",
    "crm.suite.export.wizard",
    "crm.suite.export.wizard.line",
    "crm.suite.field.package",
    "crm.suite.operation.undo",
    "crm.suite.operation.undo.line",
    "crm.suite.override",
    "crm.suite.pool.act",
    "crm.suite.pool.preview",
    "crm.suite.pool.preview.line",
    "crm.suite.pool.preview.total",
    "crm.suite.reassign",
    "crm.suite.segment.add",
    "crm.suite.segment.remove",
    "crm.suite.simulation",
    "crm.suite.simulation.line",
    "crm.suite.simulation.total",
    "crm.suite.bi.grant",
    "crm.suite.webhook.replay",
    "crm.suite.webhook.secret",
)


def render():
    """The tables of the document."""
    titles = list(ROLES.values())
    models = [
        [f"`{model}`", *(row[role] for role in ROLES)]
        for model, row in MODELS.items()
        if model not in WINDOWS
    ]
    scope = [
        [
            f"`{model}`",
            *(
                NONE
                if MODELS[model][role] == NONE
                else ("all" if role in roles else "own")
                for role in ROLES
            ),
        ]
        for model, roles in SCOPE.items()
    ]
    rights = [
        [right, *("yes" if role in roles else NONE for role in ROLES)]
        for right, (_group, roles) in RIGHTS.items()
    ]
    methods = [
        [f"`{model}`", ", ".join(f"`{name}`" for name in sorted(names))]
        for model, names in METHODS.items()
    ]
    return "\n\n".join(
        [
            "### Rights by model\n\nC create, R read, U update, D delete.",
            _table(["Model", *titles], models),
            "### Whose records are read",
            _table(["Model", *titles], scope),
            "### Other rights",
            _table(["Right", *titles], rights),
            "### Methods for programs",
            _table(["Model", "Methods"], methods),
        ]
    )


BLOCK = re.compile(r"(<!-- roles:begin -->\n).*?(\n<!-- roles:end -->)", re.DOTALL)


def replaced(text):
    """The document with the tables of now."""
    return BLOCK.sub(lambda match: match[1] + render() + match[2], text)


if __name__ == "__main__":
    path = pathlib.Path(sys.argv[1])
    path.write_text(replaced(path.read_text()))
