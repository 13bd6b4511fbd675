import { useEffect, useSubEnv } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useBus } from "@web/core/utils/hooks";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";
import { useDeletePreview } from "../customer_views/delete_preview";
import { CUSTOMER_CHANGED, makeCustomerPage } from "./customer_page";

/**
 * The customer's form. The record is the host's; the figures and the timeline are
 * fetched beside it, so that opening and editing cost what they cost in the host.
 */
export class CustomerFormController extends FormController {
    setup() {
        super.setup();
        this.customerPage = makeCustomerPage(this.orm);
        this.deleteRecordsWithConfirmation = useDeletePreview(this.model);
        useSubEnv({ crmSuitePage: this.customerPage });
        // An effect runs after painting: the form is there before its figures.
        useEffect(
            (resId) => {
                this.customerPage.load(resId);
            },
            () => [this.model.root.resId]
        );
        useBus(this.env.bus, CUSTOMER_CHANGED, ({ detail }) => {
            if (detail.ids.includes(this.customerPage.partnerId)) {
                this.customerPage.reload();
            }
        });
    }

    /** The host offers to archive also to those whose form the server made read-only. */
    get archiveEnabled() {
        return super.archiveEnabled && this.props.archInfo.activeActions.edit;
    }

    async onRecordSaved(record) {
        await super.onRecordSaved(...arguments);
        if (record.resId === this.customerPage.partnerId) {
            this.customerPage.reload();
        }
    }
}

export const customerFormView = {
    ...formView,
    Controller: CustomerFormController,
};

registry.category("views").add("crm_suite_customer_form", customerFormView);
