// Where a node listens: Unix sockets, IPv6, and descriptors that somebody else opened. Real connections over each of them.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createConnection, createServer } from 'node:net';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

import { HostProcess, asSets, binary, freePort, inFolder, runHost, serveHost } from './support/host_process.mjs';
import { Events } from './support/events.mjs';
import { Wire } from './support/wire.mjs';

const run = promisify(execFile);
const ALL = { words: ['-c', 'config/streamhost.yaml'] };
const LOOPS = { 'runtime.loops': 2 };

/** Of one listener, by whatever leads there: what clients and requests of Node take. */
const overPath = (socketPath) => ({ url: `ws+unix:${socketPath}:`, to: { socketPath, host: undefined, port: undefined } });
const overAddress = (host, port) => ({ url: `ws://${host.includes(':') ? `[${host}]` : host}:${port}`, to: { host, port } });

const get = async ({ to }, pathname, { method = 'GET', body, headers = {} } = {}) => {
    const asked = request({ ...to, path: pathname, method, headers, agent: false });
    asked.end(body);
    const [answer] = await once(asked, 'response');
    let text = '';
    for await (const part of answer.setEncoding('utf8')) text += part;
    return { status: answer.statusCode, text };
};

/** A message over WebSocket, its answer as server-sent events, and the history by a call. */
async function serves(where, session) {
    const wire = await Wire.join(where, { session });
    const { run: stream } = await wire.ask({ type: 'send', content: 'one two three' });
    const text = await wire.textOf(stream);
    wire.close();
    await wire.ended();
    const events = await Events.open(where, `/v1/streams/${stream}?from=start`, where.to);
    await events.end();
    assert.equal(events.frames.some(({ type }) => type === 'end'), true, JSON.stringify(events.frames));
    const told = await get(where, `/v1/sessions/${session}/messages`);
    assert.equal(told.status, 200);
    assert.match(told.text, /one two three/);
    assert.notEqual(text.length, 0);
}

const refused = async (words) => {
    const { code, err } = await runHost(words);
    assert.notEqual(code, 0);
    return err;
};
const sets = (settings) => ['-c', 'config/streamhost.yaml', ...asSets(settings)];
const check = (url) => run(binary, ['healthcheck', '--url', url]).then(({ stdout }) => stdout, ({ stderr }) => stderr);

describe('listeners at Unix sockets', { timeout: 120_000 }, () => {
    it('serve clients, operators and the program itself', () => inFolder(async (folder) => {
        const [clients, admin] = ['public.sock', 'admin.sock'].map((name) => path.join(folder, name));
        const host = await serveHost({ ...LOOPS, 'listeners.public.address': `unix:${clients}`, 'listeners.admin.address': `unix:${admin}`, 'listeners.public.unix.mode': '0620' }, ALL);
        try {
            assert.match(host.out, new RegExp(`ready: http://unix:${clients}:/ \\(admin http://unix:${admin}:/health\\)`));
            assert.equal((await stat(clients)).mode & 0o777, 0o620);
            assert.equal((await stat(admin)).mode & 0o777, 0o600);
            await serves(overPath(clients), 'by-path');
            const health = JSON.parse((await get(overPath(admin), '/health')).text);
            assert.equal(health.transports.public.address, `unix:${clients}`);
            assert.match(await check(`http://unix:${admin}:/health/ready`), /^streamhost: healthy: 200 /);
            const { stdout } = await run(binary, ['config', 'diff', '--url', `http://unix:${admin}`]);
            assert.match(stdout, /nothing/i);
            assert.equal((await get(overPath(admin), '/admin/v1/node', { headers: { Host: 'evil.example' } })).status, 403);
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null }, host.log);
        }
        assert.deepEqual([existsSync(clients), existsSync(admin)], [false, false], 'both are removed');
        assert.match(await check(`http://unix:${admin}:/health/ready`), /^streamhost: unhealthy: /);
    }));

    it('give each loop one connection after the other', () => inFolder(async (folder) => {
        const socket = path.join(folder, 'public.sock');
        const host = await serveHost({ ...LOOPS, 'listeners.public.address': `unix:${socket}` }, ALL);
        try {
            const wires = await Promise.all(Array.from({ length: 8 }, (_, index) => Wire.join(overPath(socket), { session: `s${index}` })));
            for (const wire of wires) await wire.ask({ type: 'subscribe', stream: 'topic', from: 'tail' });
            const { readers } = (await host.admin('/admin/v1/readers/topic')).body;
            const loops = readers.map(({ connection }) => BigInt(connection) >> 56n);
            assert.deepEqual([0n, 1n].map((loop) => loops.filter((each) => each === loop).length), [4, 4]);
            for (const wire of wires) wire.close();
        } finally {
            await host.kill();
        }
    }));

    it('are not taken from somebody who lives, and are from who died', () => inFolder(async (folder) => {
        const socket = path.join(folder, 'public.sock');
        const settings = { 'listeners.public.address': `unix:${socket}` };
        const first = await serveHost(settings, ALL);
        try {
            const said = await refused(sets({ ...settings, 'listeners.admin.address': '127.0.0.1:0' }));
            assert.match(said, /listeners\.public\.address: cannot listen on unix:\S+: another program, or another streamhost, listens there/);
            assert.equal((await get(overPath(socket), '/health/live')).status, 200);
        } finally {
            await first.kill();
        }
        assert.equal(existsSync(socket), true, 'nobody could remove it');
        const second = await serveHost(settings, ALL);
        try {
            assert.equal((await get(overPath(socket), '/health/live')).status, 200);
        } finally {
            await second.stop();
        }
        assert.equal(existsSync(socket), false);
    }));

    it('leave alone what is not theirs', () => inFolder(async (folder) => {
        const [socket, file] = [path.join(folder, 'public.sock'), path.join(folder, 'notes')];
        await writeFile(file, 'notes');
        assert.match(await refused(sets({ 'listeners.public.address': `unix:${file}`, 'listeners.admin.address': '127.0.0.1:0' })), /a file that is no socket is there/);
        assert.equal(await readFile(file, 'utf8'), 'notes');

        const host = await serveHost({ 'listeners.public.address': `unix:${socket}` }, ALL);
        await unlink(socket);
        const other = createServer().listen(socket);
        await once(other, 'listening');
        try {
            await host.stop();
            assert.equal(existsSync(socket), true, 'somebody else listens there by now');
        } finally {
            await host.kill();
            other.close();
        }
    }));
});

