import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";
import { FormViewDialog } from "@web/views/view_dialogs/form_view_dialog";
import { useOpenRecords } from "../customer_page/open_records";
import { useDeletePreview } from "./delete_preview";

/** The host offers to archive also to those whose views the server made read-only. */
export function mayEdit({ archInfo }) {
    return Boolean(archInfo.activeActions.edit);
}

/** New begins with the short form; saved, it goes on to the customer's page. */
function useNewCustomer(getContext) {
    const dialog = useService("dialog");
    const { openRecord } = useOpenRecords();
    return () =>
        dialog.add(FormViewDialog, {
            resModel: "res.partner",
            title: _t("New customer"),
            size: "md",
            canExpand: false,
            context: {
                ...getContext(),
                form_view_ref: "crm_suite_base.res_partner_view_form_customer_quick",
            },
            onRecordSaved: (record) => openRecord("res.partner", record.resId),
        });
}

export class CustomerListController extends ListController {
    setup() {
        super.setup();
        this.openNewCustomer = useNewCustomer(() => this.props.context);
        this.deleteRecordsWithConfirmation = useDeletePreview(this.model);
        this.archiveEnabled = this.archiveEnabled && mayEdit(this.props);
    }

    async createRecord() {
        this.openNewCustomer();
    }
}

export class CustomerKanbanController extends KanbanController {
    setup() {
        super.setup();
        this.openNewCustomer = useNewCustomer(() => this.props.context);
        this.deleteRecordsWithConfirmation = useDeletePreview(this.model);
        this.archiveEnabled = this.archiveEnabled && mayEdit(this.props);
    }

    async createRecord() {
        this.openNewCustomer();
    }
}

registry
    .category("views")
    .add("crm_suite_customer_list", { ...listView, Controller: CustomerListController })
    .add("crm_suite_customer_kanban", { ...kanbanView, Controller: CustomerKanbanController });
