import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * The few settings of a rule that was made of a template, each with an input of its kind.
 * What to ask for comes from the field param_spec of the record.
 */
export class AutomationParamsField extends Component {
    static template = "crm_suite_base.AutomationParamsField";
    static props = { ...standardFieldProps };

    get params() {
        const values = this.props.record.data[this.props.name] || {};
        return (this.props.record.data.param_spec || []).map((spec) => ({
            ...spec,
            id: `${this.props.id || this.props.name}_${spec.code}`,
            value: spec.code in values ? values[spec.code] : spec.default,
        }));
    }

    shown(param) {
        if (param.kind !== "record") {
            return String(param.value ?? "");
        }
        const option = param.options.find(([id]) => id === param.value);
        return option ? option[1] : "";
    }

    change(param, text) {
        let value = text;
        if (param.kind === "record") {
            value = text ? Number(text) : false;
        } else if (param.kind !== "text") {
            value = text === "" ? 0 : Number(text);
        }
        const values = { ...(this.props.record.data[this.props.name] || {}) };
        values[param.code] = value;
        return this.props.record.update({ [this.props.name]: values });
    }
}

registry.category("fields").add("crm_suite_automation_params", {
    component: AutomationParamsField,
    displayName: _t("Settings of a rule"),
    supportedTypes: ["json"],
    fieldDependencies: [{ name: "param_spec", type: "json" }],
});
