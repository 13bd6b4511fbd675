import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { download } from "@web/core/network/download";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { STATIC_ACTIONS_GROUP_NUMBER } from "@web/search/action_menus/action_menus";

import { Component } from "@odoo/owl";

/**
 * Gear menu of the customer views: export everything that the view lists now.
 * A selection has its own entry in the Actions menu.
 */
export class CustomerExportMenu extends Component {
    static template = "crm_suite_base.CustomerExportMenu";
    static components = { DropdownItem };
    static props = {};

    setup() {
        this.action = useService("action");
    }

    async onSelected() {
        const { resModel, domain, context } = this.env.searchModel;
        const additionalContext = {
            default_export_model: resModel,
            default_export_domain: JSON.stringify(domain),
        };
        if ("active_test" in context) {
            additionalContext.active_test = context.active_test;
        }
        await this.action.doAction("crm_suite_base.export_wizard_action", {
            additionalContext,
        });
    }
}

export const customerExportItem = {
    Component: CustomerExportMenu,
    groupNumber: STATIC_ACTIONS_GROUP_NUMBER,
    isDisplayed: async (env) =>
        env.searchModel?.resModel === "res.partner" &&
        ["kanban", "list"].includes(env.config.viewType) &&
        !env.model?.root.selection?.length &&
        (await user.hasGroup("base.group_allow_export")) &&
        (await user.hasGroup("crm_suite_base.group_crm_suite_user")),
};

registry
    .category("cogMenu")
    .add("crm-suite-export-menu", customerExportItem, { sequence: 11 });

/** Download a prepared export; what goes wrong on the server is shown as usual. */
async function downloadExport(env, action) {
    const url = `/crm_suite/export/${action.params.export_id}`;
    env.services.ui.block();
    try {
        await download({ url, data: {} });
    } finally {
        env.services.ui.unblock();
    }
    return { type: "ir.actions.act_window_close" };
}

registry.category("actions").add("crm_suite_base.download_export", downloadExport);
