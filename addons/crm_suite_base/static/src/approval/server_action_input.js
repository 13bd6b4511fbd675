/** Server actions that a step may run, for who draws flows and may not read them. */
import { onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { ChoiceInput } from "../flow/flow_inputs";

const FLOW = "crm.suite.approval.flow";

/** @returns {Array} [[id, name]] of those made for a model, or for any documents */
async function loadActions(orm, resModel = false) {
    const mayDraw = await user.checkAccessRight(FLOW, "write");
    return mayDraw ? orm.silent.call(FLOW, "get_server_actions", [resModel]) : [];
}

export class ServerActionInput extends ChoiceInput {
    setup() {
        this.orm = useService("orm");
        this.state = useState({ actions: [] });
        onWillStart(() => this.load(this.props.resModel));
        onWillUpdateProps(
            ({ resModel }) => resModel !== this.props.resModel && this.load(resModel)
        );
    }

    async load(resModel) {
        this.state.actions = resModel ? await loadActions(this.orm, resModel) : [];
    }

    get choices() {
        const { actions } = this.state;
        const isKnown = !this.value || actions.some(([id]) => id === this.value);
        return isKnown ? actions : [[this.value, "…"], ...actions];
    }
}

registry.category("crm_suite_flow_inputs").add("server_action", ServerActionInput);
registry
    .category("crm_suite_flow_names")
    .add("ir.actions.server", async (orm) => Object.fromEntries(await loadActions(orm)));
