import { describe, expect, test } from "@odoo/hoot";
import { mockDate } from "@odoo/hoot-mock";
import { allowTranslations, makeMockEnv } from "@web/../tests/web_test_helpers";
import { recordsBehind } from "@crm_suite_base/customer_page/open_records";
import { valueTiles } from "@crm_suite_base/customer_page/value_strip";

describe.current.tags("headless");

const tile = (value) => valueTiles.get("categories")({ value });

test("what the customer mainly buys comes first, with its share", () => {
    const shown = tile({
        categories: [
            { id: 1, name: "Chairs", share: 0.62 },
            { id: 2, name: "Tables", share: 0.2 },
            { id: 3, name: "Lamps", share: 0.11 },
        ],
    });
    expect(shown.main).toBe("62%");
    expect(shown.note).toBe("Chairs, Tables 20%, Lamps 11%");
    expect(shown.title).toBe("Chairs 62%");
    expect(shown.noteTitle).toBe("Chairs 62%, Tables 20%, Lamps 11%");
    const { model, domain, context } = recordsBehind(shown.open, {}, 7);
    expect(model).toBe("crm.suite.purchase.fact");
    expect(domain).toEqual([["partner_id.commercial_partner_id", "=", 7]]);
    expect(context).toEqual({ group_by: ["category_id"] });
});

test("the next step opens where it stands", () => {
    const next = { date: "2026-11-21", summary: "Call" };
    const step = (document) =>
        valueTiles.get("contact")({ contact: { next: { ...next, document }, last: false } });
    const deal = { model: "crm.lead", id: 4 };
    expect(step(deal).record).toEqual(deal);
    expect(step(false).record).toBe(false);
    expect(step(false).showTab).toBe("messages");
});

test("behind the tiles open the figures, or what they add up where all of it may be read", async () => {
    // Amounts and days are written as the language has it.
    await makeMockEnv();
    const value = {
        order_count: 2,
        revenue: 5,
        currency: "CNY",
        last_order: "2026-11-01",
        days_since: 3,
    };
    const metric = "crm.suite.customer.metric";
    const build = (name, blocks) => valueTiles.get(name)(blocks);
    const one = { ...value, counts_all: true, figure_ids: [3] };
    expect(build("value", { value: one }).record).toEqual({ model: metric, id: 3 });
    expect(build("value", { value: one, orders: { own_only: true } }).open).toBe("figures");
    const { open, record } = build("value", { value: one, orders: {} });
    expect(record).toBe(undefined);
    const bought = recordsBehind(open, {}, 7);
    expect(bought.model).toBe("crm.suite.purchase.fact");
    expect(bought.domain).toEqual([["partner_id.commercial_partner_id", "=", 7]]);
    // Nothing but the orders was added up until the figures are calculated.
    expect(build("value", { value, orders: {} }).open).toBe("revenue");
    expect(build("rhythm", { value: one, orders: {} }).record).toEqual({ model: metric, id: 3 });
    const several = build("rhythm", { value: { ...value, figure_ids: [3, 4] } });
    expect(several.record).toBe(false);
    expect(recordsBehind(several.open, {}, 7).model).toBe(metric);
    expect(build("rhythm", { value }).open).toBe("revenue");
});

test("next step and last contact both stand in the head", () => {
    allowTranslations();
    mockDate("2026-11-21 10:00:00");
    const last = { date: "2026-11-20 08:00:00", kind: "call" };
    const next = { date: "2026-11-22", summary: "Send the offer", document: false };
    const shown = (contact) => {
        const { main, note, lastLine } = valueTiles.get("contact")({ contact });
        return [main, note, lastLine];
    };
    expect(shown({ next, last })).toEqual(["tomorrow", "Send the offer", "last contact yesterday"]);
    expect(shown({ next: false, last })).toEqual(["nothing planned", "", "last contact yesterday"]);
    expect(shown({ next, last: false })).toEqual(["tomorrow", "Send the offer", "no contact yet"]);
});

test("nothing is shown of who bought nothing, or to who may not see it", () => {
    expect(tile({ categories: [] })).toBe(0);
    expect(tile({})).toBe(undefined);
    expect(tile(undefined)).toBe(undefined);
});
