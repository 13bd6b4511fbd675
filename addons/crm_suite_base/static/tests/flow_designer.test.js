import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { describe, expect, test } from "@odoo/hoot";
import {
    click,
    edit,
    keyDown,
    press,
    queryAll,
    queryOne,
    queryRect,
    queryText,
    select,
    waitUntil,
} from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import { Component, useState, xml } from "@odoo/owl";
import {
    contains,
    makeServerError,
    mountWithCleanup,
    onRpc,
    patchWithCleanup,
    preloadBundle,
} from "@web/../tests/web_test_helpers";
import { registry } from "@web/core/registry";
import { getTabableElements } from "@web/core/utils/ui";
import { FlowDesigner } from "@crm_suite_base/flow/flow_designer";
import { plainGraph } from "@crm_suite_base/flow/flow_graph";

describe.current.tags("desktop");
defineMailModels();
preloadBundle("crm_suite_base.flow_lib");

const GRAPH = plainGraph({
    nodes: [
        { id: "n1", type: "begin", name: "Begin", x: 0, y: 0 },
        { id: "n2", type: "choice", name: "Choice", x: 200, y: 0 },
        { id: "n3", type: "wait", name: "Wait", x: 500, y: 0, days: 2 },
    ],
    edges: [
        { id: "e1", from: "n1", to: "n2" },
        { id: "e2", from: "n2", to: "n3", when: "amount > 5" },
    ],
});

/** Two steps with room for a third between them. */
const ROOMY = plainGraph({
    nodes: [
        { id: "n1", type: "begin", name: "Begin", x: 0, y: 0 },
        { id: "n2", type: "stop", name: "Stop", x: 400, y: 0 },
    ],
    edges: [{ id: "e1", from: "n1", to: "n2" }],
});

/** Another family than that of approvals: the designer knows nothing of either. */
function defineTypes() {
    const nodes = registry.category("crm_suite_flow_nodes");
    const add = (type, values) =>
        nodes.add(
            `test.${type}`,
            { type, family: "test", label: type, icon: "fa-star", ...values },
            { force: true }
        );
    add("begin", { inputs: "none", unique: true, shape: "pill" });
    add("choice", { outputs: "many", conditions: true });
    add("wait", {
        describe: ({ days }) => `Waits ${days || "?"} days`,
        defaults: { days: 1 },
        properties: [
            { name: "days", type: "number", label: "Days" },
            {
                name: "unit",
                type: "choice",
                label: "Unit",
                choices: [
                    ["h", "Hours"],
                    ["d", "Days"],
                ],
                default: "d",
            },
            { name: "why", type: "text", label: "Why", showIf: ({ unit }) => unit === "h" },
            { name: "strict", type: "check", label: "Strict", more: true },
        ],
    });
    add("stop", { outputs: "none", shape: "pill" });
}

async function mount(props = {}) {
    defineTypes();
    class Parent extends Component {
        static template = xml`<div style="height: 700px; width: 1200px"><FlowDesigner t-props="state.props"/></div>`;
        static components = { FlowDesigner };
        static props = [];
        setup() {
            this.state = useState({
                props: {
                    family: "test",
                    graph: GRAPH,
                    onChange: (graph) => (this.state.props.graph = graph),
                    ...props,
                },
            });
        }
        get graph() {
            return plainGraph(this.state.props.graph);
        }
    }
    const parent = await mountWithCleanup(Parent);
    await animationFrame();
    return parent;
}

const card = (id) => `.o_crm_suite_flow_canvas [data-flow-node='${id}']`;
const act = (name) => `.o_crm_suite_flow_toolbar [data-act='${name}']`;
const palette = (type) => `.o_crm_suite_flow_palette [data-type='${type}']`;
const field = (name) => `.o_crm_suite_flow_side [data-name='${name}']`;

/** Like a person: press and release upon the card. */
async function choose(id) {
    await click(card(id));
    await animationFrame();
}

