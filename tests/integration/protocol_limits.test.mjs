// What `welcome` tells of the limits is what holds, also where the operator allows less than the protocol would; and what a stream keeps.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { Wire } from './support/wire.mjs';

describe('limits of the operator', { timeout: 60_000 }, () => {
    let host;
    before(async () => {
        host = await serveHost({ 'limits.message_bytes': 4_096, 'limits.heartbeat_ms': 5_000, 'plugins.gateway.max_streams': 3 }, { words: ['-c', 'config/streamhost.yaml'] });
    });
    after(async () => assert.equal((await host.stop()).code, 0, host.log));

    it('are told, and hold to the byte', async () => {
        const wire = await Wire.join(host, { session: 'limits' });
        const { heartbeat_ms, limits } = wire.welcome;
        assert.equal(heartbeat_ms, 5_000);
        assert.deepEqual([limits.message_bytes, limits.streams], [4_096, 3]);
        const padded = (bytes) => {
            const rest = '{"type":"ping","id":"p","x":""}'.length;
            return `{"type":"ping","id":"p","x":"${'x'.repeat(bytes - rest)}"}`;
        };
        wire.say(padded(limits.message_bytes));
        assert.equal((await wire.frame((frame) => frame.id === 'p')).type, 'pong');
        wire.say(padded(limits.message_bytes + 1));
        assert.equal((await wire.ended()).code, 4413);
    });
});

describe('limits of a stream', { timeout: 120_000 }, () => {
    const KEPT_BYTES = 8 << 20;
    const RUN_ENTRIES = 100_000;
    let host;
    before(async () => {
        host = await serveHost({ 'plugins.chat.providers.echo.delay_ms': 0 }, { words: ['-c', 'config/streamhost.yaml'] });
    });
    after(async () => assert.equal((await host.stop()).code, 0, host.log));

    it('an answer of more entries than a run holds ends as too large, and says what it holds', async () => {
        const sender = await Wire.join(host, { session: 'flood', follow: false });
        const { stream } = await sender.ask({ type: 'send', content: 'a '.repeat(RUN_ENTRIES + 5_000) });
        sender.close();
        await host.until(async () => (await host.metric('runs_total')) === 1, 90_000); // ten seconds on a machine of its own
        const wire = await Wire.join(host, { session: 'reads', follow: false });
        await wire.ask({ type: 'subscribe', stream });
        const end = (await wire.framesOf(stream, (frame) => frame.type === 'end')).at(-1);
        assert.deepEqual([end.outcome, end.error.code], ['error', 'too_large'], JSON.stringify(end));
        assert.match(end.error.message, /longer than a run may be: 100000 entries and 8 MiB/);
        assert.ok(end.seq > RUN_ENTRIES / 2 && end.seq <= RUN_ENTRIES + 1, `${end.seq}`);
        wire.close();
    });

    it('a producer is told the same at the entry that does not fit', async () => {
        const wire = await Wire.join(host, { session: 'heap' });
        const stream = 'heap.r1';
        const { fence } = await wire.ask({ type: 'claim', stream, lease_ms: 60_000 });
        const entry = { kind: 'text', delta: 'x'.repeat(200 << 10) };
        let answer = {};
        for (let seq = 1; answer.type !== 'error'; ++seq) {
            assert.ok(seq * entry.delta.length <= KEPT_BYTES + entry.delta.length, JSON.stringify(answer));
            answer = await wire.ask({ type: 'append', stream, fence, seq, entries: [entry] });
        }
        assert.deepEqual([answer.code, answer.message, answer.retryable], ['too_large', 'a run holds at most 100000 entries and 8 MiB', false]);
        wire.close();
    });

    it('a reader from the start is told of the hole that trimming left', async () => {
        const [writer, reader] = [await Wire.join(host, { session: 'feeds' }), await Wire.join(host, { session: 'readers' })];
        const stream = 'feeds.log';
        const entry = { kind: 'part', text: 'x'.repeat(240 << 10) };
        let last = 0;
        while (last * (240 << 10) < 1.2 * KEPT_BYTES) ({ last } = await writer.ask({ type: 'append', stream, entries: [entry, entry, entry] }));
        reader.ask({ type: 'subscribe', stream, from: 'start' });
        const frames = await reader.framesOf(stream, (frame) => frame.type === 'caught_up');
        const gap = frames.find((frame) => frame.type === 'gap');
        const chunks = frames.filter((frame) => frame.type === 'chunk');
        assert.deepEqual({ ...gap, check: '' }, { type: 'gap', stream, from: 1, to: chunks[0].seq - 1, check: '', reason: 'trimmed' });
        assert.ok(gap.to >= 1 && gap.to < last / 2, JSON.stringify(gap));
        assert.deepEqual(chunks.map(({ seq }) => seq), Array.from({ length: last - gap.to }, (_, index) => gap.to + 1 + index));
        assert.equal(await host.metric('stream_unfilled_gap_total'), 1);
    });
});
