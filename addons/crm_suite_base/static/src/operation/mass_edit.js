import { patch } from "@web/core/utils/patch";
import { session } from "@web/session";
import { ListController } from "@web/views/list/list_controller";
import { notifyOperation } from "./operation_notification";

const MODELS = new Set(session.crm_suite_mass_edit_models || []);

/** After an edit of several records the notification offers Undo. */
patch(ListController.prototype, {
    get modelParams() {
        const params = super.modelParams;
        const onSavedMulti = params.hooks.onSavedMulti;
        params.hooks.onSavedMulti = async (records) => {
            onSavedMulti?.(records);
            await this.notifyMassEdit(records.map((record) => record.resId));
        };
        return params;
    },

    /** @param {number[]} resIds */
    async notifyMassEdit(resIds) {
        const { resModel } = this.props;
        if (resIds.length < 2 || !MODELS.has(resModel)) {
            return;
        }
        const operation = await this.model.orm.call(
            "crm.suite.operation",
            "get_last_mass_edit",
            [resModel, resIds]
        );
        if (operation) {
            notifyOperation(this.env, operation);
        }
    },
});
