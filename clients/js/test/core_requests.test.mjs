import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CoreBench } from './support/core_bench.mjs';

const request = (bench, frame, deadline) => bench.do((core, now) => core.request(frame, now, deadline));
const sends = (bench) => bench.written.filter((frame) => frame.type === 'send');

test('requests made before the connection go out in order when it is there', () => {
    const bench = new CoreBench().start();
    request(bench, { type: 'send', content: 'a', key: 'k1' });
    request(bench, { type: 'send', content: 'b', key: 'k2' });
    assert.deepEqual(bench.written, []);
    bench.open().hear({ type: 'welcome', session: 's' });
    assert.deepEqual(bench.written.map(({ type, key }) => key ?? type), ['hello', 'k1', 'k2']);
});

test('an unanswered request is repeated on the next connection, an answered one is not', () => {
    const bench = new CoreBench().up();
    const first = request(bench, { type: 'send', content: 'a', key: 'k1' });
    const second = request(bench, { type: 'send', content: 'b', key: 'k2' });
    bench.hear({ type: 'accepted', id: first, stream: 's.r', run: 's.r' }).close(1006).pass(1000).start().open();
    bench.hear({ type: 'welcome', session: 's' });
    assert.deepEqual(sends(bench).map(({ key }) => key), ['k1', 'k2', 'k2']);
    assert.equal(sends(bench)[2].id, second);
    assert.equal(bench.settled.length, 1);
});

test('"later" is taken at its word, within limits', () => {
    const bench = new CoreBench().up();
    const id = request(bench, { type: 'send', content: 'a', key: 'k' });
    const later = { type: 'error', id, code: 'rate_limited', message: 'slow down', retryable: true, retry_after_ms: 1500 };
    bench.hear(later).pass(1_499);
    assert.equal(sends(bench).length, 1);
    bench.pass(1);
    assert.equal(sends(bench).length, 2);
    for (let i = 0; i < 10; i += 1) bench.hear(later).pass(20_000);
    assert.equal(sends(bench).length, 7);
    assert.equal(bench.settled[0].error.code, 'rate_limited');
    assert.equal(bench.settled[0].error.retryAfterMs, 1500);
});

test('what a node could not do is asked of the next one at once, what a user may not yet is not', () => {
    const bench = new CoreBench().up();
    const refused = (key, code) => {
        const id = request(bench, { type: 'send', content: 'a', key });
        bench.hear({ type: 'error', id, code, message: '', retryable: true, retry_after_ms: 10_000 });
    };
    refused('of the node', 'unavailable');
    refused('of the user', 'rate_limited');
    bench.hear({ type: 'goaway', reason: 'drain', reconnect_after_ms: 10 }).close(4000).pass(1000).start().open();
    bench.hear({ type: 'welcome', session: 's' });
    assert.deepEqual(sends(bench).slice(2).map(({ key }) => key), ['of the node']);
    bench.pass(10_000);
    assert.equal(sends(bench).at(-1).key, 'of the user');
});

test('a refusal that no repetition mends is told at once', () => {
    const bench = new CoreBench().up();
    const id = request(bench, { type: 'append', stream: 'x', entries: [1], fence: 1, seq: 4 });
    bench.hear({ type: 'error', id, code: 'sequence_gap', message: '', retryable: false, expected: 3 });
    assert.deepEqual([bench.settled[0].error.code, bench.settled[0].error.expected], ['sequence_gap', 3]);
});

test('a repeated cancel that finds the run ended has succeeded, a first one has not', () => {
    const bench = new CoreBench().up();
    const first = request(bench, { type: 'cancel', run: 's.r' });
    bench.hear({ type: 'error', id: first, code: 'conflict', message: 'ended', retryable: false });
    assert.equal(bench.settled[0].error.code, 'conflict');
    const second = request(bench, { type: 'cancel', run: 's.q' });
    bench.close(1006).pass(1000).up();
    bench.hear({ type: 'error', id: second, code: 'conflict', message: 'ended', retryable: false });
    assert.equal(bench.settled[0].frame.type, 'ok');
});

test('deadlines hold, connected or not', () => {
    const bench = new CoreBench().start();
    request(bench, { type: 'history' }, 3000);
    bench.pass(2_999);
    assert.deepEqual(bench.settled, []);
    bench.pass(1);
    assert.equal(bench.settled[0].error.code, 'timeout');
});

test('a full table refuses the newest and keeps what it has', () => {
    const bench = new CoreBench({ maxPending: 2 }).start();
    request(bench, { type: 'history' });
    request(bench, { type: 'history' });
    assert.throws(() => request(bench, { type: 'history' }), { code: 'busy', retryable: true });
    bench.open().hear({ type: 'welcome', session: 's' });
    assert.equal(bench.written.length, 3);
});

test('a message over the limit never reaches the wire', () => {
    const bench = new CoreBench().up();
    request(bench, { type: 'send', content: 'ä'.repeat(600), key: 'k' });
    assert.deepEqual(sends(bench), []);
    assert.equal(bench.settled[0].error.code, 'too_large');
    request(bench, { type: 'send', content: 'ä'.repeat(400), key: 'k2' });
    assert.equal(sends(bench).length, 1);
});

test('an abandoned request is not repeated, and its late answer is nobody\'s', () => {
    const bench = new CoreBench().up();
    const id = request(bench, { type: 'send', content: 'a', key: 'k' });
    bench.do((core) => core.abandon(id));
    bench.hear({ type: 'accepted', id, stream: 's.r', run: 's.r' }).close(1006).pass(1000).up();
    assert.deepEqual(bench.settled, []);
    assert.deepEqual(sends(bench), []);
});
