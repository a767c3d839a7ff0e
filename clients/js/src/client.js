import { Core } from './core/core.js';
import { parsePosition } from './core/position.js';
import { Driver } from './driver.js';
import { StreamhostError } from './errors.js';
import { Emitter } from './events.js';
import { randomId } from './ids.js';
import { Outbox } from './outbox.js';
import { Producer } from './producer.js';
import { Run } from './run.js';
import { Runs } from './runs.js';
import { chooseStorage, Shelf } from './storage.js';
import { Subscription } from './subscription.js';
import { socketAddress, watchSurroundings } from './surroundings.js';

/**
 * @typedef {import('./core/stream.js').Frame} Frame
 * @typedef {import('./core/core.js').StateDetail} StateDetail
 * @typedef {import('./core/core.js').Action} Action
 *
 * @typedef {object} ClientOptions
 * @property {string} [session] the conversation; default: a new one
 * @property {import('./driver.js').TokenSource} [token] asked for before every connection when it is a function
 * @property {boolean} [follow] take part in the conversation, not only in what is subscribed; default true
 * @property {'local' | 'session' | 'memory' | import('./storage.js').KeyValueStore} [storage]
 * @property {import('./driver.js').WebSocketClass} [WebSocket] where the runtime has none
 * @property {{name: string, version: string}} [client] shown to operators
 * @property {number} [requestTimeoutMs] for everything but `send`; default 30,000
 * @property {number} [maxPending] requests that may wait for their answer; default 256
 * @property {number} [maxRunChars] a longer answer fails with `too_large`; default 16 Mi
 * @property {number} [maxRuns] answers held, the oldest finished one goes first; default 500
 * @property {import('./driver.js').Clock} [clock]
 * @property {() => number} [random]
 *
 * @typedef {{content?: string, data?: any}} Message
 * @typedef {{type: 'snapshot', entries: any[]} | {type: 'entry', data: any} | {type: 'gap', from: number, to: number}} SessionEvent
 *
 * @typedef {object} ClientEvents
 * @property {StateDetail} state
 * @property {Frame} welcome
 * @property {Run} run a run of the session, started here or elsewhere
 * @property {SessionEvent} session messages and run states of the conversation; `snapshot` replaces all before
 * @property {{reason: string, reconnectAfterMs: number}} goaway
 * @property {StreamhostError} error nobody's answer: reported, not fatal
 */

/** @extends {Emitter<ClientEvents>} */
export class Client extends Emitter {
    #core;
    #driver;
    #options;
    /** @type {Map<number, {resolve: (frame: Frame) => void, reject: (error: Error) => void}>} */
    #answers = new Map();
    #runs;
    /** @type {Map<string, Subscription>} */
    #subscriptions = new Map();
    #outbox;
    #stopWatching = () => {};

