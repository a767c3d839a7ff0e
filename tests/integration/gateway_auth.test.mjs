// Who may connect, to what, for how long and how often: real tokens against the real host.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Cluster, onRedis } from './support/cluster.mjs';
import { configFile, inFolder, runHost, serveHost } from './support/host_process.mjs';
import { Stopwatch } from './support/machine.mjs';
import { RedisProcess } from './support/redis.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 120_000;
const REVOKED_MS = 2_000;
const ON = {
    'plugins.auth.enabled': true,
    'plugins.auth.leeway_ms': 0,
    'plugins.auth.dev_tokens.enabled': true,
    'plugins.gateway.authentication': 'required',
    'plugins.gateway.enabled': true,
    'plugins.session.enabled': true,
    'plugins.streamcache.enabled': true,
    'plugins.pubsub.enabled': true,
    'plugins.recovery.enabled': true,
    'plugins.chat.enabled': true,
};

const tokenFor = async (host, user, more = {}) => {
    const answer = await fetch(`http://127.0.0.1:${host.port}/v1/dev-token`, { method: 'POST', body: JSON.stringify({ user, ...more }) });
    assert.equal(answer.status, 200);
    return (await answer.json()).token;
};
const join = async (host, user, session, more = {}) => Wire.join(host, { session, token: await tokenFor(host, user, more) });
const refused = async (host, hello, how) => {
    const wire = await Wire.open(host, how);
    const answer = await wire.ask({ type: 'hello', session: 'trip', ...hello });
    return { code: answer.code, close: (await wire.ended()).code };
};

describe('a gateway that asks for tokens', { timeout: TEST_MS }, () => {
    let host;
    before(async () => {
        host = await serveHost(ON);
    });
    after(async () => assert.deepEqual(await host.stop(), { code: 0, signal: null }));

    it('welcomes nobody without a good one', async () => {
        const good = await tokenFor(host, 'ann');
        const [head, payload] = good.split('.');
        const forged = `${head}.${payload}.${createHmac('sha256', 'guess').update(`${head}.${payload}`).digest('base64url')}`;
        const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
        for (const token of [undefined, 'x', forged, none, good.slice(0, -3)]) {
            assert.deepEqual(await refused(host, { token }), { code: 'unauthenticated', close: 4401 }, String(token));
        }
        assert.doesNotMatch(host.log, new RegExp(payload));
    });

    it('takes who they are from the token, wherever it stands', async () => {
        const token = await tokenFor(host, 'ann');
        const said = await Wire.join(host, { session: 'where', token });
        assert.equal(said.welcome.user, 'ann');
        const bearer = await Wire.join(host, { session: 'where' }, { options: { headers: { Authorization: `Bearer ${token}` } } });
        assert.equal(bearer.welcome.user, 'ann');
        const cookie = { options: { headers: { Cookie: `sh=${token}`, Origin: `http://127.0.0.1:${host.port}` } } };
        assert.deepEqual(await refused(host, {}, cookie), { code: 'unauthenticated', close: 4401 });
        for (const wire of [said, bearer]) wire.close();
    });

    it('leaves a session to its first user', async () => {
        const ann = await join(host, 'ann', 'hers');
        assert.deepEqual(await refused(host, { session: 'hers', token: await tokenFor(host, 'bob') }), { code: 'forbidden', close: 4403 });
        const again = await join(host, 'ann', 'hers');
        assert.equal(again.welcome.session, 'hers');
        for (const wire of [ann, again]) wire.close();
    });

    it('lets a guest read what was granted, and write nothing', async () => {
        const ann = await join(host, 'ann', 'guested');
        const guest = await join(host, 'support', 'guested', { grants: ['read:*', 'send:@own'] });
        const accepted = await ann.ask({ type: 'send', content: 'one two' });
        const text = await guest.textOf(accepted.run);
        assert.ok(text.text.includes('two'), text.text);
        assert.equal((await guest.ask({ type: 'send', content: 'x' })).code, 'forbidden');
        assert.equal((await guest.ask({ type: 'cancel', run: accepted.run })).code, 'forbidden');
        assert.equal((await guest.ask({ type: 'append', stream: 'guested.log', entries: [{ kind: 'part' }] })).code, 'forbidden');
        assert.equal((await ann.ask({ type: 'send', content: 'three' })).type, 'accepted');
        for (const wire of [ann, guest]) wire.close();
    });

    it('asks for the grant to produce', async () => {
        const feeder = await join(host, 'feeder', 'feeder', { grants: ['read:@own', 'produce:feed-*'] });
        assert.equal((await feeder.ask({ type: 'append', stream: 'feed-1', entries: [{ kind: 'part' }] })).type, 'appended');
        assert.equal((await feeder.ask({ type: 'append', stream: 'other', entries: [{ kind: 'part' }] })).code, 'forbidden');
        feeder.close();
    });

    it('closes when the token expires, unless it was refreshed', async () => {
        const brief = await join(host, 'ann', 'brief', { ttl_ms: 2_000 });
        const kept = await join(host, 'ann', 'brief', { ttl_ms: 2_000 });
        assert.equal((await kept.ask({ type: 'refresh', token: await tokenFor(host, 'bob') })).code, 'forbidden');
        assert.equal((await kept.ask({ type: 'refresh', token: 'nonsense' })).code, 'unauthenticated');
        assert.equal((await kept.ask({ type: 'refresh', token: await tokenFor(host, 'ann') })).type, 'ok');
        assert.equal((await brief.ended()).code, 4004);
        assert.equal((await kept.ask({ type: 'ping' })).type, 'pong');
        kept.close();
    });

    it('looks at the token again when a client resumes', async () => {
        const first = await join(host, 'ann', 'resumed');
        const { run } = await first.ask({ type: 'send', content: 'one' });
        await first.textOf(run);
        first.cut();
        const resume = [{ stream: run, after: '0' }];
        assert.deepEqual(await refused(host, { session: 'resumed', resume, token: await tokenFor(host, 'bob') }), { code: 'forbidden', close: 4403 });
        const bob = await Wire.join(host, { session: 'bobs', resume, token: await tokenFor(host, 'bob') });
        assert.equal((await bob.frame((frame) => frame.type === 'error')).code, 'forbidden');
        bob.close();
    });
});

