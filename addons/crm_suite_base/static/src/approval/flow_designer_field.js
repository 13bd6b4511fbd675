import { Component, onWillStart, status, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FlowDesigner } from "../flow/flow_designer";
import { plainGraph, sameGraph } from "../flow/flow_graph";
import { useGroups } from "./approval_groups";

const CHECK_DELAY = 500;

/**
 * A flow in a form, saved with it. While it changes, the server says what is wrong: the
 * model of the form answers check_draft(res_model, graph, id).
 */
export class FlowDesignerField extends Component {
    static template = "crm_suite_base.FlowDesignerField";
    static components = { FlowDesigner };
    static props = {
        ...standardFieldProps,
        family: { type: String, optional: true },
        modelField: { type: [String, { value: false }], optional: true },
    };
    static defaultProps = { family: "approval", modelField: "res_model" };

    setup() {
        this.orm = useService("orm");
        this.groups = useGroups();
        this.keepLast = new KeepLast();
        this.state = useState({ problems: [], graph: plainGraph(null) });
        this.unsent = 0;
        this.checkSoon = useDebounced(() => this.check(), CHECK_DELAY);
        onWillStart(() => this.groups.load());
        useRecordObserver((record) => {
            const graph = plainGraph(record.data[this.props.name]);
            const resModel = this.resModelOf(record);
            // While changes are on their way, the record is behind what is drawn.
            if (!this.unsent && !sameGraph(graph, this.state.graph)) {
                this.state.graph = graph;
            }
            this.resModel = resModel;
            this.noteChange();
        });
    }

    resModelOf(record) {
        return (this.props.modelField && record.data[this.props.modelField]) || false;
    }

    async update(graph) {
        this.state.graph = graph;
        this.noteChange();
        this.unsent += 1;
        try {
            await this.props.record.update({ [this.props.name]: graph });
        } finally {
            this.unsent -= 1;
        }
    }

    /** What is shown first is checked at once, later changes when they pause. */
    noteChange() {
        const asked = JSON.stringify([this.resModel, this.state.graph]);
        if (asked !== this.asked && !this.props.readonly) {
            const isFirst = !this.asked;
            this.asked = asked;
            isFirst ? this.check() : this.checkSoon();
        }
    }

    async check() {
        // The record can change once more while its form is put away.
        if (status(this) === "destroyed") {
            return;
        }
        const { resModel, resId } = this.props.record;
        const question = [this.resModel, plainGraph(this.state.graph), resId || false];
        this.state.problems = await this.keepLast.add(
            this.orm.silent.call(resModel, "check_draft", question)
        );
    }
}

registry.category("fields").add("crm_suite_flow_designer", {
    component: FlowDesignerField,
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ family: options.family, modelField: options.model_field }),
    fieldDependencies: ({ options }) =>
        options.model_field === false
            ? []
            : [{ name: options.model_field || "res_model", type: "char" }],
});