    /**
     * @param {string | URL | undefined} url
     * @param {ClientOptions} options
     */
    constructor(url, options) {
        super();
        const session = options.session ?? randomId();
        const WebSocketClass = options.WebSocket ?? globalThis.WebSocket;
        if (!WebSocketClass) throw new TypeError('this runtime has no WebSocket: give one in options.WebSocket');
        this.#options = { requestTimeoutMs: 30_000, maxRunChars: 16 * 1024 * 1024, maxRuns: 500, ...options };
        const shelf = new Shelf(chooseStorage(options.storage), session, (cause) => this.#storageFailed(cause));
        this.#core = new Core({ ...options, session });
        this.#driver = new Driver({
            ...options,
            core: this.#core,
            url: socketAddress(url),
            WebSocket: WebSocketClass,
            perform: (action) => this.#perform(action),
        });
        this.#runs = new Runs({
            limit: this.#options.maxRuns,
            shelf,
            clock: this.#driver.clock,
            cancel: (id, reason) => this.cancel(id, reason),
            met: (run) => this.emit('run', run),
        });
        this.#outbox = new Outbox({ shelf, request: (frame, how) => this.request(frame, how) });
        this.#restore();
    }

    /** The conversation: keep it to come back to it. */
    get session() {
        return this.#core.session;
    }

    /** @returns {Readonly<StateDetail>} */
    get state() {
        return this.#core.state;
    }

    /** Runs of the conversation, oldest first. */
    get runs() {
        return this.#runs.all;
    }

    /** Sends without an answer yet, also those of before a reload. */
    get unfinished() {
        return this.#outbox.unfinished;
    }

    /** Connects; `connect()` has done that already. */
    start() {
        this.#stopWatching = watchSurroundings({
            wake: () => this.wake(),
            networkLost: () => this.#driver.run((core, now) => core.networkLost(now)),
            leaving: () => this.#runs.save(),
        });
        this.#driver.run((core, now) => core.start(now));
        return this;
    }

    /** Looks after the connection now: asks whether it lives, or tries again instead of waiting. */
    wake() {
        this.#driver.run((core, now) => core.wake(now));
    }

    /** Ends the connection, not the conversation: runs go on, unfinished sends stay stored. */
    close() {
        this.#runs.save();
        this.#driver.run((core) => core.stop('closed by the application'));
    }

    /**
     * Sends once, however often the connection breaks: the key makes a repeat harmless.
     *
     * @param {string | Message} message text, or {content} or {data}
     * @param {{key?: string, options?: any, signal?: AbortSignal}} [how] `options` go to the provider
     * @returns {Promise<Run>} the answer, as soon as the server has the message
     */
    send(message, { key = randomId(), options, signal } = {}) {
        const body = {
            ...(typeof message === 'string' ? { content: wellFormed(message) } : message),
            ...(options === undefined ? {} : { options }),
        };
        const accepted = this.#outbox.send({ key, body, at: Date.now() }, signal);
        return accepted.then((frame) => this.#runs.meet(frame.stream));
    }

    /**
     * @param {string} id a run, of this conversation or another one
     * @returns {Run} followed from now on
     */
    follow(id) {
        const run = this.#runs.meet(id);
        if (!run.end) this.#driver.run((core) => core.addStream(id));
        return run;
    }

    /**
     * @param {string} run
     * @param {string} [reason]
     * @returns {Promise<boolean>} false: it had ended already
     */
    async cancel(run, reason) {
        try {
            await this.request({ type: 'cancel', run, ...(reason === undefined ? {} : { reason }) });
            return true;
        } catch (error) {
            if (error instanceof StreamhostError && error.code === 'conflict') return false;
            throw error;
        }
    }

    /**
     * @param {{before?: string, limit?: number}} [page]
     * @returns {Promise<{messages: any[], next?: string}>}
     */
    async history({ before, limit } = {}) {
        const { messages, next } = await this.request({
            type: 'history',
            ...(before === undefined ? {} : { before }),
            ...(limit === undefined ? {} : { limit }),
        });
        return next === undefined ? { messages } : { messages, next };
    }

    /** @param {string} token goes to the server now and into every later `hello` */
    async refresh(token) {
        this.#driver.run((core) => core.setToken(token));
        await this.request({ type: 'refresh', token });
    }

    /**
     * @param {string} stream any id but a run's
     * @param {{after?: string, from?: 'start' | 'tail' | 'snapshot', buffer?: number}} [where]
     * @returns {Subscription}
     */
    subscribe(stream, { after, from, buffer } = {}) {
        const known = this.#subscriptions.get(stream);
        if (known) return known;
        const position = after === undefined ? undefined : parsePosition(after);
        const unsubscribe = () => this.unsubscribe(stream);
        const subscription = new Subscription(stream, { buffer, unsubscribe });
        this.#subscriptions.set(stream, subscription);
        this.#driver.run((core) => core.addStream(stream, { position, from }));
        return subscription;
    }

    /** @param {string} stream a subscription, a run, or the session itself: then its runs are no longer followed */
    unsubscribe(stream) {
        const subscription = this.#subscriptions.get(stream);
        this.#subscriptions.delete(stream);
        subscription?.stop();
        this.#driver.run((core) => core.removeStream(stream));
    }

    /**
     * Publishes to a shared stream.
     *
     * @param {string} stream
     * @param {any[]} entries
     * @param {{key?: string}} [how]
     * @returns {Promise<{first: number, last: number, check: string}>}
     */
    async append(stream, entries, { key = randomId() } = {}) {
        const { first, last, check } = await this.request({ type: 'append', stream, entries, key });
        return { first, last, check };
    }

    /**
     * @param {string} stream
     * @param {{leaseMs?: number}} [how]
     * @returns {Promise<Producer>} rejects with `held` while another producer's lease lives
     */
    async claim(stream, { leaseMs = 6000 } = {}) {
        const claimed = await this.request({ type: 'claim', stream, lease_ms: leaseMs });
        return new Producer(claimed, (frame) => this.request(frame));
    }

    /**
     * Any request of the protocol; repeated on the next connection until it is answered.
     *
     * @param {Frame} frame without id
     * @param {{timeoutMs?: number, signal?: AbortSignal}} [options]
     * @returns {Promise<Frame>}
     */
    request(frame, { timeoutMs = this.#options.requestTimeoutMs, signal } = {}) {
        return new Promise((resolve, reject) => {
            signal?.throwIfAborted();
            const id = this.#driver.run((core, now) => {
                const requestId = core.request(frame, now, now + timeoutMs);
                this.#answers.set(requestId, { resolve, reject });
                return requestId;
            });
            signal?.addEventListener('abort', () => this.#abandon(id), { once: true });
        });
    }

    // ---- what the core wants --------------------------------------------------------------------------------

    /** @param {Action} action */
    #perform(action) {
        switch (action.do) {
            case 'settle':
                return this.#settle(action);
            case 'deliver':
                return this.#deliver(action.stream, action.frame);
            case 'broken':
                return this.#target(action.stream)?.fail(action.error);
            case 'state':
                return this.#stateChanged(action);
            case 'welcome':
                return this.emit('welcome', action.frame);
            case 'goaway':
                return this.emit('goaway', { reason: action.reason, reconnectAfterMs: action.reconnectAfterMs });
            case 'notice':
                return this.emit('error', action.error);
        }
    }

    /** @param {import('./core/requests.js').Outcome} outcome */
    #settle({ id, frame, error }) {
        const answer = this.#answers.get(id);
        this.#answers.delete(id);
        if (frame) {
            // The run is known before its first frame arrives, whoever asked for it.
            if (frame.type === 'accepted') this.#runs.meet(frame.stream);
            answer?.resolve(frame);
        } else {
            answer?.reject(error ?? new StreamhostError('internal', 'no answer'));
        }
    }

    /** @param {number} id */
    #abandon(id) {
        const answer = this.#answers.get(id);
        this.#answers.delete(id);
        this.#driver.run((core) => core.abandon(id));
        answer?.reject(new StreamhostError('aborted', 'aborted by the caller'));
    }

    /** @param {{do: 'state'} & StateDetail} action */
    #stateChanged({ do: _, ...detail }) {
        if (detail.state === 'closed') this.#ended(detail);
        this.emit('state', detail);
    }

    /** @param {StateDetail} detail */
    #ended(detail) {
        this.#stopWatching();
        this.#runs.stopSaving();
        const error = new StreamhostError('closed', detail.reason ?? 'closed');
        for (const target of [...this.#runs.all, ...this.#subscriptions.values()]) target.fail(error);
    }

    /**
     * @param {string} stream
     * @param {Frame} frame
     */
    #deliver(stream, frame) {
        if (stream === this.session) this.#sessionFrame(frame);
        const target = this.#target(stream);
        if (!target) return;
        target.take(frame);
        if (target instanceof Run) this.#runMoved(target);
    }

    /**
     * @param {string} stream
     * @returns {Run | Subscription | undefined}
     */
    #target(stream) {
        const known = this.#subscriptions.get(stream) ?? this.#runs.get(stream);
        return known ?? (stream === this.session ? undefined : this.#runs.meet(stream));
    }

    /** @param {Run} run */
    #runMoved(run) {
        if (run.size > this.#options.maxRunChars) {
            run.fail(new StreamhostError('too_large', `an answer may have ${this.#options.maxRunChars} characters`));
            this.#driver.run((core) => core.removeStream(run.id));
        } else if (run.state === 'ended' || run.state === 'failed') {
            this.#driver.run((core) => core.finishStream(run.id));
        }
        this.#runs.saveSoon();
    }

    /** @param {Frame} frame of the session's own stream */
    #sessionFrame(frame) {
        if (frame.type === 'snapshot') {
            const entries = Array.isArray(frame.data) ? frame.data : [];
            this.emit('session', { type: 'snapshot', entries });
            for (const entry of entries) this.#sessionEntry(entry);
        } else if (frame.type === 'chunk') {
            this.emit('session', { type: 'entry', data: frame.data });
            this.#sessionEntry(frame.data);
        } else if (frame.type === 'gap') {
            this.emit('session', { type: 'gap', from: frame.from, to: frame.to });
        }
    }

    /** @param {any} entry */
    #sessionEntry(entry) {
        if (entry?.kind !== 'run' || typeof entry.run !== 'string') return;
        const run = this.#runs.meet(entry.run);
        run.tell({ state: String(entry.state), outcome: entry.outcome });
        if (run.end) this.#driver.run((core) => core.finishStream(run.id));
    }

    // ---- what outlives the page -----------------------------------------------------------------------------

    #restore() {
        for (const [{ id }, { seq, check }] of this.#runs.restore()) {
            this.#driver.run((core) => core.addStream(id, { position: { seq, check } }));
        }
        this.#outbox.restore();
    }

    /** @param {unknown} cause */
    #storageFailed(cause) {
        this.emit('error', new StreamhostError('storage', 'cannot save for a later reload', { cause }));
    }
}

/**
 * @param {string | URL} [url] default in a page: `/v1/ws` of its own server
 * @param {ClientOptions} [options]
 * @returns {Client} connecting; everything may be called at once, it goes out when the connection is there
 */
export function connect(url, options = {}) {
    return new Client(url, options).start();
}

/** Half of a surrogate pair, as a cut input leaves it, is no text: no server could take the message. @param {string} text */
function wellFormed(text) {
    return text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd');
}
