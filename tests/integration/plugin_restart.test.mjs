// Each plugin restarted under a running answer: the answer ends, each entry came once, and nobody waits for a frame that never comes.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { Returning } from './support/returning.mjs';
import { wordsOf } from './support/talks.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 60_000;
const WORDS = wordsOf(40);
const SHIPPED = ['streamcache', 'pubsub', 'recovery', 'session', 'health', 'gateway', 'chat', 'console'];
/** Readers are closed with 1013 and come back with their positions; with the others they notice nothing. */
const CLOSES = new Set(['recovery', 'gateway']);

let ids = 0;
const newId = () => `again-${++ids}`;

describe('restarted under a stream', { timeout: TEST_MS }, () => {
    let host;
    before(async () => {
        host = await serveHost({}, { words: ['-c', 'config/streamhost.yaml'] });
    });
    after(async () => assert.equal((await host.stop()).code, 0, host.log));

    const order = (name, body) => host.admin(`/admin/v1/plugins/${name}`, body);
    /** Refused while the instance of an earlier restart goes. */
    const restart = async (name) => {
        let answer;
        await host.until(async () => (answer = await order(name, { restart: true })).status !== 409);
        assert.equal(answer.status, 202, JSON.stringify(answer.body));
    };
    const metric = async (name) => {
        const text = await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text();
        return Number(text.match(new RegExp(`^streamhost_${name} (\\S+)$`, 'm'))[1]);
    };

    for (const name of SHIPPED) {
        it(name, async () => {
            const client = new Returning(host, newId());
            await client.connect();
            const { run } = await client.wire.ask({ type: 'send', content: WORDS });
            await client.wire.frame((frame) => frame.stream === run && (frame.seq ?? 0) >= 3);
            await restart(name);

            const { text, end, last } = await client.textOf(run);
            if (name === 'streamcache') {
                // What a producer had open there is given up: an answer that ends is better than one that waits.
                assert.deepEqual([end.outcome, end.error.code, WORDS.startsWith(text)], ['error', 'unavailable', true]);
            } else {
                assert.deepEqual([text, end.outcome], [WORDS, 'complete']);
            }
            const frames = client.frames(run);
            // A replay joins adjacent text into one frame.
            const entries = frames.flatMap(({ from, seq }) => Array.from({ length: seq - (from ?? seq) + 1 }, (_, index) => (from ?? seq) + index));
            assert.deepEqual(entries, Array.from({ length: last }, (_, index) => index + 1), 'each entry once');
            assert.ok(frames.every(({ type }) => type !== 'snapshot'));
            assert.deepEqual(client.closes, CLOSES.has(name) ? [1013] : []);

            const again = await client.wire.ask({ type: 'send', content: 'and again' });
            assert.equal((await client.textOf(again.run)).text, 'and again');
            client.wire.close();
        });
    }

    it('a reader of a stream that rests is fed again, live', async () => {
        const wire = await Wire.join(host, { session: newId() });
        const stream = newId();
        const append = async (delta) => {
            assert.equal((await wire.ask({ type: 'append', stream, entries: [{ kind: 'text', delta }] })).type, 'appended');
            await wire.frame((frame) => frame.type === 'chunk' && frame.stream === stream && frame.data.delta === delta);
        };
        assert.equal((await wire.ask({ type: 'subscribe', stream })).type, 'subscribed');
        await append('a');
        await restart('pubsub');
        await append('b');
        const read = await metric('recovered_entries_total');
        for (const delta of ['c', 'd', 'e', 'f']) await append(delta);
        assert.equal(await metric('recovered_entries_total'), read, 'none of it had to be read from the store');
        wire.close();
    });

    it('a producer on the other side of a connection goes on', async () => {
        const wire = await Wire.join(host, { session: newId() });
        const stream = `${wire.welcome.session}.own`;
        const { fence } = await wire.ask({ type: 'claim', stream, lease_ms: 5_000 });
        assert.equal((await wire.ask({ type: 'subscribe', stream, from: 'start' })).type, 'subscribed');
        const append = (seq, delta, more) => wire.ask({ type: 'append', stream, fence, seq, entries: [{ kind: 'text', delta }], ...more });
        assert.equal((await append(1, 'a')).last, 1);
        await restart('streamcache');
        assert.equal((await append(1, 'a')).last, 1, 'repeated, since the answer may have been lost');
        assert.equal((await append(2, 'b', { end: { outcome: 'complete' } })).last, 3);
        assert.equal((await wire.textOf(stream)).text, 'ab');
        wire.close();
    });

    it('leaves nothing behind', async () => {
        for (const name of ['faults_total', 'role_violations_total', 'stream_divergence_total']) assert.equal(await metric(name), 0, name);
        const plugins = (await host.admin('/admin/v1/plugins')).body;
        assert.ok(plugins.every((plugin) => plugin.faults === 0), JSON.stringify(plugins));
    });
});
