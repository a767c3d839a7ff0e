// A store that lost everything, and nobody who could write it again: whoever reads is told, once, and what is written from then on comes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { nodesOverRedis } from './support/cluster.mjs';
import { Stopwatch } from './support/machine.mjs';
import { Talks, wordsOf } from './support/talks.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 120_000;
const KEPT_MS = 1_000;
const TOLD_MS = 10_000;
const BETWEEN_MS = 300;
const SETTINGS = { 'store.keeper.window_ms': KEPT_MS };

describe('a store that was wiped', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    nodesOverRedis(2, (started) => ({ redis, cluster } = started), { settings: SETTINGS });

    const part = (text) => ({ kind: 'text', delta: text });
    const isOf = (stream, type, more = () => true) => (frame) => frame.stream === stream && frame.type === type && more(frame);
    const isExpired = (frame) => frame.reason === 'expired';
    const toldOf = (wire, stream) => wire.frames.filter(isOf(stream, 'subscribed', isExpired));
    /** Frames of the stream from the news on. */
    const since = (wire, stream) => {
        const all = wire.frames.filter((frame) => frame.stream === stream);
        return all.slice(all.findIndex(isExpired));
    };
    const gaps = async () => (await Promise.all(cluster.nodes.map((node) => node.metric('stream_gap_total')))).reduce((a, b) => a + b, 0);

    it('tells the readers of an answer whose producer is gone, and of one that nobody has begun', async (test) => {
        const [near, far] = cluster.nodes;
        const [begun, pending, shared] = ['wiped-1.run', 'wiped-1.pending', 'wiped-1'];
        const producer = await Wire.join(near, { session: 'wiped-p' });
        const lease = { type: 'claim', lease_ms: 1_000 };
        const { fence } = await producer.ask({ ...lease, stream: begun });
        await producer.ask({ ...lease, stream: pending });
        for (const seq of [1, 2, 3]) assert.equal((await producer.ask({ type: 'append', stream: begun, fence, seq, entries: [part(`${seq} `)] })).type, 'appended');

        const readers = await Promise.all(cluster.nodes.map((node) => Wire.join(node, { session: 'wiped-r', follow: false })));
        for (const wire of readers)
            for (const stream of [begun, pending, shared]) assert.equal((await wire.ask({ type: 'subscribe', stream, from: 'start' })).type, 'subscribed');
        for (const wire of readers) await wire.frame(isOf(begun, 'caught_up', ({ seq }) => seq === 3));
        // Of this one its readers knew before it was written.
        assert.equal((await producer.ask({ type: 'append', stream: shared, entries: [part('a'), part('b')] })).type, 'appended');
        for (const wire of readers) await wire.frame(isOf(shared, 'chunk', ({ seq }) => seq === 2));
        producer.close();
        await far.lives(2 * KEPT_MS + 1_000);
        assert.equal(await redis.call('FLUSHALL'), 'OK');
        const watch = new Stopwatch();
        for (const wire of readers)
            for (const stream of [begun, pending, shared]) await wire.frame(isOf(stream, 'caught_up', () => toldOf(wire, stream).length === 1));
        watch.within(TOLD_MS, 'from the wipe until each reader is told', test);

        const before = await gaps();
        await far.lives(3_000);
        assert.equal(await gaps(), before, 'nothing is read again and again');
        for (const wire of readers)
            for (const stream of [begun, pending, shared])
                assert.deepEqual(since(wire, stream), [
                    { type: 'subscribed', stream, first: 0, head: 0, state: 'pending', recovered: false, reason: 'expired' },
                    { type: 'snapshot', stream, seq: 0, check: '0000000000000000', data: [] },
                    { type: 'caught_up', stream, seq: 0 },
                ]);

        const writer = await Wire.join(near, { session: 'wiped-p' });
        const again = await writer.ask({ type: 'append', stream: shared, entries: [part('anew')] });
        assert.deepEqual([again.type, again.first], ['appended', 1]);
        for (const wire of readers) {
            const { data } = await wire.frame(isOf(shared, 'chunk', ({ check }) => check === again.check));
            assert.deepEqual(data, part('anew'));
        }
        for (const wire of [writer, ...readers]) wire.close();
    });

    it('replaces what the readers of a shared stream hold as soon as it is written anew', async (test) => {
        const stream = 'wiped-plain';
        const [writer, ...readers] = await Promise.all([cluster.nodes[0], ...cluster.nodes].map((node) => Wire.join(node, { session: 'wiped-s', follow: false })));
        assert.equal((await writer.ask({ type: 'append', stream, entries: ['a', 'b', 'c'].map(part) })).last, 3);
        for (const wire of readers) await wire.ask({ type: 'subscribe', stream, from: 'start' });
        for (const wire of readers) await wire.frame(isOf(stream, 'caught_up', ({ seq }) => seq === 3));
        await cluster.nodes[0].lives(2 * KEPT_MS + 1_000);
        assert.equal(await redis.call('FLUSHALL'), 'OK');
        const { first, check } = await writer.ask({ type: 'append', stream, entries: [part('anew')] });
        assert.equal(first, 1);
        const watch = new Stopwatch();
        for (const wire of readers) {
            const { data } = await wire.frame(isOf(stream, 'snapshot', (frame) => frame.check === check));
            assert.deepEqual(data, [part('anew')]);
        }
        watch.within(TOLD_MS, 'from the first entry until each reader holds it alone', test);
        const { check: next } = await writer.ask({ type: 'append', stream, entries: [part('more')] });
        for (const wire of readers) await wire.frame(isOf(stream, 'chunk', (frame) => frame.check === next));
        for (const wire of [writer, ...readers]) wire.close();
    });
});

