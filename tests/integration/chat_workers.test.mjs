// Runs over the queue, on one node: accepted by it and produced by the worker in it, or by nobody.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { serveHost } from './support/host_process.mjs';
import { wordsOf } from './support/talks.mjs';
import { Wire, positionOf } from './support/wire.mjs';

const TEST_MS = 60_000;
const WORDS = wordsOf(60);
const REMOTE = {
    'plugins.chat.provider': 'far',
    'plugins.chat.providers.far.type': 'remote',
    'plugins.chat.providers.echo.delay_ms': 20,
};
const WORKING = { ...REMOTE, 'plugins.chat.worker.enabled': true, 'plugins.chat.worker.provider': 'echo' };
const EMBEDDED = { words: ['-c', 'config/streamhost.yaml'] };

let ids = 0;
const newId = () => `work-${++ids}`;

const metricOf = async (host, name) => {
    const text = await (await fetch(`http://127.0.0.1:${host.adminPort}/metrics`)).text();
    const line = text.match(new RegExp(`^streamhost_${name.replaceAll(/[{}]/g, '\\$&')} (\\S+)$`, 'm'));
    assert.ok(line, `no metric ${name}`);
    return Number(line[1]);
};
const isChunkOf = (run, seq) => (frame) => frame.type === 'chunk' && frame.stream === run && frame.seq >= seq;
const isState = (run, state) => (frame) => frame.data?.kind === 'run' && frame.data.run === run && frame.data.state === state;