test("a flow is drawn: cards that say what they do, paths with conditions", async () => {
    await mount();
    expect(".o_crm_suite_flow_canvas [data-flow-node]").toHaveCount(3);
    expect(".x6-edge").toHaveCount(2);
    expect(`${card("n3")} .o_crm_suite_flow_sentence`).toHaveText("Waits 2 days");
    expect(".x6-edge-label").toHaveText("amount > 5");
    expect(card("n3")).toHaveAttribute("aria-label", "wait: Wait. Waits 2 days");
    expect(card("n3")).toHaveAttribute("tabindex", "0");
});

test("a flow is drawn where names may not be read or are not answered", async () => {
    onRpc("res.partner", "has_access", () => false);
    onRpc("res.partner", "web_search_read", () => expect.step("asked all the same"));
    onRpc("res.users", "has_access", () => true);
    onRpc("res.users", "web_search_read", () => {
        throw makeServerError({ type: "AccessError" });
    });
    registry.category("crm_suite_flow_nodes").add(
        "test.tell",
        {
            type: "tell",
            family: "test",
            label: "tell",
            icon: "fa-star",
            records: () => ({ "res.partner": [1], "res.users": [2] }),
            describe: (_node, { names }) =>
                `Tells ${names("res.partner", 1)} and ${names("res.users", 2)}`,
        },
        { force: true }
    );
    await mount({ graph: plainGraph({ nodes: [{ id: "n1", type: "tell", x: 0, y: 0 }] }) });
    expect(`${card("n1")} .o_crm_suite_flow_sentence`).toHaveText("Tells undefined and undefined");
    expect.verifySteps([]);
});

test("what may be there once only is not offered a second time", async () => {
    await mount();
    expect(palette("begin")).toHaveAttribute("disabled");
    expect(palette("stop")).not.toHaveAttribute("disabled");
});

test("a click in the palette adds a step behind the chosen one", async () => {
    const parent = await mount();
    await choose("n3");
    await click(palette("stop"));
    await animationFrame();
    expect(parent.graph.nodes.at(-1)).toMatchObject({ id: "n4", type: "stop", name: "stop" });
    expect(parent.graph.edges.at(-1)).toEqual({ id: "e3", from: "n3", to: "n4" });
    expect(card("n4")).toHaveClass("o_crm_suite_selected");
});

/** The new step n4 stands between n1 and n2. */
function expectStepBetween({ graph }) {
    expect(graph.edges.map(({ from, to }) => `${from}-${to}`)).toEqual(["n1-n4", "n2-n3", "n4-n2"]);
}

test("behind a chosen step that leads on, the new one goes in between", async () => {
    const parent = await mount();
    await choose("n1");
    await click(palette("wait"));
    await animationFrame();
    expectStepBetween(parent);
});

test("a click in the palette puts a step into the chosen path", async () => {
    const parent = await mount();
    await choose("n1");
    await click(`${field("paths")} .o_crm_suite_flow_path button:first`);
    await animationFrame();
    await click(palette("wait"));
    await animationFrame();
    expectStepBetween(parent);
});

test("a step is dropped where the mouse lets it go", async () => {
    const parent = await mount();
    await contains(palette("stop")).dragAndDrop(".o_crm_suite_flow_surface", {
        position: { x: 300, y: 300 },
    });
    expect(parent.graph.nodes).toHaveLength(4);
    expect(parent.graph.edges).toHaveLength(2);
    expect(parent.graph.nodes.at(-1).type).toBe("stop");
});

test("properties change the step, and letters in a row are undone at once", async () => {
    const parent = await mount();
    await choose("n3");
    await click(`${field("name")} input`);
    await edit("Rest");
    await animationFrame();
    expect(parent.graph.nodes[2].name).toBe("Rest");
    expect(`${card("n3")} .o_crm_suite_flow_title`).toHaveText("Rest");
    await click(`${field("days")} input`);
    await edit("5", { confirm: "tab" });
    await animationFrame();
    expect(parent.graph.nodes[2].days).toBe(5);
    expect(`${card("n3")} .o_crm_suite_flow_sentence`).toHaveText("Waits 5 days");
    await click(act("undo"));
    await click(act("undo"));
    await animationFrame();
    expect(parent.graph).toEqual(GRAPH);
    expect(act("undo")).toHaveAttribute("disabled");
    await click(act("redo"));
    await animationFrame();
    expect(parent.graph.nodes[2].name).toBe("Rest");
});

