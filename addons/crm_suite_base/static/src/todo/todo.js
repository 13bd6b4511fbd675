import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { MOST_ROWS, TodoList } from "./todo_list";

const PAGE = 8;

/** Everything that waits for one person, list by list, the most urgent first. */
export class TodoCentre extends Component {
    static template = "crm_suite_base.TodoCentre";
    static components = { Layout, TodoList };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.todo = useService("crm_suite_todo");
        this.env.config.setDisplayName(_t("To Do"));
        this.display = { controlPanel: {} };
        this.state = useState({ sources: [], only: "" });
        onWillStart(() => this.load());
    }

    async load() {
        const { sources } = await this.orm.call("crm.suite.todo", "crm_suite_todo", [
            false,
            0,
            PAGE,
        ]);
        this.state.sources = sources;
        this.todo.refresh();
    }

    get waiting() {
        const { only, sources } = this.state;
        return sources.filter(({ key, count }) => count && (!only || key === only));
    }

    get isDone() {
        return !this.state.sources.some(({ count }) => count);
    }

    /** What is said under the tick when a chosen list is empty. */
    get emptyText() {
        const chosen = this.state.sources.find(({ key }) => key === this.state.only);
        return chosen?.empty || _t("Nothing waits for you.");
    }

    choose(key) {
        this.state.only = this.state.only === key ? "" : key;
    }

    async loadSource(key, limit) {
        const { sources } = await this.orm.call("crm.suite.todo", "crm_suite_todo", [
            key,
            0,
            Math.min(limit, MOST_ROWS),
        ]);
        const index = this.state.sources.findIndex((source) => source.key === key);
        this.state.sources[index] = sources[0];
    }

    async reload(key) {
        // One act may change several lists: a plan for tomorrow ends a follow-up.
        const limit = this.find(key).rows.length;
        await this.load();
        if (limit > PAGE) {
            await this.loadSource(key, limit);
        }
    }

    loadMore(key) {
        return this.loadSource(key, this.find(key).rows.length + 4 * PAGE);
    }

    find(key) {
        return this.state.sources.find((source) => source.key === key);
    }
}
registry.category("actions").add("crm_suite_todo", TodoCentre);
