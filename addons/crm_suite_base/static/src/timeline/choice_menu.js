import { Component } from "@odoo/owl";
import { CheckboxItem } from "@web/core/dropdown/checkbox_item";
import { Dropdown } from "@web/core/dropdown/dropdown";

/** A small menu from which several can be chosen; it stays open meanwhile. */
export class ChoiceMenu extends Component {
    static template = "crm_suite_base.ChoiceMenu";
    static components = { CheckboxItem, Dropdown };
    static props = {
        name: String,
        // What the button says while nothing is chosen.
        title: String,
        options: { type: Array, element: Object },
        chosen: { type: Array, element: String },
        onToggle: Function,
    };

    get label() {
        const [first, ...others] = this.props.options.filter(({ key }) =>
            this.props.chosen.includes(key)
        );
        if (!first) {
            return this.props.title;
        }
        return others.length ? `${first.label} +${others.length}` : first.label;
    }
}
