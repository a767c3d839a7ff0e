/**
 * Reads what `/metrics` says (Prometheus text format 0.0.4), as far as a page needs it. Knows no DOM.
 *
 * @typedef {{labels: Record<string, string>, value: number}} Sample
 */
export class Metrics {
    /** @type {Map<string, Sample[]>} */
    #samples = new Map();

    /** @param {string} text lines that cannot be read are passed over */
    constructor(text) {
        for (const line of text.split('\n')) {
            const [, name, labels = '', value] = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?[ \t]+(\S+)/.exec(line) ?? [];
            if (!name || line.startsWith('#')) continue;
            const known = name.replace(/^streamhost_/, '');
            const list = this.#samples.get(known) ?? [];
            list.push({ labels: labelsOf(labels), value: numberOf(String(value)) });
            this.#samples.set(known, list);
        }
    }

    /**
     * @param {string} name without `streamhost_`
     * @param {Record<string, string>} [labels] only samples that have these
     * @returns {number | null} the sum of the samples; null: there is none
     */
    sum(name, labels = {}) {
        const found = (this.#samples.get(name) ?? []).filter((sample) =>
            Object.entries(labels).every(([key, value]) => sample.labels[key] === value),
        );
        return found.length === 0 ? null : found.reduce((total, { value }) => total + value, 0);
    }

    /**
     * @param {string} name
     * @param {string} label
     * @returns {Map<string, number>} the samples by the value of one label, in the order of the text
     */
    by(name, label) {
        /** @type {Map<string, number>} */
        const sums = new Map();
        for (const { labels, value } of this.#samples.get(name) ?? []) {
            const key = labels[label] ?? '';
            sums.set(key, (sums.get(key) ?? 0) + value);
        }
        return sums;
    }
}

/** What counters do per second, between one look and the next. */
export class Rates {
    /** @type {Map<string, {value: number, ms: number}>} */
    #last = new Map();

    /**
     * @param {string} key
     * @param {number | null} value of a counter now
     * @param {number} ms now
     * @returns {number | null} null: not known yet. A counter that fell began anew with its process
     */
    next(key, value, ms) {
        const last = this.#last.get(key);
        if (value === null) {
            this.#last.delete(key);
            return null;
        }
        this.#last.set(key, { value, ms });
        if (!last || ms <= last.ms) return null;
        return ((value < last.value ? value : value - last.value) * 1000) / (ms - last.ms);
    }
}

/**
 * @param {Metrics} metrics
 * @param {Rates} rates
 * @param {number} ms now
 * @param {string} name of a histogram
 * @param {Record<string, string>} [labels]
 * @returns {number | null} the mean of what came since the look before; null: nothing did
 */
export function mean(metrics, rates, ms, name, labels = {}) {
    const [sum, count] = ['sum', 'count'].map((part) => {
        const key = `${name}_${part}`;
        return rates.next(`${key} ${JSON.stringify(labels)}`, metrics.sum(key, labels), ms);
    });
    return count ? (sum ?? 0) / count : null;
}

/**
 * @param {string} text
 * @returns {Record<string, string>}
 */
function labelsOf(text) {
    /** @type {Record<string, string>} */
    const labels = Object.create(null);
    for (const [, name, value] of text.matchAll(/([A-Za-z_]\w*)="((?:[^"\\]|\\.)*)"/g)) {
        labels[String(name)] = String(value).replace(/\\(.)/g, (_, next) => (next === 'n' ? '\n' : next));
    }
    return labels;
}

/** @param {string} text */
function numberOf(text) {
    if (/^[+-]?Inf$/.test(text)) return text.startsWith('-') ? -Infinity : Infinity;
    return Number(text);
}
