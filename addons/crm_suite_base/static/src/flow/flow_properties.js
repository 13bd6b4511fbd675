import { Component, onWillStart, onWillUpdateProps } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { ExpressionInput } from "./expression_input";
import { describeNode, pathText, problemsOf } from "./flow_cards";
import {
    canConnect,
    connect,
    findNode,
    moveEdge,
    pathsAsked,
    removeItems,
    updateEdge,
    updateNode,
} from "./flow_graph";
import { useRecordNames } from "./flow_names";
import { neededRecords } from "./flow_node_types";
import { overlayLine } from "./flow_overlay";
import { happenedAt } from "./flow_steps";
import "./flow_inputs";

/** The property in which a problem lies: "approvers" of "approvers[0].user_ids". */
function fieldOf({ field }) {
    return (field || "").split(/[.[]/)[0];
}

/** What the chosen step or path is and does, to be changed. */
export class FlowProperties extends Component {
    static template = "crm_suite_base.FlowProperties";
    static components = { ExpressionInput };
    static props = {
        node: { type: Object, optional: true },
        edge: { type: Object, optional: true },
        count: Number,
        graph: Object,
        types: Object,
        resModel: { type: [String, { value: false }], optional: true },
        readonly: { type: Boolean, optional: true },
        overlay: { type: [Object, { value: null }], optional: true },
        problems: Array,
        onChange: Function,
        onSelect: Function,
    };

    setup() {
        this.names = useRecordNames();
        const load = ({ node, types }) =>
            node && this.names.load(neededRecords({ nodes: [node] }, types));
        onWillStart(() => load(this.props));
        onWillUpdateProps((next) => next.readonly && load(next));
    }

    get type() {
        return this.props.types[this.props.node?.type];
    }

    get source() {
        return findNode(this.props.graph, this.props.edge?.from);
    }

    get target() {
        return findNode(this.props.graph, this.props.edge?.to);
    }

    /** Whether the path that is chosen may have a condition. */
    get hasCondition() {
        return Boolean(this.props.types[this.source?.type]?.conditions);
    }

    get own() {
        return this.specs.filter(({ more }) => !more);
    }

    get more() {
        return this.specs.filter(({ more }) => more);
    }

    get specs() {
        const { node } = this.props;
        return (this.type?.properties || []).filter(({ showIf }) => !showIf || showIf(node));
    }

    /** Where something happened, that is what counts, not the form. */
    get isToRead() {
        return Boolean(this.props.readonly && this.props.overlay);
    }

    get sentence() {
        const { node, graph } = this.props;
        return describeNode(node, this.type, { names: this.names.of, graph });
    }

    get happened() {
        const entry = this.props.overlay?.nodes?.[this.props.node?.id];
        return (
            entry && {
                line: overlayLine(entry),
                tasks: happenedAt(this.props.node.id, this.props.overlay),
            }
        );
    }

    /** Paths out of the chosen step, in the order in which conditions are asked. */
    get paths() {
        const { graph, node } = this.props;
        return pathsAsked(graph, node.id).map((edge) => ({
            id: edge.id,
            isDefault: Boolean(edge.default),
            target: this.nameOf(findNode(graph, edge.to)),
            text: pathText(edge),
        }));
    }

    /** Steps to which a path from the chosen one could lead. */
    get targets() {
        const { graph, node, types } = this.props;
        return graph.nodes
            .filter((other) => canConnect(graph, node.id, other.id, types))
            .map((other) => ({ id: other.id, name: this.nameOf(other) }));
    }

    nameOf(node) {
        return node?.name || String(this.props.types[node?.type]?.label || node?.id || "");
    }

    inputOf(spec) {
        return registry.category("crm_suite_flow_inputs").get(spec.type);
    }

    problemsOf(id, field) {
        const found = problemsOf(this.props.problems, id);
        return found.filter((problem) => !field || fieldOf(problem) === field);
    }

    /** Problems that belong to no field of the form. */
    get otherProblems() {
        const shown = new Set(["name", ...this.specs.map(({ name }) => name)]);
        return this.problemsOf(this.props.node.id).filter(
            (problem) => !problem.edge && !shown.has(fieldOf(problem))
        );
    }

    set(values, key) {
        const { node, graph } = this.props;
        this.props.onChange(updateNode(graph, node.id, values), key);
    }

    setProperty(spec, value) {
        // Letters typed into one field are one step to undo.
        this.set({ [spec.name]: value }, `${this.props.node.id} ${spec.name}`);
    }

    setName(ev) {
        this.set({ name: ev.target.value }, `${this.props.node.id} name`);
    }

    setPath(values, key) {
        const { edge, graph } = this.props;
        this.props.onChange(updateEdge(graph, edge.id, values), key && `${edge.id} ${key}`);
    }

    movePath(id, step) {
        this.props.onChange(moveEdge(this.props.graph, id, step));
    }

    removePath(id) {
        this.props.onChange(removeItems(this.props.graph, [id]));
    }

    addPath(ev) {
        const { graph, node, types } = this.props;
        if (ev.target.value) {
            this.props.onChange(connect(graph, node.id, ev.target.value, types));
            ev.target.value = "";
        }
    }

    get emptyText() {
        const { count, readonly } = this.props;
        if (count > 1) {
            return _t("%s steps and paths are chosen.", count);
        }
        return readonly
            ? _t("Choose a step to see what it does.")
            : _t("Choose a step or a path to see and change what it does.");
    }
}
