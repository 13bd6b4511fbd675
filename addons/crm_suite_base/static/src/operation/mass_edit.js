import { DynamicList } from "@web/model/relational_model/dynamic_list";
import { patch } from "@web/core/utils/patch";
import { session } from "@web/session";
import { ListController } from "@web/views/list/list_controller";
import { notifyOperation } from "./operation_notification";

const MODELS = new Set(session.crm_suite_mass_edit_models || []);

/** @returns {Promise<Object|false>} the operation that a change has just become */
export function findOperation(orm, resModel, resIds) {
    if (resIds.length < 2 || !MODELS.has(resModel)) {
        return Promise.resolve(false);
    }
    return orm.call("crm.suite.operation", "get_last_mass_edit", [resModel, resIds]);
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

    async offerUndo(resIds) {
        const operation = await findOperation(this.model.orm, this.resModel, resIds);
        if (operation) {
            notifyOperation(this.model.env, operation);
        }
    },
});

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
        const operation = await findOperation(this.model.orm, this.props.resModel, resIds);
        if (operation) {
            notifyOperation(this.env, operation);
        }
    },
});
