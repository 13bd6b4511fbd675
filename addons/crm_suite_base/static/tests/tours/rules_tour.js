import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("crm_suite_rules", {
    steps: () => [
        {
            content: "Switch a rule off: a draft, nothing has happened yet",
            trigger: ".o_data_row:contains('Tour Rule') [name=active] input",
            run: "click",
            timeout: 60000,
        },
        {
            content: "It says that it is not in force",
            trigger: ".o_data_row:contains('Tour Rule') [name=state]:contains('not applied')",
            timeout: 30000,
        },
        {
            content: "Try it out",
            trigger: "button[name=action_simulate]",
            run: "click",
        },
        {
            content: "The result says who would change, and why",
            trigger: "[name=line_ids] .o_data_row:contains('Tour Customer'):contains('No rule fits')",
            timeout: 60000,
        },
        {
            content: "Apply",
            trigger: "button[name=action_apply]",
            run: "click",
        },
        {
            content: "The notification offers to undo it",
            trigger: ".o_notification_buttons button",
            run: "click",
            timeout: 60000,
        },
        {
            content: "The dialog says what will be as before",
            trigger: ".modal button[name=action_undo]",
            run: "click",
            timeout: 30000,
        },
        {
            content: "The rule is as it was",
            trigger: ".o_data_row:contains('Tour Rule') [name=active] input:checked",
            timeout: 60000,
        },
    ],
});

registry.category("web_tour.tours").add("crm_suite_why", {
    steps: () => [
        {
            content: "Ask why the customer has this grade",
            trigger: ".o_crm_suite_why[data-topic=grade]",
            run: "click",
            timeout: 60000,
        },
        {
            content: "The rule that gave it",
            trigger: ".o_crm_suite_why_content:contains('Tour Rule')",
            timeout: 30000,
        },
    ],
});
