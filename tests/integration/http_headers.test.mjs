// What every answer carries, and which pages of other origins may read it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { configFile, inFolder, runHost, serveHost } from './support/host_process.mjs';

const TEST_MS = 120_000;
const FRIEND = 'https://friend.example';
const DEFAULTS = {
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};
const PLUGINS = { 'plugins.echo.enabled': true, 'plugins.console.enabled': true, 'plugins.health.enabled': true };

const publicUrl = (host, path) => `http://127.0.0.1:${host.port}${path}`;
const adminUrl = (host, path) => `http://127.0.0.1:${host.adminPort}${path}`;
const headersOf = async (url, options) => (await fetch(url, options)).headers;
const corsOf = (headers) => Object.fromEntries([...headers].filter(([name]) => name === 'vary' || name.startsWith('access-control-')));

/** Runs `use` with a host that is stopped in the end. */
async function withHost(settings, use) {
    const host = await serveHost({ ...PLUGINS, ...settings });
    try {
        await use(host);
    } finally {
        assert.deepEqual(await host.stop(), { code: 0, signal: null });
    }
}

describe('headers of every answer', { timeout: TEST_MS }, () => {
    let host;
    before(async () => {
        host = await serveHost(PLUGINS);
    });
    after(async () => assert.deepEqual(await host.stop(), { code: 0, signal: null }));

    it('stand in what plugins, the host and the admin listener answer', async () => {
        for (const url of [publicUrl(host, '/health/live'), publicUrl(host, '/nothing'), adminUrl(host, '/health'), adminUrl(host, '/nothing'), adminUrl(host, '/metrics')]) {
            const headers = await headersOf(url);
            for (const [name, value] of Object.entries(DEFAULTS)) assert.equal(headers.get(name), value, `${name} of ${url}`);
            assert.ok(Math.abs(Date.parse(headers.get('date')) - Date.now()) < 60_000, headers.get('date'));
            assert.equal(headers.get('strict-transport-security'), null, 'nobody speaks TLS here');
            assert.deepEqual(corsOf(headers), {});
        }
    });

    it('leave the pages of the console theirs', async () => {
        const headers = await headersOf(publicUrl(host, '/'));
        assert.match(headers.get('content-security-policy'), /script-src 'self'.*frame-ancestors 'none'/);
        assert.equal(headers.get('x-frame-options'), 'DENY');
        assert.equal(headers.get('x-content-type-options'), 'nosniff');
    });

    it('are answered to HEAD and to what is no request, too', async () => {
        const head = await headersOf(publicUrl(host, '/health/live'), { method: 'HEAD' });
        assert.equal(head.get('x-frame-options'), 'DENY');
        const preflight = await fetch(publicUrl(host, '/echo'), { method: 'OPTIONS', headers: { Origin: FRIEND, 'Access-Control-Request-Method': 'POST' } });
        assert.equal(preflight.status, 405, 'nobody was allowed');
        assert.equal(preflight.headers.get('x-frame-options'), 'DENY');
    });
});

describe('headers as the operator wants them', { timeout: TEST_MS }, () => {
    it('change, go and come with a reload', async () => {
        await inFolder(async (folder) => {
            const plugins = 'plugins: {health: {enabled: true}}\n';
            const host = await serveHost({}, { words: ['-c', await configFile(folder, plugins)] });
            try {
                await configFile(folder, `${plugins}http: {headers: {X-Frame-Options: SAMEORIGIN, Referrer-Policy: "", Strict-Transport-Security: "max-age=63072000"}}\n`);
                host.signal('SIGHUP');
                await host.printed(/configuration read again/);
                for (const url of [publicUrl(host, '/health/live'), adminUrl(host, '/health')]) {
                    await host.until(async () => (await headersOf(url)).get('x-frame-options') === 'SAMEORIGIN');
                    const headers = await headersOf(url);
                    assert.equal(headers.get('referrer-policy'), null);
                    assert.equal(headers.get('strict-transport-security'), 'max-age=63072000');
                }
            } finally {
                assert.deepEqual(await host.stop(), { code: 0, signal: null });
            }
        });
    });

    it('are refused where they would break an answer or open it', async () => {
        await inFolder(async (folder) => {
            for (const [http, complaint] of [
                ['headers: {Content-Length: "5"}', /http\.headers\.Content-Length: is said by the host/],
                ['headers: {x-frame-options: DENY}', /http\.headers\.x-frame-options: is the same as X-Frame-Options/],
                ['headers: {Access-Control-Allow-Origin: "*"}', /belongs to http\.cors/],
                ['headers: {X-Two: "a\\r\\nSet-Cookie: b"}', /http\.headers\.X-Two/],
                ['cors: {allowed_origins: ["*"], credentials: true}', /http\.cors\.allowed_origins: .* with credentials/],
                ['cors: {allowed_origins: ["https://a.example/path"]}', /http\.cors\.allowed_origins/],
                ['cors: {allowed_origins: ["null"]}', /http\.cors\.allowed_origins/],
                ['cors: {origins: []}', /http\.cors\.origins: unknown key/],
            ]) {
                const { code, out, err } = await runHost(['config', 'check', await configFile(folder, `http: {${http}}\n`)]);
                assert.equal(code, 2, http);
                assert.match(out + err, complaint);
            }
        });
    });
});

describe('pages of other origins', { timeout: TEST_MS }, () => {
    const ask = (host, origin, more = {}) => fetch(publicUrl(host, more.path ?? '/health/live'), { method: more.method, headers: { Origin: origin, ...more.headers } });
    const preflight = (host, origin, path = '/echo') => ask(host, origin, { path, method: 'OPTIONS', headers: { 'Access-Control-Request-Method': 'POST', 'Access-Control-Request-Headers': 'authorization' } });

    it('may read what they were allowed to, and others may not', async () => {
        await withHost({ 'http.cors.allowed_origins': `["${FRIEND}"]`, 'http.cors.credentials': true, 'http.cors.max_age_ms': 90_000 }, async (host) => {
            for (const path of ['/health/live', '/nothing']) {
                assert.deepEqual(corsOf((await ask(host, FRIEND, { path })).headers), {
                    'access-control-allow-origin': FRIEND,
                    'access-control-allow-credentials': 'true',
                    'access-control-expose-headers': 'Retry-After',
                    vary: 'Origin',
                });
                assert.deepEqual(corsOf((await ask(host, 'https://evil.example', { path })).headers), { vary: 'Origin' });
            }
            const allowed = await preflight(host, FRIEND);
            assert.equal(allowed.status, 204);
            assert.equal(allowed.headers.get('access-control-allow-methods'), 'GET, HEAD, POST');
            assert.equal(allowed.headers.get('access-control-allow-headers'), 'Authorization, Content-Type');
            assert.equal(allowed.headers.get('access-control-max-age'), '90');
            assert.equal(allowed.headers.get('access-control-allow-origin'), FRIEND);
            const refused = await preflight(host, 'https://evil.example');
            assert.equal(refused.status, 403);
            assert.deepEqual(corsOf(refused.headers), { vary: 'Origin' });
            assert.equal((await preflight(host, FRIEND, '/nothing')).status, 404);
            assert.equal((await headersOf(adminUrl(host, '/health'), { headers: { Origin: FRIEND } })).get('access-control-allow-origin'), null, 'never on the admin listener');
        });
    });

    it('may all read where all were allowed, without credentials', async () => {
        await withHost({ 'http.cors.allowed_origins': '["*"]' }, async (host) => {
            const headers = corsOf((await ask(host, 'https://anybody.example')).headers);
            assert.deepEqual(headers, { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Retry-After' });
        });
    });
});
