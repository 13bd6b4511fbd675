import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("crm_suite_export", {
    steps: () => [
        {
            content: "Open the gear menu of the customers",
            trigger: ".o_cp_action_menus .dropdown-toggle",
            run: "click",
        },
        {
            content: "Export what is listed",
            trigger: ".o_crm_suite_export_menu",
            run: "click",
        },
        {
            content: "The number of customers and the columns are shown",
            trigger: ".modal .o_field_widget[name=record_count]:contains(/[1-9]/)",
        },
        {
            content: "Columns can be left out",
            // The second of the usual columns: Is a Company. Labels depend on the language.
            trigger:
                ".modal .o_data_row:nth-child(2) .o_field_boolean_toggle input:checked",
            run: "click",
        },
        {
            content: "Download",
            trigger: ".modal button[name=action_export]",
            run: "click",
        },
        {
            content: "The window closes when the file is there",
            trigger: "body:not(:has(.modal)) .o_control_panel",
        },
    ],
});
