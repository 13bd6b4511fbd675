import { registry } from "@web/core/registry";

import { mergeAndUndo } from "./tour_steps";

const tours = registry.category("web_tour.tours");
const ASK = "#o_crm_suite_conflict_input";
const ROW = ".o_crm_suite_conflict_row";

/** A representative asks whose a customer is, and enters one that is there already. */
tours.add("crm_suite_conflict_check", {
    steps: () => [
        { trigger: ASK, run: "edit Tour Gerber Optik", timeout: 60000 },
        { trigger: "button[type=submit]:contains(Check):enabled", run: "click" },
        {
            content: "A colleague's: who it is, and whom to ask",
            trigger: `${ROW}[data-state='owned']:contains(Tour Mate)`,
        },
        { trigger: ASK, run: "edit +41445559988" },
        { trigger: "button[type=submit]:contains(Check):enabled", run: "click" },
        {
            content: "A lead that he does not see: he says why he asks",
            trigger: `${ROW}[data-state='owned'] button:contains(Ask for Access)`,
            run: "click",
        },
        { trigger: `${ROW} .o_crm_suite_conflict_ask input`, run: "edit We met at the fair" },
        { trigger: `${ROW} .o_crm_suite_conflict_ask button[type=submit]`, run: "click" },
        { trigger: `${ROW}:contains(The owner was asked)` },
        { trigger: ASK, run: "edit Zwirbelbach Unerhört" },
        { trigger: "button[type=submit]:contains(Check):enabled", run: "click" },
        {
            content: "Nobody's: it may be entered",
            trigger: `${ROW}[data-state='free'] button:contains(Create Customer)`,
            run: "click",
        },
        {
            content: "What was asked is filled in",
            trigger: ".o_form_view .o_field_widget[name=name] :value(Zwirbelbach Unerhört)",
            timeout: 30000,
        },
        {
            content: "Another name, which is there already",
            trigger:
                ".o_form_view .o_field_widget[name=name] input, .o_form_view .o_field_widget[name=name] textarea",
            run: "edit Tour Gerber Optik AG && press Tab",
        },
        {
            content: "The form says so before anything is saved",
            trigger: ".o_crm_suite_duplicates a:contains(Tour Gerber Optik)",
            timeout: 30000,
        },
        { trigger: ".o_form_button_cancel", run: "click" },
        { trigger: "body:not(:has(.o_form_view .o_form_dirty))" },
    ],
});

/** A data steward looks at a pair side by side, merges it and takes that back. */
tours.add("crm_suite_duplicate_worklist", {
    steps: () => [
        {
            content: "The worklist",
            trigger: ".o_data_row:contains(Tour Gerber Optik) td[name=left_name]",
            run: "click",
            timeout: 60000,
        },
        {
            content: "Side by side: the phone is the same, the name is not",
            trigger:
                ".o_crm_suite_compare:has([data-field=name].o_crm_suite_differs):not(:has([data-field=phone].o_crm_suite_differs))",
            timeout: 30000,
        },
        ...mergeAndUndo(),
    ],
});
