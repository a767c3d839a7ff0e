// Traces from a client's headers to the sockets of all readers, as a collector gets them that knows OTLP from its official definitions.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { onRedis, startNode } from './support/cluster.mjs';
import { Collector, Model } from './support/collector.mjs';
import { freePort, serveHost } from './support/host_process.mjs';
import { RedisProcess } from './support/redis.mjs';
import { newSession } from './support/talks.mjs';
import { Wire } from './support/wire.mjs';

const TEST_MS = 120_000;
const CONFIG = { words: ['-c', 'config/streamhost.yaml'] };
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';
const parent = (flags = '01', trace = TRACE) => `00-${trace}-${SPAN}-${flags}`;
const headers = (more) => ({ options: { headers: more } });
const KIND = { internal: 1, server: 2, client: 3, producer: 4, consumer: 5 };

/** Everything that a test started, ended in turn. */
async function using(use) {
    const started = [];
    const keep = async (what) => {
        const one = await what;
        started.unshift(one);
        return one;
    };
    try {
        await use(keep);
    } finally {
        for (const one of started) await (one.kill?.() ?? one.stop());
    }
}

async function converse(wire, message = {}) {
    const { run, type } = await wire.ask({ type: 'send', content: 'question', ...message });
    assert.equal(type, 'accepted');
    return { run, ...(await wire.textOf(run)) };
}

