// What a host on the open net has to live through. Each attack says how many tries it made, and what became of those that did not go as
// they have to; who attacks reads what it is told, so that a host that says nothing is seen, too.
import { RawClient, frame, opcodes, upgradeHead } from './raw_client.mjs';
import { span } from './well_behaved.mjs';

const ATTACK_MS = 2_000;
const DRIP_MS = 100;
const PATH = '/v1/ws';
const MIB = 1 << 20;
const DEAF_MS = 3_500; // more than limits.slow_reader_ms of the host, and less than its close waits for an answer
/** What the host needs to have: more than the kernel keeps for a client that does not read. */
export const HEAVY_STREAMS = ['heavy.1', 'heavy.2', 'heavy.3'];

/** What became of each try. */
class Outcome {
    tries = 0;
    unexpected = {};

    add(what, expected, name = '') {
        this.tries += 1;
        if ([expected].flat().includes(what)) return;
        const told = `${name}: ${what} instead of ${expected}`;
        this.unexpected[told] = (this.unexpected[told] ?? 0) + 1;
    }
}

/** As many at the same time, each anew while there is `more(turn)`. `one(turn, outcome)` is a try. */
async function inLanes(lanes, more, one) {
    const outcome = new Outcome();
    let turn = 0;
    const lane = async () => {
        while (more(turn)) await one(turn++, outcome);
    };
    await Promise.all(Array.from({ length: lanes }, lane));
    return outcome;
}

/** Until the time is over, and at least `least` of them. */
function again(lanes, one, least = lanes) {
    const end = performance.now() + ATTACK_MS;
    return inLanes(lanes, (turn) => turn < least || performance.now() < end, one);
}

/** `count` of them. */
const times = (count, lanes, one) => inLanes(lanes, (turn) => turn < count, one);

/** All shapes in turn: [name, what has to become of it, ...what `one` takes]. */
const shapes = (lanes, list, one) =>
    again(lanes, async (turn, outcome) => {
        const [name, expected, ...shape] = list[turn % list.length];
        outcome.add(await one(...shape), expected, name);
    }, list.length);

/** The status of the one answer, or that there was something after it. */
async function answerTo(port, bytes) {
    const client = await RawClient.open(port);
    client.send(bytes);
    const { status } = await client.response();
    const isAll = (await client.rest()).length === 0;
    client.close();
    return isAll ? status : `${status} and more`;
}

/** The code with which the host closes. */
async function closeOf(client) {
    let last;
    do last = await client.frame();
    while (last.opcode !== opcodes.close);
    client.close();
    return last.code;
}

async function closeAfter(port, ...parts) {
    const client = await RawClient.upgraded(port, PATH);
    client.send(Buffer.concat(parts));
    return closeOf(client);
}

/** `part` again and again until the time is over (with `isEndless`, until the host ends it): the code of its close, or 'stays'. */
async function pour(client, part, isEndless = false) {
    const end = performance.now() + ATTACK_MS;
    while (await client.taken(part)) {
        if (isEndless || performance.now() < end) continue;
        client.close();
        return 'stays';
    }
    return closeOf(client);
}

const said = (message) => frame(opcodes.text, JSON.stringify(message));
const hello = said({ type: 'hello', id: 'hello' });

const post = (fields, body = '') => `POST ${PATH} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n${body}`;
const hidden = 'GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n';
const chunks = `0\r\n\r\n${hidden}`;
const smuggled = [
    ['length and coding', 400, post('Content-Length: 5\r\nTransfer-Encoding: chunked\r\n', chunks)],
    ['coding and length', 400, post('Transfer-Encoding: chunked\r\nContent-Length: 5\r\n', chunks)],
    ['two lengths', 400, post(`Content-Length: 0\r\nContent-Length: ${hidden.length}\r\n`, hidden)],
    ['a list of lengths', 400, post(`Content-Length: 0, ${hidden.length}\r\n`, hidden)],
    ['a signed length', 400, post('Content-Length: +0\r\n', hidden)],
    ['a length in hexadecimal', 400, post('Content-Length: 0x0\r\n', hidden)],
    ['two codings', 400, post('Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n', chunks)],
    ['a coding in disguise', 400, post('Transfer-Encoding: \vchunked\r\n', chunks)],
    ['a blank before the colon', 400, post('Transfer-Encoding : chunked\r\n', chunks)],
    ['a folded field', 400, post('Transfer-Encoding:\r\n chunked\r\n', chunks)],
    ['a bare line feed', 400, post('A: b\nTransfer-Encoding: chunked\r\n', chunks)],
    ['a bare carriage return', 400, post('A: b\rTransfer-Encoding: chunked\r\n', chunks)],
    ['the body of an upgrade', 400, upgradeHead(PATH, { 'Content-Length': String(hidden.length) }) + hidden],
];

