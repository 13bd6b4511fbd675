import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { click, press, queryAllTexts, queryOne } from "@odoo/hoot-dom";
import { animationFrame, mockDate, runAllTimers } from "@odoo/hoot-mock";
import { contains, mockService, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";
import { Timeline } from "@crm_suite_base/timeline/timeline";
import { makeTimelineChoice } from "@crm_suite_base/timeline/timeline_feed";

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

function stepFilters(page = { rows: [ORDER], next: false }) {
    onRpc("crm_suite_timeline", ({ kwargs }) => {
        expect.step(kwargs.filters);
        return page;
    });
}

test("several kinds are chosen with the keyboard; the menu stays open", async () => {
    stepFilters();
    await mountTimeline();
    expect("[data-choice=kinds]").toHaveText("All kinds");
    await contains("[data-choice=kinds]").focus();
    await press("Enter");
    await animationFrame();
    await contains("[data-option=call]").focus();
    await press("Enter");
    await animationFrame();
    await contains("[data-option=order]").click();
    expect.verifySteps([{ kinds: ["call"] }, { kinds: ["call", "order"] }]);
    expect("[data-option=call]").toHaveAttribute("aria-checked", "true");
    expect("[data-option=quote]").toHaveAttribute("aria-checked", "false");
    expect("[data-choice=kinds]").toHaveText("Call +1");
    expect(".o_crm_suite_chips [aria-pressed=true]").toHaveCount(0);
    await contains("[data-option=call]").click();
    expect.verifySteps([{ kinds: ["order"] }]);
    expect("[data-choice=kinds]").toHaveText("Order");
});

test("a chip is a choice of kinds that can be narrowed", async () => {
    stepFilters();
    await mountTimeline();
    await contains("[data-chip=money]").click();
    await contains("[data-choice=kinds]").click();
    expect("[data-option=payment]").toHaveAttribute("aria-checked", "true");
    await contains("[data-option=invoice]").click();
    expect("[data-chip=money]").toHaveAttribute("aria-pressed", "false");
    await contains("[data-option=invoice]").click();
    expect("[data-chip=money]").toHaveAttribute("aria-pressed", "true");
    expect.verifySteps([
        { kinds: ["invoice", "payment"] },
        { kinds: ["payment"] },
        { kinds: ["payment", "invoice"] },
    ]);
});

test("channel, person and kind narrow together and are taken back at once", async () => {
    stepFilters();
    await mountTimeline({ people: [{ id: 8, name: "Wang Wei" }] });
    expect(".o_crm_suite_clear").toHaveCount(0);
    await contains("[data-choice=channels]").click();
    await contains("[data-option=phone]").click();
    await contains(".o_crm_suite_person").select("8");
    await contains(".o_crm_suite_clear").click();
    expect.verifySteps([{ channels: ["phone"] }, { channels: ["phone"], person_id: 8 }, {}]);
    expect("[data-choice=channels]").toHaveText("All channels");
    expect(".o_crm_suite_person").toHaveValue("");
});

test("a period is one of the usual ones or from a day to a day", async () => {
    stepFilters();
    await mountTimeline();
    await contains(".o_crm_suite_period").select("week");
    expect(".o_crm_suite_days").toHaveCount(0);
    await contains(".o_crm_suite_period").select("own");
    await contains("[data-day=dateTo] input").edit("11/20/2026");
    await contains("[data-day=dateFrom] input").edit("11/01/2026");
    await contains("[data-day=dateTo] input").edit("");
    expect.verifySteps([
        { date_from: "2026-11-14" },
        { date_from: "2026-11-14" },
        { date_from: "2026-11-14", date_to: "2026-11-20" },
        { date_from: "2026-11-01", date_to: "2026-11-20" },
        { date_from: "2026-11-01" },
    ]);
});

test("subsidiaries widen the timeline; they are no filter that is taken back", async () => {
    stepFilters();
    const choice = { ...makeTimelineChoice(), subsidiaries: true };
    await mountTimeline({ choice });
    expect(".o_crm_suite_row").toHaveCount(2);
    expect(".o_crm_suite_clear").toHaveCount(0);
    await contains("[data-chip=money]").click();
    await contains(".o_crm_suite_clear").click();
    expect.verifySteps([
        { kinds: ["invoice", "payment"], subsidiaries: true },
        { subsidiaries: true },
    ]);
});

test("what was chosen is still chosen when the timeline is shown again", async () => {
    stepFilters();
    const choice = { ...makeTimelineChoice(), channels: ["email"], search: "price" };
    await mountTimeline({ choice });
    await animationFrame();
    expect.verifySteps([{ channels: ["email"], search: "price" }]);
    expect("[data-choice=channels]").toHaveText("Email");
    expect("input[type=search]").toHaveValue("price");
    await contains("[data-chip=money]").click();
    expect(choice.kinds).toEqual(["invoice", "payment"]);
    expect.verifySteps([
        { kinds: ["invoice", "payment"], channels: ["email"], search: "price" },
    ]);
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
