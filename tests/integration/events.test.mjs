// Server-sent events (docs/protocol.md, section 6) against the real host, with a real EventSource and byte by byte.
import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { after, before, describe, it } from 'node:test';

import { EventSource } from 'eventsource';

import { Events, call } from './support/events.mjs';
import { serveHost } from './support/host_process.mjs';
import { Wire, fold, positionOf } from './support/wire.mjs';

const TEST_MS = 60_000;
const FRIEND = 'https://friend.example';
const HEARTBEAT_MS = 1_000;
const embedded = { words: ['-c', 'config/streamhost.yaml'] };
const settings = {
    'plugins.chat.providers.echo.delay_ms': 2,
    'plugins.gateway.heartbeat_ms': HEARTBEAT_MS,
    'plugins.gateway.allowed_origins': JSON.stringify([FRIEND]),
    'http.cors.allowed_origins': JSON.stringify([FRIEND]),
};

let host;
before(async () => {
    host = await serveHost(settings, embedded);
});
after(async () => {
    assert.equal((await host?.stop())?.code, 0, host?.log);
});

let names = 0;
const newName = () => `e-${++names}`;
const publish = (stream, ...deltas) => publishTo(host, stream, ...deltas);
async function publishTo(where, stream, ...deltas) {
    const answer = await call(where, 'POST', `/v1/streams/${stream}`, { entries: deltas.map((delta) => ({ kind: 'text', delta })) });
    assert.equal(answer.status, 200, JSON.stringify(answer.body));
    return `${answer.body.last}.${answer.body.check}`;
}
const send = async (session, content) => (await call(host, 'POST', `/v1/sessions/${session}/messages`, { content })).body;
const open = (stream, { query = '', ...how } = {}) => Events.open(host, `/v1/streams/${stream}${query}`, how);
const isEnd = (frame) => frame.type === 'end';
const textOf = (stream) => fold(stream.frames).text;

