import { useState } from "@odoo/owl";
import { RPCError } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";

/**
 * Names of records of a model for people who may not read it: an addon registers
 * {Function} (orm) => {id: name} under the name of the model.
 */
const others = registry.category("crm_suite_flow_names");

// Not by the host's service of names: it never answers where reading is refused.
async function read(orm, model, ids) {
    if (!(await user.checkAccessRight(model, "read"))) {
        return others.get(model, () => ({}))(orm);
    }
    const { records } = await orm.silent.webSearchRead(model, [["id", "in", ids]], {
        specification: { display_name: {} },
        context: { active_test: false },
    });
    return Object.fromEntries(records.map(({ id, display_name }) => [id, display_name]));
}

/** The names of the records that the cards mention, loaded once for each. */
export function useRecordNames() {
    const orm = useService("orm");
    const state = useState({ names: {} });
    return {
        of: (model, id) => state.names[model]?.[id],
        async load(needed) {
            for (const [model, ids] of Object.entries(needed)) {
                const known = state.names[model] || {};
                if (ids.some((id) => !(id in known))) {
                    const found = await read(orm, model, ids).catch((error) => {
                        // A drawing without a name is better than none.
                        if (error instanceof RPCError) {
                            return {};
                        }
                        throw error;
                    });
                    const texts = ids.map((id) => [id, found[id]]);
                    state.names[model] = { ...known, ...Object.fromEntries(texts) };
                }
            }
        },
    };
}
