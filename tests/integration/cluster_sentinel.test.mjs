// Nodes over a master that Sentinels watch: the master dies or is moved in the middle of answers.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Cluster, onSentinels } from './support/cluster.mjs';
import { Stopwatch } from './support/machine.mjs';
import { DOWN_AFTER_MS, MASTER, SentinelGroup } from './support/redis.mjs';
import { AT_WORD_PACE, LOAD, Talks } from './support/talks.mjs';

const TEST_MS = 180_000;
const FAILOVERS = Number(process.env.STREAMHOST_TEST_FAILOVERS ?? 3);

describe('a master that dies or moves in the middle of answers', { timeout: TEST_MS }, () => {
    let group;
    let cluster;
    before(async () => {
        group = await SentinelGroup.start();
        cluster = await Cluster.start(onSentinels(group), LOAD.nodes, AT_WORD_PACE);
    });
    after(async () => {
        await cluster?.kill();
        await group?.stop();
    });

    it(`${FAILOVERS} planned failovers: no word is lost, nobody waits for the old master`, async (test) => {
        for (let round = 0; round < FAILOVERS; ++round) {
            await group.isReady(2, 3);
            const talks = await Talks.begin(cluster.nodes);
            const old = (await group.master()).address;
            const watch = new Stopwatch();
            assert.equal(await group.sentinels[0].call('SENTINEL', 'FAILOVER', MASTER), 'OK');
            await cluster.leaves(old);
            watch.within(2_500, 'until all nodes write to the new master', test);
            await talks.areWhole();
            await talks.areKeptBy(await group.master());
            talks.close();
        }
    });

    it('kill -9: writes go on within down-after and two seconds, no word is lost', async (test) => {
        await group.isReady(2, 3);
        const talks = await Talks.begin(cluster.nodes);
        const master = await group.master();
        const watch = new Stopwatch();
        master.signal('SIGKILL');
        await cluster.leaves(master.address);
        watch.within(DOWN_AFTER_MS + 2_000, 'until all nodes write to the new master', test);
        await talks.areWhole();
        watch.within(3_000, 'longest pause of a reader', test, talks.longestPause());
        await talks.areKeptBy(await group.master());
        talks.close();
    });
});
