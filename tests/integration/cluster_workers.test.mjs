// AI workers are nodes of their own: a gateway hands its runs over, and a worker that dies or sleeps costs no word. Each process
// starts with a shipped profile.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { onSentinels, startNode } from './support/cluster.mjs';
import { Stopwatch } from './support/machine.mjs';
import { SentinelGroup } from './support/redis.mjs';
import { AT_WORD_PACE, Talks, WORD_MS, newSession, piecesOf, wordsOf } from './support/talks.mjs';
import { Wire, fold } from './support/wire.mjs';

const TEST_MS = 180_000;
const WORDS = wordsOf(120);
const DELAY_MS = 50;
const LOST_WITHIN_MS = 10_000;
const TAKEN_OVER_WITHIN_MS = 7_000;
const remote = (name, policy) => ({ [`plugins.chat.providers.${name}.type`]: 'remote', [`plugins.chat.providers.${name}.policy`]: policy });

describe('runs on AI workers', { timeout: TEST_MS }, () => {
    let group;
    let gateway;
    let workers;
    let crowd; // talks all the while, with the gateway itself
    const startWorker = (id) => {
        const { settings } = onSentinels(group);
        return startNode({ words: ['-c', 'config/profiles/ai-worker.yaml'], settings }, id, { 'plugins.chat.providers.echo.delay_ms': DELAY_MS, 'drain.plugin_ms': 5_000 }); // less than an answer takes
    };
    before(async () => {
        group = await SentinelGroup.start();
        gateway = await startNode(onSentinels(group), 'gateway-1', { ...AT_WORD_PACE, ...remote('careful', 'continue'), ...remote('strict', 'fail'), ...remote('again', 'restart') });
        workers = await Promise.all(['ai-1', 'ai-2'].map(startWorker));
        crowd = await Talks.begin([gateway], { words: wordsOf(TEST_MS / WORD_MS) });
    });
    after(async () => {
        await Promise.all([gateway, ...(workers ?? [])].map((node) => node?.kill()));
        await group?.stop();
    });

    /** What a node that ends told whoever asked last. */
    const lastScrape = async (node) => {
        let text = '';
        const ask = async () => (text = await (await fetch(`http://127.0.0.1:${node.adminPort}/metrics`)).text());
        await assert.rejects(async () => {
            for (;;) await ask();
        });
        return text;
    };
    const begin = async (provider) => {
        const wire = await Wire.join(gateway, { session: newSession() });
        const { run, type } = await wire.ask({ type: 'send', content: WORDS, options: { provider } });
        assert.equal(type, 'accepted');
        await wire.frame((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq >= 20);
        const held = await Promise.all(workers.map((worker) => worker.metric('runs_held_by_worker')));
        return { wire, run, busy: held.indexOf(1) };
    };
    /** Until the reader has a word that the next worker wrote: all of those of the one before have arrived by then. */
    const isTakenOver = async ({ wire, run, busy }, watch, test) => {
        await gateway.until(async () => (await workers[1 - busy].metric('runs_taken_over_total')) >= 1);
        const held = wire.frames.length;
        await gateway.until(() => wire.frames.slice(held).some((frame) => frame.stream === run && frame.type === 'chunk'));
        watch.within(TAKEN_OVER_WITHIN_MS, 'until another worker goes on', test);
    };
    /** Waits longer than a Wire does for one frame. */
    const endOf = async ({ wire, run }) => {
        await gateway.until(() => wire.frames.some((frame) => frame.stream === run && frame.type === 'end'));
        return fold(piecesOf(wire, run));
    };

    it('no client connects to a worker, and it tells whether it is well', async () => {
        await assert.rejects(Wire.open(workers[0]), /404/);
        const ready = await fetch(`http://127.0.0.1:${workers[0].port}/health/ready`);
        assert.equal(ready.status, 200);
    });

    it('a worker answers, word for word, and the history has both', async () => {
        const talk = await begin('careful');
        assert.ok(talk.busy >= 0, 'one of the workers has it');
        const { text, end } = await endOf(talk);
        assert.deepEqual([text, end.outcome], [WORDS, 'complete']);
        await talk.wire.frame((frame) => frame.stream !== talk.run && frame.data?.kind === 'run' && frame.data.state === 'ended');
        const { messages } = await talk.wire.ask({ type: 'history' });
        assert.deepEqual(messages.map(({ role, content }) => [role, content]), [['user', WORDS], ['assistant', WORDS]]);
        talk.wire.close();
    });

    it('a cancel reaches the worker', async () => {
        const talk = await begin('careful');
        assert.equal((await talk.wire.ask({ type: 'cancel', run: talk.run })).type, 'ok');
        assert.equal((await endOf(talk)).end.outcome, 'cancelled');
        await gateway.until(async () => (await workers[talk.busy].metric('runs_held_by_worker')) === 0);
        talk.wire.close();
    });

    it('a gateway that is stopped serves its clients until each is sent away', async () => {
        const leaving = await startNode(onSentinels(group), 'gateway-2', {
            ...remote('careful', 'continue'), 'drain.balancer_wait_ms': 8_000, 'drain.window_ms': 200, 'drain.exit_within_ms': 30_000,
        });
        try {
            const wire = await Wire.join(leaving, { session: newSession() });
            leaving.signal('SIGTERM');
            await leaving.printed(/draining/);
            const { type, run } = await wire.ask({ type: 'send', content: 'in time', options: { provider: 'careful' } });
            assert.equal(type, 'accepted');
            const { text, end } = await wire.textOf(run);
            assert.deepEqual([text, end.outcome], ['in time', 'complete']);
            const own = await wire.ask({ type: 'send', content: 'too late', options: { provider: 'echo' } });
            assert.deepEqual([own.type, own.code], ['error', 'unavailable'], 'what it would have to answer itself');
            assert.equal((await wire.ended()).code, 4000);
        } finally {
            await leaving.kill();
        }
    });

    it('continue: a worker that sleeps is overtaken, wakes up, and says nothing more', async (test) => {
        const talk = await begin('careful');
        const watch = new Stopwatch();
        workers[talk.busy].signal('SIGSTOP');
        await isTakenOver(talk, watch, test);
        workers[talk.busy].signal('SIGCONT');
        const { text, end } = await endOf(talk);
        assert.deepEqual([text, end.outcome], [WORDS, 'complete']);
        await gateway.until(async () => (await workers[talk.busy].metric('runs_fenced_total')) >= 1);
        await gateway.until(async () => (await workers[talk.busy].metric('runs_held_by_worker')) === 0);
        assert.equal((await endOf(talk)).text, WORDS);
        talk.wire.close();
    });

    it('continue: a worker that is stopped in the middle hands its run over, and the other one goes on with the next word', async () => {
        const talk = await begin('careful');
        const [leaves, follows] = [workers[talk.busy], workers[1 - talk.busy]];
        const counts = () => Promise.all(['runs_taken_total', 'runs_taken_over_total'].map((name) => follows.metric(name)));
        const [taken, over] = await counts();
        const [last, ended] = await Promise.all([lastScrape(leaves), leaves.stop()]);
        assert.deepEqual(ended, { code: 0, signal: null });
        assert.match(last, /^streamhost_runs_handed_over_total 1$/m);
        const seen = talk.wire.frames.length;
        const { text, end } = await endOf(talk);
        assert.deepEqual([text, end.outcome], [WORDS, 'complete']);
        assert.ok(talk.wire.frames.length > seen, 'it was in the middle');
        assert.deepEqual(leaves.log.match(/run is handed over run=\S+/g), [`run is handed over run=${talk.run}`]);
        assert.deepEqual(await counts(), [taken + 1, over + 1]);
        talk.wire.close();
        workers[talk.busy] = await startWorker('ai-5');
    });

    it('fail: the run of a worker that is killed ends lost in time', async (test) => {
        const talk = await begin('strict');
        const watch = new Stopwatch();
        await workers[talk.busy].kill();
        const { text, end } = await endOf(talk);
        assert.equal(end.outcome, 'lost');
        watch.within(LOST_WITHIN_MS, 'until the run of a killed worker ended', test);
        assert.ok(WORDS.startsWith(text) && text.length > 0);
        talk.wire.close();
        workers[talk.busy] = await startWorker('ai-3');
    });

    it('restart: the run of a worker that is killed ends lost, and another one answers the same message, whole', async () => {
        const talk = await begin('again');
        await workers[talk.busy].kill();
        const { text, end } = await endOf(talk);
        assert.equal(end.outcome, 'lost');
        assert.ok(WORDS.startsWith(text) && text.length > 0);
        const isNext = ({ data }) => data?.kind === 'run' && data.state === 'pending' && data.replaces === talk.run;
        await gateway.until(() => talk.wire.frames.some(isNext));
        const { run } = talk.wire.frames.find(isNext).data;
        const again = await endOf({ wire: talk.wire, run });
        assert.deepEqual([again.text, again.end.outcome], [WORDS, 'complete']);
        assert.equal(talk.wire.frames.filter((frame) => frame.type === 'end').length, 2);
        talk.wire.close();
        workers[talk.busy] = await startWorker('ai-4');
    });

    it('continue: another worker goes on with the next word', async (test) => {
        const talk = await begin('careful');
        const watch = new Stopwatch();
        await workers[talk.busy].kill();
        await isTakenOver(talk, watch, test);
        const { text, end } = await endOf(talk);
        assert.deepEqual([text, end.outcome], [WORDS, 'complete']);
        talk.wire.close();
    });

    it('whoever talked with the gateway itself heard every word meanwhile', async () => {
        await crowd.cancel();
        await crowd.areKeptBy(await group.master());
        crowd.close();
    });
});
