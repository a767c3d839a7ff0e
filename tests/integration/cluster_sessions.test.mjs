// The registry of sessions over nodes that share one Redis: seen and closed from anywhere, taken away from the dead only.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Cluster, nodesOverRedis, onRedis, startNode } from './support/cluster.mjs';
import { runHost, serveHost } from './support/host_process.mjs';
import { Stopwatch } from './support/machine.mjs';
import { RedisProcess } from './support/redis.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 120_000;
const HEARTBEAT_MS = 2_000;
const LEASE_MS = 6_000;
const REAPED_MS = 10_000;

let names = 0;
const newName = (kind) => `${kind}-${++names}`;

const sessionsOf = async (node, query = '') => {
    const { status, body } = await node.admin(`/admin/v1/sessions${query}`);
    assert.equal(status, 200, JSON.stringify(body));
    return body.sessions;
};
const namesOn = async (node) => (await sessionsOf(node)).map(({ session, node: at }) => `${session}@${at}`).sort();
const reapedOf = async (nodes) => (await Promise.all(nodes.map((node) => node.metric('sessions_reaped_total')))).reduce((a, b) => a + b, 0);
const sameList = (nodes, expected) => async () => {
    const lists = await Promise.all(nodes.map(namesOn));
    return lists.every((list) => list.join() === [...expected].sort().join());
};

describe('sessions over three nodes', { timeout: TEST_MS }, () => {
    let cluster;
    nodesOverRedis(3, (started) => ({ cluster } = started));

    it('are listed from every node, one entry per node', async () => {
        const [own, shared] = [newName('s'), newName('s')];
        const [one, two, three] = cluster.nodes;
        const wires = [
            await Wire.join(one, { session: shared }),
            await Wire.join(one, { session: shared }),
            await Wire.join(two, { session: shared }),
            await Wire.join(three, { session: own }),
        ];
        const expected = [`${shared}@node-1`, `${shared}@node-2`, `${own}@node-3`];
        await one.until(sameList(cluster.nodes, expected), 2_000);
        await one.until(async () => (await sessionsOf(three)).find((entry) => entry.node === 'node-1').connections === 2, 2_000);
        const [entry] = (await sessionsOf(two)).filter(({ node }) => node === 'node-3');
        const { since, ...rest } = entry;
        assert.deepEqual(rest, { session: own, user: 'anonymous', node: 'node-3', connections: 1 });
        assert.ok(Math.abs(Date.now() - since) < 60_000, `${since}`);
        assert.equal((await one.admin('/admin/v1/sessions')).body.total, 3);
        assert.deepEqual(await sessionsOf(two, '?user=anonymous'), await sessionsOf(one));
        assert.deepEqual(await sessionsOf(two, '?user=nobody'), []);
        assert.equal((await sessionsOf(two, '?user=anonymous&limit=2')).length, 2);
        wires.forEach((wire) => wire.close());
        await one.until(sameList(cluster.nodes, []), 2_000);
    });

    it('are counted for each node, on every node', async () => {
        const [one, two] = cluster.nodes;
        const wires = [await Wire.join(two, { session: newName('s') }), await Wire.join(two, { session: newName('s') })];
        const nodesOf = async (node) => (await node.admin('/admin/v1/nodes')).body;
        // Each node says how it stands with its next heartbeat.
        await one.until(async () => (await nodesOf(one)).nodes.find(({ node }) => node === 'node-2')?.sessions === 2, 2 * HEARTBEAT_MS);
        const seen = await nodesOf(one);
        assert.equal(seen.self, 'node-1');
        assert.deepEqual(seen.nodes.map(({ node, sessions, connections }) => [node, sessions, connections]), [['node-1', 0, 0], ['node-2', 2, 2], ['node-3', 0, 0]]);
        for (const { server, left_ms: left } of seen.nodes) {
            assert.match(server, /^streamhost\/\d/);
            assert.ok(left > 0 && left <= LEASE_MS, `${left}`);
        }
        assert.equal((await nodesOf(two)).self, 'node-2');
        wires.forEach((wire) => wire.close());
        await one.until(sameList(cluster.nodes, []), 2_000);
    });

    it('have the same affinity on every node', async () => {
        const session = newName('s');
        const wires = await Promise.all(cluster.nodes.map((node) => Wire.join(node, { session })));
        assert.deepEqual(wires.map(({ welcome }) => [welcome.session, welcome.affinity]), Array(3).fill([session, session]));
        wires.forEach((wire) => wire.close());
    });

    it('are closed on all nodes by a kick from another, in under a second', async (test) => {
        const [session, other] = [newName('s'), newName('s')];
        const [one, two, three] = cluster.nodes;
        const kicked = [await Wire.join(one, { session }), await Wire.join(two, { session }), await Wire.join(two, { session })];
        const spared = await Wire.join(two, { session: other });
        const watch = new Stopwatch();
        const { status, body } = await three.admin(`/admin/v1/sessions/${session}/kick`, {});
        assert.deepEqual([status, body], [200, { session, closed: 3, unanswered: [] }]);
        const ends = await Promise.all(kicked.map((wire) => wire.ended()));
        watch.within(1_000, 'until the last of them was closed', test);
        assert.deepEqual(ends.map(({ code }) => code), [4403, 4403, 4403]);
        assert.equal(spared.closed, null);
        assert.equal((await spared.ask({ type: 'ping' })).type, 'pong');
        const again = await three.admin(`/admin/v1/sessions/${session}/kick`, {});
        assert.deepEqual(again.body, { session, closed: 0, unanswered: [] });
        spared.close();
    });

    it('answers what cannot be asked with a problem document', async () => {
        const [node] = cluster.nodes;
        for (const [path, body, status] of [
            ['/admin/v1/sessions?usr=ann', undefined, 400],
            ['/admin/v1/sessions?user=%7B', undefined, 400],
            ['/admin/v1/sessions?limit=1001', undefined, 400],
            ['/admin/v1/sessions/a.b/kick', {}, 400],
            ['/admin/v1/sessions/a', {}, 404],
            ['/admin/v1/sessions', {}, 405],
            ['/admin/v1/sessions/a/kick', undefined, 405],
        ]) {
            const answer = await node.admin(path, body);
            assert.equal(answer.status, status, path);
            assert.equal(answer.body.status, status, path);
            assert.ok(answer.body.detail, path);
        }
    });
});

