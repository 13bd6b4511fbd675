import { registry } from "@web/core/registry";

import { openApps } from "./tour_steps";

const LIST = (key) => `.o_crm_suite_todo_list[data-key='${key}']`;

/**
 * A sales representative works off a morning: puts off what can wait, decides about a
 * colleague's question, and looks at a customer that another one shares with him.
 */
registry.category("web_tour.tours").add("crm_suite_todo", {
    steps: () => [
        {
            content: "The tick says how much waits",
            trigger: ".o_crm_suite_todo_systray .badge",
            run: "click",
        },
        {
            content: "Nothing is wider than the screen, on a telephone either",
            // The one with the most buttons.
            trigger: LIST("pool_warnings"),
            run() {
                const list = document.querySelector(".o_crm_suite_todo");
                const right = Math.max(
                    ...[...list.querySelectorAll("li button, header, h2")].map(
                        (el) => el.getBoundingClientRect().right
                    )
                );
                if (list.scrollWidth > list.clientWidth + 1 || right > window.innerWidth + 1) {
                    throw new Error(`The lists are cut off at the right: ${right}`);
                }
            },
        },
        {
            content: "Put off the call",
            trigger: `${LIST("activities")} li:contains(Tour call) [data-method='action_crm_suite_tomorrow']`,
            run: "click",
        },
        {
            content: "It is gone, and can be taken back",
            trigger: ".o_notification button:contains(Undo)",
        },
        {
            content: "The request of a colleague",
            trigger: `${LIST("access_requests")} li:contains(Tour Mate) [data-method='action_refuse']`,
            run: "click",
        },
        {
            content: "He shall know why",
            trigger: "#crm_suite_todo_reason",
            run: "edit We sign next week",
        },
        { trigger: ".modal .btn-primary:enabled", run: "click" },
        {
            content: "Nobody waits any more",
            trigger: `body:not(:has(${LIST("access_requests")} li:contains(Tour Mate)))`,
        },
        // Whichever application was open when the to-do centre came up.
        ...openApps(),
        { content: "The customers", trigger: ".o_app[data-menu-xmlid='crm_suite_base.crm_suite_menu_root']", run: "click" },
        {
            content: "One's own and the shared one are there, others are not",
            trigger: ".o_kanban_record:contains(Tour Shared), .o_data_row:contains(Tour Shared)",
            run() {
                const text = document.querySelector(".o_content").textContent;
                if (!text.includes("Tour Own") || text.includes("Tour Hidden")) {
                    throw new Error("The list does not show one's own customers alone");
                }
            },
        },
    ],
});
