import { part, say } from './dom.js';
import { Table } from './table.js';

/**
 * The configuration in force, key by key, with where each value came from. Secrets come masked from the node.
 *
 * @typedef {{path: string, value: string, origin: string}} Key
 */
export class Configuration {
    /** @type {Key[]} */
    #keys = [];
    #table = new Table('Configuration', (/** @type {Key} */ { path }) => path, columns(), 'No key has that in it.');

    constructor() {
        part('configuration-list').append(this.#table.element);
        part('configuration-filter').addEventListener('input', () => this.#draw());
    }

    /** @param {{configuration: any, origins?: Record<string, string>, waiting?: {path: string}[]}} answer */
    show({ configuration, origins = {}, waiting = [] }) {
        say(part('waiting'), `Accepted, and waiting for a restart: ${waiting.map(({ path }) => path).join(', ')}`);
        part('waiting').hidden = waiting.length === 0;
        this.#keys = flat(configuration).map(({ path, value }) => ({ path, value, origin: origins[path] ?? '' }));
        this.#draw();
    }

    #draw() {
        const sought = /** @type {HTMLInputElement} */ (part('configuration-filter')).value.trim().toLowerCase();
        this.#table.show(this.#keys.filter(({ path, value }) => `${path} ${value}`.toLowerCase().includes(sought)));
    }
}

/**
 * Leaves of a tree by their path; a name with a dot is quoted, as in `--set`. Knows no DOM.
 *
 * @param {any} tree
 * @returns {{path: string, value: string}[]}
 */
export function flat(tree, prefix = '') {
    const isBranch = tree !== null && typeof tree === 'object' && !Array.isArray(tree);
    if (!isBranch || Object.keys(tree).length === 0) return [{ path: prefix, value: JSON.stringify(tree) ?? '' }];
    return Object.entries(tree).flatMap(([name, value]) => {
        const quoted = name.includes('.') ? `"${name}"` : name;
        return flat(value, prefix === '' ? quoted : `${prefix}.${quoted}`);
    });
}

/** @returns {import('./table.js').Column<Key>[]} */
function columns() {
    return [
        { label: 'Key', text: ({ path }) => path, wide: true },
        { label: 'Value', text: ({ value }) => value, wide: true },
        { label: 'From', text: ({ origin }) => origin, tone: ({ origin }) => (origin === 'default' ? '' : 'set') },
    ];
}
