import {
    Component,
    onMounted,
    onWillStart,
    onWillUnmount,
    useEffect,
    useRef,
    useState,
} from "@odoo/owl";
import { cardOf, labelWidth, pathOf } from "./flow_cards";
import { canConnect, connect, findNode, moveNodes, plainGraph, reconnect } from "./flow_graph";
import { loadFlowLibrary } from "./flow_library";
import { layout } from "./flow_layout";
import { neededRecords, nodeSize, nodeTypes } from "./flow_node_types";
import { useRecordNames } from "./flow_names";
import { nearestPlace } from "./flow_place";
import { FlowSurface } from "./flow_surface";

const PLACE_FOR_TEXT = 60;

/**
 * The drawing of a flow: nodes as cards that say what they do, paths with their
 * conditions, zoom and fit; what happened at the nodes, if there is an overlay.
 */
export class FlowCanvas extends Component {
    static template = "crm_suite_base.FlowCanvas";
    static props = {
        graph: { optional: true },
        family: String,
        readonly: { type: Boolean, optional: true },
        /** {nodes: {id: {state, who, since, until, hours} | {count, nobody}}} */
        overlay: { type: [Object, { value: null }], optional: true },
        /** [{node | edge, field, code, message}] */
        problems: { type: Array, optional: true },
        /** ids of nodes and paths */
        selected: { type: Array, optional: true },
        onSelect: { type: Function, optional: true },
        onChange: { type: Function, optional: true },
        /** gets the acts from outside, see start() */
        api: { type: Function, optional: true },
        slots: { type: Object, optional: true },
    };
    static defaultProps = { readonly: false, problems: [], selected: [], overlay: null };

    setup() {
        this.root = useRef("root");
        this.surfaceRef = useRef("surface");
        this.toShow = null;
        this.state = useState({ zoom: 1 });
        this.names = useRecordNames();
        this.types = nodeTypes(this.props.family);
        onWillStart(async () => {
            const [library] = await Promise.all([
                loadFlowLibrary(),
                this.names.load(neededRecords(this.graph, this.types)),
            ]);
            this.library = library;
        });
        onMounted(() => this.start());
        onWillUnmount(() => this.surface.destroy());
        useEffect(
            () => this.refresh(),
            () => [this.fingerprint]
        );
    }

    get graph() {
        const graph = plainGraph(this.props.graph);
        // A flow that a program has written may have no places.
        return graph.nodes.every(({ x, y }) => x !== undefined && y !== undefined)
            ? graph
            : moveNodes(
                  graph,
                  this.layout(graph, () => PLACE_FOR_TEXT)
              );
    }

    /** Where a request is now, or where the flow begins. */
    get firstStep() {
        const { nodes = {} } = this.props.overlay || {};
        const isNow = (id) => ["open", "exception"].includes(nodes[id]?.state);
        const { graph } = this;
        const start = graph.nodes.find(({ type }) => this.types[type]?.inputs === "none");
        return (graph.nodes.find(({ id }) => isNow(id)) || start || graph.nodes[0])?.id;
    }

    layout(graph, labelOf) {
        const { types, library, props } = this;
        const sizeOf = (node) => nodeSize(types[node.type], Boolean(props.overlay));
        return library ? layout(graph, sizeOf, labelOf, library.dagre) : {};
    }

    get cards() {
        const { graph, types } = this;
        const { overlay, problems, selected, readonly } = this.props;
        const about = { types, graph, names: this.names.of, overlay, problems, selected, readonly };
        return {
            nodes: Object.fromEntries(graph.nodes.map((node) => [node.id, cardOf(node, about)])),
            edges: Object.fromEntries(graph.edges.map((edge) => [edge.id, pathOf(edge, about)])),
        };
    }

    /** Everything the drawing depends on: it is drawn anew when this changes. */
    get fingerprint() {
        return JSON.stringify([this.graph, this.cards, this.props.selected]);
    }

    get zoomText() {
        return `${Math.round(this.state.zoom * 100)}%`;
    }

    start() {
        const change = (graph) => this.props.onChange?.(graph);
        this.surface = new FlowSurface(this.surfaceRef.el, this.library.X6, {
            readonly: this.props.readonly,
            canConnect: (from, to, edgeId) => this.canConnect(from, to, edgeId),
            onConnect: (from, to) => change(connect(this.graph, from, to, this.types)),
            onReconnect: (id, ends) => {
                change(reconnect(this.graph, id, ends, this.types));
                // What the user dragged is put back when it was not allowed.
                this.sync();
            },
            onMove: (places) => change(moveNodes(this.graph, places)),
            getFocus: () => this.firstStep,
            onFocusLost: () => this.takeFocus(),
            onSelect: (ids) => this.props.onSelect?.(ids),
            onZoom: (factor) => (this.state.zoom = factor),
        });
        this.sync();
        this.surface.begin();
        this.props.api?.({
            reveal: (id) => this.surface.reveal(id),
            show: (id) => (this.toShow = id),
            focus: (id) => this.surface.focus(id),
            takeFocus: () => this.takeFocus(),
            middle: () => this.surface.middle(),
            placeAt: (x, y) => this.surface.placeAt(x, y),
            freePlace: (type, place, onPaths) => this.freePlace(type, place, onPaths),
            pathAt: (type, place) => this.surface.pathAt(this.boxAt(type, place)),
            begin: () => this.surface.begin(),
            arrange: () => this.arrange(),
        });
    }

    refresh() {
        if (this.surface) {
            this.sync();
            this.names.load(neededRecords(this.graph, this.types));
        }
    }

    sync() {
        const { nodes, edges } = this.cards;
        this.surface.sync(this.graph, nodes, edges, [...this.props.selected]);
        if (findNode(this.graph, this.toShow)) {
            this.surface.show(this.toShow);
            this.toShow = null;
        }
    }

    /** Keys act on the drawing from here on. */
    takeFocus() {
        this.root.el?.focus({ preventScroll: true });
    }

    /** The card of a new step with its middle at a place. */
    boxAt(type, { x, y }) {
        const { width, height } = nodeSize(this.types[type]);
        return { x: x - width / 2, y: y - height / 2, width, height };
    }

    /**
     * Where a new step fits with its middle near a place, on no other step.
     *
     * @param {boolean} [onPaths] whether it may lie on paths
     * @returns {{x, y}} of its upper left corner
     */
    freePlace(type, place, onPaths = false) {
        const paths = onPaths ? [] : this.surface.paths.map(({ points }) => points);
        return nearestPlace(this.boxAt(type, place), this.surface.boxes, paths);
    }

    canConnect(from, to, edgeId) {
        const graph = this.graph;
        const others = { ...graph, edges: graph.edges.filter(({ id }) => id !== edgeId) };
        return canConnect(others, from, to, this.types);
    }

    /** The graph with its nodes placed by the library. */
    arrange() {
        const { graph } = this;
        const { edges } = this.cards;
        return moveNodes(
            graph,
            this.layout(graph, (edge) => labelWidth(edges[edge.id].label))
        );
    }

    onClick(ev) {
        if (!ev.target.closest("[data-flow-node], button")) {
            this.takeFocus();
        }
    }

    onFocusIn(ev) {
        const id = ev.target.closest("[data-flow-node]")?.dataset.flowNode;
        if (id && !this.props.selected.includes(id) && ev.target.matches(":focus-visible")) {
            this.props.onSelect?.([id]);
        }
    }
}
