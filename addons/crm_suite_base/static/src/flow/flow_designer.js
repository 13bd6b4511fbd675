import {
    Component,
    onPatched,
    onWillUpdateProps,
    useEffect,
    useExternalListener,
    useRef,
    useState,
} from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useDraggable } from "@web/core/utils/draggable";
import { useService } from "@web/core/utils/hooks";
import { getTabableElements } from "@web/core/utils/ui";
import { FlowCanvas } from "./flow_canvas";
import {
    addNode,
    freeName,
    canConnect,
    connect,
    copyItems,
    findEdge,
    findNode,
    insertOnEdge,
    moveNodes,
    pasteItems,
    plainGraph,
    removeItems,
    sameGraph,
} from "./flow_graph";
import { FlowHistory } from "./flow_history";
import { actOfKey, isInput, STEPS } from "./flow_keys";
import { nodeSize, nodeTypes } from "./flow_node_types";
import { FlowProblems } from "./flow_problems";
import { FlowProperties } from "./flow_properties";
import { FlowSteps } from "./flow_steps";

// Room for the condition on the path to a new step.
const BESIDE = 360;
// Below this many pixels the form of a step lies below the drawing.
const NARROW = 900;
// Copies can be put into another flow, too.
const clipboard = { copied: null };

/**
 * A flow that is designed: palette, drawing and properties. On a phone, and whenever it
 * is readonly there, the flow is a list of steps to read.
 */
export class FlowDesigner extends Component {
    static template = "crm_suite_base.FlowDesigner";
    static components = { FlowCanvas, FlowProblems, FlowProperties, FlowSteps };
    static props = {
        graph: { optional: true },
        family: String,
        /** the model of the documents, for the choice of fields */
        resModel: { type: [String, { value: false }], optional: true },
        readonly: { type: Boolean, optional: true },
        overlay: { type: [Object, { value: null }], optional: true },
        problems: { type: Array, optional: true },
        onChange: { type: Function, optional: true },
    };
    static defaultProps = { readonly: false, problems: [], overlay: null, onChange: () => {} };

    setup() {
        this.ui = useState(useService("ui"));
        this.root = useRef("root");
        this.types = nodeTypes(this.props.family);
        this.history = new FlowHistory();
        this.state = useState({
            selected: [],
            isFull: false,
            isDropping: false,
            isNarrow: false,
            steps: 0,
            said: "",
        });
        useDraggable({
            ref: this.root,
            elements: ".o_crm_suite_flow_palette button",
            enable: () => !this.props.readonly,
            cursor: "grabbing",
            onDragStart: () => (this.state.isDropping = true),
            onDragEnd: () => (this.state.isDropping = false),
            onDrop: ({ element, x, y }) => this.drop(element.dataset.type, x, y),
        });
        useEffect(
            (el) => {
                const measure = () => (this.state.isNarrow = el.clientWidth < NARROW);
                const observer = new ResizeObserver(measure);
                observer.observe(el);
                return () => observer.disconnect();
            },
            () => [this.root.el]
        );
        // A full screen has all keys, also when nothing has the focus.
        useExternalListener(window, "keydown", (ev) => {
            if (this.state.isFull && ev.target === document.body) {
                this.onKeydown(ev);
            }
        });
        // A text whose letters are all taken back would be followed by one of the form.
        useExternalListener(
            window,
            "beforeinput",
            (ev) => {
                const isHere = this.isIn(document.activeElement);
                if (ev.inputType?.startsWith("history") && isHere && !this.isIn(ev.target)) {
                    ev.preventDefault();
                }
            },
            { capture: true }
        );
        onPatched(() => this.keepFocus());
        this.setApi = (api) => (this.canvas = api);
        this.lastGraph = this.graph;
        onWillUpdateProps((next) => {
            // Discarded, or another record: its steps are not ours to undo.
            if (!sameGraph(next.graph, this.lastGraph)) {
                this.history.clear();
                this.lastGraph = plainGraph(next.graph);
                const exists = (id) => findNode(this.lastGraph, id) || findEdge(this.lastGraph, id);
                this.state.selected = this.state.selected.filter(exists);
            }
        });
    }

    get graph() {
        return plainGraph(this.props.graph);
    }

    get isList() {
        return this.ui.isSmall;
    }

    get palette() {
        const isThere = (type) =>
            type.unique && this.graph.nodes.some((node) => node.type === type.type);
        return Object.values(this.types).map((type) => ({ ...type, isDisabled: isThere(type) }));
    }

