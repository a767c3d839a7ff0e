// Two hundred readers of one stream, some of whom read slowly or not at all what else they asked for: the others pay nothing for it,
// and neither does the host's memory.
import assert from 'node:assert/strict';
import { it } from 'node:test';

import { Events } from './support/events.mjs';
import { serveHost } from './support/host_process.mjs';
import { Stopwatch } from './support/machine.mjs';
import { readSlowly, startSlowReader, textsOf } from './support/slow_reader.mjs';
import { boundOf, inOneOf, p99 } from './support/well_behaved.mjs';
import { fold, heardAt, Wire } from './support/wire.mjs';

const READERS = 200;
const DEAF = 8;
const ENTRIES = 150;
const ROUNDS = 3;
const PHASE = ENTRIES / (2 + ROUNDS); // what is made at first use, undisturbed, and the rounds
const HEAVY_STREAMS = 3; // each as large as a run may be: the kernel alone cannot hold them all
const PIECE = 'x'.repeat(128 << 10);
const GROWTH_BYTES = 64 << 20; // what the streams hold is a third of it
const SLOW_READER_MS = 2_000;
const DIRECT_BYTES = 256 << 10; // limits.direct_bytes
const MORE_DEAF = 40; // each with a copy of the streams would be 800 MB

const heavy = (index) => `crowd.heavy-${index % HEAVY_STREAMS}`;
const heavies = Array.from({ length: HEAVY_STREAMS }, (_, index) => heavy(index));

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
    let slow;
    try {
        const join = async (streams) => {
            const wire = await Wire.join(host, {});
            wires.push(wire);
            wire.patienceMs = 60_000;
            for (const stream of streams) assert.equal((await wire.ask({ type: 'subscribe', stream, from: 'start' })).type, 'subscribed');
            return wire;
        };
        const all = ['crowd.light', ...heavies];
        const readers = await Promise.all(Array.from({ length: READERS - DEAF - 1 }, () => join(['crowd.light'])));
        const producer = new Producer(await join([]));
        const write = async (from, to) => {
            for (let index = from; index < to; ++index) {
                await producer.append('crowd.light', `${index}@${performance.now()};`, index === ENTRIES - 1);
                await producer.append(heavy(index), PIECE);
            }
            await Promise.all(readers.map((wire) => wire.frame((frame) => frame.stream === 'crowd.light' && frame.seq >= to)));
        };
        const latencies = (from, to) => {
            const read = readers.flatMap((wire) => wire.frames.filter(({ type }) => type === 'chunk').flatMap((frame) =>
                [...frame.data.delta.matchAll(/(\d+)@([\d.]+);/g)].filter(([, index]) => index >= from && index < to).map(([, , at]) => heardAt(frame) - Number(at))));
            assert.equal(read.length, readers.length * (to - from));
            return read;
        };
        let written = 0;
        const phase = async () => {
            await write(written, (written += PHASE));
            return latencies(written - PHASE, written);
        };
        await phase();
        const bound = boundOf(await phase());
        slow = await startSlowReader(host, all);
        const deaf = await Promise.all(Array.from({ length: DEAF }, () => join(all)));
        const before = await host.residentBytes();
        const watch = new Stopwatch();
        deaf.forEach((wire) => wire.pause());
        await inOneOf(ROUNDS, async () => {
            const disturbed = p99(await phase());
            return () => watch.within(bound, `p99 of ${readers.length} readers`, test, disturbed);
        });
        while (written < ENTRIES) await phase();
        const grown = (await host.residentBytes()) - before;
        test.diagnostic(`${(watch.ms / 1_000).toFixed(1)} s, memory grew by ${(grown / (1 << 20)).toFixed(0)} MiB`);
        assert.ok(grown < GROWTH_BYTES, `${grown} bytes`);
        const light = await Promise.all(readers.map((wire) => wire.textOf('crowd.light')));
        for (const { text, end } of light) assert.deepEqual([text === light[0].text, end.outcome], [true, 'complete']);
        assert.deepEqual(light[0].text.match(/\d+(?=@)/g).map(Number), Array.from({ length: ENTRIES }, (_, index) => index));

        // Both have all of it, once they read.
        const lasts = { 'crowd.light': ENTRIES, ...Object.fromEntries(heavies.map((stream) => [stream, ENTRIES / HEAVY_STREAMS])) };
        const whole = [light[0].text, ...heavies.map(() => PIECE.repeat(ENTRIES / HEAVY_STREAMS))];
        assert.deepEqual(await slow.ask(lasts), whole);
        deaf[0].resume();
        assert.deepEqual(await textsOf(deaf[0], lasts), whole);
        assert.deepEqual(deaf.map(({ closed }) => closed), deaf.map(() => null));
    } finally {
        slow?.stop();
        wires.forEach((wire) => wire.cut());
        await host.kill();
    }
});

