import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { Why } from "../why/why";
import { useCustomerPage } from "./customer_page";

/** Who this is in one line: trade, place, size, source; and what is not known yet. */
export class IdentityLine extends Component {
    static template = "crm_suite_base.IdentityLine";
    static props = { ...standardWidgetProps };
    static components = { Why };

    setup() {
        this.page = useCustomerPage();
    }

    get identity() {
        return this.page.blocks.identity;
    }

    get words() {
        const { customer_type, industry, region, size, source } = this.identity;
        const from = source && _t("source: %s", source.name);
        return [customer_type, industry?.name, region, size, from]
            .filter(Boolean)
            .join(" · ");
    }

    get phone() {
        const { phone_display, phone_extension } = this.identity;
        return [phone_display, phone_extension].filter(Boolean).join(" – ");
    }

    get qualityText() {
        const { quality } = this.identity;
        return quality === false || quality === undefined ? "" : _t("data quality %s", quality);
    }

    get missing() {
        return (this.identity.quality_missing || []).join(", ");
    }

    /** The missing values are entered on the details page of this form. */
    openDetails(ev) {
        ev.target
            .closest(".o_form_view")
            .querySelector(".o_notebook .nav-link[name='details']")
            .click();
    }
}

registry.category("view_widgets").add("crm_suite_identity_line", { component: IdentityLine });
