import { renderToElement } from "@web/core/utils/render";
import { labelWidth } from "./flow_cards";
import { findEdge, findNode } from "./flow_graph";
import { isCovered } from "./flow_place";
import { route, textDistance } from "./flow_route";

const ROUTER = "crm_suite_flow";
const LABEL_MARGIN = 22;
const SHAPE = "crm_suite_flow_card";
const PORT_RADIUS = 6;
const FIT = { padding: 20, maxScale: 1, minScale: 0.4 };
// Below this, the words of cards are no more than grey lines.
const READABLE = 0.72;
const MUCH = 1.1;
// Between the edge of what is seen and a step that is brought into view.
const MARGIN = 20;
// The library has an arrow at both ends of a chosen path; only one of them points on.
const SOURCE_HANDLE = {
    d: "M -8 0 A 8 8 0 1 0 8 0 A 8 8 0 1 0 -8 0 Z",
    fill: "#333",
    stroke: "#fff",
    "stroke-width": 2,
    cursor: "move",
};
// The path that is being drawn: it is none of the flow yet, whatever comes in meanwhile.
const DRAFT = "draft";
const ZOOM = { min: 0.3, max: 2, step: 1.2 };
// The library's own markup has a second <body> in the document for each card.
const CARD_MARKUP = [
    { tagName: "rect", selector: "body" },
    {
        tagName: "foreignObject",
        selector: "fo",
        children: [
            {
                ns: "http://www.w3.org/1999/xhtml",
                tagName: "div",
                selector: "foContent",
                style: { width: "100%", height: "100%" },
            },
        ],
    },
];

/**
 * The only file that knows the library which draws: it shows a graph, and tells what the
 * user did to it. It changes nothing by itself; the new graph comes back by sync().
 */
export class FlowSurface {
    /**
     * @param {HTMLElement} container empty, of a size
     * @param {Object} X6 the library
     * @param {{readonly: boolean, canConnect: Function, onConnect: Function,
     *  onReconnect: Function, onMove: Function, getFocus: Function, onFocusLost: Function, onSelect: Function, onZoom: Function}} options
     *  canConnect(from, to, edgeId), onConnect(from, to), onReconnect(edgeId, {from?, to?}),
     *  onMove({id: {x, y}}), getFocus() the step that shall be seen first, onFocusLost() the
     *  card that had the focus is gone, onSelect(ids), onZoom(factor)
     */
    constructor(container, X6, options) {
        this.container = container;
        this.X6 = X6;
        this.options = options;
        this.isSyncing = false;
        this.colors = readColors(container);
        this.registerCard();
        this.registerRouter();
        this.graph = new X6.Graph({
            container,
            async: false,
            autoResize: false,
            width: container.clientWidth,
            height: container.clientHeight,
            grid: {
                size: 10,
                visible: !options.readonly,
                type: "dot",
                args: { color: this.colors.grid },
            },
            panning: { enabled: true, eventTypes: ["leftMouseDown", "mouseWheelDown"] },
            mousewheel: {
                enabled: true,
                modifiers: ["ctrl", "meta"],
                minScale: ZOOM.min,
                maxScale: ZOOM.max,
            },
            scaling: { min: ZOOM.min, max: ZOOM.max },
            // The focus follows the mouse as everywhere in the web client.
            preventDefaultMouseDown: false,
            interacting: options.readonly
                ? false
                : { nodeMovable: true, magnetConnectable: true, edgeMovable: false },
            connecting: this.connecting(),
        });
        if (!options.readonly) {
            this.selection = new X6.Selection({
                rubberband: true,
                modifiers: "shift",
                showNodeSelectionBox: false,
                multiple: true,
            });
            this.graph.use(this.selection);
        }
        this.listen();
        this.observer = new ResizeObserver(() => this.resize());
        // The library fixes the size of its own element.
        this.observer.observe(container.parentElement);
    }

    destroy() {
        this.observer.disconnect();
        this.graph.dispose();
    }

    registerCard() {
        this.X6.Shape.HTML.register({
            shape: SHAPE,
            effect: ["data"],
            markup: CARD_MARKUP,
            html: (cell) => renderToElement("crm_suite_base.FlowCard", { card: cell.getData() }),
        });
    }

