import { registry } from "@web/core/registry";
import { SelectionField, selectionField } from "@web/views/fields/selection/selection_field";

/**
 * A text chosen from a list that belongs to the record: pairs of a value and its name in
 * the JSON field named by the option `choices`. A selection field alone cannot do that,
 * since it offers all its values; with this widget it offers those of the record.
 */
export class ChoiceField extends SelectionField {
    static props = { ...SelectionField.props, choices: String };

    get options() {
        return this.props.record.data[this.props.choices] || [];
    }
    get string() {
        return this.options.find(([value]) => value === this.value)?.[1] || "";
    }
    onChange(value) {
        this.props.record.update({ [this.props.name]: value ?? false });
    }
}

registry.category("fields").add("crm_suite_choice", {
    ...selectionField,
    component: ChoiceField,
    supportedTypes: ["char", "selection"],
    extractProps: (field, dynamicInfo) => ({
        ...selectionField.extractProps(field, dynamicInfo),
        choices: field.options.choices,
    }),
});
