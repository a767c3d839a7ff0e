import { Core } from './core/core.js';

/**
 * Gives the protocol core a socket, a clock and a timer, and hands what comes out of it to the client.
 *
 * @typedef {import('./core/core.js').Action} Action
 * @typedef {{now(): number, setTimeout(callback: () => void, ms: number): any, clearTimeout(handle: any): void}} Clock
 * @typedef {new (url: string, protocols?: string | string[]) => any} WebSocketClass
 * @typedef {string | (() => string | Promise<string>)} TokenSource
 */

export const SUBPROTOCOL = 'streamhost.v1.json';
/** Node and browsers fire a longer timeout at once. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** @type {Clock} */
const SYSTEM_CLOCK = {
    now: () => performance.now(),
    setTimeout: (callback, ms) => setTimeout(callback, ms),
    clearTimeout: (handle) => clearTimeout(handle),
};

export class Driver {
    #core;
    #url;
    #WebSocket;
    #token;
    #clock;
    #perform;
    /** @type {any} */
    #socket = null;
    /** Counts attempts, so that a late event of an earlier one is recognized. */
    #generation = 0;
    /** @type {any} */
    #timer;
    /** When the timer fires; Infinity: there is none. */
    #armed = Infinity;
    #working = false;

    /**
     * @param {{core: Core, url: string, WebSocket: WebSocketClass, token?: TokenSource, clock?: Clock,
     *          perform: (action: Action) => void}} options `perform` gets what is not about the socket
     */
    constructor({ core, url, WebSocket, token, clock = SYSTEM_CLOCK, perform }) {
        this.#core = core;
        this.#url = url;
        this.#WebSocket = WebSocket;
        this.#token = token;
        this.#clock = clock;
        this.#perform = perform;
    }

    get clock() {
        return this.#clock;
    }

    /**
     * The only way to the core: whatever a call makes it want is done before this returns.
     *
     * @template T
     * @param {(core: Core, now: number) => T} call
     * @returns {T}
     */
    run(call) {
        const result = call(this.#core, this.#clock.now());
        this.#work();
        return result;
    }

    #work() {
        if (this.#working) return; // a handler called back; the outer loop goes on with its actions
        this.#working = true;
        try {
            for (let actions = this.#core.take(); actions.length > 0; actions = this.#core.take()) {
                for (const action of actions) this.#act(action);
            }
        } finally {
            this.#working = false;
        }
        this.#arm();
    }

    /** @param {Action} action */
    #act(action) {
        switch (action.do) {
            case 'dial':
                return void this.#dial();
            case 'write':
                return this.#socket?.send(action.text);
            case 'drop':
                return this.#drop();
            default:
                this.#perform(action);
        }
    }

    /** Every frame moves the deadline away: a timer that fires early and finds nothing to do is cheaper than a new one. */
    #arm() {
        const deadline = this.#core.deadline();
        if (deadline === Infinity) this.#disarm();
        if (deadline >= this.#armed) return;
        this.#disarm();
        const ms = Math.min(MAX_TIMEOUT_MS, Math.max(0, Math.ceil(deadline - this.#clock.now())));
        this.#armed = deadline;
        this.#timer = this.#clock.setTimeout(() => {
            this.#armed = Infinity;
            this.run((core, now) => core.tick(now));
        }, ms);
    }

    #disarm() {
        if (this.#armed !== Infinity) this.#clock.clearTimeout(this.#timer);
        this.#armed = Infinity;
    }

    async #dial() {
        this.#drop();
        const generation = this.#generation;
        const current = () => generation === this.#generation;
        try {
            const token = typeof this.#token === 'function' ? await this.#token() : this.#token;
            if (!current()) return;
            if (token !== undefined) this.#core.setToken(token);
            this.#listen(new this.#WebSocket(this.#url, SUBPROTOCOL), current);
        } catch (error) {
            if (current()) this.run((core, now) => core.closed(1006, String(error), now));
        }
    }

    /**
     * @param {any} socket
     * @param {() => boolean} current
     */
    #listen(socket, current) {
        this.#socket = socket;
        let isOpen = false;
        socket.onopen = () => {
            isOpen = true;
            if (current()) this.run((core, now) => core.opened(now));
        };
        socket.onmessage = (/** @type {{data: unknown}} */ event) => {
            if (current()) this.run((core, now) => core.message(String(event.data), now));
        };
        socket.onclose = (/** @type {{code: number, reason: string}} */ event) => {
            if (!current()) return;
            this.#forget();
            this.run((core, now) => core.closed(event.code, event.reason, now));
        };
        // Of an open connection a `close` follows with the code; of one that never opened this may be all that comes (Node 22).
        socket.onerror = () => {
            if (isOpen || !current()) return;
            this.#drop();
            this.run((core, now) => core.closed(1006, 'cannot connect', now));
        };
    }

    /** Closing a dead connection can take minutes to be reported: it is forgotten at once. */
    #drop() {
        const socket = this.#socket;
        this.#forget();
        socket?.close(1000);
    }

    #forget() {
        this.#socket = null;
        this.#generation += 1;
    }
}
