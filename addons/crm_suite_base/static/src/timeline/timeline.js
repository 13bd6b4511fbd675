import { Component, onWillUpdateProps, useState } from "@odoo/owl";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import {
    exactDate,
    fullMoney,
    nearDate,
    parseServerDate,
    shortMoney,
    timeOfDay,
} from "../core/format";
import { useOpenRecords } from "../customer_page/open_records";
import { ChoiceMenu } from "./choice_menu";
import { makeTimelineFeed, OWN_PERIOD, PERIODS } from "./timeline_feed";
import { OTHER_KIND, timelineChannels, timelineFilters, timelineKinds } from "./timeline_kinds";

const SEARCH_DELAY = 300;

function optionsOf(registry) {
    return registry.getEntries().map(([key, { label, icon }]) => ({ key, label, icon }));
}

export class Timeline extends Component {
    static template = "crm_suite_base.Timeline";
    static components = { ChoiceMenu, DateTimeInput };
    static props = {
        partnerId: Number,
        firstPage: { type: Object, optional: true },
        people: { type: Array, optional: true },
        // What was chosen before, kept by the page while it is open.
        choice: { type: Object, optional: true },
    };
    static defaultProps = { people: [] };

    setup() {
        this.orm = useService("orm");
        this.records = useOpenRecords();
        this.state = useState({ feed: this.makeFeed(this.props) });
        this.placeholders = [1, 2, 3, 4, 5, 6];
        this.periodLabels = {
            any: _t("Any time"),
            week: _t("Last 7 days"),
            month: _t("Last month"),
            quarter: _t("Last 3 months"),
            year: _t("Last year"),
            [OWN_PERIOD]: _t("From … to …"),
        };
        this.periods = PERIODS;
        this.kinds = optionsOf(timelineKinds);
        this.channels = optionsOf(timelineChannels);
        this.onSearch = useDebounced((value) => this.feed.change({ search: value }), SEARCH_DELAY);
        onWillUpdateProps((next) => this.onNewProps(next));
    }

    makeFeed({ partnerId, firstPage, choice }) {
        const feed = makeTimelineFeed(this.orm, partnerId, choice);
        if (firstPage && !feed.isFiltered) {
            feed.adopt(firstPage);
        } else {
            feed.load();
        }
        return feed;
    }

    /** A filter survives the reload of the page, but not the change of customer. */
    onNewProps(next) {
        if (next.partnerId !== this.props.partnerId) {
            this.state.feed = this.makeFeed(next);
        } else if (next.firstPage !== this.props.firstPage) {
            if (this.feed.isFiltered || !next.firstPage) {
                this.feed.load();
            } else {
                this.feed.adopt(next.firstPage);
            }
        }
    }

    get feed() {
        return this.state.feed;
    }

    get chips() {
        return timelineFilters
            .getEntries()
            .map(([key, chip]) => ({ key, ...chip }))
            .filter((chip) => !chip.kinds || chip.kinds.length);
    }

    /** Rows with what the template needs; the day is shown once per day. */
    get rows() {
        let lastDay = "";
        return this.feed.rows.map((row) => {
            const shown = this.prepareRow(row);
            const isSameDay = shown.isoDay === lastDay;
            lastDay = shown.isoDay;
            return { ...shown, day: isSameDay ? "" : shown.day };
        });
    }

    prepareRow(row) {
        const kind = timelineKinds.get(row.kind, OTHER_KIND);
        const date = kind.isDay ? row.date.slice(0, 10) : row.date;
        return {
            ...row,
            icon: kind.icon,
            kindLabel: this.kindText(row, kind),
            isoDay: parseServerDate(date)?.toISODate() || "",
            day: nearDate(date),
            exactDate: exactDate(date),
            amountText: row.amount ? shortMoney(row.amount, row.currency_id) : "",
            amountTitle: row.amount ? fullMoney(row.amount, row.currency_id) : "",
            summary: row.summary?.startsWith(row.title) ? this.restOf(row) : row.summary,
            meta: [timeOfDay(date), this.otherPerson(row), row.user].filter(Boolean).join(" · "),
        };
    }

    /** The text of a row often begins with its title. */
    restOf({ summary, title }) {
        return summary.slice(title.length).trim();
    }

    /** On a company's timeline: with whom of it. */
    otherPerson(row) {
        return row.partner_id === this.props.partnerId ? "" : row.person;
    }

    kindText(row, kind) {
        if (row.kind === "call" && row.direction) {
            return row.direction === "in" ? _t("Call received") : _t("Call made");
        }
        return kind.label;
    }

    get choice() {
        return this.feed.choice;
    }

    get hasOwnPeriod() {
        return this.choice.period === OWN_PERIOD;
    }

    /** The two days of an own period; each bounds what can be picked for the other. */
    get days() {
        const { dateFrom, dateTo } = this.choice;
        return [
            { name: "dateFrom", label: _t("From"), value: dateFrom, maxDate: dateTo },
            { name: "dateTo", label: _t("To"), value: dateTo, minDate: dateFrom },
        ];
    }

    onPerson(ev) {
        return this.feed.change({ personId: Number(ev.target.value) || false });
    }

    /** An own period begins with what was shown; so nothing jumps until a day is chosen. */
    onPeriod(ev) {
        const period = ev.target.value;
        if (period === OWN_PERIOD) {
            const { from, to } = this.feed.period;
            return this.feed.change({ period, dateFrom: from || false, dateTo: to || false });
        }
        return this.feed.change({ period });
    }

    onDay(name, day) {
        return this.feed.change({ [name]: day || false });
    }

    openRow(row) {
        if (row.res_model && row.res_id) {
            return this.records.openRecord(row.res_model, row.res_id);
        }
    }
}
