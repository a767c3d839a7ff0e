/**
 * A reader that pauses must not make the client collect a queue for it. Content is kept once, folded, and every
 * reader is a cursor into it: who falls behind gets the text in larger pieces, not late and not from a growing
 * buffer. When the server replaces the content, a reader that has shown something else gets one `snapshot`.
 *
 * Runs keep everything (a snapshot needs it) up to `maxChars`. Other streams have no end: they keep `maxEntries`,
 * and a reader that is slower than that is told with a `gap` what it missed.
 *
 * @typedef {{[field: string]: any}} Data
 * @typedef {{type: 'text', delta: string}
 *   | {type: 'part', part: Data}
 *   | {type: 'entry', data: any, seq: number}
 *   | {type: 'snapshot', text: string, entries: any[], seq: number}
 *   | {type: 'gap', from: number, to: number, reason: string}
 *   | {type: 'end', outcome: string, error?: {code: string, message: string}, usage?: any}} StreamEvent
 * @typedef {{kind: 'text', text: string} | {kind: 'part', data: Data} | {kind: 'entry', data: any, seq: number}
 *   | {kind: 'gap', from: number, to: number, reason: string} | {kind: 'snapshot', entries: any[], seq: number}} Item
 * @typedef {{epoch: number, item: number, offset: number, seq: number, started: boolean}} Cursor
 */

/** Text is kept in pieces of this size: appending and slicing stay cheap however long the answer grows. */
const PIECE_CHARS = 1024;

export class Content {
    /** @type {Item[]} */
    #items = [];
    /** Number of the first item that is still kept. */
    #base = 0;
    /** Of the last entry that came. */
    #seq = 0;
    /** Up to this seq entries were dropped for lack of room. */
    #droppedSeq = 0;
    /** Counts replacements that were no continuation. */
    #epoch = 0;
    #chars = 0;
    /** @type {Extract<StreamEvent, {type: 'end'}> | null} */
    #end = null;
    /** @type {Error | null} */
    #failure = null;
    #changed = signal();
    #folds;
    #maxEntries;

    /** @param {{folds: boolean, maxEntries?: number}} options `folds`: adjacent text is one text, nothing is dropped */
    constructor({ folds, maxEntries = 1000 }) {
        this.#folds = folds;
        this.#maxEntries = maxEntries;
    }

    /** Characters of text, and of parts as JSON. */
    get size() {
        return this.#chars;
    }

    get end() {
        return this.#end;
    }

    get failure() {
        return this.#failure;
    }

    get finished() {
        return this.#end !== null || this.#failure !== null;
    }

