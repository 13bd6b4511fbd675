import { expect, test } from "@odoo/hoot";
import { splitLines } from "@crm_suite_base/merge/merge_screen";

test("lines to decide come apart from those that are the same in all", () => {
    const name = { key: "name", differs: true };
    const city = { key: "city", differs: false };
    expect(splitLines([name, city])).toEqual({ differing: [name], same: [city] });
    expect(splitLines([])).toEqual({ differing: [], same: [] });
});
