import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** The cells of one row under their headers, to be corrected in place. */
export class ImportCells extends Component {
    static template = "crm_suite_base.ImportCells";
    static props = { ...standardFieldProps };

    get cells() {
        const { headers, problems } = this.props.record.data;
        const values = this.props.record.data[this.props.name] || [];
        return (headers || []).map((header, index) => ({
            index,
            header,
            value: values[index] ?? "",
            problems: (problems || [])
                .filter((problem) => problem[0] === index)
                .map((problem) => problem[2]),
        }));
    }

    change(index, text) {
        const values = [...(this.props.record.data[this.props.name] || [])];
        while (values.length <= index) {
            values.push(null);
        }
        values[index] = text;
        return this.props.record.update({ [this.props.name]: values });
    }
}

registry.category("fields").add("crm_suite_import_cells", {
    component: ImportCells,
    supportedTypes: ["json"],
    fieldDependencies: [
        { name: "headers", type: "json" },
        { name: "problems", type: "json" },
    ],
});
