// The canary of a node whose Redis answers and does not deliver, or delivers and does not answer: nothing else says so.
import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';

import { onRedis, startNode } from './support/cluster.mjs';
import { RedisProcess } from './support/redis.mjs';
import { TcpProxy, wordsOf } from './support/tcp_proxy.mjs';

const TEST_MS = 120_000;
const SEEN_MS = 5_000;
const STREAM = 'an entry that was written does not come back';
const TOPIC = 'a message to ourselves does not come back';
const STORE = 'the store does not answer a write';
const FAILING = 'the canary does not come back';
const BACK = 'the canary comes back';

const healthOf = async (node) => (await node.admin('/health/distributed')).body;
const statesOf = async (node) => {
    const { canary } = await healthOf(node);
    return [canary.store.state, canary.stream.state, canary.topic.state];
};
const linesOf = (node, text) => node.log.split('\n').filter((line) => line.includes(text));
const isWell = async (node) => (await statesOf(node)).every((state) => state === 'ok');

/** A node behind a proxy to its Redis, all of whose probes have come back. */
async function withNode(use) {
    const redis = await RedisProcess.start();
    const proxy = await TcpProxy.start(redis);
    let node;
    try {
        node = await startNode(onRedis(proxy), 'node-1');
        await node.until(() => isWell(node));
        await use({ node, proxy });
        assert.equal((await node.stop()).code, 0);
    } finally {
        await node?.kill();
        await proxy.close();
        await redis.stop();
    }
}

/** How long it takes until the reasons are there. */
async function seenAfter(node, reasons) {
    const began = performance.now();
    await node.until(async () => {
        const told = (await healthOf(node)).reasons;
        return reasons.every((reason) => told.includes(reason));
    });
    return performance.now() - began;
}

describe('the canary', { timeout: TEST_MS, concurrency: 3 }, () => {
    it('sees within 5 s that the server answers and its channels are silent', () =>
        withNode(async ({ node, proxy }) => {
            proxy.onPush = (push) => (wordsOf(push)[0] === 'message' ? 'drop' : undefined);
            const took = await seenAfter(node, [STREAM, TOPIC]);
            assert.ok(took <= SEEN_MS, `${took} ms`);

            const { store, canary, status } = await healthOf(node);
            assert.deepEqual([status, store.state, store.breaker, canary.store.state], ['degraded', 'ok', 'closed', 'ok'], 'all connections look fine');
            const ready = await fetch(`http://127.0.0.1:${node.port}/health/ready`);
            assert.deepEqual([ready.status, await ready.json()], [200, { status: 'degraded' }], 'no node may be taken out for what all of them share');
            assert.equal((await node.admin('/health/distributed')).status, 503);
            assert.equal(await node.metric('canary_failing'), 2);
            assert.ok((await node.metric('canary_failures_total')) >= 4);
            assert.equal(await node.metric('redis_up'), 1);

            await node.lives(2_000);
            for (const probe of ['stream', 'topic']) assert.equal(linesOf(node, FAILING).filter((line) => line.includes(`probe=${probe}`)).length, 1, node.log);
            proxy.onPush = null;
            await node.until(() => isWell(node));
            assert.equal(linesOf(node, BACK).length, 2, node.log);
            assert.equal(await node.metric('canary_failing'), 0);
            assert.equal((await node.admin('/health/distributed')).status, 200);
        }));

    it('tells a stream that is not delivered from topics that are', () =>
        withNode(async ({ node, proxy }) => {
            proxy.onPush = (push) => (wordsOf(push)[1].includes('stream:channel:') ? 'drop' : undefined);
            const took = await seenAfter(node, [STREAM]);
            assert.ok(took <= SEEN_MS, `${took} ms`);
            assert.deepEqual(await statesOf(node), ['ok', 'failing', 'ok']);
            assert.equal(linesOf(node, FAILING).length, 1, node.log);
        }));

    it('sees within 5 s that messages could come and commands are not answered', () =>
        withNode(async ({ node, proxy }) => {
            proxy.swallowsNew = () => true;
            assert.ok(proxy.swallow((line) => !line.listens) > 0);
            const took = await seenAfter(node, [STORE, STREAM]);
            assert.ok(took <= SEEN_MS, `${took} ms`);
            assert.equal((await fetch(`http://127.0.0.1:${node.port}/health/ready`)).status, 200);
            proxy.swallowsNew = () => false;
            proxy.cut();
            await node.until(() => isWell(node));
        }));
});

// The store is there, and no write gets through: what operators see is why, in the words of the server.
describe('a Redis that refuses writes', { timeout: TEST_MS, concurrency: 2 }, () => {
    const CAUSES = [
        {
            what: 'out of memory',
            begins: (redis) => redis.call('CONFIG', 'SET', 'maxmemory', '1'),
            ends: (redis) => redis.call('CONFIG', 'SET', 'maxmemory', '0'),
            reason: /^the store redis refuses writes: 127\.0\.0\.1:\d+: the server is out of memory, writes that need some are refused \(OOM command not allowed when used memory > 'maxmemory'/,
        },
        {
            what: 'without replicas',
            begins: (redis) => redis.call('CONFIG', 'SET', 'min-replicas-to-write', '1'),
            ends: (redis) => redis.call('CONFIG', 'SET', 'min-replicas-to-write', '0'),
            reason: /^the store redis refuses writes: \S+ the server has too few replicas, writes wait for them \(NOREPLICAS Not enough good replicas/,
        },
        {
            what: 'unable to save',
            begins: async (redis) => {
                await mkdir(path.join(redis.folder, 'dump.rdb')); // no file can be put in its place
                await redis.call('CONFIG', 'SET', 'save', '3600 1');
                await redis.call('BGSAVE');
            },
            ends: async (redis) => {
                await rm(path.join(redis.folder, 'dump.rdb'), { recursive: true });
                await redis.call('BGSAVE');
            },
            reason: /^the store redis refuses writes: \S+ the server cannot save its data, writes are refused \(MISCONF /,
        },
        {
            what: 'a replica by now',
            begins: (redis) => redis.call('REPLICAOF', '127.0.0.1', '1'),
            ends: (redis) => redis.call('REPLICAOF', 'NO', 'ONE'),
            reason: /^the store redis is down: \S+ is a replica, not the master \(/,
        },
    ];
    for (const { what, begins, ends, reason } of CAUSES)
        it(`${what}: says so in its words while it lasts, and takes no node out`, async () => {
            const redis = await RedisProcess.start();
            let node;
            try {
                node = await startNode(onRedis(redis), 'node-1');
                await node.until(() => isWell(node));
                await begins(redis);
                await node.until(async () => (await healthOf(node)).reasons.some((one) => reason.test(one)));
                const { reasons, status } = await healthOf(node);
                assert.equal(status, 'degraded');
                assert.ok(!reasons.some((one) => [STORE, STREAM].includes(one)) || what === 'a replica by now', JSON.stringify(reasons));
                assert.equal((await fetch(`http://127.0.0.1:${node.port}/health/ready`)).status, 200);
                assert.equal(await node.metric('degraded'), 1);
                await ends(redis);
                await node.until(async () => (await healthOf(node)).reasons.length === 0 && isWell(node));
                assert.equal((await node.stop()).code, 0);
            } finally {
                await node?.kill();
                await redis.stop();
            }
        });
});
