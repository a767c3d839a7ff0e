import { StreamhostError } from '../errors.js';
import { formatPosition } from './position.js';
import { StreamState } from './stream.js';

/**
 * All streams of one client: which are wanted, where each goes on after a lost connection, and which frames of
 * the server move them. A session lets its client follow runs that it never asked for, so streams appear here by
 * themselves; a run that the application has unsubscribed stays away.
 *
 * @typedef {import('./stream.js').Frame} Frame
 * @typedef {import('./position.js').Position} Position
 * @typedef {{do: 'deliver', stream: string, frame: Frame} | {do: 'broken', stream: string, error: StreamhostError}} StreamAction
 * @typedef {{position?: Position, from?: 'start' | 'tail' | 'snapshot'}} Where
 */

/** Streams that ended and are remembered so that a repeat of their frames is recognized. */
const MAX_ENDED = 200;

export class Streams {
    #session;
    #nextId;
    #write;
    #emit;
    #delay;
    /** @type {Map<string, StreamState>} */
    #streams = new Map();
    /** @type {Map<number, StreamState>} by the id of the `subscribe` that is not answered yet */
    #asks = new Map();
    /** @type {Set<string>} */
    #muted = new Set();
    /** Refused for now, to be asked for again. @type {Set<StreamState>} */
    #refused = new Set();
    /** What this connection's `hello` has named. @type {Set<StreamState>} */
    #named = new Set();

    /**
     * @param {{session: string, follow: boolean, nextId: () => number, write: (frame: Frame) => void,
     *          emit: (action: StreamAction) => void, delay: (refusals: number) => number}} options
     */
    constructor({ session, follow, nextId, write, emit, delay }) {
        this.#session = session;
        this.#nextId = nextId;
        this.#write = write;
        this.#emit = emit;
        this.#delay = delay;
        this.follow = follow;
        if (follow) this.#streams.set(session, new StreamState(session));
    }

    /** @param {string} id */
    get(id) {
        return this.#streams.get(id);
    }

