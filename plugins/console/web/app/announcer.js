/**
 * An answer that streams into a live region makes a screen reader stammer: it starts anew with every word. What is
 * said here are whole sentences, at most one portion every few seconds, and the end.
 */
const EVERY_MS = 3000;
const KEEP = 20;

export class Announcer {
    #region;
    #pending = '';
    /** @type {ReturnType<typeof setTimeout> | undefined} */
    #timer;

    /** @param {HTMLElement} region */
    constructor(region) {
        this.#region = region;
    }

    /** @param {string} delta */
    feed(delta) {
        this.#pending += delta;
        this.#timer ??= setTimeout(() => this.#sentences(), EVERY_MS);
    }

    /** @param {string} last said after what is left */
    finish(last) {
        clearTimeout(this.#timer);
        this.#timer = undefined;
        const rest = this.#pending;
        this.#pending = '';
        this.say(rest.trim() === '' ? last : `${rest} ${last}`);
    }

    /** @param {string} text */
    say(text) {
        const paragraph = document.createElement('p');
        paragraph.textContent = text;
        this.#region.append(paragraph);
        while (this.#region.childElementCount > KEEP) this.#region.firstElementChild?.remove();
    }

    #sentences() {
        this.#timer = undefined;
        const whole = /^[^]*[.!?…:;\n](?=\s|$)/.exec(this.#pending)?.[0] ?? '';
        this.#pending = this.#pending.slice(whole.length);
        if (whole.trim() !== '') this.say(whole);
        if (this.#pending !== '') this.#timer = setTimeout(() => this.#sentences(), EVERY_MS);
    }
}
