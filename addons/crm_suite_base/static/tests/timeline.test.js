import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { click, queryAllTexts, queryOne } from "@odoo/hoot-dom";
import { animationFrame, mockDate, runAllTimers } from "@odoo/hoot-mock";
import { contains, mockService, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";
import { Timeline } from "@crm_suite_base/timeline/timeline";

defineMailModels();

const CALL = {
    id: 1,
    kind: "call",
    direction: "out",
    date: "2026-11-21 08:00:00",
    title: "Agreed to send samples",
    summary: "They want three colours",
    res_model: "crm.suite.call",
    res_id: 7,
};
const ORDER = {
    id: 2,
    kind: "order",
    date: "2026-11-02 08:00:00",
    title: "S00123",
    amount: 54000,
    currency_id: 1,
    res_model: "sale.order",
    res_id: 9,
};

function mountTimeline(props = {}) {
    mockDate("2026-11-21 10:00:00");
    return mountWithCleanup(Timeline, {
        props: { partnerId: 5, firstPage: { rows: [CALL, ORDER], next: "c2" }, ...props },
    });
}

test("shows the first page without asking the server again", async () => {
    onRpc("crm_suite_timeline", () => expect.step("read"));
    await mountTimeline();
    expect(queryAllTexts(".o_crm_suite_title")).toEqual(["Agreed to send samples", "S00123"]);
    expect(".o_crm_suite_row:first .o_crm_suite_kind").toHaveText("Call made");
    expect(".o_crm_suite_row:first .o_crm_suite_day").toHaveText(/today/i);
    expect(".o_crm_suite_amount").toHaveText(/54K/);
    expect(queryOne(".o_crm_suite_amount").title).toMatch(/54,000/);
    expect.verifySteps([]);
});

test("a chip asks for its kinds only and marks itself as pressed", async () => {
    onRpc("crm_suite_timeline", ({ kwargs }) => {
        expect.step(kwargs.filters);
        expect(kwargs.cursor).toBe(false);
        return { rows: [ORDER], next: false };
    });
    await mountTimeline();
    await contains("[data-chip=orders]").click();
    expect.verifySteps([{ kinds: ["order", "delivery", "purchase"] }]);
    expect("[data-chip=orders]").toHaveAttribute("aria-pressed", "true");
    expect("[data-chip=all]").toHaveAttribute("aria-pressed", "false");
    expect(".o_crm_suite_row").toHaveCount(1);
    expect(".o_crm_suite_more").toHaveCount(0);
});

test("earlier rows are added below, from the cursor of the last", async () => {
    onRpc("crm_suite_timeline", ({ kwargs }) => {
        expect.step(kwargs.cursor);
        return { rows: [{ ...CALL, id: 3, title: "First call" }], next: false };
    });
    await mountTimeline();
    await contains(".o_crm_suite_more").click();
    expect.verifySteps(["c2"]);
    expect(queryAllTexts(".o_crm_suite_title")).toEqual([
        "Agreed to send samples",
        "S00123",
        "First call",
    ]);
});

test("search waits for the typing to end; an empty result offers a way back", async () => {
    onRpc("crm_suite_timeline", ({ kwargs }) => {
        expect.step(kwargs.filters.search || "everything");
        return { rows: kwargs.filters.search ? [] : [CALL], next: false };
    });
    await mountTimeline();
    await contains("input[type=search]").edit("sam", { confirm: false });
    await contains("input[type=search]").edit("samovar", { confirm: false });
    await runAllTimers();
    await animationFrame();
    expect.verifySteps(["samovar"]);
    expect(".o_crm_suite_empty").toHaveText(/Nothing matches/);
    await contains(".o_crm_suite_empty button").click();
    expect.verifySteps(["everything"]);
    expect(".o_crm_suite_row").toHaveCount(1);
});

test("a failed read is said with its reason and can be tried again", async () => {
    let fails = true;
    onRpc("crm_suite_timeline", () => {
        if (fails) {
            throw new Error("the database is resting");
        }
        return { rows: [ORDER], next: false };
    });
    await mountTimeline();
    await contains("[data-chip=money]").click();
    expect("[role=alert]").toHaveText(/could not be loaded/);
    fails = false;
    await click("[role=alert] button");
    await animationFrame();
    expect("[role=alert]").toHaveCount(0);
    expect(".o_crm_suite_row").toHaveCount(1);
});

test("the answer to an older question does not replace a newer one", async () => {
    const answers = [];
    onRpc("crm_suite_timeline", () => new Promise((resolve) => answers.push(resolve)));
    await mountTimeline();
    await click("[data-chip=deals]");
    await animationFrame();
    await click("[data-chip=orders]");
    await animationFrame();
    answers[1]({ rows: [ORDER], next: false });
    await animationFrame();
    answers[0]({ rows: [CALL], next: false });
    await animationFrame();
    expect(queryAllTexts(".o_crm_suite_title")).toEqual(["S00123"]);
});

test("a row opens the record it stands for", async () => {
    mockService("action", {
        doAction(action) {
            expect.step([action.res_model, action.res_id]);
        },
    });
    await mountTimeline();
    await contains(".o_crm_suite_entry:eq(1)").click();
    expect.verifySteps([["sale.order", 9]]);
});