test("what is asked depends on what was answered", async () => {
    await mount();
    await choose("n3");
    expect(field("why")).toHaveCount(0);
    await click(`${field("unit")} select`);
    await select("h");
    await animationFrame();
    expect(field("why")).toHaveCount(1);
    expect(".o_crm_suite_flow_more [data-name='strict']").toHaveCount(1);
});

test("steps are connected and conditions given without a mouse", async () => {
    const parent = await mount();
    await choose("n2");
    await click(palette("stop"));
    await animationFrame();
    await choose("n3");
    await click(".o_crm_suite_flow_connect");
    await select("n4");
    await animationFrame();
    expect(parent.graph.edges.at(-1)).toEqual({ id: "e4", from: "n3", to: "n4" });
    await choose("n2");
    await click(`${field("paths")} li:eq(1) button:first`);
    await animationFrame();
    await click(`${field("default")} input`);
    await animationFrame();
    expect(parent.graph.edges[2]).toEqual({ id: "e3", from: "n2", to: "n4", default: true });
    expect(field("when")).toHaveCount(0);
});

test("keys: delete, undo, copy and paste, move, escape", async () => {
    const parent = await mount();
    await choose("n3");
    queryOne(card("n3")).focus();
    await press(["ctrl", "c"]);
    await press(["ctrl", "v"]);
    await animationFrame();
    expect(parent.graph.nodes).toHaveLength(4);
    expect(parent.graph.nodes[3]).toMatchObject({ type: "wait", days: 2 });
    queryOne(card("n4")).focus();
    await press("Delete");
    await animationFrame();
    expect(parent.graph.nodes).toHaveLength(3);
    queryOne(card("n3")).focus();
    await press(["ctrl", "z"]);
    await animationFrame();
    expect(parent.graph.nodes).toHaveLength(4);
    await choose("n3");
    queryOne(card("n3")).focus();
    await press("ArrowRight");
    await animationFrame();
    expect(parent.graph.nodes[2].x).toBe(510);
    expect(document.activeElement).toBe(queryOne(card("n3")));
    await press("Escape");
    await animationFrame();
    expect(".o_crm_suite_selected").toHaveCount(0);
});

test("a key in a text of the form is a letter, not an act", async () => {
    const parent = await mount();
    await choose("n3");
    await click(`${field("name")} input`);
    await keyDown("Delete");
    await animationFrame();
    expect(parent.graph.nodes).toHaveLength(3);
});

test("keys act after a click on the empty drawing, a drop and a delete", async () => {
    const parent = await mount();
    const ids = () => parent.graph.nodes.map(({ id }) => id).join();
    await contains(palette("stop")).dragAndDrop(".o_crm_suite_flow_surface", {
        position: { x: 300, y: 400 },
    });
    expect(ids()).toBe("n1,n2,n3,n4");
    expect(".o_crm_suite_flow_canvas").toBeFocused();
    await press(["ctrl", "z"]);
    await animationFrame();
    expect(ids()).toBe("n1,n2,n3");
    await press(["ctrl", "y"]);
    await animationFrame();
    await click(".o_crm_suite_flow_surface", { position: { x: 20, y: 20 }, relative: true });
    expect(".o_crm_suite_flow_canvas").toBeFocused();
    await press(["ctrl", "z"]);
    await animationFrame();
    expect(ids()).toBe("n1,n2,n3");
    await choose("n3");
    queryOne(card("n3")).focus();
    await press("Delete");
    await animationFrame();
    expect(ids()).toBe("n1,n2");
    expect(".o_crm_suite_flow_canvas").toBeFocused();
    await press(["ctrl", "z"]);
    await animationFrame();
    expect(ids()).toBe("n1,n2,n3");
    // The button of the bin is switched off after it.
    await choose("n3");
    await click(act("remove"));
    await animationFrame();
    await press(["ctrl", "z"]);
    await animationFrame();
    expect(ids()).toBe("n1,n2,n3");
});

