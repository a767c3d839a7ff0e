import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { Api, ApiError } from '../../plugins/console/operator/app/api.js';
import { History } from '../../plugins/console/operator/app/chart.js';
import { summaryOf } from '../../plugins/console/operator/app/changes.js';
import { flat } from '../../plugins/console/operator/app/configuration.js';
import { bytes, counted, duration, measure, number, text } from '../../plugins/console/operator/app/format.js';
import { mean, Metrics, Rates } from '../../plugins/console/operator/app/metrics.js';
import { GAP_MS, Poller } from '../../plugins/console/operator/app/poller.js';

/** The parts of the operators' page that need no page. */

/** Time that passes when it is told to. */
class TestClock {
    #now = 0;
    #next = 0;
    #timers = new Map();

    now = () => this.#now;

    setTimeout = (call, ms) => {
        this.#next += 1;
        this.#timers.set(this.#next, { at: this.#now + ms, call });
        return this.#next;
    };

    clearTimeout = (timer) => this.#timers.delete(timer);

    get waiting() {
        return this.#timers.size;
    }

    /** What is due is called in order, and what that promised is done before time goes on. */
    async pass(ms) {
        const until = this.#now + ms;
        for (;;) {
            const [id, timer] = [...this.#timers].reduce((first, one) => (first && first[1].at <= one[1].at ? first : one), undefined) ?? [];
            if (!timer || timer.at > until) break;
            this.#timers.delete(id);
            this.#now = timer.at;
            timer.call();
            await new Promise(setImmediate);
        }
        this.#now = until;
    }
}

function polled(tasks, random = () => 1) {
    const clock = new TestClock();
    const calls = [];
    const reports = [];
    const made = tasks.map(({ name, everyMs, wanted = () => true, fails = () => false }) => ({
        name,
        everyMs,
        wanted,
        run: async () => {
            calls.push([name, clock.now()]);
            if (fails()) throw new Error(`${name} failed`);
        },
    }));
    return { clock, calls, reports, poller: new Poller(made, (state) => reports.push(state), { clock, random }) };
}

suite('poller', () => {
    test('never starts two calls within a second, whatever is due, and forgets none', async () => {
        const { clock, calls, poller } = polled(['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, everyMs: 1500 })));
        poller.start();
        await clock.pass(60_000);
        for (let i = 1; i < calls.length; i += 1) assert.ok(calls[i][1] - calls[i - 1][1] >= GAP_MS);
        for (const name of ['a', 'b', 'c', 'd', 'e']) {
            const times = calls.filter(([called]) => called === name).map(([, at]) => at);
            assert.ok(times.length >= 11, `${name} was called ${times.length} times`);
        }
    });

    test('keeps the period of a task that is alone', async () => {
        const { clock, calls, poller } = polled([{ name: 'a', everyMs: 5000 }]);
        poller.start();
        await clock.pass(20_000);
        assert.deepEqual(calls.map(([, at]) => at), [0, 5000, 10_000, 15_000, 20_000]);
    });

    test('asks for nothing that nobody looks at, and nothing at all when stopped', async () => {
        let isWanted = false;
        const { clock, calls, poller } = polled([{ name: 'a', everyMs: 1000, wanted: () => isWanted }]);
        poller.start();
        await clock.pass(10_000);
        assert.equal(calls.length, 0);
        isWanted = true;
        poller.hurry('a');
        await clock.pass(2000);
        assert.equal(calls.length, 3);
        poller.stop();
        await clock.pass(10_000);
        assert.equal(calls.length, 3);
        assert.equal(clock.waiting, 0);
    });

    test('comes back ever later to a node that does not answer, and at once when it does', async () => {
        let isDown = true;
        const { clock, calls, reports, poller } = polled([{ name: 'a', everyMs: 2000, fails: () => isDown }]);
        poller.start();
        await clock.pass(200_000);
        const waits = calls.slice(1).map(([, at], i) => at - calls[i][1]);
        assert.deepEqual(waits.slice(0, 6), [1000, 2000, 4000, 8000, 16_000, 30_000]);
        assert.ok(waits.slice(6).every((wait) => wait === 30_000));
        assert.equal(reports.at(-1).error.message, 'a failed');
        isDown = false;
        poller.hurry();
        await clock.pass(0);
        assert.equal(reports.at(-1).error, undefined, 'asked now, not in half a minute');
        const before = calls.length;
        await clock.pass(10_000);
        assert.equal(calls.length - before, 5, 'and as often as before');
    });

    test('tries again at random times within the second half of the bound', async () => {
        const { clock, calls, poller } = polled([{ name: 'a', everyMs: 1000, fails: () => true }], () => 0);
        poller.start();
        await clock.pass(20_000);
        const waits = calls.slice(1).map(([, at], i) => at - calls[i][1]);
        assert.deepEqual(waits.slice(0, 4), [GAP_MS, 1000, 2000, 4000]);
    });

    test('a start while a call of before is under way starts no second one', async () => {
        const clock = new TestClock();
        let running = 0;
        let most = 0;
        let release = () => {};
        const run = async () => {
            running += 1;
            most = Math.max(most, running);
            await new Promise((resolve) => (release = resolve));
            running -= 1;
        };
        const poller = new Poller([{ name: 'a', everyMs: 1000, wanted: () => true, run }], () => {}, { clock });
        poller.start();
        await clock.pass(0);
        poller.stop();
        poller.start();
        await clock.pass(5000);
        assert.equal(most, 1);
        release();
        await new Promise(setImmediate);
        await clock.pass(1000);
        assert.equal(running, 1, 'and the next comes when that one has ended');
    });
});

suite('metrics', () => {
    const metrics = new Metrics(
        [
            '# HELP streamhost_requests_total Messages of clients by type',
            '# TYPE streamhost_requests_total counter',
            'streamhost_requests_total{type="send"} 3',
            'streamhost_requests_total{type="hello",odd="a\\"b\\\\c\\nd,e}"} 4 1700000000',
            'streamhost_connections 7',
            'streamhost_frames_sent_total 1.5e+06',
            'process_resident_memory_bytes 2.1e7',
            'streamhost_x{le="+Inf"} +Inf',
            'no number here',
            '{"json":1}',
        ].join('\n'),
    );

    test('reads samples with and without labels, and passes over what it cannot read', () => {
        assert.equal(metrics.sum('connections'), 7);
        assert.equal(metrics.sum('frames_sent_total'), 1_500_000);
        assert.equal(metrics.sum('process_resident_memory_bytes'), 21_000_000);
        assert.equal(metrics.sum('requests_total'), 7);
        assert.equal(metrics.sum('requests_total', { type: 'send' }), 3);
        assert.equal(metrics.sum('requests_total', { odd: 'a"b\\c\nd,e}' }), 4);
        assert.equal(metrics.sum('requests_total', { type: 'none' }), null);
        assert.equal(metrics.sum('x'), Infinity);
        assert.equal(metrics.sum('nothing'), null);
        assert.equal(metrics.sum('__proto__'), null);
        assert.deepEqual([...metrics.by('requests_total', 'type')], [['send', 3], ['hello', 4]]);
    });

    test('a rate needs two looks, and survives a counter that began anew', () => {
        const rates = new Rates();
        assert.equal(rates.next('a', 100, 0), null);
        assert.equal(rates.next('a', 150, 5000), 10);
        assert.equal(rates.next('a', 20, 10_000), 4, 'the process was restarted');
        assert.equal(rates.next('a', 20, 15_000), 0);
        assert.equal(rates.next('a', null, 20_000), null);
        assert.equal(rates.next('a', 30, 25_000), null, 'nobody knows since when');
        assert.equal(rates.next('b', 1, 25_000), null);
    });

    test('a mean is of what came in between', () => {
        const rates = new Rates();
        const look = (sum, count) => new Metrics(`streamhost_x_seconds_sum{a="b"} ${sum}\nstreamhost_x_seconds_count{a="b"} ${count}`);
        assert.equal(mean(look(1, 10), rates, 0, 'x_seconds', { a: 'b' }), null);
        assert.equal(mean(look(3, 14), rates, 1000, 'x_seconds', { a: 'b' }), 0.5);
        assert.equal(mean(look(3, 14), rates, 2000, 'x_seconds', { a: 'b' }), null, 'nothing came');
        assert.equal(mean(look(3, 14), rates, 3000, 'y_seconds'), null);
    });
});

suite('history of a chart', () => {
    test('is bounded by time', () => {
        const history = new History({ keptMs: 10_000, everyMs: 1000 });
        for (let ms = 0; ms <= 100_000; ms += 1000) history.add(ms, ms);
        assert.equal(history.points.length, 11);
        assert.deepEqual([history.last, history.most], [100_000, 100_000]);
        history.add(200_000, null);
        assert.equal(history.points.length, 0, 'what is not known is no point, and time goes on');
        assert.deepEqual([history.last, history.most], [null, null]);
        assert.deepEqual(history.path(100, 50, 0), { line: '', area: '' });
    });

    test('has the newest point on the right, the largest on top, and a hole where nobody answered', () => {
        const history = new History({ keptMs: 10_000, everyMs: 1000 });
        for (const [ms, value] of [[0, 0], [1000, 10], [9000, 5], [10_000, 10]]) history.add(ms, value);
        const { line, area } = history.path(100, 50, 0);
        assert.equal(line, 'M0.0 50.0L10.0 0.0M90.0 25.0L100.0 0.0');
        assert.equal(area, 'M0.0 50V50.0L10.0 0.0V50H0.0ZM90.0 50V25.0L100.0 0.0V50H90.0Z');
    });

    test('its width grows with what there is to show', () => {
        const history = new History({ keptMs: 10_000, leastMs: 2000, everyMs: 1000 });
        const begin = () => history.path(100, 50, 0).line.slice(0, 6);
        for (let ms = 0; ms <= 1000; ms += 1000) history.add(ms, 1);
        assert.deepEqual([history.spanMs, begin()], [2000, 'M50.0 ']);
        for (let ms = 2000; ms <= 5000; ms += 1000) history.add(ms, 1);
        assert.deepEqual([history.spanMs, begin()], [5000, 'M0.0 0']);
        for (let ms = 6000; ms <= 30_000; ms += 1000) history.add(ms, 1);
        assert.deepEqual([history.spanMs, begin()], [10_000, 'M0.0 0']);
    });

    test('a line of zeros lies on the ground', () => {
        const history = new History({ keptMs: 10_000, everyMs: 1000 });
        history.add(0, 0);
        history.add(1000, 0);
        assert.equal(history.path(100, 50, 4).line, 'M90.0 46.0L100.0 46.0');
    });
});

suite('the admin API', () => {
    const api = (answer, token = '') => {
        const asked = [];
        const fetch = async (path, options) => {
            asked.push({ path, ...options });
            return typeof answer === 'function' ? answer() : answer;
        };
        return { api: new Api(() => token, fetch), asked };
    };
    const problem = (status, detail) =>
        new Response(JSON.stringify({ status, detail }), { status, headers: { 'Content-Type': 'application/problem+json' } });
    const kindOf = async (promise) => {
        const error = await promise.then(() => assert.fail('it went well'), (reason) => reason);
        assert.ok(error instanceof ApiError, String(error));
        return [error.kind, error.message];
    };

    test('brings the token as a header and nowhere else', async () => {
        const { api: signedIn, asked } = api(Response.json({ ok: 1 }), 'a.b.c');
        assert.deepEqual(await signedIn.json('/x', { method: 'POST', body: { a: 1 } }), { ok: 1 });
        assert.equal(asked[0].headers.get('Authorization'), 'Bearer a.b.c');
        assert.equal(asked[0].credentials, 'omit');
        assert.equal(asked[0].path, '/x');
        assert.equal(asked[0].body, '{"a":1}');
        const { api: open, asked: askedOpen } = api(Response.json({}));
        await open.json('/x');
        assert.equal(askedOpen[0].headers.has('Authorization'), false);
    });

    test('an error is of one kind, in the words of the node', async () => {
        const kinds = [[401, 'unauthenticated'], [403, 'forbidden'], [404, 'missing'], [409, 'refused'], [400, 'refused'], [503, 'unavailable'], [500, 'unavailable']];
        for (const [status, kind] of kinds) {
            assert.deepEqual(await kindOf(api(problem(status, 'the reason')).api.json('/x')), [kind, 'the reason']);
        }
        assert.deepEqual(await kindOf(api(new Response('<h1>', { status: 502 })).api.json('/x')), ['unavailable', 'The node answered 502.']);
        assert.equal((await kindOf(api(new Response('{', { status: 200 })).api.json('/x')))[0], 'unavailable');
        const noNode = () => {
            throw new TypeError('Failed to fetch');
        };
        assert.deepEqual(await kindOf(api(noNode).api.json('/x')), ['away', 'The node does not answer.']);
    });

    test('a status that brings a result is told apart from a problem with the same status', async () => {
        const degraded = new Response('{"status":"degraded"}', { status: 503, headers: { 'Content-Type': 'application/json' } });
        assert.deepEqual(await api(degraded).api.json('/health', { alsoGood: 503 }), { status: 'degraded' });
        assert.deepEqual(await kindOf(api(problem(503, 'stopping')).api.json('/health', { alsoGood: 503 })), ['unavailable', 'stopping']);
    });
});

suite('what people read', () => {
    test('leaves of a configuration, with names as arguments take them', () => {
        const tree = { a: { b: 1, 'c.d': { e: 'x' } }, list: [1, { y: 2 }], empty: {}, none: null };
        assert.deepEqual(flat(tree).map(({ path, value }) => `${path} = ${value}`), [
            'a.b = 1', 'a."c.d".e = "x"', 'list = [1,{"y":2}]', 'empty = {}', 'none = null',
        ]);
    });

    test('what changed files do to the node, with the plugins that nobody named', () => {
        assert.equal(summaryOf({}), 'Holds at once, and disconnects nobody.');
        const effect = {
            stops: ['streamcache'],
            also_stop: [{ plugin: 'recovery', because: 'it requires streamhost.streamcache/1' }],
            degrade: [{ plugin: 'gateway', because: 'uses streamhost.recovery/1 if present' }],
            disconnects: ['gateway'],
            clients: 2,
        };
        assert.equal(
            summaryOf(effect),
            'Stops streamcache. Stop as well: recovery (it requires streamhost.streamcache/1). ' +
                'Have to do without something: gateway (uses streamhost.recovery/1 if present). 2 clients of this node may have to reconnect (gateway).',
        );
    });

    test('numbers and times, and a dash for what is missing', () => {
        assert.deepEqual([number(1234567), number(undefined), number('7')], ['1,234,567', '–', '–']);
        assert.deepEqual([measure(0), measure(0.1234), measure(12.34), measure(1234.5), measure(null)], ['0', '0.12', '12.3', '1,235', '–']);
        assert.deepEqual([bytes(0), bytes(1023), bytes(1536), bytes(25_276_502_016), bytes(null)], ['0 B', '1,023 B', '1.5 KiB', '23.5 GiB', '–']);
        assert.deepEqual([duration(999), duration(61_000), duration(7_260_000), duration(90_000_000), duration(-5), duration(null)], [
            '0 s', '1 min 1 s', '2 h 1 min', '1 d 1 h', '0 s', '–',
        ]);
        assert.deepEqual([counted(1, 'entry', 'entries'), counted(2, 'entry', 'entries'), counted(0, 'connection')], ['1 entry', '2 entries', '0 connections']);
        assert.deepEqual([text(null), text(''), text(0)], ['–', '–', '0']);
    });
});
