import { Run } from './run.js';

/**
 * The answers of one conversation. Runs appear by themselves: the session names them, whoever started them, and a
 * reload brings back those that were running. The oldest finished ones are let go.
 *
 * @typedef {import('./storage.js').SavedRun} SavedRun
 */

const SAVE_EVERY_MS = 1000;

export class Runs {
    /** @type {Map<string, Run>} */
    #runs = new Map();
    #limit;
    #shelf;
    #clock;
    #cancel;
    #met;
    /** @type {any} */
    #timer;

    /**
     * @param {{limit: number, shelf: import('./storage.js').Shelf, clock: import('./driver.js').Clock,
     *          cancel: (id: string, reason?: string) => Promise<boolean>, met: (run: Run) => void}} options
     *        `met` is told of every run, once
     */
    constructor({ limit, shelf, clock, cancel, met }) {
        this.#limit = limit;
        this.#shelf = shelf;
        this.#clock = clock;
        this.#cancel = cancel;
        this.#met = met;
    }

    /** @returns {Run[]} oldest first */
    get all() {
        return [...this.#runs.values()];
    }

    /** @param {string} id */
    get(id) {
        return this.#runs.get(id);
    }

    /**
     * @param {string} id
     * @returns {Run} the known one, or a new one
     */
    meet(id) {
        const known = this.#runs.get(id);
        if (known) return known;
        const run = new Run(id, (reason) => this.#cancel(id, reason));
        this.#runs.set(id, run);
        this.#forgetOld();
        this.#met(run);
        return run;
    }

    /** @returns {[Run, SavedRun][]} what an earlier page has left */
    restore() {
        return Object.entries(this.#shelf.loadRuns()).map(([id, saved]) => {
            const run = this.meet(id);
            run.restore(saved);
            return [run, saved];
        });
    }

    saveSoon() {
        this.#timer ??= this.#clock.setTimeout(() => this.save(), SAVE_EVERY_MS);
    }

    save() {
        this.stopSaving();
        /** @type {Record<string, SavedRun>} */
        const open = {};
        for (const run of this.#runs.values()) {
            const saved = run.save();
            if (saved) open[run.id] = saved;
        }
        this.#shelf.saveRuns(open);
    }

    stopSaving() {
        this.#clock.clearTimeout(this.#timer);
        this.#timer = undefined;
    }

    #forgetOld() {
        for (const [id, run] of this.#runs) {
            if (this.#runs.size <= this.#limit) return;
            if (run.state === 'ended' || run.state === 'failed') this.#runs.delete(id);
        }
    }
}
