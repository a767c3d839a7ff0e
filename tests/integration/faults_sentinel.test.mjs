// A master that sleeps, that is cut off, that comes back empty, that dies with what its replicas never got: all behind Sentinels.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Cluster, onSentinels } from './support/cluster.mjs';
import { Stopwatch } from './support/machine.mjs';
import { DOWN_AFTER_MS, MASTER, SentinelGroup } from './support/redis.mjs';
import { waysToPart } from './support/sides.mjs';
import { AT_WORD_PACE, LOAD, Reader, Talks, WORD_MS, newSession, wordsOf } from './support/talks.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 180_000;
const TILT_MS = 75_000; // a Sentinel that got no time to run does nothing for 30 s

async function withGroup({ size = LOAD.nodes, settings = {}, group: how = {} }, use) {
    const group = await SentinelGroup.start(how);
    let cluster;
    try {
        cluster = await Cluster.start(onSentinels(group), size, { ...AT_WORD_PACE, ...settings });
        await use({ group, cluster, nodes: cluster.nodes });
    } finally {
        await cluster?.kill();
        await group.stop();
    }
}
/** What the Sentinel names by now. */
const named = async (sentinel) => {
    const [host, port] = (await sentinel.call('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', MASTER)).split('\n');
    return `${host}:${port}`;
};
const isReplica = async (server) => (await server.call('ROLE').catch(() => '')).startsWith('slave');

describe('a master', { timeout: TEST_MS, concurrency: 2 }, () => {
    it('that sleeps for 5 s: another one is found, and it does no harm when it wakes', (test) =>
        withGroup({}, async ({ group, cluster, nodes }) => {
            const SLEEP_MS = 5_000;
            const talks = await Talks.begin(nodes, { words: wordsOf(90) });
            const old = await group.master();
            const watch = new Stopwatch();
            old.signal('SIGSTOP');
            await cluster.leaves(old.address);
            watch.within(DOWN_AFTER_MS + 2_000, 'until all nodes write to the new master', test);
            await nodes[0].lives(Math.max(1, SLEEP_MS - watch.ms));
            old.signal('SIGCONT');
            await talks.areWhole();
            watch.within(3_000, 'longest pause of a reader', test, talks.longestPause());
            await nodes[0].until(() => isReplica(old));
            const master = await group.master();
            assert.notEqual(master, old);
            await talks.areKeptBy(master);
            talks.close();
        }));

    it('that is started again empty before anybody missed it: what is written, and what just ended, is there again', () =>
        withGroup({ settings: { 'store.keeper.window_ms': 10_000 } }, async ({ group, nodes }) => {
            for (const sentinel of group.sentinels) await sentinel.call('SENTINEL', 'SET', MASTER, 'down-after-milliseconds', 8_000);
            const ask = async (content) => {
                const reader = await new Reader(newSession()).connect(nodes[0]);
                reader.run = (await reader.wire.ask({ type: 'send', content })).run;
                await reader.ended();
                return reader;
            };
            const forgotten = await ask('long ago');
            await nodes[0].lives(11_000);
            const talks = await Talks.begin(nodes, { words: wordsOf(50) });
            const recent = await ask('a moment ago');
            const [master, seen] = [await group.master(), group.servers.length];
            await master.again({ empty: true });
            await nodes[0].printed(/another server answers at /);
            await talks.areWhole();
            assert.equal(await group.master(), master, `the same of ${seen}`);
            await talks.areKeptBy(master);
            for (const node of nodes) {
                const wire = await Wire.join(node, { session: recent.session });
                assert.equal((await wire.textOf(recent.run)).text, 'a moment ago');
                const { messages } = await wire.ask({ type: 'history' });
                assert.deepEqual(messages.map(({ content }) => content), ['a moment ago', 'a moment ago']);
                const old = await wire.ask({ type: 'subscribe', stream: forgotten.run, from: 'start' });
                const position = await wire.ask({ type: 'unsubscribe', stream: forgotten.run });
                assert.deepEqual([old.type === 'subscribed' ? old.reason : old.code, old.head ?? 0, position.type === 'ok' || position.code], ['unknown', 0, true], JSON.stringify(old));
                wire.close();
            }
            talks.close();
        }));
});

describe('a cancel through another node than the producer\'s', { timeout: TEST_MS }, () => {
    it('holds when the master dies with all of the run that its replicas never got', () =>
        withGroup({}, async ({ group, cluster, nodes }) => {
            const master = await group.master();
            for (const server of group.servers) if (server !== master) await server.call('REPLICAOF', '127.0.0.1', '9'); // nobody is there
            const cancelled = [];
            for (const [producing, other] of [nodes, nodes.toReversed(), nodes, nodes.toReversed()]) {
                const session = newSession();
                const [asker, canceller] = [await Wire.join(producing, { session }), await Wire.join(other, { session })];
                const { run } = await asker.ask({ type: 'send', content: wordsOf(500) });
                await canceller.frame((frame) => frame.stream === run && frame.type === 'chunk');
                assert.equal((await canceller.ask({ type: 'cancel', run })).type, 'ok');
                const { text, end } = await asker.textOf(run);
                assert.equal(end.outcome, 'cancelled');
                cancelled.push({ session, run, text });
                asker.close();
                canceller.close();
            }
            await nodes[0].lives(WORD_MS * 5); // each producer has heard of the end
            master.signal('SIGKILL');
            await cluster.leaves(master.address);
            for (const node of nodes) {
                for (const { session, run, text } of cancelled) {
                    const wire = await Wire.join(node, { session });
                    await wire.ask({ type: 'subscribe', stream: run, from: 'start' });
                    const found = await wire.textOf(run);
                    assert.equal(found.end.outcome, 'cancelled', run);
                    assert.equal(found.text, text, run);
                    wire.close();
                }
            }
        }));
});

