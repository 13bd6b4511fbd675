import { markup } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const DIALOG = ".o_dialog:not(.o_inactive_modal)";

/** Guides through the first customer: write it down, log a call, plan the next step. */
registry.category("web_tour.tours").add("crm_suite_first_customer", {
    url: "/odoo",
    steps: () => [
        // On a phone the applications are behind the first button of the bar.
        ...stepUtils.toggleHomeMenu(),
        ...stepUtils.goToAppSteps(
            "crm_suite_base.crm_suite_menu_root",
            markup(_t("All your <b>customers</b> live here. Have a look."))
        ),
        {
            isActive: ["auto"],
            trigger: ".o_data_row, .o_kanban_record, .o_view_nocontent",
        },
        {
            trigger: ".o_list_button_add, .o-kanban-button-new",
            content: markup(_t("Write down your <b>first customer</b>.")),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: `${DIALOG} .o_field_widget[name='name'] input`,
            content: markup(_t("Its <b>name</b> is enough to begin with.")),
            tooltipPosition: "bottom",
            run: "edit Northwind Trading",
        },
        {
            trigger: `${DIALOG} .o_field_widget[name='phone'] input`,
            content: _t("A phone number, if you have it."),
            tooltipPosition: "bottom",
            run: "edit +32 2 290 34 90",
        },
        {
            trigger: `${DIALOG} .o_form_button_save`,
            content: _t("Save: the customer's page opens."),
            tooltipPosition: "top",
            run: "click",
        },
        {
            trigger: ".o_crm_suite_customer_form .o_form_statusbar button:contains(Log Call)",
            content: markup(_t("You just talked to them? <b>Log the call</b>.")),
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: `${DIALOG} #crm_suite_summary`,
            content: _t("What was said, in a few words."),
            tooltipPosition: "bottom",
            run: "edit They want to see samples",
        },
        {
            trigger: `${DIALOG} #crm_suite_next`,
            content: markup(
                _t("The <b>next step</b> with its day, as you would say it: “tomorrow send samples”.")
            ),
            tooltipPosition: "bottom",
            run: "edit tomorrow send samples",
        },
        {
            trigger: `${DIALOG} .o_crm_suite_save`,
            content: _t("Enter saves, too."),
            tooltipPosition: "top",
            run: "click",
        },
        {
            trigger: ".o_crm_suite_row[data-kind='call']:contains(They want to see samples)",
            content: _t("The call is on the timeline, and you will be reminded of the next step."),
            tooltipPosition: "top",
            run: "click",
        },
    ],
});
