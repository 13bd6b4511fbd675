/** Who is asked, for how long, and what if nobody is found: inputs of approval steps. */
import { Component, onWillStart } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { ModelFieldSelector } from "@web/core/model_field_selector/model_field_selector";
import { MultiRecordSelector } from "@web/core/record_selectors/multi_record_selector";
import { registry } from "@web/core/registry";
import { ExpressionInput } from "../flow/expression_input";
import { inputProps } from "../flow/flow_inputs";
import { useGroups } from "./approval_groups";

const MANAGER = _t("The submitter's superior");
export const RULES = [
    ["users", _t("People by name")],
    ["group", _t("Everybody with a role")],
    ["manager", MANAGER],
    ["team_lead", _t("The leader of the team")],
    ["field", _t("A field of the document")],
    ["expression", _t("An expression")],
    ["chosen", _t("Whom the submitter chooses")],
];
const NEW_RULE = {
    users: { user_ids: [] },
    manager: { level: 1 },
    expression: { expression: "" },
};

/** One rule that finds people. */
export class ApproverRule extends Component {
    static template = "crm_suite_base.ApproverRule";
    static components = { ExpressionInput, ModelFieldSelector, MultiRecordSelector };
    static props = {
        rule: Object,
        label: String,
        resModel: { type: [String, { value: false }], optional: true },
        readonly: { type: Boolean, optional: true },
        /** rules that make no sense here: "chosen" for an escalation */
        without: { type: Array, optional: true },
        /** whose superior is meant, where it is not the submitter's */
        managerLabel: { type: String, optional: true },
        /** whether several superiors may be asked in turn */
        inTurn: { type: Boolean, optional: true },
        onChange: Function,
        onRemove: { type: Function, optional: true },
    };
    static defaultProps = { without: [], managerLabel: MANAGER };

    setup() {
        this.groups = useGroups();
        this.peopleDomain = [["share", "=", false]];
        onWillStart(() => this.groups.load());
    }

    get kinds() {
        return RULES.filter(([by]) => !this.props.without.includes(by)).map(([by, label]) => [
            by,
            by === "manager" ? this.props.managerLabel : label,
        ]);
    }

    get levels() {
        return [1, 2, 3, 4, 5].map((level) => [
            level,
            level === 1 ? _t("his own") : _t("level %s", level),
        ]);
    }

    setKind(ev) {
        const by = ev.target.value;
        this.props.onChange({ by, ...NEW_RULE[by] });
    }

    setLevel(ev) {
        this.set("level", Number(ev.target.value));
    }

    setUpTo(ev) {
        const { up_to, ...rule } = this.props.rule;
        this.props.onChange(ev.target.checked ? { ...rule, up_to: true } : rule);
    }

    set(name, value) {
        this.props.onChange({ ...this.props.rule, [name]: value });
    }

    /** Only fields that name people, and those that lead to them. */
    isPeopleField(field) {
        return field.type === "many2one" && field.relation !== "ir.attachment";
    }
}

/** A list of such rules; everybody whom one of them finds is asked. */
export class ApproversInput extends Component {
    static template = "crm_suite_base.ApproversInput";
    static components = { ApproverRule };
    static props = inputProps;

    get rules() {
        return this.props.value || [];
    }

    change(index, rule) {
        this.props.onChange(this.rules.map((other, place) => (place === index ? rule : other)));
    }

    remove(index) {
        this.props.onChange(this.rules.filter((_, place) => place !== index));
    }

    add() {
        this.props.onChange([...this.rules, { by: "users", user_ids: [] }]);
    }
}

/** A time limit in working hours, and what happens then. */
export class LimitInput extends Component {
    static template = "crm_suite_base.LimitInput";
    static components = { ApproverRule };
    static props = inputProps;

    setup() {
        this.thens = [
            ["remind", _t("remind")],
            ["escalate", _t("hand it to somebody else")],
            ["agree", _t("agree by itself")],
            ["return", _t("return it")],
        ];
        this.escalation = { by: "manager", level: 1 };
    }

    get limit() {
        return this.props.value || {};
    }

    setHours(ev) {
        const hours = Number(ev.target.value);
        this.props.onChange(hours > 0 ? { then: "remind", ...this.limit, hours } : undefined);
    }

    setThen(ev) {
        const { hours, remind_every } = this.limit;
        const limit = { hours, then: ev.target.value };
        if (remind_every) {
            limit.remind_every = remind_every;
        }
        if (limit.then === "escalate") {
            limit.escalate_to = this.escalation;
        }
        this.props.onChange(limit);
    }

    setEvery(ev) {
        const { remind_every, ...limit } = this.limit;
        const every = Number(ev.target.value);
        this.props.onChange(every > 0 ? { ...limit, remind_every: every } : limit);
    }

    setEscalation(rule) {
        this.props.onChange({ ...this.limit, escalate_to: rule });
    }
}

/** What happens when the rules find nobody. */
export class NobodyInput extends Component {
    static template = "crm_suite_base.NobodyInput";
    static components = { ApproverRule };
    static props = inputProps;

    setup() {
        this.choices = [
            ["exception", _t("stop, and tell an administrator")],
            ["skip", _t("skip the step")],
            ["rule", _t("ask somebody else")],
        ];
    }

    get kind() {
        const { value } = this.props;
        return value && typeof value === "object" ? "rule" : value || "exception";
    }

    setKind(ev) {
        const kind = ev.target.value;
        this.props.onChange(kind === "rule" ? { by: "users", user_ids: [] } : kind);
    }
}

/** Values, reckoned from fields, of which a worse one asks again those who agreed. */
export class WatchInput extends Component {
    static template = "crm_suite_base.WatchInput";
    static components = { ExpressionInput };
    static props = inputProps;

    setup() {
        this.directions = [
            ["higher", _t("becomes higher")],
            ["lower", _t("becomes lower")],
            ["changed", _t("changes")],
        ];
    }

    get rows() {
        return this.props.value || [];
    }

    change(index, values) {
        this.props.onChange(
            this.rows.map((row, place) => (place === index ? { ...row, ...values } : row))
        );
    }

    remove(index) {
        const rows = this.rows.filter((_, place) => place !== index);
        this.props.onChange(rows.length ? rows : undefined);
    }

    add() {
        this.props.onChange([...this.rows, { field: "", worse: "changed" }]);
    }
}

registry
    .category("crm_suite_flow_inputs")
    .add("approvers", ApproversInput)
    .add("limit", LimitInput)
    .add("nobody", NobodyInput)
    .add("watch", WatchInput);
