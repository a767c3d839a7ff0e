// deploy/systemd: what systemd says of the unit, and what the host says to whoever started it as a service.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';
import { promisify } from 'node:util';

import { binary, freePort, inFolder, root, serveHost } from './support/host_process.mjs';

const run = promisify(execFile);
const EXPOSURE_AT_MOST = 1.5;
const HEARD_MS = 20_000;

/** The unit as it is installed, with the program where it is here. */
const inUnit = (use) => inFolder(async (folder) => {
    await cp(path.join(root, 'deploy/systemd'), folder, { recursive: true });
    const [file, more] = ['streamhost.service', 'streamhost.service.d/handover.conf'].map((name) => path.join(folder, name));
    for (const one of [file, more]) await writeFile(one, (await readFile(one, 'utf8')).replaceAll('/usr/bin/streamhost', binary));
    return use(file);
});

describe('the unit', () => {
    it('is understood as a whole, with the one of its socket and the files beside it', () => inUnit(async (file) => {
        const { stdout, stderr } = await run('systemd-analyze', ['verify', '--man=no', file, file.replace('.service', '.socket')]);
        assert.equal((stdout + stderr).split('\n').filter((line) => line.includes('streamhost')).join('\n'), '');
    }));

    it(`is exposed at most ${EXPOSURE_AT_MOST}`, (test) => inUnit(async (file) => {
        const { stdout } = await run('systemd-analyze', ['security', '--offline=true', '--no-pager', `--threshold=${EXPOSURE_AT_MOST * 10}`, file]);
        const [, exposure] = stdout.match(/Overall exposure level for streamhost\.service: ([\d.]+)/);
        test.diagnostic(`exposure ${exposure}`);
        assert.ok(Number(exposure) <= EXPOSURE_AT_MOST);
    }));

    it('gives the host longer to stop than the profiles take', async () => {
        const [, seconds] = (await readFile(path.join(root, 'deploy/systemd/streamhost.service'), 'utf8')).match(/^TimeoutStopSec=(\d+)s$/m);
        for (const profile of ['redis', 'sentinel', 'ai-worker']) {
            const [, ms] = (await readFile(path.join(root, `config/profiles/${profile}.yaml`), 'utf8')).match(/exit_within_ms: (\d+)/);
            assert.ok(Number(seconds) * 1_000 > Number(ms), profile);
        }
    });
});

/** Prints each datagram to a socket of that name, one a line. */
const LISTENER = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('listening', flush=True)
while True:
    print(s.recv(4096).decode().replace(chr(10), ' '), flush=True)
`;

async function listen(name) {
    const process = spawn('python3', ['-c', LISTENER, name], { stdio: ['ignore', 'pipe', 'inherit'] });
    const said = [];
    let news = () => {};
    process.stdout.on('data', (text) => (said.push(...text.toString().trim().split('\n')), news()));
    const next = (isSo) => new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`not heard ${isSo}; heard ${said}`)), HEARD_MS);
        news = () => {
            const index = said.findIndex(isSo);
            if (index < 0) return;
            clearTimeout(late);
            news = () => {}; // what comes before the next question is for that
            resolve(said.splice(0, index + 1).at(-1));
        };
        news();
    });
    await next((line) => line === 'listening');
    return { next, said, end: () => process.kill() };
}

describe('a host that is a service', () => {
    it('says when it serves, lives, reads its configuration, and stops', () => inFolder(async (folder) => {
        const socket = path.join(folder, 'notify');
        const manager = await listen(socket);
        const host = await serveHost({}, { words: ['-c', 'config/streamhost.yaml'], environment: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '400000' } });
        try {
            await manager.next((line) => line === 'READY=1 STATUS=serving');
            for (let count = 0; count < 3; ++count) await manager.next((line) => line === 'WATCHDOG=1');
            host.signal('SIGHUP');
            assert.match(await manager.next((line) => line.startsWith('RELOADING=1')), /^RELOADING=1 MONOTONIC_USEC=\d+ /);
            await manager.next((line) => line === 'READY=1 STATUS=serving');
            host.signal('SIGTERM');
            await manager.next((line) => line === 'STOPPING=1 STATUS=draining');
            assert.equal((await host.ended()).code, 0);
        } finally {
            manager.end();
            await host.kill();
        }
    }));
});

describe('a host that follows the one that a service manager started', () => {
    it('says that it is the main one now, and lives by the watchdog that it was not told of', () => inFolder(async (folder) => {
        const socket = path.join(folder, 'notify');
        const manager = await listen(socket);
        const [port, adminPort] = [await freePort(), await freePort()];
        const settings = { 'runtime.handover': path.join(folder, 'handover'), 'listeners.public.address': `127.0.0.1:${port}`, 'listeners.admin.address': `127.0.0.1:${adminPort}` };
        const how = { words: ['-c', 'config/streamhost.yaml'] };
        const first = await serveHost(settings, { ...how, environment: { NOTIFY_SOCKET: socket, WATCHDOG_USEC: '400000' } });
        await manager.next((line) => line === 'READY=1 STATUS=serving');
        const second = await serveHost(settings, { ...how, environment: { NOTIFY_SOCKET: socket } });
        try {
            await manager.next((line) => line === `MAINPID=${second.pid}`);
            await manager.next((line) => line === 'READY=1 STATUS=serving');
            assert.deepEqual(await first.ended(), { code: 0, signal: null }, first.log);
            assert.equal(manager.said.some((line) => line.startsWith('STOPPING')), false, 'the service goes on');
            manager.said.length = 0;
            for (let count = 0; count < 2; ++count) await manager.next((line) => line === 'WATCHDOG=1');
            second.signal('SIGTERM');
            await manager.next((line) => line === 'STOPPING=1 STATUS=draining');
            assert.equal((await second.ended()).code, 0);
        } finally {
            manager.end();
            await Promise.all([first.kill(), second.kill()]);
        }
    }));
});

describe('streamhost healthcheck', () => {
    const check = (...words) => run(binary, ['healthcheck', ...words]).then(({ stdout }) => ({ code: 0, text: stdout }), ({ code, stderr }) => ({ code, text: stderr }));

    it('says yes while the node takes connections, and no when it drains or is gone', async () => {
        const host = await serveHost({ 'drain.balancer_wait_ms': 30_000, 'drain.exit_within_ms': 60_000 }, { words: ['-c', 'config/streamhost.yaml'] });
        const url = `http://127.0.0.1:${host.adminPort}/health/ready`;
        try {
            const well = await check('--url', url);
            assert.equal(well.code, 0);
            assert.match(well.text, /^streamhost: healthy: 200 ok\n$/);
            host.signal('SIGTERM');
            await host.until(async () => (await host.admin('/health/ready')).status === 503);
            const draining = await check('--url', url);
            assert.equal(draining.code, 1);
            assert.match(draining.text, /^streamhost: unhealthy: 503 .*\n$/);
            await host.kill();
            const gone = await check('--url', url);
            assert.equal(gone.code, 1);
            assert.match(gone.text, /^streamhost: unhealthy: .*refused.*\n$/);
        } finally {
            await host.kill();
        }
    });

    it('waits no longer than it may', async () => {
        const host = await serveHost({}, { words: ['-c', 'config/streamhost.yaml'] });
        try {
            host.signal('SIGSTOP');
            const answer = await check('--url', `http://127.0.0.1:${host.adminPort}/health/ready`, '--timeout-ms', '200');
            assert.deepEqual(answer, { code: 1, text: 'streamhost: unhealthy: no answer in time\n' });
        } finally {
            host.signal('SIGCONT');
            await host.kill();
        }
    });
});
