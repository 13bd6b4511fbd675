import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { completeCondition, isComplete, isGroup, keyOf, sentenceParts } from "./condition_tree";
import { ConditionValue } from "./condition_values";

export const GROUPS = [
    ["all", _t("all of these")],
    ["any", _t("at least one of these")],
    ["none", _t("none of these")],
];

/** A condition in words, with its values to choose in the sentence. */
export class ConditionLine extends Component {
    static template = "crm_suite_base.ConditionLine";
    static components = { ConditionValue };
    static props = {
        condition: Object,
        catalogue: Object,
        closed: Object,
        onChange: Function,
        onRemove: Function,
    };

    get entry() {
        return this.props.catalogue[keyOf(this.props.condition)];
    }

    /** Whether it is there for others: then it is neither gone nor ours to remove. */
    get isClosed() {
        return !this.entry && this.props.closed.keys.includes(keyOf(this.props.condition));
    }

    get parts() {
        return sentenceParts(this.entry, this.props.condition);
    }

    get isComplete() {
        return !this.entry || isComplete(this.entry, this.props.condition);
    }

    change(name, value) {
        const values = { ...this.props.condition, [name]: value };
        this.props.onChange(completeCondition(this.entry, values));
    }
}

/** A group of conditions and groups, and what to add to it. */
export class ConditionGroup extends Component {
    static template = "crm_suite_base.ConditionGroup";
    static components = { ConditionLine, ConditionGroup };
    static props = {
        group: Object,
        catalogue: Object,
        closed: Object,
        offers: Array,
        path: Array,
        actions: Object,
    };

    setup() {
        this.groups = GROUPS;
    }

    isGroup(item) {
        return isGroup(item);
    }

    pathOf(index) {
        return [...this.props.path, index];
    }

    setOperator(ev) {
        this.props.actions.change(this.props.path, { ...this.props.group, op: ev.target.value });
    }

    addCondition(ev) {
        const entry = this.props.catalogue[ev.target.value];
        ev.target.value = "";
        if (entry) {
            this.props.actions.add(this.props.path, completeCondition(entry));
        }
    }

    addGroup() {
        this.props.actions.add(this.props.path, { op: "any", items: [] });
    }

    remove() {
        this.props.actions.remove(this.props.path);
    }
}