    get selectedNode() {
        const { selected } = this.state;
        return selected.length === 1 ? findNode(this.graph, selected[0]) : undefined;
    }

    get selectedEdge() {
        const { selected } = this.state;
        return selected.length === 1 ? findEdge(this.graph, selected[0]) : undefined;
    }

    /** A drawing to read has its whole room until something is chosen. */
    get hasSide() {
        return (
            !this.props.readonly || this.state.selected.length > 0 || this.props.problems.length > 0
        );
    }

    get asDialog() {
        return this.state.isFull
            ? { role: "dialog", "aria-modal": "true", "aria-label": String(_t("Flow")) }
            : {};
    }

    get canUndo() {
        return this.state.steps >= 0 && this.history.canUndo;
    }

    get canRedo() {
        return this.state.steps >= 0 && this.history.canRedo;
    }

    /** The one door for all changes of the flow. */
    change(graph, key) {
        if (!this.props.readonly && !sameGraph(graph, this.graph)) {
            this.history.push(this.graph, key);
            this.show(graph);
        }
    }

    show(graph) {
        this.noteFocus();
        this.lastGraph = graph;
        this.state.steps += 1;
        const exists = (id) => findNode(graph, id) || findEdge(graph, id);
        this.state.selected = this.state.selected.filter(exists);
        this.props.onChange(graph);
    }

    /** Where the button or card that had the focus goes away, the drawing gets it. */
    noteFocus() {
        this.hadFocus ||= this.isIn(document.activeElement);
    }

    isIn(el) {
        return Boolean(this.root.el?.contains(el));
    }

    keepFocus() {
        const { activeElement } = document;
        if (this.hadFocus && (activeElement === document.body || activeElement.disabled)) {
            this.canvas?.takeFocus();
        }
        this.hadFocus = false;
    }

    select(ids) {
        this.noteFocus();
        this.state.selected = ids;
    }

    say(text) {
        this.state.said = String(text);
    }

    // ------------------------------------------------------------------ acts

    undo() {
        if (this.history.canUndo) {
            this.show(this.history.undo(this.graph));
            this.say(_t("Undone"));
        }
    }

    redo() {
        if (this.history.canRedo) {
            this.show(this.history.redo(this.graph));
            this.say(_t("Done again"));
        }
    }

    remove() {
        const { selected } = this.state;
        if (selected.length) {
            this.change(removeItems(this.graph, selected));
            this.say(_t("Deleted"));
        }
    }

    copy() {
        const copied = copyItems(this.graph, this.state.selected);
        if (copied.nodes.length) {
            clipboard.copied = copied;
            this.say(_t("Copied"));
        }
    }

    paste() {
        if (clipboard.copied) {
            const [graph, ids] = pasteItems(this.graph, clipboard.copied, this.types);
            this.change(graph);
            this.state.selected = ids;
        }
    }

    selectAll() {
        this.state.selected = this.graph.nodes.map(({ id }) => id);
    }

    arrange() {
        this.change(this.canvas.arrange());
        this.beginSoon();
    }

    toggleFull() {
        this.state.isFull = !this.state.isFull;
    }

    beginSoon() {
        // After the new places and sizes are drawn.
        requestAnimationFrame(() =>
            requestAnimationFrame(() => this.root.el && this.canvas?.begin())
        );
    }

    nudge(dx, dy) {
        const nodes = this.graph.nodes.filter(({ id }) => this.state.selected.includes(id));
        const places = nodes.map(({ id, x, y }) => [id, { x: x + dx, y: y + dy }]);
        this.change(
            moveNodes(this.graph, Object.fromEntries(places)),
            `nudge ${this.state.selected}`
        );
    }

    newNode(type) {
        const { label, defaults } = this.types[type];
        const name = freeName(this.graph, String(label));
        return { type, name, ...JSON.parse(JSON.stringify(defaults)) };
    }

    /** Let go over the drawing: into the path that is there, else where there is room. */
    drop(type, x, y) {
        const place = this.canvas?.placeAt(x, y);
        if (place) {
            const path = this.canInsert(type) && this.canvas.pathAt(type, place);
            this.put(path ? this.inserted(type, path.id, path) : this.placed(type, place));
            this.canvas.takeFocus();
        }
    }

