// What readers may count on while the store is away: store.policies.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { nodesOverRedis } from './support/cluster.mjs';
import { newSession, wordsOf } from './support/talks.mjs';
import { Wire, fold } from './support/wire.mjs';

const TEST_MS = 120_000;
const POLICIES = [
    { homes: 'live-*', policy: 'live' },
    { homes: 'memo-*', policy: 'memory' },
];

const isPiece = (stream) => (frame) => frame.stream === stream && ['chunk', 'snapshot', 'end'].includes(frame.type);
const lastSeq = (wire, stream) => wire.frames.findLast(isPiece(stream))?.seq ?? 0;

describe('policies of a store that goes away', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    nodesOverRedis(2, (started) => ({ redis, cluster } = started), { settings: { 'store.policies': JSON.stringify(POLICIES) } });

    const breaker = async (node) => (await node.admin('/admin/v1/node')).body.store.breaker;
    const isAway = () => Promise.all(cluster.nodes.map((node) => node.until(async () => (await breaker(node)) === 'open')));
    const isBack = () => Promise.all(cluster.nodes.map((node) => node.until(async () => (await breaker(node)) === 'closed')));

    it('live: readers of the producing node go on, those of others wait, and all have the same in the end', async () => {
        const session = newSession('live');
        const text = wordsOf(500);
        const [near, far] = await Promise.all(cluster.nodes.map((node) => Wire.join(node, { session })));
        const { run } = await near.ask({ type: 'send', content: text });
        for (const wire of [near, far]) await wire.frame((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq >= 5);
        redis.signal('SIGSTOP');
        await isAway();
        const [here, there] = [near, far].map((wire) => lastSeq(wire, run));
        await near.frame((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq >= here + 100);
        assert.equal(lastSeq(far, run), there, 'another node has nothing of what is not stored');
        assert.ok((await near.ask({ type: 'ping' })).type === 'pong');
        redis.signal('SIGCONT');
        await isBack();
        for (const wire of [near, far]) {
            const frames = await wire.framesOf(run, (frame) => frame.type === 'end');
            const { text: shown, end } = fold(frames);
            assert.equal(shown, text);
            assert.equal(end.outcome, 'complete');
            assert.ok(!frames.some((frame) => frame.type === 'snapshot'), 'what was shown early was the truth');
            assert.equal(frames.filter((frame) => frame.type === 'end').length, 1);
        }
        const metrics = await (await fetch(`http://127.0.0.1:${cluster.nodes[0].adminPort}/metrics`)).text();
        assert.ok(Number(/^streamhost_previewed_entries_total(?:\{[^}]*\})? (\d+)$/m.exec(metrics)?.[1]) >= 100, 'counted');
        [near, far].forEach((wire) => wire.close());
    });

    it('live: an answer that is complete ends when the store is back, and not before', async () => {
        const session = newSession('live');
        const text = wordsOf(40);
        const wire = await Wire.join(cluster.nodes[0], { session });
        const { run } = await wire.ask({ type: 'send', content: text });
        await wire.frame((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq >= 2);
        redis.signal('SIGSTOP');
        await isAway();
        await wire.frame((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq >= 40);
        assert.equal(fold(wire.frames.filter(isPiece(run))).text, text);
        assert.ok(!wire.frames.some((frame) => frame.stream === run && frame.type === 'end'));
        redis.signal('SIGCONT');
        assert.equal((await wire.textOf(run)).end.outcome, 'complete');
        await isBack();
        wire.close();
    });

    it('memory: nothing of it is stored, and an outage is not noticed', async () => {
        const session = newSession('memo');
        const [near, far] = await Promise.all(cluster.nodes.map((node) => Wire.join(node, { session })));
        const { run } = await near.ask({ type: 'send', content: 'only here' });
        assert.deepEqual(await near.textOf(run).then(({ text, end }) => [text, end.outcome]), ['only here', 'complete']);
        assert.equal(await redis.call('KEYS', `*stream:*${session}*`), '');
        assert.deepEqual((await far.ask({ type: 'history' })).messages, []);
        redis.signal('SIGSTOP');
        await isAway();
        const next = await near.ask({ type: 'send', content: wordsOf(30) });
        assert.equal((await near.textOf(next.run)).text, wordsOf(30));
        redis.signal('SIGCONT');
        await isBack();
        const { messages } = await near.ask({ type: 'history' });
        assert.deepEqual(messages.map(({ content }) => content), ['only here', 'only here', wordsOf(30), wordsOf(30)]);
        [near, far].forEach((wire) => wire.close());
    });
});
