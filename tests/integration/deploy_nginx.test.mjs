// deploy/nginx in front of three nodes: who goes where, what is kept out, what is written down.
import assert from 'node:assert/strict';
import http from 'node:http';
import https from 'node:https';
import { after, before, describe, it } from 'node:test';

import { startNode } from './support/cluster.mjs';
import { freePort } from './support/host_process.mjs';
import { get, Nginx } from './support/nginx.mjs';
import { Wire } from './support/wire.mjs';

const EMBEDDED = { words: ['-c', 'config/streamhost.yaml'], settings: {} };
const SESSIONS = 1_500;
const FROM_MANY = 250; // addresses, since one alone may not ask so much
const AT_ONCE = 20;

const startNodes = () => Promise.all([1, 2, 3].map((number) => startNode(EMBEDDED, `node-${number}`)));
const portsOf = (nodes) => nodes.map((node) => node.port);
const address = (index) => `127.${1 + (index % 120)}.${index % 7}.${1 + (index % 200)}`;

/** As many at once as AT_ONCE. */
async function each(items, use) {
    const left = items.entries();
    const worker = async () => {
        for (const [index, item] of left) await use(item, index);
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** How many of these lines went to each upstream. */
function shares(hops) {
    const counts = new Map();
    for (const { upstream } of hops) counts.set(upstream, (counts.get(upstream) ?? 0) + 1);
    return counts;
}

describe('the nginx of deploy/', () => {
    for (const sticky of ['session', 'cookie', 'ip_hash']) {
        for (const site of ['plain', 'tls']) {
            it(`is accepted by nginx: ${sticky}, ${site}`, async () => {
                const nginx = await Nginx.prepare({ sticky, site });
                try {
                    assert.match(await nginx.check(), /test is successful/);
                } finally {
                    await nginx.stop();
                }
            });
        }
    }
});

describe('three nodes behind nginx', () => {
    let nodes;
    let nginx;
    before(async () => {
        nodes = await startNodes();
        nginx = await Nginx.start({ gateways: portsOf(nodes) });
    });
    after(async () => {
        await nginx?.stop();
        await Promise.all((nodes ?? []).map((node) => node.stop()));
    });
    const hopsSince = async (from, count) => (await nginx.hops(from + count)).slice(from);

    it('ten requests of one client go to one node', async () => {
        const from = (await nginx.hops()).length;
        for (let count = 0; count < 10; ++count) assert.equal((await get(nginx.port, '/', { from: '127.0.3.3' })).status, 200);
        assert.equal(shares(await hopsSince(from, 10)).size, 1);
    });

    it('1,500 sessions spread evenly', async (test) => {
        const from = (await nginx.hops()).length;
        const sessions = Array.from({ length: SESSIONS }, (_, index) => `session-${index}`);
        // Without an upgrade a node says what it wants (426): it was asked, and that is what counts here.
        await each(sessions, (session, index) => get(nginx.port, `/v1/ws?session=${session}`, { from: address(index % FROM_MANY) }));
        const counts = [...shares(await hopsSince(from, SESSIONS)).values()];
        test.diagnostic(`sessions per node: ${counts.join(' ')}`);
        assert.equal(counts.length, 3);
        for (const count of counts) assert.ok(Math.abs(count - SESSIONS / 3) <= (SESSIONS / 3) * 0.15, `${counts}`);
    });

    it('a session that comes back by its affinity reaches its node, from anywhere', async () => {
        const reached = new Set();
        for (let count = 0; count < 12; ++count) {
            const first = await Wire.join(nginx, { session: `trip-${count}` }, { path: `/v1/ws?session=trip-${count}` });
            const { affinity, node } = first.welcome;
            reached.add(node);
            await first.close();
            const again = await Wire.join(nginx, { session: `trip-${count}` }, { path: `/v1/ws?affinity=${affinity}`, options: { localAddress: address(count) } });
            assert.equal(again.welcome.node, node);
            await again.close();
        }
        assert.ok(reached.size > 1, 'all went to one node');
    });

    it('shows nothing of operators', async () => {
        for (const target of ['/admin/v1/node', '/admin', '/metrics', '/health', '/health/distributed', '/health/startup', '/metrics/']) {
            assert.equal((await get(nginx.port, target)).status, 404, target);
        }
        assert.deepEqual([await get(nginx.port, '/health/ready')].map(({ status, text }) => [status, text]), [[200, '{"status":"ok"}']]);
    });

    it('writes down the way of a request, and no query', async () => {
        const from = (await nginx.hops()).length;
        await get(nginx.port, '/v1/ws?session=a&token=secret-of-mine');
        const [{ line, upstream, upstream_status: status }] = await hopsSince(from, 1);
        assert.match(line, /"GET \/v1\/ws HTTP\/1.1" 4\d\d /);
        assert.ok(portsOf(nodes).map((port) => `127.0.0.1:${port}`).includes(upstream), line);
        assert.match(status, /^4\d\d$/);
        assert.doesNotMatch((await nginx.read('access.log')) + (await nginx.read('error.log')) + nginx.log, /secret-of-mine/);
    });

    it('refuses a flood from one address, and nobody else', async () => {
        const answers = [];
        await each(Array.from({ length: 400 }), async () => answers.push((await get(nginx.port, '/v1/ws', { from: '127.0.77.1' })).status));
        assert.ok(answers.filter((status) => status === 429).length > 50, `${answers.filter((status) => status === 429).length} refused`);
        assert.ok(answers.filter((status) => status !== 429).length >= 200, 'fewer than the burst passed');
        assert.notEqual((await get(nginx.port, '/v1/ws', { from: '127.0.77.2' })).status, 429);
    });

    it('says how it is on a port of its own', async () => {
        assert.match((await get(nginx.statusPort, '/status')).text, /^Active connections: \d+/);
        assert.equal((await get(nginx.statusPort, '/')).status, 404);
    });

    it('keeps sockets through a reload', async () => {
        const wire = await Wire.join(nginx, { session: 'kept' });
        const before = await nginx.workers();
        nginx.signal('SIGHUP');
        await nodes[0].until(async () => (await nginx.workers()).some((pid) => !before.includes(pid)));
        assert.equal((await wire.ask({ type: 'ping' })).type, 'pong');
        await wire.close();
    });
});

describe('nodes that leave', () => {
    it('one that drains is left out at once; one that is gone, too; no token is written down', async () => {
        const nodes = await Promise.all([1, 2, 3].map((number) => startNode(EMBEDDED, `node-${number}`, { 'drain.balancer_wait_ms': 20_000, 'drain.exit_within_ms': 60_000 })));
        const nginx = await Nginx.start({ gateways: portsOf(nodes) });
        const sessions = Array.from({ length: 60 }, (_, index) => `leaving-${index}`);
        const connect = async (session, index) => {
            const wire = await Wire.join(nginx, { session }, { path: `/v1/ws?session=${session}&token=secret-of-mine`, options: { localAddress: address(index) } });
            await wire.close();
            return wire.welcome.node;
        };
        const connectAll = async () => {
            const reached = new Map();
            await each(sessions, async (session, index) => reached.set(session, await connect(session, index)));
            return reached;
        };
        try {
            const before = await connectAll();
            assert.deepEqual([...new Set(before.values())].sort(), ['node-1', 'node-2', 'node-3']);
            nodes[0].signal('SIGTERM');
            await nodes[0].until(async () => (await nodes[0].admin('/health/ready')).status === 503);
            const drained = await connectAll();
            assert.deepEqual([...new Set(drained.values())].sort(), ['node-2', 'node-3']);
            for (const session of sessions) if (before.get(session) !== 'node-1') assert.equal(drained.get(session), before.get(session), 'others stay');
            await nodes[1].kill();
            assert.deepEqual([...new Set((await connectAll()).values())], ['node-3']);
            await nodes[2].kill();
            assert.ok([502, 503].includes((await get(nginx.port, '/v1/ws?token=secret-of-mine')).status));
            assert.doesNotMatch((await nginx.read('access.log')) + (await nginx.read('error.log')) + nginx.log, /secret-of-mine/);
        } finally {
            await nginx.stop();
            await Promise.all(nodes.map((node) => node.kill()));
        }
    });
});

describe('the other ways to stick', () => {
    let nodes;
    before(async () => {
        nodes = await startNodes();
    });
    after(() => Promise.all((nodes ?? []).map((node) => node.stop())));
    const using = async (options, use) => {
        const nginx = await Nginx.start({ gateways: portsOf(nodes), ...options });
        try {
            await use(nginx);
        } finally {
            await nginx.stop();
        }
    };

    it('cookie: a browser stays, browsers spread', () => using({ sticky: 'cookie' }, async (nginx) => {
        const browsers = Array.from({ length: 30 });
        let count = 0;
        for (const _ of browsers) {
            const [cookie] = (await get(nginx.port, '/')).headers['set-cookie'];
            assert.match(cookie, /^streamhost_affinity=\w+; Path=\/; HttpOnly; SameSite=Lax$/);
            const back = { headers: { Cookie: cookie.split(';')[0] } };
            for (let again = 0; again < 3; ++again) assert.equal((await get(nginx.port, '/', back)).headers['set-cookie'], undefined);
            count += 4;
            const hops = (await nginx.hops(count)).slice(-3);
            assert.equal(shares(hops).size, 1);
        }
        assert.equal(shares(await nginx.hops()).size, 3);
    }));

    it('ip_hash: an address stays, networks spread', () => using({ sticky: 'ip_hash' }, async (nginx) => {
        for (let network = 0; network < 30; ++network) {
            for (let count = 0; count < 10; ++count) await get(nginx.port, '/', { from: `127.${network + 1}.5.${count + 1}` });
            assert.equal(shares((await nginx.hops((network + 1) * 10)).slice(-10)).size, 1);
        }
        assert.equal(shares(await nginx.hops()).size, 3);
    }));

    it('TLS: WebSockets pass, plain HTTP is sent there without its query', () => using({ site: 'tls' }, async (nginx) => {
        const answer = await get(nginx.port, '/v1/ws?token=secret', { headers: { Host: 'chat.example' } });
        assert.deepEqual([answer.status, answer.headers.location], [308, 'https://chat.example/v1/ws']);
        const wire = await Wire.join({ url: `wss://127.0.0.1:${nginx.tlsPort}` }, { session: 'safe' }, { options: { rejectUnauthorized: false } });
        assert.equal(wire.welcome.session, 'safe');
        await wire.close();
        const page = await new Promise((resolve, reject) => https.get(`https://127.0.0.1:${nginx.tlsPort}/`, { rejectUnauthorized: false }, (said) => resolve(said.resume())).on('error', reject));
        assert.deepEqual([page.statusCode, page.headers['strict-transport-security']], [200, 'max-age=31536000']);
    }));
});

describe('model servers behind nginx', () => {
    it('the one with the fewest requests under way gets the next', async () => {
        const held = [[], [], []];
        const servers = await Promise.all(held.map(async (list) => {
            const server = http.createServer((_, answer) => list.push(answer));
            const port = await freePort();
            await new Promise((resolve) => server.listen(port, '127.0.0.1', resolve));
            return { port, server };
        }));
        const nginx = await Nginx.start({ models: servers.map(({ port }) => port) });
        try {
            const ask = () => get(nginx.modelsPort, '/v1/chat/completions', { method: 'POST', body: '{}' });
            const under = () => held.map((list) => list.length);
            const arrive = async (count) => {
                while (under().reduce((a, b) => a + b) < count) await new Promise((resolve) => setImmediate(resolve));
            };
            const asked = [];
            for (let count = 1; count <= 9; ++count) {
                asked.push(ask());
                await arrive(count);
            }
            assert.deepEqual(under(), [3, 3, 3]);
            const done = held[1].splice(0).map((answer) => answer.end('ok'));
            await Promise.race(asked);
            await new Promise((resolve) => setTimeout(resolve, 50)); // pause: nginx counts an answer as over a moment after the client has it
            for (let count = 7; count <= 9; ++count) {
                asked.push(ask());
                await arrive(count);
            }
            assert.deepEqual(under(), [3, 3, 3], 'the free one got them');
            assert.equal(done.length, 3);
            held.flat().forEach((answer) => answer.end('ok'));
            for (const { status } of await Promise.all(asked)) assert.equal(status, 200);
        } finally {
            await nginx.stop();
            servers.forEach(({ server }) => (server.closeAllConnections(), server.close()));
        }
    });
});

