import { DynamicList } from "@web/model/relational_model/dynamic_list";
import { patch } from "@web/core/utils/patch";
import { session } from "@web/session";
import { ListController } from "@web/views/list/list_controller";
import { notifyOperation } from "./operation_notification";

const MODELS = new Set(session.crm_suite_mass_edit_models || []);

/**
 * Offers to undo what has just been done to several records, if it became an operation.
 *
 * @param {Object} env
 * @param {Object} orm
 * @param {string} resModel
 * @param {number[]} resIds
 */
export async function offerUndo(env, orm, resModel, resIds) {
    if (resIds.length < 2 || !MODELS.has(resModel)) {
        return;
    }
    const operation = await orm.call("crm.suite.operation", "get_last_mass_edit", [
        resModel,
        resIds,
    ]);
    if (operation) {
        notifyOperation(env, operation);
    }
}

/** Deleting several records, or (un)archiving them, can be undone as well. */
patch(DynamicList.prototype, {
    async _deleteRecords(records) {
        const resIds = await this.getBulkIds(records);
        const { orm } = this.model;
        this.model.orm = Object.assign(Object.create(orm), {
            unlink: (model, ids, kwargs = {}) =>
                orm.unlink(model, ids, {
                    ...kwargs,
                    context: { ...kwargs.context, crm_suite_list_delete: true },
                }),
        });
        let deleted;
        try {
            deleted = await super._deleteRecords(records);
        } finally {
            this.model.orm = orm;
        }
        await this.offerUndo(deleted ? resIds : []);
        return deleted;
    },

    async _toggleArchive(isSelected, state) {
        const resIds = await this.getBulkIds([]);
        const result = await super._toggleArchive(isSelected, state);
        await this.offerUndo(resIds);
        return result;
    },

    /** The records of a bulk act; none if it is not one that we follow. */
    async getBulkIds(records) {
        if (!MODELS.has(this.resModel)) {
            return [];
        }
        return records.length ? records.map((r) => r.resId) : this.getResIds(true);
    },

    offerUndo(resIds) {
        return offerUndo(this.model.env, this.model.orm, this.resModel, resIds);
    },
});

/** After an edit of several records the notification offers Undo. */
patch(ListController.prototype, {
    get modelParams() {
        const params = super.modelParams;
        const onSavedMulti = params.hooks.onSavedMulti;
        params.hooks.onSavedMulti = async (records) => {
            onSavedMulti?.(records);
            const resIds = records.map((record) => record.resId);
            await offerUndo(this.env, this.model.orm, this.props.resModel, resIds);
        };
        return params;
    },
});
