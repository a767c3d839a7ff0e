// What is wrong with a store is said by the node that needs it: each cause has its own message, and none of them hangs anybody.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';

import { Cluster, onRedis, onSentinels, startNode } from './support/cluster.mjs';
import { freePort, inFolder, serveHost } from './support/host_process.mjs';
import { Stopwatch } from './support/machine.mjs';
import { RedisProcess, startSentinel } from './support/redis.mjs';
import { isUnavailable } from './support/returning.mjs';
import { AT_WORD_PACE, LOAD, Talks, newSession, wordsOf } from './support/talks.mjs';
import { TcpProxy } from './support/tcp_proxy.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 120_000;
const LEASES_LAPSE_MS = 10_000; // and other nodes look after runs that nobody refreshed
const run = promisify(execFile);

const count = (log, pattern) => [...log.matchAll(new RegExp(pattern, 'g'))].length;
/** A node whose store need not be well. */
const startAnyhow = ({ words, settings }, more = {}) => serveHost({ 'drain.window_ms': 0, 'runtime.loops': 1, ...settings, ...more }, { words });

/** With a node on the store; it ends well, whatever its store is like. */
async function withNode(store, use, start = startAnyhow) {
    const node = await start(store);
    try {
        await use(node);
        assert.equal((await node.stop()).code, 0, node.log);
    } finally {
        await node.kill();
    }
}
const readyOf = async (node) => (await fetch(`http://127.0.0.1:${node.adminPort}/health/ready`)).json();
/** Said once, though it is tried again and again; whoever asks for something is refused in time. */
async function saysOnce(node, pattern) {
    await node.printed(pattern);
    const wire = await Wire.open(node);
    isUnavailable(await wire.ask({ type: 'hello', id: 'h', session: newSession() }), 'h');
    wire.close();
    const { status, reasons } = await readyOf(node);
    assert.equal(status, 'down', 'it never reached its store');
    assert.match(reasons.join('\n'), /^the store \S+ is down and was not reached since the process began: ./m);
    await node.lives(1_500);
    assert.equal(count(node.log, pattern), 1, node.log);
}

