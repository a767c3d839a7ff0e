/**
 * Where a client keeps what has to outlive a page: sends that were not acknowledged, and the running answers with
 * the position that belongs to them. Position and content are saved together, because a position whose content
 * is gone would make the server skip what nobody holds.
 *
 * `localStorage` and `sessionStorage` fit as they are; so does any object with these three methods.
 *
 * @typedef {{getItem(key: string): string | null, setItem(key: string, value: string): void,
 *            removeItem(key: string): void}} KeyValueStore
 */

/**
 * @implements {KeyValueStore}
 */
export class MemoryStorage {
    /** @type {Map<string, string>} */
    #values = new Map();

    /** @param {string} key */
    getItem(key) {
        return this.#values.get(key) ?? null;
    }

    /**
     * @param {string} key
     * @param {string} value
     */
    setItem(key, value) {
        this.#values.set(key, value);
    }

    /** @param {string} key */
    removeItem(key) {
        this.#values.delete(key);
    }
}

/**
 * @param {'local' | 'session' | 'memory' | KeyValueStore | undefined} choice default: `session` where there is one
 * @returns {KeyValueStore}
 */
export function chooseStorage(choice) {
    if (choice !== undefined && typeof choice !== 'string') return choice;
    if (choice === 'memory') return new MemoryStorage();
    return (choice === 'local' ? browserStorage('localStorage') : browserStorage('sessionStorage')) ?? new MemoryStorage();
}

/**
 * Touching the property throws where the user has forbidden storage.
 *
 * @param {'localStorage' | 'sessionStorage'} name
 * @returns {KeyValueStore | null}
 */
function browserStorage(name) {
    try {
        return 'document' in globalThis ? globalThis[name] : null;
    } catch {
        return null;
    }
}

/**
 * @typedef {{key: string, body: {content?: string, data?: any, options?: any}, at: number}} SavedSend
 * @typedef {{seq: number, check: string, entries: any[]}} SavedRun
 */

/** The server keeps an idempotency key for 24 h. After that a repeat would be a second message. */
export const SEND_LIFETIME_MS = 20 * 3600 * 1000;
/** A page may keep about 5 MB in all. A longer answer is fetched again as a snapshot. */
const MAX_RUN_CHARS = 512 * 1024;

/** One session's shelf in a store that others use too. */
export class Shelf {
    #store;
    #prefix;
    #onError;

    /**
     * @param {KeyValueStore} store
     * @param {string} session
     * @param {(error: unknown) => void} onError a full or forbidden store costs resuming over a reload, nothing else
     */
    constructor(store, session, onError) {
        this.#store = store;
        this.#prefix = `streamhost:${session}:`;
        this.#onError = onError;
    }

    /**
     * @param {number} wallNow
     * @returns {SavedSend[]}
     */
    loadSends(wallNow) {
        const sends = this.#load('sends');
        if (!Array.isArray(sends)) return [];
        return sends.filter((send) => isSavedSend(send) && wallNow - send.at < SEND_LIFETIME_MS);
    }

    /** @param {SavedSend[]} sends */
    saveSends(sends) {
        this.#save('sends', sends.length > 0 ? sends : null);
    }

    /** @returns {Record<string, SavedRun>} */
    loadRuns() {
        const runs = Object.entries(this.#load('runs') ?? {}).filter(([, run]) => isSavedRun(run));
        return Object.fromEntries(runs);
    }

    /** @param {Record<string, SavedRun>} runs the open ones; those too large to save are left out */
    saveRuns(runs) {
        let left = MAX_RUN_CHARS;
        /** @type {Record<string, SavedRun>} */
        const kept = {};
        for (const [id, run] of Object.entries(runs)) {
            const size = JSON.stringify(run).length;
            if (size > left) continue;
            left -= size;
            kept[id] = run;
        }
        this.#save('runs', Object.keys(kept).length > 0 ? kept : null);
    }

    /**
     * @param {string} name
     * @returns {unknown} null: nothing
     */
    #load(name) {
        try {
            return JSON.parse(this.#store.getItem(this.#prefix + name) ?? 'null');
        } catch (error) {
            this.#onError(error);
            return null;
        }
    }

    /**
     * @param {string} name
     * @param {unknown} value null: nothing
     */
    #save(name, value) {
        try {
            if (value === null) this.#store.removeItem(this.#prefix + name);
            else this.#store.setItem(this.#prefix + name, JSON.stringify(value));
        } catch (error) {
            this.#onError(error);
        }
    }
}

/**
 * Other versions and other hands write to the same store.
 *
 * @param {any} send
 * @returns {send is SavedSend}
 */
function isSavedSend(send) {
    return typeof send?.key === 'string' && typeof send.at === 'number' && typeof send.body === 'object';
}

/**
 * @param {any} run
 * @returns {run is SavedRun}
 */
function isSavedRun(run) {
    return Number.isSafeInteger(run?.seq) && run.seq > 0 && typeof run.check === 'string' && Array.isArray(run.entries);
}
