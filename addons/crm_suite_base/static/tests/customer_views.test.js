import { expect, test } from "@odoo/hoot";
import { CustomerFormController } from "@crm_suite_base/customer_page/customer_form_view";
import { mayEdit } from "@crm_suite_base/customer_views/customer_collection_views";

const arch = (edit) => ({ archInfo: { activeActions: { edit } } });

test("archiving is offered to those who may edit only", () => {
    expect(mayEdit(arch(true))).toBe(true);
    expect(mayEdit(arch(false))).toBe(false);
    for (const edit of [true, false]) {
        const form = Object.create(CustomerFormController.prototype);
        form.model = { root: { activeFields: { active: {} } } };
        form.props = { fields: { active: { readonly: false } }, ...arch(edit) };
        expect(form.archiveEnabled).toBe(edit);
    }
});
