// docs/reference/openapi.yaml names the paths that a node answers at, each with its methods, and no others. So it names what has to be
// refused without a grant, too.
import assert from 'node:assert/strict';
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';

import { root, serveHost } from './support/host_process.mjs';
import { parsed } from './support/yaml.mjs';

const METHODS = ['get', 'post', 'put', 'delete'];
const VALUES = { session: 'nobody', stream: 'nothing', run: 'nobody.nothing', name: 'chat', seq: '1', id: 'none', by: 'user', key: 'nobody' };
const ON = { 'plugins.gateway.authentication': 'required', 'plugins.auth.enabled': true, 'plugins.auth.dev_tokens.enabled': true, 'plugins.ratelimit.enabled': true };
/** What begins paths that are named elsewhere, and what a node asks of others. */
const NO_ROUTES = ['/v1/', '/v1/traces'];

let paths;
let schemas;
before(async () => {
    const [page] = await parsed(await readFile(path.join(root, 'docs/reference/openapi.yaml'), 'utf8'));
    ({ paths, components: { schemas } } = page);
});

/** Texts of the source that begin as routes do. */
async function named() {
    const plugins = await readdir(path.join(root, 'plugins'), { recursive: true });
    const files = plugins.filter((name) => /\.[ch]pp$/.test(name) && !name.includes('/test/')).map((name) => path.join('plugins', name));
    const found = new Set();
    for (const file of [...files, 'host/app/admin_paths.hpp']) {
        const source = (await readFile(path.join(root, file), 'utf8')).replaceAll(/^\s*\/\/.*$/gm, '');
        for (const [, text] of source.matchAll(/"(\/(?:v1|admin\/v1|health|metrics)(?:\/[^"\s]*)?)"/g)) found.add(text);
    }
    return [...found].filter((text) => !NO_ROUTES.includes(text));
}

it('has every path of the source, and none that the source does not have', async () => {
    const routes = await named();
    assert.ok(routes.length > 20, `${routes}`);
    const isBelow = (long, short) => long === short || long.startsWith(short.endsWith('/') ? short : `${short}/`);
    for (const route of routes) {
        const fixed = route.replace(/\*$/, '');
        assert.ok(Object.keys(paths).some((one) => one === fixed || (fixed.endsWith('/') && one.startsWith(fixed))), `${route} is not in openapi.yaml`);
    }
    for (const one of Object.keys(paths)) assert.ok(routes.some((route) => isBelow(one, route.replace(/\*$/, ''))), `${one} is nowhere in the source`);
});

it('names each call once, and every variable of a path', () => {
    const ids = Object.values(paths).flatMap((one) => METHODS.filter((method) => one[method]).map((method) => one[method].operationId));
    assert.equal(new Set(ids).size, ids.length);
    for (const [one, { parameters = [] }] of Object.entries(paths)) {
        const names = parameters.map((each) => each.name ?? each.$ref.split('/').at(-1));
        assert.deepEqual(names, [...one.matchAll(/\{(\w+)\}/g)].map(([, name]) => name), one);
    }
});

describe('a node with every plugin', { timeout: 60_000 }, () => {
    let host;
    before(async () => {
        host = await serveHost(ON, { words: ['-c', 'config/streamhost.yaml'] });
    });
    after(async () => {
        assert.equal((await host?.stop())?.code, 0, host?.log);
    });

    /** Of a body that no call takes, so that nothing is changed. */
    const ask = async (port, one, method) => {
        const target = one.replaceAll(/\{(\w+)\}/g, (_, name) => VALUES[name]);
        const answer = await fetch(`http://127.0.0.1:${port}${target}`, { method, body: method === 'post' ? '[]' : undefined });
        return { status: answer.status, text: await answer.text() };
    };
    const portsOf = (one) => {
        if (one === '/health/live' || one === '/health/ready') return [host.port, host.adminPort];
        return [one.startsWith('/v1/') ? host.port : host.adminPort];
    };

    it('answers all of it, and with no other method', async () => {
        for (const [one, item] of Object.entries(paths)) {
            for (const method of METHODS) {
                for (const port of portsOf(one)) {
                    const { status, text } = await ask(port, one, method);
                    const what = `${method} ${one}: ${status} ${text}`;
                    const isAnswered = status !== 405 && !/Nothing answers at/.test(text);
                    assert.equal(isAnswered, item[method] !== undefined, what);
                }
            }
        }
    });

    it('and on the public listener none of the admin paths', async () => {
        for (const one of Object.keys(paths).filter((each) => !each.startsWith('/v1/') && !portsOf(each).includes(host.port)))
            assert.equal((await ask(host.port, one, 'get')).status, 404, one);
    });

    it('has the members that are required', async () => {
        for (const [one, { get }] of Object.entries(paths).filter(([each]) => /^\/(admin\/v1|health)/.test(each) && !each.includes('{'))) {
            const written = get?.responses['200'].content['application/json']?.schema;
            const schema = written?.$ref === undefined ? written : schemas[written.$ref.split('/').at(-1)];
            if (schema?.required === undefined) continue;
            const { text } = await ask(host.adminPort, one, 'get');
            for (const name of schema.required) assert.ok(name in JSON.parse(text), `${one} has no ${name}: ${text}`);
        }
    });
});

