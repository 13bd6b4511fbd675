/** Which act of the designer a key means. */

const NUDGE = 10;
export const STEPS = {
    left: [-NUDGE, 0],
    right: [NUDGE, 0],
    up: [0, -NUDGE],
    down: [0, NUDGE],
};
const PLAIN = {
    Delete: "remove",
    Backspace: "remove",
    ArrowLeft: "left",
    ArrowRight: "right",
    ArrowUp: "up",
    ArrowDown: "down",
    Enter: "open",
    Escape: "leave",
};
const WITH_CONTROL = { z: "undo", y: "redo", c: "copy", v: "paste", a: "selectAll" };

/**
 * @param {KeyboardEvent} ev
 * @param {boolean} inDrawing whether the focus is in the drawing; elsewhere keys belong
 *  to the input that has it
 * @returns {string|undefined} the name of an act
 */
export function actOfKey(ev, inDrawing) {
    if (ev.key === "Escape") {
        return ev.target.closest("input, textarea, .o-dropdown--menu") ? undefined : "leave";
    }
    if (!inDrawing || ev.altKey) {
        return undefined;
    }
    if (ev.ctrlKey || ev.metaKey) {
        const key = ev.key.toLowerCase();
        return key === "z" && ev.shiftKey ? "redo" : WITH_CONTROL[key];
    }
    // A button of the drawing keeps its Enter.
    if (ev.key === "Enter" && !ev.target.closest("[data-flow-node]")) {
        return undefined;
    }
    return PLAIN[ev.key];
}
