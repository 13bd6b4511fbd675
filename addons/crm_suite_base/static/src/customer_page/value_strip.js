import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import {
    agoText,
    daysText,
    exactDate,
    fullMoney,
    fullNumber,
    listText,
    nearDate,
    percentText,
    shortMoney,
    shortNumber,
} from "../core/format";
import { useCustomerPage } from "./customer_page";
import { recordsBehind, useOpenRecords } from "./open_records";
import { Sparkline } from "./sparkline";

/** Addons add tiles here: (blocks) => tile or nothing. */
export const valueTiles = registry.category("crm_suite.value_tiles");

/** A zero that counts only the viewer's own documents says nothing about the customer. */
const saysSomething = (block, figure) => figure || !block.own_only;

/** Orders, or with the history of other systems: purchases. */
function countText({ order_count: count, counts_all: all }) {
    if (count === 1) {
        return all ? _t("1 purchase") : _t("1 order");
    }
    return all
        ? _t("%s purchases", shortNumber(count))
        : _t("%s orders", shortNumber(count));
}

function rhythmText({ usual_interval_days, average_interval_days, late_days }) {
    const interval = Math.round(usual_interval_days || average_interval_days || 0);
    if (!interval) {
        return "";
    }
    return late_days
        ? _t("usually every %(interval)s, %(late)s late", {
              interval: daysText(interval),
              late: daysText(late_days),
          })
        : _t("usually every %s", daysText(interval));
}

/** The calculated figures tell more; until they are there, the orders. */
function behindFigures({ figure_ids: ids = [] }) {
    return {
        open: ids.length ? "figures" : "revenue",
        record: ids.length === 1 && { model: "crm.suite.customer.metric", id: ids[0] },
    };
}

/** What was added up, for who may read the orders of everybody. */
function behindRevenue({ value, orders }) {
    return value.counts_all && orders && !orders.own_only
        ? { open: "bought" }
        : behindFigures(value);
}

/** When somebody was last in touch; it stands in the head whatever comes next. */
const lastContactText = ({ last }) =>
    last ? _t("last contact %s", nearDate(last.date)) : _t("no contact yet");

const shareText = ({ name, share }) => `${name} ${percentText(share)}`;

valueTiles
    .add(
        "value",
        ({ value, orders }) =>
            value?.order_count >= 0 &&
            saysSomething(value, value.order_count) && {
                label: value.own_only ? _t("Your revenue") : _t("Revenue"),
                main: shortMoney(value.revenue, value.currency),
                title: fullMoney(value.revenue, value.currency),
                note: countText(value),
                trend: value.trend,
                ...behindRevenue({ value, orders }),
            },
        { sequence: 10 }
    )
    .add(
        "rhythm",
        ({ value }) =>
            value?.last_order && {
                label: value.own_only ? _t("Your last order") : _t("Last order"),
                main: agoText(value.days_since),
                title: exactDate(value.last_order),
                note: rhythmText(value),
                noteTitle: value.expected_next
                    ? _t("next purchase expected %s", exactDate(value.expected_next))
                    : "",
                ...behindFigures(value),
            },
        { sequence: 20 }
    )
    .add(
        "categories",
        ({ value }) =>
            value?.categories?.length && {
                label: _t("Buys mainly"),
                // Names are long: the share stands where it is never cut off.
                main: percentText(value.categories[0].share),
                title: shareText(value.categories[0]),
                note: listText([
                    value.categories[0].name,
                    ...value.categories.slice(1).map(shareText),
                ]),
                noteTitle: listText(value.categories.map(shareText)),
                open: "facts",
            },
        { sequence: 22 }
    )
    .add(
        "external",
        ({ value }) =>
            value?.external_count && {
                label: _t("Bought elsewhere"),
                main: shortMoney(value.external_amount, value.currency),
                title: fullMoney(value.external_amount, value.currency),
                note:
                    value.external_count === 1
                        ? _t("1 purchase")
                        : _t("%s purchases", shortNumber(value.external_count)),
                open: "purchases",
            },
        { sequence: 25 }
    )
    .add(
        "receivable",
        ({ receivable }) =>
            receivable &&
            saysSomething(receivable, receivable.open) && {
                label: receivable.own_only ? _t("To be paid, your invoices") : _t("To be paid"),
                main: shortMoney(receivable.open, receivable.currency),
                title: fullMoney(receivable.open, receivable.currency),
                alert: receivable.overdue > 0,
                note:
                    receivable.overdue > 0
                        ? _t("%(amount)s overdue, %(days)s", {
                              amount: shortMoney(receivable.overdue, receivable.currency),
                              days: daysText(receivable.overdue_days),
                          })
                        : _t("nothing overdue"),
                open: "invoices",
            },
        { sequence: 30 }
    )
    .add(
        "deals",
        ({ deals }) =>
            deals &&
            saysSomething(deals, deals.count) && {
                label: deals.own_only ? _t("Your open deals") : _t("Open deals"),
                main: shortNumber(deals.count),
                title: fullNumber(deals.count),
                note: deals.count ? shortMoney(deals.amount, deals.currency) : "",
                noteTitle: fullMoney(deals.amount, deals.currency),
                open: "deals",
            },
        { sequence: 40 }
    )
    .add(
        "quotes",
        ({ quotes }) =>
            quotes?.count && {
                label: quotes.own_only ? _t("Your open quotes") : _t("Open quotes"),
                main: shortNumber(quotes.count),
                title: fullNumber(quotes.count),
                note: shortMoney(quotes.amount, quotes.currency),
                noteTitle: fullMoney(quotes.amount, quotes.currency),
                open: "quotes",
            },
        { sequence: 50 }
    )
    .add(
        "contact",
        ({ contact }) =>
            contact && {
                label: _t("Next step"),
                main: contact.next ? nearDate(contact.next.date) : _t("nothing planned"),
                title: contact.next ? exactDate(contact.next.date) : "",
                note: contact.next ? contact.next.summary : "",
                lastLine: lastContactText(contact),
                lastTitle: contact.last ? exactDate(contact.last.date) : "",
                record: contact.next?.document,
                showTab: "messages",
            },
        { sequence: 60 }
    );

const MAX_TILES = 8;

export class ValueStrip extends Component {
    static template = "crm_suite_base.ValueStrip";
    static props = { ...standardWidgetProps };
    static components = { Sparkline };

    setup() {
        this.page = useCustomerPage();
        this.records = useOpenRecords();
        this.placeholders = [1, 2, 3, 4, 5];
    }

    get tiles() {
        return valueTiles
            .getEntries()
            .map(([key, build]) => ({ key, ...build(this.page.blocks) }))
            .filter((tile) => tile.label)
            .slice(0, MAX_TILES);
    }

    openTile(tile) {
        if (tile.record) {
            return this.records.openRecord(tile.record.model, tile.record.id);
        }
        if (tile.showTab) {
            this.page.tab = tile.showTab;
            return;
        }
        const { model, domain, context } = recordsBehind(
            tile.open,
            this.page.blocks,
            this.page.partnerId
        );
        return this.records.openList(tile.label, model, domain, context);
    }
}

registry.category("view_widgets").add("crm_suite_value_strip", {
    component: ValueStrip,
    additionalClasses: ["w-100"],
});
