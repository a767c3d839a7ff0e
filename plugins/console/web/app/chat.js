import { connect, randomId } from '/client/index.js';
import { Conversation } from './conversation.js';

/**
 * One open conversation: the client, and what is known of it.
 *
 * @typedef {import('/client/index.js').StateDetail} StateDetail
 * @typedef {{changed: () => void, state: (detail: StateDetail) => void}} Handlers
 */
export class Chat {
    conversation = new Conversation();
    /** Where the history goes on; null: there is nothing more. @type {string | null} */
    earlier = null;
    #client;
    #handlers;
    #asked = false;
    /** Runs that were started here: what a screen reader is told about. @type {Set<string>} */
    #own = new Set();

    /**
     * @param {string} session
     * @param {Handlers} handlers
     * @param {string} token empty: none
     */
    constructor(session, handlers, token) {
        this.#handlers = handlers;
        this.#client = connect(undefined, {
            session,
            client: { name: 'streamhost-console', version: '1' },
            ...(token === '' ? {} : { token }),
        });
        this.#listen();
        for (const run of this.#client.runs) this.conversation.run(run);
        for (const { key, content, accepted } of this.#client.unfinished) {
            this.#track(key, content ?? '', accepted.then(({ run }) => run));
        }
    }

    get session() {
        return this.#client.session;
    }

    get state() {
        return this.#client.state;
    }

    close() {
        this.#client.close();
    }

    /** Tries to connect now instead of later. */
    wake() {
        this.#client.wake();
    }

    /** @param {string} run */
    isOwn(run) {
        return this.#own.has(run);
    }

    /** @param {string} content */
    send(content) {
        const key = randomId();
        this.#track(key, content, this.#client.send(content, { key }).then((run) => run.id));
    }

    stop() {
        for (const run of this.conversation.running) run.cancel('user').catch(() => {});
    }

    /** Fetches the messages before those that are shown. */
    async showEarlier() {
        try {
            const before = this.earlier ?? undefined;
            const { messages, next } = await this.#client.history({ before, limit: 50 });
            this.earlier = next ?? null;
            this.conversation.history(messages);
            this.#handlers.changed();
        } catch {
            // Without a history what the session still holds is all there is.
        }
    }

    /**
     * @param {string} key
     * @param {string} content
     * @param {Promise<string>} accepted the run
     */
    async #track(key, content, accepted) {
        this.conversation.sending(key, content);
        this.#handlers.changed();
        try {
            const run = await accepted;
            this.#own.add(run);
            this.conversation.accepted(key, run);
        } catch (error) {
            this.conversation.failed(key, error instanceof Error ? error.message : String(error));
        }
        this.#handlers.changed();
    }

    #listen() {
        const client = this.#client;
        client.on('state', (detail) => this.#handlers.state(detail));
        client.on('run', (run) => {
            this.conversation.run(run);
            this.#handlers.changed();
        });
        client.on('session', (event) => {
            if (event.type === 'snapshot') this.conversation.snapshot(event.entries);
            if (event.type === 'entry') this.conversation.entry(event.data);
            this.#handlers.changed();
        });
        client.on('welcome', () => {
            if (!this.#asked) this.showEarlier();
            this.#asked = true;
        });
    }
}