test("a chosen path is deleted by a key", async () => {
    const parent = await mount();
    await choose("n1");
    await click(`${field("paths")} .o_crm_suite_flow_path button:first`);
    await animationFrame();
    expect(".o_crm_suite_flow_canvas").toBeFocused();
    await press("Delete");
    await animationFrame();
    expect(parent.graph.edges.map(({ id }) => id)).toEqual(["e2"]);
    await press(["ctrl", "z"]);
    await animationFrame();
    expect(parent.graph).toEqual(GRAPH);
});

test("in full screen no key reaches the form behind", async () => {
    const parent = await mount();
    const stopped = [];
    const listen = (ev) => stopped.push(`${ev.key} ${ev.defaultPrevented}`);
    await choose("n3");
    await press("Delete");
    await animationFrame();
    await click(act("full"));
    await animationFrame();
    document.activeElement.blur();
    expect(document.activeElement).toBe(document.body);
    await press(["ctrl", "z"]);
    await animationFrame();
    expect(parent.graph).toEqual(GRAPH);
    // A drawing to read has nothing to undo, but keeps the key.
    parent.state.props.readonly = true;
    await animationFrame();
    window.addEventListener("keydown", listen);
    queryOne(card("n3")).focus();
    await press(["ctrl", "z"]);
    window.removeEventListener("keydown", listen);
    expect(stopped).toEqual(["Control false"]);
    expect(parent.graph).toEqual(GRAPH);
});

test("in full screen the focus stays in the designer", async () => {
    await mount();
    const [before, after] = ["before", "after"].map((place) => {
        const input = document.createElement("input");
        queryOne(".o_crm_suite_flow")[place](input);
        return input;
    });
    await click(act("full"));
    await animationFrame();
    expect(".o_crm_suite_flow[role=dialog]").toHaveAttribute("aria-modal", "true");
    const root = queryOne(".o_crm_suite_flow");
    const places = getTabableElements(root);
    places.at(-1).focus();
    await press("Tab");
    expect(places[0]).toBeFocused();
    await press(["shift", "Tab"]);
    expect(places.at(-1)).toBeFocused();
    document.activeElement.blur();
    await press("Tab");
    expect(places[0]).toBeFocused();
    await click(act("full"));
    await animationFrame();
    expect(".o_crm_suite_flow[role=dialog]").toHaveCount(0);
    getTabableElements(root).at(-1).focus();
    await press("Tab");
    expect(after).toBeFocused();
    expect(before).not.toBeFocused();
});

test("zoom: by buttons, by Ctrl and the wheel, and all at once", async () => {
    await mount();
    const zoom = () => Number.parseInt(queryText(".o_crm_suite_flow_fit"));
    const [less, more] = queryAll(".o_crm_suite_flow_zoom button:not(.o_crm_suite_flow_fit)");
    const first = zoom();
    await click(more);
    await animationFrame();
    expect(zoom()).toBe(Math.round(first * 1.2));
    for (let times = 0; times < 20; times++) {
        await click(less);
    }
    await animationFrame();
    expect(zoom()).toBe(30);
    const surface = queryOne(".o_crm_suite_flow_surface");
    const { x, y } = queryRect(card("n2"));
    const wheel = (ctrlKey) =>
        queryOne(card("n2")).dispatchEvent(
            new WheelEvent("wheel", {
                ctrlKey,
                deltaY: -100,
                clientX: x,
                clientY: y,
                bubbles: true,
                cancelable: true,
            })
        );
    wheel(false);
    await animationFrame();
    expect(zoom()).toBe(30);
    wheel(true);
    // The library collects what the wheel does.
    await waitUntil(() => zoom() > 30);
    await click(".o_crm_suite_flow_fit");
    await animationFrame();
    const box = surface.getBoundingClientRect();
    for (const id of ["n1", "n2", "n3"]) {
        const shown = queryRect(card(id));
        expect(shown.left >= box.left && shown.right <= box.right).toBe(true);
    }
});

