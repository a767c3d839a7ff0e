import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect, MemoryStorage, StreamhostError } from '../src/index.js';
import { FakeClock, settle } from './support/clock.mjs';
import { seeded } from './support/random.mjs';
import { SimServer } from './support/sim_server.mjs';

/** A server without faults that answers each message with its words, and a client to it. */
function world({ words = true, ...options } = {}) {
    const clock = new FakeClock();
    const random = seeded(1);
    const server = new SimServer({ clock, random });
    const storage = new MemoryStorage();
    if (words) server.onRun = (run, { content }) => speak(server, run, content.split(/(?<= )/));
    const open = (more = {}) =>
        connect('ws://sim', { session: 'talk', clock, random, storage, WebSocket: server.socketClass(), ...options, ...more });
    return { clock, server, storage, open };
}

function speak(server, run, words) {
    const [word, ...rest] = words;
    server.clock.setTimeout(() => {
        if (word === undefined) return server.end(run, 'complete');
        server.append(run, { kind: 'text', delta: word });
        speak(server, run, rest);
    }, 100);
}

test('send, iterate, end', async () => {
    const { clock, open } = world();
    const client = open();
    const sent = client.send('the sea is wide');
    await clock.advance(200);
    const run = await sent;
    const events = [];
    const reading = (async () => {
        for await (const event of run) events.push(event);
    })();
    await clock.advance(2000);
    await reading;
    assert.deepEqual(events.map((event) => event.delta ?? event.outcome), ['the ', 'sea ', 'is ', 'wide', 'complete']);
    assert.deepEqual([run.text, run.state, (await run.finished()).outcome], ['the sea is wide', 'ended', 'complete']);
    assert.equal(await run.cancel(), false);
    client.close();
    assert.equal(clock.pending, 0);
});

test('cancel is a message and the end says so', async () => {
    const { clock, open } = world();
    const client = open();
    const sent = client.send('one two three four five six');
    await clock.advance(300);
    const run = await sent;
    const cancelled = run.cancel('enough');
    await clock.advance(200);
    assert.equal(await cancelled, true);
    assert.equal((await run.finished()).outcome, 'cancelled');
    client.close();
});

test('a reload goes on in mid-answer from its position, and nothing is fetched twice', async () => {
    const { clock, server, open } = world();
    const first = open();
    first.send('a long answer of many words').catch(() => {});
    await clock.advance(450);
    const [{ id, text }] = first.runs;
    assert.equal(text, 'a long answer ');
    first.close();
    server.received.length = 0;
    const second = open();
    assert.equal(second.runs[0].text, text, 'what was there is shown before the connection is');
    await clock.advance(2000);
    assert.equal(second.runs[0].text, 'a long answer of many words');
    const { resume } = server.received.find((frame) => frame.type === 'hello');
    assert.match(resume.find(({ stream }) => stream === id).after, /^3\.[0-9a-f]{16}$/);
    second.close();
    assert.equal(second.runs[0].state, 'ended');
});

test('two reloads without a connection in between keep the position', async () => {
    const { clock, server, open } = world();
    const first = open();
    first.send('a long answer of many words').catch(() => {});
    await clock.advance(450);
    first.close();
    server.faults = { refuse: 1 };
    for (let i = 0; i < 2; i += 1) {
        const offline = open();
        await clock.advance(700);
        offline.close();
    }
    server.faults = {};
    server.received.length = 0;
    const client = open();
    await clock.advance(5000);
    const { resume } = server.received.find((frame) => frame.type === 'hello');
    assert.match(resume[0].after, /^[1-9]\d*\.[0-9a-f]{16}$/);
    assert.equal(client.runs[0].text, 'a long answer of many words');
    client.close();
});

