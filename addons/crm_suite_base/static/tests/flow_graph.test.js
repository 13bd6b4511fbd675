import { expect, test } from "@odoo/hoot";
import { allowTranslations, makeMockEnv, preloadBundle } from "@web/../tests/web_test_helpers";
import { labelWidth, pathOf, wrapped } from "@crm_suite_base/flow/flow_cards";
import {
    addNode,
    canConnect,
    connect,
    copyItems,
    findEdge,
    findNode,
    freeName,
    insertOnEdge,
    moveEdge,
    moveNodes,
    nextId,
    pasteItems,
    pathsAsked,
    plainGraph,
    reconnect,
    removeItems,
    sameGraph,
    updateEdge,
    updateNode,
} from "@crm_suite_base/flow/flow_graph";
import { FlowHistory } from "@crm_suite_base/flow/flow_history";
import { actOfKey } from "@crm_suite_base/flow/flow_keys";
import { layout } from "@crm_suite_base/flow/flow_layout";
import { loadFlowLibrary } from "@crm_suite_base/flow/flow_library";
import { backEdges, readingOrder } from "@crm_suite_base/flow/flow_order";
import { durationText, isWalked, overlayLine, whoText } from "@crm_suite_base/flow/flow_overlay";
import { nearestPlace } from "@crm_suite_base/flow/flow_place";
import { route, textDistance } from "@crm_suite_base/flow/flow_route";

preloadBundle("crm_suite_base.flow_lib");

const TYPES = {
    start: { inputs: "none", outputs: "one", unique: true },
    step: { outputs: "one" },
    fork: { outputs: "many", conditions: true },
    end: { outputs: "none" },
};
const node = (id, type, x = 0, y = 0) => ({ id, type, name: id.toUpperCase(), x, y });
const edge = (id, from, to, more = {}) => ({ id, from, to, ...more });
/** start → fork → (a | b) → end, and b back to fork */
const GRAPH = plainGraph({
    nodes: [
        node("s", "start"),
        node("f", "fork", 200),
        node("a", "step", 400),
        node("b", "step", 400, 200),
        node("e", "end", 600),
    ],
    edges: [
        edge("e1", "s", "f"),
        edge("e2", "f", "a", { when: "amount > 5" }),
        edge("e3", "f", "b", { default: true }),
        edge("e4", "a", "e"),
    ],
});

function unchanged(act) {
    const before = JSON.stringify(GRAPH);
    const result = act();
    expect(JSON.stringify(GRAPH)).toBe(before);
    return result;
}

test("a new node is not called as another one is", () => {
    const graph = { nodes: [node("n1", "step"), { ...node("n2", "step"), name: "Ask" }] };
    expect(freeName(graph, "Look")).toBe("Look");
    expect(freeName(graph, "Ask")).toBe("Ask 2");
    graph.nodes.push({ ...node("n3", "step"), name: "Ask 2" });
    expect(freeName(graph, "Ask")).toBe("Ask 3");
});

test("a field without a flow is an empty flow", () => {
    expect(plainGraph(false)).toEqual({ schema: 1, nodes: [], edges: [] });
    expect(sameGraph(null, { schema: 1, nodes: [], edges: [] })).toBe(true);
    expect(sameGraph(GRAPH, moveNodes(GRAPH, { a: { x: 1, y: 1 } }))).toBe(false);
});

test("ids are never used twice", () => {
    expect(nextId([], "n")).toBe("n1");
    expect(nextId([{ id: "n2" }, { id: "n9" }, { id: "start" }], "n")).toBe("n10");
});

test("new steps do not lie upon others", () => {
    const [graph, id] = unchanged(() =>
        addNode(GRAPH, { type: "step", name: "New", x: 403, y: 4 })
    );
    expect(findNode(graph, id)).toEqual({ id, type: "step", name: "New", x: 440, y: 40 });
});

