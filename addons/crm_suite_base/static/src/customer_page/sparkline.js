import { Component } from "@odoo/owl";

const WIDTH = 72;
const HEIGHT = 20;
const GAP = 1;

/** Twelve small bars: the months of a year, without axes. */
export class Sparkline extends Component {
    static template = "crm_suite_base.Sparkline";
    static props = {
        values: Array,
        label: { type: String, optional: true },
    };

    get box() {
        return `0 0 ${WIDTH} ${HEIGHT}`;
    }

    get bars() {
        const highest = Math.max(...this.props.values.map(Math.abs), 0) || 1;
        const step = WIDTH / this.props.values.length;
        return this.props.values.map((value, index) => {
            const height = Math.max((Math.abs(value) / highest) * HEIGHT, 1);
            return {
                key: index,
                x: index * step,
                y: HEIGHT - height,
                width: step - GAP,
                height,
            };
        });
    }
}
