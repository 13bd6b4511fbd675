import { registry } from "@web/core/registry";
import { useBus } from "@web/core/utils/hooks";
import { Record } from "@web/model/record";
import { Field } from "@web/views/fields/field";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

import { Component, toRaw } from "@odoo/owl";

/**
 * The fields of a document that somebody is asked to fill in, each with the input of its
 * type. What they are stands in the JSON field named by the option `spec`; what was
 * entered is kept in this JSON field and written together with the decision.
 */
export class FillField extends Component {
    static template = "crm_suite_base.FillField";
    static components = { Record, Field };
    static props = { ...standardFieldProps, spec: String };

    setup() {
        const { model, names, fields, values } = toRaw(
            this.props.record.data[this.props.spec]
        );
        this.model = model;
        this.names = names;
        this.fields = fields;
        this.activeFields = Object.fromEntries(
            names.map((name) => [
                name,
                {
                    required: fields[name].required ? "True" : "False",
                    options: { no_create: true, no_open: true },
                },
            ])
        );
        this.values = { ...values };
        this.hooks = {
            onRootLoaded: (root) => {
                this.root = root;
            },
            onRecordChanged: (record, changes) => this.keep(record, changes),
        };
        // What is still in an input when the window is sent belongs to it.
        useBus(this.props.record.model.bus, "NEED_LOCAL_CHANGES", ({ detail }) =>
            detail.proms.push(this.check())
        );
    }

    /** The window is as complete as its inputs are. */
    async check() {
        const { record, name } = this.props;
        if (!this.root || (await this.root.checkValidity())) {
            return record.resetFieldValidity(name);
        }
        return record.setInvalidField(name);
    }

    keep(record, changes) {
        for (const [name, value] of Object.entries(changes)) {
            const isRecord = this.fields[name].type === "many2one";
            this.values[name] = isRecord ? toRaw(record.data[name]) : value;
        }
        const known = this.props.record.data[this.props.name] || {};
        return this.props.record.update({ [this.props.name]: { ...known, ...changes } });
    }
}

registry.category("fields").add("crm_suite_fill", {
    component: FillField,
    supportedTypes: ["json"],
    extractProps: ({ options }) => ({ spec: options.spec }),
});
