import { reactive, useEnv, useState } from "@odoo/owl";
import { errorText } from "../core/format";
import { makeTimelineChoice } from "../timeline/timeline_feed";

/** Sent on env.bus with the ids of customers about whom something was recorded. */
export const CUSTOMER_CHANGED = "CRM_SUITE:CUSTOMER_CHANGED";

/**
 * The blocks of one customer's page: fetched with a single call after the form is
 * painted, shared by all widgets of that form.
 */
export class CustomerPage {
    constructor(orm) {
        this.orm = orm;
        this.partnerId = false;
        this.blocks = {};
        this.status = "loading";
        this.error = "";
        this.revision = 0;
        this.tab = "timeline";
        this.timelineChoice = makeTimelineChoice();
        this.subsidiaries = false;
    }

    /**
     * @param {number|false} partnerId
     * @param {{ keep?: boolean }} [options] keep: leave the old figures on screen
     *  while the same customer is read again
     */
    async load(partnerId, { keep = false } = {}) {
        const request = ++this.revision;
        if (!keep || partnerId !== this.partnerId) {
            this.blocks = {};
            this.tab = "timeline";
            this.timelineChoice = makeTimelineChoice();
            this.subsidiaries = false;
            this.status = partnerId ? "loading" : "idle";
        }
        this.partnerId = partnerId;
        this.error = "";
        if (!partnerId) {
            return;
        }
        try {
            const data = await this.orm.call("res.partner", "crm_suite_360", [partnerId], {
                subsidiaries: this.subsidiaries,
            });
            if (request === this.revision) {
                this.blocks = data.blocks;
                this.status = "ready";
            }
        } catch (error) {
            if (request === this.revision) {
                this.error = errorText(error);
                this.status = "error";
            }
        }
    }

    reload() {
        return this.load(this.partnerId, { keep: true });
    }

    /** A company of which others are a part; contacts show their company's figures. */
    get hasSubsidiaries() {
        const { structure } = this.blocks;
        return Boolean(structure && !structure.company && structure.totals.companies > 1);
    }

    /** Figures, documents and timeline of the company alone, or with all below it. */
    showSubsidiaries(subsidiaries) {
        this.subsidiaries = subsidiaries;
        this.timelineChoice.subsidiaries = subsidiaries;
        return this.reload();
    }

    get isLoading() {
        return this.status === "loading";
    }
}

export function makeCustomerPage(orm) {
    return reactive(new CustomerPage(orm));
}

/** The page of the surrounding customer form. */
export function useCustomerPage() {
    return useState(useEnv().crmSuitePage);
}
