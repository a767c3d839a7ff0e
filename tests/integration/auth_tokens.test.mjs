// The plugin auth in the real host: development tokens, keys that change, and revocations that all nodes hear of.
import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, it } from 'node:test';

import { nodesOverRedis, onRedis, startNode } from './support/cluster.mjs';
import { configFile, inFolder, serveHost } from './support/host_process.mjs';
import { JumpingClock } from './support/jumping_clock.mjs';
import { Stopwatch } from './support/machine.mjs';
import { RedisProcess } from './support/redis.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 120_000;
const KNOWN_MS = 2_000; // by then all nodes know of a revocation
const HOUR_MS = 3_600_000; // what a development token lives, too
const LEEWAY_MS = 30_000; // by so much the clock that dated a token may be ahead
const DEV = { 'plugins.gateway.authentication': 'required', 'plugins.auth.enabled': true, 'plugins.auth.dev_tokens.enabled': true };

const call = async (url, method, body) => {
    const answer = await fetch(url, { method, body: body === undefined ? undefined : JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, headers: answer.headers, body: text === '' ? null : JSON.parse(text) };
};
const devToken = (host, body) => call(`http://127.0.0.1:${host.port}/v1/dev-token`, 'POST', body);
const revoke = (host, body) => host.admin('/admin/v1/auth/revoke', body);
const revocations = async (host) => (await host.admin('/admin/v1/auth/revocations')).body;
const withdraw = (host, id) => call(`http://127.0.0.1:${host.adminPort}/admin/v1/auth/revocations/${id}`, 'DELETE');
const usersOf = async (host) => (await revocations(host)).revocations.map(({ user }) => user).sort();
const partsOf = (token) => token.split('.').slice(0, 2).map((part) => JSON.parse(Buffer.from(part, 'base64url').toString()));
const health = async (host) => (await call(`http://127.0.0.1:${host.adminPort}/health`, 'GET')).body.plugins.auth.components ?? {};

describe('development tokens', { timeout: TEST_MS }, () => {
    it('are given only by a node that was told to', async () => {
        await inFolder(async (folder) => {
            const secret = path.join(folder, 'secret');
            await writeFile(secret, `${randomBytes(32).toString('hex')}\n`);
            const keys = JSON.stringify([{ id: 'k1', algorithm: 'HS256', secret_file: secret }]);
            const host = await serveHost({ 'plugins.auth.enabled': true, 'plugins.auth.keys': keys, 'plugins.health.enabled': true });
            try {
                assert.equal((await devToken(host, { user: 'ann' })).status, 404);
                assert.equal(await host.metric('auth_dev_tokens'), 0);
                assert.equal(await host.metric('auth_keys'), 1);
                assert.doesNotMatch(host.log, /development tokens/);
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null });
            }
        });
    });

    it('are signed with the secret that several nodes share, and warned of', async () => {
        await inFolder(async (folder) => {
            const secret = randomBytes(32).toString('hex');
            const file = path.join(folder, 'dev');
            await writeFile(file, `${secret}\n`);
            const host = await serveHost({ ...DEV, 'plugins.auth.dev_tokens.secret_file': file, 'plugins.auth.issuer': 'https://id', 'plugins.auth.audiences': '["chat"]', 'plugins.health.enabled': true });
            try {
                const { status, headers, body } = await devToken(host, { user: 'ann', grants: ['read:*'], ttl_ms: 60_000 });
                assert.equal(status, 200, JSON.stringify(body));
                assert.equal(headers.get('cache-control'), 'no-store');
                const [header, claims] = partsOf(body.token);
                assert.deepEqual(header, { alg: 'HS256', kid: 'dev' });
                assert.deepEqual([claims.sub, claims.iss, claims.aud, claims.grants], ['ann', 'https://id', 'chat', ['read:*']]);
                assert.ok(Math.abs(claims.exp - claims.iat - 60) < 0.002, `${claims.exp} - ${claims.iat}`);
                assert.equal(body.expires_ms, Math.round(claims.exp * 1_000));
                const at = body.token.lastIndexOf('.');
                assert.equal(createHmac('sha256', secret).update(body.token.slice(0, at)).digest('base64url'), body.token.slice(at + 1));

                assert.equal(await host.metric('auth_dev_tokens'), 1);
                assert.equal(await host.metric('auth_dev_tokens_given_total'), 1);
                assert.match((await health(host)).dev_tokens.detail, /lets anybody be anybody/);
                assert.match(host.log, /WARN +plugin\.auth: development tokens are on/);
                const shown = JSON.stringify((await host.admin('/admin/v1/config')).body);
                assert.ok(shown.includes(file) && !shown.includes(secret));
                assert.ok(!host.log.includes(secret) && !host.log.includes(body.token));
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null });
            }
        });
    });

    it('are refused in words to whoever asks wrongly', async () => {
        const host = await serveHost(DEV);
        try {
            for (const body of [{}, { user: 'anonymous' }, { user: 'ann', grants: ['fly:*'] }, { user: 'ann', ttl_ms: 1 }, { user: 'ann', role: 'x' }, { user: 'a'.repeat(129) }]) {
                const answer = await devToken(host, body);
                assert.equal(answer.status, 400, JSON.stringify(body));
                assert.ok(answer.body.detail, JSON.stringify(body));
            }
            assert.equal((await devToken(host, { user: 'ann', grants: ['x'.repeat(5_000)] })).status, 413);
            assert.equal((await call(`http://127.0.0.1:${host.port}/v1/dev-token`, 'GET')).status, 405);
            const [one, two] = [await devToken(host, { user: 'ann' }), await devToken(host, { user: 'ann' })];
            assert.notEqual(partsOf(one.body.token)[1].jti, partsOf(two.body.token)[1].jti);
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null });
        }
    });
});

