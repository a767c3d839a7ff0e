/**
 * Splits text into blocks without changing a byte: joined again they are the text. Code between fences becomes a
 * block of its own, prose is split at blank lines, so that a growing answer only touches its last block.
 *
 * @typedef {{kind: 'prose' | 'code', text: string}} Block
 * @typedef {{kind: 'text' | 'code' | 'label' | 'hidden', text: string}} Span
 */

const FENCE = /^ {0,3}```/;

/**
 * @param {string} text
 * @returns {Block[]}
 */
export function blocks(text) {
    /** @type {Block[]} */
    const found = [];
    let blank = true; // the line before was blank, or there is none
    let open = false;
    for (const line of text.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
        const fence = FENCE.test(line);
        const last = found.at(-1);
        const starts = !last || (fence && !open) || (last.kind === 'code' && !open) || (!open && blank && line.trim() !== '');
        if (starts) found.push({ kind: fence ? 'code' : 'prose', text: line });
        else last.text += line;
        if (fence) open = !open;
        blank = !open && line.trim() === '';
    }
    return found;
}

/**
 * What is shown and what only belongs to the text: fences, backticks and the blank lines between paragraphs are
 * `hidden`, their effect is in the layout.
 *
 * @param {Block} block
 * @returns {Span[]}
 */
export function spans(block) {
    return (block.kind === 'code' ? codeSpans(block.text) : proseSpans(block.text)).filter(({ text }) => text !== '');
}

/**
 * @param {string} text
 * @returns {Span[]}
 */
function codeSpans(text) {
    const [head = '', ticks = '', language = ''] = /^( {0,3}```)([^\n]*)\n?/.exec(text) ?? [];
    const rest = text.slice(head.length);
    const tail = /(?:^|\n)(?: {0,3}```[^\n]*)?\n?$/.exec(rest)?.[0] ?? '';
    const named = language.trim() !== '';
    return [
        { kind: 'hidden', text: ticks },
        { kind: named ? 'label' : 'hidden', text: head.slice(ticks.length) },
        { kind: 'text', text: rest.slice(0, rest.length - tail.length) },
        { kind: 'hidden', text: tail },
    ];
}

/**
 * @param {string} text
 * @returns {Span[]}
 */
function proseSpans(text) {
    const blank = /\n*$/.exec(text)?.[0] ?? '';
    /** @type {Span[]} */
    const pieces = text
        .slice(0, text.length - blank.length)
        .split(/(`[^`\n]+`)/)
        .map((piece, i) => ({ kind: i % 2 === 1 ? 'code' : 'text', text: piece }));
    return [...pieces, { kind: 'hidden', text: blank }];
}
