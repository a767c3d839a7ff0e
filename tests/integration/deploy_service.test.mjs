// deploy/systemd under a real systemd: what `systemctl` does with the unit, its socket and the files beside it, on a machine of its own.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { binary, freePort, root } from './support/host_process.mjs';
import { RedisProcess } from './support/redis.mjs';
import { until } from './support/side_process.mjs';
import { cannotBoot, Systemd, UNITS } from './support/systemd.mjs';
import { newSession, wordsOf } from './support/talks.mjs';
import { Wire } from './support/wire.mjs';

const run = promisify(execFile);
const buildTree = path.dirname(path.dirname(binary));
const isBuilt = existsSync(path.join(buildTree, 'cmake_install.cmake'));
const skip = isBuilt ? (await cannotBoot()) || false : 'the program does not stand in a build tree';

const UNIT = 'streamhost.service';
const CONFIGURATION = '/etc/streamhost/streamhost.yaml';
const EXPOSURE_AT_MOST = 1.5;
const MOVED = 4000;
const PASSWORD = 'of-the-nodes-alone';
const deploy = (name) => readFile(path.join(root, 'deploy', name), 'utf8');
const shipped = (name) => deploy(`systemd/${name}`);
const dropIn = (name) => `/${UNITS}/${UNIT}.d/${name}.conf`;

/** The service as the guide installs it, on free ports. */
async function installed(settings = {}) {
    const [port, adminPort] = [await freePort(), await freePort()];
    const environment = { LISTENERS__PUBLIC__ADDRESS: `127.0.0.1:${port}`, LISTENERS__ADMIN__ADDRESS: `127.0.0.1:${adminPort}`, DRAIN__WINDOW_MS: 500, ...settings };
    const machine = await Systemd.boot(async (layer) => {
        await run('cmake', ['--install', buildTree, '--prefix', '/usr'], { env: { ...process.env, DESTDIR: layer } });
        await mkdir(path.join(layer, 'etc/streamhost'), { recursive: true });
        await cp(path.join(root, 'config/streamhost.yaml'), path.join(layer, CONFIGURATION));
        await writeFile(path.join(layer, 'etc/streamhost/environment'), Object.entries(environment).map(([name, value]) => `STREAMHOST_${name}=${value}\n`).join(''));
        await writeFile(path.join(layer, UNITS, UNIT), await shipped(UNIT));
        await writeFile(path.join(layer, UNITS, 'streamhost.socket'), (await shipped('streamhost.socket')).replace('127.0.0.1:8080', `127.0.0.1:${port}`));
    });
    const where = { url: `ws://127.0.0.1:${port}`, port, adminPort };
    const asks = async (pathname) => {
        const answer = await fetch(`http://127.0.0.1:${adminPort}${pathname}`);
        return { status: answer.status, body: await answer.json() };
    };
    return { machine, where, asks, systemctl: (...words) => machine.runs('systemctl', ...words), shows: (property) => machine.shows(UNIT, property) };
}

const isReady = async ({ asks }) => (await asks('/health/ready').catch(() => ({}))).status === 200;

async function talks(where) {
    const wire = await Wire.join(where, { session: newSession('service') });
    const words = wordsOf(5);
    const { run: stream } = await wire.ask({ type: 'send', content: words });
    assert.equal((await wire.textOf(stream)).text, words);
    return wire;
}

