import { defineMailModels, registerArchs, startServer } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { press, queryOne } from "@odoo/hoot-dom";
import { animationFrame, mockDate, runAllTimers } from "@odoo/hoot-mock";
import {
    contains,
    getService,
    makeMockEnv,
    mockService,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";
import { WebClient } from "@web/webclient/webclient";
import { partnerDomain, QuickLogDialog } from "@crm_suite_base/quick_log/quick_log";

defineMailModels();

const OUTCOMES = [
    ["reached", "Reached"],
    ["no_answer", "No answer"],
];

function mockRights() {
    onRpc("crm.suite.call", "fields_get", () => ({ outcome: { selection: OUTCOMES } }));
    onRpc("has_access", () => true);
}

async function mountQuickLog(props = {}) {
    mockDate("2026-11-21 10:00:00");
    mockRights();
    mockService("notification", { add: (message) => expect.step(String(message)) });
    const env = await makeMockEnv();
    env.dialogData = { isActive: true, close() {}, scrollToOrigin() {} };
    await mountWithCleanup(QuickLogDialog, {
        env,
        props: { close: () => expect.step("closed"), ...props },
    });
}

test("keyboard only: type a name, Enter, type the next step, Enter saves", async () => {
    onRpc("res.partner", "search_read", () => [
        { id: 5, display_name: "Azure Interior", city: "Fremont", phone: false },
    ]);
    onRpc("crm.suite.call", "understand", ({ args }) => {
        expect(args[0]).toBe("→ friday send samples");
        return { summary: "", next_step: "send samples", next_date: "2026-11-27", time: false };
    });
    onRpc("crm.suite.call", "quick_log", ({ args }) => {
        expect(args[0]).toEqual({
            kind: "call",
            direction: "out",
            partner_id: 5,
            outcome: "reached",
            duration: 0,
            summary: "likes blue",
            next_step: "friday send samples",
        });
        return { id: 1, next_step: "send samples", next_date: "2026-11-27" };
    });
    await mountQuickLog();
    await contains("#crm_suite_who").edit("azure", { confirm: false });
    await runAllTimers();
    await animationFrame();
    await press("Enter");
    await animationFrame();
    expect("#crm_suite_who").toHaveValue("Azure Interior");
    expect(queryOne("#crm_suite_kind_call_out")).toBeFocused();
    await contains("#crm_suite_summary").edit("likes blue", { confirm: false });
    await contains("#crm_suite_next").edit("friday send samples", { confirm: false });
    await runAllTimers();
    await animationFrame();
    expect(".o_crm_suite_preview").toHaveText(/send samples: in 6 days/);
    await press("Enter");
    await animationFrame();
    expect.verifySteps(["Logged for Azure Interior. Next: send samples, in 6 days.", "closed"]);
});

test("opened from a customer it begins with what was said", async () => {
    await mountQuickLog({ partner: { id: 5, name: "Azure Interior" } });
    expect("#crm_suite_who").toHaveValue("Azure Interior");
    expect("#crm_suite_summary").toBeFocused();
});

test("without a customer it says so and asks the server nothing", async () => {
    onRpc("crm.suite.call", "quick_log", () => expect.step("saved"));
    await mountQuickLog();
    await contains(".o_crm_suite_save").click();
    expect("[role=alert]").toHaveText("Choose the customer you talked to.");
    expect.verifySteps([]);
});

test("a refusal of the server is shown and nothing typed is lost", async () => {
    onRpc("crm.suite.call", "quick_log", () => {
        throw new Error("no");
    });
    await mountQuickLog({ partner: { id: 5, name: "Azure Interior" } });
    await contains("#crm_suite_summary").edit("likes blue", { confirm: false });
    await contains(".o_crm_suite_save").click();
    expect("[role=alert]").toHaveCount(1);
    expect("#crm_suite_summary").toHaveValue("likes blue");
    expect.verifySteps([]);
});

test("who is also found by telephone number", () => {
    expect(partnerDomain("Azure").flat()).not.toInclude("phone_mobile_search");
    expect(partnerDomain("138 0013").flat()).toInclude("phone_mobile_search");
});

test("the customer on screen is meant: the one paged to, nobody for a new one", async () => {
    mockRights();
    const pyEnv = await startServer();
    const resIds = pyEnv["res.partner"].create([{ name: "Azure" }, { name: "Deco" }]);
    registerArchs({ "res.partner,false,form": `<form><field name="name"/></form>` });
    await mountWithCleanup(WebClient);
    await getService("action").doAction(
        { type: "ir.actions.act_window", res_model: "res.partner", views: [[false, "form"]] },
        { props: { resId: resIds[0], resIds } }
    );
    async function logFor(name) {
        await getService("crm_suite_quick_log").open();
        await animationFrame();
        expect("#crm_suite_who").toHaveValue(name);
        await contains(".modal .btn-close").click();
    }
    await logFor("Azure");
    await contains(".o_pager_next").click();
    await logFor("Deco");
    await contains(".o_form_button_create").click();
    await logFor("");
});

test("whoever was deleted meanwhile is not proposed", async () => {
    mockRights();
    await startServer();
    onRpc("res.partner", "read", () => []);
    await mountWithCleanup(WebClient);
    await getService("crm_suite_quick_log").open(987);
    await animationFrame();
    expect("#crm_suite_who").toHaveValue("");
});
