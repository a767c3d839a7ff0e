/**
 * Cuts growing text into what the page shows, without changing a byte: joined again the spans are the text. Code
 * between fences becomes a block of its own, prose is split at blank lines.
 *
 * Text arrives in pieces, and each is looked at once: what is decided is handed over for good. Only what the next
 * character can still change (a line that may become a fence, a backtick that waits for its partner, the newline at
 * the end) is shown for now, and taken back.
 *
 * @typedef {'prose' | 'code'} BlockKind
 * @typedef {'text' | 'code' | 'label' | 'hidden'} SpanKind fences, backticks and blank lines are `hidden`: their
 *     effect is in the layout
 * @typedef {object} Page where it is shown
 * @property {(kind: BlockKind) => void} block begins; the spans that follow are in it
 * @property {(kind: SpanKind, text: string) => void} span
 * @property {(text: string) => void} more of the last span
 * @property {() => void} mark what comes from here on is for now
 * @property {() => void} rewind takes back what came since the mark
 */

const FENCE = /^ {0,3}```/;
/** May become a fence. */
const MAYBE_FENCE = /^ {0,3}`{0,2}$/;

export class Segments {
    #page;
    /** Not decided, shown for now. */
    #open = '';
    /** Only a backtick or a newline can make something else of it. */
    #grows = false;
    /** What the next character belongs to. @type {'nothing' | 'prose' | 'blank' | 'head' | 'code'} */
    #in = 'nothing';
    /** The first line of code begins here: no newline stands in front of it. */
    #first = false;

    /** @param {Page} page */
    constructor(page) {
        this.#page = page;
    }

    /** @param {string} delta */
    append(delta) {
        if (this.#grows && !/[\n`]/.test(delta)) {
            this.#open += delta;
            this.#page.more(delta);
            return;
        }
        let rest = this.#open + delta;
        if (this.#open !== '') this.#page.rewind();
        this.#open = '';
        this.#grows = false;
        while (rest !== '' && this.#open === '') rest = rest.slice(this.#step(rest));
    }

    /**
     * @param {string} rest
     * @returns {number} characters of it that are decided
     */
    #step(rest) {
        if (this.#in === 'head') return this.#head(rest);
        if (this.#in === 'code') return this.#code(rest);
        return this.#in === 'prose' && !rest.startsWith('\n') ? this.#inline(rest) : this.#lineStart(rest);
    }

    /**
     * Outside of code: a line ends, or begins. Does a block begin with it?
     *
     * @param {string} rest
     */
    #lineStart(rest) {
        const space = /^\s*/.exec(rest)?.[0] ?? '';
        const newlines = space.slice(0, space.lastIndexOf('\n') + 1);
        const line = rest.slice(newlines.length);
        const begins = this.#in !== 'prose' || newlines.indexOf('\n') < newlines.length - 1;
        if (begins && newlines !== '') {
            if (this.#in === 'nothing') this.#page.block('prose');
            this.#in = 'blank';
            return this.#show('hidden', newlines);
        }
        if (line.trim() === '' || MAYBE_FENCE.test(line)) {
            return this.#wait(rest, line.trim() === '' ? 'hidden' : 'text', { begins });
        }
        if (FENCE.test(line)) {
            this.#show('hidden', newlines);
            this.#page.block('code');
            this.#in = 'head';
            return newlines.length;
        }
        if (begins) this.#page.block('prose');
        this.#in = 'prose';
        return this.#show('text', space);
    }

    /** @param {string} rest */
    #inline(rest) {
        const text = /^[^`\n]+/.exec(rest)?.[0];
        if (text) return this.#show('text', text);
        const code = /^`[^`\n]+`/.exec(rest)?.[0];
        if (code) return this.#show('code', code);
        const stray = /^`[^`\n]*/.exec(rest)?.[0] ?? '';
        return stray.length < rest.length ? this.#show('text', stray) : this.#wait(rest, 'text', { grows: true });
    }

    /** @param {string} rest from the fence that opens on */
    #head(rest) {
        const [all = '', ticks = '', language = '', end = ''] = /^( {0,3}```)([^\n]*)(\n?)/.exec(rest) ?? [];
        const kind = language.trim() === '' ? 'hidden' : 'label';
        if (end === '') this.#page.mark();
        this.#show('hidden', ticks);
        this.#show(kind, language + end);
        if (end === '') {
            this.#open = rest;
            this.#grows = kind === 'label';
            return 0;
        }
        this.#in = 'code';
        this.#first = true;
        return all.length;
    }

    /** @param {string} rest */
    #code(rest) {
        const fence = this.#first || rest.startsWith('\n') ? /^\n? {0,3}```[^\n]*\n?/.exec(rest)?.[0] : undefined;
        if (fence?.endsWith('\n')) {
            this.#in = 'nothing';
            return this.#show('hidden', fence);
        }
        if (fence) return this.#wait(rest, 'hidden', { grows: true });
        if (rest === '\n') return this.#wait(rest, 'hidden');
        const maybe = rest.startsWith('\n') ? rest.slice(1) : this.#first ? rest : 'x';
        if (MAYBE_FENCE.test(maybe)) return this.#wait(rest, 'text');
        this.#first = false;
        return this.#show('text', /^\n?[^\n]*/.exec(rest)?.[0] ?? '');
    }

    /**
     * @param {SpanKind} kind
     * @param {string} text
     */
    #show(kind, text) {
        if (text !== '') this.#page.span(kind, text);
        return text.length;
    }

    /**
     * @param {string} rest all that is left
     * @param {SpanKind} kind as what it is shown for now
     * @param {{begins?: boolean, grows?: boolean}} [how] `begins`: in a block of its own
     */
    #wait(rest, kind, { begins = false, grows = false } = {}) {
        this.#page.mark();
        if (begins && (this.#in === 'nothing' || kind === 'text')) this.#page.block('prose');
        this.#page.span(kind, rest);
        this.#open = rest;
        this.#grows = grows;
        return 0;
    }
}