describe('the unit under systemd', { skip, timeout: 300_000 }, () => {
    let service;
    before(async () => {
        service = await installed();
        await service.systemctl('start', UNIT);
    });
    after(() => service?.machine.end());
    const mainStatus = async () => service.machine.runs('cat', `/proc/${await service.shows('MainPID')}/status`);
    /** Until systemd has started it anew. */
    const comesBack = async (former) => {
        await until(async () => ![former, '0'].includes(await service.shows('MainPID')) && isReady(service), `another process than ${former} serves`);
    };

    it('has started when clients can connect, and says so', async () => {
        assert.equal((await service.asks('/health/ready')).status, 200);
        assert.equal(await service.shows('StatusText'), 'serving');
        (await talks(service.where)).close();
        assert.match(await service.machine.journal(UNIT), /streamhost \S+ ready: /);
    });

    it('runs as nobody, who may nothing', async (test) => {
        const status = await mainStatus();
        const user = Number(status.match(/^Uid:\s+(\d+)/m)[1]);
        assert.ok(user >= 61_184 && user <= 65_519, `a user of its own while it runs, not ${user}`);
        for (const set of ['CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) assert.match(status, new RegExp(`^${set}:\\s+0+$`, 'm'));
        assert.match(status, /^NoNewPrivs:\s+1$/m);
        assert.match(status, /^Seccomp:\s+2$/m, 'system calls are filtered');
        const mounts = (await service.machine.runs('cat', `/proc/${await service.shows('MainPID')}/mounts`)).split('\n').map((line) => line.split(' '));
        const isWritable = (place) => mounts.filter(([, at]) => at === place).at(-1)[3].split(',').includes('rw');
        assert.deepEqual(['/', '/tmp', '/run/streamhost'].map(isWritable), [false, true, true]);
        const [, exposure] = (await service.machine.runs('systemd-analyze', 'security', '--no-pager', UNIT)).match(/Overall exposure level for \S+: ([\d.]+)/);
        test.diagnostic(`exposure ${exposure}`);
        assert.ok(Number(exposure) <= EXPOSURE_AT_MOST);
    });

    it('takes a changed configuration by `systemctl reload`, which fails for one with a mistake and changes nothing', async () => {
        const [former, wire] = [await service.shows('MainPID'), await talks(service.where)];
        const good = await service.machine.runs('cat', CONFIGURATION);
        await service.machine.writes(CONFIGURATION, `${good}\nlimits: {connections: 777}\n`);
        await service.systemctl('reload', UNIT);
        const limit = async () => (await service.asks('/admin/v1/node')).body.connection_limit;
        await until(async () => (await limit()) === 777, 'the changed limit is in force');

        await service.machine.writes(CONFIGURATION, `${good}\nlimits: {connections: 778}\nlimit: {}\n`);
        assert.notEqual((await service.machine.tries('systemctl', 'reload', UNIT)).code, 0);
        await until(async () => /the changed configuration is refused; the running one stays/.test(await service.machine.journal(UNIT)), 'the journal says so');
        assert.match(await service.machine.journal(UNIT), /streamhost\.yaml:\d+:\d+: limit: unknown key/);
        assert.deepEqual([await limit(), await service.shows('ActiveState'), await service.shows('MainPID')], [777, 'active', former]);
        assert.equal((await wire.ask({ type: 'ping' })).type, 'pong', 'nobody is disconnected');
        wire.close();
        await service.machine.writes(CONFIGURATION, good);
        await service.systemctl('reload', UNIT);
    });

    it('is started anew when it was killed', async () => {
        const former = await service.shows('MainPID');
        await service.machine.runs('kill', '-KILL', former);
        await comesBack(former);
        (await talks(service.where)).close();
    });

    it('is started anew when it hangs', async () => {
        await service.machine.writes(dropIn('watchdog'), '[Service]\nWatchdogSec=5s\n');
        await service.systemctl('daemon-reload');
        await service.systemctl('restart', UNIT);
        const former = await service.shows('MainPID');
        await service.machine.runs('kill', '-STOP', former);
        await comesBack(former);
        assert.match(await service.machine.journal(UNIT), /Watchdog timeout \(limit 5s\)!/);
        (await talks(service.where)).close();
    });

    it('drains when it is stopped', async () => {
        const wire = await talks(service.where);
        await service.systemctl('stop', UNIT);
        assert.equal((await wire.ended()).code, MOVED);
        assert.deepEqual([await service.shows('Result'), await service.shows('ExecMainStatus')], ['success', '0']);
    });

    it('does not start with a mistake, says where it is, and starts when that is mended', async () => {
        const good = await service.machine.runs('cat', CONFIGURATION);
        await service.machine.writes(CONFIGURATION, `${good}\nlimit: {}\n`);
        assert.notEqual((await service.machine.tries('systemctl', 'start', UNIT)).code, 0);
        assert.match(await service.machine.journal(UNIT), /streamhost\.yaml:\d+:\d+: limit: unknown key/);
        await until(async () => (await service.shows('ActiveState')) === 'failed', 'it is not tried for ever');
        await service.machine.writes(CONFIGURATION, good);
        const [, mend] = (await readFile(path.join(root, 'docs/operate/troubleshooting.md'), 'utf8')).match(/`(systemctl reset-failed [^`]+)`/);
        await service.machine.runs('bash', '-c', mend);
        await service.systemctl('start', UNIT);
        assert.equal((await service.asks('/health/ready')).status, 200);
        await service.systemctl('stop', UNIT);
    });

    it('keeps whoever connects to its socket while it is started anew', async () => {
        await service.systemctl('start', 'streamhost.socket');
        assert.equal((await fetch(`http://127.0.0.1:${service.where.port}/health/live`)).status, 200, 'the first one starts it');
        (await talks(service.where)).close();
        await service.systemctl('stop', UNIT);
        const early = Wire.open(service.where); // nobody serves yet
        (await early).close();
        await until(() => isReady(service), 'it is started again');
        await service.systemctl('stop', 'streamhost.socket', UNIT);
    });
});

describe('the files beside the unit', { skip, timeout: 300_000 }, () => {
    let redis;
    let service;
    before(async () => {
        redis = await RedisProcess.start({ requirepass: PASSWORD });
        service = await installed({ STORE__KIND: 'redis', STORE__REDIS__ADDRESS: redis.address, RUNTIME__HANDOVER: '/run/streamhost/handover', LOGGING__FORMAT: 'json' });
        const words = (await readFile(path.join(root, 'docs/operate/security.md'), 'utf8')).match(/^groupadd --system streamhost-secrets\n(.+\n)+(?=```)/m)[0];
        const [group, folder, rights] = words.trim().split('\n');
        for (const line of [group, folder]) await service.machine.runs('bash', '-c', line);
        await service.machine.writes('/etc/streamhost/secrets/redis-streamhost', `${PASSWORD}\n`);
        await service.machine.runs('bash', '-c', rights);
        await service.machine.writes(dropIn('secrets'), await shipped(`${UNIT}.d/secrets.conf`));
        await service.machine.writes(dropIn('handover'), await shipped(`${UNIT}.d/handover.conf`));
        await service.systemctl('daemon-reload');
        await service.systemctl('start', UNIT);
    });
    after(async () => {
        await service?.machine.end();
        await redis?.stop();
    });

    it('let it read its secrets, and nobody else', async () => {
        await until(async () => (await service.asks('/health/distributed')).status === 200, 'it reaches the store with its password');
        assert.equal((await service.asks('/health/distributed')).body.redis.status, 'up');
        const stranger = await service.machine.tries('setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'cat', '/etc/streamhost/secrets/redis-streamhost');
        assert.match(stranger.text, /Permission denied/);
    });

    it('leave a way to have the configuration read without another process', async () => {
        const former = await service.shows('MainPID');
        const [signal] = (await shipped(`${UNIT}.d/handover.conf`)).match(/systemctl kill [^`]+/);
        await service.machine.runs('bash', '-c', `${signal} ${UNIT}`);
        await until(async () => /configuration read again/.test(await service.machine.journal(UNIT)), 'the configuration is read again');
        assert.equal(await service.shows('MainPID'), former);
    });

    it('have `systemctl reload` fail for a configuration with a mistake, and change nothing', async () => {
        const [former, good] = [await service.shows('MainPID'), await service.machine.runs('cat', CONFIGURATION)];
        await service.machine.writes(CONFIGURATION, `${good}\nlimit: {}\n`);
        assert.notEqual((await service.machine.tries('systemctl', 'reload', UNIT)).code, 0);
        assert.deepEqual([await service.shows('MainPID'), await service.shows('ActiveState')], [former, 'active']);
        await service.machine.writes(CONFIGURATION, good);
    });

    it('have `systemctl reload` put another process in its place, which systemd follows and watches', async () => {
        for (let turn = 0; turn < 2; ++turn) {
            const [former, wire] = [await service.shows('MainPID'), await talks(service.where)];
            await service.systemctl('reload', UNIT);
            assert.equal((await wire.ended()).code, MOVED);
            await until(async () => (await service.shows('MainPID')) !== former, 'systemd follows the new one');
            await until(async () => (await service.machine.tries('kill', '-0', former)).code !== 0, 'the former one ends');
            assert.deepEqual([await service.shows('ActiveState'), await service.shows('NRestarts')], ['active', '0']);
            (await talks(service.where)).close();
        }
        const former = await service.shows('MainPID');
        await service.machine.runs('kill', '-KILL', former);
        await until(async () => ![former, '0'].includes(await service.shows('MainPID')) && isReady(service), 'the one that follows is looked after');
        await service.systemctl('stop', UNIT);
        assert.equal(await service.shows('Result'), 'success');
    });

    it('send the lines of all these processes from the journal to a central server', async () => {
        let received = '';
        const server = createServer((socket) => socket.on('data', (part) => (received += part)));
        await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
        try {
            const sent = (await deploy('rsyslog/streamhost.conf')).replace('logs.example.com', '127.0.0.1').replace('port="6514"', `port="${server.address().port}"`);
            await service.machine.writes('/etc/rsyslog-streamhost.conf', sent);
            await service.machine.writes(`/${UNITS}/rsyslog.service`, '[Service]\nExecStart=/usr/sbin/rsyslogd -n -f /etc/rsyslog-streamhost.conf\n');
            await service.machine.runs('mkdir', '-p', '/var/spool/rsyslog');
            await service.systemctl('daemon-reload');
            await service.systemctl('start', 'rsyslog.service');
            const lines = () => [...received.matchAll(/ streamhost (\d+) - - (\{.*\})$/gm)].map(([, pid, line]) => ({ pid, ...JSON.parse(line) }));
            const processes = () => new Set(lines().filter(({ msg }) => msg === 'ready').map(({ pid }) => pid));
            await until(() => processes().size === 4, () => `first, two that followed it, one started anew: ${received}`);
        } finally {
            await service.systemctl('stop', 'rsyslog.service');
            server.close();
        }
    });
});
