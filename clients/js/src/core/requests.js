import { StreamhostError } from '../errors.js';

/**
 * A request whose answer was lost with its connection has either happened or not; nobody can tell. Every
 * request of the protocol is therefore safe to repeat (idempotency key, fence and seq, or read-only), and this
 * table repeats them in order on the next connection until an answer, a deadline or the caller ends it.
 *
 * @typedef {import('./stream.js').Frame} Frame
 * @typedef {{deadline?: number, bytes?: number}} RequestOptions
 * @typedef {{id: number, frame: Frame, sent: boolean, repeated: boolean, refusals: number, notBefore: number, isNodes: boolean, deadline: number}} Entry
 * @typedef {{id: number, frame?: Frame, error?: StreamhostError}} Outcome
 */

/** Refusals that say "later" and are worth another try without asking anyone. */
const TRANSIENT = new Set(['unavailable', 'rate_limited', 'timeout']);
const MAX_REFUSALS = 6;

export class Requests {
    /** @type {Map<number, Entry>} in order of their first sending */
    #entries = new Map();
    #limit;
    #delay;

    /**
     * @param {{limit: number, delay: (refusals: number) => number}} options `limit`: how many may be pending
     */
    constructor({ limit, delay }) {
        this.#limit = limit;
        this.#delay = delay;
    }

    get size() {
        return this.#entries.size;
    }

    /**
     * @param {number} id
     * @param {Frame} frame
     * @param {number} deadline absolute; Infinity: until answered or abandoned
     * @throws {StreamhostError} `busy` at the limit: the newest is refused, what was accepted stays
     */
    add(id, frame, deadline) {
        if (this.#entries.size >= this.#limit) {
            throw new StreamhostError('busy', `${this.#limit} requests are waiting already`, { retryable: true });
        }
        const entry = { id, frame, sent: false, repeated: false, refusals: 0, notBefore: 0, isNodes: false, deadline };
        this.#entries.set(id, entry);
    }

    /** @param {number} id */
    remove(id) {
        return this.#entries.delete(id);
    }

    connectionLost() {
        for (const entry of this.#entries.values()) {
            entry.repeated ||= entry.sent;
            entry.sent = false;
            if (entry.isNodes) [entry.refusals, entry.notBefore] = [0, 0];
        }
    }

    /**
     * @param {number} now
     * @returns {Frame[]} frames to write now, in order
     */
    due(now) {
        const frames = [];
        for (const entry of this.#entries.values()) {
            if (entry.sent || entry.notBefore > now) continue;
            entry.sent = true;
            frames.push(entry.frame);
        }
        return frames;
    }

    /**
     * @param {Frame} frame an answer that carries an id
     * @param {number} now
     * @returns {Outcome | null} null when the id is unknown or the request will be tried again
     */
    answered(frame, now) {
        const entry = this.#entries.get(frame.id);
        if (!entry) return null;
        if (frame.type !== 'error') return this.#settle(entry, { frame });
        // The first `cancel` did it, the answer was lost, and the repeat finds a run that has ended.
        if (entry.repeated && entry.frame.type === 'cancel' && frame.code === 'conflict') {
            return this.#settle(entry, { frame: { type: 'ok', id: frame.id } });
        }
        const error = StreamhostError.fromFrame(frame);
        if (!this.#worthRetrying(entry, error)) return this.#settle(entry, { error });
        // What a node could not do, one that goes down for example, says nothing of the next one.
        entry.isNodes = error.code === 'unavailable';
        entry.refusals += 1;
        entry.sent = false;
        entry.notBefore = now + Math.max(error.retryAfterMs ?? 0, this.#delay(entry.refusals));
        return null;
    }

    /**
     * @param {number} now
     * @returns {Outcome[]} requests whose time is over
     */
    expired(now) {
        const outcomes = [];
        for (const entry of [...this.#entries.values()]) {
            if (entry.deadline > now) continue;
            const error = new StreamhostError('timeout', `no answer to ${entry.frame.type} in time`, { retryable: true });
            outcomes.push(this.#settle(entry, { error }));
        }
        return outcomes;
    }

    /**
     * @param {StreamhostError} error
     * @returns {Outcome[]} every request that was pending
     */
    fail(error) {
        return [...this.#entries.values()].map((entry) => this.#settle(entry, { error }));
    }

    /**
     * @param {boolean} connected whether a retry that is due could be written
     * @returns {number} when `due` or `expired` has something to say
     */
    deadline(connected) {
        let at = Infinity;
        for (const entry of this.#entries.values()) {
            at = Math.min(at, entry.deadline);
            if (connected && !entry.sent) at = Math.min(at, entry.notBefore);
        }
        return at;
    }

    /**
     * @param {Entry} entry
     * @param {StreamhostError} error
     */
    #worthRetrying(entry, error) {
        return error.retryable && TRANSIENT.has(error.code) && entry.refusals < MAX_REFUSALS;
    }

    /**
     * @param {Entry} entry
     * @param {{frame?: Frame, error?: StreamhostError}} outcome
     * @returns {Outcome}
     */
    #settle(entry, outcome) {
        this.#entries.delete(entry.id);
        return { id: entry.id, ...outcome };
    }
}