    registerRouter() {
        const { Graph } = this.X6;
        Graph.registerRouter(
            ROUTER,
            (vertices, args, { sourceAnchor, targetAnchor, cell, graph }) => {
                const ends = [cell.getSourceCellId(), cell.getTargetCellId()];
                const own = [];
                const others = [];
                for (const node of graph.getNodes()) {
                    (ends.includes(node.id) ? own : others).push(node.getBBox());
                }
                return route(sourceAnchor, targetAnchor, others, own);
            },
            true
        );
    }

    connecting() {
        return {
            snap: { radius: 30 },
            allowBlank: false,
            allowLoop: false,
            allowNode: true,
            allowEdge: false,
            allowMulti: true,
            highlight: true,
            sourceAnchor: "right",
            targetAnchor: "left",
            connectionPoint: "anchor",
            router: { name: ROUTER },
            connector: { name: "rounded", args: { radius: 8 } },
            createEdge: () => this.graph.createEdge({ id: DRAFT, attrs: this.edgeAttrs({}) }),
            validateConnection: ({ sourceCell, targetCell, edge }) =>
                Boolean(sourceCell && targetCell) &&
                this.options.canConnect(sourceCell.id, targetCell.id, edge?.id),
        };
    }

    listen() {
        const { graph } = this;
        graph.on("edge:connected", ({ isNew, edge, type }) => this.onConnected(isNew, edge, type));
        graph.on("node:move", () => (this.isMoving = true));
        graph.on("node:moved", () => this.onMoved());
        graph.on("scale", ({ sx }) => this.options.onZoom(sx));
        if (this.options.readonly) {
            graph.on("cell:click", ({ cell }) => this.options.onSelect([cell.id]));
            graph.on("blank:click", () => this.options.onSelect([]));
        } else {
            this.selection.on("selection:changed", ({ selected }) => {
                if (!this.isSyncing) {
                    this.options.onSelect(selected.map(({ id }) => id));
                }
            });
        }
    }

    onConnected(isNew, edge, type) {
        const from = edge.getSourceCellId();
        const to = edge.getTargetCellId();
        if (isNew) {
            // The path of the graph that comes back takes its place.
            this.silently(() => edge.remove());
            this.options.onConnect(from, to);
        } else {
            this.options.onReconnect(edge.id, type === "source" ? { from } : { to });
        }
    }

    onMoved() {
        this.isMoving = false;
        const places = {};
        for (const node of this.graph.getNodes()) {
            const { x, y } = node.position();
            const known = this.places[node.id];
            if (known && (known.x !== x || known.y !== y)) {
                places[node.id] = { x, y };
            }
        }
        if (Object.keys(places).length) {
            this.options.onMove(places);
        }
    }

    silently(act) {
        this.isSyncing = true;
        try {
            return act();
        } finally {
            this.isSyncing = false;
        }
    }

    /**
     * Show this graph.
     *
     * @param {Object} graph
     * @param {Object} cards {id: what the template of cards needs, with width and height}
     * @param {Object} paths {id: {label, isWalked, isDefault}}
     * @param {string[]} selected ids of nodes and paths
     */
    sync(graph, cards, paths, selected) {
        const focused = this.container.ownerDocument.activeElement?.closest?.("[data-flow-node]");
        const focusedId = this.container.contains(focused) && focused.dataset.flowNode;
        this.places = Object.fromEntries(graph.nodes.map(({ id, x, y }) => [id, { x, y }]));
        this.silently(() => {
            for (const cell of this.graph.getCells()) {
                if (cell.id !== DRAFT && !findNode(graph, cell.id) && !findEdge(graph, cell.id)) {
                    cell.remove();
                }
            }
            for (const node of graph.nodes) {
                this.syncNode(node, cards[node.id]);
            }
            for (const edge of graph.edges) {
                if (findNode(graph, edge.from) && findNode(graph, edge.to)) {
                    this.syncEdge(edge, paths[edge.id], selected.includes(edge.id));
                }
            }
            this.syncSelection(selected);
        });
        this.routeAnew();
        this.placeLabels();
        if (focusedId && findNode(graph, focusedId)) {
            this.focus(focusedId);
        } else if (focusedId) {
            this.options.onFocusLost();
        }
    }

    /** Paths run around the steps: when one moves, also those that do not end at it. */
    routeAnew() {
        const boxes = JSON.stringify(this.boxes);
        if (boxes !== this.routed) {
            this.routed = boxes;
            for (const edge of this.graph.getEdges()) {
                this.graph.findViewByCell(edge)?.update();
            }
        }
    }