describe('tokens that are no good', { timeout: TEST_MS }, () => {
    it('are each refused and counted for what is wrong with them, and stand nowhere', () => inFolder(async (folder) => {
        const secret = randomBytes(32).toString('hex');
        const file = path.join(folder, 'secret');
        await writeFile(file, secret);
        const keys = JSON.stringify([{ id: 'k1', algorithm: 'HS256', secret_file: file }]);
        const host = await serveHost({
            'plugins.auth.enabled': true, 'plugins.auth.keys': keys, 'plugins.auth.leeway_ms': 0, 'plugins.auth.issuer': 'https://id', 'plugins.auth.audiences': '["chat"]',
            'plugins.gateway.authentication': 'required', 'logging.level': 'debug',
        }, { words: ['-c', 'config/streamhost.yaml'] });
        const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
        const signed = (head, claims, key = secret) => {
            const now = Math.floor(Date.now() / 1_000);
            const text = `${part({ alg: 'HS256', kid: 'k1', ...head })}.${part({ sub: 'ann', iss: 'https://id', aud: 'chat', iat: now - 60, exp: now + 600, ...claims })}`;
            return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`;
        };
        const now = Math.floor(Date.now() / 1_000);
        const good = signed({}, {});
        const [head, payload] = good.split('.');
        const bad = [
            ['expired', signed({}, { exp: now - 1 })],
            ['not_yet', signed({}, { nbf: now + 300 })],
            ['not_yet', signed({}, { iat: now + 300 })],
            ['audience', signed({}, { aud: 'other' })],
            ['audience', signed({}, { aud: undefined })],
            ['issuer', signed({}, { iss: 'https://else' })],
            ['key', signed({ kid: 'k2' }, {})],
            ['signature', signed({}, {}, 'guess')],
            ['algorithm', `${part({ alg: 'none' })}.${payload}.`],
            ['algorithm', signed({ alg: 'HS512' }, {})],
            ['claims', signed({}, { sub: undefined })],
            ['claims', signed({}, { exp: undefined })],
            ['malformed', signed({}, { more: 'x'.repeat(9_000) })], // over 8 KiB
            ['malformed', `${head}.${payload}`],
            ['malformed', good.slice(0, 20)],
        ];
        const counts = async () => {
            const text = await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text();
            return Object.fromEntries([...text.matchAll(/^streamhost_auth_total\{result="(\w+)"\} (\d+)$/gm)].map(([, result, count]) => [result, Number(count)]));
        };
        const post = async (token) => {
            const answer = await fetch(`http://127.0.0.1:${host.port}/v1/sessions/trip/messages`, { method: 'POST', body: '{"content":"x"}', headers: { Authorization: `Bearer ${token}` } });
            return { status: answer.status, text: await answer.text() };
        };
        try {
            const expected = await counts();
            for (const [result, token] of bad) {
                const wire = await Wire.open(host);
                const answer = await wire.ask({ type: 'hello', session: 'trip', token });
                const close = await wire.ended();
                assert.deepEqual([answer.type, answer.code, close.code], ['error', 'unauthenticated', 4401], result);
                const { status, text } = await post(token);
                assert.equal(status, 401, text);
                expected[result] += 2;
                assert.deepEqual(await counts(), expected, `${result}: ${token}`);
                const said = JSON.stringify(answer) + close.reason + text + host.log;
                for (const word of token.split('.').filter((each) => each.length > 8)) assert.ok(!said.includes(word), `${result}: ${said.slice(0, 2_000)}`);
            }
            const welcomed = await Wire.join(host, { session: 'trip', token: good });
            assert.equal(welcomed.welcome.user, 'ann', 'the pattern of them all is good');
            assert.deepEqual(await counts(), { ...expected, ok: 1 });
            assert.ok(!host.log.includes(payload) && !host.log.includes(secret));
            welcomed.close();
            assert.deepEqual(await host.stop(), { code: 0, signal: null });
        } finally {
            await host.kill();
        }
    }));
});

