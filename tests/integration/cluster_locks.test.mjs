// One of several nodes leads (examples/leader): whoever dies, sleeps or moves, no token is given twice.
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import { Cluster, onRedis, onSentinels, startNode } from './support/cluster.mjs';
import { inFolder } from './support/host_process.mjs';
import { JumpingClock } from './support/jumping_clock.mjs';
import { Stopwatch } from './support/machine.mjs';
import { MASTER, RedisProcess, SentinelGroup } from './support/redis.mjs';
import { TcpProxy, wordsOf } from './support/tcp_proxy.mjs';

const TEST_MS = 120_000;
const LEASE_MS = 1_500;
const FREE_WITHIN_MS = LEASE_MS + 200; // from a death to the next grant: who waits asks up to 20 ms after the lapse, and is asked here
const HOUR_S = 3_600;
const VALUE = 'streamhost:key:leader';
const CONFLICT = '3'; // of store::Status
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

/** What all nodes were granted, in the order in which it was seen: each is asked again at once. */
class Grants {
    static #PACE_MS = 10;
    tokens = [];
    #isOver = false;
    #lanes;

    constructor(nodes) {
        this.#lanes = nodes.map((node) => this.#watch(node));
    }

    async #watch(node) {
        for (let known = 0; !this.#isOver; ) {
            const { tokens } = await reportOf(node).catch(() => ({ tokens: [] })); // it was killed
            this.tokens.push(...tokens.slice(known));
            known = Math.max(known, tokens.length);
            await new Promise((resolve) => setTimeout(resolve, Grants.#PACE_MS));
        }
    }

    /** Each one higher than all before it, whichever node got it. */
    async rose() {
        this.#isOver = true;
        await Promise.all(this.#lanes);
        assert.deepEqual(this.tokens, [...new Set(this.tokens)].sort((a, b) => a - b));
        return this.tokens.length;
    }
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

    const value = async () => (await redis.call('HGET', VALUE, 'v')).split(' ').map(Number);

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
        sleeper.signal('SIGSTOP');
        try {
            await leaderOf(others);
        } finally {
            sleeper.signal('SIGCONT');
        }
        const awake = await reportOf(sleeper);
        await sleeper.until(async () => !(await reportOf(sleeper)).leads);
        const next = await leaderOf(cluster.nodes);
        assert.notEqual(next, sleeper);
        assert.ok((await reportOf(sleeper)).written <= awake.written + 1, 'what was under way when it fell asleep, and nothing since');
        assert.equal((await value())[0], (await reportOf(next)).tokens.at(-1));
        await assertTokensRise(cluster.nodes);
    });

    it('a leader that ends hands over at once, one that is killed when its lease is over', async (test) => {
        const leaving = await leaderOf(cluster.nodes);
        assert.equal((await leaving.stop()).code, 0);
        const left = cluster.nodes.filter((node) => node !== leaving);
        const killed = await leaderOf(left);
        const last = left.find((node) => node !== killed);
        const watch = new Stopwatch();
        await killed.kill();
        await last.until(async () => (await reportOf(last)).leads);
        watch.within(FREE_WITHIN_MS, 'from the death of the holder to the next grant', test);
        assert.equal(await leaderOf([last]), last);
        assert.equal((await value())[0], (await reportOf(last)).tokens.at(-1));
    });
});

/** Stopped when it returns: a signal alone leaves other threads of a busy machine some milliseconds. */
function stopNow(node) {
    const stateOf = (thread) => readFileSync(`/proc/${node.pid}/task/${thread}/stat`, 'utf8').replace(/^.*\) /s, '')[0];
    node.signal('SIGSTOP');
    while (readdirSync(`/proc/${node.pid}/task`).some((thread) => stateOf(thread) !== 'T'));
}

describe('a leader that is paused between its reading and its writing', { timeout: TEST_MS }, () => {
    const SHORT = { ...SETTINGS, 'plugins.leader.lease_ms': 500 }; // the sleep has to be over before the command's deadline
    const reads = (words) => words.length === 4; // EVALSHA, script, 1 key; a write has its value behind them
    let redis;
    let proxies;
    const nodes = [];
    before(async () => {
        redis = await RedisProcess.start();
        proxies = [await TcpProxy.start(redis), await TcpProxy.start(redis)];
        for (const [index, proxy] of proxies.entries()) nodes.push(await startNode(onRedis(proxy), `node-${index + 1}`, SHORT));
    });
    after(async () => {
        nodes.forEach((node) => node.signal('SIGCONT'));
        await Promise.all(nodes.map((node) => node.kill()));
        await Promise.all(proxies.map((proxy) => proxy.close()));
        await redis.stop();
    });

    /** Whoever reads next sleeps behind it until another one has written; what became of its own write. */
    const lateWrite = async () => {
        let paused;
        let late;
        proxies.forEach((proxy, index) => {
            proxy.onAnswer = (words, answer) => {
                if (words[3] !== VALUE) return;
                if (paused === nodes[index] && !reads(words)) late ??= { said: words[4], refusal: wordsOf(answer) };
                if (paused !== undefined || !reads(words)) return;
                paused = nodes[index];
                stopNow(paused);
            };
        });
        await nodes[0].until(() => paused);
        const other = nodes.find((node) => node !== paused);
        const { written } = await reportOf(other);
        await other.until(async () => (await reportOf(other)).written > written);
        assert.equal(late, undefined);
        const asleep = paused;
        paused.signal('SIGCONT');
        await asleep.until(async () => (await reportOf(asleep)).refused > 0);
        for (const proxy of proxies) proxy.onAnswer = null;
        return late && { ...late, old: (await reportOf(asleep)).tokens, others: (await reportOf(other)).tokens };
    };

    it('says its write with the old token when it wakes, and the store refuses it', async () => {
        let found;
        await nodes[0].until(async () => (found = await lateWrite())); // on a busy machine it sleeps past the deadline, and reads anew
        const [said, there] = [found.said, found.refusal[2]].map((text) => Number(text.split(' ')[0]));
        assert.ok(found.old.includes(said), `it tried with ${found.said}`);
        assert.equal(found.refusal[0], CONFLICT);
        assert.ok(there > said && found.others.includes(there), `the value has the next token by now: ${found.refusal}`);
    });
});

