import assert from 'node:assert/strict';
import { test } from 'node:test';
import { check, chunk, CoreBench, end, snapshot, subscribed } from './support/core_bench.mjs';

const seqs = (bench) => bench.delivered.map((frame) => frame.seq ?? frame.to);
const asked = (bench) => bench.written.filter((frame) => frame.type === 'subscribe');

test('the next entry is applied, older ones are dropped', () => {
    const bench = new CoreBench().up().hear(chunk(1), chunk(1), chunk(2), chunk(1), chunk(3));
    assert.deepEqual(seqs(bench), [1, 2, 3]);
    assert.deepEqual(bench.written, []);
});

test('a jump asks again from the last position, and frames of the old subscription are ignored meanwhile', () => {
    const bench = new CoreBench().up().hear(chunk(1), chunk(2), chunk(5), chunk(6), chunk(3));
    assert.equal(asked(bench).length, 1);
    const [{ id, stream, after }] = asked(bench);
    assert.deepEqual({ stream, after }, { stream: 's.r', after: `2.${check(2)}` });
    bench.hear(subscribed({ id }), chunk(6, { from: 3, data: { kind: 'text', delta: 'w3 w4 w5 w6 ' } }), chunk(7));
    assert.deepEqual(seqs(bench).filter(Boolean), [1, 2, 6, 7]);
});

test('an answer to an older subscribe does not end the wait for the newer one', () => {
    const bench = new CoreBench().up().hear(chunk(1), chunk(3));
    const first = asked(bench)[0].id;
    bench.hear(subscribed({ id: first + 100 }), chunk(2));
    assert.deepEqual(seqs(bench), [1]);
    bench.hear(subscribed({ id: first }), chunk(2));
    assert.equal(seqs(bench).at(-1), 2);
});

test('a joined range that begins inside what is held is not applied twice', () => {
    const bench = new CoreBench().up().hear(chunk(1), chunk(2), chunk(4, { from: 2 }));
    assert.deepEqual(seqs(bench), [1, 2]);
    assert.equal(asked(bench)[0].after, `2.${check(2)}`);
});

test('the same seq with another check is a rewritten tail', () => {
    const bench = new CoreBench().up().hear(chunk(1), chunk(2), chunk(2, { check: 'f'.repeat(16) }));
    assert.equal(asked(bench)[0].after, `2.${check(2)}`);
});

test('a snapshot replaces, also backwards', () => {
    const bench = new CoreBench().up().hear(chunk(1), chunk(2), chunk(3), snapshot(2), chunk(3));
    assert.deepEqual(seqs(bench), [1, 2, 3, 2, 3]);
});

test('a gap moves the position to its end', () => {
    const gap = { type: 'gap', stream: 's.r', from: 2, to: 9, check: check(9), reason: 'trimmed' };
    const bench = new CoreBench().up().hear(chunk(1), gap, gap, chunk(10));
    assert.deepEqual(seqs(bench), [1, 9, 10]);
});

test('a gap that begins later than what is held is a jump', () => {
    const gap = { type: 'gap', stream: 's.r', from: 4, to: 9, check: check(9), reason: 'trimmed' };
    const bench = new CoreBench().up().hear(chunk(1), gap);
    assert.deepEqual(seqs(bench), [1]);
    assert.equal(asked(bench).length, 1);
});

test('one end, and nothing after it', () => {
    const bench = new CoreBench().up().hear(chunk(1), end(2), end(2), chunk(3), snapshot(9));
    assert.deepEqual(seqs(bench), [1, 2]);
    assert.deepEqual(bench.written, []);
});

test('an end that is not next is a jump', () => {
    const bench = new CoreBench().up().hear(chunk(1), end(3));
    assert.deepEqual(seqs(bench), [1]);
    assert.equal(asked(bench).length, 1);
});

test('caught_up beyond what came reveals a lost last entry', () => {
    const bench = new CoreBench().up().hear(chunk(1), { type: 'caught_up', stream: 's.r', seq: 2 });
    assert.equal(asked(bench)[0].after, `1.${check(1)}`);
});