/** From the dot of a step to a place, with the button of the mouse down. */
async function draw(id, target) {
    const port = queryOne(`.x6-node[data-cell-id='${id}'] .x6-port-out circle`);
    const places = [port, target].map((el) => el.getBoundingClientRect());
    const [from, to] = places.map(({ x, y, width, height }) => [x + width / 2, y + height / 2]);
    const fire = (el, type, [clientX, clientY]) =>
        el.dispatchEvent(
            new MouseEvent(type, { clientX, clientY, button: 0, bubbles: true, cancelable: true })
        );
    fire(port, "mousedown", from);
    fire(document, "mousemove", [from[0] + 20, from[1] + 5]);
    fire(target, "mousemove", to);
    fire(target, "mouseup", to);
    await animationFrame();
}

test("a path is drawn with the mouse, from a dot to a step", async () => {
    const parent = await mount({ graph: { ...GRAPH, edges: [GRAPH.edges[0]] } });
    await draw("n2", queryOne(card("n3")));
    expect(parent.graph.edges.map(({ from, to }) => [from, to])).toEqual([
        ["n1", "n2"],
        ["n2", "n3"],
    ]);
    queryOne(card("n3")).focus();
    await press(["ctrl", "z"]);
    await animationFrame();
    expect(parent.graph.edges).toHaveLength(1);
});

test("the mouse draws no path that is not allowed, or into nowhere", async () => {
    const parent = await mount();
    await draw("n3", queryOne(card("n1")));
    await draw("n3", queryOne(".o_crm_suite_flow_toolbar"));
    expect(parent.graph).toEqual(GRAPH);
});

test("the undo of the browser stays in the designer", async () => {
    const parent = await mount();
    const outside = document.createElement("input");
    queryOne(".o_crm_suite_flow").before(outside);
    const undoOutside = () =>
        outside.dispatchEvent(
            new InputEvent("beforeinput", {
                inputType: "historyUndo",
                bubbles: true,
                cancelable: true,
            })
        );
    expect(undoOutside()).toBe(true);
    await choose("n3");
    await click(`${field("name")} input`);
    expect(undoOutside()).toBe(false);
    expect(parent.graph).toEqual(GRAPH);
});

test("a step that is dropped on a path goes into it, in one step to undo", async () => {
    const parent = await mount({ graph: ROOMY });
    const { left, right, top, bottom } = queryRect(".x6-edge path:first");
    const surface = queryRect(".o_crm_suite_flow_surface");
    const position = {
        x: (left + right) / 2 - surface.left,
        y: (top + bottom) / 2 + 10 - surface.top,
    };
    await contains(palette("wait")).dragAndDrop(".o_crm_suite_flow_surface", {
        position,
        relative: true,
    });
    const ways = parent.graph.edges.map(({ from, to }) => `${from}-${to}`);
    expect(ways).toEqual(["n1-n3", "n3-n2"]);
    await press(["ctrl", "z"]);
    await animationFrame();
    expect(parent.graph).toEqual(ROOMY);
    // A step that nothing leads to cannot be in a path: it lies beside.
    await contains(palette("stop")).dragAndDrop(".o_crm_suite_flow_surface", {
        position,
        relative: true,
    });
    expect(parent.graph.edges).toEqual(ROOMY.edges);
    expect(Math.abs(parent.graph.nodes[2].y - ROOMY.nodes[0].y)).toBeGreaterThan(40);
});

test("a step from the palette lies on no other one, and in view", async () => {
    const parent = await mount({ graph: { ...ROOMY, edges: [] } });
    await choose("n1");
    await click(palette("wait"));
    await animationFrame();
    await animationFrame();
    const added = parent.graph.nodes[2];
    const isApart = ROOMY.nodes.every(
        ({ x, y }) => Math.abs(x - added.x) > 200 || Math.abs(y - added.y) > 44
    );
    expect(isApart).toBe(true);
    const [seen, box] = [".o_crm_suite_flow_canvas", card("n3")].map((what) => queryRect(what));
    expect(box.left).toBeGreaterThan(seen.left);
    expect(box.right).toBeLessThan(seen.right);
    expect(box.bottom).toBeLessThan(seen.bottom);
});

