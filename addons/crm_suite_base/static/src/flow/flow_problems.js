import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { labelled } from "../core/format";
import { findEdge, findNode } from "./flow_graph";

/** What is wrong with a flow, in words; a click shows where. */
export class FlowProblems extends Component {
    static template = "crm_suite_base.FlowProblems";
    static props = { problems: Array, graph: Object, onOpen: Function };

    get title() {
        const count = this.props.problems.length;
        return count === 1 ? _t("One problem") : _t("%s problems", count);
    }

    get rows() {
        const { graph, problems } = this.props;
        return problems.map(({ node, edge, message }) => {
            const path = findEdge(graph, edge) || findEdge(graph, node);
            const place = findNode(graph, path ? path.from : node);
            const ends = path && [place, findNode(graph, path.to)];
            const name = ends ? ends.map((end) => end?.name || "?").join(" → ") : place?.name;
            const text = name ? labelled(name, message) : message;
            return { id: path?.id || place?.id, text };
        });
    }
}
