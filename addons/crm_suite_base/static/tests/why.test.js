import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { click, press } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import {
    contains,
    makeServerError,
    mockService,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { Why } from "@crm_suite_base/why/why";

defineMailModels();

const ANSWER = {
    topic: "grade",
    title: "Grade",
    sentence: "The rule “Key companies” gives the grade A.",
    result: { name: "crm_suite_grade_id", label: "Grade", text: "A" },
    rule: { name: "Key companies", version: 3, model: "crm.suite.grade.rule", id: 7 },
    inputs: [{ name: "revenue", label: "Revenue (12 Months)", text: "¥ 120,000.00" }],
    steps: [
        { text: "Owes us money → D", met: false },
        { text: "Key companies → A", met: true },
    ],
    at: "1 Nov 2026",
    note: "Decided by hand until Friday",
};

async function open(answer = ANSWER) {
    onRpc("res.partner", "explain", ({ args }) => {
        expect.step(`explain ${args[0][0]} ${args[1]}`);
        return answer;
    });
    await mountWithCleanup(Why, {
        props: { resModel: "res.partner", resId: 5, topic: "grade" },
    });
    await click(".o_crm_suite_why");
    await animationFrame();
    await animationFrame();
}

test("a question mark opens sentence, figures, rules and time", async () => {
    await open();
    expect.verifySteps(["explain 5 grade"]);
    expect(".o_crm_suite_why_content").toHaveCount(1);
    expect(".o_crm_suite_why_content header strong").toHaveText("A");
    expect(".o_crm_suite_why_sentence").toHaveText(ANSWER.sentence);
    expect(".o_crm_suite_why_inputs dd").toHaveText("¥ 120,000.00");
    expect(".o_crm_suite_why_steps li").toHaveCount(2);
    expect(".o_crm_suite_why_steps li.fw-bold").toHaveText("Key companies → A");
    expect(".o_crm_suite_why_content footer").toHaveText(/version 3/);
    expect(".o_crm_suite_why_content footer").toHaveText(/until Friday/);
});

test("nothing is asked before somebody wants to know", async () => {
    onRpc("res.partner", "explain", () => expect.step("explain"));
    await mountWithCleanup(Why, {
        props: { resModel: "res.partner", resId: 5, topic: "grade" },
    });
    expect.verifySteps([]);
    expect(".o_crm_suite_why").toHaveAttribute("aria-label", "Why?");
});

test("the rule is a link for those who may read it", async () => {
    mockService("action", {
        doAction: (action) => expect.step(`${action.res_model} ${action.res_id}`),
    });
    await open();
    await click(".o_crm_suite_why_content footer .btn-link");
    await animationFrame();
    expect.verifySteps(["explain 5 grade", "crm.suite.grade.rule 7"]);
});

test("others read its name only", async () => {
    await open({ ...ANSWER, rule: { ...ANSWER.rule, id: false, model: false } });
    expect(".o_crm_suite_why_content footer .btn-link").toHaveCount(0);
    expect(".o_crm_suite_why_content footer").toHaveText(/Key companies/);
    expect.verifySteps(["explain 5 grade"]);
});

test("what goes wrong is said in place", async () => {
    expect.errors(0);
    onRpc("res.partner", "explain", () => {
        throw makeServerError({ message: "This needs a role." });
    });
    await mountWithCleanup(Why, {
        props: { resModel: "res.partner", resId: 5, topic: "grade" },
    });
    await click(".o_crm_suite_why");
    await animationFrame();
    await animationFrame();
    expect(".o_crm_suite_why_content [role=alert]").toHaveText(/needs a role/);
});

test("only the explanation is printed", async () => {
    patchWithCleanup(window, {
        print: () =>
            expect.step(document.body.classList.contains("o_crm_suite_printing_why")),
    });
    await open();
    await click(".o_crm_suite_why_print");
    expect.verifySteps(["explain 5 grade", true]);
    expect(document.body).not.toHaveClass("o_crm_suite_printing_why");
});

test("Escape closes it", async () => {
    await open();
    await press("Escape");
    await animationFrame();
    expect(".o_crm_suite_why_content").toHaveCount(0);
    expect.verifySteps(["explain 5 grade"]);
});

test.tags("mobile");
test("on a phone it is a sheet at the thumb", async () => {
    await open();
    expect(".o_bottom_sheet .o_crm_suite_why_content").toHaveCount(1);
    await contains(".o_crm_suite_why_print").click();
    expect.verifySteps(["explain 5 grade"]);
});
