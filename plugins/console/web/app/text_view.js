import { blocks, spans } from './segments.js';

/**
 * Shows text that grows. Only the last block is ever touched again; plain additions go into its text node. Text is
 * set as text, never parsed as HTML, and the element's `textContent` is the text itself.
 */
export class TextView {
    #element;
    /** @type {{kind: 'prose' | 'code', text: string, node: HTMLElement} | null} */
    #last = null;

    /** @param {HTMLElement} element */
    constructor(element) {
        this.#element = element;
    }

    clear() {
        this.#element.replaceChildren();
        this.#last = null;
    }

    /** @param {string} delta */
    append(delta) {
        if (this.#last && !/[\n`]/.test(delta) && this.#extend(this.#last, delta)) return;
        const tail = (this.#last?.text ?? '') + delta;
        this.#last?.node.remove();
        for (const block of blocks(tail)) this.#add(block);
    }

    /**
     * Something that is no text, between texts.
     *
     * @param {HTMLElement} element
     */
    insert(element) {
        this.#element.append(element);
        this.#last = null;
    }

    /**
     * @param {{kind: 'prose' | 'code', text: string, node: HTMLElement}} last
     * @param {string} delta
     * @returns {boolean} false: the block has to be laid out anew
     */
    #extend(last, delta) {
        const end = last.node.lastChild;
        const plain = end instanceof Text && !last.text.includes('`') && !last.text.endsWith('\n');
        if (!plain) return false;
        end.appendData(delta);
        last.text += delta;
        return true;
    }

    /** @param {import('./segments.js').Block} block */
    #add(block) {
        const node = block.kind === 'code' ? codeBlock() : document.createElement('p');
        for (const span of spans(block)) node.append(rendered(span));
        this.#element.append(node);
        this.#last = { ...block, node };
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
 * @param {import('./segments.js').Span} span
 * @returns {Node}
 */
function rendered({ kind, text }) {
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
