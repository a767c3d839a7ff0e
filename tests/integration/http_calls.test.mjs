// The HTTP calls of docs/protocol.md, section 6, against the real host: what a WebSocket can do, with the same answers and errors.
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { call } from './support/events.mjs';
import { serveHost } from './support/host_process.mjs';
import { Wire, positionOf } from './support/wire.mjs';

const TEST_MS = 60_000;
const DAY_AGO = '1.0123456789abcdef';

let host;
before(async () => {
    host = await serveHost({ 'plugins.chat.providers.echo.delay_ms': 1 }, { words: ['-c', 'config/streamhost.yaml'] });
});
after(async () => {
    assert.equal((await host?.stop())?.code, 0, host?.log);
});

let names = 0;
const newName = (what = 'h') => `${what}-${++names}`;
const ask = (...words) => call(host, ...words);
/** A problem document of that status and code. */
const isProblem = (answer, status, code, more = {}) => {
    assert.equal(answer.status, status, JSON.stringify(answer.body));
    assert.match(answer.headers.get('content-type'), /^application\/problem\+json/);
    assert.equal(answer.headers.get('cache-control'), 'no-store');
    const { detail, title, type, retryable, retry_after_ms, ...rest } = answer.body;
    assert.deepEqual(rest, { status, code, ...more });
    assert.ok(detail.length > 0 && title.length > 0 && type === 'about:blank');
};
const publish = (stream, ...deltas) => ask('POST', `/v1/streams/${stream}`, { entries: deltas.map((delta) => ({ kind: 'text', delta })) });

describe('messages', { timeout: TEST_MS }, () => {
    it('are sent, answered once for a key, and found in the history', async () => {
        const session = newName('chat');
        const wire = await Wire.join(host, { session });
        const path = `/v1/sessions/${session}/messages`;
        const first = await ask('POST', path, { content: 'one two', key: 'k1' });
        assert.equal(first.status, 202, JSON.stringify(first.body));
        const { message, run, stream, ...accepted } = first.body;
        assert.deepEqual(accepted, { type: 'accepted', session });
        assert.equal(run, stream);
        assert.equal(await wire.textOf(run).then(({ text }) => text.includes('two')), true, 'whoever is connected hears it');
        const again = await ask('POST', path, { content: 'one two', key: 'k1' });
        assert.deepEqual(again.body, { ...first.body, duplicate: true });
        isProblem(await ask('POST', path, { content: 'other', key: 'k1' }), 409, 'conflict');
        const history = await ask('GET', `${path}?limit=10`);
        assert.equal(history.status, 200);
        assert.deepEqual(
            history.body.messages.map(({ role }) => role),
            ['user', 'assistant'].slice(0, history.body.messages.length),
        );
        assert.equal(history.body.messages[0].id, message);
        assert.deepEqual({ ...(await wire.ask({ type: 'history', limit: 10 })), id: undefined }, { ...history.body, id: undefined });
        wire.close();
    });

    it('and their runs show in the session, with the positions that a reader holds, and who is connected', async () => {
        const session = newName('chat');
        const path = `/v1/sessions/${session}`;
        isProblem(await ask('GET', path), 404, 'not_found');
        isProblem(await ask('POST', path, {}), 405, 'bad_request');
        isProblem(await ask('GET', '/v1/sessions/a.b'), 400, 'bad_request');
        const wires = [await Wire.join(host, { session }), await Wire.join(host, { session })];
        const { run } = await wires[0].ask({ type: 'send', content: 'one two' });
        const { end } = await wires[0].textOf(run);
        await wires[0].frame((frame) => frame.type === 'chunk' && frame.data.kind === 'run' && frame.data.state === 'ended');
        await host.until(async () => (await ask('GET', path)).body.connections === 2);
        const { status, body } = await ask('GET', path);
        const last = wires[0].frames.findLast((frame) => frame.stream === session && frame.type === 'chunk');
        const runs = [{ run, state: 'ended', outcome: 'complete', position: positionOf(end) }];
        assert.deepEqual([status, body], [200, { session, first: 1, head: last.seq, position: positionOf(last), runs, connections: 2 }]);
        const back = await Wire.join(host, { session, resume: [{ stream: session, after: body.position }] });
        assert.equal((await back.frame((frame) => frame.type === 'subscribed' && frame.stream === session)).recovered, true);
        for (const wire of [...wires, back]) wire.close();
    });

    it('are refused as on a WebSocket', async () => {
        const path = `/v1/sessions/${newName()}/messages`;
        isProblem(await ask('POST', path, {}), 400, 'bad_request');
        isProblem(await ask('POST', path, '[1]'), 400, 'bad_request');
        isProblem(await ask('POST', path, '{"content": "a"'), 400, 'bad_request');
        isProblem(await ask('POST', path, ''), 400, 'bad_request');
        isProblem(await ask('GET', `${path}?limit=many`), 400, 'bad_request');
        isProblem(await ask('GET', `${path}?limit=0`), 400, 'bad_request');
        isProblem(await ask('GET', `${path}?before=nobody`), 404, 'not_found');
        isProblem(await ask('POST', '/v1/sessions/a.b/messages', { content: 'x' }), 400, 'bad_request');
        isProblem(await ask('PUT', path, {}), 405, 'bad_request');
        isProblem(await ask('GET', '/v1/sessions/a/nothing'), 404, 'not_found');
    });

    it('take no type, id or session from the body: the path says them', async () => {
        const session = newName();
        const sent = await ask('POST', `/v1/sessions/${session}/messages`, { type: 'ping', id: 'x', session: 'other', content: 'x' });
        assert.equal(sent.status, 202);
        assert.deepEqual([sent.body.type, sent.body.session, sent.body.id], ['accepted', session, undefined]);
    });
});

