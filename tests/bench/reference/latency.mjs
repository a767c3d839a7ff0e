// The replaced system's table of latencies, one step after the other on three nodes that do nothing else. The clock runs
// in this process, so what Node adds is in every figure.
import { Wire, positionOf } from '../../integration/support/wire.mjs';
import { Window } from '../support/machine.mjs';
import { overRedis } from '../support/nodes.mjs';
import { ms, rank } from '../support/verdicts.mjs';

const HELD = 100; // entries that a client missed
const TEXT = 'x'.repeat(100);
const entry = (text) => ({ kind: 'text', delta: text });

const timed = async (times, work) => {
    const all = [];
    for (let turn = -WARM; turn < times; ++turn) {
        const took = await work(turn + WARM);
        if (turn >= 0) all.push(took);
    }
    return all;
};
const WARM = 20;

const heard = async (wire, isSo) => {
    const frame = await wire.frame(isSo);
    wire.frames.length = 0;
    return frame;
};
const isAnswer = (type, frame) => {
    if (frame.type !== type) throw new Error(JSON.stringify(frame));
    return frame;
};

/** From hello until `welcome`. */
const register = ([node], times) =>
    timed(times, async (turn) => {
        const wire = await Wire.open(node);
        const from = performance.now();
        isAnswer('welcome', await wire.ask({ type: 'hello', session: `register-${turn}` }));
        const took = performance.now() - from;
        wire.close();
        return took;
    });

/** To a shared stream at the first node, until a reader at the second one has it. */
async function publish([first, second], times) {
    const [writer, reader] = await Promise.all([first, second].map((node) => Wire.join(node)));
    isAnswer('subscribed', await reader.ask({ type: 'subscribe', stream: 'published', from: 'start' }));
    const all = await timed(times, async (turn) => {
        const from = performance.now();
        writer.say({ type: 'append', id: `p-${turn}`, stream: 'published', key: `${turn}`, entries: [entry(`${turn} ${TEXT}`)] });
        const { data } = await heard(reader, (frame) => frame.stream === 'published' && frame.seq === turn + 1 && frame.type === 'chunk');
        const took = performance.now() - from;
        if (data.delta !== `${turn} ${TEXT}`) throw new Error(`another text: ${data.delta}`);
        return took;
    });
    [writer, reader].forEach((wire) => wire.close());
    return all;
}

/** To a run, until it is acknowledged. */
async function append([node], times) {
    const wire = await Wire.join(node);
    const { fence } = isAnswer('claimed', await wire.ask({ type: 'claim', stream: 'owned.run', lease_ms: 60_000 }));
    const all = await timed(times, async (turn) => {
        const from = performance.now();
        wire.say({ type: 'append', id: `a-${turn}`, stream: 'owned.run', fence, seq: turn + 1, entries: [entry(TEXT)] });
        const answer = await heard(wire, (frame) => frame.id === `a-${turn}`);
        const took = performance.now() - from;
        if (isAnswer('appended', answer).last !== turn + 1) throw new Error(JSON.stringify(answer));
        return took;
    });
    wire.close();
    return all;
}

/** A client that missed entries comes to a node that never saw the stream: from hello until all of them are there. */
async function recover([first, , third], times) {
    const writer = await Wire.join(first);
    const all = await timed(times, async (turn) => {
        const stream = `missed-${turn}`;
        const write = (key, count) => writer.ask({ type: 'append', stream, key, entries: Array.from({ length: count }, (_, at) => entry(`${key}${at} `)) });
        const held = isAnswer('appended', await write('held', 10));
        isAnswer('appended', await write('missed', HELD));
        writer.frames.length = 0;
        const wire = await Wire.open(third);
        const from = performance.now();
        wire.say({ type: 'hello', id: 'h', resume: [{ stream, after: positionOf({ seq: held.last, check: held.check }) }] });
        await wire.frame((frame) => frame.type === 'caught_up' && frame.stream === stream);
        const took = performance.now() - from;
        const chunks = wire.frames.filter((frame) => frame.stream === stream && frame.type === 'chunk');
        const text = chunks.map(({ data }) => data.delta).join('');
        if (text !== Array.from({ length: HELD }, (_, at) => `missed${at} `).join('')) throw new Error(`another text: ${text.slice(0, 200)}`);
        wire.close();
        return took;
    });
    writer.close();
    return all;
}

const STEPS = [
    ['register', register, 2, 5],
    ['publish', publish, 1, 3],
    ['append', append, 3, 8],
    [`recovery of ${HELD} entries`, recover, 5, 15],
];

/** @param {import('../support/verdicts.mjs').Verdicts} verdicts */
export const latency = (verdicts) =>
    overRedis(3, async ({ nodes }) => {
        const measuring = new Window();
        const taken = [];
        for (const [, step] of STEPS) taken.push(await step(nodes, verdicts.quick ? 20 : 500));
        const window = measuring.end();
        for (const [index, [name, , low, high]] of STEPS.entries()) {
            const [p50, p95] = [rank(taken[index], 0.5), rank(taken[index], 0.95)];
            verdicts.hold(`${name}: p50, p95`, { target: `< ${low} ms, < ${high} ms`, result: `${ms(p50)}, ${ms(p95)}`, isMet: p50 < low && p95 < high, window });
        }
    });
