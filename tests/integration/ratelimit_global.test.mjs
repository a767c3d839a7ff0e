// Limits that all nodes keep together, and how whoever is over one is told on each way in.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { Cluster, onRedis } from './support/cluster.mjs';
import { Events } from './support/events.mjs';
import { serveHost } from './support/host_process.mjs';
import { RedisProcess } from './support/redis.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 120_000;
const [PER_MINUTE, BURST] = [6, 10];
const BATCH = 3; // a quarter of the burst, upwards (docs/ratelimit.md)
const SOON_MS = 1_000; // a shorter wait is one for the store's answer
const GLOBAL = JSON.stringify([{ by: 'user', verbs: ['send'], rate: `${PER_MINUTE}/minute`, burst: BURST, scope: 'global' }]);
const post = (host, token, content) => fetch(`http://127.0.0.1:${host.port}/v1/sessions/hers/messages`, { method: 'POST', body: JSON.stringify({ content }), headers: { Authorization: `Bearer ${token}` } });

describe('a limit of all nodes together', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    before(async () => {
        redis = await RedisProcess.start();
        cluster = await Cluster.start(onRedis(redis), 2, {
            'plugins.auth.enabled': true, 'plugins.auth.dev_tokens.enabled': true, 'plugins.gateway.authentication': 'required',
            'plugins.ratelimit.enabled': true, 'plugins.ratelimit.limits': GLOBAL,
        });
    });
    after(async () => {
        await cluster?.kill();
        await redis?.stop();
    });

    const tokenOf = async (node, user) => (await (await fetch(`http://127.0.0.1:${node.port}/v1/dev-token`, { method: 'POST', body: JSON.stringify({ user }) })).json()).token;
    /** Sends until the bucket is empty, as far as this node may know; a short wait is kept to. */
    const sendAll = async (node, wire) => {
        let sent = 0;
        for (;;) {
            const answer = await wire.ask({ type: 'send', content: 'x' });
            if (answer.type === 'accepted') ++sent;
            else assert.deepEqual([answer.code, answer.retryable], ['rate_limited', true], JSON.stringify(answer));
            if (answer.type === 'accepted') continue;
            if (answer.retry_after_ms > SOON_MS) return sent;
            await node.lives(answer.retry_after_ms);
        }
    };

    it('lets one user through no more often on two nodes than it says', async (test) => {
        const tokens = await Promise.all(cluster.nodes.map((node) => tokenOf(node, 'ann')));
        const wires = await Promise.all(cluster.nodes.map((node, index) => Wire.join(node, { session: 'hers', token: tokens[index] })));
        assert.deepEqual(wires.map(({ welcome }) => welcome.user), ['ann', 'ann']);
        const from = performance.now();
        const sent = await Promise.all(wires.map((wire, index) => sendAll(cluster.nodes[index], wire)));
        const minutes = (performance.now() - from) / 60_000;
        const all = sent[0] + sent[1];
        const bound = BURST + minutes * PER_MINUTE + BATCH * cluster.nodes.length;
        test.diagnostic(`${sent.join(' + ')} of ${bound.toFixed(1)} in ${(minutes * 60).toFixed(1)} s`);
        assert.ok(all <= bound, `${all} of ${bound}`);
        assert.ok(all >= BURST && sent.every((count) => count > 0), `${sent}`);

        // The same bucket by HTTP, where the wait is a header.
        for (const [index, node] of cluster.nodes.entries()) {
            const answer = await post(node, tokens[index], 'x');
            const body = await answer.json();
            assert.deepEqual([answer.status, body.code, body.retryable], [429, 'rate_limited', true]);
            assert.equal(Number(answer.headers.get('retry-after')), Math.ceil(body.retry_after_ms / 1_000));
            assert.ok(body.retry_after_ms > 0 && body.retry_after_ms <= 60_000);
        }
        const bob = await Wire.join(cluster.nodes[0], { session: 'his', token: await tokenOf(cluster.nodes[0], 'bob') });
        assert.equal((await bob.ask({ type: 'send', content: 'x' })).type, 'accepted');
        for (const node of cluster.nodes) assert.equal(await node.metric('ratelimit_store_fallbacks_total'), 0);
        for (const wire of [...wires, bob]) wire.close();
    });
});

it('who comes too often is told so before a stream of events, and by a close on a WebSocket', { timeout: TEST_MS }, async () => {
    const limits = JSON.stringify([{ by: 'address', verbs: ['connect'], rate: '1/hour', burst: 1 }]);
    const host = await serveHost({ 'plugins.ratelimit.enabled': true, 'plugins.ratelimit.limits': limits }, { words: ['-c', 'config/streamhost.yaml'] });
    try {
        const wire = await Wire.join(host, { session: 'first' });
        const refused = await Events.open(host, '/v1/streams/first');
        assert.deepEqual([refused.status, JSON.parse(refused.body).code], [429, 'rate_limited']);
        assert.ok(Number(refused.headers['retry-after']) > 3_000, refused.headers['retry-after']);
        const second = await Wire.open(host);
        assert.equal((await second.ended()).code, 4429);
        assert.equal((await wire.ask({ type: 'ping' })).type, 'pong', 'who is in stays');
        wire.close();
        assert.deepEqual(await host.stop(), { code: 0, signal: null });
    } finally {
        await host.kill();
    }
});
