// What the replaced system promised of a day without faults: messages a second, latency, memory.
import { Load } from '../support/generator.mjs';
import { Window } from '../support/machine.mjs';
import { overRedis } from '../support/nodes.mjs';
import { ms, perSecond, percent } from '../support/verdicts.mjs';

const LEAST_OF_RATE = 0.99;
const MOST_P95_MS = 50;
const MOST_BYTES = 512 * 2 ** 20;
// A queue of a third of a second, which under full load is always there, would count as a lower rate in a short run.
const THREE_S = 60;
const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

async function talk(name, size, parameters) {
    return overRedis(size, async ({ nodes }, redis) => {
        const window = new Window();
        const load = await Load.start('talk', { nodes, redis: [redis], name: `reference-${name}` }, parameters);
        return { ...(await load.ended()), window: window.end() };
    });
}

function tell(verdicts, run) {
    const line = (latency) => ['p50_us', 'p95_us', 'p99_us'].map((name) => ms(latency[name] / 1_000)).join(', ');
    verdicts.tell('  due to reader: p50, p95, p99', line(run.latency.due_to_reader));
    verdicts.tell('  due to acknowledged: p50, p95, p99', line(run.latency.due_to_acknowledged));
    verdicts.tell('  CPU: nodes, generator', `${percent(run.server_cpu.share_of_a_core)}, ${percent(run.generator_cpu.share_of_a_core)} of a core`);
}

async function rateOf(verdicts, what, name, size, parameters) {
    const run = await talk(name, size, parameters);
    const { per_second: reached, window } = run;
    verdicts.hold(what, { target: perSecond(parameters.rate), result: perSecond(reached), isMet: reached >= LEAST_OF_RATE * parameters.rate, window });
    tell(verdicts, run);
}

/** @param {import('../support/verdicts.mjs').Verdicts} verdicts */
export const one = (verdicts) =>
    rateOf(verdicts, 'one node, 1,000 clients', 'one', 1, verdicts.quick ? { connections: 100, rate: 1_000, seconds: 2, warm_s: 1 } : { connections: 1_000, rate: 10_000, seconds: 20 });

/** @param {import('../support/verdicts.mjs').Verdicts} verdicts */
export const three = (verdicts) =>
    rateOf(verdicts, 'three nodes, 3,000 clients', 'three', 3, verdicts.quick ? { connections: 150, rate: 1_500, seconds: 2, warm_s: 1 } : { connections: 3_000, rate: 30_000, seconds: THREE_S });

/** @param {import('../support/verdicts.mjs').Verdicts} verdicts */
export async function memory(verdicts) {
    const parameters = verdicts.quick ? { connections: 200, rate: 1_000, seconds: 2, warm_s: 1 } : { connections: 2_000, rate: 10_000, seconds: 20 };
    const run = await talk('memory', 1, parameters);
    const [p95, bytes] = [run.latency.due_to_reader.p95_us / 1_000, run.numbers.most_pss_bytes];
    verdicts.hold(`${parameters.connections} clients on a node: p95 to the reader`, { target: `< ${MOST_P95_MS} ms`, result: ms(p95), isMet: p95 < MOST_P95_MS, window: run.window });
    verdicts.hold('  memory of the node', { target: `< ${mib(MOST_BYTES)}`, result: mib(bytes), isMet: bytes < MOST_BYTES });
    tell(verdicts, run);
    if (verdicts.quick) return;
    const calm = await talk('memory-calm', 1, { ...parameters, rate: parameters.rate / 5 });
    const calmP95 = calm.latency.due_to_reader.p95_us / 1_000;
    verdicts.hold('  p95 to the reader at a fifth of the load', { target: `< ${MOST_P95_MS} ms`, result: ms(calmP95), isMet: calmP95 < MOST_P95_MS, window: calm.window });
}
