// Two hundred readers of one stream, some of whom read slowly or not at all what else they asked for: the others pay nothing for it,
// and neither does the host's memory.
import assert from 'node:assert/strict';
import { it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { Stopwatch } from './support/machine.mjs';
import { fold, heardAt, Wire } from './support/wire.mjs';

const READERS = 200;
const DEAF = 8;
const ENTRIES = 150;
const HEAVY_STREAMS = 3; // each as large as a run may be: the kernel alone cannot hold them all
const PIECE = 'x'.repeat(128 << 10);
const P99_MS = 250;
const GROWTH_BYTES = 64 << 20; // what the streams hold is a third of it
const SLOW_MS = 100; // of which the slow one reads one part in ten

const heavy = (index) => `crowd.heavy-${index % HEAVY_STREAMS}`;
const p99 = (values) => values.sort((a, b) => a - b)[Math.floor(values.length * 0.99)];

/** Claims streams of its own and appends to them, one entry after the other. */
class Producer {
    #streams = new Map();

    constructor(wire) {
        this.wire = wire;
    }
    async append(stream, delta, isLast = false) {
        if (!this.#streams.has(stream)) this.#streams.set(stream, { fence: (await this.wire.ask({ type: 'claim', stream, lease_ms: 30_000 })).fence, seq: 0 });
        const own = this.#streams.get(stream);
        const end = isLast && { end: { outcome: 'complete' } };
        const answer = await this.wire.ask({ type: 'append', stream, fence: own.fence, seq: ++own.seq, entries: [{ kind: 'text', delta }], ...end });
        assert.equal(answer.type, 'appended', JSON.stringify(answer));
    }
}

it('who does not read costs the others neither time nor memory', { timeout: 120_000 }, async (test) => {
    const host = await serveHost({}, { words: ['-c', 'config/streamhost.yaml'] });
    const wires = [];
    let slowly;
    try {
        const join = async (streams) => {
            const wire = await Wire.join(host, {});
            wires.push(wire);
            wire.patienceMs = 60_000;
            for (const stream of streams) assert.equal((await wire.ask({ type: 'subscribe', stream, from: 'start' })).type, 'subscribed');
            return wire;
        };
        const all = ['crowd.light', ...Array.from({ length: HEAVY_STREAMS }, (_, index) => heavy(index))];
        const readers = await Promise.all(Array.from({ length: READERS - DEAF - 1 }, () => join(['crowd.light'])));
        const slow = await join(all);
        const deaf = await Promise.all(Array.from({ length: DEAF }, () => join(all)));
        const producer = new Producer(await join([]));
        const before = await host.residentBytes();
        const watch = new Stopwatch();
        deaf.forEach((wire) => wire.pause());
        let turn = 0;
        slowly = setInterval(() => (++turn % 10 === 0 ? slow.resume() : slow.pause()), SLOW_MS / 10);
        for (let index = 0; index < ENTRIES; ++index) {
            await producer.append('crowd.light', `${index}@${performance.now()};`, index === ENTRIES - 1);
            await producer.append(heavy(index), PIECE);
        }
        const light = await Promise.all(readers.map((wire) => wire.textOf('crowd.light')));
        const seconds = watch.ms / 1_000;
        const latencies = readers.flatMap((wire) => wire.frames.flatMap((frame) =>
            frame.type !== 'chunk' ? [] : [...frame.data.delta.matchAll(/@([\d.]+);/g)].map(([, at]) => heardAt(frame) - Number(at))));
        assert.equal(latencies.length, readers.length * ENTRIES);
        watch.within(P99_MS, `p99 of ${readers.length} readers`, test, p99(latencies));
        const grown = (await host.residentBytes()) - before;
        test.diagnostic(`${seconds.toFixed(1)} s, memory grew by ${(grown / (1 << 20)).toFixed(0)} MiB`);
        assert.ok(grown < GROWTH_BYTES, `${grown} bytes`);
        for (const { text, end } of light) assert.deepEqual([text === light[0].text, end.outcome], [true, 'complete']);
        assert.deepEqual(light[0].text.match(/\d+(?=@)/g).map(Number), Array.from({ length: ENTRIES }, (_, index) => index));

        clearInterval(slowly);
        const late = [slow, deaf[0]]; // and have all of it, once they read
        late.forEach((wire) => wire.resume());
        for (const wire of late) {
            for (const stream of all.slice(1)) {
                const frames = await wire.framesOf(stream, (frame) => frame.seq === ENTRIES / HEAVY_STREAMS);
                assert.equal(fold(frames).text, PIECE.repeat(ENTRIES / HEAVY_STREAMS));
            }
            assert.equal((await wire.textOf('crowd.light')).text, light[0].text);
        }
        assert.deepEqual(deaf.map(({ closed }) => closed), deaf.map(() => null));
    } finally {
        clearInterval(slowly);
        wires.forEach((wire) => wire.cut());
        await host.kill();
    }
});