describe('a stream of events', { timeout: TEST_MS }, () => {
    it('brings the frames of a WebSocket, each with its position, and ends with the run', async () => {
        const session = newName();
        const { run } = await send(session, 'one two three');
        const stream = await open(run, { query: '?from=start' });
        assert.deepEqual([stream.headers['content-type'], stream.headers['cache-control'], stream.headers['x-accel-buffering']], ['text/event-stream', 'no-cache, no-transform', 'no']);
        assert.equal(await stream.end(), 'whole');
        const [first, ...rest] = stream.events;
        assert.deepEqual({ ...first, retry: 0 }, { retry: 0, id: '0', data: '' });
        assert.ok(Number(first.retry) >= 1_000 && Number(first.retry) < 3_000, first.retry);
        for (const { event, id, data } of rest) {
            const frame = JSON.parse(data);
            assert.equal(event, frame.type);
            assert.equal(id, frame.check === undefined ? undefined : positionOf(frame), data);
        }
        const wire = await Wire.join(host, { session: newName() });
        wire.say({ type: 'subscribe', id: 1, stream: run, from: 'start' });
        const frames = await wire.framesOf(run, isEnd);
        const bare = (list) => list.filter(({ type }) => type === 'chunk' || type === 'end').map((frame) => JSON.stringify(frame));
        assert.equal(fold(stream.frames).text, fold(frames).text);
        assert.deepEqual(bare(stream.frames).at(-1), bare(frames).at(-1));
        wire.close();
    });

    it('goes on from Last-Event-ID, which counts before the address, and has nothing more to say after the end', async () => {
        const topic = newName();
        const places = [];
        for (const delta of ['a', 'b', 'c', 'd']) places.push(await publish(topic, delta));
        for (const [headers, query] of [
            [{ 'Last-Event-ID': places[1] }, `?after=${places[0]}`],
            [{}, `?after=${places[1]}`],
        ]) {
            const stream = await open(topic, { query, headers });
            const { recovered } = await stream.data('subscribed');
            await stream.event(({ event }) => event === 'caught_up');
            assert.deepEqual([recovered, stream.events[0].id, textOfChunks(stream)], [true, places[1], 'cd']);
            stream.close();
        }
        const { run } = await send(newName(), 'short');
        const stream = await open(run);
        await stream.end();
        assert.equal((await open(run, { headers: { 'Last-Event-ID': stream.lastId } })).status, 204);
    });

    it('says the whole anew where the log has another content, and refuses what is not there', async () => {
        const topic = newName();
        await publish(topic, 'x', 'y');
        const stream = await open(topic, { headers: { 'Last-Event-ID': '1.0123456789abcdef' } });
        assert.deepEqual((({ recovered, reason }) => ({ recovered, reason }))(await stream.data('subscribed')), { recovered: false, reason: 'diverged' });
        assert.equal((await stream.data('snapshot')).data[0].delta, 'xy');
        stream.close();
        const statuses = async (query, headers) => (await open(newName(), { query, headers })).status;
        assert.equal(await statuses(''), 404);
        assert.equal(await statuses('?after=1.0123456789abcdef'), 410);
        assert.equal(await statuses('?after=nonsense'), 400);
        assert.equal(await statuses('', { 'Last-Event-ID': 'nonsense' }), 400);
        assert.equal(await statuses('?from=nowhere'), 400);
    });

    it('waits for a topic that nobody has written, when it was asked for what comes', async () => {
        const topic = newName();
        const stream = await open(topic, { query: '?from=tail' });
        await stream.event(({ event }) => event === 'caught_up');
        const place = await publish(topic, 'first');
        assert.equal((await stream.data('chunk')).data.delta, 'first');
        assert.equal(stream.lastId, place);
        const late = await open(topic, { query: '?from=tail' });
        assert.equal(late.events[0]?.id ?? (await late.event(({ id }) => id)).id, place);
        await publish(topic, 'second');
        assert.equal((await late.data('chunk')).data.delta, 'second');
        late.close();
        stream.close();
    });

    it('keeps line ends that a producer wrote between its tokens', async () => {
        const topic = newName();
        const body = '{"entries": [{"kind": "part",\n"text": "one\\nline",\r\n\r"x":\r1}]}';
        assert.equal((await call(host, 'POST', `/v1/streams/${topic}`, body)).status, 200);
        const live = await open(topic, { query: '?from=start' });
        assert.deepEqual((await live.data('chunk')).data, { kind: 'part', text: 'one\nline', x: 1 });
        const folded = await open(topic);
        assert.deepEqual((await folded.data('snapshot')).data, [{ kind: 'part', text: 'one\nline', x: 1 }]);
        live.close();
        folded.close();
    });

    it('has a comment when there is nothing to say', async () => {
        const stream = await open(newName(), { query: '?from=tail' });
        await stream.commented(2);
        assert.equal(await host.metric('connections{proto="sse"}'), 1);
        stream.close();
        await host.until(async () => (await host.metric('connections{proto="sse"}')) === 0);
    });

    it('is one chunk of HTTP for each event, and needs HTTP/1.1', async () => {
        const topic = newName();
        await publish(topic, 'a');
        const socket = connect(host.port, '127.0.0.1');
        let said = '';
        socket.setEncoding('latin1').on('data', (text) => (said += text));
        socket.write(`GET /v1/streams/${topic}?from=start HTTP/1.1\r\nHost: localhost\r\nAccept: application/json;q=0.1, text/event-stream; charset=utf-8\r\n\r\n`);
        await host.until(async () => said.includes('caught_up'));
        for (let rest = said.slice(said.indexOf('\r\n\r\n') + 4); rest.length > 0; ) {
            const [, size] = rest.match(/^([0-9a-f]+)\r\n/);
            const event = rest.slice(size.length + 2, size.length + 2 + parseInt(size, 16));
            assert.match(event, /^(retry|event): [^]*[^\n]\n\n$/);
            assert.equal(event.slice(0, -2).includes('\n\n'), false);
            rest = rest.slice(size.length + 2 + parseInt(size, 16));
            assert.ok(rest.startsWith('\r\n'));
            rest = rest.slice(2);
        }
        socket.destroy();
        const old = connect(host.port, '127.0.0.1');
        old.write(`GET /v1/streams/${topic} HTTP/1.0\r\nAccept: text/event-stream\r\n\r\n`);
        let answer = '';
        for await (const part of old.setEncoding('utf8')) answer += part;
        assert.match(answer, /^HTTP\/1\.1 505 [^]*proxy_http_version 1\.1/);
    });

    it('is for pages of allowed origins', async () => {
        const topic = newName();
        await publish(topic, 'a');
        const stream = await open(topic, { headers: { Origin: FRIEND } });
        assert.equal(stream.headers['access-control-allow-origin'], FRIEND);
        stream.close();
        assert.equal((await open(topic, { headers: { Origin: 'https://evil.example' } })).status, 403);
    });
});

