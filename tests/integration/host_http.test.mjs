// Requests to the public port: answers, kept connections, and everything that two readers could read differently.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { binary, serveHost } from './support/host_process.mjs';
import { RawClient, upgradeHead } from './support/raw_client.mjs';

const HEAD_BYTES = 4_096;

let host;
before(async () => {
    host = await serveHost({ 'plugins.echo.enabled': true, 'plugins.health.enabled': true, 'limits.head_bytes': HEAD_BYTES, 'limits.head_timeout_ms': 1_000 });
});
after(async () => {
    assert.deepEqual(await host?.stop(), { code: 0, signal: null });
});

/** What a fresh connection answers to these bytes, and all of it until the host ends the connection. */
async function ask(bytes) {
    const client = await RawClient.open(host.port);
    client.send(bytes);
    const answer = await client.response();
    return { ...answer, client };
}

/** An answer that is a problem document and the last thing on its connection. */
async function refused(bytes, status) {
    const { client, ...answer } = await ask(bytes);
    assert.equal(answer.status, status, answer.line);
    assert.equal(answer.headers.connection, 'close');
    assert.equal(answer.headers['content-type'], 'application/problem+json');
    const problem = JSON.parse(answer.body);
    assert.equal(problem.status, status);
    assert.notEqual(problem.detail, '');
    assert.equal((await client.rest()).length, 0, 'one answer, nothing else');
    return { answer, problem };
}

const request = (line, fields = {}, body = '') =>
    `${line}\r\n${Object.entries({ Host: 'localhost', ...fields })
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join('')}\r\n${body}`;

describe('answers', () => {
    it('404 where nothing is, on a connection that stays', async () => {
        const { client, status, headers, body } = await ask(request('GET /nothing HTTP/1.1'));
        assert.equal(status, 404);
        assert.equal(headers.connection, undefined);
        assert.equal(JSON.parse(body).code, 'not_found');
        client.send(request('GET /nothing-either HTTP/1.1'));
        assert.equal((await client.response()).status, 404);
        client.close();
    });

    it('405 with the methods that the path takes', async () => {
        const { client, status, headers } = await ask(request('PUT /echo HTTP/1.1'));
        assert.equal(status, 405);
        assert.equal(headers.allow, 'GET, POST');
        client.close();
    });

    it('no content to HEAD, so that the next answer is not mistaken', async () => {
        const client = await RawClient.open(host.port);
        client.send(request('HEAD /nothing HTTP/1.1') + request('POST /echo HTTP/1.1', { 'Content-Length': 2 }, 'hi'));
        const head = await client.response({ toHead: true });
        assert.equal(head.status, 404);
        assert.ok(Number(head.headers['content-length']) > 0, 'the length that GET would have');
        const next = await client.response();
        assert.equal(next.status, 200);
        assert.equal(next.body, 'hi');
        client.close();
    });

    it('requests that come in one piece, in order', async () => {
        const client = await RawClient.open(host.port);
        const numbers = Array.from({ length: 50 }, (_, number) => String(number));
        client.send(numbers.map((number) => request('POST /echo HTTP/1.1', { 'Content-Length': number.length }, number)).join(''));
        for (const number of numbers) assert.equal((await client.response()).body, number);
        client.close();
    });

    it('a body of 1 MiB, and 413 one byte over it', async () => {
        const body = Buffer.alloc(1 << 20, 'ab');
        const client = await RawClient.open(host.port);
        client.send(request('POST /echo HTTP/1.1', { 'Content-Length': body.length }));
        client.send(body);
        const answer = await client.response();
        assert.equal(answer.status, 200);
        assert.equal(answer.body, body.toString());
        client.close();
        await refused(request('POST /echo HTTP/1.1', { 'Content-Length': body.length + 1 }), 413);
    });

    it('100 before a body that is announced', async () => {
        const client = await RawClient.open(host.port);
        client.send(request('POST /echo HTTP/1.1', { 'Content-Length': 5, Expect: '100-continue' }));
        assert.equal((await client.response()).status, 100);
        client.send('hello');
        assert.equal((await client.response()).body, 'hello');
        client.close();
    });

    it('411 to a chunked body', async () => {
        await refused(request('POST /echo HTTP/1.1', { 'Transfer-Encoding': 'chunked' }, '5\r\nhello\r\n0\r\n\r\n'), 411);
    });

    it('HTTP/1.0, and ends the connection', async () => {
        const { client, status, headers, body } = await ask('POST /echo HTTP/1.0\r\nContent-Length: 3\r\n\r\nold');
        assert.equal(status, 200);
        assert.equal(headers.connection, 'close');
        assert.equal(body, 'old');
        assert.equal((await client.rest()).length, 0);
    });
});

describe('an upgrade that cannot be', () => {
    for (const [what, status, bytes] of [
        ['another version', 426, upgradeHead('/echo', { 'Sec-WebSocket-Version': '8' })],
        ['no version', 426, upgradeHead('/echo', { 'Sec-WebSocket-Version': null })],
        ['a plain request', 426, request('GET /echo HTTP/1.1')],
        ['HTTP/1.0', 426, upgradeHead('/echo', {}, 'GET /echo HTTP/1.0')],
        ['no key', 400, upgradeHead('/echo', { 'Sec-WebSocket-Key': null })],
        ['a short key', 400, upgradeHead('/echo', { 'Sec-WebSocket-Key': 'c2hvcnQ=' })],
        ['no Connection: Upgrade', 400, upgradeHead('/echo', { Connection: 'keep-alive' })],
        ['a body', 400, upgradeHead('/echo', { 'Content-Length': '3' }) + 'abc'],
        ['a subprotocol that is no token', 400, upgradeHead('/echo', { 'Sec-WebSocket-Protocol': 'a b' })],
    ]) {
        it(`is answered ${status}: ${what}`, async () => {
            const { answer } = await refused(bytes, status);
            if (status !== 426) return;
            assert.equal(answer.headers.upgrade, 'websocket');
            assert.equal(answer.headers['sec-websocket-version'], '13');
        });
    }

    it('is answered 404 where nothing is', async () => {
        const { status, client } = await ask(upgradeHead('/nothing'));
        assert.equal(status, 404);
        client.close();
    });
});

