/** What happened at the nodes of a flow, in words: a running request or a replay. */
import { _t } from "@web/core/l10n/translation";
import { formatFloat } from "@web/core/utils/numbers";
import { listText, parseServerDate } from "../core/format";

const STATES = {
    done: { label: _t("Done"), icon: "fa-check", color: "success" },
    open: { label: _t("Waiting for a decision"), icon: "fa-hourglass-half", color: "primary" },
    waiting: { label: _t("Not reached yet"), icon: "fa-circle-o", color: "secondary" },
    skipped: { label: _t("Skipped"), icon: "fa-share", color: "secondary" },
    exception: {
        label: _t("Stuck: needs an administrator"),
        icon: "fa-exclamation-triangle",
        color: "danger",
    },
    rejected: { label: _t("Rejected"), icon: "fa-times", color: "danger" },
    returned: { label: _t("Returned"), icon: "fa-undo", color: "warning" },
};
const UNREACHED = ["waiting", "skipped"];
const TASK_STATES = {
    open: _t("is asked"),
    waiting: _t("is asked later"),
    agreed: _t("agreed"),
    rejected: _t("rejected"),
    returned: _t("returned it"),
    transferred: _t("handed it over"),
    escalated: _t("lost it when the time was over"),
    closed: _t("did not have to decide"),
    cancelled: _t("did not have to decide"),
    superseded: _t("was asked again"),
    retrieved: _t("took it back"),
};
const HOURS_DIGITS = 1;
const MOMENT = { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" };
const MINUTE = 1 / 60;

export function stateOf(entry) {
    return STATES[entry?.state] || STATES.waiting;
}

/** "3.5 h", "12 min"; nothing when it took no time worth telling. */
export function durationText(hours) {
    if (!hours || hours < MINUTE) {
        return "";
    }
    if (hours < 1) {
        return _t("%s min", Math.round(hours * 60));
    }
    return _t("%s h", formatFloat(hours, { digits: [false, HOURS_DIGITS], trailingZeros: false }));
}

export function timeText(value) {
    return value ? parseServerDate(value).toLocaleString(MOMENT) : "";
}

/** Names of who, or how many when they are too many for a card. */
export function whoText(who = [], most = 2) {
    const names = who.map((person) => (typeof person === "string" ? person : person.name));
    if (names.length <= most) {
        return listText(names);
    }
    return _t("%(first)s and %(count)s more", { first: names[0], count: names.length - 1 });
}

/**
 * The line that a card shows of its node.
 *
 * @param {Object} entry of overlay.nodes: {state, who, since, until, hours, tasks} of a
 *  request, or {count, asked, auto, nobody, open} of a replay
 * @returns {{ text: string, title: string, icon: string, color: string } | null}
 */
export function overlayLine(entry) {
    if (!entry) {
        return null;
    }
    if (entry.count !== undefined) {
        return replayLine(entry);
    }
    const state = stateOf(entry);
    const who = whoText(entry.who);
    const duration = durationText(entry.hours);
    const text = [who, duration].filter(Boolean).join(" · ") || String(state.label);
    const title = [
        String(state.label),
        whoText(entry.who, Infinity),
        timeText(entry.since),
        timeText(entry.until),
    ];
    return { text, title: title.filter(Boolean).join("\n"), icon: state.icon, color: state.color };
}

/** Red: nobody is found; yellow: not known who; blue: people; green: by itself; grey: never. */
function replayLine({ count, asked = 0, auto = 0, nobody = 0, open = 0 }) {
    const times = count === 1 ? _t("once") : _t("%s times", count);
    if (nobody) {
        return {
            text: _t("%(asked)s · nobody found: %(nobody)s", { asked: times, nobody }),
            title: _t("In this many cases nobody would be found who decides"),
            icon: "fa-exclamation-triangle",
            color: "danger",
        };
    }
    if (open) {
        return {
            text: _t("%(times)s · chosen: %(open)s", { times, open }),
            title: _t("In this many cases the submitter would choose who decides"),
            icon: "fa-question-circle-o",
            color: "warning",
        };
    }
    const title = _t("How many documents would have come here");
    if (!count) {
        return { text: times, title, icon: "fa-circle-o", color: "secondary" };
    }
    return asked || !auto
        ? { text: times, title, icon: "fa-repeat", color: "primary" }
        : {
              text: _t("%s · by itself", times),
              title: _t("Nobody would have been asked here: it is agreed by itself"),
              icon: "fa-check",
              color: "success",
          };
}

/** What became of a task, in words. */
export function taskStateText(status) {
    return String(TASK_STATES[status] || status || "");
}

/** Whether a request, or any document of a replay, has gone along a path. */
export function isWalked(edge, overlay) {
    if (overlay?.walked) {
        return overlay.walked.includes(edge.id);
    }
    const reached = (id) => {
        const entry = overlay?.nodes?.[id];
        return entry && entry.state && !UNREACHED.includes(entry.state);
    };
    return Boolean(reached(edge.from) && reached(edge.to));
}
