// A drain by the admin listener: as on SIGTERM, but the node stays to be looked at until it is told to end.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import WebSocket from 'ws';

import { freePort, runHost, serveHost } from './support/host_process.mjs';
import { RawClient, upgradeHead } from './support/raw_client.mjs';
import { Wire } from './support/wire.mjs';

const ALL = { words: ['-c', 'config/streamhost.yaml'] };
const PATH = '/admin/v1/drain';
const WINDOW_MS = 2_000;
const CLIENTS = 40;
const TEST_MS = 60_000;
const EXIT_MS = 8_000; // less than drain.exit_within_ms
const settings = (more = {}) => ({ 'plugins.echo.enabled': true, 'runtime.loops': 2, 'drain.window_ms': WINDOW_MS, 'drain.exit_within_ms': 20_000, ...more });

async function withHost(more, use) {
    const host = await serveHost(settings(more), ALL);
    try {
        await use(host);
    } finally {
        await host.kill();
    }
}

async function dial(host) {
    const socket = new WebSocket(`${host.url}/echo`);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.closed = new Promise((resolve) => socket.once('close', (code) => resolve({ code, at: performance.now() })));
    return socket;
}
const dialMany = (host, count = CLIENTS) => Promise.all(Array.from({ length: count }, () => dial(host)));
const progressOf = async (host) => (await host.admin(PATH)).body;
const call = async (host, method, body) => {
    const answer = await fetch(`http://127.0.0.1:${host.adminPort}${PATH}`, { method, body });
    return { status: answer.status, body: await answer.json() };
};
const readyOf = async (host) => (await fetch(`http://127.0.0.1:${host.port}/health/ready`)).status;

