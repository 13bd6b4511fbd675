import { registry } from "@web/core/registry";

/**
 * The story of one order. The steps find what they need by the names of fields and
 * methods, so that they go through in any language; on a phone some things lie in menus.
 * The people are those of the demo company.
 */
const LEAD = "Zhang Wei";
const FINANCE = "He Min";
// Where the lead has asked finance to sign too, in the language of the demo company.
const NODE = "/Team lead|团队/";
const BANNER = ".alert:has([name='crm_suite_approval_waiting'])";
const MORE = ".o_statusbar_buttons button:has(.oi-ellipsis-v)";

function tour(name, steps) {
    registry.category("web_tour.tours").add(`crm_suite_approval_${name}`, { steps: () => steps });
}

/** The banner says for whom the order waits. */
const waitsFor = (name) => ({
    content: `It waits for ${name}`,
    trigger: `${BANNER} [name='crm_suite_approval_waiting']:contains(${name})`,
});

const openDecision = [
    {
        content: "Decide, from the order",
        trigger: `${BANNER} button[name='action_crm_suite_approval_decide']`,
        run: "click",
    },
    { trigger: ".modal .o_form_view" },
];

tour("rep_confirms", [
    { trigger: ".o_form_view .o_field_widget[name='partner_id']" },
    { content: "More", isActive: ["mobile"], trigger: MORE, run: "click" },
    {
        content: "Confirm the order",
        trigger: "button[name='action_confirm']:visible",
        run: "click",
    },
    waitsFor(LEAD),
]);

tour("lead_adds_finance", [
    ...openDecision,
    {
        content: "Something else than yes or no",
        trigger: ".modal .o_field_widget[name='decision'] input",
        run: "click",
    },
    {
        content: "Agree, and ask somebody else too: the last one",
        isActive: ["desktop"],
        trigger: ".o_select_menu_item:last",
        run: "click",
    },
    {
        content: "The same in the sheet of a phone, which the runner takes for hidden",
        isActive: ["mobile"],
        trigger: ".modal:has(.o_field_widget[name='decision'])",
        async run({ waitUntil }) {
            const items = () => [...document.querySelectorAll(".o_select_menu_item")];
            await waitUntil(() => items().length);
            items().at(-1).click();
        },
    },
    {
        isActive: ["desktop"],
        trigger: ".modal .o_field_widget[name='user_ids'] input",
        run: `edit ${FINANCE}`,
    },
    {
        isActive: ["desktop"],
        trigger: `.o-autocomplete--dropdown-item:contains(${FINANCE})`,
        run: "click",
    },
    {
        isActive: ["mobile"],
        trigger: ".modal .o_field_widget[name='user_ids'] input",
        run: "click",
    },
    {
        isActive: ["mobile"],
        trigger: `.modal .o_kanban_record:contains(${FINANCE})`,
        run: "click",
    },
    {
        content: "He is chosen",
        trigger: `.modal .o_field_widget[name='user_ids'] .o_tag:contains(${FINANCE})`,
    },
    {
        content: "Do it",
        trigger: ".modal button[name='action_apply']:visible",
        run: "click",
    },
    waitsFor(FINANCE),
]);

tour("finance_returns", [
    {
        content: "What waits for me",
        trigger: [".o_data_row", ".o_kanban_record"]
            .map((row) => `${row}:contains(${NODE}) button[name='action_open_decision']`)
            .join(", "),
        run: "click",
    },
    {
        content: "The highest discount is among the figures",
        trigger: ".modal .o_field_widget[name='figures_text']:contains(18)",
    },
    {
        content: "Say why",
        trigger: ".modal .o_field_widget[name='comment'] textarea",
        run: "edit Lower it, please",
    },
    {
        content: "Send it back",
        trigger: ".modal button[name='action_return']:visible",
        run: "click",
    },
    {
        content: "It does not wait for him any more",
        trigger: `body:not(:has(.modal)):not(:contains(${NODE}))`,
    },
]);

tour("rep_lowers", [
    waitsFor(FINANCE),
    {
        content: "It came back, and says why",
        trigger: `${BANNER} [name='crm_suite_approval_waiting']:contains(Lower it, please)`,
    },
    {
        isActive: ["desktop"],
        content: "The discount of the line",
        trigger: ".o_field_widget[name='order_line'] .o_data_row .o_data_cell[name='discount']",
        run: "click",
    },
    {
        isActive: ["desktop"],
        trigger: ".o_field_widget[name='order_line'] .o_selected_row [name='discount'] input",
        run: "edit 16",
    },
    {
        isActive: ["mobile"],
        content: "Open the line",
        trigger: ".o_field_widget[name='order_line'] .o_kanban_record:not(.o_kanban_ghost)",
        run: "click",
    },
    {
        isActive: ["mobile"],
        trigger: ".modal .o_field_widget[name='discount'] input",
        run: "edit 16",
    },
    { isActive: ["mobile"], trigger: ".modal .o_form_button_save", run: "click" },
    { isActive: ["mobile"], trigger: "body:not(:has(.modal))" },
    { content: "Save", trigger: ".o_form_button_save:visible", run: "click" },
    { content: "It is stored", trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))" },
    ...openDecision,
    {
        content: "Put it forward again",
        trigger: ".modal button[name='action_agree']:visible",
        run: "click",
    },
    {
        content: "It waits again, and does not come back any more",
        trigger: `${BANNER} [name='crm_suite_approval_waiting']:not(:contains(Lower it)):contains(${FINANCE})`,
    },
]);

tour("order_is_confirmed", [
    { trigger: ".o_form_view .o_field_widget[name='partner_id']" },
    {
        content: "It was confirmed by itself",
        isActive: ["desktop"],
        trigger: ".o_statusbar_status [data-value='sale'].o_arrow_button_current",
    },
    { trigger: "body:not(:has([name='crm_suite_approval_waiting']))" },
]);

tour("fill", [
    ...openDecision,
    {
        content: "What was left empty is asked for",
        trigger: ".modal button[name='action_agree']:visible",
        run: "click",
    },
    {
        content: "Both are marked",
        trigger:
            ".modal:has([data-fill='client_order_ref'] .o_field_invalid) [data-fill='source_id'] .o_field_invalid",
    },
    {
        content: "The number of the customer",
        trigger: ".modal [data-fill='client_order_ref'] input",
        run: "edit PO-77",
    },
    {
        content: "Where it comes from",
        isActive: ["desktop"],
        trigger: ".modal [data-fill='source_id'] input",
        run: "edit Story",
    },
    {
        isActive: ["desktop"],
        trigger: ".o-autocomplete--dropdown-item:contains('Story Fair') a",
        run: "click",
    },
    {
        content: "The same on a phone, which shows the list",
        isActive: ["mobile"],
        trigger: ".modal [data-fill='source_id'] input",
        run: "click",
    },
    {
        isActive: ["mobile"],
        trigger: ".modal .o_data_row td:contains('Story Fair'), .modal .o_kanban_record:contains('Story Fair')",
        run: "click",
    },
    {
        isActive: ["mobile"],
        trigger: ".modal [data-fill='source_id']",
        async run({ waitUntil }) {
            const input = () => document.querySelector("[data-fill='source_id'] input");
            await waitUntil(() => input()?.value === "Story Fair");
        },
    },
    {
        content: "Both are sent with the decision",
        trigger: ".modal button[name='action_agree']:visible",
        run: "click",
    },
    { trigger: "body:not(:has(.modal))" },
]);