test('an answer with a gap is not what a reload goes on from', async () => {
    const { clock, server, storage, open } = world({ words: false });
    server.onRun = (run) => {
        for (const delta of ['a ', 'b ', 'c ']) server.append(run, { kind: 'text', delta });
        server.stream(run).base = 2;
    };
    const client = open();
    const sent = client.send('x');
    await clock.advance(200);
    const { id } = await sent;
    for (const connection of server.connections) connection.subscribe(undefined, id, { from: 'start' });
    for (const connection of server.connections) connection.write({ type: 'gap', stream: id, from: 4, to: 5, check: '5'.repeat(16) });
    await clock.advance(2000);
    client.close();
    assert.equal(client.runs[0].incomplete, true);
    assert.equal(storage.getItem('streamhost:talk:runs'), null);
});

test('a message that was not answered before the reload goes out after it, once', async () => {
    const { clock, server, storage, open } = world();
    server.faults = { refuse: 1 };
    const first = open();
    const sent = first.send('hello');
    await clock.advance(5000);
    first.close();
    await assert.rejects(sent, { code: 'closed' });
    assert.match(storage.getItem('streamhost:talk:sends'), /hello/);
    server.faults = {};
    const second = open();
    assert.deepEqual(second.unfinished.map(({ content }) => content), ['hello']);
    await clock.advance(5000);
    assert.equal(server.sendsByKey.size, 1);
    assert.equal(second.unfinished.length, 0);
    assert.equal(storage.getItem('streamhost:talk:sends'), null);
    assert.equal(second.runs[0].text, 'hello');
    second.close();
});

test('a message older than the server keeps keys is not repeated', async () => {
    const { clock, server, storage, open } = world();
    const old = { key: 'k', body: { content: 'yesterday' }, at: Date.now() - 21 * 3600 * 1000 };
    storage.setItem('streamhost:talk:sends', JSON.stringify([old]));
    const client = open();
    await clock.advance(1000);
    assert.equal(server.sendsByKey.size, 0);
    client.close();
});

test('a second client of the session sees the same, also what it came late for', async () => {
    const { clock, open } = world();
    const one = open();
    one.send('both see the same text').catch(() => {});
    await clock.advance(350);
    const two = open({ storage: new MemoryStorage() });
    await clock.advance(3000);
    assert.deepEqual(two.runs.map(({ text, state }) => ({ text, state })), one.runs.map(({ text, state }) => ({ text, state })));
    assert.equal(two.runs[0].text, 'both see the same text');
    one.close();
    two.close();
});

test('a token function is asked before every connection', async () => {
    const { clock, server, open } = world();
    let asked = 0;
    const client = open({ token: async () => `t${++asked}` });
    await clock.advance(200);
    for (const connection of server.connections) connection.socket.cut(4004);
    await clock.advance(2000);
    const tokens = server.received.filter(({ type }) => type === 'hello').map(({ token }) => token);
    assert.deepEqual(tokens, ['t1', 't2']);
    client.close();
});

test('an abandoned send rejects and is forgotten', async () => {
    const { clock, storage, server, open } = world();
    server.faults = { refuse: 1 };
    const client = open();
    const stop = new AbortController();
    const sent = client.send('never mind', { signal: stop.signal });
    await clock.advance(1000);
    stop.abort();
    await assert.rejects(sent, { code: 'aborted' });
    assert.equal(storage.getItem('streamhost:talk:sends'), null);
    client.close();
});

for (const order of ['the session speaks first', 'the stream is missed first']) {
    test(`a run whose stream is gone ends as the session says, marked incomplete: ${order}`, async () => {
        const { clock, server, open } = world({ words: false });
        const ended = () => server.append('talk', { kind: 'run', run: 'talk.old', state: 'ended', outcome: 'complete' });
        const missing = { type: 'subscribed', stream: 'talk.old', first: 1, head: 0, state: 'ended', recovered: false, reason: 'unknown' };
        const miss = () => server.connections.forEach((connection) => connection.write(missing));
        const client = open();
        await clock.advance(200);
        for (const step of order.startsWith('the session') ? [ended, miss] : [miss, ended]) {
            step();
            await clock.advance(200);
        }
        const [run] = client.runs;
        assert.deepEqual([run.state, run.end.outcome, run.incomplete], ['ended', 'complete', true]);
        for (const connection of server.connections) connection.socket.cut(1006);
        await clock.advance(2000);
        const { resume } = server.received.findLast((frame) => frame.type === 'hello');
        assert.ok(!resume.some(({ stream }) => stream === 'talk.old'), 'it is not asked for again and again');
        client.close();
    });
}

