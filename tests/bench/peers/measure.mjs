// Runs the lines: a fresh server for each run, the peers of a line in turns, and again what somebody else disturbed.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';

import { inFolder } from '../../integration/support/host_process.mjs';
import { makeCertificate } from '../../integration/support/nginx.mjs';
import { RedisProcess } from '../../integration/support/redis.mjs';
import { Late, Load, program } from '../support/generator.mjs';
import { Window } from '../support/machine.mjs';
import { lines } from './lines.mjs';
import { peers, startTwo } from './servers.mjs';
import { ROUNDS, US, together } from './statistics.mjs';

const run = promisify(execFile);
const MOST_TRIES = 3;

async function onServers(line, name, how, use) {
    const started = [];
    const count = line.processes ?? 1;
    let redis;
    try {
        if (line.nodes === 2 && name !== 'nats') {
            redis = await RedisProcess.start();
            await run('taskset', ['-a', '-cp', how.cores, String(redis.pid)]);
        }
        if (line.nodes === 2) started.push(...(await startTwo(name, { ...how, redis })));
        else for (let number = 0; number < count; ++number) started.push(await peers[name].start(how));
        return await use(started, redis);
    } catch (error) {
        for (const { port, log } of started) if (log) error.message += `\nthe server at ${port} said: ${log}`;
        throw error;
    } finally {
        const ends = await Promise.allSettled(started.map((server) => server.stop()));
        await redis?.stop();
        const failed = ends.find(({ status }) => status === 'rejected');
        if (failed !== undefined) throw failed.reason;
    }
}

function parametersOf(line, name, { quick, seconds }) {
    const peer = peers[name];
    const parameters = line.parameters(quick);
    if (line.isTimed) Object.assign(parameters, { warm_s: 1, seconds: quick ? 1 : seconds });
    if (line.processes !== undefined) parameters.rate /= line.processes;
    if (line.processes !== undefined || line.nodes === 2) parameters.orders = 'stdin';
    if (parameters.channels !== undefined && peer.publishers !== undefined) parameters.publishers = peer.publishers(parameters.channels);
    if (line.overruns && (name !== US || line.overrunsUs)) parameters.complete = 'no';
    if (parameters.mode !== 'hello') parameters.dialect = peer.dialect;
    return parameters;
}

/** Several generators, or one whose servers have to hear of each other's readers, begin when that is so. */
async function start(loads, servers, { orders, channels }) {
    if (orders === undefined) return;
    await Promise.all(loads.map((load) => load.says('open')));
    for (const server of servers) await server.knowsReadersOf?.(channels);
    for (const load of loads) load.order('mark start');
}

/** What the generator says of one run. */
export async function once(lineName, name, { cores, tls, ...more }) {
    const line = lines[lineName];
    const parameters = parametersOf(line, name, more);
    const serverCores = line.cores === 'both' ? `${cores.server},${cores.load}` : cores.server;
    const core = line.cores === 'both' ? undefined : cores.load;
    const how = { cores: serverCores, tls: line.secure ? tls : undefined };
    return onServers(line, name, how, async (servers, redis) => {
        const parts = line.processes === undefined ? [servers] : servers.map((server) => [server]);
        const loads = await Promise.all(
            parts.map((targets, index) => {
                const pids = [...targets.flatMap((target) => target.pids), ...(redis === undefined ? [] : [redis.pid])];
                return Load.start(line.scenario, { targets, pids, core, name: `peers-${lineName}-${name}-${index}` }, parameters);
            }),
        );
        try {
            await start(loads, servers, parameters);
            const documents = await Promise.all(loads.map((load) => load.ended()));
            return documents.length === 1 ? documents[0] : together(documents);
        } finally {
            for (const load of loads) load.kill();
        }
    });
}

function recordOf(lineName, name, round, window, said) {
    const line = lines[lineName];
    return {
        line: lineName,
        peer: name,
        round,
        value: line.value(said),
        ...line.more?.(said),
        others: window.others,
        isValid: window.isValid,
        delivered: said.numbers?.delivered_share,
        skipped: said.numbers?.skipped,
        server: said.server_cpu?.share_of_a_core,
        generator: said.generator_cpu?.share_of_a_core,
        count: said.count,
        latency: said.latency && Object.values(said.latency)[0],
    };
}

/** A run in a window of its own; again while others disturb it. */
async function record(lineName, name, round, how) {
    for (let tries = 1; ; ++tries) {
        const window = new Window();
        try {
            const said = await once(lineName, name, how);
            const one = recordOf(lineName, name, round, window.end(), said);
            if (one.isValid || how.quick || tries === MOST_TRIES) return one;
        } catch (error) {
            const { isValid } = window.end();
            if (isValid || !(error instanceof Late) || tries === MOST_TRIES) throw error;
        }
        console.error(`    ${name}: disturbed, again`);
    }
}

/**
 * @param {{names: string[], among: string[], rounds?: number, cores: {server: string, load: string}, quick: boolean, seconds: number}} how
 * @param {(records: object[]) => Promise<void>} keep all records so far, after each line: who ends a run early keeps them
 * @returns {Promise<{records: object[], failures: {line: string, peer: string, error: Error}[]}>}
 */
export async function measure({ names, among, rounds, ...how }, keep) {
    return inFolder(async (folder) => {
        const tls = await makeCertificate(path.join(folder, 'certificate'));
        const [records, failures] = [[], []];
        for (const name of names) {
            const own = lines[name].peers.filter((peer) => among.includes(peer) && peer in peers);
            console.error(`==> ${name}: ${own.join(' ')}`);
            const failed = new Set();
            for (let round = 0; round < (rounds ?? lines[name].rounds ?? ROUNDS); ++round) {
                const turn = round % own.length;
                for (const peer of [...own.slice(turn), ...own.slice(0, turn)]) {
                    if (failed.has(peer)) continue;
                    try {
                        const one = await record(name, peer, round, { ...how, tls });
                        records.push(one);
                        console.error(`    ${round} ${peer.padEnd(10)} ${one.value?.toFixed(2)}  others ${(one.others * 100).toFixed(0)} %`);
                    } catch (error) {
                        failed.add(peer);
                        failures.push({ line: name, peer, error });
                        console.error(`    ${round} ${peer}: ${error.message.split('\n')[0]}`);
                    }
                }
            }
            await keep(records);
        }
        return { records, failures };
    });
}

/** CPU nanoseconds of a send(), by how many messages are in it. */
export async function sendLimit({ cores, quick }) {
    const { stdout } = await run(program('send_limit'), [cores.server, cores.load, quick ? '0.1' : '1']);
    return JSON.parse(stdout);
}
