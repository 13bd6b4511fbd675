import { Component, markRaw, onWillStart, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { MultiRecordSelector } from "@web/core/record_selectors/multi_record_selector";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { useRecordObserver } from "@web/model/relational_model/utils";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { errorText, fullNumber } from "../core/format";
import { useOpenRecords } from "../customer_page/open_records";
import { ConditionGroup } from "./condition_group";
import {
    addItem,
    EMPTY_TREE,
    findIncomplete,
    keyOf,
    removeItem,
    updateItem,
    withoutIncomplete,
} from "./condition_tree";
import { GrowthLine } from "./growth_line";
import { SegmentWhy } from "./segment_why";

const PREVIEW_DELAY = 400;
const MODEL = "crm.suite.segment";

/** The catalogue by group, in the order in which the server gives it. */
export function groupOffers(entries) {
    const groups = new Map();
    for (const entry of entries) {
        groups.set(entry.group, [...(groups.get(entry.group) || []), entry]);
    }
    return [...groups].map(([label, offers]) => ({
        label,
        offers: offers.map((entry) => ({ key: keyOf(entry), label: entry.label })),
    }));
}

/**
 * Conditions of a segment as sentences with drop-downs. While they change, the number
 * of customers, ten of them and the overlap with other segments are shown.
 */
export class SegmentBuilder extends Component {
    static template = "crm_suite_base.SegmentBuilder";
    static components = { ConditionGroup, GrowthLine, MultiRecordSelector, SegmentWhy };
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.openRecords = useOpenRecords();
        this.keepLast = new KeepLast();
        this.keepLastGrowth = new KeepLast();
        this.fullNumber = fullNumber;
        this.state = useState({
            edited: null,
            preview: null,
            isCounting: false,
            overlapIds: [],
            growth: [],
        });
        this.actions = {
            change: (path, item) => this.update(updateItem(this.tree, path, () => item)),
            add: (path, item) => this.update(addItem(this.tree, path, item)),
            remove: (path) => this.update(removeItem(this.tree, path)),
        };
        this.countSoon = useDebounced(() => this.count(), PREVIEW_DELAY);
        onWillStart(async () => {
            const entries = await this.orm.call(MODEL, "get_conditions", []);
            this.offers = groupOffers(entries);
            this.catalogue = Object.fromEntries(entries.map((entry) => [keyOf(entry), entry]));
            this.count();
        });
        useRecordObserver((record) => {
            const growth = JSON.stringify([record.resId, record.data.refreshed_at]);
            if (growth !== this.shownGrowth) {
                this.shownGrowth = growth;
                this.loadGrowth(record.resId);
            }
            const asked = JSON.stringify([record.data[this.props.name], record.data.company_id]);
            if (this.asked && asked !== this.asked) {
                this.countSoon();
            }
            this.asked = asked;
        });
    }

    get tree() {
        return this.state.edited || this.props.record.data[this.props.name] || EMPTY_TREE;
    }

    get closed() {
        return this.props.record.data.closed_conditions || { keys: [] };
    }

    get incomplete() {
        return findIncomplete(this.tree, this.catalogue).length;
    }

    /** The record asks the server first; until it has the tree, the next change begins here. */
    async update(tree) {
        this.state.edited = markRaw(tree);
        try {
            await this.props.record.update({ [this.props.name]: tree });
        } finally {
            if (this.state.edited === tree) {
                this.state.edited = null;
            }
        }
    }

    async loadGrowth(resId) {
        // Whoever pages fast does not get the growth of the segment before.
        this.state.growth = await this.keepLastGrowth.add(
            resId ? this.orm.silent.call(MODEL, "get_growth", [[resId]]) : Promise.resolve([])
        );
    }

    async count() {
        this.state.isCounting = true;
        const call = this.orm.silent.call(MODEL, "preview", [
            withoutIncomplete(this.tree, this.catalogue),
            this.props.record.data.company_id?.id || false,
            this.state.overlapIds,
        ]);
        // What was asked before the last change is not shown any more.
        this.state.preview = await this.keepLast.add(
            call.catch((error) => ({ problem: errorText(error) }))
        );
        this.state.isCounting = false;
    }

    setOverlap(ids) {
        this.state.overlapIds = ids;
        this.count();
    }

    /** Part of this segment's customers that are in the other one, too. */
    shareOf({ count }) {
        return this.state.preview.count ? Math.round((100 * count) / this.state.preview.count) : 0;
    }

    openCustomer(id) {
        this.openRecords.openRecord("res.partner", id);
    }
}

registry.category("fields").add("crm_suite_segment_builder", {
    component: SegmentBuilder,
    supportedTypes: ["json"],
    fieldDependencies: [
        { name: "company_id", type: "many2one" },
        { name: "refreshed_at", type: "datetime" },
    ],
});