describe('a head that is refused', () => {
    const isCounted = async (ask) => {
        const before = await host.metric('requests_refused_total');
        await ask();
        assert.equal(await host.metric('requests_refused_total'), before + 1);
    };
    for (const [what, status, bytes] of [
        ['larger than limits.head_bytes', 431, upgradeHead('/echo', { 'X-Large': 'x'.repeat(HEAD_BYTES) })],
        ['more than 100 fields', 431, `GET / HTTP/1.1\r\n${'a: b\r\n'.repeat(101)}\r\n`],
        ['a target longer than the head may be', 414, request(`GET /${'x'.repeat(HEAD_BYTES)} HTTP/1.1`)],
        ['length and coding', 400, request('POST /echo HTTP/1.1', { 'Content-Length': 4, 'Transfer-Encoding': 'chunked' }, '0\r\n\r\n')],
        ['two lengths', 400, 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde'],
        ['a list of lengths', 400, request('POST /echo HTTP/1.1', { 'Content-Length': '4, 4' }, 'abcd')],
        ['a signed length', 400, request('POST /echo HTTP/1.1', { 'Content-Length': '+4' }, 'abcd')],
        ['a coding in disguise', 400, request('POST /echo HTTP/1.1', { 'Transfer-Encoding': 'chunked, identity' })],
        ['an unknown coding', 501, request('POST /echo HTTP/1.1', { 'Transfer-Encoding': 'xchunked' })],
        ['a coding in HTTP/1.0', 400, 'POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
        ['a blank before the colon', 400, 'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nabcd'],
        ['a folded field', 400, 'GET /echo HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n'],
        ['a bare line feed', 400, 'GET /echo HTTP/1.1\nHost: x\n\n'],
        ['a NUL in a field', 400, 'GET /echo HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n'],
        ['no Host', 400, 'GET /echo HTTP/1.1\r\n\r\n'],
        ['two Hosts', 400, 'GET /echo HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
        ['an absolute target', 400, request('GET http://localhost/echo HTTP/1.1')],
        ['a way out of the path', 400, request('GET /a/%2e%2e/echo HTTP/1.1')],
        ['HTTP/2', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
        ['a greeting of TLS', 400, Buffer.from([0x16, 0x03, 0x01, 0x00, 0xc8, 0x01])],
    ]) {
        it(`is answered ${status}: ${what}`, () => isCounted(() => refused(bytes, status)));
    }

    it('is answered 408 when it does not arrive in time', () => isCounted(() => refused('GET /echo HTTP/1.1\r\nHost:', 408)));
});

describe('the limit on connections', () => {
    it('answers 503 beyond it, and takes the next one when a place is free', async () => {
        const small = await serveHost({ 'plugins.echo.enabled': true, 'plugins.health.enabled': true, 'limits.connections': 2 });
        try {
            const first = await RawClient.upgraded(small.port, '/echo');
            const second = await RawClient.upgraded(small.port, '/echo');
            const third = await RawClient.open(small.port);
            const answer = await third.response();
            assert.equal(answer.status, 503);
            assert.equal(answer.headers['retry-after'], '2');
            assert.equal(await small.metric('connections_opened_total{result="over_limit"}'), 1);
            first.close();
            await small.until(async () => (await small.admin('/admin/v1/node')).body.connections === 1);
            const fourth = await RawClient.upgraded(small.port, '/echo');
            for (const client of [second, fourth]) client.close();
        } finally {
            assert.deepEqual(await small.stop(), { code: 0, signal: null }, small.log);
        }
    });

    // The undefined behaviour sanitizer looks at memory through a pipe, and takes what it has no pipe for as broken.
    const skip = binary.includes('/asan/') && 'a sanitizer needs descriptors of its own';
    it('waits without spinning when no descriptor is left', { skip }, async () => {
        const small = await serveHost({ 'plugins.echo.enabled': true }, { descriptors: 64 });
        const clients = [];
        try {
            for (let count = 0; count < 64; ++count) clients.push(await RawClient.open(small.port));
            await small.until(async () => (await small.openDescriptors()) >= 64);
            clients.push(await RawClient.open(small.adminPort));
            const before = await small.cpuMs();
            await new Promise((resolve) => setTimeout(resolve, 1_000)); // a span to measure over, not a wait for something
            const used = (await small.cpuMs()) - before;
            assert.ok(used < 300, `${used} ms of CPU in a second of rest`);
            for (const client of clients.splice(0)) client.close();
            await small.until(async () => (await small.openDescriptors()) < 48);
            const late = await RawClient.upgraded(small.port, '/echo');
            late.close();
        } finally {
            for (const client of clients) client.close();
            assert.deepEqual(await small.stop(), { code: 0, signal: null }, small.log);
        }
    });
});
