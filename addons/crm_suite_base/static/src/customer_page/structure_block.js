import { Component } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { Block } from "./blocks";
import { useOpenRecords } from "./open_records";

/** One person or company of a chart, with everything below it. */
export class ChartNode extends Component {
    static template = "crm_suite_base.ChartNode";
    static props = { node: Object, onOpen: Function };
}
ChartNode.components = { ChartNode };

/**
 * People form a tree by "reports to". Somebody whose superior is not on the list,
 * or who would close a circle, stands at the top.
 *
 * @param {{id: number, reports_to?: number|false}[]} people
 */
export function peopleTree(people) {
    const nodes = new Map(people.map((person) => [person.id, { ...person, children: [] }]));
    const hasCircle = (node) => {
        const seen = new Set();
        for (let at = node; at; at = nodes.get(at.reports_to)) {
            if (seen.has(at.id)) {
                return true;
            }
            seen.add(at.id);
        }
        return false;
    };
    const roots = [];
    for (const node of nodes.values()) {
        const superior = nodes.get(node.reports_to);
        if (superior && !hasCircle(node)) {
            superior.children.push(node);
        } else {
            roots.push(node);
        }
    }
    return roots;
}

export class StructureBlock extends Component {
    static template = "crm_suite_base.StructureBlock";
    static props = { blocks: Object, partnerId: Number };
    static components = { Block, ChartNode };

    setup() {
        this.records = useOpenRecords();
        this.action = useService("action");
        this.open = (id) => this.records.openRecord("res.partner", id);
    }

    get structure() {
        return this.props.blocks.structure;
    }

    get companies() {
        const self = {
            id: this.props.partnerId,
            name: this.props.blocks.identity.name,
            isSelf: true,
            isCompany: true,
            children: (this.structure.subsidiaries || []).map((company) => ({
                ...company,
                isCompany: true,
                children: [],
            })),
        };
        if (this.structure.parent) {
            return [{ ...this.structure.parent, isCompany: true, children: [self] }];
        }
        return self.children.length ? [self] : [];
    }

    get people() {
        return peopleTree(this.structure.people || []);
    }

    openChart() {
        return this.action.doAction("crm_suite_base.customer_action_chart", {
            additionalContext: { hierarchy_res_id: this.props.partnerId },
        });
    }
}
