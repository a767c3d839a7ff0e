import { START } from './position.js';

/**
 * The link delivers at least once: frames repeat after a resume, two subscriptions overlap, a tail may be
 * rewritten by a failover. One rule turns that into exactly-once effect: apply the next entry, drop what is
 * old, let a snapshot replace everything, and on a jump ask again from the last position.
 *
 * This class is that rule for one stream. It holds the position and no content.
 *
 * @typedef {import('./position.js').Position} Position
 * @typedef {{type: string, [field: string]: any}} Frame
 * @typedef {'accept' | 'drop' | 'resync'} Verdict
 */

/** Asking again this often without getting one entry further means that the log cannot be walked from here. */
const MAX_STALLS = 3;
/** `subscribed` reasons that say: the entries behind your position are no longer there. */
const GONE = new Set(['expired', 'unknown']);

export class StreamState {
    #seq;
    #check;
    #ended = false;
    #stalls = 0;
    /** @type {number | null} id of the `subscribe` whose answer is awaited */
    #askId = null;
    #attached = false;

    /**
     * @param {string} id
     * @param {Position} [position] what the holder of the content has already
     */
    constructor(id, position = START) {
        this.id = id;
        this.#seq = position.seq;
        this.#check = position.check;
        /** The position proves nothing any more: the next subscription starts from a snapshot. */
        this.afresh = false;
        /** @type {'start' | 'tail' | 'snapshot' | null} where to start while there is no position to go on from */
        this.from = null;
        /** When a refused subscription is asked for again. */
        this.askAt = 0;
        this.refusals = 0;
    }

    /** @returns {Position} */
    get position() {
        return { seq: this.#seq, check: this.#check };
    }

    get ended() {
        return this.#ended;
    }

    /** The server has answered a subscription on this connection, or one is on its way. */
    get attached() {
        return this.#attached || this.#askId !== null;
    }

    /** The connection is gone, and with it every subscription. */
    detach() {
        this.#attached = false;
        this.#askId = null;
        this.refusals = 0;
    }

    /** @param {number} id of the `subscribe` that goes out now; older frames are ignored until its answer */
    asked(id) {
        this.#attached = false;
        this.#askId = id;
    }

    get askId() {
        return this.#askId;
    }

    /** The log cannot be walked from the position we hold; only a snapshot helps. */
    get stalled() {
        return this.#stalls > MAX_STALLS;
    }

    /** Even snapshots do not help. */
    get hopeless() {
        return this.#stalls > 2 * MAX_STALLS;
    }

    /** The position can be given to the server: it names an entry or the very beginning. */
    get resumable() {
        return !this.#ended && !this.afresh && this.from === null;
    }

    /** Nothing more is wanted of this stream, whatever the server still sends. */
    finish() {
        this.#ended = true;
    }

    /**
     * @param {Frame} frame `subscribed`
     * @returns {boolean} whether it answers the subscription that we wait for
     */
    subscribed(frame) {
        if (this.#askId !== null && frame.id !== this.#askId) return false;
        this.#askId = null;
        this.#attached = true;
        this.refusals = 0;
        if (this.from !== 'tail') this.from = null;
        if (frame.recovered === false && GONE.has(frame.reason)) this.#restart();
        return true;
    }

    /**
     * A reader from the tail has no position before its first entry: `subscribed` names a seq without check. If
     * the connection is lost in between, what was written meanwhile cannot be asked for, but it can be named.
     *
     * @param {Frame} frame `subscribed`, already taken
     * @returns {Frame | null} the `gap` to deliver
     */
    anchorTail(frame) {
        if (this.from !== 'tail' || !Number.isSafeInteger(frame.head)) return null;
        const missed = this.#seq > 0 && frame.head > this.#seq;
        const gap = { type: 'gap', stream: this.id, from: this.#seq + 1, to: frame.head, reason: 'disconnected' };
        this.#seq = frame.head;
        return missed ? gap : null;
    }

    /**
     * @param {Frame} frame `chunk`, `snapshot`, `gap`, `end` or `caught_up` of this stream
     * @returns {Verdict} `accept`: the position has moved, the content is to be applied
     */
    receive(frame) {
        // Between our `subscribe` and its answer the old subscription still talks. What it says would move the
        // position away from the one we asked for, and the replay would then overlap.
        if (this.#ended || this.#askId !== null || !validSeq(frame.seq, frame)) return 'drop';
        const verdict = this.#judge(frame);
        if (verdict === 'accept') this.#stalls = 0;
        if (verdict === 'resync') this.#stalls += 1;
        return verdict;
    }

    /**
     * @param {Frame} frame
     * @returns {Verdict}
     */
    #judge(frame) {
        switch (frame.type) {
            case 'snapshot':
                return this.#advance(frame.seq, frame.check);
            case 'chunk':
                return this.#range(frame.from ?? frame.seq, frame.seq, frame.check);
            case 'gap':
                // A gap may begin inside what we hold; what counts is that nothing lies between.
                return this.#range(Math.max(frame.from, this.#seq + 1), frame.to, frame.check);
            case 'end': {
                const verdict = this.#range(frame.seq, frame.seq, frame.check);
                this.#ended = verdict === 'accept';
                return verdict;
            }
            case 'caught_up':
                return frame.seq > this.#seq ? 'resync' : 'drop';
            default:
                return 'drop';
        }
    }

    /**
     * @param {number} from
     * @param {number} to
     * @param {string} check at `to`
     * @returns {Verdict}
     */
    #range(from, to, check) {
        if (to === this.#seq && to > 0 && this.from === null && check !== this.#check) return 'resync'; // diverged
        if (to <= this.#seq) return 'drop';
        return from === this.#seq + 1 ? this.#advance(to, check) : 'resync';
    }

    /**
     * @param {number} seq
     * @param {string} check
     * @returns {Verdict}
     */
    #advance(seq, check) {
        this.#seq = seq;
        this.#check = seq === 0 ? '' : String(check);
        this.afresh = false;
        this.from = null;
        return 'accept';
    }

    #restart() {
        this.#seq = 0;
        this.#check = '';
    }
}

/**
 * @param {unknown} seq
 * @param {Frame} frame
 */
function validSeq(seq, frame) {
    const value = frame.type === 'gap' ? frame.to : seq;
    return Number.isSafeInteger(value) && value >= 0;
}
