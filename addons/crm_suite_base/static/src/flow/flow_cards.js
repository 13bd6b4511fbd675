/** What the drawing shows of a graph: texts, colours and sizes, without a screen. */
import { _t } from "@web/core/l10n/translation";
import { labelled, listText } from "../core/format";
import { findNode } from "./flow_graph";
import { nodeSize } from "./flow_node_types";
import { isWalked, overlayLine } from "./flow_overlay";

// Of the text on a path.
const LINES = 2;
const LINE_LENGTH = 26;
const [NARROW, WIDE] = [6.5, 12];
const UNKNOWN = { label: _t("Unknown step"), icon: "fa-question", color: "danger", shape: "card" };

/** Problems of one node or path; those of a path name it as "edge" or as "node". */
export function problemsOf(problems, id) {
    return (problems || []).filter(({ node, edge }) => node === id || edge === id);
}

/** The sentence of a node in words, or nothing when its type says nothing. */
export function describeNode(node, type, { names, graph }) {
    return type?.describe ? String(type.describe(node, { names, graph }) || "") : "";
}

/** What the template of a card needs; see FlowSurface.sync. */
export function cardOf(node, { types, graph, names, overlay, problems, selected, readonly }) {
    const type = types[node.type] || UNKNOWN;
    const found = problemsOf(problems, node.id).map(({ message }) => message);
    const line = overlayLine(overlay?.nodes?.[node.id]);
    const label = String(type.label);
    const name = node.name || label;
    const sentence = describeNode(node, types[node.type], { names, graph });
    const title = node.name && node.name !== label ? labelled(label, name) : label;
    return {
        id: node.id,
        type: node.type,
        name,
        label,
        sentence,
        icon: type.icon,
        color: type.color,
        shape: type.shape,
        line,
        problem: found.join("\n"),
        isSelected: Boolean(selected?.includes(node.id)),
        readonly: Boolean(readonly),
        hasInputs: type.inputs !== "none",
        hasOutputs: type.outputs !== "none",
        description: [title, sentence, line?.title, ...found].filter(Boolean).join(". "),
        ...nodeSize(type, Boolean(overlay)),
    };
}

/** The text beside a path: its own name, its condition, or that it is the default one. */
export function pathText(edge) {
    if (edge.label) {
        return edge.label;
    }
    if (edge.default) {
        return String(_t("otherwise"));
    }
    return edge.when || "";
}

/** A text in at most two lines, cut where a word ends. */
export function wrapped(text) {
    const lines = [""];
    for (const word of text.split(" ")) {
        const line = [lines.at(-1), word].filter(Boolean).join(" ");
        if (line.length <= LINE_LENGTH || !lines.at(-1)) {
            lines[lines.length - 1] = line;
        } else {
            lines.push(word);
        }
    }
    const cut = (line) => (line.length > LINE_LENGTH ? `${line.slice(0, LINE_LENGTH - 1)}…` : line);
    const shown = lines.slice(0, LINES).map(cut);
    if (lines.length > LINES) {
        shown[LINES - 1] = cut(`${shown[LINES - 1]} …`);
    }
    return shown.join("\n");
}

/** About how wide a text of several lines is in the drawing; Chinese letters are wider. */
export function labelWidth(text) {
    const width = (line) =>
        [...line].reduce((sum, letter) => sum + (letter > "\u2e80" ? WIDE : NARROW), 0);
    return Math.max(...text.split("\n").map(width));
}

/** What the drawing needs of a path; see FlowSurface.sync. */
export function pathOf(edge, { types, graph, overlay, problems }) {
    const source = findNode(graph, edge.from);
    const hasConditions = types[source?.type]?.conditions;
    const isBroken = problemsOf(problems, edge.id).length > 0;
    const isOpen = hasConditions && !edge.default && !edge.when;
    const text = pathText(edge) || (isOpen ? String(_t("no condition yet")) : "");
    return {
        label: wrapped((isBroken ? "⚠ " : "") + text),
        isDefault: Boolean(edge.default),
        isWalked: isWalked(edge, overlay),
    };
}

/** The words on the paths that lead to a node, for the list of steps. */
export function pathsText(edges, graph) {
    const texts = edges.map((edge) => {
        const source = findNode(graph, edge.from);
        const text = pathText(edge);
        return source?.name && text ? labelled(source.name, text) : source?.name || text;
    });
    return listText(texts.filter(Boolean));
}
