// What the replaced system promised of days with faults: a node that is killed, a store that goes away, a master that is
// moved or killed. The generator compares every entry; whatever is lost, doubled, changed or out of order ends it.
import { DOWN_AFTER_MS, MASTER } from '../../integration/support/redis.mjs';
import { Load } from '../support/generator.mjs';
import { Window } from '../support/machine.mjs';
import { killNode, overRedis, overSentinels, pause } from '../support/nodes.mjs';
import { ms, percent } from '../support/verdicts.mjs';
import { Sends } from './sends.mjs';

const AWAY_MS = 10_000;
const MOST_ANSWER_MS = 4_000;
const MOST_RESUME_MS = 3_000;
const MOST_MOVE_MS = 2_500;
const MOST_BACK_MS = 5_000;
const AFTER_DOWN_MS = 2_000;
const FAILOVERS_MS = 150_000; // then the generator's own limit is near

const whole = ({ numbers }) => `0 of ${numbers.entries.toLocaleString('en')}`;
const intact = (verdicts, what, run) => verdicts.hold(what, { target: '0 lost, 0 doubled', result: whole(run), isMet: true });
const within = (verdicts, what, most, took, window) =>
    verdicts.hold(what, { target: `< ${ms(most)}`, result: took === 0 ? 'never' : ms(took), isMet: took > 0 && took < most, window });

/** A run of the generator that is measuring, given to `use`; ended when that is over. */
async function during(on, parameters, use) {
    const load = await Load.start('talk', on, { ...parameters, orders: 'stdin' });
    try {
        await load.says('measuring');
        const window = new Window();
        const said = await use(load);
        const others = window.end();
        load.order('stop');
        return { ...(await load.ended()), ...said, window: others };
    } finally {
        load.kill();
    }
}

/** One node of three is killed while all of them have clients. */
async function killAt(verdicts, what, { connections, rate, calm_ms, name }) {
    const run = await overRedis(3, async ({ nodes }, redis) => {
        const on = { nodes, gone: [nodes[1]], redis: [redis], name };
        return during(on, { connections, rate, warm_s: 1, seconds: 120 }, async (load) => {
            await pause(calm_ms / 4);
            load.order('mark kill');
            killNode(nodes[1]);
            await pause(calm_ms);
        });
    });
    intact(verdicts, what, run);
    if (run.numbers.cuts < connections / 3) throw new Error(`only ${run.numbers.cuts} clients lost their node`);
    within(verdicts, '  all clients read again', MOST_BACK_MS, run.numbers.all_read_ms_after_kill, run.window);
    const back = run.latency.lost_to_caught_up;
    verdicts.tell('  from the loss to caught up elsewhere: p50, max', `${ms(back.p50_us / 1_000)}, ${ms(back.max_us / 1_000)} of ${back.count}`);
    verdicts.tell('  entries a second in it', `${Math.round(run.per_second).toLocaleString('en')} of ${rate.toLocaleString('en')}`);
}

/** @param {import('../support/verdicts.mjs').Verdicts} verdicts */
export async function kill(verdicts) {
    if (verdicts.quick) return killAt(verdicts, 'kill -9 of one node in three', { connections: 150, rate: 1_500, calm_ms: 1_000, name: 'reference-kill' });
    await killAt(verdicts, 'kill -9 of one node in three', { connections: 3_000, rate: 30_000, calm_ms: 8_000, name: 'reference-kill' });
    // What is promised is more than two cores carry together with the clients: the same with room shows what the loss itself costs.
    await killAt(verdicts, 'the same at a fifth of the load', { connections: 3_000, rate: 6_000, calm_ms: 8_000, name: 'reference-kill-calm' });
}

