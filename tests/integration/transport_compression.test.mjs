// permessage-deflate: npm's ws and raw frames against the real host. Replays are compressed, live frames never.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

import WebSocket from 'ws';

import { serveHost } from './support/host_process.mjs';
import { RawClient, frame, opcodes, upgradeHead } from './support/raw_client.mjs';
import { Wire } from './support/wire.mjs';

const ON = { 'listeners.public.transports.websocket.compression': true };
const MIB = 1 << 20;
const ENTRIES = 400;
const COUNTED_MS = 1_500; // loops say each second what they sent
const BARE = 'permessage-deflate; client_no_context_takeover';

async function dial(host, perMessageDeflate = { threshold: 0 }, path = '/echo') {
    const socket = new WebSocket(`${host.url}${path}`, { perMessageDeflate, maxPayload: 32 * MIB });
    socket.once('upgrade', ({ headers }) => (socket.agreed = headers['sec-websocket-extensions']));
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return socket;
}

const messageOf = (socket) =>
    new Promise((resolve, reject) => {
        const onClose = (code, reason) => reject(new Error(`closed instead: ${code} ${reason}`));
        socket.once('close', onClose);
        socket.once('message', (data, isBinary) => (socket.off('close', onClose), resolve({ data, isBinary })));
    });

async function echoed(socket, data, binary) {
    const answer = messageOf(socket);
    socket.send(data, { binary });
    const got = await answer;
    assert.equal(got.isBinary, binary);
    assert.ok(got.data.equals(data), `the same ${data.length} bytes`);
}

const deflated = (text) => deflateRawSync(Buffer.from(text), { finishFlush: 2 }).subarray(0, -4); // Z_SYNC_FLUSH
const inflated = (payload) => inflateRawSync(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]), { finishFlush: 2 });
const text = (size) => Buffer.from('aé深🐟'.repeat(Math.ceil(size / 10)));
const mixed = (size) => Buffer.from(text(size).map((byte, at) => byte ^ (at * 31)));

describe('without the setting', () => {
    it('no extension is agreed on, and compressed frames end the connection', async () => {
        const host = await serveHost({ 'plugins.echo.enabled': true });
        try {
            const socket = await dial(host);
            assert.equal(socket.agreed, undefined);
            await echoed(socket, Buffer.from('plain'), false);
            socket.close();
            const raw = await RawClient.upgraded(host.port, '/echo', { 'Sec-WebSocket-Extensions': 'permessage-deflate' });
            raw.send(frame(opcodes.text, deflated('x'), { rsv: 4 }));
            assert.equal((await raw.frame()).code, 1002);
        } finally {
            await host.stop();
        }
    });
});

