import { registry } from "@web/core/registry";

const BUILDER = ".o_crm_suite_segment_builder";

/** Add a condition to the outermost group. */
function addCondition(key, selector) {
    return [
        {
            content: `Add the condition ${key}`,
            trigger: `${BUILDER} .o_crm_suite_condition_group[data-depth='0'] > div > .o_crm_suite_add_condition`,
            run: `select ${key}`,
        },
        { content: "It is there", trigger: `${BUILDER} ${selector}` },
    ];
}

/** Choose a record in the field of a condition, found by typing. */
function chooseRecord(condition, text) {
    return [
        {
            content: `Look for ${text}`,
            trigger: `${BUILDER} ${condition} .o_crm_suite_records input`,
            run: `edit ${text}`,
        },
        {
            content: `Choose ${text}`,
            trigger: `.o-autocomplete--dropdown-item:contains(${text})`,
            run: "click",
        },
        { content: "It is chosen", trigger: `${BUILDER} ${condition} .o_tag:contains(${text})` },
    ];
}

/** Ask the segment about a customer. */
function askWhy(name) {
    return [
        {
            content: `Why is ${name} in it, or not?`,
            trigger: `${BUILDER} .o_crm_suite_segment_why input`,
            run: `edit ${name}`,
        },
        { trigger: `.o-autocomplete--dropdown-item:contains(${name})`, run: "click" },
        { trigger: `${BUILDER} .o_crm_suite_segment_why button:enabled`, run: "click" },
    ];
}

function closeWhy() {
    return [
        { content: "Understood", trigger: ".o_form_view", run: "press Escape" },
        { trigger: "body:not(:has(.o_crm_suite_why_content)) .o_form_view" },
    ];
}

function selectRow(name) {
    return [
        {
            content: `Select ${name}`,
            trigger: `.o_list_view .o_data_row:contains(${name}) .o_list_record_selector input:not(:checked)`,
            run: "click",
        },
        {
            trigger: `.o_list_view .o_data_row:contains(${name}) .o_list_record_selector input:checked`,
        },
    ];
}

const STATE = ".o_crm_suite_condition[data-field='state_id']";
const GRADE = ".o_crm_suite_condition[data-kind='grade']";
const BOUGHT = ".o_crm_suite_condition[data-kind='purchase']";

/**
 * A marketing person builds "A customers in Shanghai who bought chairs twice in the last
 * year, silent for longer than usual, without open complaint", understands why one is
 * in it and another is not, exports them and writes to two of them.
 */
registry.category("web_tour.tours").add("crm_suite_segment", {
    steps: () => [
        { content: "Begin", trigger: ".o_kanban_button_new, .o-kanban-button-new, .o_list_button_add", run: "click" },
        { trigger: ".o_field_widget[name='name'] input", run: "edit Tour: silent chair buyers" },
        ...addCondition("grade", GRADE),
        ...chooseRecord(GRADE, "Tour A"),
        ...addCondition("attribute.state_id", STATE),
        ...chooseRecord(STATE, "Tour Shanghai"),
        ...addCondition("purchase", BOUGHT),
        {
            content: "Of a category",
            trigger: `${BUILDER} ${BOUGHT} [data-name='what'] select`,
            run: "select category",
        },
        ...chooseRecord(BOUGHT, "Tour Chairs"),
        {
            content: "Twice",
            trigger: `${BUILDER} ${BOUGHT} [data-name='count'] input`,
            run: "edit 2 && press Tab",
        },
        ...addCondition("silence", ".o_crm_suite_condition[data-kind='silence']"),
        ...addCondition("complaint", ".o_crm_suite_condition[data-kind='complaint']"),
        {
            content: "Those who fit are named",
            trigger: `${BUILDER} .o_crm_suite_segment_sample:contains(Tour Inside):not(:contains(Tour Outside))`,
        },
        { content: "Save", trigger: ".o_form_button_save", run: "click" },
        {
            content: "It has three members",
            trigger: ".oe_stat_button:contains(Members) .o_stat_value:contains(3)",
        },
        ...askWhy("Tour Outside"),
        {
            content: "Because of its open complaint",
            trigger: ".o_crm_suite_why_content li:contains(no open complaint):has(.fa-times)",
        },
        { trigger: ".o_crm_suite_why_content li:contains(Tour Chairs):has(.fa-check)" },
        ...closeWhy(),
        ...askWhy("Tour Inside"),
        {
            content: "Because of all that it meets, each with its own value",
            trigger:
                ".o_crm_suite_why_content:not(:has(li .fa-times)) li:contains(silent):contains(last purchase):has(.fa-check)",
        },
        {
            content: "And that is what let it in",
            trigger: ".o_crm_suite_why_content:contains(Tour Inside is in):contains(Grade is Tour A)",
        },
        ...closeWhy(),
        {
            content: "Look at the members",
            trigger: ".oe_stat_button:contains(Members)",
            run: "click",
        },
        {
            content: "Each with the conditions that it met",
            trigger:
                ".o_data_row:contains(Tour Inside):contains(first time):contains(Tour Shanghai):contains(2 times)",
            timeout: 30000,
        },
        { trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item:last a", run: "click" },
        { content: "Write to them", trigger: "button[name='action_write_mail']", run: "click" },
        {
            content: "The mail window of the host is for the whole segment",
            trigger: ".modal .o_field_widget[name='subject'] input",
            run: "edit New chairs",
        },
        { content: "Not today", trigger: ".modal .btn-close", run: "click" },
        {
            trigger: "body:not(:has(.modal)) button[name='action_export']",
            run: "click",
        },
        {
            content: "Three customers to export",
            trigger: ".modal .o_field_widget[name=record_count]:contains(3)",
        },
        { trigger: ".modal button[name=action_export]", run: "click" },
        { trigger: "body:not(:has(.modal)) button[name='action_open_customers']", run: "click" },
        ...selectRow("Tour Inside"),
        ...selectRow("Tour Another"),
        { content: "Write to these two", trigger: ".o_cp_action_menus button:contains(Actions)", run: "click" },
        { trigger: ".o-dropdown--menu .o_menu_item:contains(Send email)", run: "click" },
        {
            trigger: ".modal .o_field_widget[name='subject'] input",
            run: "edit Chairs for two",
        },
        {
            content: "Answers come to the writer",
            trigger: ".modal .o_field_widget[name='reply_to'] input",
            run: "edit tour.marketing@example.com",
        },
        {
            trigger: ".modal .o_field_widget[name='body']:visible .odoo-editor-editable",
            run: "editor They rock.",
        },
        { content: "Send", trigger: ".modal .o_mail_send:enabled:visible", run: "click" },
        {
            content: "It is on its way",
            trigger: "body:not(:has(.modal)) .o_list_view .o_data_row:contains(Tour Inside)",
            timeout: 30000,
        },
    ],
});
