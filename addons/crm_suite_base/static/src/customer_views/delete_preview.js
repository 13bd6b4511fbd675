import { Component, useEnv, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { errorText } from "../core/format";
import { offerUndo } from "../operation/mass_edit";

/**
 * Says what would be deleted along with customers, or why they cannot be deleted
 * and what to do instead.
 */
export class DeletePreviewDialog extends Component {
    static template = "crm_suite_base.DeletePreviewDialog";
    static components = { Dialog };
    static props = {
        close: Function,
        preview: Object,
        confirm: Function,
        archive: Function,
    };

    setup() {
        this.state = useState({ error: "", isBusy: false });
    }

    get preview() {
        return this.props.preview;
    }

    get title() {
        const { customers } = this.preview;
        return customers.length === 1
            ? _t("Delete %s?", customers[0].name)
            : _t("Delete %s customers?", customers.length);
    }

    async run(work) {
        this.state.isBusy = true;
        this.state.error = "";
        try {
            await work();
            this.props.close();
        } catch (error) {
            this.state.error = errorText(error);
        } finally {
            this.state.isBusy = false;
        }
    }
}

/**
 * Stands in for the host's question before deleting, for one record as for a
 * selection.
 *
 * @param {Object} model of the view
 */
export function useDeletePreview(model) {
    const env = useEnv();
    const orm = useService("orm");
    const dialog = useService("dialog");
    const action = useService("action");
    return async (dialogProps, records) => {
        const ids = records
            ? records.map((record) => record.resId)
            : await model.root.getResIds(true);
        const preview = await orm.call("res.partner", "crm_suite_delete_preview", [ids]);
        dialog.add(DeletePreviewDialog, {
            preview,
            confirm: dialogProps?.confirm || (() => model.root.deleteRecords(records)),
            archive: async () => {
                await orm.call("res.partner", "action_archive", [ids]);
                await offerUndo(env, orm, "res.partner", ids);
                await action.doAction({ type: "ir.actions.client", tag: "soft_reload" });
            },
        });
    };
}
