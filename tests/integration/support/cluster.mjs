// Several nodes over one store, each a process.
import assert from 'node:assert/strict';
import { after, before } from 'node:test';

import { serveHost } from './host_process.mjs';
import { RedisProcess } from './redis.mjs';

/** Settings of a node's store. */
export const onRedis = (server) => ({ words: ['-c', 'config/profiles/redis.yaml'], settings: { 'store.redis.address': server.address } });
export const onSentinels = (group) => ({ words: ['-c', 'config/profiles/sentinel.yaml'], settings: { 'store.sentinel.addresses': JSON.stringify(group.addresses) } });

export class Cluster {
    nodes = [];

    /** @param {{words: string[], settings: object}} store @param {object} settings of every node */
    static async start(store, size, settings = {}) {
        const cluster = new Cluster();
        try {
            const one = (index) => startNode(store, `node-${index + 1}`, settings);
            cluster.nodes = await Promise.all(Array.from({ length: size }, (_, index) => one(index)));
            return cluster;
        } catch (error) {
            await cluster.kill();
            throw error;
        }
    }

    /** Until all of them write to another master than the one at this address. */
    async leaves(address) {
        await this.nodes[0].until(async () => {
            const stores = await Promise.all(this.nodes.map(async (node) => (await node.admin('/admin/v1/node')).body.store));
            return stores.every((store) => store.state === 'ok' && store.master !== '' && store.master !== address);
        });
    }

    /** Ends all of them as an operator does; answers those that did not end well. */
    async stop() {
        const ends = await Promise.all(this.nodes.map((node) => node.stop()));
        return this.nodes.filter((node, index) => ends[index].code !== 0).map((node) => node.log);
    }

    async kill() {
        await Promise.all(this.nodes.map((node) => node.kill()));
    }
}

export async function startNode({ words, settings }, id, more = {}, environment = {}) {
    const node = await serveHost({ 'node.id': id, 'drain.window_ms': 0, 'runtime.loops': 1, ...settings, ...more }, { words, environment });
    node.id = id;
    await node.until(async () => (await node.admin('/admin/v1/node')).body.store.state === 'ok');
    return node;
}

/**
 * Nodes over a Redis of their own for the tests of a suite: `given` gets them when they are ready, and all have to end well.
 *
 * @param {(started: {redis: RedisProcess, cluster: Cluster}) => void} given
 * @param {{settings?: object, server?: object}} [how] settings of every node, and those of the server as in redis.conf
 */
export function nodesOverRedis(size, given, { settings = {}, server = {} } = {}) {
    let redis;
    let cluster;
    before(async () => {
        redis = await RedisProcess.start(server);
        cluster = await Cluster.start(onRedis(redis), size, settings);
        given({ redis, cluster });
    });
    after(async () => {
        redis?.signal('SIGCONT'); // a test that failed may have left it asleep
        try {
            assert.deepEqual((await cluster?.stop()) ?? [], []);
        } finally {
            await cluster?.kill();
            await redis?.stop();
        }
    });
}
