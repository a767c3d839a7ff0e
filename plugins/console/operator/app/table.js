import { h, say } from './dom.js';

/**
 * A table that is brought to say what is true now, cell by cell: rows are known by a key and stay the same elements, so that neither the
 * keyboard's focus nor a selection nor what a screen reader has read is lost at each look. On a narrow screen its rows are shown as
 * cards; the roles are written out, because browsers forget them with the layout.
 *
 * @template Item
 * @typedef {{label: string, text?: (item: Item) => string, tone?: (item: Item) => string, wide?: boolean,
 *            make?: (key: string) => HTMLElement, update?: (element: any, item: Item) => void}} Column
 *   either `text`, or `make` and `update`; the first column names the row
 */

/** @template Item */
export class Table {
    element;
    #columns;
    #key;
    #empty;
    #body = h('tbody', { role: 'rowgroup' });
    /** @type {Map<string, {row: HTMLElement, cells: HTMLElement[]}>} */
    #rows = new Map();

    /**
     * @param {string} caption
     * @param {(item: Item) => string} key
     * @param {Column<Item>[]} columns
     * @param {string} empty said when there is no row
     */
    constructor(caption, key, columns, empty) {
        this.#columns = columns;
        this.#key = key;
        this.#empty = h('p', { class: 'about' }, empty);
        const heads = columns.map(({ label }) => h('th', { role: 'columnheader', scope: 'col' }, label));
        const head = h('thead', { role: 'rowgroup' }, h('tr', { role: 'row' }, ...heads));
        const table = h('table', { role: 'table' }, h('caption', { class: 'hidden' }, caption), head, this.#body);
        this.element = h('div', { class: 'table' }, table, this.#empty);
        this.#empty.hidden = true;
    }

    /** @param {Item[]} items in the order in which they are shown */
    show(items) {
        const keys = new Set(items.map(this.#key));
        for (const [key, { row }] of this.#rows) {
            if (keys.has(key)) continue;
            row.remove();
            this.#rows.delete(key);
        }
        items.forEach((item, index) => this.#place(item, index));
        this.#empty.hidden = items.length > 0;
    }

    /**
     * @param {Item} item
     * @param {number} index
     */
    #place(item, index) {
        const key = this.#key(item);
        const known = this.#rows.get(key) ?? this.#make(key);
        this.#columns.forEach(({ text, tone, update }, at) => {
            const cell = /** @type {HTMLElement} */ (known.cells[at]);
            if (text) say(cell, text(item));
            if (tone) cell.dataset.tone = tone(item);
            update?.(cell, item);
        });
        const there = this.#body.children[index];
        if (there !== known.row) this.#body.insertBefore(known.row, there ?? null);
    }

    /** @param {string} key */
    #make(key) {
        const row = h('tr', { role: 'row' });
        const cells = this.#columns.map(({ label, make, wide, tone }, at) => {
            const inner = make ? make(key) : h('span', tone ? { class: 'toned' } : {});
            const cell = at === 0 ? h('th', { role: 'rowheader', scope: 'row' }, inner) : h('td', { role: 'cell' }, inner);
            cell.dataset.label = label;
            cell.classList.toggle('wide', wide === true);
            row.append(cell);
            return inner;
        });
        const made = { row, cells };
        this.#rows.set(key, made);
        return made;
    }
}

/** Names and values: `dl` that is brought up to date like a table. */
export class Facts {
    #list;
    /** @type {Map<string, HTMLElement>} */
    #values = new Map();

    /** @param {HTMLElement} list */
    constructor(list) {
        this.#list = list;
    }

    /** @param {[name: string, value: string, tone?: string][]} facts */
    show(facts) {
        const names = new Set(facts.map(([name]) => name));
        for (const [name, value] of this.#values) {
            if (names.has(name)) continue;
            value.parentElement?.remove();
            this.#values.delete(name);
        }
        for (const [name, text, tone = ''] of facts) {
            const value = this.#values.get(name) ?? this.#make(name);
            say(value, text);
            value.dataset.tone = tone;
        }
    }

    /** @param {string} name */
    #make(name) {
        const value = h('dd', { class: 'toned' });
        this.#list.append(h('div', {}, h('dt', {}, name), value));
        this.#values.set(name, value);
        return value;
    }
}
