import { backEdges } from "./flow_order";

const BETWEEN_RANKS = 60;
const BETWEEN_NODES = 40;
const LABEL_HEIGHT = 20;

/**
 * Places from left to right, so that paths cross as little as possible.
 *
 * @param {Object} graph
 * @param {Function} sizeOf (node) => {width, height}
 * @param {Function} labelOf (edge) => width of the text beside a path
 * @param {Object} dagre the library; see flow_library.js
 * @returns {Object} {id: {x, y}} of the upper left corners
 */
export function layout(graph, sizeOf, labelOf, dagre) {
    const drawing = new dagre.graphlib.Graph();
    drawing.setGraph({ rankdir: "LR", ranksep: BETWEEN_RANKS, nodesep: BETWEEN_NODES });
    drawing.setDefaultEdgeLabel(() => ({}));
    const back = backEdges(graph);
    for (const node of graph.nodes) {
        drawing.setNode(node.id, { ...sizeOf(node) });
    }
    const known = new Set(graph.nodes.map(({ id }) => id));
    for (const edge of graph.edges) {
        if (!back.has(edge.id) && known.has(edge.from) && known.has(edge.to)) {
            drawing.setEdge(edge.from, edge.to, { width: labelOf(edge), height: LABEL_HEIGHT });
        }
    }
    dagre.layout(drawing);
    const places = {};
    for (const { id } of graph.nodes) {
        const { x, y, width, height } = drawing.node(id);
        places[id] = { x: Math.round(x - width / 2), y: Math.round(y - height / 2) };
    }
    return places;
}
