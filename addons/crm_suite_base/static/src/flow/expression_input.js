import { Component, onWillStart, onWillUpdateProps, useRef, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";

const MOST = 8;
const RELATIONAL = ["many2one", "one2many", "many2many"];

/**
 * Functions of the language, offered beside the fields; addons add theirs:
 * {label, insert}. Where the cursor shall stand afterwards is the first "()".
 */
const functions = registry.category("crm_suite_expression_functions");
functions
    .add("sum", { label: _t("Sum over lines"), insert: "sum()" })
    .add("max", { label: _t("Highest of the lines"), insert: "max()" })
    .add("min", { label: _t("Lowest of the lines"), insert: "min()" })
    .add("avg", { label: _t("Average of the lines"), insert: "avg()" })
    .add("count", { label: _t("Number of lines"), insert: "count()" })
    .add("is_set", { label: _t("Is filled in"), insert: "is_set()" })
    .add("contains", { label: _t("Contains a text"), insert: "contains()" })
    .add("today", { label: _t("Today"), insert: "today()" })
    .add("days_until", { label: _t("Days until a date"), insert: "days_until()" })
    .add("days_since", { label: _t("Days since a date"), insert: "days_since()" });

/** The word in front of the cursor, split at its dots. */
export function wordAt(text, position) {
    const before = text.slice(0, position);
    // Within quotes there is text, not a field.
    if ((before.match(/"/g) || []).length % 2 || (before.match(/'/g) || []).length % 2) {
        return null;
    }
    const word = before.match(/[A-Za-z_][\w.]*$/)?.[0] || "";
    const parts = word.split(".");
    return { word, parents: parts.slice(0, -1), last: parts.at(-1) };
}

/** What may follow, the names that begin alike first. */
export function offersFor(fields, last, calls = []) {
    const wanted = last.toLowerCase();
    const entries = Object.entries(fields).map(([name, { string }]) => ({
        label: string,
        insert: name,
    }));
    const rank = ({ label, insert }) => {
        const [name, text] = [insert.toLowerCase(), String(label).toLowerCase()];
        return name.startsWith(wanted)
            ? 0
            : text.startsWith(wanted)
              ? 1
              : text.includes(wanted) || name.includes(wanted)
                ? 2
                : 3;
    };
    return [...calls, ...entries]
        .map((entry) => ({ ...entry, rank: rank(entry) }))
        .filter((entry) => entry.rank < 3 && entry.insert !== last)
        .sort((a, b) => a.rank - b.rank || String(a.label).localeCompare(String(b.label)))
        .slice(0, MOST);
}

/** Text of the expression language, with the fields of the document to choose from. */
export class ExpressionInput extends Component {
    static template = "crm_suite_base.ExpressionInput";
    static props = {
        value: String,
        resModel: { type: [String, { value: false }], optional: true },
        label: String,
        readonly: { type: Boolean, optional: true },
        placeholder: { type: String, optional: true },
        onChange: Function,
    };

    setup() {
        this.fieldService = useService("field");
        this.text = useRef("text");
        this.state = useState({ offers: [], active: 0 });
        this.fields = {};
        onWillStart(() => this.load(this.props.resModel));
        onWillUpdateProps(
            ({ resModel }) => resModel !== this.props.resModel && this.load(resModel)
        );
    }

    async load(resModel) {
        this.fields = resModel ? await this.fieldService.loadFields(resModel) : {};
    }

    onInput(ev) {
        this.props.onChange(ev.target.value);
        this.offer();
    }

    /** Fields of the record to which the names in front of the last dot lead. */
    async fieldsAt(parents) {
        let fields = this.fields;
        for (const name of parents) {
            const field = fields[name];
            if (!field || !RELATIONAL.includes(field.type)) {
                return {};
            }
            fields = await this.fieldService.loadFields(field.relation);
        }
        return fields;
    }

    async offer() {
        const { el } = this.text;
        const at = wordAt(el.value, el.selectionStart);
        if (this.props.readonly || !at || (!at.word && el.value.trim())) {
            this.state.offers = [];
            return;
        }
        const fields = await this.fieldsAt(at.parents);
        const calls = at.parents.length ? [] : functions.getAll();
        this.state.offers = at.word ? offersFor(fields, at.last, calls) : [];
        this.state.active = 0;
    }

    onKeydown(ev) {
        const { offers, active } = this.state;
        if (!offers.length) {
            return;
        }
        const steps = { ArrowDown: 1, ArrowUp: -1 };
        if (ev.key in steps) {
            this.state.active = (active + steps[ev.key] + offers.length) % offers.length;
        } else if (ev.key === "Enter" || ev.key === "Tab") {
            this.insert(offers[active]);
        } else if (ev.key === "Escape") {
            this.state.offers = [];
        } else {
            return;
        }
        ev.preventDefault();
        ev.stopPropagation();
    }

    onBlur() {
        this.state.offers = [];
    }

    insert({ insert }) {
        const { el } = this.text;
        const position = el.selectionStart;
        const { last } = wordAt(el.value, position);
        const start = position - last.length;
        const value = el.value.slice(0, start) + insert + el.value.slice(position);
        const inside = insert.indexOf("()") + 1;
        const cursor = start + (inside || insert.length);
        this.state.offers = [];
        el.value = value;
        el.setSelectionRange(cursor, cursor);
        el.focus();
        this.props.onChange(value);
    }
}
