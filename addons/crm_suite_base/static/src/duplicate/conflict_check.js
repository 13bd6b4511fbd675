import { Component, onMounted, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useAutofocus, useService } from "@web/core/utils/hooks";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { errorText } from "../core/format";
import { useOpenRecords } from "../customer_page/open_records";

const STATE_LOOKS = {
    free: { icon: "fa-check-circle", color: "text-success" },
    yours: { icon: "fa-user", color: "text-primary" },
    owned: { icon: "fa-lock", color: "text-warning" },
    protected: { icon: "fa-shield", color: "text-warning" },
    pool: { icon: "fa-tint", color: "text-info" },
};

/**
 * What somebody typed into one line, as the server wants it: an address with @, a
 * number, a tax number or a name.
 *
 * @param {string} text
 * @returns {Object} values for crm_suite_check_duplicate
 */
export function readQuestion(text) {
    const values = {};
    const names = [];
    for (const part of text.split(/[,，;；\n]+/).map((word) => word.trim()).filter(Boolean)) {
        const digits = part.replace(/\D/g, "").length;
        if (/^\S+@\S+\.\S+$/.test(part)) {
            values.email = part;
        } else if (/^[0-9A-Z]{15,20}$/i.test(part) && /\d/.test(part)) {
            values.vat = part;
        } else if (/^[+\d\s().\-–#转ext]+$/i.test(part) && digits >= 5) {
            values.phone = part;
        } else if (/^(https?:\/\/|www\.)\S+$/i.test(part)) {
            values.website = part;
        } else {
            names.push(part);
        }
    }
    if (names.length) {
        values.name = names.join(" ");
    }
    return values;
}

/** Is this customer free? Type a name or a number; one answer, and what to do next. */
export class ConflictCheck extends Component {
    static template = "crm_suite_base.ConflictCheck";
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.notification = useService("notification");
        Object.assign(this, useOpenRecords());
        this.input = useRef("input");
        this.state = useState({ text: "", rows: null, asked: "", error: "", busy: false });
        // Why somebody asks: the line that is opened last.
        useAutofocus({ refName: "note" });
        onMounted(() => this.input.el.focus());
    }

    get looks() {
        return STATE_LOOKS;
    }

    lookOf(row) {
        return STATE_LOOKS[row.state] || STATE_LOOKS.owned;
    }

    get left() {
        const left = this.state.rows?.[0]?.left;
        return left === undefined || left < 0 ? "" : _t("%s questions left today", left);
    }

    async check() {
        const values = readQuestion(this.state.text);
        if (this.state.busy) {
            return;
        }
        Object.assign(this.state, { busy: true, error: "", rows: null });
        try {
            this.state.rows = await this.orm.silent.call(
                "res.partner",
                "crm_suite_check_duplicate",
                [values]
            );
            this.state.asked = this.state.text.trim();
        } catch (error) {
            this.state.error = errorText(error);
        }
        this.state.busy = false;
    }

    async askAccess(row) {
        const note = (row.note || "").trim();
        await this.follow(row, "request_access", _t("The owner was asked for access."), note);
    }

    async claim(row) {
        await this.follow(row, "claim", _t("It is yours now."));
    }

    /** Ask for access or claim; what the server answers is said in one line. */
    async follow(row, method, done, ...more) {
        row.busy = true;
        try {
            const answer = await this.orm.silent.call("crm.suite.duplicate.query", method, [
                row.query,
                row.position,
                ...more,
            ]);
            row.done = answer.reason || done;
            row.failed = answer.ok === false;
        } catch (error) {
            row.done = errorText(error);
            row.failed = true;
        }
        row.busy = false;
        row.asking = false;
    }

    create() {
        const values = readQuestion(this.state.asked);
        const context = { crm_suite_managed: true, default_is_company: true };
        for (const [name, value] of Object.entries(values)) {
            context[`default_${name}`] = value;
        }
        return this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("New customer"),
            res_model: "res.partner",
            views: [[false, "form"]],
            context: {
                ...context,
                form_view_ref: "crm_suite_base.res_partner_view_form_customer",
            },
        });
    }
}

registry.category("actions").add("crm_suite_conflict_check", ConflictCheck);
