// Nodes over a store of their own, for as long as something is measured on them.
import { Cluster, onRedis, onSentinels } from '../../integration/support/cluster.mjs';
import { RedisProcess, SentinelGroup } from '../../integration/support/redis.mjs';

const settings = { 'logging.level': 'warn', 'limits.connections': 19_900 };

async function withNodes(store, where, size, more, use) {
    let cluster;
    try {
        cluster = await Cluster.start(where(store), size, { ...settings, ...more });
        const answer = await use(cluster, store);
        const ends = await Promise.all(cluster.nodes.filter((node) => !node.isGone).map((node) => node.stop()));
        if (ends.some(({ code }) => code !== 0)) throw new Error('a node did not end well');
        return answer;
    } finally {
        await cluster?.kill();
        await store.stop();
    }
}

/** One Redis, `size` nodes: `use(cluster, redis)`. */
export const overRedis = async (size, use, more = {}) => withNodes(await RedisProcess.start(), onRedis, size, more, use);

/** A master with two replicas and three Sentinels, `size` nodes: `use(cluster, group)`. */
export const overSentinels = async (size, use, more = {}) => withNodes(await SentinelGroup.start(), onSentinels, size, more, use);

/** As `kill -9` does. */
export function killNode(node) {
    node.isGone = true;
    node.signal('SIGKILL');
}

export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
