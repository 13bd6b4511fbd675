import { describe, expect, test } from "@odoo/hoot";
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

test("nothing is shown of who bought nothing, or to who may not see it", () => {
    expect(tile({ categories: [] })).toBe(0);
    expect(tile({})).toBe(undefined);
    expect(tile(undefined)).toBe(undefined);
});