describe('a server that cannot be used', { timeout: TEST_MS, concurrency: 4 }, () => {
    it('a wrong password', () =>
        inFolder(async (folder) => {
            const redis = await RedisProcess.start({ requirepass: 'secret-1' });
            const file = path.join(folder, 'password');
            await writeFile(file, 'secret-2\n');
            const store = onRedis(redis);
            store.settings['store.redis.password_file'] = file;
            await withNode(store, async (node) => {
                await saysOnce(node, /ERROR.* the server refused the user or the password \(WRONGPASS/i);
                assert.doesNotMatch(node.log, /secret-/);
            }).finally(() => redis.stop());
        }));

    it('a replica', async () => {
        const master = await RedisProcess.start();
        const replica = await RedisProcess.start({ replicaof: `127.0.0.1 ${master.port}` });
        await withNode(onRedis(replica), (node) => saysOnce(node, /ERROR.* is a replica, not the master \(slave\)/i)).finally(() => Promise.all([replica.stop(), master.stop()]));
    });

    it('one that is too old, and then another one at its address', async () => {
        const redis = await RedisProcess.start();
        const proxy = await TcpProxy.start(redis);
        let version = '6.0.16';
        proxy.onAnswer = ([command], answer) => (command === 'HELLO' ? Buffer.from(answer.toString('latin1').replace(/\$\d+\r\n\d+\.\d+\.\d+\r\n/, `$${version.length}\r\n${version}\r\n`), 'latin1') : undefined);
        await withNode(onRedis(proxy), async (node) => {
            await saysOnce(node, /ERROR.* the server is too old: Redis 6\.2 or later is needed \(6\.0\.16\)/i);
            version = '6.2.0';
            await node.until(async () => (await readyOf(node)).status === 'ok');
            await node.printed(/connected to \S+ \(Redis 6\.2\.0/);
        }).finally(() => Promise.all([proxy.close(), redis.stop()]));
    });

    it('one that is still loading, until it has', async () => {
        const redis = await RedisProcess.start({ appendonly: 'yes', 'enable-debug-command': 'local' });
        await redis.call('DEBUG', 'POPULATE', 5_000);
        await redis.call('SAVE');
        await redis.call('BGREWRITEAOF');
        await redis.settled();
        redis.words.push('--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024'); // us for each of the keys
        await redis.again({ waits: false });
        await withNode(onRedis(redis), async (node) => {
            await saysOnce(node, /WARN.* the server is still loading its data \(LOADING/i);
            await node.until(async () => (await readyOf(node)).status === 'ok');
        }).finally(() => redis.stop());
    });

    it('TLS with a certificate that nobody vouches for, and TLS with a server that speaks none', () =>
        inFolder(async (folder) => {
            const [key, cert] = [path.join(folder, 'key.pem'), path.join(folder, 'cert.pem')];
            await run('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', '/CN=localhost', '-keyout', key, '-out', cert]);
            const port = await freePort();
            const redis = await RedisProcess.start({ 'tls-port': port, 'tls-cert-file': cert, 'tls-key-file': key, 'tls-auth-clients': 'no' });
            const withTls = (address, more = {}) => ({ words: ['-c', 'config/profiles/redis.yaml'], settings: { 'store.redis.address': address, 'store.redis.tls.enabled': true, ...more } });
            try {
                await withNode(withTls(`localhost:${port}`), (node) => saysOnce(node, /ERROR.* no TLS with this server \(.*certificate/i));
                await withNode(withTls(redis.address), (node) => saysOnce(node, /redis store: \S+: (no TLS with this server|no answer in time|closed by the server)/));
                await withNode(withTls(`localhost:${port}`, { 'store.redis.tls.ca_file': cert }), (node) => node.until(async () => (await readyOf(node)).status === 'ok'));
            } finally {
                await redis.stop();
            }
        }));

    it('Sentinels that nobody runs, and those that know no such master', async () => {
        const sentinels = { addresses: [`127.0.0.1:${await freePort()}`] };
        await withNode(onSentinels(sentinels), (node) => saysOnce(node, /WARN.* no Sentinel answers: /i));
        const sentinel = await startSentinel(await freePort());
        const store = onSentinels({ addresses: [sentinel.address] });
        store.settings['store.sentinel.master'] = 'other';
        await withNode(store, (node) => saysOnce(node, /ERROR.* the Sentinels watch no master named 'other'/i)).finally(() => sentinel.stop());
    });
});

describe('a server that refuses writes', { timeout: TEST_MS, concurrency: 2 }, () => {
    const BEGAN_OOM = /ERROR.* the server is out of memory, writes that need some are refused \(OOM /gi;
    const OVER_OOM = /the server has refused nothing for want of memory for 5 s/;
    const BEGAN_ALONE = /WARN.* the server has too few replicas, writes wait for them \(NOREPLICAS/gi;
    const OVER_ALONE = /the server has refused nothing for want of replicas for 5 s/;

    it('out of memory: new messages are refused, open answers wait, and both go on when there is some', async (test) => {
        const redis = await RedisProcess.start({ 'maxmemory-policy': 'noeviction' });
        let cluster;
        try {
            cluster = await Cluster.start(onRedis(redis), LOAD.nodes, AT_WORD_PACE);
            const [node] = cluster.nodes;
            await node.until(async () => (await readyOf(node)).status === 'ok');
            const talks = await Talks.begin(cluster.nodes, { words: wordsOf(60) });
            await redis.call('CONFIG', 'SET', 'maxmemory', '1mb');
            await node.printed(BEGAN_OOM);
            const other = await Wire.join(node, { session: newSession() }).catch(() => null);
            const asker = talks.readers[0].wire;
            isUnavailable(await asker.ask({ type: 'send', id: 's', content: 'no room' }), 's');
            const held = talks.readers.map((reader) => reader.frames.length);
            await node.lives(LEASES_LAPSE_MS);
            assert.deepEqual(talks.readers.map(({ wire }) => wire.closed), talks.readers.map(() => null), 'paused, not broken');
            assert.ok(talks.readers.every((reader, index) => reader.frames.length <= held[index] + 2), 'nothing is shown that is not kept');
            assert.equal(count(node.log, BEGAN_OOM.source), 1, node.log);
            const watch = new Stopwatch();
            const open = talks.readers.filter((reader) => reader.frames.at(-1).type !== 'end');
            assert.ok(open.length > talks.readers.length / 2, `${open.length} were in the middle`);
            const before = open.map((reader) => reader.frames.length);
            await redis.call('CONFIG', 'SET', 'maxmemory', '0');
            await node.until(() => open.every((reader, index) => reader.frames.length > before[index]));
            watch.within(1_000, 'all answers go on after there was memory again', test); // half a second between two tries
            await talks.areWhole();
            await talks.areKeptBy(redis);
            for (const name of ['runs_lost_total', 'sessions_reaped_total'])
                for (const each of cluster.nodes) assert.equal(await each.metric(name), 0, name);
            await node.printed(OVER_OOM);
            other?.close();
            talks.close();
            assert.deepEqual(await cluster.stop(), []);
        } finally {
            await cluster?.kill();
            await redis.stop();
        }
    });

    it('without replicas: writes wait for them, and are there when one is back', async () => {
        const redis = await RedisProcess.start();
        await withNode(onRedis(redis), async (node) => {
            await node.until(async () => (await readyOf(node)).status === 'ok');
            const talks = await Talks.begin([node], { count: 4, readers: 2, words: wordsOf(60) });
            await redis.call('CONFIG', 'SET', 'min-replicas-to-write', '1');
            await node.printed(BEGAN_ALONE);
            isUnavailable(await talks.readers[0].wire.ask({ type: 'send', id: 's', content: 'to nobody' }), 's');
            await redis.call('CONFIG', 'SET', 'min-replicas-to-write', '0');
            await talks.areWhole();
            await talks.areKeptBy(redis);
            await node.printed(OVER_ALONE);
            assert.equal(count(node.log, BEGAN_ALONE.source), 1, node.log);
            talks.close();
        }).finally(() => redis.stop());
    });
});