    placeLabels() {
        for (const { id, points } of this.paths) {
            const edge = this.graph.getCellById(id);
            const label = edge.getLabels()[0];
            if (label) {
                const width = labelWidth(label.attrs.text.text);
                const distance = -textDistance(points, width, LABEL_MARGIN);
                if (label.position.distance !== distance) {
                    edge.setLabels([{ ...label, position: { distance } }]);
                }
            }
        }
    }

    syncNode(node, card) {
        const { width, height } = card;
        const known = this.graph.getCellById(node.id);
        if (!known) {
            this.graph.addNode({
                id: node.id,
                shape: SHAPE,
                x: node.x,
                y: node.y,
                width,
                height,
                data: card,
                ports: this.ports(card),
            });
            return;
        }
        const { x, y } = known.position();
        if (!this.isMoving && (x !== node.x || y !== node.y)) {
            known.position(node.x, node.y);
        }
        if (known.size().height !== height || known.size().width !== width) {
            known.resize(width, height);
        }
        if (JSON.stringify(known.getData()) !== JSON.stringify(card)) {
            known.setData(card, { overwrite: true });
        }
    }

    ports(card) {
        const circle = {
            r: PORT_RADIUS,
            strokeWidth: 2,
            stroke: this.colors.line,
            fill: this.colors.background,
        };
        const group = (position, magnet) => ({
            position,
            attrs: { circle: { ...circle, magnet: this.options.readonly ? false : magnet } },
        });
        const items = [];
        if (card.hasInputs) {
            items.push({ id: "in", group: "in" });
        }
        if (card.hasOutputs) {
            items.push({ id: "out", group: "out" });
        }
        return { groups: { in: group("left", "passive"), out: group("right", true) }, items };
    }

    edgeAttrs({ isWalked, isSelected }) {
        const color = isSelected || isWalked ? this.colors.accent : this.colors.line;
        return {
            line: {
                stroke: color,
                strokeWidth: isSelected ? 3 : 2,
                targetMarker: { name: "block", width: 10, height: 8 },
            },
        };
    }

    syncEdge(edge, path, isSelected) {
        const values = {
            source: { cell: edge.from, port: "out" },
            target: { cell: edge.to, port: "in" },
            attrs: this.edgeAttrs({ ...path, isSelected }),
            labels: path.label ? [this.edgeLabel(path)] : [],
            // Below the steps; where paths share a part, the one that was taken is seen.
            zIndex: path.isWalked || isSelected ? -1 : -2,
        };
        const state = JSON.stringify(values);
        const known = this.graph.getCellById(edge.id);
        if (!known) {
            this.graph.addEdge({ id: edge.id, data: { state }, ...values });
        } else if (known.getData().state !== state || known.getTargetCellId() !== edge.to) {
            known.setSource(values.source);
            known.setTarget(values.target);
            known.setAttrs(values.attrs);
            known.setLabels(values.labels);
            known.setZIndex(values.zIndex);
            known.setData({ state }, { overwrite: true });
        }
        const tools =
            isSelected && !this.options.readonly
                ? [{ name: "source-arrowhead", args: { attrs: SOURCE_HANDLE } }, "target-arrowhead"]
                : [];
        this.graph.getCellById(edge.id).setTools(tools);
    }

    edgeLabel({ label, isDefault }) {
        return {
            // Where there is room for it is known when the path is drawn, see placeLabels.
            position: { distance: -LABEL_MARGIN },
            attrs: {
                text: {
                    text: label,
                    fill: this.colors.text,
                    fontSize: 12,
                    fontStyle: isDefault ? "italic" : "normal",
                },
                rect: {
                    fill: this.colors.background,
                    stroke: this.colors.grid,
                    rx: 4,
                    ry: 4,
                    refWidth: 12,
                    refHeight: 6,
                    refX: -6,
                    refY: -3,
                },
            },
        };
    }

    syncSelection(selected) {
        this.selection?.reset(selected.filter((id) => this.graph.getCellById(id)));
    }

    get zoom() {
        return this.graph.zoom();
    }

    zoomBy(direction) {
        const factor = direction > 0 ? ZOOM.step : 1 / ZOOM.step;
        const next = Math.min(ZOOM.max, Math.max(ZOOM.min, this.zoom * factor));
        this.graph.zoomTo(next);
    }