describe('sessions of nodes that die, sleep and wake', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    before(async () => {
        redis = await RedisProcess.start();
        cluster = await Cluster.start(onRedis(redis), 3);
    });
    after(async () => {
        cluster?.nodes.forEach((node) => node.signal('SIGCONT'));
        await cluster?.kill();
        await redis?.stop();
    });

    it('are kept while Redis is stopped', async () => {
        const [one, two, three] = cluster.nodes;
        const wires = await Promise.all(cluster.nodes.map((node) => Wire.join(node, { session: newName('s') })));
        const expected = wires.map(({ welcome }) => `${welcome.session}@${welcome.node}`);
        await one.until(sameList(cluster.nodes, expected), 2_000);
        await one.lives(LEASE_MS + 2 * HEARTBEAT_MS); // all of them may judge others by now
        redis.signal('SIGSTOP');
        await one.lives(12_000);
        redis.signal('SIGCONT');
        const totals = async () => (await Promise.all(cluster.nodes.map((node) => node.admin('/admin/v1/sessions')))).map(({ status, body }) => status === 200 && body.total);
        await one.until(async () => {
            const seen = await totals();
            assert.ok(seen.every((total) => total === false || total === 3), `${seen}: an entry was gone`);
            return seen.every((total) => total === 3);
        });
        await one.until(sameList(cluster.nodes, expected), 2 * HEARTBEAT_MS + 2_000);
        await two.lives(2 * LEASE_MS);
        assert.equal(await sameList(cluster.nodes, expected)(), true);
        assert.equal(await reapedOf([one, two, three]), 0);
        assert.deepEqual(wires.map((wire) => wire.closed), [null, null, null]);
        wires.forEach((wire) => wire.close());
        await one.until(sameList(cluster.nodes, []), 2_000);
    });

    it('come back with a node that was taken for dead, within a heartbeat', async () => {
        const [one, two, three] = cluster.nodes;
        const [awake, asleep] = [await Wire.join(one, { session: newName('s') }), await Wire.join(three, { session: newName('s') })];
        const [stays, goes] = [awake, asleep].map(({ welcome }) => `${welcome.session}@${welcome.node}`);
        await one.until(sameList(cluster.nodes, [stays, goes]), 2_000);
        const before = await reapedOf([one, two]);
        three.signal('SIGSTOP');
        await one.until(async () => (await reapedOf([one, two])) === before + 1, REAPED_MS);
        assert.equal(await sameList([one, two], [stays])(), true);
        three.signal('SIGCONT');
        await one.until(sameList([one, two], [stays, goes]), HEARTBEAT_MS + 1_000);
        assert.equal((await asleep.ask({ type: 'ping' })).type, 'pong');
        const { run } = await asleep.ask({ type: 'send', content: 'still here' });
        assert.equal((await asleep.textOf(run)).text, 'still here');
        await three.lives(LEASE_MS + HEARTBEAT_MS);
        assert.equal(await sameList(cluster.nodes, [stays, goes])(), true, 'it judged nobody by its own sleep');
        assert.equal(await reapedOf(cluster.nodes), before + 1);
        [awake, asleep].forEach((wire) => wire.close());
        await one.until(sameList(cluster.nodes, []), 2_000);
    });

    it('go with a node that is killed, once, within 10 s, and the others stay', async () => {
        const [one, two, three] = cluster.nodes;
        const living = [await Wire.join(one, { session: newName('s') }), await Wire.join(two, { session: newName('s') })];
        const dying = await Promise.all(Array.from({ length: 5 }, () => Wire.join(three, { session: newName('s') })));
        const of = (wires) => wires.map(({ welcome }) => `${welcome.session}@${welcome.node}`);
        await one.until(sameList(cluster.nodes, of([...living, ...dying])), 2_000);
        const before = await reapedOf([one, two]);
        await three.kill();
        const killed = performance.now();
        await one.until(sameList([one, two], of(living)), REAPED_MS);
        await one.until(async () => (await reapedOf([one, two])) === before + dying.length, REAPED_MS - (performance.now() - killed));
        const gone = (await one.admin('/admin/v1/nodes')).body.nodes.filter(({ left_ms: left }) => left <= 0);
        assert.deepEqual(gone.map(({ node }) => node), ['node-3'], 'it died, and that is remembered');
        assert.equal((await two.admin('/admin/v1/sessions')).body.total, living.length);
        await one.lives(LEASE_MS + HEARTBEAT_MS);
        assert.equal(await sameList([one, two], of(living))(), true);
        assert.equal(await reapedOf([one, two]), before + dying.length);
        assert.deepEqual(living.map((wire) => wire.closed), [null, null]);
        living.forEach((wire) => wire.close());
    });
});

