/** Time that passes only when a test says so. */
export class FakeClock {
    #now = 0;
    #lastHandle = 0;
    #timers = new Map();

    now() {
        return this.#now;
    }

    setTimeout(callback, ms) {
        const handle = ++this.#lastHandle;
        this.#timers.set(handle, { at: this.#now + ms, callback });
        return handle;
    }

    clearTimeout(handle) {
        this.#timers.delete(handle);
    }

    get pending() {
        return this.#timers.size;
    }

    /** Runs what is due until then, in order of time, letting promises settle in between. */
    async advanceTo(until) {
        await settle();
        for (;;) {
            let next = null;
            for (const [handle, timer] of this.#timers) {
                if (timer.at <= until && (next === null || timer.at < next.at)) next = { handle, ...timer };
            }
            if (next === null) break;
            this.#timers.delete(next.handle);
            this.#now = Math.max(this.#now, next.at);
            next.callback();
            await settle();
        }
        this.#now = Math.max(this.#now, until);
        await settle();
    }

    advance(ms) {
        return this.advanceTo(this.#now + ms);
    }
}

/** Lets chains of already resolved promises run to their end. */
export async function settle() {
    for (let i = 0; i < 12; i += 1) await null;
}
