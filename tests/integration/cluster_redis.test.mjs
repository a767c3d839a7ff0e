// Nodes that share one Redis: a conversation belongs to no node.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Cluster, nodesOverRedis, onRedis, startNode } from './support/cluster.mjs';
import { RedisProcess } from './support/redis.mjs';
import { isUnavailable } from './support/returning.mjs';
import { newSession, wordsOf } from './support/talks.mjs';
import { Wire, fold, positionOf } from './support/wire.mjs';

const TEST_MS = 120_000;
const WORDS = wordsOf(60);

const isPiece = (stream) => (frame) => frame.stream === stream && ['chunk', 'snapshot', 'end'].includes(frame.type);

describe('three nodes over one Redis', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    nodesOverRedis(3, (started) => ({ redis, cluster } = started));

    it('shows each word on every node, once and in order', async () => {
        const session = newSession();
        const wires = await Promise.all(cluster.nodes.map((node) => Wire.join(node, { session })));
        assert.deepEqual(wires.map((wire) => wire.welcome.node), ['node-1', 'node-2', 'node-3']);
        const { run } = await wires[0].ask({ type: 'send', content: WORDS });
        for (const wire of wires) {
            const { text, end } = await wire.textOf(run);
            assert.equal(text, WORDS);
            assert.equal(end.outcome, 'complete');
        }
        wires.forEach((wire) => wire.close());
    });

    it('goes on, on another node, where a reader was cut', async () => {
        const session = newSession();
        const first = await Wire.join(cluster.nodes[0], { session });
        const { run } = await first.ask({ type: 'send', content: WORDS });
        await first.frame((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq >= 10);
        first.cut();
        const held = first.frames.filter(isPiece(run));
        const second = await Wire.join(cluster.nodes[1], { session, resume: [{ stream: run, after: positionOf(held.at(-1)) }] });
        const frames = [...held, ...(await second.framesOf(run, (frame) => frame.type === 'end'))];
        assert.equal(fold(frames).text, WORDS);
        assert.ok(!frames.some((frame) => frame.type === 'snapshot'), 'a replay, not a snapshot');
        const late = await Wire.join(cluster.nodes[2], { session });
        assert.equal((await late.textOf(run)).text, WORDS);
        [second, late].forEach((wire) => wire.close());
    });

    it('knows a message again, whatever node hears it', async () => {
        const session = newSession();
        const [one, two] = await Promise.all(cluster.nodes.slice(0, 2).map((node) => Wire.join(node, { session })));
        const sends = await Promise.all([one, two].map((wire) => wire.ask({ type: 'send', content: 'only once', key: 'k' })));
        assert.equal(sends[0].run, sends[1].run);
        assert.equal(sends.filter((answer) => answer.duplicate).length, 1);
        assert.equal((await two.textOf(sends[0].run)).text, 'only once');
        await two.frame((frame) => frame.stream === session && frame.data?.kind === 'run' && frame.data.state === 'ended');
        const { messages } = await two.ask({ type: 'history' });
        assert.deepEqual(messages.map(({ role, content }) => [role, content]), [['user', 'only once'], ['assistant', 'only once']]);
        [one, two].forEach((wire) => wire.close());
    });

    it('cancels from another node than the one that answers', async () => {
        const session = newSession();
        const [one, two] = await Promise.all(cluster.nodes.slice(0, 2).map((node) => Wire.join(node, { session })));
        const { run } = await one.ask({ type: 'send', content: 'word '.repeat(2_000) });
        await two.frame((frame) => frame.stream === run && frame.type === 'chunk');
        assert.equal((await two.ask({ type: 'cancel', run })).type, 'ok');
        for (const wire of [one, two]) assert.equal((await wire.textOf(run)).end.outcome, 'cancelled');
        const texts = await Promise.all([one, two].map(async (wire) => (await wire.textOf(run)).text));
        assert.equal(texts[0], texts[1]);
        [one, two].forEach((wire) => wire.close());
    });

    it('fences a producer that was overtaken on another node', async () => {
        const stream = `${newSession()}.own`;
        const [one, two] = await Promise.all(cluster.nodes.slice(0, 2).map((node) => Wire.join(node)));
        const claimed = await one.ask({ type: 'claim', stream, lease_ms: 1_000 });
        const append = (wire, fence, seq) => wire.ask({ type: 'append', stream, fence, seq, entries: [{ kind: 'text', delta: `${seq}` }] });
        assert.equal((await append(one, claimed.fence, 1)).last, 1);
        await cluster.nodes[1].until(async () => (await two.ask({ type: 'claim', stream, lease_ms: 5_000 })).type === 'claimed');
        const newest = two.frames.findLast((frame) => frame.type === 'claimed');
        assert.ok(newest.fence > claimed.fence);
        assert.equal(newest.seq, 1);
        assert.equal((await append(one, claimed.fence, 2)).code, 'fenced');
        assert.equal((await append(two, newest.fence, 2)).last, 2);
        [one, two].forEach((wire) => wire.close());
    });

    it('counts each recovery by what it took', async () => {
        const node = cluster.nodes[1];
        const counted = (result) => node.metric(`recoveries_total{result="${result}"}`);
        const stream = `${newSession()}.own`;
        const [writer, reader] = [await Wire.join(cluster.nodes[0]), await Wire.join(node)];
        const { fence } = await writer.ask({ type: 'claim', stream, lease_ms: 60_000 });
        const append = (seq, more) => writer.ask({ type: 'append', stream, fence, seq, entries: [{ kind: 'text', delta: `${seq},` }], ...more });
        const checks = [];
        for (const seq of [1, 2, 3]) checks.push((await append(seq)).check);
        /** What grew by one with this subscription. */
        const afterOne = async (how) => {
            const results = ['live', 'replayed', 'snapshot', 'completed', 'expired', 'unavailable', 'error'];
            const before = await Promise.all(results.map(counted));
            await reader.ask({ type: 'subscribe', stream, ...how });
            const now = await Promise.all(results.map(counted));
            await reader.ask({ type: 'unsubscribe', stream: how.stream ?? stream });
            return results.flatMap((result, index) => Array(now[index] - before[index]).fill(result));
        };
        assert.deepEqual(await afterOne({ after: `3.${checks[2]}` }), ['live']);
        assert.deepEqual(await afterOne({ after: `1.${checks[0]}` }), ['replayed']);
        assert.deepEqual(await afterOne({ from: 'snapshot' }), ['snapshot']);
        assert.deepEqual(await afterOne({ stream: `${stream}-gone`, after: `1.${checks[0]}` }), ['expired']);
        await append(4, { end: { outcome: 'complete' } });
        assert.deepEqual(await afterOne({ after: `3.${checks[2]}` }), ['completed']);
        [writer, reader].forEach((wire) => wire.close());
    });

    it('gives a reader what this node has sent to others without asking the store', async () => {
        const node = cluster.nodes[1];
        const [writer, first, second, old] = await Promise.all([cluster.nodes[0], node, node, node].map((at) => Wire.join(at, { follow: false })));
        const stream = `${newSession()}.own`;
        const large = JSON.stringify(Array.from({ length: 1_500 }, (_, index) => index)); // is deflated in Redis
        const { fence } = await writer.ask({ type: 'claim', stream, lease_ms: 60_000 });
        const append = async (seq) => positionOf({ seq, ...(await writer.ask({ type: 'append', stream, fence, seq, entries: [{ kind: 'text', delta: `${seq}:${large}` }] })) });
        const [one, two] = [await append(1), await append(2)];
        await first.ask({ type: 'subscribe', stream, after: two });
        await append(3);
        await append(4);
        const layers = () => Promise.all(['layer="node",result="ok"', 'layer="node",result="missed"', 'layer="store",result="ok"'].map((labels) => node.metric('recovery_reads_total', labels)));
        /** What this node counted for a reader that came back with such a position, and the numbers that it was sent. */
        const resume = async (wire, after) => {
            await first.frame((frame) => frame.stream === stream && frame.seq === 4); // the node's log has it
            const before = await layers();
            assert.deepEqual((({ recovered, head, state }) => ({ recovered, head, state }))(await wire.ask({ type: 'subscribe', stream, after })), { recovered: true, head: 4, state: 'active' });
            const pieces = (await wire.framesOf(stream, (frame) => frame.type === 'caught_up')).filter(isPiece(stream));
            return { counted: (await layers()).map((now, index) => now - before[index]), pieces: pieces.map(({ seq, from, data }) => [from ?? seq, seq, data.delta]) };
        };
        const text = (seq) => `${seq}:${large}`;
        assert.deepEqual(await resume(second, two), { counted: [1, 0, 0], pieces: [3, 4].map((seq) => [seq, seq, text(seq)]) });
        assert.deepEqual(await resume(old, one), { counted: [0, 1, 1], pieces: [[2, 4, [2, 3, 4].map(text).join('')]] }, 'the log begins behind it');
        await append(5);
        for (const wire of [first, second, old]) await wire.frame((frame) => frame.stream === stream && frame.seq === 5 && frame.data.delta === `5:${large}`);
        [writer, first, second, old].forEach((wire) => wire.close());
    });

    it('a flushed script cache is filled again', async () => {
        const wire = await Wire.join(cluster.nodes[0], { session: newSession() });
        const { run } = await wire.ask({ type: 'send', content: WORDS });
        await wire.frame((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq >= 5);
        assert.equal(await redis.call('SCRIPT', 'FLUSH'), 'OK');
        assert.equal((await wire.textOf(run)).text, WORDS);
        wire.close();
    });
});

describe('two installations on one Redis', { timeout: TEST_MS }, () => {
    it('of one prefix in two databases hear nothing of each other', async () => {
        const redis = await RedisProcess.start();
        const nodes = [];
        try {
            for (const [id, database] of [['a-1', 0], ['a-2', 0], ['b-1', 1], ['b-2', 1]]) nodes.push(await startNode(onRedis(redis), id, { 'store.redis.database': database }));
            const session = newSession();
            const wires = await Promise.all(nodes.map((node) => Wire.join(node, { session })));
            for (const [writer, reader] of [[0, 1], [2, 3]]) {
                const content = `only for ${nodes[reader].id}`;
                const { run } = await wires[writer].ask({ type: 'send', content });
                assert.equal((await wires[reader].textOf(run)).text, content);
            }
            for (const [index, wire] of wires.entries()) {
                const told = wire.frames.filter(({ data }) => data?.kind === 'message' && data.role === 'user').map(({ data }) => data.content);
                assert.deepEqual(told, [`only for ${nodes[index < 2 ? 1 : 3].id}`]);
                assert.equal(await nodes[index].metric('stream_divergence_total'), 0);
            }
            assert.equal((await nodes[0].admin(`/admin/v1/sessions/${session}/kick`, {})).body.closed, 2);
            assert.deepEqual(await Promise.all(wires.slice(0, 2).map(async (wire) => (await wire.ended()).code)), [4403, 4403]);
            assert.equal((await wires[2].ask({ type: 'ping' })).type, 'pong');
            wires.forEach((wire) => wire.close());
        } finally {
            await Promise.all(nodes.map((node) => node.kill()));
            await redis.stop();
        }
    });
});

describe('a node that is killed', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    before(async () => {
        redis = await RedisProcess.start();
        cluster = await Cluster.start(onRedis(redis), 2);
    });
    after(async () => {
        await cluster?.kill();
        await redis?.stop();
    });

    it('leaves no answer open: its runs end lost within 10 s, its readers go on elsewhere', async () => {
        const session = newSession();
        const [dying, other] = await Promise.all(cluster.nodes.map((node) => Wire.join(node, { session })));
        const { run } = await dying.ask({ type: 'send', content: 'word '.repeat(5_000) });
        await dying.frame((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq >= 20);
        await cluster.nodes[0].kill();
        const killed = Date.now();
        const held = dying.frames.filter(isPiece(run));
        const again = await Wire.join(cluster.nodes[1], { session, resume: [{ stream: run, after: positionOf(held.at(-1)) }] });
        const mine = fold([...held, ...(await again.framesOf(run, (frame) => frame.type === 'end'))]);
        const waited = Date.now() - killed;
        const theirs = await other.textOf(run);
        assert.deepEqual([mine.end.outcome, theirs.end.outcome], ['lost', 'lost']);
        assert.ok('word '.repeat(5_000).startsWith(mine.text) && mine.text === theirs.text);
        assert.ok(waited < 10_000, `${waited} ms`);
        [again, other].forEach((wire) => wire.close());
    });
});

describe('a Redis that goes away', { timeout: TEST_MS }, () => {
    let redis;
    let node;
    before(async () => {
        redis = await RedisProcess.start({ appendonly: 'yes', appendfsync: 'always' });
        node = await startNode(onRedis(redis), 'node-1');
    });
    after(async () => {
        await node?.kill();
        await redis?.stop();
    });

    it('refuses in time while it is away, says so, and everything is complete when it is back', async () => {
        const session = newSession();
        const wire = await Wire.join(node, { session });
        const { run } = await wire.ask({ type: 'send', content: WORDS });
        await wire.frame((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq >= 5);
        redis.signal('SIGSTOP');
        await node.until(async () => (await node.admin('/admin/v1/node')).body.store.breaker !== 'closed');
        const asked = Date.now();
        isUnavailable(await wire.ask({ type: 'send', id: 's', content: 'while it is away' }), 's');
        assert.ok(Date.now() - asked < 4_000, `${Date.now() - asked} ms`);
        const ready = await (await fetch(`http://127.0.0.1:${node.adminPort}/health/ready`)).json();
        assert.equal(ready.status, 'degraded');
        redis.signal('SIGCONT');
        const { text, end } = await wire.textOf(run);
        assert.deepEqual([text, end.outcome], [WORDS, 'complete']);
        await node.until(async () => (await (await fetch(`http://127.0.0.1:${node.adminPort}/health/ready`)).json()).status === 'ok');
        const next = await wire.ask({ type: 'send', content: 'it is back' });
        assert.equal((await wire.textOf(next.run)).text, 'it is back');
        wire.close();
    });
});
