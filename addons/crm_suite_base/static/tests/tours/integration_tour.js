import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");

/** A sales manager makes a key for a program. */
tours.add("crm_suite_api_key", {
    steps: () => [
        {
            content: "A new key",
            trigger: "button:contains('New Key')",
            run: "click",
            timeout: 60000,
        },
        {
            content: "Which program",
            trigger: ".modal [name='name'] input",
            run: "edit Tour Shop",
        },
        {
            content: "It reads customers",
            trigger: ".modal [name='may_customer_read'] input",
            run: "click",
        },
        { trigger: ".modal button[name='action_make']", run: "click" },
        {
            content: "Who it is that asks",
            trigger: ".modal [name='password'] input",
            run: "edit tour_boss",
        },
        { trigger: ".modal button[name='run_check']", run: "click" },
        {
            content: "The key is shown",
            trigger: ".modal [name='key']:contains('crms_')",
        },
        { trigger: ".modal footer button:contains('Done')", run: "click" },
        {
            content: "It is in the list",
            trigger: ".o_data_row:contains('Tour Shop'):contains('customer:read')",
        },
    ],
});

/** An administrator of the suite sees what the program asked for. */
tours.add("crm_suite_api_calls", {
    steps: () => [
        {
            content: "The refused call",
            trigger: ".o_data_row:contains('Tour Shop'):contains('/v1/leads') td[name='route']",
            run: "click",
            timeout: 60000,
        },
        {
            content: "Why it was refused",
            trigger: ".o_form_view [name='code']:contains('scope')",
        },
    ],
});

/** A subscription is made, gets its secret and is tried. */
tours.add("crm_suite_webhook", {
    steps: () => [
        { trigger: ".o_list_button_add", run: "click", timeout: 60000 },
        {
            trigger: ".o_form_view [name='name'] input, .o_form_view [name='name'] textarea",
            run: "edit Tour Hook",
        },
        { trigger: "[name='url'] input", run: "edit https://hooks.tour.example/crm" },
        { trigger: "[name='type_ids'] input", run: "edit customer" },
        {
            content: "What to tell",
            trigger: ".o-autocomplete--dropdown-item:not(:contains('Search')) a",
            run: "click",
        },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: "button[name='action_new_secret']:enabled", run: "click" },
        { trigger: ".modal footer button.btn-primary", run: "click" },
        {
            content: "The secret, once",
            trigger: ".modal:contains('whsec_')",
        },
        { trigger: ".modal .btn-close, .modal footer button", run: "click" },
        { trigger: "body:not(:has(.modal)) button[name='action_test']:enabled", run: "click" },
        { trigger: ".o_notification" },
    ],
});

/** What did not arrive is sent again. */
tours.add("crm_suite_webhook_again", {
    steps: () => [
        {
            content: "The test did not arrive",
            trigger: ".o_data_row:contains('Tour Hook')",
            timeout: 60000,
        },
        { trigger: ".o_data_row:contains('Tour Hook') td[name='event_type']", run: "click" },
        {
            content: "Why",
            trigger: ".o_form_view:contains('503')",
        },
        {
            content: "Send it again",
            trigger: "button[name='action_replay_button']",
            run: "click",
        },
        {
            content: "It waits to be sent",
            trigger: ".o_form_view .o_arrow_button_current[data-value='pending']",
        },
    ],
});

/** What happened, whoever was told. */
tours.add("crm_suite_webhook_events", {
    steps: () => [
        {
            trigger: ".o_data_row:contains('webhook.test') td[name='type']",
            run: "click",
            timeout: 60000,
        },
        {
            content: "Who was told of it",
            trigger: ".o_form_view [name='delivery_ids'] .o_data_row:contains('Tour Hook')",
        },
    ],
});