it('who takes nothing for slow_reader_ms is sent away with 4002, who takes little stays, and each holds little memory', { timeout: 120_000 }, async (test) => {
    const host = await serveHost({ 'limits.slow_reader_ms': SLOW_READER_MS }, { words: ['-c', 'config/streamhost.yaml'] });
    const wires = [];
    let stopSlow = () => {};
    try {
        const join = async () => {
            wires.push(await Wire.join(host, {}));
            return wires.at(-1);
        };
        const subscribe = (wire) => heavies.forEach((stream) => wire.say({ type: 'subscribe', id: stream, stream, from: 'start' }));
        const first = await join(); // the host has the streams ready for readers then
        subscribe(first);
        const producer = new Producer(await join());
        for (let index = 0; index < ENTRIES; ++index) await producer.append(heavy(index), PIECE);
        for (const stream of heavies) await first.framesOf(stream, ({ seq }) => seq === ENTRIES / HEAVY_STREAMS);
        const slow = await join();
        const deaf = await Promise.all(Array.from({ length: MORE_DEAF }, join));
        const before = await host.residentBytes();
        stopSlow = readSlowly(slow);
        subscribe(slow);
        const watch = new Stopwatch();
        deaf.forEach((wire) => wire.pause());
        deaf.forEach(subscribe);
        const events = await Events.open(host, `/v1/streams/${heavy(0)}?from=start`);
        events.pause();
        let peak = before;
        const sentAway = async () => {
            peak = Math.max(peak, await host.residentBytes());
            return host.metric('connections_closed_total', 'code="4002"');
        };
        await host.until(async () => (await sentAway()) > 0);
        assert.ok(watch.ms > SLOW_READER_MS, `sent away after ${watch.ms} ms`);
        await host.until(async () => (await sentAway()) === MORE_DEAF + 1);
        watch.within(5 * SLOW_READER_MS, 'until all were sent away', test);
        assert.equal(slow.closed, null);
        const grown = peak - before - ENTRIES * PIECE.length; // the streams, once for all
        test.diagnostic(`${(grown / MORE_DEAF / 1_024).toFixed(0)} KiB for each slow reader, beside the streams`);
        assert.ok(grown < MORE_DEAF * DIRECT_BYTES, `${grown} bytes`);
        const waited = await host.metric('send_queue_bytes_count');
        assert.ok(waited > 0, 'what waits is shown');
        assert.equal(await host.metric('send_queue_bytes_bucket', `le="${DIRECT_BYTES}"`), waited, 'and never more than the limit');

        deaf.forEach((wire) => wire.resume());
        for (const wire of deaf) assert.match(String((await wire.ended()).code), /^(4002|1006)$/); // 1006: it woke up too late to be told
        events.resume();
        assert.equal(await events.end(), 'cut');
        stopSlow();
        slow.resume();
        for (const stream of heavies) assert.equal(fold(await slow.framesOf(stream, ({ seq }) => seq === ENTRIES / HEAVY_STREAMS)).text, PIECE.repeat(ENTRIES / HEAVY_STREAMS));
    } finally {
        stopSlow();
        wires.forEach((wire) => wire.cut());
        await host.kill();
    }
});
