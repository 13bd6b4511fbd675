/**
 * The tree of conditions of a segment, without a screen: a group is {op, items}, a
 * condition {kind, …}. What a kind asks for is described by the catalogue of the
 * server. Functions return new trees; what they are given stays as it is.
 */

export const EMPTY_TREE = { op: "all", items: [] };

export function isGroup(item) {
    return "op" in item;
}

export function keyOf(entry) {
    return entry.field ? `${entry.kind}.${entry.field}` : entry.kind;
}

/** Whether a value is asked for, given the other values of the condition. */
export function isAsked(spec, values) {
    return Object.entries(spec.show_if || {}).every(([name, allowed]) =>
        allowed.includes(values[name])
    );
}

/** The values that a condition needs now, with the defaults of those not given yet. */
export function completeCondition(entry, values = {}) {
    const condition = { kind: entry.kind };
    if (entry.field) {
        condition.field = entry.field;
    }
    for (const [name, spec] of Object.entries(entry.params)) {
        if (isAsked(spec, condition)) {
            const value = values[name] ?? spec.default;
            if (value !== undefined) {
                condition[name] = value;
            }
        }
    }
    return condition;
}

function isFilled(spec, value) {
    return Array.isArray(value) ? value.length > 0 : value !== undefined && value !== "";
}

/** Whether all that is asked for is there. */
export function isComplete(entry, condition) {
    return Object.entries(entry.params).every(
        ([name, spec]) => !isAsked(spec, condition) || isFilled(spec, condition[name])
    );
}

/**
 * The parts of a sentence: texts, and the names of the values between them. Only what
 * is asked for is there.
 *
 * @returns {{ text?: string, name?: string, spec?: Object }[]}
 */
export function sentenceParts(entry, condition) {
    return entry.sentence
        .split(/(%\(\w+\)s)/)
        .map((part) => {
            const name = part.match(/^%\((\w+)\)s$/)?.[1];
            if (!name) {
                return { text: part.replaceAll("%%", "%").trim() };
            }
            return { name, spec: entry.params[name] };
        })
        .filter(({ text, name, spec }) => (name ? isAsked(spec, condition) : text));
}

/** Conditions that lack a value, by path; see {@link findItem}. */
export function findIncomplete(tree, catalogue, path = []) {
    return tree.items.flatMap((item, index) => {
        const here = [...path, index];
        if (isGroup(item)) {
            return findIncomplete(item, catalogue, here);
        }
        const entry = catalogue[keyOf(item)];
        return !entry || isComplete(entry, item) ? [] : [here];
    });
}

/** The tree without the conditions that lack a value: what can be tried already. */
export function withoutIncomplete(tree, catalogue) {
    return {
        op: tree.op,
        items: tree.items
            .map((item) => (isGroup(item) ? withoutIncomplete(item, catalogue) : item))
            .filter((item) => {
                const entry = catalogue[keyOf(item)];
                return isGroup(item) || !entry || isComplete(entry, item);
            }),
    };
}

/**
 * @param {number[]} path positions from the root down; [] is the tree itself
 * @param {Function} change gets the item at the path, gives the new one or null
 */
export function updateItem(tree, path, change) {
    if (!path.length) {
        return change(tree);
    }
    const [index, ...rest] = path;
    const items = tree.items.flatMap((item, position) => {
        if (position !== index) {
            return [item];
        }
        const changed = updateItem(item, rest, change);
        return changed ? [changed] : [];
    });
    return { ...tree, items };
}

export function addItem(tree, path, item) {
    return updateItem(tree, path, (group) => ({ ...group, items: [...group.items, item] }));
}

export function removeItem(tree, path) {
    return updateItem(tree, path, () => null);
}
