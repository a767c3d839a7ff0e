// Nodes whose way to Redis fails: answers and messages that are lost, silence, slowness, and a server that goes away for long.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

import { Cluster, onRedis, startNode } from './support/cluster.mjs';
import { Stopwatch } from './support/machine.mjs';
import { Namespaces, cannotPart } from './support/namespaces.mjs';
import { RedisProcess } from './support/redis.mjs';
import { isUnavailable } from './support/returning.mjs';
import { AT_WORD_PACE, LOAD, Talks, WORD_MS, newSession, wordsOf } from './support/talks.mjs';
import { TcpProxy } from './support/tcp_proxy.mjs';
import { Wire, heardAt } from './support/wire.mjs';

const TEST_MS = 150_000;
const SEED = 20_260_101;
const WORDS_PER_S = 1_000 / WORD_MS;

/** Numbers from [0, 1), the same ones each time (Park and Miller, 1988). */
function randomFrom(seed) {
    let state = seed;
    return () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
}

/** A Redis with a proxy in front of it, and `size` nodes behind that. */
async function behindProxy({ size = LOAD.nodes, redis: words = {}, settings = {} }, use) {
    const redis = await RedisProcess.start(words);
    const proxy = await TcpProxy.start(redis);
    let cluster;
    try {
        cluster = await Cluster.start(onRedis(proxy), size, { ...AT_WORD_PACE, ...settings });
        await use({ redis, proxy, nodes: cluster.nodes });
        assert.deepEqual(await cluster.stop(), []);
    } finally {
        await cluster?.kill();
        await proxy.close();
        await redis.stop();
    }
}
const sumOf = async (nodes, name) => (await Promise.all(nodes.map((node) => node.metric(name)))).reduce((a, b) => a + b, 0);
const storeOf = async (node) => (await node.admin('/admin/v1/node')).body.store;
const readyOf = async (node) => (await fetch(`http://127.0.0.1:${node.adminPort}/health/ready`)).json();

