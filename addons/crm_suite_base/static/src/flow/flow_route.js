/** How a path runs between two steps, as points without a screen. */

const STUB = 24;
const AIR = 6;
// Nearer than this, a path has no room to turn between two steps.
const CLOSE = 16;

/** Whether a straight line between two points comes near a box. */
export function crosses({ x, y, width, height }, a, b) {
    return (
        Math.max(a.x, b.x) > x - AIR &&
        Math.min(a.x, b.x) < x + width + AIR &&
        Math.max(a.y, b.y) > y - AIR &&
        Math.min(a.y, b.y) < y + height + AIR
    );
}

function isFree(points, boxes) {
    return points.every(
        (point, index) => !index || !boxes.some((box) => crosses(box, points[index - 1], point))
    );
}

/**
 * How far from its end a path has room for a text: on its last level part that is long
 * enough, mostly just in front of the step to which it leads.
 *
 * @param {{x, y}[]} points from end to end
 * @param {number} width of the text
 * @param {number} margin between the text and the end of that part
 * @returns {number} to the middle of the text
 */
export function textDistance(points, width, margin) {
    let after = 0;
    for (let index = points.length - 1; index > 0; index--) {
        const [from, to] = [points[index - 1], points[index]];
        const length = Math.abs(to.x - from.x) + Math.abs(to.y - from.y);
        if (from.y === to.y && length >= width + margin) {
            return after + margin + width / 2;
        }
        after += length;
    }
    return margin + width / 2;
}

/** Corners of a path with one turn down or up, at this x. */
function turnAt(x, start, end) {
    return [
        { x, y: start.y },
        { x, y: end.y },
    ];
}

/** Corners of a path around everything that lies between, on the shorter side. */
function detour(start, end, boxes) {
    const [left, right] = [Math.min(start.x, end.x - STUB), Math.max(start.x + STUB, end.x)];
    const between = boxes.filter(({ x, width }) => x < right + AIR && x + width > left - AIR);
    const above = Math.min(start.y, end.y, ...between.map(({ y }) => y)) - STUB;
    const below = Math.max(start.y, end.y, ...between.map(({ y, height }) => y + height)) + STUB;
    const length = (y) => Math.abs(start.y - y) + Math.abs(end.y - y);
    const y = length(above) < length(below) ? above : below;
    return [...turnAt(start.x + STUB, start, { y }), ...turnAt(end.x - STUB, { y }, end)];
}

/**
 * The corners of a path from the right side of one step to the left side of another. It
 * turns just behind its source if it can: then each of several paths out of one step
 * runs in the row of its own target, where there is room for its condition.
 *
 * @param {{x, y}} start
 * @param {{x, y}} end
 * @param {{x, y, width, height}[]} others steps that are in the way
 * @param {{x, y, width, height}[]} own the two steps themselves
 * @returns {{x, y}[]}
 */
export function route(start, end, others, own = []) {
    const gap = end.x - start.x;
    if (gap >= CLOSE) {
        const stub = Math.min(STUB, gap / 2);
        for (const x of [start.x + stub, end.x - stub]) {
            const corners = turnAt(x, start, end);
            if (isFree([start, ...corners, end], others)) {
                return corners;
            }
        }
    }
    return detour(start, end, [...others, ...own]);
}
