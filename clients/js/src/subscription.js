import { Content } from './content.js';

/**
 * A stream that is no run: the session's own, or anything published. It keeps its last entries for readers; one
 * that falls further behind than `buffer` gets a `gap` event that names what it missed.
 *
 * @typedef {import('./content.js').StreamEvent} StreamEvent
 * @typedef {import('./core/stream.js').Frame} Frame
 */
export class Subscription {
    #content;
    #unsubscribe;

    /**
     * @param {string} id
     * @param {{buffer?: number, unsubscribe: () => void}} options
     */
    constructor(id, { buffer, unsubscribe }) {
        this.id = id;
        this.#content = new Content({ folds: false, maxEntries: buffer });
        this.#unsubscribe = unsubscribe;
    }

    /** @returns {AsyncGenerator<StreamEvent, void, undefined>} */
    [Symbol.asyncIterator]() {
        return this.#content.read();
    }

    /** Ends its readers, after what is there to read. */
    unsubscribe() {
        this.#unsubscribe();
    }

    // ---- for the client -------------------------------------------------------------------------------------

    /** @param {Frame} frame one that the core let through */
    take(frame) {
        if (frame.type === 'chunk') this.#content.append(frame.data, frame.seq);
        if (frame.type === 'snapshot') this.#content.replace(Array.isArray(frame.data) ? frame.data : [], frame.seq);
        if (frame.type === 'gap') this.#content.gap(frame.from, frame.to, String(frame.reason ?? 'trimmed'));
        if (frame.type === 'end') this.#content.finish(/** @type {any} */ (frame));
    }

    stop() {
        this.#content.finish({ outcome: 'unsubscribed' });
    }

    /** @param {Error} error */
    fail(error) {
        this.#content.fail(error);
    }
}
