import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { animationFrame } from "@odoo/hoot-mock";
import { contains, mockService, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";
import { TodoList } from "@crm_suite_base/todo/todo_list";

defineMailModels();

const SOURCE = {
    key: "access_requests",
    label: "Requests to decide",
    icon: "fa-key",
    model: "crm.suite.access.request",
    count: 3,
    overdue: 0,
    empty: "",
    actions: [
        { method: "action_grant", label: "Grant", reason: false, primary: true },
        {
            method: "action_refuse",
            label: "Refuse",
            reason: true,
            primary: false,
            hint: "It can be asked for again.",
        },
    ],
    rows: [1, 2].map((id) => ({
        id,
        title: `Row ${id}`,
        subtitle: [{ label: "Asked By", text: "Li Na" }],
        deadline: false,
        overdue: false,
        open: { model: "res.partner", id },
    })),
};

async function mountList(results, values = {}) {
    onRpc("crm.suite.todo", "act", ({ args }) => {
        expect.step(JSON.stringify(args));
        return { results, operation: false };
    });
    mockService("notification", {
        add: (message) => {
            expect.step(String(message));
            return () => {};
        },
    });
    await mountWithCleanup(TodoList, {
        props: {
            source: { ...SOURCE, ...values },
            reload: () => expect.step("reload"),
            loadMore: () => expect.step("more"),
        },
    });
}

test("one row, several rows, and what was refused stays with its row", async () => {
    await mountList([
        { id: 1, ok: true, reason: "" },
        { id: 2, ok: false, reason: "Decided already." },
    ]);
    expect(".o_crm_suite_todo_list li").toHaveCount(2);
    expect(".o_crm_suite_todo_batch").toHaveCount(0);
    await contains("header input").click();
    expect(".o_crm_suite_todo_batch").toHaveText(/2 chosen/);
    await contains(".o_crm_suite_todo_batch [data-method='action_grant']").click();
    await animationFrame();
    expect.verifySteps([
        '["access_requests","action_grant",[1,2],""]',
        "Grant: 1 done",
        "Left out: 1. Decided already.",
        "reload",
    ]);
    expect("li[data-id='2'] [role='alert']").toHaveText("Decided already.");
    expect(".o_crm_suite_todo_batch").toHaveCount(0);
});

test("a reason is asked for where the other person reads it", async () => {
    await mountList([{ id: 1, ok: true, reason: "" }]);
    await contains("li[data-id='1'] [data-method='action_refuse']").click();
    expect(".modal .btn-primary").toHaveAttribute("disabled");
    expect(".modal .modal-body").toHaveText(/It can be asked for again/);
    await contains("#crm_suite_todo_reason").edit("Not now", { confirm: false });
    await contains(".modal .btn-primary").click();
    await animationFrame();
    expect.verifySteps([
        '["access_requests","action_refuse",[1],"Not now"]',
        "Refuse: 1 done",
        "reload",
    ]);
});

test("more rows are asked for when there are more", async () => {
    await mountList([]);
    await contains(".o_crm_suite_todo_more").click();
    expect.verifySteps(["more"]);
});

test("the longest list says that the others come up later", async () => {
    const rows = Array.from({ length: 200 }, (_, id) => ({ ...SOURCE.rows[0], id }));
    await mountList([], { rows, count: 300 });
    expect(".o_crm_suite_todo_more").toHaveCount(0);
    expect(".o_crm_suite_todo_list > p").toHaveText(/^The first 200 are shown/);
});

test("a line opens its record, a customer on the customer's page", async () => {
    mockService("action", {
        doAction: (request, { viewType, props } = {}) =>
            expect.step([request.res_model || request, request.res_id || props.resId, viewType]),
    });
    const [customer, other] = SOURCE.rows;
    const lead = { ...other, open: { model: "crm.lead", id: 7 } };
    await mountList([], { rows: [customer, lead] });
    await contains("li[data-id='1'] .o_crm_suite_todo_row").click();
    await contains("li[data-id='2'] .o_crm_suite_todo_row").click();
    expect.verifySteps([
        ["crm_suite_base.customer_action", 1, "form"],
        ["crm.lead", 7, undefined],
    ]);
});
