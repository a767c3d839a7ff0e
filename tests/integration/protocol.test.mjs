// Protocol version 1 over WebSocket against the real host: every message, error, limit and close code of docs/protocol.md.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { newSession, wordsOf } from './support/talks.mjs';
import { Wire, fold, positionOf } from './support/wire.mjs';

const TEST_MS = 60_000;
const WORDS = wordsOf(40);

let host;
before(async () => {
    host = await serveHost(
        { 'plugins.chat.providers.echo.delay_ms': 5, 'plugins.gateway.hello_timeout_ms': 1_000 },
        { words: ['-c', 'config/streamhost.yaml'] },
    );
});
after(async () => {
    assert.equal((await host?.stop())?.code, 0, host?.log);
});

const wires = [];
after(() => wires.forEach((wire) => wire.cut()));
const open = async (how) => (wires.push(await Wire.open(host, how)), wires.at(-1));
const join = async (hello = { session: newSession() }, how) => (wires.push(await Wire.join(host, hello, how)), wires.at(-1));
/** The same as `error` of the code, with what else is expected. */
const isError = (frame, code, more = {}) => assert.deepEqual({ ...frame, message: undefined }, { ...frame, type: 'error', code, ...more, message: undefined });

describe('opening', { timeout: TEST_MS }, () => {
    it('welcomes with all that the contract names', async () => {
        const wire = await join({ session: 'trip-to-hue', client: { name: 'test', version: '1' } });
        const { id, node, server, limits, ...rest } = wire.welcome;
        assert.deepEqual(rest, { type: 'welcome', session: 'trip-to-hue', user: 'anonymous', affinity: 'trip-to-hue', heartbeat_ms: 25_000 });
        assert.equal(id, 1);
        assert.ok(node.length > 0);
        assert.equal(server.name, 'streamhost');
        assert.match(server.version, /^\d+\.\d+\.\d+/);
        assert.deepEqual(limits, { message_bytes: 1_048_576, streams: 100, entries: 256, entry_bytes: 262_144, sends_per_minute: 0 });
        assert.equal(wire.protocol, 'streamhost.v1.json');
        const [subscribed, caughtUp] = await wire.framesOf('trip-to-hue', (frame) => frame.type === 'caught_up');
        assert.deepEqual(subscribed, { type: 'subscribed', stream: 'trip-to-hue', first: 0, head: 0, state: 'pending', recovered: false, reason: 'unknown' });
        assert.deepEqual(caughtUp, { type: 'caught_up', stream: 'trip-to-hue', seq: 0 });
    });

    it('generates a session, and speaks without a subprotocol', async () => {
        const wire = await join({}, { protocols: [] });
        assert.match(wire.welcome.session, /^[A-Za-z0-9_-]{1,64}$/);
        assert.equal(wire.protocol, '');
    });

    it('serves pages of this host, and of no other', async () => {
        const own = await join({}, { options: { origin: `http://127.0.0.1:${host.port}` } });
        assert.equal(own.welcome.type, 'welcome');
        const foreign = await open({ options: { origin: 'http://evil.example' } });
        assert.equal((await foreign.ended()).code, 4403);
        // A page whose own name its name server leads to this machine.
        const rebound = await open({ options: { headers: { Origin: `http://evil.example:${host.port}`, Host: `evil.example:${host.port}` } } });
        assert.equal((await rebound.ended()).code, 4403);
    });

    it('closes who says no hello in time, also one that pings meanwhile', async () => {
        const silent = await open();
        const chatty = await open();
        chatty.say({ type: 'ping' });
        assert.equal((await silent.ended()).code, 4400);
        assert.equal((await chatty.ended()).code, 4400);
    });

    it('serves nothing but ping before hello', async () => {
        const wire = await open();
        isError(await wire.ask({ type: 'send', content: 'x' }), 'unauthenticated', { retryable: false });
        assert.deepEqual(await wire.ask({ type: 'ping', id: 'p', ts: 17.5 }), { type: 'pong', id: 'p', ts: 17.5 });
        const welcome = await wire.ask({ type: 'hello', session: newSession() });
        assert.equal(welcome.type, 'welcome');
        isError(await wire.ask({ type: 'hello', session: newSession() }), 'bad_request');
    });

    it('lets a client correct a bad hello', async () => {
        const wire = await open();
        isError(await wire.ask({ type: 'hello', session: 'a b' }), 'bad_request');
        isError(await wire.ask({ type: 'hello', resume: [{ stream: 'a', after: '1.zz' }] }), 'bad_request');
        isError(await wire.ask({ type: 'hello', resume: Array.from({ length: 101 }, () => ({ stream: 'a', after: '0' })) }), 'too_large');
        assert.equal((await wire.ask({ type: 'hello' })).type, 'welcome');
    });
});

