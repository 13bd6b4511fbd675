import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { useOpenRecords } from "../customer_page/open_records";
import { Why } from "../why/why";

/** The records of a group of possible duplicates side by side, and what to do. */
export class DuplicateCompare extends Component {
    static template = "crm_suite_base.DuplicateCompare";
    static props = { ...standardActionServiceProps };
    static components = { Why };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        Object.assign(this, useOpenRecords());
        this.state = useState({ data: null, chosen: {}, differing: false, busy: false });
        onWillStart(() => this.load(this.startId(this.props)));
        onWillUpdateProps((next) => this.load(this.startId(next)));
    }

    startId({ action }) {
        return action.params?.pair_id || action.context?.active_id;
    }

    async load(pairId) {
        this.pairId = pairId;
        const data = await this.orm.call("crm.suite.duplicate.pair", "get_comparison", [
            [pairId],
        ]);
        this.state.data = data;
        // A lead and a customer are not merged: where both are there, the two that were
        // clicked take part.
        const asked = data.pairs.find(({ id }) => id === pairId);
        const all = !asked || new Set(data.records.map(({ model }) => model)).size === 1;
        this.state.chosen = Object.fromEntries(
            data.records.map((_, position) => [
                position,
                all || [asked.left, asked.right].includes(position),
            ])
        );
    }

    get lines() {
        const { fields } = this.state.data;
        return this.state.differing ? fields.filter((line) => !line.same) : fields;
    }

    get chosenRecords() {
        return this.state.data.records.filter((_, position) => this.state.chosen[position]);
    }

    get isMixed() {
        return new Set(this.chosenRecords.map(({ model }) => model)).size > 1;
    }

    get mergeTitle() {
        return this.isMixed
            ? _t("Tick records of one kind: a lead is not merged with a customer.")
            : "";
    }

    /** Open pairs between records that are chosen. */
    get chosenPairs() {
        return this.state.data.pairs.filter(
            ({ left, right }) => this.state.chosen[left] && this.state.chosen[right]
        );
    }

    pairText({ left, right, score, reasons }) {
        const { records } = this.state.data;
        return _t("%(left)s and %(right)s: %(score)s % alike (%(reasons)s)", {
            left: records[left].name,
            right: records[right].name,
            score: Math.round(score),
            reasons,
        });
    }

    async merge() {
        const pairs = this.chosenPairs.map(({ id }) => id);
        const action = await this.orm.call("crm.suite.duplicate.pair", "action_merge", [
            pairs,
            this.chosenRecords.map(({ id }) => id),
        ]);
        return this.action.doAction(action);
    }

    async decide(method) {
        this.state.busy = true;
        try {
            const ids = this.chosenPairs.map(({ id }) => id);
            await this.orm.call("crm.suite.duplicate.pair", method, [ids]);
            this.notification.add(
                method === "action_reopen"
                    ? _t("The pair is open again.")
                    : _t("Remembered: these are different."),
                { type: "success" }
            );
            await this.next();
        } finally {
            this.state.busy = false;
        }
    }

    /** On to the next group, or back to the list where nothing is left. */
    async next() {
        const { next } = this.state.data;
        if (next) {
            return this.load(next);
        }
        return this.action.doAction("crm_suite_base.duplicate_pair_action", {
            clearBreadcrumbs: true,
        });
    }

    toList() {
        return this.action.doAction("crm_suite_base.duplicate_pair_action", {
            clearBreadcrumbs: true,
        });
    }
}

registry.category("actions").add("crm_suite_duplicate_compare", DuplicateCompare);
