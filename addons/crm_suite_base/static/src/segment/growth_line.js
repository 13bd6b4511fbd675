import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { exactDate, fullNumber } from "../core/format";

const WIDTH = 240;
const HEIGHT = 48;
const MARGIN = 2;

/** The size of a segment over the last days, as a line without axes. */
export class GrowthLine extends Component {
    static template = "crm_suite_base.GrowthLine";
    static props = { growth: Array };

    get box() {
        return `0 0 ${WIDTH} ${HEIGHT}`;
    }

    get points() {
        const { growth } = this.props;
        const counts = growth.map(({ count }) => count);
        const lowest = Math.min(...counts);
        const range = Math.max(...counts) - lowest || 1;
        const step = growth.length > 1 ? WIDTH / (growth.length - 1) : WIDTH;
        const room = HEIGHT - 2 * MARGIN;
        const y = (count) => HEIGHT - MARGIN - ((count - lowest) / range) * room;
        const points = counts.map((count, index) => `${index * step},${y(count)}`);
        // One day alone is a level line.
        return (counts.length > 1 ? points : [points[0], `${WIDTH},${y(counts[0])}`]).join(" ");
    }

    get label() {
        const first = this.props.growth[0];
        const last = this.props.growth.at(-1);
        return _t("%(from)s on %(day)s, now %(to)s", {
            from: fullNumber(first.count),
            day: exactDate(first.date),
            to: fullNumber(last.count),
        });
    }
}
