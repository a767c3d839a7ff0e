import { StreamhostError } from './errors.js';
import { SEND_LIFETIME_MS } from './storage.js';

/**
 * A message that a person has sent must arrive once: not zero times because the page was reloaded before the
 * answer came, not twice because it was sent again. It is stored until the server has answered, and repeated
 * under the same idempotency key.
 *
 * @typedef {import('./core/stream.js').Frame} Frame
 * @typedef {import('./storage.js').SavedSend} SavedSend
 * @typedef {{key: string, content?: string, data?: any, at: number, accepted: Promise<Frame>}} UnfinishedSend
 */
export class Outbox {
    #shelf;
    #request;
    /** @type {Map<string, {saved: SavedSend, accepted: Promise<Frame>}>} */
    #sends = new Map();

    /**
     * @param {{shelf: import('./storage.js').Shelf,
     *          request: (frame: Frame, options: {timeoutMs: number, signal?: AbortSignal}) => Promise<Frame>}} options
     */
    constructor({ shelf, request }) {
        this.#shelf = shelf;
        this.#request = request;
    }

    /** @returns {UnfinishedSend[]} oldest first */
    get unfinished() {
        return [...this.#sends.values()].map(({ saved: { key, body, at }, accepted }) => ({
            key,
            content: body.content,
            data: body.data,
            at,
            accepted,
        }));
    }

    /** Sends again what an earlier page has left. */
    restore() {
        for (const saved of this.#shelf.loadSends(Date.now())) this.send(saved);
    }

    /**
     * @param {SavedSend} saved
     * @param {AbortSignal} [signal]
     * @returns {Promise<Frame>} `accepted`
     */
    send(saved, signal) {
        const known = this.#sends.get(saved.key);
        if (known) return known.accepted;
        const accepted = this.#deliver(saved, signal);
        accepted.catch(() => {}); // a restored send may have nobody who waits
        this.#sends.set(saved.key, { saved, accepted });
        this.#save();
        return accepted;
    }

    /**
     * @param {SavedSend} saved
     * @param {AbortSignal} [signal]
     * @returns {Promise<Frame>}
     */
    async #deliver({ key, body, at }, signal) {
        try {
            const timeoutMs = Math.max(0, at + SEND_LIFETIME_MS - Date.now());
            const accepted = await this.#request({ type: 'send', ...body, key }, { timeoutMs, signal });
            this.#forget(key);
            return accepted;
        } catch (error) {
            // Closing is no answer: the message stays stored and goes out when the session is opened again.
            if (!(error instanceof StreamhostError && error.code === 'closed')) this.#forget(key);
            throw error;
        }
    }

    /** @param {string} key */
    #forget(key) {
        this.#sends.delete(key);
        this.#save();
    }

    #save() {
        this.#shelf.saveSends([...this.#sends.values()].map(({ saved }) => saved));
    }
}
