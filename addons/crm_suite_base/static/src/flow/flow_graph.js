/**
 * A flow as data, without a screen: {schema, nodes: [{id, type, name, x, y, …}], edges:
 * [{id, from, to, when, default, label}]}. Functions return new graphs; what they are
 * given stays as it is. What a type allows is described by its node type, see
 * flow_node_types.js.
 */

export const SCHEMA = 1;
const GRID = 10;
const PLACE_STEP = 40;
const NEAR = 30;

/** A plain copy of what a field holds, which may be nothing yet. */
export function plainGraph(value) {
    const graph = value ? JSON.parse(JSON.stringify(value)) : {};
    return {
        ...graph,
        schema: graph.schema || SCHEMA,
        nodes: graph.nodes || [],
        edges: graph.edges || [],
    };
}

export function sameGraph(one, other) {
    return JSON.stringify(plainGraph(one)) === JSON.stringify(plainGraph(other));
}

export function findNode(graph, id) {
    return graph.nodes.find((node) => node.id === id);
}

export function findEdge(graph, id) {
    return graph.edges.find((edge) => edge.id === id);
}

export function edgesFrom(graph, id) {
    return graph.edges.filter((edge) => edge.from === id);
}

/** The paths out of a node in the order in which they are asked: “otherwise” comes last. */
export function pathsAsked(graph, id) {
    const paths = edgesFrom(graph, id);
    return [...paths.filter((edge) => !edge.default), ...paths.filter((edge) => edge.default)];
}

export function edgesTo(graph, id) {
    return graph.edges.filter((edge) => edge.to === id);
}

/** An id that the graph does not have: a letter and the next number. */
export function nextId(items, letter) {
    const numbers = items.map(({ id }) => Number(String(id).match(/\d+$/)?.[0] || 0));
    return `${letter}${Math.max(0, ...numbers) + 1}`;
}

function onGrid(value) {
    return Math.round(value / GRID) * GRID;
}

/** The next place, downwards, at which no other node lies. */
export function freePlace(graph, x, y) {
    const place = { x: onGrid(x), y: onGrid(y) };
    const isTaken = () =>
        graph.nodes.some(
            (node) => Math.abs(node.x - place.x) < NEAR && Math.abs(node.y - place.y) < NEAR
        );
    while (isTaken()) {
        place.x += PLACE_STEP;
        place.y += PLACE_STEP;
    }
    return place;
}

/** A name for a new node that no other has: lists and sentences tell nodes by it. */
export function freeName(graph, name) {
    const taken = new Set(graph.nodes.map((node) => node.name));
    let free = name;
    for (let number = 2; taken.has(free); number++) {
        free = `${name} ${number}`;
    }
    return free;
}

/** @returns {[Object, string]} the new graph and the id of the new node */
export function addNode(graph, { type, name, x = 0, y = 0, ...values }) {
    const id = nextId(graph.nodes, "n");
    const node = { id, type, name, ...freePlace(graph, x, y), ...values };
    return [{ ...graph, nodes: [...graph.nodes, node] }, id];
}

function merged(item, values) {
    const changed = { ...item, ...values };
    for (const [name, value] of Object.entries(values)) {
        if (value === undefined) {
            delete changed[name];
        }
    }
    return changed;
}

/** @param {Object} values new values; what is undefined is taken away */
export function updateNode(graph, id, values) {
    const nodes = graph.nodes.map((node) => (node.id === id ? merged(node, values) : node));
    return { ...graph, nodes };
}

/** @param {Object} places {id: {x, y}} */
export function moveNodes(graph, places) {
    const nodes = graph.nodes.map((node) => {
        const place = places[node.id];
        return place ? { ...node, x: Math.round(place.x), y: Math.round(place.y) } : node;
    });
    return { ...graph, nodes };
}

/** Whether a path from one node to the other can be drawn. */
export function canConnect(graph, from, to, types) {
    const [source, target] = [findNode(graph, from), findNode(graph, to)];
    if (!source || !target || from === to) {
        return false;
    }
    const sourceType = types[source.type];
    const targetType = types[target.type];
    const outgoing = edgesFrom(graph, from);
    return (
        sourceType?.outputs !== "none" &&
        targetType?.inputs !== "none" &&
        !outgoing.some((edge) => edge.to === to) &&
        (sourceType?.outputs === "many" || !outgoing.length)
    );
}

