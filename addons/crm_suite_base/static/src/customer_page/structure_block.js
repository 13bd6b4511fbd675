import { Component, onWillStart, useState } from "@odoo/owl";
import { Dialog } from "@web/core/dialog/dialog";
import { _t } from "@web/core/l10n/translation";
import { useService } from "@web/core/utils/hooks";
import { errorText, shortMoney, shortNumber } from "../core/format";
import { Block } from "./blocks";
import { useOpenRecords } from "./open_records";

/** One person or company of a chart, with everything below it. */
export class ChartNode extends Component {
    static template = "crm_suite_base.ChartNode";
    static props = { node: Object, onOpen: Function };
}
ChartNode.components = { ChartNode };

/**
 * Nodes hung below each other by their edges. A node with two superiors stands below
 * the first; a node in a circle or without a superior on the list stands at the top.
 *
 * @param {{id: number}[]} nodes
 * @param {{from: number, to: number}[]} edges from the upper to the lower node
 */
export function chartTree(nodes, edges) {
    const byId = new Map(nodes.map((node) => [node.id, { ...node, children: [] }]));
    const above = new Map();
    const closesCircle = (from, to) => {
        for (let at = from; at !== undefined; at = above.get(at)) {
            if (at === to) {
                return true;
            }
        }
        return false;
    };
    for (const { from, to } of edges) {
        if (byId.has(from) && byId.has(to) && !above.has(to) && !closesCircle(from, to)) {
            above.set(to, from);
            byId.get(from).children.push(byId.get(to));
        }
    }
    return [...byId.values()].filter((node) => !above.has(node.id));
}

/** Companies and people around a customer: who belongs to and reports to whom. */
export class OrgChartDialog extends Component {
    static template = "crm_suite_base.OrgChartDialog";
    static components = { ChartNode, Dialog };
    static props = { close: Function, partnerId: Number };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.records = useOpenRecords();
        this.state = useState({ roots: [], isTruncated: false, error: "" });
        this.open = (id) => {
            this.props.close();
            return this.records.openRecord("res.partner", id);
        };
        onWillStart(() => this.load());
    }

    async load() {
        this.state.error = "";
        try {
            const chart = await this.orm.call("res.partner", "crm_suite_structure", [
                this.props.partnerId,
            ]);
            const nodes = chart.nodes.map((node) => ({
                ...node,
                isSelf: node.id === this.props.partnerId,
            }));
            this.state.roots = chartTree(nodes, chart.edges);
            this.state.isTruncated = chart.truncated;
        } catch (error) {
            this.state.error = errorText(error);
        }
    }

    openBoxes() {
        this.props.close();
        return this.action.doAction("crm_suite_base.customer_action_chart", {
            additionalContext: { hierarchy_res_id: this.props.partnerId },
        });
    }
}

export class StructureBlock extends Component {
    static template = "crm_suite_base.StructureBlock";
    static props = { blocks: Object, partnerId: Number };
    static components = { Block, ChartNode };

    setup() {
        this.records = useOpenRecords();
        this.dialog = useService("dialog");
        this.open = (id) => this.records.openRecord("res.partner", id);
    }

    get roots() {
        const { parent, company, subsidiaries } = this.props.blocks.structure;
        const { identity } = this.props.blocks;
        const self = {
            id: this.props.partnerId,
            name: identity.name,
            kind: identity.is_company ? "company" : "person",
            isSelf: true,
        };
        const nodes = [self];
        const edges = [];
        const add = (node, edge) => {
            nodes.push({ ...node, kind: "company" });
            edges.push(edge);
        };
        const base = company || self;
        if (company) {
            add(company, { from: company.id, to: self.id });
        }
        if (parent) {
            add(parent, { from: parent.id, to: base.id });
        }
        for (const child of subsidiaries) {
            add(child, { from: base.id, to: child.id });
        }
        return chartTree(nodes, edges);
    }

    /** What the company and all below it bought and owe, where it is not alone. */
    get together() {
        const { companies, currency, revenue, open, overdue } =
            this.props.blocks.structure.totals;
        if (companies < 2) {
            return "";
        }
        const money = (amount) => shortMoney(amount, currency);
        const figures = [
            revenue && _t("revenue %s", money(revenue)),
            open && _t("open %s", money(open)),
            overdue && _t("overdue %s", money(overdue)),
        ].filter(Boolean);
        return figures.length
            ? _t("%(count)s companies together: %(figures)s", {
                  count: shortNumber(companies),
                  figures: figures.join(" · "),
              })
            : "";
    }

    openChart() {
        this.dialog.add(OrgChartDialog, { partnerId: this.props.partnerId });
    }
}