describe('a lock while clocks jump by an hour', { timeout: TEST_MS }, () => {
    const tokensOf = async (nodes) => (await Promise.all(nodes.map(reportOf))).map(({ tokens }) => tokens);
    const nothingChanges = async (nodes, leader) => {
        const before = await tokensOf(nodes);
        await leader.lives(2 * LEASE_MS);
        assert.equal(await leaderOf(nodes), leader);
        assert.deepEqual(await tokensOf(nodes), before);
    };

    it('of the nodes: nothing. Of the server: ahead ends the lease, back changes nothing for who renews it; tokens rise', (test) =>
        inFolder((servers) =>
            inFolder(async (nodesFolder) => {
                const [clock, nodesClock] = [await JumpingClock.in(servers), await JumpingClock.in(nodesFolder)];
                const redis = await RedisProcess.start({}, { place: clock.place });
                const nodes = [];
                try {
                    for (const id of ['node-1', 'node-2']) nodes.push(await startNode(onRedis(redis), id, SETTINGS, nodesClock.environment));
                    const first = await leaderOf(nodes);
                    for (const ahead of [HOUR_S, -HOUR_S, 0]) {
                        await nodesClock.jump(ahead);
                        await nothingChanges(nodes, first);
                    }
                    const [token] = (await reportOf(first)).tokens;
                    const grants = new Grants(nodes);

                    const watch = new Stopwatch();
                    await clock.jump(HOUR_S);
                    await first.until(() => grants.tokens.length === 2);
                    watch.within(LEASE_MS, 'from the jump to the next grant', test);
                    assert.ok(grants.tokens[1] >= token + HOUR_S * 1_000, `${grants.tokens}: by the clock of the server`);
                    const second = await leaderOf(nodes);

                    await clock.jump(0);
                    await nothingChanges(nodes, second);
                    const other = nodes.find((node) => node !== second);
                    const death = new Stopwatch();
                    await second.kill();
                    await other.until(() => grants.tokens.length === 3);
                    death.within(FREE_WITHIN_MS, 'from the death of the holder to the next grant', test);
                    assert.equal(grants.tokens[2], grants.tokens[1] + 1, 'the last one counts where the clock is behind');
                    assert.equal(await leaderOf([other]), other);
                    await grants.rose();
                } finally {
                    await Promise.all(nodes.map((node) => node.kill()));
                    await redis.stop();
                }
            }),
        ));
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

    /** Another node leads than now, by a grant that the replicas are not told of. */
    const grantedInSecret = async (master) => {
        const leader = await leaderOf(cluster.nodes);
        for (const server of group.servers) if (server !== master) await server.call('REPLICAOF', '127.0.0.1', '9'); // nobody is there
        leader.signal('SIGSTOP');
        try {
            await leaderOf(cluster.nodes.filter((node) => node !== leader));
        } finally {
            leader.signal('SIGCONT');
        }
    };

    it('one leads in the end, and the tokens of all nodes rose with each grant', async (test) => {
        await leaderOf(cluster.nodes);
        const grants = new Grants(cluster.nodes);
        for (let count = 0; count < 2; ++count) {
            const master = await group.master();
            await group.isReady(2, 3);
            await group.sentinels[0].call('SENTINEL', 'FAILOVER', MASTER);
            await hasMoved(master);
            await leaderOf(cluster.nodes);
        }
        await group.isReady(2, 3);
        const dying = await group.master();
        await grantedInSecret(dying);
        const secret = grants.tokens.at(-1);
        dying.signal('SIGKILL');
        await hasMoved(dying);
        await cluster.nodes[0].until(() => grants.tokens.at(-1) !== secret);
        await leaderOf(cluster.nodes);
        const count = await grants.rose();
        test.diagnostic(`${count} grants: ${grants.tokens}`);
        assert.equal(await assertTokensRise(cluster.nodes), count);
        assert.ok(count >= 3 && grants.tokens.indexOf(secret) > 0);
    });
});
