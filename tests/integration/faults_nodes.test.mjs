// Clients that are cut and come back, and nodes that die or sleep under them: what a reader is shown, and how soon.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Cluster, onRedis } from './support/cluster.mjs';
import { Stopwatch } from './support/machine.mjs';
import { RedisProcess } from './support/redis.mjs';
import { AT_WORD_PACE, LOAD, Reader, Talks, WORD_MS, newSession, wordsOf } from './support/talks.mjs';
import { Wire, fold, heardAt } from './support/wire.mjs';

const GAPS = Number(process.env.STREAMHOST_TEST_GAPS ?? 2_000);
const TEST_MS = Math.max(240_000, 60 * GAPS);
const QUICK = 'quick'; // a provider that does not wait between words
const SLOW = 'slow'; // and one that thinks before it begins
const SETTINGS = {
    ...AT_WORD_PACE,
    [`plugins.chat.providers.${SLOW}.type`]: 'echo',
    [`plugins.chat.providers.${SLOW}.delay_ms`]: 1_000,
    [`plugins.chat.providers.${QUICK}.type`]: 'echo',
    [`plugins.chat.providers.${QUICK}.delay_ms`]: 0,
};
const noSnapshot = (frames) => assert.deepEqual(frames.filter((frame) => frame.type === 'snapshot'), []);
/** Until the run has so many entries, wherever. */
const written = (redis, run, count) => async () => Number(await redis.call('LLEN', `streamhost:stream:chunks:${run}`)) >= count;

