/** The steps of approvals, for the designer; what they mean is in tools/approval_*.py. */
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import {
    describeApproval,
    describeCondition,
    describeCopy,
    describeFill,
    describeJoin,
    describeParallel,
    peopleOf,
} from "./approval_sentences";
import {
    ACTION_PROPERTIES,
    describeAction,
    describeSubflow,
    recordsOfAction,
    recordsOfSubflow,
} from "./approval_actions";
import "./approver_inputs";
import "./server_action_input";

const FAMILY = "approval";
// Steps at which people decide: to these one can return.
const isAsking = ({ type }) => ["approval", "fill"].includes(type);
const isStorable = ({ name, readonly, store, type }) =>
    store &&
    !readonly &&
    !["one2many", "properties", "json", "binary"].includes(type) &&
    name !== "id";

const APPROVERS = { name: "approvers", type: "approvers" };
const NOBODY = { name: "nobody", type: "nobody", label: _t("When nobody is found"), more: true };
const LIMIT = { name: "limit", type: "limit", label: _t("Time limit") };

const nodes = registry.category("crm_suite_flow_nodes");

nodes.add("approval.start", {
    type: "start",
    family: FAMILY,
    label: _t("Start"),
    icon: "fa-play",
    color: "success",
    shape: "pill",
    inputs: "none",
    unique: true,
    help: _t("Here a document comes in. When that is, the flow itself says."),
});
nodes.add("approval.approval", {
    type: "approval",
    family: FAMILY,
    label: _t("Approval"),
    icon: "fa-gavel",
    color: "primary",
    help: _t("People agree or refuse."),
    defaults: {
        approvers: [{ by: "users", user_ids: [] }],
        mode: "any",
        nobody: "exception",
        merge_same: true,
        outrank: true,
        may_add: true,
        may_transfer: true,
    },
    describe: describeApproval,
    records: peopleOf,
    properties: [
        { ...APPROVERS, label: _t("Who is asked") },
        {
            name: "mode",
            type: "choice",
            label: _t("Who must agree"),
            default: "all",
            choices: [
                ["any", _t("Any one of them")],
                ["all", _t("All of them")],
                ["share", _t("A share of them")],
                ["sequence", _t("One after the other")],
            ],
        },
        {
            name: "share",
            type: "number",
            label: _t("At least"),
            suffix: "%",
            min: 1,
            max: 100,
            step: 1,
            showIf: ({ mode }) => mode === "share",
        },
        LIMIT,
        NOBODY,
        {
            name: "reject_to",
            type: "target",
            label: _t("Rejected: the document goes"),
            default: "end",
            choices: [
                ["end", _t("nowhere, the flow ends")],
                ["start", _t("back to the submitter")],
                ["previous", _t("to the step before")],
            ],
            offers: isAsking,
            more: true,
        },
        {
            name: "return_to",
            type: "target",
            label: _t("Returned: the document goes"),
            default: "start",
            choices: [
                ["start", _t("back to the submitter")],
                ["previous", _t("to the step before")],
                ["choose", _t("where the person who returns it says")],
            ],
            offers: isAsking,
            more: true,
        },
        {
            name: "watch",
            type: "watch",
            label: _t("Ask again when it gets worse"),
            help: _t(
                "Who agreed is asked again after a change only if one of these values became worse."
            ),
            more: true,
        },
        {
            name: "merge_same",
            type: "check",
            label: _t("Who decided just before need not decide again"),
            more: true,
        },
        {
            name: "outrank",
            type: "check",
            label: _t("Agreed by itself when the submitter stands above those asked"),
            more: true,
        },
        { name: "may_add", type: "check", label: _t("May add a signer"), more: true },
        { name: "may_transfer", type: "check", label: _t("May hand it over"), more: true },
    ],
});
nodes.add("approval.condition", {
    type: "condition",
    family: FAMILY,
    label: _t("Condition branch"),
    icon: "fa-random",
    color: "warning",
    outputs: "many",
    conditions: true,
    help: _t("Takes one path: the first whose condition holds, else the path “otherwise”."),
    describe: describeCondition,
});
nodes.add("approval.parallel", {
    type: "parallel",
    family: FAMILY,
    label: _t("Parallel"),
    icon: "fa-code-fork",
    color: "warning",
    outputs: "many",
    help: _t("Takes all paths at the same time, until they join."),
    describe: describeParallel,
});
nodes.add("approval.join", {
    type: "join",
    family: FAMILY,
    label: _t("Join"),
    icon: "fa-compress",
    color: "warning",
    help: _t("Waits until all parallel paths have arrived."),
    describe: describeJoin,
});
nodes.add("approval.copy", {
    type: "copy",
    family: FAMILY,
    label: _t("Carbon copy"),
    icon: "fa-paper-plane-o",
    color: "info",
    help: _t("People are told; nobody waits for them."),
    defaults: { approvers: [{ by: "users", user_ids: [] }] },
    describe: describeCopy,
    records: peopleOf,
    properties: [{ ...APPROVERS, label: _t("Who is told") }],
});
nodes.add("approval.fill", {
    type: "fill",
    family: FAMILY,
    label: _t("Fill in"),
    icon: "fa-pencil-square-o",
    color: "info",
    help: _t("A person fills in fields of the document before it goes on."),
    defaults: { approvers: [{ by: "users", user_ids: [] }], fields: [] },
    describe: describeFill,
    records: peopleOf,
    properties: [
        { ...APPROVERS, label: _t("Who fills in") },
        { name: "fields", type: "fields", label: _t("Fields to fill in"), filter: isStorable },
        LIMIT,
        NOBODY,
    ],
});
nodes.add("approval.action", {
    type: "action",
    family: FAMILY,
    label: _t("Action"),
    icon: "fa-bolt",
    color: "danger",
    help: _t("The system does something with the document."),
    defaults: { action: "set_field" },
    describe: describeAction,
    records: recordsOfAction,
    properties: ACTION_PROPERTIES,
});
nodes.add("approval.subflow", {
    type: "subflow",
    family: FAMILY,
    label: _t("Sub-flow"),
    icon: "fa-sitemap",
    color: "secondary",
    help: _t("Runs another flow, and goes on when it has agreed."),
    describe: describeSubflow,
    records: recordsOfSubflow,
    properties: [
        { name: "flow_id", type: "record", model: "crm.suite.approval.flow", label: _t("Flow") },
    ],
});
nodes.add("approval.end", {
    type: "end",
    family: FAMILY,
    label: _t("End"),
    icon: "fa-stop",
    color: "secondary",
    shape: "pill",
    outputs: "none",
    help: _t("The flow ends here, with this result."),
    properties: [
        {
            name: "result",
            type: "choice",
            label: _t("Result"),
            default: "agreed",
            choices: [
                ["agreed", _t("Agreed")],
                ["rejected", _t("Rejected")],
            ],
        },
    ],
});

registry
    .category("crm_suite_expression_functions")
    .add("submitter", { label: _t("The submitter"), insert: "submitter" })
    .add("has_role", { label: _t("Somebody has a role"), insert: "has_role()" })
    .add("manager", { label: _t("Somebody's superior"), insert: "manager()" })
    .add("team_lead", { label: _t("The leader of the team"), insert: "team_lead()" })
    .add("team_role", { label: _t("Role in the customer's team"), insert: "team_role()" });
