import { stepUtils } from "@web_tour/tour_utils";

/** Steps that several tours share. */

/** The list of applications: a menu, on a phone behind the first button of the bar. */
export const openApps = () => [stepUtils.showAppsMenuItem(), ...stepUtils.toggleHomeMenu()];

/** On a phone all buttons of a page but the first one are behind three dots. */
export const showButtons = () => ({
    isActive: ["mobile"],
    trigger: ".o_statusbar_buttons button:has(.oi-ellipsis-v)",
    run: "click",
});

/** On a phone an explanation comes up as a sheet, which a touch beside it closes. */
export const closeSheet = () => [
    {
        isActive: ["mobile"],
        trigger: "body:has(.o_bottom_sheet_ready)",
        run: () => document.querySelector(".o_bottom_sheet_backdrop").click(),
    },
    { isActive: ["mobile"], trigger: "body:not(:has(.o_bottom_sheet))" },
];

const undo = (trigger, content) => [
    { content, trigger: `${trigger} button:contains(Undo)`, run: "click", timeout: 30000 },
    { trigger: ".modal button[name=action_undo]", run: "click", timeout: 30000 },
];

/** From the list of absences: ask for one. */
export const askForLeave = (from, until, cover) => [
    {
        content: "Somebody goes away",
        trigger: ".o_list_button_add",
        run: "click",
        timeout: 60000,
    },
    ...[
        ["date_from", from],
        ["date_to", until],
    ].flatMap(([name, moment]) => [
        {
            trigger: `div[name=${name}] button, div[name=${name}] input`,
            run: "click",
            timeout: 30000,
        },
        {
            trigger: `div[name=${name}] input`,
            run: `edit ${moment} 09:00:00 && press Enter`,
        },
    ]),
    {
        content: "Somebody does the work meanwhile",
        trigger: "div[name=cover_id] input",
        run: `edit ${cover}`,
    },
    {
        trigger: `.o-autocomplete--dropdown-item:contains('${cover}')`,
        run: "click",
        timeout: 30000,
    },
    { trigger: ".o_form_button_save", run: "click" },
    { trigger: "button[name=action_request]", run: "click", timeout: 30000 },
];

/** From the simulation of a pool: take back what it found, and undo that. */
export const takeBackAndUndo = () => [
    { trigger: "button[name=action_return_now]", run: "click" },
    { trigger: ".modal .btn-primary", run: "click" },
    ...undo(".o_notification_buttons", "Taken back; and undone"),
];

/** From the comparison of two customers: merge them, and undo that. */
export const mergeAndUndo = () => [
    { trigger: ".o_crm_suite_compare_buttons .btn-primary:contains(Merge)", run: "click" },
    { trigger: ".o_crm_suite_merge_foot .btn-primary:enabled", run: "click", timeout: 30000 },
    ...undo(".o_crm_suite_merge_banner", "One page is left, which tells of the other"),
    {
        content: "Nothing tells of a merge any more, but of the open pair",
        trigger:
            ".o_crm_suite_customer_form:not(:has(.o_crm_suite_merge_banner)) .o_crm_suite_duplicates button:contains(Compare)",
        timeout: 30000,
    },
];
