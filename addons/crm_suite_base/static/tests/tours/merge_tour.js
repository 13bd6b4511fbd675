import { registry } from "@web/core/registry";

const select = (name) => ({
    content: `Select ${name}`,
    trigger: `.o_data_row:contains('${name}') .o_list_record_selector input`,
    run: "click",
    timeout: 60000,
});

registry.category("web_tour.tours").add("crm_suite_merge", {
    steps: () => [
        select("AAA Merge One"),
        select("AAA Merge Two"),
        { trigger: ".o_cp_action_menus .dropdown-toggle:contains('Actions')", run: "click" },
        { trigger: ".o-dropdown--menu .o_menu_item:contains('Merge Customers')", run: "click" },
        {
            content: "Keep the second",
            trigger: ".o_crm_suite_merge_head:contains('AAA Merge Two') button[role=radio]",
            run: "click",
            timeout: 30000,
        },
        { trigger: ".o_crm_suite_merge_head.o_stays:contains('AAA Merge Two')" },
        {
            content: "but the name of the first counts",
            trigger:
                "[data-line=name] .o_crm_suite_merge_value:not(.o_chosen):contains('AAA Merge One')",
            run: "click",
        },
        { trigger: "[data-line=name] .o_chosen:contains('AAA Merge One')" },
        {
            content: "What was empty is filled",
            trigger: "[data-line=crm_suite_needs] .o_chosen:contains('Longer cables')",
        },
        { trigger: ".o_crm_suite_merge_after:contains('one@example.com')" },
        { trigger: ".o_crm_suite_merge_foot .btn-primary:enabled", run: "click" },
        {
            content: "The page of the one that stayed tells whom it was merged with",
            trigger: ".o_crm_suite_merge_banner:contains('AAA Merge One')",
            timeout: 30000,
        },
        {
            content: "Undo it",
            trigger: ".o_crm_suite_merge_banner button:contains('Undo')",
            run: "click",
        },
        { trigger: ".modal [name=restore_count]:contains('2')", timeout: 30000 },
        { trigger: ".modal button[name=action_undo]", run: "click" },
        {
            content: "The name is as before and nothing tells of a merge",
            trigger:
                ".o_action_manager:not(:has(.o_crm_suite_merge_banner)):has(.o_crm_suite_customer_form) .o_breadcrumb:contains('AAA Merge Two')",
            timeout: 30000,
        },
    ],
});

registry.category("web_tour.tours").add("crm_suite_merge_old_link", {
    steps: () => [
        {
            content: "A bookmark of the merged one shows the survivor",
            trigger: ".o_crm_suite_merge_banner:contains('Merged with'):contains('AAA Merge Two')",
            timeout: 60000,
        },
        { trigger: ".o_breadcrumb:contains('AAA Merge One')" },
        {
            content: "Look at the merged one itself",
            trigger: ".o_crm_suite_merge_banner button:contains('AAA Merge Two')",
            run: "click",
        },
        {
            trigger: ".o_crm_suite_merge_banner:contains('was merged into')",
            timeout: 30000,
        },
    ],
});
