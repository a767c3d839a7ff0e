/**
 * Says how the connection is: one word in the bar, and a line above the message field when there is something to
 * wait for or to do.
 *
 * @typedef {import('/client/index.js').StateDetail} StateDetail
 */

/** @type {Record<string, string>} */
const WORDS = {
    idle: 'Connecting',
    connecting: 'Connecting',
    open: 'Connected',
    degraded: 'Reduced service',
    resuming: 'Reconnecting',
    offline: 'Offline',
    closed: 'Disconnected',
};

/** Who is not known has a field to say so in, and no notice beside it. */
export const UNAUTHENTICATED = 4401;

/** A short interruption is nobody's business. */
const PATIENCE_MS = 1200;

export class ConnectionView {
    #bar;
    #word;
    #notice;
    #text;
    #action;
    /** @type {StateDetail} */
    #detail = { state: 'idle' };
    #retryAt = 0;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    #timer;
    #since = 0;

    /**
     * @param {{bar: HTMLElement, word: HTMLElement, notice: HTMLElement, text: HTMLElement, action: HTMLElement,
     *          act: () => void}} parts
     */
    constructor({ bar, word, notice, text, action, act }) {
        this.#bar = bar;
        this.#word = word;
        this.#notice = notice;
        this.#text = text;
        this.#action = action;
        action.addEventListener('click', act);
    }

    /** @param {StateDetail} detail */
    show(detail) {
        const wasFine = fine(this.#detail.state);
        this.#detail = detail;
        this.#retryAt = performance.now() + (detail.retryInMs ?? 0);
        if (wasFine && !fine(detail.state)) this.#since = performance.now();
        this.#bar.dataset.state = detail.state;
        const word = WORDS[detail.state] ?? detail.state;
        if (this.#word.textContent !== word) this.#word.textContent = word;
        this.#update();
    }

    #update() {
        clearTimeout(this.#timer);
        const patience = this.#since + PATIENCE_MS - performance.now();
        const isAtTheDoor = this.#detail.code === UNAUTHENTICATED && this.#detail.state === 'closed';
        const silent = fine(this.#detail.state) || isAtTheDoor || (this.#detail.state !== 'closed' && patience > 0);
        this.#notice.hidden = silent;
        if (fine(this.#detail.state) || isAtTheDoor) return;
        this.#timer = setTimeout(() => this.#update(), silent ? patience : 1000);
        if (!silent) this.#explain();
    }

    #explain() {
        const { state, reason } = this.#detail;
        const seconds = Math.ceil((this.#retryAt - performance.now()) / 1000);
        const next = seconds > 0 ? `Trying again in ${seconds} s.` : 'Trying now.';
        const closed = state === 'closed';
        const text = closed ? `Disconnected: ${reason}.` : `No connection. Answers go on meanwhile. ${next}`;
        if (this.#text.textContent !== text) this.#text.textContent = text;
        this.#action.textContent = closed ? 'Connect again' : 'Try now';
    }
}

/** @param {string} state */
function fine(state) {
    return state === 'open' || state === 'degraded' || state === 'idle';
}
