import { pathsAsked } from "./flow_graph";
import { backEdges } from "./flow_order";

const BETWEEN_RANKS = 60;
const BETWEEN_NODES = 40;
const LABEL_HEIGHT = 20;

/**
 * Places from left to right; the paths out of a step lie from above to below in the order
 * in which they are asked, with all that follows on them.
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
    for (const edge of graph.nodes.flatMap(({ id }) => pathsAsked(graph, id))) {
        if (!back.has(edge.id) && known.has(edge.to)) {
            drawing.setEdge(edge.from, edge.to, { width: labelOf(edge), height: LABEL_HEIGHT });
        }
    }
    // Its own search for fewer crossings would mix the order of the paths up.
    dagre.layout(drawing, { disableOptimalOrderHeuristic: true });
    const places = {};
    for (const { id } of graph.nodes) {
        const { x, y, width, height } = drawing.node(id);
        places[id] = { x: Math.round(x - width / 2), y: Math.round(y - height / 2) };
    }
    return places;
}
