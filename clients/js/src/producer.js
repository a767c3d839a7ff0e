import { StreamhostError } from './errors.js';

/**
 * Writes one owned stream. The fence proves that no newer producer exists; naming the seq of each first entry
 * makes a repeat after a lost connection harmless. After an error nothing more can be appended: claim anew, the
 * fence is never used again.
 *
 * @typedef {import('./core/stream.js').Frame} Frame
 * @typedef {{outcome: 'complete' | 'cancelled' | 'error' | 'lost', error?: {code: string, message: string}, usage?: any}} EndOfRun
 */
export class Producer {
    #request;
    #next;
    /** @type {Error | null} */
    #failure = null;

    /**
     * @param {Frame} claimed
     * @param {(frame: Frame) => Promise<Frame>} request
     */
    constructor(claimed, request) {
        /** @type {string} */
        this.stream = claimed.stream;
        /** @type {number | string} */
        this.fence = claimed.fence;
        this.#next = claimed.seq + 1;
        this.#request = request;
    }

    /** Seq that the next entry will get. */
    get next() {
        return this.#next;
    }

    /**
     * Calls may overlap; entries keep the order of the calls.
     *
     * @param {any[]} entries
     * @param {{end?: EndOfRun}} [options]
     * @returns {Promise<{first: number, last: number, check: string}>}
     */
    append(entries, { end } = {}) {
        const seq = this.#next;
        this.#next += entries.length + (end ? 1 : 0);
        return this.#guarded({
            type: 'append',
            stream: this.stream,
            fence: this.fence,
            seq,
            entries,
            ...(end ? { end } : {}),
        });
    }

    /** Keeps the lease during a silent stretch; appends renew it by themselves. */
    async renew() {
        await this.#guarded({ type: 'renew', stream: this.stream, fence: this.fence });
    }

    /**
     * @param {Frame} frame
     * @returns {Promise<any>}
     */
    async #guarded(frame) {
        if (this.#failure) throw this.#failure;
        try {
            return await this.#request(frame);
        } catch (error) {
            this.#failure ??= error instanceof Error ? error : new StreamhostError('internal', String(error));
            throw error;
        }
    }
}