describe('keys', { timeout: TEST_MS }, () => {
    it('that cannot be used keep the plugin off, and the log says which and why', async () => {
        await inFolder(async (folder) => {
            const secret = path.join(folder, 'secret');
            await writeFile(secret, 'short-and-secret');
            const keys = JSON.stringify([{ id: 'k1', algorithm: 'HS256', secret_file: secret }]);
            const host = await serveHost({ 'plugins.auth.enabled': true, 'plugins.auth.keys': keys });
            try {
                await host.printed(/plugin failed plugin=auth reason=".*secret: a secret needs at least 32 bytes, this one has 16/);
                assert.ok(!host.log.includes('short-and-secret'));
            } finally {
                await host.stop();
            }
        });
    });

    it('are followed while the host runs: a set that changes, one that is broken, and a changed section', async () => {
        await inFolder(async (folder) => {
            const file = path.join(folder, 'keys.json');
            const jwk = (kid) => ({ ...generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' }), kid });
            const replace = async (text) => {
                await writeFile(`${file}.new`, text);
                await rename(`${file}.new`, file);
            };
            const [one, two] = [jwk('one'), jwk('two')];
            await replace(JSON.stringify({ keys: [one] }));
            const section = (more) => `plugins: {health: {enabled: true}, auth: {enabled: true, jwks_file: ${file}${more}}}\n`;
            const host = await serveHost({}, { words: ['-c', await configFile(folder, section(''))] });
            try {
                assert.equal(await host.metric('auth_keys'), 1);
                await replace(JSON.stringify({ keys: [one, two] }));
                await host.until(async () => (await host.metric('auth_keys')) === 2);
                await host.printed(/the key files changed and were taken keys=2/);

                await replace('{"keys": [');
                await host.until(async () => (await health(host)).keys?.state === 'degraded');
                assert.match((await health(host)).keys.detail, /the former keys stay in force: .*keys\.json: this is no JSON Web Key Set/);
                assert.equal(await host.metric('auth_keys'), 2);
                assert.equal(await host.metric('auth_key_failures_total'), 1);

                await replace(JSON.stringify({ keys: [two] }));
                await host.until(async () => (await health(host)).keys?.state === 'ok');
                assert.equal(await host.metric('auth_keys'), 1);

                const secret = path.join(folder, 'secret');
                await writeFile(secret, randomBytes(32));
                await configFile(folder, section(`, issuer: "https://id", keys: [{id: h, algorithm: HS256, secret_file: ${secret}}]`));
                host.signal('SIGHUP');
                await host.printed(/the plugin took its changed section plugin=auth/);
                assert.equal(await host.metric('auth_keys'), 2);
                await configFile(folder, section(`, keys: [{id: h, algorithm: HS256, secret_file: ${secret}-missing}]`));
                host.signal('SIGHUP');
                await host.printed(/secret-missing: No such file or directory/);
                assert.equal(await host.metric('auth_keys'), 2);
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null });
            }
        });
    });
});

describe('revocations over two nodes', { timeout: TEST_MS }, () => {
    let redis;
    let cluster;
    nodesOverRedis(2, (started) => ({ redis, cluster } = started), { settings: DEV });

    it('are known on the other within two seconds', async (test) => {
        const [one, two] = cluster.nodes;
        const watch = new Stopwatch();
        const asked = Date.now();
        const { status, body } = await revoke(one, { user: 'ann', reason: 'left us' });
        assert.equal(status, 200, JSON.stringify(body));
        assert.equal(body.stored, true);
        assert.ok(Math.abs(body.revocation.before_ms - asked - LEEWAY_MS) < 5_000);
        assert.ok(body.revocation.ends_ms >= body.revocation.before_ms + 86_400_000);
        await two.until(async () => (await usersOf(two)).includes('ann'));
        watch.within(KNOWN_MS, 'known on the other node', test);
        assert.deepEqual(await revocations(two), { total: 1, revocations: [body.revocation] });
        assert.equal(await two.metric('auth_revocations'), 1);
    });

    it('of both at once are both kept, and one that is withdrawn is gone everywhere', async () => {
        const [one, two] = cluster.nodes;
        const users = Array.from({ length: 20 }, (_, index) => `user-${String(index).padStart(2, '0')}`);
        const answers = await Promise.all(users.map((user, index) => revoke(index % 2 === 0 ? one : two, { user })));
        assert.deepEqual([...new Set(answers.map(({ status }) => status))], [200]);
        for (const node of cluster.nodes) await node.until(async () => (await usersOf(node)).length === users.length + 1, KNOWN_MS * 5);
        const { id } = answers[7].body.revocation;
        assert.equal((await withdraw(two, id)).status, 200);
        await one.until(async () => !(await usersOf(one)).includes('user-07'));
        assert.equal((await withdraw(one, id)).status, 404);
        assert.equal((await usersOf(two)).length, users.length);
    });

    it('that cannot be asked are refused in words', async () => {
        const [node] = cluster.nodes;
        for (const body of [{}, { user: 'anonymous' }, { user: 'a', token_id: 'b' }, { usr: 'ann' }, { user: 'ann', before_ms: Date.now() + 400_000 }, { token_id: '' }]) {
            const answer = await revoke(node, body);
            assert.equal(answer.status, 400, JSON.stringify(body));
            assert.ok(answer.body.detail);
        }
        assert.equal((await call(`http://127.0.0.1:${node.port}/admin/v1/auth/revocations`, 'GET')).status, 404, 'not for the public');
        assert.equal((await call(`http://127.0.0.1:${node.port}/admin/v1/auth/revoke`, 'POST', { user: 'ann' })).status, 404);
    });

    it('hold here while Redis is away, are kept, and reach the other when it is back', async () => {
        const [one, two] = cluster.nodes;
        const before = (await usersOf(two)).length;
        redis.signal('SIGKILL');
        await one.until(async () => (await one.admin('/admin/v1/node')).body.store.state !== 'ok');
        const { status, body } = await revoke(one, { user: 'while-away' });
        assert.equal(status, 202, JSON.stringify(body));
        assert.equal(body.stored, false);
        assert.ok((await usersOf(one)).includes('while-away'));
        assert.equal((await usersOf(two)).length, before, 'what is known stays');
        await two.until(async () => (await two.metric('auth_revocation_failures_total')) > 1);
        await redis.again({ empty: true });
        await two.until(async () => (await usersOf(two)).includes('while-away'));
        for (const node of cluster.nodes) assert.equal((await usersOf(node)).length, before + 1);
    });
});

it('a node whose clock is an hour behind revokes what was issued until now, by the clock of the store', { timeout: TEST_MS }, () =>
    inFolder(async (folder) => {
        const clock = await JumpingClock.in(folder);
        await clock.jump(-HOUR_MS / 1_000);
        const secret = path.join(folder, 'dev');
        await writeFile(secret, `${randomBytes(32).toString('hex')}\n`);
        const settings = { ...DEV, 'plugins.auth.dev_tokens.secret_file': secret };
        const redis = await RedisProcess.start();
        const nodes = [];
        try {
            for (const [id, environment] of [['right', {}], ['behind', clock.environment]]) nodes.push(await startNode(onRedis(redis), id, settings, environment));
            const [right, behind] = nodes;
            const { token } = (await devToken(right, { user: 'ann' })).body;
            assert.ok((await devToken(behind, { user: 'ann' })).body.expires_ms < Date.now() + HOUR_MS / 2, 'its clock is behind');
            const ann = await Wire.join(right, { token });
            const { status, body } = await revoke(behind, { user: 'ann' });
            assert.equal(status, 200, JSON.stringify(body));
            assert.ok(Math.abs(body.revocation.before_ms - LEEWAY_MS - Date.now()) < HOUR_MS / 60);
            assert.equal((await ann.ended()).code, 4401);
            const named = await revoke(behind, { user: 'bob', before_ms: Date.now() });
            assert.equal(named.status, 200, JSON.stringify(named.body));
        } finally {
            await Promise.all(nodes.map((node) => node.kill()));
            await redis.stop();
        }
    }));
