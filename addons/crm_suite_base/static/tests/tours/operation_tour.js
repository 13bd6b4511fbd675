import { registry } from "@web/core/registry";

const checkbox = (number) => ({
    content: `Select customer ${number}`,
    trigger: `.o_data_row:contains('AAA Tour ${number}') .o_list_record_selector input`,
    run: "click",
    timeout: 60000,
});

const tours = registry.category("web_tour.tours");

tours.add("crm_suite_operation_undo", {
    steps: () => [
        checkbox(0),
        checkbox(1),
        checkbox(2),
        {
            content: "Edit the first, and so all of them",
            trigger: ".o_data_row:contains('AAA Tour 0') td[name=complete_name]",
            run: "click",
        },
        {
            content: "Type another address",
            trigger: ".o_selected_row td[name=email] input",
            run: "edit new@example.com && press Enter",
        },
        { trigger: ".modal .btn-primary", run: "click" },
        {
            content: "The notification offers to undo it",
            trigger: ".o_notification_buttons button",
            run: "click",
            timeout: 30000,
        },
        {
            content: "The dialog says what will happen",
            trigger: ".modal [name=restore_count]:contains('3')",
            timeout: 30000,
        },
        { trigger: ".modal button[name=action_undo]", run: "click" },
        {
            content: "Everything is as before",
            trigger: ".o_data_row:contains('AAA Tour 2'):contains('old@example.com')",
            timeout: 30000,
        },
    ],
});

/** Whoever archives instead of deleting can take it back, too. */
tours.add("crm_suite_archive_undo", {
    steps: () => [
        checkbox(0),
        checkbox(1),
        { trigger: ".o_cp_action_menus .dropdown-toggle:contains('Actions')", run: "click" },
        { trigger: ".o-dropdown--menu .o_menu_item:contains('Delete')", run: "click" },
        { trigger: ".modal .o_crm_suite_archive", run: "click", timeout: 30000 },
        {
            content: "They are out of the list, and can be brought back",
            trigger: ".o_list_view:not(:has(.o_data_row:contains('AAA Tour')))",
            timeout: 30000,
        },
        { trigger: ".o_notification_buttons button:contains('Undo')", run: "click" },
        { trigger: ".modal button[name=action_undo]", run: "click", timeout: 30000 },
        { trigger: ".o_data_row:contains('AAA Tour 1')", timeout: 30000 },
    ],
});
