import { reactive } from "@odoo/owl";
import { serializeDate } from "@web/core/l10n/dates";
import { errorText } from "../core/format";
import { timelineFilters } from "./timeline_kinds";

const { DateTime } = luxon;
const PAGE_SIZE = 30;

export const OWN_PERIOD = "own";
export const PERIODS = ["any", "week", "month", "quarter", "year", OWN_PERIOD];
const PERIOD_START = {
    week: { weeks: 1 },
    month: { months: 1 },
    quarter: { months: 3 },
    year: { years: 1 },
};

/** What a reader may narrow the timeline to; nothing chosen shows everything. */
export function makeTimelineChoice() {
    return {
        kinds: [],
        channels: [],
        personId: false,
        period: "any",
        dateFrom: false,
        dateTo: false,
        search: "",
        subsidiaries: false,
    };
}

function isSameSet(one, other) {
    return one.length === other.length && one.every((item) => other.includes(item));
}

/**
 * Reads one customer's timeline page by page (keyset: the server's cursor of the
 * last row, so page 100 costs what page 1 costs).
 */
export class TimelineFeed {
    /**
     * @param {Object} orm
     * @param {number} partnerId
     * @param {Object} choice as made by makeTimelineChoice; who keeps it can show the
     *  timeline again as it was
     */
    constructor(orm, partnerId, choice = makeTimelineChoice()) {
        this.orm = orm;
        this.partnerId = partnerId;
        this.choice = choice;
        this.rows = [];
        this.next = false;
        this.status = "idle";
        this.error = "";
        this.request = 0;
    }

    /** Take the first page that came with the customer's other blocks. */
    adopt(page) {
        this.request++;
        this.rows = page.rows;
        this.next = page.next;
        this.status = "ready";
        this.error = "";
    }

    /** The chip whose kinds are the chosen ones. */
    get chip() {
        const { kinds } = this.choice;
        if (!kinds.length) {
            return "all";
        }
        const chips = timelineFilters.getEntries();
        return chips.find(([, chip]) => chip.kinds && isSameSet(chip.kinds, kinds))?.[0];
    }

    /** Subsidiaries widen what is shown, and the whole page with it. */
    get isFiltered() {
        return Object.keys(this.filters).some((name) => name !== "subsidiaries");
    }

    get filters() {
        const { kinds, channels, personId, search, subsidiaries } = this.choice;
        const filters = {
            ...(kinds.length && { kinds: [...kinds] }),
            ...(channels.length && { channels: [...channels] }),
            ...(personId && { person_id: personId }),
            ...(search && { search }),
            ...(subsidiaries && { subsidiaries }),
        };
        const { from, to } = this.period;
        if (from) {
            filters.date_from = serializeDate(from);
        }
        if (to) {
            filters.date_to = serializeDate(to);
        }
        return filters;
    }

    /** The days of the chosen period, both included. */
    get period() {
        const { period, dateFrom, dateTo } = this.choice;
        if (period === OWN_PERIOD) {
            return { from: dateFrom, to: dateTo };
        }
        const length = PERIOD_START[period];
        return { from: length && DateTime.local().minus(length), to: false };
    }

    change(values) {
        Object.assign(this.choice, values);
        return this.load();
    }

    chooseChip(key) {
        return this.change({ kinds: [...(timelineFilters.get(key).kinds || [])] });
    }

    /** Take one of several into the choice, or out of it. */
    toggle(name, key) {
        const chosen = this.choice[name];
        const isChosen = chosen.includes(key);
        return this.change({
            [name]: isChosen ? chosen.filter((other) => other !== key) : [...chosen, key],
        });
    }

    clear() {
        const { subsidiaries } = this.choice;
        return this.change({ ...makeTimelineChoice(), subsidiaries });
    }

    load() {
        this.next = false;
        return this.fetch("loading", (page) => page.rows);
    }

    loadMore() {
        return this.fetch("more", (page) => [...this.rows, ...page.rows]);
    }

    async fetch(status, merge) {
        const request = ++this.request;
        this.status = status;
        this.error = "";
        try {
            const page = await this.orm.call("res.partner", "crm_suite_timeline", [], {
                partner_id: this.partnerId,
                filters: this.filters,
                cursor: this.next,
                limit: PAGE_SIZE,
            });
            if (request === this.request) {
                this.rows = merge(page);
                this.next = page.next;
                this.status = "ready";
            }
        } catch (error) {
            if (request === this.request) {
                this.error = errorText(error);
                this.status = "error";
            }
        }
    }
}

export function makeTimelineFeed(orm, partnerId, choice) {
    return reactive(new TimelineFeed(orm, partnerId, choice));
}