describe('clients of nodes over one Redis', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    let crowd; // talks all the while
    before(async () => {
        redis = await RedisProcess.start();
        cluster = await Cluster.start(onRedis(redis), LOAD.nodes, SETTINGS);
        crowd = await Talks.begin(cluster.nodes, { words: wordsOf(TEST_MS / WORD_MS) });
    });
    after(async () => {
        const failed = (await cluster?.stop()) ?? [];
        await redis?.stop();
        assert.deepEqual(failed, []);
    });
    const begin = async (node, content, options) => {
        const reader = await new Reader(newSession()).connect(node);
        const { run } = await reader.wire.ask({ type: 'send', content, ...(options && { options }) });
        reader.run = run;
        return reader;
    };
    const cut = (reader) => {
        reader.kept = reader.frames;
        const { wire } = reader;
        reader.wire = undefined;
        wire.cut();
    };

    for (const [where, bound] of [['the same node', 100], ['another node', 200]]) {
        it(`a connection that is reset goes on at ${where} with the next word`, async (test) => {
            const words = wordsOf(40);
            const readers = await Promise.all(Array.from({ length: 10 }, () => begin(cluster.nodes[0], words)));
            await Promise.all(readers.map((reader) => reader.begun(10)));
            readers.forEach(cut);
            await cluster.nodes[0].until(async () => (await Promise.all(readers.map((reader) => written(redis, reader.run, reader.kept.at(-1).seq + 20)()))).every(Boolean));
            const watch = new Stopwatch();
            const waits = await Promise.all(
                readers.map(async (reader) => {
                    const wire = await Wire.open(cluster.nodes[bound === 100 ? 0 : 1]);
                    const opened = performance.now();
                    const last = reader.kept.at(-1);
                    await wire.ask({ type: 'hello', session: reader.session, resume: [{ stream: reader.run, after: `${last.seq}.${last.check}` }] });
                    reader.wire = wire;
                    return heardAt(await wire.frame((frame) => frame.stream === reader.run && frame.type === 'chunk')) - opened;
                }),
            );
            watch.within(bound, `from open to the first missing word, longest of ${waits.length}`, test, Math.max(...waits));
            for (const reader of readers) {
                assert.equal((await reader.ended()).text, words);
                noSnapshot(reader.frames);
                reader.wire.close();
            }
        });
    }

    it('away for 8 s while the answer ends, also while it begins: the tail and the end are there', async () => {
        const AWAY_MS = 8_000;
        const [words, few] = [wordsOf(30), wordsOf(3)];
        const [inside, early] = await Promise.all([begin(cluster.nodes[0], words), begin(cluster.nodes[0], few, { provider: SLOW })]);
        cut(early);
        assert.deepEqual(early.kept, [], 'it has not begun');
        await inside.begun(10);
        cut(inside);
        const isOver = async (run) => (await redis.call('HGET', `streamhost:stream:meta:${run}`, 'd')).split('|')[1] === 'c';
        assert.ok(!inside.kept.some(({ type }) => type === 'end'));
        await cluster.nodes[0].lives(AWAY_MS);
        assert.deepEqual([await isOver(inside.run), await isOver(early.run)], [true, true]);
        for (const [reader, said] of [[inside, words], [early, few]]) {
            await reader.connect(cluster.nodes[1]);
            const { text, end } = await reader.ended();
            assert.deepEqual([text, end.outcome], [said, 'complete']);
            const { messages } = await reader.wire.ask({ type: 'history' });
            assert.deepEqual(messages.map(({ role, content }) => [role, content]), [['user', said], ['assistant', said]]);
            const { run } = await reader.wire.ask({ type: 'send', content: 'and on' });
            assert.equal((await reader.wire.textOf(run)).text, 'and on');
            reader.wire.close();
        }
        noSnapshot(inside.frames);
    });

    it('fifty reloads in one answer, on all nodes in turn, change nothing', async () => {
        const words = wordsOf(100);
        const reader = await begin(cluster.nodes[0], words);
        const still = await new Reader(reader.session).connect(cluster.nodes[1]);
        still.run = reader.run;
        for (let reload = 0; reload < 50; ++reload) {
            await reader.begun(Math.min((reader.frames.at(-1)?.seq ?? 0) + 1, 101)); // its end, where reloads take long
            cut(reader);
            await reader.connect(cluster.nodes[reload % LOAD.nodes]);
        }
        for (const one of [reader, still]) {
            const { text, end } = await one.ended();
            assert.deepEqual([text, end.outcome], [words, 'complete']);
            assert.equal(one.frames.filter((frame) => frame.type === 'end').length, 1);
            noSnapshot(one.frames);
            one.wire.close();
        }
        assert.equal((await redis.entries(reader.run)).length, 101);
    });

    it('the message behind one of a thousand words begins at its first word', async () => {
        const reader = await begin(cluster.nodes[0], wordsOf(1_000), { provider: QUICK });
        assert.equal((await reader.ended()).text, wordsOf(1_000));
        assert.equal(reader.frames.at(-1).seq, 1_001);
        for (const node of cluster.nodes) {
            const wire = await Wire.join(node, { session: reader.session });
            const { run } = await wire.ask({ type: 'send', content: 'the next one' });
            const frames = await wire.framesOf(run, (frame) => frame.type === 'end');
            assert.deepEqual(frames.filter(({ type }) => type === 'chunk').map(({ seq, data }) => [seq, data.delta]), [[1, 'the '], [2, 'next '], [3, 'one']]);
            wire.close();
        }
        reader.wire.close();
    });

    it(`${GAPS} times a reader comes between what was written and what is being written`, async () => {
        const lanes = 10;
        let snapshots = 0;
        const lane = async (number) => {
            const [writer, readers] = [await Wire.join(cluster.nodes[number % LOAD.nodes]), await Promise.all(cluster.nodes.map((node) => Wire.join(node)))];
            for (let round = number; round < GAPS; round += lanes) {
                const stream = `${newSession('g')}.run`;
                const { fence } = await writer.ask({ type: 'claim', stream, lease_ms: 30_000 });
                const append = (seq, end) => writer.ask({ type: 'append', stream, fence, seq, entries: [{ kind: 'text', delta: `${seq},` }], ...(end && { end: { outcome: 'complete' } }) });
                const reader = readers[Math.floor(round / 3) % LOAD.nodes]; // each of them from everywhere
                const at = 1 + (round % 7); // the reader comes with this one
                for (let seq = 1; seq < at; ++seq) await append(seq);
                const rest = (async () => {
                    for (let seq = at; seq <= 8; ++seq) await append(seq, seq === 8);
                })();
                await Promise.all([reader.ask({ type: 'subscribe', stream, ...(round % 3 === 0 && { from: 'start' }) }), rest]);
                const frames = await reader.framesOf(stream, (frame) => frame.type === 'end');
                assert.deepEqual([fold(frames).text, fold(frames).last], ['1,2,3,4,5,6,7,8,', 9], stream);
                snapshots += frames.filter(({ type }) => type === 'snapshot').length;
                await reader.ask({ type: 'unsubscribe', stream });
                reader.frames.length = writer.frames.length = 0;
            }
            [writer, ...readers].forEach((wire) => wire.close());
        };
        await Promise.all(Array.from({ length: lanes }, (_, number) => lane(number)));
        assert.ok(snapshots > 0 && snapshots < GAPS, `${snapshots} began with a snapshot`);
    });

    it('the crowd heard every word meanwhile, and the figures show no trouble', async () => {
        await crowd.cancel();
        await crowd.areKeptBy(redis);
        crowd.close();
        for (const node of cluster.nodes)
            for (const name of ['stream_divergence_total', 'faults_total', 'runs_lost_total']) assert.equal(await node.metric(name), 0, name);
    });
});