const floods = [
    ['many fields', 431, `GET ${PATH} HTTP/1.1\r\nHost: localhost\r\n${'a: b\r\n'.repeat(2_000)}\r\n`],
    ['large fields', 431, `GET ${PATH} HTTP/1.1\r\nHost: localhost\r\n${`X-Flood: ${'x'.repeat(1_000)}\r\n`.repeat(60)}\r\n`],
    ['a field without end', 431, `GET ${PATH} HTTP/1.1\r\nX-Flood: ${'x'.repeat(64 << 10)}`],
    ['a path without end', 414, `GET /${'x'.repeat(64 << 10)}`],
];

const lines = [
    ['HTTP/0.9', 400, `GET ${PATH}\r\n\r\n`],
    ['HTTP/1.0', 426, upgradeHead(PATH, {}, `GET ${PATH} HTTP/1.0`)],
    ['HTTP/1.2', 505, upgradeHead(PATH, {}, `GET ${PATH} HTTP/1.2`)],
    ['HTTP/2.0', 505, upgradeHead(PATH, {}, `GET ${PATH} HTTP/2.0`)],
    ['the preface of HTTP/2', 505, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['no version', 400, upgradeHead(PATH, {}, `GET ${PATH} HTTP/`)],
    ['a version in small letters', 400, upgradeHead(PATH, {}, `GET ${PATH} http/1.1`)],
    ['TLS', 400, Buffer.from([0x16, 0x03, 0x01, 0x00, 0xc8, 0x01])],
];

const open = { last: false };
const broken = [
    ['a byte that begins nothing', 1007, frame(opcodes.text, 'good ', open), frame(opcodes.continuation, Buffer.from([0xff]), open)],
    ['a code point that does not go on', 1007, frame(opcodes.text, Buffer.from([0xf0, 0x9f]), open), frame(opcodes.continuation, 'x', open)],
    ['one that the end cuts', 1007, frame(opcodes.text, 'good ', open), frame(opcodes.continuation, Buffer.from([0xe6, 0xb7]))],
    ['a surrogate over two fragments', 1007, frame(opcodes.text, Buffer.from([0xed]), open), frame(opcodes.continuation, Buffer.from([0xa0, 0x80]))],
    ['more bytes than it takes', 1007, frame(opcodes.text, Buffer.from([0xc0]), open), frame(opcodes.continuation, Buffer.from([0x80]))],
];

const announced = (first, length) => {
    const head = Buffer.alloc(14);
    head.set([first, 0xff]);
    head.writeBigUInt64BE(length, 2);
    return head;
};
const lengths = [
    ['2^63', 1002, announced(0x81, 1n << 63n)],
    ['2^64 - 1', 1002, announced(0x81, (1n << 64n) - 1n)],
    ['2^63 - 1', 4413, announced(0x81, (1n << 63n) - 1n)],
    ['2^32', 4413, announced(0x81, 1n << 32n)],
    ['2^63 - 1 in a fragment', 4413, frame(opcodes.text, 'a', open), announced(0x80, (1n << 63n) - 1n)],
];

const tooLarge = [
    ['in a frame', 4413, frame(opcodes.text, 'x'.repeat(MIB + 1))],
    ['in fragments', 4413, frame(opcodes.text, 'x'.repeat(MIB), open), frame(opcodes.continuation, 'x', open)],
];

const many = (part) => Buffer.concat(Array(500).fill(part));
const ping = many(frame(opcodes.ping, 'x'.repeat(100)));
// Empty ones cost their sender more than the host. Fragments of a message that is not whole are no sign of life: 4001 where their sender
// has so little of the machine that they take it three heartbeats, 4413 where it sends more of them than a message may be long.
const endless = [
    ['large fragments', [4413, 4001], frame(opcodes.continuation, 'x'.repeat(60_000), open), true],
    ['small fragments', ['stays', 4413, 4001], many(frame(opcodes.continuation, 'x', open))],
    ['empty fragments', ['stays', 4001], many(frame(opcodes.continuation, '', open))],
];

export const attacks = {
    'slow upgrades': (port) =>
        times(300, 300, async (_, outcome) => {
            const client = await RawClient.open(port);
            const head = upgradeHead(PATH, { 'X-Slow': 'x'.repeat(1_000) });
            let at = 0;
            const drip = setInterval(() => client.send(head[at++]), DRIP_MS);
            const { status } = await client.response().finally(() => clearInterval(drip));
            client.close();
            outcome.add(status, 408);
        }),

    'requests that end in the middle': (port) =>
        again(50, async (_, outcome) => {
            const client = await RawClient.open(port);
            client.send(upgradeHead(PATH).slice(0, 60));
            client.finish();
            outcome.add((await client.rest()).length, 0);
        }),

    // They take what comes, as the kernel of one that hangs would, and answer no ping.
    'WebSockets whose client is gone': (port) => times(300, 300, async (_, outcome) => outcome.add(await closeAfter(port), 4001)),
    'floods of headers': (port) => shapes(20, floods, (bytes) => answerTo(port, bytes)),
    'smuggled requests': (port) => shapes(20, smuggled, (bytes) => answerTo(port, bytes)),
    'other versions of HTTP': (port) => shapes(20, lines, (bytes) => answerTo(port, bytes)),
    'fragments that are not UTF-8': (port) => shapes(20, broken, (...parts) => closeAfter(port, ...parts)),
    'messages that are too large': (port) => shapes(8, tooLarge, (...parts) => closeAfter(port, ...parts)),
    'announced lengths': (port) => shapes(20, lengths, (...parts) => closeAfter(port, ...parts)),

    'messages without end': (port) =>
        shapes(9, endless, async (part, isEndless) => {
            const client = await RawClient.upgraded(port, PATH);
            client.send(Buffer.concat([hello, frame(opcodes.text, 'x', open)]));
            return pour(client, part, isEndless);
        }),

    'floods of pings': (port) =>
        again(8, async (turn, outcome) => {
            const client = await RawClient.upgraded(port, PATH);
            client.send(hello);
            if (turn % 2 === 0) client.pause(); // nobody takes the pongs
            outcome.add(await pour(client, ping), 'stays');
        }),

    'readers that never read': (port) =>
        times(30, 30, async (_, outcome) => {
            const client = await RawClient.upgraded(port, PATH);
            client.pause();
            client.send(Buffer.concat([hello, ...HEAVY_STREAMS.map((stream) => said({ type: 'subscribe', id: stream, stream, from: 'start' }))]));
            await span(DEAF_MS);
            client.resume();
            outcome.add(await closeOf(client).catch(() => 'cut'), [4002, 'cut']); // cut: it woke up too late to be told
        }),

    'resets in the middle of a frame': (port) =>
        again(20, async (turn, outcome) => {
            const client = await RawClient.upgraded(port, PATH);
            if (turn % 2 === 0) client.send(hello);
            await client.taken(frame(opcodes.text, 'x'.repeat(1_000)).subarray(0, 1 + (turn % 1_000)));
            client.reset();
            outcome.add('reset', 'reset');
        }),

    '5,000 silent sockets': (port) =>
        times(5_000, 5_000, async (_, outcome) => {
            const client = await RawClient.open(port);
            outcome.add((await client.response()).status, 408);
            client.close();
        }),

    '10,000 connections that end at once': (port) =>
        times(10_000, 50, async (turn, outcome) => {
            const client = await RawClient.open(port);
            if (turn % 2 === 0) client.send(upgradeHead(PATH));
            client.close();
            outcome.add('closed', 'closed');
        }),
};
