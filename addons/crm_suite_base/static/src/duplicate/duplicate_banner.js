import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";
import { useOpenRecords } from "../customer_page/open_records";

/** Above a form: this may be there already, with a way to the other record. */
export class DuplicateBanner extends Component {
    static template = "crm_suite_base.DuplicateBanner";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        Object.assign(this, useOpenRecords());
    }

    get told() {
        return this.props.record.data[this.props.name] || {};
    }

    async compare() {
        const action = await this.orm.call("crm.suite.duplicate.pair", "action_compare", [
            [this.told.pair_id],
        ]);
        return this.action.doAction(action);
    }

    check() {
        return this.action.doAction("crm_suite_base.conflict_check_action");
    }
}

registry.category("fields").add("crm_suite_duplicates", {
    component: DuplicateBanner,
    supportedTypes: ["json"],
});