test('a log that cannot be walked is asked for as a snapshot, then given up', () => {
    const bench = new CoreBench().up().hear(chunk(1));
    for (let i = 0; i < 20 && bench.broken.length === 0; i += 1) {
        bench.hear(chunk(5));
        if (asked(bench).length > 0) bench.hear(subscribed({ id: asked(bench).at(-1).id }));
    }
    assert.deepEqual(asked(bench).map(({ from }) => from ?? 'after'), [
        ...Array(3).fill('after'),
        ...Array(3).fill('snapshot'),
    ]);
    assert.equal(bench.broken[0].error.code, 'protocol');
});

test('resume names every open stream with its position, a run without entries as 0', () => {
    const bench = new CoreBench().up().hear(chunk(1), chunk(2), { type: 'accepted', id: 99, stream: 's.q', run: 's.q' });
    bench.hear({ type: 'chunk', stream: 's', seq: 1, check: check(1), data: { kind: 'message' } });
    bench.close(1006).pass(1000).up();
    assert.deepEqual(new Map(bench.lastHello.resume.map(({ stream, after }) => [stream, after])), new Map([
        ['s', `1.${check(1)}`],
        ['s.r', `2.${check(2)}`],
        ['s.q', '0'],
    ]));
});

test('ended runs are not resumed', () => {
    const bench = new CoreBench().up().hear(chunk(1), end(2)).close(1006).pass(1000).up();
    assert.deepEqual(bench.lastHello.resume, []);
});

test('a run that the session has named is resumed even if nothing of it ever came', () => {
    const entry = { kind: 'run', run: 's.r', state: 'ended', outcome: 'complete' };
    const bench = new CoreBench().up().hear({ type: 'chunk', stream: 's', seq: 1, check: check(1), data: entry });
    bench.close(1006).pass(1000).up();
    assert.deepEqual(bench.lastHello.resume.find(({ stream }) => stream === 's.r'), { stream: 's.r', after: '0' });
});

test('4100 resumes nothing and asks for snapshots', () => {
    const bench = new CoreBench().up().hear(chunk(1), chunk(2)).close(4100).pass(1000).start().open();
    const hello = bench.written.findLast((frame) => frame.type === 'hello');
    assert.deepEqual(hello.resume, []);
    bench.hear({ type: 'welcome', session: 's' });
    assert.deepEqual(asked(bench).map(({ stream, from }) => ({ stream, from })), [{ stream: 's.r', from: 'snapshot' }]);
    bench.hear(subscribed({ id: asked(bench)[0].id, recovered: false }), snapshot(1), chunk(2));
    assert.deepEqual(seqs(bench).slice(-2), [1, 2]);
});

test('more streams than a hello may name are subscribed one by one', () => {
    const bench = new CoreBench().up();
    for (let i = 0; i < 120; i += 1) bench.hear(chunk(1, { stream: `s.r${i}` }));
    bench.close(1006).pass(1000).start().open();
    const hello = bench.written.find((frame) => frame.type === 'hello');
    assert.equal(hello.resume.length, 100);
    assert.equal(hello.resume[0].stream, 's.r119', 'the newest is in it');
    bench.hear({ type: 'welcome', session: 's' });
    const rest = asked(bench).map(({ stream }) => stream);
    assert.deepEqual(rest.sort(), Array.from({ length: 20 }, (_, i) => `s.r${i}`).sort());
});

test('a subscription made while hello is under way is not forgotten', () => {
    const bench = new CoreBench().start().open();
    bench.do((core) => core.addStream('other', { position: { seq: 3, check: check(3) } }));
    bench.hear({ type: 'welcome', session: 's' });
    assert.deepEqual(asked(bench).map(({ stream, after }) => ({ stream, after })), [{ stream: 'other', after: `3.${check(3)}` }]);
});

test('a reader from the tail that lost its connection before the first entry is told what it missed', () => {
    const bench = new CoreBench().up();
    bench.do((core) => core.addStream('news', { from: 'tail' }));
    bench.hear(subscribed({ id: asked(bench)[0].id, stream: 'news', head: 7 })).clear();
    bench.close(1006).pass(1000).open().hear({ type: 'welcome', session: 's' });
    const again = asked(bench).find(({ stream }) => stream === 'news');
    assert.equal(again.from, 'tail');
    bench.hear(subscribed({ id: again.id, stream: 'news', head: 9 }));
    bench.hear({ type: 'chunk', stream: 'news', seq: 10, check: check(10), data: 1 });
    const gap = bench.delivered.find((frame) => frame.type === 'gap');
    assert.deepEqual({ from: gap.from, to: gap.to }, { from: 8, to: 9 });
    assert.equal(bench.delivered.at(-1).seq, 10);
});