/** A new path. The node type's first two paths of a condition get a default by themselves. */
export function connect(graph, from, to, types) {
    if (!canConnect(graph, from, to, types)) {
        return graph;
    }
    const edge = { id: nextId(graph.edges, "e"), from, to };
    return { ...graph, edges: [...graph.edges, edge] };
}

/** The graph with a path that leads from or to another node than before. */
export function reconnect(graph, id, ends, types) {
    const edge = findEdge(graph, id);
    const without = { ...graph, edges: graph.edges.filter((other) => other.id !== id) };
    const { from, to } = { ...edge, ...ends };
    if (!canConnect(without, from, to, types)) {
        return graph;
    }
    const edges = graph.edges.map((other) => (other.id === id ? { ...other, from, to } : other));
    return { ...graph, edges };
}

/** One path out of a node is the default one: to make it another unmarks the first. */
export function updateEdge(graph, id, values) {
    const { from } = findEdge(graph, id);
    const edges = graph.edges.map((edge) => {
        if (edge.id === id) {
            return merged(edge, values.default ? { ...values, when: undefined } : values);
        }
        return values.default && edge.from === from ? merged(edge, { default: undefined }) : edge;
    });
    return { ...graph, edges };
}

/** Conditions are asked in the order of the paths: move one up (-1) or down (1). */
export function moveEdge(graph, id, step) {
    const edge = findEdge(graph, id);
    const siblings = pathsAsked(graph, edge.from);
    const other = siblings[siblings.indexOf(edge) + step];
    if (!other) {
        return graph;
    }
    const edges = graph.edges.map((item) => (item === edge ? other : item === other ? edge : item));
    return { ...graph, edges };
}

/** The graph without these nodes and paths, and without paths of nodes that are gone. */
export function removeItems(graph, ids) {
    const gone = new Set(ids);
    return {
        ...graph,
        nodes: graph.nodes.filter(({ id }) => !gone.has(id)),
        edges: graph.edges.filter(({ id, from, to }) => ![id, from, to].some((i) => gone.has(i))),
    };
}

/**
 * A node between the two ends of a path; the path's condition stays in front of it.
 *
 * @returns {[Object, string]} the new graph and the id of the new node
 */
export function insertOnEdge(graph, edgeId, values, types) {
    const edge = findEdge(graph, edgeId);
    const [source, target] = [findNode(graph, edge.from), findNode(graph, edge.to)];
    const middle = { x: (source.x + target.x) / 2, y: (source.y + target.y) / 2 };
    const [added, id] = addNode(graph, { ...middle, ...values });
    const turned = reconnect(added, edgeId, { to: id }, types);
    return [connect(turned, id, edge.to, types), id];
}

/** What a copy holds: the nodes chosen, and the paths between them. */
export function copyItems(graph, ids) {
    const chosen = new Set(ids);
    return plainGraph({
        nodes: graph.nodes.filter(({ id }) => chosen.has(id)),
        edges: graph.edges.filter(({ from, to }) => chosen.has(from) && chosen.has(to)),
    });
}

/**
 * What was copied, put in a second time beside the first. Types that may be there only
 * once are left out if they are there.
 *
 * @returns {[Object, string[]]} the new graph and the ids of the new nodes
 */
export function pasteItems(graph, copied, types) {
    const newIds = {};
    let pasted = graph;
    for (const { id, ...values } of copied.nodes) {
        const isThere = graph.nodes.some((node) => node.type === values.type);
        if (!types[values.type] || (types[values.type].unique && isThere)) {
            continue;
        }
        const place = { x: values.x + PLACE_STEP, y: values.y + PLACE_STEP };
        [pasted, newIds[id]] = addNode(pasted, { ...values, ...place });
    }
    for (const edge of copied.edges) {
        const [from, to] = [newIds[edge.from], newIds[edge.to]];
        if (from && to) {
            const id = nextId(pasted.edges, "e");
            pasted = { ...pasted, edges: [...pasted.edges, { ...edge, id, from, to }] };
        }
    }
    return [pasted, Object.values(newIds)];
}
