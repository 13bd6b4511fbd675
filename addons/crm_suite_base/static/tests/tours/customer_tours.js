import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const DIALOG = ".o_dialog:not(.o_inactive_modal)";
const FORM = ".o_crm_suite_customer_form";

const closedDialog = { trigger: "body:not(:has(.o_dialog))" };

function openFromList(name) {
    return [
        // The phone shows cards.
        {
            trigger: `.o_list_view .o_data_cell:contains(${name}), .o_kanban_record:contains(${name})`,
            run: "click",
        },
        { trigger: `${FORM} .o_crm_suite_timeline` },
    ];
}

function searchFor(text) {
    return [
        { trigger: ".o_searchview_input", run: `edit ${text}` },
        { trigger: ".o_searchview_autocomplete .o-dropdown-item:first", run: "click" },
        { trigger: `.o_searchview_facet:contains(${text})` },
        { trigger: ".o_list_view:not(:has(.o_data_row:eq(1))) .o_data_row" },
    ];
}

/** Create with the short form, find, correct, delete after seeing what goes with it. */
tours.add("crm_suite_customer_lifecycle", {
    steps: () => [
        { trigger: ".o_list_view .o_data_row" },
        { trigger: ".o_list_button_add", run: "click" },
        {
            trigger: `${DIALOG} .o_field_widget[name='name'] input`,
            run: "edit Tour Trading",
        },
        { trigger: `${DIALOG} .o_form_button_save`, run: "click" },
        { trigger: `${FORM} .o_field_widget[name='name'] :value(Tour Trading)` },
        { trigger: ".o_breadcrumb .o_back_button, .breadcrumb-item a", run: "click" },
        ...searchFor("Tour Tra"),
        ...openFromList("Tour Trading"),
        {
            trigger: `${FORM} .o_field_widget[name='name'] textarea, ${FORM} .o_field_widget[name='name'] input`,
            run: "edit Tour Trading Ltd",
        },
        { trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible" },
        { trigger: ".o_cp_action_menus .fa-cog", run: "click" },
        { trigger: ".o-dropdown--menu .o-dropdown-item:contains(Delete)", run: "click" },
        {
            trigger: `${DIALOG} .modal-title:contains(Delete Tour Trading Ltd?)`,
        },
        { trigger: `${DIALOG} .o_crm_suite_delete`, run: "click" },
        closedDialog,
        { trigger: ".o_list_view .o_nocontent_help, .o_list_view .o_list_renderer" },
        { trigger: "body:not(:has(.o_data_cell:contains(Tour Trading)))" },
    ],
});

/** A call logged from the list, with the next step in words; Enter saves. */
tours.add("crm_suite_quick_log", {
    steps: () => [
        { trigger: ".o_list_view .o_data_row, .o_kanban_record" },
        { isActive: ["desktop"], trigger: ".o_list_view", run: "press alt+shift+l" },
        { isActive: ["mobile"], trigger: ".o_crm_suite_systray", run: "click" },
        { trigger: `${DIALOG} #crm_suite_who`, run: "edit Tour Cust" },
        { trigger: ".o-autocomplete--dropdown-item:contains(Tour Customer)" },
        { trigger: "#crm_suite_who", run: "press Enter" },
        { trigger: "#crm_suite_who:value(Tour Customer)" },
        { trigger: "#crm_suite_kind_call_out:focus" },
        { trigger: "label[for=crm_suite_kind_call_in]", run: "click" },
        { trigger: "#crm_suite_summary", run: "edit asked for a price" },
        { trigger: "#crm_suite_next", run: "edit tomorrow send the offer" },
        { trigger: ".o_crm_suite_preview:contains(send the offer)" },
        { trigger: "#crm_suite_next", run: "press Enter" },
        { trigger: ".o_notification:contains(Tour Customer)" },
        closedDialog,
        ...openFromList("Tour Customer"),
        { trigger: ".o_crm_suite_row[data-kind='call']:contains(asked for a price)" },
        { trigger: "[data-tile='contact']:contains(tomorrow):contains(send the offer)" },
        { trigger: "[data-tile='contact'] .o_crm_suite_tile_last:contains(last contact)" },
    ],
});

/** Filters of the timeline narrow it, and can be taken back. */
tours.add("crm_suite_timeline", {
    steps: () => [
        ...openFromList("Tour Customer"),
        { trigger: ".o_crm_suite_row[data-kind='call']:contains(first call)" },
        { trigger: ".o_crm_suite_row[data-kind='lead']:contains(Tour Deal)" },
        { trigger: "[data-chip='talk']", run: "click" },
        { trigger: ".o_crm_suite_timeline:not(:has([data-kind='lead'])) [data-kind='call']" },
        { trigger: ".o_crm_suite_timeline input[type=search]", run: "edit no such word" },
        { trigger: ".o_crm_suite_empty button", run: "click" },
        { trigger: ".o_crm_suite_row[data-kind='lead']" },
        { trigger: "[data-choice='kinds']", run: "click" },
        { trigger: ".o_crm_suite_choice_menu [data-option='call']", run: "click" },
        { trigger: ".o_crm_suite_timeline:not(:has([data-kind='lead'])) [data-kind='call']" },
        { trigger: ".o_crm_suite_choice_menu [data-option='lead']", run: "click" },
        { trigger: ".o_crm_suite_timeline:has([data-kind='lead']) [data-kind='call']" },
        { trigger: "[data-choice='kinds']", run: "click" },
        { trigger: "[data-choice='channels']", run: "click" },
        { trigger: ".o_crm_suite_choice_menu [data-option='phone']", run: "click" },
        { trigger: ".o_crm_suite_timeline:not(:has([data-kind='lead'])) [data-kind='call']" },
        {
            content: "Another tab and back: the choice is still there",
            trigger: "[data-tab='messages']",
            run: "click",
        },
        { trigger: ".o-mail-Chatter" },
        { trigger: "[data-tab='timeline']", run: "click" },
        { trigger: "[data-choice='channels']:contains(Phone)" },
        { trigger: ".o_crm_suite_timeline:not(:has([data-kind='lead'])) [data-kind='call']" },
        { trigger: ".o_crm_suite_clear", run: "click" },
        { trigger: ".o_crm_suite_period", run: "select own" },
        { trigger: "[data-day='dateTo'] input", run: "edit 01/01/2001" },
        { trigger: "[data-day='dateTo'] input", run: "press Tab" },
        { trigger: ".o_crm_suite_empty button", run: "click" },
        { trigger: ".o_crm_suite_row[data-kind='lead']" },
        { trigger: ".o_crm_suite_row[data-kind='lead'] .o_crm_suite_entry", run: "click" },
        { trigger: ".o_form_view .o_field_widget[name='name'] :value(Tour Deal)" },
    ],
});

/** Who only reads sees the page and is offered nothing that would be refused. */
tours.add("crm_suite_read_only", {
    steps: () => [
        { trigger: ".o_list_view:not(:has(.o_list_button_add))" },
        { trigger: ".o_menu_systray:not(:has(.o_crm_suite_systray))" },
        ...openFromList("Tour Customer"),
        { trigger: ".o_crm_suite_row[data-kind='call']" },
        { trigger: `${FORM}:not(:has(.o_form_statusbar button:contains(Log Call)))` },
        { trigger: `${FORM}:not(:has(.o_form_statusbar button:contains(Quote)))` },
    ],
});