test('a refused subscription is repeated when it may be, and reported when not', () => {
    const bench = new CoreBench().up();
    bench.do((core) => core.addStream('news'));
    const first = asked(bench)[0];
    bench.hear({ type: 'error', id: first.id, code: 'unavailable', message: '', retryable: true, retry_after_ms: 2000 });
    bench.pass(1999);
    assert.equal(asked(bench).length, 1);
    bench.pass(1);
    assert.equal(asked(bench).length, 2);
    bench.hear({ type: 'error', id: asked(bench)[1].id, code: 'forbidden', message: 'no', retryable: false });
    assert.equal(bench.broken[0].error.code, 'forbidden');
    bench.close(1006).pass(1000).up();
    assert.deepEqual(bench.lastHello.resume, []);
});

test('a stream that could not be resumed is reported when another try cannot help', () => {
    const unresumed = (code, retryable) => ({ type: 'error', stream: 's.r', code, message: 'no', retryable });
    const bench = new CoreBench().up().hear(chunk(1)).close(1006).pass(1000).open();
    bench.clear();
    // The server closes next, and the following `hello` names the stream again.
    bench.hear(unresumed('unavailable', true)).close(1013);
    assert.deepEqual(bench.broken, []);
    assert.equal(bench.notices[0].code, 'unavailable');
    bench.pass(2000).open();
    assert.deepEqual(bench.written.findLast((frame) => frame.type === 'hello').resume, [{ stream: 's.r', after: `1.${check(1)}` }]);
    bench.hear(unresumed('forbidden', false), { type: 'welcome', session: 's' });
    assert.deepEqual([bench.broken.length, bench.broken[0].stream, bench.broken[0].error.code], [1, 's.r', 'forbidden']);
    assert.deepEqual(asked(bench), []);
    bench.hear(unresumed('forbidden', false), { ...unresumed('forbidden', false), stream: 'unknown' });
    assert.equal(bench.broken.length, 1, 'told once');
    bench.close(1006).pass(1000).up();
    assert.deepEqual(bench.lastHello.resume, []);
});

test('an unsubscribed run stays away until it is asked for again', () => {
    const bench = new CoreBench().up().hear(chunk(1));
    bench.do((core) => core.removeStream('s.r'));
    assert.equal(bench.written.at(-1).type, 'unsubscribe');
    bench.hear(chunk(2)).close(1006).pass(1000).up();
    assert.deepEqual(bench.lastHello.resume, []);
    bench.hear(subscribed({ recovered: false }), snapshot(2));
    assert.deepEqual(bench.delivered, []);
    assert.equal(bench.written.at(-1).type, 'unsubscribe', 'the server is told again');
    bench.do((core) => core.addStream('s.r'));
    bench.hear(subscribed({ id: asked(bench)[0].id }), snapshot(2), chunk(3));
    assert.deepEqual(seqs(bench).slice(-2), [2, 3]);
});

test('expired positions are forgotten', () => {
    const bench = new CoreBench().up().hear(chunk(1), chunk(2)).close(1006).pass(1000).up();
    bench.hear(subscribed({ recovered: false, reason: 'expired', head: 0 }), chunk(1));
    assert.equal(seqs(bench).at(-1), 1);
});

test('a stream that vanishes under its reader goes on from 0, should it be written anew', () => {
    const bench = new CoreBench().up().hear(chunk(1), chunk(2));
    bench.hear(subscribed({ first: 0, state: 'pending', recovered: false, reason: 'expired' }), snapshot(0), { type: 'caught_up', stream: 's.r', seq: 0 }, chunk(1));
    assert.deepEqual(seqs(bench).slice(-2), [0, 1]);
    assert.deepEqual(asked(bench), []);
});

test('streams of other sessions are none of our business', () => {
    const bench = new CoreBench().up().hear(chunk(1, { stream: 'other.r' }), chunk(1, { stream: 'sx' }), chunk(1, { stream: 7 }));
    assert.deepEqual(bench.delivered, []);
});

test('a duplicate send brings its run even when it ended long ago', () => {
    const bench = new CoreBench().up().hear({ type: 'accepted', id: 1, stream: 's.r', run: 's.r', duplicate: true });
    assert.deepEqual(asked(bench).map(({ stream, after }) => ({ stream, after })), [{ stream: 's.r', after: '0' }]);
});
