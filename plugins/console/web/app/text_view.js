import { Segments } from './segments.js';

/**
 * Shows text that grows. What is shown once is not touched again, but for the little that the next character may
 * change. Text is set as text, never parsed as HTML, and the element's `textContent` is the text itself.
 *
 * @typedef {import('./segments.js').Page} Page
 * @implements {Page}
 */
export class TextView {
    #element;
    #segments = new Segments(this);
    /** @type {HTMLElement} */
    #block;
    /** Shown for now. @type {ChildNode[] | null} */
    #marked = null;
    /** @type {HTMLElement} the block that was the last one at the mark */
    #blockBefore;

    /** @param {HTMLElement} element */
    constructor(element) {
        this.#element = element;
        this.#block = this.#blockBefore = element;
    }

    clear() {
        this.#element.replaceChildren();
        this.#restart();
    }

    /** @param {string} delta */
    append(delta) {
        this.#segments.append(delta);
    }

    /**
     * Something that is no text, between texts.
     *
     * @param {HTMLElement} element
     */
    insert(element) {
        this.#element.append(element);
        this.#restart();
    }

    // ---- for Segments ---------------------------------------------------------------------------------------

    /** @param {import('./segments.js').BlockKind} kind */
    block(kind) {
        this.#block = kind === 'code' ? codeBlock() : document.createElement('p');
        this.#element.append(this.#block);
        this.#marked?.push(this.#block);
    }

    /**
     * @param {import('./segments.js').SpanKind} kind
     * @param {string} text
     */
    span(kind, text) {
        const end = this.#block.lastChild;
        if (kind === 'text' && end instanceof Text && !this.#marked) return end.appendData(text);
        const node = rendered(kind, text);
        this.#block.append(node);
        this.#marked?.push(node);
    }

    /** @param {string} text */
    more(text) {
        const end = this.#block.lastChild;
        const node = end instanceof Text ? end : end?.lastChild;
        if (node instanceof Text) node.appendData(text);
    }

    mark() {
        this.#marked = [];
        this.#blockBefore = this.#block;
    }

    rewind() {
        for (const node of this.#marked ?? []) node.remove();
        this.#marked = null;
        this.#block = this.#blockBefore;
    }

    #restart() {
        this.#segments = new Segments(this);
        this.#marked = null;
    }
}

function codeBlock() {
    const block = document.createElement('pre');
    block.tabIndex = 0; // long lines are scrolled, also by keyboard
    block.setAttribute('role', 'group');
    block.setAttribute('aria-label', 'Code');
    return block;
}

/**
 * @param {import('./segments.js').SpanKind} kind
 * @param {string} text
 * @returns {ChildNode}
 */
function rendered(kind, text) {
    if (kind === 'text') return document.createTextNode(text);
    if (kind !== 'code') return piece('span', kind === 'label' ? 'label' : 'unseen', text);
    const code = document.createElement('code');
    code.append(piece('span', 'unseen', text.slice(0, 1)), text.slice(1, -1), piece('span', 'unseen', text.slice(-1)));
    return code;
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {string} text
 */
function piece(tag, className, text) {
    const element = document.createElement(tag);
    element.className = className;
    element.textContent = text;
    return element;
}