describe('a trace', { timeout: TEST_MS }, () => {
    it('goes from the client through gateway, store, worker and provider to the sockets of two nodes', () =>
        using(async (keep) => {
            const [collector, model, redis] = [await keep(Collector.start()), await keep(Model.start()), await keep(RedisProcess.start())];
            const store = onRedis(redis);
            const remote = { 'plugins.chat.provider': 'ai', 'plugins.chat.providers.ai.type': 'remote', ...collector.settings };
            const near = await keep(startNode(store, 'gateway-1', remote));
            const far = await keep(startNode(store, 'gateway-2', remote));
            const worker = await keep(
                startNode({ words: ['-c', 'config/profiles/ai-worker.yaml'], settings: { 'store.kind': 'redis', ...store.settings } }, 'ai-1', {
                    ...collector.settings,
                    ...model.settings('model'),
                    'plugins.chat.worker.provider': 'model',
                }),
            );
            const session = newSession();
            const wire = await Wire.join(near, { session }, headers({ traceparent: parent(), tracestate: 'vendor=1' }));
            const reader = await Wire.join(far, { session });
            const { run, text, end } = await converse(wire);
            assert.deepEqual([text, end.outcome, (await reader.textOf(run)).text], ['one two three', 'complete', text]);

            await near.until(() => collector.named('deliver').length === 2 && collector.named('run').length === 1);
            const ours = collector.spans.filter(({ trace }) => trace === TRACE);
            const one = (name) => {
                const found = ours.filter((span) => span.name === name);
                assert.equal(found.length, 1, `${name}: ${JSON.stringify(found.map((span) => span.attributes))}`);
                return found[0];
            };
            const [hello, send, produced, call] = [one('hello'), one('send'), one('run'), one('chat model')];
            const delivered = ours.filter(({ name }) => name === 'deliver');
            assert.deepEqual([hello.parent, send.parent, produced.parent, call.parent], [SPAN, SPAN, send.id, produced.id]);
            assert.deepEqual([hello.kind, send.kind, produced.kind, call.kind], [KIND.server, KIND.producer, KIND.consumer, KIND.client]);
            assert.deepEqual(delivered.map((span) => [span.parent, span.kind]), [[send.id, KIND.consumer], [send.id, KIND.consumer]]);
            const nodeOf = (span) => span.resource['service.instance.id'];
            assert.deepEqual([hello, send, produced, call].map(nodeOf), ['gateway-1', 'gateway-1', 'ai-1', 'ai-1']);
            assert.deepEqual(delivered.map(nodeOf).sort(), ['gateway-1', 'gateway-2']);
            assert.equal(model.requests[0].traceparent, `00-${TRACE}-${call.id}-01`);
            assert.deepEqual([model.requests[0].tracestate, send.state, produced.state], ['vendor=1', 'vendor=1', 'vendor=1']);

            // And they say what one wants to know.
            assert.deepEqual(produced.events, ['first_token']);
            assert.deepEqual([produced.attributes['streamhost.run'], produced.attributes['streamhost.outcome']], [run, 'complete']);
            assert.ok(produced.attributes['streamhost.entries'] >= 1, JSON.stringify(produced.attributes));
            assert.equal(send.attributes['streamhost.run'], run);
            assert.equal(call.attributes['gen_ai.request.model'], 'small');
            for (const span of delivered) assert.deepEqual([span.attributes['streamhost.run'], span.attributes['streamhost.seq'], span.error], [run, end.seq, null]);
            assert.ok(ours.every((span) => span.end >= span.start && span.scope === 'streamhost' && span.resource['service.name'] === 'streamhost' && span.resource['service.version'] !== ''));
            assert.ok(send.start <= produced.start + 1_000_000_000n && call.start >= produced.start && delivered.every((span) => span.end >= call.start));
            assert.ok(collector.requests.every(({ type, path }) => type === 'application/x-protobuf' && path === '/v1/traces'));
            for (const node of [near, far, worker]) assert.equal((await node.stop()).code, 0, node.log);
        }));

    it('of a message wins over the connection\'s, and what is no trace begins a new one', () =>
        using(async (keep) => {
            const collector = await keep(Collector.start());
            const host = await keep(serveHost(collector.settings, CONFIG));
            const wire = await Wire.join(host, { session: newSession() }, headers({ traceparent: parent() }));
            const other = 'a'.repeat(32);
            await converse(wire, { traceparent: parent('01', other) });
            await converse(wire, { traceparent: 'ff-nonsense' });
            await converse(wire, { traceparent: 7 });
            await host.until(() => collector.named('send').length === 3);
            assert.deepEqual(collector.named('send').map(({ trace }) => trace), [other, TRACE, TRACE]);

            for (const traceparent of ['', parent().toUpperCase(), `00-${'0'.repeat(32)}-${SPAN}-01`, `${parent()}-more`]) {
                collector.spans.length = 0;
                const lost = await Wire.join(host, { session: newSession() }, headers({ traceparent }));
                await converse(lost);
                await converse(lost);
                await host.until(() => collector.named('send').length === 2 && collector.named('hello').length === 1);
                const traces = collector.spans.filter(({ name }) => ['hello', 'send'].includes(name)).map(({ trace, parent: above }) => [trace, above]);
                assert.equal(new Set(traces.map(([trace]) => trace)).size, 3, `${traceparent}: a trace for each`);
                assert.ok(traces.every(([trace, above]) => trace !== TRACE && above === ''), traceparent);
            }
            // A page cannot give its upgrade headers: its hello says it.
            const page = await Wire.join(host, { session: newSession(), traceparent: parent('01', other) });
            await converse(page);
            await host.until(() => collector.spans.some(({ name, trace }) => name === 'send' && trace === other));
        }));

    it('that its caller does not keep is kept by nobody, and handed on', () =>
        using(async (keep) => {
            const [collector, model] = [await keep(Collector.start()), await keep(Model.start())];
            const host = await keep(serveHost({ ...collector.settings, ...model.settings('model'), 'plugins.chat.provider': 'model' }, CONFIG));
            const wire = await Wire.join(host, { session: newSession() }, headers({ traceparent: parent('00') }));
            await converse(wire);
            assert.match(model.requests[0].traceparent, new RegExp(`^00-${TRACE}-[0-9a-f]{16}-00$`));
            const kept = await Wire.join(host, { session: newSession() });
            await converse(kept);
            await host.until(() => collector.named('deliver').length === 1);
            assert.ok(collector.spans.every(({ trace }) => trace !== TRACE), 'none of the first conversation');
        }));

    it('is kept by ratio, and clients decide nothing where they are not followed', () =>
        using(async (keep) => {
            const [collector, model] = [await keep(Collector.start()), await keep(Model.start())];
            const settings = { ...collector.settings, ...model.settings('model'), 'plugins.chat.provider': 'model', 'plugins.tracing.sample_ratio': 0 };
            const host = await keep(serveHost(settings, CONFIG));
            await converse(await Wire.join(host, { session: newSession() }));
            assert.match(model.requests[0].traceparent, /-00$/);
            await converse(await Wire.join(host, { session: newSession() }, headers({ traceparent: parent() })));
            await host.until(() => collector.named('deliver').length === 1);
            assert.deepEqual([...new Set(collector.spans.map(({ trace }) => trace))], [TRACE]);

            const deaf = await keep(serveHost({ ...settings, 'plugins.tracing.follow_clients': false }, CONFIG));
            await converse(await Wire.join(deaf, { session: newSession() }, headers({ traceparent: parent() })));
            assert.doesNotMatch(model.requests.at(-1).traceparent, new RegExp(TRACE));
            assert.equal((await deaf.stop()).code, 0);
            assert.ok(collector.spans.every(({ trace }) => trace === TRACE));
        }));

    it('is nowhere while tracing is off', () =>
        using(async (keep) => {
            const model = await keep(Model.start());
            const host = await keep(serveHost({ ...model.settings('model'), 'plugins.chat.provider': 'model' }, CONFIG));
            const wire = await Wire.join(host, { session: newSession() }, headers({ traceparent: parent() }));
            await converse(wire);
            assert.equal(model.requests[0].traceparent, undefined);
            assert.equal(wire.frames.some((frame) => JSON.stringify(frame).includes('traceparent')), false);
        }));

    it('stands in the lines of the log that belong to it', () =>
        using(async (keep) => {
            const [collector, model] = [await keep(Collector.start()), await keep(Model.start({ status: 500 }))];
            const host = await keep(serveHost({ ...collector.settings, ...model.settings('model'), 'plugins.chat.provider': 'model', 'logging.format': 'json' }, CONFIG));
            const wire = await Wire.join(host, { session: newSession() }, headers({ traceparent: parent() }));
            const { run, end } = await converse(wire);
            assert.equal(end.outcome, 'error');
            await host.printed(/"msg":"provider failed"/);
            const line = host.log.split('\n').filter((text) => text.startsWith('{')).map((text) => JSON.parse(text)).find(({ msg }) => msg === 'provider failed');
            await host.until(() => collector.named('run').length === 1);
            const [span] = collector.named('run');
            assert.deepEqual([line.run, line.trace_id, line.span_id], [run, TRACE, span.id]);
            assert.equal(span.error, 'error');
            assert.equal(collector.named('chat model')[0].attributes['error.type'], 'unavailable');
        }));
});