describe('with a worker in the same node', { timeout: TEST_MS }, () => {
    let host;
    before(async () => {
        host = await serveHost({ ...WORKING, 'plugins.chat.worker.max_runs': 4 }, EMBEDDED);
    });
    after(async () => assert.equal((await host.stop()).code, 0, host.log));

    it('a conversation comes word for word, and history has it', async () => {
        const wire = await Wire.join(host, { session: newId() });
        const { run } = await wire.ask({ type: 'send', content: WORDS });
        const { text, end, last } = await wire.textOf(run);
        assert.deepEqual([text, end.outcome, last], [WORDS, 'complete', 61]);
        await wire.frame(isState(run, 'ended'));
        const again = await wire.ask({ type: 'send', content: 'and again' });
        assert.equal((await wire.textOf(again.run)).text, 'and again');
        await wire.frame(isState(again.run, 'ended'));

        const states = wire.frames.filter((frame) => frame.data?.kind === 'run' && frame.data.run === run).map(({ data }) => data.state);
        assert.deepEqual(states, ['pending', 'active', 'ended']);
        const { messages } = await wire.ask({ type: 'history' });
        assert.deepEqual(
            messages.map(({ role, content }) => [role, content]),
            [
                ['user', WORDS],
                ['assistant', WORDS],
                ['user', 'and again'],
                ['assistant', 'and again'],
            ],
        );
        wire.close();
    });

    it('data comes back as one part', async () => {
        const wire = await Wire.join(host, { session: newId() });
        const { run } = await wire.ask({ type: 'send', data: { a: [1, 2] } });
        const chunk = await wire.frame(isChunkOf(run, 1));
        assert.deepEqual(chunk.data, { a: [1, 2] });
        assert.equal((await wire.textOf(run)).end.outcome, 'complete');
        wire.close();
    });

    it('a repeated send starts one run', async () => {
        const wire = await Wire.join(host, { session: newId() });
        const taken = await metricOf(host, 'runs_taken_total');
        const first = await wire.ask({ type: 'send', content: 'once', key: 'k' });
        const second = await wire.ask({ type: 'send', content: 'once', key: 'k' });
        assert.deepEqual([second.run, second.duplicate], [first.run, true]);
        await wire.textOf(first.run);
        assert.equal((await metricOf(host, 'runs_taken_total')) - taken, 1);
        wire.close();
    });

    it('a page that reloads in the middle misses nothing', async () => {
        const session = newId();
        const wire = await Wire.join(host, { session });
        const { run } = await wire.ask({ type: 'send', content: WORDS });
        const chunk = await wire.frame(isChunkOf(run, 10));
        wire.cut();
        await wire.ended();
        const held = wire.frames.filter((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq <= chunk.seq);
        const back = await Wire.join(host, { session, resume: [{ stream: run, after: positionOf(chunk) }] });
        await back.frame((frame) => frame.type === 'end' && frame.stream === run);
        const rest = back.frames.filter((frame) => frame.stream === run && frame.type === 'chunk');
        assert.equal(rest[0].from ?? rest[0].seq, chunk.seq + 1);
        assert.equal([...held, ...rest].map(({ data }) => data.delta).join(''), WORDS);
        back.close();
    });

    it('a cancel ends the answer and stops its provider', async () => {
        const wire = await Wire.join(host, { session: newId() });
        const { run } = await wire.ask({ type: 'send', content: WORDS });
        await wire.frame(isChunkOf(run, 5));
        assert.equal((await wire.ask({ type: 'cancel', run })).type, 'ok');
        const { text, end } = await wire.textOf(run);
        assert.equal(end.outcome, 'cancelled');
        assert.ok(WORDS.startsWith(text) && text.length < WORDS.length);
        await host.until(async () => (await metricOf(host, 'runs_held_by_worker')) === 0);
        await wire.frame(isState(run, 'ended'));
        const { messages } = await wire.ask({ type: 'history' });
        assert.equal(messages.at(-1).content, text, 'what was shown is what is kept');
        wire.close();
    });

    it('more messages than the worker has places for are all answered', async () => {
        const wires = await Promise.all(Array.from({ length: 12 }, () => Wire.join(host, { session: newId() })));
        const texts = await Promise.all(
            wires.map(async (wire, index) => {
                const { run } = await wire.ask({ type: 'send', content: `answer ${index}` });
                return (await wire.textOf(run)).text;
            }),
        );
        assert.deepEqual(
            texts,
            wires.map((_, index) => `answer ${index}`),
        );
        wires.forEach((wire) => wire.close());
    });

    it('an answer goes on while the plugin is restarted under it', async () => {
        const wire = await Wire.join(host, { session: newId() });
        const { run } = await wire.ask({ type: 'send', content: WORDS });
        await wire.frame(isChunkOf(run, 3));
        assert.equal((await host.admin('/admin/v1/plugins/chat', { restart: true })).status, 202);
        const { text, end } = await wire.textOf(run);
        assert.deepEqual([text, end.outcome], [WORDS, 'complete']);
        const again = await wire.ask({ type: 'send', content: 'and again' });
        assert.equal((await wire.textOf(again.run)).text, 'and again');
        wire.close();
    });

    it('leaves nothing behind', async () => {
        for (const name of ['runs_waiting_for_worker', 'runs_held_by_worker']) await host.until(async () => (await metricOf(host, name)) === 0);
        for (const name of ['runs_fenced_total', 'runs_given_up_total', 'faults_total', 'role_violations_total', 'stream_divergence_total'])
            assert.equal(await metricOf(host, name), 0, name);
        assert.deepEqual((await host.admin('/health/distributed')).body.reasons, []);
    });
});

describe('a stop while answers run', { timeout: TEST_MS }, () => {
    it('lets the one that runs end, and takes the one that waits', async () => {
        const host = await serveHost({ ...WORKING, 'plugins.chat.worker.max_runs': 1, 'logging.level': 'debug' }, EMBEDDED);
        const wires = await Promise.all([newId(), newId()].map((session) => Wire.join(host, { session })));
        const runs = [];
        for (const wire of wires) runs.push((await wire.ask({ type: 'send', content: 'one two three four five six seven eight' })).run);
        await Promise.race(wires.map((wire, index) => wire.frame(isChunkOf(runs[index], 1))));
        assert.equal((await host.stop()).code, 0, host.log);
        // The connections were closed at times of their own, so the node is asked how it went.
        for (const run of runs) assert.match(host.log, new RegExp(`run ended .*run=${run} outcome=complete`));
    });
});

describe('without a worker', { timeout: TEST_MS }, () => {
    const WAIT_MS = 8_000;
    let host;
    before(async () => {
        host = await serveHost({ ...REMOTE, 'plugins.chat.providers.far.wait_ms': WAIT_MS }, EMBEDDED);
    });
    after(async () => assert.equal((await host.stop()).code, 0, host.log));

    it('a run waits, the node says that it is degraded, and the run ends with unavailable', async () => {
        const wire = await Wire.join(host, { session: newId() });
        const sent = Date.now();
        const { run } = await wire.ask({ type: 'send', content: 'anybody there?' });
        assert.equal(await metricOf(host, 'runs_waiting_for_worker'), 1);
        assert.deepEqual((await host.admin('/health/distributed')).body.reasons, []);
        await host.until(async () => (await host.admin('/health/distributed')).status === 503);
        const { reasons } = (await host.admin('/health/distributed')).body;
        assert.ok(
            reasons.some((reason) => /worker/.test(JSON.stringify(reason))),
            JSON.stringify(reasons),
        );
        assert.ok(Date.now() - sent >= 5_000, 'not before it has waited long');

        const { text, end } = await wire.textOf(run);
        assert.deepEqual([text, end.outcome, end.error.code], ['', 'error', 'unavailable']);
        const took = Date.now() - sent;
        assert.ok(took >= WAIT_MS && took < WAIT_MS + 2_000, `${took} ms`);
        await wire.frame(isState(run, 'ended'));
        await host.until(async () => (await host.admin('/health/distributed')).status === 200);
        assert.equal(await metricOf(host, 'runs_without_worker_total'), 1);
        wire.close();
    });

    it('a run that waits can be cancelled', async () => {
        const wire = await Wire.join(host, { session: newId() });
        const { run } = await wire.ask({ type: 'send', content: 'never mind' });
        assert.equal((await wire.ask({ type: 'cancel', run })).type, 'ok');
        assert.equal((await wire.textOf(run)).end.outcome, 'cancelled');
        await wire.frame(isState(run, 'ended'));
        assert.equal(await metricOf(host, 'runs_waiting_for_worker'), 0);
        wire.close();
    });

    it('a message may choose a local provider all the same', async () => {
        const wire = await Wire.join(host, { session: newId() });
        const { run } = await wire.ask({ type: 'send', content: 'here', options: { provider: 'echo' } });
        assert.equal((await wire.textOf(run)).text, 'here');
        wire.close();
    });
});

describe('a worker that would hand its runs on', { timeout: TEST_MS }, () => {
    it('is refused with the key to change', async () => {
        const host = await serveHost({ ...REMOTE, 'plugins.chat.worker.enabled': true }, EMBEDDED);
        await host.printed(/plugin failed plugin=chat reason="[^"]*plugins\.chat\.worker\.provider: far is of type remote/);
        assert.equal((await host.stop()).code, 0, host.log);
    });
});
