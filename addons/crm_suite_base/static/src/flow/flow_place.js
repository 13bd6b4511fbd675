/** Where a card has room, and which path it would cover; boxes are {x, y, width, height}. */
import { crosses } from "./flow_route";

const STEP = 20;
const AIR = 20;
// So far from where it was wanted a place is looked for, in steps.
const REACH = 60;

function overlaps(one, other) {
    return (
        one.x < other.x + other.width + AIR &&
        other.x < one.x + one.width + AIR &&
        one.y < other.y + other.height + AIR &&
        other.y < one.y + one.height + AIR
    );
}

function withAir({ x, y, width, height }) {
    return { x: x - AIR, y: y - AIR, width: width + 2 * AIR, height: height + 2 * AIR };
}

/** Whether a box would lie on a path of these corners. */
export function isCovered(points, box) {
    return points.some((point, index) => index > 0 && crosses(box, points[index - 1], point));
}

/** Offsets at a distance, those straight below and beside first. */
function ring(distance) {
    const found = [];
    for (let dx = -distance; dx <= distance; dx++) {
        for (let dy = -distance; dy <= distance; dy++) {
            if (Math.max(Math.abs(dx), Math.abs(dy)) === distance) {
                found.push({ dx, dy });
            }
        }
    }
    const far = ({ dx, dy }) => Math.abs(dx) + Math.abs(dy);
    return found.sort((one, other) => far(one) - far(other) || other.dy - one.dy);
}

/**
 * The nearest place at which a box lies on none of the others and on no path.
 *
 * @param {Object} box where it is wanted
 * @param {Object[]} boxes
 * @param {Object[][]} paths each as its corners
 * @returns {{x: number, y: number}}
 */
export function nearestPlace(box, boxes, paths = []) {
    for (let distance = 0; distance <= REACH; distance++) {
        for (const { dx, dy } of ring(distance)) {
            const moved = { ...box, x: box.x + dx * STEP, y: box.y + dy * STEP };
            const isTaken =
                boxes.some((other) => overlaps(moved, other)) ||
                paths.some((points) => isCovered(points, withAir(moved)));
            if (!isTaken) {
                return { x: moved.x, y: moved.y };
            }
        }
    }
    return { x: box.x, y: box.y };
}
