/**
 * The kinds of nodes of flows. An addon registers its own in
 * registry.category("crm_suite_flow_nodes"), under a name of its choice:
 *
 * - family {string} the flows in which it is offered: "approval", "journey", …
 * - type {string} what the node of the graph holds as its type
 * - label {string}, icon {string} class of the icon font, help {string} one sentence
 * - color {string} one of the host's colours: primary, info, success, warning, danger, secondary
 * - shape {string} "card" (default) or "pill", small and without a sentence
 * - inputs, outputs {string} "none", "one" or "many" paths; default "many" and "one"
 * - conditions {boolean} whether the paths out of it have conditions and a default
 * - unique {boolean} whether a flow has it just once
 * - defaults {Object} properties of a new node
 * - describe(node, {names, graph}) {Function} what the node does, as a sentence of its card;
 *   names(model, id) is the name of a record
 * - records(node) {Function} {model: ids} whose names the sentence needs
 * - properties {Object[]} its form in data, see flow_properties.js, or
 * - Properties {Component} its form as a component with the props
 *   {node, graph, resModel, problems, change(values, key)}
 */
import { registry } from "@web/core/registry";

const CATEGORY = "crm_suite_flow_nodes";
const DEFAULTS = {
    shape: "card",
    inputs: "many",
    outputs: "one",
    color: "secondary",
    defaults: {},
};
const SIZES = { card: { width: 200, height: 84 }, pill: { width: 104, height: 44 } };
// A line for who, since when and how long.
const OVERLAY_HEIGHT = 26;

/** @returns {Object} the types of a family by what a node holds as its type */
export function nodeTypes(family) {
    const types = {};
    for (const [name, type] of registry.category(CATEGORY).getEntries()) {
        if (type.family === family) {
            const key = type.type || name;
            types[key] = { ...DEFAULTS, ...type, type: key };
        }
    }
    return types;
}

/** @param {boolean} withOverlay whether it shows what happened at the node */
export function nodeSize(type, withOverlay = false) {
    const { width, height } = SIZES[type?.shape || "card"];
    return { width, height: height + (withOverlay && type?.shape !== "pill" ? OVERLAY_HEIGHT : 0) };
}

/** All records whose names the cards of a graph need: {model: ids}. */
export function neededRecords(graph, types) {
    const needed = {};
    for (const node of graph.nodes) {
        const records = types[node.type]?.records?.(node) || {};
        for (const [model, ids] of Object.entries(records)) {
            needed[model] = [...new Set([...(needed[model] || []), ...ids])];
        }
    }
    return needed;
}
