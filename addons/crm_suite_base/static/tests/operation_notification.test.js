import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { click } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import {
    getService,
    mountWithCleanup,
    onRpc,
} from "@web/../tests/web_test_helpers";
import { WebClient } from "@web/webclient/webclient";

defineMailModels();

async function finish(params) {
    await mountWithCleanup(WebClient);
    await getService("action").doAction({
        type: "ir.actions.client",
        tag: "crm_suite_operation_done",
        params,
    });
    await animationFrame();
}

test("a bulk act says what it did and offers to undo it", async () => {
    onRpc("crm.suite.operation", "action_show_undo", ({ args }) => {
        expect.step(`undo ${args[0]}`);
        return { type: "ir.actions.act_window_close" };
    });
    await finish({ id: 7, name: "Mass edit of Email", message: "3 records changed." });
    expect(".o_notification_content").toHaveText(/3 records changed\./);
    expect(".o_notification_buttons button").toHaveText("Undo");
    await click(".o_notification_buttons button");
    await animationFrame();
    expect.verifySteps(["undo 7"]);
    expect(".o_notification").toHaveCount(0);
});

test("what cannot be undone has no button", async () => {
    await finish({ id: false, message: "Nothing changed." });
    expect(".o_notification_content").toHaveText("Nothing changed.");
    expect(".o_notification_buttons button").toHaveCount(0);
});