test("paths are listed in the order in which they are asked, otherwise last", async () => {
    await mount({
        graph: {
            ...GRAPH,
            edges: [{ id: "e1", from: "n2", to: "n1", default: true }, GRAPH.edges[1]],
        },
    });
    await choose("n2");
    const texts = queryAll(`${field("paths")} .o_crm_suite_flow_path`).map(
        (el) => el.textContent
    );
    expect(texts[0]).toMatch(/amount > 5/);
    expect(texts[1]).toMatch(/otherwise/);
    expect(`${field("paths")} .fa-arrow-up`).toHaveCount(0);
});

test("problems are listed and marked; a click goes to the step", async () => {
    await mount({
        problems: [
            { node: "n3", field: "days", code: "x", message: "Too long." },
            { edge: "e2", field: "when", code: "y", message: "No such field." },
            { code: "z", message: "There is no end." },
        ],
    });
    expect(".o_crm_suite_flow_problems li").toHaveCount(3);
    expect(card("n3")).toHaveClass("o_crm_suite_broken");
    expect(".x6-edge-label").toHaveText("⚠ amount > 5");
    await click(".o_crm_suite_flow_problems li:first button");
    await animationFrame();
    expect(card("n3")).toHaveClass("o_crm_suite_selected");
    expect(`${field("days")}.o_crm_suite_wrong .text-danger`).toHaveText("Too long.");
    await click(".o_crm_suite_flow_problems li:eq(1) button");
    await animationFrame();
    expect(field("when")).toHaveCount(1);
});

test("arranging places the steps from left to right", async () => {
    const parent = await mount();
    await click(act("arrange"));
    await animationFrame();
    const [begin, choice, wait] = parent.graph.nodes.map(({ x }) => x);
    expect(begin).toBeLessThan(choice);
    expect(choice).toBeLessThan(wait);
    await click(act("undo"));
    await animationFrame();
    expect(parent.graph).toEqual(GRAPH);
});

test("another flow in the same place forgets the steps of the one before", async () => {
    const parent = await mount();
    await choose("n3");
    await click(palette("stop"));
    await animationFrame();
    parent.state.props.graph = { ...GRAPH, nodes: GRAPH.nodes.slice(0, 1), edges: [] };
    await animationFrame();
    expect(".o_crm_suite_flow_canvas [data-flow-node]").toHaveCount(1);
    expect(act("undo")).toHaveAttribute("disabled");
});

test("what may not be changed has no palette, and keys change nothing", async () => {
    const overlay = {
        nodes: {
            n1: { state: "done", who: [] },
            n3: {
                state: "open",
                who: [{ id: 2, name: "Li Na" }],
                hours: 3.5,
                tasks: [{ who: { id: 2, name: "Li Na" }, status: "open" }],
            },
        },
    };
    const parent = await mount({ readonly: true, overlay });
    expect(".o_crm_suite_flow_palette").toHaveCount(0);
    expect(".o_crm_suite_flow_side").toHaveCount(0);
    expect(`${card("n3")} .o_crm_suite_flow_line`).toHaveText("Li Na · 3.5 h");
    await choose("n3");
    expect(".o_crm_suite_flow_happened").toHaveText(/Li Na is asked/);
    queryOne(card("n3")).focus();
    await press("Delete");
    await animationFrame();
    expect(parent.graph).toEqual(GRAPH);
});

test("on a phone a flow is a list to read", async () => {
    const { env } = await mount();
    expect(".o_crm_suite_flow_steps").toHaveCount(0);
    patchWithCleanup(env.services.ui, { isSmall: true });
    await mount({ overlay: { nodes: { n3: { state: "exception", who: [] } } } });
    expect(".o_crm_suite_flow_steps:last > li").toHaveCount(3);
    const names = queryAll(".o_crm_suite_flow_steps:last > li .fw-bold").map(
        (el) => el.textContent
    );
    expect(names).toEqual(["Begin", "Choice", "Wait"]);
    expect(".o_crm_suite_flow_steps:last > li:last").toHaveText(/After Choice: amount > 5/);
    expect(".o_crm_suite_flow_steps:last > li:last").toHaveText(/Stuck/);
});
