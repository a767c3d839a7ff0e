// What deploy/docker puts into the image, run as deploy/compose does: as process 1, as nobody, over a read-only file system. By no engine.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { cannotContain, Container } from './support/container.mjs';
import { binary, freePort, root } from './support/host_process.mjs';
import { RedisProcess } from './support/redis.mjs';
import { until } from './support/side_process.mjs';
import { newSession, wordsOf } from './support/talks.mjs';
import { Wire } from './support/wire.mjs';

const run = promisify(execFile);
const deploy = (name) => path.join(root, 'deploy', name);
const buildTree = path.dirname(path.dirname(binary));
const isBuilt = existsSync(path.join(buildTree, 'cmake_install.cmake'));
const skip = isBuilt ? (await cannotContain()) || false : 'the program does not stand in a build tree';
const SECRETS = ['redis-streamhost', 'redis-watcher', 'jwt-key'];
const SECRET = '0123456789abcdef0123456789abcdef';
const COMMANDS = { gateway: ['-c', '/etc/streamhost/gateway.yaml', '-c', '/etc/streamhost/auth.yaml'], worker: ['-c', '/etc/streamhost/worker.yaml'] };
const MOVED = 4000;

describe('the image', { skip, timeout: 240_000 }, () => {
    let folder;
    let layer;
    let image;
    let redis;
    const members = {};

    /** What the Dockerfile says of how it runs. */
    async function read() {
        const text = await readFile(deploy('docker/Dockerfile'), 'utf8');
        const [, user] = text.match(/^USER (\d+):\1$/m);
        const [, PATH] = text.match(/^ENV PATH=(\S+)$/m);
        const [check, entry] = [/^HEALTHCHECK .*CMD (\[.*\])$/m, /^ENTRYPOINT (\[.*\])$/m].map((pattern) => JSON.parse(text.match(pattern)[1]));
        return { user: Number(user), PATH, check, entry };
    }

    async function start(name) {
        const [port, adminPort] = [await freePort(), await freePort()];
        const settings = {
            LISTENERS__PUBLIC__ADDRESS: `127.0.0.1:${port}`, LISTENERS__ADMIN__ADDRESS: `127.0.0.1:${adminPort}`,
            STORE__KIND: 'redis', STORE__REDIS__ADDRESS: redis.address, DRAIN__BALANCER_WAIT_MS: '0', DRAIN__WINDOW_MS: '500',
        };
        const environment = { PATH: image.PATH, NODE_ID: `${name}-1`, ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [`STREAMHOST_${key}`, value])) };
        const place = path.join(folder, name);
        await mkdir(place);
        const container = new Container(place, layer, { user: image.user, environment }, [...image.entry, ...COMMANDS[name]]);
        members[name] = { container, port, url: `ws://127.0.0.1:${port}`, check: () => container.runs(...image.check.map((word) => word.replace('8080', port))) };
        await container.host.printed(/"msg":"ready"/);
        await until(async () => (await members[name].check()).code === 0, () => `${name} is healthy\n${container.host.log}`);
    }

    before(async () => {
        image = await read();
        folder = await mkdtemp(path.join(tmpdir(), 'streamhost-image-'));
        layer = path.join(folder, 'layer');
        await run('cmake', ['--install', buildTree, '--prefix', '/opt/streamhost'], { env: { ...process.env, DESTDIR: layer } });
        await cp(deploy('config'), path.join(layer, 'etc/streamhost'), { recursive: true });
        await mkdir(path.join(layer, 'run/secrets'), { recursive: true });
        for (const name of SECRETS) await writeFile(path.join(layer, 'run/secrets', name), `${SECRET}\n`);
        await run('chmod', ['-R', 'go+rX', layer]);
        await chmod(folder, 0o755);
        redis = await RedisProcess.start();
        assert.equal(await redis.call('ACL', 'SETUSER', 'streamhost', 'on', `>${SECRET}`, '~*', '&*', '+@all'), 'OK');
        for (const name of ['worker', 'gateway']) await start(name);
    });
    after(async () => {
        await Promise.all(Object.values(members).map(({ container }) => container.host.kill()));
        await redis?.stop();
        await rm(folder, { recursive: true, force: true });
    });

    it('runs as the first process, as nobody who may nothing, and writes nowhere but in /tmp', async () => {
        for (const { container } of Object.values(members)) {
            const status = (await container.runs('cat', '/proc/1/status')).text;
            assert.match(status, /^Name:\tstreamhost$/m);
            assert.match(status, new RegExp(`^Uid:\\t${image.user}\\t${image.user}\\t${image.user}\\t${image.user}$`, 'm'));
            for (const set of ['CapPrm', 'CapEff', 'CapBnd']) assert.match(status, new RegExp(`^${set}:\\s+0+$`, 'm'));
            assert.match(status, /^NoNewPrivs:\s+1$/m);
            const mounts = (await container.runs('cat', '/proc/mounts')).text.split('\n').map((line) => line.split(' '));
            assert.deepEqual(['/', '/tmp'].map((place) => mounts.find(([, at]) => at === place)[3].split(',')[0]), ['ro', 'rw']);
        }
    });

    it('lets whoever has a token talk with a worker beside it, and nobody else', async () => {
        const { stdout } = await run(deploy('token.mjs'), [path.join(layer, 'run/secrets/jwt-key'), 'ann', 'read:@own send:@own']);
        const wire = await Wire.join(members.gateway, { session: newSession('image'), token: stdout.trim() });
        assert.equal(wire.welcome.user, 'ann', JSON.stringify(wire.welcome));
        const words = wordsOf(5);
        const { run: stream } = await wire.ask({ type: 'send', content: words });
        assert.equal((await wire.textOf(stream)).text, words);
        wire.close();
        const stranger = await Wire.open(members.gateway);
        assert.equal((await stranger.ask({ type: 'hello', session: 'trip' })).code, 'unauthenticated');
        assert.equal((await stranger.ended()).code, 4401);
    });

    it('drains at the signal that the engine sends to process 1', async () => {
        const { stdout } = await run(deploy('token.mjs'), [path.join(layer, 'run/secrets/jwt-key'), 'ann', 'read:@own send:@own']);
        const wire = await Wire.join(members.gateway, { session: newSession('image'), token: stdout.trim() });
        for (const { container } of [members.gateway, members.worker]) process.kill(Number(await container.pid()), 'SIGTERM');
        assert.equal((await wire.ended()).code, MOVED);
        for (const { container } of Object.values(members)) assert.deepEqual(await container.host.ended(), { code: 0, signal: null }, container.host.log);
    });
});
