import { StreamhostError } from '../errors.js';

/**
 * What a core wants done, in the order in which it came to want it, and the state that it shows. It performs
 * nothing itself: whoever owns it takes the list.
 *
 * @typedef {import('./stream.js').Frame} Frame
 * @typedef {'idle' | 'connecting' | 'open' | 'resuming' | 'degraded' | 'offline' | 'closed'} ConnectionState
 * @typedef {{state: ConnectionState, reason?: string, code?: number, retryInMs?: number, attempt?: number}} StateDetail
 * @typedef {{do: 'dial'}
 *   | {do: 'write', text: string}
 *   | {do: 'drop'}
 *   | ({do: 'state'} & StateDetail)
 *   | {do: 'welcome', frame: Frame}
 *   | {do: 'settle', id: number, frame?: Frame, error?: StreamhostError}
 *   | import('./streams.js').StreamAction
 *   | {do: 'notice', error: StreamhostError}
 *   | {do: 'goaway', reason: string, reconnectAfterMs: number}} Action
 */
export class Actions {
    /** @type {Action[]} */
    #list = [];
    /** @type {StateDetail} */
    #state = { state: 'idle' };

    /** @returns {Readonly<StateDetail>} */
    get state() {
        return this.#state;
    }

    /** @returns {Action[]} oldest first; the list is handed over */
    take() {
        const list = this.#list;
        this.#list = [];
        return list;
    }

    /** @param {Action} action */
    push(action) {
        this.#list.push(action);
    }

    /** @param {Frame} frame */
    write(frame) {
        this.push({ do: 'write', text: JSON.stringify(frame) });
    }

    /** @param {import('./requests.js').Outcome[]} outcomes */
    settle(outcomes) {
        for (const outcome of outcomes) this.push({ do: 'settle', ...outcome });
    }

    /** @param {StateDetail} detail */
    show(detail) {
        this.#state = detail;
        this.push({ do: 'state', ...detail });
    }

    /** @param {StreamhostError} error */
    notice(error) {
        this.push({ do: 'notice', error });
    }
}