describe('a link that loses, delays and swallows', { timeout: TEST_MS, concurrency: 2 }, () => {
    it('one of fifty answers is lost after its command took effect: nothing is doubled', () =>
        behindProxy({}, async ({ redis, proxy, nodes }) => {
            const random = randomFrom(SEED);
            let lost = 0;
            proxy.onAnswer = ([command]) => (command.startsWith('EVALSHA') && random() < 0.02 ? (++lost, 'cut') : undefined);
            const talks = await Talks.begin(nodes, { words: wordsOf(30) });
            await talks.areWhole();
            proxy.onAnswer = null;
            await talks.areKeptBy(redis);
            assert.ok(lost >= 10, `${lost} answers were lost`);
            assert.ok((await sumOf(nodes, 'redis_repeats_total')) >= lost);
            assert.equal(await sumOf(nodes, 'stream_divergence_total'), 0);
            for (const { readers, run } of talks.all) {
                const { messages } = await readers[1].wire.ask({ type: 'history' });
                assert.deepEqual(messages.map(({ role }) => role), ['user', 'assistant'], run);
            }
            talks.close();
        }));

    it('all answers to a claim are lost until it is given up: the next one knows it for its own', () =>
        behindProxy({}, async ({ redis, proxy, nodes }) => {
            const GIVEN_UP_MS = 5_500;
            // EVALSHA, script, 3 keys; member, producer, lease, user, ...
            const isClaim = (words) => words.length === 14 && words[2] === '3' && words[8] === '6000';
            const crowd = await Talks.begin(nodes, { words: wordsOf(80) });
            const producers = new Set();
            let until = 0;
            proxy.onAnswer = (words) => {
                if (!isClaim(words)) return undefined;
                until ||= performance.now() + GIVEN_UP_MS;
                producers.add(words[7]);
                return performance.now() < until ? 'cut' : undefined;
            };
            const talks = await Talks.begin(nodes, { count: 1, words: wordsOf(4) });
            assert.ok(performance.now() >= until, 'it began before the claims were answered');
            assert.equal(producers.size, 1);
            for (const all of [talks, crowd]) {
                await all.areWhole();
                await all.areKeptBy(redis);
                all.close();
            }
        }));

    it('the message with the end is lost: a look at the tail finds it', (test) =>
        behindProxy({}, async ({ redis, proxy, nodes }) => {
            const lostAt = new Map();
            const isEnd = /\|e\|\d+\|"outcome"/;
            proxy.onPush = (bytes) => {
                const text = bytes.toString('latin1');
                if (!isEnd.test(text)) return undefined;
                lostAt.set(/\b(t-\d+-\d+\.[\w-]+)\|\d+\|/.exec(text)[1], performance.now());
                return 'drop';
            };
            const watch = new Stopwatch();
            const talks = await Talks.begin(nodes, { words: wordsOf(10) });
            await talks.areWhole();
            const late = talks.readers.map((reader) => heardAt(reader.frames.at(-1)) - lostAt.get(reader.run));
            assert.ok(late.every((ms) => ms > 100), `no end came with a message: ${late.map(Math.round)}`);
            watch.within(1_500, 'from the lost message to the end, longest', test, Math.max(...late));
            await talks.areKeptBy(redis);
            talks.close();
        }));

    it('the line of subscriptions is dead and nobody says so, then all lines are', (test) =>
        behindProxy({ size: 1 }, async ({ redis, proxy, nodes }) => {
            const others = await Promise.all(['node-2', 'node-3'].map((id) => startNode(onRedis(redis), id, AT_WORD_PACE)));
            try {
                const talks = await Talks.begin([...others, nodes[0]], { words: wordsOf(130) });
                const behind = talks.readers.filter(({ node }) => node === nodes[0]);
                for (const which of [(line) => line.listens, (line) => !line.listens, () => true]) {
                    const watch = new Stopwatch();
                    const count = proxy.swallow(which);
                    assert.ok(count > 0);
                    const seen = behind.map((reader) => reader.frames.length);
                    const last = behind.map((reader) => reader.frames.at(-1).seq);
                    const goOn = () => behind.every((reader, index) => reader.frames.length > seen[index] + 5 && reader.frames.at(-1).seq > last[index] + WORDS_PER_S);
                    await nodes[0].until(goOn);
                    watch.within(3_500, `${count} dead lines, until each reader has the words of a second`, test);
                }
                await talks.areWhole();
                await talks.areKeptBy(redis);
                assert.equal(await nodes[0].metric('stream_divergence_total'), 0);
                talks.close();
            } finally {
                await Promise.all(others.map((other) => other.kill()));
            }
        }));

    it('a slow server is no dead one: no takeover, no open breaker', (test) =>
        behindProxy(
            {
                redis: { 'enable-debug-command': 'local' },
                settings: {
                    'plugins.chat.provider': 'far',
                    'plugins.chat.providers.far.type': 'remote',
                    'plugins.chat.worker.enabled': true,
                    'plugins.chat.worker.provider': 'echo',
                },
            },
            async ({ redis, proxy, nodes }) => {
                const random = randomFrom(SEED);
                const talks = await Talks.begin(nodes, { words: wordsOf(120) });
                proxy.latency = () => 200 + 100 * random();
                for (let round = 0; round < 4; ++round) {
                    assert.equal(await redis.call('DEBUG', 'SLEEP', 0.8), 'OK');
                    await nodes[0].lives(700);
                }
                proxy.latency = () => 0;
                const fast = performance.now() + 2_000;
                const watch = new Stopwatch();
                await talks.areWhole();
                watch.within(500, 'longest pause from 2 s after on', test, talks.longestPause(fast));
                await talks.areKeptBy(redis);
                assert.deepEqual([await sumOf(nodes, 'breaker_openings_total'), await sumOf(nodes, 'runs_taken_over_total'), await sumOf(nodes, 'runs_fenced_total')], [0, 0, 0]);
                talks.close();
            },
        ));
});

