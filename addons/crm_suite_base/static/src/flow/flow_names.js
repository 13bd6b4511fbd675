import { useState } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";

/** The names of the records that the cards mention, loaded once for each. */
export function useRecordNames() {
    const nameService = useService("name");
    const state = useState({ names: {} });
    return {
        of: (model, id) => state.names[model]?.[id],
        async load(needed) {
            for (const [model, ids] of Object.entries(needed)) {
                const known = state.names[model] || {};
                if (ids.some((id) => !(id in known))) {
                    const found = await nameService.loadDisplayNames(model, ids);
                    const texts = Object.entries(found).filter(
                        ([, name]) => typeof name === "string"
                    );
                    state.names[model] = { ...known, ...Object.fromEntries(texts) };
                }
            }
        },
    };
}