describe('runs', { timeout: TEST_MS }, () => {
    it('are cancelled, once', async () => {
        const session = newName();
        const { body } = await ask('POST', `/v1/sessions/${session}/messages`, { content: 'word '.repeat(5_000) });
        const cancelled = await ask('POST', `/v1/runs/${body.run}/cancel`);
        assert.deepEqual([cancelled.status, cancelled.body], [202, { type: 'ok' }]);
        isProblem(await ask('POST', `/v1/runs/${body.run}/cancel`, { reason: 'again' }), 409, 'conflict');
        const read = await ask('GET', `/v1/streams/${body.run}`);
        assert.equal(read.body.state, 'ended');
        assert.equal(read.body.entries.at(-1).outcome, 'cancelled');
        isProblem(await ask('POST', '/v1/runs/nodot/cancel'), 400, 'bad_request');
        isProblem(await ask('POST', `/v1/runs/${session}.nothing/cancel`), 404, 'not_found');
    });
});

describe('producers', { timeout: TEST_MS }, () => {
    it('publish to shared streams, once for a key', async () => {
        const stream = newName('topic');
        const entries = [{ kind: 'text', delta: 'a' }, { kind: 'part', x: 1 }];
        const first = await ask('POST', `/v1/streams/${stream}`, { entries, key: 'p' });
        assert.equal(first.status, 200);
        const { check, ...appended } = first.body;
        assert.deepEqual(appended, { type: 'appended', stream, first: 1, last: 2 });
        assert.deepEqual((await ask('POST', `/v1/streams/${stream}`, { entries, key: 'p' })).body, first.body);
        assert.match(check, /^[0-9a-f]{16}$/);
        isProblem(await ask('POST', `/v1/streams/${stream}/claim`, { lease_ms: 1_000 }), 409, 'conflict');
        isProblem(await ask('POST', `/v1/streams/${stream}`, { entries: [] }), 400, 'bad_request');
        isProblem(await ask('POST', '/v1/streams/a..%2f', { entries }), 400, 'bad_request');
    });

    it('claim, append in order, renew and end', async () => {
        const stream = `${newName()}.run`;
        const claimed = (await ask('POST', `/v1/streams/${stream}/claim`, { lease_ms: 60_000 })).body;
        assert.deepEqual({ ...claimed, fence: 0 }, { type: 'claimed', stream, fence: 0, seq: 0, check: '0000000000000000' });
        const { fence } = claimed;
        isProblem(await ask('POST', `/v1/streams/${stream}/claim`, { lease_ms: 60_000 }), 409, 'held');
        const append = (seq, delta, more) => ask('POST', `/v1/streams/${stream}`, { fence, seq, entries: delta ? [{ kind: 'text', delta }] : [], ...more });
        const one = await append(1, 'a');
        assert.deepEqual([one.status, one.body.first, one.body.last], [200, 1, 1]);
        assert.deepEqual((await append(1, 'a')).body, one.body, 'a repeat');
        isProblem(await append(1, 'b'), 409, 'conflict');
        isProblem(await append(9, 'c'), 409, 'sequence_gap', { expected: 2 });
        assert.deepEqual((await ask('POST', `/v1/streams/${stream}/renew`, { fence })).body, { type: 'ok' });
        assert.equal((await append(2, '', { end: { outcome: 'complete' } })).status, 200);
        isProblem(await append(3, 'd'), 409, 'ended');
        isProblem(await ask('GET', `/v1/streams/${stream}/claim`), 405, 'bad_request');
    });
});

