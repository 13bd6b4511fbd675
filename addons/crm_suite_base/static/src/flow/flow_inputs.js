/**
 * Inputs of the forms of steps. A node type names what it asks for as data:
 * {name, label, type, help?, more?, showIf?(node), …what the input needs}; the type is a
 * key of registry.category("crm_suite_flow_inputs"), to which addons add their own. Each
 * gets {spec, node, value, graph, types, resModel, readonly, onChange(value)}, where
 * undefined takes the property away.
 */
import { Component, onWillStart, onWillUpdateProps } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { ModelFieldSelector } from "@web/core/model_field_selector/model_field_selector";
import { MultiRecordSelector } from "@web/core/record_selectors/multi_record_selector";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { ExpressionInput } from "./expression_input";

export const inputProps = {
    spec: Object,
    node: Object,
    value: { optional: true },
    graph: Object,
    types: Object,
    resModel: { type: [String, { value: false }], optional: true },
    readonly: { type: Boolean, optional: true },
    problems: { type: Array, optional: true },
    onChange: Function,
};

class FlowInput extends Component {
    static props = inputProps;

    get label() {
        return String(this.props.spec.label || "");
    }
}

export class TextInput extends FlowInput {
    static template = "crm_suite_base.FlowTextInput";

    onInput(ev) {
        this.props.onChange(ev.target.value || undefined);
    }
}

export class NumberInput extends FlowInput {
    static template = "crm_suite_base.FlowNumberInput";

    onChange(ev) {
        const value = ev.target.value === "" ? undefined : Number(ev.target.value);
        this.props.onChange(Number.isNaN(value) ? undefined : value);
    }
}

export class CheckInput extends FlowInput {
    static template = "crm_suite_base.FlowCheckInput";
}

export class ChoiceInput extends FlowInput {
    static template = "crm_suite_base.FlowChoiceInput";

    get choices() {
        return this.props.spec.choices;
    }

    get value() {
        return this.props.value ?? this.props.spec.default;
    }

    onChange(ev) {
        // Keys may be numbers; the browser knows texts only.
        const chosen = this.choices.find(([key]) => String(key) === ev.target.value);
        this.props.onChange(chosen?.[0]);
    }
}

/** One of some answers, or another step of the flow. */
export class TargetInput extends ChoiceInput {
    get choices() {
        const { spec, graph, node, types } = this.props;
        const offered = spec.offers || (() => true);
        const others = graph.nodes.filter((other) => other.id !== node.id && offered(other));
        const nameOf = (other) => other.name || String(types[other.type]?.label || other.id);
        return [
            ...spec.choices,
            ...others.map((other) => [other.id, _t("to “%s”", nameOf(other))]),
        ];
    }
}

export class FieldInput extends FlowInput {
    static template = "crm_suite_base.FlowFieldInput";
    static components = { ModelFieldSelector };

    get filter() {
        return this.props.spec.filter || (() => true);
    }
}

/** Some fields of the document itself. */
export class FieldsInput extends FlowInput {
    static template = "crm_suite_base.FlowFieldsInput";

    setup() {
        this.fieldService = useService("field");
        onWillStart(() => this.load(this.props.resModel));
        onWillUpdateProps(
            ({ resModel }) => resModel !== this.props.resModel && this.load(resModel)
        );
    }

    async load(resModel) {
        this.fields = resModel ? await this.fieldService.loadFields(resModel) : {};
    }

    get chosen() {
        return this.props.value || [];
    }

    get left() {
        const isOffered = this.props.spec.filter || (() => true);
        return Object.entries(this.fields)
            .filter(([name, field]) => !this.chosen.includes(name) && isOffered({ ...field, name }))
            .map(([name, field]) => ({ name, label: field.string }))
            .sort((a, b) => a.label.localeCompare(b.label));
    }

    labelOf(name) {
        return this.fields[name]?.string || name;
    }

    add(ev) {
        if (ev.target.value) {
            this.props.onChange([...this.chosen, ev.target.value]);
            ev.target.value = "";
        }
    }

    remove(name) {
        const names = this.chosen.filter((other) => other !== name);
        this.props.onChange(names.length ? names : undefined);
    }
}

export class RecordInput extends FlowInput {
    static template = "crm_suite_base.FlowRecordInput";
    static components = { RecordSelector };
}

export class RecordsInput extends FlowInput {
    static template = "crm_suite_base.FlowRecordsInput";
    static components = { MultiRecordSelector };
}

export class ConditionInput extends FlowInput {
    static template = "crm_suite_base.FlowConditionInput";
    static components = { ExpressionInput };
}

const inputs = registry.category("crm_suite_flow_inputs");
inputs
    .add("text", TextInput)
    .add("number", NumberInput)
    .add("check", CheckInput)
    .add("choice", ChoiceInput)
    .add("target", TargetInput)
    .add("field", FieldInput)
    .add("fields", FieldsInput)
    .add("record", RecordInput)
    .add("records", RecordsInput)
    .add("expression", ConditionInput);