describe('POST /admin/v1/drain', { timeout: TEST_MS, concurrency: 3 }, () => {
    it('is what streamhost drain asks for, and waits for', () =>
        withHost({}, async (host) => {
            const drain = (...more) => runHost(['drain', '--url', `http://127.0.0.1:${host.adminPort}`, ...more]);
            const sockets = await dialMany(host);
            const asked = await drain();
            assert.deepEqual([asked.code, asked.err], [0, '']);
            assert.match(asked.out, new RegExp(`^node \\S+:\\nsending_away: ${CLIENTS} clients, 0 answers under way\n$`), 'and it does not wait');
            const waited = await drain('--wait');
            assert.equal(waited.code, 0, waited.err);
            assert.match(waited.out, /^drained: 0 clients, 0 answers under way\n$/m);
            const closes = await Promise.all(sockets.map((socket) => socket.closed));
            assert.deepEqual([...new Set(closes.map(({ code }) => code))], [4000]);
            const nobody = await runHost(['drain', '--url', `http://127.0.0.1:${await freePort()}`]);
            assert.deepEqual([nobody.code, nobody.out], [1, '']);
            assert.match(nobody.err, /^streamhost: http:\/\/127\.0\.0\.1:\d+: .*refused/i);
        }));

    it('sends all clients away over the window, and the node stays', () =>
        withHost({}, async (host) => {
            const { node, ...rest } = await progressOf(host);
            assert.match(node, /^[\w-]+$/);
            assert.deepEqual(rest, { state: 'serving', exit: false, elapsed_ms: 0, clients_ms: 0, websockets: 0, websockets_at_start: 0, per_second: 0, runs: 0 });
            const startup = await host.admin('/health/startup');
            assert.deepEqual([startup.status, startup.body.phase], [200, 'running']);
            const sockets = await dialMany(host);
            const began = performance.now();
            const { status, body } = await host.admin(PATH, {});
            assert.equal(status, 202);
            assert.deepEqual([body.state, body.exit, body.websockets_at_start, body.per_second], ['sending_away', false, CLIENTS, CLIENTS / (WINDOW_MS / 1_000)]);
            assert.ok(body.clients_ms <= WINDOW_MS && body.clients_ms > 0, `${body.clients_ms} ms`);

            // An answer about health may be a tenth of a second old, and /health/startup was asked just now.
            await host.until(async () => (await readyOf(host)) === 503);
            const late = await RawClient.open(host.port);
            late.send(upgradeHead('/echo'));
            assert.equal((await late.response()).status, 503);
            late.close();

            const closes = await Promise.all(sockets.map((socket) => socket.closed));
            assert.deepEqual([...new Set(closes.map(({ code }) => code))], [4000]);
            const after = closes.map(({ at }) => at - began).sort((a, b) => a - b);
            assert.ok(after.at(-1) > WINDOW_MS / 2, `all within ${after.at(-1)} ms: that is no rate`);
            assert.ok(after.at(-1) - after[CLIENTS / 2] > WINDOW_MS / 8, `half of them at once: ${after}`);

            await host.until(async () => (await progressOf(host)).state === 'drained');
            const drained = await progressOf(host);
            assert.deepEqual([drained.websockets, drained.exit, drained.clients_ms, drained.runs], [0, false, 0, 0]);
            await host.lives(1_000);
            assert.equal((await host.admin('/admin/v1/node')).body.phase, 'draining');
            assert.equal(await readyOf(host), 503);
            assert.equal((await fetch(`http://127.0.0.1:${host.adminPort}/health/live`)).status, 200, 'nobody should start it anew');
            assert.equal((await host.admin('/health/startup')).status, 200, 'it was started, whatever came later');
            assert.equal(await host.metric('ready'), 0);
            assert.match(host.log, /drained: no client is left/);
            assert.match(host.log, /admin call.*method=POST.*path=\/admin\/v1\/drain.*status=202/);

            const told = Date.now();
            assert.deepEqual(await host.stop(), { code: 0, signal: null }, host.log);
            assert.ok(Date.now() - told < EXIT_MS, 'nobody was left to wait for');
        }));

    it('tells clients that keep their connections to bring the next request elsewhere', () =>
        withHost({}, async (host) => {
            const get = (path) => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
            const asked = await Promise.all(['/health/live', '/nowhere', '/'].map(async (path) => {
                const kept = await RawClient.open(host.port);
                for (let count = 0; count < 2; ++count) {
                    kept.send(get(path));
                    assert.equal((await kept.response()).headers.connection, undefined, path);
                }
                return { path, kept };
            }));
            assert.equal((await host.admin(PATH, {})).status, 202);
            for (const { path, kept } of asked) {
                kept.send(get(path) + get(path));
                assert.equal((await kept.response()).headers.connection, 'close', path);
                assert.equal((await kept.rest()).length, 0, `${path}: the second one is not answered`);
                kept.close();
            }
        }));

    it('says goodbye to a client of the protocol, finishes its answer and counts it', () =>
        withHost({ 'plugins.chat.providers.echo.delay_ms': 30, 'drain.window_ms': 200 }, async (host) => {
            const content = Array.from({ length: 60 }, (_, index) => `word-${index}`).join(' ');
            const wire = await Wire.join(host, { session: 'drained' });
            const { run } = await wire.ask({ type: 'send', content });
            await wire.frame((frame) => frame.type === 'chunk' && frame.stream === run);
            assert.equal((await host.admin(PATH, {})).body.runs, 1);
            const goaway = await wire.frame((frame) => frame.type === 'goaway');
            assert.equal(goaway.reason, 'drain');
            assert.ok(goaway.reconnect_after_ms <= 200);
            assert.equal((await wire.ended()).code, 4000);
            await host.until(async () => (await progressOf(host)).runs === 0);
            assert.equal((await host.stop()).code, 0);
        }));

    it('tells who leaves to come back soon, however long the window is', () =>
        withHost({ 'runtime.loops': 1, 'drain.window_ms': 6_000 }, async (host) => {
            const wires = await Promise.all([1, 2, 3].map((number) => Wire.join(host, { session: `leaves-${number}` })));
            await host.admin(PATH, {});
            const goaways = await Promise.all(wires.map((wire) => wire.frame((frame) => frame.type === 'goaway')));
            const pauses = goaways.map((goaway) => goaway.reconnect_after_ms);
            assert.ok(pauses.every((pause) => pause <= 500), `${pauses} ms`);
        }));

    it('ends the process afterwards when it is asked to, at once or later', async () => {
        await withHost({ 'drain.window_ms': 300 }, async (host) => {
            const sockets = await dialMany(host, 5);
            const { status, body } = await host.admin(PATH, { exit: true });
            assert.deepEqual([status, body.exit], [202, true]);
            assert.deepEqual(await host.ended(), { code: 0, signal: null }, host.log);
            for (const socket of sockets) assert.equal((await socket.closed).code, 4000);
        });
        await withHost({ 'drain.window_ms': 0 }, async (host) => {
            await host.admin(PATH, {});
            await host.until(async () => (await progressOf(host)).state === 'drained');
            assert.equal((await host.admin(PATH, {})).body.exit, false, 'a repeat changes nothing');
            await host.admin(PATH, { exit: true });
            assert.deepEqual(await host.ended(), { code: 0, signal: null }, host.log);
        });
    });

    it('before SIGTERM, as a preStop hook does it, makes clients wait once', () =>
        withHost({}, async (host) => {
            const sockets = await dialMany(host);
            const began = performance.now();
            await host.admin(PATH, {});
            await Promise.race(sockets.map((socket) => socket.closed));
            host.signal('SIGTERM');
            assert.deepEqual(await host.ended(), { code: 0, signal: null }, host.log);
            const closes = await Promise.all(sockets.map((socket) => socket.closed));
            assert.deepEqual([...new Set(closes.map(({ code }) => code))], [4000]);
            const last = Math.max(...closes.map(({ at }) => at - began));
            assert.ok(last > WINDOW_MS / 2 && last < 2 * WINDOW_MS, `${last} ms`);
        }));

    it('with exit is no signal: the first one changes nothing, the second one ends it at once', () =>
        withHost({ 'drain.balancer_wait_ms': 60_000, 'drain.exit_within_ms': 120_000 }, async (host) => {
            const socket = await dial(host);
            assert.equal((await host.admin(PATH, { exit: true })).body.state, 'waiting');
            host.signal('SIGTERM');
            await host.lives(500);
            assert.equal((await progressOf(host)).websockets, 1);
            host.signal('SIGTERM');
            assert.deepEqual(await host.ended(), { code: 1, signal: null }, host.log);
            assert.match(host.err, /second signal: leaving at once/);
            assert.equal((await socket.closed).code, 1006);
        }));

    it('does nothing for what is not meant so', () =>
        withHost({}, async (host) => {
            for (const body of ['{"exit":"true"}', '{"exits":true}', '[]', '{', 'null', '{"exit":true,"window_ms":1}']) {
                const answer = await call(host, 'POST', body);
                assert.deepEqual([answer.status, answer.body.code], [400, 'bad_request'], body);
            }
            for (const method of ['DELETE', 'PUT']) assert.equal((await call(host, method)).status, 405, method);
            assert.equal((await progressOf(host)).state, 'serving');
            assert.equal(await readyOf(host), 200);
            assert.equal((await fetch(`http://127.0.0.1:${host.port}${PATH}`, { method: 'POST' })).status, 404, 'the public listener knows no such path');
            assert.equal((await host.stop()).code, 0);
        }));
});