describe('reading a stream', { timeout: TEST_MS }, () => {
    it('goes on from page to page, in the frames of a WebSocket', async () => {
        const stream = newName('read');
        await publish(stream, 'a', 'b', 'c', 'd', 'e');
        const wire = await Wire.join(host, { session: newName() });
        wire.say({ type: 'subscribe', id: 's', stream, from: 'start' });
        const frames = (await wire.framesOf(stream, (frame) => frame.type === 'caught_up')).filter(({ type }) => type === 'chunk');
        const first = await ask('GET', `/v1/streams/${stream}?limit=2`);
        assert.equal(first.headers.get('cache-control'), 'no-store');
        const { entries, next, ...about } = first.body;
        assert.deepEqual(about, { stream, first: 1, head: 5, state: 'active', recovered: true, more: true });
        const rest = (await ask('GET', `/v1/streams/${stream}?after=${next}`)).body;
        assert.deepEqual([rest.more, rest.recovered], [false, true]);
        const text = (list) => list.map(({ data }) => data.delta).join('');
        assert.equal(text([...entries, ...rest.entries]), 'abcde');
        assert.equal(text(frames), 'abcde');
        assert.deepEqual(entries[0], { type: 'chunk', stream, seq: 1, check: entries[0].check, data: { kind: 'text', delta: 'a' } });
        const none = (await ask('GET', `/v1/streams/${stream}?after=${rest.next}`)).body;
        assert.deepEqual([none.entries, none.next, none.more], [[], rest.next, false]);
        wire.close();
    });

    it('says where a position is not what the log has', async () => {
        const stream = newName('other');
        await publish(stream, 'a', 'b');
        for (const after of [DAY_AGO, '9.0123456789abcdef']) {
            const { body } = await ask('GET', `/v1/streams/${stream}?after=${after}`);
            assert.deepEqual([body.recovered, body.reason, body.entries, body.next], [false, 'diverged', [], '0']);
        }
        isProblem(await ask('GET', `/v1/streams/${newName('none')}`), 404, 'not_found');
        isProblem(await ask('GET', `/v1/streams/${newName('none')}?after=${DAY_AGO}`), 410, 'not_found');
        isProblem(await ask('GET', `/v1/streams/${stream}?after=5`), 400, 'bad_request');
        isProblem(await ask('GET', `/v1/streams/${stream}?limit=1001`), 400, 'bad_request');
        const head = await fetch(`http://127.0.0.1:${host.port}/v1/streams/${stream}`, { method: 'HEAD' });
        assert.deepEqual([head.status, await head.text()], [200, '']);
        assert.ok(Number(head.headers.get('content-length')) > 0);
    });
});

describe('connections', { timeout: TEST_MS }, () => {
    it('serve one call after the other, also when they come at once', async () => {
        const stream = newName('kept');
        await publish(stream, 'a');
        const socket = connect(host.port, '127.0.0.1');
        let said = '';
        socket.setEncoding('utf8').on('data', (text) => (said += text));
        const one = `GET /v1/streams/${stream} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
        socket.write(one + one + one);
        await host.until(async () => said.split('HTTP/1.1 200 OK').length === 4 && said.split('"more":false').length === 4);
        socket.destroy();
    });

    it('of pages of other origins, and by names that lead here, are refused', async () => {
        const stream = newName();
        await publish(stream, 'a');
        const path = `/v1/streams/${stream}`;
        isProblem(await ask('GET', path, undefined, { Origin: 'https://evil.example' }), 403, 'forbidden');
        assert.equal((await ask('GET', path, undefined, { Origin: `http://127.0.0.1:${host.port}` })).status, 200);
        const socket = connect(host.port, '127.0.0.1');
        socket.write(`GET ${path} HTTP/1.1\r\nHost: evil.example:${host.port}\r\nConnection: close\r\n\r\n`);
        let said = '';
        for await (const part of socket.setEncoding('utf8')) said += part;
        assert.match(said, /^HTTP\/1\.1 403 /);
    });
});
