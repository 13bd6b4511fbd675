import { Component } from "@odoo/owl";
import { MultiRecordSelector } from "@web/core/record_selectors/multi_record_selector";

/** One value of a condition: the input that its type needs. */
export class ConditionValue extends Component {
    static template = "crm_suite_base.ConditionValue";
    static components = { MultiRecordSelector };
    static props = {
        spec: Object,
        name: String,
        label: String,
        value: { optional: true },
        onChange: Function,
    };

    get choices() {
        return this.props.spec.choices || [];
    }

    get chosen() {
        return this.props.value || [];
    }

    get left() {
        return this.choices.filter(([key]) => !this.chosen.includes(key));
    }

    labelOf(key) {
        const labels = this.props.spec.labels || this.choices;
        return labels.find(([other]) => other === key)?.[1] || key;
    }

    onNumber(ev) {
        const value = ev.target.value === "" ? undefined : Number(ev.target.value);
        this.props.onChange(value);
    }

    onText(ev) {
        this.props.onChange(ev.target.value || undefined);
    }

    add(ev) {
        if (ev.target.value) {
            this.props.onChange([...this.chosen, ev.target.value]);
            ev.target.value = "";
        }
    }

    remove(key) {
        this.props.onChange(this.chosen.filter((other) => other !== key));
    }
}