describe('a conversation', { timeout: TEST_MS }, () => {
    it('answers, in order and to the end', async () => {
        const session = newSession();
        const wire = await join({ session });
        const accepted = await wire.ask({ type: 'send', content: WORDS, key: 'k1' });
        assert.equal(accepted.type, 'accepted');
        assert.equal(accepted.session, session);
        assert.equal(accepted.run, accepted.stream);
        assert.ok(accepted.run.startsWith(`${session}.`));
        const { text, end } = await wire.textOf(accepted.run);
        assert.equal(text, WORDS);
        assert.equal(end.outcome, 'complete');
        const place = (isSo) => wire.frames.findIndex(isSo);
        assert.ok(place((frame) => frame.type === 'accepted') < place((frame) => frame.stream === accepted.run && frame.type !== 'accepted'), 'accepted comes first');
        const own = await wire.framesOf(session, (frame) => frame.data?.kind === 'run' && frame.data.state === 'ended');
        assert.deepEqual(
            own.filter((frame) => frame.type === 'chunk').map((frame) => frame.data.kind + (frame.data.role ?? frame.data.state)),
            ['messageuser', 'runpending', 'runactive', 'messageassistant', 'runended'],
        );
    });

    it('a repeated send is the same send', async () => {
        const wire = await join();
        const first = await wire.ask({ type: 'send', content: 'once', key: 'k' });
        const again = await wire.ask({ type: 'send', content: 'once', key: 'k' });
        assert.deepEqual({ ...again, id: first.id }, { ...first, duplicate: true });
        isError(await wire.ask({ type: 'send', content: 'other', key: 'k' }), 'conflict', { retryable: false });
    });

    it('data of any shape comes back as it was', async () => {
        const wire = await join();
        const object = { list: [1, 2.5, null, true, 'ä\n"'], deep: { er: {} } };
        for (const data of [object, null, false, 0, [null]]) {
            const { run } = await wire.ask({ type: 'send', data });
            const chunks = (await wire.framesOf(run, (frame) => frame.type === 'end')).filter((frame) => frame.type === 'chunk');
            assert.deepEqual(chunks.map((frame) => frame.data), [data === object ? object : { kind: 'part', data }]);
            const said = await wire.frame((frame) => frame.data?.kind === 'message' && frame.data.run === run && frame.data.role === 'user');
            assert.deepEqual(said.data.data, data);
        }
    });

    it('a second device and a latecomer see the same', async () => {
        const session = newSession();
        const first = await join({ session });
        const second = await join({ session });
        const { run } = await first.ask({ type: 'send', content: WORDS });
        await first.frame((frame) => frame.type === 'chunk' && frame.stream === run && frame.seq === 10);
        const third = await join({ session });
        const texts = await Promise.all([first, second, third].map((wire) => wire.textOf(run)));
        for (const { text, end } of texts) {
            assert.equal(text, WORDS);
            assert.deepEqual(end, texts[0].end);
        }
        const fourth = await join({ session });
        assert.equal((await fourth.textOf(run)).text, WORDS);
    });

    it('goes on from the position that a client names, wherever it was cut', async () => {
        const session = newSession();
        const wire = await join({ session });
        const { run } = await wire.ask({ type: 'send', content: WORDS });
        const held = [];
        let current = wire;
        for (let cut = 0; cut < 12; ++cut) {
            const seen = held.length;
            await current.frame((frame) => frame.stream === run && (frame.seq ?? 0) > (held.at(-1)?.seq ?? 0) + 1, 'news');
            held.push(...current.frames.filter((frame) => frame.stream === run && ['chunk', 'snapshot', 'end'].includes(frame.type)));
            assert.ok(held.length > seen);
            current.cut();
            if (held.at(-1).type === 'end') break;
            current = await join({ session, resume: [{ stream: run, after: positionOf(held.at(-1)) }] });
            const subscribed = await current.frame((frame) => frame.type === 'subscribed' && frame.stream === run);
            assert.equal(subscribed.recovered, true);
        }
        if (held.at(-1).type !== 'end') held.push(...(await current.framesOf(run, (frame) => frame.type === 'end')));
        assert.ok(!held.some((frame) => frame.type === 'snapshot'), 'who names its position is replayed, not started anew');
        const { text, end } = fold(held);
        assert.equal(text, WORDS);
        assert.equal(end.outcome, 'complete');
    });

    it('cancel stores the end, once', async () => {
        const wire = await join();
        const { run } = await wire.ask({ type: 'send', content: 'word '.repeat(2_000) });
        await wire.frame((frame) => frame.type === 'chunk' && frame.stream === run);
        assert.equal((await wire.ask({ type: 'cancel', run, reason: 'user' })).type, 'ok');
        assert.equal((await wire.framesOf(run, (frame) => frame.type === 'end')).at(-1).outcome, 'cancelled');
        isError(await wire.ask({ type: 'cancel', run }), 'conflict');
        isError(await wire.ask({ type: 'cancel', run: `${wire.welcome.session}.nothing` }), 'not_found');
    });

    it('history is what was said, newest last, in pages', async () => {
        const wire = await join();
        for (const content of ['a', 'b', 'c']) {
            const { run } = await wire.ask({ type: 'send', content });
            await wire.frame((frame) => frame.data?.kind === 'run' && frame.data.run === run && frame.data.state === 'ended');
        }
        const all = await wire.ask({ type: 'history' });
        assert.deepEqual(all.messages.map((message) => message.role[0] + message.content), ['ua', 'aa', 'ub', 'ab', 'uc', 'ac']);
        assert.equal(all.next, undefined);
        assert.ok(all.messages.every((message) => message.run && Number.isInteger(message.ts) && !('kind' in message)));
        const page = await wire.ask({ type: 'history', limit: 4 });
        assert.deepEqual(page.messages, all.messages.slice(2));
        const rest = await wire.ask({ type: 'history', limit: 4, before: page.next });
        assert.deepEqual(rest.messages, all.messages.slice(0, 2));
        isError(await wire.ask({ type: 'history', before: 'nobody' }), 'not_found');
        assert.deepEqual((await (await join()).ask({ type: 'history' })).messages, []);
    });
});

