// plugins.session.presence: who is there, by entries of the session's stream, over nodes that share one Redis.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { Cluster, nodesOverRedis, onRedis } from './support/cluster.mjs';
import { Wire } from './support/wire.mjs';

const GONE_MS = 10_000; // five seconds of patience and a heartbeat; the same of a dead node

describe('presence', { timeout: 60_000 }, () => {
    let redis;
    let cluster;
    nodesOverRedis(3, (started) => ({ redis, cluster } = started), { settings: { 'plugins.session.presence': true } });

    it('says where somebody is, not that a page reloads, and once that a node died', async () => {
        const [one, two, three] = cluster.nodes;
        const session = 'room';
        const watcher = await Wire.join(one, { session });
        const entries = () => watcher.frames.filter(({ stream, data }) => stream === session && data).flatMap(({ data }) => data); // snapshot and chunks
        const seen = [];
        const says = async (what) => {
            const start = performance.now();
            await watcher.frame(() => entries().length > seen.length, what);
            const data = entries()[seen.length];
            assert.deepEqual([data.kind, data.user], ['presence', 'anonymous']);
            seen.push(`${data.node} ${data.state}`);
            assert.equal(seen.at(-1), what);
            return performance.now() - start;
        };
        await says('node-1 online');

        let guest = await Wire.join(two, { session });
        await says('node-2 online');
        guest.close();
        guest = await Wire.join(two, { session }); // a reload
        const other = await Wire.join(three, { session });
        await says('node-3 online');
        guest.close();
        assert.ok((await says('node-2 offline')) < GONE_MS);

        cluster.nodes = [one, two];
        await three.kill();
        assert.ok((await says('node-3 offline')) < GONE_MS);
        other.close();
        await Wire.join(two, { session });
        await says('node-2 online'); // and nothing of node-3 twice: both survivors looked after it
    });

    it('is not told unless it is asked for', async () => {
        const plain = await Cluster.start(onRedis(redis), 1);
        try {
            const wire = await Wire.join(plain.nodes[0], { session: 'plain' });
            const { first } = await wire.ask({ type: 'append', stream: 'plain', entries: [{ kind: 'part', text: 'first' }] });
            assert.equal(first, 1);
            wire.close();
        } finally {
            await plain.stop();
        }
    });
});