describe('a reader that comes back while nobody has written again yet what the store lost', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    nodesOverRedis(2, (started) => ({ redis, cluster } = started));

    const AWAY_MS = 1_000;
    const part = (text) => ({ kind: 'text', delta: text });

    it('goes on where it was as soon as the node that wrote it is awake', async () => {
        const [near, far] = cluster.nodes;
        const stream = 'returning-1.run';
        const producer = await Wire.join(near, { session: 'returning-p' });
        const { fence } = await producer.ask({ type: 'claim', stream, lease_ms: 60_000 });
        const append = (seq) => producer.ask({ type: 'append', stream, fence, seq, entries: [part(`${seq} `)] });
        const { check } = await append(1);
        near.signal('SIGSTOP');
        try {
            await redis.again({ empty: true });
            await far.until(async () => (await far.admin('/admin/v1/node')).body.store.state === 'ok');
            const reader = await Wire.join(far, { session: 'returning-r', follow: false });
            const answer = reader.ask({ type: 'subscribe', stream, after: `1.${check}` });
            await far.lives(AWAY_MS);
            near.signal('SIGCONT');
            const { recovered, head } = await answer;
            assert.deepEqual([recovered, head], [true, 1]);
            assert.equal((await append(2)).type, 'appended');
            const { data } = await reader.frame((frame) => frame.stream === stream && frame.type === 'chunk');
            assert.deepEqual(data, part('2 '));
            for (const wire of [producer, reader]) wire.close();
        } finally {
            near.signal('SIGCONT');
        }
    });

    it('is given nothing, and told so, where the stream begins anew', async () => {
        const stream = 'returning-2.run';
        const producer = await Wire.join(cluster.nodes[0], { session: 'returning-p' });
        const { fence } = await producer.ask({ type: 'claim', stream, lease_ms: 60_000 });
        const reader = await Wire.join(cluster.nodes[1], { session: 'returning-r', follow: false });
        const { reason } = await reader.ask({ type: 'subscribe', stream, after: '7.00000000000000aa' });
        assert.equal(reason, 'diverged');
        const { check } = await producer.ask({ type: 'append', stream, fence, seq: 1, entries: [part('anew')] });
        const frames = await reader.framesOf(stream, (frame) => frame.type === 'chunk');
        assert.deepEqual(frames.slice(1), [
            { type: 'snapshot', stream, seq: 0, check: '0000000000000000', data: [] },
            { type: 'caught_up', stream, seq: 0 },
            { type: 'chunk', stream, seq: 1, check, data: part('anew') },
        ]);
        for (const wire of [producer, reader]) wire.close();
    });

    it('is not told of another truth by a node that has not noticed yet', async () => {
        const session = 'returning-3';
        const writer = await Wire.join(cluster.nodes[0], { session: 'returning-w', follow: false });
        const { check } = await writer.ask({ type: 'append', stream: session, entries: [part('a')] });
        assert.equal((await writer.ask({ type: 'append', stream: session, entries: [part('b')] })).last, 2);
        const attached = await Wire.join(cluster.nodes[1], { session });
        await attached.frame((frame) => frame.stream === session && frame.type === 'caught_up' && frame.seq === 2);
        assert.equal(await redis.call('FLUSHALL'), 'OK');
        const reader = await Wire.join(cluster.nodes[1], { session, resume: [{ stream: session, after: `1.${check}` }] });
        const { reason } = await reader.frame((frame) => frame.stream === session && frame.type === 'subscribed');
        assert.notEqual(reason, 'diverged');
        for (const wire of [writer, attached, reader]) wire.close();
    });
});

describe('a store that is wiped again while nodes write what it lost', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    nodesOverRedis(2, (started) => ({ redis, cluster } = started));

    const wipe = async () => assert.equal(await redis.call('FLUSHALL'), 'OK');
    for (const [how, lose] of [['wiped twice', wipe], ['wiped as soon as it came back empty', () => redis.again({ empty: true })]])
        for (const said of [1, 40])
            it(`${how}, after ${said} words of each answer: every reader gets all of it`, async (test) => {
                const talks = await Talks.begin(cluster.nodes, { count: 36, readers: 2, words: wordsOf(80) });
                await Promise.all(talks.readers.map((reader) => reader.begun(said)));
                await lose();
                await cluster.nodes[0].lives(BETWEEN_MS);
                await wipe();
                const watch = new Stopwatch();
                for (const { run, readers } of talks.all)
                    for (const reader of readers) {
                        const { text, end } = await reader.ended();
                        assert.deepEqual([text === talks.words, end.outcome], [true, 'complete'], `${run}: ${text.length} of ${talks.words.length}, ${JSON.stringify(end)}`);
                    }
                watch.within(TOLD_MS, 'from the second wipe until each reader has the end', test);
                talks.close();
            });
});
