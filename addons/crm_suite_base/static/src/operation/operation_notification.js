import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/**
 * Says what a bulk act did and offers to take it back.
 *
 * @param {Object} env
 * @param {Object} operation
 * @param {number|false} operation.id without an id there is nothing to undo
 * @param {string} operation.message
 * @param {string} [operation.name]
 * @param {boolean} [operation.is_undo] the act was itself an undo
 */
export function notifyOperation(env, { id, message, name, is_undo: isUndo }) {
    const { action, notification, orm } = env.services;
    const buttons = [];
    const close = notification.add(message, {
        title: name,
        type: "success",
        autocloseDelay: 10000,
        buttons,
    });
    if (id) {
        buttons.push({
            name: isUndo ? _t("Undo the undo") : _t("Undo"),
            onClick: async () => {
                close();
                await action.doAction(
                    await orm.call("crm.suite.operation", "action_show_undo", [[id]])
                );
            },
        });
    }
}

/** Client action with which the server ends a bulk act. */
export function operationDone(env, action) {
    notifyOperation(env, action.params);
    return action.params.next;
}

registry.category("actions").add("crm_suite_operation_done", operationDone);
