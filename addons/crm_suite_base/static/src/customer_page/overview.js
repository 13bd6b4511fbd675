import { Component } from "@odoo/owl";
import { Chatter } from "@mail/chatter/web_portal/chatter";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Timeline } from "../timeline/timeline";
import {
    ConsentsBlock,
    ContactsBlock,
    NeedsBlock,
    OpenBusinessBlock,
    RelationsBlock,
    shownRelations,
} from "./blocks";
import { useCustomerPage } from "./customer_page";
import { StructureBlock } from "./structure_block";

/**
 * What stands left of the timeline. Addons add { component, isShown(blocks) }; a
 * block without data for this viewer is left out altogether.
 */
export const pageBlocks = registry.category("crm_suite.page_blocks");

pageBlocks
    .add(
        "business",
        {
            component: OpenBusinessBlock,
            isShown: ({ deals, quotes, orders, deliveries }) =>
                [deals, quotes, orders, deliveries].some((block) => block?.items?.length),
        },
        { sequence: 10 }
    )
    .add(
        "contacts",
        {
            component: ContactsBlock,
            isShown: ({ contacts, identity }) => contacts?.length || identity?.is_company,
        },
        { sequence: 20 }
    )
    .add(
        "structure",
        {
            component: StructureBlock,
            isShown: ({ structure, contacts }) =>
                structure &&
                (structure.parent ||
                    structure.company ||
                    structure.subsidiaries.length ||
                    contacts?.length),
        },
        { sequence: 30 }
    )
    .add(
        "relations",
        { component: RelationsBlock, isShown: (blocks) => shownRelations(blocks).length },
        { sequence: 40 }
    )
    .add(
        "needs",
        {
            component: NeedsBlock,
            isShown: ({ preferences }) =>
                preferences &&
                Object.values({ ...preferences, language: "" }).some((value) => value),
        },
        { sequence: 50 }
    )
    .add(
        "consents",
        { component: ConsentsBlock, isShown: ({ consents }) => consents?.length },
        { sequence: 60 }
    );

export class CustomerOverview extends Component {
    static template = "crm_suite_base.CustomerOverview";
    static props = { ...standardWidgetProps };
    static components = { Chatter, Timeline };

    setup() {
        this.page = useCustomerPage();
        this.placeholders = [1, 2, 3];
        this.tabs = [
            { key: "timeline", label: _t("Timeline") },
            { key: "messages", label: _t("Messages and activities") },
        ];
    }

    get blocks() {
        return pageBlocks
            .getEntries()
            .map(([key, block]) => ({ key, ...block }))
            .filter((block) => block.isShown(this.page.blocks));
    }

    get people() {
        return (this.page.blocks.contacts || []).map(({ id, name }) => ({ id, name }));
    }

    get resId() {
        return this.props.record.resId;
    }

    showTab(tab) {
        // What was written among the messages belongs on the timeline.
        if (tab === "timeline" && this.page.tab !== "timeline") {
            this.page.reload();
        }
        this.page.tab = tab;
    }
}

registry.category("view_widgets").add("crm_suite_customer_overview", {
    component: CustomerOverview,
    additionalClasses: ["w-100"],
});
