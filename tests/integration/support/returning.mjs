// A client that goes on, whatever the host does to its plugins.
import assert from 'node:assert/strict';

import { Wire, fold, positionOf } from './wire.mjs';

export const isUnavailable = (frame, id) => {
    assert.deepEqual([frame.type, frame.id, frame.code, frame.retryable], ['error', id, 'unavailable', true], JSON.stringify(frame));
    assert.ok(frame.retry_after_ms > 0 && frame.message.length > 0);
};

/** As a client does: holds what it got of each stream, comes back after each close, and goes on from there. */
export class Returning {
    closes = [];
    #held = new Map();

    /**
     * @param {object} [how] each connection is opened
     * @param {number} [patienceMs] of each connection, where an answer takes long
     */
    constructor(host, session, how = {}, patienceMs = undefined) {
        this.host = host;
        this.session = session;
        this.how = how;
        this.patienceMs = patienceMs;
    }

    async connect() {
        const resume = [...this.#held].map(([stream, frames]) => ({ stream, after: positionOf(frames.at(-1)) }));
        await this.host.until(async () => {
            try {
                this.wire = await Wire.open(this.host, this.how);
                this.wire.patienceMs = this.patienceMs ?? this.wire.patienceMs;
            } catch (error) {
                assert.match(error.message, /404/); // the gateway is off
                return false;
            }
            const answer = await this.wire.ask({ type: 'hello', session: this.session, resume }).catch((error) => {
                if (!this.wire.closed) throw error;
            });
            if (answer?.type === 'welcome') return true;
            if (answer === undefined) {
                this.closes.push(this.wire.closed.code); // told to move in the middle of its hello
                return false;
            }
            isUnavailable(answer, answer.id);
            this.closes.push((await this.wire.ended()).code);
            return false;
        });
    }

    /** What was kept of it, repeats included. */
    frames(stream) {
        return this.#held.get(stream) ?? [];
    }

    /** Until the stream's end is held; resumed by name, so each frame has to be the next one. */
    async textOf(stream) {
        for (;;) {
            const isEnd = (frame) => frame.stream === stream && frame.type === 'end';
            await Promise.race([this.wire.frame(isEnd).catch(() => {}), this.wire.ended().catch(() => {})]);
            this.#keep();
            const held = this.#held.get(stream) ?? [];
            if (held.at(-1)?.type === 'end') return fold(held);
            assert.ok(this.wire.closed, `silence: ${JSON.stringify(this.wire.frames.slice(-3))}`);
            this.closes.push(this.wire.closed.code);
            await this.connect();
        }
    }

    #keep() {
        for (const frame of this.wire.frames.splice(0)) {
            if (!['chunk', 'snapshot', 'end'].includes(frame.type)) continue;
            this.#held.set(frame.stream, [...(this.#held.get(frame.stream) ?? []), frame]);
        }
    }
}
