import { Chart, History } from './chart.js';
import { h, part, say } from './dom.js';
import { bytes, duration, measure, number, text } from './format.js';
import { mean } from './metrics.js';
import { Facts, Table } from './table.js';

/** How the node is, in numbers, words and lines. */

const KEPT_MS = 10 * 60_000;
const LEAST_MS = 60_000;
/** @type {Record<string, string>} */
const TONES = { running: 'good', ok: 'good', on: 'good', closed: 'good', degraded: 'busy', starting: 'busy', probing: 'busy', idle: 'busy', off: '' };

export class Overview {
    #facts = new Facts(part('facts'));
    #store = new Facts(part('store'));
    #listeners = new Table('Listeners', (/** @type {any} */ one) => one.name, listenerColumns(), 'This node has no listener.');
    /** @type {Map<string, {history: History, chart: Chart}>} */
    #charts = new Map();
    #memory = '';

    /** @param {{nodeEveryMs: number, metricsEveryMs: number}} periods */
    constructor({ nodeEveryMs, metricsEveryMs }) {
        part('listeners').append(this.#listeners.element);
        this.#add('connections', 'Connections', '', nodeEveryMs);
        this.#add('frames', 'Frames to clients', '/s', metricsEveryMs);
        this.#add('requests', 'Messages from clients', '/s', metricsEveryMs);
        this.#add('delivery', 'Delivery, mean', ' ms', metricsEveryMs);
        this.#add('store', 'Store, mean', ' ms', metricsEveryMs);
        this.#add('lag', 'Event loops, longest wait', ' ms', nodeEveryMs);
    }

    /**
     * @param {string} name
     * @param {string} label
     * @param {string} unit
     * @param {number} everyMs
     */
    #add(name, label, unit, everyMs) {
        const history = new History({ keptMs: KEPT_MS, leastMs: LEAST_MS, everyMs });
        const chart = new Chart(label, unit, history);
        this.#charts.set(name, { history, chart });
        part('charts').append(chart.element);
    }

    /**
     * @param {string} name
     * @param {number} ms
     * @param {number | null | undefined} value
     */
    #point(name, ms, value) {
        const known = this.#charts.get(name);
        known?.history.add(ms, value ?? null);
        known?.chart.draw();
    }

    /**
     * @param {any} report of `/health`, or of `/admin/v1/node`, which has no canary and no reasons
     * @param {number} ms
     */
    showNode(report, ms) {
        const lag = lagOf(report);
        this.#facts.show([
            ['State', text(report.phase), TONES[report.phase] ?? 'bad'],
            ['Health', text(report.status), TONES[report.status] ?? (report.status ? 'bad' : '')],
            ['Version', text(report.server)],
            ['Up for', duration(report.uptime_ms)],
            ['Connections', `${number(report.connections)} of ${number(report.connection_limit)}`],
            ['WebSockets', number(report.websockets)],
            ['Memory', this.#memory || '–'],
        ]);
        this.#store.show(storeFacts(report.store ?? {}));
        this.#listeners.show(Object.entries(report.transports ?? {}).map(([name, one]) => ({ name, ...one })));
        this.#showReasons(Array.isArray(report.reasons) ? report.reasons.map(String) : []);
        this.#point('connections', ms, report.connections);
        this.#point('lag', ms, lag);
    }

    /**
     * @param {import('./metrics.js').Metrics} metrics
     * @param {import('./metrics.js').Rates} rates
     * @param {number} ms
     */
    showMetrics(metrics, rates, ms) {
        const [used, limit] = [metrics.sum('process_resident_memory_bytes'), metrics.sum('memory_limit_bytes')];
        this.#memory = `${bytes(used)} of ${bytes(limit)}`;
        const seconds = (/** @type {string} */ name, /** @type {Record<string, string>} */ labels = {}) => mean(metrics, rates, ms, name, labels);
        const [entries, topics] = [seconds('chunk_delivery_seconds'), seconds('canary_seconds', { probe: 'topic' })];
        const [appends, probes] = [seconds('append_seconds'), seconds('canary_seconds', { probe: 'store' })];
        this.#point('frames', ms, rates.next('frames', metrics.sum('frames_sent_total'), ms));
        this.#point('requests', ms, rates.next('requests', metrics.sum('requests_total'), ms));
        // What the traffic says; without any, what the probes say.
        this.#point('delivery', ms, inMs(entries ?? topics));
        this.#point('store', ms, inMs(appends ?? probes));
    }

    /** @param {string[]} reasons */
    #showReasons(reasons) {
        const list = part('reasons');
        list.hidden = reasons.length === 0;
        while (list.children.length > reasons.length) list.lastElementChild?.remove();
        reasons.forEach((reason, at) => say(list.children[at] ?? list.appendChild(h('li')), reason));
    }
}

/** @param {number | null} seconds */
function inMs(seconds) {
    return seconds === null ? null : seconds * 1000;
}

/** @param {any} report */
function lagOf(report) {
    const lags = Array.isArray(report.loops) ? report.loops.map((/** @type {any} */ loop) => Number(loop.lag_ms)) : [];
    return lags.length === 0 ? null : Math.max(...lags);
}

/**
 * @param {any} store
 * @returns {[string, string, string?][]}
 */
function storeFacts(store) {
    /** @type {[string, string, string?][]} */
    const facts = [
        ['Kind', text(store.kind)],
        ['Answers', store.state === 'ok' ? 'yes' : 'no', store.state === 'ok' ? 'good' : 'bad'],
    ];
    if (store.breaker === undefined) return facts;
    facts.push(['Breaker', text(store.breaker), TONES[store.breaker] ?? 'bad'], ['Master', text(store.master)], ['Redis', text(store.version)]);
    facts.push(['Failovers seen', number(store.failovers)], ['Epoch', measure(store.config_epoch)]);
    return facts;
}

/** @returns {import('./table.js').Column<any>[]} */
function listenerColumns() {
    const tone = (/** @type {string} */ key) => (/** @type {any} */ one) => TONES[one[key]] ?? 'bad';
    return [
        { label: 'Name', text: ({ name }) => name },
        { label: 'Address', text: ({ address }) => text(address) },
        { label: 'WebSocket', text: ({ websocket }) => text(websocket), tone: tone('websocket') },
        { label: 'HTTP', text: ({ http }) => text(http), tone: tone('http') },
    ];
}
