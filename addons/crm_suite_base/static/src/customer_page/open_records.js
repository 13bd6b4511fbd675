import { useService } from "@web/core/utils/hooks";

const OPEN_ORDER = [
    "|",
    ["invoice_status", "=", "to invoice"],
    ["delivery_status", "in", ["pending", "started", "partial"]],
];

/**
 * The records behind a figure of the customer's page. Figures are those of the
 * customer with its contacts, or with its subsidiaries too, like the server counts them.
 *
 * @param {string} key
 * @param {Object} blocks
 * @param {number} partnerId
 * @returns {{ model: string, domain: Array, context: Object|undefined }}
 */
export function recordsBehind(key, blocks, partnerId) {
    const customer = blocks.structure?.company?.id || partnerId;
    const counted = blocks.structure?.counted || [];
    const ofCustomer =
        counted.length > 1
            ? ["partner_id.commercial_partner_id", "in", counted]
            : ["partner_id.commercial_partner_id", "=", customer];
    const sources = {
        revenue: { model: "sale.order", domain: [["state", "=", "sale"]] },
        figures: { model: "crm.suite.customer.metric", domain: [] },
        bought: {
            model: "crm.suite.purchase.fact",
            domain: [],
            context: { group_by: ["source"] },
        },
        facts: {
            model: "crm.suite.purchase.fact",
            domain: [],
            context: { group_by: ["category_id"] },
        },
        purchases: { model: "crm.suite.purchase", domain: [] },
        invoices: {
            model: "account.move",
            domain: [
                ["move_type", "in", ["out_invoice", "out_refund", "out_receipt"]],
                ["state", "=", "posted"],
                ["payment_state", "in", ["not_paid", "partial"]],
            ],
        },
        deals: { model: "crm.lead", domain: [["won_status", "=", "pending"]] },
        quotes: { model: "sale.order", domain: [["state", "in", ["draft", "sent"]]] },
        orders: { model: "sale.order", domain: [["state", "=", "sale"], ...OPEN_ORDER] },
        deliveries: {
            model: "stock.picking",
            domain: [
                ["picking_type_code", "=", "outgoing"],
                ["state", "not in", ["draft", "done", "cancel"]],
            ],
        },
    };
    const { model, domain, context } = sources[key];
    return { model, domain: [ofCustomer, ...domain], context };
}

/**
 * Open one record, or the list behind a figure.
 *
 * @returns {{ openRecord: Function, openList: Function }}
 */
export function useOpenRecords() {
    const action = useService("action");
    return {
        openRecord(resModel, resId) {
            if (resModel === "res.partner") {
                return action.doAction("crm_suite_base.customer_action", {
                    viewType: "form",
                    props: { resId },
                });
            }
            return action.doAction({
                type: "ir.actions.act_window",
                res_model: resModel,
                res_id: resId,
                views: [[false, "form"]],
            });
        },
        openList(name, resModel, domain, context = {}) {
            return action.doAction({
                type: "ir.actions.act_window",
                name,
                res_model: resModel,
                domain,
                context,
                views: [
                    [false, "list"],
                    [false, "form"],
                ],
            });
        },
    };
}
