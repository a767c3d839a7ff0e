// deploy/redis: three servers and three Sentinels as they are shipped, with all their users; backup and restore.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { startNode } from './support/cluster.mjs';
import { asSets, freePort, root, runHost } from './support/host_process.mjs';
import { makeCertificate } from './support/nginx.mjs';
import { RedisProcess } from './support/redis.mjs';
import { Wire } from './support/wire.mjs';

const run = promisify(execFile);
const folderOf = (name) => path.join(root, 'deploy/redis', name);
const USERS = ['streamhost', 'replica', 'sentinel', 'watcher', 'backup', 'admin', 'operator'];
const READY_MS = 30_000;
const POLL_MS = 50;

async function until(isSo, what) {
    const end = Date.now() + READY_MS;
    while (!(await isSo())) {
        if (Date.now() > end) throw new Error(`${typeof what === 'string' ? what : what()} took longer than ${READY_MS} ms`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
}

/** One process that start.sh became. */
class Member {
    log = '';
    #process;
    #exit;

    constructor(role, port, folder, environment) {
        Object.assign(this, { role, port, folder, environment });
    }

    start() {
        this.#process = spawn(folderOf('start.sh'), [this.role], { env: { ...process.env, ...this.environment, PORT: String(this.port), DATA: this.folder, ANNOUNCE: '127.0.0.1' } });
        for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on('data', (text) => (this.log += text));
        this.#exit = new Promise((resolve) => this.#process.once('close', resolve));
        return this;
    }

    async end(signal = 'SIGKILL') {
        this.#process.kill(signal);
        await this.#exit;
    }

    /** As a user whose password is the user's name and -secret. */
    call(user, ...words) {
        return this.callWith(`${user}-secret`, user, ...words);
    }

    async callWith(password, user, ...words) {
        const { stdout } = await run('redis-cli', ['-p', String(this.port), '--user', user, '--no-auth-warning', ...words.map(String)], {
            env: { ...process.env, REDISCLI_AUTH: password }, timeout: 5_000,
        });
        return stdout.trim();
    }

    info(user, field) {
        return this.call(user, 'INFO').then((text) => text.match(new RegExp(`^${field}:(.*?)\\r?$`, 'm'))?.[1], () => undefined);
    }
}

describe('the servers and Sentinels of deploy/', () => {
    let folder;
    let servers = [];
    let sentinels = [];
    let node;
    const secret = (name) => path.join(folder, 'secrets', `redis-${name}`);
    const settings = () => ({
        'store.redis.username': 'streamhost',
        'store.redis.password_file': secret('streamhost'),
        'store.sentinel.username': 'watcher',
        'store.sentinel.password_file': secret('watcher'),
        'store.sentinel.addresses': JSON.stringify(sentinels.map(({ port }) => `127.0.0.1:${port}`)),
    });

    before(async () => {
        folder = await mkdtemp(path.join(tmpdir(), 'streamhost-deploy-redis-'));
        await mkdir(path.join(folder, 'secrets'));
        for (const user of USERS) await writeFile(secret(user), `${user}-secret\n`);
        const masterPort = await freePort();
        const environment = { SECRETS: path.join(folder, 'secrets'), MASTER: '127.0.0.1', MASTER_PORT: String(masterPort) };
        const make = async (role, port) => {
            const own = path.join(folder, `${role}-${port}`);
            await mkdir(own);
            return new Member(role, port, own, environment).start();
        };
        for (const port of [masterPort, await freePort(), await freePort()]) servers.push(await make('server', port));
        await until(async () => (await servers[0].info('backup', 'slave_repl_offset'), (await servers[0].info('backup', 'connected_slaves')) === '2'), () => `replicas\n${servers.map(({ log }) => log).join('\n')}`);
        for (let count = 0; count < 3; ++count) sentinels.push(await make('sentinel', await freePort()));
        const knows = (one) => one.call('sentinel', 'SENTINEL', 'CKQUORUM', 'mymaster').then((said) => said.startsWith('OK 3 usable'), () => false);
        await until(async () => (await Promise.all(sentinels.map(knows))).every(Boolean), () => `Sentinels\n${sentinels.map(({ log }) => log).join('\n')}`);
        const replicas = (one) => one.call('watcher', 'SENTINEL', 'MASTER', 'mymaster').then((said) => /num-slaves\n2\n/.test(said), () => false);
        await until(async () => (await Promise.all(sentinels.map(replicas))).every(Boolean), 'Sentinels that know the replicas');
    });
    after(async () => {
        await node?.kill();
        await Promise.all([...sentinels, ...servers].map((one) => one.end()));
        await rm(folder, { recursive: true, force: true });
    });

    it('carry what docs/redis.md grants, and no more', async () => {
        const page = await readFile(path.join(root, 'docs/redis.md'), 'utf8');
        for (const [file, user] of [['users.acl', 'streamhost'], ['sentinel-users.conf', 'watcher']]) {
            const rights = (text) => text.match(new RegExp(`^user ${user} on \\S+ (.*)$`, 'm'))[1];
            assert.equal(rights(await readFile(folderOf(file), 'utf8')), rights(page));
        }
    });

    it('let nobody in without a name', async () => {
        for (const one of [servers[0], sentinels[0]]) {
            const { stdout } = await run('redis-cli', ['-p', String(one.port), 'PING']);
            assert.match(stdout, /NOAUTH/);
        }
        assert.match(await servers[0].call('backup', 'GET', 'streamhost:x'), /NOPERM/);
    });

    it('let an operator look and turn, and read nothing', async () => {
        for (const words of [['SLOWLOG', 'GET', '1'], ['LATENCY', 'DOCTOR'], ['CLIENT', 'LIST', 'TYPE', 'pubsub'], ['ACL', 'LOG'], ['CONFIG', 'GET', 'maxmemory']])
            assert.doesNotMatch(await servers[0].call('operator', ...words), /NOPERM/, words.join(' '));
        for (const words of [['GET', 'streamhost:x'], ['ACL', 'SETUSER', 'x'], ['SHUTDOWN'], ['KEYS', '*']])
            assert.match(await servers[0].call('operator', ...words), /NOPERM/, words.join(' '));
        for (const words of [['SENTINEL', 'CKQUORUM', 'mymaster'], ['SENTINEL', 'REPLICAS', 'mymaster']])
            assert.doesNotMatch(await sentinels[0].call('operator', ...words), /NOPERM|ERR/, words.join(' '));
    });

    it('keep passwords out of sight', async () => {
        for (const one of [...servers, ...sentinels]) {
            for (const name of (await readdir(one.folder)).filter((file) => /conf$|acl$/.test(file))) {
                assert.equal((await stat(path.join(one.folder, name))).mode & 0o077, 0, name);
            }
        }
        assert.doesNotMatch(await readFile(path.join(servers[0].folder, 'users.acl'), 'utf8'), /-secret/);
    });

    it('please config check --connect, without a warning', async () => {
        const { code, out, err } = await runHost(['config', 'check', '--connect', 'config/profiles/sentinel.yaml', ...asSets(settings())]);
        assert.equal(code, 0, out + err);
        assert.doesNotMatch(out + err, /warning|error/);
    });

    it('serve a node, also when the master is killed and comes back', async () => {
        node = await startNode({ words: ['-c', 'config/profiles/sentinel.yaml'], settings: settings() }, 'node-1');
        const talk = async (session) => {
            const wire = await Wire.join(node, { session });
            const { stream } = await wire.ask({ type: 'send', content: 'one two three', key: session });
            await wire.frame((frame) => frame.type === 'end' && frame.stream === stream);
            wire.close();
        };
        const replicas = () => node.metric('redis_replicas').catch(() => null); // not there until the new master was asked
        await talk('first');
        await until(async () => (await replicas()) === 2, 'both are known');
        await servers[0].end();
        await until(async () => {
            const { store } = (await node.admin('/admin/v1/node')).body;
            return store.state === 'ok' && store.master !== '' && store.master !== `127.0.0.1:${servers[0].port}`;
        }, 'another master');
        await talk('second');
        await until(async () => (await replicas()) === 1, 'one replica is left');
        servers[0].start();
        await until(async () => (await servers[0].info('backup', 'role')) === 'slave' && (await servers[0].info('backup', 'master_link_status')) === 'up', () => `the old master follows\n${servers[0].log}`);
        await talk('third');
        await until(async () => (await replicas()) === 2, 'both are there');
    });

    it("take two passwords of a user while one follows the other, and the user's connections stay", async () => {
        const roles = await Promise.all(servers.map((one) => one.info('backup', 'role')));
        const master = servers[roles.indexOf('master')];
        const replica = servers[roles.indexOf('slave')];
        const connected = async () => [...(await master.call('operator', 'CLIENT', 'LIST')).matchAll(/^id=(\d+) .*\buser=streamhost\b/gm)].map(([, id]) => id).sort(); // Redis turns its list
        const before = await connected();
        assert.notDeepEqual(before, []);
        await writeFile(secret('streamhost'), 'next-secret\nstreamhost-secret\n');
        assert.equal(await master.call('admin', 'ACL', 'SETUSER', 'streamhost', '>next-secret'), 'OK');
        assert.deepEqual((await connected()).filter((id) => before.includes(id)), before);
        await replica.end('SIGTERM');
        replica.start();
        await until(async () => (await replica.info('backup', 'master_link_status')) === 'up', () => `a replica that starts anew\n${replica.log}`);
        for (const one of [master, replica])
            for (const password of ['next-secret', 'streamhost-secret']) assert.equal(await one.callWith(password, 'streamhost', 'PING'), 'PONG');
        await writeFile(secret('streamhost'), 'streamhost-secret\n');
        for (const one of [master, replica]) assert.equal(await one.call('admin', 'ACL', 'SETUSER', 'streamhost', '<next-secret'), 'OK');
        assert.match(await master.callWith('next-secret', 'streamhost', 'PING'), /WRONGPASS|NOAUTH/);
        for (const words of [['GET', 'streamhost:x'], ['CONFIG', 'GET', 'dir'], ['SHUTDOWN']]) assert.match(await master.call('admin', ...words), /NOPERM/, words.join(' '));
    });

    it('are backed up while they run, and restored as they were', async () => {
        const running = [];
        for (const one of servers) if ((await one.info('backup', 'role')) === 'master') running.push(one);
        const [master] = running;
        const backups = path.join(folder, 'backups');
        const backUp = async (keep) => (await run(folderOf('backup.sh'), [backups, String(keep)], {
            env: { ...process.env, PORT: String(master.port), REDIS_USER: 'backup', PASSWORD_FILE: secret('backup') },
        })).stdout.trim();
        await node.stop();
        const file = await backUp(1);
        const dump = async (one) => {
            const keys = (await one.call('streamhost', 'EVAL', "return redis.call('EXISTS', 'streamhost:stream:meta:first', 'streamhost:stream:meta:second', 'streamhost:stream:meta:third')", '0'));
            const entries = await Promise.all(['first', 'second', 'third'].map((name) => one.call('streamhost', 'LRANGE', `streamhost:stream:chunks:${name}`, 0, -1)));
            return { keys, entries };
        };
        const written = await dump(master);
        assert.equal(written.keys, '3');
        for (const entries of written.entries) assert.match(entries, /one two three/);

        await assert.rejects(run(folderOf('restore.sh'), [file, master.folder]), /a server runs in/);
        await Promise.all([...sentinels, ...servers].map((one) => one.end('SIGTERM')));
        await rm(path.join(master.folder, 'appendonlydir'), { recursive: true });
        await run(folderOf('restore.sh'), [file, master.folder]);
        assert.ok((await readdir(master.folder)).some((name) => name.startsWith('before-restore-')));
        servers.forEach((one) => one.start());
        await until(async () => (await master.info('backup', 'connected_slaves')) === '2', () => `the group\n${master.log}`);
        assert.deepEqual(await dump(master), written);
        for (const one of servers) await until(async () => JSON.stringify(await dump(one)) === JSON.stringify(written), 'the replicas have it');
    });

    it('are backed up over TLS, and say what to look at when that cannot be', async () => {
        const files = await makeCertificate(folder);
        const port = await freePort();
        const redis = await RedisProcess.start({ 'tls-port': port, 'tls-cert-file': files.certificate, 'tls-key-file': files.key, 'tls-auth-clients': 'no' });
        const backUp = (more) => run(folderOf('backup.sh'), [path.join(folder, 'tls-backups')], { env: { ...process.env, HOST: 'localhost', PORT: String(port), ...more } });
        try {
            assert.match((await backUp({ CA_FILE: files.certificate })).stdout, /tls-backups\/streamhost-\w+\.rdb\n$/);
            await assert.rejects(backUp({}), /no snapshot from localhost:\d+: .*CA_FILE/);
        } finally {
            await redis.stop();
        }
    });

    it('refuse a snapshot that was changed', async () => {
        const backups = path.join(folder, 'backups');
        const [name] = (await readdir(backups)).filter((one) => one.endsWith('.rdb'));
        const file = path.join(backups, name);
        const bytes = await readFile(file);
        bytes[bytes.length >> 1] ^= 1;
        await writeFile(file, bytes);
        const empty = path.join(folder, 'empty');
        await mkdir(empty);
        await assert.rejects(run(folderOf('restore.sh'), [file, empty]), /is not what was written then/);
        assert.deepEqual(await readdir(empty), []);
    });
});
