import { Component, useState } from "@odoo/owl";
import { usePopover } from "@web/core/popover/popover_hook";
import { RecordSelector } from "@web/core/record_selectors/record_selector";
import { useService } from "@web/core/utils/hooks";
import { errorText } from "../core/format";
import { WhyContent } from "../why/why";

/** The explanation of one customer's membership, of somebody inside or outside. */
export class WhyMember extends WhyContent {
    static props = { ...WhyContent.props, partnerId: Number };

    async load() {
        const { resModel, resId, partnerId } = this.props;
        try {
            this.state.answer = await this.orm.call(resModel, "explain_member", [
                [resId],
                partnerId,
            ]);
        } catch (error) {
            this.state.error = errorText(error);
        }
    }
}

/** "Is … in it?": choose a customer, read why or why not. */
export class SegmentWhy extends Component {
    static template = "crm_suite_base.SegmentWhy";
    static components = { RecordSelector };
    static props = { segmentId: Number };

    setup() {
        this.state = useState({ partnerId: false });
        const ui = useService("ui");
        const options = { position: "top-start", popoverClass: "o_crm_suite_why_popover" };
        const popover = usePopover(WhyMember, options);
        const sheet = usePopover(WhyMember, { ...options, useBottomSheet: true });
        this.getPopover = () => (ui.isSmall ? sheet : popover);
        this.domain = [["crm_suite_lifecycle_id", "!=", false]];
    }

    choose(partnerId) {
        this.state.partnerId = partnerId;
    }

    open(ev) {
        const popover = this.getPopover();
        popover.open(ev.currentTarget, {
            resModel: "crm.suite.segment",
            resId: this.props.segmentId,
            topic: "member",
            partnerId: this.state.partnerId,
            close: () => popover.close(),
        });
    }
}
