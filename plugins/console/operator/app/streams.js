import { part } from './dom.js';
import { measure, number } from './format.js';
import { Table } from './table.js';

/**
 * What flows through this node, by its metrics; the streams themselves are in followed.js.
 *
 * @typedef {{name: string, now: number | null, rate: number | null, isBad: boolean}} Line
 */

/** @type {[name: string, metric: string, labels?: Record<string, string>][]} */
const OPEN = [
    ['Readers: connections that follow streams', 'readers'],
    ['Streams followed by them', 'subscriptions'],
    ['Runs that are answered', 'runs_active'],
    ['Runs that wait for a thread', 'runs_pending'],
    ['Runs that wait for a worker', 'runs_waiting_for_worker'],
    ['Runs held as a worker', 'runs_held_by_worker'],
];
/** What should be rare is marked when it happens. @type {[name: string, metric: string, label: string, good: string[]][]} */
const COUNTED = [
    ['Appends', 'appends_total', 'result', ['ok', 'dup']],
    ['Runs ended', 'runs_total', 'outcome', ['complete', 'cancelled']],
    ['Readers brought up to date', 'recoveries_total', 'result', ['live', 'replayed', 'snapshot', 'completed']],
];
/** @type {[name: string, metric: string, labels?: Record<string, string>][]} */
const TROUBLE = [
    ['Holes filled from the log', 'stream_gap_total'],
    ['Streams that changed under their readers', 'stream_divergence_total'],
    ['Readers that fell behind this node’s log', 'slow_consumers_total', { action: 'read_again' }],
    ['Frames refused to clients that do not read', 'slow_consumers_total', { action: 'refused' }],
];

export class Streams {
    #table = new Table('Streams', (/** @type {Line} */ { name }) => name, columns(), 'This node tells nothing of streams.');

    constructor() {
        part('stream-list').append(this.#table.element);
    }

    /**
     * @param {import('./metrics.js').Metrics} metrics
     * @param {import('./metrics.js').Rates} rates
     * @param {number} ms
     */
    show(metrics, rates, ms) {
        /** @type {Line[]} */
        const lines = OPEN.map(([name, metric]) => ({ name, now: metrics.sum(metric), rate: null, isBad: false }));
        const count = (/** @type {string} */ name, /** @type {string} */ key, /** @type {number | null} */ now, /** @type {boolean} */ isGood) => {
            const rate = rates.next(key, now, ms);
            lines.push({ name, now, rate, isBad: !isGood && (rate ?? 0) > 0 });
        };
        for (const [name, metric, label, good] of COUNTED) {
            for (const [value, total] of metrics.by(metric, label)) {
                const isGood = good.includes(value);
                if (isGood || total > 0) count(`${name}: ${value}`, `${metric} ${value}`, total, isGood);
            }
        }
        for (const [name, metric, labels] of TROUBLE) count(name, name, metrics.sum(metric, labels), false);
        this.#table.show(lines.filter(({ now }) => now !== null));
    }
}

/** @returns {import('./table.js').Column<Line>[]} */
function columns() {
    return [
        { label: 'What', text: ({ name }) => name, wide: true },
        { label: 'Now, or since the start', text: ({ now }) => number(now) },
        { label: 'Per second', text: ({ rate }) => (rate === null ? '–' : measure(rate)), tone: ({ isBad }) => (isBad ? 'bad' : '') },
    ];
}
