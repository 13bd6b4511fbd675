import { registry } from "@web/core/registry";

const FLOW = ".o_crm_suite_flow";
const SIDE = `${FLOW} .o_crm_suite_flow_side`;
const palette = (type) => `${FLOW} .o_crm_suite_flow_palette [data-type='${type}']`;
const card = (type, name) =>
    `${FLOW} [data-flow-type='${type}']${name ? `:contains(${name})` : ""}`;

/** Drag a kind of step onto the drawing, and give the new step its name. */
function addStep(type, name, position) {
    return [
        {
            content: `Drag ${type} onto the drawing`,
            trigger: palette(type),
            run: (helpers) =>
                helpers.drag_and_drop(`${FLOW} .o_crm_suite_flow_surface`, {
                    position,
                    relative: true,
                }),
        },
        {
            content: "It is there, and chosen",
            trigger: `${card(type)}.o_crm_suite_selected`,
        },
        {
            content: `Call it ${name}`,
            trigger: `${SIDE} [data-name='name'] input`,
            run: `edit ${name}`,
        },
        { content: "The card says so", trigger: card(type, name) },
    ];
}

/** Choose a step, and lead a path from it to another one. */
function connect(from, to) {
    return [
        { content: "Choose the step", trigger: from, run: "click" },
        { trigger: `${from}.o_crm_suite_selected` },
        {
            content: `Connect it to ${to}`,
            trigger: `${SIDE} .o_crm_suite_flow_connect`,
            run: `selectByLabel ${to}`,
        },
        { trigger: `${SIDE} .o_crm_suite_flow_path:contains(${to})` },
    ];
}

/** Choose the path that leads from the condition to a step. */
function choosePath(to) {
    return [
        { content: "Choose the condition", trigger: card("condition"), run: "click" },
        { trigger: `${card("condition")}.o_crm_suite_selected` },
        {
            content: `Choose the path to ${to}`,
            trigger: `${SIDE} .o_crm_suite_flow_path button:contains(${to})`,
            run: "click",
        },
    ];
}

/**
 * An administrator who has read the guide draws a flow: a condition, two approvals, an
 * end; says who decides, how and until when; sees what is missing; saves and publishes.
 */
registry.category("web_tour.tours").add("crm_suite_flow", {
    steps: () => [
        {
            content: "A name",
            trigger: ".o_field_widget[name='name'] input",
            run: "edit Tour: large orders",
        },
        {
            content: "For orders",
            trigger: ".o_field_widget[name='res_model'] input",
            run: "click",
        },
        { trigger: ".o_select_menu_item:contains(Sales Order)", run: "click" },
        {
            content: "The new flow has a start and an end",
            trigger: `${card("start")}`,
        },
        { trigger: card("start"), run: "click" },
        {
            content: "Nothing leads straight to the end",
            trigger: `${SIDE} .o_crm_suite_flow_path .fa-times`,
            run: "click",
        },
        {
            content: "Which is a problem, and is told",
            trigger: `${FLOW} .o_crm_suite_flow_problems:contains(Start)`,
        },
        ...addStep("condition", "How large?", { left: 250, top: 60 }),
        ...addStep("approval", "Finance", { left: 480, top: 40 }),
        {
            content: "Nobody is named yet",
            trigger: `${card("approval", "Finance")}.o_crm_suite_broken:contains(Nobody)`,
        },
        {
            content: "Somebody by name",
            trigger: `${SIDE} [data-name='approvers'] .o_crm_suite_flow_record input`,
            run: "edit Tour Finance",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Tour Finance)",
            run: "click",
        },
        {
            content: "Within eight working hours",
            trigger: `${SIDE} [data-name='limit'] input`,
            run: "edit 8 && press Tab",
        },
        {
            content: "In words on the card",
            trigger: `${card("approval", "Finance")}:contains(Tour Finance, 8 working h, then remind)`,
        },
        ...addStep("approval", "Leader", { left: 480, top: 320 }),
        {
            content: "The leader of the team",
            trigger: `${SIDE} [data-name='approvers'] select`,
            run: "select team_lead",
        },
        { trigger: `${card("approval", "Leader")}:contains(the team leader)` },
        ...connect(card("start"), "How large?"),
        ...connect(card("condition"), "Finance"),
        ...connect(card("condition"), "Leader"),
        ...connect(card("approval", "Finance"), "End"),
        ...connect(card("approval", "Leader"), "End"),
        ...choosePath("Finance"),
        {
            content: "When the order is large; the first try names no field",
            trigger: `${SIDE} [data-name='when'] textarea`,
            run: "edit amount_of_money > 50000",
        },
        {
            content: "The server says so",
            trigger: `${SIDE} .text-danger:contains(amount_of_money)`,
        },
        {
            trigger: `${SIDE} [data-name='when'] textarea`,
            run: "edit amount_total > 50000",
        },
        ...choosePath("Leader"),
        {
            content: "Else the leader alone",
            trigger: `${SIDE} [data-name='default'] input`,
            run: "click",
        },
        {
            content: "Nothing is wrong any more",
            trigger: `${FLOW}:not(:has(.o_crm_suite_flow_problems))`,
        },
        { content: "Place the steps", trigger: `${FLOW} [data-act='arrange']`, run: "click" },
        { content: "Save", trigger: ".o_form_button_save", run: "click" },
        {
            content: "Saved",
            trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible",
        },
        { content: "Publish", trigger: "button[name='action_publish']", run: "click" },
        {
            content: "In force",
            trigger: ".o_statusbar_status [data-value='published'].o_arrow_button_current",
        },
    ],
});

/** Who may not read server actions chooses one for a step of a flow that has one. */
registry.category("web_tour.tours").add("crm_suite_flow_action", {
    steps: () => [
        {
            content: "The flow is drawn; the step says what it runs",
            trigger: `${card("action", "Note")}:contains('Runs “Tour: note it”')`,
            run: "click",
            timeout: 60000,
        },
        {
            content: "Only actions of these documents are offered",
            trigger: `${SIDE} [data-name='server_action_id'] select:not(:contains('Tour: elsewhere'))`,
            run: "selectByLabel Tour: sign it",
        },
        { trigger: `${card("action", "Note")}:contains('Runs “Tour: sign it”')` },
        { content: "Save", trigger: ".o_form_button_save", run: "click" },
        { trigger: ".o_form_saved, .o_form_status_indicator_buttons.invisible" },
    ],
});

/** Who asked opens the request, although he may not read what the flow runs. */
registry.category("web_tour.tours").add("crm_suite_flow_action_asked", {
    steps: () => [
        {
            content: "The drawing",
            trigger: `${card("action", "Note")}:contains('Runs “…”')`,
            timeout: 60000,
        },
        { trigger: ".o_form_view button[name='action_withdraw']" },
    ],
});