const textOfChunks = (stream) =>
    stream.frames
        .filter(({ type }) => type === 'chunk')
        .map(({ data }) => data.delta)
        .join('');

describe('an EventSource', { timeout: TEST_MS }, () => {
    /** Its frames; closed by the caller. */
    function listen(where, path) {
        const source = new EventSource(`http://127.0.0.1:${where.port}${path}`);
        const frames = [];
        for (const name of ['subscribed', 'chunk', 'snapshot', 'caught_up', 'gap', 'end']) source.addEventListener(name, ({ data }) => frames.push(JSON.parse(data)));
        return { source, frames };
    }

    it('reads a run to its end, comes back as it does, and stops by itself', async () => {
        const { run } = await send(newName(), 'one two three four');
        const { source, frames } = listen(host, `/v1/streams/${run}`);
        await host.until(async () => source.readyState === EventSource.CLOSED);
        assert.equal(frames.filter(isEnd).length, 1);
        assert.match(fold(frames).text, /four/);
    });

    it('misses and doubles nothing when its node is replaced, and comes back when it was told to', async () => {
        const node = await serveHost({ ...settings, 'drain.balancer_wait_ms': 0, 'drain.window_ms': 300 }, embedded);
        const topic = newName();
        await publishTo(node, topic, 'a');
        const { source, frames } = listen(node, `/v1/streams/${topic}`);
        const goaways = [];
        source.addEventListener('goaway', ({ data }) => goaways.push(JSON.parse(data)));
        try {
            await node.until(async () => frames.some(({ type }) => type === 'caught_up'));
            await publishTo(node, topic, 'b');
            await node.until(async () => fold(frames).text === 'ab');
            assert.equal((await node.stop()).code, 0);
            assert.equal(goaways.length, 1);
            assert.deepEqual([goaways[0].type, goaways[0].reason], ['goaway', 'drain']);
        } finally {
            source.close();
            await node.kill();
        }
    });

    it('goes on where its connection was cut', async () => {
        const topic = newName();
        await publish(topic, 'a');
        const proxy = await cuttable();
        const { source, frames } = listen({ port: proxy.port }, `/v1/streams/${topic}`);
        try {
            await host.until(async () => frames.some(({ type }) => type === 'caught_up'));
            await publish(topic, 'b');
            await host.until(async () => fold(frames).last === 2);
            proxy.cut();
            await publish(topic, 'c', 'd');
            await host.until(async () => fold(frames).last === 4);
            assert.equal(fold(frames).text, 'abcd');
            assert.deepEqual(frames.filter(({ type }) => type === 'subscribed').map(({ recovered }) => recovered), [false, true]);
        } finally {
            source.close();
            await proxy.close();
        }
    });

    /** Between the client and the host: cut() ends all connections that are there. */
    async function cuttable() {
        const sockets = new Set();
        const server = createServer((client) => {
            const there = connect(host.port, '127.0.0.1');
            for (const [one, other] of [
                [client, there],
                [there, client],
            ]) {
                sockets.add(one);
                one.on('error', () => {}).on('close', () => (sockets.delete(one), other.destroy()));
                one.pipe(other);
            }
        });
        await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
        const cut = () => sockets.forEach((socket) => socket.destroy());
        return { port: server.address().port, cut, close: () => (cut(), new Promise((resolve) => server.close(resolve))) };
    }
});
