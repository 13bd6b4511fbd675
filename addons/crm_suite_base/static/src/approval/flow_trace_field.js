import { Component, onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { FlowDesigner } from "../flow/flow_designer";
import { useGroups } from "./approval_groups";

/** Where a running request is: the drawing of its flow, with who had it and how long. */
export class FlowTrace extends Component {
    static template = "crm_suite_base.FlowTrace";
    static components = { FlowDesigner };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.groups = useGroups();
        this.keepLast = new KeepLast();
        this.state = useState({ graph: null, overlay: null });
        onWillStart(() => this.groups.load());
        useRecordObserver((record) => {
            // A decision moves the request on, or to other people.
            const { state, stage } = record.data;
            const shown = JSON.stringify([record.resId, state, stage]);
            if (shown !== this.shown) {
                this.shown = shown;
                return this.load(record);
            }
        });
    }

    async load({ resModel, resId }) {
        if (resId) {
            const call = this.orm.silent.call(resModel, "trace", [[resId]]);
            const { graph, ...overlay } = await this.keepLast.add(call);
            Object.assign(this.state, { graph, overlay });
        }
    }
}

registry.category("view_widgets").add("crm_suite_flow_trace", {
    component: FlowTrace,
    fieldDependencies: [
        { name: "state", type: "selection" },
        { name: "stage", type: "char" },
    ],
});

/** What a replay found out, over the drawing: {graph, nodes, walked}. */
export class FlowReplayField extends Component {
    static template = "crm_suite_base.FlowReplayField";
    static components = { FlowDesigner };
    static props = { ...standardFieldProps };

    setup() {
        this.groups = useGroups();
        onWillStart(() => this.groups.load());
    }

    get result() {
        return this.props.record.data[this.props.name] || {};
    }

    get overlay() {
        const { nodes = {}, walked = [] } = this.result;
        return { nodes, walked };
    }
}

registry.category("fields").add("crm_suite_flow_replay", {
    component: FlowReplayField,
    supportedTypes: ["json"],
});
