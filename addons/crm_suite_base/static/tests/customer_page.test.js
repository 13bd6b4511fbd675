import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { animationFrame } from "@odoo/hoot-mock";
import { contains, makeMockEnv, mountWithCleanup } from "@web/../tests/web_test_helpers";
import { makeCustomerPage } from "@crm_suite_base/customer_page/customer_page";
import { recordsBehind } from "@crm_suite_base/customer_page/open_records";
import { CustomerOverview } from "@crm_suite_base/customer_page/overview";

defineMailModels();

const TITLES = { false: "Own call", true: "Call of the daughter" };

function makePage({ companies = 2, company = false } = {}) {
    return makeCustomerPage({
        async call(model, method, args, { subsidiaries }) {
            expect.step([method, args, subsidiaries]);
            const row = { id: 1, kind: "call", date: "2026-11-21 08:00:00" };
            const structure = {
                company,
                subsidiaries: [],
                counted: subsidiaries ? [5, 6] : [5],
                totals: { companies },
            };
            const rows = [{ ...row, title: TITLES[subsidiaries] }];
            return { blocks: { structure, timeline: { rows, next: false } } };
        },
    });
}

async function mountOverview(page) {
    await page.load(5);
    await mountWithCleanup(CustomerOverview, {
        env: await makeMockEnv({ crmSuitePage: page }),
        props: { record: { resId: 5 }, readonly: false },
    });
}

test("the switch reads the whole page again with the subsidiaries", async () => {
    const page = makePage();
    await mountOverview(page);
    expect(".o_crm_suite_title").toHaveText("Own call");
    await contains("#crm_suite_subsidiaries").click();
    await animationFrame();
    expect(".o_crm_suite_title").toHaveText("Call of the daughter");
    await page.reload();
    await page.load(7);
    expect.verifySteps([
        ["crm_suite_360", [5], false],
        ["crm_suite_360", [5], true],
        ["crm_suite_360", [5], true],
        // Another customer is shown alone at first.
        ["crm_suite_360", [7], false],
    ]);
    expect(page.timelineChoice.subsidiaries).toBe(false);
});

test("without companies below there is no switch, nor on the page of a person", async () => {
    for (const page of [makePage({ companies: 1 }), makePage({ company: { id: 5, name: "A" } })]) {
        await page.load(5);
        expect(page.hasSubsidiaries).toBe(false);
    }
    expect.verifySteps([
        ["crm_suite_360", [5], false],
        ["crm_suite_360", [5], false],
    ]);
});

test("a figure opens the records that it counts", () => {
    const domain = (counted) => recordsBehind("deals", { structure: { counted } }, 5).domain[0];
    expect(domain([5])).toEqual(["partner_id.commercial_partner_id", "=", 5]);
    expect(domain([5, 6])).toEqual(["partner_id.commercial_partner_id", "in", [5, 6]]);
});
