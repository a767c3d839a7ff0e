/**
 * The message field: Enter sends, Shift+Enter starts a new line, Escape stops the answer. What was typed and not
 * sent survives a reload.
 *
 * @typedef {{send: (text: string) => void, stop: () => void}} Handlers
 */
const HINT_ESCAPE = 'to stop the answer';

export class Composer {
    #form;
    #field;
    #send;
    #stop;
    #hint;
    #restingHint;
    #draftKey = '';

    /**
     * @param {HTMLFormElement} form
     * @param {Handlers} handlers
     */
    constructor(form, handlers) {
        this.#form = form;
        this.#field = /** @type {HTMLTextAreaElement} */ (form.querySelector('textarea'));
        this.#send = /** @type {HTMLButtonElement} */ (form.querySelector('#send'));
        this.#stop = /** @type {HTMLButtonElement} */ (form.querySelector('#stop'));
        this.#hint = /** @type {HTMLElement} */ (form.querySelector('#hint'));
        this.#restingHint = [...this.#hint.childNodes];
        this.#listen(handlers);
    }

    /** @param {string} session */
    open(session) {
        this.#draftKey = `streamhost-console:draft:${session}`;
        this.#field.value = draft(this.#draftKey) ?? '';
        this.#changed();
    }

    /** @param {string} text */
    fill(text) {
        this.#field.value = text;
        this.#changed();
        this.focus();
    }

    focus() {
        this.#field.focus({ preventScroll: true });
    }

    /** @param {boolean} running whether there is an answer to stop */
    showRunning(running) {
        if (this.#stop.hidden === !running) return;
        const held = document.activeElement === this.#stop;
        this.#stop.hidden = !running;
        if (held) this.focus(); // a button that vanishes under the focus would throw it to the top of the page
        if (running) this.#hint.replaceChildren(key('Esc'), ` ${HINT_ESCAPE}`);
        else this.#hint.replaceChildren(...this.#restingHint);
    }

    /** @param {Handlers} handlers */
    #listen({ send, stop }) {
        this.#form.addEventListener('submit', (event) => {
            event.preventDefault();
            const text = this.#field.value;
            if (text.trim() === '') return;
            this.fill('');
            send(text);
        });
        this.#field.addEventListener('input', () => this.#changed());
        this.#field.addEventListener('keydown', (event) => {
            // While an input method composes, Enter belongs to it.
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            this.#form.requestSubmit();
        });
        this.#stop.addEventListener('click', stop);
        document.addEventListener('keydown', (event) => {
            const elsewhere = document.querySelector(':popover-open') !== null || event.isComposing;
            if (event.key === 'Escape' && !elsewhere && !this.#stop.hidden) stop();
        });
    }

    #changed() {
        this.#send.disabled = this.#field.value.trim() === '';
        draft(this.#draftKey, this.#field.value);
        if (CSS.supports('field-sizing', 'content')) return;
        this.#field.style.height = 'auto';
        this.#field.style.height = `${this.#field.scrollHeight}px`;
    }
}

/** @param {string} name */
function key(name) {
    const element = document.createElement('kbd');
    element.textContent = name;
    return element;
}

/**
 * @param {string} name
 * @param {string} [text] absent: read
 * @returns {string | null}
 */
function draft(name, text) {
    try {
        if (text === undefined) return sessionStorage.getItem(name);
        if (text === '') sessionStorage.removeItem(name);
        else sessionStorage.setItem(name, text);
    } catch {
        // Without storage a draft lasts as long as the page.
    }
    return null;
}