describe('subscribing', { timeout: TEST_MS }, () => {
    const publish = (wire, stream, ...texts) => wire.ask({ type: 'append', stream, entries: texts.map((delta) => ({ kind: 'text', delta })) });

    it('each way of the table', async () => {
        const wire = await join();
        const stream = newSession();
        const writer = await join();
        await publish(writer, stream, 'a', 'b', 'c');
        const unknown = await wire.ask({ type: 'subscribe', stream: newSession() });
        assert.deepEqual([unknown.recovered, unknown.reason, unknown.head], [false, 'unknown', 0]);
        const snapshot = await wire.ask({ type: 'subscribe', stream });
        assert.deepEqual([snapshot.recovered, snapshot.reason, snapshot.head, snapshot.state], [false, 'new', 3, 'active']);
        const frames = await wire.framesOf(stream, (frame) => frame.type === 'caught_up');
        assert.deepEqual(frames.map((frame) => frame.type), ['subscribed', 'snapshot', 'caught_up']);
        assert.deepEqual(frames[1].data, [{ kind: 'text', delta: 'abc' }]);

        const starter = await join();
        assert.equal((await starter.ask({ type: 'subscribe', stream, from: 'start' })).reason, 'new');
        const all = await starter.framesOf(stream, (frame) => frame.type === 'caught_up');
        assert.equal(fold(all).text, 'abc');
        const tail = await join();
        assert.equal((await tail.ask({ type: 'subscribe', stream, from: 'tail' })).reason, 'new');
        const joiner = await join();
        const after = positionOf(all.find((frame) => frame.type === 'chunk' && frame.seq === 1) ?? frames[1]);
        assert.equal((await joiner.ask({ type: 'subscribe', stream, after })).recovered, true);
        await publish(writer, stream, 'd');
        for (const reader of [wire, starter, tail, joiner])
            assert.equal((await reader.frame((frame) => frame.type === 'chunk' && frame.stream === stream && frame.seq === 4)).data.delta, 'd');
        assert.ok(!tail.frames.some((frame) => frame.stream === stream && frame.type === 'chunk' && frame.seq < 4));
    });

    it('a position that is not true gives the truth anew', async () => {
        const stream = newSession();
        const wire = await join();
        await publish(wire, stream, 'a', 'b');
        const diverged = await wire.ask({ type: 'subscribe', stream, after: '1.00000000000000aa' });
        assert.deepEqual([diverged.recovered, diverged.reason], [false, 'diverged']);
        await wire.frame((frame) => frame.type === 'snapshot' && frame.stream === stream);
        const expired = await wire.ask({ type: 'subscribe', stream: newSession(), after: '7.00000000000000aa' });
        assert.deepEqual([expired.recovered, expired.reason], [false, 'expired']);
        const beyond = await wire.ask({ type: 'subscribe', stream, after: '9.00000000000000aa' });
        assert.deepEqual([beyond.recovered, beyond.reason], [false, 'diverged']);
    });

    it('unsubscribe stops the frames; the second one finds nothing', async () => {
        const stream = newSession();
        const wire = await join();
        await publish(wire, stream, 'a');
        await wire.ask({ type: 'subscribe', stream });
        assert.equal((await wire.ask({ type: 'unsubscribe', stream })).type, 'ok');
        await publish(wire, stream, 'b');
        isError(await wire.ask({ type: 'unsubscribe', stream }), 'not_found');
        assert.ok(!wire.frames.some((frame) => frame.type === 'chunk' && frame.stream === stream && frame.seq === 2));
    });

    it('a hundred streams beside the session, and no more', async () => {
        const wire = await join();
        const home = newSession();
        for (let index = 0; index < 100; ++index) assert.equal((await wire.ask({ type: 'subscribe', stream: `${home}.${index}` })).type, 'subscribed');
        isError(await wire.ask({ type: 'subscribe', stream: `${home}.more` }), 'too_large', { retryable: false });
        await wire.ask({ type: 'unsubscribe', stream: `${home}.5` });
        assert.equal((await wire.ask({ type: 'subscribe', stream: `${home}.more` })).type, 'subscribed');
    });

    it('follow: false follows no run by itself', async () => {
        const session = newSession();
        const wire = await join({ session, follow: false });
        const { run } = await wire.ask({ type: 'send', content: 'x' });
        await wire.frame((frame) => frame.data?.kind === 'run' && frame.data.state === 'ended');
        assert.ok(!wire.frames.some((frame) => frame.type === 'subscribed' && frame.stream === run));
        await wire.ask({ type: 'subscribe', stream: run });
        assert.equal((await wire.textOf(run)).text, 'x');
    });
});

