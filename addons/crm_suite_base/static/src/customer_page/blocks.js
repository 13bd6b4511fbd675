import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { exactDate, fullMoney, labelled, nearDate, shortMoney } from "../core/format";
import { recordsBehind, useOpenRecords } from "./open_records";

const blockProps = { blocks: Object, partnerId: Number };
const CONTACTS_SHOWN = 6;

/** A card with a heading and, where there is one, an action. */
export class Block extends Component {
    static template = "crm_suite_base.Block";
    static props = {
        title: String,
        name: String,
        action: { type: Function, optional: true },
        actionLabel: { type: String, optional: true },
        slots: Object,
    };
}

export class ContactsBlock extends Component {
    static template = "crm_suite_base.ContactsBlock";
    static props = blockProps;
    static components = { Block };

    setup() {
        this.records = useOpenRecords();
        this.action = useService("action");
    }

    get contacts() {
        return this.props.blocks.contacts || [];
    }

    get shown() {
        return this.contacts.slice(0, CONTACTS_SHOWN);
    }

    callLabel(person) {
        return _t("Call %s", person.name);
    }

    writeLabel(person) {
        return _t("Write to %s", person.name);
    }

    openAll() {
        return this.action.doAction("crm_suite_base.customer_action_contacts_of", {
            additionalContext: { active_id: this.props.partnerId },
        });
    }
}

export class OpenBusinessBlock extends Component {
    static template = "crm_suite_base.OpenBusinessBlock";
    static props = blockProps;
    static components = { Block };

    setup() {
        this.records = useOpenRecords();
    }

    get groups() {
        const { deals, quotes, orders, deliveries } = this.props.blocks;
        return [
            { key: "deals", label: _t("Deals"), block: deals },
            { key: "quotes", label: _t("Quotes"), block: quotes },
            { key: "orders", label: _t("Orders"), block: orders },
            { key: "deliveries", label: _t("Deliveries"), block: deliveries },
        ]
            .filter(({ block }) => block?.items?.length)
            .map((group) => ({
                ...group,
                items: group.block.items.map((item) => this.prepareItem(item, group.block)),
                hidden: group.block.count - group.block.items.length,
            }));
    }

    prepareItem(item, block) {
        const amount = item.amount_total ?? item.expected_revenue;
        const currency = item.currency_id || block.currency;
        const date = item.validity_date || item.date_deadline || item.scheduled_date;
        return {
            ...item,
            stage: item.stage_id?.name || item.delivery_status_label || item.state_label,
            when: nearDate(date),
            whenExact: exactDate(date),
            amountText: amount ? shortMoney(amount, currency) : "",
            amountTitle: amount ? fullMoney(amount, currency) : "",
        };
    }

    openGroup(group) {
        const { model, domain } = recordsBehind(group.key, this.props.blocks, this.props.partnerId);
        return this.records.openList(group.label, model, domain);
    }
}

/** Relations that the list of contacts does not say already. */
export function shownRelations({ relations = [], contacts = [] }) {
    const known = new Set(contacts.map(({ id }) => id));
    return relations.filter(
        ({ category, is_current, partner }) =>
            !(category === "employment" && is_current && known.has(partner.id))
    );
}

export class RelationsBlock extends Component {
    static template = "crm_suite_base.RelationsBlock";
    static props = blockProps;
    static components = { Block };

    setup() {
        this.records = useOpenRecords();
        this.action = useService("action");
    }

    get relations() {
        return shownRelations(this.props.blocks);
    }

    openAll() {
        return this.action.doAction("crm_suite_base.relation_action_of_customer", {
            additionalContext: { active_id: this.props.partnerId },
        });
    }

    period({ date_from, date_to }) {
        if (date_from && date_to) {
            return _t("%(start)s to %(end)s", {
                start: nearDate(date_from),
                end: nearDate(date_to),
            });
        }
        if (date_to) {
            return _t("until %s", nearDate(date_to));
        }
        return date_from ? _t("since %s", nearDate(date_from)) : "";
    }
}

export class NeedsBlock extends Component {
    static template = "crm_suite_base.NeedsBlock";
    static props = blockProps;
    static components = { Block };

    get lines() {
        const preferences = this.props.blocks.preferences;
        return [
            { label: _t("Best reached by"), text: preferences.channel_label },
            { label: _t("Best time"), text: preferences.time_label },
            { label: _t("Language"), text: preferences.language },
            { label: _t("Preferences"), text: preferences.preferences },
            { label: _t("Needs"), text: preferences.needs },
        ].filter((line) => line.text);
    }
}

export class ConsentsBlock extends Component {
    static template = "crm_suite_base.ConsentsBlock";
    static props = blockProps;
    static components = { Block };

    get consents() {
        const labels = {
            email: _t("Email"),
            phone: _t("Phone"),
            sms: _t("Text message"),
        };
        return this.props.blocks.consents.map((consent) => ({
            ...consent,
            text: labelled(
                labels[consent.channel] || consent.channel,
                consent.allowed ? _t("yes") : _t("no")
            ),
        }));
    }
}
