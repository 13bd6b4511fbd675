import { Component, onWillStart, onWillUpdateProps } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { cardOf, pathsText } from "./flow_cards";
import { plainGraph } from "./flow_graph";
import { neededRecords, nodeTypes } from "./flow_node_types";
import { useRecordNames } from "./flow_names";
import { readingOrder } from "./flow_order";
import { taskStateText, timeText } from "./flow_overlay";

/** One task of a request in a line: who, what, when, and the words. */
export function taskText({ who: person, status, since, until, due }) {
    const who = person?.name || "";
    const isOpen = ["open", "waiting"].includes(status);
    const time = isOpen && due ? _t("due %s", timeText(due)) : timeText(until || since);
    const act = [who, taskStateText(status)].filter(Boolean).join(" ");
    return [act, time].filter(Boolean).join(" · ");
}

/** Everything that is told of a step: its tasks, and the words that people said there. */
export function happenedAt(id, overlay) {
    const tasks = (overlay?.nodes?.[id]?.tasks || []).map(taskText);
    const words = (overlay?.events || [])
        .filter(({ node, comment }) => node === id && comment)
        .map(({ who, at, comment }) =>
            [`“${comment}”`, who, timeText(at)].filter(Boolean).join(" · ")
        );
    return [...tasks, ...words];
}

/** A flow to read from above to below, with what happened at its steps. */
export class FlowSteps extends Component {
    static template = "crm_suite_base.FlowSteps";
    static props = {
        graph: { optional: true },
        family: String,
        overlay: { type: [Object, { value: null }], optional: true },
        problems: { type: Array, optional: true },
    };
    static defaultProps = { overlay: null, problems: [] };

    setup() {
        this.types = nodeTypes(this.props.family);
        this.names = useRecordNames();
        const load = (props) => this.names.load(neededRecords(plainGraph(props.graph), this.types));
        onWillStart(() => load(this.props));
        onWillUpdateProps(load);
    }

    get steps() {
        const graph = plainGraph(this.props.graph);
        const { overlay, problems } = this.props;
        const about = { types: this.types, graph, names: this.names.of, overlay, problems };
        return readingOrder(graph).map(({ node, edges, depth, follows }) => {
            const paths = pathsText(edges, graph);
            const isPlain = follows && edges.length === 1 && !edges[0].when && !edges[0].default;
            return {
                ...cardOf(node, about),
                depth: Math.min(depth, 3),
                after: isPlain || !paths ? "" : _t("After %s", paths),
                details: happenedAt(node.id, overlay),
            };
        });
    }
}
