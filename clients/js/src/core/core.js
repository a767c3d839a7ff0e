import { StreamhostError } from '../errors.js';
import { Actions } from './actions.js';
import { fullJitter } from './backoff.js';
import { SERVER_DRAINS, closeReason, closeVerdict } from './closes.js';
import { byteLength, degradedReason, helloFrame, parseFrame } from './frames.js';
import { Link } from './link.js';
import { Requests } from './requests.js';
import { Streams } from './streams.js';

/**
 * The protocol, without sockets, timers and storage: events and the time go in, actions come out of `take()`.
 * Whoever owns a core performs the actions in order and calls `tick(now)` at `deadline()`. The same core runs in
 * the browser, in Node and under a simulated network in the tests.
 *
 * @typedef {import('./stream.js').Frame} Frame
 * @typedef {import('./streams.js').Where} Where
 * @typedef {import('./actions.js').ConnectionState} ConnectionState
 * @typedef {import('./actions.js').StateDetail} StateDetail
 * @typedef {import('./actions.js').Action} Action
 * @typedef {{session: string, follow?: boolean, client?: {name: string, version: string},
 *            random?: () => number, maxPending?: number}} CoreOptions
 */

/** From this attempt on a person is told that there is no connection, not that one is being resumed. */
const OFFLINE_AFTER = 4;
/** Streams that `hello` may name; part of the protocol's default limits. */
const RESUME_LIMIT = 100;

export class Core {
    #session;
    #clientInfo;
    #link;
    #requests;
    #streams;
    /** @type {string | undefined} */
    #token;
    #actions = new Actions();
    #lastId = 0;
    #helloId = 0;
    #messageBytes = Infinity;
    #everUp = false;
    #networkDown = false;