/** @param {import('../support/verdicts.mjs').Verdicts} verdicts */
export async function outage(verdicts) {
    const [connections, rate, people, calm_ms] = verdicts.quick ? [60, 300, 4, 1_000] : [1_000, 2_000, 10, 5_000];
    const run = await overRedis(2, async ({ nodes }, redis) => {
        const on = { nodes, redis: [redis], name: 'reference-outage' };
        const sends = await Sends.start(nodes, people);
        const talked = await during(on, { connections, rate, warm_s: 1, seconds: 120 }, async (load) => {
            await pause(calm_ms);
            redis.signal('SIGSTOP');
            await pause(AWAY_MS);
            load.order('mark return');
            redis.signal('SIGCONT');
            await pause(calm_ms + MOST_RESUME_MS);
        });
        return { ...talked, sends: await sends.end() };
    });
    intact(verdicts, 'Redis away for 10 s', run);
    const slowest = run.latency.append_to_answer.max_us / 1_000;
    within(verdicts, `  slowest answer to a send, of ${run.sends.count}, ${run.sends.refusals} of them refusals`, MOST_ANSWER_MS, run.sends.slowest, run.window);
    within(verdicts, `  slowest answer to an append, ${run.numbers.refusals} refusals`, MOST_ANSWER_MS, slowest, run.window);
    within(verdicts, '  after its return all wrote', MOST_RESUME_MS, run.numbers.all_wrote_ms_after_return, run.window);
    within(verdicts, '  after its return all read', MOST_RESUME_MS, run.numbers.all_read_ms_after_return, run.window);
    verdicts.tell('  clients that lost their connection', String(run.numbers.cuts));
}

/** On a busy machine a full resynchronisation takes longer than a test would wait. */
async function isReady(group) {
    for (let patience = 3; ; --patience) {
        try {
            return await group.isReady(2, 3);
        } catch (error) {
            if (patience === 1) throw error;
        }
    }
}

const servers = (group) => [...group.servers, ...group.sentinels];

/** @param {import('../support/verdicts.mjs').Verdicts} verdicts */
export async function failover(verdicts) {
    const [connections, rate, times] = verdicts.quick ? [60, 300, 1] : [600, 3_000, 10];
    const run = await overSentinels(3, async (cluster, group) => {
        const on = { nodes: cluster.nodes, redis: servers(group), name: 'reference-failover' };
        return during(on, { connections, rate, warm_s: 1, seconds: 200 }, async (load) => {
            const moves = [];
            const until = performance.now() + FAILOVERS_MS;
            while (moves.length < times && performance.now() < until) {
                await isReady(group);
                const old = (await group.master()).address;
                const from = performance.now();
                const answer = await group.sentinels[0].call('SENTINEL', 'FAILOVER', MASTER);
                if (answer !== 'OK') throw new Error(`SENTINEL FAILOVER: ${answer}`);
                await cluster.leaves(old);
                // The nodes say that they moved; the clients show it: whatever each writes from here on is with the new master.
                const mark = `move_${moves.length + 1}`;
                load.order(`mark ${mark}`);
                moves.push({ mark, took: performance.now() - from });
                await pause(1_000);
            }
            return { moves };
        });
    });
    intact(verdicts, `${run.moves.length} planned failovers`, run);
    verdicts.hold('  of them in time', { target: `${times}`, result: `${run.moves.length}`, isMet: run.moves.length === times, window: run.window });
    const back = run.moves.map(({ mark }) => run.numbers[`all_wrote_ms_after_${mark}`]);
    const slowest = back.includes(0) ? 0 : Math.max(...run.moves.map(({ took }, index) => took + back[index]));
    within(verdicts, '  slowest move, until every client wrote', MOST_MOVE_MS, slowest, run.window);
    verdicts.tell('  slowest answer to an append', ms(run.latency.append_to_answer.max_us / 1_000));
    tellSnapshots(verdicts, run);
}

/** @param {import('../support/verdicts.mjs').Verdicts} verdicts */
export async function master(verdicts) {
    const [connections, rate, rounds] = verdicts.quick ? [60, 300, 1] : [600, 3_000, 3];
    for (let round = 0; round < rounds; ++round) {
        const run = await overSentinels(3, async (cluster, group) => {
            const on = { nodes: cluster.nodes, redis: group.sentinels, name: `reference-master-${round}` };
            return during(on, { connections, rate, warm_s: 1, seconds: 60 }, async (load) => {
                const old = await group.master();
                load.order('mark kill');
                old.signal('SIGKILL');
                await cluster.leaves(old.address);
                await pause(AFTER_DOWN_MS);
            });
        });
        intact(verdicts, `kill -9 of the master, ${round + 1} of ${rounds}`, run);
        within(verdicts, '  until every client wrote again', DOWN_AFTER_MS + AFTER_DOWN_MS, run.numbers.all_wrote_ms_after_kill, run.window);
        tellSnapshots(verdicts, run);
    }
}

const tellSnapshots = (verdicts, run) =>
    verdicts.tell('  readers that were given the whole anew, refusals', `${run.numbers.snapshots}, ${run.numbers.refusals}; CPU of the nodes ${percent(run.server_cpu.share_of_a_core)} of a core`);
