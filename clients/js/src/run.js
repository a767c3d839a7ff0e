import { Content } from './content.js';
import { START } from './core/position.js';
import { StreamhostError } from './errors.js';

/**
 * One answer while it is produced, and after. Iterate it (`for await`), or read `text` whenever you like: both
 * are exact across reconnects and reloads.
 *
 * @typedef {import('./content.js').StreamEvent} StreamEvent
 * @typedef {import('./core/stream.js').Frame} Frame
 * @typedef {import('./core/position.js').Position} Position
 * @typedef {'pending' | 'active' | 'ended' | 'failed'} RunState
 * @typedef {{outcome: string, error?: {code: string, message: string}, usage?: any}} RunEnd
 */
export class Run {
    #content = new Content({ folds: true });
    #cancel;
    #seen = false;
    /** Of the content that is held. @type {Position} */
    #position = START;
    /** What the session says of this run. @type {{state: string, outcome?: string} | null} */
    #told = null;
    /** The server has said that the stream is not there. */
    #missing = false;

    /**
     * @param {string} id
     * @param {(reason?: string) => Promise<boolean>} cancel
     */
    constructor(id, cancel) {
        /** Run id and stream id are the same. */
        this.id = id;
        this.#cancel = cancel;
        /** Part of the content is no longer kept by the server; `history` may have it. */
        this.incomplete = false;
    }

    /** @returns {RunState} */
    get state() {
        if (this.#content.end) return 'ended';
        if (this.#content.failure) return 'failed';
        return this.#seen ? 'active' : 'pending';
    }

    /** Text so far, whole and without repetition. Costs its length: iterate for increments. */
    get text() {
        return this.#content.text;
    }

    /** Text and parts so far, in order, adjacent text joined. */
    get entries() {
        return this.#content.entries;
    }

    /** @returns {RunEnd | null} */
    get end() {
        return this.#content.end;
    }

    /** @returns {Error | null} why nothing more will come, when it is not an end */
    get failure() {
        return this.#content.failure;
    }

    /**
     * Starts with what is there already. After `snapshot` forget what you have and take its `text` and `entries`.
     *
     * @returns {AsyncGenerator<StreamEvent, void, undefined>}
     */
    [Symbol.asyncIterator]() {
        return this.#content.read();
    }

    /** @returns {Promise<RunEnd>} rejects when the end cannot be known */
    async finished() {
        while (!this.#content.finished) await this.#content.whenChanged();
        if (this.#content.end) return this.#content.end;
        throw this.#content.failure;
    }

    /**
     * @param {string} [reason]
     * @returns {Promise<boolean>} false: it had ended already
     */
    cancel(reason) {
        return this.#content.finished ? Promise.resolve(false) : this.#cancel(reason);
    }

    // ---- for the client -------------------------------------------------------------------------------------

    /** @returns {number} characters held */
    get size() {
        return this.#content.size;
    }

    /**
     * What resuming after a reload needs; null when there is nothing to gain, or nothing whole to go on from.
     *
     * @returns {(Position & {entries: any[]}) | null}
     */
    save() {
        const worthIt = this.state === 'active' && this.#position.seq > 0 && !this.incomplete;
        return worthIt ? { ...this.#position, entries: this.entries } : null;
    }

    /** @param {Position & {entries: any[]}} saved */
    restore({ seq, check, entries }) {
        this.#seen = true;
        this.#position = { seq, check };
        this.#content.replace(entries, seq);
    }

    /** @param {Frame} frame one that the core let through */
    take(frame) {
        if (frame.type !== 'subscribed') this.#position = { seq: frame.to ?? frame.seq, check: frame.check };
        switch (frame.type) {
            case 'subscribed':
                return this.#subscribed(frame);
            case 'chunk':
                this.#seen = true;
                return this.#content.append(frame.data, frame.seq);
            case 'snapshot':
                this.#seen ||= frame.seq > 0;
                return this.#content.replace(Array.isArray(frame.data) ? frame.data : [], frame.seq);
            case 'gap':
                this.incomplete = true;
                return this.#content.gap(frame.from, frame.to, String(frame.reason ?? 'trimmed'));
            case 'end':
                return this.#content.finish(/** @type {any} */ (frame));
        }
    }

    /** @param {{state: string, outcome?: string}} told run state of the session's stream */
    tell(told) {
        this.#told = told;
        this.#giveUp();
    }

    /** @param {Error} error */
    fail(error) {
        this.#content.fail(error);
    }

    /** @param {Frame} frame */
    #subscribed(frame) {
        this.#seen ||= frame.state === 'active';
        this.#missing = frame.recovered === false && (frame.reason === 'unknown' || frame.reason === 'expired');
        if (this.#missing && frame.reason === 'expired' && !this.#told?.outcome) {
            this.fail(new StreamhostError('expired', 'the rest of this answer is no longer kept'));
        }
        this.#giveUp();
    }

    /** The session says that the run ended, its stream is gone: no end will come, so the session's word counts. */
    #giveUp() {
        if (!this.#missing || this.#told?.state !== 'ended') return;
        this.incomplete = true;
        this.#content.finish({ outcome: this.#told.outcome ?? 'lost' });
    }
}