describe('a revocation', { timeout: TEST_MS }, () => {
    it('closes connections on all nodes, and refuses them', async (test) => {
        const redis = await RedisProcess.start();
        await inFolder(async (folder) => {
            const secret = path.join(folder, 'dev');
            await writeFile(secret, randomBytes(32).toString('hex'));
            const cluster = await Cluster.start(onRedis(redis), 2, { ...ON, 'plugins.auth.dev_tokens.secret_file': secret });
            const [one, two] = cluster.nodes;
            const token = await tokenFor(one, 'ann');
            const ann = await Wire.join(two, { session: 'hers', token });
            const bob = await join(two, 'bob', 'his');
            const watch = new Stopwatch();
            assert.equal((await one.admin('/admin/v1/auth/revoke', { user: 'ann' })).status, 200);
            assert.equal((await ann.ended()).code, 4401);
            watch.within(REVOKED_MS, 'until another node closed the connection', test);
            assert.deepEqual(await refused(two, { session: 'hers', token }), { code: 'unauthenticated', close: 4401 });
            assert.equal((await bob.ask({ type: 'ping' })).type, 'pong');
            bob.close();
            assert.deepEqual(await cluster.stop(), []);
        });
        await redis.stop();
    });
});

describe('pages and cookies', { timeout: TEST_MS }, () => {
    it('count when their origin is this host or was allowed', async () => {
        const host = await serveHost({ ...ON, 'plugins.gateway.token_cookie': 'sh', 'plugins.gateway.allowed_origins': '["https://chat.example"]' });
        try {
            const token = await tokenFor(host, 'ann');
            const from = (origin) => ({ options: { headers: { Cookie: `a=b; sh=${token}`, ...(origin ? { Origin: origin } : {}) } } });
            for (const origin of ['https://chat.example', `http://127.0.0.1:${host.port}`]) {
                const page = await Wire.join(host, { session: 'page' }, from(origin));
                assert.equal(page.welcome.user, 'ann', origin);
                page.close();
            }
            assert.deepEqual(await refused(host, {}, from(undefined)), { code: 'unauthenticated', close: 4401 });
            const evil = await Wire.open(host, from('https://evil.example'));
            assert.equal((await evil.ended()).code, 4403);
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null });
        }
    });
});

