// Messages through the real host, with the example `echo` behind it: what RFC 6455 asks of a server.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import WebSocket from 'ws';

import { serveHost } from './support/host_process.mjs';
import { RawClient, frame, opcodes } from './support/raw_client.mjs';

const MIB = 1 << 20;
const LIMIT = 16 * MIB;
const SIZES = [0, 1, 125, 126, 65_535, 65_536, MIB, LIMIT];

/** An open WebSocket of a client that is not ours. */
async function dial(host) {
    const socket = new WebSocket(`${host.url}/echo`, { perMessageDeflate: false, maxPayload: 2 * LIMIT });
    await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
    return socket;
}

const messageOf = (socket) =>
    new Promise((resolve, reject) => {
        socket.once('message', (data, isBinary) => resolve({ data, isBinary }));
        socket.once('close', (code, reason) => reject(new Error(`closed instead: ${code} ${reason}`)));
    });

const closeOf = (socket) => new Promise((resolve) => socket.once('close', (code, reason) => resolve({ code, reason: String(reason) })));

/** `size` bytes of valid UTF-8 with code points of one to four bytes, cut nowhere. */
function text(size) {
    const pattern = 'aé深🐟'; // 1 + 2 + 3 + 4 bytes
    const whole = pattern.repeat(Math.floor(size / 10));
    return Buffer.from(whole + 'x'.repeat(size - 10 * Math.floor(size / 10)));
}

function bytes(size) {
    const data = Buffer.alloc(size);
    for (let at = 0; at < size; ++at) data[at] = (at * 7 + (at >> 8)) & 0xff;
    return data;
}

for (const loops of [1, 2]) {
    describe(`echo with ${loops} event loop(s)`, () => {
        let host;
        before(async () => {
            host = await serveHost({ 'plugins.echo.enabled': true, 'runtime.loops': loops });
        });
        after(async () => {
            assert.deepEqual(await host?.stop(), { code: 0, signal: null });
        });

        for (const size of SIZES) {
            it(`returns ${size} bytes of text and of binary`, async () => {
                const socket = await dial(host);
                for (const [data, binary] of [[text(size), false], [bytes(size), true]]) {
                    const answer = messageOf(socket);
                    socket.send(data, { binary });
                    const got = await answer;
                    assert.equal(got.isBinary, binary);
                    assert.equal(got.data.length, size);
                    assert.ok(got.data.equals(data), 'the same bytes');
                }
                const closed = closeOf(socket);
                socket.close(1000, 'enough');
                assert.deepEqual(await closed, { code: 1000, reason: 'enough' });
            });
        }

        it('closes with 1009 one byte over the limit, and serves the others on', async () => {
            const [large, other] = [await dial(host), await dial(host)];
            large.on('error', () => {}); // the rest of what it sends may meet a closed socket
            const closed = closeOf(large);
            large.send(Buffer.alloc(LIMIT + 1));
            assert.equal((await closed).code, 1009);
            const answer = messageOf(other);
            other.send('still here');
            assert.equal(String((await answer).data), 'still here');
            other.close();
        });

        it('keeps the order of many messages sent at once', async () => {
            const socket = await dial(host);
            const got = [];
            const all = new Promise((resolve) => {
                socket.on('message', (data) => {
                    got.push(Number(data));
                    if (got.length === 1_000) resolve();
                });
            });
            for (let number = 0; number < 1_000; ++number) socket.send(String(number));
            await all;
            assert.deepEqual(got, Array.from({ length: 1_000 }, (_, number) => number));
            socket.close();
        });
    });
}

