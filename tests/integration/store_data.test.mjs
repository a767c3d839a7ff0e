// What others do to the data: keys of another type, foreign entries, scripts that are flushed, a clock that jumps. It is named, it costs
// nobody else anything, and nothing is written twice.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Cluster, nodesOverRedis, onRedis } from './support/cluster.mjs';
import { inFolder } from './support/host_process.mjs';
import { JumpingClock } from './support/jumping_clock.mjs';
import { RedisProcess } from './support/redis.mjs';
import { AT_WORD_PACE, LOAD, Reader, Talks, newSession, wordsOf } from './support/talks.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 120_000;

describe('data that somebody else wrote', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    nodesOverRedis(LOAD.nodes, (started) => ({ redis, cluster } = started), { settings: { ...AT_WORD_PACE, 'plugins.health.canary_interval_ms': 600_000 } }); // keys are counted here
    const key = (kind, name) => `streamhost:${kind}:${name}`;
    /** Answered in time with an error, and the log has the reason. */
    const isRefused = async (wire, message, node, reason, what) => {
        const answer = await wire.ask(message);
        assert.equal(answer.type, 'error', JSON.stringify(answer));
        await node.printed(new RegExp(`ERROR.* ${reason} command=send what="${what}`));
    };
    const stillWorks = async (node) => {
        const wire = await Wire.join(node, { session: newSession() });
        const { run } = await wire.ask({ type: 'send', content: 'others are as before' });
        assert.equal((await wire.textOf(run)).text, 'others are as before');
        wire.close();
    };

    for (const [kind, of] of [['stream:meta', 'its fields'], ['session:runs', 'its runs'], ['stream:sent', 'its keys']]) {
        it(`a key of another type, where a session has ${of}`, async () => {
            const [node] = cluster.nodes;
            const wire = await Wire.join(node, { session: newSession() });
            const { session } = wire.welcome;
            assert.equal(await redis.call('SET', key(kind, session), 'mine'), 'OK');
            const before = Number(await redis.call('DBSIZE'));
            await isRefused(wire, { type: 'send', content: 'x' }, node, 'a key of another type stands where ours belongs', `(WRONGTYPE|.*OTHERTYPE string in ${key(kind, session)})`);
            assert.equal(await redis.call('GET', key(kind, session)), 'mine', 'what others wrote is not touched');
            assert.equal(await redis.call('EXISTS', key('stream:chunks', session)), '0', 'and nothing of the message is there');
            assert.ok(Number(await redis.call('DBSIZE')) <= before + 1);
            await stillWorks(node);
            await redis.call('DEL', key(kind, session));
            const { run } = await wire.ask({ type: 'send', content: 'now it goes' });
            assert.equal((await wire.textOf(run)).text, 'now it goes');
            wire.close();
        });
    }

    it('a foreign entry in the list of an answer: nothing is written behind it, and when it is gone the answer ends', async () => {
        const [node, other] = cluster.nodes;
        const reader = await new Reader(newSession()).connect(other);
        const writer = await Wire.join(node, { session: reader.session });
        const words = wordsOf(100);
        reader.run = (await writer.ask({ type: 'send', content: words })).run;
        await reader.begun(10);
        await redis.call('RPUSH', key('stream:chunks', reader.run), 'what is this?');
        await node.printed(new RegExp(`foreign data under our keys .*${key('stream:chunks', reader.run)}`));
        const held = reader.frames.length;
        await stillWorks(other);
        assert.equal(await redis.call('LINDEX', key('stream:chunks', reader.run), -1), 'what is this?');
        assert.equal(reader.frames.length, held);
        assert.equal(await redis.call('LREM', key('stream:chunks', reader.run), 1, 'what is this?'), '1');
        const { end, text } = await reader.ended();
        assert.ok(['error', 'lost'].includes(end.outcome), JSON.stringify(end));
        assert.equal((await redis.entries(reader.run)).map(({ data }) => data).slice(0, -1).join(''), text);
        assert.ok(words.startsWith(text) && text.length > 0);
        await stillWorks(other);
        writer.close();
        reader.wire.close();
    });

    it('a field that no script of ours wrote', async () => {
        const [node] = cluster.nodes;
        const session = newSession();
        await redis.call('HSET', key('stream:meta', session), 'd', 's|o|nonsense');
        const wire = await Wire.open(node);
        const answer = await wire.ask({ type: 'hello', session });
        if (answer.type === 'welcome') await isRefused(wire, { type: 'send', content: 'x' }, node, 'foreign data under our keys', `.*FOREIGN data in ${key('stream:meta', session)}`);
        else assert.equal(answer.type, 'error', JSON.stringify(answer));
        await node.printed(/foreign data under our keys/);
        assert.equal(await redis.call('HGET', key('stream:meta', session), 'd'), 's|o|nonsense');
        await stillWorks(node);
        wire.close();
    });

    it('scripts that are flushed again and again under load', async () => {
        const talks = await Talks.begin(cluster.nodes, { words: wordsOf(60) });
        let flushes = 0;
        while (talks.readers.some((reader) => reader.frames.at(-1).type !== 'end')) {
            assert.equal(await redis.call('SCRIPT', 'FLUSH'), 'OK');
            ++flushes;
        }
        await talks.areWhole();
        await talks.areKeptBy(redis);
        assert.ok(flushes > 20, `${flushes}`);
        await Promise.all(cluster.nodes.map((node) => node.printed(/INFO .*scripts were gone and were sent again/)));
        for (const { readers, run } of talks.all) assert.equal((await readers[0].wire.ask({ type: 'history' })).messages.length, 2, run);
        talks.close();
    });
});

describe('a clock of the server that jumps', { timeout: TEST_MS }, () => {
    it('an hour ahead, back again, and an hour into the past: no answer is lost or doubled, nobody is reaped', () =>
        inFolder(async (folder) => {
            const clock = await JumpingClock.in(folder);
            const redis = await RedisProcess.start({}, { place: clock.place });
            const seconds = async () => Number((await redis.call('TIME')).split('\n')[0]);
            let cluster;
            try {
                cluster = await Cluster.start(onRedis(redis), LOAD.nodes, AT_WORD_PACE);
                const { nodes } = cluster;
                for (const ahead of [3_600, 0, -3_600]) {
                    const talks = await Talks.begin(nodes, { words: wordsOf(50) });
                    const before = await seconds();
                    await clock.jump(ahead);
                    await nodes[0].until(async () => Math.abs((await seconds()) - before) > 3_000);
                    await talks.areWhole();
                    await talks.areKeptBy(redis);
                    const { run } = await talks.readers[0].wire.ask({ type: 'send', content: 'whatever the time' });
                    assert.equal((await talks.readers[0].wire.textOf(run)).text, 'whatever the time');
                    assert.deepEqual(talks.readers.map(({ wire }) => wire.closed), talks.readers.map(() => null));
                    for (const node of nodes) await node.until(async () => (await node.admin('/admin/v1/sessions')).body.total === talks.places);
                    talks.close();
                    for (const node of nodes) await node.until(async () => (await node.admin('/admin/v1/sessions')).body.total === 0);
                }
                for (const node of nodes)
                    for (const name of ['sessions_reaped_total', 'runs_lost_total', 'stream_divergence_total', 'faults_total']) assert.equal(await node.metric(name), 0, name);
                assert.deepEqual(await cluster.stop(), []);
            } finally {
                await cluster?.kill();
                await redis.stop();
            }
        }));
});
