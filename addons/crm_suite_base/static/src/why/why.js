import { Component, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { errorText } from "../core/format";

const PRINTING = "o_crm_suite_printing_why";

/**
 * Why something is as it is: one sentence, what was looked at, which rules were
 * tried, by which rule and when. Used in a popover and, on phones, in a sheet.
 */
export class WhyContent extends Component {
    static template = "crm_suite_base.WhyContent";
    static props = {
        resModel: String,
        resId: Number,
        topic: String,
        close: Function,
        refresh: { type: Function, optional: true },
    };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ answer: null, error: "" });
        this.load();
        onWillUnmount(() => document.body.classList.remove(PRINTING));
    }

    async load() {
        const { resModel, resId, topic } = this.props;
        try {
            this.state.answer = await this.orm.call(resModel, "explain", [[resId], topic]);
        } catch (error) {
            this.state.error = errorText(error);
        }
    }

    get ruleText() {
        const { name, version } = this.state.answer.rule;
        return version
            ? _t("%(rule)s, version %(version)s", { rule: name, version })
            : name;
    }

    stepIcon({ met }) {
        if (met === null) {
            return "fa-circle-o text-muted";
        }
        return met ? "fa-check text-success" : "fa-times text-muted";
    }

    stepLabel({ met }) {
        if (met === null) {
            return "";
        }
        return met ? _t("fits") : _t("does not fit");
    }

    async openRule() {
        const { model, id } = this.state.answer.rule;
        this.props.close();
        await this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    /** Only the explanation goes on paper; see the print rules in why.scss. */
    print() {
        document.body.classList.add(PRINTING);
        window.print();
        document.body.classList.remove(PRINTING);
    }
}

/** The small "?" beside a value. */
export class Why extends Component {
    static template = "crm_suite_base.Why";
    static props = {
        resModel: String,
        resId: Number,
        topic: String,
    };

    setup() {
        const ui = useService("ui");
        const options = {
            position: "bottom-start",
            popoverClass: "o_crm_suite_why_popover",
            class: "o_crm_suite_why_sheet",
        };
        const popover = usePopover(WhyContent, options);
        const sheet = usePopover(WhyContent, { ...options, useBottomSheet: true });
        this.getPopover = () => (ui.isSmall ? sheet : popover);
    }

    open(ev) {
        const { resModel, resId, topic } = this.props;
        const popover = this.getPopover();
        popover.open(ev.currentTarget, {
            resModel,
            resId,
            topic,
            close: () => popover.close(),
        });
    }
}

/**
 * <widget name="crm_suite_why" topic="grade"/> in forms; the schema of lists knows no
 * attributes of widgets, so there it is options="{'topic': 'grade'}".
 */
export class WhyWidget extends Component {
    static template = "crm_suite_base.WhyWidget";
    static props = { ...standardWidgetProps, topic: String };
    static components = { Why };
}

registry.category("view_widgets").add("crm_suite_why", {
    component: WhyWidget,
    extractProps: ({ attrs, options }) => ({ topic: attrs.topic || options.topic }),
    listViewWidth: 40,
});