describe('producers', { timeout: TEST_MS }, () => {
    it('one at a time, numbered, to an end', async () => {
        const stream = `${newSession()}.run`;
        const [one, two] = [await join(), await join()];
        await one.ask({ type: 'subscribe', stream });
        const claimed = await one.ask({ type: 'claim', stream, lease_ms: 30_000 });
        assert.deepEqual([claimed.type, claimed.seq, claimed.check], ['claimed', 0, '0000000000000000']);
        const { fence } = claimed;
        isError(await two.ask({ type: 'claim', stream, lease_ms: 1_000 }), 'held', { retryable: true });
        const entries = [{ kind: 'text', delta: 'a"\\ä' }, { kind: 'part', n: 1 }];
        const appended = await one.ask({ type: 'append', stream, fence, seq: 1, entries });
        assert.deepEqual([appended.type, appended.first, appended.last], ['appended', 1, 2]);
        const again = await one.ask({ type: 'append', stream, fence, seq: 1, entries });
        assert.deepEqual({ ...again, id: 0 }, { ...appended, id: 0 });
        isError(await one.ask({ type: 'append', stream, fence, seq: 1, entries: [{ kind: 'text', delta: 'other' }] }), 'conflict');
        isError(await one.ask({ type: 'append', stream, fence, seq: 9, entries }), 'sequence_gap', { expected: 3 });
        isError(await one.ask({ type: 'append', stream, fence: fence - 1, seq: 3, entries }), 'fenced');
        isError(await one.ask({ type: 'append', stream, fence: fence - 1, seq: 9, entries }), 'fenced');
        isError(await one.ask({ type: 'append', stream, entries }), 'conflict');
        assert.equal((await one.ask({ type: 'renew', stream, fence })).type, 'ok');
        const end = { outcome: 'error', error: { code: 'x', message: 'y' }, usage: { total_tokens: 3 } };
        assert.equal((await one.ask({ type: 'append', stream, fence, seq: 3, entries: [], end })).last, 3);
        isError(await one.ask({ type: 'append', stream, fence, seq: 4, entries }), 'ended');
        isError(await two.ask({ type: 'claim', stream, lease_ms: 1_000 }), 'ended');
        const frames = await one.framesOf(stream, (frame) => frame.type === 'end');
        assert.deepEqual(frames.filter((frame) => frame.type === 'chunk').map((frame) => frame.data), entries);
        assert.deepEqual({ ...frames.at(-1), check: '' }, { type: 'end', stream, seq: 3, check: '', ...end });
        assert.equal(frames.at(-2).check, appended.check);
    });

    it('a producer that falls silent gives the stream up after its lease', async () => {
        const stream = `${newSession()}.run`;
        const [one, two] = [await join(), await join()];
        const { fence } = await one.ask({ type: 'claim', stream, lease_ms: 1_000 });
        await one.ask({ type: 'append', stream, fence, seq: 1, entries: [{ kind: 'text', delta: 'a' }] });
        const held = await two.ask({ type: 'claim', stream, lease_ms: 1_000 });
        isError(held, 'held');
        assert.ok(held.retry_after_ms > 0 && held.retry_after_ms <= 1_000, `${held.retry_after_ms}`);
        await new Promise((resolve) => setTimeout(resolve, held.retry_after_ms + 20));
        const claimed = await two.ask({ type: 'claim', stream, lease_ms: 1_000 });
        assert.deepEqual([claimed.type, claimed.seq], ['claimed', 1]);
        isError(await one.ask({ type: 'append', stream, fence, seq: 2, entries: [{ kind: 'text', delta: 'b' }] }), 'fenced');
        assert.equal((await two.ask({ type: 'append', stream, fence: claimed.fence, seq: 2, entries: [{ kind: 'text', delta: 'c' }] })).last, 2);
    });

    it('a stream without a claim has no producer', async () => {
        const wire = await join();
        isError(await wire.ask({ type: 'append', stream: `${newSession()}.x`, fence: 1, seq: 1, entries: [{ kind: 'part' }] }), 'not_found');
    });

    it('shared streams are numbered by the store, and a key makes a repeat', async () => {
        const stream = newSession();
        const wire = await join();
        const entries = [{ kind: 'part', a: 1 }];
        const first = await wire.ask({ type: 'append', stream, entries, key: 'k' });
        assert.deepEqual([first.first, first.last], [1, 1]);
        const again = await wire.ask({ type: 'append', stream, entries, key: 'k' });
        assert.deepEqual([again.first, again.last, again.check], [1, 1, first.check]);
        assert.equal((await wire.ask({ type: 'append', stream, entries })).first, 2);
        isError(await wire.ask({ type: 'claim', stream, lease_ms: 1_000 }), 'conflict');
    });

    it('many appends in a row keep their order', async () => {
        const stream = `${newSession()}.run`;
        const wire = await join();
        await wire.ask({ type: 'subscribe', stream });
        const { fence } = await wire.ask({ type: 'claim', stream, lease_ms: 30_000 });
        for (let seq = 1; seq <= 500; ++seq) wire.say({ type: 'append', id: `a${seq}`, stream, fence, seq, entries: [{ kind: 'text', delta: `${seq} ` }] });
        wire.say({ type: 'append', id: 'end', stream, fence, seq: 501, entries: [], end: { outcome: 'complete' } });
        const { text, end } = await wire.textOf(stream);
        assert.equal(text, Array.from({ length: 500 }, (_, index) => `${index + 1} `).join(''));
        assert.equal(end.seq, 501);
        const answers = wire.frames.filter((frame) => frame.type === 'appended');
        assert.equal(answers.length, 501);
    });
});

