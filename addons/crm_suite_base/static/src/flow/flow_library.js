import { loadBundle } from "@web/core/assets";

const BUNDLE = "crm_suite_base.flow_lib";

/** The libraries that draw and lay out, loaded when the first flow is shown. */
export async function loadFlowLibrary() {
    await loadBundle(BUNDLE);
    return { X6: globalThis.X6, dagre: globalThis.dagre };
}