    /** Show the whole drawing, however small. */
    fit() {
        if (this.container.clientWidth && this.graph.getNodes().length) {
            this.graph.zoomToFit(FIT);
        }
    }

    /** Show the whole drawing if it can be read then, else its beginning or what counts. */
    begin() {
        this.fit();
        if (this.zoom < READABLE) {
            this.graph.zoomTo(READABLE);
            const first = this.graph.getCellById(this.options.getFocus());
            if (first) {
                this.graph.centerCell(first);
            }
            const { x, width } = this.graph.getContentBBox();
            const { tx, ty } = this.graph.translate();
            // No empty room at the left or at the right of the drawing.
            const least = this.container.clientWidth - width - FIT.padding - (x - tx);
            const most = FIT.padding - (x - tx);
            this.graph.translate(Math.min(most, Math.max(least, tx)), ty);
        }
    }

    resize() {
        const { clientWidth: width, clientHeight: height } = this.container.parentElement;
        if (width && height) {
            const [before, now] = [this.area, width * height];
            this.area = now;
            this.graph.resize(width, height);
            // Shown at last, or in full screen: another drawing, not a window pulled larger.
            if (!before || Math.max(now / before, before / now) > MUCH) {
                this.begin();
            }
        }
    }

    /** Move the drawing as little as needed to have the whole step in view. */
    show(id) {
        const cell = this.graph.getCellById(id);
        const { x, y, width, height } = this.graph.localToGraph(cell.getBBox());
        const { clientWidth, clientHeight } = this.container;
        const shift = (start, length, room) =>
            Math.max(MARGIN - start, Math.min(0, room - MARGIN - start - length));
        const { tx, ty } = this.graph.translate();
        this.graph.translate(
            tx + shift(x, width, clientWidth),
            ty + shift(y, height, clientHeight)
        );
    }

    /** Bring a node or path into the middle of the view. */
    reveal(id) {
        const cell = this.graph.getCellById(id);
        if (cell) {
            this.graph.centerCell(cell);
        }
    }

    focus(id) {
        this.container
            .querySelector(`[data-flow-node="${CSS.escape(id)}"]`)
            ?.focus({ preventScroll: true });
    }

    /** The places and sizes of all steps. */
    get boxes() {
        return this.graph.getNodes().map((node) => {
            const { x, y, width, height } = node.getBBox();
            return { x, y, width, height };
        });
    }

    /** How the paths run: {id, points}, the points from end to end. */
    get paths() {
        return this.graph.getEdges().map((edge) => {
            const { sourcePoint, routePoints, targetPoint } = this.graph.findViewByCell(edge);
            return { id: edge.id, points: [sourcePoint, ...routePoints, targetPoint] };
        });
    }

    /**
     * The path on which a box would lie, that nearest to its middle.
     *
     * @returns {{id: string, x: number, y: number}|undefined} with its point nearest to it
     */
    pathAt(box) {
        const middle = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
        const covered = this.paths.filter(({ points }) => isCovered(points, box));
        const found = covered.map(({ id }) => {
            const { x, y } = this.graph.findViewByCell(id).getClosestPoint(middle);
            return { id, x, y, far: Math.hypot(x - middle.x, y - middle.y) };
        });
        return found.sort((one, other) => one.far - other.far)[0];
    }

    toLocal(clientX, clientY) {
        const { x, y } = this.graph.clientToLocal(clientX, clientY);
        return { x, y };
    }

    /** The place of the drawing at a point of the window, or null outside of it. */
    placeAt(clientX, clientY) {
        const { left, right, top, bottom } = this.container.getBoundingClientRect();
        const isInside = clientX > left && clientX < right && clientY > top && clientY < bottom;
        return isInside ? this.toLocal(clientX, clientY) : null;
    }

    /** The place in the middle of what is seen. */
    middle() {
        const box = this.container.getBoundingClientRect();
        return this.toLocal(box.left + box.width / 2, box.top + box.height / 2);
    }
}

/** Colours come from the style sheet, so that they follow the client's theme. */
function readColors(container) {
    const style = getComputedStyle(container);
    const color = (name) => style.getPropertyValue(`--crm-suite-flow-${name}`).trim();
    return Object.fromEntries(
        ["line", "accent", "grid", "background", "text"].map((name) => [name, color(name)])
    );
}
