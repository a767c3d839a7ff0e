// A page that reloads while the store is away: it is welcomed, waits, and has every word in the end, without another hello.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { nodesOverRedis } from './support/cluster.mjs';
import { Stopwatch } from './support/machine.mjs';
import { isUnavailable } from './support/returning.mjs';
import { newSession, piecesOf, wordsOf } from './support/talks.mjs';
import { Wire, fold, positionOf } from './support/wire.mjs';

const TEST_MS = 120_000;
const BREAKER_MS = 3_000; // store.breaker.silence_ms
const TEXT = wordsOf(500);

const isOf = (stream) => (frame) => frame.stream === stream;
const streamFrames = (wire) => wire.frames.filter((frame) => frame.stream !== undefined && frame.type !== 'error');

/** Every entry once and in order: stricter than what a client has to bear. */
function goesOnFrom(position, pieces) {
    let last = position;
    for (const frame of pieces) {
        assert.equal(frame.type === 'snapshot' ? last + 1 : (frame.from ?? frame.seq), last + 1, `behind ${last}: ${JSON.stringify(frame)}`);
        last = frame.seq;
    }
}

describe('a store that is away while pages reload', { timeout: TEST_MS }, () => {
    let redis;
    let node;
    nodesOverRedis(1, (started) => ({ redis, cluster: { nodes: [node] } } = started), { server: { appendonly: 'yes', appendfsync: 'always' } });

    const breaker = async () => (await node.admin('/admin/v1/node')).body.store.breaker;
    const talkUnderWay = async (session) => {
        const wire = await Wire.join(node, { session });
        assert.equal(wire.welcome.degraded, undefined);
        const { run } = await wire.ask({ type: 'send', content: TEXT });
        await wire.frame((frame) => frame.stream === run && frame.type === 'chunk' && frame.seq >= 5);
        return { wire, run };
    };
    const strangerIsRefused = async () => {
        const stranger = await Wire.open(node);
        isUnavailable(await stranger.ask({ type: 'hello', id: 's', session: newSession() }), 's');
        assert.equal((await stranger.ended()).code, 1013);
    };
    const isServedAgain = async (wire) => {
        const { run } = await wire.ask({ type: 'send', content: 'it is back' });
        assert.equal((await wire.textOf(run)).text, 'it is back');
        const late = await Wire.join(node, { session: newSession() });
        assert.deepEqual([late.welcome.type, late.welcome.degraded], ['welcome', undefined]);
        late.close();
    };

    it('stopped: a page goes on from the positions that it held', async (test) => {
        const session = newSession();
        const { wire, run } = await talkUnderWay(session);
        redis.signal('SIGSTOP');
        const watch = new Stopwatch();
        wire.cut();
        const held = [session, run].map((stream) => piecesOf(wire, stream));
        const resume = held.map((pieces) => ({ stream: pieces.at(-1).stream, after: positionOf(pieces.at(-1)) }));
        const page = await Wire.join(node, { session, resume });
        watch.within(BREAKER_MS + 1_000, 'from the stop to the welcome', test);
        assert.deepEqual([page.welcome.type, page.welcome.degraded], ['welcome', true], JSON.stringify(page.welcome));
        await node.until(async () => (await breaker()) === 'open');
        isUnavailable(await page.ask({ type: 'send', id: 'w', content: 'while it is away' }), 'w');
        await strangerIsRefused();
        await node.lives(2_000);
        assert.deepEqual(streamFrames(page), [], 'nothing is shown before the subscription stands');
        redis.signal('SIGCONT');
        await page.frame((frame) => frame.stream === run && frame.type === 'end');
        const { text, end } = fold([...held[1], ...piecesOf(page, run)]);
        assert.deepEqual([text === TEXT, end.outcome], [true, 'complete']);
        await page.frame((frame) => frame.stream === session && frame.data?.kind === 'run' && frame.data.state === 'ended');
        for (const [index, stream] of [session, run].entries()) {
            goesOnFrom(held[index].at(-1).seq, piecesOf(page, stream));
            const subscribed = page.frames.filter((frame) => isOf(stream)(frame) && frame.type === 'subscribed');
            assert.deepEqual(subscribed.map(({ recovered }) => recovered), [true], stream);
        }
        assert.equal(page.closed, null);
        await isServedAgain(page);
        page.close();
    });

    it('killed: a page that holds nothing gets the whole of it', async (test) => {
        const session = newSession();
        const { wire, run } = await talkUnderWay(session);
        redis.signal('SIGKILL');
        await node.until(async () => (await breaker()) === 'open');
        wire.cut();
        const watch = new Stopwatch();
        const page = await Wire.join(node, { session });
        watch.within(300, 'a hello while the breaker is open', test);
        assert.equal(page.welcome.degraded, true);
        isUnavailable(await page.ask({ type: 'send', id: 'w', content: 'while it is away' }), 'w');
        await strangerIsRefused();
        assert.deepEqual(streamFrames(page), []);
        await redis.again();
        const { text, end } = await page.textOf(run);
        assert.deepEqual([text === TEXT, end.outcome], [true, 'complete']);
        goesOnFrom(0, piecesOf(page, run));
        assert.equal(piecesOf(page, session).filter((frame) => JSON.stringify(frame).includes('"role":"user"')).length, 1);
        await node.until(async () => (await node.admin('/admin/v1/sessions')).body.total === 1);
        assert.equal(page.closed, null);
        await isServedAgain(page);
        page.close();
    });

    it('killed: many pages come back at once, and reload again before it is over', async () => {
        const talks = await Promise.all(Array.from({ length: 20 }, () => talkUnderWay(newSession())));
        redis.signal('SIGKILL');
        await node.until(async () => (await breaker()) === 'open');
        const reload = async (talk) => {
            const session = talk.wire.welcome.session;
            talk.wire.cut();
            return { run: talk.run, wire: await Wire.join(node, { session, resume: [{ stream: talk.run, after: '0' }] }) };
        };
        let pages = talks;
        for (let round = 0; round < 3; ++round) {
            pages = await Promise.all(pages.map(reload));
            for (const { wire } of pages) assert.equal(wire.welcome.degraded, true, JSON.stringify(wire.welcome));
        }
        await redis.again();
        await Promise.all(
            pages.map(async ({ wire, run }) => {
                const { text, end } = await wire.textOf(run);
                assert.deepEqual([text === TEXT, end.outcome], [true, 'complete']);
                goesOnFrom(0, piecesOf(wire, run));
                wire.close();
            }),
        );
    });
});
