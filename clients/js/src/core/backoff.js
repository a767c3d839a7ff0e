/**
 * Thousands of clients lose their server in the same instant; if they come back in step they take the next
 * one down as well. Full jitter spreads them over the whole interval (M. Brooker, "Exponential Backoff And
 * Jitter", 2015). The interval shrinks again only after a connection has proved stable, so a server that
 * accepts and then drops is not hammered.
 */
export class Backoff {
    #random;
    #baseMs;
    #capMs;
    #stableMs;
    #attempt = 0;

    /**
     * @param {{random: () => number, baseMs?: number, capMs?: number, stableMs?: number}} options
     */
    constructor({ random, baseMs = 500, capMs = 30_000, stableMs = 10_000 }) {
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
        const ceiling = Math.min(this.#capMs, this.#baseMs * 2 ** Math.min(this.#attempt, 30));
        this.#attempt += 1;
        return Math.floor(this.#random() * ceiling);
    }

    /** @param {number} upMs how long the connection that has just ended was up */
    connectionEnded(upMs) {
        if (upMs >= this.#stableMs) this.#attempt = 0;
    }
}
