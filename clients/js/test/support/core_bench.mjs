import { Core } from '../../src/core/core.js';

/** A core with its actions laid out for looking at: what was written, delivered, reported. */
export class CoreBench {
    constructor(options = {}) {
        this.now = 0;
        this.core = new Core({ session: 's', random: () => 0.5, ...options });
        this.clear();
    }

    clear() {
        Object.assign(this, { written: [], delivered: [], states: [], settled: [], dials: 0, drops: 0, broken: [], notices: [] });
    }

    /** @param {(core: Core, now: number) => any} call */
    do(call) {
        const result = call(this.core, this.now);
        for (const action of this.core.take()) this.#note(action);
        return result;
    }

    #note(action) {
        if (action.do === 'write') this.written.push(JSON.parse(action.text));
        if (action.do === 'deliver') this.delivered.push(action.frame);
        if (action.do === 'state') this.states.push(action);
        if (action.do === 'settle') this.settled.push(action);
        if (action.do === 'dial') this.dials += 1;
        if (action.do === 'drop') this.drops += 1;
        if (action.do === 'broken') this.broken.push(action);
        if (action.do === 'notice') this.notices.push(action.error);
    }

    start() {
        this.do((core, now) => core.start(now));
        return this;
    }

    open() {
        this.do((core, now) => core.opened(now));
        return this;
    }

    /** The server says these. */
    hear(...frames) {
        for (const frame of frames) this.do((core, now) => core.message(JSON.stringify(frame), now));
        return this;
    }

    /** Up and running, with a clean slate. */
    up(welcome = {}) {
        if (this.dials === 0) this.start();
        this.open();
        this.hear({ type: 'welcome', session: 's', heartbeat_ms: 25_000, limits: { message_bytes: 1000 }, ...welcome });
        this.lastHello = this.written.findLast((frame) => frame.type === 'hello');
        this.clear();
        return this;
    }

    close(code, reason = '') {
        this.do((core, now) => core.closed(code, reason, now));
        return this;
    }

    /** Lets time pass, waking the core exactly when it asks for it. */
    pass(ms) {
        const until = this.now + ms;
        for (let at = this.core.deadline(); at <= until; at = this.core.deadline()) {
            this.now = Math.max(this.now, at);
            this.do((core, now) => core.tick(now));
        }
        this.now = until;
        return this;
    }

    get state() {
        return this.core.state.state;
    }
}

/** Frames of the stream `s.r`, with checks that depend on the seq only. */
export const check = (seq) => seq.toString(16).padStart(16, '0');
export const chunk = (seq, more = {}) => ({
    type: 'chunk',
    stream: 's.r',
    seq,
    check: check(seq),
    data: { kind: 'text', delta: `w${seq} ` },
    ...more,
});
export const snapshot = (seq, data = [], more = {}) => ({ type: 'snapshot', stream: 's.r', seq, check: check(seq), data, ...more });
export const end = (seq, outcome = 'complete') => ({ type: 'end', stream: 's.r', seq, check: check(seq), outcome });
export const subscribed = (more = {}) => ({ type: 'subscribed', stream: 's.r', first: 1, head: 0, state: 'active', recovered: true, ...more });
