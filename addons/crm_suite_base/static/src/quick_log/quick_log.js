import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { AutoComplete } from "@web/core/autocomplete/autocomplete";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";
import { useAutofocus, useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { errorText, exactDate, nearDate } from "../core/format";
import { CUSTOMER_CHANGED } from "../customer_page/customer_page";

const SUGGESTIONS = 8;
const DIGITS_FOR_PHONE = 4;
const PREVIEW_DELAY = 250;

/** What people log, in one choice each. */
export const QUICK_KINDS = [
    { key: "call_out", label: _t("Call made"), values: { kind: "call", direction: "out" } },
    { key: "call_in", label: _t("Call received"), values: { kind: "call", direction: "in" } },
    { key: "walk_in", label: _t("Walk-in"), values: { kind: "walk_in", direction: "in" } },
    { key: "visit", label: _t("Visit"), values: { kind: "visit", direction: "out" } },
];

export function partnerDomain(text) {
    const domain = ["|", ["complete_name", "ilike", text], ["email", "ilike", text]];
    if (text.replace(/\D/g, "").length >= DIGITS_FOR_PHONE) {
        return ["|", ["phone_mobile_search", "ilike", text], ...domain];
    }
    return domain;
}

/**
 * A call, a walk-in or a visit in one line: who, kind, outcome, what was said, next
 * step; Enter saves. The next step is plain text ("Friday send samples",
 * "周五前寄样品") that the server understands.
 */
export class QuickLogDialog extends Component {
    static template = "crm_suite_base.QuickLogDialog";
    static components = { AutoComplete, Dialog };
    static props = {
        close: Function,
        partner: { type: [Object, { value: null }], optional: true },
    };

    setup() {
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.action = useService("action");
        this.formRef = useRef("form");
        this.kinds = QUICK_KINDS;
        this.state = useState({
            partner: this.props.partner || null,
            who: this.props.partner?.name || "",
            kind: "call_out",
            outcome: "",
            duration: "",
            summary: "",
            nextStep: "",
            preview: null,
            error: "",
            isSaving: false,
        });
        if (this.props.partner) {
            useAutofocus({ refName: "summary" });
        }
        // After the name is written into the field: leaving it earlier would count
        // as typing another one.
        useEffect(
            (id) => {
                if (id && id !== this.props.partner?.id) {
                    this.formRef.el.querySelector(".o_crm_suite_kind_choice input:checked").focus();
                }
            },
            () => [this.state.partner?.id]
        );
        this.sources = [{ placeholder: _t("Searching…"), options: this.suggest.bind(this) }];
        this.previewNextStep = useDebounced(() => this.loadPreview(), PREVIEW_DELAY);
        onWillStart(async () => {
            const [fields, canCreate] = await Promise.all([
                this.orm.call("crm.suite.call", "fields_get", [["outcome"]], {
                    attributes: ["selection"],
                }),
                user.checkAccessRight("res.partner", "create"),
            ]);
            this.outcomes = fields.outcome.selection;
            this.state.outcome = this.outcomes[0][0];
            this.canCreate = canCreate;
        });
    }

    async suggest(text) {
        const name = text.trim();
        const partners = await this.orm.searchRead(
            "res.partner",
            name ? partnerDomain(name) : [["crm_suite_lifecycle_id", "!=", false]],
            ["display_name", "city", "phone"],
            { limit: SUGGESTIONS, order: name ? "complete_name" : "write_date desc" }
        );
        const options = partners.map((partner) => ({
            label: [partner.display_name.replace(/\n/g, ", "), partner.city, partner.phone]
                .filter(Boolean)
                .join(" · "),
            onSelect: () => this.choose({ id: partner.id, name: partner.display_name }),
        }));
        if (name && this.canCreate) {
            options.push({
                label: _t('New customer "%s"', name),
                cssClass: "o_m2o_dropdown_option o_crm_suite_create",
                onSelect: () => this.createPartner(name),
            });
        } else if (!options.length) {
            options.push({ label: _t("Nobody found") });
        }
        return options;
    }

    choose(partner) {
        this.state.partner = partner;
        this.state.who = partner.name;
        this.state.error = "";
    }

    async createPartner(name) {
        const [id, label] = await this.orm.call("res.partner", "name_create", [name], {
            context: { ...user.context, crm_suite_managed: true },
        });
        this.choose({ id, name: label });
    }

    onWhoChange({ inputValue, isOptionSelected }) {
        if (!isOptionSelected && inputValue !== this.state.who) {
            this.state.partner = null;
            this.state.who = inputValue;
        }
    }

    onNextStep(ev) {
        this.state.nextStep = ev.target.value;
        this.previewNextStep();
    }

    /** Shows how the text is understood, before it is saved. */
    async loadPreview() {
        const text = this.state.nextStep.trim();
        const preview = text
            ? await this.orm.silent.call("crm.suite.call", "understand", [`→ ${text}`])
            : null;
        if (text === this.state.nextStep.trim()) {
            this.state.preview = preview;
        }
    }

    get previewText() {
        const { preview } = this.state;
        if (!preview) {
            return "";
        }
        if (!preview.next_date) {
            return _t("No day found in the text: you will be reminded today.");
        }
        const when = [nearDate(preview.next_date), exactDate(preview.next_date), preview.time];
        return _t("%(what)s: %(when)s", {
            what: preview.next_step,
            when: when.filter(Boolean).join(", "),
        });
    }

    onKeydown(ev) {
        if (ev.key === "Enter" && !ev.isComposing && !ev.defaultPrevented) {
            if (ev.target.matches("textarea, button")) {
                return;
            }
            ev.preventDefault();
            this.save();
        }
    }

    get values() {
        const { values } = QUICK_KINDS.find(({ key }) => key === this.state.kind);
        return {
            ...values,
            partner_id: this.state.partner.id,
            outcome: this.state.outcome,
            duration: Number(this.state.duration) || 0,
            summary: this.state.summary.trim(),
            next_step: this.state.nextStep.trim(),
        };
    }

    async save() {
        if (this.state.isSaving) {
            return;
        }
        if (!this.state.partner) {
            this.state.error = _t("Choose the customer you talked to.");
            this.formRef.el.querySelector(".o_crm_suite_who input").focus();
            return;
        }
        this.state.isSaving = true;
        this.state.error = "";
        try {
            const result = await this.orm.call("crm.suite.call", "quick_log", [this.values]);
            this.onSaved(result);
        } catch (error) {
            this.state.error = errorText(error);
        } finally {
            this.state.isSaving = false;
        }
    }

    onSaved(result) {
        const { partner } = this.state;
        this.env.bus.trigger(CUSTOMER_CHANGED, { ids: [partner.id] });
        const message = result.next_date
            ? _t("Logged for %(name)s. Next: %(step)s, %(date)s.", {
                  name: partner.name,
                  step: result.next_step,
                  date: nearDate(result.next_date),
              })
            : _t("Logged for %s.", partner.name);
        this.notification.add(message, {
            type: "success",
            buttons: [
                {
                    name: _t("Open"),
                    onClick: () =>
                        this.action.doAction({
                            type: "ir.actions.act_window",
                            res_model: "crm.suite.call",
                            res_id: result.id,
                            views: [[false, "form"]],
                        }),
                },
            ],
        });
        this.props.close();
    }
}
