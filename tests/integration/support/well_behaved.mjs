// What others do to a host shows at a client that does nothing wrong: how long its entries take, and what the host holds afterwards.
import assert from 'node:assert/strict';

import { Wire, heardAt } from './wire.mjs';

const EVERY_MS = 2;
const SLACK_MS = 1;

export const p99 = (values) => values.toSorted((a, b) => a - b)[Math.floor(values.length * 0.99)];
export const span = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What a disturbed client may take where it takes `calm` undisturbed. */
export const boundOf = (calm, slackMs = SLACK_MS) => 2 * p99(calm) + slackMs;

/**
 * What `round` answers holds in one of so many: what the machine did is seen in one, what the host does in all.
 *
 * @param {() => Promise<() => void>} round
 */
export async function inOneOf(rounds, round) {
    for (;;) {
        const holds = await round();
        try {
            return holds();
        } catch (error) {
            rounds -= 1;
            if (rounds === 0) throw error;
        }
    }
}

/** Writes to a stream at a fixed rate, whether the host keeps up or not, and reads it: each entry goes through the whole host. */
export class WellBehaved {
    #last = 0;

    static async join(host, stream = 'well.behaved') {
        const client = new WellBehaved();
        client.stream = stream;
        client.wire = await Wire.join(host, {});
        client.wire.patienceMs = 60_000;
        const answer = await client.wire.ask({ type: 'subscribe', stream, from: 'tail' });
        assert.equal(answer.type, 'subscribed', JSON.stringify(answer));
        return client;
    }

    /** Until `over`, or fails with it: how long each entry took from its writing to its reading, in ms. */
    async latencies(over) {
        this.wire.frames.length = 0;
        const sent = new Map();
        const writing = setInterval(() => {
            this.#last += 1;
            sent.set(this.#last, performance.now());
            this.wire.say({ type: 'append', id: this.#last, stream: this.stream, entries: [{ kind: 'part', number: this.#last }] });
        }, EVERY_MS);
        await Promise.resolve(over).finally(() => clearInterval(writing));
        const isOurs = (frame) => frame.type === 'chunk' && frame.stream === this.stream;
        await this.wire.frame((frame) => isOurs(frame) && frame.data.number === this.#last, 'the last entry');
        const read = this.wire.frames.filter(isOurs);
        assert.equal(read.map(({ data }) => data.number).join(), [...sent.keys()].join(), 'each entry, once and in order');
        return read.map((frame) => heardAt(frame) - sent.get(frame.data.number));
    }

    close() {
        this.wire.cut();
    }
}

/** What a host holds. */
export class Footprint {
    static async of(host) {
        const print = new Footprint();
        [print.host, print.descriptors, print.bytes] = [host, await host.openDescriptors(), await host.residentBytes()];
        return print;
    }

    /** Until the host holds that again, but for `spareBytes`, which the allocator may keep. @returns {Promise<number>} bytes more */
    async isBack(spareBytes) {
        let [descriptors, grown] = [0, 0];
        const look = async () => {
            [descriptors, grown] = [await this.host.openDescriptors(), (await this.host.residentBytes()) - this.bytes];
            return descriptors <= this.descriptors && grown <= spareBytes;
        };
        await this.host.until(look).catch(() => assert.fail(`${descriptors} of ${this.descriptors} descriptors, ${grown} bytes more`));
        return grown;
    }
}