    /** @param {CoreOptions} options */
    constructor({ session, follow = true, client, random = Math.random, maxPending = 256 }) {
        this.#session = session;
        this.#clientInfo = client;
        this.#link = new Link({ random });
        const delay = (/** @type {number} */ refusals) => fullJitter(random, refusals);
        this.#requests = new Requests({ limit: maxPending, delay });
        this.#streams = new Streams({
            session,
            follow,
            delay,
            nextId: () => ++this.#lastId,
            write: (frame) => this.#actions.write(frame),
            emit: (action) => this.#actions.push(action),
        });
    }

    get session() {
        return this.#session;
    }

    /** @returns {Readonly<StateDetail>} */
    get state() {
        return this.#actions.state;
    }

    /** @returns {Action[]} what is to be done, oldest first; the list is handed over */
    take() {
        return this.#actions.take();
    }

    /** @returns {number} the next moment at which `tick` is needed; Infinity: none */
    deadline() {
        if (this.#link.phase === 'closed') return Infinity;
        const at = Math.min(this.#link.deadline, this.#requests.deadline(this.#link.up));
        return this.#link.up ? Math.min(at, this.#streams.deadline) : at;
    }

    // ---- what the application wants -------------------------------------------------------------------------

    /** @param {number} now */
    start(now) {
        if (this.#link.phase !== 'idle') return;
        this.#actions.show({ state: 'connecting' });
        this.#dial(now);
    }

    /**
     * @param {Frame} frame without id
     * @param {number} now
     * @param {number} [deadline] absolute
     * @returns {number} id that the `settle` action will carry
     * @throws {StreamhostError} `closed` or `busy`
     */
    request(frame, now, deadline = Infinity) {
        if (this.#link.phase === 'closed') throw new StreamhostError('closed', 'the client is closed');
        const id = ++this.#lastId;
        this.#requests.add(id, { ...frame, id }, deadline);
        this.#flush(now);
        return id;
    }

    /**
     * The caller no longer waits. A request that was written may still take effect.
     *
     * @param {number} id
     */
    abandon(id) {
        this.#requests.remove(id);
    }

    /**
     * @param {string} id
     * @param {Where} [where] nothing: from a snapshot
     */
    addStream(id, where = {}) {
        this.#streams.add(id, where, this.#link.up);
    }

    /** @param {string} id */
    removeStream(id) {
        this.#streams.remove(id, this.#link.up);
    }

    /** @param {string} id of a stream that will bring nothing more, though its end was never seen */
    finishStream(id) {
        this.#streams.get(id)?.finish();
    }

    /** @param {string} token for the next `hello` */
    setToken(token) {
        this.#token = token;
    }

    /**
     * @param {string} reason
     * @param {number} [code]
     */
    stop(reason, code = 1000) {
        if (this.#link.phase === 'closed') return;
        if (this.#link.phase !== 'idle' && this.#link.phase !== 'waiting') this.#actions.push({ do: 'drop' });
        this.#close(reason, code);
    }

    // ---- what the world reports -----------------------------------------------------------------------------

    /** @param {number} now the socket is open */
    opened(now) {
        if (this.#link.phase !== 'dialing') return;
        this.#link.opened(now);
        this.#hello();
    }

    /**
     * @param {string} text one WebSocket text frame
     * @param {number} now
     */
    message(text, now) {
        if (this.#link.phase !== 'greeting' && !this.#link.up) return;
        this.#link.heard(now);
        const frame = parseFrame(text);
        if (frame) this.#dispatch(frame, now);
        else this.#actions.notice(new StreamhostError('protocol', 'a frame came that is no JSON object with a type'));
        this.#flush(now);
    }

    /**
     * @param {number} code
     * @param {string} reason
     * @param {number} now
     */
    closed(code, reason, now) {
        if (!['dialing', 'greeting', 'up'].includes(this.#link.phase)) return;
        const verdict = closeVerdict(code);
        if (verdict === 'stop') return this.#close(closeReason(code, reason), code);
        if (verdict === 'afresh') this.#streams.afresh();
        if (code === SERVER_DRAINS) this.#link.sentAway(now);
        this.#lost(now, closeReason(code, reason), code);
    }

    /** @param {number} now the network came back, or the page became visible */
    wake(now) {
        if (this.#networkDown && this.#link.phase === 'waiting') this.#actions.show({ ...this.state, state: 'resuming' });
        this.#networkDown = false;
        this.#handle(this.#link.wake(now), now);
    }

    /** @param {number} now the browser says that there is no network */
    networkLost(now) {
        this.#networkDown = true;
        if (this.#link.phase === 'waiting') this.#actions.show({ ...this.state, state: 'offline' });
        // The socket may have survived on another interface: ask at once instead of dropping it.
        if (this.#link.up) this.#handle(this.#link.wake(now), now);
    }

    /** @param {number} now */
    tick(now) {
        this.#actions.settle(this.#requests.expired(now));
        this.#handle(this.#link.tick(now), now);
        this.#flush(now);
    }

    // ---- connection -----------------------------------------------------------------------------------------

    /**
     * @param {import('./link.js').LinkEvent} event
     * @param {number} now
     */
    #handle(event, now) {
        if (event === 'dial') this.#dial(now);
        if (event === 'ping') this.#actions.write({ type: 'ping' });
        if (event === 'timeout') this.#abort(now, 'no answer from the server');
        if (event === 'silent') this.#abort(now, 'connection went silent');
        if (event === 'move') this.#abort(now, 'moved by the server');
    }

    /** @param {number} now */
    #dial(now) {
        this.#link.dial(now);
        this.#actions.push({ do: 'dial' });
    }

    /**
     * @param {number} now
     * @param {string} reason
     */
    #abort(now, reason) {
        this.#actions.push({ do: 'drop' });
        this.#lost(now, reason, 1006);
    }

    /**
     * @param {number} now
     * @param {string} reason
     * @param {number} code
     * @param {number} [atLeastMs]
     */
    #lost(now, reason, code, atLeastMs) {
        this.#requests.connectionLost();
        this.#streams.lost();
        const retryInMs = this.#link.lost(now, atLeastMs) - now;
        const attempt = this.#link.attempt;
        const offline = this.#networkDown || attempt >= OFFLINE_AFTER;
        const waiting = this.#everUp ? 'resuming' : 'connecting';
        this.#actions.show({ state: offline ? 'offline' : waiting, reason, code, retryInMs, attempt });
    }

    /**
     * @param {string} reason
     * @param {number} code
     */
    #close(reason, code) {
        this.#link.stop();
        this.#actions.settle(this.#requests.fail(new StreamhostError('closed', reason)));
        this.#actions.show({ state: 'closed', reason, code });
    }

    #hello() {
        this.#helloId = ++this.#lastId;
        const who = { session: this.#session, follow: this.#streams.follow, token: this.#token, client: this.#clientInfo };
        this.#actions.write(helloFrame(this.#helloId, who, this.#streams.resume(RESUME_LIMIT)));
    }

    /**
     * @param {Frame} frame
     * @param {number} now
     */
    #welcome(frame, now) {
        if (frame.session !== undefined && frame.session !== this.#session) {
            this.#actions.push({ do: 'drop' });
            return this.#close(`the server answered for session ${frame.session}`, 4400);
        }
        this.#link.welcomed(now, frame.heartbeat_ms);
        this.#everUp = true;
        this.#networkDown = false;
        this.#messageBytes = frame.limits?.message_bytes ?? Infinity;
        this.#actions.push({ do: 'welcome', frame });
        this.#actions.show(frame.degraded ? { state: 'degraded', reason: degradedReason(frame.degraded) } : { state: 'open' });
        this.#streams.welcomed();
    }

    /** `degraded` is of the moment of the welcome; that the session goes on, or takes a message, is the sign that it is over. */
    #mended() {
        if (this.state.state === 'degraded') this.#actions.show({ state: 'open' });
    }

    /**
     * @param {StreamhostError} error answer to `hello`
     * @param {number} now
     */
    #refused(error, now) {
        this.#actions.push({ do: 'drop' });
        if (error.retryable) this.#lost(now, error.message, 1013, error.retryAfterMs);
        else this.#close(error.message, error.code === 'forbidden' ? 4403 : 4401);
    }

    // ---- frames ---------------------------------------------------------------------------------------------

    /**
     * @param {Frame} frame
     * @param {number} now
     */
    #dispatch(frame, now) {
        switch (frame.type) {
            case 'welcome':
                if (this.#link.phase === 'greeting') this.#welcome(frame, now);
                return;
            case 'subscribed':
                return this.#streams.subscribed(frame);
            case 'caught_up':
                if (frame.stream === this.#session) this.#mended();
                return this.#streams.receive(frame);
            case 'chunk':
            case 'snapshot':
            case 'gap':
            case 'end':
                return this.#streams.receive(frame);
            case 'error':
                return this.#error(frame, now);
            case 'goaway':
                return this.#goaway(frame, now);
            case 'accepted':
                this.#mended();
                this.#streams.accepted(frame);
                return this.#answered(frame, now);
            default:
                this.#answered(frame, now);
        }
    }

    /**
     * @param {Frame} frame
     * @param {number} now
     */
    #error(frame, now) {
        const error = StreamhostError.fromFrame(frame);
        if (frame.id === this.#helloId && this.#link.phase === 'greeting') this.#refused(error, now);
        else if (frame.id === undefined || frame.id === null) this.#unasked(frame.stream, error);
        else if (!this.#streams.refused(frame.id, error, now)) this.#answered(frame, now);
    }

    /**
     * An error that answers no request: about the connection, or about a stream that `hello` named and that
     * could not be resumed. Where another try can help the server closes, and the next `hello` names it again.
     *
     * @param {unknown} stream
     * @param {StreamhostError} error
     */
    #unasked(stream, error) {
        if (error.retryable || !this.#streams.failed(stream, error)) this.#actions.notice(error);
    }

    /**
     * @param {Frame} frame
     * @param {number} now
     */
    #answered(frame, now) {
        const outcome = this.#requests.answered(frame, now);
        if (outcome) this.#actions.settle([outcome]);
    }

    /**
     * @param {Frame} frame
     * @param {number} now
     */
    #goaway(frame, now) {
        const after = typeof frame.reconnect_after_ms === 'number' ? Math.max(0, frame.reconnect_after_ms) : 0;
        this.#link.goaway(now, after);
        this.#actions.push({ do: 'goaway', reason: String(frame.reason ?? ''), reconnectAfterMs: after });
    }

    // ---- requests -------------------------------------------------------------------------------------------

    /** @param {number} now */
    #flush(now) {
        if (!this.#link.up) return;
        for (const frame of this.#requests.due(now)) this.#writeRequest(frame);
        this.#streams.flush(now);
    }

    /** @param {Frame} frame */
    #writeRequest(frame) {
        const text = JSON.stringify(frame);
        if (byteLength(text, this.#messageBytes) <= this.#messageBytes) {
            this.#actions.push({ do: 'write', text });
            return;
        }
        // The server would close this connection (4413), and the next one, for the same message.
        this.#requests.remove(frame.id);
        const error = new StreamhostError('too_large', `a message may have ${this.#messageBytes} bytes`);
        this.#actions.settle([{ id: frame.id, error }]);
    }
}