describe('a node whose admin listener asks for tokens', { timeout: 60_000 }, () => {
    const ADMIN = { ...ON, 'listeners.admin.authentication': 'required', 'listeners.admin.open_metrics': true, 'logging.level': 'debug' };
    let host;
    before(async () => {
        host = await serveHost(ADMIN, { words: ['-c', 'config/streamhost.yaml'] });
    });
    after(async () => {
        assert.equal((await host?.stop())?.code, 0, host?.log);
    });

    const tokenFor = async (grants, more = {}) => {
        const answer = await fetch(`http://127.0.0.1:${host.port}/v1/dev-token`, { method: 'POST', body: JSON.stringify({ user: 'ops', grants, ...more }) });
        return (await answer.json()).token;
    };
    const ask = async (one, method, token) => {
        const target = one.replaceAll(/\{(\w+)\}/g, (_, name) => VALUES[name]);
        const headers = token === null ? {} : { Authorization: `Bearer ${token}` };
        const answer = await fetch(`http://127.0.0.1:${host.adminPort}${target}`, { method, headers, body: method === 'post' ? '{"enabled":false,"exit":true,"user":"ops"}' : undefined });
        return { status: answer.status, challenge: answer.headers.get('www-authenticate'), text: await answer.text() };
    };
    /** All that is neither open nor the question what one may do. */
    const calls = () => Object.entries(paths).flatMap(([one, item]) => (one.startsWith('/admin/v1/') && one !== '/admin/v1/access' ? METHODS.filter((method) => item[method]).map((method) => [one, method]) : []));
    const answered = async () => {
        const text = await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text();
        const sum = (code) => [...text.matchAll(new RegExp(`^streamhost_http_requests_total\\{code="${code}",route="/admin/v1/[^"]*"\\} (\\d+)$`, 'gm'))].reduce((all, [, count]) => all + Number(count), 0);
        return { 401: sum(401), 403: sum(403), malformed: Number(text.match(/^streamhost_auth_total\{result="malformed"\} (\d+)$/m)?.[1] ?? 0) };
    };

    it('answers none of its calls without the grant: the code, a count, nothing done, nothing told', async () => {
        const list = calls();
        assert.ok(list.length > 15, `${list}`);
        const state = async () => {
            const token = await tokenFor(['admin:view']);
            const [{ text: plugins }, { text: drain }, { text: revoked }, { text: config }] = await Promise.all(['plugins', 'drain', 'auth/revocations', 'config'].map((name) => ask(`/admin/v1/${name}`, 'get', token)));
            const names = JSON.parse(plugins).map(({ name, enabled, generation }) => [name, enabled, generation]);
            return JSON.stringify([names, JSON.parse(drain).state, JSON.parse(revoked).total, JSON.parse(config).generation]);
        };
        const before = await state();
        const counted = await answered();
        const without = { get: ['admin:metrics', 'admin:change'], post: ['admin:view', 'admin:metrics'], delete: ['admin:view'], put: [] };
        const said = [];
        const used = [];
        let refusals = 0;
        for (const [one, method] of list) {
            for (const [token, what] of [[null, 'none'], ['no.token.atall', 'malformed']]) {
                const { status, challenge, text } = await ask(one, method, token);
                assert.deepEqual([status, challenge], [401, 'Bearer'], `${method} ${one} with ${what}: ${text}`);
                said.push(text);
            }
            for (const grants of [['read:*', 'send:*', 'produce:*'], ...without[method].map((grant) => [grant])]) {
                const token = await tokenFor(grants);
                const { status, text } = await ask(one, method, token);
                assert.deepEqual([status, JSON.parse(text).detail], [403, `The token does not grant admin:${method === 'get' ? 'view' : 'change'}`], `${method} ${one} with ${grants}`);
                used.push(token);
                said.push(text);
                refusals += 1;
            }
        }
        const now = await answered();
        assert.deepEqual(now, { 401: counted[401] + 2 * list.length, 403: counted[403] + refusals, malformed: counted.malformed + list.length });
        assert.equal(await state(), before);
        const parts = [...used.flatMap((token) => token.split('.').slice(1)), 'no.token.atall'];
        for (const part of parts) assert.ok(!said.join('').includes(part) && !host.log.includes(part));
        const noted = [...host.log.matchAll(/audit: admin call method=(?:POST|DELETE) .* user=(\S+) status=(40[13])/g)].map(([, user, status]) => `${user} ${status}`);
        assert.deepEqual([...new Set(noted)].sort(), ['- 401', 'ops 403'], 'who tried is in the log');
    });
});
