// What was promised beside what came out.
import { Late } from './generator.mjs';
import { Window } from './machine.mjs';

export const median = (values) => {
    const sorted = values.toSorted((a, b) => a - b);
    const middle = sorted.length / 2;
    return sorted.length % 2 === 1 ? sorted[Math.floor(middle)] : (sorted[middle - 1] + sorted[middle]) / 2;
};
export const rank = (values, part) => values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.ceil(values.length * part) - 1)];
export const ms = (value) => `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)} ms`;
export const percent = (value) => `${(value * 100).toFixed(0)} %`;
export const perSecond = (value) => `${Math.round(value).toLocaleString('en')}/s`;

const firstLine = (error) => String(error.message).split('\n')[0].slice(0, 160);

export class Verdicts {
    rows = [];
    hasFailed = false;

    constructor({ quick }) {
        this.quick = quick;
    }

    /**
     * @param {string} what
     * @param {{target: string, result: string, isMet: boolean, window?: {others: number, isValid: boolean}}} verdict
     */
    hold(what, { target, result, isMet, window }) {
        const isValid = this.quick || (window?.isValid ?? true);
        const verdict = isValid ? (isMet ? 'met' : 'missed') : 'not valid';
        if (verdict !== 'met' && !this.quick) this.hasFailed = true;
        this.#add([what, target, result, window === undefined ? '' : percent(window.others), verdict]);
    }

    /** Something to know beside it, of which nothing was promised. */
    tell(what, result, window) {
        this.#add([what, '-', result, window === undefined ? '' : percent(window.others), '']);
    }

    /** Something lost, doubled, changed or out of order, or something that did not work at all: never to be excused. */
    fail(what, error) {
        this.hasFailed = true;
        console.error(error);
        this.#add([what, '', firstLine(error), '', 'FAILED']);
    }

    /** Runs a part; whatever it throws is a failure of that part alone. A disturbed machine excuses what came too late. */
    async part(what, work) {
        console.error(`==> ${what}`);
        const window = new Window();
        try {
            await work();
        } catch (error) {
            const disturbed = window.end();
            const isLate = error instanceof Late || / (took longer than|not so within) \d+ ms/.test(` ${error.message}`);
            if (!isLate || disturbed.isValid) return this.fail(what, error);
            this.hold(what, { target: 'in time', result: firstLine(error), isMet: false, window: disturbed });
        }
    }

    #add(row) {
        this.rows.push(row);
        console.error(`    ${row.filter((cell) => cell !== '').join('  |  ')}`);
    }

    table() {
        const all = [['what', 'target', 'result', 'others', 'verdict'], ...this.rows];
        const widths = all[0].map((_, column) => Math.max(...all.map((row) => row[column].length)));
        return all.map((row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ').trimEnd()).join('\n');
    }
}
