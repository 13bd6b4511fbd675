import { Component, useEffect, useState } from "@odoo/owl";
import { deserializeDateTime, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Why } from "../why/why";

/**
 * Says who was merged with this customer. The page of a merged one, reached by an old
 * link, goes on to the one that has taken over.
 */
export class MergeBanner extends Component {
    static template = "crm_suite_base.MergeBanner";
    static props = { ...standardWidgetProps };
    static components = { Why };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        this.state = useState({ info: null });
        useEffect(
            (resId) => {
                this.load(resId);
            },
            () => [this.props.record.resId]
        );
    }

    async load(resId) {
        this.state.info = null;
        if (!resId) {
            return;
        }
        const info = await this.orm.call("res.partner", "crm_suite_merge_info", [[resId]]);
        if (resId !== this.props.record.resId) {
            return;
        }
        this.state.info = info;
        if (info.into && !this.props.record.context.crm_suite_show_merged) {
            await this.open(info.into, { stackPosition: "replaceCurrentAction" });
            this.notification.add(
                _t("The record that you opened was merged into this customer."),
                { type: "info" }
            );
        }
    }

    get into() {
        return this.state.info.into;
    }

    get merged() {
        return this.state.info.merged;
    }

    when({ date, user }) {
        return [date && formatDate(deserializeDateTime(date)), user].filter(Boolean).join(", ");
    }

    open({ id }, options = {}) {
        return this.action.doAction("crm_suite_base.customer_action", {
            viewType: "form",
            props: { resId: id },
            ...options,
        });
    }

    show({ id, name }) {
        return this.action.doAction("crm_suite_base.merged_action", {
            viewType: "form",
            props: { resId: id },
            additionalContext: { crm_suite_show_merged: true },
        });
    }

    async undo(row) {
        return this.action.doAction(
            await this.orm.call("crm.suite.operation", "action_show_undo", [[row.operation_id]])
        );
    }
}

registry.category("view_widgets").add("crm_suite_merge_banner", { component: MergeBanner });
