import { reactive } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { registry } from "@web/core/registry";
import { session } from "@web/session";

const EVERY = 10 * 60 * 1000;

/**
 * How much waits for the user, for whoever shows it. Asked for after the start, after
 * every act in the to-do centre, and now and then while the page is looked at.
 */
export const todoService = {
    dependencies: ["orm"],
    start(env, { orm }) {
        const isAllowed = Boolean(session.crm_suite_todo);
        const counts = reactive({ total: 0, overdue: 0, sources: [] });

        async function refresh() {
            try {
                const found = await orm.silent.call(
                    "crm.suite.todo",
                    "crm_suite_todo_counts",
                    []
                );
                Object.assign(counts, found);
            } catch {
                // A number in the corner is not worth a dialog: the next time will do.
            }
        }

        if (isAllowed) {
            env.bus.addEventListener("WEB_CLIENT_READY", refresh, { once: true });
            browser.setInterval(() => {
                if (document.visibilityState === "visible") {
                    refresh();
                }
            }, EVERY);
        }
        return { isAllowed, counts, refresh };
    },
};
registry.category("services").add("crm_suite_todo", todoService);
