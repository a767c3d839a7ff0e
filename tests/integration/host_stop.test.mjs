// SIGTERM and SIGINT: who is told what, and how long it takes.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

import WebSocket from 'ws';

import { inFolder, root, serveHost } from './support/host_process.mjs';
import { Stopwatch } from './support/machine.mjs';
import { RawClient, frame, opcodes, upgradeHead } from './support/raw_client.mjs';
import { Wire } from './support/wire.mjs';

const ALL = { words: ['-c', 'config/streamhost.yaml'] };
const EXIT_MS = 10_000;
const settings = (more = {}) => ({ 'plugins.echo.enabled': true, 'runtime.loops': 2, ...more });

/** Milliseconds from now until the process has ended, and how. */
async function endOf(host) {
    const from = Date.now();
    const status = await host.ended();
    return { ...status, ms: Date.now() - from };
}

async function dial(host) {
    const socket = new WebSocket(`${host.url}/echo`);
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    socket.closed = new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })));
    return socket;
}

describe('a graceful stop', () => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
        it(`on ${signal} closes every client with 4000 and ends with 0`, async () => {
            const host = await serveHost(settings(), ALL);
            const sockets = await Promise.all(Array.from({ length: 20 }, () => dial(host)));
            host.signal(signal);
            const ended = await endOf(host);
            assert.deepEqual([ended.code, ended.signal], [0, null], host.log);
            assert.ok(ended.ms < EXIT_MS, `${ended.ms} ms`);
            for (const socket of sockets) {
                const { code, reason } = await socket.closed;
                assert.equal(code, 4000);
                assert.notEqual(reason, '');
            }
        });
    }

    it('first turns newcomers away, while those who are here go on', async () => {
        const host = await serveHost(settings({ 'drain.balancer_wait_ms': 1_500 }), ALL);
        const kept = await RawClient.open(host.port);
        kept.send(`GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n`);
        assert.equal((await kept.response()).status, 200);
        const socket = await dial(host);

        host.signal('SIGTERM');
        const ready = () => fetch(`http://127.0.0.1:${host.port}/health/ready`).then((answer) => answer.status);
        await host.until(async () => (await ready()) === 503);
        assert.equal((await host.admin('/admin/v1/node')).body.phase, 'draining');
        const late = await RawClient.open(host.port);
        late.send(upgradeHead('/echo'));
        const refused = await late.response();
        assert.equal(refused.status, 503);
        assert.equal(refused.headers['retry-after'], '1');
        kept.send(upgradeHead('/echo'));
        assert.equal((await kept.response()).status, 503);

        const echoed = new Promise((resolve) => socket.once('message', (data) => resolve(String(data))));
        socket.send('still served');
        assert.equal(await echoed, 'still served');
        assert.equal((await socket.closed).code, 4000);
        const ended = await endOf(host);
        assert.deepEqual([ended.code, ended.signal], [0, null], host.log);
        for (const client of [kept, late]) client.close();
    });

    it('is not ready until the end: probes hear 503, never 404', async () => {
        const host = await serveHost(settings({ 'drain.balancer_wait_ms': 500 }), ALL); // an answer about health may be a tenth of a second old
        const heard = new Set();
        const probe = async () => {
            for (;;) heard.add((await fetch(`http://127.0.0.1:${host.adminPort}/health/ready`)).status);
        };
        await host.until(async () => (await fetch(`http://127.0.0.1:${host.adminPort}/health/ready`)).status === 200);
        host.signal('SIGTERM');
        await assert.rejects(probe()); // until nobody listens any more
        await endOf(host);
        heard.delete(200); // before the signal was seen
        assert.deepEqual([...heard], [503]);
    });

    it('lives and can be scraped until nobody listens any more, whatever its plugins still do', async () => {
        const host = await serveHost(settings({ 'plugins.chat.providers.echo.delay_ms': 100, 'drain.window_ms': 200 }), ALL);
        const wire = await Wire.join(host, { session: 's' });
        await wire.ask({ type: 'send', content: 'word '.repeat(500), options: { provider: 'echo' } }); // chat waits for its end
        const heard = { '/health/live': new Set(), '/metrics': new Set() };
        let last = '';
        const probe = async (path) => {
            for (;;) {
                const answer = await fetch(`http://127.0.0.1:${host.adminPort}${path}`);
                const text = await answer.text();
                heard[path].add(answer.status);
                if (path === '/metrics') last = text;
            }
        };
        host.signal('SIGTERM');
        await Promise.all(Object.keys(heard).map((path) => assert.rejects(probe(path))));
        const ended = await endOf(host);
        assert.equal(ended.code, 0, host.log);
        assert.deepEqual(Object.values(heard).map((statuses) => [...statuses]), [[200], [200]]);
        assert.match(last, /^streamhost_ready 0$/m);
    });

    it('ends in time whatever clients do: silent, deaf, or in the middle of a message', async () => {
        const host = await serveHost(settings({ 'drain.window_ms': 1_000 }), ALL);
        const silent = await RawClient.upgraded(host.port, '/echo'); // never answers the close
        const half = await RawClient.upgraded(host.port, '/echo');
        half.send(frame(opcodes.text, 'x'.repeat(1_000)).subarray(0, 500));
        const deaf = await RawClient.upgraded(host.port, '/echo');
        deaf.pause();
        for (let count = 0; count < 8; ++count) deaf.send(frame(opcodes.binary, Buffer.alloc(1 << 20)));
        const request = await RawClient.open(host.port);
        request.send('POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf');
        host.signal('SIGTERM');
        const ended = await endOf(host);
        assert.deepEqual([ended.code, ended.signal], [0, null], host.log);
        assert.ok(ended.ms < EXIT_MS, `${ended.ms} ms`);
        assert.equal((await silent.frame()).code, 4000);
        for (const client of [silent, half, deaf, request]) client.close();
    });

    it('at once on the second signal, with 1', async (test) => {
        const host = await serveHost(settings({ 'drain.balancer_wait_ms': 60_000, 'drain.exit_within_ms': 120_000 }), ALL);
        const socket = await dial(host);
        host.signal('SIGTERM');
        await host.printed(/draining/);
        const watch = new Stopwatch();
        host.signal('SIGTERM');
        const ended = await endOf(host);
        watch.within(1_000, 'from the second signal to the end', test);
        assert.deepEqual([ended.code, ended.signal], [1, null], host.log);
        assert.match(host.err, /second signal: leaving at once/);
        assert.equal((await socket.closed).code, 1006);
    });

    it('within the time it was given, when that is too short for what it would like to do', async (test) => {
        const host = await serveHost(settings({ 'drain.balancer_wait_ms': 60_000, 'drain.exit_within_ms': 2_000 }), ALL);
        const silent = await RawClient.upgraded(host.port, '/echo');
        const watch = new Stopwatch();
        host.signal('SIGTERM');
        const ended = await endOf(host);
        watch.within(2_500, 'from the signal to the end', test);
        assert.deepEqual([ended.code, ended.signal], [0, null], host.log);
        assert.equal((await silent.frame()).code, 4000, 'they hear of it all the same');
        silent.close();
    });
});

