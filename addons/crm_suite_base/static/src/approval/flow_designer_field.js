import { Component, onWillStart, status, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { FlowDesigner } from "../flow/flow_designer";
import { plainGraph } from "../flow/flow_graph";
import { useGroups } from "./approval_groups";

const CHECK_DELAY = 500;

/**
 * A flow in a form, saved with it. While it changes, the server says what is wrong; the
 * model of the form answers check_graph(res_model, graph).
 */
export class FlowDesignerField extends Component {
    static template = "crm_suite_base.FlowDesignerField";
    static components = { FlowDesigner };
    static props = {
        ...standardFieldProps,
        family: { type: String, optional: true },
        modelField: { type: String, optional: true },
    };
    static defaultProps = { family: "approval", modelField: "res_model" };

    setup() {
        this.orm = useService("orm");
        this.groups = useGroups();
        this.keepLast = new KeepLast();
        this.state = useState({ problems: [] });
        this.checkSoon = useDebounced(() => this.check(), CHECK_DELAY);
        onWillStart(() => this.groups.load());
        useRecordObserver((record) => {
            const asked = JSON.stringify([this.resModelOf(record), record.data[this.props.name]]);
            if (asked !== this.asked) {
                const isFirst = !this.asked;
                this.asked = asked;
                // What is shown first is checked at once.
                isFirst ? this.check() : this.checkSoon();
            }
        });
    }

    get graph() {
        return plainGraph(this.props.record.data[this.props.name]);
    }

    get resModel() {
        return this.resModelOf(this.props.record);
    }

    resModelOf(record) {
        return record.data[this.props.modelField] || false;
    }

    update(graph) {
        return this.props.record.update({ [this.props.name]: graph });
    }

    async check() {
        // The record can change once more while its form is put away.
        if (status(this) === "destroyed") {
            return;
        }
        const { resModel } = this.props.record;
        this.state.problems = await this.keepLast.add(
            this.orm.silent.call(resModel, "check_graph", [this.resModel, this.graph])
        );
    }
}

registry.category("fields").add("crm_suite_flow_designer", {
    component: FlowDesignerField,
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ family: options.family, modelField: options.model_field }),
    fieldDependencies: ({ options }) => [
        { name: options.model_field || "res_model", type: "char" },
    ],
});