describe('listeners at IPv6 addresses', { timeout: 120_000 }, () => {
    it('serve as others do, and take no IPv4 connections', async () => {
        const [port, adminPort] = [await freePort(), await freePort()];
        const host = await serveHost({ ...LOOPS, 'listeners.public.address': `[::1]:${port}`, 'listeners.four.address': `127.0.0.1:${port}`, 'listeners.admin.address': `[::1]:${adminPort}` }, ALL);
        try {
            await serves(overAddress('::1', port), 'six');
            await serves(overAddress('127.0.0.1', port), 'four');
            assert.match(await check(`http://[::1]:${adminPort}/health/ready`), /^streamhost: healthy: 200 /);
            const { stdout } = await run(binary, ['config', 'diff', '--url', `http://[::1]:${adminPort}`]);
            assert.match(stdout, /nothing/i);
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null }, host.log);
        }
    });

    it('count as reached by others where they are', async () => {
        const said = await refused(sets({ 'listeners.public.address': '[::]:0', 'listeners.admin.address': '[::1]:0' }));
        assert.match(said, /listeners\.public\.address: \[::\]:0 can be reached from other machines/);
        assert.doesNotMatch(said, /listeners\.admin/);
    });
});

/** The host with what systemd-socket-activate opened for it; it is started by the first connection, which waits. */
async function activated({ listen, names, settings }, use) {
    const words = [...listen.flatMap((address) => ['-l', address]), ...names.map((name) => `--fdname=${name}`), binary, ...sets({ ...LOOPS, ...settings })];
    const host = new HostProcess(words, {}, { program: 'systemd-socket-activate' });
    try {
        await host.printed(/Listening on /);
        await use(host);
    } finally {
        await host.kill();
    }
}

describe('listeners that a service manager opened', { timeout: 120_000 }, () => {
    it('are served under their names, and who came before the start is answered', () => inFolder(async (folder) => {
        const [socket, adminPort] = [path.join(folder, 'public.sock'), await freePort()];
        await activated({ listen: [socket, `127.0.0.1:${adminPort}`], names: ['public:admin'], settings: { 'listeners.public.address': 'unix:/nowhere/else', 'listeners.admin.address': '127.0.0.1:1' } }, async (host) => {
            assert.equal((await get(overPath(socket), '/health/live')).status, 200);
            await host.ready();
            await serves(overPath(socket), 'given');
            host.adminPort = adminPort;
            assert.equal((await host.admin('/health')).body.transports.public.address, `unix:${socket}`);
            await host.stop();
            assert.equal(existsSync(socket), true, 'it is the manager\'s, which listens on');
        });
    }));

    it('are found by their address, too, and one socket serves all loops', async () => {
        const [port, adminPort] = [await freePort(), await freePort()];
        await activated({ listen: [`[::1]:${port}`], names: [], settings: { 'listeners.public.address': `[::1]:${port}`, 'listeners.admin.address': `127.0.0.1:${adminPort}` } }, async (host) => {
            assert.equal((await get(overAddress('::1', port), '/health/live')).status, 200);
            await serves(overAddress('::1', port), 'by-address');
            assert.deepEqual(await host.stop(), { code: 0, signal: null }, host.log);
        });
    });

    it('are refused where they fit nothing', async () => {
        const [port, adminPort] = [await freePort(), await freePort()];
        const said = async (listen, names) => {
            let text = '';
            await activated({ listen, names, settings: { 'listeners.public.address': `127.0.0.1:${port}`, 'listeners.admin.address': `127.0.0.1:${adminPort}` } }, async (host) => {
                const client = createConnection(Number(listen[0].split(':').at(-1)), '127.0.0.1').on('error', () => {});
                assert.equal((await host.ended()).code, 1, host.log);
                client.destroy();
                text = host.err;
            });
            return text;
        };
        const [other, another] = [await freePort(), await freePort()];
        assert.match(await said([`127.0.0.1:${other}`], ['web']), /descriptor 3 \(web\), which listens on 127\.0\.0\.1:\d+, is for no listener: name it like one/);
        assert.match(await said([`0.0.0.0:${other}`], ['public']), /descriptor 3 \(public\), .* can be reached by others, and listeners\.public\.address is 127\.0\.0\.1/);
        assert.match(await said([`127.0.0.1:${other}`, `127.0.0.1:${another}`], ['admin:admin']), /listeners\.admin\.address: it takes one socket, and is given 2/);
    });
});