describe('frames', () => {
    let host;
    let client;
    before(async () => {
        host = await serveHost({ 'plugins.echo.enabled': true });
    });
    after(() => host?.stop());

    /** Sends bytes on a fresh WebSocket; the frames that answer come from `client`. */
    async function send(...parts) {
        client = await RawClient.upgraded(host.port, '/echo');
        client.send(Buffer.concat(parts));
    }
    const summary = ({ opcode, payload, last }) => ({ opcode, last, payload: String(payload) });

    it('answers pings between the fragments of a message, in order', async () => {
        await send(
            frame(opcodes.text, 'one ', { last: false }),
            frame(opcodes.ping, 'first'),
            frame(opcodes.continuation, 'two ', { last: false }),
            frame(opcodes.ping, ''),
            frame(opcodes.continuation, '', { last: false }),
            frame(opcodes.continuation, 'three'),
        );
        assert.deepEqual(summary(await client.frame()), { opcode: opcodes.pong, last: true, payload: 'first' });
        assert.deepEqual(summary(await client.frame()), { opcode: opcodes.pong, last: true, payload: '' });
        assert.deepEqual(summary(await client.frame()), { opcode: opcodes.text, last: true, payload: 'one two three' });
        client.close();
    });

    it('takes a message that arrives one byte at a time, a code point cut over two fragments', async () => {
        await send();
        const fish = Buffer.from('🐟');
        const whole = Buffer.concat([
            frame(opcodes.text, fish.subarray(0, 2), { last: false }),
            frame(opcodes.continuation, fish.subarray(2)),
        ]);
        for (const byte of whole) client.send(Buffer.from([byte]));
        assert.deepEqual(summary(await client.frame()), { opcode: opcodes.text, last: true, payload: '🐟' });
        client.close();
    });

    it('answers a close with the same code and ends the transport', async () => {
        await send(frame(opcodes.close, Buffer.from([0x0f, 0xa0, ...Buffer.from('bye')])));
        const answer = await client.frame();
        assert.equal(answer.opcode, opcodes.close);
        assert.equal(answer.code, 4000);
        assert.equal((await client.rest()).length, 0);
    });

    const invalid = Buffer.from([0x61, 0xff, 0x62]);
    for (const [what, code, ...parts] of [
        ['text that is not UTF-8', 1007, frame(opcodes.text, invalid)],
        ['a surrogate', 1007, frame(opcodes.text, Buffer.from([0xed, 0xa0, 0x80]))],
        ['text that ends within a code point', 1007, frame(opcodes.text, Buffer.from([0xf0, 0x9f]))],
        ['a frame without a mask', 1002, frame(opcodes.text, 'clear', { masked: false })],
        ['an unknown opcode', 1002, frame(3, 'x')],
        ['a continuation of nothing', 1002, frame(opcodes.continuation, 'x')],
        ['a message inside a message', 1002, frame(opcodes.text, 'a', { last: false }), frame(opcodes.text, 'b')],
        ['a cut ping', 1002, frame(opcodes.ping, 'x', { last: false })],
        ['a ping of 126 bytes', 1002, frame(opcodes.ping, 'x'.repeat(126))],
        ['a close code that may not be sent', 1002, frame(opcodes.close, Buffer.from([0x03, 0xed]))],
        ['a reserved bit', 1002, Buffer.from([0xc1, 0x80, 0, 0, 0, 0])],
        ['a length of more than 63 bits', 1002, Buffer.from([0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])],
        ['a declared length over the limit', 1009, Buffer.from([0x82, 0xff, 0, 0, 0, 0, 1, 0, 0, 1, 0, 0, 0, 0])],
    ]) {
        it(`closes with ${code} on ${what}`, async () => {
            await send(...parts);
            const answer = await client.frame();
            assert.equal(answer.opcode, opcodes.close);
            assert.equal(answer.code, code);
            assert.notEqual(answer.reason, '', 'the reason is told');
            assert.equal((await client.rest()).length, 0, 'nothing follows the close');
        });
    }
});

describe('clients that are no longer there, or do not listen', () => {
    const span = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    let host;
    before(async () => {
        host = await serveHost({ 'plugins.echo.enabled': true, 'limits.heartbeat_ms': 1_000, 'limits.slow_reader_ms': 1_000 });
    });
    after(async () => {
        assert.deepEqual(await host?.stop(), { code: 0, signal: null });
    });

    it('are closed with 4001 after two pings without an answer', async () => {
        const client = await RawClient.upgraded(host.port, '/echo');
        assert.equal((await client.frame()).opcode, opcodes.ping);
        assert.equal((await client.frame()).opcode, opcodes.ping);
        assert.equal((await client.frame()).code, 4001);
        client.close();
    });

    it('stay when they answer, or say anything else', async () => {
        const client = await RawClient.upgraded(host.port, '/echo');
        for (let count = 0; count < 4; ++count) {
            assert.equal((await client.frame()).opcode, opcodes.ping);
            client.send(count % 2 === 0 ? frame(opcodes.pong) : frame(opcodes.ping, 'and you?'));
            if (count % 2 === 1) assert.equal((await client.frame()).opcode, opcodes.pong);
        }
        client.close();
    });

    it('stay while a message comes in parts, slower than they are asked for life', async () => {
        const client = await RawClient.upgraded(host.port, '/echo');
        const message = frame(opcodes.binary, Buffer.alloc(8, 'x'));
        for (let at = 0; at < message.length; at += 4) {
            assert.equal((await client.frame()).opcode, opcodes.ping); // in the middle of a frame nobody can answer it
            client.send(message.subarray(at, at + 4));
        }
        let echo = await client.frame();
        while (echo.opcode === opcodes.ping) echo = await client.frame();
        assert.deepEqual([echo.opcode, echo.payload], [opcodes.binary, Buffer.alloc(8, 'x')]);
        client.close();
    });

    it('are closed with 4002 when they read nothing for too long', async () => {
        const client = await RawClient.upgraded(host.port, '/echo');
        client.pause();
        const message = frame(opcodes.binary, Buffer.alloc(MIB));
        for (let count = 0; count < 64; ++count) client.send(message);
        await span(3_000); // longer than slow_reader_ms, shorter than the time to answer a close
        client.resume();
        let last;
        for (let count = 0; count <= 64 && last?.opcode !== opcodes.close; ++count) last = await client.frame();
        assert.equal(last.code, 4002);
        client.close();
    });
});
