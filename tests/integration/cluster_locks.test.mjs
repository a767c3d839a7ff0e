// One of several nodes leads (examples/leader): whoever dies, sleeps or moves, no token is given twice.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Cluster, onRedis, onSentinels } from './support/cluster.mjs';
import { MASTER, RedisProcess, SentinelGroup } from './support/redis.mjs';

const TEST_MS = 120_000;
const LEASE_MS = 1_500;
const SETTINGS = { 'plugins.leader.enabled': true, 'plugins.leader.lease_ms': LEASE_MS };

const reportOf = async (node) => (await fetch(`http://127.0.0.1:${node.port}/leader`)).json();
const leadersOf = async (nodes) => (await Promise.all(nodes.map(reportOf))).filter((report) => report.leads);

/** Exactly one of them, and it gets work done. */
async function leaderOf(nodes) {
    let seen = null;
    await nodes[0].until(async () => {
        const leaders = await leadersOf(nodes);
        const leader = leaders.length === 1 ? leaders[0] : null;
        const isSame = leader !== null && leader.node === seen?.node;
        const hasWorked = isSame && leader.written > seen.written;
        if (!isSame) seen = leader;
        return hasWorked;
    });
    return nodes.find((node) => node.id === seen.node);
}

async function assertTokensRise(nodes) {
    const reports = await Promise.all(nodes.map(reportOf));
    const all = reports.flatMap(({ tokens }) => tokens);
    assert.equal(new Set(all).size, all.length, `given twice: ${JSON.stringify(reports)}`);
    for (const { tokens } of reports) assert.deepEqual(tokens, [...tokens].sort((a, b) => a - b));
    return all.length;
}

describe('a lock over three nodes and one Redis', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    before(async () => {
        redis = await RedisProcess.start();
        cluster = await Cluster.start(onRedis(redis), 3, SETTINGS);
    });
    after(async () => {
        await cluster?.kill();
        await redis?.stop();
    });

    const value = async () => (await redis.call('HGET', 'streamhost:key:leader', 'v')).split(' ').map(Number);

    it('one node leads, and what it counted is what all of them wrote', async () => {
        await leaderOf(cluster.nodes);
        const [token, count] = await value();
        const reports = await Promise.all(cluster.nodes.map(reportOf));
        assert.ok(reports.reduce((sum, { written }) => sum + written, 0) >= count);
        assert.deepEqual(reports.flatMap(({ tokens }) => tokens), [token]);
    });

    it('who has the lock has counted it, and how long it waited', async () => {
        const leader = await leaderOf(cluster.nodes);
        for (const node of cluster.nodes) {
            const expected = node === leader ? 1 : 0;
            assert.equal(await node.metric('lock_acquire_total{result="ok"}'), expected);
            assert.equal(await node.metric('lock_acquire_total{result="error"}'), 0);
            assert.equal(await node.metric('lock_wait_seconds_count'), expected);
        }
    });

    it('a leader that sleeps longer than its lease is replaced, and writes nothing when it wakes', async () => {
        const sleeper = await leaderOf(cluster.nodes);
        const others = cluster.nodes.filter((node) => node !== sleeper);
        const before = await reportOf(sleeper);
        sleeper.signal('SIGSTOP');
        try {
            await leaderOf(others);
        } finally {
            sleeper.signal('SIGCONT');
        }
        await sleeper.until(async () => !(await reportOf(sleeper)).leads);
        const next = await leaderOf(cluster.nodes);
        assert.notEqual(next, sleeper);
        assert.ok((await reportOf(sleeper)).written <= before.written + 2, 'what was under way when it fell asleep, and nothing since');
        assert.equal((await value())[0], (await reportOf(next)).tokens.at(-1));
        await assertTokensRise(cluster.nodes);
    });

    it('a leader that ends hands over at once, one that is killed when its lease is over', async () => {
        const leaving = await leaderOf(cluster.nodes);
        assert.equal((await leaving.stop()).code, 0);
        const left = cluster.nodes.filter((node) => node !== leaving);
        const killed = await leaderOf(left);
        await killed.kill();
        const last = left.find((node) => node !== killed);
        assert.equal(await leaderOf([last]), last);
        assert.equal((await value())[0], (await reportOf(last)).tokens.at(-1));
    });
});

describe('a lock over a master that moves and dies', { timeout: TEST_MS }, () => {
    let group;
    let cluster;
    before(async () => {
        group = await SentinelGroup.start();
        cluster = await Cluster.start(onSentinels(group), 3, SETTINGS);
    });
    after(async () => {
        await cluster?.kill();
        await group?.stop();
    });

    const hasMoved = async (from) => {
        for (const node of cluster.nodes) {
            await node.until(async () => {
                const { state, master } = (await node.admin('/admin/v1/node')).body.store;
                return state === 'ok' && master !== from.address;
            });
        }
    };

    it('one leads in the end, and no token was given twice', async () => {
        await leaderOf(cluster.nodes);
        for (let count = 0; count < 2; ++count) {
            const master = await group.master();
            await group.isReady(2, 3);
            await group.sentinels[0].call('SENTINEL', 'FAILOVER', MASTER);
            await hasMoved(master);
            await leaderOf(cluster.nodes);
        }
        await group.isReady(2, 3);
        const dying = await group.master();
        dying.signal('SIGKILL');
        await hasMoved(dying);
        await leaderOf(cluster.nodes);
        assert.ok((await assertTokensRise(cluster.nodes)) >= 1);
    });
});
