import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { exactDate, nearDate } from "../core/format";
import { useOpenRecords } from "../customer_page/open_records";
import { notifyOperation } from "../operation/operation_notification";
import { TodoReason } from "./todo_reason";

const MOST = 999;
/** As many as the server gives, and as can be chosen together. */
export const MOST_ROWS = 200;

/** One list of the to-do centre: rows, what can be done with them, singly or together. */
export class TodoList extends Component {
    static template = "crm_suite_base.TodoList";
    static props = { source: Object, reload: Function, loadMore: Function };

    setup() {
        this.dialog = useService("dialog");
        this.notification = useService("notification");
        this.orm = useService("orm");
        this.records = useOpenRecords();
        this.nearDate = nearDate;
        this.exactDate = exactDate;
        this.state = useState({ chosen: new Set(), refusals: {}, busy: false });
    }

    get source() {
        return this.props.source;
    }

    get countText() {
        const { count } = this.source;
        return count >= MOST ? `${MOST}+` : String(count);
    }

    /** Rows that were done meanwhile are not chosen any more. */
    get chosen() {
        return this.source.rows.map((row) => row.id).filter((id) => this.state.chosen.has(id));
    }

    get chosenText() {
        return _t("%s chosen", this.chosen.length);
    }

    get allChosen() {
        return this.source.rows.length && this.chosen.length === this.source.rows.length;
    }

    get hasMore() {
        return this.source.count > this.source.rows.length;
    }

    /** Said at the end of the longest list: the less urgent come up by and by. */
    get fullText() {
        return this.hasMore && this.source.rows.length >= MOST_ROWS
            ? _t("The first %s are shown. The others come up as these are done.", MOST_ROWS)
            : "";
    }

    toggle(id) {
        if (!this.state.chosen.delete(id)) {
            this.state.chosen.add(id);
        }
    }

    toggleAll() {
        const all = this.allChosen ? [] : this.source.rows.map((row) => row.id);
        this.state.chosen = new Set(all);
    }

    open({ open }) {
        return this.records.openRecord(open.model, open.id);
    }

    /** @param {Object} action @param {number[]} ids */
    start(action, ids) {
        if (!action.reason) {
            return this.act(action, ids);
        }
        this.dialog.add(TodoReason, {
            title: action.label,
            hint: action.hint,
            confirm: (reason) => this.act(action, ids, reason),
        });
    }

    async act({ method, label }, ids, reason = "") {
        if (this.state.busy) {
            return;
        }
        this.state.busy = true;
        try {
            const { results, operation } = await this.orm.call("crm.suite.todo", "act", [
                this.source.key,
                method,
                ids,
                reason,
            ]);
            this.tell(label, results, operation);
            this.state.chosen = new Set();
            await this.props.reload(this.source.key);
        } finally {
            this.state.busy = false;
        }
    }

    tell(label, results, operation) {
        const refused = results.filter((row) => !row.ok);
        this.state.refusals = Object.fromEntries(refused.map((row) => [row.id, row.reason]));
        const done = results.length - refused.length;
        if (done) {
            const message = _t("%(action)s: %(count)s done", { action: label, count: done });
            notifyOperation(this.env, { id: operation, message });
        }
        if (refused.length) {
            // Rows that are gone have no place of their own to say it.
            const shown = new Set(this.source.rows.map((row) => row.id));
            const text = refused.map((row) => row.reason).filter(Boolean)[0];
            const missing = refused.some((row) => !shown.has(row.id));
            const message = _t("Left out: %(count)s. %(reason)s", {
                count: refused.length,
                reason: missing || refused.length === 1 ? text : _t("See the lines."),
            });
            this.notification.add(message, { type: "warning" });
        }
    }
}