test("what a type does not allow cannot be connected", () => {
    expect(canConnect(GRAPH, "b", "e", TYPES)).toBe(true);
    expect(canConnect(GRAPH, "a", "b", TYPES)).toBe(false); // one path only
    expect(canConnect(GRAPH, "f", "e", TYPES)).toBe(true); // many paths
    expect(canConnect(GRAPH, "f", "a", TYPES)).toBe(false); // there is one
    expect(canConnect(GRAPH, "b", "s", TYPES)).toBe(false); // nothing leads to a start
    expect(canConnect(GRAPH, "e", "a", TYPES)).toBe(false); // nothing leaves an end
    expect(canConnect(GRAPH, "b", "b", TYPES)).toBe(false);
    expect(canConnect(GRAPH, "b", "gone", TYPES)).toBe(false);
    expect(connect(GRAPH, "a", "b", TYPES)).toBe(GRAPH);
    expect(findEdge(connect(GRAPH, "b", "e", TYPES), "e5")).toEqual({
        id: "e5",
        from: "b",
        to: "e",
    });
});

test("a path can be led elsewhere, with its condition", () => {
    const turned = unchanged(() => reconnect(GRAPH, "e2", { to: "e" }, TYPES));
    expect(findEdge(turned, "e2")).toEqual(edge("e2", "f", "e", { when: "amount > 5" }));
    expect(reconnect(GRAPH, "e2", { to: "b" }, TYPES)).toBe(GRAPH);
});

test("one path is the default, and it has no condition", () => {
    const graph = unchanged(() => updateEdge(GRAPH, "e2", { default: true }));
    expect(findEdge(graph, "e2")).toEqual(edge("e2", "f", "a", { default: true }));
    expect(findEdge(graph, "e3")).toEqual(edge("e3", "f", "b"));
});

test("conditions can be asked in another order", () => {
    const order = (graph) => graph.edges.map(({ id }) => id).join();
    expect(order(unchanged(() => moveEdge(GRAPH, "e3", -1)))).toBe("e1,e3,e2,e4");
    expect(moveEdge(GRAPH, "e2", -1)).toBe(GRAPH);
});

test("with a step its paths go", () => {
    const graph = unchanged(() => removeItems(GRAPH, ["f", "e4"]));
    expect(graph.nodes.map(({ id }) => id)).toEqual(["s", "a", "b", "e"]);
    expect(graph.edges).toEqual([]);
});

test("a property that is taken away is gone, not empty", () => {
    const graph = updateNode(GRAPH, "a", { share: 50, name: undefined });
    expect(findNode(graph, "a")).toEqual({ id: "a", type: "step", x: 400, y: 0, share: 50 });
});

test("a step can be put into a path; the condition stays in front of it", () => {
    const [graph, id] = unchanged(() =>
        insertOnEdge(GRAPH, "e2", { type: "step", name: "New" }, TYPES)
    );
    expect(findEdge(graph, "e2")).toEqual(edge("e2", "f", id, { when: "amount > 5" }));
    expect(graph.edges.at(-1)).toEqual(edge("e5", id, "a"));
});

test("copies keep the paths between them, and a second start is not made", () => {
    const copied = unchanged(() => copyItems(GRAPH, ["s", "f", "a"]));
    expect(copied.edges.map(({ id }) => id)).toEqual(["e1", "e2"]);
    const [graph, ids] = pasteItems(GRAPH, copied, TYPES);
    expect(ids).toEqual(["n1", "n2"]);
    expect(graph.edges.at(-1)).toEqual(edge("e5", "n1", "n2", { when: "amount > 5" }));
    expect(graph.nodes.filter(({ type }) => type === "start")).toHaveLength(1);
    // Into a flow that does not know the type.
    expect(pasteItems(GRAPH, copied, {})[1]).toEqual([]);
});

test("steps are undone and done again; letters of one field are one step", () => {
    const history = new FlowHistory();
    history.push("a", "n1 name");
    history.push("ab", "n1 name");
    history.push("abc", null);
    expect(history.undo("abcd")).toBe("abc");
    expect(history.undo("abc")).toBe("a");
    expect(history.canUndo).toBe(false);
    expect(history.undo("a")).toBe("a");
    expect(history.redo("a")).toBe("abc");
    history.push("abc");
    expect(history.canRedo).toBe(false);
});

test("after an undo, the same field is a new step", () => {
    const history = new FlowHistory();
    history.push("a", "n1 name");
    history.undo("ab");
    history.push("a", "n1 name");
    expect(history.canUndo).toBe(true);
});

test("a flow is read branch by branch", () => {
    const steps = readingOrder(connect(GRAPH, "b", "e", TYPES));
    expect(steps.map(({ node, depth }) => `${node.id}${depth}`)).toEqual([
        "s0",
        "f0",
        "a1",
        "b1",
        "e0",
    ]);
    expect(steps.map(({ follows }) => follows)).toEqual([false, true, true, false, true]);
});

