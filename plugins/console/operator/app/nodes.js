import { part } from './dom.js';
import { clock, duration, number, text } from './format.js';
import { Table } from './table.js';

/**
 * The nodes of this store. One that was there and is not any more is shown as gone for a while, because that is what an operator looks
 * for: the store remembers those that died, and the page those that left while it looked.
 *
 * @typedef {{node: string, server?: string, sessions?: number, connections?: number, left_ms?: number, goneAt: number}} Known
 */

const GONE_KEPT = 10;

export class Nodes {
    /** @type {Map<string, Known>} */
    #known = new Map();
    #self = '';
    #table = new Table('Nodes', (/** @type {Known} */ one) => one.node, this.#columns(), 'No node is registered.');

    constructor() {
        part('node-list').append(this.#table.element);
    }

    /**
     * @param {any} answer of `/admin/v1/nodes`
     * @param {number} now since 1970
     */
    show(answer, now) {
        this.#self = String(answer.self);
        const here = new Set(answer.nodes.map((/** @type {any} */ one) => one.node));
        for (const one of this.#known.values()) if (!here.has(one.node) && one.goneAt === 0) one.goneAt = now;
        for (const one of answer.nodes) this.#known.set(one.node, { ...one, goneAt: one.left_ms > 0 ? 0 : now + one.left_ms });
        const gone = [...this.#known.values()].filter(({ goneAt }) => goneAt > 0).sort((a, b) => b.goneAt - a.goneAt);
        for (const { node } of gone.slice(GONE_KEPT)) this.#known.delete(node);
        this.#table.show([...this.#known.values()].sort((a, b) => (a.node < b.node ? -1 : 1)));
    }

    /** @returns {import('./table.js').Column<Known>[]} */
    #columns() {
        return [
            { label: 'Node', text: ({ node }) => (node === this.#self ? `${node} (this one)` : node) },
            { label: 'State', text: ({ goneAt }) => (goneAt > 0 ? `gone since ${clock(goneAt)}` : 'up'), tone: ({ goneAt }) => (goneAt > 0 ? 'bad' : 'good') },
            { label: 'Version', text: ({ server }) => text(server) },
            { label: 'Sessions', text: ({ sessions }) => number(sessions) },
            { label: 'Connections', text: ({ connections }) => number(connections) },
            { label: 'Lease ends in', text: ({ left_ms: left, goneAt }) => (goneAt > 0 ? '–' : duration(left)) },
        ];
    }
}
