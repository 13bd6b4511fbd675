import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const SAMPLES = 3;

/** The field a column stands for: "partner_id/ref" fills "partner_id". */
export function keyOf(field) {
    return field.startsWith("parent_id/") ? "parent_id" : field;
}

export function toggleKey(key, field) {
    const names = (key || "").split(",").map((name) => name.trim()).filter(Boolean);
    const name = keyOf(field);
    const kept = names.filter((other) => other !== name);
    return (kept.length === names.length ? [...names, name] : kept).join(",");
}

/** The columns of the file: what they hold, what they mean, which of them is the key. */
export class ImportMapping extends Component {
    static template = "crm_suite_base.ImportMapping";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ columns: [] });
        onWillStart(() => this.loadColumns(this.props.record.data.target));
        onWillUpdateProps((next) => {
            if (next.record.data.target !== this.target) {
                return this.loadColumns(next.record.data.target);
            }
        });
    }

    async loadColumns(target) {
        this.target = target;
        this.state.columns = await this.orm.call("crm.suite.import.batch", "get_columns", [target]);
    }

    get preview() {
        return this.props.record.data.preview || { rows: [], notes: [], problems: [] };
    }

    get entries() {
        const taken = this.props.record.data.mapping || [];
        return taken.map((entry) => ({
            ...entry,
            samples: this.preview.rows
                .map((row) => row[entry.index])
                .filter((text) => text)
                .slice(0, SAMPLES),
            isKey: entry.field
                ? this.keys.includes(keyOf(entry.field)) || this.keys.includes(entry.field)
                : false,
            mayBeKey: this.state.columns.some(
                (column) => column.name === entry.field && column.key
            ),
        }));
    }

    /** The fields by which rows are recognised: chosen by the user or found out. */
    get keys() {
        return this.keyChoice.names;
    }

    get keyChoice() {
        return this.props.record.data.key_choice || { names: [], text: "" };
    }

    get facts() {
        const { kind, encoding, delimiter, sheet, header_row: header, row_count: count } =
            this.preview;
        const separators = { "\t": _t("tab"), " ": _t("blanks") };
        return [
            kind && kind.toUpperCase(),
            encoding,
            delimiter && _t("separated by %s", separators[delimiter] || delimiter),
            sheet && _t("sheet “%s”", sheet),
            header ? _t("header in row %s", header) : kind && _t("no header"),
            Number.isInteger(count) && _t("%s rows", count),
        ].filter(Boolean);
    }

    get missing() {
        const fields = this.entries.map((entry) => (entry.field || "").split("/")[0]);
        const labels = {};
        for (const column of this.state.columns) {
            if (column.required && !fields.includes(column.name.split("/")[0])) {
                labels[column.name.split("/")[0]] ??= column.label;
            }
        }
        return Object.values(labels);
    }

    choose(index, field) {
        const mapping = (this.props.record.data.mapping || []).map((entry) =>
            entry.index === index ? { ...entry, field } : entry
        );
        return this.props.record.update({ [this.props.name]: mapping });
    }

    toggle(field) {
        // A key that was found out gives way to the one that is chosen.
        return this.props.record.update({ key: toggleKey(this.props.record.data.key, field) });
    }
}

registry.category("fields").add("crm_suite_import_mapping", {
    component: ImportMapping,
    supportedTypes: ["json"],
    fieldDependencies: [
        { name: "preview", type: "json" },
        { name: "target", type: "selection" },
        { name: "key", type: "char" },
        { name: "key_choice", type: "json" },
    ],
});