test("paths back do not confuse the reading order, nor do paths into nowhere", () => {
    const graph = {
        ...GRAPH,
        nodes: [...GRAPH.nodes, node("alone", "step")],
        edges: [
            ...GRAPH.edges,
            edge("e5", "b", "f"),
            edge("e6", "gone", "a"),
            edge("e7", "a", "gone"),
        ],
    };
    expect([...backEdges(graph)]).toEqual(["e5"]);
    expect(readingOrder(graph).map(({ node }) => node.id)).toEqual([
        "s",
        "f",
        "a",
        "e",
        "b",
        "alone",
    ]);
});

test("a path turns early where it has room", () => {
    const [start, end] = [
        { x: 0, y: 0 },
        { x: 200, y: 100 },
    ];
    const xs = (boxes) => route(start, end, boxes).map(({ x }) => x);
    expect(xs([])).toEqual([24, 24]);
    expect(xs([{ x: 100, y: 80, width: 50, height: 50 }])).toEqual([176, 176]);
    // In both rows: around them, on the shorter side.
    const both = [0, 80].map((y) => ({ x: 100, y, width: 50, height: 50 }));
    expect(route(start, end, both)).toEqual([
        { x: 24, y: 0 },
        { x: 24, y: -24 },
        { x: 176, y: -24 },
        { x: 176, y: 100 },
    ]);
});

test("a path back runs around the steps between", () => {
    const own = [
        { x: 300, y: 0, width: 100, height: 50 },
        { x: 0, y: 0, width: 100, height: 50 },
    ];
    const corners = route({ x: 400, y: 25 }, { x: 0, y: 25 }, [], own);
    expect(corners.map(({ x }) => x)).toEqual([424, 424, -24, -24]);
    expect(corners[1].y).toBe(74);
});

test("the text of a path stands where the path is level and long enough", () => {
    const at = (x, y) => ({ x, y });
    // Just in front of the step, else on the way around what lies between.
    expect(textDistance([at(0, 0), at(24, 0), at(24, 50), at(200, 50)], 60, 20)).toBe(50);
    const around = [at(0, 0), at(24, 0), at(24, 90), at(300, 90), at(300, 0), at(324, 0)];
    expect(textDistance(around, 60, 20)).toBe(24 + 90 + 50);
    expect(textDistance([at(0, 0), at(10, 0)], 60, 20)).toBe(50);
});

test("the text of a path has two lines at most", () => {
    expect(wrapped("amount > 5")).toBe("amount > 5");
    expect(wrapped("amount_total > 50000 and max(lines.discount) > 15")).toBe(
        "amount_total > 50000 and\nmax(lines.discount) > 15"
    );
    expect(labelWidth("金额")).toBeGreaterThan(labelWidth("ab"));
});

test("a path says when it is taken", () => {
    allowTranslations();
    const about = { types: TYPES, graph: GRAPH, problems: [{ edge: "e2", message: "?" }] };
    expect(pathOf(findEdge(GRAPH, "e3"), about).label).toBe("otherwise");
    expect(pathOf(findEdge(GRAPH, "e2"), about).label).toBe("⚠ amount > 5");
    expect(pathOf(edge("e9", "f", "e"), about).label).toBe("no condition yet");
    expect(pathOf(findEdge(GRAPH, "e1"), about).label).toBe("");
});

test("what happened at a step is told in a line", async () => {
    await makeMockEnv();
    expect(durationText(0)).toBe("");
    expect(durationText(0.2)).toBe("12 min");
    expect(durationText(3.5)).toBe("3.5 h");
    expect(whoText(["Li Na", { id: 3, name: "Wang Fang" }])).toBe("Li Na, Wang Fang");
    expect(whoText(["Li Na", "Wang Fang", "Zhao Min"])).toBe("Li Na and 2 more");
    const open = overlayLine({ state: "open", who: [{ id: 2, name: "Li Na" }], hours: 3.5 });
    expect(open.text).toBe("Li Na · 3.5 h");
    expect(open.title).toBe("Waiting for a decision\nLi Na");
    expect(overlayLine({ state: "done", who: [], hours: 0 }).text).toBe("Done");
    expect(overlayLine({ state: "exception", who: [] }).color).toBe("danger");
    expect(overlayLine({ count: 34, nobody: 2 }).text).toBe("34 times · nobody found: 2");
    expect(overlayLine({ count: 0 }).text).toBe("0 times");
    // A replay: red, yellow, blue, green, grey.
    const colors = [
        { count: 3, asked: 2, nobody: 1, open: 1 },
        { count: 3, asked: 2, open: 1 },
        { count: 3, asked: 3, auto: 1 },
        { count: 3, auto: 3 },
        { count: 0 },
    ].map((entry) => overlayLine(entry).color);
    expect(colors).toEqual(["danger", "warning", "primary", "success", "secondary"]);
    expect(overlayLine(undefined)).toBe(null);
});