describe('with compression', () => {
    let host;
    before(async () => {
        host = await serveHost({ 'plugins.echo.enabled': true, ...ON });
    });
    after(async () => {
        assert.deepEqual(await host?.stop(), { code: 0, signal: null });
    });

    for (const [what, offer, agreed] of [
        ['a bare offer', {}, BARE],
        ['messages that stand alone', { serverNoContextTakeover: true }, `${BARE}; server_no_context_takeover`],
        ['a small window of the client', { clientMaxWindowBits: 10 }, BARE],
        ['the largest window of ours', { serverMaxWindowBits: 15 }, `${BARE}; server_max_window_bits=15`],
    ]) {
        it(`agrees on ${what}, and messages of all sizes come back`, async () => {
            const socket = await dial(host, { ...offer, threshold: 0 });
            assert.equal(socket.agreed, agreed);
            for (const size of [10, 120, 130, 1_000, 65_530, MIB, 4 * MIB]) {
                await echoed(socket, text(size), false);
                await echoed(socket, mixed(size), true);
            }
            await echoed(socket, Buffer.alloc(0), false);
            socket.close();
        });
    }

    it('says what it agreed on as RFC 7692 has it', async () => {
        for (const [offer, agreed] of [
            ['permessage-deflate; client_max_window_bits', BARE],
            ['permessage-deflate; server_no_context_takeover', `${BARE}; server_no_context_takeover`],
            ['permessage-deflate; server_max_window_bits=15', `${BARE}; server_max_window_bits=15`],
            ['permessage-deflate; server_max_window_bits=10, permessage-deflate', BARE],
            ['permessage-deflate; server_max_window_bits=10', undefined],
            ['permessage-deflate; unknown', undefined],
        ]) {
            const client = await RawClient.open(host.port);
            client.send(upgradeHead('/echo', { 'Sec-WebSocket-Extensions': offer }));
            const answer = await client.response();
            assert.equal(answer.status, 101);
            assert.equal(answer.headers['sec-websocket-extensions'], agreed, offer);
            client.close();
        }
    });

    const EXTENDED = { 'Sec-WebSocket-Extensions': 'permessage-deflate' };

    it('takes fragments with a ping between them, and plain messages beside compressed ones', async () => {
        const client = await RawClient.upgraded(host.port, '/echo', EXTENDED);
        const payload = deflated('compressed in three');
        client.send(
            Buffer.concat([
                frame(opcodes.text, payload.subarray(0, 5), { last: false, rsv: 4 }),
                frame(opcodes.ping, 'between'),
                frame(opcodes.continuation, payload.subarray(5, 9), { last: false }),
                frame(opcodes.continuation, payload.subarray(9)),
                frame(opcodes.text, 'plain'),
            ]),
        );
        assert.equal((await client.frame()).opcode, opcodes.pong);
        assert.equal(String((await client.frame()).payload), 'compressed in three');
        assert.equal(String((await client.frame()).payload), 'plain');
        client.close();
    });

    const bomb = deflateRawSync(Buffer.alloc(32 * MIB), { finishFlush: 2, level: 9 }).subarray(0, -4);
    for (const [what, code, ...parts] of [
        ['a compressed ping', 1002, frame(opcodes.ping, 'x', { rsv: 4 })],
        ['a compressed continuation', 1002, frame(opcodes.text, deflated('x'), { last: false, rsv: 4 }), frame(opcodes.continuation, 'y', { rsv: 4 })],
        ['another reserved bit', 1002, frame(opcodes.text, deflated('x'), { rsv: 6 })],
        ['broken data', 1007, frame(opcodes.binary, Buffer.from([0x06]), { rsv: 4 })],
        ['data that is cut', 1007, frame(opcodes.text, deflated('cut short').subarray(0, 4), { rsv: 4 })],
        ['text that is not UTF-8 once it is inflated', 1007, frame(opcodes.text, deflated(Buffer.from([0x61, 0xff])), { rsv: 4 })],
        ['32 MiB in 32 KiB', 1009, frame(opcodes.binary, bomb, { rsv: 4 })],
    ]) {
        it(`closes with ${code} on ${what}`, async () => {
            const client = await RawClient.upgraded(host.port, '/echo', EXTENDED);
            client.send(Buffer.concat(parts));
            const answer = await client.frame();
            assert.equal(answer.opcode, opcodes.close);
            assert.equal(answer.code, code);
            assert.equal((await client.rest()).length, 0, 'nothing follows the close');
        });
    }

    it('serves others while one expands as much as it may', async () => {
        const heavy = await RawClient.upgraded(host.port, '/echo', EXTENDED);
        const large = deflateRawSync(Buffer.alloc(15 * MIB), { finishFlush: 2, level: 9 }).subarray(0, -4);
        heavy.pause();
        heavy.send(Buffer.concat(Array.from({ length: 20 }, () => frame(opcodes.binary, large, { rsv: 4 }))));
        const other = await dial(host);
        for (let count = 0; count < 20; ++count) await echoed(other, Buffer.from(`beside ${count}`), false);
        heavy.close();
        other.close();
    });

    it('compresses what it sends where it pays', async () => {
        const client = await RawClient.upgraded(host.port, '/echo', EXTENDED);
        client.send(frame(opcodes.text, 'small'));
        const small = await client.frame();
        assert.equal(small.rsv, 0);
        client.send(frame(opcodes.text, 'large '.repeat(500)));
        const large = await client.frame();
        assert.equal(large.rsv, 4);
        assert.ok(large.payload.length < 100);
        assert.equal(String(inflated(large.payload)), 'large '.repeat(500));
        client.close();
    });
});

