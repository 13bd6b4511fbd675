import { registry } from "@web/core/registry";

const tours = registry.category("web_tour.tours");
const card = (words) => `.o_kanban_view .o_kanban_record${words.map((w) => `:contains('${w}')`).join("")}`;

/** Nothing of a card stands beside the screen. */
function fits({ anchor }) {
    const { right } = anchor.getBoundingClientRect();
    if (right > window.innerWidth + 1) {
        throw new Error(`A card reaches to ${right} of ${window.innerWidth} pixels`);
    }
}

tours.add("crm_suite_phone_exports", {
    steps: () => [
        { trigger: card(["Customers", "3", "CSV", "Done"]), run: fits },
        { trigger: card(["Done"]), run: "click" },
        { trigger: ".o_form_view [name=row_count]:contains('3')" },
    ],
});

tours.add("crm_suite_phone_profiles", {
    steps: () => [
        { trigger: card(["Tour Fair", "Customers", "Create only", "ref"]), run: fits },
        { trigger: `${card(["Tour Fair"])} button[name=action_import]`, run: "click" },
        { trigger: ".o_form_view [name=file]" },
    ],
});

/** From an operation to all its changes, and from a card to what was changed. */
tours.add("crm_suite_phone_changes", {
    steps: () => [
        { trigger: "[name=change_ids] .o_kanban_record:contains('Tour 0'):contains('Changed')" },
        { trigger: ".o_button_more", run: "click" },
        { trigger: ".o-form-buttonbox-small button[name=action_show_changes]", run: "click" },
        { trigger: card(["Tour 2", "Changed", "new@example.com"]), run: fits },
        { trigger: card(["Tour 2"]), run: "click" },
        { trigger: ".o_form_view:contains(new@example.com)" },
    ],
});
