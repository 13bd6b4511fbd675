import { useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";

// The groups do not change while somebody designs a flow.
const groups = { choices: null, loading: null };

async function load(orm) {
    const rows = await orm.searchRead("res.groups", [["share", "=", false]], ["full_name"]);
    const names = await orm.call("res.groups", "get_external_id", [rows.map(({ id }) => id)]);
    return rows
        .map(({ id, full_name }) => [names[id], full_name])
        .filter(([name]) => name)
        .sort((a, b) => rankOf(a) - rankOf(b) || a[1].localeCompare(b[1]));
}

/** The roles of the suite come first. */
function rankOf([name]) {
    return name.startsWith("crm_suite_") ? 0 : 1;
}

/** Groups of people by the name that a flow keeps: [["module.name", "Sales / Lead"], …]. */
export function useGroups() {
    const orm = useService("orm");
    const state = useState({ choices: groups.choices || [] });
    return {
        get choices() {
            return state.choices;
        },
        async load() {
            groups.loading ||= load(orm).catch((error) => {
                groups.loading = null;
                throw error;
            });
            groups.choices = await groups.loading;
            state.choices = groups.choices;
        },
    };
}

/** The last part of the name of a group; its own key until the groups are known. */
export function groupName(key) {
    const found = (groups.choices || []).find(([name]) => name === key);
    if (!found) {
        return key || "";
    }
    return rankOf(found) ? found[1] : found[1].split(" / ").at(-1);
}