    /** Everything that is kept, as one text: costs its length. */
    get text() {
        let text = '';
        for (const item of this.#items) if (item.kind === 'text') text += item.text;
        return text;
    }

    /** @returns {any[]} entries as a snapshot of the server would list them */
    get entries() {
        return fold(this.#items);
    }

    /**
     * @param {any} data
     * @param {number} seq
     */
    append(data, seq) {
        if (this.finished) return;
        this.#seq = seq;
        if (this.#folds && isText(data)) this.#appendText(data.delta);
        else this.#push(this.#folds ? { kind: 'part', data } : { kind: 'entry', data, seq });
        this.#notify();
    }

    /**
     * The truth, whatever was known before. If it only continues that, readers see a continuation.
     *
     * @param {any[]} entries
     * @param {number} seq
     */
    replace(entries, seq) {
        if (this.finished) return;
        this.#seq = seq;
        if (!this.#folds) return this.#restart({ kind: 'snapshot', entries, seq });
        const rest = continuation(this.#items, entries);
        if (!rest) {
            this.#items = [];
            this.#chars = 0;
            this.#epoch += 1;
        }
        for (const data of rest ?? entries) this.append(data, seq);
        this.#notify();
    }

    /** @param {Item} item in place of all before it; the seqs of its entries are not known */
    #restart(item) {
        this.#base += this.#items.length;
        this.#items = [item];
        this.#notify();
    }

    /**
     * @param {number} from
     * @param {number} to
     * @param {string} reason
     */
    gap(from, to, reason) {
        if (this.finished) return;
        this.#push({ kind: 'gap', from, to, reason });
        this.#notify();
    }

    /** @param {{outcome: string, error?: any, usage?: any}} end */
    finish({ outcome, error, usage }) {
        if (this.finished) return;
        this.#end = { type: 'end', outcome, ...(error ? { error } : {}), ...(usage === undefined ? {} : { usage }) };
        this.#notify();
    }

    /** @param {Error} error every reader throws it after what is left to read */
    fail(error) {
        if (this.finished) return;
        this.#failure = error;
        this.#notify();
    }

    /** @returns {Promise<void>} when something changed */
    whenChanged() {
        return this.#changed.promise;
    }

    /** @returns {AsyncGenerator<StreamEvent, void, undefined>} from the oldest that is kept, until the end */
    async *read() {
        /** @type {Cursor} */
        const cursor = { epoch: this.#epoch, item: 0, offset: 0, seq: 0, started: false };
        for (;;) {
            const event = this.#next(cursor);
            if (event) {
                cursor.started = true;
                yield event;
            } else if (this.#end) {
                yield this.#end;
                return;
            } else if (this.#failure) {
                throw this.#failure;
            } else {
                await this.#changed.promise;
            }
        }
    }

    /**
     * @param {Cursor} cursor
     * @returns {StreamEvent | null}
     */
    #next(cursor) {
        if (cursor.epoch !== this.#epoch) return this.#replaced(cursor);
        if (cursor.item < this.#base) return this.#skipped(cursor);
        const item = this.#items[cursor.item - this.#base];
        if (item === undefined) return null;
        if (item.kind === 'text') return this.#textFrom(cursor);
        cursor.item += 1;
        cursor.offset = 0;
        if (item.kind === 'part') return { type: 'part', part: item.data };
        cursor.seq = item.kind === 'gap' ? item.to : item.seq;
        if (item.kind === 'entry') return { type: 'entry', data: item.data, seq: item.seq };
        if (item.kind === 'snapshot') return { type: 'snapshot', text: '', entries: item.entries, seq: item.seq };
        return { type: 'gap', from: item.from, to: item.to, reason: item.reason };
    }

    /**
     * @param {Cursor} cursor
     * @returns {StreamEvent | null}
     */
    #replaced(cursor) {
        cursor.epoch = this.#epoch;
        if (!cursor.started) {
            cursor.item = 0;
            cursor.offset = 0;
            return this.#next(cursor);
        }
        cursor.item = this.#base + this.#items.length;
        cursor.offset = 0;
        const last = this.#items.at(-1);
        if (last?.kind === 'text') {
            cursor.item -= 1;
            cursor.offset = last.text.length;
        }
        return { type: 'snapshot', text: this.text, entries: this.entries, seq: this.#seq };
    }

    /**
     * @param {Cursor} cursor
     * @returns {StreamEvent | null}
     */
    #skipped(cursor) {
        const from = cursor.seq + 1;
        cursor.item = this.#base;
        if (this.#items[0]?.kind === 'snapshot') return this.#next(cursor); // it replaces what was skipped
        cursor.seq = this.#droppedSeq;
        return { type: 'gap', from, to: this.#droppedSeq, reason: 'slow reader' };
    }

    /**
     * Joins all text up to the next item of another kind.
     *
     * @param {Cursor} cursor
     * @returns {StreamEvent | null}
     */
    #textFrom(cursor) {
        let delta = '';
        for (;;) {
            const item = this.#items[cursor.item - this.#base];
            if (item?.kind !== 'text') break;
            delta += item.text.slice(cursor.offset);
            cursor.offset = item.text.length;
            if (cursor.item - this.#base === this.#items.length - 1) break; // may still grow
            cursor.item += 1;
            cursor.offset = 0;
        }
        if (delta !== '') return { type: 'text', delta };
        return this.#items[cursor.item - this.#base]?.kind === 'text' ? null : this.#next(cursor);
    }

    /** @param {string} delta */
    #appendText(delta) {
        this.#chars += delta.length;
        const last = this.#items.at(-1);
        if (last?.kind === 'text' && last.text.length + delta.length <= PIECE_CHARS) last.text += delta;
        else if (delta !== '') this.#items.push({ kind: 'text', text: delta });
    }

    /** @param {Item} item */
    #push(item) {
        if (item.kind === 'part') this.#chars += JSON.stringify(item.data).length;
        this.#items.push(item);
        while (!this.#folds && this.#items.length > this.#maxEntries) {
            const dropped = this.#items.shift();
            if (dropped?.kind === 'entry' || dropped?.kind === 'snapshot') this.#droppedSeq = dropped.seq;
            if (dropped?.kind === 'gap') this.#droppedSeq = dropped.to;
            this.#base += 1;
        }
    }

    #notify() {
        const changed = this.#changed;
        this.#changed = signal();
        changed.resolve();
    }
}

/** @param {any} data */
function isText(data) {
    return data !== null && typeof data === 'object' && data.kind === 'text' && typeof data.delta === 'string';
}

/**
 * @param {Item[]} items
 * @returns {any[]}
 */
function fold(items) {
    /** @type {any[]} */
    const entries = [];
    for (const item of items) {
        const last = entries.at(-1);
        if (item.kind === 'gap' || item.kind === 'snapshot') continue;
        if (item.kind !== 'text') entries.push(item.data);
        else if (isText(last)) last.delta += item.text;
        else entries.push({ kind: 'text', delta: item.text });
    }
    return entries;
}

/**
 * @param {Item[]} items what is held
 * @param {any[]} entries what is true
 * @returns {any[] | null} what to append so that the one becomes the other; null: no such thing
 */
function continuation(items, entries) {
    if (items.some((item) => item.kind === 'gap')) return null;
    const held = fold(items);
    if (held.length > entries.length) return null;
    for (let i = 0; i < held.length; i += 1) {
        const [have, want] = [held[i], entries[i]];
        const partial = i === held.length - 1 && isText(have) && isText(want) && want.delta.startsWith(have.delta);
        if (partial) return [{ kind: 'text', delta: want.delta.slice(have.delta.length) }, ...entries.slice(i + 1)];
        if (isText(have) ? !isText(want) || have.delta !== want.delta : JSON.stringify(have) !== JSON.stringify(want)) {
            return null;
        }
    }
    return entries.slice(held.length);
}

function signal() {
    /** @type {() => void} */
    let resolve = () => {};
    /** @type {Promise<void>} */
    const promise = new Promise((done) => (resolve = done));
    return { promise, resolve };
}
