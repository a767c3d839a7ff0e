/**
 * Asks a node again and again without ever being a burden: one call under way, at most one started per second, none while nobody
 * looks; and when the node does not answer, ever fewer, at random times, so that many open pages do not come back at once.
 *
 * @typedef {{name: string, everyMs: number, wanted: () => boolean, run: () => Promise<void>}} Task
 * @typedef {{now: () => number, setTimeout: (call: () => void, ms: number) => any, clearTimeout: (timer: any) => void}} Clock
 */

export const GAP_MS = 1000;
const RETRY_LEAST_MS = 1000;
const RETRY_MOST_MS = 30_000;

/** @type {Clock} */
const SYSTEM_CLOCK = {
    now: () => performance.now(),
    setTimeout: (call, ms) => setTimeout(call, ms),
    clearTimeout: (timer) => clearTimeout(timer),
};

export class Poller {
    #tasks;
    #report;
    #clock;
    #random;
    /** When each is due again. @type {Map<string, number>} */
    #due = new Map();
    #notBefore = -Infinity;
    #failures = 0;
    #isRunning = false;
    #isBusy = false;
    /** @type {any} */
    #timer;

    /**
     * @param {Task[]} tasks a task fails by throwing: the node did not answer
     * @param {(state: {error: unknown, retryInMs: number}) => void} report after every call; no error: it went well
     * @param {{clock?: Clock, random?: () => number}} [surroundings]
     */
    constructor(tasks, report, { clock = SYSTEM_CLOCK, random = Math.random } = {}) {
        this.#tasks = tasks;
        this.#report = report;
        this.#clock = clock;
        this.#random = random;
    }

    /** What was known before may be old: everything is due. */
    start() {
        this.#isRunning = true;
        this.#due.clear();
        this.#plan();
    }

    stop() {
        this.#isRunning = false;
        this.#clock.clearTimeout(this.#timer);
    }

    /** @param {string} [name] what is wanted now; nothing: whatever is due, without waiting for the next try */
    hurry(name) {
        if (name !== undefined) this.#due.set(name, -Infinity);
        else this.#notBefore = Math.min(this.#notBefore, this.#clock.now());
        this.#plan();
    }

    #next() {
        const wanted = this.#tasks.filter((task) => task.wanted());
        const due = (/** @type {Task} */ task) => this.#due.get(task.name) ?? -Infinity;
        return wanted.reduce((/** @type {Task | undefined} */ first, task) => (first && due(first) <= due(task) ? first : task), undefined);
    }

    #plan() {
        this.#clock.clearTimeout(this.#timer);
        const task = this.#next();
        if (!this.#isRunning || this.#isBusy || !task) return;
        const at = Math.max(this.#due.get(task.name) ?? -Infinity, this.#notBefore);
        this.#timer = this.#clock.setTimeout(() => this.#run(task), Math.max(0, at - this.#clock.now()));
    }

    /** @param {Task} task */
    async #run(task) {
        const begun = this.#clock.now();
        this.#isBusy = true;
        this.#due.set(task.name, begun + task.everyMs);
        this.#notBefore = begun + GAP_MS;
        /** @type {unknown} */
        let failure;
        try {
            await task.run();
            this.#failures = 0;
        } catch (error) {
            failure = error;
            this.#failures += 1;
            this.#due.set(task.name, -Infinity);
            this.#notBefore = this.#clock.now() + this.#backoff();
        }
        this.#isBusy = false;
        if (!this.#isRunning) return;
        this.#report({ error: failure, retryInMs: this.#notBefore - this.#clock.now() });
        this.#plan();
    }

    /** Between half of a bound and all of it; the bound doubles. */
    #backoff() {
        const bound = Math.min(RETRY_MOST_MS, RETRY_LEAST_MS * 2 ** Math.min(this.#failures - 1, 10));
        return Math.max(GAP_MS, bound * (0.5 + this.#random() / 2));
    }
}
