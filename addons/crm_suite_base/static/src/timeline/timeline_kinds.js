import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/**
 * How each kind of interaction is shown. Addons that add sources to
 * `crm.suite.interaction` add their kinds here; `isDay` says that the source keeps a
 * day without a time.
 */
export const timelineKinds = registry.category("crm_suite.timeline_kinds");

timelineKinds
    .add("email_in", { label: _t("Email received"), icon: "fa-envelope-o" })
    .add("email_out", { label: _t("Email sent"), icon: "fa-envelope" })
    .add("sms", { label: _t("Text message"), icon: "fa-mobile" })
    .add("note", { label: _t("Note"), icon: "fa-sticky-note-o" })
    .add("activity", { label: _t("Activity"), icon: "fa-check", isDay: true })
    .add("meeting", { label: _t("Meeting"), icon: "fa-calendar" })
    .add("call", { label: _t("Call"), icon: "fa-phone" })
    .add("visit", { label: _t("Visit"), icon: "fa-street-view" })
    .add("lead", { label: _t("Deal"), icon: "fa-star-o" })
    .add("quote", { label: _t("Quote"), icon: "fa-file-text-o" })
    .add("order", { label: _t("Order"), icon: "fa-shopping-cart" })
    .add("delivery", { label: _t("Delivery"), icon: "fa-truck" })
    .add("invoice", { label: _t("Invoice"), icon: "fa-file-text", isDay: true })
    .add("payment", { label: _t("Payment"), icon: "fa-money", isDay: true })
    .add("purchase", { label: _t("Purchase elsewhere"), icon: "fa-shopping-bag", isDay: true })
    .add("web", { label: _t("Website visit"), icon: "fa-globe" });

export const OTHER_KIND = { label: _t("Event"), icon: "fa-circle-o" };

/** By what people were in touch. Addons whose sources bring a channel add it here. */
export const timelineChannels = registry.category("crm_suite.timeline_channels");

timelineChannels
    .add("email", { label: _t("Email"), icon: "fa-envelope-o" })
    .add("phone", { label: _t("Phone"), icon: "fa-phone" })
    .add("sms", { label: _t("Text message"), icon: "fa-mobile" })
    .add("meeting", { label: _t("Meeting"), icon: "fa-calendar" })
    .add("visit", { label: _t("In person"), icon: "fa-street-view" })
    .add("web", { label: _t("Website"), icon: "fa-globe" })
    .add("document", { label: _t("Document"), icon: "fa-file-text-o" })
    .add("internal", { label: _t("Internal"), icon: "fa-sticky-note-o" });

/**
 * The chips above the timeline. A chip lists kinds; addons append theirs:
 * `timelineFilters.get("service").kinds.push("ticket")`. A chip without kinds is
 * not shown.
 */
export const timelineFilters = registry.category("crm_suite.timeline_filters");

timelineFilters
    .add("all", { label: _t("All"), kinds: null })
    .add("talk", {
        label: _t("Talk"),
        kinds: ["email_in", "email_out", "sms", "note", "activity", "meeting", "call", "visit"],
    })
    .add("deals", { label: _t("Deals"), kinds: ["lead", "quote"] })
    .add("orders", { label: _t("Orders"), kinds: ["order", "delivery", "purchase"] })
    .add("money", { label: _t("Money"), kinds: ["invoice", "payment"] })
    .add("service", { label: _t("Service"), kinds: [] })
    .add("marketing", { label: _t("Marketing"), kinds: ["web"] });