describe('a network that swallows what the server says', { timeout: TEST_MS }, () => {
    const USER_TIMEOUT_MS = 5_000;
    /** The ends here of connections to the server, also of those that the node has closed and the kernel has not. */
    const endsOf = async ({ host, port }) => {
        const { stdout } = await promisify(execFile)('ss', ['-tanH', 'dst', `${host}:${port}`]);
        const lines = stdout.split('\n').map((line) => line.split(/\s+/));
        return lines.filter(([state]) => ['ESTAB', 'FIN-WAIT-1'].includes(state)).map((words) => words[3]);
    };

    it('the node says so, keeps no connection on which nobody acknowledges, and goes on when it is heard again', async (test) => {
        const reason = await cannotPart();
        if (reason !== '') return test.skip(reason);
        const spaces = await Namespaces.make(1);
        const redis = await RedisProcess.start({}, { place: spaces.spaces[0] });
        let node;
        try {
            node = await startNode(onRedis(redis), 'node-1');
            const talks = await Talks.begin([node], { count: 4, readers: 2, words: wordsOf(250) });
            const before = new Set(await endsOf(redis));
            assert.ok(before.size >= 3, [...before].join(' ')); // two for commands, one that listens
            const watch = new Stopwatch();
            await spaces.silence();
            await node.until(async () => (await storeOf(node)).state !== 'ok');
            watch.within(4_500, 'until the node says so', test);
            await node.until(async () => (await endsOf(redis)).every((end) => !before.has(end)));
            watch.within(USER_TIMEOUT_MS + 7_500, 'until the last of its connections is gone from the kernel', test);
            await spaces.speak();
            await node.until(async () => (await storeOf(node)).state === 'ok');
            await talks.areWhole();
            await talks.areKeptBy(redis);
            talks.close();
        } finally {
            await node?.kill();
            await redis.stop();
            await spaces.remove();
        }
        return undefined;
    });
});

describe('a server that is away for 20 s', { timeout: TEST_MS, concurrency: 2 }, () => {
    const AWAY_MS = 20_000;
    const SLOWLY = { 'plugins.chat.providers.echo.delay_ms': 2 * WORD_MS }; // what was said meanwhile comes at once
    const POLICIES = {
        durable: 'nothing is shown that is not kept',
        live: 'readers of the node that answers go on, those of other nodes wait',
    };

    for (const [policy, what] of Object.entries(POLICIES))
        for (const empty of [false, true]) {
            const settings = { ...SLOWLY, ...(policy !== 'durable' && { 'store.policies': JSON.stringify([{ homes: '*', policy }]) }) };
            it(`${policy}: ${empty ? 'and comes back empty: open answers are written again' : 'and comes back with its data'}`, (test) =>
                behindProxy({ redis: { appendonly: 'yes', appendfsync: 'always' }, settings }, async ({ redis, proxy, nodes }) => {
                    const talks = await Talks.begin(nodes, { words: wordsOf(130) });
                    await Promise.all(talks.readers.map((reader) => reader.begun(10)));
                    await proxy.close();
                    const down = new Stopwatch();
                    redis.signal('SIGKILL');
                    for (const node of nodes) await node.until(async () => (await storeOf(node)).breaker !== 'closed');
                    down.within(1_000, 'until all breakers were open', test);
                    for (const node of nodes) assert.equal((await readyOf(node)).status, 'degraded');
                    isUnavailable(await talks.readers[0].wire.ask({ type: 'send', id: 's', content: 'while it is away' }), 's');
                    const goOn = policy === 'live' ? talks.all.flatMap(({ readers, home }) => readers.filter(({ node }) => node === home)) : [];
                    const wait = talks.readers.filter((reader) => !goOn.includes(reader));
                    const lastOf = (readers) => readers.map((reader) => reader.frames.at(-1).seq);
                    const [seen, before] = [lastOf(wait), lastOf(goOn)];
                    await nodes[0].lives(AWAY_MS - down.ms);
                    assert.deepEqual(lastOf(wait), seen, what);
                    lastOf(goOn).forEach((seq, index) => assert.ok(seq > before[index] + 50, `${what}: ${seq} after ${before[index]}`));
                    assert.deepEqual(talks.readers.map(({ wire }) => wire.closed), talks.readers.map(() => null));
                    await redis.again({ empty });
                    const up = new Stopwatch();
                    await proxy.open();
                    await nodes[0].until(() => lastOf(wait).every((seq, index) => seq > seen[index]));
                    up.within(3_000, 'from its return until each reader that waited goes on', test);
                    await talks.areWhole();
                    await talks.areKeptBy(redis);
                    for (const node of nodes) await node.until(async () => (await node.admin('/admin/v1/sessions')).body.total === talks.places);
                    assert.equal(await sumOf(nodes, 'sessions_reaped_total'), 0);
                    assert.equal((await sumOf(nodes, 'previewed_entries_total')) > 0, policy === 'live');
                    for (const node of nodes) await node.until(async () => (await readyOf(node)).status === 'ok');
                    const late = await Wire.join(nodes[0], { session: newSession() });
                    const { run } = await late.ask({ type: 'send', content: 'it is back' });
                    assert.equal((await late.textOf(run)).text, 'it is back');
                    late.close();
                    talks.close();
                }));
        }
});
