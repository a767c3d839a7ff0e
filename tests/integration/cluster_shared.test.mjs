// One shared stream that writers of all nodes append to at once: the store numbers, and everybody has the same.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { nodesOverRedis } from './support/cluster.mjs';
import { newSession } from './support/talks.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 120_000;
const WRITERS_PER_NODE = 4;
const APPENDS = 40; // of each writer, all under way at once
const REPEATED = 4; // each fourth is said twice
const sizeOf = (append) => 1 + (append % 3);

const key = (writer, append) => `${writer}-${append}`;
const entriesOf = (writer, append) => Array.from({ length: sizeOf(append) }, (_, part) => ({ kind: 'part', writer, append, part }));
const range = (count) => Array.from({ length: count }, (_, index) => index);

describe('three nodes that append to one shared stream at once', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    nodesOverRedis(3, (started) => ({ redis, cluster } = started));
    const readersOf = (stream, from) =>
        Promise.all(
            cluster.nodes.map(async (node) => {
                const wire = await Wire.join(node);
                await wire.ask({ type: 'subscribe', stream, from });
                return wire;
            }),
        );
    const shownBy = (wire, stream) => wire.frames.filter((frame) => frame.stream === stream && frame.type === 'chunk').map(({ seq, check, data }) => ({ seq, check, data }));
    const keptOf = async (stream) => (await redis.entries(stream)).map(({ seq, check, data }) => ({ seq, check, data: JSON.parse(data) }));

    it('numbers without holes, each entry once, and every reader has what the store has', async () => {
        const stream = newSession('shared');
        const early = await readersOf(stream, 'start');
        const writers = await Promise.all(range(3 * WRITERS_PER_NODE).map((writer) => Wire.join(cluster.nodes[writer % 3])));
        const append = (wire, writer, turn) => wire.ask({ type: 'append', stream, entries: entriesOf(writer, turn), key: key(writer, turn) });
        const asked = writers.map((wire, writer) => range(APPENDS).map((turn) => append(wire, writer, turn)));
        // As a writer does that lost the connection: the same key, at another node, while the first one may be under way.
        const repeats = writers.map((_, writer) => range(APPENDS / REPEATED).map((nth) => append(writers[(writer + 1) % writers.length], writer, nth * REPEATED)));
        await asked[0][APPENDS / 2];
        const late = await readersOf(stream, 'start');
        const answers = await Promise.all(asked.map((each) => Promise.all(each)));
        const total = answers.flat().reduce((sum, { first, last }) => sum + last - first + 1, 0);
        assert.equal(total, writers.length * range(APPENDS).reduce((sum, turn) => sum + sizeOf(turn), 0));

        const kept = await keptOf(stream);
        assert.deepEqual(kept.map(({ seq }) => seq), range(total).map((index) => index + 1));
        answers.forEach((each, writer) => {
            each.forEach(({ type, first, last, check }, turn) => {
                assert.equal(type, 'appended');
                assert.deepEqual(kept.slice(first - 1, last).map(({ data }) => data), entriesOf(writer, turn), key(writer, turn));
                assert.equal(kept[last - 1].check, check);
                if (turn % REPEATED !== 0) assert.ok(first > each[turn - 1].last, `${key(writer, turn)} before the one sent before it`);
            });
        });
        for (const [writer, each] of repeats.entries())
            for (const [nth, repeat] of each.entries()) {
                const { id: _, ...again } = await repeat;
                const { id: __, ...first } = answers[writer][nth * REPEATED];
                assert.deepEqual(again, first, `the repeat of ${key(writer, nth * REPEATED)}`);
            }
        for (const wire of [...early, ...late]) {
            await wire.frame((frame) => frame.stream === stream && frame.type === 'chunk' && frame.seq === total);
            assert.deepEqual(shownBy(wire, stream), kept);
        }
        for (const node of cluster.nodes) assert.equal(await node.metric('stream_divergence_total'), 0);
        [...writers, ...early, ...late].forEach((wire) => wire.close());
    });
});
