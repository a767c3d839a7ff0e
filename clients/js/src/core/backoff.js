const BASE_MS = 500;
const CAP_MS = 30_000;

/**
 * Thousands of clients lose their server in the same instant; if they come back in step they take the next
 * one down as well. Full jitter spreads them over the whole interval (M. Brooker, "Exponential Backoff And
 * Jitter", 2015).
 *
 * @param {() => number} random
 * @param {number} attempt how often it was tried before
 * @returns {number} milliseconds to wait before the next attempt
 */
export function fullJitter(random, attempt, baseMs = BASE_MS, capMs = CAP_MS) {
    return Math.floor(random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30)));
}

/** The interval shrinks again only after a connection has proved stable: a server that accepts and drops is not hammered. */
export class Backoff {
    #random;
    #baseMs;
    #capMs;
    #stableMs;
    #attempt = 0;

    /**
     * @param {{random: () => number, baseMs?: number, capMs?: number, stableMs?: number}} options
     */
    constructor({ random, baseMs, capMs, stableMs = 10_000 }) {
        this.#random = random;
        this.#baseMs = baseMs;
        this.#capMs = capMs;
        this.#stableMs = stableMs;
    }

    /** Attempts since the last stable connection. */
    get attempt() {
        return this.#attempt;
    }

    /** @returns {number} milliseconds to wait before the next attempt */
    next() {
        return fullJitter(this.#random, this.#attempt++, this.#baseMs, this.#capMs);
    }

    /** @returns {number} milliseconds to wait before a move that is no failed attempt */
    move() {
        return fullJitter(this.#random, 0, this.#baseMs, this.#capMs);
    }

    /** @param {number} upMs how long the connection that has just ended was up */
    connectionEnded(upMs) {
        if (upMs >= this.#stableMs) this.#attempt = 0;
    }
}
