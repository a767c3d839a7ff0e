import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Backoff } from '../src/core/backoff.js';
import { closeVerdict } from '../src/core/closes.js';
import { formatPosition, parsePosition } from '../src/core/position.js';
import { CoreBench } from './support/core_bench.mjs';

const pings = (bench) => bench.written.filter((frame) => frame.type === 'ping').length;

test('back-off: full jitter, from half a second, doubling to thirty', () => {
    const ceilings = [];
    const backoff = new Backoff({ random: () => 1 });
    for (let i = 0; i < 9; i += 1) ceilings.push(backoff.next());
    assert.deepEqual(ceilings, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
    assert.equal(new Backoff({ random: () => 0 }).next(), 0);
});

test('back-off: only a stable connection resets it', () => {
    const backoff = new Backoff({ random: () => 1 });
    backoff.next();
    backoff.next();
    backoff.connectionEnded(9_999);
    assert.equal(backoff.next(), 2000);
    backoff.connectionEnded(10_000);
    assert.equal(backoff.next(), 500);
});

test('close codes', () => {
    for (const code of [1000, 1001, 1005, 1006, 1011, 1012, 1013, 4000, 4001, 4002, 4004]) assert.equal(closeVerdict(code), 'resume', code);
    assert.equal(closeVerdict(4100), 'afresh');
    for (const code of [4400, 4401, 4403, 4413, 4429, 1002, 1007, 1009]) assert.equal(closeVerdict(code), 'stop', code);
});

test('positions', () => {
    assert.equal(formatPosition({ seq: 0, check: '' }), '0');
    assert.deepEqual(parsePosition('41.00ff00ff00ff00ff'), { seq: 41, check: '00ff00ff00ff00ff' });
    assert.equal(formatPosition(parsePosition('9007199254740991.00ff00ff00ff00ff')), '9007199254740991.00ff00ff00ff00ff');
    for (const bad of ['', '1', '01.00ff00ff00ff00ff', '1.00FF00ff00ff00ff', '1.ff', '-1.00ff00ff00ff00ff', '9007199254740993.00ff00ff00ff00ff']) {
        assert.throws(() => parsePosition(bad), RangeError, bad);
    }
});

test('states of a life', () => {
    const bench = new CoreBench().start();
    assert.equal(bench.state, 'connecting');
    bench.open().hear({ type: 'welcome', session: 's' });
    assert.equal(bench.state, 'open');
    bench.close(4000);
    assert.equal(bench.state, 'resuming');
    bench.pass(500).up({ degraded: 'store away' });
    assert.deepEqual(bench.core.state, { state: 'degraded', reason: 'store away' });
    bench.do((core) => core.stop('done'));
    assert.equal(bench.state, 'closed');
    assert.equal(bench.drops, 1);
    assert.equal(bench.core.deadline(), Infinity);
});

test('a degraded service is over when the session goes on, or takes a message', () => {
    const streams = (stream) => [{ type: 'subscribed', stream, first: 0, head: 0, state: 'pending', recovered: false, reason: 'unknown' }, { type: 'caught_up', stream, seq: 0 }];
    const bench = new CoreBench().up({ degraded: true });
    assert.equal(bench.core.state.state, 'degraded');
    bench.hear(...streams('s.r1'));
    assert.equal(bench.core.state.state, 'degraded', 'another stream says nothing of the session');
    bench.hear(...streams('s'));
    assert.deepEqual(bench.states, [{ do: 'state', state: 'open' }]);
    bench.hear(...streams('s'));
    assert.equal(bench.states.length, 1);
    bench.close(1006).pass(500).up({ degraded: true }).hear({ type: 'accepted', id: 99, session: 's', message: 'm-1', run: 's.r2', stream: 's.r2' });
    assert.equal(bench.core.state.state, 'open');
});

test('a person is told "offline" after four attempts in vain', () => {
    const bench = new CoreBench().up().close(1006);
    const seen = [bench.state];
    for (let i = 0; i < 4; i += 1) {
        bench.pass(bench.core.deadline() - bench.now);
        bench.close(1006);
        seen.push(bench.state);
    }
    assert.deepEqual(seen, ['resuming', 'resuming', 'resuming', 'offline', 'offline']);
});

test('codes that blame the client stop it, and everything waiting is told', () => {
    const bench = new CoreBench().up();
    bench.do((core, now) => core.request({ type: 'history' }, now));
    bench.close(4401, 'token is not valid').pass(120_000);
    assert.deepEqual({ ...bench.core.state }, { state: 'closed', reason: 'token is not valid', code: 4401 });
    assert.equal(bench.settled[0].error.code, 'closed');
    assert.equal(bench.dials, 0);
    assert.throws(() => bench.core.request({ type: 'history' }, 0), { code: 'closed' });
});

test('silence: asks after heartbeat + 10 s, drops 5 s later, and resumes', () => {
    const bench = new CoreBench().up().pass(34_999);
    assert.equal(pings(bench), 0);
    bench.pass(1);
    assert.equal(pings(bench), 1);
    bench.pass(4_999);
    assert.equal(bench.drops, 0);
    bench.pass(1);
    assert.equal(bench.drops, 1);
    assert.equal(bench.state, 'resuming');
    bench.pass(250);
    assert.equal(bench.dials, 1);
});

test('any frame is life', () => {
    const bench = new CoreBench().up();
    for (let i = 0; i < 10; i += 1) bench.pass(30_000).hear({ type: 'pong' });
    assert.equal(pings(bench), 0);
    bench.pass(35_000).hear({ type: 'pong' }).pass(20_000);
    assert.equal(bench.drops, 0);
});

test('waking up asks at once, or tries at once', () => {
    const bench = new CoreBench().up();
    bench.do((core, now) => core.wake(now));
    bench.do((core, now) => core.wake(now));
    assert.equal(pings(bench), 1);
    bench.pass(5_000);
    assert.equal(bench.drops, 1);
    bench.clear();
    bench.do((core, now) => core.wake(now));
    assert.equal(bench.dials, 1);
});

test('no network: offline at once when waiting, asked when the socket looks open', () => {
    const bench = new CoreBench().up();
    bench.do((core, now) => core.networkLost(now));
    assert.equal(pings(bench), 1);
    bench.pass(5_000);
    assert.equal(bench.state, 'offline');
    bench.do((core, now) => core.wake(now));
    assert.equal(bench.state, 'resuming');
});

test('an upgrade or a hello without answer is given up after 10 s', () => {
    const bench = new CoreBench().start().pass(10_000);
    assert.equal(bench.drops, 1);
    bench.clear();
    bench.pass(bench.core.deadline() - bench.now).open().pass(10_000);
    assert.equal(bench.drops, 1);
});

test('goaway: moves at the given moment, or at the close if that comes first and then still at the moment', () => {
    const bench = new CoreBench().up().hear({ type: 'goaway', reason: 'drain', reconnect_after_ms: 3000 }).pass(2_999);
    assert.equal(bench.dials, 0);
    bench.pass(1);
    assert.deepEqual([bench.drops, bench.dials], [1, 1]);
    const other = new CoreBench().up().hear({ type: 'goaway', reason: 'drain', reconnect_after_ms: 3000 }).pass(1000);
    other.close(4000).pass(1_999);
    assert.equal(other.dials, 0);
    other.pass(1);
    assert.equal(other.dials, 1);
});

test('a drain that closes during hello is a move, however often it was tried before', () => {
    const bench = new CoreBench().start();
    for (let tries = 0; tries < 6; ++tries) bench.close(1006).pass(bench.core.deadline() - bench.now);
    const { attempt } = bench.core.state;
    bench.open().clear();
    bench.close(4000);
    assert.deepEqual([bench.core.state.attempt, bench.core.state.reason], [attempt, 'server draining']);
    assert.equal(bench.core.state.retryInMs, 250); // half of the first bound
    bench.pass(250);
    assert.equal(bench.dials, 1);
});

test('a refused hello: retried when it may be, the end when not', () => {
    const bench = new CoreBench().start().open();
    const { id } = bench.written[0];
    bench.hear({ type: 'error', id, code: 'unavailable', message: 'no store', retryable: true, retry_after_ms: 4000 }).pass(3_999);
    assert.equal(bench.dials, 1);
    bench.pass(1).open();
    assert.equal(bench.dials, 2);
    const again = bench.written.at(-1).id;
    bench.hear({ type: 'error', id: again, code: 'unauthenticated', message: 'who?', retryable: false });
    assert.deepEqual({ ...bench.core.state }, { state: 'closed', reason: 'who?', code: 4401 });
});

test('an answer for another session is refused', () => {
    const bench = new CoreBench().start().open().hear({ type: 'welcome', session: 'elsewhere' });
    assert.equal(bench.state, 'closed');
    assert.equal(bench.drops, 1);
});

test('garbage is reported and harmless', () => {
    const bench = new CoreBench().up();
    for (const text of ['', '{', '[]', 'null', '7', '{"type":7}']) bench.do((core, now) => core.message(text, now));
    assert.equal(bench.notices.length, 6);
    bench.hear({ type: 'novelty' }, { type: 'chunk' }, { type: 'chunk', stream: 's.r', seq: -1 }, { type: 'snapshot', stream: 's.r', seq: 'x' });
    assert.deepEqual(bench.delivered, []);
    assert.equal(bench.state, 'open');
});