describe('streams', () => {
    let host;
    before(async () => {
        host = await serveHost(ON, { words: ['-c', 'config/streamhost.yaml'] });
    });
    after(() => host?.stop());
    const bytes = async (direction, form) => {
        const all = await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text();
        const line = all.split('\n').find((one) => one.startsWith('streamhost_compression_bytes_total{') && one.includes(`direction="${direction}"`) && one.includes(`form="${form}"`));
        return Number(line.split(' ').at(-1));
    };
    const entries = (from, count) => Array.from({ length: count }, (_, index) => ({ kind: 'part', number: from + index, words: 'an entry of a stream' }));
    const numbersOf = (frames) => frames.filter(({ type }) => type === 'chunk').map(({ data }) => data.number);
    const upTo = (count) => Array.from({ length: count }, (_, index) => index);

    it('are replayed compressed, and go on live as they are for all', async () => {
        const writer = await Wire.join(host, {}, { options: { perMessageDeflate: false } });
        const live = await Wire.join(host, {});
        await live.ask({ type: 'subscribe', stream: 'topic', from: 'start' });
        await host.lives(COUNTED_MS);
        const idle = await bytes('out', 'plain');
        for (let from = 0; from < ENTRIES; from += 200)
            assert.equal((await writer.ask({ type: 'append', stream: 'topic', entries: entries(from, 200) })).type, 'appended');
        assert.deepEqual(numbersOf(await live.framesOf('topic', ({ data }) => data?.number === ENTRIES - 1)), upTo(ENTRIES));
        await host.lives(COUNTED_MS);
        assert.equal(await bytes('out', 'plain'), idle, 'nothing live was compressed');

        for (const perMessageDeflate of [{}, { serverNoContextTakeover: true }, false]) {
            const late = await Wire.join(host, {}, { options: { perMessageDeflate } });
            late.patienceMs = 60_000; // ws has another thread inflate each message, and awaits it
            await late.ask({ type: 'subscribe', stream: 'topic', from: 'start' });
            assert.deepEqual(numbersOf(await late.framesOf('topic', ({ type }) => type === 'caught_up')), upTo(ENTRIES));
            late.close();
        }
        await host.until(async () => (await bytes('out', 'plain')) > 50_000);
        assert.ok((await bytes('out', 'compressed')) * 3 < (await bytes('out', 'plain')));
        for (const wire of [writer, live]) wire.close();
    });

    it('come as snapshots that are compressed, and clients may compress what they say', async () => {
        const before = await bytes('in', 'plain');
        const client = await Wire.join(host, {}, { options: { perMessageDeflate: { threshold: 0 } } });
        const long = { kind: 'text', delta: 'words that come again and again '.repeat(200) };
        assert.equal((await client.ask({ type: 'append', stream: 'notes', entries: [long, long] })).type, 'appended');
        await client.ask({ type: 'subscribe', stream: 'notes', from: 'snapshot' });
        const frames = await client.framesOf('notes', ({ type }) => type === 'caught_up');
        const snapshot = frames.find(({ type }) => type === 'snapshot');
        assert.equal(snapshot.data.map(({ delta }) => delta).join(''), long.delta.repeat(2));
        assert.ok((await bytes('in', 'plain')) > before + 10_000);
        assert.ok((await bytes('in', 'compressed')) * 10 < (await bytes('in', 'plain')));
        client.close();
    });
});