    /**
     * @param {string} id
     * @param {Where} where
     * @param {boolean} up whether a connection is there to ask on
     */
    add(id, { position, from }, up) {
        this.#muted.delete(id);
        if (id === this.#session) this.follow = true;
        if (this.#streams.has(id)) return;
        const stream = new StreamState(id, position);
        stream.from = position ? null : (from ?? 'snapshot');
        this.#streams.set(id, stream);
        if (up) this.#ask(stream);
    }

    /**
     * @param {string} id
     * @param {boolean} up
     */
    remove(id, up) {
        const stream = this.#forget(id);
        this.#muted.add(id);
        if (id === this.#session) this.follow = false;
        if (up && !stream?.ended) this.#unsubscribe(id);
    }

    // ---- connection -----------------------------------------------------------------------------------------

    lost() {
        this.#asks.clear();
        this.#refused.clear();
        for (const stream of this.#streams.values()) stream.detach();
    }

    /** What was proved before is worth nothing: every stream starts from a snapshot. */
    afresh() {
        for (const stream of this.#streams.values()) stream.afresh = true;
    }

    /**
     * For `hello`. A session without position comes as a snapshot by itself. A run at `0` is named: it may have
     * ended meanwhile, and following alone would then not bring it. Newest first, so that the running answer is
     * in the list when it must be cut.
     *
     * @param {number} limit
     * @returns {StreamState[]}
     */
    resume(limit) {
        const known = [...this.#streams.values()].filter(
            (stream) => stream.resumable && (stream.id !== this.#session || stream.position.seq > 0),
        );
        const named = known.reverse().slice(0, limit);
        this.#named = new Set(named);
        return named;
    }

    /** Subscribes what `hello` did not name: new streams, those that start afresh, those over its limit. */
    welcomed() {
        for (const stream of this.#streams.values()) {
            const comesByItself = this.#named.has(stream) || (this.follow && stream.id === this.#session);
            if (!stream.ended && !comesByItself) this.#ask(stream);
        }
        this.#named.clear();
    }

    /** @param {number} now */
    flush(now) {
        for (const stream of this.#refused) if (stream.askAt <= now) this.#ask(stream);
    }

    /** @returns {number} when `flush` has something to do */
    get deadline() {
        let at = Infinity;
        for (const stream of this.#refused) at = Math.min(at, stream.askAt);
        return at;
    }

    // ---- frames ---------------------------------------------------------------------------------------------

    /**
     * The run exists here before its first frame can come: nothing of it is lost if the connection breaks now.
     *
     * @param {Frame} frame
     */
    accepted(frame) {
        const stream = this.#find(frame.stream);
        // A duplicate starts nothing, so nothing makes the server follow it for us.
        const left = frame.duplicate === true || !this.follow;
        if (stream && left && !stream.attached && !stream.ended) this.#ask(stream);
    }

    /** @param {Frame} frame */
    subscribed(frame) {
        if (typeof frame.id === 'number') this.#asks.delete(frame.id);
        const stream = this.#find(frame.stream);
        // Muted while there was no connection, and the next `hello` made the server follow it again.
        if (this.#muted.has(frame.stream)) this.#unsubscribe(frame.stream);
        if (!stream || stream.ended || !stream.subscribed(frame)) return;
        const missed = stream.anchorTail(frame);
        this.#emit({ do: 'deliver', stream: stream.id, frame });
        if (missed) this.#emit({ do: 'deliver', stream: stream.id, frame: missed });
    }

    /** @param {Frame} frame `chunk`, `snapshot`, `gap`, `end`, `caught_up` */
    receive(frame) {
        const stream = this.#find(frame.stream);
        if (!stream) return;
        const verdict = stream.receive(frame);
        if (verdict === 'accept') {
            if (stream.id === this.#session) this.#meetRuns(frame);
            this.#emit({ do: 'deliver', stream: stream.id, frame });
            if (stream.ended) this.#forgetOldest();
        }
        if (verdict === 'resync') this.#resync(stream);
    }

    /**
     * @param {unknown} id of a refused request
     * @param {StreamhostError} error
     * @param {number} now
     * @returns {boolean} whether it was a subscription
     */
    refused(id, error, now) {
        const stream = this.#asks.get(/** @type {number} */ (id));
        if (!stream) return false;
        this.#asks.delete(/** @type {number} */ (id));
        if (stream.askId !== id) return true;
        if (!error.retryable) {
            this.#break(stream, error);
            return true;
        }
        // The stream still waits for its `subscribed`: frames of an older subscription stay ignored meanwhile.
        stream.refusals += 1;
        stream.askAt = now + Math.max(error.retryAfterMs ?? 0, this.#delay(stream.refusals), 1);
        this.#refused.add(stream);
        return true;
    }

    /**
     * @param {unknown} id of a stream that will not come, whatever we do
     * @param {StreamhostError} error
     * @returns {boolean} whether anybody waits for it
     */
    failed(id, error) {
        const stream = id === this.#session ? undefined : this.#streams.get(/** @type {string} */ (id));
        if (!stream || stream.ended) return false;
        this.#break(stream, error);
        return true;
    }

    // ---- small parts ----------------------------------------------------------------------------------------

    /**
     * @param {unknown} id
     * @returns {StreamState | undefined} undefined when the stream is none of our business
     */
    #find(id) {
        if (typeof id !== 'string') return undefined;
        const known = this.#streams.get(id);
        if (known || this.#muted.has(id) || !id.startsWith(`${this.#session}.`)) return known;
        const stream = new StreamState(id);
        this.#streams.set(id, stream);
        return stream;
    }

    /**
     * A run that the session has named is awaited from here on. If the connection breaks before the server gets
     * round to it, the session goes on after that entry, and nothing but our naming it would bring the run.
     *
     * @param {Frame} frame of the session's stream
     */
    #meetRuns(frame) {
        const entries = frame.type === 'snapshot' ? frame.data : [frame.data];
        if (!this.follow || !Array.isArray(entries)) return;
        for (const entry of entries) if (entry?.kind === 'run') this.#find(entry.run);
    }

    /** @param {StreamState} stream */
    #resync(stream) {
        if (stream.hopeless) {
            this.#break(stream, new StreamhostError('protocol', 'the stream does not continue where we are'));
            return;
        }
        if (stream.stalled) stream.afresh = true;
        this.#ask(stream);
    }

    /** @param {StreamState} stream */
    #ask(stream) {
        const id = this.#nextId();
        const where = stream.resumable
            ? { after: formatPosition(stream.position) }
            : { from: stream.from ?? 'snapshot' };
        stream.asked(id);
        this.#refused.delete(stream);
        this.#asks.set(id, stream);
        this.#write({ type: 'subscribe', id, stream: stream.id, ...where });
    }

    /**
     * @param {StreamState} stream
     * @param {StreamhostError} error
     */
    #break(stream, error) {
        this.#forget(stream.id);
        this.#muted.add(stream.id);
        this.#emit({ do: 'broken', stream: stream.id, error });
    }

    /** @param {string} id */
    #forget(id) {
        const stream = this.#streams.get(id);
        this.#streams.delete(id);
        if (stream) this.#refused.delete(stream);
        return stream;
    }

    /** @param {string} id */
    #unsubscribe(id) {
        this.#write({ type: 'unsubscribe', id: this.#nextId(), stream: id });
    }

    #forgetOldest() {
        const ended = [...this.#streams.values()].filter((stream) => stream.ended);
        for (const stream of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) this.#forget(stream.id);
    }
}
