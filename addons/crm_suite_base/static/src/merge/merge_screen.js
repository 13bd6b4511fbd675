import { Component, onWillStart, useState } from "@odoo/owl";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { deserializeDateTime, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { labelled } from "../core/format";
import { useOpenRecords } from "../customer_page/open_records";
import { notifyOperation } from "../operation/operation_notification";

/** Lines of which somebody has to decide, and those that are the same in all. */
export function splitLines(lines) {
    return {
        differing: lines.filter((line) => line.differs),
        same: lines.filter((line) => !line.differs),
    };
}

/**
 * Several records of one customer side by side: who stays, whose value counts in each
 * line, what moves. Nothing is done before the button says so.
 */
export class MergeScreen extends Component {
    static template = "crm_suite_base.MergeScreen";
    static components = { Layout, RecordSelector };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.openRecords = useOpenRecords();
        this.keepLast = new KeepLast();
        this.display = { controlPanel: {} };
        const { params, context } = this.props.action;
        this.state = useState({
            ids: params?.ids || context?.active_ids || [],
            survivorId: params?.survivor_id || false,
            choices: {},
            preview: null,
            showSame: false,
            isMerging: false,
        });
        onWillStart(() => this.load());
    }

    async load() {
        const { ids, survivorId, choices } = this.state;
        const preview = await this.keepLast.add(
            this.orm.call("res.partner", "crm_suite_merge_preview", [
                ids,
                survivorId,
                { ...choices },
            ])
        );
        this.state.preview = preview;
        this.state.survivorId = preview.survivor_id;
    }

    // What is shown

    get preview() {
        return this.state.preview;
    }

    get lines() {
        return splitLines(this.preview.lines);
    }

    get columns() {
        return `--o-merge-columns: ${Math.max(this.preview.partners.length, 1)}`;
    }

    get pickDomain() {
        const domain = [
            ["id", "not in", this.state.ids],
            ["parent_id", "not in", this.state.ids],
        ];
        const [first] = this.preview.partners;
        return first ? [...domain, ["is_company", "=", first.is_company]] : domain;
    }

    since(partner) {
        return _t("since %s", formatDate(deserializeDateTime(partner.created)));
    }

    leaveOutLabel(partner) {
        return _t("Leave out %s", partner.name);
    }

    isSurvivor(partner) {
        return partner.id === this.preview.survivor_id;
    }

    valueOf(line, partner) {
        return line.values[partner.id] || "";
    }

    why(line) {
        return {
            filled: _t("empty in the one that stays"),
            rule: _t("found by rule"),
            you: _t("your choice"),
        }[line.by];
    }

    get stays() {
        return this.preview.stays.map(({ label, count }) => labelled(label, count));
    }

    get moved() {
        return this.preview.moves.map(({ model, label, count }) => ({
            model,
            text:
                count === false
                    ? _t("%s: some", label)
                    : _t("%(kind)s: %(count)s", { kind: label, count }),
        }));
    }

    get button() {
        const count = this.preview.partners.length;
        return count > 1 ? _t("Merge %s into one", count) : _t("Merge");
    }

    get sameButton() {
        return this.state.showSame
            ? _t("Hide what is the same")
            : _t("Show what is the same (%s)", this.lines.same.length);
    }

    // What can be done

    keep(partner) {
        this.state.survivorId = partner.id;
        return this.load();
    }

    choose(line, partner) {
        this.state.choices[line.key] = partner.id;
        return this.load();
    }

    add(id) {
        if (id) {
            this.state.ids = [...this.state.ids, id];
            this.load();
        }
    }

    leaveOut(partner) {
        this.state.ids = this.state.ids.filter((id) => id !== partner.id);
        for (const [key, id] of Object.entries(this.state.choices)) {
            if (id === partner.id) {
                delete this.state.choices[key];
            }
        }
        if (this.state.survivorId === partner.id) {
            this.state.survivorId = false;
        }
        return this.load();
    }

    async merge() {
        const { ids, survivorId, choices } = this.state;
        this.state.isMerging = true;
        try {
            const operationId = await this.orm.call("res.partner", "crm_suite_merge", [
                ids,
                survivorId,
                { ...choices },
            ]);
            await this.openSurvivor(survivorId);
            notifyOperation(this.env, {
                id: operationId,
                name: _t("Merged"),
                message: _t("%s records of this customer became one.", ids.length),
            });
        } finally {
            this.state.isMerging = false;
        }
    }

    openSurvivor(resId) {
        return this.action.doAction("crm_suite_base.customer_action", {
            viewType: "form",
            props: { resId },
            stackPosition: "replaceCurrentAction",
        });
    }

    open(partner) {
        return this.openRecords.openRecord("res.partner", partner.id);
    }

    cancel() {
        this.env.config.historyBack();
    }
}

registry.category("actions").add("crm_suite_merge", MergeScreen);