describe('a plugin that hangs', () => {
    const run = promisify(execFile);

    it('is named in the last line of the log, and the process ends in time with 1', (test) =>
        inFolder(async (folder) => {
            const include = ['sdk/include', 'tests/lifecycle/plugins'].map((place) => `-I${path.join(root, place)}`);
            await run('cc', ['-shared', '-fPIC', '-fvisibility=hidden', ...include, '-o', path.join(folder, 'hangs.so'), path.join(root, 'tests/lifecycle/plugins/hangs.c')]);
            const host = await serveHost({ 'plugins.directory': folder, 'plugins.hangs.enabled': true, 'drain.exit_within_ms': 2_000 });
            const watch = new Stopwatch();
            host.signal('SIGTERM');
            const ended = await endOf(host);
            watch.within(2_500, 'from the signal to the end', test);
            assert.deepEqual([ended.code, ended.signal], [1, null], host.log);
            assert.match(host.err, /ERROR host: the time to stop is over: leaving with what is left left=".*plugin hangs \(\w+\), loop control busy for \d+ ms, 0 clients"\n$/);
        }));
});

describe('a stop before the node is ready', () => {
    it('is a stop', async () => {
        const host = await serveHost(settings(), { ...ALL, signalAtStart: 'SIGTERM' });
        const ended = await endOf(host);
        assert.deepEqual([ended.code, ended.signal], [0, null], host.log);
        assert.doesNotMatch(host.out, /ready/);
    });

    it('ends at once when it is asked for twice, or as the first one asked', async () => {
        for (let round = 0; round < 5; ++round) {
            const host = await serveHost(settings(), { ...ALL, signalAtStart: 'SIGTERM' });
            host.signal('SIGINT');
            const ended = await endOf(host);
            assert.equal(ended.signal, null, host.log);
            assert.ok(ended.code === 1 ? /second signal|leaving at once/.test(host.err) : ended.code === 0, host.log);
            assert.ok(ended.ms < EXIT_MS, `${ended.ms} ms`);
            assert.doesNotMatch(host.out, /ready/);
        }
    });

    it('is one after SIGHUP, too', async () => {
        const host = await serveHost(settings(), { ...ALL, signalAtStart: 'SIGHUP' });
        host.signal('SIGTERM');
        const ended = await endOf(host);
        assert.deepEqual([ended.code, ended.signal], [0, null], host.log);
    });
});

describe('SIGHUP while the node stops', () => {
    it('changes nothing, however often it comes', async () => {
        const host = await serveHost(settings({ 'drain.balancer_wait_ms': 1_000, 'drain.window_ms': 500 }), ALL);
        const socket = await dial(host);
        host.signal('SIGTERM');
        await host.printed(/draining/);
        const hangUps = setInterval(() => host.signal('SIGHUP'), 5);
        try {
            await host.printed(/SIGHUP: this node is stopping/);
            assert.equal((await socket.closed).code, 4000);
            const ended = await endOf(host);
            assert.deepEqual([ended.code, ended.signal], [0, null], host.log);
            assert.ok(ended.ms < EXIT_MS, `${ended.ms} ms`);
            assert.doesNotMatch(host.err, /configuration read again/);
        } finally {
            clearInterval(hangUps);
        }
    });
});
