import { Backoff } from './backoff.js';

/**
 * When is a connection alive, when is it given up, when is the next one tried: all the waiting of the client,
 * without a clock and without a socket. Times are milliseconds of one monotonic clock, passed in.
 *
 * Browsers hide WebSocket pings, and a laptop that slept or changed its network keeps a socket that looks open
 * and is dead. So silence is measured here: a server that said nothing for `heartbeat_ms` + 10 s is asked
 * (`ping`), and dropped when it says nothing for another 5 s.
 *
 * @typedef {'idle' | 'waiting' | 'dialing' | 'greeting' | 'up' | 'closed'} Phase
 * @typedef {'dial' | 'ping' | 'silent' | 'timeout' | 'move' | null} LinkEvent
 */

const HANDSHAKE_MS = 10_000;
const SILENCE_MARGIN_MS = 10_000;
const PONG_MS = 5_000;
const DEFAULT_HEARTBEAT_MS = 25_000;

export class Link {
    /** @type {Phase} */
    phase = 'idle';
    #backoff;
    #heartbeatMs = DEFAULT_HEARTBEAT_MS;
    /** The moment of the next event of this phase. */
    #due = Infinity;
    #upSince = 0;
    #pinged = false;
    /** When the server told us to move; Infinity: it did not. */
    #moveAt = Infinity;

    /** @param {{random: () => number}} options */
    constructor({ random }) {
        this.#backoff = new Backoff({ random });
    }

    get up() {
        return this.phase === 'up';
    }

    /** Attempts since the last stable connection. */
    get attempt() {
        return this.#backoff.attempt;
    }

    /** @returns {number} when `tick` has something to say */
    get deadline() {
        return Math.min(this.#due, this.#moveAt);
    }

    /** @param {number} now */
    dial(now) {
        this.phase = 'dialing';
        this.#due = now + HANDSHAKE_MS;
        this.#moveAt = Infinity;
    }

    /** @param {number} now */
    opened(now) {
        this.phase = 'greeting';
        this.#due = now + HANDSHAKE_MS;
    }

    /**
     * @param {number} now
     * @param {number} [heartbeatMs] from `welcome`
     */
    welcomed(now, heartbeatMs) {
        this.phase = 'up';
        this.#upSince = now;
        if (heartbeatMs !== undefined && heartbeatMs > 0) this.#heartbeatMs = heartbeatMs;
        this.heard(now);
    }

    /** @param {number} now a frame came in */
    heard(now) {
        if (this.phase !== 'up') return;
        this.#pinged = false;
        this.#due = now + this.#heartbeatMs + SILENCE_MARGIN_MS;
    }

    /**
     * The network came back, or the page became visible: find out now, not in half a minute.
     *
     * @param {number} now
     * @returns {LinkEvent}
     */
    wake(now) {
        if (this.phase === 'waiting') this.#due = now;
        if (this.phase === 'up' && !this.#pinged) this.#due = now;
        return this.tick(now);
    }

    /**
     * @param {number} now
     * @param {number} reconnectAfterMs
     */
    goaway(now, reconnectAfterMs) {
        this.#moveAt = now + reconnectAfterMs;
    }

    /**
     * The server closed because it goes away, whether its `goaway` came before or, as during `hello`, did not.
     *
     * @param {number} now
     */
    sentAway(now) {
        if (this.#moveAt === Infinity) this.#moveAt = now + this.#backoff.move();
    }

    /**
     * The connection ended; waits for the next one.
     *
     * @param {number} now
     * @param {number} [atLeastMs]
     * @returns {number} when it will be tried
     */
    lost(now, atLeastMs = 0) {
        const told = this.#moveAt; // the server has jittered this moment for us already
        if (this.phase === 'up') this.#backoff.connectionEnded(now - this.#upSince);
        this.#moveAt = Infinity;
        this.phase = 'waiting';
        this.#due = told === Infinity ? now + Math.max(atLeastMs, this.#backoff.next()) : Math.max(now, told);
        return this.#due;
    }

    stop() {
        this.phase = 'closed';
        this.#due = Infinity;
        this.#moveAt = Infinity;
    }

    /**
     * @param {number} now
     * @returns {LinkEvent} what is due, one thing at a time
     */
    tick(now) {
        if (now >= this.#moveAt && this.phase === 'up') return 'move';
        if (now < this.#due) return null;
        switch (this.phase) {
            case 'waiting':
                return 'dial';
            case 'dialing':
            case 'greeting':
                return 'timeout';
            case 'up':
                return this.#silence(now);
            default:
                return null;
        }
    }

    /**
     * @param {number} now
     * @returns {LinkEvent}
     */
    #silence(now) {
        if (this.#pinged) return 'silent';
        this.#pinged = true;
        this.#due = now + PONG_MS;
        return 'ping';
    }
}