describe('a collector', { timeout: TEST_MS }, () => {
    const talkALot = async (host, times = 12) => {
        const wire = await Wire.join(host, { session: newSession() });
        for (let index = 0; index < times; ++index) assert.equal((await converse(wire)).end.outcome, 'complete');
    };

    it('that is away holds up nobody, and what it missed is counted', () =>
        using(async (keep) => {
            const settings = { 'plugins.tracing.enabled': true, 'plugins.tracing.endpoint': `http://127.0.0.1:${await freePort()}`, 'plugins.tracing.interval_ms': 50 };
            const host = await keep(serveHost({ ...settings, 'plugins.tracing.queue_size': 4, 'plugins.tracing.batch_size': 4, 'plugins.tracing.retry_for_ms': 600 }, CONFIG));
            await talkALot(host);
            await host.until(async () => (await host.metric('tracing_spans_failed_total')) >= 4 && (await host.metric('tracing_spans_dropped_total')) >= 1);
            assert.equal(await host.metric('tracing_spans_exported_total'), 0);
            await host.printed(/the collector does not take spans/);
            assert.equal(host.log.split('the collector does not take spans').length, 2, 'said once');
            assert.equal((await host.admin('/health')).body.status, 'ok', 'nothing that a client would feel');
            assert.equal((await host.stop()).code, 0, host.log);
        }));

    it('that never answers holds up neither conversations nor the end', () =>
        using(async (keep) => {
            const collector = await keep(Collector.start(() => null));
            const host = await keep(serveHost({ ...collector.settings, 'plugins.tracing.timeout_ms': 60_000, 'plugins.tracing.flush_timeout_ms': 1_000, 'drain.window_ms': 0 }, CONFIG));
            await talkALot(host, 4);
            await host.until(() => collector.requests.length === 1);
            const begun = performance.now();
            assert.equal((await host.stop()).code, 0, host.log);
            assert.ok(performance.now() - begun < 15_000, 'not as long as it might have waited');
        }));

    it('that is busy is asked again no sooner than it says, and gets each span once', () =>
        using(async (keep) => {
            const collector = await keep(Collector.start((count) => (count === 0 ? { status: 503, headers: { 'retry-after': '1' } } : {})));
            const host = await keep(serveHost(collector.settings, CONFIG));
            await talkALot(host, 1);
            await host.until(() => collector.named('deliver').length === 1);
            assert.ok(collector.requests[1].at - collector.requests[0].at >= 1_000);
            assert.equal(new Set(collector.spans.map(({ id }) => id)).size, collector.spans.length);
            assert.equal(await host.metric('tracing_retries_total'), 1);
            await host.printed(/the collector takes spans again/);
        }));

    it('gets what is left when the node stops', () =>
        using(async (keep) => {
            const collector = await keep(Collector.start());
            const host = await keep(serveHost({ ...collector.settings, 'plugins.tracing.interval_ms': 600_000, 'drain.window_ms': 0 }, CONFIG));
            const wire = await Wire.join(host, { session: newSession() });
            await converse(wire);
            assert.equal(collector.requests.length, 0);
            assert.equal((await host.stop()).code, 0, host.log);
            assert.deepEqual(['hello', 'send', 'run', 'deliver'].map((name) => collector.named(name).length), [1, 1, 1, 1]);
        }));
});
