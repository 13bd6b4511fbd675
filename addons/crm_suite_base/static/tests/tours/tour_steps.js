/** Steps that several tours share. */

const undo = (trigger, content) => [
    { content, trigger: `${trigger} button:contains(Undo)`, run: "click", timeout: 30000 },
    { trigger: ".modal button[name=action_undo]", run: "click", timeout: 30000 },
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
