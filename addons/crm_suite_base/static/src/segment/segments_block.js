import { Component } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";
import { nearDate } from "../core/format";
import { Block } from "../customer_page/blocks";
import { pageBlocks } from "../customer_page/overview";
import { Why } from "../why/why";

/** The segments in which the customer is, since when, and why. */
export class SegmentsBlock extends Component {
    static template = "crm_suite_base.SegmentsBlock";
    static props = { blocks: Object, partnerId: Number };
    static components = { Block, Why };

    setup() {
        this.action = useService("action");
        this.nearDate = nearDate;
    }

    open(id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "crm.suite.segment",
            res_id: id,
            views: [[false, "form"]],
        });
    }
}

pageBlocks.add(
    "segments",
    { component: SegmentsBlock, isShown: ({ segments }) => segments?.length },
    { sequence: 45 }
);
