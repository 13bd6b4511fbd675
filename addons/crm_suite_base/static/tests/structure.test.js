import { expect, test } from "@odoo/hoot";
import { allowTranslations } from "@web/../tests/web_test_helpers";
import { chartTree, StructureBlock } from "@crm_suite_base/customer_page/structure_block";

const names = (nodes) => nodes.map((node) => [node.name, names(node.children)]);
const PEOPLE = [
    { id: 1, name: "Boss" },
    { id: 2, name: "Buyer" },
    { id: 3, name: "Clerk" },
];

test("people stand below whom they report to", () => {
    const tree = chartTree(PEOPLE, [
        { from: 1, to: 2 },
        { from: 2, to: 3 },
    ]);
    expect(names(tree)).toEqual([["Boss", [["Buyer", [["Clerk", []]]]]]]);
});

test("somebody whose superior is not listed stands at the top", () => {
    const tree = chartTree(PEOPLE, [{ from: 99, to: 2 }]);
    expect(names(tree)).toEqual([
        ["Boss", []],
        ["Buyer", []],
        ["Clerk", []],
    ]);
});

test("with two superiors somebody stands below the first only", () => {
    const tree = chartTree(PEOPLE, [
        { from: 1, to: 3 },
        { from: 2, to: 3 },
    ]);
    expect(names(tree)).toEqual([
        ["Boss", [["Clerk", []]]],
        ["Buyer", []],
    ]);
});

test("a circle neither hangs nor hides anybody", () => {
    const tree = chartTree(PEOPLE, [
        { from: 1, to: 2 },
        { from: 2, to: 3 },
        { from: 3, to: 1 },
    ]);
    expect(names(tree)).toEqual([["Boss", [["Buyer", [["Clerk", []]]]]]]);
});

test("a group says what all its companies bought and owe", () => {
    allowTranslations();
    const { get } = Object.getOwnPropertyDescriptor(StructureBlock.prototype, "together");
    const together = (totals) =>
        String(get.call({ props: { blocks: { structure: { totals } } } }));
    expect(together({ companies: 1, currency: "EUR", revenue: 100 })).toBe("");
    expect(together({ companies: 2, currency: "EUR", revenue: 0 })).toBe("");
    const told = together({ companies: 2, currency: "EUR", revenue: 100, open: 20 });
    expect(told.includes("100") && told.includes("20")).toBe(true);
});
