import { h, say, svg } from './dom.js';
import { duration, measure } from './format.js';

const [WIDTH, HEIGHT, PAD] = [300, 84, 4];

/**
 * One number over time: what is remembered of it is bounded, older points go. A gap is a time without an answer, and is drawn as one.
 */
export class Chart {
    element;
    #unit;
    #value = h('span', { class: 'chart-value' });
    #most = h('span', { class: 'chart-most' });
    #line = svg('path', { class: 'chart-line' });
    #area = svg('path', { class: 'chart-area' });
    #drawing;
    #label;
    #history;

    /**
     * @param {string} label
     * @param {string} unit
     * @param {History} history
     */
    constructor(label, unit, history) {
        this.#label = label;
        this.#unit = unit;
        this.#history = history;
        this.#drawing = svg('svg', { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img' }, this.#area, this.#line);
        const head = h('figcaption', {}, h('span', { class: 'chart-name' }, label), this.#value);
        this.element = h('figure', { class: 'chart' }, head, this.#drawing, this.#most);
        this.draw();
    }

    draw() {
        const { points, last, most, spanMs } = this.#history;
        const highest = `most ${measure(most)}${this.#unit} in ${duration(spanMs)}`;
        const shown = last === null ? '–' : `${measure(last)}${this.#unit}`;
        say(this.#value, shown);
        say(this.#most, points.length > 1 ? highest : 'collecting');
        this.#drawing.setAttribute('aria-label', `${this.#label}: now ${shown}, ${highest}`);
        const { line, area } = this.#history.path(WIDTH, HEIGHT, PAD);
        this.#line.setAttribute('d', line);
        this.#area.setAttribute('d', area);
    }
}

/** The points of a chart. Knows no DOM. */
export class History {
    #keptMs;
    #leastMs;
    #gapMs;
    /** @type {{ms: number, value: number}[]} */
    points = [];

    /**
     * @param {{keptMs: number, everyMs: number, leastMs?: number}} options `everyMs`: how often a point comes, three of them missing are
     *   a gap; `leastMs`: the least time that the width stands for, it grows up to what is kept
     */
    constructor({ keptMs, everyMs, leastMs = keptMs }) {
        this.#keptMs = keptMs;
        this.#leastMs = leastMs;
        this.#gapMs = 3 * everyMs;
    }

    /**
     * @param {number} ms later than the one before
     * @param {number | null} value null: not known
     */
    add(ms, value) {
        if (value !== null && Number.isFinite(value)) this.points.push({ ms, value });
        const begin = ms - this.#keptMs;
        while (this.points[0] && this.points[0].ms < begin) this.points.shift();
    }

    get last() {
        return this.points.at(-1)?.value ?? null;
    }

    get most() {
        return this.points.length === 0 ? null : Math.max(...this.points.map(({ value }) => value));
    }

    /** What the width stands for. */
    get spanMs() {
        const [first, last] = [this.points[0], this.points.at(-1)];
        return Math.max(this.#leastMs, first && last ? last.ms - first.ms : 0);
    }

    /**
     * @param {number} width
     * @param {number} height
     * @param {number} pad above and below
     * @returns {{line: string, area: string}} data of SVG paths; the newest point is on the right
     */
    path(width, height, pad) {
        const end = this.points.at(-1)?.ms ?? 0;
        const spanMs = this.spanMs;
        const scale = (height - 2 * pad) / (this.most || 1);
        let [line, area, before] = ['', '', -Infinity];
        const at = (/** @type {number} */ number) => number.toFixed(1);
        let start = '';
        for (const { ms, value } of this.points) {
            const x = at(width - ((end - ms) * width) / spanMs);
            const y = at(height - pad - value * scale);
            const isNew = ms - before > this.#gapMs;
            if (isNew && area !== '') area += `V${height}H${start}Z`;
            line += `${isNew ? 'M' : 'L'}${x} ${y}`;
            area += isNew ? `M${x} ${height}V${y}` : `L${x} ${y}`;
            if (isNew) start = x;
            before = ms;
        }
        return { line, area: area === '' ? '' : `${area}V${height}H${start}Z` };
    }
}
