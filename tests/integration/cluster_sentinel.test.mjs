// Nodes over a master that Sentinels watch: the master dies or is moved in the middle of answers.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Cluster, onSentinels } from './support/cluster.mjs';
import { DOWN_AFTER_MS, MASTER, SentinelGroup } from './support/redis.mjs';
import { Wire, fold } from './support/wire.mjs';

const TEST_MS = 180_000;
const WORDS = Array.from({ length: 250 }, (_, index) => `word-${index}-ä🐟`).join(' '); // 5 s at 20 ms a word
const READERS = 12;
const FAILOVERS = 3;

let sessions = 0;
const newSession = () => `s-${++sessions}`;

/** Conversations on all nodes, each with a reader on another node; ends when all of them have ended. */
class Talks {
    async begin(cluster) {
        this.talks = await Promise.all(
            Array.from({ length: READERS }, async (_, index) => {
                const session = newSession();
                const [one, two] = [cluster.nodes[index % cluster.nodes.length], cluster.nodes[(index + 1) % cluster.nodes.length]];
                const [writer, reader] = [await Wire.join(one, { session }), await Wire.join(two, { session })];
                const { run } = await writer.ask({ type: 'send', content: WORDS });
                return { run, wires: [writer, reader] };
            }),
        );
        await Promise.all(this.talks.map(({ run, wires }) => wires[1].frame((frame) => frame.stream === run && frame.type === 'chunk')));
    }

    /** Every word, on both nodes, and one end. */
    async areWhole() {
        for (const { run, wires } of this.talks) {
            for (const wire of wires) {
                const frames = await wire.framesOf(run, (frame) => frame.type === 'end');
                const { text, end } = fold(frames);
                assert.equal(text, WORDS);
                assert.equal(end.outcome, 'complete');
                assert.deepEqual(frames.filter((frame) => frame.type === 'snapshot'), [], 'no reader was told something else before');
            }
        }
    }

    close() {
        this.talks.forEach(({ wires }) => wires.forEach((wire) => wire.close()));
    }
}

describe('a master that dies or moves in the middle of answers', { timeout: TEST_MS }, () => {
    let group;
    let cluster;
    before(async () => {
        group = await SentinelGroup.start();
        cluster = await Cluster.start(onSentinels(group), 3);
    });
    after(async () => {
        await cluster?.kill();
        await group?.stop();
    });

    const moved = async (from) => {
        await cluster.nodes[0].until(async () => {
            const masters = await Promise.all(cluster.nodes.map(async (node) => (await node.admin('/admin/v1/node')).body.store));
            return masters.every((store) => store.state === 'ok' && store.master !== '' && store.master !== from);
        });
    };

    it(`${FAILOVERS} planned failovers: no word is lost, nobody waits for the old master`, async () => {
        for (let round = 0; round < FAILOVERS; ++round) {
            await group.isReady(2, 3);
            const talks = new Talks();
            await talks.begin(cluster);
            const old = (await group.master()).address;
            const from = Date.now();
            assert.equal(await group.sentinels[0].call('SENTINEL', 'FAILOVER', MASTER), 'OK');
            await moved(old);
            assert.ok(Date.now() - from < 5_000, `${Date.now() - from} ms`);
            await talks.areWhole();
            talks.close();
        }
    });

    it('kill -9: writes go on within down-after and two seconds, no word is lost', async () => {
        await group.isReady(2, 3);
        const talks = new Talks();
        await talks.begin(cluster);
        const master = await group.master();
        const from = Date.now();
        master.signal('SIGKILL');
        await moved(master.address);
        assert.ok(Date.now() - from < DOWN_AFTER_MS + 3_000, `${Date.now() - from} ms`);
        await talks.areWhole();
        talks.close();
    });
});
