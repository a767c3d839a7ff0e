// Who may connect, to what, for how long and how often: real tokens against the real host.
import assert from 'node:assert/strict';
import { createHmac, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { Cluster, onRedis, startNode } from './support/cluster.mjs';
import { configFile, freePort, inFolder, runHost, serveHost } from './support/host_process.mjs';
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

    it('ends what a refreshed token does not grant, and nothing else', async () => {
        const ann = await join(host, 'ann', 'watched');
        const support = await join(host, 'support', 'desk', { grants: ['read:*', 'send:@own'] });
        for (const stream of ['watched', 'nobodys']) assert.equal((await support.ask({ type: 'subscribe', stream })).type, 'subscribed');
        const fewer = await tokenFor(host, 'support', { grants: ['read:desk', 'read:nobodys', 'send:@own'] });
        assert.equal((await support.ask({ type: 'refresh', token: fewer })).type, 'ok');
        const ended = await support.frame((frame) => frame.type === 'error' && frame.stream === 'watched');
        assert.equal(ended.code, 'forbidden');
        const { run } = await ann.ask({ type: 'send', content: 'private' });
        await ann.textOf(run);
        assert.equal((await support.ask({ type: 'send', content: 'still here' })).type, 'accepted');
        assert.equal((await support.ask({ type: 'append', stream: 'nobodys', entries: [{ kind: 'part' }] })).code, 'forbidden');
        assert.deepEqual(
            support.frames.filter((frame) => frame.data?.content === 'private' || frame.stream?.startsWith('watched.')),
            [],
        );
        assert.equal(support.frames.filter((frame) => frame.stream === 'nobodys' && frame.type === 'error').length, 0);
        for (const wire of [ann, support]) wire.close();
    });

    it('closes who sends nothing but what has to be refused', async () => {
        const wire = await join(host, 'ann', 'flood');
        for (let number = 0; number < 150; ++number) wire.say(number % 2 === 0 ? { type: 'nonsense', id: `n${number}` } : 'no json');
        assert.equal((await wire.ended()).code, 4429);
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

describe('a restart of the plugin auth', { timeout: TEST_MS }, () => {
    it('while the store is away lets nobody in who was revoked', async () => {
        const redis = await RedisProcess.start();
        await inFolder(async (folder) => {
            const [secret, file] = [randomBytes(32).toString('hex'), path.join(folder, 'secret')];
            await writeFile(file, secret);
            const keys = JSON.stringify([{ id: 'k', algorithm: 'HS256', secret_file: file }]);
            const node = await startNode(onRedis(redis), 'n1', { ...ON, 'plugins.auth.dev_tokens.enabled': false, 'plugins.auth.keys': keys });
            const now = Math.floor(Date.now() / 1000);
            const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
            const text = `${part({ alg: 'HS256', kid: 'k' })}.${part({ sub: 'ann', iat: now - 1, exp: now + 3_600 })}`;
            const token = `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
            const hello = { session: 'hers', token };
            const auth = async () => (await node.admin('/admin/v1/plugins')).body.find((one) => one.name === 'auth');
            try {
                const ann = await Wire.join(node, hello);
                assert.equal(ann.welcome.user, 'ann');
                redis.signal('SIGSTOP');
                await node.until(async () => (await node.admin('/admin/v1/node')).body.store.state !== 'ok');
                assert.equal((await node.admin('/admin/v1/auth/revoke', { user: 'ann' })).status, 202);
                assert.equal((await ann.ended()).code, 4401);
                assert.deepEqual(await refused(node, hello), { code: 'unauthenticated', close: 4401 });
                assert.equal((await node.admin('/admin/v1/plugins/auth', { restart: true })).status, 202);
                // What it knew is in the hands of the instance that leaves, and in nobody else's.
                await node.until(async () => (await refused(node, hello)).code === 'unavailable');
                redis.signal('SIGCONT');
                await node.until(async () => (await refused(node, hello)).code === 'unauthenticated');
                await node.until(async () => (await auth()).state === 'started');
                assert.deepEqual(await refused(node, hello), { code: 'unauthenticated', close: 4401 });
            } finally {
                redis.signal('SIGCONT');
                assert.deepEqual(await node.stop(), { code: 0, signal: null });
            }
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
            const two = { Authorization: `Bearer ${await tokenFor(host, 'bob')}`, Cookie: `sh=${token}`, Origin: 'https://chat.example' };
            assert.equal((await (await Wire.open(host, { options: { headers: two } })).ended()).code, 4401);
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null });
        }
    });
});

describe('limits', { timeout: TEST_MS }, () => {
    it('answer who sends too often, and turn away who connects too often', async () => {
        const limits = JSON.stringify([{ by: 'user', verbs: ['send'], rate: '1/minute', burst: 2 }]);
        const host = await serveHost({ ...ON, 'plugins.health.enabled': true, 'plugins.ratelimit.enabled': true, 'plugins.ratelimit.limits': limits, 'plugins.ratelimit.connections.per_user': 2 });
        try {
            const ann = await join(host, 'ann', 'hers');
            for (const content of ['one', 'two']) assert.equal((await ann.ask({ type: 'send', content })).type, 'accepted');
            const late = await ann.ask({ type: 'send', content: 'three' });
            assert.deepEqual([late.code, late.retryable], ['rate_limited', true]);
            assert.ok(late.retry_after_ms > 0 && late.retry_after_ms <= 60_000, String(late.retry_after_ms));
            assert.equal(await host.metric('ratelimit_total{by="none",result="allowed",verb="send"}'), 2);
            assert.equal(await host.metric('ratelimit_total{by="user",result="limited",verb="send"}'), 1);
            const second = await join(host, 'ann', 'hers');
            assert.deepEqual(await refused(host, { session: 'hers', token: await tokenFor(host, 'ann') }), { code: 'rate_limited', close: 4429 });
            assert.equal(await host.metric('ratelimit_connections_refused_total{by="user"}'), 1);
            second.close();
            await second.ended();
            const bob = await join(host, 'bob', 'his');
            assert.equal((await bob.ask({ type: 'send', content: 'x' })).type, 'accepted');
            for (const wire of [ann, bob]) wire.close();
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null });
        }
    });

    it('count the connections that a restart of the plugin finds', async () => {
        const host = await serveHost({ ...ON, 'plugins.ratelimit.enabled': true, 'plugins.ratelimit.connections.per_user': 2 });
        try {
            const both = [await join(host, 'ann', 'hers'), await join(host, 'ann', 'hers')];
            const counted = async () => (await host.admin('/admin/v1/ratelimit')).body.connections.now;
            assert.equal(await counted(), 2);
            assert.equal((await host.admin('/admin/v1/plugins/ratelimit', { restart: true })).status, 202);
            await host.until(async () => (host.log.match(/plugin started.*plugin=ratelimit/g) ?? []).length === 2);
            await host.until(async () => (await counted()) === 2);
            assert.deepEqual(await refused(host, { session: 'hers', token: await tokenFor(host, 'ann') }), { code: 'rate_limited', close: 4429 });
            both[0].close();
            await both[0].ended();
            const next = await join(host, 'ann', 'hers');
            assert.equal(next.welcome.type, 'welcome');
            for (const wire of [both[1], next]) wire.close();
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

    it('stays locked whatever a changed file or the admin API says', async () => {
        await inFolder(async (folder) => {
            const secret = path.join(folder, 'secret');
            await writeFile(secret, randomBytes(32).toString('hex'));
            const outside = `listeners: {other: {address: "0.0.0.0:${await freePort()}"}}`;
            const needs = ['  session: {enabled: true}', '  recovery: {enabled: true}', '  streamcache: {enabled: true}', '  pubsub: {enabled: true}'];
            const locked = [outside, 'plugins:', ...needs, '  gateway: {enabled: true, authentication: required}', auth(secret)];
            const host = await serveHost({}, { words: ['-c', await configFile(folder, locked.join('\n'))] });
            const change = async (lines) => {
                await configFile(folder, lines.join('\n'));
                const seen = host.err.length;
                host.signal('SIGHUP');
                await host.until(async () => /configuration read again|configuration is refused/.test(host.err.slice(seen)));
                return host.err.slice(seen);
            };
            const inForce = async () => (await host.admin('/admin/v1/config')).body.configuration.plugins.gateway.authentication;
            try {
                // For a start this file is fine: but the listener of the one before is still there.
                const log = await change(['plugins:', ...needs, '  gateway: {enabled: true, authentication: none}']);
                assert.match(log, /listeners\.other\.address: 0\.0\.0\.0:\d+ can be reached from other machines.*started anew/);
                assert.match(log, /the changed configuration is refused/);
                assert.equal(await inForce(), 'required');
                await change(['plugins:', ...needs, '  gateway: {enabled: false, authentication: none}']);
                await host.until(async () => (await host.admin('/admin/v1/plugins')).body.every((one) => one.name !== 'gateway' || !one.enabled));
                for (const order of [{ enabled: true, dry_run: true }, { enabled: true }]) {
                    const refused = await host.admin('/admin/v1/plugins/gateway', order);
                    assert.equal(refused.status, 409);
                    assert.match(refused.body.detail, /0\.0\.0\.0:\d+ can be reached from other machines/);
                }
                assert.equal((await host.admin('/admin/v1/plugins/chat', { enabled: true, dry_run: true })).status, 200);
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null });
            }
        });
    });
});

describe('an admin listener that asks for tokens', { timeout: TEST_MS }, () => {
    it('refuses to switch off what judges its tokens, in the words for a file that does', async () => {
        await inFolder(async (folder) => {
            const { 'plugins.auth.enabled': inTheFile, ...others } = ON;
            const file = (enabled) => `plugins: {auth: {enabled: ${enabled}}}\n`;
            const host = await serveHost({ ...others, 'listeners.admin.authentication': 'required' }, { words: ['-c', await configFile(folder, file(inTheFile))] });
            try {
                const headers = { Authorization: `Bearer ${await tokenFor(host, 'ops', { grants: ['admin:*'] })}` };
                const call = async (route, body) => {
                    const answer = await fetch(`http://127.0.0.1:${host.adminPort}/admin/v1/${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
                    return { status: answer.status, body: await answer.json() };
                };
                const diff = await call('config/diff', { documents: [{ name: 'off.yaml', text: file(false) }] });
                const { problem } = diff.body.complaints.find(({ path: key }) => key === 'listeners.admin.authentication');
                for (const dry_run of [true, false]) {
                    const { status, body } = await call('plugins/auth', { enabled: false, dry_run });
                    assert.equal(status, 409, JSON.stringify(body));
                    assert.ok(body.detail.startsWith(`listeners.admin.authentication: ${problem}; plugins.auth.enabled: true`), JSON.stringify([body, problem]));
                }
                assert.equal((await call('plugins/gateway', { enabled: false, dry_run: true })).status, 200, 'nobody is locked out by that');
                assert.equal((await call('plugins/auth', { restart: true })).status, 202, 'nor by another instance');
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null });
            }
        });
    });

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
            const scrape = { headers: { Authorization: `Bearer ${await tokenFor(host, 'ops', { grants: ['admin:metrics'] })}` } };
            const counted = await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`, scrape)).text();
            for (const route of ['/metrics', '/admin/v1/config', '/admin/v1/node', 'other'])
                for (const code of [401, 403]) assert.match(counted, new RegExp(`^streamhost_http_requests_total\\{code="${code}",route="${route}"\\} 1$`, 'm'));
            assert.doesNotMatch(counted, /route="\/nothing/, 'what strangers ask for is no label');
            assert.equal(await call(['admin:metrics'], '/admin/v1/config'), 403);
            assert.equal(await call(['admin:view'], '/admin/v1/config'), 200);
            const access = async (grants) => {
                const headers = { Authorization: `Bearer ${await tokenFor(host, 'ops', { grants })}` };
                return (await fetch(`http://127.0.0.1:${host.adminPort}/admin/v1/access`, { headers })).json();
            };
            assert.equal(await call(null, '/admin/v1/access'), 401);
            assert.deepEqual(await access(['admin:view']), { authentication: 'required', user: 'ops', grants: { metrics: false, view: true, change: false } });
            assert.deepEqual(await access(['admin:*']), { authentication: 'required', user: 'ops', grants: { metrics: true, view: true, change: true } });
            assert.deepEqual((await access(['read:*'])).grants, { metrics: false, view: false, change: false });
            assert.equal(await call(null, '/console/'), 404, 'open, and not there without its plugin');
            const kick = ['/admin/v1/sessions/nobody/kick', 'POST'];
            assert.equal(await call(['admin:view'], ...kick), 403);
            assert.equal(await call(null, ...kick), 401);
            assert.equal(await call(['admin:change'], ...kick), 200);
            assert.equal(await call(null, '/admin/v1/drain', 'POST'), 401);
            assert.equal(await call(['admin:view'], '/admin/v1/drain', 'POST', '{"exit":true}'), 403);
            assert.equal(await call(['admin:view'], '/admin/v1/drain'), 200);
            await host.until(async () => /admin call.*POST.*\/kick.*user=ops.*status=403/.test(host.log) && /admin call.*user=ops.*status=200/.test(host.log));
            for (const route of ['/admin/v1/config', '/admin/v1/config/rollback', '/admin/v1/config/diff'])
                assert.equal(await call(['admin:view'], route, 'POST', '{}'), 403, route);
            assert.equal(await call(['admin:view'], '/admin/v1/config/diff'), 200);
            assert.equal(await call(['admin:change'], '/admin/v1/config', 'POST', '{}'), 200);
            await host.until(async () => /audit: admin call method=POST path=\/admin\/v1\/config peer=\S+ user=ops status=200/.test(host.log));
            await inFolder(async (folder) => {
                const url = ['--url', `http://127.0.0.1:${host.adminPort}`];
                const file = path.join(folder, 'token');
                await writeFile(file, await tokenFor(host, 'ops', { grants: ['admin:view'] }));
                const told = await runHost(['config', 'diff', ...url, '--token-file', file]);
                assert.equal(told.code, 0, told.err);
                assert.match(told.out, /^node \S+:\nnothing changes\n$/);
                const refused = await runHost(['config', 'apply', ...url, '--token-file', file]);
                assert.deepEqual([refused.code, refused.err], [1, 'streamhost: 403: The token does not grant admin:change\n']);
                const without = await runHost(['config', 'diff', ...url]);
                assert.equal(without.code, 1);
                assert.match(without.err, /^streamhost: 401: .*\n {4}next: --token-file FILE/);
            });
            assert.doesNotMatch(host.log, /eyJ/);
        } finally {
            assert.deepEqual(await host.stop(), { code: 0, signal: null });
        }
    });
});
