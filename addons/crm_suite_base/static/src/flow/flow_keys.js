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
const TEXTS = "input:not([type='checkbox'], [type='radio']), textarea, [contenteditable]";
const INPUTS = `input, select, .o_tag, .o-dropdown--menu, ${TEXTS}`;

/** Whether what has the focus needs keys for itself: letters, arrows, Del. */
export function isInput(target) {
    return Boolean(target.closest(INPUTS));
}

/**
 * @param {KeyboardEvent} ev
 * @param {boolean} isFree whether keys belong to the designer, not to an input that has
 *  the focus
 * @returns {string|undefined} the name of an act
 */
export function actOfKey(ev, isFree) {
    if (ev.key === "Escape") {
        return ev.target.closest("input, textarea, .o-dropdown--menu") ? undefined : "leave";
    }
    if (ev.altKey) {
        return undefined;
    }
    if (ev.ctrlKey || ev.metaKey) {
        const key = ev.key.toLowerCase();
        const act = key === "z" && ev.shiftKey ? "redo" : WITH_CONTROL[key];
        // A check box has no letters to take back: the browser would change another input.
        const isChange = ["undo", "redo"].includes(act) && !ev.target.closest(TEXTS);
        return isFree || isChange ? act : undefined;
    }
    // A button keeps its Enter.
    if (!isFree || (ev.key === "Enter" && !ev.target.closest("[data-flow-node]"))) {
        return undefined;
    }
    return PLAIN[ev.key];
}
