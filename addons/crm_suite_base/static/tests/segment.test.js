import { expect, test } from "@odoo/hoot";
import { Deferred } from "@odoo/hoot-mock";
import {
    addItem,
    completeCondition,
    findIncomplete,
    isComplete,
    removeItem,
    sentenceParts,
    updateItem,
    withoutIncomplete,
} from "@crm_suite_base/segment/condition_tree";
import { ConditionLine } from "@crm_suite_base/segment/condition_group";
import { groupOffers, SegmentBuilder } from "@crm_suite_base/segment/segment_builder";

const BOUGHT = {
    kind: "bought",
    group: "Purchases",
    label: "Purchases",
    sentence: "%(window)s %(number)s 100%% bought %(products)s",
    params: {
        window: { type: "choice", choices: [["ever", "ever"], ["last", "in the last"]], default: "ever" },
        number: { type: "number", default: 12, show_if: { window: ["last"] } },
        products: { type: "records", model: "product.product" },
    },
};
const CITY = {
    kind: "attribute",
    field: "city",
    group: "Who",
    label: "City",
    sentence: "City %(text)s",
    params: { text: { type: "text" } },
};
const CATALOGUE = { bought: BOUGHT, "attribute.city": CITY };
const TREE = {
    op: "all",
    items: [
        { kind: "attribute", field: "city", text: "Shanghai" },
        { op: "any", items: [{ kind: "bought", window: "ever", products: [] }] },
    ],
};

test("a condition asks for what its other values make necessary", () => {
    expect(completeCondition(BOUGHT)).toEqual({ kind: "bought", window: "ever" });
    const last = completeCondition(BOUGHT, { window: "last", products: [3] });
    expect(last).toEqual({ kind: "bought", window: "last", number: 12, products: [3] });
    expect(completeCondition(BOUGHT, { ...last, window: "ever" }).number).toBe(undefined);
});

test("zero is a value, nothing is none", () => {
    expect(isComplete(BOUGHT, { window: "last", number: 0, products: [1] })).toBe(true);
    expect(isComplete(BOUGHT, { window: "last", products: [1] })).toBe(false);
    expect(isComplete(BOUGHT, { window: "ever", products: [] })).toBe(false);
});

test("the sentence gives the order of the inputs", () => {
    const names = (values) =>
        sentenceParts(BOUGHT, values).map(({ text, name }) => text || `<${name}>`);
    expect(names({ window: "last" })).toEqual([
        "<window>",
        "<number>",
        "100% bought",
        "<products>",
    ]);
    expect(names({ window: "ever" })).toEqual(["<window>", "100% bought", "<products>"]);
});

test("what is not complete yet is found and left out", () => {
    expect(findIncomplete(TREE, CATALOGUE)).toEqual([[1, 0]]);
    expect(withoutIncomplete(TREE, CATALOGUE)).toEqual({
        op: "all",
        items: [TREE.items[0], { op: "any", items: [] }],
    });
});

test("changes make new trees", () => {
    const before = JSON.stringify(TREE);
    const added = addItem(TREE, [1], TREE.items[0]);
    expect(added.items[1].items).toHaveLength(2);
    const changed = updateItem(added, [1, 1], (item) => ({ ...item, text: "Beijing" }));
    expect(changed.items[1].items[1].text).toBe("Beijing");
    expect(removeItem(changed, [1]).items).toHaveLength(1);
    expect(updateItem(TREE, [], (tree) => ({ ...tree, op: "none" })).op).toBe("none");
    expect(JSON.stringify(TREE)).toBe(before);
});

test("conditions are offered by group in the order of the server", () => {
    expect(groupOffers([CITY, BOUGHT])).toEqual([
        { label: "Who", offers: [{ key: "attribute.city", label: "City" }] },
        { label: "Purchases", offers: [{ key: "bought", label: "Purchases" }] },
    ]);
});

test("a second change keeps the first while the record still asks the server", async () => {
    const data = { definition: TREE };
    const answers = [];
    const update = async (changes) => {
        const answer = new Deferred();
        answers.push(answer);
        await answer;
        Object.assign(data, changes);
    };
    const builder = Object.create(SegmentBuilder.prototype);
    Object.assign(builder, {
        props: { name: "definition", record: { data, update } },
        state: { edited: null },
    });
    const first = builder.update(addItem(builder.tree, [], TREE.items[0]));
    const second = builder.update(addItem(builder.tree, [], TREE.items[0]));
    expect(builder.tree.items).toHaveLength(4);
    answers[0].resolve();
    await first;
    expect(builder.tree.items).toHaveLength(4);
    answers[1].resolve();
    await second;
    expect(builder.state.edited).toBe(null);
    expect(data.definition.items).toHaveLength(4);
    expect(builder.tree).toBe(data.definition);
});

test("a condition that only others may see is not gone", () => {
    const line = Object.create(ConditionLine.prototype);
    const closed = { keys: ["figure.owed"], author: "Wang" };
    line.props = { condition: { kind: "figure", field: "owed" }, catalogue: CATALOGUE, closed };
    expect(line.isClosed).toBe(true);
    line.props.condition = { kind: "figure", field: "former" };
    expect(line.isClosed).toBe(false);
    line.props.condition = { kind: "bought" };
    expect(line.isClosed).toBe(false);
});
