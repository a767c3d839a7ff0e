// From a producer at node A over Redis to readers at node B, beside a bare PUBLISH to SUBSCRIBE of the same sizes at the
// same times; and a stream of many entries read on a node that never saw it.
import { Load, run } from '../support/generator.mjs';
import { Window } from '../support/machine.mjs';
import { overRedis } from '../support/nodes.mjs';
import { median, ms, perSecond, percent } from '../support/verdicts.mjs';

const MOST_TIMES_BARE = 3;
const LEAST_OF_RATE = 0.99;

async function deliveryRound(rate, streams, seconds, round) {
    return overRedis(2, async ({ nodes }, redis) => {
        const bare = (name, parameters) => Load.start('bare', { bare: redis, name: `redis-${name}-${round}` }, { streams, rate, ...parameters });
        const window = new Window();
        const hosts = await Load.start('streams', { nodes, redis: [redis], name: `redis-delivery-${round}` }, { streams, rate, seconds });
        const beside = await bare('bare-beside', { seconds });
        const [delivered, besides] = [await hosts.ended(), await beside.ended()];
        const others = window.end();
        const alone = await (await bare('bare-alone', { seconds: Math.ceil(seconds / 4) })).ended();
        return { delivered, beside: besides, alone, window: others };
    });
}

/** @param {import('../support/verdicts.mjs').Verdicts} verdicts */
export async function delivery(verdicts) {
    const [rate, streams, seconds, least, most] = verdicts.quick ? [1_000, 100, 1, 1, 1] : [10_000, 1_000, 15, 3, 8];
    const all = [];
    const valid = () => all.filter((one) => one.window.isValid);
    for (let round = 0; round < most && valid().length < least; ++round) all.push(await deliveryRound(rate, streams, seconds, round));
    const isValid = valid().length >= least;
    const taken = isValid ? valid() : all;
    const of = (pick) => median(taken.map(pick));
    const window = { others: of((one) => one.window.others), isValid };
    const ratio = of(({ delivered, beside }) => delivered.latency.due_to_reader.p99_us / beside.latency.bare.p99_us);
    verdicts.hold('node A to node B, p99', { target: `< ${MOST_TIMES_BARE} x bare PUBLISH`, result: `${ratio.toFixed(2)} x`, isMet: ratio < MOST_TIMES_BARE, window });
    const line = (latency) => ['p50_us', 'p99_us', 'p99_9_us'].map((name) => ms(of((one) => latency(one)[name]) / 1_000)).join(', ');
    verdicts.tell('  due to reader: p50, p99, p99.9', line(({ delivered }) => delivered.latency.due_to_reader));
    verdicts.tell('  bare, beside it', line(({ beside }) => beside.latency.bare));
    verdicts.tell('  bare, alone', line(({ alone }) => alone.latency.bare));
    const cpu = ({ delivered }) => delivered.server_cpu.share_of_a_core;
    const reached = of(({ delivered }) => delivered.per_second);
    const used = `${perSecond(reached)}, both nodes ${percent(of(cpu))} of a core`;
    verdicts.hold('  entries', { target: perSecond(rate), result: used, isMet: reached >= LEAST_OF_RATE * rate, window });
}

/** @param {import('../support/verdicts.mjs').Verdicts} verdicts */
export async function recovery(verdicts) {
    const [streams, entries] = verdicts.quick ? [5, 1_000] : [100, 1_000];
    const window = new Window();
    const { latency } = await overRedis(2, ({ nodes }, redis) => run('recover', { nodes, redis: [redis], name: 'redis-recovery' }, { streams, entries }));
    const took = latency.subscribe_to_last;
    verdicts.tell(`${entries} entries on another node: p50, p95`, `${ms(took.p50_us / 1_000)}, ${ms(took.p95_us / 1_000)} of ${took.count}`, window.end());
}
