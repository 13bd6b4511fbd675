const LIMIT = 200;

/** The steps of a designer that can be undone. It holds graphs, which never change. */
export class FlowHistory {
    constructor() {
        this.clear();
    }

    clear() {
        this.past = [];
        this.future = [];
        this.lastKey = null;
    }

    get canUndo() {
        return this.past.length > 0;
    }

    get canRedo() {
        return this.future.length > 0;
    }

    /**
     * @param {Object} before the graph as it was before the change
     * @param {string} [key] changes in a row with the same key are one step: letters
     *  typed into the same field
     */
    push(before, key = null) {
        if (!key || key !== this.lastKey) {
            this.past.push(before);
            this.past = this.past.slice(-LIMIT);
        }
        this.lastKey = key;
        this.future = [];
    }

    /** @returns {Object} the graph before the last step, or the one given */
    undo(current) {
        return this._step(this.past, this.future, current);
    }

    redo(current) {
        return this._step(this.future, this.past, current);
    }

    _step(source, target, current) {
        this.lastKey = null;
        if (!source.length) {
            return current;
        }
        target.push(current);
        return source.pop();
    }
}