describe('bad input', { timeout: TEST_MS }, () => {
    it('is told what is wrong, and the connection goes on', async () => {
        const wire = await join();
        await wire.frame((frame) => frame.type === 'caught_up');
        const cases = [
            ['nonsense', 'bad_request'],
            ['{"type":', 'bad_request'],
            ['[]', 'bad_request'],
            [`{"type":"send","id":1,"data":${'['.repeat(70)}${']'.repeat(70)}}`, 'bad_request'],
            [JSON.stringify({ type: 'dance', id: 'd' }), 'unknown_type'],
            [JSON.stringify({ type: 'send', id: 'e' }), 'bad_request'],
            [JSON.stringify({ type: 'append', id: 'f', stream: 's', entries: Array.from({ length: 257 }, () => ({ kind: 'part' })) }), 'too_large'],
            [JSON.stringify({ type: 'append', id: 'g', stream: 's', entries: [{ kind: 'text', delta: 'x'.repeat(262_144) }] }), 'too_large'],
            [JSON.stringify({ type: 'send', id: 'h', content: 'x'.repeat(300_000) }), 'too_large'],
            [JSON.stringify({ type: 'subscribe', id: 'i', stream: 'x'.repeat(129) }), 'bad_request'],
            [JSON.stringify({ type: 'append', id: 'k', stream: 's.r', fence: 1, seq: 2 ** 53, entries: [{ kind: 'part' }] }), 'bad_request'],
            [JSON.stringify({ type: 'send', id: 'j', content: 'x', options: { provider: 'nobody' } }), 'bad_request'],
        ];
        for (const [text, code] of cases) {
            const count = wire.frames.length;
            wire.say(text);
            await wire.frame((frame) => frame === wire.frames[count]);
            isError(wire.frames[count], code, { retryable: false });
        }
        assert.equal((await wire.ask({ type: 'ping' })).type, 'pong');
    });

    it('closes for what cannot be answered', async () => {
        const binary = await join();
        binary.say(Buffer.from([1, 2, 3]));
        assert.equal((await binary.ended()).code, 4400);
        const large = await join();
        large.say(`{"type":"ping","x":"${'x'.repeat(1 << 20)}"}`);
        assert.equal((await large.ended()).code, 4413);
    });

    it('the largest message that is allowed is read', async () => {
        const wire = await join();
        const rest = '{"type":"ping","id":"big","x":""}'.length;
        wire.say(`{"type":"ping","id":"big","x":"${'x'.repeat((1 << 20) - rest)}"}`);
        assert.equal((await wire.frame((frame) => frame.id === 'big')).type, 'pong');
    });
});
