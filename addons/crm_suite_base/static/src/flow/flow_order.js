import { edgesFrom, edgesTo, pathsAsked } from "./flow_graph";

/** The paths that lead back to a node from which they come. */
export function backEdges(wholeGraph) {
    const graph = withoutLooseEnds(wholeGraph);
    const state = {};
    const back = new Set();
    const visit = (id) => {
        state[id] = "open";
        for (const edge of edgesFrom(graph, id)) {
            if (state[edge.to] === "open") {
                back.add(edge.id);
            } else if (!state[edge.to]) {
                visit(edge.to);
            }
        }
        state[id] = "done";
    };
    const roots = graph.nodes.filter(({ id }) => !edgesTo(graph, id).length);
    for (const { id } of [...roots, ...graph.nodes]) {
        if (!state[id]) {
            visit(id);
        }
    }
    return back;
}

/**
 * The nodes in the order in which a person reads them: one branch to its end, then the
 * next one, and where branches meet after all of them. What nothing leads to comes last.
 *
 * @returns {{ node: Object, edges: Object[], depth: number, follows: boolean }[]}
 *  edges: paths that lead to it, without those back; depth: branches around it;
 *  follows: whether it just follows the node before it in the list
 */
export function readingOrder(wholeGraph) {
    const graph = withoutLooseEnds(wholeGraph);
    const back = backEdges(graph);
    const forward = (edges) => edges.filter(({ id }) => !back.has(id));
    const byId = Object.fromEntries(graph.nodes.map((node) => [node.id, node]));
    const missing = Object.fromEntries(
        graph.nodes.map(({ id }) => [id, forward(edgesTo(graph, id)).length])
    );
    const depths = {};
    const steps = [];
    const roots = graph.nodes.filter(({ id }) => !missing[id]);
    const leads = (node) => edgesFrom(graph, node.id).length > 0;
    // The last one of the list is next: a branch is read to its end.
    const open = [...roots.filter(leads), ...roots.filter((node) => !leads(node))].reverse();
    while (open.length) {
        const node = open.pop();
        const edges = forward(edgesTo(graph, node.id));
        const depth = depthOf(edges, depths, (id) => forward(edgesFrom(graph, id)).length);
        depths[node.id] = depth;
        const last = steps.at(-1)?.node.id;
        steps.push({ node, edges, depth, follows: edges.some(({ from }) => from === last) });
        for (const edge of forward(pathsAsked(graph, node.id)).reverse()) {
            missing[edge.to] -= 1;
            if (!missing[edge.to] && byId[edge.to]) {
                open.push(byId[edge.to]);
            }
        }
    }
    return steps;
}

/** A path whose node is gone leads nowhere. */
function withoutLooseEnds(graph) {
    const known = new Set(graph.nodes.map(({ id }) => id));
    const edges = graph.edges.filter(({ from, to }) => known.has(from) && known.has(to));
    return { ...graph, edges };
}

function depthOf(edges, depths, branchesOf) {
    if (!edges.length) {
        return 0;
    }
    const [least] = edges.map(({ from }) => depths[from]).sort((a, b) => a - b);
    if (edges.length > 1) {
        return Math.max(0, least - 1);
    }
    return branchesOf(edges[0].from) > 1 ? least + 1 : least;
}