describe('two living nodes of one id', { timeout: TEST_MS }, () => {
    it('say so; the later one is not ready until it is alone; one that comes back after a crash is', async () => {
        const redis = await RedisProcess.start();
        const nodes = [];
        const start = async () => {
            nodes.push(await startNode(onRedis(redis), 'twin'));
            return nodes.at(-1);
        };
        const ready = async (node) => (await node.admin('/health/ready')).status;
        const conflict = (node) => node.metric('node_id_conflict');
        try {
            const [first, second] = [await start(), await start()];
            await first.until(async () => (await conflict(first)) === 1 && (await conflict(second)) === 1, 5 * HEARTBEAT_MS);
            await second.until(async () => (await ready(second)) === 503); // what health answers may be a tenth of a second old
            assert.equal(await ready(first), 200);
            await first.printed(/another living process has the id of this node: .* came=later/);
            await second.printed(/another living process has the id of this node: .* came=first/);
            const { reasons } = (await second.admin('/health')).body;
            assert.match(reasons.join('; '), /session node_id is down: another living process has this node\.id: \d+@.*\/\d+/);
            await first.kill();
            await second.until(async () => (await ready(second)) === 200, 2 * LEASE_MS + 2 * HEARTBEAT_MS);
            await second.printed(/no other living process has the id of this node any more/);
            await second.kill();
            const third = await start();
            await third.lives(LEASE_MS + HEARTBEAT_MS);
            assert.deepEqual([await conflict(third), await ready(third)], [0, 200]);
        } finally {
            await Promise.all(nodes.map((node) => node.kill()));
            await redis.stop();
        }
    });
});

describe('the name of a node', { timeout: TEST_MS, concurrency: 3 }, () => {
    const seenOn = async (settings, environment) => {
        const node = await serveHost(settings, { words: ['-c', 'config/streamhost.yaml'], environment });
        try {
            const wire = await Wire.join(node, { session: newName('named') });
            const registered = await sessionsOf(node);
            wire.close();
            return [(await node.admin('/admin/v1/node')).body.nodeId, wire.welcome.node, ...registered.map((session) => session.node)];
        } finally {
            await node.stop();
        }
    };

    it('is node.id, and else NODE_ID of the environment', async () => {
        const [named, chosen] = await Promise.all([seenOn({}, { NODE_ID: 'gw-7' }), seenOn({ 'node.id': 'gw-8' }, { NODE_ID: 'gw-7' })]);
        assert.deepEqual([named, chosen], [Array(3).fill('gw-7'), Array(3).fill('gw-8')]);
    });

    it('is made up where nobody names it, another one at each start', async () => {
        const [one, two] = await Promise.all([seenOn({}, { NODE_ID: '' }), seenOn({}, { NODE_ID: '' })]);
        for (const seen of [one, two]) {
            assert.match(seen[0], /^[A-Za-z0-9_-]{1,32}-[0-9a-f]{8}$/);
            assert.deepEqual(seen, Array(3).fill(seen[0]));
        }
        assert.notEqual(one[0], two[0]);
    });

    it('has no other letters', async () => {
        const { code, err } = await runHost([], { NODE_ID: 'gw 7' });
        assert.equal(code, 1);
        assert.match(err, /NODE_ID: a node's name is 1 to 64 of \[A-Za-z0-9_-\]/);
    });
});
