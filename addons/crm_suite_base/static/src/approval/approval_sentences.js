/** What the steps of an approval do, in words of their cards. */
import { _t } from "@web/core/l10n/translation";
import { listText } from "../core/format";
import { groupName } from "./approval_groups";

const MOST_NAMES = 2;

/** "Li Na", "4 people", "Finance", "the superior" … of one rule. */
export function ruleText(rule, names) {
    switch (rule?.by) {
        case "users":
            return usersText(rule.user_ids || [], names);
        case "group":
            return rule.group ? groupName(rule.group) : _t("a role");
        case "manager":
            if (rule.up_to) {
                return _t("each superior up to level %s", rule.level || 1);
            }
            return (rule.level || 1) === 1
                ? _t("the superior")
                : _t("the superior, level %s", rule.level);
        case "field":
            return rule.field ? _t("whom “%s” names", rule.field) : _t("a field");
        case "expression":
            return rule.expression
                ? _t("the users that “%s” gives", rule.expression)
                : _t("an expression");
        case "team_lead":
            return _t("the team leader");
        case "chosen":
            return _t("whom the submitter chooses");
    }
    return "";
}

function usersText(ids, names) {
    const known = ids.map((id) => names("res.users", id)).filter(Boolean);
    if (ids.length && ids.length <= MOST_NAMES && known.length === ids.length) {
        return listText(known);
    }
    if (!ids.length) {
        return "";
    }
    return ids.length === 1 ? _t("one person") : _t("%s people", ids.length);
}

export function rulesText(rules, names) {
    return listText((rules || []).map((rule) => String(ruleText(rule, names))).filter(Boolean));
}

/** How those who are asked decide together. */
function modeText(node, who) {
    switch (node.mode) {
        case "share":
            return _t("%(share)s of %(who)s", { share: `${node.share || 100}%`, who });
        case "sequence":
            return _t("%s, one after the other", who);
    }
    if (isOnePerson(node.approvers)) {
        return who;
    }
    return node.mode === "any" ? _t("Any one of %s", who) : _t("All of %s", who);
}

/** Whether just one person can be meant. */
function isOnePerson(rules) {
    const single = ({ by, up_to, user_ids }) =>
        (["manager", "team_lead"].includes(by) && !up_to) ||
        (by === "users" && user_ids?.length === 1);
    return rules?.length === 1 && single(rules[0]);
}

export function limitText(limit) {
    if (!limit?.hours) {
        return "";
    }
    const then = {
        remind: _t("then remind"),
        escalate: _t("then escalate"),
        agree: _t("then agreed by itself"),
        return: _t("then returned"),
    };
    const hours = _t("%s working h", limit.hours);
    return then[limit.then]
        ? _t("%(hours)s, %(then)s", { hours, then: then[limit.then] })
        : String(hours);
}

export function describeApproval(node, { names }) {
    const who = rulesText(node.approvers, names);
    if (!who) {
        return _t("Nobody is named yet");
    }
    const [mode, limit] = [modeText(node, who), limitText(node.limit)];
    return limit ? _t("%(mode)s, %(limit)s", { mode, limit }) : mode;
}

export function describeCopy(node, { names }) {
    const who = rulesText(node.approvers, names);
    return who ? _t("To read: %s", who) : _t("Nobody is named yet");
}

export function describeFill(node, { names }) {
    const who = rulesText(node.approvers, names) || _t("nobody yet");
    const count = (node.fields || []).length;
    return count === 1
        ? _t("%(who)s fills in %(field)s", { who, field: node.fields[0] })
        : _t("%(who)s fills in %(count)s fields", { who, count });
}

export function describeCondition(node, { graph }) {
    const count = graph.edges.filter(({ from }) => from === node.id).length;
    return count > 1
        ? _t("One of %s paths: the first whose condition holds", count)
        : _t("Draw a path for each case");
}

export function describeParallel(node, { graph }) {
    const count = graph.edges.filter(({ from }) => from === node.id).length;
    return count > 1
        ? _t("%s paths at the same time", count)
        : _t("Draw the paths that run together");
}

export function describeJoin(node, { graph }) {
    const count = graph.edges.filter(({ to }) => to === node.id).length;
    return _t("Waits for all %s paths", count);
}

/** People named in some rules: {model: ids}. */
export function peopleOf(node) {
    const rules = [...(node.approvers || []), node.nobody, node.limit?.escalate_to];
    return { "res.users": rules.flatMap((rule) => rule?.user_ids || []) };
}
