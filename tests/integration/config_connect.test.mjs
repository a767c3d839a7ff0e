// `config check --connect`: what is wrong with the store before a node needs it.
import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { writeFile } from 'node:fs/promises';

import { freePort, inFolder, runHost } from './support/host_process.mjs';
import { RedisProcess, SentinelGroup } from './support/redis.mjs';

const TEST_MS = 60_000;
const check = (profile, settings) => runHost(['config', 'check', '--connect', `config/profiles/${profile}.yaml`, ...Object.entries(settings).flatMap(([key, value]) => ['--set', `${key}=${value}`])]);

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
        assert.doesNotMatch(out, /secret-1/);
    });

    it('with a wrong password, or none', async () => {
        const wrong = await withPassword('secret-2', (settings) => check('redis', settings));
        assert.equal(wrong.code, 1);
        assert.match(wrong.err, /error: server .*WRONGPASS/);
        const none = await check('redis', { 'store.redis.address': redis.address });
        assert.equal(none.code, 1);
        assert.match(none.err, /error: server .*NOAUTH/);
    });

    it('that nobody runs', async () => {
        const { code, err } = await check('redis', { 'store.redis.address': `127.0.0.1:${await freePort()}` });
        assert.equal(code, 1);
        assert.match(err, /error: server 127\.0\.0\.1:\d+: .*refused/i);
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
        const { code, err } = await check('sentinel', settings({ 'store.sentinel.master': 'other' }));
        assert.equal(code, 1);
        assert.match(err, /error: Sentinel .*No such master/);
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
