/** What the system does by itself at a step: its form, and its sentence. */
import { _t } from "@web/core/l10n/translation";

const isField = ({ store, readonly, type }) =>
    store && !readonly && !["one2many", "many2many", "binary", "json", "properties"].includes(type);
const isAction = (action) => (node) => node.action === action;

export const ACTION_PROPERTIES = [
    {
        name: "action",
        type: "choice",
        label: _t("What is done"),
        choices: [
            ["set_field", _t("Set a field")],
            ["server_action", _t("Run a server action")],
            ["activity", _t("Plan an activity")],
            ["webhook", _t("Tell another system (webhook)")],
        ],
    },
    {
        name: "field",
        type: "field",
        label: _t("Field"),
        filter: isField,
        follow: false,
        showIf: isAction("set_field"),
    },
    {
        name: "value",
        type: "expression",
        label: _t("New value"),
        showIf: isAction("set_field"),
    },
    {
        name: "server_action_id",
        type: "server_action",
        label: _t("Server action"),
        help: _t("Those made for these documents. An administrator of the system makes them."),
        showIf: isAction("server_action"),
    },
    { name: "summary", type: "text", label: _t("What is to do"), showIf: isAction("activity") },
    {
        name: "days",
        type: "number",
        label: _t("Due in"),
        suffix: _t("days"),
        min: 0,
        step: 1,
        showIf: isAction("activity"),
    },
    {
        name: "approvers",
        type: "approvers",
        label: _t("For whom"),
        help: _t("Nobody named: for the submitter."),
        showIf: isAction("activity"),
    },
    {
        name: "event_name",
        type: "text",
        label: _t("Name of the event"),
        help: _t("Subscriptions to “Step of an approval” receive it with this name."),
        showIf: isAction("webhook"),
    },
];

export function describeAction(node, { names }) {
    switch (node.action) {
        case "set_field":
            return node.field
                ? _t("Sets “%(field)s” to %(value)s", {
                      field: node.field,
                      value: node.value ?? "…",
                  })
                : _t("Sets a field");
        case "server_action":
            return _t("Runs “%s”", names("ir.actions.server", node.server_action_id) || "…");
        case "activity":
            return _t("Plans: %s", node.summary || "…");
        case "webhook":
            return _t("Tells other systems: %s", node.event_name || "…");
    }
    return _t("Nothing is chosen yet");
}

export function recordsOfAction(node) {
    return node.action === "server_action" && node.server_action_id
        ? { "ir.actions.server": [node.server_action_id] }
        : {};
}

export function describeSubflow(node, { names }) {
    const name = names("crm.suite.approval.flow", node.flow_id);
    return node.flow_id ? _t("Runs “%s”", name || "…") : _t("No flow is chosen yet");
}

export function recordsOfSubflow(node) {
    return node.flow_id ? { "crm.suite.approval.flow": [node.flow_id] } : {};
}
