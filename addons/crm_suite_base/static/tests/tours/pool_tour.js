import { registry } from "@web/core/registry";

import { closeSheet, showButtons, takeBackAndUndo } from "./tour_steps";

const fact = (name) => `.o_crm_suite_facts .o_crm_suite_fact:has([name=${name}])`;

/** A representative asks whose a customer is, claims it, reads why, and gives it back. */
registry.category("web_tour.tours").add("crm_suite_pool_rep", {
    steps: () => [
        {
            content: "Is this customer free?",
            trigger: "#o_crm_suite_conflict_input",
            run: "edit Tour Free Trading",
            timeout: 60000,
        },
        { trigger: ".o_crm_suite_conflict_check form button[type=submit]:enabled", run: "click" },
        {
            content: "It is in a pool",
            trigger: ".o_crm_suite_conflict_row[data-state=pool] button:contains('Claim')",
            run: "click",
        },
        { trigger: ".o_crm_suite_conflict_row:contains('It is yours now')" },
        {
            content: "Its page",
            trigger: ".o_crm_suite_conflict_row button:contains('Open')",
            run: "click",
        },
        {
            content: "Claimed, its contact data are shown",
            trigger: ".o_form_view:has(a[href*='free@tour.example'])",
            timeout: 30000,
        },
        {
            content: "When would the pool take it back, and why?",
            trigger: `${fact("crm_suite_pool_id")} .o_crm_suite_why`,
            run: "click",
        },
        {
            trigger: ".o_crm_suite_why_content:contains('Tour Pool'):contains('restarts the clock')",
        },
        ...closeSheet(),
        showButtons(),
        {
            trigger: "button[name=action_crm_suite_pool_wizard]:contains('Return')",
            run: "click",
        },
        {
            content: "Whoever comes next reads why",
            trigger: ".modal div[name=reason] input",
            run: "edit Buys elsewhere until spring",
        },
        { trigger: ".modal button[name=action_apply]", run: "click" },
        {
            content: "It is nobody's again, and its contact data are hidden",
            trigger: ".o_form_view:not(:has(a[href*='free@tour.example'])):contains('Tour Pool')",
            timeout: 30000,
        },
    ],
});

/** A sales lead simulates what the pool would take back, does it, and undoes it. */
registry.category("web_tour.tours").add("crm_suite_pool_lead", {
    steps: () => [
        {
            content: "The pools: a list, on a phone cards",
            trigger:
                ".o_data_row td:contains('Tour Pool'), .o_kanban_record:contains('Tour Pool')",
            run: "click",
            timeout: 60000,
        },
        showButtons(),
        { trigger: "button[name=action_simulate_return]", run: "click" },
        {
            content: "One would be taken, one is kept, and nothing has changed",
            trigger: ".o_form_view:contains('Tour Neglected'):contains('an open quote')",
            timeout: 30000,
        },
        { trigger: "div[name=taken_count]:contains('1'), span[name=taken_count]:contains('1')" },
        ...takeBackAndUndo(),
        {
            content: "The pool and its member; on a phone its name is in a field and in no text",
            trigger: "body:not(:has(.modal)) .o_form_view:contains('Tour Rep')",
            timeout: 30000,
        },
    ],
});
