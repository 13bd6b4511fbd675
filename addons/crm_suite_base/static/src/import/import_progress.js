import {
    Component,
    onMounted,
    onWillStart,
    onWillUnmount,
    onWillUpdateProps,
    status,
    useState,
} from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const AT_WORK = ["checking", "running"];
const INTERVAL = 1500;
// After a question that was not answered: the network or the server is away.
const PAUSE = 5000;

/**
 * How far an import is and what became of its rows. While workers are busy the figures
 * are asked for again and again, and the form is loaded anew when they are through.
 */
export class ImportProgress extends Component {
    static template = "crm_suite_base.ImportProgress";
    static props = { ...standardFieldProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.state = useState({ figures: null });
        onWillStart(async () => {
            this.state.figures = await this.ask(this.props.record);
        });
        onMounted(() => this.plan());
        onWillUpdateProps((next) =>
            this.renew(async () => {
                this.state.figures = await this.ask(next.record);
            })
        );
        onWillUnmount(() => clearTimeout(this.timer));
    }

    /** @returns {Promise<Object|null>} the figures; none of what is not saved yet */
    async ask(record) {
        return record.resId
            ? this.orm.silent.call("crm.suite.import.batch", "progress", [record.resId])
            : null;
    }

    /** The figures before stay until there is an answer. */
    async renew(work) {
        try {
            await work();
            this.isUnanswered = false;
        } catch {
            this.isUnanswered = true;
        }
        this.plan();
    }

    get isAtWork() {
        return AT_WORK.includes(this.state.figures?.state);
    }

    plan() {
        clearTimeout(this.timer);
        if (status(this) !== "destroyed" && (this.isUnanswered || this.isAtWork)) {
            const pause = this.isUnanswered ? PAUSE : INTERVAL;
            this.timer = setTimeout(() => this.renew(() => this.poll()), pause);
        }
    }

    async poll() {
        const { record } = this.props;
        const figures = await this.ask(record);
        if (figures?.state !== this.state.figures?.state) {
            await record.load();
        }
        this.state.figures = figures;
    }

    get phase() {
        const phases = {
            load: _t("Reading the file: %s rows", this.state.figures.read),
            check: _t("Checking the rows; nothing is changed"),
            prepare: _t("Creating what is missing"),
            import: _t("Importing the rows"),
        };
        return phases[this.state.figures.phase] || "";
    }

    get isForecast() {
        return ["checking", "ready", "previewed"].includes(this.state.figures.state);
    }

    get tiles() {
        const figures = this.state.figures;
        const words = this.isForecast
            ? {
                  created: _t("will be created"),
                  updated: _t("will be updated"),
                  unchanged: _t("will not change"),
                  rejected: _t("will be rejected"),
              }
            : {
                  created: _t("created"),
                  updated: _t("updated"),
                  unchanged: _t("unchanged"),
                  rejected: _t("rejected"),
              };
        const tiles = Object.entries(words).map(([name, label]) => ({
            name,
            label,
            count: figures[name],
        }));
        if (figures.pending) {
            tiles.push({ name: "pending", label: _t("waiting"), count: figures.pending });
        }
        return [{ name: "read", label: _t("rows read"), count: figures.read }, ...tiles];
    }

    get implied() {
        return this.state.figures.implied
            ? _t("%s customers or companies that rows only name", this.state.figures.implied)
            : "";
    }

    get undoUntil() {
        const { state, undo_until: until } = this.state.figures;
        if (!until || AT_WORK.includes(state)) {
            return "";
        }
        const date = luxon.DateTime.fromSQL(until, { zone: "utc" }).toLocal();
        return _t("Can be undone until %s", date.toLocaleString(luxon.DateTime.DATE_MED));
    }

    get problems() {
        return this.state.figures.problems.slice(0, 10);
    }

    async openRows(name) {
        const action = await this.orm.call("crm.suite.import.batch", "action_open_rows", [
            this.props.record.resId,
        ]);
        const known = ["created", "updated", "unchanged", "rejected"];
        action.context = known.includes(name) ? { [`search_default_${name}`]: true } : {};
        await this.action.doAction(action);
    }
}

registry.category("fields").add("crm_suite_import_progress", {
    component: ImportProgress,
    supportedTypes: ["selection"],
});
