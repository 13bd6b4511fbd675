import { registry } from "@web/core/registry";

/** A sales manager takes a rule from the gallery, tries it first and switches it on. */
registry.category("web_tour.tours").add("crm_suite_automation", {
    steps: () => [
        {
            content: "Use",
            trigger:
                ".o_kanban_record:contains('Tell the new owner of a customer') button[name=action_use]",
            run: "click",
            timeout: 60000,
        },
        {
            content: "Try first: nothing is sent",
            trigger: ".modal button[name=action_simulate]",
            run: "click",
        },
        {
            content: "What it would do, and switch on",
            trigger: ".o_form_view:contains('nothing was sent') button[name=action_switch_on]",
            run: "click",
            timeout: 60000,
        },
        {
            content: "It is on",
            trigger: ".o_form_view .o_arrow_button_current:contains('On')",
            timeout: 60000,
        },
    ],
});

/** Later: what the rule has done. */
registry.category("web_tour.tours").add("crm_suite_automation_run", {
    steps: () => [
        {
            content: "The run",
            trigger: ".o_data_row:contains('Tour Machines') td[name=change_text]",
            run: "click",
            timeout: 60000,
        },
        {
            content: "Why?",
            trigger: ".o_form_view:contains('Tour Rep') .o_crm_suite_why",
            run: "click",
        },
        {
            trigger: ".o_crm_suite_why_content:contains('Notified Tour Rep')",
        },
    ],
});