describe('nodes that die or sleep', { timeout: TEST_MS, concurrency: 2 }, () => {
    const withNodes = async (use) => {
        const redis = await RedisProcess.start();
        const cluster = await Cluster.start(onRedis(redis), LOAD.nodes, SETTINGS).catch(async (error) => {
            await redis.stop();
            throw error;
        });
        try {
            await use({ redis, nodes: cluster.nodes });
        } finally {
            cluster.nodes.forEach((node) => node.signal('SIGCONT'));
            await cluster.kill();
            await redis.stop();
        }
    };

    const HELD = ['connections{proto="websocket"}', 'readers', 'subscriptions', 'streams', 'session_connections', 'leases_held', 'runs_active'];
    const MEMORY_GROWTH = 48 << 20; // what the allocator keeps for the next ones
    const memoryOf = (nodes) => Promise.all(nodes.map((node) => node.metric('process_resident_memory_bytes')));
    /** Nothing is held for clients that left, and so is no memory. */
    const areBackToBase = async (nodes, before, test) => {
        for (const node of nodes)
            for (const name of HELD) await node.until(async () => (await node.metric(name)) === 0);
        const growth = (await memoryOf(nodes)).map((bytes, index) => bytes - before[index]);
        test.diagnostic(`resident memory grew by ${growth.map((bytes) => (bytes / 2 ** 20).toFixed(1)).join(' and ')} MiB`);
        assert.ok(growth.every((bytes) => bytes < MEMORY_GROWTH), `${growth}`);
    };

    it('kill -9 with a third of the sockets: they go on elsewhere', (test) =>
        withNodes(async ({ redis, nodes }) => {
            const memory = await memoryOf(nodes.slice(1));
            const talks = await Talks.begin(nodes.slice(1), { words: wordsOf(200) });
            // A third of the readers move to the node that will die: no run is produced there.
            const moved = talks.readers.filter((_, index) => index % 3 === 0);
            for (const reader of moved) reader.wire.close();
            await Promise.all(moved.map((reader) => reader.connect(nodes[0])));
            await Promise.all(moved.map((reader) => reader.begun(reader.kept.at(-1).seq + 5)));
            const watch = new Stopwatch();
            await nodes[0].kill();
            await Promise.all(moved.map(async (reader, index) => {
                await reader.wire.ended();
                await reader.connect(nodes[1 + (index % 2)]);
                const last = reader.kept.at(-1).seq;
                await reader.begun(last + 1);
            }));
            watch.within(1_000, `${moved.length} readers have their next word elsewhere`, test);
            await talks.areWhole();
            await talks.areKeptBy(redis);
            talks.close();
            await areBackToBase(nodes.slice(1), memory, test);
        }));

    it('asleep for 25 s: its runs end within 10 s, nobody else pauses, and what it says later is not heard', (test) =>
        withNodes(async ({ redis, nodes }) => {
            const [asleep, one, two] = nodes;
            const SLEEP_MS = 25_000;
            const reader = await new Reader(newSession()).connect(one);
            const sleeper = await Wire.join(asleep, { session: reader.session });
            const { run } = await sleeper.ask({ type: 'send', content: wordsOf(2_000) });
            reader.run = run;
            const own = await Wire.join(asleep, { session: newSession() });
            const stream = `${newSession('o')}.own`;
            const { fence } = await own.ask({ type: 'claim', stream, lease_ms: 6_000 });
            const talks = await Talks.begin([one, two], { words: wordsOf(240) });
            await reader.begun(20);
            const from = performance.now();
            const watch = new Stopwatch();
            asleep.signal('SIGSTOP');
            const thief = await Wire.join(two, { session: newSession() });
            let claimed;
            await two.until(async () => (claimed = await thief.ask({ type: 'claim', stream, lease_ms: 60_000 })).type === 'claimed');
            watch.within(7_000, 'until another node has its lease', test);
            const { end, text } = await reader.ended();
            watch.within(10_000, 'until its run ended', test);
            assert.equal(end.outcome, 'lost');
            assert.ok(wordsOf(2_000).startsWith(text));
            await one.lives(Math.max(1, SLEEP_MS - watch.ms));
            watch.within(1_000, 'longest pause of other readers', test, talks.longestPause(from));
            const kept = await redis.entries(run);
            asleep.signal('SIGCONT');
            await asleep.until(async () => (await asleep.metric('runs_active')) === 0);
            assert.equal((await own.ask({ type: 'append', stream, fence, seq: 1, entries: [{ kind: 'text', delta: 'late' }] })).code, 'fenced');
            assert.equal((await thief.ask({ type: 'append', stream, fence: claimed.fence, seq: 1, entries: [{ kind: 'text', delta: 'in time' }] })).last, 1);
            await asleep.lives(2_000);
            assert.deepEqual(await redis.entries(run), kept, 'nothing behind the end');
            assert.equal(reader.frames.at(-1).type, 'end');
            await talks.areWhole();
            const late = await Wire.join(asleep, { session: reader.session });
            assert.equal((await late.ask({ type: 'subscribe', stream: run, from: 'start' })).state, 'ended');
            assert.equal((await late.textOf(run)).text, text);
            [reader.wire, thief, late].forEach((wire) => wire.close());
            talks.close();
        }));
});
