import { part, say } from './dom.js';
import { clock, text } from './format.js';

/**
 * What surrounds the sections: which of them is shown, how the link to the node is, and what was just done.
 */

const SAID_MS = 12_000;
const SECTIONS = ['overview', 'nodes', 'plugins', 'sessions', 'streams', 'configuration'];

export class Frame {
    #isOpen = false;
    #error = '';
    #retryAt = 0;
    #seenAt = 0;
    /** @type {ReturnType<typeof setInterval> | undefined} */
    #counting;
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    #saying;

    /** @param {{moved: () => void, tryNow: () => void}} handlers */
    constructor({ moved, tryNow }) {
        addEventListener('hashchange', () => {
            this.#arrange();
            part('main').scrollIntoView();
            /** @type {HTMLElement | null} */ (document.querySelector(`#${this.section} h2`))?.focus({ preventScroll: true });
            moved();
        });
        part('try-now').addEventListener('click', tryNow);
    }

    /** The section that is looked at; empty while nobody is let in. */
    get section() {
        if (!this.#isOpen) return '';
        const named = location.hash.slice(1);
        return SECTIONS.includes(named) ? named : 'overview';
    }

    /** @param {boolean} isOpen whether there is something to see */
    open(isOpen) {
        if (this.#isOpen === isOpen) return;
        this.#isOpen = isOpen;
        this.#arrange();
    }

    #arrange() {
        part('navigation').hidden = !this.#isOpen;
        for (const name of SECTIONS) part(name).hidden = name !== this.section;
        for (const link of part('navigation').querySelectorAll('a')) {
            if (link.hash === `#${this.section}`) link.setAttribute('aria-current', 'page');
            else link.removeAttribute('aria-current');
        }
    }

    /** @param {any} report */
    name({ nodeId, phase, status }) {
        say(part('node'), text(nodeId));
        document.title = `${text(nodeId)} · streamhost console`;
        const isFine = phase === 'running' && (status ?? 'ok') === 'ok';
        this.#link(isFine ? 'good' : 'busy', isFine ? 'Running' : phase === 'running' ? text(status) : text(phase));
    }

    /** @param {{error?: unknown, retryInMs?: number}} state */
    show({ error, retryInMs = 0 }) {
        const isAway = error !== undefined;
        this.#error = error instanceof Error ? error.message : String(error);
        document.body.classList.toggle('stale', isAway);
        part('away').hidden = !isAway;
        clearInterval(this.#counting);
        if (!isAway) {
            this.#seenAt = Date.now();
            return;
        }
        this.#link('bad', 'No answer');
        this.#retryAt = performance.now() + retryInMs;
        this.#counting = setInterval(() => this.#count(), 1000);
        this.#count();
    }

    #count() {
        const seconds = Math.max(0, Math.ceil((this.#retryAt - performance.now()) / 1000));
        const since = this.#seenAt > 0 ? ` What you see is of ${clock(this.#seenAt)}.` : '';
        say(part('away-text'), `${this.#error}${since}`);
        say(part('try-now'), seconds > 0 ? `Try now (else in ${seconds} s)` : 'Trying');
    }

    /**
     * @param {string} section
     * @param {string} why empty: nothing
     */
    problem(section, why) {
        const line = /** @type {HTMLElement} */ (part(section).querySelector(':scope > .problem'));
        say(line, why);
        line.hidden = why === '';
    }

    /** @param {string} what was done, or could not be */
    say(what) {
        clearTimeout(this.#saying);
        const line = part('said');
        say(line, what);
        line.hidden = what === '';
        this.#saying = setTimeout(() => (line.hidden = true), SAID_MS);
    }

    /**
     * @param {string} tone
     * @param {string} word
     */
    #link(tone, word) {
        part('link').dataset.tone = tone;
        say(part('link-text'), word);
    }
}
