import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/**
 * Names of fields of the model that a rule is about, chosen by their labels. The host's
 * list of fields is for technical administrators; this one asks the rules.
 */
export class AutomationFieldsField extends Component {
    static template = "crm_suite_base.AutomationFieldsField";
    static props = {
        ...standardFieldProps,
        many: { type: Boolean, optional: true },
        purpose: { type: String, optional: true },
    };
    static defaultProps = { many: false, purpose: "watch" };

    setup() {
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({ options: [] });
        useRecordObserver((record) => this.load(record.data.model));
    }

    async load(model) {
        if (!model || model === this.model) {
            return;
        }
        this.model = model;
        this.state.options = await this.keepLast.add(
            this.orm
                .cache()
                .call("crm.suite.automation", "field_options", [model, this.props.purpose])
        );
    }

    get names() {
        const text = this.props.record.data[this.props.name] || "";
        return text
            .split(",")
            .map((name) => name.trim())
            .filter(Boolean);
    }

    get addable() {
        return this.state.options.filter(([name]) => !this.props.many || !this.names.includes(name));
    }

    label(name) {
        return this.state.options.find((option) => option[0] === name)?.[1] || name;
    }

    removeLabel(name) {
        return _t("Remove %s", this.label(name));
    }

    set(names) {
        return this.props.record.update({ [this.props.name]: names.join(", ") || false });
    }

    choose(ev) {
        const name = ev.target.value;
        if (this.props.many) {
            ev.target.value = "";
        }
        return this.set(this.props.many ? [...this.names, name] : [name]);
    }

    remove(name) {
        return this.set(this.names.filter((other) => other !== name));
    }
}

registry.category("fields").add("crm_suite_automation_fields", {
    component: AutomationFieldsField,
    displayName: _t("Fields of a rule"),
    supportedTypes: ["char"],
    fieldDependencies: [{ name: "model", type: "char" }],
    extractProps: ({ options }) => ({
        many: Boolean(options.many),
        purpose: options.purpose || "watch",
    }),
});
