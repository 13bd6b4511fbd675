import { registry } from "@web/core/registry";

import { askForLeave } from "./tour_steps";

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
        ...askForLeave("12/01/2032", "12/06/2032", "Tour Cover"),
        {
            content: "It stands",
            trigger: ".o_statusbar_status .o_arrow_button_current:contains('Approved')",
            timeout: 30000,
        },
    ],
});