describe('limits', { timeout: TEST_MS }, () => {
    it('answer who sends too often, and turn away who connects too often', async () => {
        const limits = JSON.stringify([{ by: 'user', verbs: ['send'], rate: '1/minute', burst: 2 }]);
        const host = await serveHost({ ...ON, 'plugins.ratelimit.enabled': true, 'plugins.ratelimit.limits': limits, 'plugins.ratelimit.connections.per_user': 2 });
        try {
            const ann = await join(host, 'ann', 'hers');
            for (const content of ['one', 'two']) assert.equal((await ann.ask({ type: 'send', content })).type, 'accepted');
            const late = await ann.ask({ type: 'send', content: 'three' });
            assert.deepEqual([late.code, late.retryable], ['rate_limited', true]);
            assert.ok(late.retry_after_ms > 0 && late.retry_after_ms <= 60_000, String(late.retry_after_ms));
            const second = await join(host, 'ann', 'hers');
            assert.deepEqual(await refused(host, { session: 'hers', token: await tokenFor(host, 'ann') }), { code: 'rate_limited', close: 4429 });
            second.close();
            await second.ended();
            const bob = await join(host, 'bob', 'his');
            assert.equal((await bob.ask({ type: 'send', content: 'x' })).type, 'accepted');
            for (const wire of [ann, bob]) wire.close();
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null });
        }
    });
});

describe('a listener that others reach', { timeout: TEST_MS }, () => {
    const check = (more) =>
        inFolder(async (folder) => {
            await writeFile(path.join(folder, 'secret'), randomBytes(32).toString('hex'));
            const lines = ['listeners: {public: {address: "0.0.0.0:8080"}}', 'plugins:', '  session: {enabled: true}', '  recovery: {enabled: true}', '  streamcache: {enabled: true}', '  pubsub: {enabled: true}', ...more(path.join(folder, 'secret'))];
            return runHost(['config', 'check', await configFile(folder, lines.join('\n'))]);
        });
    const auth = (secret, extra = '') => `  auth: {enabled: true, keys: [{id: k, algorithm: HS256, secret_file: ${secret}}]${extra}}`;

    it('needs a gateway that asks for tokens', async () => {
        const open = await check(() => ['  gateway: {enabled: true}']);
        assert.equal(open.code, 2);
        assert.match(open.out + open.err, /listeners\.public\.address: 0\.0\.0\.0:8080 can be reached from other machines, and plugins\.gateway\.authentication lets everybody in/);
        const locked = await check((secret) => ['  gateway: {enabled: true, authentication: required}', auth(secret)]);
        assert.equal(locked.code, 0, locked.out + locked.err);
        const gift = await check((secret) => ['  gateway: {enabled: true, authentication: required}', auth(secret, ', dev_tokens: {enabled: true}')]);
        assert.match(gift.out + gift.err, /dev_tokens gives a token to anybody/);
        const unasked = await check((secret) => ['  gateway: {enabled: true}', auth(secret)]);
        assert.match(unasked.out + unasked.err, /plugins\.gateway\.authentication: the plugin auth is enabled/);
    });
});

describe('an admin listener that asks for tokens', { timeout: TEST_MS }, () => {
    it('answers each area to whom it was granted, and logs who changed what', async () => {
        const host = await serveHost({ ...ON, 'listeners.admin.authentication': 'required', 'plugins.health.enabled': true });
        try {
            const call = async (grants, route, method = 'GET', body = undefined) => {
                const headers = grants === null ? {} : { Authorization: `Bearer ${await tokenFor(host, 'ops', { grants })}` };
                return (await fetch(`http://127.0.0.1:${host.adminPort}${route}`, { method, headers, body })).status;
            };
            for (const route of ['/health', '/health/live', '/health/ready']) assert.equal(await call(null, route), 200, route);
            for (const route of ['/metrics', '/admin/v1/config', '/admin/v1/node', '/nothing']) {
                assert.equal(await call(null, route), 401, route);
                assert.equal(await call(['read:*', 'send:@own'], route), 403, route);
            }
            assert.equal(await call(['admin:metrics'], '/metrics'), 200);
            assert.equal(await call(['admin:metrics'], '/admin/v1/config'), 403);
            assert.equal(await call(['admin:view'], '/admin/v1/config'), 200);
            const kick = ['/admin/v1/sessions/nobody/kick', 'POST'];
            assert.equal(await call(['admin:view'], ...kick), 403);
            assert.equal(await call(null, ...kick), 401);
            assert.equal(await call(['admin:change'], ...kick), 200);
            await host.until(async () => /admin call.*POST.*\/kick.*user=ops.*status=403/.test(host.log) && /admin call.*user=ops.*status=200/.test(host.log));
            assert.doesNotMatch(host.log, /eyJ/);
            // Whoever switches off what judges tokens locks the door, and does not open it.
            assert.equal(await call(['admin:change'], '/admin/v1/plugins/auth', 'POST', '{"enabled":false}'), 202);
            await host.until(async () => (await fetch(`http://127.0.0.1:${host.adminPort}/admin/v1/config`, { headers: { Authorization: 'Bearer x' } })).status === 503);
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null });
        }
    });
});
