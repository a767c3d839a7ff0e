/**
 * Typed events without the ceremony of EventTarget: `on` returns the way off.
 *
 * @template {Record<string, any>} Events
 */
export class Emitter {
    /** @type {Map<keyof Events, Set<(detail: any) => void>>} */
    #listeners = new Map();

    /**
     * @template {keyof Events} K
     * @param {K} name
     * @param {(detail: Events[K]) => void} listener
     * @returns {() => void} removes the listener
     */
    on(name, listener) {
        const listeners = this.#listeners.get(name) ?? new Set();
        this.#listeners.set(name, listeners.add(listener));
        return () => void listeners.delete(listener);
    }

    /**
     * @template {keyof Events} K
     * @param {K} name
     * @param {Events[K]} detail
     */
    emit(name, detail) {
        for (const listener of [...(this.#listeners.get(name) ?? [])]) {
            try {
                listener(detail);
            } catch (error) {
                // A listener's mistake is its own: the stream goes on, the runtime reports it as uncaught.
                queueMicrotask(() => {
                    throw error;
                });
            }
        }
    }
}
