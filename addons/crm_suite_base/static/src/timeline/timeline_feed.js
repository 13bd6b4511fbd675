import { reactive } from "@odoo/owl";
import { serializeDate } from "@web/core/l10n/dates";
import { errorText } from "../core/format";
import { timelineFilters } from "./timeline_kinds";

const { DateTime } = luxon;
const PAGE_SIZE = 30;

export const PERIODS = ["any", "week", "month", "quarter", "year"];
const PERIOD_START = {
    week: { weeks: 1 },
    month: { months: 1 },
    quarter: { months: 3 },
    year: { years: 1 },
};

/**
 * Reads one customer's timeline page by page (keyset: the server's cursor of the
 * last row, so page 100 costs what page 1 costs).
 */
export class TimelineFeed {
    constructor(orm, partnerId) {
        this.orm = orm;
        this.partnerId = partnerId;
        this.chip = "all";
        this.personId = false;
        this.period = "any";
        this.search = "";
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

    get isFiltered() {
        return (
            this.chip !== "all" ||
            Boolean(this.personId) ||
            this.period !== "any" ||
            Boolean(this.search)
        );
    }

    get filters() {
        const filters = {};
        const kinds = timelineFilters.get(this.chip).kinds;
        if (kinds) {
            filters.kinds = kinds;
        }
        if (this.personId) {
            filters.person_id = this.personId;
        }
        if (this.period !== "any") {
            filters.date_from = serializeDate(
                DateTime.local().minus(PERIOD_START[this.period])
            );
        }
        if (this.search) {
            filters.search = this.search;
        }
        return filters;
    }

    change(values) {
        Object.assign(this, values);
        return this.load();
    }

    clear() {
        return this.change({ chip: "all", personId: false, period: "any", search: "" });
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

export function makeTimelineFeed(orm, partnerId) {
    return reactive(new TimelineFeed(orm, partnerId));
}
