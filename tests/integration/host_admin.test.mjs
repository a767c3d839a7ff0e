// The admin listener: it answers whoever looks after the node, whatever others do to it.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { RawClient } from './support/raw_client.mjs';

const REQUEST_MS = 5_000; // what the listener gives a request, head and body
const DRIP_MS = 100;

let host;
before(async () => {
    host = await serveHost({}, { words: ['-c', 'config/streamhost.yaml'] });
});
after(async () => {
    assert.deepEqual(await host?.stop(), { code: 0, signal: null });
});

/** What a fresh connection answers to these bytes. */
async function ask(bytes) {
    const client = await RawClient.open(host.adminPort);
    client.send(bytes);
    const answer = await client.response();
    client.close();
    return answer;
}

async function refused(bytes, status, detail) {
    const answer = await ask(bytes);
    assert.equal(answer.status, status, answer.line);
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    const problem = JSON.parse(answer.body);
    assert.equal(problem.status, status);
    assert.notEqual(problem.code, '');
    assert.match(problem.detail, detail);
}

const order = (fields, body = '') =>
    `POST /admin/v1/plugins/echo HTTP/1.1\r\nHost: localhost\r\n${Object.entries(fields)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n${body}`;

/** Clients that send `begin` and then a byte now and then, until they are closed. */
async function drip(count, begin, byte) {
    const clients = await Promise.all(Array.from({ length: count }, () => RawClient.open(host.adminPort)));
    for (const client of clients) client.send(begin);
    const timer = setInterval(() => clients.forEach((client) => client.send(byte)), DRIP_MS);
    return {
        clients,
        close() {
            clearInterval(timer);
            for (const client of clients) client.close();
        },
    };
}

async function isWell() {
    const from = Date.now();
    const answer = await fetch(`http://127.0.0.1:${host.adminPort}/health/live`);
    assert.equal(answer.status, 200);
    return Date.now() - from;
}

describe('clients that send a byte now and then', () => {
    for (const [what, begin] of [
        ['of their body', order({ 'Content-Length': 1_000 })],
        ['of their head', 'POST /admin/v1/plugins/echo HTTP/1.1\r\nHost: localhost\r\nX: '],
    ]) {
        it(`${what} keep nobody waiting, and are ended`, async () => {
            const from = Date.now();
            const slow = await drip(20, begin, 'x');
            try {
                for (let round = 0; round < 10; ++round) {
                    const waited = await isWell();
                    assert.ok(waited < 2_000, `a health check waited ${waited} ms`);
                }
                await Promise.all(slow.clients.map((client) => client.rest()));
                const lasted = Date.now() - from;
                assert.ok(lasted > REQUEST_MS - 1_000 && lasted < 2 * REQUEST_MS, `ended after ${lasted} ms`);
            } finally {
                slow.close();
            }
        });
    }

    it('are told why', async () => {
        const slow = await drip(1, order({ 'Content-Length': 1_000 }), 'x');
        try {
            const answer = await slow.clients[0].response();
            assert.equal(answer.status, 408);
            assert.match(JSON.parse(answer.body).detail, /did not arrive in time/);
        } finally {
            slow.close();
        }
    });

    it('switch nothing with what they have sent so far', async () => {
        const whole = JSON.stringify({ enabled: true });
        const client = await RawClient.open(host.adminPort);
        client.send(order({ 'Content-Length': whole.length + 10 }, whole));
        client.finish();
        const answer = await client.response();
        client.close();
        assert.equal(answer.status, 400, answer.body);
        assert.match(JSON.parse(answer.body).detail, /ended before/);
        const plugins = (await host.admin('/admin/v1/plugins')).body;
        assert.equal(plugins.find((plugin) => plugin.name === 'echo').enabled, false);
    });
});

describe('a body that is refused', () => {
    it('is one of more than 1 MiB', () => refused(order({ 'Content-Length': (1 << 20) + 1 }), 413, /larger than 1 MiB/));
    it('is one without a length', () => refused(order({ 'Transfer-Encoding': 'chunked' }, '2\r\n{}\r\n0\r\n\r\n'), 411, /Content-Length/));
});

describe('a page in a browser of this machine', () => {
    const get = (fields) => `GET /admin/v1/node HTTP/1.1\r\n${Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;

    const OTHERS = ['evil.example', 'evil.example:8091', '127.0.0.1.evil.example', 'localhost.evil.example:80', '192.168.0.1'];
    for (const name of OTHERS)
        it(`that calls this address ${name} reads nothing`, () => refused(get({ Host: name }), 403, /ask for it as 127\.0\.0\.1:\d+, localhost/));

    it('of another site changes nothing', () =>
        refused(order({ Origin: 'https://evil.example', 'Content-Length': 17 }, '{"enabled": true}'), 403, /Pages of other hosts/));

    it('is counted where it was refused', async () => {
        assert.equal(await host.metric('http_requests_total{code="403",route="/admin/v1/node"}'), OTHERS.length);
        assert.equal(await host.metric('http_requests_total{code="403",route="/admin/v1/plugins"}'), 1);
    });

    for (const name of ['localhost', 'LOCALHOST:80', '127.0.0.1', '127.0.0.1:1', '[::1]', '[::1]:8091'])
        it(`and everybody else may call it ${name}`, async () => {
            const answer = await ask(get({ Host: name }));
            assert.equal(answer.status, 200);
            assert.equal(JSON.parse(answer.body).phase, 'running');
        });
});
