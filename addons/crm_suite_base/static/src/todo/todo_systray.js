import { Component, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";

const MOST = 999;

export class TodoSystray extends Component {
    static template = "crm_suite_base.TodoSystray";
    static props = {};

    setup() {
        this.action = useService("action");
        this.todo = useService("crm_suite_todo");
        this.counts = useState(this.todo.counts);
    }

    get countText() {
        return this.counts.total >= MOST ? `${MOST}+` : String(this.counts.total);
    }

    get label() {
        return _t("To do: %s", this.countText);
    }

    open() {
        return this.action.doAction("crm_suite_base.todo_action", { clearBreadcrumbs: true });
    }
}
registry.category("systray").add(
    "crm_suite_base.todo",
    {
        Component: TodoSystray,
        isDisplayed: (env) => env.services.crm_suite_todo.isAllowed,
    },
    { sequence: 29 }
);