    /** Chosen in the palette: into the chosen path, behind the chosen node, or the middle. */
    add(type) {
        const { selectedNode, selectedEdge, types } = this;
        const path = this.canInsert(type) && (selectedEdge || this.onlyPathFrom(selectedNode));
        let result;
        if (path) {
            result = this.inserted(type, path.id, this.middleOf(path));
        } else if (selectedNode) {
            result = this.placed(type, this.behind(selectedNode, type));
            if (canConnect(result[0], selectedNode.id, result[1], types)) {
                result[0] = connect(result[0], selectedNode.id, result[1], types);
            }
        } else {
            result = this.placed(type, this.canvas.middle());
        }
        this.put(result);
        this.canvas.show(result[1]);
    }

    /** The path out of a step that can have no second one. */
    onlyPathFrom(node) {
        const isSingle = node && this.types[node.type]?.outputs !== "many";
        return isSingle && this.graph.edges.find(({ from }) => from === node.id);
    }

    canInsert(type) {
        const { inputs, outputs } = this.types[type];
        return inputs !== "none" && outputs !== "none";
    }

    boxOf({ type, x, y }) {
        return { x, y, ...nodeSize(this.types[type]) };
    }

    behind(node, type) {
        const { x, y, height } = this.boxOf(node);
        return { x: x + BESIDE + nodeSize(this.types[type]).width / 2, y: y + height / 2 };
    }

    middleOf({ from, to }) {
        const [source, target] = [from, to].map((id) => this.boxOf(findNode(this.graph, id)));
        return {
            x: (source.x + source.width + target.x) / 2,
            y: (source.y + source.height / 2 + target.y + target.height / 2) / 2,
        };
    }

    /** A new step by itself, with its middle near a place. */
    placed(type, middle) {
        const place = this.canvas.freePlace(type, middle);
        return addNode(this.graph, { ...this.newNode(type), ...place });
    }

    /** A new step in a path, with its middle near a place. */
    inserted(type, pathId, middle) {
        const values = { ...this.newNode(type), ...this.canvas.freePlace(type, middle, true) };
        return insertOnEdge(this.graph, pathId, values, this.types);
    }

    put([graph, id]) {
        this.change(graph);
        this.state.selected = [id];
        this.say(_t("Added: %s", findNode(graph, id).name));
    }

    goTo(id) {
        this.state.selected = [id];
        this.canvas?.reveal(id);
        // Drawn by then.
        requestAnimationFrame(() => this.canvas?.focus(id));
    }

    // -------------------------------------------------------------- handlers

    onKeydown(ev) {
        if (this.state.isFull && ev.key === "Tab") {
            this.stay(ev);
        }
        const act = actOfKey(ev, !isInput(ev.target));
        if (act === "leave") {
            this.leave(ev);
        } else if (act && this.takes(act)) {
            ev.preventDefault();
            ev.stopPropagation();
            if (this.props.readonly && act !== "open") {
                return;
            }
            if (act in STEPS) {
                this.nudge(...STEPS[act]);
            } else {
                this[act]();
            }
        }
    }

    /** A full screen covers the form behind it: the focus goes around within. */
    stay(ev) {
        const places = getTabableElements(this.root.el);
        const [first, last] = [places[0], places.at(-1)];
        const [edge, goal] = ev.shiftKey ? [first, last] : [last, first];
        const { activeElement } = document;
        if ([edge, this.root.el].includes(activeElement) || !this.isIn(activeElement)) {
            ev.preventDefault();
            goal.focus();
        }
    }

    /** Whether a key is for the designer; else the browser may scroll or copy words. */
    takes(act) {
        if (act in STEPS) {
            return !this.props.readonly && this.state.selected.length > 0;
        }
        if (act === "copy") {
            return !this.props.readonly && document.getSelection().isCollapsed;
        }
        // The browser would undo what was typed in the form around the drawing.
        return !this.props.readonly || ["open", "undo", "redo"].includes(act);
    }

    leave(ev) {
        if (this.state.isFull || this.state.selected.length) {
            ev.stopPropagation();
            if (this.state.selected.length) {
                this.state.selected = [];
            } else {
                this.toggleFull();
            }
        }
    }

    /** From the drawing into the form of what is chosen. */
    open() {
        const id =
            this.root.el.ownerDocument.activeElement?.closest("[data-flow-node]")?.dataset.flowNode;
        if (id) {
            this.state.selected = [id];
        }
        requestAnimationFrame(() =>
            this.root.el
                ?.querySelector(".o_crm_suite_flow_side input, .o_crm_suite_flow_side select")
                ?.focus()
        );
    }
}
