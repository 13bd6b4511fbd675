import { expect, test } from "@odoo/hoot";
import { peopleTree } from "@crm_suite_base/customer_page/structure_block";

const names = (nodes) => nodes.map((node) => [node.name, names(node.children)]);

test("people stand below whom they report to", () => {
    const tree = peopleTree([
        { id: 1, name: "Boss", reports_to: false },
        { id: 2, name: "Buyer", reports_to: 1 },
        { id: 3, name: "Clerk", reports_to: 2 },
    ]);
    expect(names(tree)).toEqual([["Boss", [["Buyer", [["Clerk", []]]]]]]);
});

test("somebody whose superior is not listed stands at the top", () => {
    expect(names(peopleTree([{ id: 2, name: "Buyer", reports_to: 99 }]))).toEqual([["Buyer", []]]);
});

test("a circle neither hangs nor hides anybody", () => {
    const tree = peopleTree([
        { id: 1, name: "A", reports_to: 2 },
        { id: 2, name: "B", reports_to: 1 },
    ]);
    expect(names(tree)).toEqual([
        ["A", []],
        ["B", []],
    ]);
});
