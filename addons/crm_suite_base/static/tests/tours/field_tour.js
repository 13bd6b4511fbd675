import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const column = (name) => `.o_kanban_group:contains('${name}')`;
const PACKAGE = {
    format: "crm_suite_fields",
    version: 1,
    sections: [
        {
            name: { en_US: "Tour Packed Section" },
            model: "res.partner",
            sequence: 50,
            fields: [
                {
                    technical_name: "x_crm_tour_packed",
                    kind: "text",
                    name: { en_US: "Tour Packed" },
                },
            ],
        },
    ],
};

/** An administrator of the suite adds a field and drags it to where people look for it. */
tours.add("crm_suite_field_make", {
    steps: () => [
        { trigger: ".o-kanban-button-new", run: "click", timeout: 60000 },
        {
            content: "What it is called",
            trigger: ".o_field_widget[name='name'] input",
            run: "edit Tour Number",
        },
        {
            content: "In which section",
            trigger: ".o_field_widget[name='section_id'] input",
            run: "edit Tour Contract",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Tour Contract') a",
            run: "click",
        },
        { trigger: ".o_form_button_save", run: "click" },
        {
            content: "What programs call it",
            trigger: "[name='technical_name']:contains('x_crm_tour_number')",
            timeout: 60000,
        },
        { trigger: ".o_back_button, .o_breadcrumb .breadcrumb-item a", run: "click" },
        {
            content: "To another tab of the form",
            trigger: `${column("Tour Contract")} .o_kanban_record:contains('Tour Number')`,
            run: `drag_and_drop ${column("Tour Terms")} .o_kanban_record:contains('Tour Filler')`,
        },
        {
            content: "There it is",
            trigger: `${column("Tour Terms")} .o_kanban_record:contains('Tour Number')`,
            timeout: 60000,
        },
    ],
});

/** A field that leads to another record: its kind is chosen from a list. */
tours.add("crm_suite_field_relation", {
    steps: () => [
        { trigger: ".o-kanban-button-new", run: "click", timeout: 60000 },
        {
            trigger: ".o_field_widget[name='name'] input",
            run: "edit Tour Home",
        },
        { trigger: ".o_field_widget[name='kind'] input", run: "click" },
        { trigger: ".o_select_menu_item:contains('Another record')", run: "click" },
        {
            content: "The kinds of records are offered",
            trigger: ".o_field_widget[name='relation_model'] input",
            run: "edit Country",
        },
        { trigger: ".o_select_menu_item:contains(/^Country$/)", run: "click" },
        {
            trigger: ".o_field_widget[name='section_id'] input",
            run: "edit Tour Contract",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains('Tour Contract') a",
            run: "click",
        },
        { trigger: ".o_form_button_save", run: "click" },
        {
            trigger: "[name='technical_name']:contains('x_crm_tour_home')",
            timeout: 60000,
        },
        { trigger: "[name='relation_model']:contains('Country')" },
    ],
});

/** It is filled in, where it was dragged to. */
tours.add("crm_suite_field_fill", {
    steps: () => [
        {
            content: "The tab",
            trigger: ".o_notebook .nav-link:contains('Tour Terms')",
            run: "click",
            timeout: 60000,
        },
        {
            trigger: ".tab-pane.active .o_field_widget[name='x_crm_tour_number'] input",
            run: "edit TN-4711",
        },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))" },
    ],
});

/** It is searched for, and goes into an export. */
tours.add("crm_suite_field_find", {
    steps: () => [
        { trigger: ".o_searchview_input", run: "edit TN-4711", timeout: 60000 },
        {
            trigger: ".o_searchview_autocomplete .o-dropdown-item:contains('Tour Number')",
            run: "click",
        },
        { trigger: ".o_searchview_facet:contains('Tour Number'):contains('TN-4711')" },
        {
            content: "One customer has it",
            trigger: ".o_data_row:contains('Tour Buyer')",
        },
        { trigger: "body:not(:has(.o_data_row:contains('Tour Other')))" },
        { trigger: ".o_cp_action_menus .dropdown-toggle", run: "click" },
        { trigger: ".o_crm_suite_export_menu", run: "click" },
        { trigger: ".modal .o_field_widget[name=record_count]:contains(1)" },
        {
            content: "The new field is among the columns",
            trigger:
                ".modal .o_data_row:contains('Tour Number') .o_field_boolean_toggle input:checked",
        },
        { trigger: ".modal button[name=action_export]", run: "click" },
        { trigger: "body:not(:has(.modal)) .o_control_panel" },
    ],
});

/** Fields go out of a database, and those of another one come in. */
tours.add("crm_suite_field_package", {
    steps: () => [
        {
            content: "The fields of this database, as a file",
            trigger: ".modal button[name='action_export']:enabled",
            timeout: 60000,
            run: "click",
        },
        {
            content: "They went out",
            trigger: ".modal .o_form_view",
        },
        {
            content: "Take fields in",
            trigger: ".modal [name='mode'] input[data-value='import']",
            run: "click",
        },
        {
            content: "The file",
            trigger: ".modal .o_field_widget[name='content'] input[type='file']:not(:visible)",
            run({ anchor }) {
                const files = new DataTransfer();
                const text = JSON.stringify(PACKAGE);
                files.items.add(new File([text], "fields.json", { type: "application/json" }));
                anchor.files = files.files;
                anchor.dispatchEvent(new Event("change", { bubbles: true }));
            },
        },
        {
            content: "What it would do",
            trigger: ".modal [name='summary']:contains('x_crm_tour_packed')",
        },
        { trigger: ".modal button[name='action_import']", run: "click" },
        {
            content: "Taken in",
            trigger: ".o_notification:contains('1')",
            timeout: 60000,
        },
    ],
});

/** An access for reports: its password is shown once. */
tours.add("crm_suite_bi_access", {
    steps: () => [
        {
            content: "Make an access",
            trigger: ".o_control_panel button:contains('Make an Access')",
            run: "click",
            timeout: 60000,
        },
        {
            content: "What the role of the database is called",
            trigger: ".modal .o_field_widget[name='role'] input",
            run: "edit tour_bi_role",
        },
        { trigger: ".modal button[name='action_grant']", run: "click" },
        {
            content: "The password, once",
            trigger: ".modal .o_field_widget[name='password']:contains(/[A-Za-z0-9_-]{32,}/)",
            timeout: 60000,
        },
        { trigger: ".modal button[special='cancel'].btn-primary", run: "click" },
        {
            content: "It is listed; the password is nowhere",
            trigger: ".o_data_row:contains('tour_bi_role') [name='role']",
            run: "click",
        },
        { trigger: ".o_form_view [name='role']:contains('tour_bi_role')" },
        { trigger: ".o_form_view:not(:has([name='password']))" },
    ],
});