/** The master and the first Sentinel in a network of their own, which can be parted from that of the others. Nodes reach both. */
async function withSides(how, use, Way = WAYS[0]) {
    const spaces = await Way.make(2);
    const [minority, majority] = spaces.spaces;
    try {
        await withGroup({ ...how, group: { placeOf: (index) => (index === 0 ? minority : majority) } }, (all) => use({ ...all, spaces, old: all.group.servers[0] }));
    } finally {
        await spaces.remove();
    }
}

const WAYS = await waysToPart();

describe('a partition', { timeout: TEST_MS, concurrency: 3 }, () => {
    it('the master and one Sentinel on one side, clients on both: nobody stays behind, nothing is lost', (test) =>
        withSides({ settings: { 'store.keeper.window_ms': TILT_MS } }, async ({ group, cluster, nodes, spaces, old }) => {
            const CUT_MS = 8_000;
            const talks = await Talks.begin(nodes, { words: wordsOf(140) });
            const watch = new Stopwatch();
            await spaces.part();
            await nodes[0].until(async () => (await named(group.sentinels[1])) !== old.address, TILT_MS);
            const switched = new Stopwatch();
            test.diagnostic(`switched after ${watch.ms.toFixed(0)} ms`);
            await cluster.leaves(old.address);
            switched.within(3_000, 'from the switch until nobody writes to the old master', test);
            assert.equal(await named(group.sentinels[0]), old.address, 'the other side knows nothing of it');
            await nodes[0].lives(Math.max(1, CUT_MS - watch.ms));
            await spaces.heal();
            await nodes[0].until(() => isReplica(old));
            await talks.areWhole();
            watch.within(3_000, 'longest pause of a reader', test, talks.longestPause());
            const master = await group.master();
            assert.notEqual(master, old);
            await talks.areKeptBy(master);
            for (const node of nodes) assert.equal(await node.metric('sessions_reaped_total'), 0);
            talks.close();
        }));

    /** On which both Sentinels of the majority agree. */
    const otherMaster = async (group, old, node) => {
        let names;
        await node.until(async () => {
            names = await Promise.all(group.sentinels.slice(1).map(named));
            return names[0] === names[1] && names[0] !== old.address;
        }, TILT_MS);
        return group.servers.find((server) => server.address === names[0]);
    };
    /** Streams whose last words and ends only the old master gets; then it dies. Each is written at one node and read at another. */
    const diesWithEnds = async (old, spaces, nodes) => {
        const streams = await Promise.all(
            Array.from({ length: 12 }, async (_, index) => {
                const id = `${newSession('e')}.run`;
                const [writer, reader] = [await Wire.join(nodes[0]), await Wire.join(nodes[index % nodes.length])];
                const { fence } = await writer.ask({ type: 'claim', stream: id, lease_ms: 60_000 });
                const append = (seq, end) => writer.ask({ type: 'append', stream: id, fence, seq, entries: [{ kind: 'text', delta: `${seq},` }], ...(end && { end: { outcome: 'complete' } }) });
                assert.equal((await append(1)).last, 1);
                await reader.ask({ type: 'subscribe', stream: id, from: 'start' });
                return { id, writer, reader, append };
            }),
        );
        await spaces.part();
        for (const { id, append, reader } of streams) {
            for (let seq = 2; seq <= 5; ++seq) assert.equal((await append(seq, seq === 5)).last, seq + Number(seq === 5));
            assert.equal((await reader.textOf(id)).text, '1,2,3,4,5,');
        }
        old.signal('SIGKILL');
        return streams;
    };
    const areKept = async (streams, server) => {
        for (const { id, writer, reader } of streams) {
            const entries = await server.entries(id);
            assert.deepEqual([entries.map(({ data }) => data).slice(0, -1).join(''), entries.at(-1)?.type], ['1,2,3,4,5,', 'e'], id);
            assert.equal(reader.frames.filter((frame) => frame.stream === id && ['end', 'snapshot'].includes(frame.type)).length, 1, 'nothing more was said of it');
            [writer, reader].forEach((wire) => wire.close());
        }
    };

    const writtenAgain = (Way) =>
        withSides({}, async ({ group, cluster, nodes, spaces, old }) => {
            const crowd = await Talks.begin(nodes, { words: wordsOf(80) });
            const streams = await diesWithEnds(old, spaces, nodes);
            await cluster.leaves(old.address);
            const master = await otherMaster(group, old, nodes[0]);
            const isThere = async ({ id }) => (await master.call('HGET', `streamhost:stream:meta:${id}`, 'd')).split('|')[1] === 'c';
            await nodes[0].until(async () => (await Promise.all(streams.map(isThere))).every(Boolean));
            await areKept(streams, master);
            await crowd.areWhole();
            await crowd.areKeptBy(master);
            crowd.close();
        }, Way);

    // In all ways: one that is tried only where nothing better is to be had would rot.
    for (const Way of WAYS) it(`ends that only the old master had are written again by the node that heard of them (${Way.name})`, () => writtenAgain(Way));

    it('and so they are by a node that is told to stop meanwhile', () =>
        withSides({ settings: { 'drain.window_ms': 20_000, 'drain.exit_within_ms': 60_000 } }, async ({ group, nodes, spaces, old }) => {
            const crowd = await Talks.begin(nodes.slice(1), { words: wordsOf(80) });
            const streams = await diesWithEnds(old, spaces, nodes);
            const { code } = await nodes[0].stop();
            assert.equal(code, 0, nodes[0].log);
            const master = await otherMaster(group, old, nodes[1]);
            await areKept(streams, master);
            await crowd.areWhole();
            await crowd.areKeptBy(master);
            crowd.close();
        }));
});