test('an answer that vanishes from the server fails with what it has', async () => {
    const { clock, server, open } = world({ words: false });
    const client = open();
    const sent = client.send('hello');
    await clock.advance(200);
    const run = await sent;
    server.append(run.id, { kind: 'text', delta: 'half of ' });
    await clock.advance(200);
    assert.deepEqual([run.text, run.state], ['half of ', 'active']);
    const gone = { stream: run.id, seq: 0 };
    for (const connection of server.connections) {
        connection.write({ type: 'subscribed', ...gone, first: 0, head: 0, state: 'pending', recovered: false, reason: 'expired' });
        connection.write({ type: 'snapshot', ...gone, check: '0'.repeat(16), data: [] });
        connection.write({ type: 'caught_up', ...gone });
    }
    await clock.advance(200);
    assert.deepEqual([run.text, run.state, run.failure?.code], ['half of ', 'failed', 'expired']);
    await assert.rejects(run.finished(), { code: 'expired' });
    client.close();
});

test('an answer over the limit fails and is no longer followed', async () => {
    const { clock, server, open } = world({ maxRunChars: 10 });
    const client = open();
    client.send('more than ten characters').catch(() => {});
    await clock.advance(2000);
    assert.equal(client.runs[0].failure.code, 'too_large');
    assert.ok(server.received.some(({ type }) => type === 'unsubscribe'));
    client.close();
});

test('a listener that throws does not stop the stream', async () => {
    const { clock, open } = world();
    const client = open();
    const uncaught = [];
    const previous = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.on('uncaughtException', (error) => uncaught.push(error.message));
    const off = client.on('session', () => {
        throw new Error('mine');
    });
    client.send('goes on').catch(() => {});
    await clock.advance(1000);
    await new Promise(setImmediate);
    off();
    process.removeAllListeners('uncaughtException');
    for (const listener of previous) process.on('uncaughtException', listener);
    assert.equal(client.runs[0].text, 'goes on');
    assert.ok(uncaught.length > 0 && uncaught.every((message) => message === 'mine'));
    client.close();
});

test('a store that refuses costs the reload, not the chat', async () => {
    const broken = { getItem: () => '{', setItem: () => { throw new Error('quota'); }, removeItem: () => {} };
    const { clock, open } = world();
    const client = open({ storage: broken });
    const errors = [];
    client.on('error', (error) => errors.push(error));
    client.send('still works').catch(() => {});
    await clock.advance(2500);
    assert.equal(client.runs[0].text, 'still works');
    assert.ok(errors.length > 0 && errors.every((error) => error instanceof StreamhostError && error.code === 'storage'));
    client.close();
});

test('closing ends what is being read', async () => {
    const { clock, open } = world();
    const client = open();
    const sent = client.send('one two three');
    await clock.advance(300);
    const reading = (async () => {
        for await (const event of await sent) void event;
    })();
    client.close();
    await settle();
    await assert.rejects(reading, { code: 'closed' });
});

test('subscribe and unsubscribe of a plain stream', async () => {
    const { clock, server, open } = world();
    server.append('news', 'old');
    const client = open();
    const news = client.subscribe('news', { from: 'tail' });
    const got = [];
    const reading = (async () => {
        for await (const event of news) got.push(event.data ?? event.outcome);
    })();
    await clock.advance(200);
    server.append('news', 'fresh');
    await clock.advance(200);
    news.unsubscribe();
    await clock.advance(200);
    server.append('news', 'late');
    await clock.advance(200);
    await reading;
    assert.deepEqual(got, ['fresh', 'unsubscribed']);
    client.close();
});