test("a path was walked when both its ends were reached", () => {
    const overlay = {
        nodes: { s: { state: "done" }, f: { state: "open" }, a: { state: "waiting" } },
    };
    expect(isWalked(findEdge(GRAPH, "e1"), overlay)).toBe(true);
    expect(isWalked(findEdge(GRAPH, "e2"), overlay)).toBe(false);
    expect(isWalked(findEdge(GRAPH, "e1"), null)).toBe(false);
});

test("of a request only the paths that it took were walked", () => {
    // It is over: what was not reached is skipped, and b was reached on another path.
    const states = { s: "done", f: "done", a: "done", b: "done", e: "skipped" };
    const nodes = Object.fromEntries(Object.entries(states).map(([id, state]) => [id, { state }]));
    const walked = (overlay) =>
        GRAPH.edges.filter((path) => isWalked(path, overlay)).map(({ id }) => id);
    expect(walked({ nodes, walked: ["e1", "e2"] })).toEqual(["e1", "e2"]);
    expect(walked({ nodes })).toEqual(["e1", "e2", "e3"]);
});

test("branches are placed from above to below in the order in which they are asked", async () => {
    const { dagre } = await loadFlowLibrary();
    const paths = [
        edge("e2", "f", "x", { default: true }),
        edge("e3", "f", "c", { when: "amount > 9" }),
        edge("e4", "f", "a", { when: "amount > 5" }),
        edge("e5", "f", "b", { when: "amount > 1" }),
    ];
    const branches = ["a", "b", "c", "x"];
    const graph = plainGraph({
        nodes: [
            node("s", "start"),
            node("f", "fork"),
            ...branches.map((id) => node(id, "step")),
            node("e", "end"),
            node("d", "step"),
        ],
        edges: [
            edge("e1", "s", "f"),
            ...paths,
            // Those that meet earlier would be drawn together else.
            edge("e6", "x", "d"),
            edge("e7", "c", "d"),
            edge("e8", "d", "e"),
            edge("e9", "a", "e"),
            edge("e10", "b", "e"),
        ],
    });
    const sizeOf = () => ({ width: 200, height: 84 });
    const places = layout(graph, sizeOf, () => 60, dagre);
    const order = [...branches].sort((one, other) => places[one].y - places[other].y);
    expect(order).toEqual(["c", "a", "b", "x"]);
    expect(pathsAsked(graph, "f").map(({ id }) => id)).toEqual(["e3", "e4", "e5", "e2"]);
});

test("a place is looked for near where it was wanted", () => {
    const box = (x, y) => ({ x, y, width: 100, height: 40 });
    expect(nearestPlace(box(0, 0), [])).toEqual({ x: 0, y: 0 });
    expect(nearestPlace(box(0, 0), [box(0, 0)])).toEqual({ x: 0, y: 60 });
    const path = [
        { x: -200, y: 20 },
        { x: 300, y: 20 },
    ];
    expect(nearestPlace(box(0, 0), [], [path]).y).not.toBe(0);
});

test("keys act in the drawing only", () => {
    const target = document.createElement("div");
    const key = (name, more = {}) => ({ key: name, target, ...more });
    expect(actOfKey(key("Delete"), true)).toBe("remove");
    expect(actOfKey(key("Delete"), false)).toBe(undefined);
    expect(actOfKey(key("z", { ctrlKey: true }), true)).toBe("undo");
    expect(actOfKey(key("Z", { metaKey: true, shiftKey: true }), true)).toBe("redo");
    expect(actOfKey(key("c"), true)).toBe(undefined);
    expect(actOfKey(key("Escape"), false)).toBe("leave");
    expect(actOfKey(key("Enter"), true)).toBe(undefined);
});
