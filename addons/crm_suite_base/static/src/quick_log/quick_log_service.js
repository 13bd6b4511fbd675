import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { session } from "@web/session";
import { QuickLogDialog } from "./quick_log";

/**
 * Opens the quick log from anywhere: systray, command palette, hotkey, and the
 * client action behind the customer page's button.
 */
export const quickLogService = {
    dependencies: ["action", "command", "dialog", "orm"],
    start(env, { action, command, dialog, orm }) {
        const isAllowed = Boolean(session.crm_suite_can_log);

        /** The customer on screen is the one who is meant nine times out of ten. */
        function partnerOnScreen() {
            const { props, currentState } = action.currentController || {};
            const isPartner = props?.resModel === "res.partner" && props.type === "form";
            // The props keep the record with which the form was opened, whatever was
            // paged to or created since.
            return isPartner && currentState.resId;
        }

        async function open(partnerId) {
            const id = partnerId || partnerOnScreen();
            let partner = null;
            if (id) {
                const [record] = await orm.read("res.partner", [id], ["display_name"]);
                // It may have been deleted meanwhile.
                partner = record ? { id, name: record.display_name } : null;
            }
            dialog.add(QuickLogDialog, { partner });
        }

        if (isAllowed) {
            command.add(_t("Log a call or visit"), () => open(), {
                hotkey: "alt+shift+l",
                hotkeyOptions: { bypassEditableProtection: true },
                global: true,
            });
        }
        return { open, isAllowed };
    },
};
registry.category("services").add("crm_suite_quick_log", quickLogService);

export class QuickLogSystray extends Component {
    static template = "crm_suite_base.QuickLogSystray";
    static props = {};

    setup() {
        this.quickLog = useService("crm_suite_quick_log");
    }
}
registry.category("systray").add(
    "crm_suite_base.quick_log",
    {
        Component: QuickLogSystray,
        isDisplayed: (env) => env.services.crm_suite_quick_log.isAllowed,
    },
    { sequence: 30 }
);

registry.category("actions").add("crm_suite_quick_log", (env, action) => {
    const { active_model: model, active_id: id } = action.context;
    env.services.crm_suite_quick_log.open(model === "res.partner" ? id : false);
});
