import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("crm_suite_assign", {
    steps: () => [
        {
            content: "Open the policy",
            trigger: ".o_data_row:contains('Tour Policy') .o_data_cell[name=name]",
            run: "click",
            timeout: 60000,
        },
        {
            content: "Try it out first",
            trigger: "button[name=action_simulate]",
            run: "click",
            timeout: 30000,
        },
        {
            content: "It says who would get the lead, and why",
            trigger: "[name=line_ids] .o_data_row:contains('Tour Lead'):contains('it was the turn of')",
            timeout: 60000,
        },
        {
            content: "Back to the policy",
            trigger: "button[name=action_back]",
            run: "click",
        },
        {
            content: "Now for real",
            trigger: "button[name=action_assign]",
            run: "click",
            timeout: 30000,
        },
        {
            trigger: ".modal .btn-primary",
            run: "click",
        },
        {
            content: "It can be undone",
            trigger: ".o_notification_buttons button",
            timeout: 60000,
        },
        {
            content: "The log of the policy",
            trigger: "button[name=action_show_log]",
            run: "click",
        },
        {
            content: "Ask why this person got it",
            trigger: ".o_data_row:contains('Tour Lead') .o_crm_suite_why",
            run: "click",
            timeout: 30000,
        },
        {
            content: "One sentence and the rule",
            trigger: ".o_crm_suite_why_content:contains('Tour Rule')",
            timeout: 30000,
        },
    ],
});

registry.category("web_tour.tours").add("crm_suite_absence", {
    steps: () => [
        {
            content: "A rep goes away",
            trigger: ".o_list_button_add",
            run: "click",
            timeout: 60000,
        },
        {
            trigger: "div[name=date_from] button, div[name=date_from] input",
            run: "click",
            timeout: 30000,
        },
        {
            trigger: "div[name=date_from] input",
            run: "edit 12/01/2032 09:00:00 && press Enter",
        },
        {
            trigger: "div[name=date_to] button, div[name=date_to] input",
            run: "click",
        },
        {
            trigger: "div[name=date_to] input",
            run: "edit 12/06/2032 09:00:00 && press Enter",
        },
        {
            content: "Somebody does the work meanwhile",
            trigger: "div[name=cover_id] input",
            run: "edit Tour Cover",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Tour Cover')",
            run: "click",
            timeout: 30000,
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: "button[name=action_request]",
            run: "click",
            timeout: 30000,
        },
        {
            content: "It stands",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Approved')",
            timeout: 30000,
        },
    ],
});
