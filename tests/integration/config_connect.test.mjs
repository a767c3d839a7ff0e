// `config check --connect`: what is wrong with the store before a node needs it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { readFile, writeFile } from 'node:fs/promises';

import { asSets, freePort, inFolder, root, runHost } from './support/host_process.mjs';
import { makeCertificate, makeEndedCertificate } from './support/nginx.mjs';
import { RedisProcess, SentinelGroup, startSentinel } from './support/redis.mjs';

const TEST_MS = 60_000;
const check = (profile, settings) => runHost(['config', 'check', '--connect', `config/profiles/${profile}.yaml`, ...asSets(settings)]);

describe('one Redis', { timeout: TEST_MS }, () => {
    let redis;
    before(async () => {
        redis = await RedisProcess.start({ requirepass: 'secret-1', maxmemory: '100mb', 'maxmemory-policy': 'allkeys-lru' });
    });
    after(() => redis?.stop());
    const withPassword = (password, use) =>
        inFolder(async (folder) => {
            const file = path.join(folder, 'password');
            await writeFile(file, `${password}\n`);
            return use({ 'store.redis.address': redis.address, 'store.redis.password_file': file });
        });

    it('is described, with what will hurt later', async () => {
        const { code, out } = await withPassword('secret-1', (settings) => check('redis', settings));
        assert.equal(code, 0, out);
        assert.match(out, /server 127\.0\.0\.1:\d+: Redis \d+\.\d+\.\d+, master, 0 replicas/);
        assert.match(out, /warning: .*maxmemory-policy allkeys-lru throws streams away/);
        assert.match(out, /warning: .*appendonly is off/);
        assert.match(out, /^ok: server \S+: takes writes$/m);
        assert.doesNotMatch(out, /secret-1/);
    });

    it('with a wrong password, or none', async () => {
        const wrong = await withPassword('secret-2', (settings) => check('redis', settings));
        assert.equal(wrong.code, 1);
        assert.match(wrong.out, /error: server .*refused the user or the password \(WRONGPASS.*\n {4}next: compare store\.redis\.username/);
        const none = await check('redis', { 'store.redis.address': redis.address });
        assert.equal(none.code, 1);
        assert.match(none.out, /error: server .*NOAUTH/);
    });

    it('whose user lacks rights: each is named, and the prefix', async () => {
        const own = await RedisProcess.start();
        const rights = (await readFile(path.join(root, 'docs/redis.md'), 'utf8')).match(/^user streamhost on >PASSWORD (.*)$/m)[1];
        await own.call('ACL', 'SETUSER', 'streamhost', 'on', '>secret-1', ...rights.split(' '));
        const ask = (more = {}) =>
            withPassword('secret-1', (settings) => check('redis', { ...settings, 'store.redis.address': own.address, 'store.redis.username': 'streamhost', ...more }));
        try {
            assert.equal((await ask()).code, 0, 'with all of them');
            await own.call('ACL', 'SETUSER', 'streamhost', '-xadd', '-evalsha', '-client|kill', '-psubscribe');
            const few = await ask();
            assert.equal(few.code, 1, few.out);
            assert.match(few.out, /error: server .*: its user may not run client\|kill, evalsha, psubscribe, xadd, or not below streamhost:\n {4}next: give the user/);
            await own.call('ACL', 'SETUSER', 'streamhost', '+xadd', '+evalsha', '+client|kill', '+psubscribe', 'resetchannels');
            assert.match((await ask()).out, /may not run publish, subscribe, or not below streamhost:\n {4}next: .*the channels &streamhost:\*/);
            assert.match((await ask({ 'store.key_prefix': 'other:' })).out, /error: server .*a right is missing \(NOPERM.*\n {4}next: .*store\.key_prefix/);
        } finally {
            await own.stop();
        }
    });

    it('that takes no writes, for want of memory or of replicas', async () => {
        for (const [settings, reason] of [
            [{ maxmemory: '1', 'maxmemory-policy': 'noeviction' }, /error: server .*OOM.*\n {4}next: raise maxmemory/],
            [{ 'min-replicas-to-write': '1' }, /error: server .*NOREPLICAS.*\n {4}next: look at INFO replication/],
        ]) {
            const full = await RedisProcess.start(settings);
            try {
                const { code, out } = await check('redis', { 'store.redis.address': full.address });
                assert.equal(code, 1, out);
                assert.match(out, reason);
            } finally {
                await full.stop();
            }
        }
    });

    it('that nobody runs', async () => {
        const { code, out } = await check('redis', { 'store.redis.address': `127.0.0.1:${await freePort()}` });
        assert.equal(code, 1);
        assert.match(out, /error: server 127\.0\.0\.1:\d+: .*refused\n {4}next: nothing listens there/i);
    });

    it('whose password file is not there: that is a mistake of the configuration', async () => {
        const { code, err } = await check('redis', { 'store.redis.password_file': '/nowhere/password' });
        assert.equal(code, 2);
        assert.match(err, /store\.redis\.password_file: cannot read a password from "\/nowhere\/password"/);
    });

    it('whose user has no password file: nobody would be asked for that user', async () => {
        const { code, err } = await check('redis', { 'store.redis.username': 'streamhost' });
        assert.equal(code, 2);
        assert.match(err, /store\.redis\.password_file: is missing for the user "streamhost"/);
    });
});

describe('Sentinels', { timeout: TEST_MS }, () => {
    let group;
    before(async () => {
        group = await SentinelGroup.start();
    });
    after(() => group?.stop());
    const settings = (more = {}) => ({ 'store.sentinel.addresses': JSON.stringify(group.addresses), ...more });

    it('and the master that they name', async () => {
        const { code, out } = await check('sentinel', settings());
        assert.equal(code, 0, out);
        const { address } = await group.master();
        assert.equal(out.match(new RegExp(`Sentinel \\S+: mymaster is ${address}, 2 replicas, 2 other Sentinels`, 'g')).length, 3);
        assert.match(out, new RegExp(`server ${address}: Redis \\S+, master, 2 replicas`));
    });

    it('that know no master of that name', async () => {
        const { code, out } = await check('sentinel', settings({ 'store.sentinel.master': 'other' }));
        assert.equal(code, 1);
        assert.match(out, /error: Sentinel .*No such master.*\n {4}next: store\.sentinel\.master is the name in "sentinel monitor"/);
    });

    it('that are Redis servers, and a server that is a Sentinel', async () => {
        const server = await check('sentinel', { 'store.sentinel.addresses': JSON.stringify([(await group.master()).address]) });
        assert.match(server.out, /error: Sentinel .*: that is a Redis server, no Sentinel \(.*\n {4}next: store\.sentinel\.addresses/);
        const sentinel = await check('redis', { 'store.redis.address': group.addresses[0] });
        assert.match(sentinel.out, /error: server .*: that is a Sentinel, no Redis server \(.*\n {4}next: store\.redis\.address/);
        assert.deepEqual([server.code, sentinel.code], [1, 1]);
    });

    it('whose master goes on alone when it is cut off', async () => {
        assert.match((await check('sentinel', settings())).out, /warning: server .*: min-replicas-to-write is 0: /);
        const master = await group.master();
        assert.equal(await master.call('CONFIG', 'SET', 'min-replicas-to-write', '1'), 'OK');
        try {
            assert.doesNotMatch((await check('sentinel', settings())).out, /min-replicas/);
        } finally {
            await master.call('CONFIG', 'SET', 'min-replicas-to-write', '0');
        }
    });

    it('that take longer to miss a master than acknowledged writes are kept', async () => {
        await group.sentinels[0].call('SENTINEL', 'SET', 'mymaster', 'down-after-milliseconds', '30000');
        const { code, out } = await check('sentinel', settings());
        assert.equal(code, 0);
        assert.match(out, /warning: .*down-after-milliseconds is 30000: .*store\.keeper\.window_ms to 66000/);
    });

    it('none, which is a mistake of the configuration', async () => {
        const { code, err } = await check('sentinel', { 'store.sentinel.addresses': '[]' });
        assert.equal(code, 2);
        assert.match(err, /store\.sentinel\.addresses: is empty/);
    });
});

describe('behind TLS', { timeout: TEST_MS }, () => {
    let redis;
    let sentinel;
    let files;
    let ended;
    let ports;
    let release;
    before(async () => {
        await new Promise((resolve, reject) => {
            inFolder(async (folder) => {
                files = await makeCertificate(folder);
                ended = await makeEndedCertificate(folder, files.key);
                ports = { redis: await freePort(), sentinel: await freePort() };
                const tls = { 'tls-cert-file': files.certificate, 'tls-key-file': files.key, 'tls-auth-clients': 'no' };
                redis = await RedisProcess.start({ 'tls-port': ports.redis, ...tls });
                const lines = Object.entries({ 'tls-port': ports.sentinel, ...tls }).map((pair) => pair.join(' '));
                sentinel = await startSentinel(redis.port, undefined, undefined, lines);
                resolve();
                await new Promise((done) => (release = done));
            }).catch(reject);
        });
    });
    after(async () => {
        await Promise.all([redis?.stop(), sentinel?.stop()]);
        release?.();
    });
    const onRedis = (more = {}, host = 'localhost') =>
        check('redis', { 'store.redis.address': `${host}:${ports.redis}`, 'store.redis.tls.enabled': true, 'store.redis.tls.ca_file': files.certificate, ...more });
    const isRefused = ({ code, out }, ...texts) => {
        assert.equal(code, 1, out);
        for (const text of texts) assert.match(out, text);
    };

    it('a server whose authority is known', async () => {
        const { code, out } = await onRedis();
        assert.equal(code, 0, out);
        assert.match(out, /server localhost:\d+: Redis \d+\.\d+\.\d+, master, 0 replicas/);
    });

    it('one that nobody known vouches for', async () => {
        isRefused(await onRedis({ 'store.redis.tls.ca_file': '' }), /error: server localhost:\d+: TLS: self-signed certificate/, /next: set store\.redis\.tls\.ca_file to the authority/);
        assert.equal((await onRedis({ 'store.redis.tls.ca_file': '', 'store.redis.tls.verify': 'none' })).code, 0);
    });

    it('one of another name, until the name is told', async () => {
        isRefused(await onRedis({}, '127.0.0.1'), /error: server 127\.0\.0\.1:\d+: TLS: IP address mismatch/, /next: .*set store\.redis\.tls\.server_name to a name that is in it/);
        isRefused(await onRedis({ 'store.redis.tls.server_name': 'other.example' }), /error: .*TLS: hostname mismatch/, /server_name/);
        assert.equal((await onRedis({ 'store.redis.tls.server_name': 'localhost' }, '127.0.0.1')).code, 0);
    });

    it('one whose certificate has ended', async () => {
        await redis.call('CONFIG', 'SET', 'tls-cert-file', ended);
        try {
            isRefused(await onRedis({ 'store.redis.tls.ca_file': ended }), /error: .*TLS: certificate has expired/, /next: renew the server's certificate/);
        } finally {
            await redis.call('CONFIG', 'SET', 'tls-cert-file', files.certificate);
        }
    });

    it('one that wants a certificate of us', async () => {
        await redis.call('CONFIG', 'SET', 'tls-ca-cert-file', files.certificate, 'tls-auth-clients', 'yes');
        try {
            isRefused(await onRedis(), /error: server .*(certificate required|does it want a certificate)/);
            const { code, err } = await onRedis({ 'store.redis.tls.cert_file': files.certificate, 'store.redis.tls.key_file': files.key });
            assert.equal(code, 0, err);
        } finally {
            await redis.call('CONFIG', 'SET', 'tls-auth-clients', 'no');
        }
    });

    it('nobody, and a port that speaks the other way', async () => {
        isRefused(await check('redis', { 'store.redis.address': `localhost:${await freePort()}`, 'store.redis.tls.enabled': true }), /error: server localhost:\d+: Connection refused/);
        isRefused(await onRedis({ 'store.redis.address': `localhost:${redis.port}` }), /error: server .*(TLS|hangs up)/);
        isRefused(await check('redis', { 'store.redis.address': `localhost:${ports.redis}` }), /error: server .*it hangs up; does this port speak TLS\?/);
    });

    it('a Sentinel, and the master that it names without', async () => {
        const ask = (more = {}) =>
            check('sentinel', { 'store.sentinel.addresses': JSON.stringify([`localhost:${ports.sentinel}`]), 'store.sentinel.tls.enabled': true, 'store.sentinel.tls.ca_file': files.certificate, ...more });
        const { code, out, err } = await ask();
        assert.equal(code, 0, err);
        assert.match(out, new RegExp(`Sentinel localhost:${ports.sentinel}: mymaster is ${redis.address}`));
        isRefused(await ask({ 'store.sentinel.tls.ca_file': '' }), /error: Sentinel .*TLS: self-signed certificate/, /next: set store\.sentinel\.tls\.ca_file/);
    });
});
