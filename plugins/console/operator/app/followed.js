import { part, say } from './dom.js';
import { counted, duration, number, text } from './format.js';
import { Table } from './table.js';

/**
 * Streams that readers of this node follow: answers that somebody waits for, the most silent first.
 *
 * @typedef {{stream: string, state: string, last: number, readers: number, silent_ms: number, stalled: boolean}} Stream
 */

/** Asked for each time: a node may follow hundreds of thousands. */
const SHOWN = 50;

export class Followed {
    #table = new Table('Streams that are followed', (/** @type {Stream} */ { stream }) => stream, columns(), 'Nobody reads here.');

    constructor() {
        part('followed-list').append(this.#table.element);
    }

    get path() {
        return `/admin/v1/streams?limit=${SHOWN}`;
    }

    /** @param {{total: number, streams: Stream[]}} answer */
    show({ total, streams }) {
        const rest = streams.length < total ? ` Shown are the ${streams.length} that come first.` : '';
        say(part('followed-count'), `${counted(total, 'stream')} followed for readers of this node; open answers that are silent for longest come first.${rest}`);
        this.#table.show(streams);
    }
}

/** @returns {import('./table.js').Column<Stream>[]} */
function columns() {
    return [
        { label: 'Stream', text: ({ stream }) => stream, wide: true },
        { label: 'State', text: ({ state, stalled }) => (stalled ? 'stalled' : text(state)), tone: ({ stalled }) => (stalled ? 'bad' : '') },
        { label: 'Entries', text: ({ last }) => number(last) },
        { label: 'Readers here', text: ({ readers }) => number(readers) },
        { label: 'Silent for', text: ({ silent_ms }) => duration(silent_ms) },
    ];
}
