import { beforeEach, expect, test } from "@odoo/hoot";
import { allowTranslations } from "@web/../tests/web_test_helpers";
import { offersFor, wordAt } from "@crm_suite_base/flow/expression_input";
import { neededRecords, nodeTypes } from "@crm_suite_base/flow/flow_node_types";
import { describeAction } from "@crm_suite_base/approval/approval_actions";
import "@crm_suite_base/approval/approval_nodes";
import {
    describeApproval,
    describeCopy,
    describeFill,
    limitText,
} from "@crm_suite_base/approval/approval_sentences";

beforeEach(() => allowTranslations());

const NAMES = { 2: "Li Na", 3: "Wang Fang" };
const about = { names: (model, id) => NAMES[id], graph: { nodes: [], edges: [] } };
const approval = (values) => String(describeApproval({ type: "approval", ...values }, about));
const users = (...ids) => [{ by: "users", user_ids: ids }];

test("all steps of the engine can be drawn", () => {
    expect(Object.keys(nodeTypes("approval")).sort()).toEqual([
        "action",
        "approval",
        "condition",
        "copy",
        "end",
        "fill",
        "join",
        "parallel",
        "start",
        "subflow",
    ]);
    expect(nodeTypes("journey")).toEqual({});
});

test("in a new approval nobody is asked twice, or about what is below him", () => {
    const { defaults } = nodeTypes("approval").approval;
    expect(defaults).toInclude(["merge_same", true]);
    expect(defaults).toInclude(["outrank", true]);
});

test("an approval says who decides, how, and until when", () => {
    expect(approval({ approvers: users(2), mode: "any" })).toBe("Li Na");
    expect(approval({ approvers: users(2, 3), mode: "any" })).toBe("Any one of Li Na, Wang Fang");
    expect(
        approval({ approvers: users(2, 3, 4), mode: "any", limit: { hours: 8, then: "escalate" } })
    ).toBe("Any one of 3 people, 8 working h, then escalate");
    expect(approval({ approvers: [{ by: "team_lead" }, ...users(2)], mode: "all" })).toBe(
        "All of the team leader, Li Na"
    );
    expect(approval({ approvers: users(2, 3, 4), mode: "share", share: 60 })).toBe(
        "60% of 3 people"
    );
    expect(approval({ approvers: [{ by: "manager", level: 2 }], mode: "any" })).toBe(
        "the superior, level 2"
    );
    expect(
        approval({ approvers: [{ by: "manager", level: 3, up_to: true }], mode: "sequence" })
    ).toBe("each superior up to level 3, one after the other");
    expect(
        approval({ approvers: [{ by: "expression", expression: "manager(user_id)" }], mode: "any" })
    ).toBe("Any one of the users that “manager(user_id)” gives");
    expect(approval({ approvers: users() })).toBe("Nobody is named yet");
    expect(approval({})).toBe("Nobody is named yet");
});

test("the other steps say what they do", () => {
    expect(limitText({ then: "remind" })).toBe("");
    expect(String(describeCopy({ approvers: users(3) }, about))).toBe("To read: Wang Fang");
    expect(String(describeFill({ approvers: users(2), fields: ["a", "b"] }, about))).toBe(
        "Li Na fills in 2 fields"
    );
    expect(
        String(describeAction({ action: "set_field", field: "state", value: "'x'" }, about))
    ).toBe("Sets “state” to 'x'");
});

test("names are asked for once, of all rules of a step", () => {
    const nodes = [
        {
            id: "n1",
            type: "approval",
            approvers: users(2, 3),
            nobody: { by: "users", user_ids: [4] },
        },
        { id: "n2", type: "copy", approvers: users(3) },
        { id: "n3", type: "gone", approvers: users(9) },
    ];
    expect(neededRecords({ nodes }, nodeTypes("approval"))).toEqual({ "res.users": [2, 3, 4] });
});

test("suggestions follow the word at the cursor", () => {
    expect(wordAt("amount > 5 and part", 19)).toEqual({ word: "part", parents: [], last: "part" });
    expect(wordAt("partner_id.cou", 14)).toEqual({
        word: "partner_id.cou",
        parents: ["partner_id"],
        last: "cou",
    });
    expect(wordAt("name == 'amo", 12)).toBe(null);
    const fields = {
        amount_total: { string: "Total" },
        total_margin: { string: "Margin" },
        state: { string: "Status" },
    };
    expect(offersFor(fields, "tot").map(({ insert }) => insert)).toEqual([
        "total_margin",
        "amount_total",
    ]);
    expect(offersFor(fields, "state").map(({ insert }) => insert)).toEqual([]);
});
