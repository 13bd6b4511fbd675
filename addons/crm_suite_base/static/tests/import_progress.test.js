import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { advanceTime, animationFrame } from "@odoo/hoot-mock";
import { makeServerError, mountWithCleanup, onRpc } from "@web/../tests/web_test_helpers";
import { ImportProgress } from "@crm_suite_base/import/import_progress";

defineMailModels();

const FIGURES = {
    state: "running",
    phase: "import",
    percent: 37,
    read: 100,
    created: 37,
    updated: 0,
    unchanged: 0,
    rejected: 0,
    problems: [],
};

/** @param {(Object|false)[]} answers of the server, one after the other; false: none */
async function mountProgress(answers, load = () => expect.step("load")) {
    const waiting = [...answers];
    onRpc("crm.suite.import.batch", "progress", () => {
        const answer = waiting.shift();
        if (!answer) {
            throw makeServerError();
        }
        return { ...FIGURES, ...answer };
    });
    await mountWithCleanup(ImportProgress, {
        props: { name: "state", record: { resId: 3, load }, readonly: true },
    });
}

async function wait(seconds) {
    await advanceTime(seconds * 1000);
    await animationFrame();
}

test("a question without an answer is asked again", async () => {
    await mountProgress([{}, false, { percent: 50 }, { percent: 100, state: "done" }]);
    expect(".progress").toHaveAttribute("aria-valuenow", "37");
    await wait(2);
    expect(".progress").toHaveAttribute("aria-valuenow", "37");
    await wait(6);
    expect(".progress").toHaveAttribute("aria-valuenow", "50");
    await wait(2);
    expect(".progress").toHaveCount(0);
    expect.verifySteps(["load"]);
});

test("the form is loaded anew, if need be with the next answer", async () => {
    const done = { percent: 100, state: "done" };
    let loads = 0;
    await mountProgress([{}, done, done], async () => {
        loads++;
        if (loads === 1) {
            throw new Error("away");
        }
        expect.step("load");
    });
    await wait(2);
    expect(".progress").toHaveCount(1);
    await wait(6);
    expect(".progress").toHaveCount(0);
    expect.verifySteps(["load"]);
});
