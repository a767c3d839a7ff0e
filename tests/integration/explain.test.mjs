// `streamhost explain`: who wrote an entry, when, which nodes had it and which clients got it, asked of real nodes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { onRedis, startNode } from './support/cluster.mjs';
import { freePort, runHost, serveHost } from './support/host_process.mjs';
import { RedisProcess } from './support/redis.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 120_000;
const CONFIG = { words: ['-c', 'config/streamhost.yaml'] };
const url = (node) => `http://127.0.0.1:${node.adminPort}`;
const explain = (stream, seq, nodes, ...more) => runHost(['explain', stream, String(seq), ...nodes.flatMap((node) => ['--url', url(node)]), ...more]);

describe('explain', { timeout: TEST_MS }, () => {
    it('finds the worker that wrote an entry and the readers of two gateways', async () => {
        const redis = await RedisProcess.start();
        const nodes = [];
        try {
            const store = onRedis(redis);
            const remote = { 'plugins.chat.provider': 'ai', 'plugins.chat.providers.ai.type': 'remote' };
            nodes.push(await startNode(store, 'gateway-1', remote), await startNode(store, 'gateway-2', remote));
            nodes.push(await startNode({ words: ['-c', 'config/profiles/ai-worker.yaml'], settings: { 'store.kind': 'redis', ...store.settings } }, 'ai-1'));
            const [near, far] = [await Wire.join(nodes[0], { session: 'asked' }), await Wire.join(nodes[1], { session: 'asked' })];
            const { run } = await near.ask({ type: 'send', content: 'one two three' });
            const { end } = await near.textOf(run);
            await far.textOf(run);

            const { code, out, err } = await explain(run, 2, nodes);
            assert.equal(code, 0, err);
            assert.match(out, new RegExp(`^stream ${run}, entry 2 of ${end.seq} \\(complete\\)\n  text, 4 bytes, check [0-9a-f]{16}, appended \\d{4}-\\d\\d-\\d\\dT\\S+Z by the store's clock\n`));
            assert.match(out, /written by node ai-1 itself, which holds fence \d+ since \S+Z\n/);
            for (const name of ['gateway-1', 'gateway-2']) assert.match(out, new RegExp(`node ${name} at \\S+: nobody reads the stream there now\n  connection \\d+: got everything to ${end.seq} by \\S+Z\n`));
            assert.match(out, /^node at \S+: no client reads there: the plugin recovery does not run$/m);
            assert.doesNotMatch(out, /two/, 'never what is in it');

            const told = JSON.parse((await explain(run, 2, nodes, '--json')).out);
            assert.deepEqual([told.stream, told.seq, told.found, told.nodes.length], [run, 2, true, 3]);
            assert.deepEqual(told.nodes.map(({ entry }) => entry.claimed?.node), [undefined, undefined, 'ai-1']);
            assert.deepEqual(told.nodes.slice(0, 2).map(({ readers }) => [readers.node, readers.finished.map(({ seq }) => seq)]), [['gateway-1', [end.seq]], ['gateway-2', [end.seq]]]);

            // A session's stream is read as long as somebody is there, and nobody keeps who wrote it.
            const session = await explain('asked', 1, nodes);
            assert.equal(session.code, 0, session.err);
            assert.match(session.out, /a shared stream: the store numbered it; who wrote it is not kept\n/);
            for (const name of ['gateway-1', 'gateway-2']) assert.match(session.out, new RegExp(`node ${name} at \\S+: had it: it stands at \\d+\n  connection \\d+: live, was given the entry; `));
        } finally {
            await Promise.all(nodes.map((node) => node.kill()));
            await redis.stop();
        }
    });

    it('says what there is instead, and who could not be asked', async () => {
        const host = await serveHost({}, CONFIG);
        try {
            const wire = await Wire.join(host, { session: 'few' });
            await wire.ask({ type: 'append', stream: 'few', entries: [{ kind: 'text', delta: 'a' }] });
            const beyond = await explain('few', 99, [host]);
            assert.deepEqual([beyond.code, /entry 99: no node that was asked has it/.test(beyond.out)], [1, true]);
            assert.match(beyond.err, /404: the stream few has the entries 1 to \d+/);
            assert.match((await explain('nobody-wrote-this', 1, [host])).err, /404: nobody has written the stream nobody-wrote-this, or it has expired/);
            assert.match((await explain('no%20stream', 1, [host])).err, /404: /);

            const away = await explain('few', 1, [host, { adminPort: await freePort() }]);
            assert.equal(away.code, 0, 'one node is enough');
            assert.match(away.out, /not known: .*Connection refused/);
            const of = await runHost(['explain', 'few', '1', '-c', 'config/streamhost.yaml', '--set', `listeners.admin.address=127.0.0.1:${host.adminPort}`]);
            assert.equal(of.code, 0, of.err);
            assert.match((await runHost(['explain', 'few'])).err, /explain needs a stream and the number of one of its entries/);
        } finally {
            await host.kill();
        }
    });
});
