import { Component, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { useAutofocus } from "@web/core/utils/hooks";

/** Asks for a few words before an act that needs a reason. */
export class TodoReason extends Component {
    static template = "crm_suite_base.TodoReason";
    static components = { Dialog };
    static props = {
        close: Function,
        title: String,
        // What happens, where the name of the act does not tell it.
        hint: { type: String, optional: true },
        confirm: Function,
    };

    setup() {
        useAutofocus();
        this.state = useState({ reason: "" });
    }

    get reason() {
        return this.state.reason.trim();
    }

    onKeydown(ev) {
        if (ev.key === "Enter" && !ev.isComposing) {
            ev.preventDefault();
            this.confirm();
        }
    }

    confirm() {
        if (this.reason) {
            this.props.confirm(this.reason);
            this.props.close();
        }
    }
}
